//! The graph as a backend prints it: with overrides, and with raw resources of types that have a table.
//! It also has the errors for which CloudFormation refuses the template.

use std::borrow::Cow;

use super::codec::UnmodeledNotes;
use super::overrides::{OverrideError, apply_overrides};
use super::printed_values::PrintedValues;
use super::property_errors::{self, REMOVAL_POLICIES, Subject, removal_policy, unknown_attribute};
use super::raw_update::merge;
use super::{
    Change, Graph, KINDS, Kind, Map, Node, Origin, Override, Part, RawResource, RawValue,
    RemovalPolicy, Resource, Schema, TemplateError, Typed as _,
};
use crate::ir::{
    CfnAttr, ConditionId, Dialect, Expr, NodeId, Output, SourceLocation, Stack, StackId,
};
use crate::region::Region;

/// The argument of Terraform that creates a snapshot without a name.
pub(crate) const FINAL_SNAPSHOT: &str = "final_snapshot";

impl Node {
    /// Returns the properties or arguments as the backend prints them, and the overrides that do not
    /// apply.
    pub(crate) fn printed<'a>(
        &'a self,
        this: NodeId,
        graph: &'a Graph,
        dialect: Dialect,
    ) -> (Map<'a>, Vec<OverrideError<'a>>) {
        let of = self.resource.type_name(dialect).unwrap_or_default();
        let mut map = self.resource.put(dialect);
        match dialect {
            Dialect::Cfn => self.resource.cfn_extra(this, graph, &mut map),
            Dialect::Tf => {
                self.resource.tf_extra(&mut map);
                match self.removal_policy {
                    Some(RemovalPolicy::Retain) => self.resource.tf_retained(&mut map),
                    Some(RemovalPolicy::Snapshot) => set_final_snapshot(of, &mut map),
                    Some(RemovalPolicy::Delete) | None => {}
                }
            }
        }
        let part = (dialect, Part::Properties);
        let errors = apply_overrides(&mut map, &self.overrides, of, part);
        (map, errors)
    }

    /// Calls `visit` for each expression that the backend prints for the node. Terraform prints some
    /// properties only in satellites.
    pub(crate) fn walk_printed(
        &self,
        this: NodeId,
        graph: &Graph,
        dialect: Dialect,
        visit: &mut dyn FnMut(&Expr),
    ) {
        if self.resource.type_name(dialect).is_none() {
            return;
        }
        let only = Some(dialect);
        self.printed(this, graph, dialect).0.walk_in(only, visit);
        if dialect == Dialect::Tf {
            for satellite in self.resource.satellites(this, graph) {
                satellite.body.walk_in(only, visit);
            }
        }
    }

    /// Returns whether the output can differ from the model: by an override, or as a raw resource.
    fn has_escape_hatch(&self) -> bool {
        !self.overrides.is_empty() || matches!(self.resource, Resource::Raw(_))
    }

    /// Returns the Region of a resource: that of its stack, or of its provider in Terraform.
    pub(crate) fn region(&self, stack: &Stack) -> Option<&'static Region> {
        let mut overrides = self.overrides.iter().rev();
        let overridden = overrides.find_map(|it| match &it.change {
            Change::Set(value) if it.dialect == Dialect::Tf && it.pointer == "/provider" => {
                Some(value.as_str())
            }
            _ => None,
        });
        let raw = RawResource::of(&self.resource);
        let own = || Some(raw?.argument_value("provider")?.as_str());
        let Some(provider) = overridden.or_else(own) else {
            return stack.region;
        };
        let alias = provider?.strip_prefix("aws.")?;
        let mut aliases = stack.provider_aliases.iter();
        aliases
            .find(|(known, _)| known == alias)
            .map(|(_, region)| *region)
    }

    /// Returns the origin of a resource that a language prints.
    fn printed_origin(&self, graph: &Graph, dialect: Dialect) -> Origin {
        let mut origin = Origin::new(dialect, self.path.clone());
        origin.is_of_app = true;
        let stack = graph.stacks.get(self.stack.index());
        // References between stacks have errors of their own.
        let with_aliases = |it: &&Stack| dialect == Dialect::Tf && !it.provider_aliases.is_empty();
        origin.region = stack.filter(with_aliases).and_then(|it| self.region(it));
        origin
    }

    /// Returns the properties or arguments as the backend prints them, evaluated like those of a file.
    pub(crate) fn evaluated(&self, this: NodeId, graph: &Graph, dialect: Dialect) -> Map<'static> {
        let (map, _) = self.printed(this, graph, dialect);
        match graph.stacks.get(self.stack.index()) {
            Some(stack) => PrintedValues::of_stack(graph, stack, dialect).map(map),
            None => Map::default(),
        }
    }

    /// Returns the line of the last override or raw value for which `is_cause` holds, and the override. The values
    /// are evaluated.
    pub(crate) fn cause_of(
        &self,
        graph: &Graph,
        dialect: Dialect,
        is_cause: impl Fn(&RawValue<'static>) -> bool,
    ) -> (Option<&Override>, SourceLocation) {
        let evaluated = |value: RawValue<'_>| {
            let stack = graph.stacks.get(self.stack.index())?;
            Some(PrintedValues::of_stack(graph, stack, dialect).value(value))
        };
        let sets = |it: &&Override| match &it.change {
            Change::Set(json) | Change::Append(json) | Change::Block(json) => {
                let value = evaluated(RawValue::Raw(Cow::Borrowed(json)));
                it.dialect == dialect && value.is_some_and(|it| is_cause(&it))
            }
            Change::Remove => false,
        };
        if let Some(change) = self.overrides.iter().rfind(sets) {
            return (Some(change), change.location_or(&self.location).clone());
        }
        let line = self.line_of(dialect, |value| {
            evaluated(value.clone()).is_some_and(|it| is_cause(&it))
        });
        (None, line.unwrap_or_else(|| self.location.clone()))
    }

    /// Returns whether an override changes a part.
    fn is_changed(&self, part: (Dialect, Part)) -> bool {
        self.overrides
            .iter()
            .any(|it| (it.dialect, it.part) == part)
    }

    /// Applies the overrides of the attributes in CloudFormation, and returns those that do not
    /// apply.
    pub(crate) fn override_attributes<'a>(
        &'a self,
        attributes: &mut Map<'a>,
    ) -> Vec<OverrideError<'a>> {
        let of = self.resource.type_name(Dialect::Cfn).unwrap_or_default();
        let part = (Dialect::Cfn, Part::Attributes);
        apply_overrides(attributes, &self.overrides, of, part)
    }

    /// Returns the condition that an override sets, by its ID.
    pub(crate) fn overridden_condition(&self) -> Option<&str> {
        let mut overrides = self.overrides.iter().rev();
        overrides.find_map(|it| match &it.change {
            Change::Set(value) if it.part == Part::Attributes && it.pointer == "/Condition" => {
                value.as_str()
            }
            _ => None,
        })
    }
}

