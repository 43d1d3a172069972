//! The agent runs: the image has it, or user data installs it from where it can be reached.

use super::super::fix::Fix;
use super::super::graph_index::{GraphIndex, expr_of, visible_text};
use super::super::iam::{CallContext, Caller};
use super::super::image::{Image, classify};
use super::super::instance::{InstanceConfig, Setting};
use super::super::path::{self, InternetRoute};
use super::super::security::{self, Peer};
use super::super::ternary::Ternary;
use super::super::{Hop, HopResult};
use crate::ir::{Expr, NodeId, Text, Value};
use crate::region::regions;

const HOP: Hop = Hop::Agent;

/// Where user data gets the agent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A bucket of the region, which a gateway endpoint leads to.
    Region,
    /// A bucket of a region that is named, while the stack's own is not decided.
    NamedRegion,
    /// The internet.
    Internet,
}

/// What user data does about the agent.
enum Script {
    Nothing,
    /// It takes the agent away.
    Removes,
    /// It installs the agent, from S3 buckets of the region or from the internet.
    Installs(Source),
    /// It may do anything.
    Unknown,
}

fn script(index: &GraphIndex<'_>, setting: &Setting<Value<Text>>) -> Script {
    let (text, complete) = match setting {
        Setting::Unset => return Script::Nothing,
        Setting::Unknown(..) => return Script::Unknown,
        Setting::Known(_, _, value) => {
            let expr = expr_of(value, Clone::clone);
            let mut complete = true;
            expr.walk(&mut |part| {
                // The stack's name is no script.
                complete &= match part {
                    Expr::Opaque(text) => text.starts_with("AWS::Stack"),
                    Expr::OneOf(_) => false,
                    _ => true,
                };
            });
            (visible_text(&expr), complete)
        }
    };
    let line_does = |words: &[&str]| {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'))
            .any(|line| line.contains("amazon-ssm-agent") && words.iter().any(|w| line.contains(w)))
    };
    if line_does(&[
        "systemctl stop",
        "systemctl disable",
        "systemctl mask",
        "yum remove",
        "yum -y remove",
        "yum erase",
        "dnf remove",
        "dnf -y remove",
        "apt-get remove",
        "apt-get purge",
        "dpkg -r",
        "dpkg -P",
        "rpm -e",
        "snap remove",
        "snap stop",
        "snap disable",
        "service amazon-ssm-agent stop",
    ]) && !line_does(&["systemctl start", "systemctl enable", "systemctl restart"])
    {
        return Script::Removes;
    }
    let installs = line_does(&[
        "install",
        "rpm -",
        "dpkg -i",
        "packages",
        "- amazon-ssm-agent",
    ]) || text.contains("AmazonSSMAgentSetup");
    if installs {
        // The global bucket is in us-east-1, beyond a gateway endpoint; a snap is on the internet.
        let global = text.contains("s3.amazonaws.com/ec2-downloads-windows")
            || text.contains("s3.amazonaws.com/amazon-ssm-");
        let named = regions().iter().find(|region| {
            let name = region.name;
            text.contains(&format!("s3.{name}.")) || text.contains(&format!("s3-{name}."))
        });
        return Script::Installs(match (named, index.region()) {
            _ if global || text.contains("snap ") => Source::Internet,
            (None, _) => Source::Region,
            (Some(named), Some(known)) if named == known => Source::Region,
            (Some(_), Some(_)) => Source::Internet,
            (Some(_), None) => Source::NamedRegion,
        });
    }
    // What a script fetches, it may run.
    let fetches = [
        "cfn-init",
        "curl ",
        "wget ",
        "aws s3 ",
        "ansible",
        "Invoke-WebRequest",
        "git clone",
        "#include",
    ];
    if !complete || fetches.iter().any(|word| text.contains(word)) {
        return Script::Unknown;
    }
    Script::Nothing
}

