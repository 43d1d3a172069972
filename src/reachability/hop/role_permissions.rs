//! The role may do what the agent does.

use super::super::fix::Fix;
use super::super::graph_index::GraphIndex;
use super::super::iam::{CHANNELS, CallContext, REGISTER};
use super::super::ternary::Ternary;
use super::super::{Hop, HopResult};
use crate::ir::{Expr, Link, NodeId, Pseudo, Value};
use crate::resource::{ManagedPolicy, RawValue, Role, RolePolicyAttachment, Typed};

/// The managed policy that allows it all.
const POLICY: &str = "AmazonSSMManagedInstanceCore";

fn arn() -> Expr {
    Expr::concat([
        Expr::text("arn:"),
        Expr::Pseudo(Pseudo::Partition),
        Expr::text(":iam::aws:policy/"),
        Expr::text(POLICY),
    ])
}

pub(super) fn check(index: &GraphIndex<'_>, role: NodeId) -> HopResult {
    let hop = Hop::RolePermissions;
    let permissions = index.role_permissions(role);
    let name = index.name(role);
    let decisions = std::iter::once(REGISTER)
        .chain(CHANNELS)
        .map(|action| permissions.allows(index, action, &CallContext::AGENT));
    // `Iterator::min_by_key` keeps the first of equals.
    let Some(worst) = decisions.min_by_key(|decision| decision.allowed) else {
        return HopResult::unknown(hop, "nothing was asked");
    };
    let at = worst.at.unwrap_or((role, "managed_policies"));
    let result = match worst.allowed {
        Ternary::Yes => {
            HopResult::pass(hop, format!("`{name}` may register and open its channels"))
        }
        Ternary::Unknown => HopResult::unknown(hop, format!("`{name}`: {}", worst.detail)),
        Ternary::No if permissions.is_empty() => {
            HopResult::fail(hop, format!("`{name}` has no policy")).fix(attach(role))
        }
        Ternary::No if worst.detail.contains("denies") || worst.detail.contains("boundary") => {
            HopResult::fail(hop, format!("`{name}`: {}", worst.detail)).fix(Fix::manual(format!(
                "let that policy spare `{REGISTER}` and the `ssmmessages` channel actions"
            )))
        }
        Ternary::No => {
            HopResult::fail(hop, format!("`{name}`: {}", worst.detail)).fix(attach(role))
        }
    };
    result.at(at.0, at.1)
}

fn attach(role: NodeId) -> Fix {
    let policy: Link<ManagedPolicy> = Value::Expr(arn());
    Fix::Either {
        cfn: Box::new(Fix::set(
            role,
            "managed_policies",
            RawValue::List(vec![RawValue::from(arn())]),
        )),
        tf: Box::new(Fix::add(
            "session_manager",
            RolePolicyAttachment::new(Value::Expr(role.at(Role::LINK)), policy),
        )),
    }
}

pub(super) fn outside(what: &str) -> Option<HopResult> {
    Some(HopResult::unknown(
        Hop::RolePermissions,
        format!("what {what} may do is not in the file"),
    ))
}
