//! The graph as a backend prints it: with overrides, and with raw resources of types that have a
//! table.

use super::codec::UnmodeledNotes;
use super::overrides::{OverrideError, apply_overrides};
use super::{Change, Graph, KINDS, Kind, Map, Node, Origin, Part, RawValue, RemovalPolicy};
use crate::ir::{ConditionId, Dialect, Expr, NodeId};

impl Node {
    /// Returns the properties or arguments as the backend prints them, and the overrides that do not
    /// apply.
    pub(crate) fn printed<'a>(
        &'a self,
        this: NodeId,
        graph: &'a Graph,
        dialect: Dialect,
    ) -> (Map<'a>, Vec<OverrideError<'a>>) {
        let mut map = self.resource.put(dialect);
        match dialect {
            Dialect::Cfn => self.resource.cfn_extra(this, graph, &mut map),
            Dialect::Tf => {
                self.resource.tf_extra(&mut map);
                if self.removal_policy == Some(RemovalPolicy::Retain) {
                    self.resource.tf_retained(&mut map);
                }
            }
        }
        let of = self.resource.type_name(dialect).unwrap_or_default();
        let part = (dialect, Part::Properties);
        let errors = apply_overrides(&mut map, &self.overrides, of, part);
        (map, errors)
    }

    /// Calls `visit` for each expression that the backend prints for the node. Terraform prints some
    /// properties only in satellites.
    pub(crate) fn walk_printed(
        &self,
        this: NodeId,
        graph: &Graph,
        dialect: Dialect,
        visit: &mut dyn FnMut(&Expr),
    ) {
        if self.resource.type_name(dialect).is_none() {
            return;
        }
        self.printed(this, graph, dialect).0.walk(visit);
        if dialect == Dialect::Tf {
            for satellite in self.resource.satellites(this, graph) {
                satellite.body.walk(visit);
            }
        }
    }

    /// Applies the overrides of the attributes in CloudFormation, and returns those that do not
    /// apply.
    pub(crate) fn override_attributes<'a>(
        &'a self,
        attributes: &mut Map<'a>,
    ) -> Vec<OverrideError<'a>> {
        apply_overrides(
            attributes,
            &self.overrides,
            "",
            (Dialect::Cfn, Part::Attributes),
        )
    }

    /// Returns the condition that an override sets, by its ID.
    pub(crate) fn overridden_condition(&self) -> Option<&str> {
        let mut overrides = self.overrides.iter().rev();
        overrides.find_map(|it| match &it.change {
            Change::Set(value) if it.part == Part::Attributes && it.pointer == "/Condition" => {
                value.as_str()
            }
            _ => None,
        })
    }
}

impl Graph {
    /// Returns the condition of a stack with an ID.
    pub(crate) fn condition_of(&self, node: &Node, id: &str) -> Option<ConditionId> {
        let stack = self.stacks.get(node.stack.index())?;
        let mut conditions = stack.conditions.iter().copied();
        conditions.find(|it| self.condition(*it).is_some_and(|it| it.id == id))
    }

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
            let condition = node
                .overridden_condition()
                .filter(|_| dialect == Dialect::Cfn);
            if let Some(condition) = condition {
                out.nodes[at].condition = self.condition_of(node, condition);
            }
            let own = (dialect, Part::Properties);
            let is_changed = node.overrides.iter().any(|it| (it.dialect, it.part) == own);
            let Some(kind) = raw.or(node.resource.kind().filter(|_| is_changed)) else {
                continue;
            };
            // Validation reports an override that does not apply.
            let (mut map, _) = node.printed(id, self, dialect);
            if dialect == Dialect::Tf {
                map.remove("lifecycle");
            }
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
            errors: Vec::new(),
            invalid: Vec::new(),
            declared: Map::default(),
            init: None,
            signal: None,
            is_existing: false,
            replacement_conflict: None,
            provisioners: Vec::new(),
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
