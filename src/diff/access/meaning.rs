//! What a changed property or resource means for access, by a table. What the table does not know is
//! unknown if its name suggests access.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

use super::super::{Entry, Side};
use super::arn::canonical;
use super::judge::{HIDDEN, Property};
use super::leaf::{Leaves, leaves, of};
use super::managed::{Effect, effect, policies};
use super::table::{Meaning, Rows, is_harmless_name, plain};
use super::web_acl::without_new_blocks;
use super::word::{PROTECTING, accounts, has_word, is_telling, words};
use super::{AccessChange, Direction, list, name, openapi};

/// Why a change of a type without a row counts.
const UNREVIEWED: &str = "and its type is not reviewed";

/// Limits of an access that another property enables.
const LIMITS_OF: [(&str, &str); 1] = [("publicaccesscidrs", "endpointpublicaccess")];

/// Returns the changes of access that the table shows or a name suggests.
pub(super) fn changes(old: &Side, new: &Side) -> Vec<AccessChange> {
    let mut out = Vec::new();
    for (id, entry) in &new.resources {
        let before = old.resources.get(id).filter(|it| it.kind == entry.kind);
        if before.is_none_or(|it| it.properties != entry.properties) {
            resource(id, (old, before), (new, Some(entry)), &mut out);
        }
    }
    for (id, entry) in &old.resources {
        if new.resources.get(id).is_none_or(|it| it.kind != entry.kind) {
            resource(id, (old, Some(entry)), (new, None), &mut out);
        }
    }
    let (was, is) = (globals(old), globals(new));
    for (id, entry) in was.iter().chain(&is) {
        let none = Entry {
            properties: Value::Null,
            ..entry.clone()
        };
        let [was, is] = [&was, &is].map(|all| all.get(id).unwrap_or(&none));
        if was != is && !out.iter().any(|it| it.owner == *id) {
            resource(id, (old, Some(was)), (new, Some(is)), &mut out);
        }
    }
    out
}

/// Returns the properties that SAM adds to all resources of a type.
fn globals(side: &Side) -> IndexMap<String, Entry> {
    let all = side.sections.get("Globals").and_then(Value::as_object);
    let each = all.into_iter().flatten().map(|(name, properties)| {
        let entry = Entry {
            kind: format!("AWS::Serverless::{name}"),
            properties: properties.clone(),
            attributes: serde_json::Map::new(),
        };
        (format!("Globals.{name}"), entry)
    });
    each.collect()
}

/// A template and its version of a resource.
type Version<'a> = (&'a Side, Option<&'a Entry>);

/// Adds the changes of a resource: one for each direction if it is new.
fn resource(id: &str, before: Version<'_>, after: Version<'_>, out: &mut Vec<AccessChange>) {
    let mut found = Vec::new();
    each(id, before, after, &mut found);
    if before.1.is_some() {
        out.extend(found);
        return;
    }
    let of = |direction: Direction| {
        let all = found.iter().filter(|it| it.direction == direction);
        all.map(|it| it.what.as_str()).collect::<Vec<_>>()
    };
    for direction in [Direction::Broader, Direction::Unknown, Direction::Narrower] {
        let all = of(direction);
        // What is certain includes the rest of a new resource.
        let is_said = direction == Direction::Unknown && !of(Direction::Broader).is_empty();
        if !all.is_empty() && !is_said {
            out.push(AccessChange {
                direction,
                owner: id.to_owned(),
                what: all.join("; "),
            });
        }
    }
}

