//! `doctor`: everything between the operator and the shell, one line each.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::aws::{StackArgs, block_on, check_template};
use super::connect::install;
use super::progress::Format;
use super::{Failure, output};
use crate::deploy::aws::Cloud;
use crate::deploy::aws_cli::{AwsCli, AwsCliError};
use crate::deploy::error::ErrorKind;
use crate::deploy::stop::Stop;
use crate::deploy::values::Stack;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 nothing is wrong; 1 something is, and what to do is told; 2 usage."
)]
pub(super) struct Args {
    #[command(flatten)]
    target: StackArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Pass,
    /// It cannot be told, or does no harm.
    Unknown,
    Fail,
}

struct Line {
    what: &'static str,
    health: Health,
    found: String,
    fix: Option<String>,
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
            fix: to_do,
        });
    }

    fn pass(&mut self, what: &'static str, found: impl Into<String>) {
        self.push(what, Health::Pass, found, None);
    }

    fn fail(&mut self, what: &'static str, found: impl Into<String>, to_do: impl Into<String>) {
        self.push(what, Health::Fail, found, Some(to_do.into()));
    }

    fn unknown(&mut self, what: &'static str, found: impl Into<String>, to_do: impl Into<String>) {
        self.push(what, Health::Unknown, found, Some(to_do.into()));
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
    crate::session_manager::OPEN_DATA_CHANNEL,
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
                let what = match error.kind {
                    ErrorKind::Unconfigured => "region",
                    _ => "credentials",
                };
                lines.fail(what, error.to_string(), to_do);
            }
            Ok(cloud) => {
                lines.pass("region", cloud.region.clone());
                let aws_cli = AwsCli::new(&cloud.access());
                if has_tool && identity(&mut lines, &aws_cli).await {
                    listing(&mut lines, &aws_cli).await;
                }
                stack(&mut lines, &cloud, &aws_cli, &name, has_tool).await;
            }
        }
        print(&lines, args.output)?;
        match lines.0.iter().any(|it| it.health == Health::Fail) {
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
    for (what, program, min, why) in [
        ("AWS CLI", "aws", [1, 16, 12], "older ones know no sessions"),
        (
            "session plugin",
            "session-manager-plugin",
            [1, 2, 497],
            "older ones show the session's token in the list of processes",
        ),
    ] {
        match AwsCli::version(program).await {
            None => {
                has_tool &= program != "aws";
                lines.fail(
                    what,
                    format!("`{program}` is not on the PATH, or does not run"),
                    install(program),
                );
            }
            // `aws-cli/2.1 …`: the name has no digit.
            Some(version) if numbers(&version) < min.to_vec() => {
                lines.unknown(what, version, format!("{why}; {}", install(program)));
            }
            Some(version) => lines.pass(what, version),
        }
    }
    has_tool
}

fn refusal(error: &AwsCliError) -> String {
    match error {
        AwsCliError::Refused { code, .. } if code.contains("Expired") => {
            "renew the credentials (`aws sso login`, or how you got them)".to_owned()
        }
        AwsCliError::Refused { code, .. } if code.contains("AccessDenied") => {
            "ask for this permission".to_owned()
        }
        _ => "check the credentials, the network, `--region` and `AWS_ENDPOINT_URL`".to_owned(),
    }
}

/// Who the operator is, and what they may not do.
async fn identity(lines: &mut Lines, aws_cli: &AwsCli) -> bool {
    let who = match aws_cli.call(&["sts", "get-caller-identity"]).await {
        Err(error) => {
            lines.fail("credentials", error.to_string(), refusal(&error));
            return false;
        }
        Ok(who) => who,
    };
    let arn = who["Arn"].as_str().unwrap_or_default();
    lines.pass("credentials", arn);
    permissions(lines, aws_cli, arn).await;
    true
}

/// The policies' owner behind a caller: a role for its sessions.
async fn principal(aws_cli: &AwsCli, arn: &str) -> Result<String, AwsCliError> {
    let session = arn.split_once(":assumed-role/");
    let Some(name) = session.and_then(|(_, rest)| rest.split('/').next()) else {
        return Ok(arn.to_owned());
    };
    // A session's name does not tell the role's path.
    let kind = aws_cli
        .call(&["iam", "get-role", "--role-name", name])
        .await?;
    Ok(kind["Role"]["Arn"].as_str().unwrap_or_default().to_owned())
}

async fn permissions(lines: &mut Lines, aws_cli: &AwsCli, arn: &str) {
    if arn.ends_with(":root") {
        lines.unknown(
            "permissions",
            "the root user may do everything",
            "use a role or user of your own",
        );
        return;
    }
    let cannot = |lines: &mut Lines, error: &AwsCliError| {
        lines.unknown(
            "permissions",
            format!("cannot be told: {error}"),
            "`iam:SimulatePrincipalPolicy` and `iam:GetRole` would tell",
        );
    };
    let owner = match principal(aws_cli, arn).await {
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
        let results = match aws_cli.list("EvaluationResults", &call).await {
            Ok(results) => results,
            Err(error) => return cannot(lines, &error),
        };
        let lacking = results.iter().filter(|it| it["EvalDecision"] != "allowed");
        let lacking: Vec<&str> = lacking
            .filter_map(|it| it["EvalActionName"].as_str())
            .collect();
        match (lacking.is_empty(), what) {
            (true, _) => lines.pass(what, "as far as policies on the identity tell"),
            (false, "may connect") => lines.fail(
                what,
                format!("not allowed on every resource: {}", lacking.join(", ")),
                "if these are not allowed for this instance alone either, ask for them",
            ),
            (false, _) => lines.unknown(
                what,
                format!("not allowed on every resource: {}", lacking.join(", ")),
                "ask for them if you deploy",
            ),
        }
    }
}

