//! The metadata service answers.

use super::super::fix::Change;
use super::super::host::{Host, Setting};
use super::super::view::View;
use super::super::{Finding, Hop};
use crate::ir::Value;
use crate::resource::{Switch, Term};

pub(super) fn check(view: &View<'_>, host: &Host<'_>) -> Finding {
    match &host.imds {
        Setting::Unset => Finding::pass(Hop::Imds, "the metadata service is on by default"),
        Setting::Is(node, field, Value::Lit(Switch::Enabled)) => {
            Finding::pass(Hop::Imds, "the metadata service is on").at(*node, field)
        }
        Setting::Is(node, field, Value::Lit(Switch::Disabled)) => Finding::fail(
            Hop::Imds,
            format!("`{}` switches the metadata service off", view.name(*node)),
        )
        .at(*node, field)
        .fix(Change::set(
            *node,
            "metadata_options.http_endpoint",
            Term::str("enabled"),
        )),
        Setting::Is(node, field, Value::Expr(_)) | Setting::Unknown(node, field) => {
            Finding::unknown(
                Hop::Imds,
                "whether the metadata service is on is not decided",
            )
            .at(*node, field)
        }
    }
}
