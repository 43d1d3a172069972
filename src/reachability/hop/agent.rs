//! SSM Agent: the image includes it, or user data installs it from a reachable source.

use super::super::actors;
use super::super::fix::Fix;
use super::super::graph_index::GraphIndex;
use super::super::iam::{CallContext, Caller};
use super::super::image::{self, Image, classify, published};
use super::super::instance::{InstanceConfig, Placement};
use super::super::node_commands::{self, NodeCommands};
use super::super::path;
use super::super::routes::{self, InternetRoute};
use super::super::script::{self, Script, Source, Version, script};
use super::super::security::{self, Peer};
use super::super::setting::Setting;
use super::super::ssm_documents::Steps;
use super::super::ternary::Ternary;
use super::super::{HopResult, HopStatus};
use super::{Check, Connection, Context, Entry, Hop, SequenceStep, fixes, for_placements};
use crate::ir::{Expr, NodeId};

const HOP: Hop = Hop::Agent;

pub(super) const ENTRY: Entry = Entry {
    code: "agent",
    reason: "the agent opens every connection; without it, the instance accepts no session",
    page: "\
**Checks** that the image includes SSM Agent, or that user data installs it and does not remove it.

**Passes** for Amazon Linux 2 and 2023, and their images for Amazon ECS. Also passes for Ubuntu Server
16.04 to 25.04, macOS 13 to 15, and Windows Server 2016 and later. A public parameter must identify the image, or an
image lookup with the publisher as owner. If user data calls `cfn-init`, the check also reads the configuration in
`AWS::CloudFormation::Init`.

**Fails** for `minimal` images of Amazon Linux, Debian, RHEL, CentOS, Rocky Linux and similar images
whose user data does not install the agent. Also fails if user data stops or removes the agent, or
installs it from the internet without a route there. The bucket
`s3.amazonaws.com/ec2-downloads-windows` and snaps count as internet.

Also fails if user data powers off the instance, or if its firewall drops HTTPS, DNS or the traffic to
the instance metadata service. User data runs only in the format of the operating system. cloud-init
expects `#!`, `#cloud-config` or another known first line. Windows expects the elements of EC2Launch.
Without a path to CloudFormation, `cfn-init` changes nothing.

An agent before 3.3.40 also requires a path to `ec2messages`. Without it, user data that installs such
a version fails. An image from before May 2024 is unknown.

**Unknown** for an image ID, and for a lookup of images that anyone can own. Pass `--assume agent` if
the image includes the agent. Also unknown if the file does not show the text of user data. A plan of
version 5 of the AWS provider shows only its hash. The check compares the hash with the texts in the
plan, and with the files of the configuration. The configuration is in the current directory or next to
the plan. Pass `--assume user-data` if user data leaves the agent running. Also unknown if user data
changes what the connections of the agent depend on:

- the service and the settings of the agent, and the credentials of `root`
- unclear firewall rules, a proxy, the default route, the resolution of names
- the trusted certificates, the clock, the metadata service and the role

Commands of State Manager associations and of `remote-exec` provisioners count like user data. Unknown
if an association runs a document that the check does not know. Unknown also if a rule or a remediation
can stop each instance that starts. What can stop the instance later is a warning: alarms, schedules,
maintenance windows, budgets, and scaling to 0.

**Fix:** use an image that includes the agent. Or install it in user data from the bucket of the
Region, through an S3 gateway endpoint.

<https://docs.aws.amazon.com/systems-manager/latest/userguide/ami-preinstalled-agent.html>
",
    expected: "The instance is running, and its console output shows that the agent started. Without \
               credentials, the agent retries after up to 30 minutes. After a reboot \
               (`aws ec2 reboot-instances`) it retries at once.",
    commands: &[
        "aws ec2 describe-instance-status --include-all-instances --instance-ids \"$INSTANCE\" \
         --output table",
        "aws ec2 get-console-output --latest --instance-id \"$INSTANCE\" --output text",
    ],
    boxes: &[],
    steps: &[SequenceStep::Credentials],
    check: Check::Instance(check),
};

