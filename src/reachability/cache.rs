//! Facts of the graph that many connections share, computed once. The functions that compute them are
//! in the files of their subjects.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::ternary::Ternary;
use crate::ir::{Cidr, Link, NodeId, StackId, Value};
use crate::resource::{NetworkAclEntry, PrefixList, SecurityGroup};

/// Facts of the graph that many connections share.
#[derive(Default)]
pub(crate) struct Cache<'g> {
    pub(super) egress: OnceCell<Rules<'g>>,
    pub(super) ingress: OnceCell<Rules<'g>>,
    /// The outbound rules for DNS.
    pub(super) queries: OnceCell<Rules<'g>>,
    /// Rules of security groups that the check leaves out, to decide whether a connection needs them.
    pub(super) left_out: RefCell<HashSet<NodeId>>,
    /// The resources that the file contains inside another one.
    pub(super) nested: OnceCell<HashMap<NodeId, Vec<NodeId>>>,
    /// The other stacks whose resources a stack refers to.
    pub(super) stacks: OnceCell<HashMap<StackId, HashSet<StackId>>>,
    /// The fixed addresses of network interfaces.
    pub(super) fixed: OnceCell<Vec<FixedAddress>>,
    pub(super) other_routes: OnceCell<OtherRoutes>,
    tables: RefCell<HashMap<NodeId, Table>>,
    acls: RefCell<HashMap<NodeId, Rc<Acl<'g>>>>,
}

impl<'g> Cache<'g> {
    /// Returns the route table of a subnet.
    pub(super) fn table(&self, subnet: NodeId, find: impl FnOnce() -> Table) -> Table {
        if let Some(table) = self.tables.borrow().get(&subnet) {
            return *table;
        }
        let table = find();
        self.tables.borrow_mut().insert(subnet, table);
        table
    }

    /// Returns the network ACL of a subnet.
    pub(super) fn acl(&self, subnet: NodeId, find: impl FnOnce() -> Acl<'g>) -> Rc<Acl<'g>> {
        if let Some(acl) = self.acls.borrow().get(&subnet) {
            return Rc::clone(acl);
        }
        let acl = Rc::new(find());
        self.acls.borrow_mut().insert(subnet, Rc::clone(&acl));
        acl
    }
}

/// A fixed private address, with the property that sets it.
pub(crate) struct FixedAddress {
    pub(crate) at: (NodeId, &'static str),
    pub(crate) subnet: NodeId,
    pub(crate) address: Cidr,
}

/// The network ACL of a subnet.
pub(crate) enum Acl<'g> {
    /// The default network ACL of the VPC, which allows everything.
    Open,
    /// A network ACL in the file, with its entries, and whether each certainly belongs to it.
    Entries(NodeId, Vec<(NodeId, &'g NetworkAclEntry, Ternary)>),
    /// The default network ACL of the VPC, with the entries that the file adds.
    Default(Vec<(NodeId, &'g NetworkAclEntry, Ternary)>),
    /// One of these, such as that of an association that the file does not determine.
    OneOf(Vec<Acl<'g>>),
    Unknown,
}

/// The route table of a subnet.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Node(NodeId),
    MainOf(NodeId),
    Unknown,
}

/// Resources outside the model that change routes.
#[derive(Default)]
pub(super) struct OtherRoutes {
    /// Route tables to which a virtual private gateway adds routes.
    pub(super) propagated: HashSet<NodeId>,
    /// Internet gateways with a route table for inbound traffic.
    pub(super) edges: HashSet<NodeId>,
}

/// An inbound or outbound rule for a service.
pub(super) struct Rule<'g> {
    pub(super) id: NodeId,
    pub(super) group: &'g Link<SecurityGroup>,
    /// Whether it exists and includes the service.
    pub(super) applies: Ternary,
    pub(super) cidr: Option<&'g Value<Cidr>>,
    pub(super) peer: Option<&'g Link<SecurityGroup>>,
    pub(super) list: Option<&'g Link<PrefixList>>,
}

/// The rules of all security groups for a service, in one direction.
#[derive(Default)]
pub(super) struct Rules<'g> {
    pub(super) of_group: HashMap<NodeId, Vec<Rule<'g>>>,
    /// Rules whose security group is not a certain one of the file.
    pub(super) others: Vec<Rule<'g>>,
}
