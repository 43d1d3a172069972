//! The network: a new VPC, or an existing one.

use super::duplicates::{check_id, check_ids};
#[cfg(feature = "config")]
use super::option_types::{Kind, Named, OptionType, Options};
use super::options::options;
#[cfg(feature = "config")]
use super::reader::{Item, Node, Reader};
use super::scope::{Construct, Scope};
use crate::ir::{Cidr, Diagnostic, Expr, Id, IntoValue, Link, ListValue, NodeId, Text, Value};
use crate::region::Region;
use crate::resource::{ExistingSubnet, RouteTable, Subnet, SubnetRouteTableAssociation, Tags, Vpc};
use crate::validate::IdOf;

/// The zones of a network.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Zones {
    /// This number of Availability Zones, in the order of the Region.
    Count(u32),
    /// Zones by name.
    Named(Vec<Text>),
}

options! {
    /// A new VPC with private subnets: a route table each, and no route to the internet.
    ///
    /// Each subnet has a sixteenth of the VPC (at least a /28), so that a zone added later changes
    /// no other.
    #[derive(Clone, Debug)]
    pub struct PrivateNetwork, start |preset| preset.network();
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

options! {
    /// A subnet of a network.
    #[derive(Clone, Debug)]
    pub struct SubnetHandle, start |_preset| SubnetHandle::new(Id::new("")), reader custom;
    required {
        /// Subnet ID.
        id: Link<Subnet>;
    }
    options {
        /// Availability Zone of the subnet. An endpoint has one subnet per zone.
        zone: opt Text, shown "unknown";
        /// IPv4 range of the subnet, to find overlaps.
        cidr: opt Cidr, shown "unknown";
    }
}

#[cfg(feature = "config")]
impl OptionType for SubnetHandle {
    const KIND: Kind = Kind::Either(&Kind::Object(&[SubnetHandle::ROWS]), &Link::<Subnet>::KIND);
    const LIST: Kind = Kind::Either(
        &Kind::Parameter(Subnet::SEVERAL),
        &Kind::List(&<SubnetHandle as OptionType>::KIND),
    );

    fn read(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Self> {
        if item.as_text().is_some() || item.get("parameter").is_some() {
            let id: Option<Link<Subnet>> = reader.read(item, &Link::<Subnet>::KIND);
            return id.map(SubnetHandle::new);
        }
        reader.known_keys(item, &[SubnetHandle::ROWS]);
        let mut subnet = SubnetHandle::start(reader.preset);
        subnet.read_options(item, reader);
        Some(subnet)
    }

    fn read_list(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Vec<Self>> {
        if let Node::Map(_) = item.node {
            let subnets = Link::<Subnet>::read_list(item, &Link::<Subnet>::LIST, reader)?;
            return Some(subnets.into_iter().map(SubnetHandle::new).collect());
        }
        let items = item.items().iter().enumerate();
        items
            .map(|(n, item)| reader.inside(&format!("[{n}]"), item, &Self::KIND))
            .collect()
    }

    fn shown(&self) -> Option<String> {
        self.id.shown()
    }
}

/// The network, for the parts that use it.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
    /// A network with this IPv4 range, from /16 to /28.
    pub fn new(cidr: Cidr) -> PrivateNetwork {
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
struct SubnetZone {
    /// The suffix of resource names: `A` to `Z`, or `Lax1a` for a Local Zone.
    key: String,
    /// The block of the VPC for its subnet; Local Zones have none.
    number: Option<u32>,
    /// What users call it.
    label: Text,
    zone: Value<Text>,
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
    fn named(name: &Text) -> Option<SubnetZone> {
        let (_, rest) = Region::of_zone(name)?;
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
                let mut zones: Vec<SubnetZone> = Vec::new();
                for zone in names.iter().filter_map(SubnetZone::named) {
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
        };
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
        }
        scope.output("VpcId", handles.vpc.clone(), "The VPC");
        for (id, subnet) in outputs {
            scope.output(&id, subnet, "A private subnet");
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
            let first = names.first().and_then(|name| Region::of_zone(name));
            let region = scope.known_region().or(first.map(|(region, _)| region));
            check_zone(name, &["zones", &n.to_string()], region, scope);
        }
    }
    let local = match zones {
        Zones::Count(_) => 0,
        Zones::Named(names) => {
            let rest = |name: &Text| Region::of_zone(name).map(|(_, rest)| rest.len());
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
fn check_zone(name: &str, about: &[&str], region: Option<&'static Region>, scope: &mut Scope<'_>) {
    let shown = name.escape_debug();
    let such = region.map_or("eu-central-1", |region| region.name);
    let message = match (Region::of_zone(name), region) {
        (None, _) => format!("`{shown}` is not the name of a zone"),
        (Some((of, _)), Some(region)) if of != region => {
            format!("zone `{shown}` is not in region `{}`", region.name)
        }
        // Letters may have gaps, and are shuffled for each account: one beyond is plausible.
        (Some((of, rest)), _)
            if matches!(rest.as_bytes(), [letter]
                if u32::from(letter - b'a') > of.zones.unwrap_or(5)) =>
        {
            let known = of.zones.map_or("few".to_owned(), |zones| zones.to_string());
            format!(
                "region `{}` has no Availability Zone `{shown}`; it has {known}",
                of.name
            )
        }
        _ => return,
    };
    scope.add_diagnostic(
        Diagnostic::error("network-zones", message)
            .about(about)
            .help(format!(
                "the zones of {such} are named `{such}a`, `{such}b`, …"
            )),
    );
}

options! {
    /// An existing network. Creates no resources.
    #[derive(Clone, Debug)]
    pub struct ExistingNetwork, start |_preset| ExistingNetwork::new(Id::new(""));
    required {
        /// ID of an existing VPC, with DNS support and DNS hostnames enabled.
        vpc: Link<Vpc>, shown "a new VPC";
    }
    options {
        /// Subnets of the existing VPC for instances and endpoints.
        subnets: many SubnetHandle;
        /// Route tables of the existing subnets. The S3 gateway endpoint needs them.
        route_tables: many Link<RouteTable>;
    }
}

impl IntoValue<SubnetHandle> for Link<Subnet> {
    /// A subnet in an unknown zone.
    fn into_value(self) -> SubnetHandle {
        SubnetHandle::new(self)
    }
}

/// The network of a stack.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    New(PrivateNetwork),
    Existing(ExistingNetwork),
}

#[cfg(feature = "config")]
impl OptionType for Network {
    const KIND: Kind = Kind::Object(&[PrivateNetwork::ROWS, ExistingNetwork::ROWS]);

    fn read(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Self> {
        reader.known_keys(item, &[PrivateNetwork::ROWS, ExistingNetwork::ROWS]);
        let existing = item.get("vpc").is_some();
        let (other, message, help) = match existing {
            true => (
                PrivateNetwork::ROWS,
                "applies to a new VPC only",
                "remove it, or remove `network.vpc`",
            ),
            false => (
                ExistingNetwork::ROWS,
                "requires `network.vpc`",
                "set `network.vpc` to the ID of the VPC",
            ),
        };
        for row in other {
            if let Some(item) = item.get(row.key) {
                let message = format!("`{}` {message}", reader.full(row.key));
                reader.error("setting", &item.location, message, help);
            }
        }
        Some(if existing {
            let mut network = ExistingNetwork::start(reader.preset);
            network.read_options(item, reader);
            Network::Existing(network)
        } else {
            let mut network = PrivateNetwork::start(reader.preset);
            network.read_options(item, reader);
            Network::New(network)
        })
    }

    fn shown(&self) -> Option<String> {
        None
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

impl ExistingNetwork {
    /// The network that another stack of the app makes, by what adding it gave.
    ///
    /// ```
    /// use ssm_synth::construct::{ExistingNetwork, PrivateNetwork};
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let mut app = App::new();
    /// let cidr = "10.0.0.0/16".parse().expect("this is a range");
    /// let network = app.stack("Network").add_inline(PrivateNetwork::new(cidr));
    /// let access = SessionAccess::new().existing_network(ExistingNetwork::of(&network));
    /// app.stack("Access").add_inline(access);
    /// let validated = app.validate().expect("values cross between stacks");
    /// assert_eq!(validated.deployment_order(), ["Network", "Access"]);
    /// ```
    pub fn of(network: &NetworkHandles) -> ExistingNetwork {
        ExistingNetwork {
            vpc: network.vpc.clone(),
            subnets: network.subnets.clone(),
            route_tables: network.route_tables.clone(),
        }
    }

    /// Adds all subnets of a list parameter, each in another Availability Zone. Instances go into the first,
    /// endpoints into all.
    pub fn subnet_list(self, subnets: &ListValue<Id<Subnet>>) -> Self {
        self.subnets([subnets.all()])
    }
}

impl Construct for ExistingNetwork {
    type Handle = NetworkHandles;

    fn build(self, scope: &mut Scope<'_>) -> NetworkHandles {
        if self.subnets.is_empty() {
            scope.add_diagnostic(
                Diagnostic::error(
                    "network-subnets",
                    "`network.vpc` requires `network.subnets`",
                )
                .about(&["subnets"])
                .about(&["vpc"])
                .help("list at least one subnet for instances and endpoints in `network.subnets`"),
            );
        }
        check_id("vpc", IdOf::VPC, &self.vpc, scope);
        let subnets: Vec<_> = self.subnets.iter().map(|it| it.id.clone()).collect();
        check_ids("subnets", IdOf::SUBNET, &subnets, scope);
        check_ids("route_tables", IdOf::ROUTE_TABLE, &self.route_tables, scope);
        for (n, subnet) in self.subnets.iter().enumerate() {
            // A letter or an ID identifies an Availability Zone as well as a name.
            if let Some(zone) = &subnet.zone
                && Region::of_zone(zone).is_some()
            {
                let about = ["subnets", &n.to_string(), "zone"];
                check_zone(zone, &about, scope.known_region(), scope);
            }
            if subnet.zone.is_some() || subnet.cidr.is_some() {
                scope.describe_subnet(ExistingSubnet {
                    id: subnet.id.clone(),
                    zone: subnet.zone.clone(),
                    cidr: subnet.cidr,
                });
            }
            let overlapping = self.subnets[..n].iter().filter_map(|other| other.cidr);
            if let Some(cidr) = subnet.cidr
                && let Some(other) = overlapping.into_iter().find(|other| other.overlaps(cidr))
            {
                let message = format!("subnet ranges `{other}` and `{cidr}` overlap");
                scope.add_diagnostic(
                    Diagnostic::error("network-subnet-cidrs", message)
                        .about(&["subnets", &n.to_string(), "cidr"])
                        .help("use ranges that do not overlap"),
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
        match &self.id {
            Value::Expr(Expr::Items(list)) => {
                Value::Expr(Expr::Select(Box::new(Expr::Param(*list)), 0))
            }
            other => other.clone(),
        }
    }
}
