//! Security groups and rules that AWS refuses to use across VPCs.

use std::collections::HashMap;

use super::fixes::group_of_vpc;
use super::{Refusal, is_connected, together};
use crate::ir::{Dialect, Link, NodeId, Text, Value, nearest};
use crate::reachability::fix::{link, raw};
use crate::reachability::graph_index::{GraphIndex, Resolved, VpcRef};
use crate::reachability::setting::Setting;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop, instance};
use crate::resource::{
    Instance, NetworkInterface, RawValue, Resource, SecurityGroup, SecurityGroupEgress,
    SecurityGroupIngress, Vpc, VpcEndpoint,
};

pub(super) const PEERING: [&str; 2] = [
    "AWS::EC2::VPCPeeringConnection",
    "aws_vpc_peering_connection",
];
const TRANSIT: [&str; 3] = [
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::TransitGatewayVpcAttachment",
    "aws_ec2_transit_gateway_vpc_attachment",
];
const ASSOCIATION: [&str; 2] = [
    "AWS::EC2::SecurityGroupVpcAssociation",
    "aws_vpc_security_group_vpc_association",
];

/// A security group of the file.
struct Group<'g> {
    /// The group, or the VPC whose default group it is.
    node: NodeId,
    /// Default: the default VPC.
    vpc: Option<VpcRef<'g>>,
    /// Its name in messages.
    name: String,
}

fn group<'g>(index: &GraphIndex<'g>, link: &Link<SecurityGroup>) -> Option<Group<'g>> {
    if let Value::Expr(expr) = link
        && let Some(vpc) = index.default_group_vpc(expr)
    {
        let node = vpc.node()?;
        return Some(Group {
            node,
            vpc: Some(vpc),
            name: format!("the default security group of `{}`", index.name(node)),
        });
    }
    match index.resolve_one(link) {
        Resolved::Node(node, group) => Some(Group {
            node,
            vpc: (!group.vpc.is_absent()).then(|| index.resolve_one(&group.vpc)),
            name: format!("security group `{}`", index.name(node)),
        }),
        _ => None,
    }
}

/// Returns whether a rule of one security group can name another.
fn can_name(index: &GraphIndex<'_>, a: &Group<'_>, b: &Group<'_>) -> Ternary {
    let (of_a, of_b) = match (&a.vpc, &b.vpc) {
        (Some(of_a), Some(of_b)) => (of_a, of_b),
        // One of both can be in the default VPC, which the other can name by its ID.
        (a, b) => return Ternary::from(a.is_none() == b.is_none()).or(Ternary::Unknown),
    };
    match of_a.same(of_b) {
        Ternary::No => {}
        other => return other,
    }
    let vpcs: Vec<NodeId> = [of_a, of_b].iter().filter_map(|it| it.node()).collect();
    if vpcs.is_empty() || is_connected(index, &PEERING, &vpcs) {
        return Ternary::Yes;
    }
    let by_gateway = vpcs
        .iter()
        .all(|vpc| is_connected(index, &TRANSIT, &[*vpc]));
    let associated = is_connected(index, &ASSOCIATION, &[a.node])
        || is_connected(index, &ASSOCIATION, &[b.node]);
    if by_gateway || associated {
        return Ternary::Unknown;
    }
    Ternary::No
}

/// A rule that names a security group of a VPC without a peering connection.
pub(super) fn peers(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let inbound = index.all::<SecurityGroupIngress>().map(|(id, _, it)| {
        (
            id,
            &it.group,
            it.source.as_ref(),
            (Hop::EndpointSecurityGroup, "source"),
        )
    });
    let outbound = index.all::<SecurityGroupEgress>().map(|(id, _, it)| {
        (
            id,
            &it.group,
            it.destination.as_ref(),
            (Hop::InstanceSecurityGroup, "destination"),
        )
    });
    inbound
        .chain(outbound)
        .filter_map(|(id, of, peer, (hop, field))| {
            let of = group(index, of)?;
            let peer = group(index, peer?)?;
            if !can_name(index, &of, &peer).is_no() {
                return None;
            }
            let refusal = Refusal::new(
                hop,
                (id, field),
                together(index, &[id, of.node, peer.node]),
                format!(
                    "AWS refuses the rule of {} (`InvalidGroup.NotFound`): {} is in another VPC, and \
                     no peering connection connects the VPCs",
                    of.name, peer.name
                ),
            )?;
            // Without a peering connection, nothing comes from there.
            Some(refusal.fix(Fix::remove(index.graph, id)))
        })
        .collect()
}

