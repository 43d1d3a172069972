//! The endpoint's policy lets the agent's calls through.

use super::super::fix::Fix;
use super::super::iam::{CHANNELS, CallContext, Caller, REGISTER, document_allows};
use super::super::path::Candidate;
use super::super::ternary::Ternary;
use super::super::{Hop, HopResult};
use super::{Connection, policy_of, worst};

const HOP: Hop = Hop::EndpointPolicy;

pub(super) fn check<'g>(
    connection: &Connection<'_, 'g>,
    candidate: &Candidate<'g>,
) -> Option<HopResult> {
    let actions: &[&str] = match connection.service {
        "ssm" => &[REGISTER],
        "ssmmessages" => &CHANNELS,
        "kms" => &["kms:Decrypt"],
        "logs" => &["logs:DescribeLogGroups"],
        _ => &[],
    };
    let name = connection.index.name(candidate.id);
    let Some((policy, at)) = policy_of(connection.index, candidate) else {
        let unmodeled = connection
            .index
            .graph
            .node(candidate.id)
            .is_some_and(|node| node.is_unmodeled("policy"));
        let result = if unmodeled {
            HopResult::unknown(HOP, format!("the policy of `{name}` is not decided"))
        } else {
            HopResult::pass(HOP, format!("`{name}` has the default policy: everything"))
        };
        return Some(result.at(candidate.id, "policy"));
    };
    let decided = actions.iter().map(|action| {
        let on = CallContext {
            caller: connection.role.map_or(Caller::Unknown, Caller::Role),
            resource: None,
        };
        let allowed = document_allows(connection.index, policy, action, &on);
        (allowed, (*action).to_owned())
    });
    let (allowed, action) = worst(decided)?;
    let result = match allowed {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("the policy of `{name}` allows the agent's calls"),
        ),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!("whether the policy of `{name}` allows `{action}` is not decided"),
        ),
        Ternary::No => HopResult::fail(
            HOP,
            format!("the policy of `{name}` does not allow `{action}`"),
        )
        .fix(Fix::manual(format!(
            "allow {} on `*` in the policy of `{name}`, or remove the policy",
            actions
                .iter()
                .map(|action| format!("`{action}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ))),
    };
    Some(result.at(at, "policy"))
}
