//! Volumes and log groups that AWS refuses to create with their KMS key.

use super::fixes::is_settable;
use super::{Refusal, is_in_stack};
use crate::ir::{Dialect, Expr, Link, NodeId, Pseudo, Text, Value};
use crate::reachability::fix::in_region;
use crate::reachability::graph_index::{GraphIndex, expr_of};
use crate::reachability::iam::key_node;
use crate::reachability::instance;
use crate::reachability::key_state;
use crate::reachability::{Fix, Hop};
use crate::resource::codec::Prop as _;
use crate::resource::{
    Ebs, Effect, Instance, KmsKey, LogGroup, Node, PolicyDocument, Principal, Resource, Statement,
    Volume,
};

/// A resource that encrypts with a key: its field, the key, and the service that creates it.
type Encrypted<'g> = (NodeId, &'static str, &'g Link<KmsKey>, &'static str);

fn key_of(index: &GraphIndex<'_>, link: &Link<KmsKey>) -> Option<NodeId> {
    key_node(
        index,
        &expr_of(link, |id| Text::Owned(id.as_str().to_owned())),
    )
}

/// A key that is disabled, or not a symmetric encryption key.
///
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>
pub(super) fn unusable(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, field, link, service): Encrypted<'_>| {
        let key = key_of(index, link)?;
        let unusable = key_state::unusable(index, key)?;
        let reason = format!(
            "{service} refuses `{}`: its key `{}` {}",
            index.name(id),
            index.name(key),
            unusable.reason
        );
        let certain = unusable.certain.and(is_in_stack(index.graph.node(id)?));
        let refusal = Refusal::new(Hop::Agent, (id, field), certain, reason)?;
        let fix = unusable.fix;
        Some(refusal.fix(fix.unwrap_or_else(|| Fix::manual("use an enabled symmetric key"))))
    };
    encrypted(index).into_iter().filter_map(one).collect()
}

/// What CloudWatch Logs does with a key.
const LOG_ACTIONS: [&str; 5] = [
    "kms:Decrypt*",
    "kms:Describe*",
    "kms:Encrypt*",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
];

/// A key whose policy does not allow CloudWatch Logs to use it. The default policy does not.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html>
pub(super) fn without_logs(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, _, it): (NodeId, &Node, &LogGroup)| {
        let key = key_of(index, it.kms_key.as_ref()?)?;
        let Resource::KmsKey(of) = &index.graph.node(key)?.resource else {
            return None;
        };
        let statements = of.key_policy.iter().flat_map(|it| &it.statements);
        let mut allowed = statements.filter(|it| it.effect == Effect::Allow);
        if allowed.any(|it| can_be_logs(index, it)) {
            return None;
        }
        let reason = format!(
            "CloudWatch Logs refuses `{}`: the policy of key `{}` does not allow its service",
            index.name(id),
            index.name(key)
        );
        let certain = index.exists(key).and(is_in_stack(index.graph.node(id)?));
        let refusal = Refusal::new(Hop::Agent, (id, "kms_key"), certain, reason)?;
        let fix = for_logs(index, key, of);
        Some(refusal.fix(fix.unwrap_or_else(|| {
            Fix::manual("allow the key to `logs.REGION.amazonaws.com` in the key policy")
        })))
    };
    index.all::<LogGroup>().filter_map(one).collect()
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
    let logs = Statement::allow(LOG_ACTIONS).on(["*"]);
    policy
        .statements
        .push(logs.principal(Principal::Service(service)));
    Fix::set_owned(id, "key_policy", |dialect| policy.put(dialect))
}

/// Returns whether the principal of a statement can be CloudWatch Logs.
fn can_be_logs(index: &GraphIndex<'_>, statement: &Statement) -> bool {
    let names_logs = |who: &Value<Text>| {
        let texts = index.texts(who);
        texts
            .iter()
            .any(|it| !it.is_complete || it.text.contains("logs"))
    };
    let is_any = |who: &Value<Text>| who.lit().is_some_and(|it| it == "*");
    let named = match &statement.principal {
        None | Some(Principal::Any) => true,
        Some(Principal::Service(who)) => names_logs(who),
        Some(Principal::Aws(who)) => is_any(who),
        Some(Principal::Several(kinds)) => kinds.iter().any(|(kind, who)| match kind.as_ref() {
            "Service" => who.iter().any(names_logs),
            _ => who.iter().any(is_any),
        }),
    };
    named || statement.not.principal
}

fn encrypted<'g>(index: &GraphIndex<'g>) -> Vec<Encrypted<'g>> {
    let mut found = Vec::new();
    for (id, _, it) in index.all::<LogGroup>() {
        let key = it.kms_key.as_ref();
        found.extend(key.map(|key| (id, "kms_key", key, "CloudWatch Logs")));
    }
    for (id, _, it) in index.all::<Volume>() {
        let key = it.kms_key.as_ref();
        found.extend(key.map(|key| (id, "kms_key", key, "EC2")));
    }
    let of_volume = |id, field, volume: &'g Ebs| Some((id, field, volume.kms_key.as_ref()?, "EC2"));
    for (id, _, it) in index.all::<Instance>() {
        let root = it.root_volume.iter();
        found.extend(root.filter_map(|it| of_volume(id, "root_volume", &it.ebs)));
    }
    // Only an instance that uses the template is refused.
    for config in instance::all(index) {
        for id in config.sources {
            let node = index.graph.node(id);
            if let Some(Resource::LaunchTemplate(it)) = node.map(|node| &node.resource) {
                let volumes = it.block_devices.iter();
                found.extend(volumes.filter_map(|it| of_volume(id, "block_devices", &it.ebs)));
            }
        }
    }
    found
}
