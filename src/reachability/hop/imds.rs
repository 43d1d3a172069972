//! Instance metadata service: enabled.

use super::super::HopResult;
use super::super::fix::Fix;
use super::super::setting::Setting;
use super::super::ternary::Ternary;
use super::{Check, Context, Entry, Hop, SequenceStep};
use crate::ir::{Expr, Value};
use crate::resource::{InstanceMetadataDefaults, RawValue, Switch};

const HOP: Hop = Hop::Imds;

pub(super) const ENTRY: Entry = Entry {
    code: "imds",
    reason: "the agent reads its instance ID and its credentials from the instance metadata service",
    page: "\
**Checks** that the instance metadata service is enabled, in the instance or its launch template,
else in the defaults of the account.
Both values of `HttpTokens` pass, and so does a hop limit of 1.

**Fix:** set `HttpEndpoint: enabled`.

<https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-technical-details.html>
",
    expected: "`HttpEndpoint` is `enabled`. A hop limit of 1 is enough, except for an agent in a \
               container.",
    commands: &["aws ec2 describe-instances --instance-ids \"$INSTANCE\" \
         --query 'Reservations[].Instances[].MetadataOptions'"],
    boxes: &[],
    steps: &[SequenceStep::Credentials],
    check: Check::Instance(check),
};

/// Checks an instance without its own setting, which has that of the account.
fn by_default(context: &Context<'_, '_>) -> HopResult {
    let index = context.index;
    let mut worst = HopResult::pass(HOP, "the instance metadata service is enabled by default");
    for (id, _, defaults) in index.all::<InstanceMetadataDefaults>() {
        let (name, at) = (index.name(id), (id, "http_endpoint"));
        let disabled = match &defaults.http_endpoint {
            None | Some(Value::Expr(Expr::Absent)) => Ternary::No,
            Some(Value::Lit(word)) => (word == "disabled").into(),
            Some(Value::Expr(_)) => Ternary::Unknown,
        };
        let result = match disabled.and(index.exists(id)) {
            Ternary::No => continue,
            Ternary::Yes => HopResult::fail(
                HOP,
                format!("`{name}` disables the instance metadata service in the account"),
            )
            .fix(Fix::set(id, "http_endpoint", RawValue::str("enabled"))),
            Ternary::Unknown => HopResult::unknown(
                HOP,
                format!(
                    "the file does not show whether `{name}` disables the instance metadata service"
                ),
            ),
        };
        if result.status < worst.status {
            worst = result.at(at.0, at.1);
        }
    }
    worst
}

fn check(context: &Context<'_, '_>) -> Vec<HopResult> {
    let result = match &context.instance.imds {
        Setting::Unset => by_default(context),
        Setting::Known(node, field, Value::Lit(Switch::Enabled)) => {
            HopResult::pass(HOP, "the instance metadata service is enabled").at(*node, field)
        }
        Setting::Known(node, field, Value::Lit(Switch::Disabled)) => HopResult::fail(
            HOP,
            format!(
                "`{}` disables the instance metadata service",
                context.index.name(*node)
            ),
        )
        .at(*node, field)
        .fix(Fix::set(
            *node,
            "metadata_options.http_endpoint",
            RawValue::str("enabled"),
        )),
        Setting::Known(node, field, Value::Expr(_)) | Setting::Unknown(node, field) => {
            HopResult::unknown(
                HOP,
                "the file does not show whether the instance metadata service is enabled",
            )
            .at(*node, field)
        }
    };
    vec![result]
}
