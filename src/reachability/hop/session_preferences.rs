//! Session preferences: the instance meets the requirements of the session document.
//!
//! Checks the document of the account if the file contains it. Otherwise checks the session document
//! of a configuration, since its sessions name this document.
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html>

mod bucket_policy;
mod key;
mod logs;
mod run_as;

use self::bucket_policy::BucketPolicies;
use super::super::fix::Fix;
use super::super::graph_index::GraphIndex;
use super::super::iam::{CallContext, Caller, can_be};
use super::super::instance::InstanceConfig;
use super::super::path;
use super::super::ternary::Ternary;
use super::super::{HopResult, HopStatus};
use super::role_permissions::decide;
use super::{
    Check, Connection, Context, Entry, Hop, PathChoice, SequenceStep, fixes, for_placements,
};
use crate::ir::{Expr, NodeId, Text, Value};
use crate::resource::{Bucket, Document, Map, RawValue, Resource};
use crate::session_manager::{
    BUCKET_ACTION, DEFAULT_DOCUMENT, LOG_GROUP_ACTION, SESSION_KEY_ACTION,
};

const HOP: Hop = Hop::SessionPreferences;

pub(super) const ENTRY: Entry = Entry {
    code: "session-preferences",
    reason: "the agent rejects a session whose user, encryption or log settings it cannot verify",
    page: "\
**Checks** the document `SSM-SessionManagerRunShell` if the file has it, else the session document
of a configuration. The agent rejects a session whose user, encryption or log settings it cannot verify:

- `kmsKeyId`: the instance must reach `kms`, and the role and the key policy must allow
  `kms:Decrypt`. The key must be enabled and symmetric.
- `cloudWatchEncryptionEnabled`: the instance must reach `logs`, the role must allow
  `logs:DescribeLogGroups`, and the log group must have a key.
- `s3EncryptionEnabled`: the instance must reach S3, and the role or the bucket policy must allow
  `s3:GetEncryptionConfiguration`. Neither may deny it.
- `runAsEnabled`: the user `runAsDefaultUser` must exist. The image has it, or user data creates it.

Without these flags, a missing path to `logs` only delays each session by minutes: a warning.

**Unknown** if the file does not show the users of the image, or the user that a tag
`SSMSessionRunAs` names.

**Fix:** allow the action in the role, create the endpoint, or remove the setting.

<https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html>
",
    expected: "Encryption with AWS KMS and logs require permissions of the role, and a path to `kms`, \
               `s3` or `logs`. `InvalidDocument` means that the account has no preferences, which is \
               fine.",
    commands: &["aws ssm get-document --name {document} --query Content --output text"],
    boxes: &[],
    steps: &[SequenceStep::Shell],
    check: Check::Instance(check),
};

fn check(context: &Context<'_, '_>) -> Vec<HopResult> {
    let (index, instance, role) = (context.index, context.instance, context.role_node());
    let is = |text: Option<&Value<Text>>, wanted: &str| {
        text.and_then(Value::lit).is_some_and(|it| it == wanted)
    };
    let account = index
        .all::<Document>()
        .find(|(_, _, it)| is(it.name.as_ref(), DEFAULT_DOCUMENT));
    if let Some((id, _, document)) = account {
        return of_document(index, instance, role, id, document);
    }
    let is_session = |it: &Document| match &it.document_type {
        None => false,
        Some(of) => of.lit().is_none_or(|of| of == "Session"),
    };
    index
        .all::<Document>()
        .flat_map(|(id, node, document)| {
            // A document with an unknown name can be that of the account.
            let named_outside = match &document.name {
                Some(Value::Expr(name)) => can_be(index, name, DEFAULT_DOCUMENT),
                _ => false,
            };
            let of_file = node.origin.as_ref().filter(|it| !it.is_of_app);
            match of_file {
                None => of_document(index, instance, role, id, document),
                Some(_) if named_outside && is_session(document) => {
                    let mut results = of_document(index, instance, role, id, document);
                    for result in &mut results {
                        result.status = result.status.max(HopStatus::Unknown);
                    }
                    results
                }
                Some(_) => Vec::new(),
            }
        })
        .collect()
}

