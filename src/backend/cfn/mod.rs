//! CloudFormation output.

mod assembly;
mod parameter;
mod serialize;
mod yaml;

pub use assembly::{AssemblyFile, assembly};

use std::borrow::Cow;

use crate::backend::error::{OutputError, stack_of};
use crate::backend::json;
use crate::ir::{
    Attr, CfnAttr, Diagnostics, Dialect, Expr, NodeId, Predicate, Pseudo, Stack, StackId, Text,
};
use crate::resource::{Graph, Map, Node, RawValue};
use crate::validate::{Export, Links, Validated, check_cfn_limits};

/// A value in a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree<'a> {
    Bool(bool),
    Int(i64),
    Str(Cow<'a, str>),
    List(Vec<Tree<'a>>),
    Map(Vec<(Cow<'a, str>, Tree<'a>)>),
    /// An intrinsic function, with its full name and its argument.
    Call(&'static str, Box<Tree<'a>>),
    /// JSON of the user, printed without changes.
    Raw(Cow<'a, serde_json::Value>),
}

impl<'a> Tree<'a> {
    fn str(text: impl Into<Cow<'a, str>>) -> Tree<'a> {
        Tree::Str(text.into())
    }

    fn call(name: &'static str, argument: Tree<'a>) -> Tree<'a> {
        Tree::Call(name, Box::new(argument))
    }
}

/// A CloudFormation template.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Template<'a> {
    root: Tree<'a>,
}

impl Template<'_> {
    /// Returns the template as JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        json::print(&self.root)
    }

    /// Returns the template as YAML, with short forms of functions.
    pub fn to_yaml(&self) -> String {
        yaml::print(&self.root)
    }
}

/// Generates the template of a stack.
///
/// # Errors
///
/// If the stack does not exist or exceeds a limit of CloudFormation, or the app is only for Terraform.
pub fn template<'g>(validated: &Validated<'g>, stack: &str) -> Result<Template<'g>, OutputError> {
    let graph = validated.graph();
    let here = stack_of(validated, stack, Dialect::Cfn)?;
    let stack = &graph.stacks[here.index()];
    let mut exceeded = Diagnostics::default();
    check_cfn_limits(graph, stack, &mut exceeded);
    if exceeded.has_errors() {
        return Err(OutputError::Limits(exceeded));
    }
    let lower = Lower {
        graph,
        stack,
        links: Some((here, validated.links())),
    };
    Ok(Template {
        root: lower.template(),
    })
}

/// Combines conditions by `Fn::And` or `Fn::Or`, which accept 2 to 10 of them.
fn grouped<'a>(function: &'static str, mut tests: Vec<Tree<'a>>) -> Tree<'a> {
    while tests.len() > 1 {
        let mut rest = tests.into_iter().peekable();
        let mut next = Vec::new();
        while rest.peek().is_some() {
            let mut some: Vec<_> = rest.by_ref().take(10).collect();
            next.push(match some.len() {
                1 => some.swap_remove(0),
                _ => Tree::call(function, Tree::List(some)),
            });
        }
        tests = next;
    }
    // All of no conditions are true, and none of them is.
    let other = match function {
        "Fn::And" => "a",
        _ => "b",
    };
    let constant = || Tree::List(vec![Tree::str("a"), Tree::str(other)]);
    tests
        .pop()
        .unwrap_or_else(|| Tree::call("Fn::Equals", constant()))
}

