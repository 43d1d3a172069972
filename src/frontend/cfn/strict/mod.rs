//! Reads a template to convert it.

mod declarations;

use std::collections::HashMap;
use std::ops::Range;

use super::super::lift::Lift;
use super::super::tree::{At, Entry, Kind, SyntaxError, Tree};
use super::references::{ParameterValue, words};
use super::{Deployment, Reader, is_template, resource_entries, restricted_default_group};
use crate::ir::{
    Condition, ConditionId, Diagnostic, Diagnostics, Dialect, Expr, NodeId, Output, ParamId,
    ParameterDeclaration, ParameterType, Pseudo, SourceLocation, Text, logical_id, terraform_name,
};
use crate::resource::{
    Graph, InlinePolicy, LogGroup, Map, RawResource, RawValue, RemovalPolicy, Resource, Typed,
};

/// Pseudo parameters that a module does not have, the names of the variables that replace them, and
/// their descriptions.
const OF_STACK: [(&str, [&str; 2], &str); 2] = [
    (
        "AWS::StackName",
        ["StackName", "CloudFormationStackName"],
        "Name of the stack",
    ),
    (
        "AWS::StackId",
        ["StackId", "CloudFormationStackId"],
        "ID of the stack",
    ),
];

/// The rule and the parameter with which the CDK asserts the version of its own bucket and roles.
const BOOTSTRAP: (&str, &str) = ("CheckBootstrapVersion", "BootstrapVersion");

/// The start of the IDs of the function, and of its role, by which the CDK empties default security
/// groups.
const PROVIDER: &str = "CustomVpcRestrictDefaultSGCustomResourceProvider";

/// Types that only CloudFormation needs, and what is lost without them.
const DROPPED: [(&str, &str); 3] = [
    ("AWS::CDK::Metadata", "it only reports usage to AWS"),
    (
        "AWS::CloudFormation::WaitCondition",
        "Terraform does not wait for signals",
    ),
    (
        "AWS::CloudFormation::WaitConditionHandle",
        "Terraform does not wait for signals",
    ),
];

