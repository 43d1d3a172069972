//! `destroy`: shows the deleted and retained resources, confirms, deletes and waits.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

use super::aws::{
    StackArgs, block_on, duration, elapsed, print_error, report_aws_error, report_detached,
};
use super::context::Context;
use super::deploy::{StackCommand, failed};
use super::failure::Failure;
use super::format::ReportFormat;
use super::output;
use super::progress::{ProgressReporter, is_terminal, report_end, report_forced_stop};
use crate::deploy::aws::Cloud;
use crate::deploy::aws_cli::{AwsCli, AwsCliError};
use crate::deploy::error::AwsError;
use crate::deploy::obstacles;
use crate::deploy::outcome::{Confirm as _, Confirmation};
use crate::deploy::removal::{self, Options, Outcome};
use crate::deploy::stop::Stop;
use crate::deploy::template;
use crate::deploy::values::{Member, Stack};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
Examples:
  ssm-synth destroy --stack team
  ssm-synth destroy --yes --retain-resource Volume

{}", super::help::AWS_EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    target: StackArgs,
    /// Skip the confirmation prompt
    #[arg(short, long)]
    yes: bool,
    /// Resource to retain, at which an earlier deletion failed
    #[arg(long = "retain-resource", value_name = "LOGICAL_ID")]
    retain: Vec<String>,
    /// IAM role that CloudFormation assumes
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,
    /// Maximum wait, such as `90s` or `30m`
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<ReportFormat>,
}

/// Lists the deleted and the retained resources.
fn shown(
    stack: &Stack,
    members: &[Member],
    kept: &[(String, String)],
    retain: &[String],
) -> String {
    let mut out = format!("Stack `{}` ({})\n", stack.name, stack.status);
    let mut retained = Vec::new();
    for member in members.iter().filter(|it| it.status != "DELETE_COMPLETE") {
        let policy = kept.iter().find(|(id, _)| *id == member.logical_id);
        let why = match policy {
            Some((_, policy)) => Some(format!("DeletionPolicy {policy}")),
            None if retain.contains(&member.logical_id) => Some("--retain-resource".to_owned()),
            None => None,
        };
        match why {
            Some(why) => retained.push((member, why)),
            None => {
                let _ = writeln!(
                    out,
                    "  deleted   {} ({}) {}",
                    member.logical_id, member.kind, member.physical_id
                );
            }
        }
    }
    for (member, why) in retained {
        let word = if why.ends_with("Snapshot") {
            "deleted after a snapshot"
        } else {
            "retained"
        };
        let _ = writeln!(
            out,
            "  {word}  {} ({}) {}: {why}",
            member.logical_id, member.kind, member.physical_id
        );
    }
    out
}

/// Warns about what keeps the network in use, such as the endpoints of GuardDuty.
async fn report_obstacles(cloud: &Cloud, members: &[Member], retain: &[String]) {
    let (found, failure) = obstacles::find(&AwsCli::new(&cloud.access()), members).await;
    for it in found.iter().filter(|it| !retain.contains(&it.member)) {
        output::warning(&format!(
            "the deletion of `{}` fails: {} is not part of the stack; {}",
            it.member, it.what, it.help
        ));
    }
    match failure {
        // The deletion needs no more than CloudFormation; `doctor` reports a missing AWS CLI.
        None | Some(AwsCliError::Missing) => {}
        Some(error) => output::warning(&format!(
            "cannot determine what else is in the network of the stack: {error}"
        )),
    }
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let format = args.format.unwrap_or(ReportFormat::Text);
    report_end(format, destroy(args, context, format))
}

