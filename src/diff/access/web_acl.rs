//! Rules of a web ACL that only block.
//!
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rules.html>

use serde_json::Value;

use super::super::Entry;

/// Types with rules, and the names of the properties of a rule.
const TYPES: [(&str, [&str; 4]); 2] = [
    (
        "AWS::WAFv2::WebACL",
        ["Rules", "Name", "Action", "OverrideAction"],
    ),
    (
        "aws_wafv2_web_acl",
        ["rule", "name", "action", "override_action"],
    ),
];

/// Returns whether an action, or the action of a group of rules, is one of these.
fn is(action: Option<&Value>, expected: &[&str]) -> bool {
    let inner = match action {
        Some(Value::Array(blocks)) if blocks.len() == 1 => &blocks[0],
        Some(other) => other,
        None => return false,
    };
    let map = inner.as_object();
    let mut set = map.into_iter().flatten().filter(|(_, it)| match it {
        Value::Array(blocks) => !blocks.is_empty(),
        other => !other.is_null(),
    });
    let only = set.next();
    set.next().is_none()
        && only.is_some_and(|(key, _)| expected.iter().any(|it| it.eq_ignore_ascii_case(key)))
}

/// Returns whether a rule only blocks requests, or leaves them to the rules after it. The groups of AWS allow
/// nothing, unless an override does.
fn only_blocks(rule: &Value, action: &str, override_action: &str) -> bool {
    let text = rule.to_string().to_lowercase().replace('_', "");
    let is_of_aws =
        text.contains("\"managedrulegroupstatement\"") && text.contains("\"vendorname\":\"aws\"");
    let blocks = is(rule.get(action), &["block"]);
    let is_group = is(rule.get(override_action), &["none"]) && is_of_aws;
    (blocks || is_group) && !text.contains("\"allow\"")
}

/// Removes the new rules that only block requests, and returns their names. A label of theirs has no effect
/// if no rule tests one.
pub(super) fn without_new_blocks(before: &Entry, after: &Entry) -> Option<(Entry, Vec<String>)> {
    let (_, [rules, name, action, override_action]) =
        TYPES.iter().find(|(kind, _)| *kind == after.kind)?;
    let of = |entry: &Entry| entry.properties.get(rules)?.as_array().cloned();
    let known: Vec<Value> = of(before).unwrap_or_default();
    let text = after.properties.to_string().to_lowercase();
    if text.contains("labelmatchstatement") || text.contains("label_match_statement") {
        return None;
    }
    let mut gone = Vec::new();
    let mut kept = of(after)?;
    kept.retain(|rule| {
        let Some(own) = rule.get(name).and_then(Value::as_str) else {
            return true;
        };
        let is_known = known
            .iter()
            .any(|it| it.get(name).and_then(Value::as_str) == Some(own));
        let blocks = only_blocks(rule, action, override_action);
        if !is_known && blocks {
            gone.push(own.to_owned());
        }
        is_known || !blocks
    });
    let mut out = after.clone();
    out.properties[*rules] = Value::Array(kept);
    (!gone.is_empty()).then_some((out, gone))
}
