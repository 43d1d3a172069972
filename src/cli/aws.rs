//! Options, errors and checks of the commands that call AWS.

use std::future::Future;
use std::time::Duration;

use super::context::Context;
use super::failure::Failure;
use super::output;
use super::region::{region, warn_of_unlisted};
use super::settings::{StackName, stack_and_region};
use super::wait_line::show_wait;
use crate::deploy::aws::{Access, environment_region};
use crate::deploy::error::{AwsError, ErrorKind};
use crate::deploy::outcome::{DeployError, Detached};
use crate::deploy::plain;
use crate::frontend::cfn::Deployment;
use crate::frontend::{Input, InputFormat};
use crate::ir::Diagnostics;
use crate::reachability::{self, Assumptions, Reachability, Verdict};
use crate::region::Region;
use crate::report::{self, CheckReport};
use crate::resource::Graph;

/// The heading of these options in the help.
const HEADING: &str = "AWS options";

/// Region, profile and endpoint of an AWS command.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct AwsArgs {
    /// AWS Region
    #[arg(long, help_heading = HEADING, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// AWS CLI profile
    #[arg(long, help_heading = HEADING, value_name = "NAME")]
    profile: Option<String>,
    /// AWS API endpoint, such as an emulator
    #[arg(long, help_heading = HEADING, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Limit for one response in seconds
    #[arg(long, help_heading = HEADING, value_name = "SECONDS", default_value = "30", value_parser = seconds, hide_short_help = true)]
    read_timeout: Duration,
    /// Seconds between two requests for the status
    #[arg(long, help_heading = HEADING, value_name = "SECONDS", default_value = "3", value_parser = seconds, hide_short_help = true)]
    pub(super) poll_interval: Duration,
}

/// The stack of a command that needs no template.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct StackArgs {
    /// Stack name
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    #[command(flatten)]
    pub(super) aws: AwsArgs,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "expected a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && seconds <= 86_400.0 => Ok(duration),
        _ => Err("expected more than 0 and at most 86,400 seconds".to_owned()),
    }
}

/// Reads `90`, `90s`, `10m` or `1h 30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse().ok();
    let duration = match seconds.map(Duration::try_from_secs_f64) {
        Some(Ok(duration)) => Some(duration),
        Some(Err(_)) => None,
        None => humantime::parse_duration(text).ok(),
    };
    match duration {
        Some(duration) if duration <= Duration::from_secs(7 * 86_400) => Ok(duration),
        Some(_) => Err("expected at most 7 days".to_owned()),
        None => Err("expected seconds, or a duration such as `10m` or `1h 30m`".to_owned()),
    }
}

impl AwsArgs {
    /// Returns the options that select a stack in another command.
    pub(super) fn stack_flags(&self, stack: &str) -> String {
        let mut out = format!("--stack {stack}");
        for (flag, value) in [
            ("--region", &self.region),
            ("--profile", &self.profile),
            ("--endpoint-url", &self.endpoint_url),
        ] {
            if let Some(value) = value {
                out.push_str(&format!(" {flag} {value}"));
            }
        }
        out
    }

    /// Returns the Region of the environment or profile.
    pub(super) fn environment_region(&self) -> Option<&'static Region> {
        let profile = self.profile.as_deref();
        let found = block_on(async { Ok(environment_region(profile).await) });
        Region::of(&found.ok()??)
    }

    /// Returns the stack of this name, with the Region of the option, else of the configuration, else
    /// of the environment.
    pub(super) fn stack_name<'a>(&'a self, name: Option<&'a String>) -> StackName<'a> {
        StackName {
            name,
            region: self.region.as_ref(),
            default_region: self.environment_region(),
        }
    }

    /// Returns how to access AWS, with the Region of a stack.
    ///
    /// # Errors
    ///
    /// An app whose code sets another Region than `--region`.
    pub(super) fn access(&self, configured: Option<&'static Region>) -> Result<Access, Failure> {
        if let (Some(specified), Some(configured)) = (&self.region, configured)
            && specified != configured.name
        {
            return Err(Failure::usage(format!(
                "`--region {specified}` contradicts the app, which sets `{}`",
                configured.name
            )));
        }
        if let Some(name) = &self.region {
            region(name)?;
        } else if let Some(configured) = configured {
            warn_of_unlisted(configured);
        }
        Ok(Access {
            region: self
                .region
                .clone()
                .or(configured.map(|it| it.name.to_owned())),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            read_timeout: Some(self.read_timeout),
            on_wait: Some(show_wait),
        })
    }
}