/// Returns a warning if the session preferences log to CloudWatch Logs without encryption, and the
/// instance does not reach it. The agent then tries for minutes before it opens the shell.
pub(in super::super) fn warnings<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
) -> Vec<HopResult> {
    let mut found = Vec::new();
    for (id, node, document) in index.all::<Document>() {
        let is_account = document
            .name
            .as_ref()
            .and_then(Value::lit)
            .map(Text::as_ref)
            == Some(DEFAULT_DOCUMENT);
        let is_of_file = node.origin.as_ref().is_some_and(|it| !it.is_of_app);
        if !is_account && is_of_file {
            continue;
        }
        let RawValue::Object(map) = &document.content.0 else {
            continue;
        };
        let Some(RawValue::Object(inputs)) = map.get("inputs") else {
            continue;
        };
        if input_value(inputs, "cloudWatchLogGroupName").is_none()
            || !flag(inputs, "cloudWatchEncryptionEnabled").is_no()
        {
            continue;
        }
        for placement in &instance.placements {
            let connection = Connection::new(index, instance, placement, "logs", None);
            let worst = connection.check().into_iter().min_by_key(|it| it.status);
            let Some(worst) = worst.filter(|it| it.status == HopStatus::Fail) else {
                continue;
            };
            let missing = worst.hop == Hop::Endpoint;
            let reason = if missing {
                "the VPC has no logs endpoint".to_owned()
            } else {
                worst.detail
            };
            let result = HopResult::new(
                HOP,
                HopStatus::Unknown,
                format!(
                    "each session starts only after minutes: session document `{}` logs to \
                     CloudWatch Logs, and {reason}",
                    index.name(id)
                ),
            )
            .at(id, "content");
            found.push(match worst.fix {
                Some(fix) => result.fix(fix),
                None => result,
            });
            break;
        }
    }
    found
}

fn of_document<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    role: Option<NodeId>,
    id: NodeId,
    document: &Document,
) -> Vec<HopResult> {
    let at = |result: HopResult| result.at(id, "content");
    let inputs = match &document.content.0 {
        RawValue::Object(map) => match map.get("inputs") {
            Some(RawValue::Object(inputs)) => inputs,
            None => {
                return vec![at(HopResult::pass(
                    HOP,
                    "the session preferences require nothing",
                ))];
            }
            Some(_) => {
                return vec![at(unknown(
                    "the content of the session preferences is unknown",
                ))];
            }
        },
        _ => {
            return vec![at(unknown(
                "the content of the session preferences is unknown",
            ))];
        }
    };
    let (mut found, mut relied) = (Vec::new(), vec![id]);
    if let Some(key) = input_value(inputs, "kmsKeyId") {
        found.extend(key::state(index, key.as_ref()));
        found.push(key::policy(index, instance, role, key.as_ref()));
        let call = (SESSION_KEY_ACTION, key.as_ref());
        let or = || {
            let named = key::named_by(index, role, key.as_ref());
            named.then(|| "the key policy names the role".to_owned())
        };
        found.push(permission(
            index,
            instance,
            role,
            call,
            ("the session key", &or),
        ));
        found.extend(for_placements(instance, |placement| {
            let connection = Connection::new(index, instance, placement, "kms", role);
            vec![check_service_path(&connection, "the session key")]
        }));
    }
    if let Some(group) = input_value(inputs, "cloudWatchLogGroupName") {
        match flag(inputs, "cloudWatchEncryptionEnabled") {
            Ternary::No => {}
            Ternary::Unknown => found.push(unknown(
                "the file does not show whether the log group must be encrypted",
            )),
            Ternary::Yes => {
                let named = logs::group_node(index, group.as_ref());
                relied.extend(named);
                found.push(logs::encrypted(index, named, (id, document)));
                let what = "the encryption of the log group";
                let call = (LOG_GROUP_ACTION, None);
                found.push(permission(index, instance, role, call, (what, &|| None)));
                found.extend(for_placements(instance, |placement| {
                    let connection = Connection::new(index, instance, placement, "logs", role);
                    vec![check_service_path(&connection, what)]
                }));
            }
        }
    }
    if let Some(bucket) = input_value(inputs, "s3BucketName") {
        // Preferences contain the name, policies the ARN.
        let arn = bucket.as_ref().map(|bucket| arn_of(index, bucket));
        match flag(inputs, "s3EncryptionEnabled") {
            Ternary::No => {}
            Ternary::Unknown => found.push(unknown(
                "the file does not show whether the bucket must be encrypted",
            )),
            Ternary::Yes => {
                let what = "the encryption of the bucket";
                let named = logs::bucket_node(index, bucket.as_ref());
                relied.extend(named);
                found.extend(named.and_then(|it| logs::bucket_encryption(index, it)));
                let by_bucket = BucketPolicies {
                    index,
                    instance,
                    role,
                    bucket: arn.as_ref(),
                    policies: bucket_policy::of(index, bucket.as_ref()),
                };
                relied.extend(by_bucket.policies.iter().map(|it| it.0));
                found.extend(by_bucket.denial());
                let call = (BUCKET_ACTION, arn.as_ref());
                let or = || by_bucket.allowance();
                found.push(permission(index, instance, role, call, (what, &or)));
                found.extend(for_placements(instance, |placement| {
                    let connection = Connection::new(index, instance, placement, "s3", role);
                    vec![check_s3_path(&connection, what, arn.as_ref())]
                }));
            }
        }
    }
    found.extend(run_as::check(index, instance, (id, document), inputs));
    found.extend(relied.into_iter().filter_map(|node| {
        let doubt = index.doubt(node)?;
        Some(unknown(&format!("`{}` {doubt}", index.name(node))))
    }));
    if found.is_empty() {
        found.push(HopResult::pass(
            HOP,
            "the session preferences require nothing that can fail",
        ));
    }
    if !index.exists(id).is_yes() {
        for result in &mut found {
            result.status = result.status.max(HopStatus::Unknown);
        }
    }
    found.into_iter().map(at).collect()
}

