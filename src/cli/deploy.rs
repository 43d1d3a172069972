//! `deploy`: generates, checks, shows, confirms, executes and waits.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::aws::{
    AwsArgs, block_on, check_template, duration, elapsed, print_error, report_aws_error,
    report_deploy_error, report_detached,
};
use super::context::Context;
use super::diagnostics::unreadable;
use super::failure::Failure;
use super::format::ReportFormat;
use super::input::pair;
use super::output;
use super::preflight;
use super::progress::{
    Caller, DeployPlan, ProgressReporter, is_terminal, report_end, report_forced_stop,
};
use super::settings::{ALLOW_UNREACHABLE, MAX_INLINE, UNREACHABLE};
use super::source::{Source, SourceArgs};
use crate::deploy::aws::{Access, Cloud};
use crate::deploy::aws_cli::{AwsCli, AwsCliError};
use crate::deploy::cause::Cause;
use crate::deploy::options::Options;
use crate::deploy::outcome::{DeployError, Failed, Outcome};
use crate::deploy::plain;
use crate::deploy::precondition::token;
use crate::deploy::rollout;
use crate::deploy::stop::Stop;
use crate::deploy::values::{Request, Template};
use crate::diff::escape_text;
use crate::region::Region;

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
Ctrl-C stops waiting; CloudFormation continues. `deploy` or `status --wait`
resumes.

Examples:
  ssm-synth deploy --region eu-central-1
  ssm-synth deploy stack.yaml --stack team --parameter VpcId=vpc-0a1b2c3d
  ssm-synth deploy --dry-run -f json | jq 'select(.event == \"plan\")'

{}", super::help::AWS_EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Tag of the stack and its resources
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<String>,
    /// Skip the confirmation prompt
    #[arg(short, long)]
    yes: bool,
    /// Print the planned action without running it
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Accept instances that Session Manager cannot reach
    #[arg(long)]
    allow_unreachable: bool,
    /// S3 bucket for a template of more than 51,200 bytes
    #[arg(long, value_name = "BUCKET")]
    s3_bucket: Option<String>,
    /// IAM role that CloudFormation assumes
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,
    /// Enable termination protection, or disable it with `=false`
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    termination_protection: Option<bool>,
    /// Keep the created resources after a failure
    #[arg(long)]
    no_rollback: bool,
    /// Maximum wait, such as `90s` or `30m`
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<ReportFormat>,
    #[command(flatten)]
    aws: AwsArgs,
}

impl Args {
    fn format(&self) -> ReportFormat {
        self.format.unwrap_or(ReportFormat::Text)
    }
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    report_end(args.format(), deploy(args, context))
}

fn deploy(args: &Args, context: &Context) -> Result<(), Failure> {
    let start = Instant::now();
    let mut source = args.source.read(context, &args.aws)?;
    let stack = source.stack.clone();
    let tags = args.tags.iter().map(|it| pair(it));
    let tags = tags.collect::<Result<Vec<_>, _>>()?;
    let access = args.aws.access(source.region)?;
    if source.facts.slots.is_empty() {
        // Values in AWS can only improve the verdict.
        let environment = args.aws.environment_region();
        let region = access.region.as_deref().or(environment.map(|it| it.name));
        check_early(args, context, &source, region)?;
    }
    let mut body = source.body(args.s3_bucket.is_some())?;
    if !args.dry_run && !args.yes && !is_terminal() {
        return Err(
            Failure::usage("a confirmation requires a terminal").with_help(
                "pass `--yes` to deploy without a prompt, or `--dry-run` to show the changes",
            ),
        );
    }
    block_on(async {
        let stop = Stop::listen(report_forced_stop);
        let cloud = Cloud::connect(&access, &stop)
            .await
            .map_err(|error| report_aws_error(&error))?;
        let caller = caller(&AwsCli::new(&cloud.access())).await;
        if args.format() == ReportFormat::Text {
            let mut who = format!("Region {}", cloud.region);
            if let Some(Caller { account, arn }) = &caller {
                who = format!("Account {account}, {who}, as {arn}");
            }
            output::unless_quiet(&format!("{}\n", plain(&who)));
        }
        let role = args.role_arn.as_deref();
        if preflight::run(&cloud, &mut source, caller.as_ref(), role).await? {
            body = source.body(args.s3_bucket.is_some())?;
        }
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
            program: context.program().to_owned(),
            dry_run: args.dry_run,
            no_rollback: args.no_rollback,
            termination_protection: args.termination_protection,
            timeout: args.timeout,
            poll_interval: args.aws.poll_interval,
        };
        let plan = DeployPlan {
            app: context.app(),
            program: context.program(),
            stack: stack.clone(),
            text: source.text.clone(),
            nested: source.facts.nested.clone(),
            allow_unreachable: args.allow_unreachable,
            region: cloud.region.clone(),
            caller,
            capabilities: source.facts.capabilities.clone(),
        };
        let mut progress =
            ProgressReporter::new(args.format(), args.yes).with_plan(plan, args.dry_run);
        let done = rollout::deploy(&cloud, &request, &options, &stop, &mut progress).await;
        let end = End {
            stack: &stack,
            command: StackCommand::new(context, args.aws.stack_flags(&stack)),
            limit: args.timeout,
            start,
            dry_run: args.dry_run,
        };
        let deployed = match &done {
            Ok(Outcome::Done(stack) | Outcome::Unchanged(stack)) => Some(stack.id.clone()),
            _ => None,
        };
        end.report(done, &progress, &stop)?;
        if let Some(stack) = deployed.filter(|_| args.format() == ReportFormat::Text) {
            let aws_cli = AwsCli::new(&cloud.access());
            let instances = aws_cli.members(&cloud, &stack).await.unwrap_or_default();
            for name in super::connect::names(&instances)
                .iter()
                .take(MAX_CONNECT_LINES)
            {
                progress.line(&format!("Connect: {}", end.command.connect(name)));
            }
        }
        Ok(())
    })
}

