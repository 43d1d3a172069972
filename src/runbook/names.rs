//! The names of the stack, as shell variables of the runbook.

use super::shell::Line;
use crate::ir::{Dialect, NodeId};
use crate::reachability::{InstanceTopology, ResourceRef, Topology};
use crate::resource::{Graph, Resource};
use crate::session_manager::SERVICES;

/// Returns the logical ID or the address of a resource.
pub(super) fn location_of(graph: &Graph, id: NodeId, dialect: Dialect) -> String {
    let Some(node) = graph.node(id) else {
        return String::new();
    };
    match (dialect, &node.origin) {
        (Dialect::Cfn, _) => node.cfn_id.clone(),
        (Dialect::Tf, Some(origin)) if origin.dialect == Dialect::Tf => origin.address.clone(),
        (Dialect::Tf, _) => {
            let of = node.resource.type_name(Dialect::Tf).unwrap_or_default();
            // Terraform addresses a conditional resource by index.
            let index = if node.condition.is_some() { "[0]" } else { "" };
            format!("{of}.{}{index}", node.tf_name)
        }
    }
}

fn physical(graph: &Graph, id: NodeId, dialect: Dialect) -> String {
    Line::new("$(physical")
        .word(&location_of(graph, id, dialect))
        .end()
        + ")"
}

/// Returns the nodes of resources if the graph contains all of them.
fn nodes(resources: &[ResourceRef]) -> Option<Vec<NodeId>> {
    let nodes: Option<Vec<NodeId>> = resources.iter().map(ResourceRef::node).collect();
    nodes.filter(|it| !it.is_empty())
}

/// Sets the variables for an instance: from the stack, or from an API call if the stack does not
/// contain the resource.
pub(super) fn variables(
    graph: &Graph,
    topology: &Topology,
    instance: &InstanceTopology,
    dialect: Dialect,
) -> Vec<String> {
    let mut lines = Vec::new();
    let is_group = graph
        .node(instance.node)
        .is_some_and(|it| matches!(it.resource, Resource::AutoScalingGroup(_)));
    let own = physical(graph, instance.node, dialect);
    if is_group {
        lines.push(format!("GROUP={own}"));
        lines.push(
            Line::new("aws autoscaling describe-auto-scaling-groups")
                .raw("--auto-scaling-group-names \"$GROUP\"")
                .raw("--query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text")
                .into_variable("INSTANCE"),
        );
    } else {
        lines.push(format!("INSTANCE={own}"));
    }
    let of_instance = |query: &'static str| {
        Line::new("aws ec2 describe-instances --instance-ids \"$INSTANCE\"")
            .raw(query)
            .raw("--output text")
    };
    let joined = |ids: &[NodeId]| {
        let all: Vec<String> = ids.iter().map(|id| physical(graph, *id, dialect)).collect();
        all.join(",")
    };
    lines.push(match instance.vpc.node() {
        Some(id) => format!("VPC={}", physical(graph, id, dialect)),
        None => of_instance("--query 'Reservations[0].Instances[0].VpcId'").into_variable("VPC"),
    });
    lines.push(match instance.subnets.as_slice() {
        [ResourceRef::Node(id)] => format!("SUBNET={}", physical(graph, *id, dialect)),
        _ => of_instance("--query 'Reservations[0].Instances[0].SubnetId'").into_variable("SUBNET"),
    });
    lines.push(match instance.security_groups.as_deref().and_then(nodes) {
        Some(ids) => format!("INSTANCE_GROUPS={}", joined(&ids)),
        None => of_instance(
            "--query \"join(',', Reservations[0].Instances[0].SecurityGroups[].GroupId)\"",
        )
        .into_variable("INSTANCE_GROUPS"),
    });
    let mut egress_points: Vec<ResourceRef> = Vec::new();
    for egress_point in topology
        .endpoints
        .iter()
        .filter(|it| it.vpc == instance.vpc)
    {
        let service = egress_point.service.as_deref();
        let required = service.is_some_and(|service| SERVICES.contains(&service));
        for group in egress_point.security_groups.iter().filter(|_| required) {
            if !egress_points.contains(group) {
                egress_points.push(group.clone());
            }
        }
    }
    lines.push(match nodes(&egress_points) {
        Some(ids) => format!("ENDPOINT_GROUPS={}", joined(&ids)),
        None => Line::new("aws ec2 describe-vpc-endpoints")
            .raw("--filters \"Name=vpc-id,Values=$VPC\"")
            .raw("--query \"join(',', VpcEndpoints[].Groups[].GroupId)\" --output text")
            .into_variable("ENDPOINT_GROUPS"),
    });
    lines.extend(
        match instance
            .instance_profile
            .as_ref()
            .and_then(ResourceRef::node)
        {
            Some(id) => vec![format!("PROFILE={}", physical(graph, id, dialect))],
            None => vec![
                of_instance("--query 'Reservations[0].Instances[0].IamInstanceProfile.Arn'")
                    .into_variable("PROFILE"),
                "PROFILE=${PROFILE##*/}".to_owned(),
            ],
        },
    );
    lines.push(match instance.role.as_ref().and_then(ResourceRef::node) {
        Some(id) => format!("ROLE={}", physical(graph, id, dialect)),
        None => Line::new("aws iam get-instance-profile --instance-profile-name \"$PROFILE\"")
            .raw("--query 'InstanceProfile.Roles[0].RoleName' --output text")
            .into_variable("ROLE"),
    });
    lines.push(
        Line::new("aws iam get-role --role-name \"$ROLE\" --query Role.Arn --output text")
            .into_variable("ROLE_ARN"),
    );
    lines
}