fn each(
    id: &str,
    (old, before): Version<'_>,
    (new, after): Version<'_>,
    out: &mut Vec<AccessChange>,
) {
    let Some(entry) = after.or(before) else {
        return;
    };
    let rows = Rows::of(&entry.kind);
    let existence = rows.existence();
    let mut push = |direction, what: String| {
        out.push(AccessChange {
            direction,
            owner: id.to_owned(),
            what,
        });
    };
    let kind = match entry.kind.as_str() {
        "" => "no type",
        kind => kind,
    };
    match (existence, before, after) {
        (None | Some(Meaning::Opaque), Some(before), Some(after))
            if existence.is_some() && differ_harmlessly(before, after, &rows) =>
        {
            return;
        }
        (None | Some(Meaning::Opaque), _, _) => {
            let verb = match (before, after) {
                (None, _) => "is added",
                (_, None) => "is removed",
                _ => "changes",
            };
            push(
                Direction::Unknown,
                format!("{verb}, and the effect of its type is unknown"),
            );
            return;
        }
        (Some(Meaning::Unreviewed), None, _) => {
            push(Direction::Unknown, format!("{kind} is added, {UNREVIEWED}"));
        }
        (Some(Meaning::Unreviewed), _, None) => {
            push(
                Direction::Unknown,
                format!("{kind} is removed, {UNREVIEWED}"),
            );
        }
        (Some(Meaning::Grants), None, _) => {
            push(Direction::Broader, format!("{} is added", kind));
        }
        (Some(Meaning::Grants), _, None) => {
            // A rule that denies protects.
            let denies = of(before)
                .values()
                .flatten()
                .any(|it| it.eq_ignore_ascii_case("deny"));
            let direction = match denies {
                true => Direction::Unknown,
                false => Direction::Narrower,
            };
            push(direction, format!("{kind} is removed"));
        }
        (Some(Meaning::Protects), None, Some(after)) => {
            // A service control policy can allow more than the others of its target.
            let policy = after.properties.get("policy_id").and_then(Value::as_str);
            let direction = match policy.is_some_and(|it| it.starts_with("p-")) {
                true => Direction::Unknown,
                false => Direction::Narrower,
            };
            push(direction, format!("{kind} is added"));
        }
        (Some(Meaning::Protects), _, None) => {
            push(Direction::Broader, format!("{} is removed", kind));
        }
        _ => {}
    }
    let Some(after) = after else { return };
    let without_blocks = before.and_then(|before| without_new_blocks(before, after));
    if let Some((_, rules)) = &without_blocks {
        push(
            Direction::Narrower,
            format!("blocks more by {}", rules.join(", ")),
        );
    }
    let after = without_blocks.as_ref().map_or(after, |(rest, _)| rest);
    if let Some(before) = before {
        for (direction, what) in openapi::changes(before, after) {
            push(direction, what);
        }
    }
    let (was, mut is) = (of(before), of(Some(after)));
    if before.is_none() {
        // The provider computes these.
        is.retain(|_, values| !values.iter().all(|it| it == HIDDEN[1]));
    }
    let expanded = transformed(&after.properties);
    if !expanded.is_empty() && before.is_none_or(|it| transformed(&it.properties) != expanded) {
        let what = "contains a macro, which can return anything";
        push(Direction::Unknown, what.to_owned());
    }
    let conditional = |entry: Option<&Entry>| {
        let mut out = Vec::new();
        if let Some(entry) = entry {
            conditionals(&entry.properties, "", &rows, &mut out);
        }
        out.sort();
        out
    };
    let depends = conditional(Some(after));
    if existence != Some(Meaning::Harmless) && !depends.is_empty() && depends != conditional(before)
    {
        let what = "changes, and depends on a condition that cannot be evaluated";
        push(Direction::Unknown, what.to_owned());
    }
    if serves_nothing(&entry.kind, &is) {
        return;
    }
    let none = Vec::new();
    let mut unreviewed: Vec<&str> = Vec::new();
    let mut paths: Vec<&String> = is.keys().collect();
    paths.extend(was.keys().filter(|it| !is.contains_key(*it)));
    for path in paths {
        let parts: Vec<String> = path.split('.').map(plain).collect();
        if let Some(event) = event(&entry.kind, path)
            && !is.keys().any(|it| it.starts_with(event))
        {
            let what = format!("{} is removed", event.trim_end_matches('.'));
            push(Direction::Narrower, what);
            continue;
        }
        let meaning = rows.property(&parts);
        let property = Property {
            path,
            was: was.get(path).unwrap_or(&none),
            is: is.get(path).unwrap_or(&none),
            is_new: before.is_none(),
        };
        let spelled = |side: &Side, all: &[String]| -> BTreeSet<String> {
            all.iter().map(|it| canonical(side, it)).collect()
        };
        let is_other = |it: &String| !property.was.contains(it);
        if property.is.iter().any(is_other)
            && spelled(old, property.was) == spelled(new, property.is)
        {
            continue;
        }
        let has = |name: &str| {
            let mut all = was.keys().flat_map(|path| path.split('.'));
            all.any(|it| plain(it) == plain(name))
        };
        let meaning = match (meaning, existence) {
            (Some(Meaning::Known), _) => continue,
            (Some(Meaning::Beside(limits)), _) => match limits.split(',').any(has) {
                true => Meaning::Unknown,
                false => continue,
            },
            // Only hidden values are compared here.
            (_, Some(Meaning::Modeled)) if !rows.has_own(&parts) => Meaning::Modeled,
            (Some(it), _) => it,

            (None, Some(Meaning::Harmless)) => continue,
            (None, Some(Meaning::Grants | Meaning::Protects)) if before.is_none() => continue,
            (None, Some(Meaning::Grants | Meaning::Protects)) => Meaning::Unknown,
            (None, Some(Meaning::Unreviewed)) => {
                if before.is_some() && property.was != property.is {
                    unreviewed.push(path);
                }
                continue;
            }
            (None, _) if is_telling(path, before.is_none()) => Meaning::Unknown,
            // A new resource uses roles and policies that exist or are new themselves.
            (None, _) if before.is_none() && is_named(path) => Meaning::Harmless,
            (None, _) if has_word(path, &PROTECTING) => Meaning::Kept,
            (None, _) if is_harmless_name(&parts) => Meaning::Harmless,
            (None, _) => {
                if property.was != property.is {
                    unreviewed.push(path);
                }
                continue;
            }
        };
        let is_moved = || {
            let mut new = is.iter().filter(|(other, _)| !was.contains_key(*other));
            new.any(|(other, values)| {
                is_same_end(other, path) && property.was.iter().all(|it| values.contains(it))
            })
        };
        if meaning == Meaning::Kept && property.is.is_empty() && is_moved() {
            continue;
        }
        let is_off = |(limit, switch): &(&str, &str)| {
            parts.last().is_some_and(|it| it == limit)
                && is.iter().any(|(other, values)| {
                    plain(other).ends_with(switch) && values.iter().all(|it| it == "false")
                })
        };
        if LIMITS_OF.iter().any(is_off) {
            continue;
        }
        // Another resource has the stage, or none.
        if path.starts_with("StageDescription.") && !is.contains_key("StageName") {
            continue;
        }
        // Each of these resources is new, and counts itself.
        let is_new =
            |it: &String| new.resources.contains_key(it) && !old.resources.contains_key(it);
        if before.is_none() && meaning == Meaning::Unknown && property.is.iter().all(is_new) {
            continue;
        }
        let mut found = property.judge(meaning);
        if property.is.is_empty() && has_default_group(path, &is) {
            let what =
                format!("{path} is omitted, so the default security group of the VPC applies");
            found = vec![(Direction::Unknown, what)];
        }
        let is_harmless = rows.property(&parts) == Some(Meaning::Harmless);
        // What only protects gives no access.
        let protects = matches!(meaning, Meaning::Kept | Meaning::Modeled)
            && (has_word(path, &["kms"]) || path.ends_with("PermissionsBoundary"));
        if found.is_empty()
            && !is_harmless
            && !protects
            && before.is_some()
            && let Some(account) = other_account(&property, &was)
        {
            push(
                Direction::Unknown,
                format!("{path} names account {account}"),
            );
        }
        for (direction, what) in found {
            let can_lose = before.is_some_and(|it| loses_denials(old, it, path));
            match direction == Direction::Narrower && can_lose {
                true => push(
                    Direction::Unknown,
                    format!("{what}, and a group can deny actions"),
                ),
                false => push(direction, what),
            }
        }
    }
    if !unreviewed.is_empty() {
        let paths = unreviewed.join(", ");
        let what = match existence {
            Some(Meaning::Unreviewed) => format!("{paths} of {kind} changes, {UNREVIEWED}"),
            _ => format!("{paths} changes, and its effect is not reviewed"),
        };
        push(Direction::Unknown, what);
    }
    // An omitted value can be the open one.
    for (property, meaning) in rows
        .0
        .iter()
        .filter(|(_, it)| matches!(it, Meaning::SafeOnly(_)))
    {
        let present = |all: &Leaves| {
            all.keys()
                .any(|path| path.split('.').map(plain).any(|it| it == *property))
        };
        if !present(&is) && !present(&was) && before.is_none() {
            let path = match meaning {
                Meaning::SafeOnly(safe) => format!("{property} is not {safe}"),
                _ => continue,
            };
            push(Direction::Broader, path);
        }
    }
}

