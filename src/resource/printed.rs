//! The graph as a backend prints it: with overrides, and with raw resources of types that have a
//! table.

use super::codec::UnmodeledNotes;
use super::{Graph, KINDS, Kind, Map, Node, Origin, RawValue, apply_overrides};
use crate::ir::{Dialect, NodeId};

impl Graph {
    /// Returns the graph as each language prints it, or none if that is the graph itself.
    pub(crate) fn as_printed(&self) -> Option<[Graph; 2]> {
        let differs = |node: &Node| {
            !node.overrides.is_empty()
                || [Dialect::Cfn, Dialect::Tf]
                    .iter()
                    .any(|dialect| raw_kind(node, *dialect).is_some())
        };
        self.nodes
            .iter()
            .any(differs)
            .then(|| [Dialect::Cfn, Dialect::Tf].map(|dialect| self.printed_in(dialect)))
    }

    fn printed_in(&self, dialect: Dialect) -> Graph {
        let mut out = self.clone();
        for at in 0..self.nodes.len() {
            let (id, node) = (NodeId::next(at), &self.nodes[at]);
            let raw = raw_kind(node, dialect);
            let is_changed = node.overrides.iter().any(|it| it.dialect == dialect);
            let Some(kind) = raw.or(node.resource.kind().filter(|_| is_changed)) else {
                continue;
            };
            let mut map = node.resource.put(dialect);
            match dialect {
                Dialect::Cfn => node.resource.cfn_extra(id, self, &mut map),
                Dialect::Tf => node.resource.tf_extra(&mut map),
            }
            // Validation reports an override that does not apply.
            let _ = apply_overrides(&mut map, &node.overrides, dialect);
            out.reread(id, kind, dialect, plain(map.into_owned()));
        }
        out
    }

    /// Reads a resource again, as from a file.
    fn reread(&mut self, id: NodeId, kind: &Kind, dialect: Dialect, mut map: Map<'static>) {
        let mut notes = Vec::new();
        let mut unmodeled = UnmodeledNotes {
            notes: &mut notes,
            field: String::new(),
        };
        let unfolded = (kind.unfold)(&mut map, id, dialect, &mut unmodeled);
        let resource = (kind.lift)(&mut map, dialect, &mut unmodeled);
        let node = &mut self.nodes[id.index()];
        node.resource = resource;
        node.origin = Some(Box::new(Origin {
            dialect,
            address: node.path.clone(),
            locations: Vec::new(),
            unmodeled: notes,
            is_conditional: false,
            is_excluded: false,
            parent: None,
            dangling: Vec::new(),
            unknown_properties: map,
        }));
        let (stack, like) = (node.stack, node.clone());
        for inner in unfolded {
            // A security group without rules of its own has the default rule of EC2 only in a file.
            if inner.property.is_empty() {
                continue;
            }
            let inner_id = NodeId::next(self.nodes.len());
            let mut child = like.clone();
            child.resource = inner.resource;
            if let Some(origin) = &mut child.origin {
                origin.parent = Some(id);
                origin.unmodeled = Vec::new();
                origin.unknown_properties = Map::default();
                origin.is_conditional = inner.is_conditional;
            }
            child.overrides = Vec::new();
            self.nodes.push(child);
            self.stacks[stack.index()].nodes.push(inner_id);
        }
    }
}

/// Returns the table of a raw resource whose type has one.
fn raw_kind(node: &Node, dialect: Dialect) -> Option<&'static Kind> {
    if node.resource.kind().is_some() || node.origin.is_some() {
        return None;
    }
    let name = node.resource.type_name(dialect)?;
    KINDS
        .iter()
        .find(|kind| dialect.pick(kind.cfn, kind.tf) == name)
}

/// Returns the values of overrides as the values of a file.
fn plain(map: Map<'static>) -> Map<'static> {
    fn value(term: RawValue<'static>) -> RawValue<'static> {
        match term {
            RawValue::Raw(json) => RawValue::from(json.into_owned()),
            RawValue::List(items) => RawValue::List(items.into_iter().map(value).collect()),
            RawValue::Object(map) => RawValue::Object(plain(map)),
            RawValue::Block(map) => RawValue::Block(plain(map)),
            other => other,
        }
    }
    map.into_iter()
        .map(|(key, term)| (key, value(term)))
        .collect()
}
