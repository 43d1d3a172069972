//! Converts expressions to patterns and texts. Expands the ARNs of resources in the file.

use super::super::graph_index::GraphIndex;
use super::pattern::{Atom, literal};
use crate::ir::{Attr, Expr, NodeId, Pseudo, Text, Value};
use crate::resource::{
    Bucket, Instance, KmsKey, LogGroup, ManagedPolicy, RawValue, Resource, Role, Vpc, VpcEndpoint,
};

/// The value of a policy variable.
pub(super) enum Variable {
    Value(Vec<Atom>),
    Absent,
    Unknown,
}

/// The policy variables of a call.
pub(super) trait Variables {
    /// Returns the value of a variable in the policies for an action.
    fn variable(&self, index: &GraphIndex<'_>, action: &str, key: &str) -> Variable;
}

/// How to read a text.
#[derive(Clone, Copy)]
pub(super) enum Reading<'c> {
    /// Without wildcards and variables.
    Literal,
    /// With the policy variables of a call.
    Variables(&'c dyn Variables, &'c str),
    /// With wildcards, and the policy variables of a call.
    Pattern(&'c dyn Variables, &'c str),
}

/// Converts an expression. Returns none if a policy variable has no value, since then nothing
/// matches.
pub(super) fn atoms(
    index: &GraphIndex<'_>,
    expr: &Expr,
    reading: Reading<'_>,
) -> Option<Vec<Atom>> {
    let mut out = Vec::new();
    push(index, expr, reading, &mut out)?;
    Some(out)
}

/// Converts an expression without wildcards and variables.
pub(super) fn plain(index: &GraphIndex<'_>, expr: &Expr) -> Vec<Atom> {
    atoms(index, expr, Reading::Literal).unwrap_or_else(|| vec![Atom::Unknown])
}

/// Returns the values that an expression can have, as far as the file lists them.
pub(super) fn alternatives(value: &Value<Text>) -> Vec<Expr> {
    fn add(expr: &Expr, out: &mut Vec<Expr>) {
        match expr {
            Expr::OneOf(of) => of.iter().for_each(|one| add(one, out)),
            Expr::If(_, then, other) => {
                add(then, out);
                add(other, out);
            }
            Expr::PerLanguage { cfn, tf } => {
                add(cfn, out);
                add(tf, out);
            }
            other => out.push(other.clone()),
        }
    }
    match value {
        Value::Lit(text) => vec![Expr::Text(text.clone())],
        Value::Expr(expr) => {
            let mut out = Vec::new();
            add(expr, &mut out);
            out
        }
    }
}

fn push(
    index: &GraphIndex<'_>,
    expr: &Expr,
    reading: Reading<'_>,
    out: &mut Vec<Atom>,
) -> Option<()> {
    match expr {
        Expr::Text(text) => return push_text(index, text, reading, out),
        Expr::Concat(parts) => {
            for part in parts {
                push(index, part, reading, out)?;
            }
        }
        Expr::Pseudo(pseudo) => push_pseudo(index, *pseudo, out),
        Expr::Attr(id, attr) => push_attribute(index, *id, *attr, out),
        // Equal texts of functions can be different values.
        Expr::Param(_) | Expr::SourceParam { .. } | Expr::Other(..) | Expr::SsmParameter(_) => {
            out.push(Atom::Same(expr.clone()));
        }
        _ => out.push(Atom::Unknown),
    }
    Some(())
}

fn push_text(
    index: &GraphIndex<'_>,
    text: &str,
    reading: Reading<'_>,
    out: &mut Vec<Atom>,
) -> Option<()> {
    let (call, action, wildcards) = match reading {
        Reading::Literal => {
            out.extend(literal(text));
            return Some(());
        }
        Reading::Variables(call, action) => (call, action, false),
        Reading::Pattern(call, action) => (call, action, true),
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((name, after)) = rest
            .strip_prefix("${")
            .and_then(|rest| rest.split_once('}'))
        {
            rest = after;
            match name {
                "*" | "?" | "$" => out.extend(literal(name)),
                name => push_variable(index, name, (call, action), out)?,
            }
            continue;
        }
        rest = &rest[c.len_utf8()..];
        out.push(match c {
            '*' if wildcards => Atom::Any,
            '?' if wildcards => Atom::One,
            c => Atom::Char(c),
        });
    }
    Some(())
}