/// The first version with Session Manager.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-prerequisites.html>
const SESSION_MANAGER: Version = [2, 3, 68, 0];

/// The first version that needs no `ec2messages`.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html>
const WITHOUT_EC2MESSAGES: Version = [3, 3, 40, 0];

/// The first Amazon Linux 2023 release known to have such a version.
/// <https://docs.aws.amazon.com/linux/al2023/release-notes/relnotes-2023.4.20240513.html>
const DATE_WITHOUT_EC2MESSAGES: u32 = 20_240_513;

fn check(context: &Context<'_, '_>) -> Vec<HopResult> {
    let (index, instance) = (context.index, context.instance);
    let mut results = vec![check_image(index, instance)];
    results.extend(after_launch(index, instance));
    results.extend(actors::at_launch(index, instance));
    if results.iter().all(|it| it.status == HopStatus::Pass) {
        results.extend(old_agent(context));
    }
    results
}

/// Checks what other resources run on the instance after its launch.
fn after_launch<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> Vec<HopResult> {
    let own = index.name(instance.node);
    let one = |commands: NodeCommands| {
        let by = match index.name(commands.by) {
            same if same == own => "a provisioner".to_owned(),
            other => format!("`{other}`"),
        };
        let result = match &commands.steps {
            Steps::Harmless => return None,
            Steps::Unknown(document) => HopResult::unknown(
                HOP,
                format!(
                    "{by} runs document `{document}` on `{own}`; the file does not show whether the \
                     agent then connects"
                ),
            ),
            Steps::Script(text) => match script::of_commands(index, text) {
                Script::Removes(_) if commands.certain.and(index.exists(commands.by)).is_yes() => {
                    HopResult::fail(HOP, format!("{by} stops or removes SSM Agent on `{own}`")).fix(
                        Fix::manual("leave `amazon-ssm-agent` installed and running"),
                    )
                }
                Script::Removes(_) | Script::MayRemove(_) => HopResult::unknown(
                    HOP,
                    format!(
                        "the file does not show whether {by} stops or removes SSM Agent on `{own}`"
                    ),
                ),
                Script::Breaks(what)
                    if commands.certain.and(index.exists(commands.by)).is_yes() =>
                {
                    HopResult::fail(HOP, format!("on `{own}`, {by} {what}"))
                        .fix(Fix::manual("leave the connections of the agent open"))
                }
                Script::Breaks(what) => HopResult::unknown(
                    HOP,
                    format!("the file does not show whether {by} {what} on `{own}`"),
                ),
                Script::Changes(what) => HopResult::unknown(
                    HOP,
                    format!(
                        "{by} can change {what} on `{own}`; the file does not show whether the agent \
                         then connects"
                    ),
                ),
                Script::Unread if !index.assumptions.user_data => HopResult::unknown(
                    HOP,
                    format!(
                        "the file does not show the commands that {by} runs on `{own}`, which can \
                         stop SSM Agent (`--assume user-data`)"
                    ),
                ),
                Script::Unread | Script::Nothing | Script::Installs(..) | Script::Unknown => {
                    return None;
                }
            },
        };
        Some(result.at(commands.by, ""))
    };
    let all = node_commands::all(index, instance);
    all.into_iter().filter_map(one).collect()
}

