//! `cost`: what the stack costs a month, by list prices.

use super::input::{self, InputArgs, Kind};
use super::{Failure, ReportFormat, app, output, settings};
use crate::cost::{self, CostReport, Estimate, UsageAssumptions};
use crate::frontend::config::Config;
use crate::frontend::{Input, InputFormat};
use crate::region::Region;
use crate::resource::Graph;

/// What is taken where nothing tells the region: the one that AWS's examples have.
const ASSUMED_REGION: &str = "us-east-1";

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 done, also where something has no price here; 1 the configuration \
is wrong; 2 the file cannot be read, usage, environment.\n\n\
Examples:\n  \
ssm-synth cost --region eu-central-1\n  \
ssm-synth cost --set endpoints.zones=one\n  \
ssm-synth cost stack.yaml --parameter InstanceType=t3.small --region eu-west-1\n  \
terraform show -json plan.out | ssm-synth cost - --output json | jq .total"
)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    settings: settings::Settings,
    /// How to print the estimate; `docs/reference/json-output.md` has the fields of JSON
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    output: ReportFormat,
}

fn assumed_region() -> Result<&'static Region, Failure> {
    // The table of regions has it.
    Region::find(ASSUMED_REGION)
        .ok_or_else(|| Failure::Environment(format!("`{ASSUMED_REGION}` is not known here")))
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let Some(path) = &args.input.file else {
        let mut sources = Vec::new();
        if !matches!(args.input.kind, None | Some(Kind::Config)) {
            let message = "`--kind` is for a FILE, and there is none";
            return Err(Failure::Environment(message.to_owned()));
        }
        let region = args.input.region.as_ref();
        if let Some(app) = app::current() {
            let setting = args.settings.config_flag();
            let names = app.graph().stacks().next().map(|it| it.name.clone());
            let built = app::built_config(app, names.as_ref(), setting)?;
            return graphs(args, app::program(), vec![built.app.graph().clone()]);
        }
        let config = args.settings.read(None, region, &mut sources)?;
        return configuration(args, &config, &sources);
    };
    let text = input::read(path)?;
    let name = path.display().to_string();
    let kind = args
        .input
        .kind
        .map_or_else(|| InputFormat::of(&text), InputFormat::from);
    if kind == InputFormat::Config {
        let mut sources = Vec::new();
        let region = args.input.region.as_ref();
        let file = Some((name, text));
        let config = args.settings.with_flags(file, None, region, &mut sources)?;
        return configuration(args, &config, &sources);
    }
    if let Some(flag) = args.settings.config_flag() {
        let message = format!("`{flag}` is for a configuration, and `{name}` is none");
        return Err(Failure::Environment(message));
    }
    foreign(args, &name, &text, kind)
}

fn configuration(
    args: &Args,
    config: &Config,
    sources: &super::diagnostics::Sources,
) -> Result<(), Failure> {
    let built = config
        .build()
        .map_err(|diagnostics| settings::fail(&diagnostics, sources))?;
    built
        .validate()
        .map_err(|diagnostics| settings::fail(&diagnostics, sources))?;
    let graph = built.app.graph();
    let region_in_file = cost::region_of(graph);
    let region = region_in_file.map_or_else(assumed_region, Ok)?;
    let estimate = cost::estimate(graph, region, &UsageAssumptions::default());
    let alternatives = cost::of_config(config, graph, &estimate);
    print(
        args.output,
        &CostReport {
            name: &built.stack,
            estimate: &estimate,
            cheapest: None,
            region_assumed: region_in_file.is_none(),
            alternatives: &alternatives,
        },
    )
}

fn foreign(args: &Args, name: &str, text: &str, kind: InputFormat) -> Result<(), Failure> {
    let mut deployment = args.input.deployment()?;
    let read = |deployment: &_| {
        Input::read(name, text, Some(kind), deployment)
            .map_err(|diagnostics| settings::unreadable(&diagnostics, name, text))
    };
    let mut input = read(&deployment)?;
    let region_in_file = deployment
        .region
        .or_else(|| input.graphs.iter().find_map(cost::region_of));
    let region = region_in_file.map_or_else(assumed_region, Ok)?;
    if deployment.region.is_none() {
        // Mappings and conditions that ask for the region have an answer then.
        deployment.region = Some(region);
        input = read(&deployment)?;
    }
    graphs(args, name, input.graphs)
}

/// Estimates a stack, by each answer to what its file leaves open.
fn graphs(args: &Args, name: &str, graphs: Vec<Graph>) -> Result<(), Failure> {
    let asked = args.input.deployment()?.region;
    let region_in_file = asked.or_else(|| graphs.iter().find_map(cost::region_of));
    let region = region_in_file.map_or_else(assumed_region, Ok)?;
    let assumed = UsageAssumptions::default();
    let mut verdicts: Vec<(&Graph, Estimate)> = graphs
        .iter()
        .map(|graph| (graph, cost::estimate(graph, region, &assumed)))
        .collect();
    // The first of equals, so that the order of the file decides.
    verdicts.sort_by_key(|(_, estimate)| std::cmp::Reverse(estimate.total()));
    let cheapest = verdicts.last().map(|(_, estimate)| estimate.total());
    let empty = Graph::default();
    let (graph, estimate) = match verdicts.into_iter().next() {
        Some(verdict) => verdict,
        None => (&empty, cost::estimate(&empty, region, &assumed)),
    };
    let alternatives = cost::of_graph(graph, &estimate);
    print(
        args.output,
        &CostReport {
            name,
            estimate: &estimate,
            cheapest: cheapest.filter(|cheapest| *cheapest != estimate.total()),
            region_assumed: region_in_file.is_none(),
            alternatives: &alternatives,
        },
    )
}

fn print(printed: ReportFormat, cost_report: &CostReport<'_>) -> Result<(), Failure> {
    output::artifact(&match printed {
        ReportFormat::Text => cost::text(cost_report),
        ReportFormat::Json => cost::json(cost_report),
    })
}
