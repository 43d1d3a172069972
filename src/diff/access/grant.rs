//! Changes of policy permissions.

use indexmap::IndexMap;
use serde_json::Value;

use super::super::{Entry, OUTSIDE, Side};
use super::arn::{canonical, resource_named};
use super::condition::{Tests, matches, overlap};
use super::managed::{Effect, effect, is_open, managed, policies, short};
use super::statement::{Grant, GrantResource, statements};
use super::{AccessChange, Direction, branches, list, name};

/// The maximum length of the resources or principals in a sentence.
const MAX_LIST: usize = 160;

impl Grant {
    /// Returns the grant with one spelling of names and ARNs.
    fn canonical(&self, side: &Side) -> Grant {
        let of = |it: &GrantResource| match it {
            GrantResource::This(text) => GrantResource::This(canonical(side, text)),
            other => other.clone(),
        };
        Grant {
            // A literal name identifies a resource of the template, too.
            owner: resource_named(side, &self.owner)
                .unwrap_or(&self.owner)
                .to_owned(),
            principal: of(&self.principal),
            resource: of(&self.resource),
            ..self.clone()
        }
    }
}

const BOUNDARIES: [&str; 2] = ["PermissionsBoundary", "permissions_boundary"];

fn grants(side: &Side) -> Vec<Grant> {
    let mut out = Vec::new();
    for (id, entry) in &side.resources {
        for owner in owners(id, entry, side) {
            statements(&owner, &entry.properties, &mut out);
        }
        for policy in policies(entry, side) {
            let policy = name(policy);
            for owner in owners(id, entry, side) {
                out.push(of_managed(&owner, &policy));
            }
        }
        let boundaries = BOUNDARIES.iter().filter_map(|it| entry.properties.get(*it));
        for boundary in boundaries.flat_map(|it| branches(Some(it))).flatten() {
            // A boundary only removes permissions.
            let action = format!(
                "everything outside permissions boundary `{}`",
                name(boundary)
            );
            out.push(plain(id, false, action));
        }
        if is_open(entry) {
            let all = || GrantResource::This("*".to_owned());
            out.push(Grant {
                principal: all(),
                resource: all(),
                ..plain(id, true, "*".to_owned())
            });
        }
    }
    out
}

fn plain(owner: &str, allow: bool, action: String) -> Grant {
    Grant {
        owner: owner.to_owned(),
        allow,
        principal: GrantResource::Nothing,
        action: GrantResource::This(action),
        resource: GrantResource::Nothing,
        condition: Tests::default(),
        can_deny: false,
    }
}

/// Returns the grant of a managed policy.
fn of_managed(owner: &str, policy: &str) -> Grant {
    let effect = effect(policy);
    let action = match effect {
        Effect::Denies => format!("the actions of policy {}", short(policy)),
        _ => format!("policy {}", short(policy)),
    };
    Grant {
        can_deny: effect == Effect::CanDeny,
        ..plain(owner, effect != Effect::Denies, action)
    }
}

/// Properties that name what a policy belongs to.
const ATTACHED: [&str; 30] = [
    "RoleName",
    "Roles",
    "UserName",
    "Users",
    "GroupName",
    "Groups",
    "Bucket",
    "Queues",
    "Topics",
    "TargetIds",
    "SecretId",
    "role",
    "roles",
    "user",
    "users",
    "group",
    "groups",
    "bucket",
    "queue_url",
    "arn",
    "repository",
    "secret_arn",
    "key_id",
    "function_name",
    "target_id",
    "permission_set_arn",
    "resource_arn",
    "registry_id",
    "event_bus_name",
    "vpc_endpoint_id",
];

/// Returns the resources whose permissions a policy defines: its roles, or the resource itself.
fn owners(id: &str, entry: &Entry, side: &Side) -> Vec<String> {
    if !entry.kind.to_lowercase().contains("policy") {
        return vec![id.to_owned()];
    }
    let attaches = |other: &&Entry| {
        let policies = list(other.properties.get("ManagedPolicyArns"));
        policies.into_iter().any(|it| managed(side, it) == Some(id))
    };
    let attaching = side.resources.iter().filter(|(_, other)| attaches(other));
    let attaching: Vec<String> = attaching.map(|(other, _)| other.clone()).collect();
    let owners: Vec<String> = ATTACHED
        .iter()
        .flat_map(|key| list(entry.properties.get(*key)))
        .map(|it| match it {
            // A name is not a logical ID.
            Value::String(text) if side.resources.contains_key(text) => format!("{text} (by name)"),
            other => name(other),
        })
        .filter(|it| !it.is_empty() && !attaching.contains(it))
        .chain(attaching.iter().cloned())
        .collect();
    match owners.is_empty() {
        true => vec![id.to_owned()],
        false => owners,
    }
}

