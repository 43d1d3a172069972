//! `schema`: the JSON Schemas and the reference of all settings.

use clap::ValueEnum;

use super::failure::Failure;
use super::format::FromFileName;
use super::output::OutputArgs;
use crate::{cost, frontend, report};

/// A described document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// Configuration file
    Config,
    /// Report of `check --format json`
    Check,
    /// Report of `cost --format json`
    Cost,
}

/// The format of the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Machine-readable JSON; JSON Lines for events
    Json,
    /// Markdown for a comment or a page
    Markdown,
}

impl FromFileName for Format {
    fn from_file_name(name: &str) -> Option<Self> {
        name.ends_with(".md").then_some(Format::Markdown)
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
The default format is `json`, a JSON Schema. Only the configuration has a page in
Markdown.

Examples:
  ssm-synth schema -o ssm-synth.schema.json
  ssm-synth schema -f markdown
  ssm-synth schema check

{}", super::help::EXIT_CODES))]
pub(super) struct Args {
    /// Described document
    #[arg(value_enum, value_name = "DOCUMENT", default_value_t = Subject::Config)]
    subject: Subject,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let format = args.output.format(args.format, Format::Json);
    let text = match (args.subject, format) {
        (Subject::Config, Format::Json) => format!("{:#}\n", frontend::schema()),
        (Subject::Config, Format::Markdown) => frontend::reference(),
        (Subject::Check, Format::Json) => report::schema(),
        (Subject::Cost, Format::Json) => cost::SCHEMA.to_owned(),
        (_, Format::Markdown) => {
            return Err(
                Failure::usage("`--format markdown` describes only the configuration")
                    .with_help("run `ssm-synth schema config --format markdown`"),
            );
        }
    };
    args.output.write(&text)
}
