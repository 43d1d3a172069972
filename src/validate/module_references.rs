//! References in Terraform text of overrides and raw resources to what the module of the stack does not have.

use serde_json::Value as Json;

use super::traversals::{self, Traversal, is_index};
use super::{Links, functions};
use crate::ir::{
    DataSource, Diagnostic, Diagnostics, Dialect, Expr, NodeId, SourceLocation, Stack, StackId,
    near, nearest, stored_label, terraform_name, typo,
};
use crate::resource::{
    Change, Graph, Map, Node, Override, Part, RawResource, RawValue, Schema, Typed,
};

/// The arguments that make several resources of one.
const REPEATS: [&str; 2] = ["count", "for_each"];

pub(super) fn check(graph: &Graph, links: &Links, out: &mut Diagnostics) {
    for (n, stack) in graph.stacks().enumerate() {
        let mut module = None;
        for (id, node) in graph.nodes_of(stack) {
            if node.origin.is_some() || node.resource.type_name(Dialect::Tf).is_none() {
                continue;
            }
            check_repeated(graph, (id, node), out);
            let written = Written::of(node);
            if written.texts.is_empty() {
                continue;
            }
            let module =
                module.get_or_insert_with(|| Module::of(graph, links, StackId::next(n), stack));
            for text in &written.texts {
                module.check(node, &written, text, out);
            }
        }
    }
}

/// How Terraform reads a text.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Template,
    Expression,
    /// The backend escapes it.
    Literal,
}

/// A text that can refer to something, and what sets it.
struct WrittenText<'n> {
    form: Form,
    text: &'n str,
    change: Option<&'n Override>,
    line: Option<SourceLocation>,
    /// Whether it can refer to the resource itself as `self`.
    has_self: bool,
}

/// The texts of overrides and raw values of a resource.
#[derive(Default)]
struct Written<'n> {
    texts: Vec<WrittenText<'n>>,
    /// The names that blocks `dynamic` declare.
    iterators: Vec<&'n str>,
    /// Whether the resource has `count` or `for_each`.
    repeats: [bool; 2],
}

/// Returns the form of a text at a path of keys. None of names that are not references.
fn form_at(path: &[&str]) -> Option<Form> {
    match path {
        ["provider" | "providers", ..] | ["lifecycle", "ignore_changes", ..] => None,
        ["depends_on", ..] | ["lifecycle", "replace_triggered_by", ..] => Some(Form::Expression),
        _ => Some(Form::Template),
    }
}

/// Returns whether a text at a path of keys can refer to the resource itself as `self`.
fn has_self(path: &[&str]) -> bool {
    match path {
        ["provisioner" | "connection", ..] => true,
        ["lifecycle", rest @ ..] => rest.contains(&"postcondition"),
        _ => false,
    }
}

