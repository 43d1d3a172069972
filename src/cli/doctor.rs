//! `doctor`: one line for each requirement of a session.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::aws::{StackArgs, block_on, check_template};
use super::connect::install;
use super::context::Context;
use super::deploy::StackCommand;
use super::failure::Failure;
use super::format::ReportFormat;
use super::output;
use super::permissions::{self, Simulation, joined};
use super::progress::Caller;
use super::settings::stack_template;
use crate::deploy::aws::Cloud;
use crate::deploy::aws_cli::{AwsCli, AwsCliError};
use crate::deploy::error::{AwsError, ErrorKind};
use crate::deploy::progress::OnWait;
use crate::deploy::stop::Stop;
use crate::deploy::values::Stack;
use crate::deployer::{self, Share};
use crate::session_manager::OLDEST_PLUGIN;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ssm-synth doctor --stack team
  ssm-synth doctor -f json | jq '.checks[] | select(.result == \"fail\")'

Exit codes: 0 no line fails; 1 a line fails; 2 usage, or unreadable input")]
pub(super) struct Args {
    #[command(flatten)]
    target: StackArgs,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<ReportFormat>,
}

/// The result of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Pass,
    /// The result cannot be determined, or does not block a session.
    Unknown,
    Fail,
}

struct Line {
    what: &'static str,
    health: Health,
    found: String,
    fix: Option<String>,
}

/// The lines so far. Text is printed line by line, since some calls take seconds.
struct Lines {
    format: ReportFormat,
    lines: Vec<Line>,
    /// The first failure of the output, which ends the program.
    output: Result<(), Failure>,
}

impl Lines {
    fn push(
        &mut self,
        what: &'static str,
        health: Health,
        found: impl Into<String>,
        fix: Option<String>,
    ) {
        let line = Line {
            what,
            health,
            found: found.into(),
            fix,
        };
        if self.format == ReportFormat::Text && self.output.is_ok() {
            self.output = output::styled(&output::fitted(&text(&line)));
        }
        self.lines.push(line);
    }

    fn pass(&mut self, what: &'static str, found: impl Into<String>) {
        self.push(what, Health::Pass, found, None);
    }

    fn fail(&mut self, what: &'static str, found: impl Into<String>, fix: impl Into<String>) {
        self.push(what, Health::Fail, found, Some(fix.into()));
    }

    fn unknown(&mut self, what: &'static str, found: impl Into<String>, fix: impl Into<String>) {
        self.push(what, Health::Unknown, found, Some(fix.into()));
    }
}

/// The actions that an operator needs to connect.
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

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (name, access) = args.target.resolve(context)?;
    let command = StackCommand::new(context, args.target.aws.stack_flags(&name));
    block_on(async {
        let mut lines = Lines {
            format: args.format.unwrap_or(ReportFormat::Text),
            lines: Vec::new(),
            output: Ok(()),
        };
        let has_tool = tools(&mut lines, access.on_wait).await;
        match Cloud::connect(&access, &Stop::default()).await {
            Err(error) => {
                let fix = error.help().unwrap_or_default();
                let what = match error.kind {
                    ErrorKind::Unconfigured => "region",
                    _ => "credentials",
                };
                lines.fail(what, error.to_string(), fix);
            }
            Ok(cloud) => {
                lines.pass("region", cloud.region.clone());
                let aws_cli = AwsCli::new(&cloud.access());
                let caller = match has_tool {
                    true => identity(&mut lines, &aws_cli).await,
                    false => None,
                };
                let found = cloud.stack(&name).await;
                if let Some(who) = &caller {
                    let deployed = found.as_ref().ok().and_then(Option::as_ref);
                    let of_stack = resources(&cloud, deployed, &name, context).await;
                    let place = deployer::Place::of(&who.arn, &who.account, &cloud.region, &name);
                    let role = deployed.and_then(|it| it.role_arn.as_deref());
                    permissions(&mut lines, &aws_cli, of_stack, &place, &who.arn, role).await;
                    listing(&mut lines, &aws_cli).await;
                }
                stack(
                    &mut lines, &cloud, &aws_cli, &name, found, &command, has_tool,
                )
                .await;
            }
        }
        let has_failed = lines.lines.iter().any(|it| it.health == Health::Fail);
        if lines.format == ReportFormat::Json {
            output::artifact(&json(&lines.lines))?;
        }
        lines.output?;
        match has_failed {
            true => Err(Failure::Failed),
            false => Ok(()),
        }
    })
}

