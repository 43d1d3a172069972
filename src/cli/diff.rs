//! `diff`: what a change means, between files, revisions, stacks and plans.

use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

use super::settings::{self, Settings};
use super::{Failure, output};
use crate::diff::{ChangeReport, Gate, Version};
use crate::frontend::InputFormat;
use crate::frontend::cfn::Deployment;
use clap::builder::PossibleValue;

/// How a change is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people, at a terminal
    Text,
    /// For a comment on a pull request
    Markdown,
    /// For programs
    Json,
    /// Annotations of a GitHub workflow
    Github,
}

#[cfg(feature = "deploy")]
const STACKS: &str = "\
Without OLD, the deployed stack is compared with what the configuration, or `--template`, makes.\n\
`stack:NAME` is what is deployed under that name.\n";
#[cfg(not(feature = "deploy"))]
const STACKS: &str = "";

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
OLD and NEW are a CloudFormation template, a Terraform plan or state as `terraform show -json` prints it, or\n\
a configuration, in any combination; `REVISION:FILE` is a file as git has it. Without NEW, a plan\n\
is compared with what is there before it, and anything else with what the configuration makes.\n\
{STACKS}\n\
With `--exit-code`: 0 the same, 1 it differs; with `--fail-on`: 1 if it hits. Otherwise:\n{}\n\n\
Examples:\n  \
ssm-synth diff old.json new.json\n  \
ssm-synth diff HEAD~1:stack.json stack.json --output markdown\n  \
terraform show -json plan.out | ssm-synth diff - --fail-on replace,widen,unreachable", EXIT_CODES))]
pub(super) struct Args {
    /// What is compared, and with what
    #[arg(value_name = "OLD] [NEW", num_args = 0..=2)]
    files: Vec<String>,
    #[cfg(feature = "deploy")]
    #[command(flatten)]
    pub(super) source: super::source::SourceArgs,
    #[cfg(not(feature = "deploy"))]
    #[command(flatten)]
    settings: Settings,
    /// A value of a template's parameter
    #[cfg(not(feature = "deploy"))]
    #[arg(long = "parameter", value_name = "KEY=VALUE")]
    parameters: Vec<String>,
    /// Have CloudFormation tell what it would do, by a change set that is deleted again
    #[cfg(feature = "deploy")]
    #[arg(long)]
    pub(super) change_set: bool,
    /// End with 1 if something differs
    #[arg(long)]
    pub(super) exit_code: bool,
    /// End with 1 if the change does one of these
    #[arg(long, value_enum, value_delimiter = ',', value_name = "GATE,…")]
    pub(super) fail_on: Vec<Gate>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) output: Format,
    #[cfg(feature = "deploy")]
    #[command(flatten)]
    pub(super) access: super::aws::AwsArgs,
    /// The region [default: as the files tell]
    #[cfg(not(feature = "deploy"))]
    #[arg(long)]
    region: Option<String>,
}

#[cfg(feature = "deploy")]
const EXIT_CODES: &str = super::aws::EXIT_CODES;
#[cfg(not(feature = "deploy"))]
const EXIT_CODES: &str = super::EXIT_CODES;

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (report, title, file) = match args.files.as_slice() {
        #[cfg(feature = "deploy")]
        [] => return super::deployed::run(args),
        #[cfg(not(feature = "deploy"))]
        [] => {
            let message = "what is compared? Name OLD, or OLD and NEW";
            return Err(Failure::Environment(message.to_owned()));
        }
        [only] => {
            let old = args.side(only)?;
            match ChangeReport::of_plan(&old) {
                Some(report) => (report, only.clone(), None),
                None => {
                    let (name, text) = args.change_set()?;
                    let new = version(&name, &text, Some(InputFormat::Cfn), &args.deployment()?)?;
                    (ChangeReport::compare(&old, &new), name, None)
                }
            }
        }
        [old, new, ..] => {
            if old == "-" && new == "-" {
                let message = "standard input is read once: one of OLD and NEW can be `-`";
                return Err(Failure::Environment(message.to_owned()));
            }
            let file = Path::new(new).is_file().then(|| new.clone());
            let (old, side) = (args.side(old)?, args.side(new)?);
            (ChangeReport::compare(&old, &side), new.clone(), file)
        }
    };
    output::styled(&match args.output {
        Format::Text => report.to_text(),
        _ => String::new(),
    })?;
    output::artifact(&match args.output {
        Format::Text => String::new(),
        Format::Markdown => report.to_markdown(&title),
        Format::Json => format!("{:#}\n", report.to_json()),
        Format::Github => report.to_github(file.as_deref(), &args.fail_on),
    })?;
    args.end(&report, report.is_same())
}

