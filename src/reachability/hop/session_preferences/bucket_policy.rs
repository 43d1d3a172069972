//! The policy of the bucket of session logs.

use super::{HOP, logs};
use crate::ir::{Expr, NodeId};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::hop::{instance_node, on_each_path};
use crate::reachability::iam::{CallContext, Caller, Judgment, judge_effect};
use crate::reachability::instance::InstanceConfig;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, HopResult};
use crate::resource::{BucketPolicy, Effect};
use crate::session_manager::BUCKET_ACTION;

/// Returns the policies of the bucket that the preferences name.
pub(super) fn of<'g>(
    index: &GraphIndex<'g>,
    bucket: Option<&Expr>,
) -> Vec<(NodeId, &'g BucketPolicy)> {
    let node = logs::bucket_node(index, bucket);
    let is_ours = |it: &BucketPolicy| match (index.resolve_one(&it.bucket), bucket) {
        (Resolved::Node(id, _), _) => Some(id) == node,
        (Resolved::Outside(name), Some(bucket)) => {
            let by_name = |id: NodeId| logs::bucket_node(index, Some(&name)) == Some(id);
            name == *bucket || node.is_some_and(by_name)
        }
        _ => false,
    };
    let all = index.all::<BucketPolicy>();
    all.filter(|(_, _, it)| is_ours(it))
        .map(|(id, _, it)| (id, it))
        .collect()
}

/// The policies of the bucket, for a call of the agent.
pub(super) struct BucketPolicies<'a, 'g> {
    pub(super) index: &'a GraphIndex<'g>,
    pub(super) instance: &'a InstanceConfig<'g>,
    pub(super) role: Option<NodeId>,
    pub(super) bucket: Option<&'a Expr>,
    pub(super) policies: Vec<(NodeId, &'g BucketPolicy)>,
}

impl BucketPolicies<'_, '_> {
    /// Evaluates the statements with an effect on the worst path.
    fn judge(&self, policy: &BucketPolicy, effect: Effect) -> Judgment {
        let from = |network| {
            let on = CallContext {
                resource: self.bucket,
                instance: instance_node(self.index, self.instance),
                network,
                ..CallContext::of(self.role.map_or(Caller::Unknown, Caller::Role))
            };
            judge_effect(
                self.index,
                &policy.policy_document,
                effect,
                BUCKET_ACTION,
                &on,
            )
        };
        let call = (BUCKET_ACTION, self.role);
        on_each_path(self.index, self.instance, call, from, |it| match effect {
            Effect::Deny => !it.holds,
            Effect::Allow => it.holds,
        })
    }

    /// Returns the result of a policy that denies the call, or can deny it.
    pub(super) fn denial(&self) -> Option<HopResult> {
        self.policies.iter().find_map(|(id, policy)| {
            let denied = self.judge(policy, Effect::Deny);
            let name = self.index.name(*id);
            match denied.holds.and(self.index.exists(*id)) {
                Ternary::No => None,
                Ternary::Yes => {
                    let detail = format!("bucket policy `{name}` denies `{BUCKET_ACTION}`");
                    let fix = "exclude the instance role from the denial in the bucket policy";
                    Some(HopResult::fail(HOP, detail).fix(Fix::manual(fix)))
                }
                Ternary::Unknown => {
                    let cause = match denied.cause.as_str() {
                        "" => "values that the file does not show",
                        cause => cause,
                    };
                    Some(HopResult::unknown(
                        HOP,
                        format!("whether bucket policy `{name}` denies `{BUCKET_ACTION}` depends on {cause}"),
                    ))
                }
            }
        })
    }

    /// Returns the policy that allows the call, which then needs no other policy.
    pub(super) fn allowance(&self) -> Option<String> {
        let allows = |(id, policy): &&(NodeId, &BucketPolicy)| {
            let allowed = self.judge(policy, Effect::Allow);
            allowed.holds.and(self.index.exists(*id)).is_yes()
        };
        let (id, _) = self.policies.iter().find(allows)?;
        let name = self.index.name(*id);
        Some(format!("bucket policy `{name}` allows `{BUCKET_ACTION}`"))
    }
}