/// Checks the programs of a session. Returns whether the AWS CLI exists.
async fn tools(lines: &mut Lines, on_wait: Option<OnWait>) -> bool {
    let mut has_tool = true;
    for (what, program, min, why) in [
        (
            "AWS CLI",
            "aws",
            &[1, 16, 12][..],
            "older versions do not support sessions",
        ),
        (
            "session plugin",
            "session-manager-plugin",
            &OLDEST_PLUGIN,
            "AWS does not support older versions",
        ),
    ] {
        match AwsCli::version(program, on_wait).await {
            None => {
                has_tool &= program != "aws";
                lines.fail(
                    what,
                    format!("`{program}` is not on the PATH, or does not start"),
                    install(program),
                );
            }
            // `aws-cli/2.1 …`: the name has no digit.
            Some(version) if AwsCli::numbers(&version).as_slice() < min => {
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
            "renew the credentials, for example with `aws sso login`".to_owned()
        }
        AwsCliError::Refused { code, .. } if code.contains("AccessDenied") => {
            "request this permission".to_owned()
        }
        _ => "check the credentials, the network, `--region` and `AWS_ENDPOINT_URL`".to_owned(),
    }
}

/// Returns the resources of the deployed template, else of the configuration, if it can be read.
async fn resources(
    cloud: &Cloud,
    deployed: Option<&Stack>,
    name: &str,
    context: &Context,
) -> Option<deployer::Stack> {
    let deployed = match deployed {
        Some(stack) => cloud.template(&stack.id).await.ok().flatten(),
        None => None,
    };
    let text = deployed.or_else(|| stack_template(context, name))?;
    deployer::Stack::of_template(&text, &[]).ok()
}

/// Checks the credentials, and returns whose they are.
async fn identity(lines: &mut Lines, aws_cli: &AwsCli) -> Option<Caller> {
    match aws_cli.call(&["sts", "get-caller-identity"]).await {
        Err(error) => {
            lines.fail("credentials", error.to_string(), refusal(&error));
            None
        }
        Ok(who) => {
            let text = |key: &str| who[key].as_str().unwrap_or_default().to_owned();
            lines.pass("credentials", text("Arn"));
            Some(Caller {
                account: text("Account"),
                arn: text("Arn"),
            })
        }
    }
}

/// Checks the permissions of the operator, of the deploying principal and of the service role.
async fn permissions(
    lines: &mut Lines,
    aws_cli: &AwsCli,
    stack: Option<deployer::Stack>,
    place: &deployer::Place<'_>,
    arn: &str,
    role: Option<&str>,
) {
    let unchecked = match &stack {
        Some(stack) => deployer::unknown_types(stack),
        None => Some("the resources of the stack, whose template is unknown".to_owned()),
    };
    let stack = stack.unwrap_or_default();
    let simulations =
        |share| Simulation::of_statements(&deployer::statements(&stack, place, share));
    if permissions::is_root(arn) {
        lines.unknown(
            "permissions",
            "the root user has every permission",
            "use a role or an IAM user",
        );
    } else {
        let of_caller = simulations(permissions::share_of_caller(role));
        let unchecked = unchecked.as_ref().filter(|_| role.is_none());
        of_principal(lines, aws_cli, arn, of_caller, unchecked).await;
    }
    if let Some(role) = role {
        let what = "role permissions";
        let of_role = simulations(Share::RESOURCES);
        match permissions::lacking(aws_cli, role, of_role).await {
            Err(error) => lines.unknown(
                what,
                format!("cannot be determined: {error}"),
                permissions::ALLOW_SIMULATION,
            ),
            Ok(lacking) => deployment(lines, what, "service role", &lacking, unchecked.as_ref()),
        }
    }
}

/// Reports the permissions of the deploying principal or of the service role.
fn deployment(
    lines: &mut Lines,
    what: &'static str,
    who: &str,
    lacking: &BTreeSet<String>,
    unchecked: Option<&String>,
) {
    if !lacking.is_empty() {
        lines.unknown(
            what,
            format!("not allowed: {}", joined(lacking)),
            "request these permissions if you deploy; `deployer-policy` generates the policy",
        );
    } else if unchecked.is_none() {
        lines.pass(what, format!("allowed by the policies of the {who}"));
    }
    if let Some(types) = unchecked {
        lines.unknown(
            what,
            format!("not checked for {types}"),
            permissions::CHECK_TYPES,
        );
    }
}

/// Checks the permissions to connect, and to deploy.
async fn of_principal(
    lines: &mut Lines,
    aws_cli: &AwsCli,
    arn: &str,
    simulations: Vec<Simulation>,
    unchecked: Option<&String>,
) {
    let cannot = |lines: &mut Lines, error: &AwsCliError| {
        lines.unknown(
            "permissions",
            format!("cannot be determined: {error}"),
            permissions::ALLOW_SIMULATION,
        );
    };
    let owner = match permissions::principal(aws_cli, arn).await {
        Ok(owner) => owner,
        Err(error) => return cannot(lines, &error),
    };
    let connect = Simulation::of_actions(&TO_CONNECT);
    match connect.lacking(aws_cli, &owner).await {
        Err(error) => return cannot(lines, &error),
        Ok(lacking) if lacking.is_empty() => {
            lines.pass(
                "connect permissions",
                "allowed by the policies of the principal",
            );
        }
        Ok(lacking) => lines.fail(
            "connect permissions",
            format!("not allowed on every resource: {}", joined(&lacking)),
            "request these permissions, unless you have them for this instance",
        ),
    }
    match permissions::lacking(aws_cli, &owner, simulations).await {
        Err(error) => cannot(lines, &error),
        Ok(lacking) => deployment(
            lines,
            "deploy permissions",
            "principal",
            &lacking,
            unchecked,
        ),
    }
}

/// Checks that Systems Manager responds to the operator.
async fn listing(lines: &mut Lines, aws_cli: &AwsCli) {
    let call = ["ssm", "describe-instance-information", "--max-items", "5"];
    match aws_cli.call(&call).await {
        Ok(_) => lines.pass("Systems Manager", "responds"),
        Err(error) => lines.fail("Systems Manager", error.to_string(), refusal(&error)),
    }
}

async fn stack(
    lines: &mut Lines,
    cloud: &Cloud,
    aws_cli: &AwsCli,
    name: &str,
    found: Result<Option<Stack>, AwsError>,
    command: &StackCommand,
    has_tool: bool,
) {
    let found = match found {
        Err(error) => {
            let fix = error.help().unwrap_or_default();
            return lines.fail("stack", error.to_string(), fix);
        }
        Ok(None) => {
            return lines.fail(
                "stack",
                format!("`{name}` does not exist in `{}`", cloud.region),
                "check `--stack`, `--region` and `--profile`, or deploy the stack",
            );
        }
        Ok(Some(stack)) => stack,
    };
    let state = format!("`{name}` is `{}`", found.status);
    match found.status.as_str() {
        _ if found.is_good() || found.status == "UPDATE_ROLLBACK_COMPLETE" => {
            lines.pass("stack", state)
        }
        _ if found.is_busy() => lines.unknown(
            "stack",
            state,
            format!("run `{}` to wait for it", command.wait()),
        ),
        _ => lines.fail(
            "stack",
            state,
            "deploy the stack again, which continues or reports the reason",
        ),
    }
    reachability(lines, cloud, &found, command).await;
    if has_tool {
        instances(lines, cloud, aws_cli, &found).await;
    }
}

/// Checks the reachability of the deployed template.
async fn reachability(lines: &mut Lines, cloud: &Cloud, stack: &Stack, command: &StackCommand) {
    let Ok(Some(text)) = cloud.template(&stack.id).await else {
        return lines.unknown(
            "template",
            "cannot be read",
            "allow `cloudformation:GetTemplate`",
        );
    };
    let checked = check_template(&stack.name, &text, &stack.parameters, Some(&cloud.region));
    let Ok(checked) = checked else {
        return lines.unknown(
            "template",
            "cannot be analyzed",
            "run the command `check` with the template",
        );
    };
    for (name, verdict) in checked.verdicts() {
        let found = format!("{name}: {verdict}");
        match verdict.split(' ').next() {
            Some("reachable" | "absent" | "not-created") => lines.pass("template", found),
            Some("unreachable") => lines.fail(
                "template",
                found,
                format!("run `{}` to see the hop and its fix", command.status()),
            ),
            _ => lines.unknown(
                "template",
                found,
                "resources outside the template determine it",
            ),
        }
    }
}

async fn instances(lines: &mut Lines, cloud: &Cloud, aws_cli: &AwsCli, stack: &Stack) {
    let (instances, trouble) = match aws_cli.instances(cloud, &stack.id).await {
        Ok(found) => found,
        Err(error) => {
            let fix = error.help().unwrap_or_default();
            return lines.fail("instances", error.to_string(), fix);
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
                "in an unknown state"
            } else {
                &it.state
            }
        );
        match it.state.as_str() {
            "running" => lines.pass("instance", found),
            "" => {}
            "pending" => lines.unknown("instance", found, "wait for a minute"),
            "stopped" | "stopping" => {
                lines.fail(
                    "instance",
                    found,
                    format!("run `aws ec2 start-instances --instance-ids {}`", it.id),
                );
            }
            _ => lines.fail(
                "instance",
                found,
                "it was deleted outside CloudFormation; create it again",
            ),
        }
        let agent = format!(
            "{}: {}",
            it.name,
            if it.ping.is_empty() {
                "not registered with Systems Manager"
            } else {
                &it.ping
            }
        );
        match it.ping.as_str() {
            "Online" => lines.pass("agent", format!("{agent} ({})", it.version)),
            "" => lines.fail(
                "agent",
                agent,
                "wait some minutes for a new instance, or 30 minutes if it started before its permissions; \
                 then apply the fix of the template, or reboot it",
            ),
            _ => lines.fail(
                "agent",
                agent,
                "the agent was online before; run `status --drift` to find changed endpoints, security \
                 groups or permissions",
            ),
        }
        if it.is_online() {
            let call = ["ssm", "get-connection-status", "--target", &it.id];
            match aws_cli.call(&call).await {
                Ok(verdict) if verdict["Status"] == "connected" => {
                    lines.pass(
                        "connection",
                        format!("{}: the agent has an open channel", it.name),
                    );
                }
                Ok(_) => lines.fail(
                    "connection",
                    format!("{}: the agent has no open channel", it.name),
                    "check the endpoint of `ssmmessages`, its security group and the permissions of the role",
                ),
                Err(error) => lines.unknown("connection", error.to_string(), refusal(&error)),
            }
        }
    }
}

fn word(health: Health) -> &'static str {
    match health {
        Health::Pass => "pass",
        Health::Unknown => "unknown",
        Health::Fail => "fail",
    }
}

fn json(lines: &[Line]) -> String {
    let lines = lines.iter().map(|it| {
        json!({ "check": it.what, "result": word(it.health), "found": it.found, "fix": it.fix })
    });
    let lines: Vec<Value> = lines.collect();
    format!("{:#}\n", json!({ "checks": lines }))
}

fn text(line: &Line) -> String {
    let paint: Style = match line.health {
        Health::Pass => AnsiColor::Green.on_default(),
        Health::Unknown => AnsiColor::Yellow.on_default(),
        Health::Fail => AnsiColor::Red.on_default().bold(),
    };
    let found = crate::diff::escape_text(&line.found);
    let word = word(line.health);
    let mut out = format!("{paint}{word:<8}{paint:#}{:<20} {found}\n", line.what);
    if let Some(fix) = line.fix.as_deref().filter(|it| !it.is_empty()) {
        let _ = writeln!(out, "        {:<20} {fix}", "");
    }
    out
}
