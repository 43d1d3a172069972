//! Security groups of the instance: allow outbound TCP 443.

use super::super::fix::{Changes, Fix, link, raw};
use super::super::graph_index::Resolved;
use super::super::path::Candidate;
use super::super::routes::InternetRoute;
use super::super::security::{Group, Peer, allows_outbound};
use super::super::setting::Setting;
use super::super::ternary::Ternary;
use super::super::{HopResult, refused};
use super::{
    Check, Connection, DiagramBox, Entry, Hop, PathChoice, SequenceStep, address_in, fixes,
    groups_of, link_of, subnets_of, worst,
};
use crate::ir::{Cidr, Dialect, NodeId, Value};
use crate::resource::{RawValue, SecurityGroup};

const HOP: Hop = Hop::InstanceSecurityGroup;

pub(super) const ENTRY: Entry = Entry {
    code: "instance-security-group",
    reason: "the agent opens every connection, so its security groups must allow outbound TCP 443",
    page: "\
**Checks** that the security groups of the instance allow outbound TCP 443 to every subnet of the
endpoints, or to the internet. Ranges in several rules and prefix lists count together. CloudFormation
keeps EC2's rule that allows everything if a security group has no outbound rules. Terraform removes
it.

**Fails** also if a security group is of another VPC without an association, or if `SecurityGroups`
names the groups of an instance in a subnet. EC2 rejects both.

**Fix:** add an outbound rule for TCP 443.
",
    expected: "A rule allows outbound TCP 443 to the security groups of the endpoints, or to \
               everything. No inbound rule is required.",
    commands: &["aws ec2 describe-security-group-rules \
         --filters \"Name=group-id,Values=$INSTANCE_GROUPS\" --output table"],
    boxes: &[DiagramBox::SecurityGroup],
    steps: &[SequenceStep::Connect],
    check: Check::Connection(check),
};

const MANUAL: &str = "allow outbound TCP 443 in a security group of the instance";

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    if connection.instance.has_group_names {
        let at = connection.instance.node;
        let result = HopResult::fail(
            HOP,
            "`SecurityGroups` expects names of the default VPC, and EC2 rejects it with a subnet",
        );
        let fix = refused::by_id(connection.index, at)
            .unwrap_or_else(|| Fix::manual("use `SecurityGroupIds` instead of `SecurityGroups`"));
        return vec![result.at(at, "security_group_names").fix(fix)];
    }
    match (&connection.path, &connection.internet_route) {
        (PathChoice::Endpoints(_), _) => {
            let endpoints = connection.endpoints().into_iter();
            endpoints
                .filter_map(|endpoint| to_endpoint(connection, endpoint))
                .collect()
        }
        (PathChoice::Internet, InternetRoute::None) => Vec::new(),
        // With an unknown route too, the destination is a public address.
        (PathChoice::Internet, InternetRoute::Works(..) | InternetRoute::Unknown(_)) => {
            vec![to_internet(connection)]
        }
        (PathChoice::Internet | PathChoice::Unknown, _) => vec![to_anywhere(connection)],
    }
}

fn location(connection: &Connection<'_, '_>) -> (NodeId, &'static str) {
    match &connection.instance.security_groups {
        Setting::Known(node, field, _) | Setting::Unknown(node, field) => (*node, field),
        Setting::Unset => (connection.instance.node, "security_groups"),
    }
}

fn unknown(connection: &Connection<'_, '_>) -> HopResult {
    let at = location(connection);
    HopResult::unknown(HOP, "the security groups of the instance are unknown").at(at.0, at.1)
}

fn at<'g>(connection: &Connection<'_, 'g>, groups: &[Group<'g>]) -> (NodeId, &'static str) {
    match groups.first() {
        Some(Group::Of(Resolved::Node(group, _))) => (*group, "egress"),
        _ => location(connection),
    }
}

fn names<'g>(connection: &Connection<'_, 'g>, groups: &[Group<'g>]) -> String {
    let names: Vec<String> = groups
        .iter()
        .map(|group| group.name(connection.index))
        .collect();
    names.join(", ")
}

