//! The network: a new private one, or one that is there.

use super::given::{check_id, check_ids};
use super::scope::{Construct, Scope};
use crate::check::IdOf;
use crate::ir::{Cidr, Diagnostic, Expr, IntoValue, Link, ListValue, NodeId, Text, Value};
use crate::resource::{RouteTable, Subnet, SubnetRouteTableAssociation, Vpc};

/// The zones of a network.
#[derive(Clone, Debug, PartialEq)]
pub enum Zones {
    /// So many of the region's zones, in the region's order.
    Count(u32),
    /// These.
    Named(Vec<Text>),
}

/// A new VPC with private subnets: a route table each, and no way out.
///
/// Each subnet takes a sixteenth of the VPC (at least a /28), so that a zone added later changes
/// no other.
#[derive(Clone, Debug)]
pub struct PrivateNetwork {
    cidr: Cidr,
    zones: Zones,
    subnet_cidrs: Vec<Cidr>,
}

/// A subnet of a network.
#[derive(Clone, Debug)]
pub struct SubnetHandle {
    /// The subnet.
    pub subnet: Link<Subnet>,
    /// What tells its zone from others, if known.
    pub zone: Option<Text>,
    /// Its range, if known.
    pub cidr: Option<Cidr>,
}

/// What a network is to its users.
#[derive(Clone, Debug)]
pub struct NetworkHandles {
    /// The VPC.
    pub vpc: Link<Vpc>,
    /// The subnets for instances and endpoints.
    pub subnets: Vec<SubnetHandle>,
    /// Their route tables.
    pub route_tables: Vec<Link<RouteTable>>,
    /// What an instance waits for.
    pub ready: Vec<NodeId>,
}

impl PrivateNetwork {
    /// In this range, from /16 to /28.
    pub fn new(cidr: Cidr) -> PrivateNetwork {
        PrivateNetwork {
            cidr,
            zones: Zones::Count(2),
            subnet_cidrs: Vec::new(),
        }
    }

    /// Its zones. Default: two of the region's.
    #[must_use]
    pub fn zones(mut self, zones: Zones) -> Self {
        self.zones = zones;
        self
    }

    /// The ranges of the subnets, one for each zone. Default: sixteenths of the VPC.
    #[must_use]
    pub fn subnet_cidrs(mut self, cidrs: impl IntoIterator<Item = Cidr>) -> Self {
        self.subnet_cidrs.extend(cidrs);
        self
    }

    fn cidrs(&self, count: u32, scope: &mut Scope<'_>) -> Vec<Cidr> {
        if self.subnet_cidrs.is_empty() {
            let prefix_len = (self.cidr.prefix_len() + 4).clamp(16, 28);
            let room = self.cidr.capacity(prefix_len);
            if room < count.into() {
                scope.problem(
                    Diagnostic::error(
                        "network-zones",
                        format!(
                            "`{}` has room for {room} subnets, not for {count}",
                            self.cidr
                        ),
                    )
                    .help("take a larger range or fewer zones"),
                );
            }
            return (0..count)
                .filter_map(|n| self.cidr.block(prefix_len, n))
                .collect();
        }
        let given = self.subnet_cidrs.len();
        if given != count as usize {
            scope.problem(
                Diagnostic::error(
                    "network-subnet-cidrs",
                    format!("{given} subnet ranges are given for {count} zones"),
                )
                .help("give one range for each zone"),
            );
        }
        for (n, cidr) in self.subnet_cidrs.iter().enumerate() {
            if !self.cidr.contains(*cidr) {
                scope.problem(
                    Diagnostic::error(
                        "network-subnet-cidrs",
                        format!("subnet range `{cidr}` is outside the VPC's `{}`", self.cidr),
                    )
                    .help("take a block inside the VPC's range"),
                );
            }
            if let Some(other) = self.subnet_cidrs[..n]
                .iter()
                .find(|other| other.overlaps(*cidr))
            {
                scope.problem(
                    Diagnostic::error(
                        "network-subnet-cidrs",
                        format!("subnet ranges `{other}` and `{cidr}` overlap"),
                    )
                    .help("take blocks that share no address"),
                );
            }
        }
        self.subnet_cidrs.clone()
    }
}

