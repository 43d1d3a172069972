//! `graph`: the stack as a picture.

use std::path::PathBuf;

use clap::ValueEnum;

use super::input::{AssumptionArgs, InputArgs};
use super::settings::Settings;
use super::{Failure, output};
use crate::diagram::{self, Part, Scene};
use crate::report::CheckReport;

/// How it is drawn.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Markdown with a diagram in Mermaid for each part, as GitHub draws it
    Mermaid,
    /// A picture that stands by itself
    Svg,
    /// A report in one file: both pictures, every hop with what mends it, every resource
    Html,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Diagram {
    /// The network, and the agent's path through it
    Network,
    /// The sequence from the operator to the shell
    Sequence,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 it is drawn, whatever the proof says; 1 the configuration failed; 2 the file \
cannot be read, usage, environment.\n\n\
Examples:\n  \
ssm-synth graph --format html -o report.html\n  \
ssm-synth graph stack.yaml --parameter VpcId=vpc-0a1b2c3d --format svg -o stack.svg\n  \
ssm-synth graph --diagram network > network.mmd"
)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    #[command(flatten)]
    settings: Settings,
    /// How to draw
    #[arg(short, long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
    /// Only this diagram; in Mermaid without Markdown around it [default: both]
    #[arg(long, value_enum)]
    diagram: Option<Diagram>,
    /// The stack's name [default: as the configuration or the file is called]
    #[arg(long)]
    name: Option<String>,
    /// Write this file, as a whole and only if it changes, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if let (Format::Html, Some(_)) = (args.format, args.diagram) {
        let message = "a report has both pictures; `--diagram` is for Mermaid and SVG";
        return Err(Failure::Environment(message.to_owned()));
    }
    let input = args
        .input
        .stack_input(&args.assumptions, &args.settings, args.name.as_ref())?;
    let scene = Scene::new(
        &input.title,
        &input.graph,
        &input.reachability,
        &args.assumptions.to_assumptions(),
    );
    let part = match args.diagram {
        None => Part::Both,
        Some(Diagram::Network) => Part::Network,
        Some(Diagram::Sequence) => Part::Sequence,
    };
    let text = match args.format {
        Format::Mermaid => diagram::mermaid(&scene, part),
        Format::Svg => diagram::svg(&scene, part),
        Format::Html => {
            let report = CheckReport {
                file: &input.file,
                graph: &input.graph,
                reachability: &input.reachability,
                json: input.json,
            };
            diagram::html(&scene, &report)
                .map_err(|error| Failure::Environment(error.to_string()))?
        }
    };
    match &args.output {
        Some(path) => output::file(path, &text),
        None => output::artifact(&text),
    }
}
