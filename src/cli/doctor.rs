//! `doctor`: everything between the operator and the shell, one line each.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::cloud::{Target, block_on, prove};
use super::connect::install;
use super::talk::Format;
use super::{Failure, output};
use crate::deploy::aws::Cloud;
use crate::deploy::error::Trouble;
use crate::deploy::follow::Stop;
use crate::deploy::tool::{Tool, ToolError};
use crate::deploy::values::Stack;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 nothing is wrong; 1 something is, and what to do is told; 2 usage."
)]
pub(super) struct Args {
    #[command(flatten)]
    target: Target,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    /// It cannot be told, or does no harm.
    Unsure,
    Bad,
}

struct Line {
    what: &'static str,
    health: Health,
    found: String,
    to_do: Option<String>,
}

#[derive(Default)]
struct Lines(Vec<Line>);

impl Lines {
    fn push(
        &mut self,
        what: &'static str,
        health: Health,
        found: impl Into<String>,
        to_do: Option<String>,
    ) {
        self.0.push(Line {
            what,
            health,
            found: found.into(),
            to_do,
        });
    }

    fn good(&mut self, what: &'static str, found: impl Into<String>) {
        self.push(what, Health::Good, found, None);
    }

    fn bad(&mut self, what: &'static str, found: impl Into<String>, to_do: impl Into<String>) {
        self.push(what, Health::Bad, found, Some(to_do.into()));
    }

    fn unsure(&mut self, what: &'static str, found: impl Into<String>, to_do: impl Into<String>) {
        self.push(what, Health::Unsure, found, Some(to_do.into()));
    }
}

/// What an operator needs to connect, and to see whether it worked.
///
/// From <https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-quickstart.html>.
const TO_CONNECT: [&str; 8] = [
    "ssm:StartSession",
    "ssm:TerminateSession",
    "ssm:ResumeSession",
    "ssm:GetConnectionStatus",
    "ssm:DescribeSessions",
    "ssm:DescribeInstanceInformation",
    "ssmmessages:OpenDataChannel",
    "ec2:DescribeInstances",
];

/// What CloudFormation and EC2 ask of who deploys, beside the rights to make what is in the stack.
const TO_DEPLOY: [&str; 13] = [
    "cloudformation:CreateChangeSet",
    "cloudformation:ListChangeSets",
    "cloudformation:UpdateTerminationProtection",
    "cloudformation:DescribeChangeSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeStacks",
    "cloudformation:DescribeStackEvents",
    "cloudformation:ListStackResources",
    "cloudformation:GetTemplate",
    "cloudformation:DeleteStack",
    "iam:PassRole",
    "ssm:GetParameters",
];

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (name, access) = args.target.resolve()?;
    block_on(async {
        let mut lines = Lines::default();
        let has_tool = tools(&mut lines).await;
        match Cloud::connect(&access, &Stop::default()).await {
            Err(error) => {
                let to_do = error.help().unwrap_or_default();
                let what = match error.trouble {
                    Trouble::Unconfigured => "region",
                    _ => "credentials",
                };
                lines.bad(what, error.to_string(), to_do);
            }
            Ok(cloud) => {
                lines.good("region", cloud.region.clone());
                let tool = Tool::new(&cloud.access());
                if has_tool && identity(&mut lines, &tool).await {
                    listing(&mut lines, &tool).await;
                }
                stack(&mut lines, &cloud, &tool, &name, has_tool).await;
            }
        }
        print(&lines, args.output)?;
        match lines.0.iter().any(|it| it.health == Health::Bad) {
            true => Err(Failure::Input),
            false => Ok(()),
        }
    })
}

/// The numbers of a version, wherever they begin.
fn numbers(text: &str) -> Vec<u32> {
    let start = text
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(text.len());
    let end = text[start..].find(|c: char| !c.is_ascii_digit() && c != '.');
    let version = &text[start..end.map_or(text.len(), |end| start + end)];
    version
        .split('.')
        .filter_map(|it| it.parse().ok())
        .collect()
}

/// The programs that a session needs; whether the AWS CLI is there.
async fn tools(lines: &mut Lines) -> bool {
    let mut has_tool = true;
    for (what, program, least, why) in [
        ("AWS CLI", "aws", [1, 16, 12], "older ones know no sessions"),
        (
            "session plugin",
            "session-manager-plugin",
            [1, 2, 497],
            "older ones show the session's token in the list of processes",
        ),
    ] {
        match Tool::version(program).await {
            None => {
                has_tool &= program != "aws";
                lines.bad(
                    what,
                    format!("`{program}` is not on the PATH, or does not run"),
                    install(program),
                );
            }
            // `aws-cli/2.1 …`: the name has no digit.
            Some(version) if numbers(&version) < least.to_vec() => {
                lines.unsure(what, version, format!("{why}; {}", install(program)));
            }
            Some(version) => lines.good(what, version),
        }
    }
    has_tool
}