impl StackArgs {
    /// Returns the name of the stack, and how to access it.
    pub(super) fn resolve(&self, context: &Context) -> Result<(String, Access), Failure> {
        let is_explicit = context.config_flag().is_some();
        let (stack, region) = match &self.stack {
            // A stack by name needs no valid configuration; the Region of a valid one applies.
            Some(stack) if !is_explicit => {
                let region = stack_and_region(context).and_then(|(_, region)| region);
                (stack.clone(), region.filter(|_| self.aws.region.is_none()))
            }
            stack => {
                let settings = super::settings::Settings::default();
                let made = settings.template(context, self.aws.stack_name(stack.as_ref()))?;
                (made.stack, made.region)
            }
        };
        Ok((stack, self.aws.access(region)?))
    }

    /// Rejects a command that would use the default name of a stack.
    pub(super) fn require_stack(&self, context: &Context) -> Result<(), Failure> {
        let is_specified =
            self.stack.is_some() || context.app().is_some() || context.config_path()?.is_some();
        match is_specified {
            true => Ok(()),
            false => Err(Failure::unknown_stack()),
        }
    }

    /// Returns how to access AWS, for a command without a stack.
    pub(super) fn resolve_access(&self, context: &Context) -> Result<Access, Failure> {
        if let Some(path) = context.config_flag() {
            // An explicit configuration must exist.
            super::settings::read(path)?;
        }
        let region = stack_and_region(context).and_then(|(_, region)| region);
        self.aws
            .access(region.filter(|_| self.aws.region.is_none()))
    }
}

/// Runs asynchronous work.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("cannot start: {error}")))?;
    let done = runtime.block_on(work);
    // A thread may still read the answer to a prompt.
    runtime.shutdown_background();
    done
}

/// Prints an AWS error and returns its exit status.
pub(super) fn report_aws_error(error: &AwsError) -> Failure {
    print_error(&error.to_string(), error.help().as_deref());
    match error.kind {
        ErrorKind::Rejected => Failure::Failed,
        _ => Failure::Unusable,
    }
}

/// Prints an error with an optional hint.
pub(super) fn print_error(message: &str, help: Option<&str>) {
    output::error(&plain(message), help);
}

/// Prints a deployment error with the state of the stack, and returns its exit status.
pub(super) fn report_deploy_error(error: &DeployError) -> Failure {
    print_error(&error.message, error.help.as_deref());
    let _ = output::stderr(&format!("  state: {}\n", plain(&error.state)));
    match error.is_input_error {
        true => Failure::Failed,
        false => Failure::Unusable,
    }
}

/// Prints that an operation continues without this command, and returns its exit status. `wait` is
/// the command that waits for the operation, `limit` the time of `--timeout`.
pub(super) fn report_detached(
    stack: &str,
    wait: &str,
    status: &str,
    why: &Detached,
    limit: Option<Duration>,
) -> Failure {
    let state = match status {
        "" if matches!(why, Detached::Lost(_)) => {
            format!("the status of stack `{stack}` is unknown")
        }
        // The request to start it succeeded, but no status arrived yet.
        "" => format!("the operation on stack `{stack}` continues"),
        status if status.ends_with("_IN_PROGRESS") => {
            format!("stack `{stack}` is still `{status}`")
        }
        // The final status is known, but not the events before it.
        status => format!("stack `{stack}` was last `{status}`"),
    };
    let next = format!("run `{wait}` to wait for it");
    match why {
        Detached::Stopped => {
            output::error(&format!("stopped waiting; {state}"), Some(&next));
            Failure::Interrupted
        }
        Detached::TimedOut => {
            let limit = limit.map(|it| format!(" after {}", display(it)));
            let limit = limit.unwrap_or_default();
            output::error(&format!("timed out{limit}; {state}"), Some(&next));
            Failure::Unknown
        }
        Detached::Lost(error) => {
            print_error(&error.to_string(), error.help().as_deref());
            let _ = output::stderr(&format!("  state: {state}; {next}\n"));
            Failure::Unusable
        }
    }
}

