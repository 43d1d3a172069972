//! What the commands that talk to AWS share.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use super::settings::Settings;
use super::{Failure, output};
use crate::deploy::aws::Access;
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

/// Exit codes of all commands that talk to AWS.
pub(super) const EXIT_CODES: &str = "Exit codes: 0 done, or nothing to do; 1 it failed, was refused or declined; \
2 usage, credentials, network; 3 still under way; 130 stopped by Ctrl-C.";

/// Where and as whom.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct AwsArgs {
    /// The region [default: the configuration's, AWS_REGION, the profile's]
    #[arg(long)]
    pub(super) region: Option<String>,
    /// The profile of the AWS configuration [default: AWS_PROFILE, then `default`]
    #[arg(long)]
    profile: Option<String>,
    /// Another address of AWS's API, such as an emulator's [default: AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// How long one answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, hide_short_help = true)]
    read_timeout: Duration,
    /// How long to wait between two looks, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds, hide_short_help = true)]
    pub(super) poll: Duration,
}

/// Which stack, for commands that need no template.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct StackArgs {
    /// The stack [default: the configuration's name]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// The configuration that tells the stack's name and region [default: ssm-synth.yaml, if it is
    /// there]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) aws: AwsArgs,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() && seconds <= 86_400.0 => Ok(duration),
        _ => Err("more than 0 and at most 86400 seconds".to_owned()),
    }
}

/// Reads `90`, `90s`, `10m` or `1h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1.0),
        Some((at, 'm')) => (&text[..at], 60.0),
        Some((at, 'h')) => (&text[..at], 3600.0),
        _ => (text, 1.0),
    };
    let wrong = || "write seconds, or a number with `s`, `m` or `h`, such as `10m`".to_owned();
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    match Duration::try_from_secs_f64(number * unit) {
        Ok(duration) if duration <= Duration::from_secs(7 * 86_400) => Ok(duration),
        Ok(_) => Err("at most a week".to_owned()),
        Err(_) => Err(wrong()),
    }
}

impl AwsArgs {
    /// How a stack is named in another command, from here.
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

    /// Where and as whom, with the region that a configuration tells.
    pub(super) fn access(&self, built_config: Option<&'static Region>) -> Result<Access, Failure> {
        if let (Some(asked), Some(told)) = (&self.region, built_config)
            && asked != told.name
        {
            return Err(Failure::Environment(format!(
                "`--region {asked}`, but the configuration is for `{}`",
                told.name
            )));
        }
        Ok(Access {
            region: self
                .region
                .clone()
                .or(built_config.map(|it| it.name.to_owned())),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            read_timeout: Some(self.read_timeout),
        })
    }
}

impl StackArgs {
    /// The stack's name, and where it is.
    pub(super) fn resolve(&self) -> Result<(String, Access), Failure> {
        let settings = Settings::of(self.config.clone());
        let (stack, region) = match &self.stack {
            // Whoever names the stack needs no sound configuration; its region holds if it is.
            Some(stack) if self.config.is_none() => {
                let region = settings
                    .try_stack_and_region()
                    .and_then(|(_, region)| region);
                (stack.clone(), region.filter(|_| self.aws.region.is_none()))
            }
            stack => {
                let made = settings.template(stack.as_ref())?;
                (stack.clone().unwrap_or(made.stack), made.region)
            }
        };
        Ok((stack, self.aws.access(region)?))
    }

    /// Whether the configuration comes from where a session's keys come from.
    pub(super) fn reads_standard_input(&self) -> bool {
        self.config.as_deref() == Some(std::path::Path::new("-"))
    }

    /// Whether anybody said which stack is meant.
    pub(super) fn is_specified(&self) -> bool {
        self.stack.is_some()
            || self.config.is_some()
            || super::app::current().is_some()
            || PathBuf::from("ssm-synth.yaml").exists()
    }

    /// Where it is, for who needs no stack.
    pub(super) fn resolve_access(&self) -> Result<Access, Failure> {
        if let Some(path) = &self.config {
            // Whoever names a file means it.
            super::settings::read(path)?;
        }
        let region = Settings::of(self.config.clone())
            .try_stack_and_region()
            .and_then(|(_, region)| region);
        self.aws
            .access(region.filter(|_| self.aws.region.is_none()))
    }
}

