//! Reports of the reachability check: text, JSON, SARIF and GitHub annotations.

mod explain;
mod fix;
mod github;
mod json;
mod modules;
mod sarif;
mod text;

pub use json::{VERSION, json, schema};

use crate::ir::{Dialect, NodeId, SourceLocation};
use crate::reachability::{HopResult, Reachability, Verdict};
use crate::resource::{Graph, INSIDE, Resource};

pub use explain::{Code, CodeKind, codes, explain};
pub use github::github;
#[cfg(feature = "diff")]
pub(crate) use github::{message as github_message, property as github_property};
pub use sarif::sarif;
pub use text::text;

#[cfg(feature = "report")]
pub(crate) use text::fixed;

/// The input of a report: the results of a check, and the file.
#[derive(Debug)]
pub struct CheckReport<'a> {
    /// The name of the file, as the user specified it.
    pub file: &'a str,
    /// The graph of the file.
    pub graph: &'a Graph,
    /// The results.
    pub reachability: &'a Reachability,
    /// Whether to write fixes as JSON, in place of YAML or HCL.
    pub json: bool,
    /// The name of the program in suggested commands, such as `ssm-synth`.
    pub program: &'a str,
    /// Nested stacks, and whether their templates are read: sentences in lowercase, without a period.
    pub notes: &'a [String],
}

/// The location of a hop result.
pub(crate) struct ReportLocation {
    /// The name of the resource in the file.
    resource: String,
    /// The property in the language of the file.
    property: Option<String>,
    /// The line and column, starting at 1.
    at: Option<(u32, u32)>,
}

impl CheckReport<'_> {
    fn name(&self, node: NodeId) -> &str {
        self.graph.node(node).map_or("", |node| node.display_id())
    }

    /// Returns the file of a resource: one of several templates that are checked together.
    fn file_of(&self, node: Option<NodeId>) -> &str {
        let node = node.and_then(|id| self.graph.node(id));
        match node.map(|node| &node.location) {
            Some(SourceLocation::File(span)) => &span.file,
            _ => self.file,
        }
    }

    /// Returns the known parts of a location as text: file, line and property.
    #[cfg(feature = "report")]
    pub(crate) fn display_location(&self, result: &HopResult) -> Option<String> {
        text::location(self, result)
    }

    /// Returns the location of the property or resource of a result.
    fn location(&self, result: &HopResult) -> Option<ReportLocation> {
        let (id, field) = result.at?;
        self.location_of(id, field)
    }

    fn location_of(&self, id: NodeId, field: &str) -> Option<ReportLocation> {
        let node = self.graph.node(id)?;
        let property = property(self.graph, id, field);
        let line = |location: &SourceLocation| match location {
            SourceLocation::File(span) => Some((span.line, span.column)),
            _ => None,
        };
        let inner = property.as_ref().and_then(|property| {
            let origin = node.origin.as_ref()?;
            let mut name = property.as_str();
            loop {
                if let Some((_, location)) = origin.locations.iter().find(|(own, _)| own == name) {
                    return line(location);
                }
                name = name.rsplit_once('.')?.0;
            }
        });
        Some(ReportLocation {
            resource: node.display_id().to_owned(),
            property,
            at: inner.or_else(|| line(&node.location)),
        })
    }
}

/// Names of lists in a role whose items are separate resources of the model: field, CloudFormation
/// property, Terraform argument.
const LISTS_OF_ROLE: [(&str, &str, &str); 2] = [
    ("policies", "Policies", "inline_policy"),
    (
        "managed_policies",
        "ManagedPolicyArns",
        "managed_policy_arns",
    ),
];

/// Returns the name of a field in the language of the file.
pub(crate) fn property(graph: &Graph, id: NodeId, field: &str) -> Option<String> {
    let node = graph.node(id)?;
    let kind = node.resource.kind()?;
    if let Resource::SecurityGroup(_) = &node.resource
        && let Some((_, cfn, tf)) = INSIDE.iter().find(|(own, ..)| *own == field)
    {
        return Some(node.dialect().pick(*cfn, *tf).to_owned());
    }
    if let Resource::NetworkAcl(_) | Resource::DefaultNetworkAcl(_) = &node.resource
        && matches!(field, "ingress" | "egress")
        && node.dialect() == Dialect::Tf
    {
        return Some(field.to_owned());
    }
    if let Resource::Role(_) = &node.resource
        && let Some((_, cfn, tf)) = LISTS_OF_ROLE.iter().find(|(own, ..)| *own == field)
    {
        return Some(node.dialect().pick(*cfn, *tf).to_owned());
    }
    if let (Resource::RecordSet(_), "ttl") = (&node.resource, field) {
        return Some(node.dialect().pick("TTL", "ttl").to_owned());
    }
    let (first, rest) = field.split_once('.').unwrap_or((field, ""));
    let own = kind.fields.iter().find(|it| it.name == first)?;
    let dialect = node.dialect();
    let name = dialect.pick(own.cfn, own.tf);
    if name.is_empty() {
        return None;
    }
    if rest.is_empty() {
        return Some(name.to_owned());
    }
    if field == "dns_options.record_ip_type" {
        let nested = dialect.pick("DnsRecordIpType", "dns_record_ip_type");
        return Some(format!("{name}.{nested}"));
    }
    // Both languages name the other nested fields by the same rule.
    let rest = match dialect {
        Dialect::Tf => rest.to_owned(),
        Dialect::Cfn => rest.split('_').map(capital).collect(),
    };
    Some(format!("{name}.{rest}"))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Counts the instances with a verdict.
pub(crate) fn count_verdict(reachability: &Reachability, verdict: Verdict) -> usize {
    reachability
        .instances
        .iter()
        .filter(|it| it.verdict == verdict)
        .count()
}

/// Escapes control and direction characters, so that untrusted text cannot control the terminal.
#[cfg(feature = "diff")]
pub(crate) fn printable(text: &str) -> String {
    let is_control = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match is_control(letter) {
            true => out.extend(letter.escape_unicode()),
            false => out.push(letter),
        }
    }
    out
}