struct Lower<'g, 'l> {
    graph: &'g Graph,
    stack: &'g Stack,
    /// The stack, and the references between stacks.
    links: Option<(StackId, &'l Links)>,
}

impl<'g> Lower<'g, '_> {
    fn template(&self) -> Tree<'g> {
        let mut root = vec![("AWSTemplateFormatVersion".into(), Tree::str("2010-09-09"))];
        if let Some(description) = &self.stack.description {
            root.push(("Description".into(), Tree::str(description.as_ref())));
        }
        let parameters: Vec<_> = self
            .stack
            .parameters
            .iter()
            .filter_map(|id| self.graph.parameter(*id))
            .filter(|parameter| parameter.only != Some(Dialect::Tf))
            .map(|parameter| {
                (
                    Cow::Borrowed(parameter.id.as_str()),
                    parameter::parameter(parameter),
                )
            })
            .collect();
        if !parameters.is_empty() {
            root.push(("Parameters".into(), Tree::Map(parameters)));
        }
        let conditions: Vec<_> = self
            .stack
            .conditions
            .iter()
            .filter_map(|id| self.graph.condition(*id))
            .map(|it| (Cow::Borrowed(it.id.as_str()), self.test(&it.predicate)))
            .collect();
        if !conditions.is_empty() {
            root.push(("Conditions".into(), Tree::Map(conditions)));
        }
        let resources = self
            .graph
            .nodes_of(self.stack)
            .filter_map(|(id, node)| self.resource(id, node))
            .collect();
        root.push(("Resources".into(), Tree::Map(resources)));
        let mut outputs: Vec<_> = self
            .stack
            .outputs
            .iter()
            .map(|output| {
                let mut body = vec![("Description".into(), Tree::str(output.description.as_ref()))];
                let condition = self.graph.cfn_condition_of(output);
                if let Some(condition) = condition.and_then(|it| self.graph.condition(it)) {
                    body.push(("Condition".into(), Tree::str(condition.id.as_str())));
                }
                body.push(("Value".into(), self.expr(&output.value)));
                let export = self
                    .exports()
                    .find(|it| it.has_output && it.cfn_id == output.cfn_id);
                body.extend(export.map(|it| self.exported(it)));
                (Cow::Borrowed(output.cfn_id.as_str()), Tree::Map(body))
            })
            .collect();
        outputs.extend(self.exports().filter(|it| !it.has_output).map(|it| {
            let mut body = Vec::new();
            let node = self.graph.node(it.node);
            let condition = node.and_then(|node| self.graph.cfn_condition(node));
            if let Some(condition) = condition.and_then(|it| self.graph.condition(it)) {
                body.push(("Condition".into(), Tree::str(condition.id.as_str())));
            }
            body.push(("Value".into(), self.attr(it.node, it.attr)));
            body.push(self.exported(it));
            (Cow::Owned(it.cfn_id.clone()), Tree::Map(body))
        }));
        if !outputs.is_empty() {
            root.push(("Outputs".into(), Tree::Map(outputs)));
        }
        Tree::Map(root)
    }

    /// Returns the values that other stacks import.
    fn exports(&self) -> impl Iterator<Item = &Export> {
        let links = self.links.into_iter();
        links.flat_map(|(here, links)| links.exports_of(here, Dialect::Cfn))
    }

    fn exported(&self, export: &Export) -> (Cow<'g, str>, Tree<'g>) {
        let name = vec![("Name".into(), Tree::str(export.name(self.graph)))];
        ("Export".into(), Tree::Map(name))
    }

    fn tests(&self, tests: &'g [Predicate]) -> Vec<Tree<'g>> {
        tests.iter().map(|it| self.test(it)).collect()
    }

    fn test(&self, test: &'g Predicate) -> Tree<'g> {
        match test {
            Predicate::Not(inner) => Tree::call("Fn::Not", Tree::List(vec![self.test(inner)])),
            Predicate::Equal(one, other) => {
                let pair = vec![self.expr(one), self.expr(other)];
                Tree::call("Fn::Equals", Tree::List(pair))
            }
            Predicate::All(tests) => grouped("Fn::And", self.tests(tests)),
            Predicate::Any(tests) => grouped("Fn::Or", self.tests(tests)),
            Predicate::OneOf(expr, values) => {
                let equals = |value: &'g Text| {
                    let pair = vec![self.expr(expr), Tree::str(value.as_ref())];
                    Tree::call("Fn::Equals", Tree::List(pair))
                };
                grouped("Fn::Or", values.iter().map(equals).collect())
            }
        }
    }

    fn resource(&self, id: NodeId, node: &'g Node) -> Option<(Cow<'g, str>, Tree<'g>)> {
        let type_name = node.resource.type_name(Dialect::Cfn)?;
        if node.resource.cfn_inside(id, self.graph).is_some() {
            return None;
        }
        // Validation applied the same overrides without an error.
        let (properties, errors) = node.printed(id, self.graph, Dialect::Cfn);
        let mut attributes = node.cfn_attributes(self.graph);
        let failed = node.override_attributes(&mut attributes);
        debug_assert!(errors.is_empty() && failed.is_empty());
        let mut body = vec![("Type".into(), Tree::str(type_name))];
        body.extend(attributes.into_iter().map(|(key, it)| (key, self.term(it))));
        let depends_on = self.depends_on(id, node, &properties);
        if !depends_on.is_empty() {
            body.push(("DependsOn".into(), Tree::List(depends_on)));
        }
        if !properties.is_empty() {
            body.push(("Properties".into(), self.map(properties)));
        }
        Some((Cow::Borrowed(node.cfn_id.as_str()), Tree::Map(body)))
    }

    /// Returns explicit dependencies that no reference implies.
    fn depends_on(&self, id: NodeId, node: &Node, properties: &Map<'_>) -> Vec<Tree<'g>> {
        let mut suppressions = properties.references();
        suppressions.push(id);
        let mut names = Vec::new();
        for after in &node.depends_on {
            let Some(other) = self.graph.node(*after) else {
                continue;
            };
            let after = other
                .resource
                .cfn_inside(*after, self.graph)
                .unwrap_or(*after);
            // A dependency on another stack orders entire stacks.
            let Some(other) = self.graph.node(after).filter(|it| it.stack == node.stack) else {
                continue;
            };
            // A dependency on a conditional resource is invalid (cfn-lint E3005).
            let condition = self.graph.cfn_condition(other);
            let maybe = condition.is_some() && condition != self.graph.cfn_condition(node);
            if maybe
                || suppressions.contains(&after)
                || other.resource.type_name(Dialect::Cfn).is_none()
            {
                continue;
            }
            suppressions.push(after);
            names.push(Tree::str(other.cfn_id.as_str()));
        }
        names
    }

    fn map(&self, map: Map<'g>) -> Tree<'g> {
        Tree::Map(
            map.into_iter()
                .map(|(key, term)| (key, self.term(term)))
                .collect(),
        )
    }

    fn term(&self, term: RawValue<'g>) -> Tree<'g> {
        match term {
            RawValue::Bool(value) => Tree::Bool(value),
            RawValue::Int(value) => Tree::Int(value),
            RawValue::Str(text) => text_as_written(text),
            RawValue::Expr(Cow::Borrowed(expr)) => self.expr(expr),
            RawValue::Expr(Cow::Owned(expr)) => owned(self.expr_of(&expr)),
            RawValue::List(items) if items.iter().any(RawValue::is_items) => self.spliced(items),
            RawValue::List(items) => {
                Tree::List(items.into_iter().map(|it| self.term(it)).collect())
            }
            RawValue::Object(map) | RawValue::Block(map) => self.map(map),
            RawValue::Json(inner) => self.term(*inner),
            RawValue::Base64(inner) => Tree::call("Fn::Base64", self.term(*inner)),
            RawValue::Raw(value) => Tree::Raw(value),
        }
    }

    /// Joins a list parameter with other items. CloudFormation can only concatenate lists as text.
    fn spliced(&self, items: Vec<RawValue<'g>>) -> Tree<'g> {
        let comma = |name, of| Tree::call(name, Tree::List(vec![Tree::str(","), of]));
        let parts = items.into_iter().map(|item| {
            let list = item.is_items();
            let item = self.term(item);
            if list { comma("Fn::Join", item) } else { item }
        });
        let joined = comma("Fn::Join", Tree::List(parts.collect()));
        comma("Fn::Split", joined)
    }

    fn expr(&self, expr: &'g Expr) -> Tree<'g> {
        self.expr_of(expr)
    }

    fn expr_of<'e>(&self, expr: &'e Expr) -> Tree<'e>
    where
        'g: 'e,
    {
        match expr {
            Expr::Attr(node, attr) => match self.import(*node, *attr) {
                Some(export) => Tree::call("Fn::ImportValue", Tree::str(export.name(self.graph))),
                None => self.attr(*node, *attr),
            },
            Expr::Param(id) | Expr::Items(id) => {
                let id = self.graph.parameter(*id).map_or("", |it| it.id.as_str());
                Tree::call("Ref", Tree::str(id))
            }
            Expr::Pseudo(pseudo) => Tree::call("Ref", Tree::str(pseudo_name(*pseudo))),
            Expr::Text(text) => text_as_written(Cow::Borrowed(text.as_ref())),
            Expr::Concat(parts) => self.sub(parts),
            Expr::Zone(n) => {
                let zones = Tree::call("Fn::GetAZs", Tree::str(""));
                Tree::call(
                    "Fn::Select",
                    Tree::List(vec![Tree::Int((*n).into()), zones]),
                )
            }
            Expr::Select(list, n) => Tree::call(
                "Fn::Select",
                Tree::List(vec![Tree::Int((*n).into()), self.expr_of(list)]),
            ),
            Expr::If(condition, then, other) => {
                let id = self.graph.condition(*condition);
                Tree::call(
                    "Fn::If",
                    Tree::List(vec![
                        Tree::str(id.map_or("", |it| it.id.as_str())),
                        self.expr_of(then),
                        self.expr_of(other),
                    ]),
                )
            }
            Expr::PerLanguage { cfn, .. } => self.expr_of(cfn),
            Expr::Other(node, name) => {
                let id = self
                    .graph
                    .node(*node)
                    .map_or("", |node| node.cfn_id.as_str());
                let pair = vec![Tree::str(id), Tree::str(name.as_ref())];
                Tree::call("Fn::GetAtt", Tree::List(pair))
            }
            Expr::SsmParameter(name) => Tree::str(format!("{{{{resolve:ssm:{name}}}}}")),
            // Read graphs are not printed in full; the first alternative is a placeholder.
            Expr::OneOf(of) => of
                .first()
                .map_or(Tree::str(""), |first| self.expr_of(first)),
            Expr::SourceParam { name, .. } => Tree::call("Ref", Tree::str(name.as_ref())),
            Expr::Opaque(text) | Expr::Unknown(text) | Expr::Call(text, _) => {
                Tree::str(text.as_ref())
            }
            Expr::Absent => Tree::call("Ref", Tree::str("AWS::NoValue")),
        }
    }

    fn attr(&self, node: NodeId, attr: Attr) -> Tree<'g> {
        let id = self
            .graph
            .node(node)
            .map_or("", |node| node.cfn_id.as_str());
        match attr.cfn {
            CfnAttr::Ref => Tree::call("Ref", Tree::str(id)),
            CfnAttr::GetAtt(name) => Tree::call(
                "Fn::GetAtt",
                Tree::List(vec![Tree::str(id), Tree::str(name)]),
            ),
        }
    }

    /// Returns the import if the value belongs to another stack.
    fn import(&self, node: NodeId, attr: Attr) -> Option<&Export> {
        let (here, links) = self.links?;
        let other = self.graph.node(node)?.stack != here;
        links.find(node, attr).filter(|_| other)
    }

    fn sub<'e>(&self, parts: &'e [Expr]) -> Tree<'e>
    where
        'g: 'e,
    {
        let mut format = String::new();
        let mut variables: Vec<(Cow<'e, str>, Tree<'e>)> = Vec::new();
        let variable = |of: &Self, format: &mut String, variables: &mut Vec<_>, part: &'e Expr| {
            let name = format!("Part{}", variables.len() + 1);
            format.push_str(&format!("${{{name}}}"));
            variables.push((name.into(), of.expr_of(part)));
        };
        for part in parts {
            match part {
                Expr::Text(text) => escape_sub(&mut format, &mut variables, text),
                Expr::Pseudo(pseudo) => {
                    format.push_str("${");
                    format.push_str(pseudo_name(*pseudo));
                    format.push('}');
                }
                Expr::Attr(node, attr) if self.import(*node, *attr).is_some() => {
                    variable(self, &mut format, &mut variables, part);
                }
                Expr::Attr(..) | Expr::Param(_) => {
                    let name = match self.expr_of(part) {
                        Tree::Call(_, argument) => match *argument {
                            Tree::Str(id) => id.into_owned(),
                            Tree::List(pair) => match pair.as_slice() {
                                [Tree::Str(id), Tree::Str(name)] => format!("{id}.{name}"),
                                _ => String::new(),
                            },
                            _ => String::new(),
                        },
                        _ => String::new(),
                    };
                    format.push_str("${");
                    format.push_str(&name);
                    format.push('}');
                }
                other => variable(self, &mut format, &mut variables, other),
            }
        }
        call_sub(format, variables)
    }
}

fn call_sub<'a>(format: String, variables: Vec<(Cow<'a, str>, Tree<'a>)>) -> Tree<'a> {
    let format = Tree::str(format);
    if variables.is_empty() {
        return Tree::call("Fn::Sub", format);
    }
    Tree::call("Fn::Sub", Tree::List(vec![format, Tree::Map(variables)]))
}

/// The prefix of a dynamic reference.
const RESOLVE: &str = "{{resolve:";

/// Writes literal text in the format of `Fn::Sub`.
fn escape_sub<'a>(format: &mut String, variables: &mut Vec<(Cow<'a, str>, Tree<'a>)>, text: &str) {
    for (n, piece) in text.split(RESOLVE).enumerate() {
        if n > 0 {
            if !variables.iter().any(|(name, _)| name == "Brace") {
                variables.push(("Brace".into(), Tree::str("{")));
            }
            format.push_str("${Brace}{resolve:");
        }
        format.push_str(&piece.replace("${", "${!"));
    }
}

