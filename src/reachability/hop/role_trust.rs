//! Trust policy of the instance role: trusts EC2.

use super::super::HopResult;
use super::super::graph_index::GraphIndex;
use super::super::iam::{rejection, trusts_ec2};
use super::super::ternary::Ternary;
use super::instance_profile::InstanceRole;
use super::{Check, Context, DiagramBox, Entry, Hop, SequenceStep, fixes};
use crate::ir::NodeId;
use crate::resource::Resource;

const HOP: Hop = Hop::RoleTrust;

pub(super) const ENTRY: Entry = Entry {
    code: "role-trust",
    reason: "EC2 provides the credentials of a role only if the role trusts EC2",
    page: "\
**Checks** that the trust policy of the role allows `ec2.amazonaws.com` to assume it. The name
`ec2.amazonaws.com.cn` also passes. EC2 sends no `sts:ExternalId`, so that a policy which requires
one fails.

**Fix:** allow `sts:AssumeRole` to `ec2.amazonaws.com` in the trust policy.
",
    expected: "The policy allows `sts:AssumeRole` to `ec2.amazonaws.com`.",
    commands: &["aws iam get-role --role-name \"$ROLE\" --query Role.AssumeRolePolicyDocument"],
    boxes: &[DiagramBox::Role],
    steps: &[SequenceStep::Credentials],
    check: Check::Instance(check),
};

fn check(context: &Context<'_, '_>) -> Vec<HopResult> {
    match &context.role {
        InstanceRole::Node(role) => vec![check_role(context.index, *role)],
        InstanceRole::Outside(what) => vec![HopResult::unknown(
            HOP,
            format!("the trust policy of {what} is not in the file"),
        )],
        InstanceRole::None => Vec::new(),
    }
}

fn check_role(index: &GraphIndex<'_>, role: NodeId) -> HopResult {
    let Some(Resource::Role(it)) = index.graph.node(role).map(|node| &node.resource) else {
        return HopResult::unknown(HOP, "the role is not in the file");
    };
    let name = index.name(role);
    if let Some(reason) = rejection::of_trust_policy(&it.assume_role_policy) {
        let result = HopResult::fail(HOP, format!("IAM rejects `{name}`: {reason}"));
        return with_fix(result, role).at(role, "assume_role_policy");
    }
    let trust = trusts_ec2(index, &it.assume_role_policy);
    let result = match trust.holds {
        Ternary::Yes => HopResult::pass(HOP, format!("`{name}` trusts EC2")),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!("whether `{name}` trusts EC2 depends on {}", trust.cause),
        ),
        Ternary::No => {
            let result =
                HopResult::fail(HOP, format!("`{name}` does not trust `ec2.amazonaws.com`"));
            with_fix(result, role)
        }
    };
    result.at(role, "assume_role_policy")
}

fn with_fix(result: HopResult, role: NodeId) -> HopResult {
    match fixes::document(role, "assume_role_policy", &fixes::trust_policy()) {
        Some(fix) => result.fix(fix),
        None => result,
    }
}
