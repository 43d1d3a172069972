//! What a stack costs a month: an estimate by list prices, computed from the graph.
//!
//! A price that the file `prices.tsv` lacks, and a quantity that the graph does not decide, are told
//! as not priced and left out of the total; neither is guessed.
//!
//! ```
//! use ssm_synth::{App, Region, SessionAccess, cost};
//!
//! let mut app = App::new();
//! app.stack("Access").add_inline(SessionAccess::new());
//! let region = Region::find("us-east-1").unwrap();
//! let estimate = cost::estimate(app.graph(), region, &cost::UsageAssumptions::default());
//! assert!(estimate.lines[0].what == "interface endpoint" && estimate.is_complete());
//! ```

mod alternative;
mod estimator;
mod instance_cost;
mod known;
mod prices;
mod report;

#[cfg(feature = "config")]
pub use alternative::of_config;
pub use alternative::{Alternative, of_graph};
pub use prices::{Amount, Price, Unit, Usd, prices};
pub use report::{CostReport, SCHEMA, VERSION, json, text};

use crate::ir::Graph;
use crate::reachability::{Assumptions, graph_index::GraphIndex, instance};
use crate::region::{Region, split_name};
use crate::resource::VpcEndpoint;
use estimator::Estimator;
use instance_cost::InstanceUsage;

/// What no file tells, and is taken for true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageAssumptions {
    /// Hours in a month. Default: 730, as AWS's own calculator has it.
    pub hours: u64,
    /// Data of one instance through endpoints, and as much through NAT gateways, in GB a month.
    /// Default: 1.
    pub gb_per_instance: u64,
    /// Sessions of one instance in a month. Default: 20.
    pub sessions: u64,
    /// What one session writes to each log group and bucket, in MB. Default: 1.
    pub mb_per_session: u64,
}

impl Default for UsageAssumptions {
    fn default() -> Self {
        UsageAssumptions {
            hours: 730,
            gb_per_instance: 1,
            sessions: 20,
            mb_per_session: 1,
        }
    }
}

/// What a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// It has a price.
    Priced {
        /// How much of the price's unit.
        amount: Amount,
        /// The price.
        price: &'static Price,
        /// For a month, rounded to the cent.
        monthly: Usd,
    },
    /// AWS takes nothing for it.
    Free,
    /// It has no price here; why.
    NotPriced(String),
}

/// One thing that is paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// What it is, such as `interface endpoint`.
    pub what: &'static str,
    /// The resource as the file calls it.
    pub resource: String,
    /// How much, for people, such as `2 zones x 730 h`.
    pub quantity: String,
    /// Whether it is sure to exist; what may exist is counted.
    pub certain: bool,
    /// What it comes to.
    pub cost: Cost,
}

/// What a graph costs a month.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Estimate {
    /// Whose prices these are.
    pub region: &'static Region,
    /// What is paid for, by kind, and by the order of the graph.
    pub lines: Vec<Line>,
    /// Types of resources in the graph that the estimate knows nothing of, each once.
    pub not_modeled: Vec<String>,
    /// How many instances run, as far as this is known.
    pub instances: u64,
    /// Whether an image that the file does not describe was taken for Linux.
    pub linux_assumed: bool,
    /// What was taken for true.
    pub usage: UsageAssumptions,
}

impl Estimate {
    /// Returns the sum of what is priced.
    pub fn total(&self) -> Usd {
        self.lines
            .iter()
            .fold(Usd::ZERO, |sum, line| match line.cost {
                Cost::Priced { monthly, .. } => sum.plus(monthly),
                Cost::Free | Cost::NotPriced(_) => sum,
            })
    }