/// Returns literal text, split where CloudFormation would resolve a dynamic reference.
fn text_as_written<'a>(text: Cow<'a, str>) -> Tree<'a> {
    if !text.contains(RESOLVE) {
        return Tree::Str(text);
    }
    let (mut format, mut variables) = (String::new(), Vec::new());
    escape_sub(&mut format, &mut variables, &text);
    call_sub(format, variables)
}

const fn pseudo_name(pseudo: Pseudo) -> &'static str {
    match pseudo {
        Pseudo::Region => "AWS::Region",
        Pseudo::AccountId => "AWS::AccountId",
        Pseudo::Partition => "AWS::Partition",
        Pseudo::UrlSuffix => "AWS::URLSuffix",
    }
}

fn owned(tree: Tree<'_>) -> Tree<'static> {
    match tree {
        Tree::Bool(value) => Tree::Bool(value),
        Tree::Int(value) => Tree::Int(value),
        Tree::Str(text) => Tree::Str(Cow::Owned(text.into_owned())),
        Tree::List(items) => Tree::List(items.into_iter().map(owned).collect()),
        Tree::Map(entries) => Tree::Map(
            entries
                .into_iter()
                .map(|(key, value)| (Cow::Owned(key.into_owned()), owned(value)))
                .collect(),
        ),
        Tree::Call(name, argument) => Tree::Call(name, Box::new(owned(*argument))),
        Tree::Raw(value) => Tree::Raw(Cow::Owned(value.into_owned())),
    }
}

/// A piece of a template that refers to resources of a graph, as a value.
#[cfg(feature = "diff")]
pub(crate) fn value_of<'g>(graph: &'g Graph, piece: RawValue<'g>) -> serde_json::Value {
    let Some(stack) = graph.stacks.first() else {
        return serde_json::Value::Null;
    };
    let lower = Lower {
        graph,
        stack,
        links: None,
    };
    // Printing fails only for keys that are not text, which the tree does not have.
    serde_json::to_value(lower.term(piece)).unwrap_or_default()
}

