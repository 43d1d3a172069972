//! Public subnets of a network, with an internet gateway and NAT gateways.

use super::network::SubnetZone;
use super::network_handles::{NetworkHandles, SubnetHandle};
use super::scope::{Construct, Scope};
use crate::ir::{Cidr, Diagnostic, Expr, Handle, IntoValue, Link, Value};
use crate::resource::{
    Eip, InternetGateway, NatGateway, Route, RouteTable, Subnet, SubnetRouteTableAssociation, Tags,
    Typed, VpcCidrBlock, VpcGatewayAttachment,
};

/// All IPv4 addresses.
const INTERNET: Cidr = Cidr::v4([0, 0, 0, 0], 0);

/// The NAT gateways, through which private subnets connect to the internet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NatGateways {
    /// None: the private subnets have no route to the internet.
    #[default]
    None,
    /// One for all private subnets. If its Availability Zone fails, no subnet has a route.
    One,
    /// One for the private subnets of each Availability Zone.
    PerZone,
}

/// Public subnets of a network with an internet gateway, for load balancers and NAT gateways: one for
/// each Availability Zone of the private subnets.
///
/// Neither kind of subnet assigns public addresses to instances. The private subnets get a route to
/// the internet only with [`NatGateways`]. The security group of the instances still allows HTTPS to
/// the endpoints alone.
///
/// ```
/// use ssm_synth::construct::{NatGateways, PrivateNetwork, PublicSubnets};
/// use ssm_synth::{App, Cidr, SessionAccess};
///
/// let mut app = App::new();
/// let mut stack = app.stack("Access");
/// let network = stack.add("Network", PrivateNetwork::new(Cidr::v4([10, 0, 0, 0], 16)));
/// let ranges = [Cidr::v4([10, 0, 128, 0], 24), Cidr::v4([10, 0, 129, 0], 24)];
/// let public = PublicSubnets::new(&network, ranges).nat_gateways(NatGateways::PerZone);
/// let public = stack.add("Public", public);
/// stack.add_inline(SessionAccess::new().network(&public.network));
/// assert_eq!(public.nat_gateways.len(), 2);
/// assert!(app.validate().is_ok());
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct PublicSubnets {
    /// The network with the private subnets.
    pub network: NetworkHandles,
    /// The IPv4 range of each public subnet: one for each Availability Zone of the network.
    pub cidrs: Vec<Cidr>,
    /// The NAT gateways. Default: none.
    pub nat_gateways: NatGateways,
    /// Tags of the resources, in addition to the tags of the stack. Default: none.
    pub tags: Tags,
}

/// The resources of public subnets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PublicSubnetHandles {
    /// The network with the private subnets, whose instances wait for the routes to NAT gateways.
    pub network: NetworkHandles,
    /// The internet gateway.
    pub internet_gateway: Handle<InternetGateway>,
    /// The public subnets, in the order of their zones.
    pub subnets: Vec<Handle<Subnet>>,
    /// The route table of the public subnets.
    pub route_table: Handle<RouteTable>,
    /// The route to the internet gateway. Resources with public addresses wait for it.
    pub default_route: Handle<Route>,
    /// The NAT gateways, in the order of their zones.
    pub nat_gateways: Vec<Handle<NatGateway>>,
}

/// Returns a subnet that this app creates.
fn created<'s>(subnet: &SubnetHandle, scope: &'s Scope<'_>) -> Option<&'s Subnet> {
    match &subnet.id {
        Value::Expr(Expr::Attr(node, _)) => Subnet::of(&scope.graph.node(*node)?.resource),
        _ => None,
    }
}

impl PublicSubnets {
    /// Public subnets with these IPv4 ranges, one for each Availability Zone of the network.
    pub fn new<V: IntoValue<Cidr>>(
        network: &NetworkHandles,
        cidrs: impl IntoIterator<Item = V>,
    ) -> PublicSubnets {
        PublicSubnets {
            network: network.clone(),
            cidrs: cidrs.into_iter().map(V::into_value).collect(),
            nat_gateways: NatGateways::None,
            tags: Tags::default(),
        }
    }

