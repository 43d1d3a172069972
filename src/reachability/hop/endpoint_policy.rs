//! The endpoint's policy lets the agent's calls through.

use super::super::fix::Change;
use super::super::iam::{CHANNELS, Caller, REGISTER, Target, document_allows};
use super::super::path::Candidate;
use super::super::tri::Tri;
use super::super::{Finding, Hop};
use super::{Dial, policy_of, worst};

const HOP: Hop = Hop::EndpointPolicy;

pub(super) fn check<'g>(dial: &Dial<'_, 'g>, candidate: &Candidate<'g>) -> Option<Finding> {
    let actions: &[&str] = match dial.service {
        "ssm" => &[REGISTER],
        "ssmmessages" => &CHANNELS,
        "kms" => &["kms:Decrypt"],
        "logs" => &["logs:DescribeLogGroups"],
        _ => &[],
    };
    let name = dial.view.name(candidate.id);
    let Some((policy, at)) = policy_of(dial.view, candidate) else {
        let unread = dial
            .view
            .graph
            .node(candidate.id)
            .is_some_and(|node| node.is_unread("policy"));
        let finding = if unread {
            Finding::unknown(HOP, format!("the policy of `{name}` is not decided"))
        } else {
            Finding::pass(HOP, format!("`{name}` has the default policy: everything"))
        };
        return Some(finding.at(candidate.id, "policy"));
    };
    let decided = actions.iter().map(|action| {
        let on = Target {
            caller: dial.role.map_or(Caller::Somebody, Caller::Role),
            resource: None,
        };
        let allowed = document_allows(dial.view, policy, action, &on);
        (allowed, (*action).to_owned())
    });
    let (allowed, action) = worst(decided)?;
    let finding = match allowed {
        Tri::Yes => Finding::pass(
            HOP,
            format!("the policy of `{name}` allows the agent's calls"),
        ),
        Tri::Maybe => Finding::unknown(
            HOP,
            format!("whether the policy of `{name}` allows `{action}` is not decided"),
        ),
        Tri::No => Finding::fail(
            HOP,
            format!("the policy of `{name}` does not allow `{action}`"),
        )
        .fix(Change::say(format!(
            "allow {} on `*` in the policy of `{name}`, or remove the policy",
            actions
                .iter()
                .map(|action| format!("`{action}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    };
    Some(finding.at(at, "policy"))
}
