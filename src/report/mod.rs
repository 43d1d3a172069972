//! What the proof found, printed: for people, for programs, for code reviews.

mod explain;
mod fix;
mod github;
mod json;
mod sarif;
mod text;

pub use json::{SCHEMA, VERSION, json};

use crate::ir::{Graph, NodeId, SourceLocation};
use crate::reachability::{HopResult, Reachability, Verdict};
use crate::resource::{Dialect, INSIDE, Resource};

pub use explain::{Code, CodeKind, codes, explain};
pub use github::github;
#[cfg(feature = "cli")]
pub(crate) use github::{message as github_message, property as github_property};
pub use sarif::sarif;
pub use text::text;

#[cfg(feature = "report")]
pub(crate) use text::fixed;

/// A proof with what it is about.
#[derive(Debug)]
pub struct CheckReport<'a> {
    /// The file's name as the user gave it.
    pub file: &'a str,
    /// What was read from it.
    pub graph: &'a Graph,
    /// What was found.
    pub reachability: &'a Reachability,
    /// Whether fixes are written as JSON, where the file's language has both.
    pub json: bool,
    /// The name of the program in suggested commands, such as `ssm-synth`.
    pub program: &'a str,
}

/// Where a finding is.
pub(crate) struct ReportLocation {
    /// The resource as the file calls it.
    resource: String,
    /// The property in the file's language.
    property: Option<String>,
    /// Line and column, from one.
    at: Option<(u32, u32)>,
}

impl CheckReport<'_> {
    fn name(&self, node: NodeId) -> &str {
        self.graph.node(node).map_or("", |node| node.display_id())
    }

    /// The place of a finding in words: file, line and property, as far as they are known.
    #[cfg(feature = "report")]
    pub(crate) fn display_location(&self, result: &HopResult) -> Option<String> {
        text::location(self, result)
    }

    /// The place of a finding: the property that it names, or the resource.
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

/// A field's name in the language of the file.
pub(crate) fn property(graph: &Graph, id: NodeId, field: &str) -> Option<String> {
    let node = graph.node(id)?;
    let kind = node.resource.kind()?;
    if let Resource::SecurityGroup(_) = &node.resource
        && let Some((_, cfn, tf)) = INSIDE.iter().find(|(own, ..)| *own == field)
    {
        return Some(node.dialect().pick(*cfn, *tf).to_owned());
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
    // What is nested is spelled by the rule that both languages keep.
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

/// How many instances have which answer.
pub(crate) fn count_verdict(reachability: &Reachability, verdict: Verdict) -> usize {
    reachability
        .instances
        .iter()
        .filter(|it| it.verdict == verdict)
        .count()
}

/// Text of others for a terminal: what would steer it, or turn the direction of reading, is
/// written out.
#[cfg(feature = "cli")]
pub(crate) fn printable(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match steers(letter) {
            true => out.extend(letter.escape_unicode()),
            false => out.push(letter),
        }
    }
    out
}