/// The commands of this program for one stack, for messages.
#[derive(Clone, Debug)]
pub(super) struct StackCommand {
    program: String,
    flags: String,
}

impl StackCommand {
    pub(super) fn new(context: &Context, flags: String) -> StackCommand {
        StackCommand {
            program: context.program().to_owned(),
            flags,
        }
    }

    /// Returns the command that deletes the stack.
    fn destroy(&self) -> String {
        format!("{} destroy {}", self.program, self.flags)
    }

    /// Returns the command that opens a shell.
    fn connect(&self, instance: &str) -> String {
        format!("{} connect {instance} {}", self.program, self.flags)
    }

    /// Returns the command that reports the state.
    pub(super) fn status(&self) -> String {
        format!("{} status {}", self.program, self.flags)
    }

    /// Returns the command that waits for an operation.
    pub(super) fn wait(&self) -> String {
        format!("{} status {} --wait", self.program, self.flags)
    }
}

/// The number of instances whose command is printed.
const MAX_CONNECT_LINES: usize = 5;

/// Returns the deploying principal. Without the AWS CLI or a response, the header omits it.
async fn caller(aws_cli: &AwsCli) -> Option<Caller> {
    let response = aws_cli.call(&["sts", "get-caller-identity"]).await.ok()?;
    Some(Caller {
        account: response["Account"].as_str()?.to_owned(),
        arn: response["Arn"].as_str()?.to_owned(),
    })
}

/// Rejects an unreachable instance before any call to AWS.
fn check_early(
    args: &Args,
    context: &Context,
    source: &Source,
    region: Option<&str>,
) -> Result<(), Failure> {
    let checked = check_template(&source.name, &source.text, &[], region)
        .map_err(|diagnostics| unreadable(&diagnostics, &source.name, &source.text))?;
    if args.allow_unreachable || !checked.is_unreachable() {
        return Ok(());
    }
    let _ = output::stderr(&checked.text(context.program()));
    print_error(UNREACHABLE, Some(ALLOW_UNREACHABLE));
    Err(Failure::Failed)
}

/// Uploads the template to a bucket that exists in the Region of the stack.
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
                Some("the upload of a large template to S3 requires the AWS CLI")
            }
            AwsCliError::Refused { code, .. } if code == "NoSuchBucket" => {
                Some("create the bucket, or use another one")
            }
            _ => None,
        };
        print_error(&format!("bucket `{bucket}`: {error}"), help);
        match error {
            AwsCliError::Refused { .. } => Failure::Failed,
            _ => Failure::Unusable,
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
        let message = format!("bucket `{bucket}` is in `{place}`, and the stack is in `{region}`");
        print_error(&message, Some("use a bucket in the Region of the stack"));
        return Err(Failure::Failed);
    }
    let cannot = |error: std::io::Error| Failure::usage(format!("cannot write a file: {error}"));
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
    let suffix = Region::of(region).map_or("amazonaws.com", |it| it.dns_suffix);
    Ok(match endpoint.filter(|it| !it.is_empty()) {
        Some(url) => format!("{}/{bucket}/{key}", url.trim_end_matches('/')),
        None => format!("https://{bucket}.s3.{region}.{suffix}/{key}"),
    })
}

