//! KMS keys that AWS refuses to use: of volumes, log groups and trails.

use super::{Refusal, is_in_stack};
use crate::ir::{Expr, Link, NodeId, Text};
use crate::reachability::graph_index::{GraphIndex, expr_of};
use crate::reachability::iam::{CallContext, Caller, judge_document, key_node};
use crate::reachability::instance::{self, InstanceConfig};
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{KmsKey, LogGroup, Node, RawValue, Resource, Trail, Typed as _};

/// The actions with which EC2 encrypts a volume.
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
const VOLUME_ACTIONS: &[&str] = &["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext"];
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html>
const LOG_ACTIONS: &[&str] = &["kms:GenerateDataKey", "kms:Decrypt"];
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html>
const TRAIL_ACTIONS: &[&str] = &["kms:GenerateDataKey"];

/// An instance whose volume has a key that EC2 cannot use for it.
pub(super) fn of_volumes<'g>(index: &GraphIndex<'g>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for config in instance::all(index) {
        let is_group = index
            .graph
            .node(config.node)
            .is_some_and(|it| matches!(it.resource, Resource::AutoScalingGroup(_)));
        let caller = match is_group {
            true => Caller::AutoScaling(config.node),
            false => Caller::Deployer,
        };
        for (at, key) in volume_keys(index, &config) {
            let Some(id) = key_node(index, &key) else {
                continue;
            };
            let Some((certain, why, fix)) = unusable(index, (id, &key), caller, VOLUME_ACTIONS)
            else {
                continue;
            };
            let exist = [at.0, config.node].into_iter().map(|it| index.exists(it));
            let verb = if certain.is_yes() { "ends" } else { "can end" };
            let reason = format!(
                "EC2 {verb} `{}` at launch (`Client.InternalError`): {why}, with which it encrypts \
                 a volume",
                index.name(config.node)
            );
            let certain = Ternary::all(exist).and(certain);
            let refusal = Refusal::new(Hop::Agent, at, certain, reason);
            found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
            break;
        }
    }
    found
}

/// Returns the keys of the volumes of an instance, and the properties that name them.
fn volume_keys(
    index: &GraphIndex<'_>,
    config: &InstanceConfig<'_>,
) -> Vec<((NodeId, &'static str), Expr)> {
    let expr = |link: Option<&Link<KmsKey>>| {
        let expr = expr_of(link?, |id| Text::Owned(id.as_str().to_owned()));
        (expr != Expr::Absent).then_some(expr)
    };
    let mut found = Vec::new();
    for &id in &config.sources {
        match index.graph.node(id).map(|it| &it.resource) {
            Some(Resource::Instance(it)) => {
                let root = it.root_volume.as_ref();
                let key = root.and_then(|it| expr(it.ebs.kms_key.as_ref()));
                found.extend(key.map(|it| ((id, "root_volume"), it)));
                let more = index
                    .graph
                    .node(id)
                    .and_then(|node| node.property("BlockDeviceMappings", "ebs_block_device"));
                let keys = more.iter().flat_map(mapping_keys);
                found.extend(keys.map(|it| ((id, "root_volume"), it)));
            }
            Some(Resource::LaunchTemplate(it)) => {
                let keys = it.block_devices.iter();
                let keys = keys.filter_map(|it| expr(it.ebs.kms_key.as_ref()));
                found.extend(keys.map(|it| ((id, "block_devices"), it)));
            }
            _ => {}
        }
    }
    found
}

/// Returns the keys in a list of volumes of an instance.
fn mapping_keys(mappings: &RawValue<'_>) -> Vec<Expr> {
    let RawValue::List(items) = mappings else {
        return Vec::new();
    };
    let key = |item: &RawValue<'_>| {
        let (RawValue::Object(map) | RawValue::Block(map)) = item else {
            return None;
        };
        let key = map
            .get_path("Ebs.KmsKeyId")
            .or_else(|| map.get("kms_key_id"))?;
        match key {
            RawValue::Expr(expr) => Some(expr.as_ref().clone()),
            RawValue::Str(text) => Some(Expr::Text(text.to_string().into())),
            _ => None,
        }
    };
    items.iter().filter_map(key).collect()
}

/// Returns why a caller cannot encrypt with a key of the file: whether the file determines it, a clause
/// and the fix.
fn unusable(
    index: &GraphIndex<'_>,
    (id, key): (NodeId, &Expr),
    caller: Caller,
    actions: &[&str],
) -> Option<(Ternary, String, String)> {
    let node = index.graph.node(id)?;
    if node.is_lookup() {
        return None;
    }
    let exists = is_in_stack(node);
    let name = index.name(id);
    if let Some((certain, state, fix)) = state(node) {
        return Some((
            exists.and(certain),
            format!("key `{name}` {state}"),
            fix.to_owned(),
        ));
    }
    let key_policy = KmsKey::of(&node.resource)?.key_policy.as_ref();
    let on = CallContext {
        resource: Some(key),
        ..CallContext::of(caller)
    };
    let judge = |action| match key_policy {
        Some(policy) => judge_document(index, policy, action, &on).holds,
        // The default policy allows what the account allows.
        None => (!matches!(caller, Caller::AutoScaling(_) | Caller::Service(..))).into(),
    };
    let allowed = Ternary::all(actions.iter().map(|it| judge(it)));
    let who = match caller {
        Caller::AutoScaling(_) => "the service-linked role of Auto Scaling",
        Caller::Service("logs", _) => "CloudWatch Logs",
        Caller::Service("cloudtrail", _) => "CloudTrail",
        _ => "the deploying principal",
    };
    // The deploying principal can be any, and a policy for a service can contain a Region or
    // account that the file does not show elsewhere.
    let is_open = allowed == Ternary::Unknown && !matches!(caller, Caller::AutoScaling(_));
    if allowed.is_yes() || is_open {
        return None;
    }
    let other = other_policy(index, id);
    let certain = match (allowed, &other) {
        (Ternary::No, None) => Ternary::Yes,
        (_, Some(_)) if caller == Caller::Deployer => return None,
        _ => Ternary::Unknown,
    };
    let why = match other {
        Some(other) => format!("`{other}` sets the policy of key `{name}`, which is not modeled"),
        None if certain.is_yes() => format!("the policy of key `{name}` does not allow {who}"),
        None => format!("the policy of key `{name}` can fail to allow {who}"),
    };
    let actions: Vec<String> = actions.iter().map(|it| format!("`{it}`")).collect();
    let fix = format!("allow {} to {who} in the key policy", actions.join(" and "));
    Some((exists.and(certain), why, fix))
}