/// Attributes of a resource that only describe it or its deployment, and what is lost without them.
const LOST: [(&str, &str); 2] = [
    ("CreationPolicy", "Terraform does not wait for signals"),
    (
        "UpdatePolicy",
        "Terraform replaces instances in its own way",
    ),
];

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
    let mut reader = Reader::new((&files, Vec::new()), root, &deployment, None, &base);
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    reader.source = (text, std::iter::once(0).chain(ends).collect());
    let mut out = Diagnostics::default();
    for section in ["Transform", "Rules", "Hooks"] {
        let Some(found) = root.get(section) else {
            continue;
        };
        if section == "Transform" && only_extensions(found) && !text.contains("Fn::ForEach") {
            continue;
        }
        let location = reader.location(found.at);
        out.push(match only_bootstrap(section, found) {
            true => {
                let message = "`CheckBootstrapVersion` is not converted: it only asserts that the \
                               CDK can deploy";
                Diagnostic::warning("convert", message).at(location)
            }
            false => {
                let message = format!("cannot convert `{section}`: Terraform has no equivalent");
                diagnostic(message).at(location)
            }
        });
    }
    let bootstrapped = root.get("Rules").and_then(|it| it.get(BOOTSTRAP.0));
    let mut parameters = reader.strict_parameters(bootstrapped.is_some(), &mut out);
    for (name, variables, description) in OF_STACK {
        if mentions(root, name) {
            let message = format!("a module has no `{name}`; a variable replaces it");
            let declaration = reader.variable(variables, description);
            out.push(Diagnostic::warning("convert", message));
            let id = ParamId::next(parameters.len());
            let kept = ParameterValue::Retained(id, declaration.of);
            reader.parameters.insert(name, kept);
            parameters.push(declaration);
        }
    }
    let mut imported = Vec::new();
    imports(root, &mut imported);
    for argument in imported {
        let name = words(argument);
        if reader.imports.contains_key(&name) {
            continue;
        }
        let plain: String = terraform_name(&name);
        let id = logical_id(&plain);
        let declaration = reader.variable([&id, &format!("{id}Import")], String::new());
        let declaration = ParameterDeclaration {
            description: Some(format!("Value that CloudFormation exports as {name}").into()),
            ..declaration
        };
        let message = format!(
            "Terraform has no exports; the variable `{}` replaces `{name}` of another stack",
            terraform_name(&declaration.id)
        );
        let location = reader.location(argument.at);
        out.push(Diagnostic::warning("convert", message).at(location));
        reader.imports.insert(name, ParamId::next(parameters.len()));
        parameters.push(declaration);
    }
    reader.strict = Some(HashMap::new());
    let (kept, conditions) = reader.strict_conditions(&mut out);
    reader.strict = Some(kept.clone());
    let mut lift = Lift::new(Dialect::Cfn, "template", None);
    for entry in resource_entries(root) {
        let type_name = entry.value.get("Type").and_then(Tree::text);
        let location = reader.location(entry.at);
        lift.reserve(&entry.key, type_name.unwrap_or_default(), location);
    }
    let mut described = None;
    let mut dropped = Vec::new();
    let mut replaced: HashMap<NodeId, Range<usize>> = HashMap::new();
    for entry in resource_entries(root) {
        if let Some(reason) = reader.dropped(entry) {
            dropped.extend(reader.id(&entry.key));
            let message = format!("`{}` is not converted: {reason}", entry.key);
            let location = reader.location(entry.at);
            out.push(Diagnostic::warning("convert", message).at(location));
            continue;
        }
        let metadata = entry.value.get("Metadata").and_then(Tree::map);
        if metadata.is_some_and(|it| it.iter().any(|it| it.key == INIT)) {
            let message = format!(
                "`{}`: `{INIT}` is not converted: Terraform has no cfn-init",
                entry.key
            );
            let location = reader.location(entry.at);
            out.push(Diagnostic::warning("convert", message).at(location));
        } else if metadata.is_some() {
            described = described.or(Some(reader.location(entry.at)));
        }
        let first = lift.graph.nodes.len();
        reader.strict_resource(&mut lift, entry, &kept, &mut out);
        // The inline policies of roles replace a policy of several principals.
        if let Some(id) = reader.id(&entry.key)
            && InlinePolicy::of(&lift.graph.nodes[id.index()].resource).is_some()
            && lift.graph.nodes.len() > first
        {
            dropped.push(id);
            replaced.insert(id, first..lift.graph.nodes.len());
        }
    }
    if let Some(location) = described {
        let message = "`Metadata` of resources is not converted";
        out.push(Diagnostic::warning("convert", message).at(location));
    }
    let mut graph = lift.finish_strict();
    // They belong to no stack, so no output contains them.
    for id in &dropped {
        graph.nodes[id.index()].resource = RawResource::new().cfn("removed").into();
        graph.nodes[id.index()].depends_on.clear();
    }
    for node in &mut graph.nodes {
        let instead = node.depends_on.iter().filter_map(|id| replaced.get(id));
        let instead: Vec<NodeId> = instead.cloned().flatten().map(NodeId::next).collect();
        node.depends_on.retain(|id| !dropped.contains(id));
        node.depends_on.extend(instead);
    }
    graph.stacks[0].nodes.retain(|id| !dropped.contains(id));
    graph.parameters = parameters;
    graph.conditions = conditions;
    graph.mappings = reader.mappings(&mut out);
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

/// The metadata that cfn-init applies on an instance.
const INIT: &str = "AWS::CloudFormation::Init";

/// Returns whether a section contains only the rule of the CDK.
fn only_bootstrap(section: &str, found: &Tree) -> bool {
    section == "Rules"
        && found
            .map()
            .is_some_and(|it| it.iter().all(|it| it.key == BOOTSTRAP.0))
}

/// Returns whether the only macros are the functions of AWS, which the reader knows.
fn only_extensions(transform: &Tree) -> bool {
    let is_known = |it: &Tree| it.text() == Some("AWS::LanguageExtensions");
    match transform.list() {
        Some(items) => items.iter().all(is_known),
        None => is_known(transform),
    }
}

