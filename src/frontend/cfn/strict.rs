//! Reads a template to convert it.

use std::collections::HashMap;

use super::super::lift::Lift;
use super::super::tree::{At, Entry, Kind, SyntaxError, Tree};
use super::references::ParameterValue;
use super::{Deployment, MAX_DEPTH, Reader, is_template, resource_entries};
use crate::ir::{
    Condition, ConditionId, Diagnostic, Diagnostics, Dialect, Expr, NodeId, Output, ParamId,
    ParameterDeclaration, ParameterType, Predicate, Text, terraform_name,
};
use crate::resource::{Graph, Map, RemovalPolicy};

/// Reads a template to convert it: keeps parameters, conditions and outputs, and reports everything
/// that the model does not support.
///
/// # Errors
///
/// The location, if the text is not a template.
pub(crate) fn read_strict(
    file: &str,
    text: &str,
    root: &Tree,
) -> Result<(Graph, Diagnostics), SyntaxError> {
    let deployment = Deployment::default();
    if !is_template(root) {
        return Err(SyntaxError {
            at: root.at,
            message: "not a CloudFormation template; expected `Resources`".to_owned(),
        });
    }
    let (files, base) = ([file.to_owned()], Graph::default());
    let mut reader = Reader::new(&files, root, &deployment, None, &base);
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    reader.source = (text, std::iter::once(0).chain(ends).collect());
    let mut out = Diagnostics::default();
    for section in ["Transform", "Rules", "Hooks"] {
        if let Some(found) = root.get(section) {
            let message = format!("cannot convert `{section}`: Terraform has no equivalent");
            let diagnostic = diagnostic(message);
            out.push(diagnostic.at(reader.location(found.at)));
        }
    }
    let (mut parameters, mut conditions) = (Vec::new(), Vec::new());
    for entry in root
        .get("Parameters")
        .and_then(Tree::map)
        .unwrap_or_default()
    {
        for lost in [
            "NoEcho",
            "MinLength",
            "MaxLength",
            "MinValue",
            "MaxValue",
            "ConstraintDescription",
        ] {
            if let Some(found) = entry.value.get(lost) {
                let reason = format!("`{lost}` of parameter `{}` is not converted", entry.key);
                let location = reader.location(found.at);
                out.push(match lost {
                    "NoEcho" => diagnostic(reason).at(location),
                    _ => Diagnostic::warning("convert", reason).at(location),
                });
            }
        }
        if RESERVED.contains(&terraform_name(&entry.key).as_str()) {
            let reason = format!("`{}` is a reserved variable name in Terraform", entry.key);
            out.push(diagnostic(reason).at(reader.location(entry.at)));
        }
        match reader.declaration(entry) {
            Ok(declaration) => {
                let id = ParamId::next(parameters.len());
                let kept = ParameterValue::Retained(id, declaration.of);
                reader.parameters.insert(&entry.key, kept);
                parameters.push(declaration);
            }
            Err(reason) => out.push(diagnostic(reason).at(reader.location(entry.at))),
        }
    }
    let mut kept = HashMap::new();
    for entry in root
        .get("Conditions")
        .and_then(Tree::map)
        .unwrap_or_default()
    {
        match reader.strict_predicate(&entry.value, 0) {
            Some(test) => {
                kept.insert(entry.key.clone(), ConditionId::next(conditions.len()));
                conditions.push(Condition {
                    id: entry.key.clone(),
                    predicate: test,
                });
            }
            None => {
                let reason = format!(
                    "condition `{}` cannot be converted; expected comparisons with constants",
                    entry.key
                );
                out.push(diagnostic(reason).at(reader.location(entry.at)));
            }
        }
    }
    reader.strict = Some(kept.clone());
    let mut lift = Lift::new(Dialect::Cfn, "template", None);
    for entry in resource_entries(root) {
        let type_name = entry.value.get("Type").and_then(Tree::text);
        let location = reader.location(entry.at);
        lift.reserve(&entry.key, type_name.unwrap_or_default(), location);
    }
    for entry in resource_entries(root) {
        reader.strict_resource(&mut lift, entry, &kept, &mut out);
    }
    let mut graph = lift.finish_strict();
    graph.parameters = parameters;
    graph.conditions = conditions;
    let stack = &mut graph.stacks[0];
    stack.parameters = (0..graph.parameters.len()).map(ParamId::next).collect();
    stack.conditions = (0..graph.conditions.len()).map(ConditionId::next).collect();
    let description = root.get("Description").and_then(Tree::text);
    stack.description = description.map(|text| Text::Owned(text.to_owned()));
    for entry in root.get("Outputs").and_then(Tree::map).unwrap_or_default() {
        let text = |key: &str| entry.value.get(key).and_then(Tree::text);
        let location = reader.location(entry.at);
        if entry.value.get("Export").is_some() {
            let reason = format!(
                "other stacks can import `{}`; Terraform has no exports",
                entry.key
            );
            out.push(Diagnostic::warning("convert", reason).at(location.clone()));
        }
        let value = entry.value.get("Value");
        stack.outputs.push(Output {
            path: format!("template/{}", entry.key),
            cfn_id: entry.key.clone(),
            tf_name: terraform_name(&entry.key),
            value: value.map_or(Expr::Absent, |it| reader.expr(it, 0)),
            description: Text::Owned(text("Description").unwrap_or_default().to_owned()),
            condition: text("Condition").and_then(|it| kept.get(it).copied()),
            location,
        });
    }
    Ok((graph, out))
}

