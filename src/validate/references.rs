//! Validation of references and dependencies.

use super::literals;
use crate::ir::{
    CfnAttr, ConditionId, Diagnostic, Diagnostics, Dialect, Expr, NodeId, Stack, StackId, quoted,
};
use crate::resource::{Graph, Map, Node, RawValue, Tags};

/// Returns what is wrong with a reference, and how to correct it.
fn diagnostic(
    expr: &Expr,
    graph: &Graph,
    stack: &Stack,
    dialect: Dialect,
) -> Option<(String, String)> {
    let foreign = match expr {
        Expr::Attr(id, _) | Expr::Other(id, _) => match graph.node(*id) {
            None => "resource of another app",
            Some(node) if node.resource.type_name(dialect).is_none() => {
                return Some(absent(graph, node, dialect));
            }
            Some(_) => return invalid_attribute(expr, dialect),
        },
        Expr::Param(param) | Expr::Items(param) if graph.parameter(*param).is_none() => {
            "parameter of another app"
        }
        Expr::If(condition, ..) if graph.condition(*condition).is_none() => {
            "condition of another app"
        }
        Expr::Param(param) | Expr::Items(param) if !stack.parameters.contains(param) => {
            "parameter of another stack"
        }
        Expr::If(condition, ..) if !stack.conditions.contains(condition) => {
            "condition of another stack"
        }
        _ => return None,
    };
    let help = "use a handle of this app, or an `Id`";
    Some((format!("refers to a {foreign}"), help.to_owned()))
}

/// Returns the error for the condition of a resource in a stack.
pub(crate) fn condition_error(
    graph: &Graph,
    stack: StackId,
    condition: ConditionId,
) -> Option<(&'static str, &'static str)> {
    let stack = graph.stacks.get(stack.index());
    if graph.condition(condition).is_none() {
        Some((
            "has a condition of another app",
            "declare the condition in this app",
        ))
    } else if !stack.is_some_and(|it| it.conditions.contains(&condition)) {
        Some((
            "has a condition of another stack",
            "declare the condition in the stack of the resource",
        ))
    } else {
        None
    }
}

/// Returns the error for an explicit dependency.
pub(crate) fn dependency_error(
    graph: &Graph,
    after: NodeId,
) -> Option<(&'static str, &'static str)> {
    graph.node(after).is_none().then_some((
        "depends on a resource of another app",
        "use a handle of this app",
    ))
}

/// Returns the error for a name that cannot be an attribute in a language.
fn invalid_attribute(expr: &Expr, dialect: Dialect) -> Option<(String, String)> {
    let Expr::Attr(_, attr) = expr else {
        return None;
    };
    let (name, also, example) = match (dialect, attr.cfn) {
        (Dialect::Cfn, CfnAttr::Ref) => return None,
        (Dialect::Cfn, CfnAttr::GetAtt(name)) => (name, b".:_-".as_slice(), "Arn"),
        (Dialect::Tf, _) => (attr.tf, b"._-[]*\"".as_slice(), "arn"),
    };
    let is_name = |it: u8| it.is_ascii_alphanumeric() || also.contains(&it);
    if name.starts_with(|it: char| it.is_ascii_alphabetic()) && name.bytes().all(is_name) {
        return None;
    }
    let other = match attr.cfn {
        CfnAttr::GetAtt(name) if dialect == Dialect::Tf => name,
        _ => attr.tf,
    };
    if name.is_empty() && !other.is_empty() {
        let message = format!(
            "refers to {}, which {} does not have",
            quoted(other),
            dialect.name()
        );
        let help = "use `Expr::PerLanguage` with an attribute of each language";
        return Some((message, help.to_owned()));
    }
    let message = format!("{} is not an attribute in {}", quoted(name), dialect.name());
    Some((message, format!("use a name such as `{example}`")))
}

/// Returns the error for a resource that only the other language has.
fn absent(graph: &Graph, node: &Node, dialect: Dialect) -> (String, String) {
    let (own, other) = dialect.pick((".cfn(\"AWS::…\")", "cfn"), (".tf(\"aws_…\")", "tf"));
    let message = format!(
        "refers to `{}`, which does not exist in {}",
        node.path,
        dialect.name()
    );
    let mut help = format!("set `{other}` of `Expr::PerLanguage` to a value without it");
    if node.resource.kind().is_none() {
        help = format!("add its type with `{own}`, or {help}");
    }
    if node.origin.is_none() && graph.language().is_none() {
        let only = dialect.other();
        help = format!(
            "{help}; for an app without {}, call `App::set_language(Dialect::{only:?})`",
            dialect.name()
        );
    }
    (message, help)
}

