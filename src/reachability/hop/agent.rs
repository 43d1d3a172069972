//! The agent runs: the image has it, or user data installs it from where it can be reached.

use super::super::fix::Change;
use super::super::host::{Host, Setting};
use super::super::iam::{Caller, Target};
use super::super::image::{Image, judge};
use super::super::path::{self, Exit};
use super::super::security::{self, Peer};
use super::super::tri::Tri;
use super::super::view::{View, expr_of, visible_text};
use super::super::{Finding, Hop};
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

fn script(view: &View<'_>, setting: &Setting<Value<Text>>) -> Script {
    let (text, whole) = match setting {
        Setting::Unset => return Script::Nothing,
        Setting::Unknown(..) => return Script::Unknown,
        Setting::Is(_, _, value) => {
            let expr = expr_of(value, Clone::clone);
            let mut whole = true;
            expr.walk(&mut |part| {
                // The stack's name is no script.
                whole &= match part {
                    Expr::Opaque(text) => text.starts_with("AWS::Stack"),
                    Expr::OneOf(_) => false,
                    _ => true,
                };
            });
            (visible_text(&expr), whole)
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
        return Script::Installs(match (named, view.region()) {
            _ if global || text.contains("snap ") => Source::Internet,
            (None, _) => Source::Region,
            (Some(named), Some(own)) if named == own => Source::Region,
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
    if !whole || fetches.iter().any(|word| text.contains(word)) {
        return Script::Unknown;
    }
    Script::Nothing
}

pub(super) fn check<'g>(view: &View<'g>, host: &Host<'g>) -> Finding {
    let (at, image) = match &host.image {
        Setting::Is(node, field, link) if !link.is_absent() => ((*node, *field), judge(view, link)),
        Setting::Unknown(node, field) => ((*node, *field), Image::Opaque("an image".to_owned())),
        Setting::Unset | Setting::Is(..) => (
            (host.launched_by, "image"),
            Image::Opaque("no image".to_owned()),
        ),
    };
    let script = script(view, &host.user_data);
    let script_at = match &host.user_data {
        Setting::Is(node, field, _) => (*node, *field),
        _ => at,
    };
    match (image, script) {
        (Image::Agent(_) | Image::Opaque(_), Script::Removes) => {
            Finding::fail(HOP, "user data takes the agent away")
                .at(script_at.0, script_at.1)
                .fix(Change::say("leave `amazon-ssm-agent` installed and running"))
        }
        (Image::Agent(name), _) => {
            Finding::pass(HOP, format!("the image `{name}` has the agent")).at(at.0, at.1)
        }
        (Image::Bare(name), Script::Installs(from)) => {
            installed(view, host, script_at, &name, from)
        }
        (Image::Bare(name), Script::Nothing | Script::Removes) => Finding::fail(
            HOP,
            format!("the image `{name}` has no agent, and user data does not install it"),
        )
        .at(at.0, at.1)
        .fix(Change::say(
            "take an image with the agent, such as \
             `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`, or install it \
             in user data from the region's bucket",
        )),
        (Image::Bare(name), Script::Unknown) => Finding::unknown(
            HOP,
            format!("the image `{name}` has no agent, and what user data does is not decided"),
        )
        .at(script_at.0, script_at.1),
        (Image::Opaque(name), _) if view.assume.agent => {
            Finding::pass(HOP, format!("`{name}` is assumed to have the agent")).at(at.0, at.1)
        }
        (Image::Opaque(name), Script::Installs(from)) => {
            let finding = installed(view, host, script_at, &name, from);
            // The image may have it already.
            if finding.verdict == super::super::Verdict::Fail {
                return Finding::unknown(HOP, finding.detail).at(script_at.0, script_at.1);
            }
            finding
        }
        (Image::Opaque(name), _) => Finding::unknown(
            HOP,
            format!("whether the image `{name}` has the agent is not in the file (`--assume agent`)"),
        )
        .at(at.0, at.1),
    }
}

/// Whether the agent can be fetched from where the instance is.
fn installed<'g>(
    view: &View<'g>,
    host: &Host<'g>,
    at: (NodeId, &'static str),
    name: &str,
    from: Source,
) -> Finding {
    let of_each = host.placements.iter().map(|placement| {
        let internet = match path::exit(view, host, &placement.subnet) {
            Exit::Works(..) => Tri::Yes,
            Exit::Unknown(_) => Tri::Maybe,
            Exit::None | Exit::Broken(..) => Tri::No,
        };
        let vpc = view.vpc_of(&placement.subnet);
        let groups = security::groups_of_host(view, &host.groups, &vpc);
        let out = |peer| match &groups {
            Some(groups) => security::lets_out(view, groups, &peer),
            None => Tri::Maybe,
        };
        let internet = internet.and(out(Peer::Internet));
        if from == Source::Internet {
            return internet;
        }
        let region = super::super::iam::sample_region(view);
        let object = Expr::Text(format!("amazon-ssm-{region}/latest/agent").into());
        let ask = path::Ask {
            action: "s3:GetObject",
            on: Target {
                caller: Caller::Somebody,
                resource: Some(&object),
            },
        };
        let gateway = path::s3_gateway(view, &placement.subnet, &ask).and(out(Peer::S3));
        internet.or(match from {
            Source::NamedRegion => gateway.and(Tri::Maybe),
            _ => gateway,
        })
    });
    let reached = Tri::all(of_each);
    let finding = match reached {
        Tri::Yes => Finding::pass(HOP, format!("user data installs the agent on `{name}`")),
        Tri::Maybe => Finding::unknown(
            HOP,
            format!("whether user data reaches the agent's package for `{name}` is not decided"),
        ),
        Tri::No if from == Source::Internet => Finding::fail(
            HOP,
            format!(
                "user data installs the agent on `{name}` from the internet, which the subnet does \
                 not reach"
            ),
        )
        .fix(Change::say(
            "install it from the region's bucket, \
             `https://s3.REGION.amazonaws.com/amazon-ssm-REGION/latest/…`, through a gateway \
             endpoint for s3",
        )),
        Tri::No => Finding::fail(
            HOP,
            format!(
                "user data installs the agent on `{name}` from S3, which the subnet does not reach"
            ),
        )
        .fix(Change::say(
            "add a gateway endpoint for s3 to the subnet's route table, and let 443 out to its \
             prefix list",
        )),
    };
    finding.at(at.0, at.1)
}
