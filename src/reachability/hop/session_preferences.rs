//! What the session preferences ask for can be had.
//!
//! The document that the account's sessions use by default is looked at. Where a stack of ours has
//! none, its own is, which its sessions are opened with; a file does not tell what they are opened
//! with.
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html>

use super::super::fix::Change;
use super::super::host::Host;
use super::super::iam::{Caller, Target, document_allows};
use super::super::path::{self, Exit};
use super::super::security::{Peer, lets_out};
use super::super::tri::Tri;
use super::super::view::View;
use super::super::{Finding, Hop, Verdict};
use super::{Dial, Way, over_placements};
use crate::ir::{Expr, NodeId, Text, Value};
use crate::resource::{
    Bucket, BucketEncryption, Document, KmsAlias, LogGroup, Map, Resource, Term,
};

const HOP: Hop = Hop::SessionPreferences;
const NAME: &str = "SSM-SessionManagerRunShell";

pub(super) fn check<'g>(view: &View<'g>, host: &Host<'g>, role: Option<NodeId>) -> Vec<Finding> {
    let is = |text: Option<&Value<Text>>, wanted: &str| {
        text.and_then(Value::lit).is_some_and(|it| it == wanted)
    };
    let account = view
        .all::<Document>()
        .find(|(_, _, it)| is(it.name.as_ref(), NAME));
    if let Some((id, _, document)) = account {
        return of_document(view, host, role, id, document);
    }
    view.all::<Document>()
        .filter(|(_, node, _)| node.origin.is_none())
        .flat_map(|(id, _, document)| of_document(view, host, role, id, document))
        .collect()
}

fn of_document<'g>(
    view: &View<'g>,
    host: &Host<'g>,
    role: Option<NodeId>,
    id: NodeId,
    document: &Document,
) -> Vec<Finding> {
    let at = |finding: Finding| finding.at(id, "content");
    let inputs = match &document.content.0 {
        Term::Object(map) => match map.get("inputs") {
            Some(Term::Object(inputs)) => inputs,
            None => return vec![at(Finding::pass(HOP, "the preferences ask for nothing"))],
            Some(_) => return vec![at(undecided("the preferences"))],
        },
        _ => return vec![at(undecided("the preferences"))],
    };
    let mut found = Vec::new();
    if let Some(key) = given(inputs, "kmsKeyId") {
        found.extend(key_policy(view, role, key.as_ref()));
        found.push(permission(
            view,
            role,
            "kms:Decrypt",
            key.as_ref(),
            "the session's key",
        ));
        found.extend(over_placements(host, |placement| {
            let dial = Dial::new(view, host, placement, "kms", role);
            vec![reached(&dial, "the session's key")]
        }));
    }
    if let Some(group) = given(inputs, "cloudWatchLogGroupName") {
        match flag(inputs, "cloudWatchEncryptionEnabled") {
            Tri::No => {}
            Tri::Maybe => found.push(undecided("whether the log group must be encrypted")),
            Tri::Yes => {
                found.push(encrypted(view, group.as_ref()));
                let what = "the log group's encryption";
                found.push(permission(view, role, "logs:DescribeLogGroups", None, what));
                found.extend(over_placements(host, |placement| {
                    let dial = Dial::new(view, host, placement, "logs", role);
                    vec![reached(&dial, what)]
                }));
            }
        }
    }
    if let Some(bucket) = given(inputs, "s3BucketName") {
        // Preferences name it, policies have its ARN.
        let arn = bucket.as_ref().map(|bucket| arn_of(view, bucket));
        match flag(inputs, "s3EncryptionEnabled") {
            Tri::No => {}
            Tri::Maybe => found.push(undecided("whether the bucket must be encrypted")),
            Tri::Yes => {
                let what = "the bucket's encryption";
                let action = "s3:GetEncryptionConfiguration";
                found.extend(bucket_encryption(view, bucket.as_ref()));
                found.push(permission(view, role, action, arn.as_ref(), what));
                found.extend(over_placements(host, |placement| {
                    let dial = Dial::new(view, host, placement, "s3", role);
                    vec![reaches_s3(&dial, what, arn.as_ref())]
                }));
            }
        }
    }
    if found.is_empty() {
        found.push(Finding::pass(
            HOP,
            "the preferences ask for nothing that can fail",
        ));
    }
    if !view.exists(id).is_yes() {
        for finding in &mut found {
            finding.verdict = finding.verdict.max(Verdict::Unknown);
        }
    }
    found.into_iter().map(at).collect()
}