/// Returns whether a list contains all items of a list parameter and other items that are not
/// plain strings. CloudFormation can only join them with commas.
fn mixes_lists(map: &Map<'_>) -> bool {
    fn term(it: &RawValue<'_>) -> bool {
        match it {
            RawValue::List(items) => {
                let text = |item: &RawValue<'_>| match item {
                    RawValue::Str(text) => !text.contains(','),
                    other => matches!(other, RawValue::Expr(_)),
                };
                (items.iter().any(RawValue::is_items) && !items.iter().all(text))
                    || items.iter().any(term)
            }
            RawValue::Object(map) | RawValue::Block(map) => mixes_lists(map),
            RawValue::Json(inner) | RawValue::Base64(inner) => term(inner),
            _ => false,
        }
    }
    map.iter().any(|(_, it)| term(it))
}

/// Returns whether CloudFormation resolves a dynamic reference in text. Base64 hides it.
///
/// <https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/136>
fn would_be_looked_up(map: &Map<'_>) -> bool {
    map.iter().any(|(_, it)| value_would_be_looked_up(it))
}

fn value_would_be_looked_up(it: &RawValue<'_>) -> bool {
    match it {
        RawValue::Str(text) => text.contains("{{resolve:"),
        RawValue::List(items) => items.iter().any(value_would_be_looked_up),
        RawValue::Object(map) | RawValue::Block(map) => would_be_looked_up(map),
        RawValue::Json(inner) => value_would_be_looked_up(inner),
        _ => false,
    }
}

/// Returns the key of the tag that contains the dynamic reference.
fn looked_up_tag(node: &Node) -> String {
    let mut tags = node.resource.tags().into_iter().flat_map(Tags::iter);
    let found = tags.find(|(_, value)| value.lit().is_some_and(|it| it.contains("{{resolve:")));
    found.map_or(String::new(), |(key, _)| key.clone().into_owned())
}

/// Validates a resource, and returns whether it refers to a resource that was added later.
fn check_node(
    graph: &Graph,
    here: &Stack,
    (id, node): (NodeId, &Node),
    out: &mut Diagnostics,
) -> bool {
    let mut forward = node.depends_on.iter().any(|after| *after >= id);
    let report = |message: &str, help: &str| {
        Diagnostic::error("reference", message)
            .path(node.path.clone())
            .at(node.location.clone())
            .help(help)
    };
    literals::check(graph, (id, node), out);
    let mut reported: Vec<(String, String)> = Vec::new();
    for &dialect in graph.languages() {
        if node.resource.type_name(dialect).is_none() {
            continue;
        }
        let map = node.resource.put(dialect);
        let mut found: Vec<(String, String)> = Vec::new();
        let mut add = |expr: &Expr| {
            let wrong = diagnostic(expr, graph, here, dialect);
            found.extend(wrong.filter(|it| !reported.contains(it)));
        };
        map.walk_in(Some(dialect), &mut |expr| {
            forward |= matches!(expr, Expr::Attr(to, _) if *to >= id);
            add(expr);
        });
        if dialect == Dialect::Tf {
            // A satellite always refers to its own resource, and this reference is not a forward one.
            for satellite in node.resource.satellites(id, graph) {
                satellite.body.walk_in(Some(dialect), &mut |expr| add(expr));
            }
        }
        for wrong in found {
            if reported.contains(&wrong) {
                continue;
            }
            let is_cause = |value: &RawValue<'_>| {
                let mut is_wrong = false;
                value.walk_in(Some(dialect), &mut |expr| {
                    is_wrong |= diagnostic(expr, graph, here, dialect).as_ref() == Some(&wrong);
                });
                is_wrong
            };
            let line = node.line_of(dialect, is_cause);
            let (message, help) = wrong.clone();
            out.push(node.error_at("reference", message, line).help(help));
            reported.push(wrong);
        }
        if mixes_lists(&map) {
            out.push(report(
                "a list parameter is combined with an item that is not text, or contains a comma",
                "use the list parameter alone, or combine it with IDs only",
            ));
        }
        if dialect == Dialect::Cfn && would_be_looked_up(&map) {
            let line = node.line_of(dialect, value_would_be_looked_up);
            out.push(
                Diagnostic::warning(
                    "dynamic-reference",
                    "text contains `{{resolve:`; CloudFormation can resolve it as a dynamic reference",
                )
                .path(node.path.clone())
                .at(line.unwrap_or_else(|| node.location.clone()))
                .about(&["tags", &looked_up_tag(node)])
                .about(&["", "tags", &looked_up_tag(node)])
                .only(Dialect::Cfn)
                .help(match node.resource.kind() {
                    Some(_) => "remove `{{resolve:` from the text; the template splits it, but CloudFormation can resolve it after the parts are joined",
                    None => "a raw property is literal text; set a dynamic reference with `.overrides(…).cfn(…)`",
                }),
            );
        }
    }
    let condition = node.condition;
    let wrong = condition.and_then(|it| condition_error(graph, node.stack(), it));
    let after = node.depends_on.iter();
    for (message, help) in wrong
        .into_iter()
        .chain(after.clone().find_map(|it| dependency_error(graph, *it)))
    {
        out.push(report(message, help));
    }
    forward
}