/// The key of the n-th zone: `A` to `Z`.
fn letter(n: u32) -> char {
    char::from(b'A' + u8::try_from(n.min(25)).unwrap_or(25))
}

impl Construct for PrivateNetwork {
    type Handle = NetworkHandles;

    fn build(self, scope: &mut Scope<'_>) -> NetworkHandles {
        let names: Vec<(Value<Text>, Option<Text>)> = match &self.zones {
            Zones::Count(count) => (0..(*count).min(26))
                .map(|n| {
                    (
                        Value::Expr(Expr::Zone(n)),
                        Some(Text::Owned(letter(n).to_string())),
                    )
                })
                .collect(),
            Zones::Named(names) => names
                .iter()
                .map(|name| (Value::Lit(name.clone()), Some(name.clone())))
                .collect(),
        };
        let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
        check_zones(&self.zones, scope);
        let cidrs = self.cidrs(count, scope);
        let vpc = scope.add(
            "Vpc",
            Vpc::new(self.cidr)
                .enable_dns_support(true)
                .enable_dns_hostnames(true),
        );
        let mut handles = NetworkHandles {
            vpc: vpc.into_value(),
            subnets: Vec::new(),
            route_tables: Vec::new(),
            ready: Vec::new(),
        };
        for (n, ((zone, key), cidr)) in names.into_iter().zip(cidrs).enumerate() {
            let n = letter(u32::try_from(n).unwrap_or(25));
            let subnet = scope.add(
                &format!("Subnet{n}"),
                Subnet::new(vpc, cidr, zone).map_public_ip_on_launch(false),
            );
            let table = scope.add(&format!("RouteTable{n}"), RouteTable::new(vpc));
            let association = scope.add(
                &format!("RouteTableAssociation{n}"),
                SubnetRouteTableAssociation::new(subnet, table),
            );
            handles.subnets.push(SubnetHandle {
                subnet: subnet.into_value(),
                zone: key,
                cidr: Some(cidr),
            });
            handles.route_tables.push(table.into_value());
            handles.ready.push(association.node());
        }
        scope.output("VpcId", handles.vpc.clone(), "The VPC");
        for (n, subnet) in handles.subnets.iter().enumerate() {
            let n = letter(u32::try_from(n).unwrap_or(25));
            scope.output(
                &format!("Subnet{n}Id"),
                subnet.subnet.clone(),
                "A private subnet",
            );
        }
        handles
    }
}

fn check_zones(zones: &Zones, scope: &mut Scope<'_>) {
    let count = match zones {
        Zones::Count(count) => *count as usize,
        Zones::Named(names) => names.len(),
    };
    if count == 0 || count > 26 {
        scope.problem(
            Diagnostic::error(
                "network-zones",
                format!("a network has from 1 to 26 zones, not {count}"),
            )
            .help("two zones keep instances reachable when one fails"),
        );
    }
    if let Zones::Named(names) = zones {
        for (n, name) in names.iter().enumerate() {
            if names[..n].contains(name) {
                let message = format!("zone `{name}` is given twice");
                scope.problem(
                    Diagnostic::error("network-zones", message).help("give each zone once"),
                );
            }
            let region = scope.known_region().map(|region| region.name);
            if let Some(region) = region
                && !name.starts_with(region)
            {
                let message = format!("zone `{name}` is not in region `{region}`");
                scope.problem(Diagnostic::error("network-zones", message).help(format!(
                    "the zones of {region} are named `{region}a`, `{region}b`, …"
                )));
            }
        }
    }
    if let Some(region) = scope.known_region()
        && let Some(known) = region.zones
        && count > known as usize
    {
        scope.problem(
            Diagnostic::error(
                "network-zones",
                format!("region `{}` has {known} zones, not {count}", region.name),
            )
            .help(format!("take at most {known} zones")),
        );
    }
}

