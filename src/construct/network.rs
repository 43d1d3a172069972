//! A new network.

use super::network_handles::{CreatedNetwork, NetworkHandles, SubnetHandle};
#[cfg(feature = "config")]
use super::option_types::{Kind, OptionType};
use super::options::options;
#[cfg(feature = "config")]
use super::reader::{Item, Node, Reader};
use super::scope::{Construct, Scope};
use crate::ir::{Cidr, Diagnostic, Expr, IntoValue, Link, Text, Value};
use crate::region::Region;
use crate::resource::{RouteTable, Subnet, SubnetRouteTableAssociation, Tags, Vpc};
use crate::validate::zone_error;

/// The zones of a network.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Zones {
    /// This number of Availability Zones, in the order of the Region.
    Count(u32),
    /// Zones by name.
    Named(Vec<Text>),
}

macro_rules! counts {
    ($($integer:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoValue<Zones> for $integer {
            fn into_value(self) -> Zones {
                // No Region has as many zones as either bound, so that the construct reports them.
                let count = u32::try_from(self.max(0)).unwrap_or(u32::MAX);
                Zones::Count(count)
            }
        }
    )+};
}
counts!(i32, i64, u8, u16, u32, u64, usize);

super::zone_names::named_zones!(Zones);

options! {
    /// A new VPC with private subnets: a route table each, and no route to the internet.
    ///
    /// Each subnet has a sixteenth of the VPC (at least a /28), so that a zone added later changes
    /// no other.
    #[derive(Clone, Debug)]
    pub struct PrivateNetwork, start |preset| preset.network(), new own;
    options {
        /// IPv4 range of the new VPC, from /16 to /28.
        cidr: def Cidr = Cidr::v4([10, 0, 0, 0], 16), shown "`10.0.0.0/16`";
        /// Number of Availability Zones, or their names.
        zones: def Zones = Zones::Count(2);
        /// IPv4 ranges of the subnets, one per zone.
        subnet_cidrs: many Cidr, shown "sixteenths of the VPC";
        /// Tags of the new network, in addition to the tags of the stack.
        tags: tags Tags;
    }
}

impl PrivateNetwork {
    /// A network with this IPv4 range, from /16 to /28.
    pub fn new(cidr: impl IntoValue<Cidr>) -> PrivateNetwork {
        PrivateNetwork::default().cidr(cidr)
    }

    fn cidrs(&self, zones: &[SubnetZone], scope: &mut Scope<'_>) -> Vec<Cidr> {
        let count = zones.len();
        if self.subnet_cidrs.is_empty() {
            let prefix_len = (self.cidr.prefix_len() + 4).clamp(16, 28);
            let room = self.cidr.capacity(prefix_len);
            let max = zones.iter().filter_map(|zone| Some((zone.number?, zone)));
            if let Some((number, zone)) = max.max_by_key(|(number, _)| *number)
                && room <= number.into()
                // The rule for VPC ranges reports a smaller range.
                && self.cidr.prefix_len() <= 28
            {
                let message = match &self.zones {
                    Zones::Count(count) => {
                        format!(
                            "`{}` has room for {room} subnets, not for {count}",
                            self.cidr
                        )
                    }
                    Zones::Named(_) => format!(
                        "`{}` has room for {room} subnets, and zone `{}` has number {}",
                        self.cidr,
                        zone.label,
                        number + 1
                    ),
                };
                scope.add_diagnostic(
                    Diagnostic::error("network-zones", message)
                        .about(&["zones"])
                        .about(&["cidr"])
                        .help("set a larger `network.cidr` or fewer zones, or set `network.subnet_cidrs`"),
                );
            }
            if let Some(zone) = zones.iter().find(|zone| zone.number.is_none()) {
                let message = format!(
                    "zone `{}` has no letter after the Region to derive an IPv4 range from",
                    zone.label
                );
                scope.add_diagnostic(
                    Diagnostic::error("network-zones", message)
                        .help("set `network.subnet_cidrs`, one range per zone"),
                );
            }
            return zones
                .iter()
                .filter_map(|zone| self.cidr.block(prefix_len, zone.number?))
                .collect();
        }
        let given = self.subnet_cidrs.len();
        if given != count {
            scope.add_diagnostic(
                Diagnostic::error(
                    "network-subnet-cidrs",
                    format!("found {given} subnet ranges for {count} zones"),
                )
                .about(&["subnet_cidrs"])
                .help("set one range per zone in `network.subnet_cidrs`"),
            );
        }
        for (n, cidr) in self.subnet_cidrs.iter().enumerate() {
            if !self.cidr.contains(*cidr) {
                scope.add_diagnostic(
                    Diagnostic::error(
                        "network-subnet-cidrs",
                        format!("subnet range `{cidr}` is outside the VPC's `{}`", self.cidr),
                    )
                    .about(&["subnet_cidrs", &n.to_string()])
                    .help("use a range inside `network.cidr`"),
                );
            }
            if let Some(other) = self.subnet_cidrs[..n]
                .iter()
                .find(|other| other.overlaps(*cidr))
            {
                scope.add_diagnostic(
                    Diagnostic::error(
                        "network-subnet-cidrs",
                        format!("subnet ranges `{other}` and `{cidr}` overlap"),
                    )
                    .about(&["subnet_cidrs", &n.to_string()])
                    .help("use ranges that do not overlap"),
                );
            }
        }
        self.subnet_cidrs.clone()
    }
}