/// Properties that are the membership of users in groups, by type, and the property of the groups.
const MEMBERSHIPS: [(&str, &str, &str); 4] = [
    ("AWS::IAM::User", "Groups", "Groups"),
    ("AWS::IAM::UserToGroupAddition", "Users", "GroupName"),
    ("aws_iam_group_membership", "users", "group"),
    ("aws_iam_user_group_membership", "groups", "groups"),
];

/// Returns whether a membership ends that can be one of a group with denials.
fn loses_denials(old: &Side, before: &Entry, path: &str) -> bool {
    let kind = before.kind.as_str();
    let Some((.., groups)) = MEMBERSHIPS.iter().find(|it| (it.0, it.1) == (kind, path)) else {
        return false;
    };
    let denies = |it: &Entry| {
        let mut attached = policies(it, old).into_iter();
        it.kind.to_lowercase().contains("iam")
            && (has_denial(&it.properties)
                || attached.any(|it| effect(&name(it)) != Effect::Allows))
    };
    let is_shown = |group: &str| {
        let is_named = |it: &Entry| it.kind == "aws_iam_group" && it.properties["name"] == group;
        old.resources.contains_key(group) || old.resources.values().any(is_named)
    };
    let all = list(before.properties.get(*groups));
    old.resources.values().any(denies) || all.into_iter().any(|it| !is_shown(&name(it)))
}