/// Returns the refusal of a network interface whose security group is in another VPC.
fn foreign_group(
    index: &GraphIndex<'_>,
    at: (NodeId, &'static str),
    vpc: &Resolved<'_, Vpc>,
    (link, links): (&Link<SecurityGroup>, &[Link<SecurityGroup>]),
    hop: Hop,
) -> Option<Refusal> {
    let found = group(index, link)?;
    let same = match (vpc, &found.vpc) {
        // A group without a VPC is in the default VPC.
        (Resolved::Node(..), None) => Ternary::No,
        (_, None) => Ternary::Unknown,
        (_, Some(of)) => of.same(vpc),
    };
    if !same.is_no() || is_connected(index, &ASSOCIATION, &[found.node]) {
        return None;
    }
    let refusal = Refusal::new(
        hop,
        at,
        together(index, &[at.0, found.node]),
        format!(
            "AWS refuses `{}` (`InvalidParameter`): {} is in another VPC than its subnet",
            index.name(at.0),
            found.name
        ),
    )?;
    let is_default = matches!(found.vpc, Some(Resolved::Node(vpc, _)) if vpc == found.node);
    Some(
        refusal.fix(match vpc {
            Resolved::Node(vpc, _) if !is_default => Fix::set(
                found.node,
                "vpc",
                RawValue::from(vpc.at(<Vpc as crate::resource::Typed>::LINK)),
            ),
            Resolved::Node(vpc, _) => {
                let is_right = |it: &&Link<SecurityGroup>| {
                    group(index, it).map(|it| it.node) != Some(found.node)
                };
                let kept = links.iter().filter(is_right).map(raw).collect();
                group_of_vpc(index, at, *vpc, kept)
            }
            .unwrap_or_else(|| Fix::manual("use a security group of the VPC")),
            _ => Fix::manual("use a security group of the VPC"),
        }),
    )
}

/// A network interface of an instance or endpoint with a security group of another VPC.
pub(super) fn interfaces(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for instance in instance::all(index) {
        let absent = index
            .graph
            .node(instance.node)
            .is_some_and(|it| it.is_absent());
        let Setting::Known(node, field, links) = &instance.security_groups else {
            continue;
        };
        let certain = instance.placements.iter().all(|it| it.certain);
        let Some(placement) = instance.placements.first() else {
            continue;
        };
        if absent || !certain {
            continue;
        }
        let vpc = index.vpc_of(&placement.subnet);
        let hop = Hop::InstanceSecurityGroup;
        let one = |link| foreign_group(index, (*node, field), &vpc, (link, links), hop);
        found.extend(links.iter().find_map(one));
    }
    for (id, _, interface) in index.all::<NetworkInterface>() {
        let vpc = index.vpc_of(&index.resolve_one(&interface.subnet));
        let hop = Hop::InstanceSecurityGroup;
        let all = &interface.security_groups;
        let one = |link| foreign_group(index, (id, "security_groups"), &vpc, (link, all), hop);
        found.extend(interface.security_groups.iter().find_map(one));
    }
    for (id, _, endpoint) in index.all::<VpcEndpoint>() {
        let vpc = index.resolve_one(&endpoint.vpc);
        let hop = Hop::EndpointSecurityGroup;
        let all = &endpoint.security_groups;
        let one = |link| foreign_group(index, (id, "security_groups"), &vpc, (link, all), hop);
        found.extend(endpoint.security_groups.iter().find_map(one));
    }
    found
}

/// Security groups by name beside a subnet, in CloudFormation. Terraform sends them as IDs.
pub(super) fn by_name(index: &GraphIndex<'_>) -> Vec<Refusal> {
    index
        .all::<Instance>()
        .filter(|(_, node, it)| {
            node.dialect() == Dialect::Cfn
                && !it.security_group_names.is_empty()
                && !it.subnet.is_absent()
        })
        .filter_map(|(id, ..)| {
            let refusal = Refusal::new(
                Hop::InstanceSecurityGroup,
                (id, "security_group_names"),
                index.exists(id),
                format!(
                    "AWS refuses `{}` (`InvalidParameterCombination`): it names its security groups \
                     by name, which is possible only without a subnet",
                    index.name(id)
                ),
            )?;
            Some(refusal.fix(by_id(index, id).unwrap_or_else(|| {
                Fix::manual("use `SecurityGroupIds` instead of `SecurityGroups`")
            })))
        })
        .collect()
}

/// Names the security groups of an instance by ID in place of by name.
pub(crate) fn by_id(index: &GraphIndex<'_>, instance: NodeId) -> Option<Fix> {
    let Resource::Instance(it) = &index.graph.node(instance)?.resource else {
        return None;
    };
    let ids: Option<Vec<RawValue<'static>>> = it
        .security_group_names
        .iter()
        .map(|group| {
            Some(raw::<SecurityGroup>(&link(
                index.resolve_one(group).node()?,
            )))
        })
        .collect();
    let none = RawValue::from(crate::ir::Expr::Absent);
    Some(Fix::All(vec![
        Fix::set(instance, "security_group_names", none),
        Fix::set(instance, "security_groups", RawValue::List(ids?)),
    ]))
}

/// Two equal rules of a security group.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>
pub(super) fn rules_twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let ingress = index.all::<SecurityGroupIngress>().map(|(id, node, it)| {
        let peer = format!(
            "{:?}",
            (
                &it.source,
                &it.cidr_ip,
                &it.cidr_ipv6,
                &it.source_prefix_list
            )
        );
        let traffic = format!("{:?}", (&it.ip_protocol, &it.from_port, &it.to_port));
        (
            id,
            node,
            &it.group,
            "source",
            format!("in {traffic} {peer}"),
        )
    });
    let egress = index.all::<SecurityGroupEgress>().map(|(id, node, it)| {
        let peer = (
            &it.destination,
            &it.cidr_ip,
            &it.cidr_ipv6,
            &it.destination_prefix_list,
        );
        let traffic = format!("{:?}", (&it.ip_protocol, &it.from_port, &it.to_port));
        (
            id,
            node,
            &it.group,
            "destination",
            format!("out {traffic} {peer:?}"),
        )
    });
    let mut seen: HashMap<(NodeId, String), NodeId> = HashMap::new();
    let mut found = Vec::new();
    for (id, node, link, field, rule) in ingress.chain(egress) {
        // Terraform merges equal rules in the arguments of a group, and shows those of other resources.
        // CloudFormation ignores the error of a rule that a group has twice with different descriptions.
        // <https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1532>
        let parent = |node: &crate::resource::Node| node.origin.as_ref().and_then(|it| it.parent);
        let is_nested = parent(node).is_some();
        let is_unknown = ["Unknown(", "OneOf(", "Opaque("]
            .iter()
            .any(|it| rule.contains(it));
        if is_unknown || (is_nested && node.dialect() == Dialect::Tf) {
            continue;
        }
        let Resolved::Node(group, _) = index.resolve_one::<SecurityGroup>(link) else {
            continue;
        };
        let first = *seen.entry((group, rule)).or_insert(id);
        let of_first = index.graph.node(first).and_then(parent);
        let is_ignored = is_nested
            && parent(node) == of_first
            && description(index, id) != description(index, first);
        if first == id || is_ignored {
            continue;
        }
        let reason = format!(
            "EC2 refuses `{}` (`InvalidPermission.Duplicate`): security group `{}` has the rule twice",
            index.name(id),
            index.name(group)
        );
        let certain = together(index, &[id, first]);
        let refusal = Refusal::new(Hop::InstanceSecurityGroup, (id, field), certain, reason);
        found.extend(refusal.map(|it| it.fix(Fix::manual("remove one of the rules"))));
    }
    found
}

