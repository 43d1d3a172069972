//! Values as the backend prints them, evaluated like those of a file: functions in JSON of the user become
//! expressions.

use std::collections::HashMap;

use super::calls::{EXTENSIONS, call_error};
use super::intrinsic::{self, FUNCTIONS, Names, dynamic, into_expr, value_of};
use super::{Graph, Map, RawValue};
use crate::ir::{Dialect, Expr, NodeId, Pseudo, Stack};

/// Evaluates the printed values of a stack.
pub(super) struct PrintedValues<'g> {
    graph: &'g Graph,
    stack: &'g Stack,
    dialect: Dialect,
    resources: HashMap<&'g str, NodeId>,
    /// Why CloudFormation refuses JSON of the user: a clause after the resource, and the fix.
    pub(super) problems: Vec<(String, String)>,
}

impl<'g> PrintedValues<'g> {
    pub(super) fn of_stack(graph: &'g Graph, stack: &'g Stack, dialect: Dialect) -> Self {
        let named = graph.nodes_of(stack);
        PrintedValues {
            graph,
            stack,
            dialect,
            resources: named.map(|(id, it)| (it.cfn_id.as_str(), id)).collect(),
            problems: Vec::new(),
        }
    }

    pub(super) fn map(&mut self, map: Map<'_>) -> Map<'static> {
        map.into_iter()
            .map(|(key, term)| (key.into_owned().into(), self.value(term)))
            .collect()
    }

    pub(super) fn value(&mut self, term: RawValue<'_>) -> RawValue<'static> {
        match term {
            RawValue::Raw(json) => self.json(json.into_owned()),
            RawValue::List(items) => {
                RawValue::List(items.into_iter().map(|it| self.value(it)).collect())
            }
            RawValue::Object(map) => {
                let map = self.map(map);
                self.called(&map).unwrap_or(RawValue::Object(map))
            }
            RawValue::Block(map) => RawValue::Block(self.map(map)),
            RawValue::Json(inner) if self.dialect == Dialect::Cfn => self.value(*inner),
            RawValue::Json(inner) => RawValue::Json(Box::new(self.value(*inner))),
            RawValue::Base64(inner) => RawValue::Base64(Box::new(self.value(*inner))),
            other => other.into_owned(),
        }
    }

    /// Returns JSON of the user as a value. Its texts can contain expressions.
    fn json(&mut self, json: serde_json::Value) -> RawValue<'static> {
        match json {
            serde_json::Value::String(text) => {
                let is_expression = text.contains("${") || text.contains("%{");
                match self.dialect {
                    Dialect::Cfn => dynamic(&text),
                    Dialect::Tf if is_expression => Expr::Opaque(text.into()).into(),
                    Dialect::Tf => RawValue::Str(text.into()),
                }
            }
            serde_json::Value::Array(items) => {
                RawValue::List(items.into_iter().map(|it| self.json(it)).collect())
            }
            serde_json::Value::Object(entries) => {
                let entries = entries.into_iter();
                let map: Map<'static> = entries
                    .map(|(key, value)| (key.into(), self.json(value)))
                    .collect();
                self.called(&map).unwrap_or(RawValue::Object(map))
            }
            leaf => RawValue::from(leaf),
        }
    }

    /// Returns the value of an object that is a call of a function.
    fn called(&mut self, map: &Map<'static>) -> Option<RawValue<'static>> {
        let mut entries = map.iter();
        let ((name, argument), None) = (entries.next()?, entries.next()) else {
            return None;
        };
        if self.dialect != Dialect::Cfn || name != "Ref" && !name.starts_with("Fn::") {
            return None;
        }
        let list = match argument {
            RawValue::List(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let count = matches!(argument, RawValue::List(_)).then_some(list.len());
        if name != "Ref"
            && let Some((why, fix)) = call_error(name, count)
        {
            // An app has no transforms.
            let fix = match EXTENSIONS.contains(&name) {
                true => "set the value in place of the call".to_owned(),
                false => fix,
            };
            self.problems.push((why, fix));
        }
        Some(match (name, list) {
            ("Ref", [RawValue::Str(name)]) => self.reference(name).into(),
            ("Fn::GetAtt", [RawValue::Str(path)]) => {
                let (id, attribute) = path.split_once('.').unwrap_or((path.as_ref(), ""));
                self.attribute(id, attribute).into()
            }
            ("Fn::GetAtt", [RawValue::Str(id), RawValue::Str(attribute)]) => {
                self.attribute(id, attribute).into()
            }
            ("Fn::Sub", [RawValue::Str(format)]) => self.substituted(format, None),
            ("Fn::Sub", [RawValue::Str(format), RawValue::Object(own)]) => {
                self.substituted(format, Some(own))
            }
            ("Fn::If", [RawValue::Str(id), then, other]) => {
                let condition = self.graph.condition_in(self.stack, id);
                if condition.is_none() {
                    let fix = "declare it with `Scope::condition`, or correct its name";
                    let what = format!("condition `{id}`");
                    self.unresolved(&what, "Unresolved condition dependency", fix);
                }
                let exists = |it: &RawValue<'static>| match it {
                    RawValue::Expr(expr) if **expr == Expr::Absent => None,
                    other => Some(other.clone()),
                };
                intrinsic::retained(condition, id, [then, other].map(exists))
            }
            ("Fn::FindInMap", [map, _, _]) => {
                // The template of an app has no mappings.
                let what = map
                    .as_str()
                    .map_or("a mapping".to_owned(), |it| format!("mapping `{it}`"));
                self.unresolved(
                    &what,
                    "Unable to get mapping",
                    "set the value in place of the call",
                );
                Expr::Unknown(name.to_owned().into()).into()
            }
            // A macro.
            (name, _) if !FUNCTIONS.contains(&name) => Expr::Unknown(name.to_owned().into()).into(),
            (name, list) => {
                let arguments = match name {
                    "Fn::Base64" | "Fn::ToJsonString" | "Fn::Length" => {
                        std::slice::from_ref(argument)
                    }
                    _ => list,
                };
                Names::Retained.apply(name, arguments).unwrap_or_else(|| {
                    let arguments = list.iter().cloned().map(into_expr).collect();
                    intrinsic::symbolic(name, arguments).into()
                })
            }
        })
    }

    /// Records a resource or parameter that the stack does not have.
    fn missing(&mut self, name: &str) {
        let fix = "add the resource or parameter, or correct its name";
        self.unresolved(
            &format!("`{name}`"),
            "Unresolved resource dependencies",
            fix,
        );
    }

    fn unresolved(&mut self, what: &str, error: &str, fix: &str) {
        let why = format!("refers to {what}, which does not exist (`{error}`)");
        self.problems.push((why, fix.to_owned()));
    }

    fn reference(&mut self, name: &str) -> Expr {
        let pseudo = match name {
            "AWS::NoValue" => return Expr::Absent,
            "AWS::Region" => Some(Pseudo::Region),
            "AWS::AccountId" => Some(Pseudo::AccountId),
            "AWS::Partition" => Some(Pseudo::Partition),
            "AWS::URLSuffix" => Some(Pseudo::UrlSuffix),
            _ => None,
        };
        if let Some(pseudo) = pseudo {
            return Expr::Pseudo(pseudo);
        }
        if self.resources.contains_key(name) {
            return self.attribute(name, "Ref");
        }
        let mut parameters = self.stack.parameters.iter();
        let declared = |id| self.graph.parameter(id).filter(|it| it.id == name);
        match parameters.find_map(|&id| Some((id, declared(id)?))) {
            Some((id, parameter)) if parameter.of.is_list() => Expr::Items(id),
            Some((id, _)) => Expr::Param(id),
            None if name.starts_with("AWS::") => Expr::Opaque(name.to_owned().into()),
            None => {
                self.missing(name);
                Expr::Unknown(format!("Ref {name}").into())
            }
        }
    }

    fn attribute(&mut self, id: &str, name: &str) -> Expr {
        let Some(&node) = self.resources.get(id) else {
            self.missing(id);
            return Expr::Unknown(format!("Fn::GetAtt {id}.{name}").into());
        };
        let kind = self.graph.node(node).and_then(|it| it.resource.kind());
        match kind {
            Some(kind) => kind.attribute(self.dialect, node, name),
            None => Expr::Other(node, name.to_owned().into()),
        }
    }

    fn substituted(&mut self, format: &str, own: Option<&Map<'static>>) -> RawValue<'static> {
        let joined = intrinsic::substituted(format, |name| {
            match (own.and_then(|it| it.get(name)), name.split_once('.')) {
                (Some(value), _) => into_expr(value.clone()),
                (None, Some((id, attribute))) => self.attribute(id, attribute),
                (None, None) => self.reference(name),
            }
        });
        value_of(joined)
    }
}
