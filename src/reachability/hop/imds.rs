//! The metadata service answers.

use super::super::fix::Fix;
use super::super::graph_index::GraphIndex;
use super::super::instance::{InstanceConfig, Setting};
use super::super::{Hop, HopResult};
use crate::ir::Value;
use crate::resource::{RawValue, Switch};

pub(super) fn check(index: &GraphIndex<'_>, instance: &InstanceConfig<'_>) -> HopResult {
    match &instance.imds {
        Setting::Unset => HopResult::pass(Hop::Imds, "the metadata service is on by default"),
        Setting::Known(node, field, Value::Lit(Switch::Enabled)) => {
            HopResult::pass(Hop::Imds, "the metadata service is on").at(*node, field)
        }
        Setting::Known(node, field, Value::Lit(Switch::Disabled)) => HopResult::fail(
            Hop::Imds,
            format!("`{}` switches the metadata service off", index.name(*node)),
        )
        .at(*node, field)
        .fix(Fix::set(
            *node,
            "metadata_options.http_endpoint",
            RawValue::str("enabled"),
        )),
        Setting::Known(node, field, Value::Expr(_)) | Setting::Unknown(node, field) => {
            HopResult::unknown(
                Hop::Imds,
                "whether the metadata service is on is not decided",
            )
            .at(*node, field)
        }
    }
}
