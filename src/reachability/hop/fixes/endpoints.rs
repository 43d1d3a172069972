//! The endpoints that the agent requires, with everything that a later hop would ask for.

use super::super::{Connection, PathChoice, has_subnet, link_of, service_name};
use super::rules::{self, Peer};
use crate::ir::{Link, NodeId, Value};
use crate::reachability::endpoint::to_interface;
use crate::reachability::fix::{Changes, Fix, link, raw};
use crate::reachability::graph_index::Resolved;
use crate::reachability::instance::Placement;
use crate::reachability::internet_route::{InternetRoute, works_by_nat};
use crate::reachability::path::{self, Candidate};
use crate::reachability::routes::flag;
use crate::reachability::security::{self, Group, allows_inbound, allows_outbound};
use crate::reachability::service_name::serves;
use crate::reachability::ternary::Ternary;
use crate::resource::{
    EndpointType, RawValue, Route, RouteTable, SecurityGroup, SubnetRouteTableAssociation, Typed,
    VpcEndpoint,
};
use crate::session_manager::SERVICES;

/// Returns the changes that let an instance reach a service without a route to the internet.
pub(in super::super) fn endpoints(connection: &Connection<'_, '_>) -> Fix {
    let index = connection.index;
    let Some(vpc) = link_of(&connection.vpc) else {
        return Fix::manual(format!(
            "create an interface endpoint for `{}`",
            connection.service
        ));
    };
    let placement = Placement {
        subnet: connection.subnet.clone(),
        certain: true,
    };
    let of = |service| {
        Connection::new(
            index,
            connection.instance,
            &placement,
            service,
            connection.role,
        )
    };
    let missing: Vec<Connection<'_, '_>> = match SERVICES.contains(&connection.service) {
        true => SERVICES
            .into_iter()
            .map(of)
            .filter(|it| it.service == connection.service || is_missing(it))
            .collect(),
        false => vec![of(connection.service)],
    };
    let mut changes = Changes::new(index.graph);
    enable_dns(connection, &mut changes);
    let mut groups = None;
    for connection in &missing {
        let existing = |it: &&Candidate<'_>| it.exists.is_yes();
        if let Some(candidate) = connection.candidates.iter().find(existing) {
            changes.push(resolving(connection, candidate));
            continue;
        }
        if let Some(id) = misnamed(connection) {
            let name = service_name(connection, connection.service);
            let name = match name {
                Value::Lit(text) => RawValue::Str(text),
                Value::Expr(expr) => RawValue::from(expr),
            };
            changes.set(id, "service_name", name);
            continue;
        }
        let groups = groups.get_or_insert_with(|| match of_sibling(connection) {
            Some(groups) => groups,
            None => vec![private_group(connection, &mut changes)],
        });
        let endpoint = VpcEndpoint::new(
            vpc.clone(),
            service_name(connection, connection.service),
            EndpointType::Interface,
        )
        .private_dns_enabled(true)
        .subnets(link_of(connection.subnet))
        .security_groups(groups.clone());
        changes.add(format!("{}Endpoint", capital(connection.service)), endpoint);
    }
    changes.done()
}

/// Returns the interface endpoint of the VPC that is for a service of this name elsewhere.
fn misnamed(connection: &Connection<'_, '_>) -> Option<NodeId> {
    let index = connection.index;
    let mut all = index.all::<VpcEndpoint>();
    let (id, ..) = all.find(|(id, _, it)| {
        path::token(&it.service_name).as_deref() == Some(connection.service)
            && it.service_region.is_none()
            && serves(index, *id, it, connection.service).is_no()
            && path::is_interface(it).is_yes()
            && index.exists(*id).is_yes()
            && index.resolve_one(&it.vpc).same(&connection.vpc).is_yes()
    })?;
    Some(id)
}

fn capital(service: &str) -> String {
    let mut name = service.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

fn is_missing(connection: &Connection<'_, '_>) -> bool {
    matches!(connection.path, PathChoice::Internet)
        && matches!(
            connection.internet_route,
            InternetRoute::None | InternetRoute::Broken(..)
        )
}

/// Returns the change that makes the name of the service resolve to an endpoint.
fn resolving<'g>(connection: &Connection<'_, 'g>, candidate: &Candidate<'g>) -> Fix {
    let (index, id) = (connection.index, candidate.id);
    if !path::is_interface(candidate.endpoint).is_yes() {
        return to_interface(index, id, candidate.endpoint, link_of(connection.subnet));
    }
    let mut changes = Changes::new(index.graph);
    if !flag(candidate.endpoint.private_dns_enabled.as_ref()).is_yes() {
        changes.set(id, "private_dns_enabled", RawValue::Bool(true));
    }
    if !has_subnet(index, candidate)
        && let Some(subnet) = link_of(connection.subnet)
    {
        changes.set(id, "subnets", RawValue::List(vec![raw(&subnet)]));
    }
    changes.done()
}

fn enable_dns(connection: &Connection<'_, '_>, changes: &mut Changes) {
    if let Resolved::Node(vpc, _) = connection.vpc
        && let Some(attributes) = path::dns_attributes(connection.index, vpc)
    {
        for (field, value) in attributes {
            if value.is_no() {
                changes.set(vpc, field, RawValue::Bool(true));
            }
        }
    }
}

/// Returns the security groups of another interface endpoint of the VPC.
fn of_sibling(connection: &Connection<'_, '_>) -> Option<Vec<Link<SecurityGroup>>> {
    let index = connection.index;
    let mut all = index.all::<VpcEndpoint>();
    let (.., sibling) = all.find(|(id, _, it)| {
        !it.security_groups.is_empty()
            && index.exists(*id).is_yes()
            && path::is_interface(it).is_yes()
            && index.resolve_one(&it.vpc).same(&connection.vpc).is_yes()
    })?;
    Some(sibling.security_groups.clone())
}

