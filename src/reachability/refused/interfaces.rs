//! Network interfaces of instances that EC2 refuses, and places that do not fit their subnet.

use super::options::{Names, is_enabled, judge, names, option, refusal};
use super::subnets::{has_ipv6, same_zone_name};
use super::{Refusal, together};
use crate::ir::{Expr, NodeId};
use crate::reachability::graph_index::{GraphIndex, Resolved, expr_of};
use crate::reachability::instance::{self, InstanceConfig};
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::region::Capabilities;
use crate::resource::RawValue;

const INTERFACES: Names = names(
    ("NetworkInterfaces", "network_interface"),
    ("LaunchTemplateData.NetworkInterfaces", "network_interfaces"),
);

/// More network interfaces, or addresses of one, than the instance type has.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AvailableIpPerENI.html>
pub(super) fn limits<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let (by, RawValue::List(items)) = option(index, &config, &INTERFACES)? else {
            return None;
        };
        let count = items.iter().filter(|it| !it.is_spliced()).count();
        let more = |of: &str| Capabilities::of(of).is_some_and(|of| count > of.interfaces);
        if let Some(judged) = judge(index, &config, more) {
            let most = Capabilities::of(judged.of)?.interfaces;
            let why = format!(
                "it has {count} network interfaces, and `{}` at most {most}",
                judged.of
            );
            let fix = "use a larger instance type".to_owned();
            let text = ("AttachmentLimitExceeded", why, fix);
            return refusal(index, &config, (by, &judged), Ternary::Yes, text);
        }
        let addresses = items.iter().filter_map(addresses).max()?;
        let more = |of: &str| Capabilities::of(of).is_some_and(|of| addresses > of.addresses);
        let judged = judge(index, &config, more)?;
        let most = Capabilities::of(judged.of)?.addresses;
        let why = format!(
            "a network interface has {addresses} addresses, and of `{}` at most {most}",
            judged.of
        );
        let fix = "use a larger instance type, or fewer addresses".to_owned();
        let text = ("PrivateIpAddressLimitExceeded", why, fix);
        refusal(index, &config, (by, &judged), Ternary::Yes, text)
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// Returns the number of IPv4 addresses of a network interface in a file.
fn addresses(interface: &RawValue<'_>) -> Option<usize> {
    let (RawValue::Object(map) | RawValue::Block(map)) = interface else {
        return None;
    };
    let count = ["SecondaryPrivateIpAddressCount", "ipv4_address_count"]
        .into_iter()
        .find_map(|name| match map.get(name)? {
            RawValue::Int(count) => usize::try_from(*count).ok(),
            RawValue::Str(count) => count.parse().ok(),
            _ => None,
        });
    let listed = ["PrivateIpAddresses", "ipv4_addresses"]
        .into_iter()
        .find_map(|name| match map.get(name)? {
            RawValue::List(items) => Some(items.len()),
            _ => None,
        });
    Some((1 + count.unwrap_or(0)).max(listed.unwrap_or(0)))
}

/// Several network interfaces, one of which gets a public address.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html>
pub(super) fn public<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let (by, RawValue::List(items)) = option(index, &config, &INTERFACES)? else {
            return None;
        };
        let public = |item: &RawValue<'_>| {
            let (RawValue::Object(map) | RawValue::Block(map)) = item else {
                return Ternary::No;
            };
            let names = ["AssociatePublicIpAddress", "associate_public_ip_address"];
            let value = names.iter().find_map(|it| map.get(it));
            value.map_or(Ternary::No, is_enabled)
        };
        let public = Ternary::any(items.iter().map(public));
        let several = items.iter().filter(|it| !it.is_spliced()).count() > 1;
        if !several || !public.is_yes() {
            return None;
        }
        let reason = format!(
            "EC2 refuses `{}` (`InvalidParameterCombination`): it has several network interfaces, \
             and one assigns a public address",
            index.name(config.node)
        );
        let certain = together(index, &[by, config.node]);
        let refusal = Refusal::new(Hop::Agent, (by, "network_interfaces"), certain, reason)?;
        let fix = "remove `AssociatePublicIpAddress`, or use one network interface";
        Some(refusal.fix(Fix::manual(fix)))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// Returns the resource that gives IPv6 addresses to an instance.