/// Formats a duration such as `30 minutes`, `90 seconds` or `1 hour`.
pub(super) fn display(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let (number, unit) = match seconds as u64 {
        0 => (seconds, "second"),
        it if it % 3600 == 0 => (seconds / 3600.0, "hour"),
        it if it % 60 == 0 => (seconds / 60.0, "minute"),
        _ => (seconds, "second"),
    };
    let plural = if number == 1.0 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

/// Formats the time that an operation took, such as `2m 14s`.
pub(super) fn elapsed(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

/// A template with its reachability.
pub(super) struct CheckedTemplate {
    name: String,
    pub(super) graph: Graph,
    pub(super) reachability: Reachability,
    json: bool,
}

/// Checks a template with the values of its deployment.
pub(super) fn check_template(
    name: &str,
    text: &str,
    parameters: &[(String, String)],
    region: Option<&str>,
) -> Result<CheckedTemplate, Diagnostics> {
    let deployment = Deployment {
        parameters: parameters.to_vec(),
        region: region.and_then(Region::find),
        account: None,
        files: Vec::new(),
    };
    let input = Input::read(name, text, Some(InputFormat::Cfn), &deployment)?;
    let assumptions = Assumptions::default();
    let results = input
        .graphs
        .iter()
        .map(|graph| reachability::check(graph, &assumptions));
    let reachability = reachability::merge(results.collect());
    Ok(CheckedTemplate {
        name: name.to_owned(),
        graph: input.graphs.into_iter().next().unwrap_or_default(),
        reachability,
        json: text.trim_start().starts_with('{'),
    })
}

impl CheckedTemplate {
    /// Checks the app of an embedding program, which knows the values that its stacks share.
    pub(super) fn of_app(name: &str, app: &crate::App) -> CheckedTemplate {
        let graph = app.graph().clone();
        CheckedTemplate {
            name: name.to_owned(),
            reachability: reachability::check(&graph, &Assumptions::default()),
            graph,
            json: true,
        }
    }

    /// Returns the report in text. `program` is the name in suggested commands.
    pub(super) fn text(&self, program: &str) -> String {
        report::text(&CheckReport {
            file: &self.name,
            graph: &self.graph,
            reachability: &self.reachability,
            json: self.json,
            program,
            notes: &[],
        })
    }

    pub(super) fn is_unreachable(&self) -> bool {
        let unreachable =
            |it: &reachability::InstanceReachability| it.verdict == Verdict::Unreachable;
        self.reachability.instances.iter().any(unreachable)
    }

    /// Returns each instance with its verdict and the failing hop.
    pub(super) fn verdicts(&self) -> Vec<(String, String)> {
        let shown = |it: &reachability::InstanceReachability| {
            let name = self
                .graph
                .node(it.node)
                .map_or("", |node| node.display_id());
            let verdict = match it.failing_hop() {
                Some(hop) => format!("{} ({hop})", it.verdict.as_str()),
                None => it.verdict.as_str().to_owned(),
            };
            (name.to_owned(), verdict)
        };
        self.reachability.instances.iter().map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        for (text, want) in [
            ("90", 90),
            ("90s", 90),
            ("10m", 600),
            ("1h", 3600),
            ("1h 30m", 5400),
        ] {
            assert_eq!(duration(text).unwrap(), Duration::from_secs(want), "{text}");
        }
        for text in ["", "m", "-1", "8d", "nan", "1e30"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
