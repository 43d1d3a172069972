//! Names and values that suggest access or protection.

/// Words in a name that suggest access. Of a new resource, only the first ones count.
const TELLING: [&str; 40] = [
    "principal",
    "principals",
    "public",
    "publicly",
    "cidr",
    "cidrs",
    "acl",
    "acls",
    "grant",
    "grants",
    "permission",
    "permissions",
    "anonymous",
    "unauthenticated",
    "external",
    "trusted",
    "privileged",
    "policy",
    "policies",
    "role",
    "roles",
    "authorization",
    "authorizer",
    "authentication",
    "auth",
    "access",
    "allow",
    "allowed",
    "deny",
    "ingress",
    "egress",
    "trust",
    "share",
    "shared",
    "scheme",
    "exposed",
    "internet",
    "iam",
    "whitelist",
    "visibility",
];
/// The number of words that count for a new resource.
const STRONG: usize = 17;

/// Words in a name that suggest protection: of stored data, of traffic, or by a record.
pub(super) const PROTECTING: [&str; 17] = [
    "encrypt",
    "encrypted",
    "encryption",
    "kms",
    "sse",
    "ssl",
    "tls",
    "mtls",
    "transport",
    "logging",
    "logs",
    "audit",
    "protection",
    "signing",
    "mfa",
    "lock",
    "versioning",
];

/// Values that turn a property off.
const OFF: [&str; 9] = [
    "false",
    "0",
    "off",
    "no",
    "none",
    "never",
    "disable",
    "disabled",
    "suspended",
];

/// Returns the words of a name, such as `acl`, `name` of `ACLName` or `acl_name`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut before_upper = false;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_ascii_alphanumeric() {
            out.push(String::new());
        } else {
            let ends_acronym = before_upper
                && letters
                    .peek()
                    .is_some_and(|it| it.is_ascii_lowercase() && *it != 's');
            let starts = letter.is_ascii_uppercase() && (!before_upper || ends_acronym);
            if starts || out.is_empty() {
                out.push(String::new());
            }
            if let Some(word) = out.last_mut() {
                word.push(letter.to_ascii_lowercase());
            }
        }
        before_upper = letter.is_ascii_uppercase();
    }
    out
}

pub(super) fn has_word(path: &str, expected: &[&str]) -> bool {
    path.split('.')
        .any(|part| words(part).iter().any(|it| expected.contains(&it.as_str())))
}

pub(super) fn is_off(value: &str) -> bool {
    OFF.iter().any(|it| it.eq_ignore_ascii_case(value))
}

/// Returns the IDs of accounts in a value.
pub(super) fn accounts(value: &str) -> impl Iterator<Item = &str> {
    let is_arn = value.starts_with("arn:");
    let parts = value.split(|it: char| !it.is_ascii_alphanumeric());
    let parts: Vec<&str> = parts.collect();
    // The last group of a UUID, such as the ID of a key, can be digits, too.
    let is_of_uuid = |at: usize| {
        let before = parts[..at].iter().rev().map(|it| it.len());
        before.take(4).eq([4, 4, 4, 8])
    };
    let is_account = |(at, it): &(usize, &&str)| {
        (is_arn || it.len() == value.len())
            && it.len() == 12
            && it.bytes().all(|it| it.is_ascii_digit())
            && !is_of_uuid(*at)
    };
    let all: Vec<&str> = parts
        .iter()
        .enumerate()
        .filter(is_account)
        .map(|(_, it)| *it)
        .collect();
    all.into_iter()
}

pub(super) fn is_telling(path: &str, is_new: bool) -> bool {
    let expected = match is_new {
        true => &TELLING[..STRONG],
        false => &TELLING[..],
    };
    has_word(path, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(words("PubliclyAccessible"), ["publicly", "accessible"]);
        assert_eq!(words("public_access_cidrs"), ["public", "access", "cidrs"]);
        assert_eq!(words("ACLName"), ["acl", "name"]);
        assert_eq!(words("EgressACLs"), ["egress", "acls"]);
        assert!(is_telling("Rules.Destination.AllowedPrincipals", true));
        assert!(!is_telling("Timeout", false));
    }

    #[test]
    fn accounts_are_found_in_arns() {
        let of = |text: &'static str| accounts(text).collect::<Vec<_>>();
        assert_eq!(of("arn:aws:sqs:us-east-1:123456789012:q"), ["123456789012"]);
        assert_eq!(of("123456789012"), ["123456789012"]);
        assert!(of("arn:aws:s3:::logs-20260101").is_empty());
        assert!(of("build 123456789012").is_empty());
        let key = "arn:aws:kms:eu-west-1:123456789012:key/11111111-1111-1111-1111-111111111111";
        assert_eq!(of(key), ["123456789012"]);
    }
}
