//! The stack: from a configuration to a document.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::diagnostics::{Sources, render};
use super::{Failure, output};
use crate::back;
use crate::front::config::Config;
use crate::ir::{Diagnostic, Diagnostics};
use crate::resource::Dialect;
use crate::{reach, report};

/// What is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// CloudFormation as JSON
    Cfn,
    /// CloudFormation as YAML
    CfnYaml,
    /// Terraform as JSON, for a file `main.tf.json`
    Tf,
    /// Terraform as HCL, for a file `main.tf`
    Hcl,
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to print
    #[arg(short, long, value_enum, default_value_t = Format::Cfn)]
    format: Format,
    /// The configuration; `-` reads standard input [default: ssm-synth.yaml, if it is there]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write this file, as a whole and only if it changes, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// For Terraform: a module to be called by another, without a provider block
    #[arg(long)]
    tf_module: bool,
    /// The stack's name [default: access]
    #[arg(long)]
    name: Option<String>,
    /// The region [default: decided at deployment]
    #[arg(long)]
    region: Option<String>,
    /// The range of the new VPC [default: 10.0.0.0/16]
    #[arg(long, value_name = "CIDR")]
    cidr: Option<String>,
    /// How many zones the new network has [default: 2]
    #[arg(long, value_name = "N")]
    zones: Option<u32>,
    /// An existing VPC to use
    #[arg(long, value_name = "ID")]
    vpc: Option<String>,
    /// The existing VPC's subnets
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    subnets: Vec<String>,
    /// Print the stack even if Session Manager provably cannot reach an instance of it
    #[arg(long)]
    allow_unreachable: bool,
    /// Any setting, such as `endpoints.zones=one`; the value is YAML
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// A configuration is small, and so is a template; a plan says everything twice.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let shown = path.display();
    let done = if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MOST_BYTES + 1)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
    };
    done.map_err(|error| Failure::Environment(format!("cannot read `{shown}`: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("`{shown}` has over {} MB", MOST_BYTES / 1024 / 1024);
        return Err(Failure::Environment(message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let _ = output::stderr(&format!("error: `{shown}` is not UTF-8, at byte {at}\n"));
        Failure::Input
    })
}

/// A file that cannot be read at all.
pub(super) fn unreadable(problems: &Diagnostics, name: &str, text: &str) -> Failure {
    let sources = vec![(name.to_owned(), text.to_owned())];
    let _ = output::stderr(&render(problems.iter(), &sources));
    Failure::Unreadable
}

fn fail(problems: &Diagnostics, sources: &Sources) -> Failure {
    let _ = output::stderr(&render(problems.iter(), sources));
    Failure::Input
}

impl Args {
    /// The settings that flags give: flag, path, value in YAML.
    fn settings(&self) -> Result<Vec<(String, String, String)>, Failure> {
        let quote = |text: &String| serde_json::Value::String(text.clone()).to_string();
        let mut settings = Vec::new();
        for (flag, path, value) in [
            ("--name", "name", &self.name),
            ("--region", "region", &self.region),
            ("--cidr", "network.cidr", &self.cidr),
            ("--vpc", "network.vpc", &self.vpc),
        ] {
            if let Some(value) = value {
                settings.push((flag.to_owned(), path.to_owned(), quote(value)));
            }
        }
        if let Some(zones) = self.zones {
            settings.push((
                "--zones".to_owned(),
                "network.zones".to_owned(),
                zones.to_string(),
            ));
        }
        if !self.subnets.is_empty() {
            let list: Vec<String> = self.subnets.iter().map(quote).collect();
            let list = format!("[{}]", list.join(", "));
            settings.push(("--subnets".to_owned(), "network.subnets".to_owned(), list));
        }
        for set in &self.set {
            let Some((path, value)) = set.split_once('=') else {
                let message = format!("`--set {set}` has no `=`; write `--set network.zones=3`");
                return Err(Failure::Environment(message));
            };
            settings.push((format!("--set {path}"), path.to_owned(), value.to_owned()));
        }
        Ok(settings)
    }

    fn config(&self, sources: &mut Sources) -> Result<Config, Failure> {
        let default = Path::new("ssm-synth.yaml");
        let path = match &self.config {
            Some(path) => Some(path.as_path()),
            None => default.exists().then_some(default),
        };
        let mut config = match path {
            None => Config::empty(),
            Some(path) => {
                let text = read(path)?;
                let name = path.display().to_string();
                let config = Config::read(&name, &text);
                sources.push((name, text));
                config.map_err(|problems| fail(&problems, sources))?
            }
        };
        for (source, path, value) in self.settings()? {
            let set = config.set(&source, &path, &value);
            // A flag given twice has the value that was given last.
            sources.retain(|(name, _)| *name != source);
            sources.push((source, value));
            set.map_err(|problems| fail(&problems, sources))?;
        }
        Ok(config)
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let cfn = matches!(args.format, Format::Cfn | Format::CfnYaml);
    if args.tf_module && cfn {
        let message = "`--tf-module` is for Terraform; add `--format tf` or `--format hcl`";
        return Err(Failure::Environment(message.to_owned()));
    }
    let mut sources = Sources::new();
    let config = args.config(&mut sources)?;
    let configured = config
        .build()
        .map_err(|problems| fail(&problems, &sources))?;
    let checked = configured
        .check()
        .map_err(|problems| fail(&problems, &sources))?;
    let proof = reach::prove(configured.app.graph(), &reach::Assume::default());
    let unreachable = |it: &reach::InstanceProof| it.answer == reach::Answer::Unreachable;
    if proof.instances.iter().any(unreachable) {
        let report = report::Report {
            file: &configured.stack,
            graph: configured.app.graph(),
            proof: &proof,
            json: false,
        };
        let _ = output::stderr(&report::text(&report));
        if !args.allow_unreachable {
            let message = "error: Session Manager cannot reach an instance of this stack; \
                           `--allow-unreachable` prints it nevertheless\n";
            let _ = output::stderr(message);
            return Err(Failure::Input);
        }
    }
    let stack = &configured.stack;
    let limits = checked.over_limits(if cfn { Dialect::Cfn } else { Dialect::Tf });
    if limits.has_errors() {
        return Err(fail(limits, &sources));
    }
    let role = if args.tf_module {
        back::tf::Role::Module
    } else {
        back::tf::Role::Root
    };
    let text = match args.format {
        Format::Cfn => back::cfn::template(&checked, stack).map(|it| it.to_json()),
        Format::CfnYaml => back::cfn::template(&checked, stack).map(|it| it.to_yaml()),
        Format::Tf => back::tf::module(&checked, stack, role).map(|it| it.to_json()),
        Format::Hcl => back::tf::module(&checked, stack, role).map(|it| it.to_hcl()),
    };
    // The configuration made this very stack.
    let text = text.unwrap_or_default();
    if cfn && text.len() > 1024 * 1024 {
        let message = format!(
            "error[template-size]: the template has {} bytes, and CloudFormation takes 1048576\n",
            text.len()
        );
        let _ = output::stderr(&message);
        return Err(Failure::Input);
    }
    if cfn && text.len() > 51_200 {
        let message = format!(
            "warning[template-size]: the template has {} bytes: over 51200, it must be deployed \
             through an S3 bucket (`aws cloudformation deploy --s3-bucket`)\n",
            text.len()
        );
        let _ = output::stderr(&message);
    }
    let dialect = if cfn { Dialect::Cfn } else { Dialect::Tf };
    let matters = |it: &&Diagnostic| it.only.is_none_or(|only| only == dialect);
    let warnings = checked.warnings().iter().filter(matters);
    let _ = output::stderr(&render(warnings, &sources));
    match &args.output {
        Some(path) => output::file(path, &text),
        None => output::artefact(&text),
    }
}