/// Returns a security group of the file through which the instance can connect to endpoints.
fn usable_group(connection: &Connection<'_, '_>) -> Option<Link<SecurityGroup>> {
    let index = connection.index;
    let of_instance = connection.groups.as_deref()?;
    let from = security::Peer::Interfaces(of_instance, connection.subnet, None);
    let is_usable = |id: NodeId| {
        let groups = security::groups(index, &[link(id)], &connection.vpc);
        let to = security::Peer::Interfaces(&groups, connection.subnet, None);
        allows_inbound(index, &groups, &from).is_yes()
            && allows_outbound(index, of_instance, &to).is_yes()
    };
    let mut all = index.all::<SecurityGroup>();
    let (id, ..) = all.find(|(id, node, it)| {
        !node.display_id().contains('[')
            && index.exists(*id).is_yes()
            && index.resolve_one(&it.vpc).same(&connection.vpc).is_yes()
            && is_usable(*id)
    })?;
    Some(link(id))
}

/// Returns a security group for endpoints that allows the instance. Adds one, and the outbound rule of
/// the instance, if the file has none.
pub(in super::super) fn private_group(
    connection: &Connection<'_, '_>,
    changes: &mut Changes,
) -> Link<SecurityGroup> {
    if let Some(group) = usable_group(connection) {
        return group;
    }
    let index = connection.index;
    let mut group = SecurityGroup::new(
        "Endpoints of Session Manager",
        Value::Expr(crate::ir::Expr::Absent),
    );
    if let Some(vpc) = link_of(&connection.vpc) {
        group.vpc = vpc;
    }
    let group = changes.add("EndpointsSecurityGroup", group);
    let of_instance = connection.groups.as_deref().unwrap_or_default();
    let from = Peer {
        groups: of_instance,
        cidr: range_of_instance(connection),
    };
    rules::inbound(index, changes, group, &from);
    let empty: [Group<'_>; 0] = [];
    let anywhere = security::Peer::Interfaces(&empty, connection.subnet, None);
    if connection.groups.is_some()
        && !allows_outbound(index, of_instance, &anywhere).is_yes()
        && let Some(own) = rules::node(of_instance)
    {
        let to = [Group::Of(Resolved::Outside(group.at(SecurityGroup::LINK)))];
        let to = Peer {
            groups: &to,
            cidr: rules::range(connection.subnet),
        };
        rules::outbound(index, changes, own, &to);
    }
    link(group)
}

/// Returns the addresses that the instance can have.
pub(in super::super) fn range_of_instance(
    connection: &Connection<'_, '_>,
) -> Option<Value<crate::ir::Cidr>> {
    let of_vpc = || match connection.vpc {
        Resolved::Node(_, vpc) => (!vpc.cidr_block.is_absent()).then(|| vpc.cidr_block.clone()),
        _ => None,
    };
    rules::range(connection.subnet).or_else(of_vpc)
}

/// Returns the change that gives the subnet a route table of its VPC with a route to a NAT gateway.
pub(in super::super) fn by_nat(connection: &Connection<'_, '_>) -> Option<Fix> {
    let index = connection.index;
    let Resolved::Node(subnet, _) = connection.subnet else {
        return None;
    };
    if connection.has_session_endpoints() {
        return None;
    }
    let (_, table) = index.all::<Route>().find_map(|(id, _, route)| {
        let table = index.resolve_one(&route.route_table).node()?;
        let RouteTable { vpc, .. } = RouteTable::of(&index.graph.node(table)?.resource)?;
        let ours = index.resolve_one(vpc).same(&connection.vpc);
        let works = works_by_nat(index, connection.subnet, (id, route));
        (ours.is_yes() && index.exists(id).is_yes() && works).then_some((id, table))
    })?;
    let mut changes = Changes::new(index.graph);
    let own = index
        .all::<SubnetRouteTableAssociation>()
        .find(|(id, _, it)| {
            index.exists(*id) != Ternary::No
                && index.resolve_one(&it.subnet).node() == Some(*subnet)
        });
    match own {
        Some((id, ..)) => changes.set(id, "route_table", raw::<RouteTable>(&link(table))),
        None => {
            let association =
                SubnetRouteTableAssociation::new(link(*subnet), link::<RouteTable>(table));
            changes.add("RouteToNat", association);
        }
    }
    Some(changes.done())
}

/// Gives the endpoints of a VPC without security groups a group that allows the instance.
pub(in super::super) fn group_of_endpoints(
    connection: &Connection<'_, '_>,
    endpoint: NodeId,
) -> Fix {
    let index = connection.index;
    let mut changes = Changes::new(index.graph);
    let group = private_group(connection, &mut changes);
    let others = index.all::<VpcEndpoint>().filter(|(id, _, it)| {
        it.security_groups.is_empty()
            && path::is_interface(it).is_yes()
            && index
                .graph
                .node(*id)
                .is_some_and(|node| !node.is_unmodeled("security_groups"))
            && index.resolve_one(&it.vpc).same(&connection.vpc).is_yes()
    });
    let mut all: Vec<NodeId> = others.map(|(id, ..)| id).collect();
    if !all.contains(&endpoint) {
        all.push(endpoint);
    }
    for id in all {
        changes.set(id, "security_groups", RawValue::List(vec![raw(&group)]));
    }
    changes.done()
}
