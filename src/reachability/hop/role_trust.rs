//! Trust policy of the role: trusts EC2, or Systems Manager if Default Host Management provides the role.

use super::super::HopResult;
use super::super::graph_index::GraphIndex;
use super::super::iam::{Caller, rejection, trusts};
use super::super::ternary::Ternary;
use super::instance_profile::InstanceRole;
use super::{Check, Context, DiagramBox, Entry, Hop, SequenceStep, fixes};
use crate::ir::NodeId;
use crate::resource::Resource;

const HOP: Hop = Hop::RoleTrust;

pub(super) const ENTRY: Entry = Entry {
    code: "role-trust",
    reason: "a service provides the credentials of a role only if the role trusts the service",
    page: "\
**Checks** that the trust policy of the role allows `ec2.amazonaws.com` to assume it. The name
`ec2.amazonaws.com.cn` also passes. EC2 sends no `sts:ExternalId`, so that a policy which requires
one fails. The role of Default Host Management trusts `ssm.amazonaws.com` instead.

**Fix:** allow `sts:AssumeRole` to the service in the trust policy.
",
    expected: "The policy allows `sts:AssumeRole` to `ec2.amazonaws.com`.",
    commands: &["aws iam get-role --role-name \"$ROLE\" --query Role.AssumeRolePolicyDocument"],
    boxes: &[DiagramBox::Role],
    steps: &[SequenceStep::Credentials],
    check: Check::Instance(check),
};

fn check(context: &Context<'_, '_>) -> Vec<HopResult> {
    match &context.role {
        InstanceRole::Node(role) => vec![check_role(context.index, *role, Caller::Ec2)],
        InstanceRole::Managed(role) => {
            vec![check_role(
                context.index,
                *role,
                Caller::Service("ssm", *role),
            )]
        }
        InstanceRole::Outside(what) => vec![HopResult::unknown(
            HOP,
            format!("the trust policy of {what} is not in the file"),
        )],
        InstanceRole::None => Vec::new(),
    }
}

/// `by`: the service that assumes the role.
fn check_role(index: &GraphIndex<'_>, role: NodeId, by: Caller) -> HopResult {
    let Some(Resource::Role(it)) = index.graph.node(role).map(|node| &node.resource) else {
        return HopResult::unknown(HOP, "the role is not in the file");
    };
    let name = index.name(role);
    let (title, principal) = match by {
        Caller::Ec2 => ("EC2", "ec2.amazonaws.com"),
        _ => ("Systems Manager", "ssm.amazonaws.com"),
    };
    let with_fix = |result: HopResult| {
        let policy = fixes::trust_policy(principal);
        match fixes::document(role, "assume_role_policy", &policy) {
            Some(fix) => result.fix(fix),
            None => result,
        }
    };
    let result = match rejection::of_trust_policy(&it.assume_role_policy) {
        Some(reason) => with_fix(HopResult::fail(
            HOP,
            format!("IAM rejects `{name}`: {reason}"),
        )),
        None => {
            let trust = trusts(index, &it.assume_role_policy, by);
            match trust.holds {
                Ternary::Yes => HopResult::pass(HOP, format!("`{name}` trusts {title}")),
                Ternary::Unknown => HopResult::unknown(
                    HOP,
                    format!("whether `{name}` trusts {title} depends on {}", trust.cause),
                ),
                Ternary::No => with_fix(HopResult::fail(
                    HOP,
                    format!("`{name}` does not trust `{principal}`"),
                )),
            }
        }
    };
    result.at(role, "assume_role_policy")
}
