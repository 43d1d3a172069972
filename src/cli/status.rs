//! `status`: the stack, its instances, their agents, and the reason of an offline agent.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::aws::{
    StackArgs, block_on, check_template, display, duration, print_error, report_aws_error,
    report_detached,
};
use super::context::Context;
use super::deploy::{StackCommand, failed, or_null};
use super::failure::Failure;
use super::format::ReportFormat;
use super::output;
use super::progress::{ProgressReporter, report_end, report_forced_stop};
use crate::deploy::aws::Cloud;
use crate::deploy::aws_cli::{AwsCli, AwsCliError, Instance};
use crate::deploy::error::AwsError;
use crate::deploy::outcome::{Detached, Failed};
use crate::deploy::stop::Stop;
use crate::deploy::values::{Drifted, Stack};
use crate::deploy::wait::{ProgressSink as _, WaitEnd, WaitOptions, event_before_operation, wait};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ssm-synth status --stack team
  ssm-synth status --wait --timeout 15m
  ssm-synth status --drift -f json

Exit codes: 0 the stack is stable and every agent is online; 1 otherwise;
2 usage, unreadable input, credentials, or network; 3 in progress;
130 interrupted")]
pub(super) struct Args {
    #[command(flatten)]
    target: StackArgs,
    /// Wait until the stack is stable and every agent is online
    #[arg(long)]
    wait: bool,
    /// Maximum wait, such as `90s` or `30m`
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10m", requires = "wait")]
    timeout: Duration,
    /// Detect changes made outside CloudFormation
    #[arg(long)]
    drift: bool,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<ReportFormat>,
}

impl Args {
    fn format(&self) -> ReportFormat {
        self.format.unwrap_or(ReportFormat::Text)
    }
}

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const DOUBT: Style = AnsiColor::Yellow.on_default();
const BOLD: Style = Style::new().bold();

/// Changes made outside CloudFormation.
struct Drift {
    status: String,
    resources: Vec<Drifted>,
}

/// The state of a stack and its instances.
struct StackStatus {
    stack: Stack,
    instances: Vec<Instance>,
    aws_error: Option<AwsCliError>,
    drift: Option<Drift>,
}

impl StackStatus {
    fn all_online(&self) -> bool {
        self.instances.iter().all(Instance::is_online)
    }
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    report_end(args.format(), status(args, context))
}

fn status(args: &Args, context: &Context) -> Result<(), Failure> {
    let (name, access) = args.target.resolve(context)?;
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let aws_cli = AwsCli::new(&cloud.access());
        let mut progress = ProgressReporter::new(args.format(), true);
        let deadline = Instant::now() + args.timeout;
        let found = cloud
            .stack(&name)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let Some(mut stack) = found else {
            print_error(
                &format!("stack `{name}` does not exist in `{}`", cloud.region),
                Some("check `--stack`, `--region` and `--profile`, or deploy the stack"),
            );
            progress.outcome("not-found", None, &json!({}));
            return Err(Failure::Failed);
        };
        if args.wait && stack.is_busy() {
            stack = wait_for_operation(
                args,
                context,
                &cloud,
                &stack,
                deadline,
                &stop,
                &mut progress,
            )
            .await?;
        }
        let mut found = read_status(args, &cloud, &aws_cli, stack, deadline, &stop)
            .await
            .map_err(|error| report_aws_error(&error))?;
        if args.wait {
            wait_until_online(
                args,
                &cloud,
                &aws_cli,
                &mut found,
                deadline,
                &stop,
                &mut progress,
            )
            .await?;
        }
        report(args, context, &cloud, &found, &progress).await?;
        if stop.is_requested() {
            return Err(Failure::Interrupted);
        }
        if found.stack.is_busy() {
            return Err(Failure::Unknown);
        }
        if found.aws_error.is_some() {
            return Err(Failure::Unusable);
        }
        match found.stack.is_good() || found.stack.status == "UPDATE_ROLLBACK_COMPLETE" {
            true if found.all_online() => Ok(()),
            _ => Err(Failure::Failed),
        }
    })
}

