//! What leaves SSM Agent connected, and what can end its connections: documents, steps, actions and
//! policies of AWS, with the reason.

use crate::tsv;

/// Columns: kind, name, reason.
const EFFECTS: &str = include_str!("agent_effects.tsv");

/// A kind of row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An action that can end a connection of the agent.
    Action,
    /// A document that runs the commands in its parameters.
    Commands,
    /// A document that leaves the agent connected.
    Document,
    /// A managed policy that allows some of the actions on every resource.
    Policy,
    /// A part of the names of documents for resources of another service.
    Service,
    /// A step of a document that leaves the agent connected.
    Step,
}

impl Kind {
    const fn key(self) -> &'static str {
        match self {
            Kind::Action => "action",
            Kind::Commands => "commands",
            Kind::Document => "document",
            Kind::Policy => "policy",
            Kind::Service => "service",
            Kind::Step => "step",
        }
    }
}

/// Returns the names of a kind.
pub(super) fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
    tsv::rows_of(EFFECTS, kind.key()).filter_map(|row| tsv::columns(row).nth(1))
}

pub(super) fn has(kind: Kind, name: &str) -> bool {
    names(kind).any(|it| it == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_known_kind_and_a_reason() {
        let rows: Vec<&str> = tsv::rows(EFFECTS).collect();
        assert!(rows.is_sorted());
        let kinds = [
            Kind::Action,
            Kind::Commands,
            Kind::Document,
            Kind::Policy,
            Kind::Service,
            Kind::Step,
        ];
        for row in &rows {
            let columns: Vec<&str> = tsv::columns(row).collect();
            assert!(kinds.iter().any(|it| it.key() == columns[0]), "{row}");
            assert!(columns.len() == 3 && !columns[2].is_empty(), "{row}");
        }
        let found: usize = kinds.iter().map(|it| names(*it).count()).sum();
        assert_eq!(found, rows.len());
        assert!(has(Kind::Step, "aws:softwareInventory"));
        assert!(!has(Kind::Document, "aws:softwareInventory"));
    }
}
