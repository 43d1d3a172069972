//! Changes of policy permissions.

use serde_json::Value;

use super::super::{Entry, Side, is_function};
use super::{AccessChange, branches, list, name, uncovered};

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
    condition: String,
}

fn grants(side: &Side) -> Vec<Grant> {
    let mut out = Vec::new();
    for (id, entry) in &side.resources {
        for owner in owners(id, entry) {
            statements(&owner, &entry.properties, &mut out);
        }
        for policy in list(entry.properties.get("ManagedPolicyArns")) {
            let action = format!("policy {}", short(&name(policy)));
            out.push(plain(id, true, action));
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
        let open = branches(entry.properties.get("PolicyDocument")).contains(&None);
        if entry.kind == "AWS::EC2::VPCEndpoint" && open {
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
        condition: String::new(),
    }
}

/// Returns the name of an AWS managed policy for any partition, or the ARN of another policy.
fn short(policy: &str) -> &str {
    policy
        .split_once(":iam::aws:policy/")
        .map_or(policy, |(_, name)| name)
}

/// Returns the resources whose permissions a policy defines: its roles, or the resource itself.
fn owners(id: &str, entry: &Entry) -> Vec<String> {
    if !entry.kind.contains("Policy") {
        return vec![id.to_owned()];
    }
    let attached = [
        "RoleName",
        "Roles",
        "UserName",
        "Users",
        "GroupName",
        "Groups",
        "Bucket",
    ];
    let owners: Vec<String> = attached
        .iter()
        .flat_map(|key| list(entry.properties.get(*key)))
        .map(name)
        .collect();
    match owners.is_empty() {
        true => vec![id.to_owned()],
        false => owners,
    }
}

/// Collects the grants of all policy documents in a value.
fn statements(owner: &str, value: &Value, out: &mut Vec<Grant>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| statements(owner, item, out)),
        Value::Object(map) => match map.get("Statement") {
            Some(found) => {
                for statement in list(Some(found)) {
                    explode(owner, statement, out);
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
        "AWS" if is_account => format!("arn:aws:iam::{text}:root"),
        "AWS" | "Service" => text,
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
        let condition = condition.map_or(String::new(), Value::to_string);
        under(owner, statement, &condition, out);
    }
}

/// Collects the grants of a statement with one of its conditions.
fn under(owner: &str, statement: &Value, condition: &str, out: &mut Vec<Grant>) {
    let allow = statement.get("Effect").and_then(Value::as_str) != Some("Deny");
    for principal in principals(statement) {
        for action in parts(statement, "Action") {
            for resource in parts(statement, "Resource") {
                out.push(Grant {
                    owner: owner.to_owned(),
                    allow,
                    principal: principal.clone(),
                    action: action.clone(),
                    resource,
                    condition: condition.to_owned(),
                });
            }
        }
    }
}

/// Returns whether a pattern with `*` and `?` covers everything that another pattern matches.
fn matches(pattern: &str, text: &str) -> bool {
    let [pattern, text]: [Vec<char>; 2] = [pattern, text].map(|it| it.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            // A wildcard for several characters is not covered by one for a single character.
            Some(one) if (*one == '?' && text[t] != '*') || *one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|it| *it == '*')
}

/// Returns whether some text matches both patterns.
fn overlap(a: &str, b: &str) -> bool {
    fn at(a: &[char], b: &[char], known: &mut Vec<(usize, usize)>) -> bool {
        match (a.first(), b.first()) {
            (None, None) => return true,
            (Some('*'), _) if at(&a[1..], b, known) => return true,
            (_, Some('*')) if at(a, &b[1..], known) => return true,
            _ => {}
        }
        // Avoids comparing a pair of suffixes twice.
        if known.contains(&(a.len(), b.len())) {
            return false;
        }
        known.push((a.len(), b.len()));
        match (a.first(), b.first()) {
            (Some('*'), Some(_)) => at(a, &b[1..], known),
            (Some(_), Some('*')) => at(&a[1..], b, known),
            (Some(x), Some(y)) if x == y || *x == '?' || *y == '?' => at(&a[1..], &b[1..], known),
            _ => false,
        }
    }
    let [a, b]: [Vec<char>; 2] = [a, b].map(|it| it.chars().collect());
    at(&a, &b, &mut Vec::new())
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

fn covers(by: &Grant, grant: &Grant) -> bool {
    by.owner == grant.owner
        && by.allow == grant.allow
        && by.principal.covers(&grant.principal, true)
        && by.action.covers(&grant.action, false)
        && by.resource.covers(&grant.resource, true)
        && (by.condition.is_empty() || by.condition == grant.condition)
}

/// Returns the changed permissions, with the actions of one owner and resource in one line.
pub(super) fn changes(old: &Side, new: &Side) -> Vec<AccessChange> {
    let mut groups: Vec<(Grant, bool, Vec<String>)> = Vec::new();
    for (grant, of_new) in uncovered(&grants(old), &grants(new), covers) {
        let same = groups.iter_mut().find(|(known, known_new, _)| {
            let action = known.action.clone();
            *known_new == of_new
                && *known
                    == Grant {
                        action,
                        ..grant.clone()
                    }
        });
        let action = grant.action.text().unwrap_or_default();
        match same {
            Some((.., actions)) => actions.push(action),
            None => groups.push((grant, of_new, vec![action])),
        }
    }
    groups
        .into_iter()
        .map(|(grant, of_new, actions)| line(grant, of_new, &actions))
        .collect()
}

fn line(grant: Grant, of_new: bool, actions: &[String]) -> AccessChange {
    let verb = match (grant.allow, of_new) {
        (true, true) => "allows",
        (true, false) => "no longer allows",
        (false, true) => "denies",
        (false, false) => "no longer denies",
    };
    let mut what = format!("{verb} {}", actions.join(", "));
    if let Some(resource) = grant.resource.text() {
        what.push_str(&format!(" on {resource}"));
    }
    if let Some(principal) = grant.principal.text() {
        what.push_str(&format!(" to {principal}"));
    }
    if !grant.condition.is_empty() {
        what.push_str(&format!(" if {}", grant.condition));
    }
    AccessChange {
        // A new denial narrows access, and a removed one broadens it.
        is_broader: of_new == grant.allow,
        owner: grant.owner,
        what,
    }
}
