//! The key that encrypts sessions.

use super::HOP;
use crate::ir::{Expr, NodeId, Text, Value};
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::hop::{fixes, instance_node, on_each_path};
use crate::reachability::iam::{CallContext, Caller, judge_document, key_node};
use crate::reachability::instance::InstanceConfig;
use crate::reachability::key_state;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, HopResult, HopStatus};
use crate::resource::{Effect, Principal, Resource};
use crate::session_manager::SESSION_KEY_ACTION;

/// Returns whether the key policy allows the role itself to decrypt, which then needs no other
/// policy.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html>
pub(super) fn named_by(index: &GraphIndex<'_>, role: Option<NodeId>, key: Option<&Expr>) -> bool {
    let named = || {
        let (role, key) = (role?, key?);
        let Resource::KmsKey(it) = &index.graph.node(key_node(index, key)?)?.resource else {
            return None;
        };
        let names_role =
            |who: &Value<Text>| matches!(who, Value::Expr(Expr::Attr(id, _)) if *id == role);
        let mut policy = it.key_policy.clone()?;
        policy.statements.retain(|statement| {
            let names_role = match &statement.principal {
                Some(Principal::Aws(who)) => names_role(who),
                Some(Principal::Several(kinds)) => {
                    kinds.iter().any(|(_, who)| who.iter().any(names_role))
                }
                _ => false,
            };
            statement.effect == Effect::Deny || (names_role && !statement.not.principal)
        });
        let on = |caller| CallContext {
            resource: Some(key),
            ..CallContext::of(caller)
        };
        let by_key = judge_document(index, &policy, SESSION_KEY_ACTION, &on(Caller::Role(role)));
        let permissions = index.role_permissions(role);
        let own = permissions.allows(index, SESSION_KEY_ACTION, &on(Caller::Holder(Some(role))));
        let free = own.allowed.is_no() && !own.is_denied && permissions.boundary.is_none();
        Some(by_key.holds.is_yes() && free)
    };
    named().unwrap_or(false)
}

/// Checks that the key policy allows the role to decrypt, or delegates to IAM.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html>
pub(super) fn policy<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    role: Option<NodeId>,
    key: Option<&Expr>,
) -> HopResult {
    let named = key.and_then(|key| key_node(index, key));
    let resource = named.and_then(|id| Some((id, &index.graph.node(id)?.resource)));
    let Some((id, Resource::KmsKey(it))) = resource else {
        return HopResult::unknown(HOP, "the policy of the session key is not in the file");
    };
    let Some(policy) = &it.key_policy else {
        return HopResult::pass(HOP, "the key policy delegates to IAM");
    };
    let from = |network| {
        let on = CallContext {
            resource: key,
            instance: instance_node(index, instance),
            network,
            ..CallContext::of(role.map_or(Caller::Unknown, Caller::Role))
        };
        judge_document(index, policy, SESSION_KEY_ACTION, &on)
    };
    let name = index.name(id);
    let call = (SESSION_KEY_ACTION, role);
    let judged = on_each_path(index, instance, call, from, |judged| judged.holds);
    match judged.holds {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("the policy of key `{name}` allows the role to decrypt"),
        ),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!(
                "whether the policy of key `{name}` allows the role to decrypt depends on {}",
                judged.cause
            ),
        ),
        Ternary::No => HopResult::fail(
            HOP,
            format!("the policy of key `{name}` does not allow the role to decrypt"),
        )
        .fix(
            role.and_then(|role| {
                let on = CallContext {
                    resource: key,
                    ..CallContext::of(Caller::Role(role))
                };
                fixes::in_key_policy(index, id, role, SESSION_KEY_ACTION, &on)
            })
            .unwrap_or_else(|| {
                Fix::manual(
                    "allow `kms:*` to the root of the account in the key policy, or `kms:Decrypt` to \
                     the role",
                )
            }),
        ),
    }
}

/// Checks that the key is enabled and symmetric.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-enable-encryption.html>
pub(super) fn state(index: &GraphIndex<'_>, key: Option<&Expr>) -> Option<HopResult> {
    let id = key_node(index, key?)?;
    let unusable = key_state::unusable(index, id)?;
    let status = match unusable.certain {
        Ternary::Yes => HopStatus::Fail,
        _ => HopStatus::Unknown,
    };
    let detail = format!("session key `{}` {}", index.name(id), unusable.reason);
    let result = HopResult::new(HOP, status, detail);
    Some(match unusable.fix {
        Some(fix) => result.fix(fix),
        None => result,
    })
}
