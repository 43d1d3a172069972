//! Resources without a table, and provisioners: what the plan shows of their values.

use serde_json::Value as Json;

use super::expression::{constant, gather, most_specific};
use super::json::{array, plain};
use super::references::{Found, IndexedBy};
use super::{Plan, Planned};
use crate::ir::Expr;
use crate::resource::{Map, Provisioner, RawValue};

impl<'p> Plan<'p> {
    /// Returns the known values and the references of a resource without a table, by argument.
    pub(super) fn values_and_references(&self, at: usize) -> Map<'static> {
        let it = &self.resources[at];
        let expressions = it.config.and_then(|config| config.get("expressions"));
        let mut map = Map::default();
        for (key, value) in it.values.as_object().into_iter().flatten() {
            if !value.is_null() {
                map.insert(key.clone(), self.by_ids(it, plain(value)));
            }
        }
        for (key, expression) in expressions.and_then(Json::as_object).into_iter().flatten() {
            let mut items = self.targets(it, expression);
            if items.is_empty() {
                continue;
            }
            items.extend(map.remove(key));
            map.insert(key.clone(), RawValue::List(items));
        }
        map
    }

    /// Returns the resources that an expression refers to, also in nested blocks.
    fn targets(&self, it: &Planned<'p>, expression: &Json) -> Vec<RawValue<'static>> {
        let mut names: Vec<&str> = Vec::new();
        gather(Some(expression), &mut names);
        let mut items = Vec::new();
        for name in most_specific(&names) {
            for found in self.follow(name, &it.scope(), IndexedBy::Nothing, None, 0) {
                if let Found::Resource(at, attribute) = found {
                    items.push(RawValue::from(self.attribute(at, attribute.as_deref())));
                }
            }
        }
        items
    }

    /// Returns the provisioners of a resource, as far as the plan shows them.
    pub(super) fn provisioners(&self, at: usize) -> Vec<Provisioner> {
        let it = &self.resources[at];
        let all = it.config.and_then(|config| config.get("provisioners"));
        let argument = |expression: &Json| match constant(expression) {
            Some(known) => plain(known),
            // The plan contains no text around references.
            None => {
                let mut items = self.targets(it, expression);
                items.push(RawValue::from(Expr::Unknown("a command".into())));
                RawValue::List(items)
            }
        };
        let one = |provisioner: &Json| {
            let arguments = provisioner.get("expressions").and_then(Json::as_object);
            let arguments = arguments.into_iter().flatten();
            Some(Provisioner {
                kind: provisioner.get("type")?.as_str()?.to_owned(),
                arguments: arguments
                    .map(|(key, expression)| (key.clone().into(), argument(expression)))
                    .collect(),
            })
        };
        array(all).iter().filter_map(one).collect()
    }
}