/// The ARN of a bucket that is in the graph; else what names it.
fn arn_of(view: &View<'_>, bucket: &Expr) -> Expr {
    match bucket {
        Expr::Attr(id, _) => match view.graph.node(*id).map(|it| &it.resource) {
            Some(Resource::Bucket(_)) => Expr::Attr(*id, Bucket::ARN),
            _ => bucket.clone(),
        },
        _ => bucket.clone(),
    }
}

fn undecided(what: &str) -> Finding {
    Finding::unknown(HOP, format!("{what}: not decided"))
}

/// A setting that is there and not empty: its value, where it is an expression.
fn given(inputs: &Map<'_>, key: &str) -> Option<Option<Expr>> {
    match inputs.get(key)? {
        Term::Str(text) if text.is_empty() => None,
        Term::Str(text) => Some(Some(Expr::Text(Text::Owned(text.to_string())))),
        Term::Expr(expr) => match expr.as_ref() {
            Expr::Absent => None,
            expr => Some(Some(expr.clone())),
        },
        _ => Some(None),
    }
}

fn flag(inputs: &Map<'_>, key: &str) -> Tri {
    match inputs.get(key) {
        None => Tri::No,
        Some(Term::Bool(value)) => (*value).into(),
        Some(Term::Str(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Tri::Yes,
            "false" | "no" | "off" | "" => Tri::No,
            _ => Tri::Maybe,
        },
        Some(_) => Tri::Maybe,
    }
}

fn permission(
    view: &View<'_>,
    role: Option<NodeId>,
    action: &str,
    resource: Option<&Expr>,
    what: &str,
) -> Finding {
    let Some(role) = role else {
        return Finding::unknown(
            HOP,
            format!("whether the role may read {what} is not decided"),
        );
    };
    let on = Target {
        caller: Caller::Carrier,
        resource,
    };
    let decision = view.identity(role).allows(view, action, &on);
    let name = view.name(role);
    match decision.allowed {
        Tri::Yes => Finding::pass(HOP, format!("`{name}` may read {what}")),
        Tri::Maybe => Finding::unknown(HOP, format!("`{name}`: {}", decision.detail)),
        Tri::No => Finding::fail(
            HOP,
            format!(
                "the agent must read {what}, and `{name}`: {}",
                decision.detail
            ),
        )
        .fix(Change::say(format!(
            "allow `{action}` in a policy of the role"
        ))),
    }
}

/// The agent looks whether the group has a key, and refuses the session if not.
fn encrypted(view: &View<'_>, group: Option<&Expr>) -> Finding {
    let own = |log: &LogGroup, id: NodeId| match group {
        Some(Expr::Attr(node, _) | Expr::Other(node, _)) => *node == id,
        Some(Expr::Text(name)) => {
            log.log_group_name
                .as_ref()
                .and_then(Value::lit)
                .map(Text::as_ref)
                == Some(name.as_ref())
        }
        Some(other) => match &log.log_group_name {
            Some(Value::Expr(name)) => name == other,
            _ => false,
        },
        None => false,
    };
    let found = view.all::<LogGroup>().find(|(id, _, log)| own(log, *id));
    match found {
        None => Finding::unknown(HOP, "whether the log group has a key is not in the file"),
        Some((_, _, log)) if log.kms_key.is_some() => Finding::pass(HOP, "the log group has a key"),
        Some((id, ..)) => Finding::fail(
            HOP,
            format!(
                "`cloudWatchEncryptionEnabled` is on, and `{}` has no key: the agent refuses \
                     sessions",
                view.name(id)
            ),
        )
        .fix(Change::say(
            "set `cloudWatchEncryptionEnabled` to false, or give the log group a key",
        )),
    }
}

/// Whether the key's own policy lets the role decrypt, or leaves it to IAM.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html>
fn key_policy(view: &View<'_>, role: Option<NodeId>, key: Option<&Expr>) -> Option<Finding> {
    let id = match key {
        Some(Expr::Attr(id, _) | Expr::Other(id, _)) => Some(*id),
        Some(Expr::Text(name)) => view
            .all::<KmsAlias>()
            .find(|(_, _, it)| it.alias_name.lit().map(Text::as_ref) == Some(name.as_ref()))
            .map(|(id, ..)| id),
        _ => None,
    };
    // An alias leads to its key.
    let id = id.and_then(|id| match &view.graph.node(id)?.resource {
        Resource::KmsAlias(it) => view.only(&it.target).node(),
        _ => Some(id),
    });
    let id = match id {
        Some(id) => id,
        None => {
            return Some(Finding::unknown(
                HOP,
                "the policy of the session's key is not in the file",
            ));
        }
    };
    let Resource::KmsKey(it) = &view.graph.node(id)?.resource else {
        return None;
    };
    let Some(policy) = &it.key_policy else {
        return Some(Finding::pass(HOP, "the key leaves it to IAM"));
    };
    let on = Target {
        caller: role.map_or(Caller::Somebody, Caller::Role),
        resource: key,
    };
    let name = view.name(id);
    Some(match document_allows(view, policy, "kms:Decrypt", &on) {
        Tri::Yes => Finding::pass(HOP, format!("the policy of `{name}` lets the role decrypt")),
        Tri::Maybe => Finding::unknown(
            HOP,
            format!("whether the policy of `{name}` lets the role decrypt is not decided"),
        ),
        Tri::No => Finding::fail(
            HOP,
            format!("the policy of the key `{name}` lets neither the role nor IAM decide"),
        )
        .fix(Change::say(
            "let the key's policy allow `kms:*` to the account's root, or `kms:Decrypt` to the role",
        )),
    })
}

/// The agent takes a bucket for encrypted with `AES256` and `aws:kms` only.
fn bucket_encryption(view: &View<'_>, bucket: Option<&Expr>) -> Option<Finding> {
    let own = |id: NodeId, it: &Bucket| match bucket {
        Some(Expr::Attr(node, _) | Expr::Other(node, _)) => *node == id,
        Some(Expr::Text(name)) => {
            it.bucket_name
                .as_ref()
                .and_then(Value::lit)
                .map(Text::as_ref)
                == Some(name.as_ref())
        }
        _ => false,
    };
    let (id, _, it) = view.all::<Bucket>().find(|(id, _, it)| own(*id, it))?;
    let beside = view
        .all::<BucketEncryption>()
        .filter(|(_, _, other)| view.only(&other.bucket).node() == Some(id))
        .flat_map(|(_, _, other)| &other.rules);
    let mut algorithms = it
        .encryption
        .iter()
        .chain(beside)
        .filter_map(|rule| rule.by_default.as_ref())
        .map(|rule| rule.sse_algorithm.lit());
    let name = view.name(id);
    algorithms.find_map(|algorithm| match algorithm.map(Text::as_ref) {
        Some("AES256" | "aws:kms") => None,
        Some(other) => Some(
            Finding::fail(
                HOP,
                format!(
                    "`{name}` encrypts with `{other}`, which the agent takes for not encrypted"
                ),
            )
            .fix(Change::say("encrypt it with `aws:kms` or `AES256`")),
        ),
        None => Some(Finding::unknown(
            HOP,
            format!("how `{name}` encrypts is not decided"),
        )),
    })
}

/// Whether the instance reaches the service that the preferences need.
fn reached(dial: &Dial<'_, '_>, what: &str) -> Finding {
    let checks = dial.check();
    let worst = checks.into_iter().min_by_key(|finding| finding.verdict);
    let service = dial.service;
    match worst {
        Some(finding) if finding.verdict == Verdict::Pass => {
            Finding::pass(HOP, format!("`{service}` is reached for {what}"))
        }
        Some(finding) => {
            let message = format!(
                "the agent must reach `{service}` for {what}: {}",
                finding.detail
            );
            let mine = Finding::new(HOP, finding.verdict, message);
            match finding.fix {
                Some(fix) => mine.fix(fix),
                None => mine,
            }
        }
        None => undecided(service),
    }
}

fn reaches_s3(dial: &Dial<'_, '_>, what: &str, bucket: Option<&Expr>) -> Finding {
    let out = |peer| match &dial.groups {
        Some(groups) => lets_out(dial.view, groups, &peer),
        None => Tri::Maybe,
    };
    let ask = path::Ask {
        action: "s3:GetEncryptionConfiguration",
        on: Target {
            caller: dial.role.map_or(Caller::Somebody, Caller::Role),
            resource: bucket,
        },
    };
    let gateway = path::s3_gateway(dial.view, dial.subnet, &ask).and(out(Peer::S3));
    let internet = match dial.exit {
        Exit::Works(..) => out(Peer::Internet),
        Exit::Unknown(_) => Tri::Maybe,
        Exit::None | Exit::Broken(..) => Tri::No,
    };
    let hidden = matches!(dial.way(), Way::Undecided);
    match gateway.or(internet) {
        Tri::Yes => Finding::pass(HOP, format!("S3 is reached for {what}")),
        Tri::No if !hidden => Finding::fail(
            HOP,
            format!("the agent must reach S3 for {what}, and the subnet has no way there"),
        )
        .fix(Change::say(
            "add a gateway endpoint for s3 to the subnet's route table, and let 443 out to its \
             prefix list",
        )),
        _ => undecided(&format!("whether S3 is reached for {what}")),
    }
}
