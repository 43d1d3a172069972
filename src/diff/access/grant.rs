//! Changes of policy permissions.

use indexmap::IndexMap;
use serde_json::Value;

use super::super::{Entry, Side, is_function};
use super::arn::{canonical, resource_named};
use super::condition::{Tests, matches, overlap};
use super::{AccessChange, Direction, branches, is_statement, list, name, uncovered};

/// The maximum length of the resources or principals in a sentence.
const MAX_LIST: usize = 160;

/// The scope of a statement element.
#[derive(Clone, Debug, PartialEq, Eq)]
enum GrantResource {
    /// A value or pattern.
    This(String),
    /// All values except these.
    AllBut(Vec<String>),
    /// The statement does not contain the element.
    Nothing,
}

/// An allowed or denied action on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    owner: String,
    allow: bool,
    principal: GrantResource,
    action: GrantResource,
    resource: GrantResource,
    condition: Tests,
}

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

/// Properties whose absence allows everything that the network, the role or the authorizer allows.
const OPEN_WITHOUT: [(&str, &str); 6] = [
    ("AWS::ApiGateway::RestApi", "Policy"),
    ("AWS::EC2::VPCEndpoint", "PolicyDocument"),
    ("AWS::EFS::FileSystem", "FileSystemPolicy"),
    ("AWS::Transfer::Access", "Policy"),
    ("AWS::Transfer::User", "Policy"),
    ("aws_transfer_user", "policy"),
];

fn grants(side: &Side) -> Vec<Grant> {
    let mut out = Vec::new();
    for (id, entry) in &side.resources {
        for owner in owners(id, entry, side) {
            statements(&owner, &entry.properties, &mut out);
        }
        for policy in list(entry.properties.get("ManagedPolicyArns")) {
            // Its statements count themselves.
            if managed(side, policy).is_some() {
                continue;
            }
            let action = format!("policy {}", short(&name(policy)));
            out.push(plain(id, true, action));
        }
        if entry.kind.ends_with("_policy_attachment") {
            for owner in owners(id, entry, side) {
                for policy in list(entry.properties.get("policy_arn")) {
                    let action = format!("policy {}", short(&name(policy)));
                    out.push(plain(&owner, true, action));
                }
            }
        }
        for boundary in branches(entry.properties.get("PermissionsBoundary"))
            .into_iter()
            .flatten()
        {
            // A boundary only removes permissions.
            let action = format!(
                "everything outside permissions boundary `{}`",
                name(boundary)
            );
            out.push(plain(id, false, action));
        }
        let of_kind = OPEN_WITHOUT.iter().find(|(kind, _)| *kind == entry.kind);
        if of_kind.is_some_and(|(_, key)| branches(entry.properties.get(*key)).contains(&None)) {
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
    }
}

/// Returns the name of an AWS managed policy for any partition, or the ARN of another policy.
fn short(policy: &str) -> &str {
    policy
        .split_once(":iam::aws:policy/")
        .map_or(policy, |(_, name)| name)
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

/// Returns the ID of a managed policy of the template.
fn managed<'s>(side: &'s Side, policy: &Value) -> Option<&'s str> {
    let name = name(policy);
    let id = name.strip_suffix(".PolicyArn").unwrap_or(&name);
    let (id, entry) = side.resources.get_key_value(id)?;
    (policy.is_object() && entry.kind == "AWS::IAM::ManagedPolicy").then_some(id.as_str())
}

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

/// The version of a policy without one. It has no policy variables.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>
const OLD_VERSION: &str = "2008-10-17";

/// Returns whether the text behind `${` is a policy variable such as `aws:username`, also inside `Fn::Sub`.
fn is_variable(behind: &str) -> bool {
    let name = behind.strip_prefix('!').unwrap_or(behind);
    let is_of_key = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "-.".contains(it);
    let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
    !prefix.is_empty() && prefix.chars().all(is_of_key)
}

fn has_variables(value: &Value) -> bool {
    value.to_string().split("${").skip(1).any(is_variable)
}

/// Returns a statement in which the text of a policy variable stands for itself.
fn with_literal_variables(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let mut parts = text.split("${");
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                out.push_str(if is_variable(part) { "${$}{" } else { "${" });
                out.push_str(part);
            }
            out.into()
        }
        Value::Array(items) => items.iter().map(with_literal_variables).collect(),
        Value::Object(map) => {
            let entries = map.iter();
            let entries = entries.map(|(key, it)| (key.clone(), with_literal_variables(it)));
            Value::Object(entries.collect())
        }
        other => other.clone(),
    }
}

/// Collects the grants of all policy documents in a value.
fn statements(owner: &str, value: &Value, out: &mut Vec<Grant>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| statements(owner, item, out)),
        Value::Object(map) => match map.get("Statement") {
            Some(found) => {
                let version = map.get("Version").map(name);
                let is_old = version.is_none_or(|it| it == OLD_VERSION);
                for statement in list(Some(found)).into_iter().filter(|it| is_statement(it)) {
                    match is_old && has_variables(statement) {
                        true => explode(owner, &with_literal_variables(statement), out),
                        false => explode(owner, statement, out),
                    }
                }
            }
            None => map.values().for_each(|item| statements(owner, item, out)),
        },
        // Some types contain the document as text.
        Value::String(text) if text.contains("\"Statement\"") => {
            if let Ok(document @ Value::Object(_)) = serde_json::from_str::<Value>(text) {
                statements(owner, &document, out);
            }
        }
        _ => {}
    }
}