fn ipv6_addresses<'g>(index: &GraphIndex<'g>, config: &InstanceConfig<'g>) -> Option<NodeId> {
    const COUNT: Names = names(("Ipv6AddressCount", "ipv6_address_count"), ("", ""));
    const LIST: Names = names(("Ipv6Addresses", "ipv6_addresses"), ("", ""));
    let is_set = |value: &RawValue<'_>| match value {
        RawValue::Int(count) => *count > 0,
        RawValue::Str(count) => count.parse::<u32>().is_ok_and(|it| it > 0),
        RawValue::List(items) => !items.is_empty(),
        _ => false,
    };
    let is_existing = |id: &NodeId| {
        let origin = index.graph.node(*id).and_then(|it| it.origin.as_ref());
        origin.is_some_and(|it| it.is_existing)
    };
    let of_instance = [COUNT, LIST].iter().find_map(|it| {
        let (by, value) = option(index, config, it)?;
        is_set(&value).then_some(by)
    });
    let of_interface = || {
        let (by, RawValue::List(items)) = option(index, config, &INTERFACES)? else {
            return None;
        };
        let names = [
            "Ipv6AddressCount",
            "Ipv6Addresses",
            "ipv6_address_count",
            "ipv6_addresses",
        ];
        let has = items.iter().any(|item| match item {
            RawValue::Object(map) | RawValue::Block(map) => {
                names.iter().any(|it| map.get(it).is_some_and(is_set))
            }
            _ => false,
        });
        has.then_some(by)
    };
    of_instance
        .or_else(of_interface)
        .filter(|id| !is_existing(id))
}

/// An instance with IPv6 addresses in a subnet without an IPv6 range.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>
pub(super) fn without_ipv6<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let one = |config: InstanceConfig<'g>| {
        let by = ipv6_addresses(index, &config)?;
        let [placement] = config.placements.as_slice() else {
            return None;
        };
        let Resolved::Node(subnet, it) = &placement.subnet else {
            return None;
        };
        let certain = together(index, &[by, *subnet, config.node])
            .and(!has_ipv6(index, *subnet, it))
            .and(placement.certain.into());
        let verb = if certain.is_yes() {
            "refuses"
        } else {
            "can refuse"
        };
        let reason = format!(
            "EC2 {verb} `{}` (`InvalidParameterValue`): it has IPv6 addresses, and `{}` has no IPv6 \
             range",
            index.name(config.node),
            index.name(*subnet)
        );
        let refusal = Refusal::new(Hop::Agent, (by, ""), certain, reason)?;
        let fix = "add an IPv6 range to the subnet, or remove the IPv6 addresses of the instance";
        Some(refusal.fix(Fix::manual(fix)))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}

/// A launch template for another Availability Zone than that of the subnet.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>
pub(super) fn zones<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    const ZONE: Names = names(
        ("", ""),
        (
            "LaunchTemplateData.Placement.AvailabilityZone",
            "placement.availability_zone",
        ),
    );
    let one = |config: InstanceConfig<'g>| {
        let (by, value) = option(index, &config, &ZONE)?;
        let zone = match &value {
            RawValue::Str(text) => Expr::Text(text.to_string().into()),
            RawValue::Expr(expr) => expr.as_ref().clone(),
            _ => return None,
        };
        let other = config.placements.iter().find_map(|it| match &it.subnet {
            Resolved::Node(id, subnet) if it.certain => {
                let own = expr_of(&subnet.availability_zone, Clone::clone);
                same_zone_name(&own, &zone).is_no().then_some(*id)
            }
            _ => None,
        })?;
        let reason = format!(
            "EC2 refuses `{}` (`InvalidParameterValue`): `{}` names another Availability Zone than \
             that of subnet `{}`",
            index.name(config.node),
            index.name(by),
            index.name(other)
        );
        let certain = together(index, &[by, other, config.node]);
        let refusal = Refusal::new(Hop::Agent, (by, ""), certain, reason)?;
        Some(refusal.fix(Fix::manual(
            "remove the Availability Zone of the launch template",
        )))
    };
    instance::all(index).into_iter().filter_map(one).collect()
}
