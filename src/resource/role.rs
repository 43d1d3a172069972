use std::borrow::Cow;

use super::iam::{check_name, check_path};
use super::table::{Unfolded, lift_items, nested, resource};
use super::{
    Graph, Hooks, ManagedPolicy, Map, Node, PolicyDocument, RawValue, RolePolicy,
    RolePolicyAttachment, Satellite, Tags, Typed, codec::UnmodeledNotes, tagged,
};
use crate::ir::by_reference;
use crate::ir::{
    ArnLink, Attr, Diagnostic, Diagnostics, Dialect, Expr, Handle, IntoValue, Link, NodeId, Text,
    Value, quoted, terraform_name,
};

nested! {
    /// An inline policy of a role.
    pub struct InlineRolePolicy
    one {
        /// The name.
        policy_name: Value<Text> = "PolicyName" / doc "name",
        /// The policy document.
        policy_document: PolicyDocument = "PolicyDocument" / doc "policy",
    }
}

resource! {
    /// An IAM role.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html>
    pub struct Role: "AWS::IAM::Role" / "aws_iam_role", link Attr::by_ref("name"),
        attrs [Self::ARN],
        import "RoleName" / "{name}";
    one {
        /// The trust policy.
        assume_role_policy: PolicyDocument = "AssumeRolePolicyDocument" / "assume_role_policy",
    }
    opt {
        /// The name. Default: generated.
        role_name: Value<Text> = "RoleName" / doc "name",
        /// The description. Default: none.
        description: Value<Text> = "Description" / "description",
        /// The path of the name, with `/` at both ends. Default: `/`.
        path: Value<Text> = "Path" / "path",
        /// The permissions boundary. Default: none.
        permissions_boundary: Link<ManagedPolicy> = "PermissionsBoundary" / "permissions_boundary",
        /// The maximum duration of a session in seconds, from 3,600 to 43,200. Default: 3,600.
        max_session_duration: Value<i64> = "MaxSessionDuration" / "max_session_duration",
    }
    many {
        /// ARNs of managed policies, separate resources in Terraform. Default: none.
        managed_policies: Link<ManagedPolicy> = "ManagedPolicyArns" / "",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "MaxSessionDuration" / "max_session_duration" = "only sessions of people and programs, which renew",
        "" / "force_detach_policies" = "only when the role is deleted",
        "" / "name_prefix" = "a name",
        "" / "create_date" = "AWS sets it",
        "" / "unique_id" = "AWS sets it",
    }
}

by_reference!(Handle<Role> => ArnLink<Role>);

#[diagnostic::do_not_recommend]
impl IntoValue<ArnLink<Role>> for Handle<Role> {
    fn into_value(self) -> ArnLink<Role> {
        Value::Expr(self.attr(Role::ARN))
    }
}

impl Role {
    /// The ARN.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");
}

/// Returns the last segment of the policy ARN, for the name of the attachment.
fn policy_name(arn: &Link<ManagedPolicy>) -> String {
    let text = match arn {
        Value::Lit(id) => id.as_str().to_owned(),
        Value::Expr(Expr::Concat(parts)) => match parts.last() {
            Some(Expr::Text(text)) => text.to_string(),
            _ => String::new(),
        },
        Value::Expr(Expr::Text(text)) => text.to_string(),
        Value::Expr(_) => String::new(),
    };
    let name = text.rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        "policy".to_owned()
    } else {
        terraform_name(name)
    }
}

impl Hooks for Role {
    tagged!();

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let trusts = &self.assume_role_policy.statements;
        if trusts.iter().any(|it| it.principal.is_none()) {
            out.push(
                node.error(
                    "role-trust",
                    "a statement of the trust policy has no `principal`",
                )
                .about(&["assume_role_policy"])
                .help("add `.principal(Principal::service(\"ec2.amazonaws.com\"))`"),
            );
        }
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
        let taken = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
        for (key, value) in self.tags.iter() {
            let texts = [Some(key), value.lit()];
            if let Some(text) = texts
                .into_iter()
                .flatten()
                .find(|text| !text.chars().all(taken))
            {
                let message = format!("IAM does not accept {} in a role tag", quoted(text));
                out.push(
                    Diagnostic::error("iam-tag", message)
                        .path(node.path.clone())
                        .at(node.location.clone())
                        .about(&["tags", key])
                        .about(&["", "tags", key])
                        .help("use letters, digits, spaces and _.:/=+-@, or set the tag in `instances[].tags`"),
                );
            }
        }
        check_name(("role_name", 64), self.role_name.as_ref(), node, out);
        check_path(self.path.as_ref(), node, out);
        // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
        let taken = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
        if let Some(text) = self.description.as_ref().and_then(Value::lit)
            && (text.chars().count() > 1000 || !text.chars().all(taken))
        {
            let message = format!(
                "`description` is `{}`, not an IAM description",
                text.escape_debug()
            );
            out.push(
                Diagnostic::error("iam-description", message)
                    .path(node.path.clone())
                    .at(node.location.clone())
                    .about(&["description"])
                    .help("use up to 1,000 Latin-1 characters"),
            );
        }
    }

    fn unfold(
        map: &mut Map<'_>,
        this: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        let role = || Value::Expr(this.at(Self::LINK));
        let property = dialect.pick("Policies", "inline_policy");
        let inline: Vec<InlineRolePolicy> = lift_items(map, property, dialect, unmodeled);
        let policy = |it: InlineRolePolicy| {
            Unfolded::new(
                property,
                RolePolicy::new(it.policy_name, role(), it.policy_document),
            )
        };
        // Terraform writes an empty block for no policies.
        let inline = inline
            .into_iter()
            .filter(|it| dialect == Dialect::Cfn || !it.policy_document.is_absent());
        let mut out: Vec<Unfolded> = inline.map(policy).collect();
        if dialect == Dialect::Tf {
            let property = "managed_policy_arns";
            let arns: Vec<Link<ManagedPolicy>> = lift_items(map, property, dialect, unmodeled);
            let attach = |arn| Unfolded::new(property, RolePolicyAttachment::new(role(), arn));
            out.extend(arns.into_iter().map(attach));
        }
        out
    }

    fn satellites(&self, this: NodeId, _: &Graph) -> Vec<Satellite<'_>> {
        let attach = |arn: &'_ Link<ManagedPolicy>| {
            let mut body = Map::with_capacity(2);
            body.insert("role", RawValue::from(Expr::Attr(this, Self::LINK)));
            let term = match arn {
                Value::Lit(id) => RawValue::Str(Cow::Owned(id.as_str().to_owned())),
                Value::Expr(expr) => RawValue::from(expr.clone()),
            };
            body.insert("policy_arn", term);
            Satellite {
                tf: "aws_iam_role_policy_attachment",
                suffix: policy_name(arn),
                body,
            }
        };
        let mut out: Vec<Satellite<'_>> = self.managed_policies.iter().map(attach).collect();
        // Two accounts can have a policy of the same name, and a parameter has none.
        let names: Vec<String> = out.iter().map(|it| it.suffix.clone()).collect();
        for (n, it) in out.iter_mut().enumerate() {
            let before = names[..n].iter().filter(|name| **name == names[n]).count();
            if before > 0 {
                it.suffix = format!("{}_{}", names[n], before + 1);
            }
        }
        out
    }
}
