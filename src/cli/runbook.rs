//! `runbook`: the commands for one stack, in Markdown.

use super::context::Context;
use super::failure::Failure;
use super::input::{AssumptionArgs, InputArgs};
use super::output::OutputArgs;
use crate::frontend::InputFormat;
use crate::runbook::{self, Source};

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
Examples:
  ssm-synth runbook -o RUNBOOK.md
  ssm-synth runbook stack.yaml --stack team --region eu-central-1

{}", super::help::EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    /// Stack name
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Returns the options that generate the same stack again.
fn config_args(args: &Args, context: &Context) -> Vec<String> {
    let mut words = args.input.config_args(context);
    words.extend(args.input.settings.to_args());
    words
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let input = args
        .input
        .stack_input(context, &args.assumptions, args.stack.as_ref())?;
    let text = runbook::runbook(&runbook::RunbookInput {
        program: context.program(),
        stack: &input.title,
        source: match input.format {
            InputFormat::Cfn => Source::Template(input.file, args.input.values()?),
            InputFormat::Plan => Source::Plan,
            InputFormat::Config => Source::Config(config_args(args, context)),
        },
        graph: &input.graph,
        reachability: &input.reachability,
        assumptions: args.assumptions.to_assumptions(),
    })
    .map_err(|error| Failure::usage(error.to_string()))?;
    args.output.write(&text)
}