/// Prints how an operation failed, the cause, and what to do next.
pub(super) fn failed(
    progress: &ProgressReporter<'_>,
    found: &Failed,
    command: &StackCommand,
) -> Failure {
    let stack = &found.stack;
    let outcome = match stack.status.as_str() {
        "ROLLBACK_COMPLETE" if found.retained.is_empty() => {
            "creation failed; CloudFormation rolled it back"
        }
        "ROLLBACK_COMPLETE" => {
            "creation failed; CloudFormation rolled it back and retained some resources"
        }
        "UPDATE_ROLLBACK_COMPLETE" => "update failed; CloudFormation rolled it back",
        "CREATE_FAILED" | "UPDATE_FAILED" => "the operation failed; the created resources are kept",
        "DELETE_FAILED" => "deletion failed; some resources still exist",
        "ROLLBACK_FAILED" | "UPDATE_ROLLBACK_FAILED" => {
            "the operation failed, and so did the rollback"
        }
        _ => "the operation failed",
    };
    let mut message = format!("stack `{}` is `{}`: {outcome}", stack.name, stack.status);
    let described = |cause: &Cause| {
        let reason = escape_text(&cause.reason);
        format!("{} ({}): {reason}", cause.logical_id, cause.kind)
    };
    match &found.cause {
        Some(cause) => message.push_str(&format!("\n  cause: {}", described(cause))),
        None if !stack.reason.is_empty() => {
            message.push_str(&format!("\n  cause: {}", escape_text(&stack.reason)));
        }
        None => {}
    }
    if let Some(cause) = &found.rollback_cause {
        message.push_str(&format!("\n  rollback failed at: {}", described(cause)));
    }
    for retained in &found.retained {
        message.push_str(&format!("\n  retained: {retained}"));
    }
    let last = found.rollback_cause.as_ref().or(found.cause.as_ref());
    print_error(&message, last.and_then(|it| it.hint.as_deref()));
    let name = &stack.name;
    let next = match stack.status.as_str() {
        "ROLLBACK_COMPLETE" => {
            Some("deploy again to delete the failed stack and create it again".to_owned())
        }
        "CREATE_FAILED" | "UPDATE_FAILED" => Some(format!(
            "deploy again to continue, run `aws cloudformation rollback-stack --stack-name {name}` to \
             roll back, or run `{}` to delete the stack",
            command.destroy()
        )),
        "ROLLBACK_FAILED" => Some(format!(
            "run `{}` to delete the remaining resources",
            command.destroy()
        )),
        "UPDATE_ROLLBACK_FAILED" => Some(format!(
            "fix the cause, then run `aws cloudformation continue-update-rollback --stack-name {name}` \
             (`--resources-to-skip ID` skips a resource)"
        )),
        "DELETE_FAILED" => Some(format!(
            "run `{}` again; `--retain-resource ID` excludes a resource",
            command.destroy()
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
        "retained": found.retained,
    });
    progress.outcome("failed", Some(stack), &more);
    Failure::Failed
}

/// The end of a deployment, to report.
struct End<'a> {
    stack: &'a str,
    command: StackCommand,
    limit: Option<Duration>,
    start: Instant,
    dry_run: bool,
}

impl End<'_> {
    fn report(
        &self,
        done: Result<Outcome, DeployError>,
        progress: &ProgressReporter<'_>,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let stack = self.stack;
        let nothing = json!({});
        match done {
            Ok(Outcome::Done(found)) => {
                progress.line(&format!(
                    "Deployed stack `{stack}` in {}",
                    elapsed(self.start.elapsed())
                ));
                progress.outputs(&found);
                progress.outcome("done", Some(&found), &nothing);
                Ok(())
            }
            Ok(Outcome::Unchanged(found)) => {
                progress.line(&format!("No changes: stack `{stack}` matches the template"));
                progress.outputs(&found);
                progress.outcome("unchanged", Some(&found), &nothing);
                Ok(())
            }
            Ok(Outcome::Shown) => {
                progress.outcome("shown", None, &nothing);
                progress.line("Dry run: nothing was changed");
                Ok(())
            }
            Ok(Outcome::Declined) => {
                progress.outcome("declined", None, &nothing);
                progress.line("Nothing was changed");
                Err(match stop.is_requested() {
                    true => Failure::Interrupted,
                    false => Failure::Failed,
                })
            }
            Ok(Outcome::Failed(found)) => Err(failed(progress, &found, &self.command)),
            Ok(Outcome::Detached(status, why)) => {
                progress.outcome("in-progress", None, &json!({ "status": status }));
                let wait = self.command.wait();
                Err(report_detached(stack, &wait, &status, &why, self.limit))
            }
            Err(found) => {
                let more =
                    json!({ "message": found.message, "help": found.help, "state": found.state });
                progress.outcome("error", None, &more);
                let failure = report_deploy_error(&found);
                let in_progress = self.dry_run && found.message.ends_with("_IN_PROGRESS");
                Err(match stop.is_requested() {
                    true => Failure::Interrupted,
                    false if in_progress => Failure::Unknown,
                    false => failure,
                })
            }
        }
    }
}

/// Returns text as JSON, or null for empty text.
pub(super) fn or_null(text: &str) -> Value {
    match text {
        "" => Value::Null,
        text => text.into(),
    }
}
