use super::{Hooks, Node, PolicyDocument, Role, iam::check_name, table::resource};
use crate::ir::{Attr, Diagnostics, Link, Text, Value};

resource! {
    /// An inline policy of a role.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-rolepolicy.html>
    pub struct RolePolicy: "AWS::IAM::RolePolicy" / "aws_iam_role_policy", link Attr::by_ref("id"),
        import "PolicyName,RoleName" / "{role}:{name}";
    one {
        /// The name, unique in the role, of at most 128 characters.
        policy_name: Value<Text> = "PolicyName" / doc "name",
        /// The role.
        role: Link<Role> = "RoleName" / "role",
        /// The policy document.
        policy_document: PolicyDocument = "PolicyDocument" / doc "policy",
    }
    inert {
        "" / "name_prefix" = "a name",
    }
}

impl Hooks for RolePolicy {
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        check_name(("policy_name", 128), Some(&self.policy_name), node, out);
    }
}