impl Graph {
    /// Returns the condition of a stack with an ID.
    pub(crate) fn condition_of(&self, node: &Node, id: &str) -> Option<ConditionId> {
        self.condition_in(self.stacks.get(node.stack.index())?, id)
    }

    /// Returns the condition of a resource in CloudFormation.
    pub(crate) fn cfn_condition(&self, node: &Node) -> Option<ConditionId> {
        let overridden = node.overridden_condition();
        let overridden = overridden.and_then(|id| self.condition_of(node, id));
        overridden.or(node.condition)
    }

    /// Returns the condition of an output in CloudFormation: its own, or that of a resource to which it refers.
    pub(crate) fn cfn_condition_of(&self, output: &Output) -> Option<ConditionId> {
        let mut found = output.condition;
        output.value.walk_in(Some(Dialect::Cfn), &mut |expr| {
            if let Expr::Attr(id, _) = expr
                && let Some(node) = self.node(*id)
            {
                found = found.or_else(|| self.cfn_condition(node));
            }
        });
        found
    }

    pub(crate) fn condition_in(&self, stack: &Stack, id: &str) -> Option<ConditionId> {
        let mut conditions = stack.conditions.iter().copied();
        conditions.find(|it| self.condition(*it).is_some_and(|it| it.id == id))
    }

    /// Returns the graph of an app as each of its languages prints it: only as CloudFormation does if the
    /// languages cannot differ. Returns none for the graph of a file.
    pub(crate) fn as_printed(&self) -> Vec<(Dialect, Graph)> {
        if self.is_printed {
            return Vec::new();
        }
        let of_app = || self.nodes.iter().filter(|node| node.origin.is_none());
        let is_in_one = |node: &Node| {
            let both = [Dialect::Cfn, Dialect::Tf];
            both.iter().any(|it| node.resource.type_name(*it).is_none())
        };
        let can_differ = |node: &Node| node.has_escape_hatch() || is_in_one(node);
        let printed: &[Dialect] = match of_app().count() {
            0 => &[],
            _ if self.language.is_some() || of_app().any(can_differ) => self.languages(),
            _ => &[Dialect::Cfn],
        };
        let printed = printed.iter();
        printed.map(|it| (*it, self.printed_in(*it))).collect()
    }

