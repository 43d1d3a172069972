//! The lines of the user that cause errors in the printed template.

use super::printed_values::PrintedValues;
use super::{Graph, Node, Resource};
use crate::ir::{Dialect, NodeId, SourceLocation};

impl Graph {
    /// Returns the line of each error of a resource, by its reason. It is that of the override or the raw
    /// property without which the error does not occur. Without one, it is that of the resource. `judge`
    /// returns the reasons for a changed graph.
    pub(crate) fn lines_of(
        &self,
        id: NodeId,
        reasons: &[&str],
        judge: impl Fn(&Graph) -> Vec<String>,
    ) -> Vec<SourceLocation> {
        let Some(node) = self.node(id).filter(|_| !reasons.is_empty()) else {
            return Vec::new();
        };
        let without = node.without_each().into_iter();
        let without: Vec<(SourceLocation, Vec<String>)> = without
            .map(|(line, changed)| {
                let mut graph = self.clone();
                graph.nodes[id.index()] = changed;
                (line, judge(&graph))
            })
            .collect();
        let line_of = |reason: &&str| {
            let is_cause = |(_, left): &&(_, Vec<String>)| !left.iter().any(|it| it == reason);
            let cause = without.iter().rev().find(is_cause);
            cause.map_or_else(|| node.location.clone(), |(line, _)| line.clone())
        };
        reasons.iter().map(line_of).collect()
    }

    /// Returns the reasons for which CloudFormation, or the service, refuses a resource.
    pub(crate) fn reasons(&self, id: NodeId) -> Vec<String> {
        let node = self.node(id);
        let stack = node.and_then(|it| self.stacks.get(it.stack.index()));
        let (Some(node), Some(stack)) = (node, stack) else {
            return Vec::new();
        };
        let mut out = self.clone();
        let mut values = PrintedValues::of_stack(self, stack, Dialect::Cfn);
        out.print(self, (id, node), Dialect::Cfn, &mut values);
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
