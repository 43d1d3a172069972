//! `check`: whether Session Manager can reach the instances.

use std::path::PathBuf;

use clap::ValueEnum;

use super::context::Context;
use super::failure::Failure;
use super::format::FromFileName;
use super::input::{AssumptionArgs, InputArgs, ReadInput};
use super::output::{self, OutputArgs};
use crate::frontend::InputFormat;
use crate::reachability::{Hop, HopStatus, InstanceReachability, Verdict};
use crate::report::{self, CheckReport};
use crate::resource::Graph;

/// The format of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Human-readable text (default)
    Text,
    /// Machine-readable JSON; JSON Lines for events
    Json,
    /// SARIF 2.1.0 for code scanning
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
}

impl FromFileName for Format {
    fn from_file_name(name: &str) -> Option<Self> {
        match () {
            () if name.ends_with(".sarif") || name.ends_with(".sarif.json") => Some(Format::Sarif),
            () if name.ends_with(".json") => Some(Format::Json),
            () => None,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ssm-synth check
  ssm-synth check stack.yaml --parameter VpcId=vpc-0a1b2c3d
  terraform show -json plan.out | ssm-synth check -
  ssm-synth check network.yaml app.yaml
  ssm-synth check cdk.out
  ssm-synth check stack.json -f json | jq '.instances[].verdict'

Exit codes: 0 every instance is reachable; 1 an instance is unreachable, or the
configuration is invalid; 2 usage, or unreadable input; 3 a verdict is unknown")]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Further templates that are deployed together with FILE
    #[arg(value_name = "FILE")]
    more: Vec<PathBuf>,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    output: OutputArgs,
    /// Accept unknown results
    #[arg(long)]
    allow_unknown: bool,
    /// Require at least one instance
    #[arg(long)]
    require_instances: bool,
}

/// The hops that depend on which resources are members of others.
const OF_REFERENCES: [Hop; 5] = [
    Hop::Endpoint,
    Hop::EndpointSecurityGroup,
    Hop::InstanceSecurityGroup,
    Hop::NetworkAcl,
    Hop::Route,
];

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let ReadInput { name, text, input } = args.input.read(context, &args.more)?;
    let reachability = args.assumptions.check(&input.graphs);
    let empty = Graph::default();
    let mut notes = input.notes;
    let is_undecided = |it: &InstanceReachability| {
        let mut open = it.hops.iter().filter(|it| it.status == HopStatus::Unknown);
        it.verdict == Verdict::Unknown && open.any(|it| OF_REFERENCES.contains(&it.hop))
    };
    if input.format == InputFormat::Plan
        && text.contains("\"resource_changes\"")
        && reachability.instances.iter().any(is_undecided)
    {
        notes.push(format!(
            "a plan shows the references of an expression, not its value; after the apply, \
             `terraform show -json | {} check -` checks the values",
            context.program()
        ));
    }
    let report = CheckReport {
        file: &name,
        graph: input.graphs.first().unwrap_or(&empty),
        reachability: &reachability,
        json: text.trim_start().starts_with('{'),
        notes: &notes,
        program: context.program(),
    };
    match args.output.format(args.format, Format::Text) {
        Format::Text => args.output.write_styled(&report::text(&report))?,
        Format::Json => args.output.write(&report::json(&report))?,
        Format::Sarif => args.output.write(&report::sarif(&report))?,
        Format::Github => args.output.write(&report::github(&report))?,
    }
    if reachability.instances.is_empty() {
        let message = format!("`{name}` contains no instance");
        if args.require_instances {
            output::error(&message, None);
            return Err(Failure::Failed);
        }
        output::warning(&message);
    }
    let any = |verdict| {
        reachability
            .instances
            .iter()
            .any(|it| it.verdict == verdict)
    };
    if any(Verdict::Unreachable) {
        Err(Failure::Failed)
    } else if any(Verdict::Unknown) && !args.allow_unknown {
        Err(Failure::Unknown)
    } else {
        Ok(())
    }
}
