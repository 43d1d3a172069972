//! The route tables of subnets, and their routes.

use super::cache::{OtherRoutes, Table};
use super::graph_index::{GraphIndex, Resolved};
use super::setting::is_unmodeled;
use super::ternary::Ternary;
use crate::ir::{Expr, NodeId, Value};
use crate::resource::{
    DefaultRouteTable, MainRouteTableAssociation, Node, RawValue, Resource, Route, RouteTable,
    Subnet, SubnetRouteTableAssociation, Vpc,
};

pub(crate) use super::internet_route::{Exit, InternetRoute, internet_route};

pub(super) fn flag(value: Option<&Value<bool>>) -> Ternary {
    match value {
        None => Ternary::No,
        Some(Value::Lit(value)) => (*value).into(),
        Some(Value::Expr(Expr::Absent)) => Ternary::No,
        Some(Value::Expr(_)) => Ternary::Unknown,
    }
}

/// Returns whether a value identifies a resource that the file does not create, since it is set before
/// the deployment.
pub(super) fn is_existing(expr: &Expr) -> bool {
    match expr {
        Expr::Text(_)
        | Expr::Param(_)
        | Expr::Items(_)
        | Expr::SourceParam { .. }
        | Expr::Absent => true,
        Expr::Select(list, _) => is_existing(list),
        Expr::Opaque(text) => {
            let names = ["Fn::ImportValue", "Fn::FindInMap"];
            names.iter().any(|name| text.starts_with(name))
                || text.split('.').any(|part| part == "data")
        }
        _ => false,
    }
}

pub(super) fn table_of<'g>(index: &GraphIndex<'g>, subnet: &Resolved<'g, Subnet>) -> Table {
    match subnet {
        Resolved::Node(id, it) => index.cache.table(*id, || find_table(index, *id, it)),
        Resolved::OtherType(_) | Resolved::Outside(_) => Table::Unknown,
    }
}

fn find_table<'g>(index: &GraphIndex<'g>, id: NodeId, it: &'g Subnet) -> Table {
    let subnet = &Resolved::Node(id, it);
    let mut possible = false;
    for (tie, _, association) in index.all::<SubnetRouteTableAssociation>() {
        let all = index.resolve(&association.subnet);
        let ours = match all.as_slice() {
            [Resolved::Outside(expr)] if is_existing(expr) => continue,
            [one] => one.same(subnet),
            all => Ternary::any(all.iter().map(|to| to.same(subnet))).and(Ternary::Unknown),
        };
        match ours.and(index.exists(tie)) {
            Ternary::No => continue,
            Ternary::Unknown => {
                possible = true;
                continue;
            }
            Ternary::Yes => {}
        }
        return match index.resolve_one::<RouteTable>(&association.route_table) {
            Resolved::Node(table, _) => Table::Node(table),
            Resolved::OtherType(table) => Table::Node(table),
            Resolved::Outside(expr) => main_by_attribute(index, &expr).unwrap_or(Table::Unknown),
        };
    }
    if possible {
        return Table::Unknown;
    }
    let Resolved::Node(vpc, _) = index.resolve_one(&it.vpc) else {
        return Table::Unknown;
    };
    if index.is_externally_modified(id)
        || index
            .graph
            .node(vpc)
            .is_some_and(crate::resource::Node::is_lookup)
    {
        return Table::Unknown;
    }
    let main = index
        .all::<MainRouteTableAssociation>()
        .find(|(_, _, tie)| !index.points_to(&tie.vpc, vpc).is_no());
    if let Some((id, _, tie)) = main {
        if !index
            .points_to(&tie.vpc, vpc)
            .and(index.exists(id))
            .is_yes()
        {
            return Table::Unknown;
        }
        return match index.resolve_one::<RouteTable>(&tie.route_table) {
            Resolved::Node(table, _) => Table::Node(table),
            Resolved::OtherType(_) | Resolved::Outside(_) => Table::Unknown,
        };
    }
    let taken_over = index.all::<DefaultRouteTable>().find(|(_, _, table)| {
        matches!(&table.default_route_table, Value::Expr(Expr::Attr(node, _)) if *node == vpc)
    });
    match taken_over {
        Some((table, ..)) => Table::Node(table),
        None => Table::MainOf(vpc),
    }
}

fn main_by_attribute(index: &GraphIndex<'_>, expr: &Expr) -> Option<Table> {
    let Expr::Attr(node, attr) = expr else {
        return None;
    };
    match &index.graph.node(*node)?.resource {
        Resource::Vpc(_) if [Vpc::MAIN_ROUTE_TABLE, Vpc::DEFAULT_ROUTE_TABLE].contains(attr) => {
            Some(Table::MainOf(*node))
        }
        Resource::DefaultRouteTable(_) => Some(Table::Node(*node)),
        _ => None,
    }
}

