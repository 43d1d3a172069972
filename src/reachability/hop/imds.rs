//! Instance metadata service: enabled.

use super::super::HopResult;
use super::super::fix::Fix;
use super::super::setting::Setting;
use super::{Check, Context, Entry, Hop, SequenceStep};
use crate::ir::Value;
use crate::resource::{RawValue, Switch};

const HOP: Hop = Hop::Imds;

pub(super) const ENTRY: Entry = Entry {
    code: "imds",
    reason: "the agent reads its instance ID and its credentials from the instance metadata service",
    page: "\
**Checks** that the instance metadata service is enabled, in the instance or its launch template.
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

fn check(context: &Context<'_, '_>) -> Vec<HopResult> {
    let result = match &context.instance.imds {
        Setting::Unset => {
            HopResult::pass(HOP, "the instance metadata service is enabled by default")
        }
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
