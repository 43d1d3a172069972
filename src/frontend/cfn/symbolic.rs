//! Evaluates a template for a comparison. Values that the file does not determine stay symbolic, so
//! that two spellings of a value are equal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::references::ParameterValue;
use super::scenarios::Scenario;
use super::{Deployment, Reader, into_expr, resource_entries};
use crate::frontend::tree::{Kind, Tree};
use crate::ir::{CfnAttr, Expr, Pseudo};
use crate::region::Region;
use crate::resource::intrinsic::GET_AZS;
use crate::resource::{Graph, RawValue};

/// The values that conditions compare a parameter, pseudo parameter or expression with.
pub(crate) type Questions = BTreeMap<String, BTreeSet<String>>;

/// An assumed value of each question. `None` is any value that no condition names.
pub(crate) type Choices = BTreeMap<String, Option<String>>;

/// What a comparison assumes of the deployment.
#[derive(Clone, Debug)]
pub(crate) struct Assumed {
    /// Parameters whose default does not count.
    pub(crate) free: BTreeSet<String>,
    /// Assumed values.
    pub(crate) choices: Choices,
    /// The resources to evaluate. Default: all, and the outputs.
    pub(crate) only: Option<BTreeSet<String>>,
    /// Returns a placeholder for the value of a parameter that must not be shown.
    pub(crate) hide: fn(&str) -> String,
}

impl Default for Assumed {
    fn default() -> Assumed {
        Assumed {
            free: BTreeSet::new(),
            choices: Choices::new(),
            only: None,
            hide: str::to_owned,
        }
    }
}

/// A resource with evaluated values.
#[derive(Debug)]
pub(crate) struct EvaluatedResource {
    pub(crate) id: String,
    pub(crate) kind: String,
    /// Whether its condition is true. `None` if it cannot be determined.
    pub(crate) exists: Option<bool>,
    pub(crate) properties: Value,
    /// Attributes such as policies and dependencies, with the condition.
    pub(crate) attributes: Map<String, Value>,
}

/// A template with evaluated values.
#[derive(Debug)]
pub(crate) struct Evaluated {
    pub(crate) resources: Vec<EvaluatedResource>,
    /// The other sections. Only outputs are evaluated.
    pub(crate) sections: Vec<(String, Value)>,
    /// What the conditions depend on, as far as no assumption determines it.
    pub(crate) questions: Questions,
}

/// Evaluates a template in which loops are expanded.
pub(crate) fn evaluated(root: &Tree, deployment: &Deployment, assumed: &Assumed) -> Evaluated {
    let base = Graph::default();
    let region = match assumed.choices.get(super::REGION) {
        Some(Some(name)) => Region::find(name).or(deployment.region),
        _ => deployment.region,
    };
    let mut reader = Reader::new((&[], Vec::new()), root, deployment, region, &base);
    reader.symbolic = true;
    for entry in root
        .get("Parameters")
        .and_then(Tree::map)
        .unwrap_or_default()
    {
        let name = entry.key.as_str();
        let hidden = entry.value.get("NoEcho").and_then(Tree::text);
        if hidden.is_some_and(|it| it.eq_ignore_ascii_case("true"))
            && let Some(ParameterValue::Text(text)) = reader.parameters.get_mut(name)
        {
            *text = (assumed.hide)(text);
        }
        let of = entry.value.get("Type").and_then(Tree::text);
        let is_list = of.is_some_and(super::parameter_types::is_list);
        let unset = ParameterValue::Unset { is_list };
        let value = match assumed.choices.get(name) {
            Some(Some(value)) => ParameterValue::Text(value.clone()),
            Some(None) => unset,
            None if assumed.free.contains(name) => unset,
            None => continue,
        };
        reader.parameters.insert(name, value);
    }
    reader.scenario.replace(Scenario {
        choices: assumed.choices.clone(),
    });
    let mut resources = Vec::new();
    let wanted = |id: &String| assumed.only.as_ref().is_none_or(|it| it.contains(id));
    for entry in resource_entries(root).iter().filter(|it| wanted(&it.key)) {
        let mut out = EvaluatedResource {
            id: entry.key.clone(),
            kind: String::new(),
            exists: Some(true),
            properties: Value::Object(Map::new()),
            attributes: Map::new(),
        };
        let Some(parts) = entry.value.map() else {
            out.properties = reader.shown(&entry.value);
            resources.push(out);
            continue;
        };
        if entry.key.starts_with("Fn::") {
            // A macro that returns resources.
            out.properties = raw(&entry.value);
            resources.push(out);
            continue;
        }
        for part in parts {
            match part.key.as_str() {
                "Type" => out.kind = part.value.text().unwrap_or_default().to_owned(),
                "Properties" => out.properties = reader.shown(&part.value),
                key => {
                    if key == "Condition" {
                        out.exists = match part.value.text() {
                            Some(name) => reader.condition(name, 0),
                            None => None,
                        };
                    }
                    out.attributes
                        .insert(key.to_owned(), reader.shown(&part.value));
                }
            }
        }
        resources.push(out);
    }
    let mut sections = Vec::new();
    for entry in root.map().unwrap_or_default() {
        let value = match entry.key.as_str() {
            "Resources" => continue,
            "Outputs" if assumed.only.is_none() => reader.shown(&entry.value),
            _ => raw(&entry.value),
        };
        sections.push((entry.key.clone(), value));
    }
    Evaluated {
        resources,
        sections,
        questions: reader.comparisons.take(),
    }
}