/// A network that is there: nothing of it is created.
#[derive(Clone, Debug)]
pub struct ExistingNetwork {
    vpc: Link<Vpc>,
    subnets: Vec<SubnetHandle>,
    route_tables: Vec<Link<RouteTable>>,
}

impl ExistingNetwork {
    /// This VPC; it has DNS support and DNS host names on.
    pub fn new(vpc: impl IntoValue<Link<Vpc>>) -> ExistingNetwork {
        ExistingNetwork {
            vpc: vpc.into_value(),
            subnets: Vec::new(),
            route_tables: Vec::new(),
        }
    }

    /// Adds a subnet; where zones are told, endpoints take the first subnet of each.
    #[must_use]
    pub fn subnet(mut self, subnet: SubnetHandle) -> Self {
        self.subnets.push(subnet);
        self
    }

    /// Adds subnets, each in a zone of its own.
    #[must_use]
    pub fn subnets<V: IntoValue<Link<Subnet>>>(
        mut self,
        subnets: impl IntoIterator<Item = V>,
    ) -> Self {
        let handle = |subnet: V| SubnetHandle {
            subnet: subnet.into_value(),
            zone: None,
            cidr: None,
        };
        self.subnets.extend(subnets.into_iter().map(handle));
        self
    }

    /// Takes all subnets of a list parameter, each in a zone of its own; instances go into the
    /// first, endpoints into all.
    #[must_use]
    pub fn subnet_list(self, subnets: &ListValue<crate::ir::Id<Subnet>>) -> Self {
        self.subnets([subnets.all()])
    }

    /// Adds route tables; a gateway endpoint needs those of the subnets. Default: none.
    #[must_use]
    pub fn route_tables<V: IntoValue<Link<RouteTable>>>(
        mut self,
        tables: impl IntoIterator<Item = V>,
    ) -> Self {
        self.route_tables
            .extend(tables.into_iter().map(V::into_value));
        self
    }
}

impl Construct for ExistingNetwork {
    type Handle = NetworkHandles;

    fn build(self, scope: &mut Scope<'_>) -> NetworkHandles {
        if self.subnets.is_empty() {
            scope.problem(
                Diagnostic::error("network-subnets", "an existing network needs a subnet")
                    .help("name at least one subnet for instances and endpoints"),
            );
        }
        check_id("vpc", IdOf::VPC, &self.vpc, scope);
        let subnets: Vec<_> = self.subnets.iter().map(|it| it.subnet.clone()).collect();
        check_ids("subnets", IdOf::SUBNET, &subnets, scope);
        check_ids("route_tables", IdOf::ROUTE_TABLE, &self.route_tables, scope);
        for (n, subnet) in self.subnets.iter().enumerate() {
            let overlapping = self.subnets[..n].iter().filter_map(|other| other.cidr);
            if let Some(cidr) = subnet.cidr
                && let Some(other) = overlapping.into_iter().find(|other| other.overlaps(cidr))
            {
                let message = format!("subnet ranges `{other}` and `{cidr}` overlap");
                scope.problem(
                    Diagnostic::error("network-subnet-cidrs", message)
                        .help("take blocks that share no address"),
                );
            }
        }
        NetworkHandles {
            vpc: self.vpc,
            subnets: self.subnets,
            route_tables: self.route_tables,
            ready: Vec::new(),
        }
    }
}

impl SubnetHandle {
    /// Returns the subnet for one instance: the first, where it stands for a list.
    pub(crate) fn one(&self) -> Link<Subnet> {
        match &self.subnet {
            Value::Expr(Expr::Items(list)) => {
                Value::Expr(Expr::Select(Box::new(Expr::Param(*list)), 0))
            }
            other => other.clone(),
        }
    }
}