/// Finds the names of all values that a template imports from other stacks.
fn imports<'t>(tree: &'t Tree, out: &mut Vec<&'t Tree>) {
    match &tree.kind {
        Kind::Null | Kind::Text(_) => {}
        Kind::List(items) => items.iter().for_each(|it| imports(it, out)),
        Kind::Map(entries) => {
            for entry in entries {
                match entry.key.as_str() {
                    "Fn::ImportValue" => out.push(&entry.value),
                    _ => imports(&entry.value, out),
                }
            }
        }
    }
}

/// Returns whether the resources or outputs of a template refer to a name, by `Ref` or in text.
fn mentions(root: &Tree, name: &str) -> bool {
    fn inside(tree: &Tree, name: &str, in_text: &str) -> bool {
        match &tree.kind {
            Kind::Null => false,
            Kind::Text(text) => text.contains(in_text),
            Kind::List(items) => items.iter().any(|it| inside(it, name, in_text)),
            Kind::Map(entries) => match tree.single() {
                Some(("Ref", of)) => of.text() == Some(name),
                _ => entries.iter().any(|it| inside(&it.value, name, in_text)),
            },
        }
    }
    let in_text = format!("${{{name}}}");
    let sections = ["Conditions", "Resources", "Outputs"];
    let mut sections = sections.into_iter().filter_map(|it| root.get(it));
    sections.any(|it| inside(it, name, &in_text))
}

fn log_group_arn(name: Expr) -> Expr {
    Expr::concat([
        Expr::text("arn:"),
        Expr::Pseudo(Pseudo::Partition),
        Expr::text(":logs:"),
        Expr::Pseudo(Pseudo::Region),
        Expr::text(":"),
        Expr::Pseudo(Pseudo::AccountId),
        Expr::text(":log-group:"),
        name,
    ])
}

fn diagnostic(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("convert", message)
}

