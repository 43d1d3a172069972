//! Rules, which assert something about parameters. CloudFormation refuses values that break one.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html>

use super::super::tree::{At, Entry, Tree};
use super::references::ParameterValue;
use super::{MAX_DEPTH, Reader};
use crate::ir::Expr;
use crate::resource::intrinsic::into_expr;
use crate::resource::{RawValue, TemplateError};

impl Reader<'_> {
    /// Returns the errors of rules. An assertion about a value that the file does not determine counts as
    /// true, since its parameter accepts a value for which it holds.
    pub(super) fn broken_rules(&self) -> Vec<(At, TemplateError)> {
        let rules = self.root.get("Rules").and_then(Tree::map);
        let rules = rules.unwrap_or_default().iter();
        let broken = rules.filter_map(|it| Some((it.at, self.broken_rule(it)?)));
        broken.collect()
    }

    fn broken_rule(&self, rule: &Entry) -> Option<TemplateError> {
        let exists = self.stack_exists(&rule.value);
        let applies = match rule.value.get("RuleCondition") {
            None => Some(true),
            Some(condition) => self.test(condition, 0),
        };
        if exists == Some(false) || applies == Some(false) {
            return None;
        }
        let assertions = rule.value.get("Assertions").and_then(Tree::list)?;
        let fails = |it: &&Tree| {
            let assert = it.get("Assert");
            assert.and_then(|it| self.test(it, 0)) == Some(false)
        };
        let broken = assertions.iter().find(fails)?;
        let name = &rule.key;
        let why = broken.get("AssertDescription").and_then(Tree::text);
        Some(TemplateError {
            is_certain: exists.and(applies) == Some(true),
            ignores_condition: false,
            reason: match why {
                Some(why) => format!("an assertion of rule `{name}` fails: {why}"),
                None => format!("an assertion of rule `{name}` fails"),
            },
            fix: format!("set the parameters to values that rule `{name}` accepts"),
        })
    }

    /// Returns whether the nested stack of a linked declaration exists.
    pub(super) fn stack_exists(&self, declaration: &Tree) -> Option<bool> {
        match declaration.get("Condition").and_then(Tree::text) {
            None => Some(true),
            Some(name) => self.condition(name, 0),
        }
    }

    /// Evaluates a function of rules that compares the members of a list.
    pub(super) fn test_members(&self, name: &str, argument: &Tree, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        let [list, of] = argument.list()? else {
            return None;
        };
        let members = self.members(list, depth)?;
        let others = match name {
            "Fn::EachMemberIn" => self.members(of, depth)?,
            _ => vec![self.expr(of, depth)],
        };
        let is_one = |member: &Expr| any(others.iter().map(|it| self.equal(member, it)));
        let found = members.iter().map(is_one);
        match name {
            "Fn::Contains" => any(found),
            _ => any(found.map(|it| it.map(|it| !it))).map(|it| !it),
        }
    }

    /// Returns the members of a list, if the file determines their number.
    fn members(&self, list: &Tree, depth: usize) -> Option<Vec<Expr>> {
        if let Some(("Fn::RefAll", of)) = list.single() {
            return self.values_of_type(of.text()?);
        }
        match self.eval(list, depth)? {
            RawValue::List(items) if items.iter().all(|it| !it.is_items()) => {
                Some(items.into_iter().map(into_expr).collect())
            }
            RawValue::Str(text) => Some(vec![Expr::Text(text.into_owned().into())]),
            _ => None,
        }
    }

    /// Returns the values of all parameters of a type.
    fn values_of_type(&self, type_name: &str) -> Option<Vec<Expr>> {
        let parameters = self.root.get("Parameters").and_then(Tree::map);
        let mut values = Vec::new();
        for entry in parameters.unwrap_or_default() {
            if entry.value.get("Type").and_then(Tree::text) != Some(type_name) {
                continue;
            }
            let text = |it: &String| Expr::Text(it.clone().into());
            match self.parameters.get(entry.key.as_str())? {
                ParameterValue::Text(value) => values.push(text(value)),
                ParameterValue::List(items) => values.extend(items.iter().map(text)),
                _ => return None,
            }
        }
        Some(values)
    }
}

/// Returns whether one of several tests holds, if they determine it.
fn any(tests: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(false);
    for test in tests {
        match test {
            Some(true) => return Some(true),
            Some(false) => {}
            None => result = None,
        }
    }
    result
}