fn destroy(args: &Args, context: &Context, format: ReportFormat) -> Result<(), Failure> {
    let start = Instant::now();
    args.target.require_stack(context)?;
    let (name, access) = args.target.resolve(context)?;
    if !args.yes && !is_terminal() {
        return Err(Failure::usage("a confirmation requires a terminal")
            .with_help("pass `--yes` to delete without a prompt"));
    }
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let command = StackCommand::new(context, args.target.aws.stack_flags(&name));
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let untouched = |error: AwsError| {
            let failure = report_aws_error(&error);
            let _ = output::stderr("  state: nothing was changed\n");
            failure
        };
        let mut progress = ProgressReporter::new(format, args.yes);
        let found = cloud.stack(&name).await.map_err(untouched)?;
        let Some(stack) = found.filter(|it| it.status != "DELETE_COMPLETE") else {
            progress.line(&format!(
                "Stack `{name}` does not exist in `{}`",
                cloud.region
            ));
            progress.outcome("not-found", None, &json!({}));
            return Ok(());
        };
        if stack.status != "DELETE_IN_PROGRESS" {
            let members = cloud.members(&stack.id).await.map_err(untouched)?;
            let text = cloud.template(&stack.id).await.map_err(untouched)?;
            let facts = text.and_then(|text| template::read(&text).ok());
            let kept = facts.map(|it| it.retained).unwrap_or_default();
            progress.line(shown(&stack, &members, &kept, &args.retain).trim_end());
            report_obstacles(&cloud, &members, &args.retain).await;
            if stack.termination_protection {
                print_error(
                    &format!("stack `{name}` has termination protection enabled"),
                    Some(&format!(
                        "run `aws cloudformation update-termination-protection --stack-name {name} \
                         --no-enable-termination-protection` to disable it"
                    )),
                );
                return Err(Failure::Failed);
            }
            if stack.is_busy() {
                print_error(
                    &format!(
                        "stack `{name}` is `{}`; another operation is in progress",
                        stack.status
                    ),
                    Some(&format!(
                        "run `{}` to wait for it, then delete the stack",
                        command.wait()
                    )),
                );
                return Err(Failure::Unknown);
            }
            if !args.retain.is_empty() && stack.status != "DELETE_FAILED" {
                print_error(
                    "`--retain-resource` requires a stack in `DELETE_FAILED`",
                    Some("set `DeletionPolicy: Retain` on the resource and deploy it"),
                );
                return Err(Failure::Failed);
            }
            let question = format!("Delete stack `{name}` in `{}`?", cloud.region);
            if progress.confirm(&question, &stop).await == Confirmation::No || stop.is_requested() {
                progress.line("Nothing was changed");
                progress.outcome("declined", None, &json!({}));
                return Err(if stop.is_requested() {
                    Failure::Interrupted
                } else {
                    Failure::Failed
                });
            }
        }
        let options = Options {
            retain: args.retain.clone(),
            role_arn: args.role_arn.clone(),
            timeout: args.timeout,
            poll_interval: args.target.aws.poll_interval,
        };
        match removal::destroy(&cloud, &stack, &options, &stop, &mut progress).await {
            Ok(Outcome::Deleted(retained)) => {
                let time = elapsed(start.elapsed());
                progress.line(&format!("Deleted stack `{name}` in {time}"));
                for retained in &retained {
                    progress.line(&format!("  retained: {retained}"));
                }
                progress.outcome("done", None, &json!({ "retained": retained }));
                Ok(())
            }
            Ok(Outcome::Failed(found)) => Err(failed(&progress, &found, &command)),
            Ok(Outcome::Detached(status, why)) => {
                progress.outcome("in-progress", None, &json!({ "status": status }));
                let wait = command.wait();
                Err(report_detached(&name, &wait, &status, &why, args.timeout))
            }
            Err(error) => {
                let failure = report_aws_error(&error);
                let state = match cloud.stack(&stack.id).await {
                    Ok(Some(now)) => format!("stack `{name}` is `{}`", now.status),
                    Ok(None) => format!("stack `{name}` is deleted"),
                    Err(_) if error.is_ambiguous() => {
                        format!("the deletion of stack `{name}` may be in progress")
                    }
                    Err(_) => format!("stack `{name}` was last `{}`", stack.status),
                };
                progress.line(&format!("  state: {state}"));
                progress.outcome(
                    "error",
                    None,
                    &json!({ "message": error.to_string(), "state": state }),
                );
                Err(failure)
            }
        }
    })
}
