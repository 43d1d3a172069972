//! Monthly cost of a stack: an estimate at list prices, computed from the graph.
//!
//! An unknown price or quantity is never guessed: the line is not priced, and the total omits it.
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

use crate::reachability::{Assumptions, graph_index::GraphIndex, instance};
use crate::region::{Region, split_name};
use crate::resource::{Graph, VpcEndpoint};
use estimator::Estimator;
use instance_cost::InstanceUsage;

/// Usage that no file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageAssumptions {
    /// Hours per month. Default: 730, as in the AWS Pricing Calculator.
    pub hours: u64,
    /// Data of an instance through endpoints, and the same through NAT gateways, in GB per month.
    /// Default: 1.
    pub gb_per_instance: u64,
    /// Sessions of an instance per month. Default: 20.
    pub sessions: u64,
    /// Log data of a session in each log group and bucket, in MB. Default: 1.
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

/// The cost of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// A known price.
    Priced {
        /// The number of units.
        amount: Amount,
        /// The price per unit.
        price: &'static Price,
        /// The cost per month, rounded to cents.
        monthly: Usd,
    },
    /// Free of charge.
    Free,
    /// No price, with the reason.
    NotPriced(String),
}

/// A line of an estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// The item, such as `interface endpoint`.
    pub what: &'static str,
    /// The name of the resource in the file.
    pub resource: String,
    /// The quantity as text, such as `2 zones x 730 h`.
    pub quantity: String,
    /// Whether the resource certainly exists. Conditional resources count too.
    pub certain: bool,
    /// The cost.
    pub cost: Cost,
}

/// The monthly cost of a graph.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Estimate {
    /// The Region of the prices.
    pub region: &'static Region,
    /// The lines, by kind and in the order of the graph.
    pub lines: Vec<Line>,
    /// The resource types that the estimate ignores.
    pub not_modeled: Vec<String>,
    /// The number of instances, as far as it is known.
    pub instances: u64,
    /// Whether an unknown image is assumed to be Linux.
    pub linux_assumed: bool,
    /// The assumed usage.
    pub usage: UsageAssumptions,
}

impl Estimate {
    /// Returns the sum of the priced lines.
    pub fn total(&self) -> Usd {
        self.lines
            .iter()
            .fold(Usd::ZERO, |sum, line| match line.cost {
                Cost::Priced { monthly, .. } => sum.plus(monthly),
                Cost::Free | Cost::NotPriced(_) => sum,
            })
    }

    /// Returns the lines without a price.
    pub fn not_priced(&self) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .filter(|line| matches!(line.cost, Cost::NotPriced(_)))
    }

    /// Returns whether every line has a price.
    pub fn is_complete(&self) -> bool {
        self.not_priced().next().is_none()
    }

    /// Returns the distinct prices of the estimate.
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

    /// Returns the oldest and the newest date of the prices.
    pub(crate) fn dates(&self) -> Option<(&'static str, &'static str)> {
        let prices = self.prices();
        let first = prices.iter().map(|it| it.date).min()?;
        let last = prices.iter().map(|it| it.date).max()?;
        Some((first, last))
    }

    /// Formats the dates of the prices, such as ` of 2025-06-01 to 2026-06-01`.
    pub(crate) fn dates_text(&self) -> String {
        match self.dates() {
            None => String::new(),
            Some((first, last)) if first == last => format!(" of {first}"),
            Some((first, last)) => format!(" of {first} to {last}"),
        }
    }

    /// Returns the assumptions, as sentences without a period.
    pub fn assumptions(&self) -> Vec<String> {
        let UsageAssumptions {
            hours,
            gb_per_instance,
            sessions,
            mb_per_session,
        } = self.usage;
        let has = |what: &str| self.lines.iter().any(|line| line.what == what);
        let mut out = vec![format!(
            "{hours} hours per month, all resources always run, no free tier, reservations or savings plans"
        )];
        if has(ENDPOINT_DATA) || has(NAT_DATA) {
            out.push(format!(
                "{gb_per_instance} GB per instance per month through endpoints, and the same through NAT gateways"
            ));
        }
        if has(LOGS) || has(BUCKET) {
            out.push(format!(
                "{sessions} sessions per instance per month, {mb_per_session} MB each in every log group and bucket, stored for 1 month"
            ));
        }
        if has(INSTANCE) {
            out.push(
                "On-Demand Instances with shared tenancy, within their CPU credits".to_owned(),
            );
        }
        if has(ROOT) || has(VOLUME) {
            out.push("volumes with baseline IOPS and throughput, no snapshots".to_owned());
        }
        if self.linux_assumed {
            out.push(
                "images that the file does not describe are Linux without a license".to_owned(),
            );
        }
        if self.lines.iter().any(|line| !line.certain) {
            out.push("resources with an unknown condition (marked `?`) exist".to_owned());
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
const WINDOWS: &str = "Windows license";
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
const RULE: &str = "AWS Config rule";

/// Returns the Region of a graph, or the Region in the service names of its endpoints.
pub fn region_of(graph: &Graph) -> Option<&'static Region> {
    let index = GraphIndex::new(graph, Assumptions::default());
    let region = graph.stacks().find_map(|stack| stack.region);
    region.or_else(|| {
        index
            .all::<VpcEndpoint>()
            .find_map(|(_, _, it)| split_name(it.service_name.lit()?).map(|(region, _)| region))
    })
}

/// Returns whether the list contains prices of the Region itself. The prices of all Regions together are
/// a small part of a stack.
#[cfg(feature = "cli")]
pub(crate) fn has_prices(region: &Region) -> bool {
    prices().iter().any(|price| price.region == region.name)
}

/// Estimates the monthly cost of a graph at the list prices of a Region.
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
    let usages: Vec<InstanceUsage> = instance::all(&index)
        .iter()
        .filter_map(|instance| instance_cost::instance_usage(&index, instance))
        .filter(|it| {
            graph
                .node(it.node)
                .is_some_and(|node| !work.exists(node).is_no())
        })
        .collect();
    let count = |it: &InstanceUsage| it.count.as_ref().copied().unwrap_or_default();
    work.estimate.instances = usages.iter().map(count).sum();
    work.endpoints();
    work.nat_gateways();
    work.addresses(&usages);
    for instance in &usages {
        work.instance(instance);
    }
    work.rest();
    work.estimate
}

/// Returns the unmodeled types, without free ones.
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
