//! The handles of a network and its subnets.

#[cfg(feature = "config")]
use super::option_types::{Kind, Named, OptionType, Options};
use super::options::options;
#[cfg(feature = "config")]
use super::reader::{Item, Node, Reader};
use crate::ir::{Cidr, Expr, Handle, Id, IntoValue, Link, NodeId, Text, Value, by_reference};
use crate::resource::{RouteTable, Subnet, Vpc};

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
    /// The resources, if the network is not an existing one.
    pub created: Option<CreatedNetwork>,
}

/// The resources of a new network.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreatedNetwork {
    /// The VPC.
    pub vpc: Handle<Vpc>,
    /// The subnets, in the order of their zones.
    pub subnets: Vec<Handle<Subnet>>,
    /// The route table of each subnet.
    pub route_tables: Vec<Handle<RouteTable>>,
}

impl NetworkHandles {
    /// The handles of a network of your own, with this VPC.
    ///
    /// ```
    /// use ssm_synth::construct::NetworkHandles;
    /// use ssm_synth::resource::{RouteTable, Subnet, SubnetRouteTableAssociation, Vpc};
    /// use ssm_synth::{App, Cidr, SessionAccess};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let range = Cidr::v4([10, 1, 0, 0], 16);
    /// let vpc = Vpc::new(range).enable_dns_support(true).enable_dns_hostnames(true);
    /// let vpc = stack.add("Vpc", vpc);
    /// let subnet = stack.add("Subnet", Subnet::new(vpc, range, "eu-central-1a"));
    /// let table = stack.add("Table", RouteTable::new(vpc));
    /// let tie = stack.add("Association", SubnetRouteTableAssociation::new(subnet, table));
    /// let network = NetworkHandles::new(vpc).subnets([subnet]).route_tables([table]);
    /// stack.add_inline(SessionAccess::new().network(network.ready([tie.node()])));
    /// assert!(app.validate().is_ok());
    /// ```
    pub fn new(vpc: impl IntoValue<Link<Vpc>>) -> NetworkHandles {
        NetworkHandles {
            vpc: vpc.into_value(),
            subnets: Vec::new(),
            route_tables: Vec::new(),
            ready: Vec::new(),
            created: None,
        }
    }

    /// Adds subnets for instances and endpoints.
    #[must_use]
    pub fn subnets<V: IntoValue<SubnetHandle>>(
        mut self,
        subnets: impl IntoIterator<Item = V>,
    ) -> Self {
        let subnets = subnets.into_iter().map(V::into_value);
        self.subnets.extend(subnets);
        self
    }

    /// Adds the route tables of the subnets. The S3 gateway endpoint needs them.
    #[must_use]
    pub fn route_tables<V: IntoValue<Link<RouteTable>>>(
        mut self,
        tables: impl IntoIterator<Item = V>,
    ) -> Self {
        self.route_tables
            .extend(tables.into_iter().map(V::into_value));
        self
    }

    /// Returns the hint for a zone that the network does not have.
    pub(super) fn known_zones(&self) -> String {
        let zones = self.subnets.iter().filter_map(|it| it.zone.as_deref());
        match zones.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => {
                "set `zone` for each of `network.subnets`; their zones are unknown".to_owned()
            }
            zones => format!("use one of: {zones}"),
        }
    }

    /// Adds what an instance waits for, such as routes.
    #[must_use]
    pub fn ready(mut self, nodes: impl IntoIterator<Item = NodeId>) -> Self {
        self.ready.extend(nodes);
        self
    }
}

#[diagnostic::do_not_recommend]
impl IntoValue<SubnetHandle> for Link<Subnet> {
    /// A subnet in an unknown zone.
    fn into_value(self) -> SubnetHandle {
        SubnetHandle::new(self)
    }
}

by_reference! {
    Link<Subnet> => SubnetHandle,
    Handle<Subnet> => SubnetHandle,
    Id<Subnet> => SubnetHandle,
}

#[diagnostic::do_not_recommend]
impl IntoValue<Link<Subnet>> for SubnetHandle {
    /// The subnet, or the first of a list.
    fn into_value(self) -> Link<Subnet> {
        self.one()
    }
}

#[diagnostic::do_not_recommend]
impl IntoValue<Link<Subnet>> for &SubnetHandle {
    /// The subnet, or the first of a list.
    fn into_value(self) -> Link<Subnet> {
        self.one()
    }
}

#[diagnostic::do_not_recommend]
impl IntoValue<SubnetHandle> for Handle<Subnet> {
    /// A subnet of the app.
    fn into_value(self) -> SubnetHandle {
        SubnetHandle::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoValue<SubnetHandle> for Id<Subnet> {
    /// An existing subnet in an unknown zone.
    fn into_value(self) -> SubnetHandle {
        SubnetHandle::new(self)
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