/// Runs what waits.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Environment(format!("cannot start: {error}")))?;
    let done = runtime.block_on(work);
    // A question that nobody answered is still being read for.
    runtime.shutdown_background();
    done
}

/// Says what AWS refused.
pub(super) fn report_aws_error(error: &AwsError) -> Failure {
    print_error(&error.to_string(), error.help().as_deref());
    match error.kind {
        ErrorKind::Rejected => Failure::Input,
        _ => Failure::Unreadable,
    }
}

/// Prints an error with what helps.
pub(super) fn print_error(message: &str, help: Option<&str>) {
    if output::message_format() == output::MessageFormat::Json {
        let value = serde_json::json!({
            "severity": "error",
            "message": plain(message),
            "help": help,
        });
        let _ = output::stderr(&format!("{value}\n"));
        return;
    }
    let mut text = format!("error: {}\n", plain(message));
    if let Some(help) = help {
        text.push_str(&format!("  help: {help}\n"));
    }
    let _ = output::stderr(&text);
}

/// Says why nothing was done, and what is true.
pub(super) fn report_deploy_error(error: &DeployError) -> Failure {
    print_error(&error.message, error.help.as_deref());
    let _ = output::stderr(&format!("  state: {}\n", plain(&error.state)));
    match error.is_input_error {
        true => Failure::Input,
        false => Failure::Unreadable,
    }
}

/// Says that something goes on unwatched; `again` is how the stack is named in a command.
pub(super) fn report_detached(stack: &str, flags: &str, status: &str, why: &Detached) -> Failure {
    let flags = format!("`ssm-synth status {flags} --wait`");
    let state = match status {
        "" => format!("its status was not seen, and AWS goes on with it; {flags} tells"),
        it if it.ends_with("_IN_PROGRESS") => {
            format!("it was {it} when last seen, and AWS goes on with it; {flags} goes on watching")
        }
        // Its end was seen, and not yet how it came to that.
        it => format!("it was {it} when last seen, and that may not be the end; {flags} tells"),
    };
    match why {
        Detached::Stopped => {
            let _ = output::stderr(&format!("stopped watching stack `{stack}`: {state}\n"));
            Failure::Interrupted
        }
        Detached::TimedOut => {
            let _ = output::stderr(&format!("the time is over; stack `{stack}`: {state}\n"));
            Failure::Unknown
        }
        Detached::Lost(error) => {
            print_error(&error.to_string(), error.help().as_deref());
            let _ = output::stderr(&format!("  state: stack `{stack}`: {state}\n"));
            Failure::Unreadable
        }
    }
}

/// A template with its proof.
pub(super) struct CheckedTemplate {
    name: String,
    graph: Graph,
    pub(super) reachability: Reachability,
    json: bool,
}

/// Proves a template, as it will be deployed.
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
    /// Of the program's own app, which knows what its stacks take from each other.
    pub(super) fn of_app(name: &str, app: &crate::App) -> CheckedTemplate {
        let graph = app.graph().clone();
        CheckedTemplate {
            name: name.to_owned(),
            reachability: reachability::check(&graph, &Assumptions::default()),
            graph,
            json: true,
        }
    }

    pub(super) fn report(&self) -> CheckReport<'_> {
        CheckReport {
            file: &self.name,
            graph: &self.graph,
            reachability: &self.reachability,
            json: self.json,
        }
    }

    pub(super) fn text(&self) -> String {
        report::text(&self.report())
    }

    pub(super) fn is_unreachable(&self) -> bool {
        let unreachable =
            |it: &reachability::InstanceReachability| it.verdict == Verdict::Unreachable;
        self.reachability.instances.iter().any(unreachable)
    }

    /// Each instance with its answer, and the hop that fails.
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
            ("1.5m", 90),
        ] {
            assert_eq!(duration(text).unwrap(), Duration::from_secs(want), "{text}");
        }
        for text in ["", "m", "-1", "1d", "nan", "1e30"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
