//! `destroy`: show what goes and what stays, ask, delete, watch.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use super::aws::{
    self, StackArgs, block_on, duration, print_error, report_aws_error, report_detached,
};
use super::deploy::failed;
use super::progress::{Format, ProgressReporter, is_terminal, report_end, report_forced_stop};
use super::{Failure, output};
use crate::deploy::aws::Cloud;
use crate::deploy::error::AwsError;
use crate::deploy::outcome::{Confirm as _, Confirmation};
use crate::deploy::removal::{self, Options, Outcome};
use crate::deploy::stop::Stop;
use crate::deploy::template;
use crate::deploy::values::{Member, Stack};

#[derive(Debug, clap::Args)]
#[command(after_help = aws::EXIT_CODES)]
pub(super) struct Args {
    #[command(flatten)]
    target: StackArgs,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Leave this resource, which an earlier deletion failed at
    #[arg(long, value_name = "LOGICAL_ID")]
    retain: Vec<String>,
    /// The role that CloudFormation works with
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,
    /// Stop watching after this time, such as `30m`; the deletion goes on
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// How to tell what happens
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

/// What goes and what stays.
fn shown(
    stack: &Stack,
    members: &[Member],
    kept: &[(String, String)],
    retain: &[String],
) -> String {
    let mut out = format!("Stack `{}` ({})\n", stack.name, stack.status);
    let mut stays = Vec::new();
    for member in members.iter().filter(|it| it.status != "DELETE_COMPLETE") {
        let policy = kept.iter().find(|(id, _)| *id == member.logical_id);
        let why = match policy {
            Some((_, policy)) => Some(format!("DeletionPolicy {policy}")),
            None if retain.contains(&member.logical_id) => Some("--retain".to_owned()),
            None => None,
        };
        match why {
            Some(why) => stays.push((member, why)),
            None => {
                let _ = writeln!(
                    out,
                    "  goes   {} ({}) {}",
                    member.logical_id, member.kind, member.physical_id
                );
            }
        }
    }
    for (member, why) in stays {
        let word = if why.ends_with("Snapshot") {
            "goes, a snapshot stays"
        } else {
            "stays"
        };
        let _ = writeln!(
            out,
            "  {word}  {} ({}) {}: {why}",
            member.logical_id, member.kind, member.physical_id
        );
    }
    out
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    report_end(args.output, destroy(args))
}

fn destroy(args: &Args) -> Result<(), Failure> {
    if !args.target.is_specified() {
        let message = "which stack? Name it by `--stack`: no configuration here does";
        return Err(Failure::Environment(message.to_owned()));
    }
    let (name, access) = args.target.resolve()?;
    if !args.yes && !is_terminal() {
        let message = "there is no terminal to ask on; `--yes` deletes without asking";
        return Err(Failure::Environment(message.to_owned()));
    }
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let stack_flags = args.target.aws.stack_flags(&name);
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let untouched = |error: AwsError| {
            let failure = report_aws_error(&error);
            let _ = output::stderr("  state: nothing was changed\n");
            failure
        };
        let mut progress = ProgressReporter::new(args.output, args.yes);
        let found = cloud.stack(&name).await.map_err(untouched)?;
        let Some(stack) = found.filter(|it| it.status != "DELETE_COMPLETE") else {
            progress.line(&format!("stack `{name}` is not there, in {}", cloud.region));
            progress.outcome("absent", None, &json!({}));
            return Ok(());
        };
        if stack.status != "DELETE_IN_PROGRESS" {
            let members = cloud.members(&stack.id).await.map_err(untouched)?;
            let text = cloud.template(&stack.id).await.map_err(untouched)?;
            let facts = text.and_then(|text| template::read(&text).ok());
            let kept = facts.map(|it| it.retained).unwrap_or_default();
            progress.line(shown(&stack, &members, &kept, &args.retain).trim_end());
            if stack.termination_protection {
                print_error(
                    &format!("stack `{name}` is protected from being deleted"),
                    Some(&format!(
                        "`aws cloudformation update-termination-protection --stack-name {name} \
                         --no-enable-termination-protection` takes the protection away"
                    )),
                );
                return Err(Failure::Input);
            }
            if stack.is_busy() {
                print_error(
                    &format!("stack `{name}` is {}: somebody is at it", stack.status),
                    Some(&format!(
                        "`ssm-synth status {stack_flags} --wait` follows it; then run it again"
                    )),
                );
                return Err(Failure::Unknown);
            }
            if !args.retain.is_empty() && stack.status != "DELETE_FAILED" {
                print_error(
                    "`--retain` is for a stack whose deletion failed before",
                    Some(
                        "to keep a resource otherwise, give it `DeletionPolicy: Retain` and deploy that",
                    ),
                );
                return Err(Failure::Input);
            }
            let question = format!("Delete stack `{name}`?");
            if progress.confirm(&question, &stop).await == Confirmation::No || stop.is_requested() {
                progress.line("nothing was changed");
                progress.outcome("declined", None, &json!({}));
                return Err(if stop.is_requested() {
                    Failure::Interrupted
                } else {
                    Failure::Input
                });
            }
        }
        let options = Options {
            retain: args.retain.clone(),
            role_arn: args.role_arn.clone(),
            timeout: args.timeout,
            poll_interval: args.target.aws.poll,
        };
        match removal::destroy(&cloud, &stack, &options, &stop, &mut progress).await {
            Ok(Outcome::Deleted(kept)) => {
                progress.line(&format!("stack `{name}` is deleted"));
                for kept in &kept {
                    progress.line(&format!("  left, as the template says: {kept}"));
                }
                progress.outcome("done", None, &json!({ "kept": kept }));
                Ok(())
            }
            Ok(Outcome::Failed(found)) => Err(failed(&progress, &found, &stack_flags)),
            Ok(Outcome::Detached(status, why)) => {
                progress.outcome("goes-on", None, &json!({ "status": status }));
                Err(report_detached(&name, &stack_flags, &status, &why))
            }
            Err(error) => {
                let failure = report_aws_error(&error);
                let state = match cloud.stack(&stack.id).await {
                    Ok(Some(now)) => format!("stack `{name}` is {}", now.status),
                    Ok(None) => format!("stack `{name}` is gone"),
                    Err(_) if error.is_ambiguous() => {
                        format!("whether stack `{name}` is being deleted is not known")
                    }
                    Err(_) => format!("stack `{name}` was {} when last seen", stack.status),
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
