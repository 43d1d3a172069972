//! `assembly`: the files that the `cdk` command line takes for an app's output; and `list`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::settings::{OnUnreachable, Settings, check_reachability, fail};
use super::{Failure, ReportFormat, diagnostics::Sources, output};
use crate::backend;
use crate::frontend::config::BuiltConfig;

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{}\n\n\
Examples:\n  \
cdk --app 'ssm-synth assembly' list\n  \
cdk --app 'ssm-synth assembly' deploy access\n  \
ssm-synth assembly -o cdk.out && cdk --app cdk.out diff", super::EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    settings: Settings,
    /// The folder to write into; it is made if it is not there
    #[arg(
        short,
        long,
        value_name = "FOLDER",
        env = "CDK_OUTDIR",
        default_value = "cdk.out"
    )]
    output: PathBuf,
    /// The stack's name [default: access]
    #[arg(long)]
    name: Option<String>,
    /// The region [default: decided at deployment]
    #[arg(long)]
    region: Option<String>,
    /// Write even if Session Manager provably cannot reach an instance
    #[arg(long)]
    allow_unreachable: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let built_config = args
        .settings
        .any(args.name.as_ref(), args.region.as_ref())?;
    check_reachability(
        &built_config,
        match args.allow_unreachable {
            true => OnUnreachable::Report,
            false => OnUnreachable::Reject,
        },
    )?;
    let validated = built_config
        .validate()
        .map_err(|diagnostics| fail(&diagnostics, &Sources::new()))?;
    let limits = validated.limit_violations(crate::ir::Dialect::Cfn);
    if limits.has_errors() {
        return Err(fail(limits, &Sources::new()));
    }
    // The manifest is last, so that a folder with one is whole.
    for file in backend::cfn::assembly(&validated) {
        output::file_below(&args.output, Path::new(&file.name), &file.text)?;
    }
    Ok(())
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    settings: Settings,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    output: ReportFormat,
}

/// Prints the stacks, in the order of deployment.
pub(super) fn list(args: &ListArgs) -> Result<(), Failure> {
    let built_config: BuiltConfig = args.settings.any(None, None)?;
    let validated = built_config
        .validate()
        .map_err(|diagnostics| fail(&diagnostics, &Sources::new()))?;
    let graph = validated.graph();
    let mut lines = String::new();
    let mut all = Vec::new();
    for name in validated.deployment_order() {
        lines.push_str(&format!("{name}\n"));
        let stack = graph.stack(name);
        all.push(json!({
            "name": name,
            "region": stack.and_then(|it| it.region).map(|it| it.name),
            "resources": stack.map_or(0, |it| it.nodes.len()),
            "after": validated.dependencies_of(name),
        }));
    }
    output::artifact(&match args.output {
        ReportFormat::Text => lines,
        ReportFormat::Json => format!("{:#}\n", json!({ "stacks": all })),
    })
}