fn refused(error: &ToolError) -> String {
    match error {
        ToolError::Refused { code, .. } if code.contains("Expired") => {
            "renew the credentials (`aws sso login`, or how you got them)".to_owned()
        }
        ToolError::Refused { code, .. } if code.contains("AccessDenied") => {
            "ask for this permission".to_owned()
        }
        _ => "check the credentials, the network, `--region` and `AWS_ENDPOINT_URL`".to_owned(),
    }
}

/// Who the operator is, and what they may not do.
async fn identity(lines: &mut Lines, tool: &Tool) -> bool {
    let who = match tool.call(&["sts", "get-caller-identity"]).await {
        Err(error) => {
            lines.bad("credentials", error.to_string(), refused(&error));
            return false;
        }
        Ok(who) => who,
    };
    let arn = who["Arn"].as_str().unwrap_or_default();
    lines.good("credentials", arn);
    permissions(lines, tool, arn).await;
    true
}

/// The policies' owner behind a caller: a role for its sessions.
async fn principal(tool: &Tool, arn: &str) -> Result<String, ToolError> {
    let session = arn.split_once(":assumed-role/");
    let Some(name) = session.and_then(|(_, rest)| rest.split('/').next()) else {
        return Ok(arn.to_owned());
    };
    // A session's name does not tell the role's path.
    let role = tool.call(&["iam", "get-role", "--role-name", name]).await?;
    Ok(role["Role"]["Arn"].as_str().unwrap_or_default().to_owned())
}

async fn permissions(lines: &mut Lines, tool: &Tool, arn: &str) {
    if arn.ends_with(":root") {
        lines.unsure(
            "permissions",
            "the root user may do everything",
            "use a role or user of your own",
        );
        return;
    }
    let cannot = |lines: &mut Lines, error: &ToolError| {
        lines.unsure(
            "permissions",
            format!("cannot be told: {error}"),
            "`iam:SimulatePrincipalPolicy` and `iam:GetRole` would tell",
        );
    };
    let owner = match principal(tool, arn).await {
        Ok(owner) => owner,
        Err(error) => return cannot(lines, &error),
    };
    for (what, actions) in [
        ("may connect", &TO_CONNECT[..]),
        ("may deploy", &TO_DEPLOY[..]),
    ] {
        let mut call = vec![
            "iam",
            "simulate-principal-policy",
            "--policy-source-arn",
            &owner,
            "--action-names",
        ];
        call.extend(actions);
        let results = match tool.list("EvaluationResults", &call).await {
            Ok(results) => results,
            Err(error) => return cannot(lines, &error),
        };
        let lacking = results.iter().filter(|it| it["EvalDecision"] != "allowed");
        let lacking: Vec<&str> = lacking
            .filter_map(|it| it["EvalActionName"].as_str())
            .collect();
        match (lacking.is_empty(), what) {
            (true, _) => lines.good(what, "as far as policies on the identity tell"),
            (false, "may connect") => lines.bad(
                what,
                format!("not allowed on every resource: {}", lacking.join(", ")),
                "if these are not allowed for this instance alone either, ask for them",
            ),
            (false, _) => lines.unsure(
                what,
                format!("not allowed on every resource: {}", lacking.join(", ")),
                "ask for them if you deploy",
            ),
        }
    }
}

/// Whether Systems Manager answers the operator.
async fn listing(lines: &mut Lines, tool: &Tool) {
    let call = ["ssm", "describe-instance-information", "--max-items", "5"];
    match tool.call(&call).await {
        Ok(_) => lines.good("Systems Manager", "answers"),
        Err(error) => lines.bad("Systems Manager", error.to_string(), refused(&error)),
    }
}

async fn stack(lines: &mut Lines, cloud: &Cloud, tool: &Tool, name: &str, has_tool: bool) {
    let found = match cloud.stack(name).await {
        Err(error) => {
            let to_do = error.help().unwrap_or_default();
            return lines.bad("stack", error.to_string(), to_do);
        }
        Ok(None) => {
            return lines.bad(
                "stack",
                format!("`{name}` is not there, in {}", cloud.region),
                "check `--stack`, `--region` and `--profile`; `ssm-synth deploy` creates it",
            );
        }
        Ok(Some(stack)) => stack,
    };
    let said = format!("`{name}` is {}", found.status);
    match found.status.as_str() {
        _ if found.is_good() || found.status == "UPDATE_ROLLBACK_COMPLETE" => {
            lines.good("stack", said)
        }
        _ if found.is_busy() => lines.unsure(
            "stack",
            said,
            format!("`ssm-synth status --stack {name} --wait` follows it"),
        ),
        _ => lines.bad(
            "stack",
            said,
            "`ssm-synth deploy` mends it or tells why not",
        ),
    }
    proof(lines, cloud, &found).await;
    if has_tool {
        instances(lines, cloud, tool, &found).await;
    }
}

