//! Parameters, conditions and mappings of a template to convert.

use super::super::super::tree::{Entry, Kind, Tree};
use super::super::{MAX_DEPTH, Reader, parameter_types};
use crate::ir::{
    Diagnostic, Diagnostics, Expr, ParameterDeclaration, ParameterType, Predicate, SourceLocation,
    Text, stored_type, terraform_name,
};
use crate::resource::{Map, RawValue};

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

/// Returns the type of a variable for a type of CloudFormation.
fn variable_type(name: &str) -> Option<ParameterType> {
    if let Some(of) = ParameterType::ALL.iter().find(|it| it.cfn() == name) {
        return Some(*of);
    }
    match parameter_types::item(name) {
        Some(item) if item == "Number" || parameter_types::is_text(item) => {
            Some(ParameterType::StringList)
        }
        None if parameter_types::is_text(name) => Some(ParameterType::String),
        _ => None,
    }
}

fn warning(message: String, at: &SourceLocation) -> Diagnostic {
    Diagnostic::warning("convert", message).at(at.clone())
}

impl Reader<'_> {
    pub(super) fn declaration(
        &self,
        entry: &Entry,
        out: &mut Diagnostics,
    ) -> Result<ParameterDeclaration, String> {
        let location = self.location(entry.at);
        let text = |key: &str| entry.value.get(key).and_then(Tree::text);
        let owned = |text: &str| Text::Owned(text.to_owned());
        let name = text("Type").unwrap_or("String");
        let stored = stored_type(name);
        let of = variable_type(stored.unwrap_or(name)).ok_or_else(|| {
            format!(
                "parameter `{}` has type `{name}`, which has no equivalent in Terraform",
                entry.key
            )
        })?;
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
        let mut id = entry.key.clone();
        if RESERVED.contains(&terraform_name(&id).as_str()) {
            id.push_str("Value");
            let message = format!(
                "`{}` is a reserved variable name in Terraform; the variable is `{}`",
                entry.key,
                terraform_name(&id)
            );
            out.push(warning(message, &location));
        }
        let pattern = text("AllowedPattern").filter(|_| stored.is_none());
        let allowed_pattern = pattern.filter(|pattern| {
            let text = matches!(of, ParameterType::String | ParameterType::StringList);
            let is_portable = text && regex_lite::Regex::new(pattern).is_ok();
            if !is_portable {
                let message = format!(
                    "`AllowedPattern` of parameter `{}` is not converted: Terraform does not \
                     support it",
                    entry.key
                );
                out.push(warning(message, &location));
            }
            is_portable
        });
        let number = |key: &str| text(key).and_then(|it| it.parse().ok());
        let limit = |key: &str| {
            let limit = text(key).filter(|it| it.parse::<f64>().is_ok());
            limit.filter(|_| of == ParameterType::Number).map(owned)
        };
        let allowed = entry.value.get("AllowedValues").and_then(Tree::list);
        let declaration = ParameterDeclaration {
            id,
            of,
            description: text("Description").map(owned),
            default,
            allowed_values: allowed
                .unwrap_or_default()
                .iter()
                .filter_map(|it| it.text().map(owned))
                .collect(),
            allowed_pattern: allowed_pattern.map(owned),
            length: [number("MinLength"), number("MaxLength")],
            range: [limit("MinValue"), limit("MaxValue")],
            constraint_description: text("ConstraintDescription").map(owned),
            from_parameter_store: stored.is_some(),
            no_echo: text("NoEcho").is_some_and(|it| it.eq_ignore_ascii_case("true")),
            only: None,
            location,
        };
        Ok(declaration)
    }

    /// Returns a condition as a predicate of the model, if the model supports it.
    pub(super) fn strict_predicate(&self, tree: &Tree, depth: usize) -> Option<Predicate> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (name, argument) = tree.single()?;
        let items = argument.list().unwrap_or_default();
        let tests = || -> Option<Vec<Predicate>> {
            let tests = items.iter().map(|it| self.strict_predicate(it, depth + 1));
            tests.collect()
        };
        match (name, items) {
            ("Fn::Equals", [a, b]) => match (self.expr(a, depth), self.expr(b, depth)) {
                (a, b) if a.is_list() || b.is_list() => None,
                (Expr::Text(text), expr) | (expr, Expr::Text(text)) => {
                    Some(Predicate::OneOf(expr, vec![text]))
                }
                (a, b) => Some(Predicate::Equal(a, b)),
            },
            ("Fn::Or", _) => Some(any(tests()?)),
            ("Fn::And", _) => Some(Predicate::All(tests()?)),
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

    /// Returns the mappings, and reports those with one name in Terraform.
    pub(super) fn mappings(&self, out: &mut Diagnostics) -> Vec<(String, RawValue<'static>)> {
        let mappings = self.root.get("Mappings").and_then(Tree::map);
        let mut maps: Vec<(String, RawValue<'static>)> = Vec::new();
        for mapping in mappings.unwrap_or_default() {
            let mut rows = Map::default();
            for row in mapping.value.map().unwrap_or_default() {
                let mut values = Map::default();
                for value in row.value.map().unwrap_or_default() {
                    values.insert(value.key.clone(), literal(&value.value));
                }
                rows.insert(row.key.clone(), RawValue::Object(values));
            }
            let name = terraform_name(&mapping.key);
            if maps.iter().any(|(other, _)| terraform_name(other) == name) {
                let message = format!("two mappings are `{name}` in Terraform; rename one");
                let location = self.location(mapping.at);
                out.push(Diagnostic::error("convert", message).at(location));
            }
            maps.push((mapping.key.clone(), RawValue::Object(rows)));
        }
        maps
    }
}

/// Returns the value of a mapping, in which CloudFormation allows only text and lists of text.
fn literal(tree: &Tree) -> RawValue<'static> {
    match &tree.kind {
        Kind::List(items) => RawValue::List(items.iter().map(literal).collect()),
        _ => RawValue::Str(tree.text().unwrap_or_default().to_owned().into()),
    }
}

/// Returns a test that is true if one of several is, as one list if all test the same value.
fn any(tests: Vec<Predicate>) -> Predicate {
    let mut joined: Option<(Expr, Vec<Text>)> = None;
    for test in &tests {
        match (test, &mut joined) {
            (Predicate::OneOf(expr, values), None) => joined = Some((expr.clone(), values.clone())),
            (Predicate::OneOf(expr, values), Some((known, more))) if known == expr => {
                more.extend(values.iter().cloned());
            }
            _ => return Predicate::Any(tests),
        }
    }
    match joined {
        Some((expr, values)) => Predicate::OneOf(expr, values),
        None => Predicate::Any(tests),
    }
}