/// Checks the requirements of an agent that the file pins to an old version.
fn old_agent(context: &Context<'_, '_>) -> Option<HopResult> {
    let (index, instance) = (context.index, context.instance);
    let image = match &instance.image {
        Setting::Known(node, field, link) => (classify(index, link), (*node, *field)),
        _ => return None,
    };
    let (old, at, certain) = match (&image.0, script(index, instance)) {
        (Image::WithAgent(name), _) => {
            published(name).filter(|date| *date < DATE_WITHOUT_EC2MESSAGES)?;
            (format!("image `{name}`"), image.1, false)
        }
        (_, Script::Installs(_, Some(version))) if version < WITHOUT_EC2MESSAGES => {
            let at = match &instance.user_data {
                Setting::Known(node, field, _) => (*node, *field),
                _ => image.1,
            };
            let text = version.map(|number| number.to_string()).join(".");
            if version < SESSION_MANAGER {
                return Some(
                    HopResult::fail(
                        HOP,
                        format!(
                            "user data installs SSM Agent {text}, which has no Session Manager"
                        ),
                    )
                    .at(at.0, at.1)
                    .fix(Fix::manual("install the version `latest`")),
                );
            }
            (
                format!("SSM Agent {text}, which user data installs,"),
                at,
                true,
            )
        }
        _ => return None,
    };
    let results = for_placements(instance, |placement| {
        Connection::new(
            index,
            instance,
            placement,
            "ec2messages",
            context.role_node(),
        )
        .check()
    });
    let status = match results.iter().map(|it| it.status).min() {
        Some(HopStatus::Pass) => return None,
        Some(HopStatus::Fail) if certain => HopStatus::Fail,
        _ => HopStatus::Unknown,
    };
    let detail = if certain {
        format!("{old} requires `ec2messages`, and the instance has no certain path to it")
    } else {
        format!(
            "{old} can include an SSM Agent before 3.3.40, which requires `ec2messages`, and the \
             instance has no certain path to it"
        )
    };
    let placement = instance.placements.first()?;
    let connection = Connection::new(
        index,
        instance,
        placement,
        "ec2messages",
        context.role_node(),
    );
    let worst = connection.check().into_iter().min_by_key(|it| it.status);
    let fix = worst
        .and_then(|worst| worst.fix)
        .unwrap_or_else(|| fixes::endpoints(&connection));
    Some(HopResult::new(HOP, status, detail).at(at.0, at.1).fix(fix))
}

fn check_image<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> HopResult {
    let (at, image) = match &instance.image {
        Setting::Known(node, field, link) if !link.is_absent() => {
            ((*node, *field), classify(index, link))
        }
        Setting::Unknown(node, field) => ((*node, *field), Image::Opaque("unknown".to_owned())),
        Setting::Unset | Setting::Known(..) => (
            (instance.launch_source, "image"),
            Image::Opaque("none".to_owned()),
        ),
    };
    let script = script(index, instance);
    let script_at = match &instance.user_data {
        Setting::Known(node, field, _) => (*node, *field),
        _ => at,
    };
    let has_agent = matches!(image, Image::WithAgent(_)) || index.assumptions.agent;
    match (image, script) {
        (_, Script::Breaks(what)) => HopResult::fail(HOP, format!("user data {what}"))
            .at(script_at.0, script_at.1)
            .fix(Fix::manual("remove the command from user data")),
        (_, Script::Changes(what)) => HopResult::unknown(
            HOP,
            format!("user data can change {what}; the file does not show whether the agent then connects"),
        )
        .at(script_at.0, script_at.1),
        (Image::WithAgent(_) | Image::Opaque(_), Script::Removes(by)) => {
            HopResult::fail(HOP, format!("{by} stops or removes SSM Agent"))
                .at(script_at.0, script_at.1)
                .fix(Fix::manual("leave `amazon-ssm-agent` installed and running"))
        }
        (Image::WithAgent(_) | Image::Opaque(_), Script::MayRemove(by)) if has_agent => HopResult::unknown(
            HOP,
            format!("the file does not show whether {by} stops or removes SSM Agent"),
        )
        .at(script_at.0, script_at.1),
        (Image::WithAgent(_) | Image::Opaque(_), Script::Unread)
            if has_agent && !index.assumptions.user_data =>
        {
            HopResult::unknown(
                HOP,
                "the file does not show the text of user data, which can stop SSM Agent \
                 (`--assume user-data`)",
            )
            .at(script_at.0, script_at.1)
        }
        (Image::Opaque(name), Script::Unread) if !has_agent && !index.assumptions.user_data => HopResult::unknown(
            HOP,
            format!(
                "the file shows neither whether image `{name}` includes SSM Agent nor the text of user \
                 data (`--assume agent --assume user-data`)"
            ),
        )
        .at(at.0, at.1),
        (image @ (Image::WithAgent(_) | Image::Opaque(_)), Script::Unread) if has_agent => {
            let includes = match image {
                Image::WithAgent(_) => "includes",
                _ => "is assumed to include",
            };
            let name = image.into_name();
            HopResult::pass(
                HOP,
                format!(
                    "image `{name}` {includes} SSM Agent, and user data is assumed to leave it running"
                ),
            )
            .at(at.0, at.1)
        }
        (Image::WithAgent(name), _) => {
            HopResult::pass(HOP, format!("image `{name}` includes SSM Agent")).at(at.0, at.1)
        }
        (Image::WithoutAgent(name), Script::Installs(from, _)) => {
            installed(index, instance, (script_at, at), &name, from)
        }
        (Image::WithoutAgent(name), Script::Nothing | Script::Removes(_)) => HopResult::fail(
            HOP,
            format!(
                "image `{name}` does not include SSM Agent, and user data does not install it"
            ),
        )
        .at(at.0, at.1)
        .fix(image::with_agent(index, at, &name)),
        (Image::WithoutAgent(name), Script::Unknown | Script::Unread | Script::MayRemove(_)) => HopResult::unknown(
            HOP,
            format!(
                "image `{name}` does not include SSM Agent, and the effect of user data is unknown"
            ),
        )
        .at(script_at.0, script_at.1),
        (Image::Opaque(name), _) if index.assumptions.agent => {
            HopResult::pass(HOP, format!("image `{name}` is assumed to include SSM Agent")).at(at.0, at.1)
        }
        (Image::Opaque(name), Script::Installs(from, _)) => {
            let result = installed(index, instance, (script_at, at), &name, from);
            // The image can include it already.
            if result.status == HopStatus::Fail {
                return HopResult::unknown(HOP, result.detail).at(script_at.0, script_at.1);
            }
            result
        }
        (Image::Opaque(name), _) => HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether image `{name}` includes SSM Agent (`--assume agent`)"
            ),
        )
        .at(at.0, at.1),
    }
}