/// Waits for an operation in progress.
async fn wait_for_operation(
    args: &Args,
    context: &Context,
    cloud: &Cloud,
    stack: &Stack,
    deadline: Instant,
    stop: &Stop,
    progress: &mut ProgressReporter<'_>,
) -> Result<Stack, Failure> {
    progress.line(&format!(
        "Waiting for stack `{}`, which is `{}`...",
        stack.name, stack.status
    ));
    let last_event = event_before_operation(cloud, &stack.id)
        .await
        .map_err(|error| report_aws_error(&error))?;
    progress.start(None);
    let command = StackCommand::new(context, args.target.aws.stack_flags(&stack.name));
    let options = WaitOptions {
        stack_id: &stack.id,
        last_event,
        change_set: None,
        deadline: Some(deadline),
        poll_interval: args.target.aws.poll_interval,
    };
    let result = wait(cloud, options, stop, progress).await;
    let why = match result.end {
        WaitEnd::Settled(stack) if stack.is_good() => return Ok(stack),
        WaitEnd::Settled(stack) if stack.status == "DELETE_COMPLETE" => {
            progress.line(&format!("Stack `{}` is deleted", stack.name));
            progress.outcome("deleted", None, &json!({}));
            return Err(Failure::Failed);
        }
        WaitEnd::Settled(stack) => {
            let found = Failed::of(cloud, stack, &result.events).await;
            return Err(failed(progress, &found, &command));
        }
        WaitEnd::Stopped => Detached::Stopped,
        WaitEnd::TimedOut => Detached::TimedOut,
        WaitEnd::Lost(error) => Detached::Lost(error),
    };
    progress.outcome("in-progress", None, &json!({ "status": result.status }));
    Err(report_detached(
        &stack.name,
        &command.wait(),
        &result.status,
        &why,
        Some(args.timeout),
    ))
}

async fn read_status(
    args: &Args,
    cloud: &Cloud,
    aws_cli: &AwsCli,
    stack: Stack,
    deadline: Instant,
    stop: &Stop,
) -> Result<StackStatus, AwsError> {
    let (instances, aws_error) = aws_cli.instances(cloud, &stack.id).await?;
    let drift = match args.drift {
        true => Some(drift(args, cloud, &stack, deadline, stop).await?),
        false => None,
    };
    Ok(StackStatus {
        stack,
        instances,
        aws_error,
        drift,
    })
}

async fn drift(
    args: &Args,
    cloud: &Cloud,
    stack: &Stack,
    deadline: Instant,
    stop: &Stop,
) -> Result<Drift, AwsError> {
    let id = cloud.detect_drift(&stack.id).await?;
    let (status, reason) = loop {
        if let Some(done) = cloud.drift(&id).await? {
            break done;
        }
        tokio::select! {
            () = sleep(args.target.aws.poll_interval) => {}
            () = stop.wait() => break ("unknown: stopped waiting".to_owned(), String::new()),
        }
        if Instant::now() >= deadline {
            break ("unknown: timed out".to_owned(), String::new());
        }
    };
    if !reason.is_empty() {
        return Ok(Drift {
            status: format!("{status}: {reason}"),
            resources: Vec::new(),
        });
    }
    let mut resources = cloud.drifts(&stack.id).await?;
    resources.retain(|it| it.status == "MODIFIED" || it.status == "DELETED");
    Ok(Drift { status, resources })
}

/// Waits until every agent is online.
async fn wait_until_online(
    args: &Args,
    cloud: &Cloud,
    aws_cli: &AwsCli,
    found: &mut StackStatus,
    deadline: Instant,
    stop: &Stop,
    progress: &mut ProgressReporter<'_>,
) -> Result<(), Failure> {
    let mut last_line = String::new();
    while !found.all_online() && found.aws_error.is_none() {
        let states = found.instances.iter().filter(|it| !it.is_online());
        let states = states.map(|it| format!("{} {}", it.name, ping(it)));
        let line = states.collect::<Vec<_>>().join(", ");
        if line != last_line {
            progress.note(&format!("Waiting for {line}..."));
            last_line = line;
        }
        if Instant::now() >= deadline {
            progress.note(&format!("timed out after {}", display(args.timeout)));
            return Ok(());
        }
        tokio::select! {
            () = sleep(args.target.aws.poll_interval) => {}
            () = stop.wait() => {
                progress.line("Stopped waiting; nothing was changed");
                return Err(Failure::Interrupted);
            }
        }
        if let Err(error) = aws_cli.look(&mut found.instances).await {
            found.aws_error = Some(error);
        }
        if let Ok(Some(stack)) = cloud.stack(&found.stack.id).await {
            found.stack = stack;
        }
    }
    Ok(())
}

fn ping(instance: &Instance) -> &str {
    match instance.ping.as_str() {
        "" => "not registered with Systems Manager",
        ping => ping,
    }
}

/// Checks the deployed template, for the reason of an offline agent.
async fn check(cloud: &Cloud, found: &StackStatus) -> Option<super::aws::CheckedTemplate> {
    let text = cloud.template(&found.stack.id).await.ok()??;
    let parameters = &found.stack.parameters;
    check_template(&found.stack.name, &text, parameters, Some(&cloud.region)).ok()
}

