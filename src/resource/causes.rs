//! The lines of the user that cause errors in the printed template.

use super::printed_values::PrintedValues;
use super::{Graph, Node, Resource};
use crate::ir::{Dialect, NodeId, SourceLocation};

impl Graph {
    /// Returns the line of each error of a resource, by its reason: that of the override or of the raw
    /// property without which the error does not occur, or else that of the resource.
    pub(crate) fn lines_of(&self, id: NodeId, reasons: &[&str]) -> Vec<SourceLocation> {
        let Some(node) = self.node(id).filter(|_| !reasons.is_empty()) else {
            return Vec::new();
        };
        let without = node.without_each().into_iter();
        let without: Vec<(SourceLocation, Vec<String>)> = without
            .map(|(line, changed)| (line, self.reasons(id, changed)))
            .collect();
        let line_of = |reason: &&str| {
            let is_cause = |(_, left): &&(_, Vec<String>)| !left.iter().any(|it| it == reason);
            let cause = without.iter().rev().find(is_cause);
            cause.map_or_else(|| node.location.clone(), |(line, _)| line.clone())
        };
        reasons.iter().map(line_of).collect()
    }

    /// Returns the reasons for which CloudFormation refuses a changed resource.
    fn reasons(&self, id: NodeId, changed: Node) -> Vec<String> {
        let mut graph = self.clone();
        graph.nodes[id.index()] = changed;
        let mut out = graph.clone();
        let (Some(node), Some(stack)) = (
            graph.nodes.get(id.index()),
            graph.stacks.get(graph.nodes[id.index()].stack.index()),
        ) else {
            return Vec::new();
        };
        let mut values = PrintedValues::of_stack(&graph, stack, Dialect::Cfn);
        out.print(&graph, (id, node), Dialect::Cfn, &mut values);
        let origin = out.nodes[id.index()].origin.as_ref();
        let errors = origin.iter().flat_map(|it| &it.errors);
        let invalid = origin.iter().flat_map(|it| &it.invalid);
        let errors = errors.map(|it| it.reason.clone());
        errors.chain(invalid.map(|it| it.reason.clone())).collect()
    }
}

impl Node {
    /// Returns the lines of the overrides and raw properties in CloudFormation, with the resource without
    /// each.
    fn without_each(&self) -> Vec<(SourceLocation, Node)> {
        let mut out = Vec::new();
        if let Resource::Raw(raw) = &self.resource {
            for (name, _) in raw.values(Dialect::Cfn).iter() {
                let changed = Node {
                    resource: raw.without(name).into(),
                    ..self.clone()
                };
                out.extend(raw.line_of(Dialect::Cfn, name).map(|line| (line, changed)));
            }
        }
        for (n, change) in self.overrides.iter().enumerate() {
            if change.dialect == Dialect::Cfn && change.location != SourceLocation::Default {
                let mut changed = self.clone();
                changed.overrides.remove(n);
                out.push((change.location.clone(), changed));
            }
        }
        out
    }
}
