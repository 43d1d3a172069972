//! `check`: will the session connect?

use clap::ValueEnum;

use super::input::{AssumptionArgs, InputArgs, ReadInput};
use super::{Failure, ReportFormat, output};
use crate::reachability::{self, Verdict};
use crate::report::{self, CheckReport};
use crate::resource::Graph;

/// How the answer is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people: the way hop by hop
    Text,
    /// For programs; `ssm-synth schema --check` is its JSON Schema
    Json,
    /// For code scanning, SARIF 2.1.0
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 every instance is reachable, or there is none; 1 one is unreachable; \
3 none is unreachable, but one is unknown; 2 the file cannot be read, usage, environment.\n\n\
Examples:\n  \
ssm-synth check stack.yaml --parameter VpcId=vpc-0a1b2c3d\n  \
terraform show -json plan.out | ssm-synth check -\n  \
ssm-synth check stack.json --output json | jq '.instances[].verdict'"
)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    assumptions: AssumptionArgs,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
    /// End with 0 instead of 3 where an instance is unknown
    #[arg(long)]
    unknown_ok: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let ReadInput { name, text, input } = args.input.read()?;
    let reachability = args.assumptions.check(&input);
    let empty = Graph::default();
    let report = CheckReport {
        file: &name,
        graph: input.graphs.first().unwrap_or(&empty),
        reachability: &reachability,
        json: text.trim_start().starts_with('{'),
    };
    let printed = match args.output {
        Format::Text => report::text(&report),
        Format::Json => report::json(&report),
        Format::Sarif => report::sarif(&report),
        Format::Github => report::github(&report),
    };
    match args.output {
        Format::Text => output::styled(&printed)?,
        _ => output::artifact(&printed)?,
    }
    let any = |verdict| {
        reachability
            .instances
            .iter()
            .any(|it| it.verdict == verdict)
    };
    if any(Verdict::Unreachable) {
        Err(Failure::Input)
    } else if any(Verdict::Unknown) && !args.unknown_ok {
        Err(Failure::Unknown)
    } else {
        Ok(())
    }
}

/// Prints the page of a code.
pub(super) fn explain(code: &str, printed: ReportFormat) -> Result<(), Failure> {
    match report::explain(code) {
        Some(page) if printed == ReportFormat::Json => {
            let value = serde_json::json!({ "code": code, "markdown": page });
            output::artifact(&format!("{value:#}\n"))
        }
        Some(page) => output::artifact(&page),
        None => {
            let codes: Vec<&str> = reachability::Hop::ALL
                .iter()
                .map(|hop| hop.as_str())
                .collect();
            Err(Failure::Environment(format!(
                "`{code}` is no code; known are {}",
                codes.join(", ")
            )))
        }
    }
}