/// Checks whether the instance can download the agent.
fn installed<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    (at, image_at): ((NodeId, &'static str), (NodeId, &'static str)),
    name: &str,
    from: Source,
) -> HopResult {
    let of_each = instance.placements.iter().map(|placement| {
        let route = routes::internet_route(index, instance, &placement.subnet);
        let internet = match &route {
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
                resource: Some(&object),
                ..CallContext::of(Caller::Unknown)
            },
        };
        let reached = path::reaches_s3(index, &placement.subnet, &route, &request, out);
        match from {
            Source::NamedRegion => internet.or(reached.and(Ternary::Unknown)),
            _ => reached,
        }
    });
    let reached = Ternary::all(of_each);
    let result = match reached {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("user data installs SSM Agent on image `{name}`"),
        ),
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether user data can download SSM Agent for image `{name}`"
            ),
        ),
        Ternary::No if from == Source::Internet => HopResult::fail(
            HOP,
            format!(
                "user data installs SSM Agent on image `{name}` from the internet, and the subnet \
                 has no route to the internet"
            ),
        )
        .fix(image::with_agent(index, image_at, name)),
        Ternary::No => HopResult::fail(
            HOP,
            format!(
                "user data installs SSM Agent on image `{name}` from S3, which the subnet cannot \
                 reach"
            ),
        )
        .fix(to_s3(index, instance)),
    };
    result.at(at.0, at.1)
}

/// Returns the changes that let user data download the agent from S3.
fn to_s3<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> Fix {
    let object = Expr::Text("*".into());
    let request = path::S3Request {
        action: "s3:GetObject",
        on: CallContext {
            resource: Some(&object),
            ..CallContext::of(Caller::Unknown)
        },
    };
    let unreached = |it: &&Placement<'g>| !path::s3_gateway(index, &it.subnet, &request).is_yes();
    let placements = &instance.placements;
    let first = placements.iter().find(unreached).or(placements.first());
    let Some(placement) = first else {
        return Fix::manual("add an S3 gateway endpoint to the route table of the subnet");
    };
    let connection = Connection::new(index, instance, placement, "s3", None);
    fixes::s3_gateway(&connection, &request)
}
