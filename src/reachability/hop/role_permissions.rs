//! The role may do what the agent does.

use super::super::fix::Change;
use super::super::iam::{CHANNELS, REGISTER, Target};
use super::super::tri::Tri;
use super::super::view::View;
use super::super::{Finding, Hop};
use crate::ir::{Expr, Link, NodeId, Pseudo, Value};
use crate::resource::{ManagedPolicy, Role, RolePolicyAttachment, Term, Typed};

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

pub(super) fn check(view: &View<'_>, role: NodeId) -> Finding {
    let hop = Hop::RolePermissions;
    let identity = view.identity(role);
    let name = view.name(role);
    let decisions = std::iter::once(REGISTER)
        .chain(CHANNELS)
        .map(|action| identity.allows(view, action, &Target::ITSELF));
    // `Iterator::min_by_key` keeps the first of equals.
    let Some(worst) = decisions.min_by_key(|decision| decision.allowed) else {
        return Finding::unknown(hop, "nothing was asked");
    };
    let at = worst.at.unwrap_or((role, "managed_policies"));
    let finding = match worst.allowed {
        Tri::Yes => Finding::pass(hop, format!("`{name}` may register and open its channels")),
        Tri::Maybe => Finding::unknown(hop, format!("`{name}`: {}", worst.detail)),
        Tri::No if identity.is_empty() => {
            Finding::fail(hop, format!("`{name}` has no policy")).fix(attach(role))
        }
        Tri::No if worst.detail.contains("denies") || worst.detail.contains("boundary") => {
            Finding::fail(hop, format!("`{name}`: {}", worst.detail)).fix(Change::say(format!(
                "let that policy spare `{REGISTER}` and the `ssmmessages` channel actions"
            )))
        }
        Tri::No => Finding::fail(hop, format!("`{name}`: {}", worst.detail)).fix(attach(role)),
    };
    finding.at(at.0, at.1)
}

fn attach(role: NodeId) -> Change {
    let policy: Link<ManagedPolicy> = Value::Expr(arn());
    Change::Either {
        cfn: Box::new(Change::set(
            role,
            "managed_policies",
            Term::List(vec![Term::from(arn())]),
        )),
        tf: Box::new(Change::add(
            "session_manager",
            RolePolicyAttachment::new(Value::Expr(role.at(Role::LINK)), policy),
        )),
    }
}

pub(super) fn outside(what: &str) -> Option<Finding> {
    Some(Finding::unknown(
        Hop::RolePermissions,
        format!("what {what} may do is not in the file"),
    ))
}
