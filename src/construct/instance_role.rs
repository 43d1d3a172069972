//! Who the instances are: role and instance profile.

use super::duplicates::check_arn;
use super::scope::{Construct, Scope};
use crate::ir::{Expr, Handle, IntoValue, Link, NodeId, Text, Value};
use crate::resource::{
    InstanceProfile, ManagedPolicy, PolicyDocument, Principal, Role, RolePolicy, Statement, Tags,
};
use crate::session_manager::{CHANNEL_ACTIONS, REGISTER_ACTION};
use crate::validate::ArnOf;

/// What the instances may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permissions {
    /// All of Systems Manager's core: the managed policy `AmazonSSMManagedInstanceCore`.
    ManagedInstanceCore,
    /// Sessions only: five actions, and no reading of parameters.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html>
    SessionOnly,
}

/// Role and instance profile of the instances.
#[derive(Clone, Debug)]
#[must_use]
pub struct InstanceRole {
    permissions: Permissions,
    path: Option<Value<Text>>,
    permissions_boundary: Option<Link<ManagedPolicy>>,
    tags: Tags,
}

/// What an identity is to its users.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceRoleHandles {
    /// The role.
    pub role: Handle<Role>,
    /// The profile.
    pub instance_profile: Handle<InstanceProfile>,
    /// What an instance waits for.
    pub ready: Vec<NodeId>,
}

impl InstanceRole {
    /// With these permissions.
    pub fn new(permissions: Permissions) -> InstanceRole {
        InstanceRole {
            permissions,
            path: None,
            permissions_boundary: None,
            tags: Tags::default(),
        }
    }

    /// What the instances may do.
    pub(super) fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// The most that the role can ever be allowed, and the stack's other roles too.
    pub(super) fn boundary(&self) -> Option<Link<ManagedPolicy>> {
        self.permissions_boundary.clone()
    }

    /// The path of role and profile. Default: `/`.
    pub fn path(mut self, path: impl IntoValue<Value<Text>>) -> Self {
        self.path = Some(path.into_value());
        self
    }

    /// The most that the role, and the stack's other roles, can ever be allowed. Default: no
    /// boundary.
    pub fn permissions_boundary(mut self, policy: impl IntoValue<Link<ManagedPolicy>>) -> Self {
        self.permissions_boundary = Some(policy.into_value());
        self
    }

    /// Tags of the role, over the stack's. Default: none.
    pub fn tags(mut self, tags: impl Into<Tags>) -> Self {
        self.tags.merge(&tags.into());
        self
    }
}

impl Construct for InstanceRole {
    type Handle = InstanceRoleHandles;

    fn build(self, scope: &mut Scope<'_>) -> InstanceRoleHandles {
        let trust = Statement::allow(["sts:AssumeRole"]).principal(Principal::Service(Value::Lit(
            Text::Borrowed("ec2.amazonaws.com"),
        )));
        scope.tags(self.tags);
        if let Some(policy) = &self.permissions_boundary {
            check_arn("permissions_boundary", ArnOf::Policy, policy, scope);
        }
        let mut role = Role::new(PolicyDocument::new([trust]));
        role.path = self.path.clone();
        role.permissions_boundary = self.permissions_boundary;
        if self.permissions == Permissions::ManagedInstanceCore {
            let arn = Expr::concat([
                Expr::text("arn:"),
                scope.partition(),
                Expr::text(":iam::aws:policy/AmazonSSMManagedInstanceCore"),
            ]);
            let arn: Link<ManagedPolicy> = match arn {
                Expr::Text(text) => Value::Lit(crate::ir::Id::new(text)),
                expr => Value::Expr(expr),
            };
            role = role.managed_policies([arn]);
        }
        let role = scope.add("Role", role);
        let mut ready = vec![role.node()];
        if self.permissions == Permissions::SessionOnly {
            let session = Statement::allow([REGISTER_ACTION]).on(["*"]).sid("Agent");
            let channels = Statement::allow(CHANNEL_ACTIONS).on(["*"]).sid("Sessions");
            let policy = RolePolicy::new("session", role, PolicyDocument::new([session, channels]));
            ready.push(scope.add("SessionPolicy", policy).node());
        }
        let mut profile = InstanceProfile::new(role);
        profile.path = self.path;
        let profile = scope.add("Profile", profile);
        scope.output("RoleArn", role.attr(Role::ARN), "The role of the instances");
        InstanceRoleHandles {
            role,
            instance_profile: profile,
            ready,
        }
    }
}

impl IntoValue<PolicyDocument> for Vec<Statement> {
    fn into_value(self) -> PolicyDocument {
        PolicyDocument::new(self)
    }
}