fn to_endpoint<'g>(
    connection: &Connection<'_, 'g>,
    candidate: &Candidate<'g>,
) -> Option<HopResult> {
    let Some(groups_of_instance) = &connection.groups else {
        return Some(unknown(connection));
    };
    let index = connection.index;
    let groups = groups_of(index, candidate, &connection.vpc);
    let subnets = subnets_of(index, candidate);
    let results = subnets.iter().map(|(subnet, certain)| {
        let address = address_in(index, candidate, subnet);
        let peer = Peer::Interfaces(&groups, subnet, address);
        let passes = allows_outbound(index, groups_of_instance, &peer);
        let name = match subnet {
            Resolved::Node(id, _) => format!("subnet `{}`", index.name(*id)),
            _ => "a subnet outside the file".to_owned(),
        };
        (passes, *certain, (name, fixes::range(subnet)))
    });
    let results: Vec<_> = results.collect();
    // Whichever of them the endpoint has.
    let fails_in_each = results.iter().all(|(passes, ..)| passes.is_no());
    let results = results
        .into_iter()
        .map(|(passes, certain, shown)| match passes {
            Ternary::No if !certain && !fails_in_each => (Ternary::Unknown, shown),
            passes => (passes, shown),
        });
    let (passes, (subnet, range)) = worst(results)?;
    let name = index.name(candidate.id);
    let shown = names(connection, groups_of_instance);
    let result = match passes {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("{shown} allows outbound TCP 443 to endpoint `{name}`"),
        ),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether {shown} allows outbound TCP 443 to endpoint `{name}` \
                 in {subnet}"
            ),
        ),
        Ternary::No => {
            let result = HopResult::fail(
                HOP,
                format!("{shown} does not allow outbound TCP 443 to endpoint `{name}` in {subnet}"),
            );
            let to = (groups.as_slice(), range);
            result.fix(fix_to(connection, groups_of_instance, Some(to)))
        }
    };
    let at = at(connection, groups_of_instance);
    Some(result.at(at.0, at.1))
}

/// Removes the security groups of other VPCs, if others are left.
fn without_foreign<'g>(connection: &Connection<'_, 'g>, own: &[Group<'g>]) -> Option<Fix> {
    let Setting::Known(node, field, links) = &connection.instance.security_groups else {
        return None;
    };
    let is_foreign = |group: &Group<'_>| matches!(group, Group::OfOtherVpc(_, Ternary::No));
    let kept: Vec<RawValue<'static>> = own
        .iter()
        .zip(links)
        .filter(|(group, _)| !is_foreign(group))
        .map(|(_, link)| raw(link))
        .collect();
    let changes = own.len() == links.len() && kept.len() < links.len() && !kept.is_empty();
    changes.then(|| Fix::set(*node, field, RawValue::List(kept)))
}

fn fix_to<'g>(
    connection: &Connection<'_, 'g>,
    own: &[Group<'g>],
    to: Option<(&[Group<'g>], Option<Value<Cidr>>)>,
) -> Fix {
    let index = connection.index;
    let mut changes = Changes::new(index.graph);
    let (groups, cidr) = to.unwrap_or((&[], Some(Value::Lit(Cidr::ANY))));
    let to = fixes::Peer { groups, cidr };
    if let Some(fix) = without_foreign(connection, own) {
        return fix;
    }
    let group = match fixes::node(own) {
        Some(group) => group,
        None => {
            let Some(vpc) = link_of(&connection.vpc) else {
                return Fix::manual(MANUAL);
            };
            let new = SecurityGroup::new("Instances of Session Manager", vpc);
            let group = changes.add("InstanceSecurityGroup", new);
            let (node, field) = location(connection);
            let list = RawValue::List(vec![raw::<SecurityGroup>(&link(group))]);
            changes.set(node, field, list);
            if changes.dialect == Dialect::Cfn {
                // EC2's default rule allows all outbound traffic.
                return changes.done();
            }
            group
        }
    };
    fixes::outbound(index, &mut changes, group, &to);
    changes.done()
}

fn to_internet(connection: &Connection<'_, '_>) -> HopResult {
    let Some(groups_of_instance) = &connection.groups else {
        return unknown(connection);
    };
    let shown = names(connection, groups_of_instance);
    let result = match allows_outbound(connection.index, groups_of_instance, &Peer::Internet) {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("{shown} allows outbound TCP 443 to the internet"),
        ),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether {shown} allows outbound TCP 443 to the internet"
            ),
        ),
        Ternary::No => {
            let result = HopResult::fail(
                HOP,
                format!(
                    "{shown} does not allow outbound TCP 443 to the internet, the path to `{}`",
                    connection.service
                ),
            );
            result.fix(fix_to(connection, groups_of_instance, None))
        }
    };
    let at = at(connection, groups_of_instance);
    result.at(at.0, at.1)
}

/// Checks that the security groups allow some destination, where the path is unknown.
fn to_anywhere(connection: &Connection<'_, '_>) -> HopResult {
    let Some(groups_of_instance) = &connection.groups else {
        return unknown(connection);
    };
    let shown = names(connection, groups_of_instance);
    let result = match allows_outbound(connection.index, groups_of_instance, &Peer::Anywhere) {
        Ternary::No => {
            let result = HopResult::fail(HOP, format!("{shown} allows no outbound TCP 443"));
            result.fix(fix_to(connection, groups_of_instance, None))
        }
        _ => HopResult::unknown(
            HOP,
            format!("the path is unknown, and so is whether {shown} allows outbound TCP 443 to it"),
        ),
    };
    let at = at(connection, groups_of_instance);
    result.at(at.0, at.1)
}
