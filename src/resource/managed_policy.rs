use super::{Hooks, Node, PolicyDocument, Role, iam::check_name, table::resource};
use crate::ir::{Attr, Diagnostics, Link, Text, Value};

resource! {
    /// A customer managed IAM policy.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html>
    pub struct ManagedPolicy: "AWS::IAM::ManagedPolicy" / "aws_iam_policy",
        link Attr::by_ref("arn"),
        import "PolicyArn" / "{arn}";
    one {
        /// The policy document.
        policy_document: PolicyDocument = "PolicyDocument" / doc "policy",
    }
    opt {
        /// The name. Default: generated.
        managed_policy_name: Value<Text> = "ManagedPolicyName" / doc "name",
        /// The description. A change replaces the policy. Default: none.
        description: Value<Text> = "Description" / "description",
        /// The path of the name, with `/` at both ends. Default: `/`.
        path: Value<Text> = "Path" / "path",
    }
    many {
        /// The attached roles, in CloudFormation. Default: none.
        roles: Link<Role> = "Roles" / "",
    }
    inert {
        "Groups" / "" = "only the role of the instance counts",
        "Users" / "" = "only the role of the instance counts",
        "Description" / "description" = "a text",
        "Path" / "path" = "a name",
        "" / "name_prefix" = "a name",
        "" / "attachment_count" = "AWS sets it",
        "" / "policy_id" = "AWS sets it",
    }
}

impl Hooks for ManagedPolicy {
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let name = self.managed_policy_name.as_ref();
        check_name(("managed_policy_name", 128), name, node, out);
    }
}

resource! {
    /// An inline policy of several principals, in CloudFormation.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-policy.html>
    pub struct InlinePolicy: "AWS::IAM::Policy" / , link Attr::by_ref("id");
    one {
        /// The name.
        policy_name: Value<Text> = "PolicyName" / "",
        /// The policy document.
        policy_document: PolicyDocument = "PolicyDocument" / "",
    }
    many {
        /// The roles. Default: none.
        roles: Link<Role> = "Roles" / "",
    }
    inert {
        "Groups" / "" = "only the role of the instance counts",
        "Users" / "" = "only the role of the instance counts",
    }
}

impl Hooks for InlinePolicy {
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        check_name(("policy_name", 128), Some(&self.policy_name), node, out);
    }
}

resource! {
    /// The attachment of a managed policy to a role, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policy_attachment>
    pub struct RolePolicyAttachment: / "aws_iam_role_policy_attachment",
        link Attr::by_ref("id"),
        import "" / "{role}/{policy_arn}";
    one {
        /// The role.
        role: Link<Role> = / "role",
        /// The ARN of the policy.
        policy: Link<ManagedPolicy> = / doc "policy_arn",
    }
}

impl Hooks for RolePolicyAttachment {}

resource! {
    /// The exclusive attachment of a managed policy, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_policy_attachment>
    pub struct PolicyAttachment: / "aws_iam_policy_attachment", link Attr::by_ref("id");
    one {
        /// The ARN of the policy.
        policy: Link<ManagedPolicy> = / doc "policy_arn",
    }
    many {
        /// The roles. Default: none.
        roles: Link<Role> = / "roles",
    }
    inert {
        "" / "groups" = "only the role of the instance counts",
        "" / "users" = "only the role of the instance counts",
        "" / "name" = "a name",
    }
}

impl Hooks for PolicyAttachment {}

resource! {
    /// The exclusive list of managed policies of a role, in Terraform: detaches all other policies.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policy_attachments_exclusive>
    pub struct RolePolicyAttachments: / "aws_iam_role_policy_attachments_exclusive",
        link Attr::by_ref("id"),
        import "" / "{role_name}";
    one {
        /// The role.
        role: Link<Role> = / doc "role_name",
    }
    many {
        /// The ARNs of the policies.
        policies: Link<ManagedPolicy> = / doc "policy_arns",
    }
}

impl Hooks for RolePolicyAttachments {}
