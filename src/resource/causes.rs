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
        let count = |all: &[String], reason: &str| all.iter().filter(|it| *it == reason).count();
        // Several lines can cause the same error.
        let lines_of = |reason: &str| {
            let all = reasons.iter().filter(|it| **it == reason).count();
            let mut lines: Vec<&SourceLocation> = without
                .iter()
                .filter(|(_, left)| count(left, reason) < all)
                .map(|(line, _)| line)
                .collect();
            // The later of two changes of one value remains.
            let extra = lines.len().saturating_sub(all);
            lines.drain(..extra);
            lines
        };
        let mut out: Vec<SourceLocation> = Vec::new();
        for (n, reason) in reasons.iter().enumerate() {
            let nth = reasons[..n].iter().filter(|it| *it == reason).count();
            let lines = lines_of(reason);
            let line = lines.get(nth).or(lines.last());
            out.push(line.map_or_else(|| node.location.clone(), |it| (*it).clone()));
        }
        out
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
