//! An existing network, and the choice between it and a new one.

use super::duplicates::{check_id, check_ids};
use super::network::{PrivateNetwork, SubnetZone, check_zone};
use super::network_handles::{NetworkHandles, SubnetHandle};
#[cfg(feature = "config")]
use super::option_types::{Kind, OptionType, Options};
use super::options::options;
#[cfg(feature = "config")]
use super::reader::{Item, Reader};
use super::scope::{Construct, Scope};
use crate::ir::{Diagnostic, Expr, Id, Link, ListValue, Value};
use crate::region::Region;
use crate::resource::{ExistingSubnet, RouteTable, Subnet, Typed as _, Vpc};
use crate::validate::IdOf;

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

/// The network of a stack.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Network {
    /// A new VPC.
    New(PrivateNetwork),
    /// An existing network.
    Existing(ExistingNetwork),
    /// A network that this app creates, in this stack or another one.
    App(NetworkHandles),
}

impl From<PrivateNetwork> for Network {
    fn from(network: PrivateNetwork) -> Self {
        Network::New(network)
    }
}

impl From<ExistingNetwork> for Network {
    fn from(network: ExistingNetwork) -> Self {
        Network::Existing(network)
    }
}

impl From<NetworkHandles> for Network {
    fn from(network: NetworkHandles) -> Self {
        Network::App(network)
    }
}

impl From<&NetworkHandles> for Network {
    fn from(network: &NetworkHandles) -> Self {
        Network::App(network.clone())
    }
}

/// Sets the zones and ranges of the subnets that this app creates.
fn completed(mut network: NetworkHandles, scope: &Scope<'_>) -> NetworkHandles {
    let region = scope.target_region();
    for (n, subnet) in network.subnets.iter_mut().enumerate() {
        let Value::Expr(Expr::Attr(id, _)) = &subnet.id else {
            continue;
        };
        let node = scope.graph.node(*id);
        let Some(created) = node.and_then(|it| Subnet::of(&it.resource)) else {
            continue;
        };
        if subnet.zone.is_none() {
            subnet.zone = match &created.availability_zone {
                Value::Lit(name) => Some(name.clone()),
                zone @ Value::Expr(Expr::Zone(_)) => {
                    SubnetZone::of(zone, n, region).map(|it| it.label)
                }
                Value::Expr(_) => None,
            };
        }
        subnet.cidr = subnet.cidr.or(created.cidr_block.lit().copied());
    }
    network
}

impl Construct for Network {
    type Handle = NetworkHandles;

    fn build(self, scope: &mut Scope<'_>) -> NetworkHandles {
        match self {
            Network::New(network) => network.build(scope),
            Network::Existing(network) => network.build(scope),
            Network::App(handles) => {
                if handles.subnets.is_empty() {
                    let message = "the network has no subnet for instances and endpoints";
                    scope.add_diagnostic(
                        Diagnostic::error("network-subnets", message)
                            .help("add one with `NetworkHandles::subnets`"),
                    );
                }
                completed(handles, scope)
            }
        }
    }
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

impl ExistingNetwork {
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
                check_zone(zone, &about, scope.target_region(), scope);
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
            created: None,
        }
    }
}
