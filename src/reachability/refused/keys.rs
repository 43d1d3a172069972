//! KMS keys that AWS refuses to use: of volumes, log groups and trails.

use super::fixes::is_settable;
use super::{Refusal, is_in_stack};
use crate::ir::{Dialect, Expr, Link, NodeId, Pseudo, Text};
use crate::reachability::fix::in_region;
use crate::reachability::graph_index::{GraphIndex, expr_of};
use crate::reachability::iam::{CallContext, Caller, judge_document, key_node};
use crate::reachability::instance::{self, InstanceConfig};
use crate::reachability::key_state;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::codec::Prop as _;
use crate::resource::{
    KmsKey, LogGroup, Node, PolicyDocument, Principal, RawValue, Resource, Statement, Trail,
    Typed as _, Volume,
};

/// The actions with which EC2 encrypts a volume.
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
const VOLUME_ACTIONS: &[&str] = &["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext"];
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html>
const LOG_ACTIONS: &[&str] = &["kms:GenerateDataKey", "kms:Decrypt"];
/// The actions of the policy that AWS documents for CloudWatch Logs.
const ALLOWED_LOGS: [&str; 5] = [
    "kms:Decrypt*",
    "kms:Describe*",
    "kms:Encrypt*",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
];
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
            found.extend(refusal.map(|it| it.fix(fix)));
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
) -> Option<(Ternary, String, Fix)> {
    let node = index.graph.node(id)?;
    if node.is_lookup() {
        return None;
    }
    let exists = is_in_stack(node);
    let name = index.name(id);
    if let Some(it) = key_state::unusable(index, id) {
        let fix = it
            .fix
            .unwrap_or_else(|| Fix::manual("use an enabled symmetric key"));
        return Some((
            exists.and(it.certain),
            format!("key `{name}` {}", it.reason),
            fix,
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
    let allow = || {
        Fix::manual(format!(
            "allow {} to {who} in the key policy",
            actions.join(" and ")
        ))
    };
    let for_service = match caller {
        Caller::Service("logs", _) => for_logs(index, id, KmsKey::of(&node.resource)?),
        _ => None,
    };
    Some((exists.and(certain), why, for_service.unwrap_or_else(allow)))
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

/// A log group, separate volume or trail whose key the service cannot use.
pub(super) fn of_resources(index: &GraphIndex<'_>) -> Vec<Refusal> {
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
            found.extend(refusal.map(|it| it.fix(fix)));
        };
    for (id, node, it) in index.all::<LogGroup>() {
        let by = ("CloudWatch Logs", "InvalidParameterException");
        let caller = Caller::Service("logs", id);
        add(by, id, node, it.kms_key.as_ref(), (caller, LOG_ACTIONS));
    }
    for (id, node, it) in index.all::<Volume>() {
        let by = ("EC2", "InvalidParameterValue");
        let caller = Caller::Deployer;
        add(by, id, node, it.kms_key.as_ref(), (caller, VOLUME_ACTIONS));
    }
    for (id, node, it) in index.all::<Trail>() {
        let by = ("CloudTrail", "InsufficientEncryptionPolicyException");
        let caller = Caller::Service("cloudtrail", id);
        add(by, id, node, it.kms_key.as_ref(), (caller, TRAIL_ACTIONS));
    }
    found
}

/// Returns a key policy that also allows CloudWatch Logs to use the key.
fn for_logs(index: &GraphIndex<'_>, id: NodeId, key: &KmsKey) -> Option<Fix> {
    if index.doubt(id).is_some() || !is_settable(index, id) {
        return None;
    }
    let value = |parts: Vec<Expr>| in_region(index.graph, index.region(), Expr::concat(parts));
    let mut policy = match &key.key_policy {
        Some(own) if own.opaque.is_some() => return None,
        Some(own) => own.clone(),
        // The account delegates to IAM, as in the default policy.
        None if index.graph.node(id)?.dialect() == Dialect::Cfn => {
            let account = value(vec![
                Expr::text("arn:"),
                Expr::Pseudo(Pseudo::Partition),
                Expr::text(":iam::"),
                Expr::Pseudo(Pseudo::AccountId),
                Expr::text(":root"),
            ]);
            let delegates = Statement::allow(["kms:*"]).on(["*"]);
            PolicyDocument::new([delegates.principal(Principal::Aws(account))])
        }
        None => return None,
    };
    let service = value(vec![
        Expr::text("logs."),
        Expr::Pseudo(Pseudo::Region),
        Expr::text("."),
        Expr::Pseudo(Pseudo::UrlSuffix),
    ]);
    let logs = Statement::allow(ALLOWED_LOGS).on(["*"]);
    policy
        .statements
        .push(logs.principal(Principal::Service(service)));
    Fix::set_owned(id, "key_policy", |dialect| policy.put(dialect))
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