    /// Returns the lines that the total leaves out.
    pub fn not_priced(&self) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .filter(|line| matches!(line.cost, Cost::NotPriced(_)))
    }

    /// Returns whether the total has all that the estimate knows of.
    pub fn is_complete(&self) -> bool {
        self.not_priced().next().is_none()
    }

    /// Returns the prices that were used, each once.
    pub fn prices(&self) -> Vec<&'static Price> {
        let mut used: Vec<&'static Price> = Vec::new();
        for line in &self.lines {
            if let Cost::Priced { price, .. } = line.cost
                && !used.contains(&price)
            {
                used.push(price);
            }
        }
        used
    }

    /// Returns what was taken for true, in sentences without a full stop.
    pub fn assumptions(&self) -> Vec<String> {
        let UsageAssumptions {
            hours,
            gb_per_instance,
            sessions,
            mb_per_session,
        } = self.usage;
        let has = |what: &str| self.lines.iter().any(|line| line.what == what);
        let mut out = vec![format!(
            "{hours} hours a month, everything runs all the time, no free tier, no reservation, no savings plan"
        )];
        if has(ENDPOINT_DATA) || has(NAT_DATA) {
            out.push(format!(
                "{gb_per_instance} GB a month of each instance through endpoints, and as much through NAT gateways"
            ));
        }
        if has(LOGS) || has(BUCKET) {
            out.push(format!(
                "{sessions} sessions of each instance a month, and {mb_per_session} MB of each session in every log group and bucket, kept for a month"
            ));
        }
        if has(INSTANCE) {
            out.push("on-demand instances on shared hardware, within their CPU credits".to_owned());
        }
        if has(ROOT) || has(VOLUME) {
            out.push("volumes with their baseline of IOPS and throughput, no snapshots".to_owned());
        }
        if self.linux_assumed {
            out.push(
                "an image that the file does not describe is Linux without a licence".to_owned(),
            );
        }
        if self.lines.iter().any(|line| !line.certain) {
            out.push("what may be left out by a condition (marked `?`) is there".to_owned());
        }
        out
    }
}

const ENDPOINT: &str = "interface endpoint";
const GATEWAY: &str = "gateway endpoint";
const ENDPOINT_DATA: &str = "endpoint data";
const NAT: &str = "NAT gateway";
const NAT_DATA: &str = "NAT data";
const ADDRESS: &str = "public IPv4 address";
const INSTANCE: &str = "instance";
const WINDOWS: &str = "Windows licence";
const MONITORING: &str = "detailed monitoring";
const ROOT: &str = "root volume";
const VOLUME: &str = "volume";
const KEY: &str = "KMS key";
const LOGS: &str = "session logs";
const BUCKET: &str = "session log bucket";
const ZONE: &str = "private hosted zone";
const ALARM: &str = "alarm";
const TRAIL: &str = "trail";
const FLOW: &str = "flow log";
const RULE: &str = "rule of AWS Config";

/// Tells the region that a graph is for, if it does: its own, or that of its endpoints' services.
pub fn region_of(graph: &Graph) -> Option<&'static Region> {
    let index = GraphIndex::new(graph, Assumptions::default());
    index.region().or_else(|| {
        index
            .all::<VpcEndpoint>()
            .find_map(|(_, _, it)| split_name(it.service_name.lit()?).map(|(region, _)| region))
    })
}

/// Estimates what a graph costs a month at the list prices of a region.
#[must_use]
pub fn estimate(graph: &Graph, region: &'static Region, usage: &UsageAssumptions) -> Estimate {
    let index = GraphIndex::new(graph, Assumptions::default());
    let mut work = Estimator {
        index: &index,
        estimate: Estimate {
            region,
            lines: Vec::new(),
            not_modeled: not_modeled(graph),
            instances: 0,
            linux_assumed: false,
            usage: *usage,
        },
    };
    let machines: Vec<InstanceUsage> = instance::all(&index)
        .iter()
        .filter_map(|instance| instance_cost::instance_usage(&index, instance))
        .filter(|it| {
            graph
                .node(it.node)
                .is_some_and(|node| !work.exists(node).is_no())
        })
        .collect();
    let count = |it: &InstanceUsage| it.count.as_ref().copied().unwrap_or_default();
    work.estimate.instances = machines.iter().map(count).sum();
    work.endpoints();
    work.nat_gateways();
    work.addresses(&machines);
    for instance in &machines {
        work.instance(instance);
    }
    work.rest();
    work.estimate
}

/// The types that are in no table, without those that nothing is paid for.
fn not_modeled(graph: &Graph) -> Vec<String> {
    let is_free = |name: &str| {
        ["AWS::IAM::", "aws_iam_", "data.", "AWS::CDK::"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    let mut types: Vec<String> = graph
        .stacks()
        .flat_map(|stack| graph.nodes_of(stack))
        .filter(|(_, node)| node.resource.kind().is_none() && !node.is_absent())
        .filter_map(|(_, node)| node.resource.type_name(node.dialect()).map(str::to_owned))
        .filter(|name| !is_free(name))
        .collect();
    types.sort();
    types.dedup();
    types
}