/// Returns the dependencies of a resource.
fn before(graph: &Graph, node: &Node) -> Vec<NodeId> {
    let languages = graph.languages().iter();
    let references = languages.flat_map(|it| node.resource.put(*it).references());
    let mut before: Vec<NodeId> = references.collect();
    before.extend(&node.depends_on);
    // Dependencies on other stacks order entire stacks.
    before.retain(|id| {
        graph
            .node(*id)
            .is_some_and(|other| other.stack == node.stack)
    });
    before
}

fn check_cycles(graph: &Graph, stack: &Stack, out: &mut Diagnostics) {
    let mut done: Vec<NodeId> = Vec::new();
    loop {
        let ready: Vec<NodeId> = graph
            .nodes_of(stack)
            .filter(|(id, _)| !done.contains(id))
            .filter(|(_, node)| {
                before(graph, node)
                    .iter()
                    .all(|before| done.contains(before))
            })
            .map(|(id, _)| id)
            .collect();
        if ready.is_empty() {
            break;
        }
        done.extend(ready);
    }
    let mut cycle = Diagnostic::error("circular-dependency", "resources depend on each other")
        .help("remove one of the references or dependencies");
    for (id, node) in graph.nodes_of(stack) {
        if !done.contains(&id) {
            cycle = cycle.path(node.path.clone()).at(node.location.clone());
        }
    }
    if !cycle.paths.is_empty() {
        out.push(cycle);
    }
}

/// Returns whether each resource is in its stack: [`Graph::nodes_mut`] allows replacing it.
pub(crate) fn is_whole(graph: &Graph) -> bool {
    let stacks = graph.stacks().enumerate();
    let mut nodes = stacks.flat_map(|(n, stack)| graph.nodes_of(stack).map(move |it| (n, it.1)));
    nodes.all(|(n, node)| node.stack == StackId::next(n))
}

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for (n, stack) in graph.stacks().enumerate() {
        let mut forward = false;
        for (id, node) in graph.nodes_of(stack) {
            if node.stack != StackId::next(n) {
                out.push(
                    Diagnostic::error("reference", "resource belongs to another stack or app")
                        .path(node.path.clone())
                        .at(node.location.clone())
                        .help("change the resource, and keep it in its stack"),
                );
            }
            forward |= check_node(graph, stack, (id, node), out);
        }
        for output in &stack.outputs {
            let mut found: Vec<(String, String)> = Vec::new();
            for &dialect in graph.languages() {
                output.value.walk_in(Some(dialect), &mut |expr| {
                    let wrong = diagnostic(expr, graph, stack, dialect);
                    found.extend(wrong.filter(|it| !found.contains(it)));
                });
            }
            for (message, help) in found {
                out.push(
                    Diagnostic::error("reference", format!("output {message}"))
                        .path(output.path.clone())
                        .at(output.location.clone())
                        .help(help),
                );
            }
        }
        // Handles exist only after their resource, so references point backward unless the graph
        // was changed later.
        if forward {
            check_cycles(graph, stack, out);
        }
    }
}