/// A zone with what names and ranges follow from: never its place among others.
#[derive(Debug)]
pub(super) struct SubnetZone {
    /// The suffix of resource names: `A` to `Z`, or `Lax1a` for a Local Zone.
    pub(super) key: String,
    /// The block of the VPC for its subnet; Local Zones have none.
    number: Option<u32>,
    /// What users call it.
    pub(super) label: Text,
    pub(super) zone: Value<Text>,
}

impl SubnetZone {
    fn indexed(n: u8) -> SubnetZone {
        let letter = char::from(b'A' + n).to_string();
        SubnetZone {
            key: letter.clone(),
            number: Some(n.into()),
            label: Text::Owned(letter),
            zone: Value::Expr(Expr::Zone(n.into())),
        }
    }

    /// Returns nothing for an invalid zone, which `check_zones` reports.
    pub(super) fn named(name: &Text, region: Option<&'static Region>) -> Option<SubnetZone> {
        let (_, rest) = Region::of_zone_in(name, region)?;
        let letter = match rest.as_bytes() {
            [letter] => Some(u32::from(letter - b'a')),
            _ => None,
        };
        Some(SubnetZone {
            key: crate::ir::logical_id(rest),
            number: letter,
            label: name.clone(),
            zone: Value::Lit(name.clone()),
        })
    }

    /// Returns the zone of the n-th subnet of an app. Only its place identifies one that the
    /// deployment determines.
    pub(super) fn of(
        zone: &Value<Text>,
        n: usize,
        region: Option<&'static Region>,
    ) -> Option<SubnetZone> {
        match zone {
            Value::Lit(name) => SubnetZone::named(name, region),
            Value::Expr(Expr::Zone(n @ 0..26)) => u8::try_from(*n).ok().map(SubnetZone::indexed),
            Value::Expr(Expr::Absent) => None,
            Value::Expr(_) => {
                let place = (n + 1).to_string();
                Some(SubnetZone {
                    key: place.clone(),
                    number: None,
                    label: Text::Owned(place),
                    zone: zone.clone(),
                })
            }
        }
    }
}

impl Construct for PrivateNetwork {
    type Handle = NetworkHandles;