/// Returns a tree without evaluation.
pub(crate) fn raw(tree: &Tree) -> Value {
    match &tree.kind {
        Kind::Null => Value::Null,
        Kind::Text(text) => Value::String(text.clone()),
        Kind::List(items) => items.iter().map(raw).collect(),
        Kind::Map(entries) => {
            let entries = entries.iter().map(|it| (it.key.clone(), raw(&it.value)));
            Value::Object(entries.collect())
        }
    }
}

impl Reader<'_> {
    fn shown(&self, tree: &Tree) -> Value {
        match self.eval(tree, 0) {
            Some(term) => self.value(term),
            None => Value::Null,
        }
    }

    /// Returns the answer to a question that no value determines, and notes the question.
    pub(super) fn assumed(&self, question: String) -> Option<bool> {
        if !self.symbolic {
            return None;
        }
        match self.scenario.borrow().choices.get(&question) {
            Some(choice) => Some(choice.is_some()),
            None => {
                self.comparisons
                    .borrow_mut()
                    .entry(question)
                    .or_default()
                    .insert("true".to_owned());
                None
            }
        }
    }

    /// Returns a value in CloudFormation's words.
    pub(super) fn value(&self, term: RawValue<'_>) -> Value {
        match term {
            RawValue::Bool(it) => it.to_string().into(),
            RawValue::Int(it) => it.to_string().into(),
            RawValue::Str(text) => Value::String(text.into_owned()),
            RawValue::Expr(expr) => self.expression(&expr),
            RawValue::List(items) => items.into_iter().map(|it| self.value(it)).collect(),
            RawValue::Object(map) | RawValue::Block(map) => {
                let entries = map
                    .into_iter()
                    .map(|(key, it)| (key.into_owned(), self.value(it)));
                Value::Object(entries.collect())
            }
            RawValue::Json(inner) => json!({ "Fn::ToJsonString": self.value(*inner) }),
            RawValue::Base64(inner) => json!({ "Fn::Base64": self.value(*inner) }),
            RawValue::Raw(json) => json.into_owned(),
        }
    }

    pub(super) fn expression(&self, expr: &Expr) -> Value {
        let reference = |name: &str| json!({ "Ref": name });
        let id = |node| {
            let found = self.resources.iter().find(|(_, (_, id))| *id == node);
            found.map_or("", |(name, _)| *name)
        };
        let all =
            |items: &[Expr]| -> Vec<Value> { items.iter().map(|it| self.expression(it)).collect() };
        match expr {
            Expr::Attr(node, attr) => match attr.cfn {
                CfnAttr::Ref => reference(id(*node)),
                CfnAttr::GetAtt(name) => json!({ "Fn::GetAtt": [id(*node), name] }),
            },
            Expr::Other(node, name) if name.as_ref() == "Ref" => reference(id(*node)),
            Expr::Other(node, name) => json!({ "Fn::GetAtt": [id(*node), name] }),
            Expr::Pseudo(Pseudo::Region) => reference("AWS::Region"),
            Expr::Pseudo(Pseudo::AccountId) => reference("AWS::AccountId"),
            Expr::Pseudo(Pseudo::Partition) => reference("AWS::Partition"),
            Expr::Pseudo(Pseudo::UrlSuffix) => reference("AWS::URLSuffix"),
            Expr::Text(text) => Value::String(text.to_string()),
            // A dynamic reference in a text is not the text that Terraform writes.
            Expr::Concat(parts) if parts.iter().any(|it| matches!(it, Expr::SsmParameter(_))) => {
                json!({ "Fn::Join": ["", all(parts)] })
            }
            Expr::Concat(parts) => joined(all(parts)),
            Expr::Zone(n) => json!({ "Fn::Select": [n.to_string(), { GET_AZS: "" }] }),
            Expr::Select(list, n) => {
                json!({ "Fn::Select": [n.to_string(), self.expression(list)] })
            }
            Expr::PerLanguage { cfn, .. } => self.expression(cfn),
            Expr::SsmParameter(name) => format!("{{{{resolve:ssm:{name}}}}}").into(),
            Expr::OneOf(of) => json!({ "(one of)": all(of) }),
            Expr::SourceParam { name, .. } => reference(name),
            Expr::Opaque(text) => opaque(text),
            Expr::Call(name, items) => match name.as_ref() {
                "list" => Value::Array(all(items)),
                "map" => {
                    let entries = items.chunks(2).filter_map(|pair| match pair {
                        [Expr::Text(key), value] => Some((key.to_string(), self.expression(value))),
                        _ => None,
                    });
                    Value::Object(entries.collect())
                }
                name => {
                    let mut items = all(items);
                    let argument = match items.len() {
                        1 => items.swap_remove(0),
                        _ => Value::Array(items),
                    };
                    json!({ name: argument })
                }
            },
            Expr::Absent => reference("AWS::NoValue"),
            // Only the converter creates these, and a macro.
            Expr::Unknown(text) => json!({ text.as_ref(): "(unknown)" }),
            Expr::Param(_) | Expr::Items(_) | Expr::If(..) => format!("{expr:?}").into(),
        }
    }

    /// Returns the text of a comparison that no value determines. It is the same in each template.
    pub(super) fn question(&self, a: &Expr, b: &Expr) -> String {
        let mut sides = [a, b].map(|it| self.expression(it).to_string());
        sides.sort();
        sides.join(" = ")
    }

    /// Returns the text of a condition without a value.
    pub(super) fn question_of(&self, tree: &Tree, depth: usize) -> String {
        self.expression(&self.eval(tree, depth + 1).map_or(Expr::Absent, into_expr))
            .to_string()
    }
}

