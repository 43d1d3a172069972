//! The policies of a role, as the graph shows them.

use std::borrow::Cow;

use super::ternary::Ternary;
use crate::ir::NodeId;
use crate::resource::PolicyDocument;

/// A policy that a role has.
#[derive(Debug)]
pub(super) struct Grant<'g> {
    pub(super) document: Cow<'g, PolicyDocument>,
    pub(super) exists: Ternary,
    pub(super) at: Option<(NodeId, &'static str)>,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) enum Boundary<'g> {
    Document(Cow<'g, PolicyDocument>, String),
    /// A policy outside the file, by ARN.
    External(String),
    /// What the model cannot represent.
    Unmodeled,
}

/// All policies of a role.
#[derive(Debug, Default)]
pub(crate) struct RolePermissions<'g> {
    pub(super) grants: Vec<Grant<'g>>,
    /// Policies whose documents are elsewhere.
    pub(super) external: Vec<String>,
    pub(super) boundary: Option<Boundary<'g>>,
    /// The document of the boundary, or the role and the property that sets it.
    pub(super) boundary_at: Option<(NodeId, &'static str)>,
    /// Whether something outside the file may add policies.
    pub(super) open: bool,
}
