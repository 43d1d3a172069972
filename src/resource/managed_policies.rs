//! AWS managed policies: the statements about the actions that the reachability check evaluates.

use super::{PolicyDocument, RawValue, codec::Prop as _};
use crate::ir::{Dialect, typo};

/// The policies as JSON Lines, sorted by name. `tests/data/refresh.py` writes the file.
const POLICIES: &str = include_str!("managed_policies.jsonl");

/// Returns the policy with this path and name, such as `service-role/AmazonEC2RoleforSSM`, or none if
/// the data does not contain it.
pub(crate) fn find(policy: &str) -> Option<PolicyDocument> {
    let mut row: serde_json::Value = serde_json::from_str(line(policy)?).ok()?;
    let statements = row.get_mut("statements").map(serde_json::Value::take);
    let Some(statements) = statements else {
        return Some(PolicyDocument::default());
    };
    let document = serde_json::json!({ "Statement": statements });
    PolicyDocument::take(RawValue::from(document), Dialect::Cfn).ok()
}

/// Returns the policy that a name misses by its path or by the case of letters.
pub(crate) fn near(policy: &str) -> Option<&'static str> {
    let last = |name: &str| {
        name.rsplit('/')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let wanted = last(policy);
    let mut all = POLICIES.lines().skip(1).map(name);
    all.find(|it| *it != policy && last(it) == wanted)
}

/// Returns the policy of whose name a text certainly is a typo. Other capitals make another name, such as
/// `AmazonSNSFullAccess` and `AmazonSQSFullAccess`.
pub(crate) fn misspelled(policy: &str) -> Option<&'static str> {
    let capitals =
        |text: &str| -> String { text.chars().filter(char::is_ascii_uppercase).collect() };
    let own = capitals(policy);
    let is_other = line(policy).is_none() && near(policy).is_none();
    let all = || POLICIES.lines().skip(1).map(name);
    let of_same = || all().filter(|it| capitals(it) == own);
    is_other.then(|| typo(policy, of_same())).flatten()
}

fn name(line: &'static str) -> &'static str {
    let rest = line.strip_prefix("{\"policy\":\"").unwrap_or_default();
    rest.split('"').next().unwrap_or_default()
}

/// Finds the line of a policy. The first line contains the actions.
fn line(policy: &str) -> Option<&'static str> {
    let (mut from, mut to) = (POLICIES.find('\n')? + 1, POLICIES.len());
    while from < to {
        let middle = from + (to - from) / 2;
        let start = POLICIES[from..middle]
            .rfind('\n')
            .map_or(from, |at| from + at + 1);
        let end = POLICIES[start..].find('\n').map_or(to, |at| start + at);
        let line = &POLICIES[start..end];
        match name(line).cmp(policy) {
            std::cmp::Ordering::Equal => return Some(line),
            std::cmp::Ordering::Less => from = (end + 1).min(to),
            std::cmp::Ordering::Greater => to = start,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session_manager::{
        BUCKET_ACTION, CHANNEL_ACTIONS, LOG_GROUP_ACTION, REGISTER_ACTION, SESSION_KEY_ACTION,
    };

    #[test]
    fn every_line_is_a_policy() {
        for line in POLICIES.lines().skip(1) {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let name = row["policy"].as_str().unwrap();
            let found = find(name).unwrap_or_else(|| panic!("{name}"));
            let wanted = row["statements"].as_array().map_or(0, Vec::len);
            assert_eq!(found.statements.len(), wanted, "{name}");
        }
        assert!(find("NoSuchPolicy").is_none());
        let core = Some("AmazonSSMManagedInstanceCore");
        assert_eq!(near("service-role/AmazonSSMManagedInstanceCore"), core);
        assert_eq!(near("AmazonSsmManagedInstanceCore"), core);
        assert_eq!(near("AmazonSSMManagedInstanceCore"), None);
        assert_eq!(near("NoSuchPolicy"), None);
        assert_eq!(misspelled("AmazonSSMManagedInstanceCor"), core);
        for none in [
            "AmazonSSMManagedInstanceCore",
            "service-role/AmazonSSMManagedInstanceCore",
            "NoSuchPolicy",
            "AmazonSXSFullAccess",
        ] {
            assert_eq!(misspelled(none), None, "{none}");
        }
    }

    #[test]
    fn the_data_covers_every_action_of_the_check() {
        let head: serde_json::Value =
            serde_json::from_str(POLICIES.lines().next().unwrap()).unwrap();
        let known = head["actions"].as_array().unwrap();
        let agent = [
            REGISTER_ACTION,
            SESSION_KEY_ACTION,
            LOG_GROUP_ACTION,
            BUCKET_ACTION,
        ];
        for action in agent.iter().chain(&CHANNEL_ACTIONS) {
            assert!(known.iter().any(|it| it == action), "{action}");
        }
    }
}
