//! Conditions, and the combinations of values that determine them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::tree::Tree;
use super::{MAX_DEPTH, REGION, Reader};
use crate::ir::{Expr, Pseudo};

/// Limits the combinations of unknown values.
const MAX_SCENARIOS: usize = 64;

/// Assumed values of unknown parameters and the region. `None` is any value that no condition names.
#[derive(Clone, Debug, Default)]
pub(super) struct Scenario {
    pub(super) choices: BTreeMap<String, Option<String>>,
}

/// The value of each condition, if known.
pub(super) type TruthValues = HashMap<String, Option<bool>>;

/// Returns the combinations of assumed values, up to `MAX_SCENARIOS`.
pub(super) fn scenarios(
    root: &Tree,
    comparisons: BTreeMap<String, BTreeSet<String>>,
) -> Vec<Scenario> {
    let mut scenarios = vec![Scenario::default()];
    for (name, mut values) in comparisons {
        let allowed: Option<BTreeSet<String>> = root
            .get("Parameters")
            .and_then(|it| it.get(&name))
            .and_then(|it| it.get("AllowedValues"))
            .and_then(Tree::list)
            .map(|items| {
                items
                    .iter()
                    .filter_map(|it| it.text().map(str::to_owned))
                    .collect()
            });
        let mut choices: Vec<Option<String>> = Vec::new();
        if let Some(allowed) = &allowed {
            values.retain(|value| allowed.contains(value));
        }
        let others = allowed.is_none_or(|allowed| allowed.iter().any(|it| !values.contains(it)));
        choices.extend(values.into_iter().map(Some));
        if others {
            choices.push(None);
        }
        if choices.is_empty() || scenarios.len() * choices.len() > MAX_SCENARIOS {
            continue;
        }
        scenarios = scenarios
            .iter()
            .flat_map(|scenario| {
                choices.iter().map(|choice| {
                    let mut scenario = scenario.clone();
                    scenario.choices.insert(name.clone(), choice.clone());
                    scenario
                })
            })
            .collect();
    }
    scenarios
}

impl Reader<'_> {
    /// Returns the value of each condition in a scenario.
    pub(super) fn truths(&self, scenario: Scenario) -> TruthValues {
        self.scenario.replace(scenario);
        self.conditions.borrow_mut().clear();
        let conditions = self.root.get("Conditions").and_then(Tree::map);
        for entry in conditions.unwrap_or_default() {
            self.condition(&entry.key, 0);
        }
        self.scenario.replace(Scenario::default());
        self.conditions.take()
    }

    pub(super) fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(known) = self.conditions.borrow().get(name) {
            return *known;
        }
        let conditions = self
            .root
            .get("Conditions")
            .and_then(Tree::map)
            .unwrap_or_default();
        let Some(entry) = conditions.iter().find(|entry| entry.key == name) else {
            return self.assumed(format!("Condition {name}"));
        };
        // A condition that refers to itself has no value.
        let key = || entry.key.clone();
        self.conditions.borrow_mut().insert(key(), None);
        let value = self.test(&entry.value, depth + 1);
        self.conditions.borrow_mut().insert(key(), value);
        value
    }

    pub(super) fn test(&self, tree: &Tree, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (name, argument) = tree.single()?;
        let tests = || {
            argument
                .list()
                .unwrap_or_default()
                .iter()
                .map(|it| self.test(it, depth + 1))
                .collect::<Vec<_>>()
        };
        match name {
            "Condition" => self.condition(argument.text()?, depth + 1),
            "Fn::Equals" => {
                let [a, b] = argument.list()? else {
                    return None;
                };
                let (a, b) = (self.expr(a, depth), self.expr(b, depth));
                self.equal(&a, &b)
            }
            "Fn::Not" => tests().first().copied().flatten().map(|value| !value),
            "Fn::And" => {
                let tests = tests();
                if tests.contains(&Some(false)) {
                    Some(false)
                } else if tests.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }
            "Fn::Or" => {
                let tests = tests();
                if tests.contains(&Some(true)) {
                    Some(true)
                } else if tests.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            _ if self.symbolic => self.assumed(self.question_of(tree, depth)),
            "Fn::Contains" | "Fn::EachMemberEquals" | "Fn::EachMemberIn" => {
                self.test_members(name, argument, depth)
            }
            _ => None,
        }
    }

    pub(super) fn equal(&self, a: &Expr, b: &Expr) -> Option<bool> {
        if let (Expr::Text(a), Expr::Text(b)) = (a, b) {
            return Some(a == b);
        }
        if a == b && !matches!(a, Expr::OneOf(_) | Expr::Absent) {
            return Some(true);
        }
        let (open, value) = match (a, b) {
            (Expr::Text(value), open) | (open, Expr::Text(value)) => (open, value),
            _ if self.symbolic => return self.assumed(self.question(a, b)),
            _ => return None,
        };
        let question = match open {
            Expr::SourceParam { name, .. } => name.to_string(),
            Expr::Pseudo(Pseudo::Region) => REGION.to_owned(),
            Expr::Pseudo(Pseudo::AccountId) => "AWS::AccountId".to_owned(),
            Expr::Pseudo(Pseudo::Partition) => "AWS::Partition".to_owned(),
            Expr::OneOf(of) => {
                let all: Option<Vec<bool>> = of
                    .iter()
                    .map(|one| self.equal(one, &Expr::Text(value.clone())))
                    .collect();
                let all = all?;
                let first = *all.first()?;
                return all.iter().all(|it| *it == first).then_some(first);
            }
            _ if self.symbolic => return self.assumed(self.question(a, b)),
            _ => return None,
        };
        match self.scenario.borrow().choices.get(&question) {
            Some(Some(choice)) => Some(choice == value.as_ref()),
            Some(None) => Some(false),
            None => {
                self.comparisons
                    .borrow_mut()
                    .entry(question)
                    .or_default()
                    .insert(value.to_string());
                None
            }
        }
    }
}