impl GrantResource {
    fn covers(&self, other: &GrantResource, exact_case: bool) -> bool {
        let fits = |pattern: &str, text: &str| match exact_case {
            true => matches(pattern, text),
            false => matches(&pattern.to_lowercase(), &text.to_lowercase()),
        };
        match (self, other) {
            (GrantResource::This(by), GrantResource::This(it)) => fits(by, it),
            (GrantResource::This(by), GrantResource::AllBut(_)) => by == "*",
            // An exclusion covers another if it excludes no more.
            (GrantResource::AllBut(by), GrantResource::AllBut(it)) => {
                by.iter().all(|by| it.iter().any(|it| fits(it, by)))
            }
            // An overlap with an excluded pattern is not covered.
            (GrantResource::AllBut(by), GrantResource::This(it)) => {
                !by.iter().any(|by| match exact_case {
                    true => overlap(by, it),
                    false => overlap(&by.to_lowercase(), &it.to_lowercase()),
                })
            }
            (GrantResource::Nothing, GrantResource::Nothing) => true,
            _ => false,
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            GrantResource::This(text) => Some(text.clone()),
            GrantResource::AllBut(items) => Some(format!("all except {}", items.join(", "))),
            GrantResource::Nothing => None,
        }
    }
}

/// The managed policy that allows everything.
const EVERYTHING: &str = "policy AdministratorAccess";

/// Returns whether a grant gives at least what another does.
fn covers(by: &Grant, grant: &Grant) -> bool {
    let is_all = |it: &GrantResource| *it == GrantResource::This("*".to_owned());
    let is_everything = by.action == GrantResource::This(EVERYTHING.to_owned())
        && grant.principal == GrantResource::Nothing
        || is_all(&by.principal)
            && is_all(&by.action)
            && is_all(&by.resource)
            && by.condition == Tests::default();
    by.owner == grant.owner && by.allow == grant.allow && (is_everything || covers_parts(by, grant))
}

fn covers_parts(by: &Grant, grant: &Grant) -> bool {
    (by.principal.covers(&grant.principal, true) || delegates(by, grant))
        && by.action.covers(&grant.action, false)
        && by.resource.covers(&grant.resource, true)
        && by.condition.cover(&grant.condition)
}

/// Returns whether a grant to an account includes one to a principal of it, which needs the permission of its
/// own account too. In the account of the resource, a principal needs none, and a key policy names that account.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>
fn delegates(by: &Grant, grant: &Grant) -> bool {
    let (GrantResource::This(whole), GrantResource::This(principal)) =
        (&by.principal, &grant.principal)
    else {
        return false;
    };
    let account = whole.strip_suffix(":root").and_then(|it| {
        let (_, id) = it.split_once(":iam::")?;
        let is_literal = id.len() == 12 && id.bytes().all(|it| it.is_ascii_digit());
        is_literal.then_some(id)
    });
    let is_within = |id: &str| {
        let rest = principal.strip_prefix("arn:")?;
        let (_, name) = rest.split_once(&format!("::{id}:"))?;
        let kinds = ["role/", "user/", "assumed-role/", "federated-user/"];
        Some(kinds.iter().any(|it| name.starts_with(it)))
    };
    let is_of_key = matches!(&grant.action, GrantResource::This(it) if it.starts_with("kms:"));
    grant.allow && !is_of_key && account.and_then(is_within) == Some(true)
}

/// Returns whether grants together give at least what another does.
fn is_covered(grant: &Grant, by: &[Grant]) -> bool {
    if by.iter().any(|it| covers(it, grant)) {
        return true;
    }
    let parts = grant.condition.alternatives();
    let each = |condition: Tests| {
        let part = Grant {
            condition,
            ..grant.clone()
        };
        by.iter().any(|it| covers(it, &part))
    };
    !parts.is_empty() && parts.into_iter().all(each)
}

/// Returns the grants that the other side does not cover, and whether they are of the new one.
fn uncovered(was: &[Grant], is: &[Grant]) -> Vec<(Grant, bool)> {
    let of = |all: &[Grant], others: &[Grant], is_new: bool| {
        let open = all.iter().filter(|it| match it.can_deny && !is_new {
            // A broader policy has no denials of this one.
            true => !others.contains(it),
            false => !is_covered(it, others),
        });
        open.map(|it| (it.clone(), is_new)).collect::<Vec<_>>()
    };
    let mut out = of(is, was, true);
    out.extend(of(was, is, false));
    out
}