/// Adds the value of a policy variable, or its default.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
fn push_variable(
    index: &GraphIndex<'_>,
    name: &str,
    (call, action): (&dyn Variables, &str),
    out: &mut Vec<Atom>,
) -> Option<()> {
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (key, Some(default.trim().trim_matches('\''))),
        None => (name, None),
    };
    match call.variable(index, action, &key.trim().to_ascii_lowercase()) {
        Variable::Value(value) => out.extend(value),
        Variable::Absent => out.extend(literal(default?)),
        Variable::Unknown => out.push(Atom::Unknown),
    }
    Some(())
}

pub(super) fn push_pseudo(index: &GraphIndex<'_>, pseudo: Pseudo, out: &mut Vec<Atom>) {
    let known = match pseudo {
        Pseudo::Region => index.region().map(|region| region.name),
        Pseudo::Partition => index.region().map(|region| region.partition),
        Pseudo::UrlSuffix => index.region().map(|region| region.dns_suffix),
        Pseudo::AccountId => index.graph.account(),
    };
    match known {
        Some(text) => out.extend(literal(text)),
        None => out.push(Atom::Pseudo(pseudo)),
    }
}

fn push_value(
    index: &GraphIndex<'_>,
    id: NodeId,
    value: Option<&Value<Text>>,
    out: &mut Vec<Atom>,
) {
    match value {
        None => out.push(Atom::Generated(id)),
        Some(Value::Lit(text)) => out.extend(literal(text)),
        Some(Value::Expr(expr)) => out.extend(plain(index, expr)),
    }
}

/// Adds `arn:PARTITION:SERVICE:REGION:ACCOUNT:`.
pub(super) fn push_arn(index: &GraphIndex<'_>, service: &str, out: &mut Vec<Atom>) {
    out.extend(literal("arn:"));
    push_pseudo(index, Pseudo::Partition, out);
    out.extend(literal(&format!(":{service}:")));
    match service {
        "s3" => out.extend(literal("::")),
        "iam" | "sts" => {
            out.push(Atom::Char(':'));
            push_pseudo(index, Pseudo::AccountId, out);
            out.push(Atom::Char(':'));
        }
        _ => {
            push_pseudo(index, Pseudo::Region, out);
            out.push(Atom::Char(':'));
            push_pseudo(index, Pseudo::AccountId, out);
            out.push(Atom::Char(':'));
        }
    }
}

fn push_attribute(index: &GraphIndex<'_>, id: NodeId, attr: Attr, out: &mut Vec<Atom>) {
    let resource = index.graph.node(id).map(|node| &node.resource);
    match resource {
        Some(Resource::Bucket(it)) if attr == Bucket::ARN || attr == link::<Bucket>() => {
            if attr == Bucket::ARN {
                push_arn(index, "s3", out);
            }
            push_name(index, id, "bucket_name", it.bucket_name.as_ref(), out);
        }
        Some(Resource::Role(it)) if attr == Role::ARN => {
            push_arn(index, "iam", out);
            out.extend(literal("role"));
            match &it.path {
                None if is_known(index, id, "path") => out.push(Atom::Char('/')),
                None => out.push(Atom::Unknown),
                Some(Value::Lit(path)) => out.extend(literal(path)),
                Some(Value::Expr(expr)) => out.extend(plain(index, expr)),
            }
            push_name(index, id, "role_name", it.role_name.as_ref(), out);
        }
        Some(Resource::Role(it)) if attr == link::<Role>() => {
            push_name(index, id, "role_name", it.role_name.as_ref(), out);
        }
        Some(Resource::ManagedPolicy(it)) if attr == link::<ManagedPolicy>() => {
            push_arn(index, "iam", out);
            out.extend(literal("policy"));
            let unknown = index.graph.node(id).and_then(|node| node.origin.as_ref());
            let has_path = unknown.is_some_and(|origin| {
                origin.unknown_properties.get("Path").is_some()
                    || origin.unknown_properties.get("path").is_some()
            });
            out.push(if has_path {
                Atom::Unknown
            } else {
                Atom::Char('/')
            });
            push_name(
                index,
                id,
                "managed_policy_name",
                it.managed_policy_name.as_ref(),
                out,
            );
        }
        Some(Resource::KmsKey(_)) if attr == link::<KmsKey>() => {
            push_arn(index, "kms", out);
            out.extend(literal("key/"));
            out.push(Atom::Generated(id));
        }
        Some(Resource::KmsKey(_)) if attr == KmsKey::ID => out.push(Atom::Generated(id)),
        Some(Resource::LogGroup(it)) if attr == LogGroup::ARN => {
            push_arn(index, "logs", out);
            out.extend(literal("log-group:"));
            push_name(index, id, "log_group_name", it.log_group_name.as_ref(), out);
            // CloudFormation adds `:*`, and Terraform does not.
            out.push(Atom::Unknown);
        }
        Some(Resource::Vpc(_)) if attr == link::<Vpc>() => {
            out.extend(literal("vpc-"));
            out.push(Atom::Generated(id));
        }
        Some(Resource::VpcEndpoint(_)) if attr == link::<VpcEndpoint>() => {
            out.extend(literal("vpce-"));
            out.push(Atom::Generated(id));
        }
        Some(Resource::Instance(_)) if attr == link::<Instance>() => {
            out.extend(literal("i-"));
            out.push(Atom::InstanceId(Some(id)));
        }
        _ => out.push(Atom::Same(Expr::Attr(id, attr))),
    }
}