impl<'n> Written<'n> {
    fn of(node: &'n Node) -> Written<'n> {
        let mut out = Written::default();
        if let Some(raw) = RawResource::of(&node.resource) {
            for (key, value) in raw.values(Dialect::Tf).iter() {
                let line = raw.line_of(Dialect::Tf, key);
                out.value(value, &mut vec![key], line.as_ref());
                out.note(key);
            }
        }
        let own = |it: &&Override| it.dialect == Dialect::Tf && it.part == Part::Properties;
        for change in node.overrides.iter().filter(own) {
            let (Change::Set(json) | Change::Append(json) | Change::Block(json)) = &change.change
            else {
                continue;
            };
            let mut path: Vec<&str> = change.pointer.split('/').skip(1).collect();
            let blocks = path.windows(2).filter(|it| it[0] == "dynamic");
            out.iterators.extend(blocks.map(|it| it[1]));
            out.json(json, &mut path, (Some(change), None));
        }
        out
    }

    fn note(&mut self, key: &str) {
        for (known, it) in REPEATS.iter().zip(&mut self.repeats) {
            *it |= *known == key;
        }
    }

    /// Gathers the texts of a value of a raw resource.
    fn value(
        &mut self,
        value: &'n RawValue<'_>,
        path: &mut Vec<&'n str>,
        line: Option<&SourceLocation>,
    ) {
        let has_self = has_self(path);
        let text = |text, form| WrittenText {
            form,
            text,
            change: None,
            line: line.cloned(),
            has_self,
        };
        match value {
            RawValue::Raw(json) => self.json(json, path, (None, line)),
            RawValue::Str(own) => match form_at(path) {
                Some(Form::Template) => self.texts.push(text(own.as_ref(), Form::Literal)),
                Some(form) => self.texts.push(text(own.as_ref(), form)),
                None => {}
            },
            RawValue::Expr(expr) => {
                if let Expr::Opaque(code) = in_terraform(expr) {
                    self.texts.push(text(code.as_ref(), Form::Expression));
                }
            }
            RawValue::List(items) => items.iter().for_each(|it| self.value(it, path, line)),
            RawValue::Object(map) | RawValue::Block(map) => self.map(map, path, line),
            RawValue::Json(inner) | RawValue::Base64(inner) => self.value(inner, path, line),
            RawValue::Bool(_) | RawValue::Int(_) => {}
        }
    }

    fn map(&mut self, map: &'n Map<'_>, path: &mut Vec<&'n str>, line: Option<&SourceLocation>) {
        for (key, value) in map.iter() {
            if path.last() == Some(&"dynamic") {
                self.iterators.push(key);
            }
            path.push(key);
            self.value(value, path, line);
            path.pop();
        }
    }

    /// Gathers the texts of JSON of the user.
    fn json(
        &mut self,
        json: &'n Json,
        path: &mut Vec<&'n str>,
        at: (Option<&'n Override>, Option<&SourceLocation>),
    ) {
        match json {
            Json::String(text) => {
                if path.last() == Some(&"iterator") {
                    self.iterators.push(text);
                } else if let Some(form) = form_at(path) {
                    let (change, line) = (at.0, at.1.cloned());
                    self.texts.push(WrittenText {
                        form,
                        text,
                        change,
                        line,
                        has_self: has_self(path),
                    });
                }
            }
            Json::Array(items) => items.iter().for_each(|it| self.json(it, path, at)),
            Json::Object(entries) => {
                for (key, value) in entries {
                    if path.last() == Some(&"dynamic") {
                        self.iterators.push(key);
                    }
                    path.push(key);
                    self.json(value, path, at);
                    path.pop();
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

/// Returns the expression that Terraform has.
fn in_terraform(expr: &Expr) -> &Expr {
    match expr {
        Expr::PerLanguage { tf, .. } => in_terraform(tf),
        other => other,
    }
}

/// A resource, data source or module call of a module.
struct Declared {
    address: String,
    type_name: String,
    /// The argument that makes several resources of it.
    repeat: Option<&'static str>,
}

/// The names that the module of a stack declares.
struct Module<'g> {
    graph: &'g Graph,
    stack: StackId,
    declared: Vec<Declared>,
    variables: Vec<String>,
    locals: Vec<String>,
}

/// A wrong reference: how certain it is, what is wrong, and the hint.
type Wrong = (Certainty, String, String);

#[derive(Clone, Copy, PartialEq)]
enum Certainty {
    Yes,
    /// A later version of the provider can have the attribute.
    UnlessNew,
    /// The text can be meant as it is.
    Doubt,
}

impl<'g> Module<'g> {
    fn of(graph: &'g Graph, links: &Links, id: StackId, stack: &Stack) -> Module<'g> {
        let parameters = stack.parameters.iter();
        let parameters = parameters.filter_map(|it| graph.parameter(*it));
        let parameters = parameters.filter(|it| it.only != Some(Dialect::Cfn));
        let mut out = Module {
            graph,
            stack: id,
            declared: Vec::new(),
            variables: parameters.map(|it| terraform_name(&it.id)).collect(),
            locals: Vec::new(),
        };
        let imports = links.imports_of(id).map(|it| it.variable(graph));
        out.variables.extend(imports);
        for (id, node) in graph.nodes_of(stack) {
            out.add_node(id, node);
            node.walk_printed(id, graph, Dialect::Tf, &mut |it| out.add_used(it));
        }
        for output in &stack.outputs {
            let mut see = |it: &Expr| out.add_used(it);
            output.value.walk_in(Some(Dialect::Tf), &mut see);
        }
        for condition in stack
            .conditions
            .iter()
            .filter_map(|it| graph.condition(*it))
        {
            condition.predicate.walk(&mut |it| out.add_used(it));
        }
        out
    }

    fn add(&mut self, type_name: &str, name: &str, repeat: Option<&'static str>) {
        let address = format!("{type_name}.{name}");
        if !self.declared.iter().any(|it| it.address == address) {
            self.declared.push(Declared {
                address,
                type_name: type_name.to_owned(),
                repeat,
            });
        }
    }

    fn add_node(&mut self, id: NodeId, node: &Node) {
        let Some(of) = node.resource.type_name(Dialect::Tf) else {
            return;
        };
        let repeat = match node.condition {
            Some(_) => Some(REPEATS[0]),
            None => repeat_of(node),
        };
        self.add(of, &node.tf_name, repeat);
        for satellite in node.resource.satellites(id, self.graph) {
            let name = format!("{}_{}", node.tf_name, satellite.suffix);
            self.add(satellite.tf, &name, repeat);
        }
    }

    /// Adds what the backend declares for an expression.
    fn add_used(&mut self, expr: &Expr) {
        if let Some((data, _)) = expr.data_source() {
            self.add_data(data);
        }
        match expr {
            Expr::SsmParameter(name) => {
                self.add("data.aws_ssm_parameter", &stored_label(name), None);
            }
            Expr::Param(id) | Expr::Items(id) => {
                let stored = self.graph.parameter(*id);
                if let Some(stored) = stored.filter(|it| it.from_parameter_store) {
                    self.add("data.aws_ssm_parameter", &terraform_name(&stored.id), None);
                }
            }
            Expr::Call(_, arguments) => {
                if let Some(Expr::Text(map)) = arguments.first()
                    && self.graph.mappings.iter().any(|(name, _)| name == map)
                {
                    self.locals.push(terraform_name(map));
                }
            }
            _ => {}
        }
    }

    fn add_data(&mut self, data: DataSource) {
        let [of, name] = data.labels();
        self.add(&format!("data.{of}"), name, None);
    }

    /// Reports the wrong references of a text.
    fn check(&self, node: &Node, of: &Written<'_>, text: &WrittenText<'_>, out: &mut Diagnostics) {
        let found = match text.form {
            Form::Expression => traversals::of_expression(text.text),
            Form::Template | Form::Literal => traversals::of_template(text.text),
        };
        let report = |(certainty, message, help): Wrong| {
            let (code, message) = match text.change {
                Some(it) => ("override", format!("override `{}`: {message}", it.pointer)),
                None => ("reference", message),
            };
            let found = match certainty {
                Certainty::Yes => Diagnostic::error(code, message).help(help),
                Certainty::UnlessNew => Diagnostic::error(code, message).help(help).unless_new(),
                Certainty::Doubt => Diagnostic::warning(code, message).help(help),
            };
            let own = text.line.as_ref().unwrap_or(&node.location);
            let location = text.change.map_or(own, |it| it.location_or(&node.location));
            let found = found.path(node.path.clone()).at(location.clone());
            found.only(Dialect::Tf)
        };
        let is_template = text.form != Form::Expression;
        if text.form != Form::Literal && traversals::is_unbalanced(text.text, is_template) {
            let message = format!("`{}` has a bracket or a quote without its end", text.text);
            out.push(report((Certainty::Yes, message, "close it".to_owned())));
            return;
        }
        if text.form != Form::Literal {
            let called = traversals::functions(text.text, is_template);
            for wrong in called.iter().filter_map(|it| unknown_function(it)) {
                out.push(report(wrong));
            }
        }
        let mut reported = Vec::new();
        for traversal in found {
            let wrong = match text.form {
                Form::Literal => literal(&traversal),
                _ => self.wrong(&traversal, of, text.has_self),
            };
            if let Some(wrong) = wrong.filter(|it| !reported.contains(it)) {
                out.push(report(wrong.clone()));
                reported.push(wrong);
            }
        }
    }

    /// Returns what is wrong with a reference.
    fn wrong(&self, steps: &Traversal, of: &Written<'_>, has_self: bool) -> Option<Wrong> {
        let steps = match steps.split_first()? {
            (first, rest) if first == "resource" && !rest.is_empty() => rest,
            _ => steps,
        };
        let (root, rest) = steps.split_first()?;
        match root.as_str() {
            root if of.iterators.contains(&root) => None,
            "self" => (!has_self).then(no_self),
            "var" => self.named("variable", root, rest, &self.variables),
            "local" => self.named("local value", root, rest, &self.locals),
            "path" => one_of(root, rest, &["cwd", "module", "root"]),
            "terraform" => one_of(root, rest, &["applying", "workspace"]),
            "count" => required(root, rest, of.repeats[0], "count", &["index"]),
            "each" => required(root, rest, of.repeats[1], "for_each", &["key", "value"]),
            "module" => self.resource(root, rest, "module call"),
            "data" => match rest {
                [of, rest @ ..] => self.resource(&format!("data.{of}"), rest, "data source"),
                [] => Some(no_reference(root)),
            },
            of => self.resource(of, rest, "resource"),
        }
    }

    /// Returns what is wrong with a reference to a name below a root.
    fn named(&self, what: &str, root: &str, rest: &[String], known: &[String]) -> Option<Wrong> {
        let Some(name) = rest.first() else {
            return Some(no_reference(root));
        };
        if known.contains(name) {
            return None;
        }
        let help = match near(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{root}.{near}`?"),
            None if root == "var" => "declare it with `Scope::parameter`".to_owned(),
            None => "write the value in its place".to_owned(),
        };
        Some((
            Certainty::Yes,
            format!("unknown {what} `{root}.{name}`"),
            help,
        ))
    }

    /// Returns what is wrong with a reference to a resource of a type.
    fn resource(&self, type_name: &str, rest: &[String], what: &str) -> Option<Wrong> {
        let Some((name, rest)) = rest.split_first() else {
            return Some(no_reference(type_name));
        };
        let address = format!("{type_name}.{name}");
        let found = self.declared.iter().find(|it| it.address == address);
        let Some(found) = found else {
            let help = self.suggested(type_name, &address);
            return Some((Certainty::Yes, format!("unknown {what} `{address}`"), help));
        };
        let index = rest.first().filter(|it| is_index(it));
        match (found.repeat, index) {
            (Some(repeat), None) if !rest.is_empty() => {
                let message =
                    format!("`{address}` has `{repeat}`, so its attributes require an index");
                let key = if repeat == REPEATS[0] { "0" } else { "\"KEY\"" };
                let help = format!("use `{address}[{key}].{}`", rest.join("."));
                return Some((Certainty::Yes, message, help));
            }
            (None, Some(_)) if type_name != "module" => {
                let message = format!("`{address}` is one resource and has no index");
                return Some((Certainty::Yes, message, "remove the index".to_owned()));
            }
            _ => {}
        }
        let attribute = rest.iter().find(|it| !is_index(it))?;
        let schema = Schema::of(&found.type_name, Dialect::Tf)?;
        let error = schema.check_attribute(attribute)?;
        let message = format!("`{address}` has no attribute `{attribute}`");
        Some(match error.is_certain {
            true => (Certainty::Yes, message, error.help),
            false => {
                let message = format!("{message}: {}", schema.doubt());
                (Certainty::UnlessNew, message, error.help)
            }
        })
    }

    /// Returns the hint for an address that the module does not have.
    fn suggested(&self, type_name: &str, address: &str) -> String {
        let is_elsewhere = |node: &&Node| {
            let of = node.resource.type_name(Dialect::Tf);
            node.stack != self.stack
                && of.is_some_and(|of| format!("{of}.{}", node.tf_name) == address)
        };
        let mut nodes = self.graph.nodes().map(|(_, node)| node);
        let other = nodes.find(is_elsewhere);
        if let Some(stack) = other.and_then(|it| self.graph.stacks().nth(it.stack.index())) {
            return format!(
                "stack `{}` has it: use a handle, or declare a parameter",
                stack.name
            );
        }
        let all = || self.declared.iter().map(|it| it.address.as_str());
        let own = self.declared.iter().filter(|it| it.type_name == type_name);
        let own: Vec<&str> = own.map(|it| it.address.as_str()).collect();
        match own.is_empty() {
            false => nearest(address, own.into_iter()),
            true => nearest(address, all()),
        }
    }
}

/// Returns what is wrong with a call of a function. Terraform gains functions, but a typo is none.
fn unknown_function(name: &str) -> Option<Wrong> {
    if functions::ALL.contains(&name) {
        return None;
    }
    let message = format!("unknown function `{name}`");
    Some(match typo(name, functions::ALL.into_iter()) {
        Some(meant) => (Certainty::Yes, message, format!("did you mean `{meant}`?")),
        None => (
            Certainty::UnlessNew,
            format!("{message}: {} does not have it", functions::VERSION),
            nearest(name, functions::ALL.into_iter()),
        ),
    })
}

fn no_reference(text: &str) -> Wrong {
    let message = format!("`{text}` is not a reference");
    let help = format!(
        "use a reference such as `var.team` or `aws_subnet.main.id`, or `$${{{text}}}` for literal text"
    );
    (Certainty::Yes, message, help)
}

fn no_self() -> Wrong {
    let message = "`self` exists only in `provisioner`, `connection` and `postcondition`";
    let help = "set the value in its place, or refer to another resource";
    (Certainty::Yes, message.to_owned(), help.to_owned())
}

fn one_of(root: &str, rest: &[String], known: &[&str]) -> Option<Wrong> {
    let name = rest.first().map_or("", String::as_str);
    let message = format!("`{root}` has no value `{name}`");
    (!known.contains(&name)).then(|| {
        (
            Certainty::Yes,
            message,
            nearest(name, known.iter().copied()),
        )
    })
}

/// Returns what is wrong with a reference that an argument of the resource makes possible.
fn required(
    root: &str,
    rest: &[String],
    is_set: bool,
    argument: &str,
    known: &[&str],
) -> Option<Wrong> {
    if is_set {
        return one_of(root, rest, known);
    }
    let message = format!("`{root}` requires the argument `{argument}`");
    let help = format!("set `{argument}` as an argument of a `RawResource`, or remove `{root}`");
    Some((Certainty::Yes, message, help))
}

/// Returns the warning for text that looks like a reference, but is literal.
fn literal(steps: &Traversal) -> Option<Wrong> {
    let root = steps.first()?;
    let is_reference = matches!(root.as_str(), "data" | "local" | "module" | "var")
        || root.starts_with("aws_") && steps.len() > 2;
    if !is_reference || steps.len() < 2 {
        return None;
    }
    let text = steps.join(".").replace(".[]", "[…]");
    let message = format!("text is literal: Terraform does not evaluate `${{{text}}}`");
    let help = "use a handle or a parameter, or set the value with `.overrides(…).tf(…)`";
    Some((Certainty::Doubt, message, help.to_owned()))
}

/// Returns the argument that makes several resources of one.
fn repeat_of(node: &Node) -> Option<&'static str> {
    let raw = RawResource::of(&node.resource)?;
    let mut repeats = REPEATS.into_iter();
    repeats.find(|it| raw.argument_value(it).is_some())
}

/// Reports a resource that is several, and to which a generated reference has no index.
fn check_repeated(graph: &Graph, (id, node): (NodeId, &Node), out: &mut Diagnostics) {
    let (Some(repeat), Some(raw)) = (repeat_of(node), RawResource::of(&node.resource)) else {
        return;
    };
    let mut found: Option<(String, String)> = None;
    let mut see = |path: &str, expr: &Expr| {
        let attribute = match expr {
            Expr::Attr(to, attr) if *to == id => attr.tf.to_owned(),
            Expr::Other(to, name) if *to == id => name.clone().into_owned(),
            _ => return,
        };
        found.get_or_insert_with(|| (path.to_owned(), attribute));
    };
    for (other, it) in graph.nodes() {
        it.walk_printed(other, graph, Dialect::Tf, &mut |expr| see(&it.path, expr));
    }
    for output in graph.stacks().flat_map(|it| &it.outputs) {
        let see = &mut |expr: &Expr| see(&output.path, expr);
        output.value.walk_in(Some(Dialect::Tf), see);
    }
    let Some((path, attribute)) = found else {
        return;
    };
    let of = raw.type_name(Dialect::Tf).unwrap_or_default();
    let key = if repeat == REPEATS[0] { "0" } else { "\"KEY\"" };
    let message = format!(
        "`{}` has `{repeat}`, and `{path}` refers to its attribute `{attribute}` without an index",
        node.path
    );
    let help = format!(
        "remove `{repeat}` and add each resource, or use `${{{of}.{}[{key}].{attribute}}}` in an override",
        node.tf_name
    );
    let line = raw.line_of(Dialect::Tf, repeat);
    out.push(
        node.error_at("reference", message, line)
            .only(Dialect::Tf)
            .help(help),
    );
}