fn has_denial(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_denial),
        Value::Object(map) => map
            .iter()
            .any(|(key, it)| key == "Effect" && it == "Deny" || has_denial(it)),
        _ => false,
    }
}

/// Returns whether a name suggests access or protection.
fn is_named(path: &str) -> bool {
    is_telling(path, false) || has_word(path, &PROTECTING)
}

/// Returns the path of an event of SAM, with a period at the end.
fn event<'a>(kind: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix("Events.")?;
    let end = "Events.".len() + rest.find('.')? + 1;
    kind.starts_with("AWS::Serverless::").then(|| &path[..end])
}

/// Returns whether a rule of a load balancer only redirects, or answers itself.
fn serves_nothing(kind: &str, values: &Leaves) -> bool {
    let is_rule = matches!(
        kind,
        "AWS::ElasticLoadBalancingV2::ListenerRule"
            | "aws_lb_listener_rule"
            | "aws_alb_listener_rule"
    );
    let mut types = ["Actions.Type", "action.type"]
        .into_iter()
        .filter_map(|it| values.get(it));
    let answers = |it: &String| it == "redirect" || it == "fixed-response";
    is_rule && types.next().is_some_and(|it| it.iter().all(answers))
}

/// Returns an account that a changed value names, and no old value of the resource.
fn other_account<'a>(property: &Property<'a>, was: &Leaves) -> Option<&'a str> {
    let is_known = |id: &str| {
        let mut all = was.values().flatten();
        all.any(|it| accounts(it).any(|it| it == id))
    };
    let mut all = property.is.iter().flat_map(|it| accounts(it));
    all.find(|it| !is_known(it))
}

/// Returns whether two paths end with the same property in the same structure.
fn is_same_end(path: &str, other: &str) -> bool {
    path.rsplit('.').take(2).eq(other.rsplit('.').take(2))
}

/// Returns whether a resource stays in subnets without the security groups at a path.
fn has_default_group(path: &str, is: &Leaves) -> bool {
    let (parent, last) = path.rsplit_once('.').unwrap_or(("", path));
    let is_beside = |other: &String| {
        let (above, name) = other.rsplit_once('.').unwrap_or(("", other));
        above == parent && plain(name).contains("subnet")
    };
    let last = plain(last);
    (last.ends_with("securitygroups") || last.ends_with("securitygroupids"))
        && is.keys().any(is_beside)
}

/// Returns whether all changed properties of an opaque type have a row as harmless.
fn differ_harmlessly(before: &Entry, after: &Entry, rows: &Rows) -> bool {
    let (was, is) = (of(Some(before)), of(Some(after)));
    let mut paths = was.keys().chain(is.keys());
    paths.all(|path| {
        let parts: Vec<String> = path.split('.').map(plain).collect();
        was.get(path) == is.get(path) || rows.property(&parts) == Some(Meaning::Harmless)
    })
}

