//! `status`: the stack, its instances, their agents; and why not.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::aws::{
    StackArgs, block_on, check_template, duration, print_error, report_aws_error, report_detached,
};
use super::deploy::{failed, or_null};
use super::progress::{Format, ProgressReporter, report_end, report_forced_stop};
use super::{Failure, output};
use crate::deploy::aws::Cloud;
use crate::deploy::aws_cli::{AwsCli, AwsCliError, Instance};
use crate::deploy::error::AwsError;
use crate::deploy::outcome::{Detached, Failed};
use crate::deploy::stop::Stop;
use crate::deploy::values::{Drifted, Stack};
use crate::deploy::wait::{ProgressSink as _, WaitEnd, WaitOptions, event_before_operation, wait};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 the stack is whole and every agent online; 1 not so; \
2 usage, credentials, network; 3 still under way; 130 stopped by Ctrl-C."
)]
pub(super) struct Args {
    #[command(flatten)]
    target: StackArgs,
    /// Wait until the stack is settled and every agent online
    #[arg(long)]
    wait: bool,
    /// How long to wait, such as `90s` or `10m`
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10m", requires = "wait")]
    timeout: Duration,
    /// Have CloudFormation look for what was changed behind its back
    #[arg(long)]
    drift: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const DOUBT: Style = AnsiColor::Yellow.on_default();
const BOLD: Style = Style::new().bold();

/// What CloudFormation found to be changed behind its back.
struct Drift {
    status: String,
    resources: Vec<Drifted>,
}

/// What was found.
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

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    report_end(args.output, status(args))
}

fn status(args: &Args) -> Result<(), Failure> {
    let (name, access) = args.target.resolve()?;
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let aws_cli = AwsCli::new(&cloud.access());
        let mut progress = ProgressReporter::new(args.output, true);
        let deadline = Instant::now() + args.timeout;
        let found = cloud
            .stack(&name)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let Some(mut stack) = found else {
            print_error(
                &format!("stack `{name}` is not there, in {}", cloud.region),
                Some("check `--stack`, `--region` and `--profile`; `ssm-synth deploy` creates it"),
            );
            progress.outcome("absent", None, &json!({}));
            return Err(Failure::Input);
        };
        if args.wait && stack.is_busy() {
            stack =
                wait_for_operation(args, &cloud, &stack, deadline, &stop, &mut progress).await?;
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
        report(args, &cloud, &found).await?;
        if stop.is_requested() {
            return Err(Failure::Interrupted);
        }
        if found.stack.is_busy() {
            return Err(Failure::Unknown);
        }
        if found.aws_error.is_some() {
            return Err(Failure::Unreadable);
        }
        match found.stack.is_good() || found.stack.status == "UPDATE_ROLLBACK_COMPLETE" {
            true if found.all_online() => Ok(()),
            _ => Err(Failure::Input),
        }
    })
}

/// Follows what is under way to its end.
async fn wait_for_operation(
    args: &Args,
    cloud: &Cloud,
    stack: &Stack,
    deadline: Instant,
    stop: &Stop,
    progress: &mut ProgressReporter,
) -> Result<Stack, Failure> {
    progress.line(&format!("stack `{}` is {}", stack.name, stack.status));
    let behind = event_before_operation(cloud, &stack.id)
        .await
        .map_err(|error| report_aws_error(&error))?;
    progress.start(None);
    let watch = WaitOptions {
        stack_id: &stack.id,
        last_event: behind,
        change_set: None,
        deadline: Some(deadline),
        poll_interval: args.target.aws.poll,
    };
    let result = wait(cloud, watch, stop, progress).await;
    let why = match result.end {
        WaitEnd::Settled(stack) if stack.is_good() => return Ok(stack),
        WaitEnd::Settled(stack) if stack.status == "DELETE_COMPLETE" => {
            progress.line(&format!("stack `{}` is deleted", stack.name));
            progress.outcome("gone", None, &json!({}));
            return Err(Failure::Input);
        }
        WaitEnd::Settled(stack) => {
            let found = Failed::of(cloud, stack, &result.events).await;
            let stack_flags = args.target.aws.stack_flags(&found.stack.name);
            return Err(failed(progress, &found, &stack_flags));
        }
        WaitEnd::Stopped => Detached::Stopped,
        WaitEnd::TimedOut => Detached::TimedOut,
        WaitEnd::Lost(error) => Detached::Lost(error),
    };
    let stack_flags = args.target.aws.stack_flags(&stack.name);
    progress.outcome("goes-on", None, &json!({ "status": result.status }));
    Err(report_detached(
        &stack.name,
        &stack_flags,
        &result.status,
        &why,
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
            () = sleep(args.target.aws.poll) => {}
            () = stop.wait() => break ("not waited for".to_owned(), String::new()),
        }
        if Instant::now() >= deadline {
            break ("not ready in time".to_owned(), String::new());
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
    progress: &mut ProgressReporter,
) -> Result<(), Failure> {
    let mut told = String::new();
    while !found.all_online() && found.aws_error.is_none() {
        let states = found.instances.iter().filter(|it| !it.is_online());
        let states = states.map(|it| format!("{} {}", it.name, ping(it)));
        let line = states.collect::<Vec<_>>().join(", ");
        if line != told {
            progress.note(&format!("waiting for {line}"));
            told = line;
        }
        if Instant::now() >= deadline {
            progress.note("the time is over");
            return Ok(());
        }
        tokio::select! {
            () = sleep(args.target.aws.poll) => {}
            () = stop.wait() => {
                progress.line("stopped waiting; nothing is changed by that");
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
        "" => "not known to Systems Manager",
        ping => ping,
    }
}

/// Why an agent may not be online, as far as the template decides.
async fn check(cloud: &Cloud, found: &StackStatus) -> Option<super::aws::CheckedTemplate> {
    let text = cloud.template(&found.stack.id).await.ok()??;
    let parameters = &found.stack.parameters;
    check_template(&found.stack.name, &text, parameters, Some(&cloud.region)).ok()
}

async fn report(args: &Args, cloud: &Cloud, found: &StackStatus) -> Result<(), Failure> {
    let stack = &found.stack;
    let checked = match found.all_online() {
        true => None,
        false => check(cloud, found).await,
    };
    if args.output == Format::Json {
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
            "proof": reachability,
        });
        return output::artifact(&format!("{value}\n"));
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
        ", protected from deletion"
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
            "state not known"
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
            agent = "not asked".to_owned();
        }
        let _ = writeln!(
            out,
            "{BOLD}{}{BOLD:#} {}: {state}; agent {agent}",
            it.name, it.id
        );
    }
    if found.instances.is_empty() {
        let _ = writeln!(out, "no instance");
    }
    output::styled(&out)?;
    if let Some(aws_error) = &found.aws_error {
        let help = match aws_error {
            AwsCliError::Missing => Some(super::connect::install("aws")),
            _ => None,
        };
        print_error(
            &format!("instances cannot be asked for: {aws_error}"),
            help.as_deref(),
        );
    } else if let Some(checked) = checked.filter(|_| !stack.is_busy()) {
        let mut why = String::from("\nWhy not? What the deployed template says:\n");
        why.push_str(&checked.text());
        if !checked.is_unreachable() {
            why.push_str(
                "The template does not say why. A new instance takes some minutes; one that booted before \
                 its permissions or endpoints were there tries again after up to 30 minutes, or after a \
                 reboot. `ssm-synth doctor` looks at what is between.\n",
            );
        }
        let _ = output::stderr(&why);
    }
    Ok(())
}
