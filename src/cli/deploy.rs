//! `deploy`: synthesize, prove, show, ask, execute, watch.

use std::time::Duration;

use serde_json::{Value, json};

use super::aws::{
    self, AwsArgs, block_on, check_template, duration, print_error, report_aws_error,
    report_deploy_error, report_detached,
};
use super::input::pair;
use super::progress::{
    DeployPlan, Format, ProgressReporter, is_terminal, report_end, report_forced_stop,
};
use super::settings::{MAX_INLINE, unreadable};
use super::source::{Source, SourceArgs};
use super::{Failure, output};
use crate::deploy::aws::{Access, Cloud};
use crate::deploy::aws_cli::{AwsCli, AwsCliError};
use crate::deploy::cause::Cause;
use crate::deploy::outcome::{DeployError, Failed, Outcome};
use crate::deploy::rollout::{self, Options, token};
use crate::deploy::stop::Stop;
use crate::deploy::values::{Request, Template};
use crate::diff::escape_text;
use crate::region::Region;

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{}\n\n\
Ctrl-C stops watching, and the deployment goes on; `deploy` or `status --wait` picks it up.\n\n\
Examples:\n  \
ssm-synth deploy --region eu-central-1\n  \
ssm-synth deploy --template stack.yaml --parameter VpcId=vpc-0a1b2c3d --yes\n  \
ssm-synth deploy --dry-run --output json | jq 'select(.event == \"plan\")'", aws::EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// A tag of the stack, which CloudFormation puts on its resources too
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Show the changes, and change nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Deploy even if Session Manager provably cannot reach an instance
    #[arg(long)]
    allow_unreachable: bool,
    /// A bucket for a template of over 51,200 bytes
    #[arg(long, value_name = "BUCKET")]
    s3_bucket: Option<String>,
    /// The role that CloudFormation works with
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,
    /// Protect the stack from being deleted, or with `=false` no longer
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    termination_protection: Option<bool>,
    /// After a failure keep what was made, to look at it
    #[arg(long)]
    no_rollback: bool,
    /// Stop watching after this time, such as `30m`; the deployment goes on
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// How to tell what happens
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
    #[command(flatten)]
    access: AwsArgs,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    report_end(args.output, deploy(args))
}

fn deploy(args: &Args) -> Result<(), Failure> {
    let source = args.source.read()?;
    let stack = source.stack.clone();
    let tags = args.tags.iter().map(|it| pair(it));
    let tags = tags.collect::<Result<Vec<_>, _>>()?;
    let access = args.access.access(source.region)?;
    if source.facts.slots.is_empty() {
        // Nothing that AWS knows changes the answer for the worse.
        early(args, &source, access.region.as_deref())?;
    }
    let body = source.body(args.s3_bucket.is_some())?;
    if !args.dry_run && !args.yes && !is_terminal() {
        let message = "there is no terminal to ask on; `--yes` deploys without asking, `--dry-run` shows \
                       what would change";
        return Err(Failure::Environment(message.to_owned()));
    }
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let template = match (&args.s3_bucket, body) {
            (Some(bucket), body) if body.len() > MAX_INLINE => {
                Template::Url(upload(&cloud.access(), &cloud.region, bucket, &stack, &body).await?)
            }
            (_, body) => Template::Body(body),
        };
        let request = Request {
            stack: stack.clone(),
            template,
            parameters: source.slots.clone(),
            tags,
            capabilities: source.facts.capabilities.clone(),
            role_arn: args.role_arn.clone(),
        };
        let options = Options {
            dry_run: args.dry_run,
            no_rollback: args.no_rollback,
            termination_protection: args.termination_protection,
            timeout: args.timeout,
            poll_interval: args.access.poll,
        };
        let plan = DeployPlan {
            stack: stack.clone(),
            text: source.text.clone(),
            nested: source.facts.nested.clone(),
            allow_unreachable: args.allow_unreachable,
            region: cloud.region.clone(),
            capabilities: source.facts.capabilities.clone(),
        };
        let mut progress =
            ProgressReporter::new(args.output, args.yes).with_plan(plan, args.dry_run);
        let done = rollout::deploy(&cloud, &request, &options, &stop, &mut progress).await;
        ended(
            &stack,
            &args.access.stack_flags(&stack),
            done,
            &progress,
            &stop,
        )
    })
}