/// What the deployed template says of the session.
async fn proof(lines: &mut Lines, cloud: &Cloud, stack: &Stack) {
    let Ok(Some(text)) = cloud.template(&stack.id).await else {
        return lines.unsure(
            "template",
            "cannot be read",
            "`cloudformation:GetTemplate` is needed",
        );
    };
    let proven = prove(&stack.name, &text, &stack.parameters, Some(&cloud.region));
    let Ok(proven) = proven else {
        return lines.unsure(
            "template",
            "is not understood",
            "`ssm-synth check` on the file says why",
        );
    };
    for (name, answer) in proven.answers() {
        let found = format!("{name}: {answer}");
        match answer.split(' ').next() {
            Some("reachable" | "absent") => lines.good("template", found),
            Some("unreachable") => lines.bad(
                "template",
                found,
                format!(
                    "`ssm-synth status --stack {}` shows the hop and its fix",
                    stack.name
                ),
            ),
            _ => lines.unsure(
                "template",
                found,
                "the template does not decide it: what lies outside of it does",
            ),
        }
    }
}

async fn instances(lines: &mut Lines, cloud: &Cloud, tool: &Tool, stack: &Stack) {
    let (instances, trouble) = match tool.instances(cloud, &stack.id).await {
        Ok(found) => found,
        Err(error) => {
            let to_do = error.help().unwrap_or_default();
            return lines.bad("instances", error.to_string(), to_do);
        }
    };
    if let Some(error) = trouble {
        lines.bad("instances", error.to_string(), refused(&error));
    }
    for it in instances {
        let found = format!(
            "{} {} is {}",
            it.name,
            it.id,
            if it.state.is_empty() {
                "not known"
            } else {
                &it.state
            }
        );
        match it.state.as_str() {
            "running" => lines.good("instance", found),
            "" => {}
            "pending" => lines.unsure("instance", found, "wait a little"),
            "stopped" | "stopping" => {
                lines.bad(
                    "instance",
                    found,
                    format!("`aws ec2 start-instances --instance-ids {}`", it.id),
                );
            }
            _ => lines.bad(
                "instance",
                found,
                "it was deleted behind the stack's back; deploy it anew",
            ),
        }
        let agent = format!(
            "{}: {}",
            it.name,
            if it.ping.is_empty() {
                "not known to Systems Manager"
            } else {
                &it.ping
            }
        );
        match it.ping.as_str() {
            "Online" => lines.good("agent", format!("{agent} ({})", it.version)),
            "" => lines.bad(
                "agent",
                agent,
                "a new one takes some minutes, one that booted before its permissions up to 30; then see \
                 the template's line, or reboot it",
            ),
            _ => lines.bad(
                "agent",
                agent,
                "it was there and is not: is the instance up, were endpoints, groups or permissions \
                 changed? (`ssm-synth status --drift`)",
            ),
        }
        if it.is_online() {
            let call = ["ssm", "get-connection-status", "--target", &it.id];
            match tool.call(&call).await {
                Ok(answer) if answer["Status"] == "connected" => {
                    lines.good(
                        "connection",
                        format!("{}: the agent waits for sessions", it.name),
                    );
                }
                Ok(_) => lines.bad(
                    "connection",
                    format!("{}: the agent holds no channel", it.name),
                    "`ssmmessages`: look at its endpoint, its group and the role's permissions",
                ),
                Err(error) => lines.unsure("connection", error.to_string(), refused(&error)),
            }
        }
    }
}

fn print(lines: &Lines, format: Format) -> Result<(), Failure> {
    let word = |health: Health| match health {
        Health::Good => "ok",
        Health::Unsure => "?",
        Health::Bad => "FAILS",
    };
    if format == Format::Json {
        let lines: Vec<Value> = lines
            .0
            .iter()
            .map(|it| json!({ "check": it.what, "result": word(it.health), "found": it.found, "to_do": it.to_do }))
            .collect();
        return output::artefact(&format!("{:#}\n", json!({ "checks": lines })));
    }
    let mut out = String::new();
    for it in &lines.0 {
        let paint: Style = match it.health {
            Health::Good => AnsiColor::Green.on_default(),
            Health::Unsure => AnsiColor::Yellow.on_default(),
            Health::Bad => AnsiColor::Red.on_default().bold(),
        };
        let found = super::meaning::shown(&it.found);
        let _ = writeln!(
            out,
            "{paint}{:<6}{paint:#}{:<16} {found}",
            word(it.health),
            it.what
        );
        if let Some(to_do) = it.to_do.as_deref().filter(|it| !it.is_empty()) {
            let _ = writeln!(out, "      {:<16}   {to_do}", "");
        }
    }
    output::styled(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_wherever_they_are() {
        assert_eq!(numbers("aws-cli/2.15.30 Python/3.11.8 Linux"), [2, 15, 30]);
        assert_eq!(numbers("1.2.650.0"), [1, 2, 650, 0]);
        assert!(numbers("1.2.331.0") < vec![1, 2, 497]);
        assert!(numbers("2.0") > vec![1, 16, 12]);
    }
}