impl Reader<'_> {
    /// Returns the parameters of the converted document.
    fn strict_parameters(
        &mut self,
        is_bootstrapped: bool,
        out: &mut Diagnostics,
    ) -> Vec<ParameterDeclaration> {
        let mut parameters = Vec::new();
        let root = self.root;
        let entries = root.get("Parameters").and_then(Tree::map);
        for entry in entries.unwrap_or_default() {
            if is_bootstrapped && entry.key == BOOTSTRAP.1 && !mentions(root, BOOTSTRAP.1) {
                continue;
            }
            match self.declaration(entry, out) {
                Ok(declaration) => {
                    let id = ParamId::next(parameters.len());
                    let kept = ParameterValue::Retained(id, declaration.of);
                    self.parameters.insert(&entry.key, kept);
                    parameters.push(declaration);
                }
                Err(reason) => out.push(diagnostic(reason).at(self.location(entry.at))),
            }
        }
        parameters
    }

    /// Returns a parameter with the first name that is free.
    fn variable(&self, names: [&str; 2], description: impl Into<Text>) -> ParameterDeclaration {
        let is_free = |id: &&str| {
            let mut taken = self.parameters.keys();
            !taken.any(|it| terraform_name(it) == terraform_name(id))
        };
        let id = names.into_iter().find(is_free).unwrap_or(names[1]);
        ParameterDeclaration {
            id: id.to_owned(),
            of: ParameterType::String,
            description: Some(description.into()),
            default: None,
            allowed_values: Vec::new(),
            allowed_pattern: None,
            length: [None, None],
            range: [None, None],
            constraint_description: None,
            from_parameter_store: false,
            no_echo: false,
            only: None,
            location: SourceLocation::Default,
        }
    }

    fn strict_conditions(
        &self,
        out: &mut Diagnostics,
    ) -> (HashMap<String, ConditionId>, Vec<Condition>) {
        let (mut kept, mut conditions) = (HashMap::new(), Vec::new());
        let entries = self.root.get("Conditions").and_then(Tree::map);
        for entry in entries.unwrap_or_default() {
            match self.strict_predicate(&entry.value, 0) {
                Some(test) => {
                    kept.insert(entry.key.clone(), ConditionId::next(conditions.len()));
                    conditions.push(Condition {
                        id: entry.key.clone(),
                        predicate: test,
                    });
                }
                None => {
                    let reason = format!(
                        "condition `{}` cannot be converted; expected comparisons of texts",
                        entry.key
                    );
                    out.push(diagnostic(reason).at(self.location(entry.at)));
                }
            }
        }
        (kept, conditions)
    }

    /// Replaces the name of the log group of a flow log, which providers no longer accept, with its
    /// ARN.
    fn log_group_as_arn(&self, map: &mut Map<'static>) {
        if map.get("ResourceType").is_none() || map.get("LogDestination").is_some() {
            return;
        }
        let arn = match map.get("LogGroupName") {
            Some(RawValue::Expr(name)) => match name.as_ref() {
                Expr::Attr(group, attr) if *attr == LogGroup::LINK => group.at(LogGroup::ARN),
                name => log_group_arn(name.clone()),
            },
            Some(RawValue::Str(name)) => log_group_arn(Expr::text(name.clone().into_owned())),
            _ => return,
        };
        map.remove("LogGroupName");
        map.insert("LogDestination", RawValue::from(arn));
        if map.get("LogDestinationType").is_none() {
            map.insert("LogDestinationType", RawValue::str("cloud-watch-logs"));
        }
    }

    /// Returns why a resource has no equivalent and needs none.
    fn dropped(&self, entry: &Entry) -> Option<&'static str> {
        let of = entry.value.get("Type").and_then(Tree::text)?;
        if let Some((_, reason)) = DROPPED.iter().find(|(dropped, _)| *dropped == of) {
            return Some(reason);
        }
        let restricts = |it: &Entry| {
            it.value.get("Type").and_then(Tree::text) == Some("Custom::VpcRestrictDefaultSG")
        };
        let is_provider = entry.key.starts_with(PROVIDER)
            && matches!(of, "AWS::IAM::Role" | "AWS::Lambda::Function")
            && resource_entries(self.root).iter().any(restricts);
        is_provider.then_some("`aws_default_security_group` needs no function")
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
        self.log_group_as_arn(&mut map);
        let restricted = restricted_default_group(tree, &map);
        if let Some(group) = restricted {
            lift.replace(id, group);
            map = Map::default();
        }
        let found = match lift.is_replaced(id) {
            true => Vec::new(),
            false => lift.fill_strict(id, map),
        };
        for (property, reason) in found {
            let top = property.split('.').next().unwrap_or_default();
            let at = locations.iter().find(|(name, _)| name == top);
            report(at.map_or(entry.at, |(_, at)| *at), reason);
        }
        let condition = tree.get("Condition").and_then(Tree::text);
        let known = condition.map(|name| conditions.get(name).copied());
        let node = &mut lift.graph.nodes[id.index()];
        node.condition = known.flatten();
        node.tf_name = terraform_name(&entry.key);
        let is_volume = matches!(node.resource, Resource::Volume(_));
        let mut removal = None;
        let mut lost = Vec::new();
        for part in tree.map().unwrap_or_default() {
            let text = part.value.text().unwrap_or_default();
            match part.key.as_str() {
                "DeletionPolicy" | "UpdateReplacePolicy" => match text {
                    "Retain" | "RetainExceptOnCreate" => removal = Some(RemovalPolicy::Retain),
                    "Delete" => removal = removal.or(Some(RemovalPolicy::Delete)),
                    // The snapshot of a database has a name in Terraform.
                    "Snapshot" if is_volume => removal = removal.or(Some(RemovalPolicy::Snapshot)),
                    other => report(part.at, format!("`{other}` has no equivalent in Terraform")),
                },
                "Type" | "Properties" | "Condition" | "DependsOn" | "Metadata" => {}
                key if LOST.iter().any(|(lost, _)| *lost == key) => {
                    lost.extend(LOST.iter().filter(|it| it.0 == key).map(|it| (part.at, it)));
                }
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
        for (at, (what, why)) in lost {
            let reason = format!("`{}`: `{what}` is not converted: {why}", entry.key);
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