fn opaque(text: &str) -> Value {
    if let Some(name) = text.strip_prefix("Ref ") {
        return json!({ "Ref": name });
    }
    if let Some((id, attribute)) = text
        .strip_prefix("Fn::GetAtt ")
        .and_then(|path| path.split_once('.'))
    {
        return json!({ "Fn::GetAtt": [id, attribute] });
    }
    match text {
        GET_AZS => json!({ GET_AZS: "" }),
        text if text.starts_with("AWS::") => json!({ "Ref": text }),
        text => format!("{{{{resolve:{text}}}}}").into(),
    }
}

/// Returns joined parts as `Fn::Sub`, or as `Fn::Join` if a part is another function.
fn joined(parts: Vec<Value>) -> Value {
    let mut text = String::new();
    for part in &parts {
        let name = match part {
            Value::String(literal) => {
                text.push_str(&literal.replace("${", "${!"));
                continue;
            }
            part => match (part.get("Ref"), part.get("Fn::GetAtt")) {
                (Some(Value::String(name)), _) => name.clone(),
                (_, Some(Value::Array(path))) => {
                    let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
                    path.join(".")
                }
                _ => return json!({ "Fn::Join": ["", parts] }),
            },
        };
        text.push_str(&format!("${{{name}}}"));
    }
    json!({ "Fn::Sub": text })
}
