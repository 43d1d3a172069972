//! Functions of the author, such as those of custom resources: what a call of one can change.
//!
//! A function changes what it gets by its environment or code, and what its role allows. Of the role,
//! only the allowed actions count: a condition or denial that the check cannot evaluate limits nothing.

use std::collections::HashSet;

use super::action_name::names_action;
use super::agent_effects::{Kind, names};
use super::visible_text::visible_text;
use crate::ir::{Dialect, Expr, NodeId, Value};
use crate::resource::codec::Prop as _;
use crate::resource::{
    Effect, Graph, InlinePolicy, ManagedPolicy, Map, Node, PolicyDocument, RawValue, Resource,
    RolePolicy, RolePolicyAttachment, Statement, Typed,
};

const TYPES: &[&str] = &[
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
    "AWS::Lambda::Version",
    "AWS::Serverless::Function",
    "AWS::Serverless::StateMachine",
    "AWS::StepFunctions::StateMachine",
    "aws_lambda_alias",
    "aws_lambda_function",
    "aws_sfn_alias",
    "aws_sfn_state_machine",
];

/// Properties that show a function which resources to change. Others, such as its subnets, do not.
const INPUTS: &[&str] = &[
    "Code",
    "Definition",
    "DefinitionString",
    "DefinitionSubstitutions",
    "Environment",
    "FunctionName",
    "FunctionVersion",
    "InlineCode",
    "definition",
    "environment",
    "function_name",
    "function_version",
];

/// Properties that contain the text of a function.
const CODE: &[&str] = &["Code", "InlineCode"];

/// What a call can change.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Resources that a function gets, or which its role names.
    pub(super) nodes: Vec<NodeId>,
    /// A function whose role allows an action on every resource, and the action or policy.
    pub(super) everything: Option<(NodeId, String)>,
    /// Whether the file shows the code of all functions, which calls none of the actions.
    pub(super) is_harmless: bool,
}

pub(super) fn is_function(node: &Node) -> bool {
    let type_name = node.resource.type_name(node.dialect());
    type_name.is_some_and(|it| TYPES.contains(&it))
}

/// Returns the functions that a resource calls, and those that these call.
pub(super) fn called(graph: &Graph, first: &[NodeId]) -> Vec<NodeId> {
    let is_function = |id: &NodeId| graph.node(*id).is_some_and(is_function);
    let mut left: Vec<NodeId> = first.iter().copied().filter(is_function).collect();
    let mut found: Vec<NodeId> = Vec::new();
    while let Some(id) = left.pop() {
        if !found.contains(&id) {
            found.push(id);
            let inputs = graph.node(id).map(inputs).unwrap_or_default();
            left.extend(inputs.into_iter().filter(is_function));
        }
    }
    found
}

/// Returns what a resource with these references can change by the functions that it calls.
pub(super) fn reach(graph: &Graph, references: &[NodeId]) -> Reach {
    let mut reach = Reach {
        is_harmless: true,
        ..Reach::default()
    };
    for id in called(graph, references) {
        let Some(node) = graph.node(id) else {
            continue;
        };
        reach.nodes.extend(inputs(node));
        if is_harmless(node) {
            continue;
        }
        reach.is_harmless = false;
        for rights in rights(graph, node) {
            match rights {
                Rights::Everything(what) => {
                    reach.everything.get_or_insert((id, what));
                }
                Rights::Nodes(nodes) => reach.nodes.extend(nodes),
            }
        }
    }
    let mut seen = HashSet::new();
    reach.nodes.retain(|id| seen.insert(*id));
    reach
}

fn properties<'n>(node: &'n Node, names: &[&str]) -> Map<'n> {
    let properties = node.resource.put(node.dialect()).into_iter();
    properties
        .filter(|(key, _)| names.contains(&key.as_ref()))
        .collect()
}

fn inputs(node: &Node) -> Vec<NodeId> {
    properties(node, INPUTS).references()
}

