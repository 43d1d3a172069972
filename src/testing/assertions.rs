//! Assertions over the model of one stack.

// A test that fails says so by panicking.
#![allow(clippy::panic)]

use serde_json::Value;

use super::matcher::{Compare, Difference, Matcher, store_all};
use crate::backend::cfn::value_of;
use crate::ir::{Graph, Handle, Node, Stack};
use crate::reachability;
use crate::resource::{Dialect, RawValue, Resource, Typed};
use crate::{App, report};

/// A stack of an app, to assert things of.
///
/// Resources are asked for by their type in Rust, and properties by CloudFormation's names; since
/// Terraform's output is made from the same values, an assertion holds for both. A type that is not
/// modelled is asked for as [`RawResource`](crate::resource::RawResource), by all of them.
#[derive(Debug)]
pub struct Assertions<'a> {
    graph: &'a Graph,
    stack: &'a Stack,
}

impl<'a> Assertions<'a> {
    /// Of a stack of that name.
    ///
    /// # Panics
    ///
    /// If the app has errors, with all of them, or no such stack.
    #[track_caller]
    pub fn of(app: &'a App, stack: &str) -> Assertions<'a> {
        if let Err(diagnostics) = app.validate() {
            panic!("{diagnostics:#}");
        }
        let graph = app.graph();
        match graph.stack(stack) {
            Some(stack) => Assertions { graph, stack },
            None => {
                let names: Vec<&str> = graph.stacks().map(|it| it.name.as_str()).collect();
                panic!("no stack `{stack}`; there are {names:?}");
            }
        }
    }

    fn all<R: Typed>(&self) -> impl Iterator<Item = (Handle<R>, &'a Node)> {
        self.graph
            .nodes_of(self.stack)
            .filter(|(_, node)| R::of(&node.resource).is_some())
            .map(|(id, node)| (Handle::new(id), node))
    }

    fn properties(&self, node: &'a Node) -> Value {
        let dialect = match &node.resource {
            Resource::Raw(raw) if raw.type_name(Dialect::Cfn).is_none() => Dialect::Tf,
            other if other.type_name(Dialect::Cfn).is_none() => Dialect::Tf,
            _ => Dialect::Cfn,
        };
        value_of(self.graph, RawValue::Object(node.resource.put(dialect)))
    }

    fn differences<'m>(
        &self,
        node: &'a Node,
        expected: &'m Matcher,
    ) -> (Vec<Difference>, super::matcher::Captured<'m>) {
        let (mut out, mut captured) = (Vec::new(), Vec::new());
        let compare = Compare {
            spell: &|term| value_of(self.graph, term.clone()),
        };
        let found = self.properties(node);
        compare.value(expected, Some(&found), "", &mut captured, &mut out);
        (out, captured)
    }

    /// Asserts how many resources of a type there are.
    ///
    /// # Panics
    ///
    /// If there are more or fewer, with their paths.
    #[track_caller]
    pub fn resource_count_is<R: Typed>(&self, count: usize) {
        let paths: Vec<&str> = self
            .all::<R>()
            .map(|(_, node)| node.path.as_str())
            .collect();
        if paths.len() != count {
            let list = paths.join("\n  ");
            panic!(
                "`{}` has {} of {}, not {count}:\n  {list}",
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
            let (differences, captured) = self.differences(node, &expected);
            if differences.is_empty() {
                store_all(captured);
                found.push(handle);
            }
        }
        found
    }

    /// Asserts that a resource of a type has properties like these, and returns the first one.
    ///
    /// # Panics
    ///
    /// If none has, with the closest one and where it differs.
    #[track_caller]
    pub fn has_resource_properties<R: Typed>(&self, expected: impl Into<Matcher>) -> Handle<R> {
        let expected = expected.into();
        if let Some(first) = self.find_resources::<R>(expected.clone()).first() {
            return *first;
        }
        let closest = self
            .all::<R>()
            .map(|(_, node)| (node, self.differences(node, &expected).0))
            .min_by_key(|(_, differences)| differences.len());
        let kind = R::KIND.name;
        match closest {
            None => panic!("`{}` has no {kind}", self.stack.name),
            Some((node, differences)) => panic!(
                "no {kind} of `{}` has these properties; the closest is `{}`:{}",
                self.stack.name,
                node.path,
                describe(&differences)
            ),
        }
    }

    /// Asserts that all resources of a type have properties like these.
    ///
    /// # Panics
    ///
    /// If one has not, with where it differs, or if there is none.
    #[track_caller]
    pub fn all_resources_properties<R: Typed>(&self, expected: impl Into<Matcher>) {
        let expected = expected.into();
        let mut none = true;
        for (_, node) in self.all::<R>() {
            none = false;
            let (differences, captured) = self.differences(node, &expected);
            if !differences.is_empty() {
                panic!("`{}` differs:{}", node.path, describe(&differences));
            }
            store_all(captured);
        }
        if none {
            panic!("`{}` has no {}", self.stack.name, R::KIND.name);
        }
    }

    /// Asserts that the stack has an output whose value matches; `id` is CloudFormation's.
    ///
    /// # Panics
    ///
    /// If it has none of that id, with those that it has, or one that differs.
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
            panic!("the output `{id}` differs:{}", describe(&out));
        }
        store_all(captured);
    }

    /// Asserts that Session Manager provably reaches every instance of the app.
    ///
    /// # Panics
    ///
    /// If it does not, or if the app leaves it open, with the hop and what mends it; or if there is no
    /// instance.
    #[track_caller]
    pub fn all_instances_reachable(&self) {
        let assumptions = reachability::Assumptions::default();
        let reachability = reachability::check(self.graph, &assumptions);
        if reachability.instances.is_empty() {
            panic!("the app of `{}` has no instance", self.stack.name);
        }
        let reached = |it: &reachability::InstanceReachability| {
            it.verdict == reachability::Verdict::Reachable
        };
        if !reachability.instances.iter().all(reached) {
            let report = report::CheckReport {
                file: &self.stack.name,
                graph: self.graph,
                reachability: &reachability,
                json: false,
                program: "ssm-synth",
            };
            panic!("{}", report::text(&report));
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
        out.push_str(&format!("\n  {at}: wanted {}, found {found}", it.expected));
    }
    out
}