    fn build(self, scope: &mut Scope<'_>) -> NetworkHandles {
        scope.tags(self.tags.clone());
        check_zones(&self.zones, scope);
        let zones: Vec<SubnetZone> = match &self.zones {
            Zones::Count(count) => (0..26)
                .take_while(|n| u32::from(*n) < *count)
                .map(SubnetZone::indexed)
                .collect(),
            Zones::Named(names) => {
                let region = scope.target_region();
                let mut zones: Vec<SubnetZone> = Vec::new();
                for zone in names.iter().filter_map(|it| SubnetZone::named(it, region)) {
                    // `check_zones` reports a duplicate.
                    if !zones.iter().any(|other| other.key == zone.key) {
                        zones.push(zone);
                    }
                }
                zones
            }
        };
        let cidrs = self.cidrs(&zones, scope);
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
            created: None,
        };
        let (mut subnets, mut route_tables) = (Vec::new(), Vec::new());
        let mut outputs = Vec::new();
        for (zone, cidr) in zones.into_iter().zip(cidrs) {
            let key = zone.key;
            let subnet = scope.add(
                &format!("Subnet{key}"),
                Subnet::new(vpc, cidr, zone.zone).map_public_ip_on_launch(false),
            );
            let table = scope.add(&format!("RouteTable{key}"), RouteTable::new(vpc));
            let association = scope.add(
                &format!("RouteTableAssociation{key}"),
                SubnetRouteTableAssociation::new(subnet, table),
            );
            let link: Link<Subnet> = subnet.into_value();
            outputs.push((format!("Subnet{key}Id"), link.clone()));
            handles.subnets.push(SubnetHandle {
                id: link,
                zone: Some(zone.label),
                cidr: Some(cidr),
            });
            handles.route_tables.push(table.into_value());
            handles.ready.push(association.node());
            subnets.push(subnet);
            route_tables.push(table);
        }
        scope.output("VpcId", handles.vpc.clone(), "The VPC");
        for (id, subnet) in outputs {
            scope.output(&id, subnet, "A private subnet");
        }
        handles.created = Some(CreatedNetwork {
            vpc,
            subnets,
            route_tables,
        });
        handles
    }
}

fn check_zones(zones: &Zones, scope: &mut Scope<'_>) {
    let count = match zones {
        Zones::Count(count) => *count as usize,
        Zones::Named(names) => names.len(),
    };
    if count == 0 || count > 26 {
        scope.add_diagnostic(
            Diagnostic::error(
                "network-zones",
                format!("found {count} zones; expected 1 to 26"),
            )
            .about(&["zones"])
            .help("set `network.zones: 2`, which keeps instances reachable when a zone fails"),
        );
    }
    if let Zones::Named(names) = zones {
        for (n, name) in names.iter().enumerate() {
            if names[..n].contains(name) {
                let message = format!("duplicate zone `{name}`");
                scope.add_diagnostic(
                    Diagnostic::error("network-zones", message)
                        .about(&["zones", &n.to_string()])
                        .help("list each Availability Zone once"),
                );
            }
            let target = scope.target_region();
            let first = names.first().and_then(|name| Region::of_zone(name));
            let region = target.or(first.map(|(region, _)| region));
            check_zone(name, &["zones", &n.to_string()], region, scope);
        }
    }
    let local = match zones {
        Zones::Count(_) => 0,
        Zones::Named(names) => {
            let region = scope.target_region();
            let rest = |name: &Text| Region::of_zone_in(name, region).map(|(_, rest)| rest.len());
            let local = names.iter().filter_map(rest).filter(|len| *len > 1);
            local.count()
        }
    };
    let count = count - local;
    if let Some(region) = scope.known_region()
        && let Some(known) = region.zones
        && count > known as usize
    {
        scope.add_diagnostic(
            Diagnostic::error(
                "network-zones",
                format!("region `{}` has {known} zones, not {count}", region.name),
            )
            .about(&["zones"])
            .about(&["", "region"])
            .help(format!("set `network.zones` to at most {known}")),
        );
    }
}

/// Reports what is not the name of a zone, or of another region.
pub(super) fn check_zone(
    name: &str,
    about: &[&str],
    region: Option<&'static Region>,
    scope: &mut Scope<'_>,
) {
    if let Some(error) = zone_error(name, region) {
        scope.add_diagnostic(error.about(about));
    }
}

#[cfg(feature = "config")]
impl OptionType for Zones {
    const KIND: Kind = Kind::Either(&COUNT, &Vec::<Text>::KIND);

    fn read(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Self> {
        match item.node {
            Node::List(_) => reader.read(item, &Vec::<Text>::KIND).map(Zones::Named),
            _ => {
                let count: i64 = reader.read(item, &COUNT)?;
                u32::try_from(count).ok().map(Zones::Count)
            }
        }
    }

    fn shown(&self) -> Option<String> {
        match self {
            Zones::Count(count) => Some(count.to_string()),
            Zones::Named(names) => names.shown(),
        }
    }
}

#[cfg(feature = "config")]
const COUNT: Kind = Kind::Int(1, 26);