/// Returns a value as the template of a stack has it.
#[cfg(feature = "testing")]
pub(crate) fn value_in(
    validated: &Validated<'_>,
    here: StackId,
    of: RawValue<'_>,
) -> serde_json::Value {
    json_in(validated, here, |lower| Some(lower.term(of)))
}

/// Returns a resource as the template of a stack has it, with its type and attributes. A rule in the
/// properties of its security group is not a resource there.
#[cfg(feature = "testing")]
pub(crate) fn resource_in(
    validated: &Validated<'_>,
    here: StackId,
    id: NodeId,
) -> serde_json::Value {
    json_in(validated, here, |lower| {
        let node = lower.graph.node(id)?;
        lower.resource(id, node).map(|(_, body)| body)
    })
}

#[cfg(feature = "testing")]
fn json_in<'g>(
    validated: &Validated<'g>,
    here: StackId,
    print: impl FnOnce(&Lower<'g, '_>) -> Option<Tree<'g>>,
) -> serde_json::Value {
    let graph = validated.graph();
    let tree = graph.stacks.get(here.index()).and_then(|stack| {
        let links = Some((here, validated.links()));
        print(&Lower {
            graph,
            stack,
            links,
        })
    });
    // Printing fails only for keys that are not text, which the tree does not have.
    serde_json::to_value(tree).unwrap_or_default()
}

/// Prints a part of a template with references to resources of a graph, as YAML or JSON.
pub(crate) fn snippet(graph: &Graph, piece: &RawValue<'static>, yaml: bool) -> String {
    let Some(stack) = graph.stacks.first() else {
        return String::new();
    };
    let lower = Lower {
        graph,
        stack,
        links: None,
    };
    let tree = lower.term(piece.clone());
    if yaml {
        yaml::print(&tree)
    } else {
        json::print(&tree)
    }
}
