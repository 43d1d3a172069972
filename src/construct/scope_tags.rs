//! Tags of scopes, which reach resources in any order of the calls.

use super::scope::{Scope, caller_or};
use crate::ir::{Value, kebab};
use crate::resource::{Inherits, Resource, Tags};

/// Returns the tag `Name` of a resource without its own.
fn default_name(stack: &str, path: &str) -> String {
    format!("{}-{}", kebab(stack), kebab(path))
}

impl Scope<'_> {
    /// Adds tags to all resources of this scope, in any order of the calls. The tags of a resource come
    /// first, then those of the nearest scope, then those of the app.
    ///
    /// ```
    /// use ssm_synth::App;
    /// use ssm_synth::resource::LogGroup;
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let logs = stack.add("Logs", LogGroup::new());
    /// stack.tags([("Team", "core")]);
    /// let logs = app.graph().get(logs).expect("it was just added");
    /// assert!(logs.tags.get("Team").is_some());
    /// ```
    #[track_caller]
    pub fn tags(&mut self, tags: impl Into<Tags>) {
        let tags = tags.into();
        let location = caller_or(&self.location);
        let Some(scope) = self.graph.tag_scopes.get_mut(self.tag_scope) else {
            return;
        };
        let before = scope.tags.clone();
        scope.tags.merge(&tags);
        if !tags.is_empty() {
            scope.location = location;
        }
        for at in scope.first..self.graph.nodes.len() {
            self.retag(at, &tags, &before);
        }
    }

    /// Sets new tags of this scope for a resource that is already in it.
    fn retag(&mut self, at: usize, tags: &Tags, before: &Tags) {
        let node = &self.graph.nodes[at];
        let Some(inherits) = &node.inherits else {
            return;
        };
        let all: Vec<usize> = self
            .graph
            .tag_scopes_from(inherits.scope)
            .map(|it| it.0)
            .collect();
        let Some(here) = all.iter().position(|it| *it == self.tag_scope) else {
            return;
        };
        let of = |scope: &usize, key: &str| self.graph.tag_scopes[*scope].tags.get(key).cloned();
        let stack = &self.graph.stacks[self.stack.index()].name;
        let path = node.path.strip_prefix(stack.as_str()).unwrap_or_default();
        let name = default_name(stack, path.trim_start_matches('/'));
        let mut changes = Tags::default();
        for (key, value) in tags {
            let is_nearer = |scope: &usize| of(scope, key).is_some();
            if inherits.own.contains(key) || all[..here].iter().any(is_nearer) {
                continue;
            }
            let outer = all[here + 1..].iter().find_map(|scope| of(scope, key));
            let default = || (key == "Name").then(|| Value::from(name.clone()));
            let inherited = before.get(key).cloned().or(outer).or_else(default);
            // Another value was set in the graph.
            if node.resource.tags().and_then(|it| it.get(key)) == inherited.as_ref() {
                changes.set(key.clone(), value.clone());
            }
        }
        if let Some(own) = self.graph.nodes[at].resource.tags_mut() {
            own.merge(&changes);
        }
    }

    /// Returns whether a resource is in this scope.
    pub(super) fn has_resources(&self) -> bool {
        let first = self
            .graph
            .tag_scopes
            .get(self.tag_scope)
            .map_or(0, |it| it.first);
        let mut inside = self.graph.nodes[first..]
            .iter()
            .filter_map(|it| it.inherits.as_ref());
        inside.any(|it| {
            let mut scopes = self.graph.tag_scopes_from(it.scope);
            scopes.any(|(scope, _)| scope == self.tag_scope)
        })
    }

    /// Adds the tags of the scopes to a new resource.
    pub(super) fn inherit_tags(&self, resource: &mut Resource) -> Inherits {
        let mut inherits = Inherits {
            scope: self.tag_scope,
            own: Vec::new(),
        };
        if let Some(own) = resource.tags_mut() {
            inherits.own.extend(own.iter().map(|(key, _)| key.clone()));
            let stack = &self.graph.stacks[self.stack.index()].name;
            let mut tags = Tags::default();
            tags.set("Name", default_name(stack, &self.path));
            let scopes: Vec<_> = self.graph.tag_scopes_from(self.tag_scope).collect();
            for (_, scope) in scopes.into_iter().rev() {
                tags.merge(&scope.tags);
            }
            tags.merge(own);
            *own = tags;
        }
        inherits
    }
}