/// Returns the ARN of a bucket in the graph, or else its name.
fn arn_of(index: &GraphIndex<'_>, bucket: &Expr) -> Expr {
    match bucket {
        Expr::Attr(id, _) => match index.graph.node(*id).map(|it| &it.resource) {
            Some(Resource::Bucket(_)) => Expr::Attr(*id, Bucket::ARN),
            _ => bucket.clone(),
        },
        _ => bucket.clone(),
    }
}

fn unknown(detail: &str) -> HopResult {
    HopResult::unknown(HOP, detail)
}

/// Returns the value of a setting, or none if it is missing or empty. The inner option is none if
/// the value is not text or an expression.
fn input_value(inputs: &Map<'_>, key: &str) -> Option<Option<Expr>> {
    match inputs.get(key)? {
        RawValue::Str(text) if text.is_empty() => None,
        RawValue::Str(text) => Some(Some(Expr::Text(Text::Owned(text.to_string())))),
        RawValue::Expr(expr) => match expr.as_ref() {
            Expr::Absent => None,
            expr => Some(Some(expr.clone())),
        },
        _ => Some(None),
    }
}

fn flag(inputs: &Map<'_>, key: &str) -> Ternary {
    match inputs.get(key) {
        None => Ternary::No,
        Some(RawValue::Bool(value)) => (*value).into(),
        Some(RawValue::Str(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ternary::Yes,
            "false" | "no" | "off" | "" => Ternary::No,
            _ => Ternary::Unknown,
        },
        Some(_) => Ternary::Unknown,
    }
}

/// Checks a call of the agent. `or` is what else allows it, if no policy of the role does.
fn permission<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    role: Option<NodeId>,
    (action, resource): (&str, Option<&Expr>),
    (what, or): (&str, &dyn Fn() -> Option<String>),
) -> HopResult {
    let Some(role) = role else {
        return HopResult::unknown(
            HOP,
            format!("the file does not show whether the role allows the agent to read {what}"),
        );
    };
    let decision = decide(index, instance, role, (action, resource));
    if decision.allowed.is_no()
        && !decision.is_denied
        && let Some(detail) = or()
    {
        return HopResult::pass(HOP, detail);
    }
    let name = index.name(role);
    match decision.allowed {
        Ternary::Yes => HopResult::pass(HOP, format!("`{name}` allows the agent to read {what}")),
        Ternary::Unknown => HopResult::unknown(HOP, format!("`{name}`: {}", decision.detail)),
        Ternary::No => HopResult::fail(
            HOP,
            format!("the agent must read {what}; `{name}`: {}", decision.detail),
        )
        .fix(match decision.is_denied {
            true => fixes::in_documents(index, role, &[action]).unwrap_or_else(|| {
                Fix::manual(format!("allow `{action}` in the policies of the role"))
            }),
            false => fixes::allow(index, role, action, resource),
        }),
    }
}

/// Checks the path from the instance to a service that the preferences require.
fn check_service_path(connection: &Connection<'_, '_>, what: &str) -> HopResult {
    let checks = connection.check();
    let worst = checks.into_iter().min_by_key(|result| result.status);
    let service = connection.service;
    match worst {
        Some(result) if result.status == HopStatus::Pass => {
            HopResult::pass(HOP, format!("the instance reaches `{service}` for {what}"))
        }
        Some(result) => {
            let message = format!(
                "the agent must reach `{service}` for {what}: {}",
                result.detail
            );
            let mine = HopResult::new(HOP, result.status, message);
            match result.fix {
                Some(fix) => mine.fix(fix),
                None => mine,
            }
        }
        None => unknown("the path to the service is unknown"),
    }
}

fn check_s3_path(connection: &Connection<'_, '_>, what: &str, bucket: Option<&Expr>) -> HopResult {
    let request = path::S3Request {
        action: BUCKET_ACTION,
        on: CallContext {
            resource: bucket,
            ..CallContext::of(connection.role.map_or(Caller::Unknown, Caller::Role))
        },
    };
    let reached = connection.reaches_s3(&request);
    let hidden = matches!(connection.path, PathChoice::Unknown);
    match reached {
        Ternary::Yes => HopResult::pass(HOP, format!("the instance reaches S3 for {what}")),
        Ternary::No if !hidden => HopResult::fail(
            HOP,
            format!("the agent must reach S3 for {what}, and the subnet has no path to S3"),
        )
        .fix(fixes::s3_gateway(connection, &request)),
        _ => unknown(&format!(
            "the file does not show whether the instance reaches S3 for {what}"
        )),
    }
}