/// Refuses what provably cannot be reached, before AWS is asked.
fn early(args: &Args, source: &Source, region: Option<&str>) -> Result<(), Failure> {
    let checked = check_template(&source.name, &source.text, &[], region)
        .map_err(|diagnostics| unreadable(&diagnostics, &source.name, &source.text))?;
    if args.allow_unreachable || !checked.is_unreachable() {
        return Ok(());
    }
    let _ = output::stderr(&checked.text());
    print_error(
        "Session Manager cannot reach an instance of this stack",
        Some("mend it as told, or deploy it nevertheless with `--allow-unreachable`"),
    );
    Err(Failure::Input)
}

/// Puts the template into a bucket, whose being there and region are looked at first.
async fn upload(
    access: &Access,
    region: &str,
    bucket: &str,
    stack: &str,
    body: &str,
) -> Result<String, Failure> {
    let aws_cli = AwsCli::new(access);
    let failed = |error: &AwsCliError| {
        let help = match error {
            AwsCliError::Missing => {
                Some("a template of this size goes through S3, which needs the AWS CLI")
            }
            AwsCliError::Refused { code, .. } if code == "NoSuchBucket" => {
                Some("make the bucket first, or name another")
            }
            _ => None,
        };
        print_error(&format!("bucket `{bucket}`: {error}"), help);
        match error {
            AwsCliError::Refused { .. } => Failure::Input,
            _ => Failure::Unreadable,
        }
    };
    let call = ["s3api", "get-bucket-location", "--bucket", bucket];
    let place = aws_cli.call(&call).await.map_err(|error| failed(&error))?;
    let place = match place["LocationConstraint"].as_str() {
        None | Some("") => "us-east-1",
        Some("EU") => "eu-west-1",
        Some(place) => place,
    };
    if place != region {
        let message = format!("bucket `{bucket}` is in {place}, and the stack in {region}");
        print_error(&message, Some("name a bucket of the stack's region"));
        return Err(Failure::Input);
    }
    let cannot =
        |error: std::io::Error| Failure::Environment(format!("cannot write a file: {error}"));
    let file = tempfile::NamedTempFile::new().map_err(cannot)?;
    std::fs::write(file.path(), body).map_err(cannot)?;
    let key = format!("ssm-synth/{stack}/{}.template", token());
    let path = file.path().display().to_string();
    let call = [
        "s3api",
        "put-object",
        "--bucket",
        bucket,
        "--key",
        &key,
        "--body",
        &path,
    ];
    aws_cli.call(&call).await.map_err(|error| failed(&error))?;
    let endpoint = access.endpoint_url.clone();
    let environment = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
    let endpoint = endpoint
        .or_else(|| environment("AWS_ENDPOINT_URL_S3"))
        .or_else(|| environment("AWS_ENDPOINT_URL"));
    let suffix = Region::find(region).map_or("amazonaws.com", |it| it.dns_suffix);
    Ok(match endpoint.filter(|it| !it.is_empty()) {
        Some(url) => format!("{}/{bucket}/{key}", url.trim_end_matches('/')),
        None => format!("https://{bucket}.s3.{region}.{suffix}/{key}"),
    })
}

