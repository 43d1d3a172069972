//! Names of resources, derived only from the path below the stack.

/// Returns whether both languages accept a path segment: a letter, then letters, digits, `-`, `_`
/// and `.`.
pub(crate) fn is_id(segment: &str) -> bool {
    segment.starts_with(|c: char| c.is_ascii_alphabetic())
        && segment.len() <= 128
        && segment
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Returns whether CloudFormation accepts the name of a stack, also in the names of exports.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>
pub(crate) fn is_stack_name(name: &str) -> bool {
    is_id(name)
        && name
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-')
}

/// Returns whether CloudFormation accepts a logical ID.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html>
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
pub(crate) fn is_logical_id(id: &str) -> bool {
    (1..=255).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_alphanumeric())
}

/// Returns whether Terraform accepts an identifier, in ASCII.
///
/// <https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers>
pub(crate) fn is_identifier(name: &str) -> bool {
    let is_letter = |it: u8| it.is_ascii_alphabetic() || it == b'_';
    let mut rest = name.bytes();
    rest.next().is_some_and(is_letter)
        && rest.all(|it| is_letter(it) || it.is_ascii_digit() || it == b'-')
}

/// The characters of an identifier, for a hint.
pub(crate) const IDENTIFIER: &str =
    "start with a letter or `_`, then use letters, digits, `-` and `_`";

/// Returns the logical ID in CloudFormation: `Network/web-1` is `NetworkWeb1`.
pub(crate) fn logical_id(path: &str) -> String {
    let mut id = String::with_capacity(path.len());
    for word in path.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut chars = word.chars();
        id.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        id.push_str(chars.as_str());
    }
    id
}

fn words(path: &str, separator: char) -> String {
    let bytes = path.as_bytes();
    let mut name = String::with_capacity(path.len() + 8);
    for (at, &byte) in bytes.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            if !name.ends_with(separator) {
                name.push(separator);
            }
            continue;
        }
        let before = at.checked_sub(1).map(|i| bytes[i]);
        let after = bytes.get(at + 1);
        let starts_word = byte.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(u8::is_ascii_lowercase))
            });
        if starts_word {
            name.push(separator);
        }
        name.push(byte.to_ascii_lowercase().into());
    }
    name
}

/// Returns the name in Terraform: `Network/RouteTableA` is `network_route_table_a`.
pub(crate) fn terraform_name(path: &str) -> String {
    words(path, '_')
}

/// Returns the name for tags and AWS resources: `Network/RouteTableA` is `network-route-table-a`.
pub(crate) fn kebab(path: &str) -> String {
    words(path, '-')
}

/// Returns a sort key in natural order: `web-2` before `web-10`.
pub(crate) fn natural(name: &str) -> Vec<(String, u64)> {
    let mut out = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(text);
        let digits = behind
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(behind.len());
        let (number, behind) = behind.split_at(digits);
        let number = match number {
            "" => 0,
            digits => digits.parse().unwrap_or(u64::MAX),
        };
        out.push((word.to_owned(), number));
        rest = behind;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["web-10", "web-2", "db", "web", "web-2b"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["db", "web", "web-2", "web-2b", "web-10"]);
    }

    #[test]
    fn names_are_a_function_of_the_path() {
        for (path, cfn, tf) in [
            ("Network/Vpc", "NetworkVpc", "network_vpc"),
            (
                "Network/RouteTableA",
                "NetworkRouteTableA",
                "network_route_table_a",
            ),
            ("web-1/Instance", "Web1Instance", "web_1_instance"),
            ("VPCEndpoint", "VPCEndpoint", "vpc_endpoint"),
            ("a.b_c", "ABC", "a_b_c"),
        ] {
            assert_eq!(logical_id(path), cfn);
            assert_eq!(terraform_name(path), tf);
        }
        assert_eq!(kebab("Network/RouteTableA"), "network-route-table-a");
    }

    #[test]
    fn each_language_has_its_own_names() {
        assert!(is_stack_name("Prod-Access") && !is_stack_name("prod_access"));
        assert!(is_logical_id("1Web") && !is_logical_id("web-1") && !is_logical_id(""));
        assert!(is_identifier("_web-1") && !is_identifier("1web") && !is_identifier("b d"));
        assert!(!is_identifier(""));
    }

    #[test]
    fn an_id_starts_with_a_letter() {
        assert!(is_id("web-1") && is_id("A") && is_id("a.b_c"));
        assert!(!is_id("1web") && !is_id("") && !is_id("a/b") && !is_id("é") && !is_id("a b"));
    }
}
