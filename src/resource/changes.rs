//! Changes to resources after they were added, with the lines that make them.

use std::panic::Location;

use super::graph::GraphChange;
use super::{Graph, Node, Resource, Typed};
use crate::ir::{Diagnostic, Diagnostics, Handle, NodeId, SourceLocation};

impl Graph {
    /// Changes every resource of a type, also as a raw resource: once in each language. The callback receives
    /// the path of each.
    #[track_caller]
    pub fn update_all<R: Typed>(&mut self, change: impl FnMut(&str, &mut R)) {
        self.update_all_at(SourceLocation::Caller(Location::caller()), change);
    }

    pub(crate) fn update_all_at<R: Typed>(
        &mut self,
        location: SourceLocation,
        mut change: impl FnMut(&str, &mut R),
    ) {
        let mut before = Vec::new();
        for (n, node) in self.nodes.iter_mut().enumerate() {
            let is_raw = matches!(&node.resource, Resource::Raw(it) if it.is_a::<R>());
            if !is_raw && R::of(&node.resource).is_none() {
                continue;
            }
            let old = node.resource.clone();
            match &mut node.resource {
                Resource::Raw(raw) if is_raw => {
                    for dialect in raw.update::<R>(|it| change(&node.path, it)) {
                        let language = dialect.name();
                        let message = format!(
                            "a change of `{}` is lost: a raw resource does not have it in {language}",
                            R::KIND.name
                        );
                        let found = Diagnostic::error("raw-resource-property", message);
                        let found = found.path(node.path.clone()).at(location.clone());
                        let help = "add the modeled type in place of the raw resource, or leave it out of the change";
                        self.diagnostics.push(found.only(dialect).help(help));
                    }
                }
                resource => {
                    if let Some(resource) = R::of_mut(resource) {
                        change(&node.path, resource);
                    }
                }
            }
            if node.resource != old {
                before.push((n, old));
            }
        }
        self.changes.push(GraphChange { location, before });
    }

    /// Returns the resource of a handle, for changes. Validation reports what they break at this line.
    #[track_caller]
    pub fn get_mut<R: Typed>(&mut self, handle: Handle<R>) -> Option<&mut R> {
        self.node_mut(handle.node())
            .and_then(|node| R::of_mut(&mut node.resource))
    }

    /// Returns a resource with its metadata for changes, or `None` if the index belongs to another
    /// graph. Validation reports what they break at this line.
    #[track_caller]
    pub fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        let old = self.node(id)?.resource.clone();
        self.changes.push(GraphChange {
            location: SourceLocation::Caller(Location::caller()),
            before: vec![(id.index(), old)],
        });
        self.metadata_mut(id)
    }

    /// Returns a resource for changes to its metadata.
    pub(crate) fn metadata_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        let is_own = self.app.accepts(id.app());
        self.nodes.get_mut(id.index()).filter(|_| is_own)
    }

    /// Moves each diagnostic of a changed resource to the line of the last change without which it does
    /// not occur. `judge` returns the diagnostics of another graph.
    pub(crate) fn at_changes(
        &self,
        found: Diagnostics,
        judge: impl Fn(&Graph) -> Diagnostics,
    ) -> Diagnostics {
        if self.changes.is_empty() {
            return found;
        }
        let mut before = self.clone();
        // Diagnostics, and whether a change is the cause.
        let mut found: Vec<(Diagnostic, bool)> = split(found).map(|it| (it, false)).collect();
        for change in self.changes.iter().rev() {
            let mut changed: Vec<&Node> = Vec::new();
            for (n, old) in &change.before {
                let node = &mut before.nodes[*n];
                if node.resource != *old {
                    node.resource = old.clone();
                    changed.push(&self.nodes[*n]);
                }
            }
            let is_candidate = |(it, is_moved): &(Diagnostic, bool)| {
                !is_moved && changed.iter().any(|node| is_at(it, node))
            };
            if !found.iter().any(is_candidate) {
                continue;
            }
            let left = judge(&before);
            for (it, is_moved) in found.iter_mut().filter(|it| is_candidate(it)) {
                *is_moved = !left.iter().any(|other| is_same(it, other));
                for at in it.locations.iter_mut().filter(|_| *is_moved) {
                    if changed.iter().any(|node| node.location == *at) {
                        *at = change.location.clone();
                    }
                }
            }
        }
        found.into_iter().map(|(it, _)| it).collect()
    }
}

/// Returns one diagnostic for each path that has the same line as others.
fn split(found: Diagnostics) -> impl Iterator<Item = Diagnostic> {
    found.into_iter().flat_map(|it| {
        let paths = match (it.locations.len(), it.paths.len()) {
            (1, 2..) => it.paths.iter().map(|path| vec![path.clone()]).collect(),
            _ => vec![it.paths.clone()],
        };
        let of = move |paths| Diagnostic {
            paths,
            ..it.clone()
        };
        paths.into_iter().map(of)
    })
}

/// Returns whether a diagnostic is about a resource, at the line that added it.
fn is_at(found: &Diagnostic, node: &Node) -> bool {
    found.paths.contains(&node.path) && found.locations.contains(&node.location)
}

/// Returns whether two diagnostics say the same about a resource.
fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    let shares = |path: &String| other.paths.contains(path);
    (one.code, &one.message) == (other.code, &other.message) && one.paths.iter().any(shares)
}