/// Names that a variable cannot have, since they are arguments of a `module` block.
///
/// <https://developer.hashicorp.com/terraform/language/values/variables>
const RESERVED: [&str; 8] = [
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "locals",
    "providers",
    "source",
    "version",
];

fn diagnostic(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("convert", message)
}

impl Reader<'_> {
    fn declaration(&self, entry: &Entry) -> Result<ParameterDeclaration, String> {
        let text = |key: &str| entry.value.get(key).and_then(Tree::text);
        let owned = |text: &str| Text::Owned(text.to_owned());
        let name = text("Type").unwrap_or("String");
        let of = ParameterType::ALL.iter().find(|it| it.cfn() == name);
        let Some(of) = of else {
            return Err(format!(
                "parameter `{}` has type `{name}`, which has no equivalent in Terraform",
                entry.key
            ));
        };
        let default = match entry.value.get("Default") {
            None => None,
            Some(tree) => match &tree.kind {
                Kind::Text(text) => Some(owned(text)),
                Kind::List(items) => {
                    let items: Vec<&str> = items.iter().filter_map(Tree::text).collect();
                    Some(owned(&items.join(",")))
                }
                _ => Some(owned("")),
            },
        };
        let allowed = entry.value.get("AllowedValues").and_then(Tree::list);
        Ok(ParameterDeclaration {
            id: entry.key.clone(),
            of: *of,
            description: text("Description").map(owned),
            default,
            allowed_values: allowed
                .unwrap_or_default()
                .iter()
                .filter_map(|it| it.text().map(owned))
                .collect(),
            allowed_pattern: text("AllowedPattern").map(owned),
            only: None,
            location: self.location(entry.at),
        })
    }

    /// Returns a condition as a predicate of the model, if the model supports it.
    fn strict_predicate(&self, tree: &Tree, depth: usize) -> Option<Predicate> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (name, argument) = tree.single()?;
        let items = argument.list().unwrap_or_default();
        match (name, items) {
            ("Fn::Equals", [a, b]) => match (self.expr(a, depth), self.expr(b, depth)) {
                (Expr::Text(text), expr) | (expr, Expr::Text(text)) => {
                    Some(Predicate::OneOf(expr, vec![text]))
                }
                _ => None,
            },
            ("Fn::Or", items) => {
                let mut all: Option<(Expr, Vec<Text>)> = None;
                for item in items {
                    let Predicate::OneOf(expr, values) = self.strict_predicate(item, depth + 1)?
                    else {
                        return None;
                    };
                    match &mut all {
                        None => all = Some((expr, values)),
                        Some((known, more)) if *known == expr => more.extend(values),
                        Some(_) => return None,
                    }
                }
                all.map(|(expr, values)| Predicate::OneOf(expr, values))
            }
            ("Fn::Not", [one]) => Some(Predicate::Not(Box::new(
                self.strict_predicate(one, depth + 1)?,
            ))),
            ("Condition", _) => {
                let conditions = self.root.get("Conditions")?;
                self.strict_predicate(conditions.get(argument.text()?)?, depth + 1)
            }
            _ => None,
        }
    }

    /// Reads a resource strictly.
    fn strict_resource(
        &self,
        lift: &mut Lift,
        entry: &Entry,
        conditions: &HashMap<String, ConditionId>,
        out: &mut Diagnostics,
    ) {
        let Some(&(tree, id)) = self.resources.get(entry.key.as_str()) else {
            return;
        };
        let mut report = |at: At, reason: String| {
            let reason = format!("`{}`: {reason}", entry.key);
            out.push(diagnostic(reason).at(self.location(at)));
        };
        let mut map = Map::default();
        let mut locations = Vec::new();
        for property in tree
            .get("Properties")
            .and_then(Tree::map)
            .unwrap_or_default()
        {
            locations.push((property.key.clone(), property.at));
            if let Some(term) = self.eval(&property.value, 0) {
                map.insert(property.key.clone(), term);
            }
        }
        for (property, reason) in lift.fill_strict(id, map) {
            let top = property.split('.').next().unwrap_or_default();
            let at = locations.iter().find(|(name, _)| name == top);
            report(at.map_or(entry.at, |(_, at)| *at), reason);
        }
        let condition = tree.get("Condition").and_then(Tree::text);
        let known = condition.map(|name| conditions.get(name).copied());
        let node = &mut lift.graph.nodes[id.index()];
        node.condition = known.flatten();
        node.tf_name = terraform_name(&entry.key);
        let mut removal = None;
        let mut lost = Vec::new();
        for part in tree.map().unwrap_or_default() {
            let text = part.value.text().unwrap_or_default();
            match part.key.as_str() {
                "DeletionPolicy" | "UpdateReplacePolicy" => match text {
                    "Retain" | "RetainExceptOnCreate" => removal = Some(RemovalPolicy::Retain),
                    "Delete" => removal = removal.or(Some(RemovalPolicy::Delete)),
                    other => report(part.at, format!("`{other}` has no equivalent in Terraform")),
                },
                "Metadata" => lost.push((part.at, "`Metadata`".to_owned())),
                "Type" | "Properties" | "Condition" | "DependsOn" => {}
                other => report(part.at, format!("`{other}` has no equivalent in Terraform")),
            }
        }
        lift.graph.nodes[id.index()].removal_policy = removal;
        if let (Some(name), None) = (condition, known.flatten()) {
            report(entry.at, format!("condition `{name}` does not exist"));
        }
        // Nested rules and policies exist under the same condition.
        let condition = lift.graph.nodes[id.index()].condition;
        for node in &mut lift.graph.nodes {
            if node.origin.as_ref().is_some_and(|it| it.parent == Some(id)) {
                node.condition = condition;
            }
        }
        for (at, what) in lost {
            let reason = format!("`{}`: {what} is not converted", entry.key);
            out.push(Diagnostic::warning("convert", reason).at(self.location(at)));
        }
        let after: Vec<NodeId> = match tree.get("DependsOn").map(|it| &it.kind) {
            Some(Kind::Text(name)) => self.id(name).into_iter().collect(),
            Some(Kind::List(items)) => {
                let names = items.iter().filter_map(Tree::text);
                names.filter_map(|name| self.id(name)).collect()
            }
            _ => Vec::new(),
        };
        lift.add_dependencies(id, after);
    }
}