fn description<'g>(index: &GraphIndex<'g>, rule: NodeId) -> Option<&'g Value<Text>> {
    match &index.graph.node(rule)?.resource {
        Resource::SecurityGroupIngress(it) => it.description.as_ref(),
        Resource::SecurityGroupEgress(it) => it.description.as_ref(),
        _ => None,
    }
}

/// The names of protocols that EC2 accepts, in lowercase; any other protocol is a number.
const PROTOCOLS: [&str; 5] = ["all", "icmp", "icmpv6", "tcp", "udp"];

/// A protocol or ports that EC2 does not accept.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
pub(super) fn traffic(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let ingress = index.all::<SecurityGroupIngress>().map(|(id, _, it)| {
        (
            id,
            &it.ip_protocol,
            it.from_port.as_ref(),
            it.to_port.as_ref(),
        )
    });
    let egress = index.all::<SecurityGroupEgress>().map(|(id, _, it)| {
        (
            id,
            &it.ip_protocol,
            it.from_port.as_ref(),
            it.to_port.as_ref(),
        )
    });
    let mut found = Vec::new();
    for (id, protocol, from, to) in ingress.chain(egress) {
        let Some(protocol) = protocol.lit().map(|it| it.to_lowercase()) else {
            continue;
        };
        let has_ports = ["6", "17", "tcp", "udp"].contains(&protocol.as_str());
        let is_name = protocol.parse::<i64>().is_err();
        let (field, what, fix) = match (from, to) {
            _ if is_name && !PROTOCOLS.contains(&protocol.as_str()) => (
                "ip_protocol",
                format!("protocol `{protocol}` does not exist"),
                nearest(&protocol, PROTOCOLS.into_iter()),
            ),
            (None, _) | (_, None) if has_ports => (
                "from_port",
                format!("protocol `{protocol}` requires the first and the last port"),
                "set both ports".to_owned(),
            ),
            (Some(Value::Lit(from)), Some(Value::Lit(to))) if has_ports && from > to => (
                "from_port",
                format!("first port {from} is after last port {to}"),
                "set the first port to the smaller number".to_owned(),
            ),
            _ => continue,
        };
        let reason = format!(
            "EC2 refuses `{}` (`InvalidParameterValue`): {what}",
            index.name(id)
        );
        let hop = Hop::InstanceSecurityGroup;
        let refusal = Refusal::new(hop, (id, field), together(index, &[id]), reason);
        found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
    }
    found
}