/// Tells how a failed operation ended, and why; `again` is how the stack is named in a command.
pub(super) fn failed(progress: &ProgressReporter, found: &Failed, stack_flags: &str) -> Failure {
    let stack = &found.stack;
    let outcome = match stack.status.as_str() {
        "ROLLBACK_COMPLETE" if found.retained.is_empty() => {
            "the creation failed, and what was made is deleted again"
        }
        "ROLLBACK_COMPLETE" => {
            "the creation failed, and what was made is deleted again, but for what the template keeps"
        }
        "UPDATE_ROLLBACK_COMPLETE" => "the update failed, and the stack is as it was before",
        "CREATE_FAILED" | "UPDATE_FAILED" => "it failed, and what was made is kept",
        "DELETE_FAILED" => "the deletion failed, and what could not be deleted is left",
        "ROLLBACK_FAILED" | "UPDATE_ROLLBACK_FAILED" => "it failed, and so did taking it back",
        _ => "it failed",
    };
    let mut message = format!("stack `{}` is {}: {outcome}", stack.name, stack.status);
    let told = |cause: &Cause| {
        let reason = escape_text(&cause.reason);
        format!("{} ({}): {reason}", cause.logical_id, cause.kind)
    };
    match &found.cause {
        Some(cause) => message.push_str(&format!("\n  cause: {}", told(cause))),
        None if !stack.reason.is_empty() => {
            message.push_str(&format!("\n  cause: {}", escape_text(&stack.reason)));
        }
        None => {}
    }
    if let Some(cause) = &found.rollback_cause {
        message.push_str(&format!("\n  taking it back failed at: {}", told(cause)));
    }
    for kept in &found.retained {
        message.push_str(&format!("\n  left, as the template says: {kept}"));
    }
    let last = found.rollback_cause.as_ref().or(found.cause.as_ref());
    print_error(&message, last.and_then(|it| it.hint.as_deref()));
    let name = &stack.name;
    let next = match stack.status.as_str() {
        "ROLLBACK_COMPLETE" => {
            Some("deploying again deletes the left-over and tries anew".to_owned())
        }
        "CREATE_FAILED" | "UPDATE_FAILED" => Some(format!(
            "deploying again goes on from here; `aws cloudformation rollback-stack --stack-name {name}` \
             takes it back, `ssm-synth destroy {stack_flags}` takes all away"
        )),
        "ROLLBACK_FAILED" => Some(format!(
            "`ssm-synth destroy {stack_flags}` deletes what is left"
        )),
        "UPDATE_ROLLBACK_FAILED" => Some(format!(
            "mend that, then `aws cloudformation continue-update-rollback --stack-name {name}` \
             (`--resources-to-skip ID` passes over what cannot be mended)"
        )),
        "DELETE_FAILED" => Some(format!(
            "`ssm-synth destroy {stack_flags}` tries again; `--retain ID` leaves what it cannot delete"
        )),
        _ => None,
    };
    if let Some(next) = next {
        let _ = output::stderr(&format!("  next: {next}\n"));
    }
    let cause = |it: &Cause| json!({ "logical_id": it.logical_id, "type": it.kind, "reason": it.reason, "hint": it.hint });
    let more = json!({
        "cause": found.cause.as_ref().map(cause),
        "rollback_cause": found.rollback_cause.as_ref().map(cause),
        "kept": found.retained,
    });
    progress.outcome("failed", Some(stack), &more);
    Failure::Input
}

fn ended(
    stack: &str,
    stack_flags: &str,
    done: Result<Outcome, DeployError>,
    progress: &ProgressReporter,
    stop: &Stop,
) -> Result<(), Failure> {
    let nothing = json!({});
    match done {
        Ok(Outcome::Done(found)) => {
            progress.line(&format!("stack `{stack}` is {}", found.status));
            progress.outputs(&found);
            progress.outcome("done", Some(&found), &nothing);
            Ok(())
        }
        Ok(Outcome::Unchanged(found)) => {
            progress.line(&format!(
                "no changes: stack `{stack}` is as the template says ({})",
                found.status
            ));
            progress.outputs(&found);
            progress.outcome("unchanged", Some(&found), &nothing);
            Ok(())
        }
        Ok(Outcome::Shown) => {
            progress.outcome("shown", None, &nothing);
            progress.line("a dry run: nothing was changed");
            Ok(())
        }
        Ok(Outcome::Declined) => {
            progress.outcome("declined", None, &nothing);
            progress.line("nothing was changed");
            Err(match stop.is_requested() {
                true => Failure::Interrupted,
                false => Failure::Input,
            })
        }
        Ok(Outcome::Failed(found)) => Err(failed(progress, &found, stack_flags)),
        Ok(Outcome::Detached(status, why)) => {
            progress.outcome("goes-on", None, &json!({ "status": status }));
            Err(report_detached(stack, stack_flags, &status, &why))
        }
        Err(found) => {
            let more =
                json!({ "message": found.message, "help": found.help, "state": found.state });
            progress.outcome("error", None, &more);
            let failure = report_deploy_error(&found);
            Err(if stop.is_requested() {
                Failure::Interrupted
            } else {
                failure
            })
        }
    }
}

/// A value for programs, or nothing.
pub(super) fn or_null(text: &str) -> Value {
    match text {
        "" => Value::Null,
        text => text.into(),
    }
}