async fn report(
    args: &Args,
    context: &Context,
    cloud: &Cloud,
    found: &StackStatus,
    progress: &ProgressReporter<'_>,
) -> Result<(), Failure> {
    let stack = &found.stack;
    let checked = match found.all_online() {
        true => None,
        false => check(cloud, found).await,
    };
    if args.format() == ReportFormat::Json {
        let instances = found.instances.iter().map(|it| {
            json!({
                "name": it.name,
                "id": it.id,
                "state": or_null(&it.state),
                "agent": {
                    "ping": or_null(&it.ping),
                    "version": or_null(&it.version),
                    "platform": or_null(it.platform.trim()),
                    "last_ping": or_null(&it.last_ping),
                },
            })
        });
        let drift = found.drift.as_ref().map(|it| {
            let resources = it.resources.iter().map(|it| {
                json!({ "id": it.logical_id, "status": it.status, "properties": it.properties })
            });
            json!({ "status": it.status, "resources": resources.collect::<Vec<_>>() })
        });
        let reachability = checked.as_ref().map(|it| {
            let verdicts = it.verdicts().into_iter();
            verdicts
                .map(|(name, verdict)| (name, Value::from(verdict)))
                .collect::<Value>()
        });
        let value = json!({
            "event": "end",
            "outcome": "shown",
            "stack": { "name": stack.name, "id": stack.id, "status": stack.status, "since": stack.since, "protected": stack.termination_protection },
            "instances": instances.collect::<Vec<_>>(),
            "aws_error": found.aws_error.as_ref().map(ToString::to_string),
            "drift": drift,
            "reachability": reachability,
        });
        progress.emit(&value);
        return Ok(());
    }
    let mut out = String::new();
    let paint = match stack.status.as_str() {
        _ if stack.is_good() => GOOD,
        _ if stack.is_busy() => DOUBT,
        _ => BAD,
    };
    let since = stack
        .since
        .as_deref()
        .map(|it| format!(", since {it}"))
        .unwrap_or_default();
    let protected = if stack.termination_protection {
        ", termination protection enabled"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "stack {BOLD}{}{BOLD:#} in {}: {paint}{}{paint:#}{since}{protected}",
        stack.name, cloud.region, stack.status
    );
    if !stack.reason.is_empty() {
        let _ = writeln!(out, "  {}", crate::diff::escape_text(&stack.reason));
    }
    if let Some(drift) = &found.drift {
        let _ = writeln!(out, "drift: {}", drift.status);
        for it in &drift.resources {
            let _ = writeln!(out, "  {}: {}", it.logical_id, it.status);
            for property in &it.properties {
                let _ = writeln!(out, "    {}", crate::diff::escape_text(property));
            }
        }
    }
    for it in &found.instances {
        let paint = if it.is_online() { GOOD } else { BAD };
        let state = if it.state.is_empty() {
            "unknown state"
        } else {
            &it.state
        };
        let mut agent = format!("{paint}{}{paint:#}", ping(it));
        if !it.version.is_empty() {
            let _ = write!(
                agent,
                " ({}, {}, last ping {})",
                it.version,
                it.platform.trim(),
                it.last_ping
            );
        }
        if found.aws_error.is_some() && it.ping.is_empty() {
            agent = "unknown".to_owned();
        }
        let _ = writeln!(
            out,
            "{BOLD}{}{BOLD:#} {}: {state}; agent {agent}",
            it.name, it.id
        );
    }
    if found.instances.is_empty() {
        let _ = writeln!(out, "The stack has no instance");
    }
    output::styled(&output::fitted(&out))?;
    if let Some(aws_error) = &found.aws_error {
        let help = match aws_error {
            AwsCliError::Missing => Some(super::connect::install("aws")),
            _ => None,
        };
        print_error(
            &format!("cannot read the instances: {aws_error}"),
            help.as_deref(),
        );
    } else if let Some(checked) = checked.filter(|_| !stack.is_busy()) {
        let mut why = String::from("\nReachability of the deployed template:\n");
        why.push_str(&checked.text(context.program()));
        if !checked.is_unreachable() {
            why.push_str(&format!(
                "The template does not show the reason. The agent of a new instance needs some minutes. An \
                 agent that started before its permissions or endpoints existed retries within 30 minutes, \
                 or after a reboot. Run `{} doctor` to find other reasons.\n",
                context.program()
            ));
        }
        let _ = output::stderr(&why);
    }
    Ok(())
}
