//! Assertions over the model of one stack.

// A failing assertion panics.
#![allow(clippy::panic)]

use serde_json::Value;

use super::matcher::{Captured, Compare, Difference, Matcher, store_all};
use super::names;
use super::printed::{Printed, PrintedStack, View};
use crate::App;
use crate::backend::OutputError;
use crate::ir::{Dialect, Handle, NodeId, Output, Stack};
use crate::reachability::Assumptions;
use crate::resource::{Graph, Node, RawResource, RawValue, Typed};

/// A stack of an app, for assertions.
///
/// Assertions about properties judge what one language prints, with its overrides. Names of
/// CloudFormation are those of the template, and [`in_language`](Assertions::in_language) judges the
/// Terraform module by its names. Assertions about reachability judge both languages.
///
/// Assertions about a modeled type, such as `Instance`, also judge raw resources of that type.
#[derive(Debug)]
pub struct Assertions<'a> {
    pub(super) graph: &'a Graph,
    pub(super) stack: &'a Stack,
    printed: PrintedStack<'a>,
    pub(super) assumptions: Assumptions,
    /// Default: none, CloudFormation for properties and both for reachability.
    pub(super) language: Option<Dialect>,
}

impl<'a> Assertions<'a> {
    /// Returns the stack of this name.
    ///
    /// # Panics
    ///
    /// If the app has errors (prints all of them), or the stack does not exist.
    #[track_caller]
    pub fn of(app: &'a App, stack: &str) -> Assertions<'a> {
        let validated = match app.validate() {
            Ok(validated) => validated,
            Err(diagnostics) => panic!("{diagnostics}"),
        };
        let graph = app.graph();
        match (graph.stack(stack), graph.stack_names.get(stack)) {
            (Some(of), Some(&here)) => Assertions {
                graph,
                stack: of,
                printed: PrintedStack::new(validated, here),
                assumptions: Assumptions::default(),
                language: None,
            },
            _ => {
                let names: Vec<&str> = graph.stacks().map(|it| it.name.as_str()).collect();
                panic!("stack `{stack}` does not exist; the app has {names:?}");
            }
        }
    }

    fn all<R: Typed>(&self) -> impl Iterator<Item = (Handle<R>, &'a Node)> {
        let only = self.graph.language();
        let is_printed =
            move |node: &Node| only.is_none_or(|it| node.resource.type_name(it).is_some());
        self.graph
            .nodes_of(self.stack)
            .filter(move |(_, node)| is_printed(node) && self.is_a::<R>(node))
            .map(|(id, node)| (Handle::new(id), node))
    }

    /// Returns whether a resource has a type, as a model or raw.
    fn is_a<R: Typed>(&self, node: &Node) -> bool {
        let dialect = self.dialect_of(node);
        let name = dialect.pick(R::KIND.cfn, R::KIND.tf);
        let is_raw = RawResource::of(&node.resource).is_some() && !name.is_empty();
        R::of(&node.resource).is_some()
            || (is_raw && node.resource.type_name(dialect) == Some(name))
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
    /// let boundary = Assumptions::new().boundary(true);
    /// access.assuming(boundary).all_instances_reachable();
    /// ```
    #[must_use]
    pub fn assuming(self, assumptions: Assumptions) -> Self {
        Assertions {
            assumptions,
            ..self
        }
    }

    /// Sets the only language that the assertions judge, if the app has both. With Terraform, properties have the names of
    /// its arguments and blocks. As in Terraform JSON, a single block is an object, and a reference is
    /// text in `${}`. A policy document is an object. A type that the language does not have is judged in
    /// the other one. Default: the only language of the app, else properties as in CloudFormation, and
    /// reachability in both languages.
    ///
    /// ```
    /// use ssm_synth::ir::Dialect;
    /// use ssm_synth::resource::Instance;
    /// use ssm_synth::testing::{Assertions, absent, object_like};
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let mut app = App::new();
    /// app.stack("Access").add_inline(SessionAccess::new());
    /// let terraform = Assertions::of(&app, "Access").in_language(Dialect::Tf);
    /// terraform.all_resources_properties::<Instance>(object_like([("key_name", absent())]));
    /// ```
    ///
    /// # Panics
    ///
    /// If the app is only for the other language.
    #[must_use]
    #[track_caller]
    pub fn in_language(self, language: Dialect) -> Self {
        self.check_language(language);
        Assertions {
            language: Some(language),
            ..self
        }
    }

    #[track_caller]
    fn check_language(&self, language: Dialect) {
        if !self.graph.has_language(language) {
            panic!("{}", OutputError::OtherLanguage(language));
        }
    }

    /// Returns the language of the properties.
    fn dialect(&self) -> Dialect {
        let only = self.language.or(self.graph.language());
        only.unwrap_or(Dialect::Cfn)
    }

    /// Returns the language that judges the properties of a node: the other one if it does not have
    /// the type.
    fn dialect_of(&self, node: &Node) -> Dialect {
        let own = self.dialect();
        match node.resource.type_name(own) {
            Some(_) => own,
            None => own.other(),
        }
    }

    fn differences<'m>(
        &self,
        (id, node): (NodeId, &'a Node),
        expected: &'m Matcher,
        view: View,
    ) -> (Vec<Difference>, Captured<'m>) {
        let dialect = self.dialect_of(node);
        let found = self.printed.resource((id, node), dialect, view);
        self.compare(dialect, &found, expected)
    }

    fn compare<'m>(
        &self,
        dialect: Dialect,
        found: &Value,
        expected: &'m Matcher,
    ) -> (Vec<Difference>, Captured<'m>) {
        let (mut out, mut captured) = (Vec::new(), Vec::new());
        let compare = Compare {
            spell: &|term| self.printed.value(dialect, term.clone()),
        };
        compare.value(expected, Some(found), "", &mut captured, &mut out);
        (out, captured)
    }

    /// Fails for a property that no resource of the type can have: a matcher for its absence would pass.
    #[track_caller]
    fn check_names<R: Typed>(&self, expected: &Matcher, view: View) {
        let of_kind = |it: Dialect| Some((it, it.pick(R::KIND.cfn, R::KIND.tf), Value::Null));
        let mut all: Vec<(Dialect, &str, Value)> = Vec::new();
        for (handle, node) in self.all::<R>() {
            let dialect = self.dialect_of(node);
            let of = node.resource.type_name(dialect).unwrap_or_default();
            let printed = self.printed.resource((handle.node(), node), dialect, view);
            all.push((dialect, of, printed));
        }
        if all.is_empty() {
            let both = [self.dialect(), self.dialect().other()];
            let of_kind = both.into_iter().filter_map(of_kind);
            all.extend(of_kind.filter(|it| !it.1.is_empty()).take(1));
        }
        // Raw resources have several types: a name that one of them has is right.
        let unknown = all.iter().map(|(dialect, of, printed)| {
            unknown_name(
                (*dialect, view),
                of,
                expected,
                std::slice::from_ref(printed),
            )
        });
        let unknown: Option<Vec<String>> = unknown.collect();
        if let Some(message) = unknown.and_then(|it| it.into_iter().next()) {
            panic!("{message}");
        }
    }

    /// Asserts the number of resources of a type in the model.
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
        self.check_count(&paths, R::KIND.name, count);
    }

