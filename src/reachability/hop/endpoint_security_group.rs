//! Security groups of the endpoint: allow inbound TCP 443 from the instance.

use super::super::HopResult;
use super::super::fix::Fix;
use super::super::graph_index::Resolved;
use super::super::path::Candidate;
use super::super::security::{Group, Peer, allows_inbound};
use super::super::ternary::Ternary;
use super::{Check, Connection, DiagramBox, Entry, Hop, SequenceStep, groups_of};
use crate::ir::Value;
use crate::resource::{SecurityGroup, SecurityGroupIngress, Typed};

const HOP: Hop = Hop::EndpointSecurityGroup;

pub(super) const ENTRY: Entry = Entry {
    code: "endpoint-security-group",
    reason: "an endpoint drops traffic that its security groups do not allow",
    page: "\
**Checks** that the security groups of the endpoint allow inbound TCP 443 from the instance. A rule
can name its security group, a CIDR range that contains its subnet, or a prefix list. An endpoint
without security groups has the default one of the VPC, which allows only itself.

Private DNS sends the traffic of every instance in the VPC to the endpoint. Instances with a NAT
gateway must be allowed too.

**Fix:** add a rule for TCP 443 from the security group of the instance.
",
    expected: "A rule allows inbound TCP 443 from the security group of the instance, or from a CIDR \
               range that contains its subnet.",
    commands: &["aws ec2 describe-security-group-rules \
         --filters \"Name=group-id,Values=$ENDPOINT_GROUPS\" --output table"],
    boxes: &[DiagramBox::Endpoint, DiagramBox::SecurityGroup],
    steps: &[SequenceStep::Connect],
    check: Check::Connection(check),
};

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    let endpoints = connection.endpoints().into_iter();
    endpoints
        .map(|endpoint| check_endpoint(connection, endpoint))
        .collect()
}

fn check_endpoint<'g>(connection: &Connection<'_, 'g>, candidate: &Candidate<'g>) -> HopResult {
    let index = connection.index;
    let name = index.name(candidate.id);
    let unmodeled = index
        .graph
        .node(candidate.id)
        .is_some_and(|node| node.is_unmodeled("security_groups"));
    if unmodeled {
        return HopResult::unknown(
            HOP,
            format!("the security groups of endpoint `{name}` are unknown"),
        )
        .at(candidate.id, "security_groups");
    }
    let groups = groups_of(index, candidate, &connection.vpc);
    let instance_groups = connection.groups.as_deref().unwrap_or_default();
    let allowed = allows_inbound(
        index,
        &groups,
        &Peer::Interfaces(
            instance_groups,
            connection.subnet,
            connection.instance.address,
        ),
    );
    // The rules can allow security groups that are unknown.
    let allowed = match connection.groups {
        None if allowed.is_no() => Ternary::Unknown,
        _ => allowed,
    };
    let at = match groups.first() {
        Some(Group::Of(Resolved::Node(group, _))) => (*group, "ingress"),
        _ => (candidate.id, "security_groups"),
    };
    let shown = groups
        .iter()
        .map(|group| group.name(index))
        .collect::<Vec<_>>()
        .join(", ");
    let result = match allowed {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("{shown} of endpoint `{name}` allows inbound TCP 443 from the instance"),
        ),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether {shown} of endpoint `{name}` allows inbound TCP 443 \
                 from the instance"
            ),
        ),
        Ternary::No => {
            let result = HopResult::fail(
                HOP,
                format!(
                    "{shown} of endpoint `{name}` does not allow inbound TCP 443 from the instance"
                ),
            );
            match fix(&groups, instance_groups) {
                Some(fix) => result.fix(fix),
                None => result.fix(Fix::manual(
                    "add a security group to the endpoint that allows inbound TCP 443 from the security \
                     group of the instance",
                )),
            }
        }
    };
    result.at(at.0, at.1)
}

fn fix(groups: &[Group<'_>], instance_groups: &[Group<'_>]) -> Option<Fix> {
    let node = |group: &Group<'_>| match group {
        Group::Of(Resolved::Node(id, _)) => Some(*id),
        _ => None,
    };
    let (endpoint, instance) = (
        groups.iter().find_map(node)?,
        instance_groups.iter().find_map(node)?,
    );
    let link = |id: crate::ir::NodeId| Value::Expr(id.at(SecurityGroup::LINK));
    Some(Fix::add(
        "EndpointsFromInstance",
        SecurityGroupIngress::https(link(endpoint)).source(link(instance)),
    ))
}
