//! `runbook`: what to do with this very stack, in Markdown.

use std::path::PathBuf;

use super::input::{AssumptionArgs, InputArgs};
use super::settings::Settings;
use super::{Failure, app, output};
use crate::frontend::InputFormat;
use crate::runbook::{self, Source};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 it is written, whatever the proof says; 1 the configuration failed; 2 the file \
cannot be read, usage, environment.\n\n\
Examples:\n  \
ssm-synth runbook -o RUNBOOK.md\n  \
ssm-synth runbook stack.yaml --name team --region eu-central-1"
)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    #[command(flatten)]
    settings: Settings,
    /// The stack's name [default: as the configuration or the file is called]
    #[arg(long)]
    name: Option<String>,
    /// Write this file, as a whole and only if it changes, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The flags that make the same stack again.
fn flags(args: &Args) -> Vec<String> {
    let mut flags = args.input.config_flags();
    flags.extend(args.settings.to_args());
    flags
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let input = args
        .input
        .stack_input(&args.assumptions, &args.settings, args.name.as_ref())?;
    let text = runbook::runbook(&runbook::RunbookInput {
        stack: &input.title,
        source: match input.format {
            InputFormat::Cfn => Source::Template(input.file, args.input.values()?),
            InputFormat::Plan => Source::Plan,
            InputFormat::Config => Source::Config(flags(args)),
        },
        graph: &input.graph,
        reachability: &input.reachability,
        assumptions: args.assumptions.to_assumptions(),
    })
    .map_err(|error| Failure::Environment(error.to_string()))?;
    let text = app::with_program_name(&text);
    match &args.output {
        Some(path) => output::file(path, &text),
        None => output::artifact(&text),
    }
}