    /// Sets the NAT gateways. Default: none.
    pub fn nat_gateways(mut self, nat_gateways: impl IntoValue<NatGateways>) -> Self {
        self.nat_gateways = nat_gateways.into_value();
        self
    }

    /// Adds tags of the resources. Default: none.
    pub fn tags(mut self, tags: impl Into<Tags>) -> Self {
        self.tags.merge(&tags.into());
        self
    }

    /// Returns the zones of the private subnets, each once, and the position of each subnet's zone
    /// among them.
    fn zones(&self, scope: &mut Scope<'_>) -> (Vec<SubnetZone>, Vec<usize>) {
        let region = scope.target_region();
        let (mut zones, mut positions) = (Vec::<SubnetZone>::new(), Vec::new());
        for (n, subnet) in self.network.subnets.iter().enumerate() {
            let zone = match (created(subnet, scope), &subnet.zone) {
                (Some(created), _) => SubnetZone::of(&created.availability_zone, n, region),
                (None, Some(name)) => SubnetZone::named(name, region),
                (None, None) => None,
            };
            let Some(zone) = zone else {
                scope.add_diagnostic(
                    Diagnostic::error(
                        "network-zones",
                        format!(
                            "the Availability Zone of private subnet {} is unknown",
                            n + 1
                        ),
                    )
                    .help("set `SubnetHandle::zone` to a name such as `eu-central-1a`"),
                );
                continue;
            };
            let known = zones.iter().position(|other| other.key == zone.key);
            positions.push(known.unwrap_or(zones.len()));
            if known.is_none() {
                zones.push(zone);
            }
        }
        (zones, positions)
    }

    /// Reports ranges that do not fit the zones, the VPC, the private subnets or each other.
    fn check_cidrs(&self, zones: usize, scope: &mut Scope<'_>) {
        let vpc = self.network.created.as_ref().map(|it| it.vpc);
        let vpc = vpc.and_then(|vpc| scope.graph.get(vpc)?.cidr_block.lit().copied());
        // Without a secondary range, the VPC has only this one.
        let vpc = vpc.filter(|_| scope.graph.all::<VpcCidrBlock>().next().is_none());
        let private = self.network.subnets.iter();
        let private = private.filter_map(|it| match created(it, scope) {
            Some(subnet) => subnet.cidr_block.lit().copied(),
            None => it.cidr,
        });
        let mut others: Vec<Cidr> = private.collect();
        let mut report = |message: String, help: &str| {
            scope.add_diagnostic(Diagnostic::error("network-subnet-cidrs", message).help(help));
        };
        let given = self.cidrs.len();
        if given != zones {
            report(
                format!("found {given} ranges of public subnets for {zones} zones"),
                "pass one range for each Availability Zone of the network",
            );
        }
        for cidr in &self.cidrs {
            if let Some(vpc) = vpc.filter(|vpc| !vpc.contains(*cidr)) {
                report(
                    format!("subnet range `{cidr}` is outside the VPC's `{vpc}`"),
                    "use a range inside that of the VPC",
                );
            }
            if let Some(other) = others.iter().find(|other| other.overlaps(*cidr)) {
                report(
                    format!("subnet ranges `{other}` and `{cidr}` overlap"),
                    "use ranges that do not overlap",
                );
            }
            others.push(*cidr);
        }
    }