/// A name of a security group that EC2 reserves, or that another one in the VPC has.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
pub(super) fn names(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut seen: Vec<(VpcRef<'_>, &str, NodeId)> = Vec::new();
    let mut found = Vec::new();
    for (id, _, group) in index.all::<SecurityGroup>() {
        let Some(name) = group.group_name.as_ref().and_then(Value::lit) else {
            continue;
        };
        let vpc = index.resolve_one(&group.vpc);
        let other = seen
            .iter()
            .find(|(of, same, _)| *same == name.as_ref() && of.same(&vpc).is_yes());
        let (certain, error, why) = match other {
            _ if name.starts_with("sg-") => (
                index.exists(id),
                "InvalidParameterValue",
                "a name does not start with `sg-`".to_owned(),
            ),
            Some((_, _, other)) => {
                let why = format!("`{}` in the VPC has the same name", index.name(*other));
                (
                    together(index, &[id, *other]),
                    "InvalidGroup.Duplicate",
                    why,
                )
            }
            None => {
                seen.push((vpc, name, id));
                continue;
            }
        };
        let reason = format!("EC2 refuses `{}` (`{error}`): {why}", index.name(id));
        let refusal = Refusal::new(
            Hop::InstanceSecurityGroup,
            (id, "group_name"),
            certain,
            reason,
        );
        found.extend(refusal.map(|it| it.fix(Fix::manual("use another name, or remove it"))));
    }
    found
}