/// Changed grants: each action on each resource to each principal. A statement can omit an element.
#[derive(PartialEq, Eq, Hash)]
struct GrantGroup {
    owner: String,
    allow: bool,
    can_deny: bool,
    of_new: bool,
    actions: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    principals: Option<Vec<String>>,
    condition: String,
}

type List = fn(&mut GrantGroup) -> &mut Option<Vec<String>>;

/// Merges groups that differ in one list only.
fn merged(groups: Vec<GrantGroup>, list: List) -> Vec<GrantGroup> {
    let mut out: IndexMap<GrantGroup, Vec<String>> = IndexMap::new();
    for mut group in groups {
        let items = list(&mut group).as_mut().map(std::mem::take);
        out.entry(group)
            .or_default()
            .extend(items.into_iter().flatten());
    }
    let whole = |(mut group, items): (GrantGroup, Vec<String>)| {
        if let Some(list) = list(&mut group) {
            *list = items;
        }
        group
    };
    out.into_iter().map(whole).collect()
}

/// Returns the changed permissions, with those of one owner and condition in as few lines as possible.
pub(super) fn changes(old: &Side, new: &Side) -> Vec<AccessChange> {
    // A removed resource takes its denials along.
    let is_gone = |owner: &str| {
        let before = old.resources.get(owner);
        before.is_some_and(|it| {
            !it.kind.to_lowercase().contains("policy") && !it.attributes.contains_key(OUTSIDE)
        }) && !new.resources.contains_key(owner)
    };
    let (was, is) = (grants(old), grants(new));
    let mut changed = uncovered(&was, &is);
    if !changed.is_empty() {
        let spelled = |side: &Side, all: &[Grant]| -> Vec<Grant> {
            all.iter().map(|it| it.canonical(side)).collect()
        };
        let (was, is) = (spelled(old, &was), spelled(new, &is));
        let left = uncovered(&was, &is);
        changed.retain(|(grant, of_new)| {
            let side = if *of_new { new } else { old };
            left.contains(&(grant.canonical(side), *of_new))
        });
    }
    let changed = changed
        .into_iter()
        .filter(|(it, of_new)| it.allow || *of_new || !is_gone(&it.owner))
        .map(|(it, of_new)| {
            let can_deny = it.can_deny && !of_new && !is_gone(&it.owner);
            (Grant { can_deny, ..it }, of_new)
        });
    let mut groups: Vec<GrantGroup> = changed
        .map(|(grant, of_new)| {
            let one = |it: &GrantResource| it.text().map(|it| vec![it]);
            GrantGroup {
                actions: one(&grant.action),
                resources: one(&grant.resource),
                principals: one(&grant.principal),
                condition: grant.condition.text(),
                owner: grant.owner,
                allow: grant.allow,
                can_deny: grant.can_deny,
                of_new,
            }
        })
        .collect();
    let lists: [List; 3] = [
        |it| &mut it.actions,
        |it| &mut it.resources,
        |it| &mut it.principals,
    ];
    for list in lists {
        groups = merged(groups, list);
    }
    groups.into_iter().map(line).collect()
}

/// Returns a list as text, without the items behind the maximum length.
fn shortened(items: &[String]) -> String {
    let mut length = 0;
    let fits = |it: &&String| {
        length += it.len() + 2;
        length <= MAX_LIST
    };
    let shown = items.iter().take_while(fits).count().max(1);
    let text: Vec<&str> = items.iter().take(shown).map(String::as_str).collect();
    match items.len() - text.len() {
        0 => text.join(", "),
        more => format!("{} and {more} more", text.join(", ")),
    }
}

fn line(group: GrantGroup) -> AccessChange {
    let verb = match (group.allow, group.of_new) {
        (true, true) => "allows",
        (true, false) => "no longer allows",
        (false, true) => "denies",
        (false, false) => "no longer denies",
    };
    let mut what = format!("{verb} {}", group.actions.unwrap_or_default().join(", "));
    for (word, items) in [("on", group.resources), ("to", group.principals)] {
        if let Some(items) = items {
            what.push_str(&format!(" {word} {}", shortened(&items)));
        }
    }
    if !group.condition.is_empty() {
        what.push_str(&format!(" if {}", group.condition));
    }
    if group.can_deny {
        what.push_str(", which can also deny actions");
    }
    AccessChange {
        // A new denial narrows access, and a removed one broadens it.
        direction: match group.can_deny {
            true => Direction::Unknown,
            false => Direction::of(group.of_new == group.allow),
        },
        owner: group.owner,
        what,
    }
}