/// Whether Systems Manager answers the operator.
async fn listing(lines: &mut Lines, aws_cli: &AwsCli) {
    let call = ["ssm", "describe-instance-information", "--max-items", "5"];
    match aws_cli.call(&call).await {
        Ok(_) => lines.pass("Systems Manager", "answers"),
        Err(error) => lines.fail("Systems Manager", error.to_string(), refusal(&error)),
    }
}

async fn stack(lines: &mut Lines, cloud: &Cloud, aws_cli: &AwsCli, name: &str, has_tool: bool) {
    let found = match cloud.stack(name).await {
        Err(error) => {
            let to_do = error.help().unwrap_or_default();
            return lines.fail("stack", error.to_string(), to_do);
        }
        Ok(None) => {
            return lines.fail(
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
            lines.pass("stack", said)
        }
        _ if found.is_busy() => lines.unknown(
            "stack",
            said,
            format!("`ssm-synth status --stack {name} --wait` follows it"),
        ),
        _ => lines.fail(
            "stack",
            said,
            "`ssm-synth deploy` mends it or tells why not",
        ),
    }
    reachability(lines, cloud, &found).await;
    if has_tool {
        instances(lines, cloud, aws_cli, &found).await;
    }
}

/// What the deployed template says of the session.
async fn reachability(lines: &mut Lines, cloud: &Cloud, stack: &Stack) {
    let Ok(Some(text)) = cloud.template(&stack.id).await else {
        return lines.unknown(
            "template",
            "cannot be read",
            "`cloudformation:GetTemplate` is needed",
        );
    };
    let checked = check_template(&stack.name, &text, &stack.parameters, Some(&cloud.region));
    let Ok(checked) = checked else {
        return lines.unknown(
            "template",
            "is not understood",
            "`ssm-synth check` on the file says why",
        );
    };
    for (name, verdict) in checked.verdicts() {
        let found = format!("{name}: {verdict}");
        match verdict.split(' ').next() {
            Some("reachable" | "absent") => lines.pass("template", found),
            Some("unreachable") => lines.fail(
                "template",
                found,
                format!(
                    "`ssm-synth status --stack {}` shows the hop and its fix",
                    stack.name
                ),
            ),
            _ => lines.unknown(
                "template",
                found,
                "the template does not decide it: what lies outside of it does",
            ),
        }
    }
}

async fn instances(lines: &mut Lines, cloud: &Cloud, aws_cli: &AwsCli, stack: &Stack) {
    let (instances, trouble) = match aws_cli.instances(cloud, &stack.id).await {
        Ok(found) => found,
        Err(error) => {
            let to_do = error.help().unwrap_or_default();
            return lines.fail("instances", error.to_string(), to_do);
        }
    };
    if let Some(error) = trouble {
        lines.fail("instances", error.to_string(), refusal(&error));
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
            "running" => lines.pass("instance", found),
            "" => {}
            "pending" => lines.unknown("instance", found, "wait a little"),
            "stopped" | "stopping" => {
                lines.fail(
                    "instance",
                    found,
                    format!("`aws ec2 start-instances --instance-ids {}`", it.id),
                );
            }
            _ => lines.fail(
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
            "Online" => lines.pass("agent", format!("{agent} ({})", it.version)),
            "" => lines.fail(
                "agent",
                agent,
                "a new one takes some minutes, one that booted before its permissions up to 30; then see \
                 the template's line, or reboot it",
            ),
            _ => lines.fail(
                "agent",
                agent,
                "it was there and is not: is the instance up, were endpoints, groups or permissions \
                 changed? (`ssm-synth status --drift`)",
            ),
        }
        if it.is_online() {
            let call = ["ssm", "get-connection-status", "--target", &it.id];
            match aws_cli.call(&call).await {
                Ok(verdict) if verdict["Status"] == "connected" => {
                    lines.pass(
                        "connection",
                        format!("{}: the agent waits for sessions", it.name),
                    );
                }
                Ok(_) => lines.fail(
                    "connection",
                    format!("{}: the agent holds no channel", it.name),
                    "`ssmmessages`: look at its endpoint, its group and the role's permissions",
                ),
                Err(error) => lines.unknown("connection", error.to_string(), refusal(&error)),
            }
        }
    }
}

fn print(lines: &Lines, format: Format) -> Result<(), Failure> {
    let word = |health: Health| match health {
        Health::Pass => "ok",
        Health::Unknown => "?",
        Health::Fail => "FAILS",
    };
    if format == Format::Json {
        let lines: Vec<Value> = lines
            .0
            .iter()
            .map(|it| json!({ "check": it.what, "result": word(it.health), "found": it.found, "to_do": it.fix }))
            .collect();
        return output::artifact(&format!("{:#}\n", json!({ "checks": lines })));
    }
    let mut out = String::new();
    for it in &lines.0 {
        let paint: Style = match it.health {
            Health::Pass => AnsiColor::Green.on_default(),
            Health::Unknown => AnsiColor::Yellow.on_default(),
            Health::Fail => AnsiColor::Red.on_default().bold(),
        };
        let found = crate::diff::escape_text(&it.found);
        let _ = writeln!(
            out,
            "{paint}{:<6}{paint:#}{:<16} {found}",
            word(it.health),
            it.what
        );
        if let Some(to_do) = it.fix.as_deref().filter(|it| !it.is_empty()) {
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
