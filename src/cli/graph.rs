//! `graph`: diagrams of the network and of the session.

use clap::ValueEnum;

use super::context::Context;
use super::failure::Failure;
use super::format::FromFileName;
use super::input::{AssumptionArgs, InputArgs};
use super::output::OutputArgs;
use crate::diagram::{self, Part, Scene};
use crate::report::CheckReport;

/// The format of the diagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Mermaid in Markdown, as GitHub renders it (default)
    Mermaid,
    /// One SVG image
    Svg,
    /// Report in one file: diagrams, hops, fixes and resources
    Html,
}

impl FromFileName for Format {
    fn from_file_name(name: &str) -> Option<Self> {
        let ends = |endings: &[&str]| endings.iter().any(|it| name.ends_with(it));
        match () {
            () if ends(&[".md", ".mmd"]) => Some(Format::Mermaid),
            () if ends(&[".svg"]) => Some(Format::Svg),
            () if ends(&[".html", ".htm"]) => Some(Format::Html),
            () => None,
        }
    }
}

/// One of the diagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Diagram {
    /// Network, and the connection of SSM Agent
    Network,
    /// Sequence from the operator to the shell
    Sequence,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
Examples:
  ssm-synth graph -o report.html
  ssm-synth graph stack.yaml --parameter VpcId=vpc-0a1b2c3d -o stack.svg
  ssm-synth graph --diagram network > network.mmd

{}", super::help::EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    output: OutputArgs,
    /// Single diagram; Mermaid then has no Markdown around it
    #[arg(long, value_enum)]
    diagram: Option<Diagram>,
    /// Stack name
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let format = args.output.format(args.format, Format::Mermaid);
    if let (Format::Html, Some(_)) = (format, args.diagram) {
        return Err(Failure::usage("an HTML report has both diagrams")
            .with_help("use `--diagram` with `--format mermaid` or `--format svg`"));
    }
    let input = args
        .input
        .stack_input(context, &args.assumptions, args.stack.as_ref())?;
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
    let text = match format {
        Format::Mermaid => diagram::mermaid(&scene, part),
        Format::Svg => diagram::svg(&scene, part),
        Format::Html => {
            let report = CheckReport {
                file: &input.file,
                graph: &input.graph,
                reachability: &input.reachability,
                json: input.json,
                program: context.program(),
                notes: &[],
            };
            diagram::html(&scene, &report).map_err(|error| Failure::usage(error.to_string()))?
        }
    };
    args.output.write(&text)
}
