//! The change between two templates: what is shown, and what it does under each assumption.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::IndexMap;

use super::access::{AccessChange, Direction, access, sorted};
use super::loss::losses;
use super::masking::hide;
use super::replace::{Replacement, ReplacementReason, without_brackets};
use super::valuation::{Source, Valuation, in_regions, shown, valuations};
use super::{Change, Difference, compare, model, rename, update};

/// What the valuations of a change have in common.
#[derive(Default)]
struct Effects {
    /// The changed properties of each resource.
    paths: HashMap<String, HashSet<String>>,
    /// Resources that exist in one template only.
    alone: HashSet<String>,
    /// Those in the new template only.
    added: HashSet<String>,
    /// The replacements for the defaults of parameters.
    forced: IndexMap<String, Difference>,
    /// The changes for other values than the defaults.
    elsewhere: IndexMap<String, Difference>,
    /// Resources that a condition removes.
    removed: Vec<String>,
    /// The replaced resources of each valuation with the defaults of parameters, and its Region.
    defaults: Vec<(Option<String>, HashSet<String>)>,
    /// The Regions in which a property does not replace its resource, by the ID and the property.
    kept_in: HashMap<(String, String), BTreeSet<String>>,
    access: Vec<AccessChange>,
}

fn top(path: &str) -> String {
    let plain = without_brackets(path);
    plain.split('.').next().unwrap_or_default().to_owned()
}

/// Removes the changes of a new resource that another valuation has among others.
fn distinct(all: Vec<AccessChange>) -> Vec<AccessChange> {
    let parts = |it: &AccessChange| {
        let all = it.what.split("; ").map(str::to_owned);
        all.collect::<HashSet<String>>()
    };
    let mut known: HashMap<(&str, Direction), Vec<HashSet<String>>> = HashMap::new();
    for it in &all {
        let of_owner = known.entry((&it.owner, it.direction)).or_default();
        of_owner.push(parts(it));
    }
    let is_part = |it: &AccessChange| {
        let (these, of_owner) = (parts(it), &known[&(it.owner.as_str(), it.direction)]);
        of_owner
            .iter()
            .any(|other| these.len() < other.len() && these.is_subset(other))
    };
    let keep: Vec<bool> = all.iter().map(|it| !is_part(it)).collect();
    let kept = all.into_iter().zip(keep).filter(|(_, keep)| *keep);
    kept.map(|(it, _)| it).collect()
}

impl Effects {
    fn of(old: &Source, new: &Source) -> Effects {
        let mut out = Effects::default();
        for valuation in valuations(old, new) {
            let found = compare(&valuation.old, &valuation.new);
            let renamed = rename::pairs(&found);
            let before = model::aligned(valuation.old, &renamed);
            let mut changes = access(&before, &valuation.new);
            if !valuation.is_default {
                changes.retain(|it| it.direction != Direction::Narrower);
            }
            if let Some(doubt) = &valuation.doubt {
                // What is known already needs no other value of a parameter.
                changes.retain(|it| !out.access.contains(it));
                for it in &mut changes {
                    it.direction = Direction::Unknown;
                    it.what = format!("{} ({doubt})", it.what);
                }
            }
            out.access.extend(changes);
            let mut replaced = HashSet::new();
            for it in found.into_iter().filter(|it| it.section == "Resources") {
                match &it.change {
                    Change::Changed(changes) => {
                        let paths = changes.iter().map(|it| top(&it.path));
                        out.paths.entry(it.id.clone()).or_default().extend(paths);
                    }
                    Change::Removed if valuation.is_equal && !out.removed.contains(&it.id) => {
                        out.removed.push(it.id.clone());
                        out.alone.insert(it.id.clone());
                    }
                    other => {
                        if *other == Change::Added {
                            out.added.insert(it.id.clone());
                        }
                        out.alone.insert(it.id.clone());
                    }
                }
                // Under a condition, a resource can have the name of another one, which it does not
                // replace.
                let is_other = matches!(it.change, Change::Renamed(_));
                if is_other {
                    continue;
                }
                if !valuation.is_default && matches!(it.change, Change::Changed(_)) {
                    let known = out.elsewhere.entry(it.id.clone()).or_insert(Difference {
                        forced: Vec::new(),
                        ..it.clone()
                    });
                    if valuation.is_equal && known.forced.is_empty() {
                        known.forced = it.forced;
                    }
                } else if valuation.is_default && !it.forced.is_empty() {
                    replaced.insert(it.id.clone());
                    out.forced.entry(it.id.clone()).or_insert(it);
                }
            }
            if valuation.is_default {
                out.defaults.push((valuation.region, replaced));
            }
        }
        if out.forced.values().any(Difference::is_replaced) {
            out.kept_in = kept_in(&out.forced, &in_regions(old, new));
        }
        out.access = distinct(sorted(std::mem::take(&mut out.access)));
        out
    }