fn link<R: crate::resource::Typed>() -> Attr {
    R::LINK
}

/// Adds a name of the file, or a generated one.
fn push_name(
    index: &GraphIndex<'_>,
    id: NodeId,
    field: &str,
    name: Option<&Value<Text>>,
    out: &mut Vec<Atom>,
) {
    if name.is_some() || is_known(index, id, field) {
        push_value(index, id, name, out);
    } else {
        out.push(Atom::Unknown);
    }
}

fn is_known(index: &GraphIndex<'_>, id: NodeId, field: &str) -> bool {
    index
        .graph
        .node(id)
        .is_some_and(|node| !node.is_unmodeled(field))
}

/// Returns the ARN of a role.
pub(super) fn role_arn(index: &GraphIndex<'_>, role: Option<NodeId>) -> Vec<Atom> {
    let mut out = Vec::new();
    match role {
        Some(role) => push_attribute(index, role, Role::ARN, &mut out),
        None => {
            push_arn(index, "iam", &mut out);
            out.extend(literal("role/"));
            out.push(Atom::Unknown);
        }
    }
    out
}

/// Returns the ARN of the session that EC2 creates with a role. Its name is the instance ID.
pub(super) fn session_arn(
    index: &GraphIndex<'_>,
    role: Option<NodeId>,
    instance: Option<NodeId>,
) -> Vec<Atom> {
    let mut out = Vec::new();
    push_arn(index, "sts", &mut out);
    out.extend(literal("assumed-role/"));
    match role {
        Some(role) => push_attribute(index, role, link::<Role>(), &mut out),
        None => out.push(Atom::Unknown),
    }
    out.extend(literal("/i-"));
    out.push(Atom::InstanceId(instance));
    out
}

/// Returns the ARN of the instance.
pub(super) fn instance_arn(index: &GraphIndex<'_>, instance: Option<NodeId>) -> Vec<Atom> {
    let mut out = Vec::new();
    push_arn(index, "ec2", &mut out);
    out.extend(literal("instance/i-"));
    out.push(Atom::InstanceId(instance));
    out
}

/// Returns the ARN of the service-linked role that launches the instances of an Auto Scaling group.
///
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html>
pub(super) fn auto_scaling_role(index: &GraphIndex<'_>, group: NodeId) -> Vec<Atom> {
    let node = index.graph.node(group);
    let own = node.and_then(|it| it.property("ServiceLinkedRoleARN", "service_linked_role_arn"));
    let mut out = Vec::new();
    match own {
        // A plan contains empty text for a missing value.
        Some(RawValue::Str(arn)) if !arn.is_empty() => out.extend(literal(&arn)),
        Some(RawValue::Expr(expr)) => out.extend(plain(index, &expr)),
        _ => {
            push_arn(index, "iam", &mut out);
            let path = "role/aws-service-role/autoscaling.amazonaws.com/";
            out.extend(literal(path));
            out.extend(literal("AWSServiceRoleForAutoScaling"));
        }
    }
    out
}

/// Returns the ARN of a log group or trail that a service acts on.
pub(super) fn served_arn(index: &GraphIndex<'_>, id: NodeId) -> Option<Vec<Atom>> {
    let mut out = Vec::new();
    match &index.graph.node(id)?.resource {
        Resource::LogGroup(_) => {
            push_attribute(index, id, LogGroup::ARN, &mut out);
            // Without the suffix for its streams.
            out.pop();
        }
        Resource::Trail(it) => {
            push_arn(index, "cloudtrail", &mut out);
            out.extend(literal("trail/"));
            let name = Some(&it.trail_name).filter(|it| !it.is_absent());
            push_value(index, id, name, &mut out);
        }
        _ => return None,
    }
    Some(out)
}