impl ValueEnum for Gate {
    fn value_variants<'a>() -> &'a [Gate] {
        Gate::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Gate::Replace => "A resource is replaced, or may be",
            Gate::Widen => "Somebody may do or reach more",
            Gate::Unreachable => {
                "A session that connects now, or is new, provably does not connect"
            }
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

impl Args {
    /// How it ends, once all is printed.
    pub(super) fn end(&self, report: &ChangeReport, same: bool) -> Result<(), Failure> {
        let hits = report.hits(&self.fail_on);
        if !hits.is_empty() {
            let words: Vec<&str> = hits.iter().map(|it| it.as_str()).collect();
            let words = words.join(", ");
            output::error(&format!("the change does what `--fail-on` names: {words}"));
            return Err(Failure::Input);
        }
        match self.exit_code && !same {
            true => Err(Failure::Input),
            false => Ok(()),
        }
    }

    fn region(&self) -> Option<&String> {
        #[cfg(feature = "deploy")]
        return self.access.region.as_ref();
        #[cfg(not(feature = "deploy"))]
        return self.region.as_ref();
    }

    fn deployment(&self) -> Result<Deployment, Failure> {
        #[cfg(feature = "deploy")]
        let parameters = self.source.parameters();
        #[cfg(not(feature = "deploy"))]
        let parameters = &self.parameters;
        let parameters: Result<Vec<_>, Failure> =
            parameters.iter().map(|it| super::input::pair(it)).collect();
        let region = self.region().map(|name| {
            crate::Region::find(name).ok_or_else(|| {
                Failure::Environment(format!("`{name}` is no region that is known here"))
            })
        });
        Ok(Deployment {
            parameters: parameters?,
            region: region.transpose()?,
            account: None,
        })
    }

    /// What the configuration, or the program's own app, makes.
    fn change_set(&self) -> Result<(String, String), Failure> {
        #[cfg(feature = "deploy")]
        let source = self.source.read_any()?;
        #[cfg(not(feature = "deploy"))]
        let source = {
            let made = self.settings.template(None)?;
            (made.stack, made.text)
        };
        Ok(source)
    }

    /// Reads what one side names.
    fn side(&self, spec: &str) -> Result<Version, Failure> {
        let deployment = self.deployment()?;
        #[cfg(feature = "deploy")]
        if let Some(stack) = spec.strip_prefix("stack:")
            && !Path::new(spec).exists()
        {
            return super::deployed::side(self, stack);
        }
        let (name, text) = match revision(spec)? {
            Some(text) => (spec.to_owned(), text),
            None => (spec.to_owned(), super::input::read(Path::new(spec))?),
        };
        version(&name, &text, None, &deployment)
    }
}

/// Reads a side's text; a configuration counts as the template that it makes.
fn version(
    name: &str,
    text: &str,
    kind: Option<InputFormat>,
    deployment: &Deployment,
) -> Result<Version, Failure> {
    if text.trim().is_empty() {
        return Ok(Version::default());
    }
    let unreadable = |diagnostics| settings::unreadable(&diagnostics, name, text);
    if matches!(text.trim(), "null" | "~" | "{}" | "---") {
        let message = format!("`{name}` holds nothing: no template, plan or configuration");
        return Err(Failure::Environment(message));
    }
    match kind.unwrap_or_else(|| InputFormat::of(text)) {
        InputFormat::Config => {
            let file = Some((name.to_owned(), text.to_owned()));
            let made = Settings::default()
                .template_of(file)
                .map_err(|_| Failure::Unreadable)?;
            Version::read(name, &made, InputFormat::Cfn, deployment).map_err(unreadable)
        }
        kind => Version::read(name, text, kind, deployment).map_err(unreadable),
    }
}

/// The text of `REVISION:FILE`, if it is that; a file that the revision has not is empty.
fn revision(spec: &str) -> Result<Option<String>, Failure> {
    let Some((revision, file)) = spec.split_once(':') else {
        return Ok(None);
    };
    if revision.is_empty()
        || revision.starts_with('-')
        || file.is_empty()
        || Path::new(spec).exists()
    {
        return Ok(None);
    }
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output();
        output.map_err(|error| Failure::Environment(format!("cannot run `git`: {error}")))
    };
    let named = format!("{revision}^{{commit}}");
    let known = git(&[
        "rev-parse",
        "--quiet",
        "--verify",
        "--end-of-options",
        &named,
    ])?;
    if !known.status.success() {
        let message =
            format!("`{spec}`: git knows no revision `{revision}` here, and there is no such file");
        return Err(Failure::Environment(message));
    }
    // A path is below the working directory, as for every other tool.
    let object = match file.starts_with('/') || file.starts_with("./") || file.starts_with("../") {
        true => format!("{revision}:{file}"),
        false => format!("{revision}:./{file}"),
    };
    if !git(&["cat-file", "-e", &object])?.status.success() {
        if !Path::new(file).is_file() {
            return Err(Failure::Environment(format!(
                "`{spec}`: `{file}` is neither in `{revision}` nor here"
            )));
        }
        output::note(&format!(
            "note: `{file}` is not in `{revision}`: compared with nothing\n"
        ));
        return Ok(Some(String::new()));
    }
    let shown = git(&["cat-file", "blob", &object])?;
    if !shown.status.success() {
        let said = String::from_utf8_lossy(&shown.stderr);
        return Err(Failure::Environment(format!("`{spec}`: {}", said.trim())));
    }
    String::from_utf8(shown.stdout)
        .map(Some)
        .map_err(|_| Failure::Environment(format!("`{spec}` is not UTF-8")))
}

/// A change as JSON, with more of it.
#[cfg(feature = "deploy")]
pub(super) fn extended(report: &ChangeReport, more: serde_json::Value) -> serde_json::Value {
    let mut out = report.to_json();
    if let (serde_json::Value::Object(all), serde_json::Value::Object(more)) = (&mut out, more) {
        for (key, value) in more {
            all.insert(key, value);
        }
    }
    out
}