pub(super) fn check<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> HopResult {
    let (at, image) = match &instance.image {
        Setting::Known(node, field, link) if !link.is_absent() => {
            ((*node, *field), classify(index, link))
        }
        Setting::Unknown(node, field) => ((*node, *field), Image::Opaque("an image".to_owned())),
        Setting::Unset | Setting::Known(..) => (
            (instance.launch_source, "image"),
            Image::Opaque("no image".to_owned()),
        ),
    };
    let script = script(index, &instance.user_data);
    let script_at = match &instance.user_data {
        Setting::Known(node, field, _) => (*node, *field),
        _ => at,
    };
    match (image, script) {
        (Image::WithAgent(_) | Image::Opaque(_), Script::Removes) => {
            HopResult::fail(HOP, "user data takes the agent away")
                .at(script_at.0, script_at.1)
                .fix(Fix::manual("leave `amazon-ssm-agent` installed and running"))
        }
        (Image::WithAgent(name), _) => {
            HopResult::pass(HOP, format!("the image `{name}` has the agent")).at(at.0, at.1)
        }
        (Image::WithoutAgent(name), Script::Installs(from)) => {
            installed(index, instance, script_at, &name, from)
        }
        (Image::WithoutAgent(name), Script::Nothing | Script::Removes) => HopResult::fail(
            HOP,
            format!("the image `{name}` has no agent, and user data does not install it"),
        )
        .at(at.0, at.1)
        .fix(Fix::manual(
            "take an image with the agent, such as \
             `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`, or install it \
             in user data from the region's bucket",
        )),
        (Image::WithoutAgent(name), Script::Unknown) => HopResult::unknown(
            HOP,
            format!("the image `{name}` has no agent, and what user data does is not decided"),
        )
        .at(script_at.0, script_at.1),
        (Image::Opaque(name), _) if index.assumptions.agent => {
            HopResult::pass(HOP, format!("`{name}` is assumed to have the agent")).at(at.0, at.1)
        }
        (Image::Opaque(name), Script::Installs(from)) => {
            let result = installed(index, instance, script_at, &name, from);
            // The image may have it already.
            if result.status == super::super::HopStatus::Fail {
                return HopResult::unknown(HOP, result.detail).at(script_at.0, script_at.1);
            }
            result
        }
        (Image::Opaque(name), _) => HopResult::unknown(
            HOP,
            format!("whether the image `{name}` has the agent is not in the file (`--assume agent`)"),
        )
        .at(at.0, at.1),
    }
}

/// Whether the agent can be fetched from where the instance is.
fn installed<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    at: (NodeId, &'static str),
    name: &str,
    from: Source,
) -> HopResult {
    let of_each = instance.placements.iter().map(|placement| {
        let internet = match path::internet_route(index, instance, &placement.subnet) {
            InternetRoute::Works(..) => Ternary::Yes,
            InternetRoute::Unknown(_) => Ternary::Unknown,
            InternetRoute::None | InternetRoute::Broken(..) => Ternary::No,
        };
        let vpc = index.vpc_of(&placement.subnet);
        let groups = security::instance_groups(index, &instance.security_groups, &vpc);
        let out = |peer| match &groups {
            Some(groups) => security::allows_outbound(index, groups, &peer),
            None => Ternary::Unknown,
        };
        let internet = internet.and(out(Peer::Internet));
        if from == Source::Internet {
            return internet;
        }
        let region = super::super::iam::sample_region(index);
        let object = Expr::Text(format!("amazon-ssm-{region}/latest/agent").into());
        let request = path::S3Request {
            action: "s3:GetObject",
            on: CallContext {
                caller: Caller::Unknown,
                resource: Some(&object),
            },
        };
        let gateway = path::s3_gateway(index, &placement.subnet, &request).and(out(Peer::S3));
        internet.or(match from {
            Source::NamedRegion => gateway.and(Ternary::Unknown),
            _ => gateway,
        })
    });
    let reached = Ternary::all(of_each);
    let result = match reached {
        Ternary::Yes => HopResult::pass(HOP, format!("user data installs the agent on `{name}`")),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!("whether user data reaches the agent's package for `{name}` is not decided"),
        ),
        Ternary::No if from == Source::Internet => HopResult::fail(
            HOP,
            format!(
                "user data installs the agent on `{name}` from the internet, which the subnet does \
                 not reach"
            ),
        )
        .fix(Fix::manual(
            "install it from the region's bucket, \
             `https://s3.REGION.amazonaws.com/amazon-ssm-REGION/latest/…`, through a gateway \
             endpoint for s3",
        )),
        Ternary::No => HopResult::fail(
            HOP,
            format!(
                "user data installs the agent on `{name}` from S3, which the subnet does not reach"
            ),
        )
        .fix(Fix::manual(
            "add a gateway endpoint for s3 to the subnet's route table, and let 443 out to its \
             prefix list",
        )),
    };
    result.at(at.0, at.1)
}