/// Returns the values of an element or of its inverted form.
fn parts(statement: &Value, key: &str) -> Vec<GrantResource> {
    let mut out: Vec<GrantResource> = list(statement.get(key))
        .into_iter()
        .map(|it| GrantResource::This(name(it)))
        .collect();
    let but: Vec<String> = list(statement.get(format!("Not{key}")))
        .into_iter()
        .map(name)
        .collect();
    if !but.is_empty() {
        out.push(GrantResource::AllBut(but));
    }
    if out.is_empty() {
        out.push(GrantResource::Nothing);
    }
    out
}

/// Returns a principal by kind. An account ID is its root, and AWS principals need no kind.
fn who(kind: &str, value: &Value) -> String {
    let text = name(value);
    let is_account = text.len() == 12 && text.chars().all(|c| c.is_ascii_digit());
    match kind {
        "AWS" if text == "AWS::AccountId" => format!("arn:aws:iam::${{{text}}}:root"),
        "AWS" if is_account => format!("arn:aws:iam::{text}:root"),
        "AWS" => text,
        // The stack is in one partition, as for ARNs.
        "Service" => text.replace("${AWS::URLSuffix}", "amazonaws.com"),
        kind => format!("{kind} {text}"),
    }
}

fn principals(statement: &Value) -> Vec<GrantResource> {
    let of = |key: &str| -> Vec<String> {
        let mut out = Vec::new();
        for found in branches(statement.get(key)).into_iter().flatten() {
            match found {
                Value::Object(kinds) if !is_function(kinds) => {
                    for (kind, named) in kinds {
                        out.extend(list(Some(named)).into_iter().map(|it| who(kind, it)));
                    }
                }
                other => out.push(name(other)),
            }
        }
        out
    };
    let mut out: Vec<GrantResource> = of("Principal")
        .into_iter()
        .map(GrantResource::This)
        .collect();
    let but = of("NotPrincipal");
    if !but.is_empty() {
        out.push(GrantResource::AllBut(but));
    }
    if out.is_empty() {
        out.push(GrantResource::Nothing);
    }
    out
}

fn explode(owner: &str, statement: &Value, out: &mut Vec<Grant>) {
    for condition in branches(statement.get("Condition")) {
        under(owner, statement, &Tests::of(condition), out);
    }
}

/// Collects the grants of a statement with one of its conditions.
fn under(owner: &str, statement: &Value, condition: &Tests, out: &mut Vec<Grant>) {
    let (actions, resources) = (parts(statement, "Action"), parts(statement, "Resource"));
    // An empty default is a parameter that the deployment must set.
    let is_set = |it: &&GrantResource| **it != GrantResource::This(String::new());
    let principals = principals(statement);
    for effect in branches(statement.get("Effect")) {
        let allow = effect.and_then(Value::as_str) != Some("Deny");
        for principal in principals.iter().filter(is_set) {
            for action in &actions {
                out.extend(resources.iter().filter(is_set).map(|resource| Grant {
                    owner: owner.to_owned(),
                    allow,
                    principal: principal.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                    condition: condition.clone(),
                }));
            }
        }
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

fn covers(by: &Grant, grant: &Grant) -> bool {
    let is_everything = by.action == GrantResource::This(EVERYTHING.to_owned())
        && grant.principal == GrantResource::Nothing;
    by.owner == grant.owner && by.allow == grant.allow && (is_everything || covers_parts(by, grant))
}

fn covers_parts(by: &Grant, grant: &Grant) -> bool {
    by.principal.covers(&grant.principal, true)
        && by.action.covers(&grant.action, false)
        && by.resource.covers(&grant.resource, true)
        && by.condition.cover(&grant.condition)
}

/// Changed grants: each action on each resource to each principal. A statement can omit an element.
#[derive(PartialEq, Eq, Hash)]
struct GrantGroup {
    owner: String,
    allow: bool,
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
        before.is_some_and(|it| !it.kind.to_lowercase().contains("policy"))
            && !new.resources.contains_key(owner)
    };
    let (was, is) = (grants(old), grants(new));
    let mut changed = uncovered(&was, &is, covers);
    if !changed.is_empty() {
        let spelled = |side: &Side, all: &[Grant]| -> Vec<Grant> {
            all.iter().map(|it| it.canonical(side)).collect()
        };
        let (was, is) = (spelled(old, &was), spelled(new, &is));
        changed.retain(|(grant, of_new)| {
            let (side, others) = match of_new {
                true => (new, &was),
                false => (old, &is),
            };
            let grant = grant.canonical(side);
            !others.iter().any(|by| covers(by, &grant))
        });
    }
    let changed = changed
        .into_iter()
        .filter(|(it, of_new)| it.allow || *of_new || !is_gone(&it.owner));
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
    AccessChange {
        // A new denial narrows access, and a removed one broadens it.
        direction: Direction::of(group.of_new == group.allow),
        owner: group.owner,
        what,
    }
}
