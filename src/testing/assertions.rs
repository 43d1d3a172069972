//! Assertions over the model of one stack.

// A failing assertion panics.
#![allow(clippy::panic)]

use serde_json::Value;

use super::matcher::{Compare, Difference, Matcher, store_all};
use crate::backend::cfn::value_of;
use crate::ir::{Dialect, Handle, NodeId, Stack};
use crate::reachability::{self, Assumptions, InstanceReachability, Verdict};
use crate::resource::{Graph, Node, RawValue, Resource, Typed};
use crate::{App, report};

/// A stack of an app, for assertions.
///
/// Assertions name resources by Rust type and properties by CloudFormation name. They hold for
/// both languages, since CloudFormation and Terraform output have the same source. To find resources
/// of a type that is not modeled, match all [`RawResource`](crate::resource::RawResource)s.
#[derive(Debug)]
pub struct Assertions<'a> {
    graph: &'a Graph,
    stack: &'a Stack,
    assumptions: Assumptions,
}

impl<'a> Assertions<'a> {
    /// Returns the stack of this name.
    ///
    /// # Panics
    ///
    /// If the app has errors (prints all of them), or the stack does not exist.
    #[track_caller]
    pub fn of(app: &'a App, stack: &str) -> Assertions<'a> {
        if let Err(diagnostics) = app.validate() {
            panic!("{diagnostics}");
        }
        let graph = app.graph();
        match graph.stack(stack) {
            Some(stack) => Assertions {
                graph,
                stack,
                assumptions: Assumptions::default(),
            },
            None => {
                let names: Vec<&str> = graph.stacks().map(|it| it.name.as_str()).collect();
                panic!("stack `{stack}` does not exist; the app has {names:?}");
            }
        }
    }

    fn all<R: Typed>(&self) -> impl Iterator<Item = (Handle<R>, &'a Node)> {
        self.graph
            .nodes_of(self.stack)
            .filter(|(_, node)| R::of(&node.resource).is_some())
            .map(|(id, node)| (Handle::new(id), node))
    }

    /// Sets what the assertions about reachability assume. Default: nothing.
    ///
    /// ```
    /// use ssm_synth::Id;
    /// use ssm_synth::construct::{InstanceRole, Permissions};
    /// use ssm_synth::reachability::Assumptions;
    /// use ssm_synth::testing::Assertions;
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let boundary = Id::new("arn:aws:iam::111122223333:policy/boundary");
    /// let role = InstanceRole::new(Permissions::SessionOnly).permissions_boundary(boundary);
    /// let mut app = App::new();
    /// app.stack("Access").add_inline(SessionAccess::new().instance_role(role));
    /// let access = Assertions::of(&app, "Access");
    /// access.no_instance_unreachable();
    /// let boundary = Assumptions { boundary: true, ..Assumptions::default() };
    /// access.assuming(boundary).all_instances_reachable();
    /// ```
    #[must_use]
    pub fn assuming(self, assumptions: Assumptions) -> Self {
        Assertions {
            assumptions,
            ..self
        }
    }

    fn properties(&self, id: NodeId, node: &'a Node) -> Value {
        let dialect = match &node.resource {
            Resource::Raw(raw) if raw.type_name(Dialect::Cfn).is_none() => Dialect::Tf,
            other if other.type_name(Dialect::Cfn).is_none() => Dialect::Tf,
            _ => Dialect::Cfn,
        };
        let (printed, _) = node.printed(id, self.graph, dialect);
        value_of(self.graph, RawValue::Object(printed))
    }

    fn differences<'m>(
        &self,
        (id, node): (NodeId, &'a Node),
        expected: &'m Matcher,
    ) -> (Vec<Difference>, super::matcher::Captured<'m>) {
        let (mut out, mut captured) = (Vec::new(), Vec::new());
        let compare = Compare {
            spell: &|term| value_of(self.graph, term.clone()),
        };
        let found = self.properties(id, node);
        compare.value(expected, Some(&found), "", &mut captured, &mut out);
        (out, captured)
    }

    /// Asserts the number of resources of a type.
    ///
    /// # Panics
    ///
    /// If the number differs. Prints their paths.
    #[track_caller]
    pub fn resource_count_is<R: Typed>(&self, count: usize) {
        let paths: Vec<&str> = self
            .all::<R>()
            .map(|(_, node)| node.path.as_str())
            .collect();
        if paths.len() != count {
            let list = paths.join("\n  ");
            panic!(
                "`{}` has {} of {}, expected {count}:\n  {list}",
                self.stack.name,
                paths.len(),
                R::KIND.name
            );
        }
    }

    /// Returns the resources of a type whose properties match.
    pub fn find_resources<R: Typed>(&self, expected: impl Into<Matcher>) -> Vec<Handle<R>> {
        let expected = expected.into();
        let mut found = Vec::new();
        for (handle, node) in self.all::<R>() {
            let (differences, captured) = self.differences((handle.node(), node), &expected);
            if differences.is_empty() {
                store_all(captured);
                found.push(handle);
            }
        }
        found
    }

    /// Asserts that a resource of a type matches, and returns the first one.
    ///
    /// # Panics
    ///
    /// If no resource matches. Prints the differences of the closest one.
    #[track_caller]
    pub fn has_resource_properties<R: Typed>(&self, expected: impl Into<Matcher>) -> Handle<R> {
        let expected = expected.into();
        if let Some(first) = self.find_resources::<R>(expected.clone()).first() {
            return *first;
        }
        let closest = self
            .all::<R>()
            .map(|(it, node)| (node, self.differences((it.node(), node), &expected).0))
            .min_by_key(|(_, differences)| differences.len());
        let kind = R::KIND.name;
        match closest {
            None => panic!("`{}` has no {kind}", self.stack.name),
            Some((node, differences)) => panic!(
                "no {kind} of `{}` matches; the closest is `{}`:{}",
                self.stack.name,
                node.path,
                describe(&differences)
            ),
        }
    }

    /// Asserts that all resources of a type match.
    ///
    /// # Panics
    ///
    /// If a resource does not match, or no resource has this type. Prints the differences.
    #[track_caller]
    pub fn all_resources_properties<R: Typed>(&self, expected: impl Into<Matcher>) {
        let expected = expected.into();
        let mut none = true;
        for (it, node) in self.all::<R>() {
            none = false;
            let (differences, captured) = self.differences((it.node(), node), &expected);
            if !differences.is_empty() {
                panic!("`{}` differs:{}", node.path, describe(&differences));
            }
            store_all(captured);
        }
        if none {
            panic!("`{}` has no {}", self.stack.name, R::KIND.name);
        }
    }

    /// Asserts that the stack has an output with a matching value. `id` is the CloudFormation ID.
    ///
    /// # Panics
    ///
    /// If the output does not exist (prints the outputs of the stack), or its value does not match.
    #[track_caller]
    pub fn has_output(&self, id: &str, value: impl Into<Matcher>) {
        let Some(output) = self.stack.outputs.iter().find(|it| it.cfn_id == id) else {
            let ids: Vec<&str> = self
                .stack
                .outputs
                .iter()
                .map(|it| it.cfn_id.as_str())
                .collect();
            panic!("`{}` has no output `{id}`; it has {ids:?}", self.stack.name);
        };
        let spell = |term: &RawValue<'static>| value_of(self.graph, term.clone());
        let found = spell(&RawValue::from(output.value.clone()));
        let (expected, mut out, mut captured) = (value.into(), Vec::new(), Vec::new());
        let compare = Compare { spell: &spell };
        compare.value(&expected, Some(&found), "", &mut captured, &mut out);
        if !out.is_empty() {
            panic!("output `{id}` differs:{}", describe(&out));
        }
        store_all(captured);
    }

    /// Asserts the number of resources of a type by its name in either language, such as
    /// `AWS::SQS::Queue`: for types that the model does not have.
    ///
    /// # Panics
    ///
    /// If the number differs. Prints their paths.
    #[track_caller]
    pub fn resource_type_count_is(&self, type_name: &str, count: usize) {
        let paths: Vec<&str> = self
            .of_type(type_name)
            .map(|(_, it)| it.path.as_str())
            .collect();
        if paths.len() != count {
            let (found, list) = (paths.len(), paths.join("\n  "));
            let stack = &self.stack.name;
            panic!("`{stack}` has {found} of `{type_name}`, expected {count}:\n  {list}");
        }
    }

    /// Asserts that a resource of a type, by its name in either language, matches.
    ///
    /// # Panics
    ///
    /// If no resource matches. Prints the differences of each.
    #[track_caller]
    pub fn has_resource_type_properties(&self, type_name: &str, expected: impl Into<Matcher>) {
        let expected = expected.into();
        let mut out = format!("no `{type_name}` of `{}` matches", self.stack.name);
        for (id, node) in self.of_type(type_name) {
            let (differences, captured) = self.differences((id, node), &expected);
            if differences.is_empty() {
                return store_all(captured);
            }
            out.push_str(&format!("\n`{}`:{}", node.path, describe(&differences)));
        }
        panic!("{out}");
    }

    fn of_type(&self, type_name: &str) -> impl Iterator<Item = (NodeId, &'a Node)> {
        let is_meant = move |node: &Node| {
            let names = [Dialect::Cfn, Dialect::Tf].map(|it| node.resource.type_name(it));
            names.contains(&Some(type_name))
        };
        let nodes = self.graph.nodes_of(self.stack);
        nodes.filter(move |(_, node)| is_meant(node))
    }

    /// Asserts that the reachability check passes for every instance of this stack.
    ///
    /// # Panics
    ///
    /// If a hop fails or is unknown (prints the hop, the property that determines it, and the fix), or
    /// the stack has no instance.
    #[track_caller]
    pub fn all_instances_reachable(&self) {
        self.verdicts(&[Verdict::Reachable]);
    }

    /// Asserts that the reachability check fails for no instance of this stack. Facts that the app
    /// does not show can be unknown.
    ///
    /// # Panics
    ///
    /// If a hop fails (prints the hop, the property that determines it, and the fix), or the stack has
    /// no instance.
    #[track_caller]
    pub fn no_instance_unreachable(&self) {
        self.verdicts(&[Verdict::Reachable, Verdict::Unknown]);
    }

    #[track_caller]
    fn verdicts(&self, allowed: &[Verdict]) {
        let mut reachability = reachability::check(self.graph, &self.assumptions);
        let own: Vec<NodeId> = self.graph.nodes_of(self.stack).map(|(id, _)| id).collect();
        reachability.instances.retain(|it| own.contains(&it.node));
        if reachability.instances.is_empty() {
            panic!("stack `{}` has no instance", self.stack.name);
        }
        let is_allowed = |it: &InstanceReachability| allowed.contains(&it.verdict);
        if !reachability.instances.iter().all(is_allowed) {
            let report = report::CheckReport {
                file: &self.stack.name,
                graph: self.graph,
                reachability: &reachability,
                json: false,
                program: "ssm-synth",
                notes: &[],
            };
            panic!("{}", without_colors(&report::text(&report)));
        }
    }
}

fn describe(differences: &[Difference]) -> String {
    let mut out = String::new();
    for it in differences {
        let found = it
            .found
            .as_ref()
            .map_or("nothing".to_owned(), Value::to_string);
        let at = match it.path.as_str() {
            "" => "it",
            path => path,
        };
        out.push_str(&format!(
            "\n  {at}: expected {}, found {found}",
            it.expected
        ));
    }
    out
}

/// Removes colors: a panic is text in a log, and `should_panic` compares it.
fn without_colors(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|it| it.split_once('m').map_or(it, |(_, shown)| shown));
    std::iter::once(first).chain(rest).collect()
}