/// Returns the routes of a table, and whether more can exist.
pub(super) fn routes<'g>(
    index: &GraphIndex<'g>,
    table: &Table,
) -> (Vec<(NodeId, &'g Route, Ternary)>, bool) {
    let (owner, modified) = match table {
        Table::Node(id) => (*id, index.is_externally_modified(*id)),
        Table::MainOf(id) => (*id, false),
        Table::Unknown => return (Vec::new(), true),
    };
    let main = matches!(table, Table::MainOf(_));
    let mut more = modified;
    let mut found = Vec::new();
    for (id, _, route) in index.all::<Route>() {
        let ours = |expr: &Expr| match expr {
            Expr::Attr(node, attr) if main => (*node == owner
                && [Vpc::MAIN_ROUTE_TABLE, Vpc::DEFAULT_ROUTE_TABLE].contains(attr))
            .into(),
            Expr::Attr(node, _) | Expr::Other(node, _) => Ternary::from(*node == owner),
            expr if is_existing(expr) => Ternary::No,
            _ => Ternary::Unknown,
        };
        let ours = match &route.route_table {
            Value::Lit(_) => Ternary::No,
            Value::Expr(Expr::OneOf(of)) => Ternary::any(of.iter().map(ours)).and(Ternary::Unknown),
            Value::Expr(expr) if is_existing(expr) => Ternary::No,
            Value::Expr(expr) => ours(expr),
        };
        let ours = ours.and(index.exists(id));
        if !ours.is_no() {
            found.push((id, route, ours));
        }
    }
    more |=
        is_unmodeled(index, owner, "route") || OtherRoutes::of(index).propagated.contains(&owner);
    (found, more)
}

impl OtherRoutes {
    fn of<'a>(index: &'a GraphIndex<'_>) -> &'a OtherRoutes {
        index.cache.other_routes.get_or_init(|| {
            let mut found = OtherRoutes::default();
            let nodes = index.graph.stacks().flat_map(|it| index.graph.nodes_of(it));
            for (id, node) in nodes.filter(|(_, node)| !node.is_absent()) {
                found.add(id, node);
            }
            found
        })
    }

    fn add(&mut self, id: NodeId, node: &Node) {
        let set = |name| {
            let property = node.origin.as_ref()?.unknown_properties.get(name)?;
            Some(property).filter(|it| !matches!(it, RawValue::List(items) if items.is_empty()))
        };
        match node.resource.type_name(node.dialect()).unwrap_or_default() {
            "AWS::EC2::VPNGatewayRoutePropagation" | "aws_vpn_gateway_route_propagation" => {
                self.propagated.extend(node.references());
            }
            "aws_route_table" | "aws_default_route_table" if set("propagating_vgws").is_some() => {
                self.propagated.insert(id);
            }
            "AWS::EC2::GatewayRouteTableAssociation" => self.edges.extend(node.references()),
            "aws_route_table_association" if set("gateway_id").is_some() => {
                self.edges.extend(node.references());
            }
            _ => {}
        }
    }
}

/// Resources that refer to a network interface without attaching it to an instance.
const NOT_ATTACHMENTS: [&str; 9] = [
    "AWS::EC2::EIP",
    "AWS::EC2::EIPAssociation",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::Route",
    "aws_eip",
    "aws_eip_association",
    "aws_network_interface",
    "aws_network_interface_sg_attachment",
    "aws_route",
];

/// Returns the network interface of a route if it is attached to nothing: the route is a blackhole.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html>
pub(super) fn blackhole(index: &GraphIndex<'_>, route: &Route) -> Option<NodeId> {
    let Resolved::Node(interface, _) = index.resolve_one(route.network_interface.as_ref()?) else {
        return None;
    };
    let node = index.graph.node(interface)?;
    let attached_by_itself = node.origin.as_ref().is_some_and(|origin| {
        let block = origin.unknown_properties.get("attachment");
        block.is_some_and(|it| !matches!(it, RawValue::List(items) if items.is_empty()))
    });
    let hidden = node.is_lookup()
        || index.is_externally_modified(interface)
        || !index.exists(interface).is_yes();
    let attached = index.graph.nodes().any(|(id, node)| {
        let type_name = node.resource.type_name(node.dialect()).unwrap_or_default();
        let in_table = node.origin.as_ref().is_some_and(|it| it.parent.is_some())
            && matches!(node.resource, Resource::Route(_));
        id != interface
            && !node.is_absent()
            && !in_table
            && !NOT_ATTACHMENTS.contains(&type_name)
            && node.references().contains(&interface)
    });
    (!attached_by_itself && !hidden && !attached).then_some(interface)
}

/// Returns whether a route table of the file can have routes that the file does not contain.
pub(super) fn has_other_routes(index: &GraphIndex<'_>) -> bool {
    let propagated = !OtherRoutes::of(index).propagated.is_empty();
    let tables = index.all::<RouteTable>().map(|(id, ..)| id);
    let adopted = index.all::<DefaultRouteTable>().map(|(id, ..)| id);
    propagated
        || tables
            .chain(adopted)
            .any(|id| index.is_externally_modified(id) || is_unmodeled(index, id, "route"))
}

/// Returns whether a route table of an internet gateway can divert inbound traffic.
pub(super) fn is_edge_routed(index: &GraphIndex<'_>, gateway: NodeId) -> bool {
    OtherRoutes::of(index).edges.contains(&gateway)
}