    /// Returns whether the output of a resource can differ from its model.
    pub(crate) fn has_escape_hatches(&self) -> bool {
        self.nodes.iter().any(Node::has_escape_hatch)
    }

    /// Returns the graph of an app as a language prints it, or none for the graph of a file.
    pub(crate) fn printed(&self, dialect: Dialect) -> Option<Graph> {
        let is_of_app = self.nodes.iter().any(|node| node.origin.is_none());
        (is_of_app && !self.is_printed).then(|| self.printed_in(dialect))
    }

    fn printed_in(&self, dialect: Dialect) -> Graph {
        let mut out = self.clone();
        for (at, stack) in self.stacks.iter().enumerate() {
            let mut values = PrintedValues::of_stack(self, stack, dialect);
            for (id, node) in self.nodes_of(stack) {
                match node.resource.type_name(dialect) {
                    _ if node.origin.is_some() => {}
                    Some(_) => out.print(self, (id, node), dialect, &mut values),
                    None => out.exclude((id, node), dialect),
                }
            }
            if dialect == Dialect::Cfn {
                let errors = self.errors_of_outputs(stack).into_iter();
                let of = StackId::next(at);
                out.errors.extend(errors.map(|it| (of, it)));
            }
        }
        out
    }

    /// Returns the graph that rules see of what a language prints. A modeled resource is one there, also where
    /// Terraform prints its parts as other resources.
    pub(crate) fn for_rules(mut self, of: &Graph, dialect: Dialect) -> Graph {
        self.is_printed = true;
        if dialect == Dialect::Cfn {
            return self;
        }
        for (id, node) in of.nodes() {
            let Some(kind) = node.resource.kind().filter(|it| !it.cfn.is_empty()) else {
                continue;
            };
            if !node.is_changed((dialect, Part::Properties))
                || node.resource.type_name(dialect).is_none()
            {
                continue;
            }
            let read = |mut map: Map<'_>, dialect: Dialect| {
                let mut unmodeled = UnmodeledNotes {
                    notes: &mut Vec::new(),
                    field: String::new(),
                };
                (kind.lift)(&mut map, dialect, &mut unmodeled)
            };
            // The changes of the overrides, in the names of CloudFormation, which has all parts in one resource.
            let before = read(node.resource.put(dialect), dialect);
            let after = &self.nodes[id.index()].resource;
            let mut whole = node.resource.put(Dialect::Cfn).into_owned();
            merge(
                &mut whole,
                &before.put(Dialect::Cfn),
                &after.put(Dialect::Cfn),
            );
            self.nodes[id.index()].resource = read(whole, Dialect::Cfn);
            for part in self.nodes.iter_mut().skip(of.nodes.len()) {
                if part.path == node.path
                    && let Some(origin) = &mut part.origin
                {
                    origin.is_excluded = true;
                }
            }
        }
        self
    }

    /// Excludes a resource that the language does not have.
    fn exclude(&mut self, (id, node): (NodeId, &Node), dialect: Dialect) {
        let mut origin = node.printed_origin(self, dialect);
        origin.is_excluded = true;
        // The checks of both languages list the same instances.
        let other = dialect.other();
        if let Some(kind) = raw_kind(node, other) {
            let mut unmodeled = UnmodeledNotes {
                notes: &mut Vec::new(),
                field: String::new(),
            };
            let lifted = (kind.lift)(&mut Map::default(), other, &mut unmodeled);
            self.nodes[id.index()].resource = lifted;
        }
        self.nodes[id.index()].origin = Some(Box::new(origin));
    }

    /// Replaces a resource by the one that a reader finds in the output.
    pub(super) fn print(
        &mut self,
        of: &Graph,
        (id, node): (NodeId, &Node),
        dialect: Dialect,
        values: &mut PrintedValues<'_>,
    ) {
        let own = (dialect, Part::Properties);
        let is_changed = node.is_changed(own);
        let raw = raw_kind(node, dialect);
        let kind = raw.or(node.resource.kind().filter(|_| is_changed));
        let is_raw = matches!(node.resource, Resource::Raw(_));
        let mut origin = node.printed_origin(of, dialect);
        // Terraform has no errors here, and the model has what it prints.
        if dialect == Dialect::Tf && kind.is_none() && !is_raw {
            self.nodes[id.index()].origin = Some(Box::new(origin));
            return;
        }
        // Validation reports an override that does not apply.
        let (mut map, _) = node.printed(id, of, dialect);
        if dialect == Dialect::Tf {
            map.remove("lifecycle");
            // Only the Region of the provider matters, beside that of the others.
            let stack = of.stacks.get(node.stack.index());
            if origin.region.is_some() && stack.is_some_and(|it| it.region.is_some()) {
                map.remove("provider");
            }
        }
        let map = values.map(map);
        if dialect == Dialect::Cfn {
            origin.parent = node.resource.cfn_inside(id, of);
            let parent = origin.parent.and_then(|it| of.node(it));
            // The group is read again, with its rules.
            origin.is_excluded = parent.is_some_and(|it| it.is_changed(own));
            if parent.is_none() {
                of.read_parts((node, &map), &mut origin, values);
            }
            if let Some(condition) = node.overridden_condition() {
                self.nodes[id.index()].condition = of.condition_of(node, condition);
            }
        }
        if let Some(kind) = kind.or(node.resource.kind()) {
            origin.invalid = (kind.invalid)(&map, dialect);
            if matches!(kind.name, "Instance" | "LaunchTemplate") {
                origin.declared = map.clone();
            }
        }
        self.nodes[id.index()].origin = Some(Box::new(origin));
        match (kind, node.resource.type_name(dialect)) {
            (Some(kind), _) => {
                self.reread(id, kind, dialect, map);
                if dialect == Dialect::Tf {
                    self.add_satellites(of, (id, node), values);
                }
            }
            (None, Some(of)) if is_raw => {
                let raw = RawResource::in_language(dialect, of.to_owned(), map);
                self.nodes[id.index()].resource = raw.into();
            }
            _ => {}
        }
    }

    /// Reads the attributes of a resource in CloudFormation, and the errors in all of its parts.
    fn read_parts(
        &self,
        (node, map): (&Node, &Map<'static>),
        origin: &mut Origin,
        values: &mut PrintedValues<'_>,
    ) {
        let type_name = node.resource.type_name(Dialect::Cfn).unwrap_or_default();
        let mut attributes = node.cfn_attributes(self);
        // Validation reports an override that does not apply.
        let _ = node.override_attributes(&mut attributes);
        let mut attributes = values.map(attributes);
        let path = node.path.as_str();
        // Reading the schemas takes half the time of a synthesis.
        let is_of_table = node.resource.kind().is_some() && node.overrides.is_empty();
        let of = Subject {
            id: path,
            type_name,
            is_secret: &|it| self.is_secret(it),
            is_of_file: false,
        };
        let mut errors = match is_of_table {
            true => property_errors::of_table(of, map),
            false => property_errors::errors(of, map),
        };
        errors.extend(property_errors::of_policies(of, |it| {
            attributes.get(it).map(Cow::Borrowed)
        }));
        for attribute in REMOVAL_POLICIES {
            let value = attributes.get(attribute);
            let wrong =
                value.and_then(|it| removal_policy((path, type_name), attribute, it.as_str()));
            errors.extend(wrong.map(|(reason, fix)| certain(reason, fix)));
        }
        errors
            .extend(self.unknown_attributes(path, |visit| map.walk_in(Some(Dialect::Cfn), visit)));
        let problems = values.problems.drain(..);
        errors.extend(problems.map(|(why, fix)| certain(format!("`{path}` {why}"), fix)));
        origin.errors = errors;
        origin.init = attributes.remove_path("Metadata.AWS::CloudFormation::Init");
        origin.signal = attributes.remove_path("CreationPolicy.ResourceSignal");
    }

    /// Returns the errors for attributes that a type does not have.
    fn unknown_attributes(
        &self,
        caller: &str,
        walk: impl FnOnce(&mut dyn FnMut(&Expr)),
    ) -> Vec<TemplateError> {
        let mut found = Vec::new();
        walk(&mut |expr| {
            let (id, name) = match expr {
                Expr::Attr(id, attr) => match attr.cfn {
                    CfnAttr::GetAtt(name) => (*id, name),
                    CfnAttr::Ref => return,
                },
                Expr::Other(_, name) if name == "Ref" => return,
                Expr::Other(id, name) => (*id, name.as_ref()),
                _ => return,
            };
            let Some(target) = self.node(id) else { return };
            let of = target.resource.type_name(Dialect::Cfn).unwrap_or_default();
            found.extend(unknown_attribute(caller, &target.path, of, name));
        });
        found
    }

    fn errors_of_outputs(&self, stack: &Stack) -> Vec<TemplateError> {
        let outputs = stack.outputs.iter();
        let of = |output: &crate::ir::Output| {
            self.unknown_attributes(&output.path, |visit| {
                let only = Some(Dialect::Cfn);
                output.value.walk_in(only, &mut |it| visit(it));
            })
        };
        outputs.flat_map(of).collect()
    }

    /// Returns whether a text is the value of a parameter that CloudFormation never shows.
    fn is_secret(&self, text: &str) -> bool {
        let mut hidden = self.parameters.iter().filter(|it| it.no_echo);
        hidden.any(|it| it.default_value().is_some_and(|it| it == text))
    }

    /// Adds the properties that Terraform prints as other resources.
    fn add_satellites(
        &mut self,
        of: &Graph,
        (id, node): (NodeId, &Node),
        values: &mut PrintedValues<'_>,
    ) {
        for satellite in node.resource.satellites(id, of) {
            let Some(kind) = KINDS.iter().find(|it| it.tf == satellite.tf) else {
                continue;
            };
            let mut child = self.nodes[id.index()].clone();
            child.overrides = Vec::new();
            child.origin = Some(Box::new(node.printed_origin(of, Dialect::Tf)));
            let inner = NodeId::next(self.nodes.len());
            self.stacks[child.stack.index()].nodes.push(inner);
            self.nodes.push(child);
            let map = values.map(satellite.body);
            self.reread(inner, kind, Dialect::Tf, map);
        }
    }

    /// Reads a resource again, as from a file.
    fn reread(&mut self, id: NodeId, kind: &Kind, dialect: Dialect, mut map: Map<'static>) {
        let mut notes = Vec::new();
        let mut unmodeled = UnmodeledNotes {
            notes: &mut notes,
            field: String::new(),
        };
        let unfolded = (kind.unfold)(&mut map, id, dialect, &mut unmodeled);
        let resource = (kind.lift)(&mut map, dialect, &mut unmodeled);
        let node = &mut self.nodes[id.index()];
        node.resource = resource;
        if let Some(origin) = &mut node.origin {
            origin.unmodeled = notes;
            origin.unknown_properties = map;
        }
        let (stack, like) = (node.stack, node.clone());
        for inner in unfolded {
            // A security group without rules of its own has the default rule of EC2 only in a file.
            if inner.property.is_empty() {
                continue;
            }
            let inner_id = NodeId::next(self.nodes.len());
            let mut child = like.clone();
            child.resource = inner.resource;
            let mut origin = Origin::new(dialect, like.path.clone());
            origin.is_of_app = true;
            origin.region = like.origin.as_ref().and_then(|it| it.region);
            origin.parent = Some(id);
            origin.is_conditional = inner.is_conditional;
            child.origin = Some(Box::new(origin));
            child.overrides = Vec::new();
            self.nodes.push(child);
            self.stacks[stack.index()].nodes.push(inner_id);
        }
    }
}

/// Sets that Terraform creates a snapshot before it destroys the resource. Types whose snapshots need a name
/// have an argument for it, which validation requires.
fn set_final_snapshot(type_name: &str, map: &mut Map<'_>) {
    let schema = Schema::of(type_name, Dialect::Tf);
    let has_switch = schema.is_some_and(|it| it.names().get(FINAL_SNAPSHOT).is_some());
    if has_switch && map.get(FINAL_SNAPSHOT).is_none() {
        map.insert(FINAL_SNAPSHOT, RawValue::Bool(true));
    }
}

fn certain(reason: String, fix: String) -> TemplateError {
    TemplateError {
        is_certain: true,
        ignores_condition: false,
        reason,
        fix,
    }
}

/// Returns the table of a raw resource whose type has one.
fn raw_kind(node: &Node, dialect: Dialect) -> Option<&'static Kind> {
    if node.resource.kind().is_some() {
        return None;
    }
    let name = node.resource.type_name(dialect)?;
    KINDS
        .iter()
        .find(|kind| dialect.pick(kind.cfn, kind.tf) == name)
}
