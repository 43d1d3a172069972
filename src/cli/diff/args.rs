//! The arguments of `diff`.

use clap::ValueEnum;
use clap::builder::PossibleValue;

#[cfg(feature = "deploy")]
use super::super::aws::AwsArgs;
use super::super::failure::Failure;
use super::super::format::FromFileName;
use super::super::input::ParameterArgs;
use super::super::output::OutputArgs;
use super::super::region::region;
use super::super::settings::{Settings, StackName};
use crate::diff::Gate;
use crate::frontend::cfn::Deployment;

/// The format of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Human-readable text (default)
    Text,
    /// Markdown for a comment or a page
    Markdown,
    /// Machine-readable JSON; JSON Lines for events
    Json,
    /// Annotations of a GitHub workflow
    Github,
}

impl FromFileName for Format {
    fn from_file_name(name: &str) -> Option<Self> {
        match () {
            () if name.ends_with(".json") => Some(Format::Json),
            () if name.ends_with(".md") => Some(Format::Markdown),
            () => None,
        }
    }
}

#[cfg(feature = "deploy")]
const STACKS: &str = "\
Without OLD, `diff` compares the deployed stack with the configuration.
`stack:NAME` is a deployed stack.
";
#[cfg(not(feature = "deploy"))]
const STACKS: &str = "";

#[cfg(feature = "deploy")]
const EXIT_CODES: &str = super::super::help::AWS_EXIT_CODES;
#[cfg(not(feature = "deploy"))]
const EXIT_CODES: &str = super::super::help::EXIT_CODES;

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
OLD and NEW are templates, Terraform plans or states in JSON, or configurations,
in any combination. `REVISION:FILE` is a file in Git.
Without NEW, `diff` compares a plan with its prior state, and any other input
with the configuration.
{STACKS}
Examples:
  ssm-synth diff old.json new.json
  ssm-synth diff HEAD~1:stack.json stack.json --format markdown
  terraform show -json plan.out | ssm-synth diff - --fail-on replacement

{EXIT_CODES}"))]
pub(in crate::cli) struct Args {
    /// Old version
    #[arg(value_name = "OLD", value_hint = clap::ValueHint::FilePath)]
    pub(super) old: Option<String>,
    /// New version
    #[arg(value_name = "NEW", value_hint = clap::ValueHint::FilePath)]
    pub(super) new: Option<String>,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// Exit with 1 if the versions differ
    #[arg(long)]
    pub(super) exit_code: bool,
    /// Changes that exit with 1, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "CHANGE,...")]
    pub(super) fail_on: Vec<Gate>,
    /// Accept unknown results
    #[arg(long)]
    pub(super) allow_unknown: bool,
    /// Add the change set of CloudFormation, and delete it afterwards
    #[cfg(feature = "deploy")]
    #[arg(long)]
    pub(super) change_set: bool,
    /// Stack name
    #[arg(long, value_name = "NAME")]
    pub(super) stack: Option<String>,
    #[command(flatten)]
    pub(super) parameters: ParameterArgs,
    #[command(flatten)]
    pub(super) settings: Settings,
    #[cfg(feature = "deploy")]
    #[command(flatten)]
    pub(super) aws: AwsArgs,
    /// AWS Region
    #[cfg(not(feature = "deploy"))]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

impl ValueEnum for Gate {
    fn value_variants<'a>() -> &'a [Gate] {
        Gate::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Gate::Replacement => "Resource that is replaced, or may be replaced",
            Gate::BroaderAccess => "Permission or network access that becomes broader",
            Gate::Removal => "Data without a retention policy, or an export, that is removed",
            Gate::Unreachable => "Instance that becomes unreachable, or a new unreachable instance",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

impl Args {
    /// Returns the format of the report.
    pub(super) fn format(&self) -> Format {
        self.output.format(self.format, Format::Text)
    }

    fn region(&self) -> Option<&String> {
        #[cfg(feature = "deploy")]
        return self.aws.region.as_ref();
        #[cfg(not(feature = "deploy"))]
        return self.region.as_ref();
    }

    /// Returns the name and Region of a side that is a configuration. Compared with the deployed stack
    /// `deployed`, it is the version that `deploy` generates for this stack.
    pub(super) fn stack_name<'a>(&'a self, deployed: Option<&'a String>) -> StackName<'a> {
        StackName {
            name: self.stack.as_ref().or(deployed),
            region: self.region(),
            #[cfg(feature = "deploy")]
            default_region: deployed.and_then(|_| self.aws.environment_region()),
            #[cfg(not(feature = "deploy"))]
            default_region: None,
        }
    }

    /// Returns the values of the deployment of each side.
    pub(super) fn deployment(&self) -> Result<Deployment, Failure> {
        Ok(Deployment {
            parameters: self.parameters.pairs()?,
            region: self
                .region()
                .map(|name| region(name))
                .transpose()?
                .filter(|it| it.is_listed()),
            account: None,
            files: Vec::new(),
        })
    }
}