    fn forced(&self, id: &str) -> Vec<Replacement> {
        let (of, is_default) = match (self.forced.get(id), self.elsewhere.get(id)) {
            (Some(of), _) => (of, true),
            (None, Some(of)) => (of, false),
            (None, None) => return Vec::new(),
        };
        let (with, without): (Vec<_>, Vec<_>) =
            self.defaults.iter().partition(|(_, all)| all.contains(id));
        let is_always = is_default && without.is_empty();
        let regions: Option<BTreeSet<&String>> =
            without.iter().map(|(region, _)| region.as_ref()).collect();
        let is_in = |all: &BTreeSet<&String>, region: &Option<String>| {
            region.as_ref().is_some_and(|it| all.contains(it))
        };
        let regions =
            regions.filter(|all| is_default && !with.iter().any(|(region, _)| is_in(all, region)));
        let when = match regions {
            Some(regions) => outside(&regions),
            None => "for some values of parameters".to_owned(),
        };
        let mut forced = of.forced.clone();
        for it in forced.iter_mut().filter(|it| it.reason.is_certain()) {
            let kept_in = self.kept_in.get(&(id.to_owned(), it.property.clone()));
            let when = match (is_always, kept_in) {
                (false, _) => when.clone(),
                (true, Some(regions)) => outside(&regions.iter().collect()),
                (true, None) => continue,
            };
            it.reason = ReplacementReason::Maybe(when);
        }
        forced
    }
}

/// Returns the condition of a replacement that does not happen in some Regions.
fn outside(regions: &BTreeSet<&String>) -> String {
    let names: Vec<&str> = regions.iter().map(|it| it.as_str()).collect();
    format!("in Regions other than {}; pass --region", names.join(", "))
}

/// Returns the Regions in which a property does not replace its resource, by the ID and the property.
fn kept_in(
    forced: &IndexMap<String, Difference>,
    regions: &[Valuation],
) -> HashMap<(String, String), BTreeSet<String>> {
    let mut out: HashMap<_, BTreeSet<String>> = HashMap::new();
    for valuation in regions {
        let found = compare(&valuation.old, &valuation.new);
        for (id, of) in forced {
            let same = found
                .iter()
                .find(|it| it.section == "Resources" && it.id == *id);
            let there = same.map_or(&[][..], |it| &it.forced);
            for it in &of.forced {
                let is_same = |other: &Replacement| {
                    other.property == it.property && other.reason.is_certain()
                };
                if !there.iter().any(is_same) {
                    let key = (id.clone(), it.property.clone());
                    out.entry(key).or_default().extend(valuation.region.clone());
                }
            }
        }
    }
    out
}

/// Compares two templates.
pub(crate) fn differences(
    old: &Source,
    new: &Source,
) -> (Vec<Difference>, Vec<AccessChange>, Vec<String>) {
    let (was, is) = shown(old, new);
    let mut differences = compare(&was, &is);
    let effects = Effects::of(old, new);
    for it in differences
        .iter_mut()
        .filter(|it| it.section == "Resources")
    {
        let Change::Changed(changes) = &mut it.change else {
            continue;
        };
        let paths = effects.paths.get(&it.id);
        // Other words for the same value do not change it.
        changes.retain(|change| match change.path.as_str() {
            "(Condition)" => effects.alone.contains(&it.id),
            path => {
                paths.is_some_and(|paths| paths.contains(&top(path)))
                    || effects.alone.contains(&it.id)
            }
        });
        let possible = std::mem::take(&mut it.forced);
        it.forced = effects.forced(&it.id);
        // Of many conditions, no combination that was tried has both versions.
        if !effects.paths.contains_key(&it.id)
            && effects.added.contains(&it.id)
            && effects.removed.contains(&it.id)
        {
            it.forced.extend(possible.into_iter().map(|it| Replacement {
                reason: ReplacementReason::Maybe("for some values of parameters".to_owned()),
                ..it
            }));
        }
    }
    differences.retain(|it| match &it.change {
        Change::Changed(changes) if it.section == "Resources" => {
            !changes.is_empty() || !it.forced.is_empty()
        }
        _ => true,
    });
    for (id, of) in effects.forced.iter().chain(&effects.elsewhere) {
        let known = differences
            .iter()
            .any(|it| it.section == "Resources" && it.id == *id);
        let forced = effects.forced(id);
        let has_effect = !forced.is_empty() || effects.access.iter().any(|it| it.owner == *id);
        if !known && has_effect && matches!(of.change, Change::Changed(_)) {
            differences.insert(
                0,
                Difference {
                    forced,
                    ..of.clone()
                },
            );
        }
    }
    update::mark(&was, &is, &mut differences);
    let losses = losses(&was, &is, &differences, &effects.removed);
    let mut access = effects.access;
    hide(&mut differences, &mut access);
    (differences, access, losses)
}