/// Appends the text that a value shows, and returns whether it shows all.
pub(super) fn show(value: &RawValue<'_>, out: &mut String) -> bool {
    match value {
        RawValue::Str(text) => {
            out.push_str(text);
            out.push('\n');
            true
        }
        RawValue::Expr(expr) => {
            out.push_str(&visible_text(expr));
            out.push('\n');
            matches!(expr.as_ref(), Expr::Text(_))
        }
        RawValue::List(items) => show_all(items.iter(), out),
        RawValue::Object(map) | RawValue::Block(map) => show_all(map.iter().map(|(_, it)| it), out),
        RawValue::Json(inner) | RawValue::Base64(inner) => show(inner, out),
        RawValue::Bool(_) | RawValue::Int(_) => true,
        RawValue::Raw(json) => {
            out.push_str(&json.to_string());
            true
        }
    }
}

fn show_all<'v, 'r: 'v>(values: impl Iterator<Item = &'v RawValue<'r>>, out: &mut String) -> bool {
    let hidden = values.filter(|it| !show(it, out));
    hidden.count() == 0
}

/// Returns whether the file shows the whole code of a function, which calls none of the actions.
fn is_harmless(node: &Node) -> bool {
    let mut text = String::new();
    let code = properties(node, CODE);
    let part = code.iter().next().and_then(|(_, value)| match value {
        RawValue::Object(map) | RawValue::Block(map) => map.get("ZipFile"),
        other => Some(other),
    });
    if !part.is_some_and(|part| show(part, &mut text)) {
        return false;
    }
    // The interface of resources has other names, and some languages build names of calls.
    let hides = [
        "boto3.resource",
        "getattr",
        "eval(",
        "exec(",
        "subprocess",
        "importlib",
        "childprocess",
        "spawn",
        "client.lambda",
        "client('lambda",
        "client(\"lambda",
        "client('cloudformation",
    ];
    let letters = letters(&text);
    !hides.iter().any(|it| letters.contains(it)) && harmful_call(&text).is_none()
}

/// Returns the text without the separators that the languages put into the names of calls.
fn letters(text: &str) -> String {
    text.replace(['_', '-'], "").to_ascii_lowercase()
}

/// Returns whether an action, in any spelling of its case, can end a connection of the agent.
pub(super) fn is_harmful(action: &str) -> bool {
    names(Kind::Action).any(|it| it.eq_ignore_ascii_case(action))
}

/// Returns the action that a program calls, in any spelling of an SDK or the AWS CLI.
pub(super) fn harmful_call(text: &str) -> Option<&'static str> {
    let letters = letters(text);
    let calls = |action: &&str| {
        let name = action.split(':').next_back().unwrap_or_default();
        letters.contains(&name.to_ascii_lowercase())
    };
    names(Kind::Action).find(calls)
}

enum Rights {
    /// This action or policy.
    Everything(String),
    Nodes(Vec<NodeId>),
}

/// Returns what the role of a function can change.
fn rights(graph: &Graph, function: &Node) -> Vec<Rights> {
    let mut found = Vec::new();
    let properties = function.resource.put(function.dialect());
    for (key, value) in properties.iter() {
        match key {
            "Role" | "role" | "role_arn" | "RoleArn" => {
                let mut nodes = Vec::new();
                value.walk(&mut |expr| nodes.extend(target(expr)));
                for role in nodes {
                    found.extend(of_role(graph, role));
                }
            }
            // The inline policies of SAM.
            "Policies" => {
                let mut text = String::new();
                show(value, &mut text);
                found.extend(text.lines().filter_map(powerful));
                let items = match value {
                    RawValue::List(items) => items.as_slice(),
                    one => std::slice::from_ref(one),
                };
                for item in items {
                    let document = PolicyDocument::take(item.clone(), Dialect::Cfn);
                    found.extend(document.iter().filter_map(of_document));
                }
            }
            _ => {}
        }
    }
    found
}

fn target(expr: &Expr) -> Option<NodeId> {
    match expr {
        Expr::Attr(id, _) | Expr::Other(id, _) => Some(*id),
        _ => None,
    }
}

