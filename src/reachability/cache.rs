//! Facts of the graph that many connections share, computed once.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::addresses::FixedAddress;
use super::network_acl::Acl;
use super::routes::{OtherRoutes, Table};
use super::security::Rules;
use crate::ir::NodeId;

/// Facts of the graph that many connections share.
#[derive(Default)]
pub(crate) struct Cache<'g> {
    pub(super) egress: OnceCell<Rules<'g>>,
    pub(super) ingress: OnceCell<Rules<'g>>,
    /// The outbound rules for DNS.
    pub(super) queries: OnceCell<Rules<'g>>,
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
