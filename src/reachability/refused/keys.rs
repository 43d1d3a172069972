//! Volumes and log groups that AWS refuses to create with their KMS key.

use super::{Refusal, is_in_stack};
use crate::ir::{Link, NodeId, Text, Value};
use crate::reachability::graph_index::{GraphIndex, expr_of};
use crate::reachability::iam::key_node;
use crate::reachability::instance;
use crate::reachability::key_state;
use crate::reachability::{Fix, Hop};
use crate::resource::{
    Ebs, Effect, Instance, KmsKey, LogGroup, Node, Principal, Resource, Statement, Volume,
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
        let fix = "allow `kms:Encrypt*`, `kms:Decrypt*`, `kms:ReEncrypt*`, `kms:GenerateDataKey*` and \
                   `kms:Describe*` to `logs.REGION.amazonaws.com` in the key policy";
        Some(refusal.fix(Fix::manual(fix)))
    };
    index.all::<LogGroup>().filter_map(one).collect()
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
