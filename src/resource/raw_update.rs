//! Changes to raw resources of a modeled type.

use super::codec::UnmodeledNotes;
use super::{Map, RawResource, RawValue, Typed};
use crate::ir::Dialect;

const LANGUAGES: [Dialect; 2] = [Dialect::Cfn, Dialect::Tf];

impl RawResource {
    /// Returns whether it has a type in a language.
    pub(super) fn is_a<R: Typed>(&self) -> bool {
        LANGUAGES.iter().any(|it| self.is_a_in::<R>(*it))
    }

    fn is_a_in<R: Typed>(&self, dialect: Dialect) -> bool {
        let name = dialect.pick(R::KIND.cfn, R::KIND.tf);
        !name.is_empty() && self.type_name(dialect) == Some(name)
    }

    /// Changes the properties that the type models, in each language. Returns the languages in which other
    /// resources would have a changed property.
    pub(super) fn update<R: Typed>(&mut self, mut change: impl FnMut(&mut R)) -> Vec<Dialect> {
        let mut lost = Vec::new();
        for dialect in LANGUAGES {
            if !self.is_a_in::<R>(dialect) {
                continue;
            }
            let read = |values: &Map<'static>| {
                let mut unmodeled = UnmodeledNotes {
                    notes: &mut Vec::new(),
                    field: String::new(),
                };
                (R::KIND.lift)(&mut values.clone(), dialect, &mut unmodeled)
            };
            let old = read(self.values(dialect));
            let mut new = old.clone();
            if let Some(model) = R::of_mut(&mut new) {
                change(model);
            }
            merge(
                self.values_mut(dialect),
                &old.put(dialect),
                &new.put(dialect),
            );
            if new != old && read(self.values(dialect)) != new {
                lost.push(dialect);
            }
        }
        lost
    }
}

/// Makes the changes between two maps in a third one, which can have more properties.
pub(super) fn merge(into: &mut Map<'static>, old: &Map<'_>, new: &Map<'_>) {
    for (name, _) in old.iter().filter(|(name, _)| new.get(name).is_none()) {
        into.remove(name);
    }
    for (name, value) in new.iter() {
        let before = old.get(name);
        if before == Some(value) {
            continue;
        }
        match (into.get_mut(name), before, value) {
            (
                Some(RawValue::Object(into)),
                Some(RawValue::Object(before)),
                RawValue::Object(value),
            ) => merge(into, before, value),
            _ => into.set(name.to_owned(), value.clone().into_owned()),
        }
    }
}
