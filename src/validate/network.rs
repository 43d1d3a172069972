//! Validation of subnets, of the load balancers in them, and of peering connections.

use crate::ir::{Diagnostics, Dialect, Expr, Link, NodeId, Text, Value};
use crate::resource::{
    Graph, Listener, LoadBalancer, LoadBalancerType, Node, Override, Route, Scheme, Subnet,
    SubnetRouteTableAssociation, Typed, VpcPeeringConnection,
};

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    check_ranges(graph, out);
    check_peerings(graph, out);
    check_listeners(graph, out);
    for (_, node, balancer) in graph.all::<LoadBalancer>() {
        if node.overrides.is_empty() {
            check_balancer(graph, node, balancer, out);
        }
    }
}

/// Reports peering connections that CloudFormation accepts, and Terraform does not.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcpeeringconnection.html>
/// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_peering_connection>
fn check_peerings(graph: &Graph, out: &mut Diagnostics) {
    const CODE: &str = "peering-acceptance";
    const ACCEPTER: &str = "aws_vpc_peering_connection_accepter";
    let is_set = |it: &Override| it.dialect == Dialect::Tf && it.pointer == "/auto_accept";
    for (id, node, it) in graph.all::<VpcPeeringConnection>() {
        let accepts = |(_, other): (NodeId, &Node)| {
            other.resource.type_name(Dialect::Tf) == Some(ACCEPTER)
                && other
                    .resource
                    .put(Dialect::Tf)
                    .references()
                    .contains(&id.node())
        };
        if node.origin.is_some() || node.overrides.iter().any(is_set) {
            continue;
        }
        let has_region = !matches!(&it.peer_region, None | Some(Value::Expr(Expr::Absent)));
        let found = match &it.auto_accept {
            Some(Value::Lit(true)) if has_region => {
                let message = "`auto_accept` is `true` beside `peer_region`, which the Terraform \
                               provider does not accept";
                let found = node.error(CODE, message).about(&["auto_accept"]);
                found.help(format!(
                    "remove `auto_accept`, and add the resource `{ACCEPTER}`"
                ))
            }
            Some(Value::Lit(true) | Value::Expr(_)) => continue,
            _ if graph.nodes().any(accepts) => continue,
            Some(Value::Lit(false)) if !has_region => {
                let message = "Terraform leaves the request pending, and CloudFormation accepts it";
                let found = node.warning(CODE, message).about(&["auto_accept"]);
                found.help(format!(
                    "remove `auto_accept`, or add the resource `{ACCEPTER}`"
                ))
            }
            None if it.is_local() && !has_region => continue,
            _ => {
                let message = "Terraform leaves the request pending: it accepts only those of its \
                               account and Region";
                let help =
                    format!("add the resource `{ACCEPTER}` with a provider of the other VPC");
                let help = match has_region {
                    true => help,
                    false => format!("{help}, or set `auto_accept` if it is of this account"),
                };
                node.warning(CODE, message).help(help)
            }
        };
        out.push(found.only(Dialect::Tf));
    }
}

/// Reports subnets of a VPC whose ranges overlap.
fn check_ranges(graph: &Graph, out: &mut Diagnostics) {
    // A construct reports ranges with its settings.
    let of_constructs = out.iter().filter(|it| it.code == "network-subnet-cidrs");
    let reported: Vec<String> = of_constructs.flat_map(|it| it.paths.clone()).collect();
    let is_reported = |node: &Node| {
        reported.iter().any(|path| {
            let rest = node.path.strip_prefix(path.as_str());
            rest.is_some_and(|rest| rest.starts_with('/'))
        })
    };
    let all: Vec<(&Node, &Subnet)> = graph
        .all::<Subnet>()
        .map(|(_, node, subnet)| (node, subnet))
        .filter(|(node, _)| node.is_certain() && node.overrides.is_empty() && !is_reported(node))
        .collect();
    for (n, (node, subnet)) in all.iter().enumerate() {
        let Some(range) = subnet.cidr_block.lit() else {
            continue;
        };
        let overlaps = |it: &&(&Node, &Subnet)| {
            let other = it.1.cidr_block.lit();
            it.1.vpc == subnet.vpc && other.is_some_and(|other| other.overlaps(*range))
        };
        let before = all[..n].iter().find(overlaps);
        if let Some((other, Some(of_other))) = before.map(|it| (it.0, it.1.cidr_block.lit())) {
            let message = format!("subnet ranges `{of_other}` and `{range}` overlap");
            let found = node.error("network-subnet-cidrs", message);
            out.push(
                found
                    .path(other.path.clone())
                    .help("use ranges that do not overlap"),
            );
        }
    }
}