/// Returns whether no change of a property of an existing resource changes access.
fn is_harmless(rows: &Rows, path: &str) -> bool {
    let parts: Vec<String> = path.split('.').map(plain).collect();
    let is_reviewed = matches!(
        rows.existence(),
        Some(Meaning::Known | Meaning::Modeled | Meaning::Harmless)
    );
    match rows.property(&parts) {
        Some(meaning) => meaning == Meaning::Harmless,
        None => is_reviewed && !is_named(path) && is_harmless_name(&parts),
    }
}

/// Collects the values under conditions that cannot be evaluated, with their paths. Each branch
/// counts elsewhere, so only a change of the condition or of its branches is unknown.
fn conditionals(value: &Value, path: &str, rows: &Rows, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key("Fn::If") => {
            // The condition can be above the property that matters.
            let mut below = Leaves::new();
            leaves(value, path, &mut below);
            below.entry(path.to_owned()).or_default();
            if !below.keys().all(|it| is_harmless(rows, it)) {
                out.push((path.to_owned(), name(&without_single_lists(value))));
            }
        }
        Value::Object(map) => {
            for (key, inner) in map {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                conditionals(inner, &path, rows, out);
            }
        }
        Value::Array(items) => {
            let all = items.iter();
            all.for_each(|it| conditionals(it, path, rows, out));
        }
        _ => {}
    }
}

/// Returns a value with the item in place of each list of one item: a policy accepts both.
fn without_single_lists(value: &Value) -> Value {
    match value {
        Value::Array(items) => match items.as_slice() {
            [one] => without_single_lists(one),
            items => items.iter().map(without_single_lists).collect(),
        },
        Value::Object(map) => {
            let entries = map.iter();
            let entries = entries.map(|(key, it)| (key.clone(), without_single_lists(it)));
            Value::Object(entries.collect())
        }
        other => other.clone(),
    }
}

/// Returns the parts that macros change: a macro reads all that is beside its call.
pub(in crate::diff) fn transformed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(map) if map.contains_key("Fn::Transform") => vec![value],
        Value::Object(map) => map.values().flat_map(transformed).collect(),
        Value::Array(items) => items.iter().flat_map(transformed).collect(),
        _ => Vec::new(),
    }
}

/// Returns what the loss of a value does to access: *unknown* if the property has no rule, and *narrower* if it
/// gives none.
pub(in crate::diff) fn loss(kind: &str, path: &str, value: &Value) -> Direction {
    let parts: Vec<String> = path.split('.').map(plain).collect();
    let meaning = match Rows::of(kind).property(&parts) {
        Some(it) if it.has_weaker_values() => it,
        _ => return Direction::Unknown,
    };
    let mut was = Leaves::new();
    leaves(value, path, &mut was);
    let property = Property {
        path,
        was: was.get(path).map_or(&[], Vec::as_slice),
        is: &[],
        is_new: false,
    };
    let found = property.judge(meaning);
    let directions = found.into_iter().map(|(direction, _)| direction);
    directions.min().unwrap_or(Direction::Narrower)
}

/// Returns whether a plan omits the content of a property that can hold a policy.
pub(in crate::diff) fn is_document(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or_default();
    let words = words(last);
    words.iter().any(|it| {
        matches!(
            it.as_str(),
            "policy" | "policies" | "document" | "permissions" | "ingress" | "egress"
        )
    }) && Rows::of("").property(&[plain(last)]) != Some(Meaning::Harmless)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditional_values_are_compared_without_the_rest() {
        let of = |value: Value| {
            let mut out = Vec::new();
            conditionals(&value, "", &Rows::of("AWS::IAM::Policy"), &mut out);
            out
        };
        let policy = |name: &str, action: Value| {
            of(
                json!({ "PolicyName": name, "Tags": [{ "Fn::If": ["C", name, "t"] }],
                "PolicyDocument": { "Fn::If": ["C", { "Action": action }, "d"] } }),
            )
        };
        let one = policy("a", json!("s3:GetObject"));
        assert_eq!(one.len(), 1);
        assert_eq!(one, policy("b", json!(["s3:GetObject"])));
        assert_ne!(one, policy("a", json!("s3:*")));
    }
}