    #[track_caller]
    fn check_count(&self, paths: &[&str], of: &str, count: usize) {
        if paths.len() != count {
            let list: String = paths.iter().map(|it| format!("\n  {it}")).collect();
            let (stack, found) = (&self.stack.name, paths.len());
            panic!("`{stack}` has {found} of `{of}`, expected {count}{list}");
        }
    }

    /// Returns the resources of a type whose properties match.
    ///
    /// # Panics
    ///
    /// If the type has no property of a name.
    #[track_caller]
    pub fn find_resources<R: Typed>(&self, expected: impl Into<Matcher>) -> Vec<Handle<R>> {
        self.matching(&expected.into(), View::Properties)
    }

    #[track_caller]
    fn matching<R: Typed>(&self, expected: &Matcher, view: View) -> Vec<Handle<R>> {
        self.check_names::<R>(expected, view);
        let mut found = Vec::new();
        for (handle, node) in self.all::<R>() {
            let (differences, captured) = self.differences((handle.node(), node), expected, view);
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
    /// If no resource matches (prints the differences of the closest one), or the type has no property
    /// of a name.
    #[track_caller]
    pub fn has_resource_properties<R: Typed>(&self, expected: impl Into<Matcher>) -> Handle<R> {
        self.first(&expected.into(), View::Properties)
    }

    /// Asserts that a resource of a type matches with its attributes, and returns the first one. In
    /// CloudFormation, the resource is an object with `Type`, `Properties`, and attributes such as
    /// `DeletionPolicy`, `DependsOn`, `Metadata` and `UpdatePolicy`. In Terraform, it has arguments, blocks, and
    /// meta-arguments such as `lifecycle` and `depends_on`. A handle in `DependsOn` or `depends_on` matches its
    /// resource.
    ///
    /// ```
    /// use ssm_synth::ir::Dialect;
    /// use ssm_synth::resource::{LogGroup, RemovalPolicy};
    /// use ssm_synth::testing::{Assertions, object_like};
    /// use ssm_synth::App;
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Logs");
    /// let group = stack.add("Group", LogGroup::new().log_group_name("sessions"));
    /// stack.set_removal_policy(group, RemovalPolicy::Retain);
    /// let logs = Assertions::of(&app, "Logs");
    /// logs.has_resource::<LogGroup>(object_like([
    ///     ("Properties", object_like([("LogGroupName", "sessions".into())])),
    ///     ("UpdateReplacePolicy", "Retain".into()),
    /// ]));
    /// let logs = logs.in_language(Dialect::Tf);
    /// logs.has_resource::<LogGroup>(object_like([("skip_destroy", true.into())]));
    /// ```
    ///
    /// # Panics
    ///
    /// If no resource matches (prints the differences of the closest one), or the type has no property
    /// or attribute of a name.
    #[track_caller]
    pub fn has_resource<R: Typed>(&self, expected: impl Into<Matcher>) -> Handle<R> {
        self.first(&expected.into(), View::Whole)
    }

    #[track_caller]
    fn first<R: Typed>(&self, expected: &Matcher, view: View) -> Handle<R> {
        if let Some(first) = self.matching::<R>(expected, view).first() {
            return *first;
        }
        let closest = self
            .all::<R>()
            .map(|(it, node)| (node, self.differences((it.node(), node), expected, view).0))
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
    /// If a resource does not match (prints the differences), no resource has this type, or the type
    /// has no property of a name.
    #[track_caller]
    pub fn all_resources_properties<R: Typed>(&self, expected: impl Into<Matcher>) {
        self.each::<R>(&expected.into(), View::Properties);
    }

    /// Asserts that all resources of a type match with their attributes, as
    /// [`has_resource`](Assertions::has_resource) does for one.
    ///
    /// # Panics
    ///
    /// If a resource does not match (prints the differences), no resource has this type, or the type
    /// has no property or attribute of a name.
    #[track_caller]
    pub fn all_resources<R: Typed>(&self, expected: impl Into<Matcher>) {
        self.each::<R>(&expected.into(), View::Whole);
    }

    #[track_caller]
    fn each<R: Typed>(&self, expected: &Matcher, view: View) {
        self.check_names::<R>(expected, view);
        let mut none = true;
        for (it, node) in self.all::<R>() {
            none = false;
            let (differences, captured) = self.differences((it.node(), node), expected, view);
            if !differences.is_empty() {
                panic!("`{}` differs:{}", node.path, describe(&differences));
            }
            store_all(captured);
        }
        if none {
            panic!("`{}` has no {}", self.stack.name, R::KIND.name);
        }
    }

    /// Asserts that the stack has an output with a matching value. `id` is the CloudFormation ID, or
    /// the Terraform name after `in_language`.
    ///
    /// # Panics
    ///
    /// If the output does not exist (prints the outputs of the stack), or its value does not match.
    #[track_caller]
    pub fn has_output(&self, id: &str, value: impl Into<Matcher>) {
        let dialect = self.dialect();
        let mut outputs = self.stack.outputs.iter();
        let id_of = |it: &'a Output| dialect.pick(it.cfn_id.as_str(), it.tf_name.as_str());
        let Some(output) = outputs.find(|it| id_of(it) == id) else {
            let ids: Vec<&str> = self.stack.outputs.iter().map(id_of).collect();
            panic!("`{}` has no output `{id}`; it has {ids:?}", self.stack.name);
        };
        let found = RawValue::from(output.value.clone());
        let found = self.printed.value(dialect, found);
        let expected = value.into();
        let (differences, captured) = self.compare(dialect, &found, &expected);
        if !differences.is_empty() {
            panic!("output `{id}` differs:{}", describe(&differences));
        }
        store_all(captured);
    }

    /// Asserts the number of resources of a type by its name, such as `AWS::SQS::Queue` or
    /// `aws_sqs_queue`, in the output of its language.
    ///
    /// # Panics
    ///
    /// If the number differs (prints their paths), or the type does not exist.
    #[track_caller]
    pub fn resource_type_count_is(&self, type_name: &str, count: usize) {
        let (_, all) = self.of_type(type_name, View::Properties);
        let paths: Vec<&str> = all.iter().map(|it| it.path.as_str()).collect();
        self.check_count(&paths, type_name, count);
    }

    /// Asserts that a resource of a type, by its name in either language, matches in the output of
    /// that language.
    ///
    /// # Panics
    ///
    /// If no resource matches (prints the differences of each), or the type or a property of it does
    /// not exist.
    #[track_caller]
    pub fn has_resource_type_properties(&self, type_name: &str, expected: impl Into<Matcher>) {
        self.has_of_type(type_name, &expected.into(), View::Properties);
    }

    /// Asserts that a resource of a type, by its name in either language, matches with its attributes in the
    /// output of that language. See [`has_resource`](Assertions::has_resource).
    ///
    /// # Panics
    ///
    /// If no resource matches (prints the differences of each), or the type, or a property or attribute of
    /// it, does not exist.
    #[track_caller]
    pub fn has_resource_type(&self, type_name: &str, expected: impl Into<Matcher>) {
        self.has_of_type(type_name, &expected.into(), View::Whole);
    }

    /// Asserts that all resources of a type, by its name in either language, match in the output of that
    /// language.
    ///
    /// # Panics
    ///
    /// If a resource does not match (prints the differences), no resource has this type, or the type or a
    /// property of it does not exist.
    #[track_caller]
    pub fn all_resources_type_properties(&self, type_name: &str, expected: impl Into<Matcher>) {
        self.all_of_type(type_name, &expected.into(), View::Properties);
    }

    /// Asserts that all resources of a type, by its name in either language, match with their attributes in the
    /// output of that language. See [`has_resource`](Assertions::has_resource).
    ///
    /// # Panics
    ///
    /// If a resource does not match (prints the differences), or no resource has this type. Also if the type, or
    /// a property or attribute of it, does not exist.
    #[track_caller]
    pub fn all_resources_type(&self, type_name: &str, expected: impl Into<Matcher>) {
        self.all_of_type(type_name, &expected.into(), View::Whole);
    }

    #[track_caller]
    fn has_of_type(&self, type_name: &str, expected: &Matcher, view: View) {
        let (dialect, all) = self.named(type_name, expected, view);
        let mut out = format!("no `{type_name}` of `{}` matches", self.stack.name);
        for it in &all {
            let (differences, captured) = self.compare(dialect, &it.value, expected);
            if differences.is_empty() {
                return store_all(captured);
            }
            out.push_str(&format!("\n`{}`:{}", it.path, describe(&differences)));
        }
        panic!("{out}");
    }

    #[track_caller]
    fn all_of_type(&self, type_name: &str, expected: &Matcher, view: View) {
        let (dialect, all) = self.named(type_name, expected, view);
        for it in &all {
            let (differences, captured) = self.compare(dialect, &it.value, expected);
            if !differences.is_empty() {
                panic!("`{}` differs:{}", it.path, describe(&differences));
            }
            store_all(captured);
        }
        if all.is_empty() {
            panic!("`{}` has no `{type_name}`", self.stack.name);
        }
    }

    /// Returns the resources of a type whose names are those of the matcher.
    #[track_caller]
    fn named(&self, type_name: &str, expected: &Matcher, view: View) -> (Dialect, Vec<Printed>) {
        let (dialect, all) = self.of_type(type_name, view);
        let printed: Vec<Value> = all.iter().map(|it| it.value.clone()).collect();
        if let Some(message) = unknown_name((dialect, view), type_name, expected, &printed) {
            panic!("{message}");
        }
        (dialect, all)
    }

    #[track_caller]
    fn of_type(&self, type_name: &str, view: View) -> (Dialect, Vec<Printed>) {
        let dialect = names::language_of(type_name).unwrap_or_else(|message| panic!("{message}"));
        self.check_language(dialect);
        let all = self.printed.of_type(type_name, dialect, view);
        if all.is_empty() {
            let own = self.printed.types(dialect);
            if let Some(message) = names::unknown_type(type_name, dialect, &own) {
                panic!("{message}");
            }
        }
        (dialect, all)
    }
}

/// Returns the error for a name that no resource of a type has.
fn unknown_name(
    (dialect, view): (Dialect, View),
    type_name: &str,
    expected: &Matcher,
    printed: &[Value],
) -> Option<String> {
    match (dialect, view) {
        (Dialect::Cfn, View::Whole) => names::unknown_part(type_name, expected, printed),
        _ => names::unknown_property(dialect, type_name, expected, printed),
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
