//! `explain`: the page of a hop or of an error code.

use super::failure::Failure;
use super::format::ReportFormat;
use super::output::OutputArgs;
use crate::ir::nearest;
use crate::report;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ssm-synth explain
  ssm-synth explain endpoint-private-dns

Exit codes: 0 success; 2 unknown code")]
pub(super) struct Args {
    /// Hop or error code
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<ReportFormat>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let format = args.output.format(args.format, ReportFormat::Text);
    let Some(code) = &args.code else {
        return match format {
            ReportFormat::Text => args.output.write_table(&list(format)),
            ReportFormat::Json => args.output.write(&list(format)),
        };
    };
    let Some(page) = report::explain(code) else {
        let codes = report::codes();
        return Err(Failure::usage(format!("unknown code `{code}`"))
            .with_help(nearest(code, codes.iter().map(|it| it.code))));
    };
    args.output.write(&match format {
        ReportFormat::Text => page,
        ReportFormat::Json => {
            let value = serde_json::json!({ "code": code, "markdown": page });
            format!("{value:#}\n")
        }
    })
}

/// Lists all codes with the first sentence of their pages.
fn list(format: ReportFormat) -> String {
    let codes = report::codes();
    if format == ReportFormat::Json {
        let codes = codes.iter().map(|it| {
            serde_json::json!({ "code": it.code, "kind": it.kind.as_str(), "summary": it.summary })
        });
        let value = serde_json::json!({ "codes": codes.collect::<Vec<_>>() });
        return format!("{value:#}\n");
    }
    let width = codes.iter().map(|it| it.code.len()).max().unwrap_or(0) + 2;
    let mut out = String::new();
    for kind in report::CodeKind::ALL {
        let heading = match kind {
            report::CodeKind::Hop => "Hops of the reachability check:\n",
            report::CodeKind::Diagnostic => "\nErrors and warnings:\n",
        };
        out.push_str(heading);
        for it in codes.iter().filter(|it| it.kind == kind) {
            let line = format!("  {:<width$}{}", it.code, it.summary);
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}
