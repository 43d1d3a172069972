//! Endpoint policy: allows the calls of the agent.

use super::super::HopResult;
use super::super::graph_index::{GraphIndex, Resolved};
use super::super::iam::{CallContext, Caller, judge_document};
use super::super::path::Candidate;
use super::super::ternary::Ternary;
use super::{
    Check, Connection, DiagramBox, Entry, Hop, PolicyOf, SequenceStep, fixes, instance_node,
    policy_of,
};
use crate::ir::{Expr, Link, NodeId};
use crate::resource::{VpcEndpoint, VpcEndpointPolicy};
use crate::session_manager::{
    CHANNEL_ACTIONS, LOG_GROUP_ACTION, REGISTER_ACTION, SESSION_KEY_ACTION,
};

const HOP: Hop = Hop::EndpointPolicy;

pub(super) const ENTRY: Entry = Entry {
    code: "endpoint-policy",
    reason: "an endpoint denies the calls that its policy does not allow",
    page: "\
**Checks** that the endpoint policy, if any, allows the calls of the agent to the role. The endpoint
denies everything that its policy does not allow.

**Fix:** allow the actions in the endpoint policy, or remove the policy.
",
    expected: "Each policy allows the role the actions of `role-permissions`.",
    commands: &[
        "aws ec2 describe-vpc-endpoints --filters \"Name=vpc-id,Values=$VPC\" \
         --query 'VpcEndpoints[].[ServiceName,PolicyDocument]' --output text",
    ],
    boxes: &[DiagramBox::Endpoint],
    steps: &[SequenceStep::Connect],
    check: Check::Connection(check),
};

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    let endpoints = connection.endpoints().into_iter();
    endpoints
        .filter_map(|endpoint| check_endpoint(connection, endpoint))
        .collect()
}

fn check_endpoint<'g>(
    connection: &Connection<'_, 'g>,
    candidate: &Candidate<'g>,
) -> Option<HopResult> {
    let actions: &[&str] = match connection.service {
        "ssm" => &[REGISTER_ACTION],
        "ssmmessages" => &CHANNEL_ACTIONS,
        "kms" => &[SESSION_KEY_ACTION],
        "logs" => &[LOG_GROUP_ACTION],
        "cloudformation" => &["cloudformation:SignalResource"],
        _ => &[],
    };
    let name = connection.index.name(candidate.id);
    let unclear = connection
        .index
        .all::<VpcEndpointPolicy>()
        .find(|(id, _, it)| {
            let applies = may_be_for(connection.index, &it.endpoint, candidate.id);
            applies.and(connection.index.exists(*id)) == Ternary::Unknown
        });
    if let Some((id, ..)) = unclear {
        let what = connection.index.name(id);
        let detail = format!("the file does not show whether `{what}` is the policy of `{name}`");
        return Some(HopResult::unknown(HOP, detail).at(id, "policy"));
    }
    let unknown = || HopResult::unknown(HOP, format!("the policy of `{name}` is unknown"));
    let (policy, at) = match policy_of(connection.index, candidate) {
        PolicyOf::Document(policy, at) => (policy, at),
        PolicyOf::Unknown(at) => return Some(unknown().at(at, "endpoint")),
        PolicyOf::Default => {
            let unmodeled = connection
                .index
                .graph
                .node(candidate.id)
                .is_some_and(|node| node.is_unmodeled("policy"));
            let result = if unmodeled {
                unknown()
            } else {
                HopResult::pass(
                    HOP,
                    format!("`{name}` has the default policy, which allows everything"),
                )
            };
            return Some(result.at(candidate.id, "policy"));
        }
    };
    let on = CallContext {
        instance: instance_node(connection.index, connection.instance),
        network: connection.network_path_through(Some(candidate.id)),
        ..CallContext::of(connection.role.map_or(Caller::Unknown, Caller::Role))
    };
    let decided = actions.iter().map(|action| {
        let judged = judge_document(connection.index, policy, action, &on);
        (judged, *action)
    });
    let (judged, action) = decided.min_by_key(|(judged, _)| judged.holds)?;
    let result = match judged.holds {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("the policy of `{name}` allows the calls of the agent"),
        ),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!(
                "whether the policy of `{name}` allows `{action}` depends on {}",
                judged.cause
            ),
        ),
        Ternary::No => {
            let result = HopResult::fail(
                HOP,
                format!("the policy of `{name}` does not allow `{action}`"),
            );
            let new = fixes::in_policy(connection.index, policy, actions, &on);
            match fixes::document(at, "policy", &new) {
                Some(fix) => result.fix(fix),
                None => result,
            }
        }
    };
    Some(result.at(at, "policy"))
}

/// Returns whether a policy of Terraform is for an endpoint. An endpoint outside the file has a
/// literal ID.
fn may_be_for(index: &GraphIndex<'_>, link: &Link<VpcEndpoint>, endpoint: NodeId) -> Ternary {
    let all = index.resolve(link);
    let one = |to: &Resolved<'_, VpcEndpoint>| match to {
        Resolved::Node(id, _) => (*id == endpoint).into(),
        Resolved::Outside(Expr::Text(_)) | Resolved::OtherType(_) => Ternary::No,
        Resolved::Outside(_) => Ternary::Unknown,
    };
    Ternary::unanimous(all.iter().map(one))
}
