//! Security groups of the endpoint: allow inbound TCP 443 from the instance.

use super::super::HopResult;
use super::super::fix::{Changes, Fix, link, raw};
use super::super::graph_index::Resolved;
use super::super::path::Candidate;
use super::super::security::{Group, Peer, allows_inbound};
use super::super::ternary::Ternary;
use super::{Check, Connection, DiagramBox, Entry, Hop, SequenceStep, fixes, groups_of};
use crate::resource::{RawValue, SecurityGroup};

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
            result.fix(fix(connection, candidate, &groups))
        }
    };
    result.at(at.0, at.1)
}

fn fix(connection: &Connection<'_, '_>, candidate: &Candidate<'_>, groups: &[Group<'_>]) -> Fix {
    let mut changes = Changes::new(connection.index.graph);
    let group = match (fixes::node(groups), candidate.other_vpc) {
        (Some(group), _) => group,
        (None, None) => return fixes::group_of_endpoints(connection, candidate.id),
        (None, Some(vpc)) => {
            let group = SecurityGroup::new("Endpoints of Session Manager", link(vpc));
            let group = changes.add("EndpointsSecurityGroup", group);
            let of_endpoint = RawValue::List(vec![raw::<SecurityGroup>(&link(group))]);
            changes.set(candidate.id, "security_groups", of_endpoint);
            group
        }
    };
    let from = fixes::Peer {
        groups: connection.groups.as_deref().unwrap_or_default(),
        cidr: fixes::range_of_instance(connection),
    };
    fixes::inbound(connection.index, &mut changes, group, &from);
    changes.done()
}
