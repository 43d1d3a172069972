//! DNS names, which can contain a Region that the file does not show.

use super::graph_index::{GraphIndex, expr_of};
use super::service_name::home;
use super::ternary::Ternary;
use crate::ir::{Expr, Pseudo, Text, Value};

/// A label of a DNS name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Label {
    Text(String),
    /// The Region of the deployment, which the file does not show.
    Region,
}

/// A DNS name, from the host to the top-level domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DnsName(Vec<Label>);

/// Stands for an unknown Region until the name is split. No DNS name contains it.
const REGION: &str = "\u{1}";

impl DnsName {
    pub(super) fn of_text(text: &str) -> Option<DnsName> {
        let text = text.trim_end_matches('.').to_ascii_lowercase();
        if text.is_empty() {
            return Some(DnsName(Vec::new()));
        }
        let label = |label: &str| match label {
            REGION => Some(Label::Region),
            _ if label.contains(REGION) => None,
            _ => Some(Label::Text(label.to_owned())),
        };
        text.split('.')
            .map(label)
            .collect::<Option<Vec<Label>>>()
            .map(DnsName)
    }

    /// Reads a name, unless the file does not show it.
    pub(crate) fn of(index: &GraphIndex<'_>, value: &Value<Text>) -> Option<DnsName> {
        fn render(index: &GraphIndex<'_>, expr: &Expr, out: &mut String) -> Option<()> {
            match expr {
                Expr::Text(text) => out.push_str(text),
                Expr::Pseudo(Pseudo::Region) => {
                    out.push_str(home(index).map_or(REGION, |region| region.name));
                }
                Expr::Pseudo(Pseudo::UrlSuffix) => {
                    out.push_str(home(index).map_or("amazonaws.com", |region| region.dns_suffix));
                }
                Expr::Concat(parts) => {
                    for part in parts {
                        render(index, part, out)?;
                    }
                }
                _ => return None,
            }
            Some(())
        }
        let mut out = String::new();
        render(index, &expr_of(value, Clone::clone), &mut out)?;
        DnsName::of_text(&out)
    }

    /// Returns the public name of a service.
    pub(crate) fn of_service(index: &GraphIndex<'_>, service: &str) -> DnsName {
        let (region, suffix) = match home(index) {
            Some(region) => (region.name, region.dns_suffix),
            None => (REGION, "amazonaws.com"),
        };
        DnsName::of_text(&format!("{service}.{region}.{suffix}")).unwrap_or(DnsName(Vec::new()))
    }

    /// Returns the public name of a service for a message.
    pub(crate) fn shown(index: &GraphIndex<'_>, service: &str) -> String {
        match home(index) {
            Some(region) => format!("`{service}.{}.{}`", region.name, region.dns_suffix),
            None => {
                format!("the name of `{service}`, such as `{service}.us-east-1.amazonaws.com`,")
            }
        }
    }

    pub(crate) fn labels(&self) -> usize {
        self.0.len()
    }

    /// Returns whether both are one name.
    pub(crate) fn same(&self, other: &DnsName) -> Ternary {
        if self.labels() == other.labels() {
            self.covers(other)
        } else {
            Ternary::No
        }
    }

    /// Returns whether a name is this one or below it.
    pub(crate) fn covers(&self, host: &DnsName) -> Ternary {
        let Some(skipped) = host.labels().checked_sub(self.labels()) else {
            return Ternary::No;
        };
        let pairs = self.0.iter().zip(&host.0[skipped..]);
        Ternary::all(pairs.map(|(a, b)| match (a, b) {
            (a, b) if a == b => Ternary::Yes,
            (Label::Region, Label::Text(name)) | (Label::Text(name), Label::Region)
                if crate::region::Region::find(name).is_some() =>
            {
                Ternary::Unknown
            }
            _ => Ternary::No,
        }))
    }

    /// Returns the name below the wildcard, if it is one.
    pub(super) fn wildcard(&self) -> Option<DnsName> {
        let (first, rest) = self.0.split_first()?;
        (*first == Label::Text("*".to_owned())).then(|| DnsName(rest.to_vec()))
    }

    /// Returns whether a name with an optional wildcard matches a host.
    pub(crate) fn matches(&self, host: &DnsName) -> Ternary {
        match self.wildcard() {
            Some(rest) if rest.labels() < host.labels() => rest.covers(host),
            Some(_) => Ternary::No,
            None => self.same(host),
        }
    }

    pub(super) fn below(mut self, zone: &DnsName) -> DnsName {
        self.0.extend(zone.0.iter().cloned());
        self
    }
}