/// Reports two listeners of a load balancer at one port, whatever their protocols are.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html>
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html>
fn check_listeners(graph: &Graph, out: &mut Diagnostics) {
    let keeps = |node: &Node| node.keeps("load_balancer") && node.keeps("port");
    let all = graph.all::<Listener>().map(|(_, node, it)| (node, it));
    let all: Vec<(&Node, &Listener)> = all.filter(|(node, _)| keeps(node)).collect();
    for (n, (node, listener)) in all.iter().enumerate() {
        let Some(port) = listener.port.lit() else {
            continue;
        };
        let is_same = |(other, it): &&(&Node, &Listener)| {
            // Two conditions can exclude each other.
            let is_beside = other.condition == node.condition
                || other.condition.is_none()
                || node.condition.is_none();
            is_beside && it.load_balancer == listener.load_balancer && it.port.lit() == Some(port)
        };
        if let Some((other, of)) = all[..n].iter().find(is_same) {
            let message = format!(
                "`{}` and `{}` are listeners of one load balancer at port {port}",
                other.path, node.path
            );
            let found = node.error("listener-port", message).about(&["port"]);
            let found = found.path(other.path.clone()).at(other.location.clone());
            out.push(found.help(match of.protocol == listener.protocol {
                true => "use another port for one of them",
                false => {
                    "use another port for one of them, or one listener with \
                     `LoadBalancerProtocol::TcpUdp` for TCP and UDP"
                }
            }));
        }
    }
}

fn created<'g>(graph: &'g Graph, link: &Link<Subnet>) -> Option<(NodeId, &'g Node, &'g Subnet)> {
    let Value::Expr(Expr::Attr(id, _)) = link else {
        return None;
    };
    let node = graph.node(*id)?;
    Some((*id, node, Subnet::of(&node.resource)?))
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>
fn check_balancer(graph: &Graph, node: &Node, balancer: &LoadBalancer, out: &mut Diagnostics) {
    // A list parameter has an unknown number of subnets.
    let is_open = |it: &Link<Subnet>| matches!(it, Value::Expr(expr) if expr.is_list());
    if balancer.subnets.is_empty() || balancer.subnets.iter().any(is_open) {
        return;
    }
    let is_application = match &balancer.load_balancer_type {
        None => true,
        Some(of) => of.lit() == Some(&LoadBalancerType::Application),
    };
    if is_application && balancer.subnets.len() < 2 {
        let message = "an Application Load Balancer requires subnets in two Availability Zones";
        let found = node
            .error("load-balancer-subnets", message)
            .about(&["subnets"]);
        out.push(found.help("add a subnet in another Availability Zone"));
    }
    let mut zones: Vec<(&Value<Text>, &Node)> = Vec::new();
    for link in &balancer.subnets {
        let Some((id, subnet_node, subnet)) = created(graph, link) else {
            continue;
        };
        let zone = &subnet.availability_zone;
        match zones.iter().find(|(other, _)| *other == zone) {
            Some((_, other)) => {
                let message = format!(
                    "subnets `{}` and `{}` of the load balancer are in one Availability Zone",
                    other.path, subnet_node.path
                );
                let found = node
                    .error("load-balancer-subnets", message)
                    .about(&["subnets"]);
                out.push(found.help("use one subnet for each Availability Zone"));
            }
            None => zones.push((zone, subnet_node)),
        }
        if balancer.scheme.0 == Scheme::InternetFacing && is_private(graph, id) {
            let message = format!(
                "the load balancer is internet-facing, and subnet `{}` has no route to an internet \
                 gateway; clients cannot connect",
                subnet_node.path
            );
            let found = node
                .warning("load-balancer-subnets", message)
                .about(&["subnets"]);
            out.push(found.help("use the subnets of `PublicSubnets`, or `Scheme::Internal`"));
        }
    }
}

/// Returns whether the route table of a subnet certainly has no route to an internet gateway.
fn is_private(graph: &Graph, subnet: NodeId) -> bool {
    let of = |expr: &Expr, id: NodeId| matches!(expr, Expr::Attr(to, _) if *to == id);
    let mut ties = graph.all::<SubnetRouteTableAssociation>();
    let tie = ties.find(|(.., it)| matches!(&it.subnet, Value::Expr(expr) if of(expr, subnet)));
    let Some(Value::Expr(Expr::Attr(table, _))) = tie.map(|(.., it)| &it.route_table) else {
        return false;
    };
    let mut routes = graph.all::<Route>();
    !routes.any(|(_, node, it)| {
        let is_here = matches!(&it.route_table, Value::Expr(expr) if of(expr, *table));
        is_here && (it.gateway.is_some() || !node.overrides.is_empty())
    })
}