    /// Adds a default route to each route table of the private subnets.
    fn add_nat_routes(
        &mut self,
        (zones, positions): (&[SubnetZone], &[usize]),
        gateways: &[Handle<NatGateway>],
        scope: &mut Scope<'_>,
    ) {
        let per_subnet = self.network.route_tables.len() == self.network.subnets.len();
        if self.network.route_tables.is_empty()
            || (self.nat_gateways == NatGateways::PerZone && !per_subnet && zones.len() > 1)
        {
            let (tables, subnets) = (self.network.route_tables.len(), self.network.subnets.len());
            scope.add_diagnostic(
                Diagnostic::error(
                    "network-route-tables",
                    format!("found {tables} route tables for {subnets} private subnets"),
                )
                .help(
                    "list the route table of each subnet in the order of the subnets, or share one NAT \
                     gateway with `NatGateways::One`",
                ),
            );
            return;
        }
        let mut routed: Vec<(&Link<RouteTable>, String)> = Vec::new();
        for (n, table) in self.network.route_tables.iter().enumerate() {
            let zone = if per_subnet { positions.get(n) } else { None };
            let zone = zone.copied().unwrap_or_default();
            let gateway = match self.nat_gateways {
                NatGateways::PerZone => gateways.get(zone),
                _ => gateways.first(),
            };
            let (Some(gateway), Some(SubnetZone { key, .. })) = (gateway, zones.get(zone)) else {
                continue;
            };
            // Several subnets can share a table.
            if routed.iter().any(|(other, _)| *other == table) {
                continue;
            }
            let id = format!("NatRoute{key}");
            let same = routed.iter().filter(|(_, other)| *other == id).count();
            routed.push((table, id.clone()));
            let id = match same {
                0 => id,
                _ => format!("{id}{}", same + 1),
            };
            let route = Route::new(table.clone())
                .cidr_block(INTERNET)
                .nat_gateway(gateway);
            self.network.ready.push(scope.add(&id, route).node());
        }
    }
}

impl Construct for PublicSubnets {
    type Handle = PublicSubnetHandles;

    fn build(mut self, scope: &mut Scope<'_>) -> PublicSubnetHandles {
        scope.tags(self.tags.clone());
        let (zones, positions) = self.zones(scope);
        // The unknown zones are reported.
        if positions.len() == self.network.subnets.len() {
            self.check_cidrs(zones.len(), scope);
        }
        let vpc = &self.network.vpc;
        let internet_gateway = scope.add("InternetGateway", InternetGateway::new());
        let attachment = VpcGatewayAttachment::new(vpc.clone()).internet_gateway(internet_gateway);
        let attachment = scope.add("Attachment", attachment).node();
        let route_table = scope.add("RouteTable", RouteTable::new(vpc.clone()));
        let default_route = Route::new(route_table)
            .cidr_block(INTERNET)
            .gateway(internet_gateway);
        let default_route = scope.add("DefaultRoute", default_route);
        // AWS rejects a route to a gateway that is not attached.
        scope.depends_on(default_route, [attachment]);
        let (mut subnets, mut nat_gateways) = (Vec::new(), Vec::new());
        for (n, (zone, cidr)) in zones.iter().zip(&self.cidrs).enumerate() {
            let key = &zone.key;
            let subnet = Subnet::new(vpc.clone(), *cidr, zone.zone.clone());
            let subnet = scope.add(
                &format!("Subnet{key}"),
                subnet.map_public_ip_on_launch(false),
            );
            let association = SubnetRouteTableAssociation::new(subnet, route_table);
            let association = scope.add(&format!("RouteTableAssociation{key}"), association);
            scope.output(
                &format!("Subnet{key}Id"),
                subnet.attr(Subnet::LINK),
                "A public subnet",
            );
            subnets.push(subnet);
            let has_gateway = match self.nat_gateways {
                NatGateways::None => false,
                NatGateways::One => n == 0,
                NatGateways::PerZone => true,
            };
            if has_gateway {
                let address = scope.add(&format!("Address{key}"), Eip::new().domain("vpc"));
                // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-eip.html
                scope.depends_on(address, [attachment]);
                let gateway = NatGateway::new(subnet).allocation(address);
                let gateway = scope.add(&format!("NatGateway{key}"), gateway);
                // A private subnet with a route to it is connected.
                scope.depends_on(gateway, [default_route.node(), association.node()]);
                nat_gateways.push(gateway);
            }
        }
        if self.nat_gateways != NatGateways::None {
            self.add_nat_routes((&zones, &positions), &nat_gateways, scope);
        }
        PublicSubnetHandles {
            network: self.network,
            internet_gateway,
            subnets,
            route_table,
            default_route,
            nat_gateways,
        }
    }
}
