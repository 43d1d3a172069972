//! Permissions of the instance role: the actions of the agent.

use super::super::HopResult;
use super::super::fix::Fix;
use super::super::graph_index::GraphIndex;
use super::super::iam::{CallContext, Caller, Decision};
use super::super::instance::InstanceConfig;
use super::super::ternary::Ternary;
use super::instance_profile::InstanceRole;
use super::{
    Check, Context, DiagramBox, Entry, Hop, SequenceStep, fixes, instance_node, on_each_path,
};
use crate::ir::{Expr, NodeId};
use crate::session_manager::{CHANNEL_ACTIONS, REGISTER_ACTION};

const HOP: Hop = Hop::RolePermissions;

pub(super) const ENTRY: Entry = Entry {
    code: "role-permissions",
    reason: "the agent registers with `ssm` and opens its channels with `ssmmessages`",
    page: "\
**Checks** that the role allows `ssm:UpdateInstanceInformation` and, of `ssmmessages`,
`CreateControlChannel`, `CreateDataChannel`, `OpenControlChannel` and `OpenDataChannel`. The check
evaluates all inline, attached and standalone policies: wildcards, `NotAction`, resources, denials,
conditions, and the permissions boundary. AWS managed policies are built in.

The values of condition keys follow the path of the agent: an endpoint sends `aws:SourceVpc`,
`aws:SourceVpce` and `aws:VpcSourceIp`, and a NAT gateway `aws:SourceIp`.

**Unknown** if a policy or the boundary is outside the file, or if a condition key has an unknown
value, such as `aws:PrincipalOrgID`.

**Fix:** attach `AmazonSSMManagedInstanceCore`.

<https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html>
",
    expected: "Every action is `allowed`. The simulation ignores service control policies.",
    commands: &[
        "aws iam list-attached-role-policies --role-name \"$ROLE\"",
        "aws iam list-role-policies --role-name \"$ROLE\"",
        "aws iam simulate-principal-policy --policy-source-arn \"$ROLE_ARN\" \
         --action-names {actions} \
         --query 'EvaluationResults[].[EvalActionName,EvalDecision]' --output table",
    ],
    boxes: &[DiagramBox::Role],
    steps: &[SequenceStep::Connect],
    check: Check::Instance(check),
};

fn check(context: &Context<'_, '_>) -> Vec<HopResult> {
    match &context.role {
        InstanceRole::Node(role) | InstanceRole::Managed(role) => {
            vec![check_role(context.index, context.instance, *role)]
        }
        InstanceRole::Outside(what) => vec![HopResult::unknown(
            HOP,
            format!("the permissions of {what} are not in the file"),
        )],
        InstanceRole::None => Vec::new(),
    }
}

/// Evaluates an action of the role. If the result depends on the network, evaluates it on the path of each
/// placement.
pub(super) fn decide<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    role: NodeId,
    (action, resource): (&str, Option<&Expr>),
) -> Decision {
    let permissions = index.role_permissions(role);
    let from = |network| {
        let on = CallContext {
            resource,
            instance: instance_node(index, instance),
            network,
            ..CallContext::of(Caller::Holder(Some(role)))
        };
        permissions.allows(index, action, &on)
    };
    on_each_path(
        index,
        instance,
        (action, Some(role)),
        from,
        |decision: &Decision| decision.allowed,
    )
}

fn check_role<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    role: NodeId,
) -> HopResult {
    let permissions = index.role_permissions(role);
    let name = index.name(role);
    if let Some((policy, reason)) = permissions.rejected() {
        let result = HopResult::fail(HOP, format!("IAM rejects `{}`: {reason}", policy.name)).fix(
            fixes::correct(index, role)
                .unwrap_or_else(|| Fix::manual(format!("correct the policy: {reason}"))),
        );
        let at = policy.at.unwrap_or((role, "managed_policies"));
        return result.at(at.0, at.1);
    }
    let decisions = std::iter::once(REGISTER_ACTION)
        .chain(CHANNEL_ACTIONS)
        .map(|action| decide(index, instance, role, (action, None)));
    // `Iterator::min_by_key` keeps the first of equals.
    let Some(worst) = decisions.min_by_key(|decision| decision.allowed) else {
        return HopResult::unknown(HOP, "the agent requires no action");
    };
    let at = worst.at.unwrap_or((role, "managed_policies"));
    let result = match worst.allowed {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("`{name}` allows the agent to register and open channels"),
        ),
        Ternary::Unknown => HopResult::unknown(HOP, format!("`{name}`: {}", worst.detail)),
        Ternary::No if permissions.is_empty() => {
            HopResult::fail(HOP, format!("`{name}` has no policy")).fix(fixes::attach(index, role))
        }
        Ternary::No if worst.is_denied => {
            let fix = fixes::in_documents(index, role, &[]).unwrap_or_else(|| {
                Fix::manual(format!(
                    "exclude `{REGISTER_ACTION}` and the channel actions of `ssmmessages` from the denial, \
                     or add them to the permissions boundary"
                ))
            });
            HopResult::fail(HOP, format!("`{name}`: {}", worst.detail)).fix(fix)
        }
        Ternary::No => HopResult::fail(HOP, format!("`{name}`: {}", worst.detail))
            .fix(fixes::attach(index, role)),
    };
    result.at(at.0, at.1)
}