/// Returns why no service can encrypt with a key, whoever calls.
fn state(node: &Node) -> Option<(Ternary, &'static str, &'static str)> {
    let text = |cfn, tf| match node.property(cfn, tf)? {
        RawValue::Bool(value) => Some(value.to_string()),
        RawValue::Str(text) if text.is_empty() => None,
        RawValue::Str(text) => Some(text.into_owned()),
        _ => Some(String::new()),
    };
    let rules = [
        (
            text("Enabled", "is_enabled"),
            "true",
            "is disabled",
            "enable the key",
        ),
        (
            text("KeySpec", "customer_master_key_spec"),
            "SYMMETRIC_DEFAULT",
            "is not symmetric",
            "use a symmetric key",
        ),
        (
            text("KeyUsage", "key_usage"),
            "ENCRYPT_DECRYPT",
            "does not encrypt",
            "use a symmetric key that encrypts",
        ),
        (
            text("Origin", ""),
            "AWS_KMS",
            "has no key material before you import it",
            "use a key with material of AWS KMS",
        ),
    ];
    rules.into_iter().find_map(|(value, valid, why, fix)| {
        let value = value.filter(|it| !it.eq_ignore_ascii_case(valid))?;
        let certain = match value.as_str() {
            "" | "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE" => Ternary::Unknown,
            _ => Ternary::Yes,
        };
        Some((certain, why, fix))
    })
}

/// Returns the name of a resource without a table that sets the policy or grants of a key.
fn other_policy(index: &GraphIndex<'_>, key: NodeId) -> Option<String> {
    let types = ["aws_kms_grant", "aws_kms_key_policy"];
    let found = index.graph.nodes().find(|(_, node)| {
        let of = node.resource.type_name(node.dialect()).unwrap_or_default();
        types.contains(&of) && !node.is_absent() && node.references().contains(&key)
    });
    found.map(|(_, node)| node.display_id().to_owned())
}

/// A log group or trail whose key the service cannot use.
pub(super) fn of_logs(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut add =
        |by: (&str, &str), id: NodeId, node: &Node, link: Option<&Link<KmsKey>>, of: (_, _)| {
            let Some(link) = link.filter(|_| !node.is_lookup()) else {
                return;
            };
            let key = expr_of(link, |id| Text::Owned(id.as_str().to_owned()));
            let (caller, actions) = of;
            let Some(at) = key_node(index, &key) else {
                return;
            };
            let Some((certain, why, fix)) = unusable(index, (at, &key), caller, actions) else {
                return;
            };
            let verb = if certain.is_yes() {
                "refuses"
            } else {
                "can refuse"
            };
            let reason = format!("{} {verb} `{}` (`{}`): {why}", by.0, index.name(id), by.1);
            let certain = is_in_stack(node).and(certain);
            let refusal = Refusal::new(Hop::Agent, (id, "kms_key"), certain, reason);
            found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
        };
    for (id, node, it) in index.all::<LogGroup>() {
        let by = ("CloudWatch Logs", "InvalidParameterException");
        let caller = Caller::Service("logs", id);
        add(by, id, node, it.kms_key.as_ref(), (caller, LOG_ACTIONS));
    }
    for (id, node, it) in index.all::<Trail>() {
        let by = ("CloudTrail", "InsufficientEncryptionPolicyException");
        let caller = Caller::Service("cloudtrail", id);
        add(by, id, node, it.kms_key.as_ref(), (caller, TRAIL_ACTIONS));
    }
    found
}

/// A key policy that lets nobody change it.
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html>
pub(super) fn locked(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, node, it): (NodeId, &Node, &KmsKey)| {
        let policy = it.key_policy.as_ref().filter(|_| !node.is_lookup())?;
        let bypass = node.property(
            "BypassPolicyLockoutSafetyCheck",
            "bypass_policy_lockout_safety_check",
        );
        let is_checked = match bypass {
            None => true,
            Some(RawValue::Bool(bypass)) => !bypass,
            Some(RawValue::Str(bypass)) => bypass.eq_ignore_ascii_case("false"),
            Some(_) => false,
        };
        let key = id.at(KmsKey::LINK);
        let on = CallContext {
            resource: Some(&key),
            ..CallContext::of(Caller::Deployer)
        };
        let allowed = judge_document(index, policy, "kms:PutKeyPolicy", &on).holds;
        if !is_checked || !allowed.is_no() {
            return None;
        }
        let reason = format!(
            "AWS KMS refuses `{}` (`MalformedPolicyDocumentException`): nobody can change its policy",
            index.name(id)
        );
        let refusal = Refusal::new(Hop::Agent, (id, "key_policy"), is_in_stack(node), reason)?;
        let fix = "allow `kms:*` to the root of the account in the key policy";
        Some(refusal.fix(Fix::manual(fix)))
    };
    index.all::<KmsKey>().filter_map(one).collect()
}