/// Returns whether a link refers to a node.
fn is_to<R>(link: &crate::ir::Link<R>, node: NodeId) -> bool {
    let mut found = false;
    if let Value::Expr(expr) = link {
        expr.walk(&mut |part| found |= target(part) == Some(node));
    }
    found
}

/// Returns an AWS managed policy that allows one of the actions on every resource.
fn powerful(arn: &str) -> Option<Rights> {
    let name = arn.trim().rsplit('/').next()?;
    let known = names(Kind::Policy).find(|it| *it == name)?;
    Some(Rights::Everything(known.to_owned()))
}

fn of_role(graph: &Graph, id: NodeId) -> Vec<Rights> {
    let mut found = Vec::new();
    let mut policies: Vec<&crate::ir::Link<ManagedPolicy>> = Vec::new();
    if let Some(Resource::Role(role)) = graph.node(id).map(|node| &node.resource) {
        policies.extend(&role.managed_policies);
    }
    for (_, node) in graph.nodes().filter(|(_, node)| !node.is_absent()) {
        if let Some(it) = RolePolicy::of(&node.resource) {
            if is_to(&it.role, id) {
                found.extend(of_document(&it.policy_document));
            }
        } else if let Some(it) = InlinePolicy::of(&node.resource) {
            if it.roles.iter().any(|role| is_to(role, id)) {
                found.extend(of_document(&it.policy_document));
            }
        } else if let Some(it) = ManagedPolicy::of(&node.resource) {
            if it.roles.iter().any(|role| is_to(role, id)) {
                found.extend(of_document(&it.policy_document));
            }
        } else if let Some(it) = RolePolicyAttachment::of(&node.resource)
            && is_to(&it.role, id)
        {
            policies.push(&it.policy);
        }
    }
    for link in policies {
        match link {
            Value::Lit(arn) => found.extend(powerful(arn.as_str())),
            Value::Expr(expr) => {
                found.extend(powerful(&visible_text(expr)));
                let of_file = target(expr).and_then(|id| graph.node(id));
                if let Some(policy) = of_file.and_then(|it| ManagedPolicy::of(&it.resource)) {
                    found.extend(of_document(&policy.policy_document));
                }
            }
        }
    }
    found
}

/// Returns what a policy allows to change.
fn of_document(document: &PolicyDocument) -> Option<Rights> {
    let mut nodes = Vec::new();
    for statement in document
        .statements
        .iter()
        .filter(|it| it.effect == Effect::Allow)
    {
        let Some(action) = harmful_action(statement) else {
            continue;
        };
        let everything = || Some(Rights::Everything(action.clone()));
        if statement.not.resources {
            return everything();
        }
        for resource in &statement.resources {
            match resource {
                Value::Lit(arn) if arn.contains('*') => return everything(),
                Value::Lit(_) => {}
                Value::Expr(expr) => {
                    let before = nodes.len();
                    expr.walk(&mut |part| nodes.extend(target(part)));
                    if nodes.len() == before && visible_text(expr).contains('*') {
                        return everything();
                    }
                }
            }
        }
    }
    (!nodes.is_empty()).then_some(Rights::Nodes(nodes))
}

/// Returns the action that a statement names, if it includes one that can end a connection.
fn harmful_action(statement: &Statement) -> Option<String> {
    let includes = |pattern: &str| {
        let mut all = names(Kind::Action);
        all.any(|it| names_action(pattern.as_bytes(), it.as_bytes()))
    };
    let literals = || statement.actions.iter().filter_map(Value::lit);
    if !statement.not.actions {
        return literals()
            .find(|it| includes(it))
            .map(|it| it.as_ref().to_owned());
    }
    let excluded =
        |action: &&str| literals().any(|it| names_action(it.as_bytes(), action.as_bytes()));
    let allowed = names(Kind::Action).find(|it| !excluded(it))?;
    Some(allowed.to_owned())
}
