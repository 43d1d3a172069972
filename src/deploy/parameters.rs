//! Values of parameters and tags.

use super::outcome::Deployed;
use super::template;
use super::values::{ParameterValue, Slot, Stack};

/// Selects the value of each parameter.
///
/// A value that was chosen for the stack is kept. A value that was the default of the old template
/// follows the default of the new one. Otherwise, a new default such as another AMI would have no
/// effect.
///
/// # Errors
///
/// Returns the names of parameters without a value.
pub(crate) fn fill(
    slots: &[Slot],
    deployed: Option<(&Stack, &[(String, String)])>,
) -> Result<Vec<(String, ParameterValue)>, Vec<String>> {
    let mut out = Vec::new();
    let mut missing = Vec::new();
    for slot in slots {
        let of = |list: &[(String, String)]| {
            let found = list.iter().find(|(name, _)| *name == slot.name);
            found.map(|(_, value)| value.clone())
        };
        let previous = deployed.and_then(|(stack, _)| of(&stack.parameters));
        let chosen = match (&previous, deployed.and_then(|(_, defaults)| of(defaults))) {
            (Some(value), Some(default)) => *value != default,
            (previous, _) => previous.is_some(),
        };
        let value = match (&slot.value, &slot.default) {
            (Some(given), _) => Some(ParameterValue::Value(given.clone())),
            (None, None) if previous.is_some() => Some(ParameterValue::Previous),
            (None, None) => {
                missing.push(slot.name.clone());
                None
            }
            (None, Some(_)) => chosen.then_some(ParameterValue::Previous),
        };
        out.extend(value.map(|value| (slot.name.clone(), value)));
    }
    match missing.is_empty() {
        true => Ok(out),
        false => Err(missing),
    }
}

/// Selects the value of each parameter, for a deployed stack.
///
/// # Errors
///
/// Returns the names of parameters without a value.
pub(crate) fn filled(
    slots: &[Slot],
    deployed: &Deployed,
) -> Result<Vec<(String, ParameterValue)>, Vec<String>> {
    let defaults: Vec<(String, String)> = template::slots(&deployed.template)
        .into_iter()
        .filter_map(|slot| Some((slot.name, slot.default?)))
        .collect();
    fill(slots, Some((&deployed.stack, &defaults)))
}

/// Returns the effective parameter values, without hidden ones.
pub(crate) fn effective(
    slots: &[Slot],
    filled: &[(String, ParameterValue)],
    stack: Option<&Stack>,
) -> Vec<(String, String)> {
    let value = |slot: &Slot| {
        let found = filled.iter().find(|(name, _)| *name == slot.name);
        match found.map(|(_, value)| value) {
            Some(ParameterValue::Value(value)) => Some(value.clone()),
            Some(ParameterValue::Previous) => {
                let known = stack?
                    .parameters
                    .iter()
                    .find(|(name, _)| *name == slot.name);
                known.map(|(_, value)| value.clone())
            }
            None => slot.default.clone(),
        }
    };
    let shown = slots.iter().filter(|slot| !slot.no_echo);
    shown
        .filter_map(|slot| Some((slot.name.clone(), value(slot)?)))
        .collect()
}

/// Returns the deployed parameter values, without hidden ones.
pub(crate) fn deployed_values(deployed: &Deployed) -> Vec<(String, String)> {
    let hidden: Vec<String> = template::slots(&deployed.template)
        .into_iter()
        .filter(|slot| slot.no_echo)
        .map(|slot| slot.name)
        .collect();
    let known = deployed.stack.parameters.iter();
    known
        .filter(|(name, _)| !hidden.contains(name))
        .cloned()
        .collect()
}

/// Returns the deployed tags with the specified ones, or no tags if none are specified, which keeps
/// the deployed ones.
pub(crate) fn merged(given: &[(String, String)], stack: Option<&Stack>) -> Vec<(String, String)> {
    if given.is_empty() {
        return Vec::new();
    }
    let other = |key: &str| !given.iter().any(|(known, _)| known == key);
    let known = stack.map(|it| it.tags.as_slice()).unwrap_or_default();
    let retained = known
        .iter()
        .filter(|(key, _)| other(key) && !key.starts_with("aws:"));
    retained.chain(given).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_value_stays_and_a_default_follows_the_template() {
        let slot = |name: &str, given: Option<&str>, default: Option<&str>| Slot {
            name: name.to_owned(),
            value: given.map(str::to_owned),
            default: default.map(str::to_owned),
            no_echo: false,
        };
        let stack = Stack {
            parameters: vec![
                ("Chosen".into(), "mine".into()),
                ("Plain".into(), "old".into()),
                ("Bare".into(), "x".into()),
            ],
            ..Stack::default()
        };
        let defaults = [
            ("Chosen".to_owned(), "old".to_owned()),
            ("Plain".to_owned(), "old".to_owned()),
        ];
        let slots = [
            slot("Chosen", None, Some("new")),
            slot("Plain", None, Some("new")),
            slot("Bare", None, None),
            slot("Set", Some("v"), None),
        ];
        let filled = fill(&slots, Some((&stack, &defaults))).unwrap();
        let want = [
            ("Chosen".to_owned(), ParameterValue::Previous),
            ("Bare".to_owned(), ParameterValue::Previous),
            ("Set".to_owned(), ParameterValue::Value("v".to_owned())),
        ];
        assert_eq!(filled, want);
        assert_eq!(fill(&slots, None).unwrap_err(), ["Bare"]);
    }
}
