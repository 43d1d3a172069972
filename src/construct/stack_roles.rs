//! The roles of a stack: the one that instances share, and those of single instances.

use super::instance::PrivateInstance;
use super::instance_role::{InstanceRole, InstanceRoleHandles, Permissions};
use super::scope::{Construct, Scope};
use crate::ir::{Diagnostic, Handle, NodeId, SourceLocation, quoted};
use crate::resource::{PolicyDocument, Role, RolePolicy, Statement};

/// An instance, and the location of its declaration.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredInstance {
    pub(crate) instance: PrivateInstance,
    pub(crate) location: SourceLocation,
    /// The location of its own role.
    pub(crate) role_location: SourceLocation,
}

impl DeclaredInstance {
    pub(crate) fn at(location: SourceLocation, instance: PrivateInstance) -> DeclaredInstance {
        DeclaredInstance {
            instance,
            role_location: location.clone(),
            location,
        }
    }

    /// Reports an own role whose permissions are too few for patching.
    pub(crate) fn check_patching(&self, scope: &mut Scope<'_>) {
        let Some(role) = &self.instance.instance_role else {
            return;
        };
        if role.permissions == Permissions::SessionOnly {
            let name = quoted(&self.instance.name);
            let message =
                format!("`patching` requires `permissions: managed` of the role of {name}");
            scope.add_diagnostic(
                Diagnostic::error("patching-permissions", message)
                    .at(self.role_location.clone())
                    .about(&["permissions"])
                    .help("set `permissions: managed`, or remove `patching`"),
            );
        }
    }
}

/// Policies that the parts of a stack add to each role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    /// The part, with the ID `Permissions` of the policy of the shared role in it.
    pub(crate) part: &'static str,
    /// The ID of the policy of an own role.
    pub(crate) id: &'static str,
    /// The name of the policy.
    pub(crate) name: &'static str,
}

impl Grant {
    pub(crate) const SESSIONS: Grant = Grant {
        part: "Sessions",
        id: "SessionLogs",
        name: "session-logs",
    };
    pub(crate) const PATCHING: Grant = Grant {
        part: "Patching",
        id: "AwsBuckets",
        name: "aws-buckets",
    };
}

/// One policy of one role, with its ID.
struct Policy(&'static str, RolePolicy);

impl Construct for Policy {
    type Handle = Handle<RolePolicy>;

    fn build(self, scope: &mut Scope<'_>) -> Handle<RolePolicy> {
        scope.add(self.0, self.1)
    }
}

/// The instance that a role belongs to.
#[derive(Debug)]
struct Owner {
    name: String,
    renamed_from: Option<String>,
    location: SourceLocation,
}

/// A role of the stack.
#[derive(Debug)]
pub(crate) struct StackRole {
    /// None: the instances without a role of their own share it.
    owner: Option<Owner>,
    pub(crate) handles: InstanceRoleHandles,
}

impl StackRole {
    /// Adds the role that instances share.
    pub(crate) fn shared(
        role: InstanceRole,
        location: SourceLocation,
        scope: &mut Scope<'_>,
    ) -> StackRole {
        StackRole {
            owner: None,
            handles: scope.add_renamed("Instances", None, location, role),
        }
    }

    /// Adds the role of an instance. Path and permissions boundary are those of the shared role,
    /// unless it sets its own: organizations require them of each role.
    pub(crate) fn of(
        declared: &DeclaredInstance,
        shared: &InstanceRole,
        scope: &mut Scope<'_>,
    ) -> Option<StackRole> {
        let mut role = declared.instance.instance_role.clone()?;
        role.path = role.path.or_else(|| shared.path.clone());
        let boundary = || shared.permissions_boundary.clone();
        role.permissions_boundary = role.permissions_boundary.or_else(boundary);
        let owner = Owner {
            name: declared.instance.name.clone(),
            renamed_from: declared.instance.renamed_from.clone(),
            location: declared.role_location.clone(),
        };
        let (old, at) = (owner.renamed_from.as_deref(), owner.location.clone());
        let handles = scope.add_renamed(&owner.name, old, at, role);
        Some(StackRole {
            owner: Some(owner),
            handles,
        })
    }

    /// Returns whether it is the role of this instance.
    pub(crate) fn is_of(&self, instance: &PrivateInstance) -> bool {
        match &self.owner {
            Some(owner) => instance.instance_role.is_some() && owner.name == instance.name,
            None => instance.instance_role.is_none(),
        }
    }

    /// Adds a policy of a part of the stack.
    pub(crate) fn grant(
        &mut self,
        grant: Grant,
        location: &SourceLocation,
        statements: Vec<Statement>,
        scope: &mut Scope<'_>,
    ) -> NodeId {
        let role: Handle<Role> = self.handles.role;
        let policy = RolePolicy::new(grant.name, role, PolicyDocument::new(statements));
        let policy = match &self.owner {
            None => {
                let policy = Policy("Permissions", policy);
                scope.add_renamed(grant.part, None, location.clone(), policy)
            }
            Some(owner) => {
                let (old, at) = (owner.renamed_from.as_deref(), owner.location.clone());
                scope.add_renamed(&owner.name, old, at, Policy(grant.id, policy))
            }
        };
        policy.node()
    }
}
