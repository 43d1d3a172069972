//! `cost`: the cost per month at list prices.

use super::context::Context;
use super::diagnostics::{Sources, fail, unreadable};
use super::failure::Failure;
use super::format::ReportFormat;
use super::input::InputArgs;
use super::output::OutputArgs;
use super::region;
use super::settings::StackName;
use crate::cost::{self, CostReport, Estimate, UsageAssumptions};
use crate::frontend::config::Config;
use crate::frontend::{Input, InputFormat};
use crate::region::Region;
use crate::resource::Graph;

/// The Region of an input that specifies none.
const ASSUMED_REGION: &str = "us-east-1";

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
Examples:
  ssm-synth cost --region eu-central-1
  ssm-synth cost --set endpoints.zones=one
  ssm-synth cost stack.yaml --parameter InstanceType=t3.small
  terraform show -json plan.out | ssm-synth cost - -f json | jq .total

{}", super::help::EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Format of the artifact, report or events
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<ReportFormat>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Returns the Region of the environment or profile.
fn environment_region() -> Option<&'static Region> {
    #[cfg(feature = "deploy")]
    return super::aws::AwsArgs::default().environment_region();
    #[cfg(not(feature = "deploy"))]
    return None;
}

/// Returns the Region of an input, else of the environment, else the assumed one, and whether it is
/// assumed.
fn region_or_assumed(
    of_input: Option<&'static Region>,
) -> Result<(&'static Region, bool), Failure> {
    match of_input.or_else(environment_region) {
        Some(region) => Ok((region, false)),
        None => Ok((region::region(ASSUMED_REGION)?, true)),
    }
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = &args.input.settings;
    let file = match args.input.read_file()? {
        Some((name, text, format)) if format != InputFormat::Config => {
            settings.reject_overrides(context, &name)?;
            return foreign(args, &name, &text, format);
        }
        Some((name, text, _)) => {
            args.input.reject_unknown(&name, &text)?;
            Some((name, text))
        }
        None => None,
    };
    if let (None, Some(app)) = (&file, context.app()) {
        let built = context.built_app(app, context.first_stack(), settings.config_flag())?;
        return graphs(args, context.program(), vec![built.app.graph().clone()]);
    }
    let mut sources = Vec::new();
    let stack = StackName {
        name: None,
        region: args.input.region.as_ref(),
        default_region: environment_region(),
    };
    let config = settings.read(context, file, stack, &mut sources)?;
    configuration(args, &config, &sources)
}

fn configuration(args: &Args, config: &Config, sources: &Sources) -> Result<(), Failure> {
    let built = config
        .build()
        .map_err(|diagnostics| fail(&diagnostics, sources))?;
    region::validated(&built, sources)?;
    let graph = built.app.graph();
    let (region, region_assumed) = region_or_assumed(cost::region_of(graph))?;
    let estimate = cost::estimate(graph, region, &UsageAssumptions::default());
    let alternatives = cost::of_config(config, graph, &estimate);
    print(
        args,
        &CostReport {
            name: &built.stack,
            estimate: &estimate,
            cheapest: None,
            region_assumed,
            alternatives: &alternatives,
        },
    )
}

fn foreign(args: &Args, name: &str, text: &str, kind: InputFormat) -> Result<(), Failure> {
    let mut deployment = args.input.deployment()?;
    let read = |deployment: &_| {
        Input::read(name, text, Some(kind), deployment)
            .map_err(|diagnostics| unreadable(&diagnostics, name, text))
    };
    let mut input = read(&deployment)?;
    let region_in_file = args
        .input
        .region()?
        .or_else(|| input.graphs.iter().find_map(cost::region_of));
    let (region, _) = region_or_assumed(region_in_file)?;
    if deployment.region.is_none() && region.is_listed() {
        // Mappings and conditions that depend on the Region have a value then.
        deployment.region = Some(region);
        input = read(&deployment)?;
    }
    graphs(args, name, input.graphs)
}

/// Estimates a stack for each combination of unknown conditions.
fn graphs(args: &Args, name: &str, graphs: Vec<Graph>) -> Result<(), Failure> {
    let specified = args.input.region()?;
    let region_in_file = specified.or_else(|| graphs.iter().find_map(cost::region_of));
    let (region, region_assumed) = region_or_assumed(region_in_file)?;
    let assumed = UsageAssumptions::default();
    let mut verdicts: Vec<(&Graph, Estimate)> = graphs
        .iter()
        .map(|graph| (graph, cost::estimate(graph, region, &assumed)))
        .collect();
    // A stable sort: equals keep the order of the file.
    verdicts.sort_by_key(|(_, estimate)| std::cmp::Reverse(estimate.total()));
    let cheapest = verdicts.last().map(|(_, estimate)| estimate.total());
    let empty = Graph::default();
    let (graph, estimate) = match verdicts.into_iter().next() {
        Some(verdict) => verdict,
        None => (&empty, cost::estimate(&empty, region, &assumed)),
    };
    let alternatives = cost::of_graph(graph, &estimate);
    print(
        args,
        &CostReport {
            name,
            estimate: &estimate,
            cheapest: cheapest.filter(|cheapest| *cheapest != estimate.total()),
            region_assumed,
            alternatives: &alternatives,
        },
    )
}

fn print(args: &Args, report: &CostReport<'_>) -> Result<(), Failure> {
    let region = report.estimate.region;
    if !cost::has_prices(region) {
        return Err(
            Failure::usage(format!("no list prices for `{}`", region.name)).with_help(format!(
                "use a Region with prices such as `{ASSUMED_REGION}`, or see https://calculator.aws"
            )),
        );
    }
    match args.output.format(args.format, ReportFormat::Text) {
        ReportFormat::Text => args.output.write_table(&cost::text(report)),
        ReportFormat::Json => args.output.write(&cost::json(report)),
    }
}
