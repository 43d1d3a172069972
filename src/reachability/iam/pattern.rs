//! Patterns and texts with symbolic parts, such as the ARN of a bucket in the file.
//!
//! Two questions determine a match. `certain` asks whether the pattern matches for every value of the
//! symbolic parts, and `possible` whether it matches for one. The answer is unknown between them.

use std::collections::HashSet;

use super::super::ternary::Ternary;
use crate::ir::{Expr, NodeId, Pseudo};

/// A part of a text or pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Atom {
    Char(char),
    /// `*` of a pattern.
    Any,
    /// `?` of a pattern.
    One,
    Pseudo(Pseudo),
    /// An identifier or name that AWS generates for a resource of the file. Another resource never
    /// has it, and nobody can write it in advance.
    Generated(NodeId),
    /// The ID of the instance. A file that is already deployed can contain it.
    InstanceId(Option<NodeId>),
    /// An unknown text. Equal expressions are equal texts.
    Same(Expr),
    /// An unknown text.
    Unknown,
}

/// Returns whether a pattern matches a text.
pub(super) fn matches(pattern: &[Atom], text: &[Atom]) -> Ternary {
    if certain(pattern, text) {
        return Ternary::Yes;
    }
    if possible(pattern, text) {
        Ternary::Unknown
    } else {
        Ternary::No
    }
}

/// Returns whether every value of the symbolic parts matches.
fn certain(pattern: &[Atom], text: &[Atom]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let (here, there) = (pattern.get(p), text.get(t));
        let step = match (here, there) {
            (Some(Atom::Any), _) => {
                back = Some((p, t));
                p += 1;
                continue;
            }
            (None, None) => return true,
            (Some(Atom::One), Some(Atom::Char(_))) => Some((1, 1)),
            (Some(Atom::Unknown | Atom::InstanceId(None)), Some(_)) => None,
            (Some(a), Some(b)) if a == b => Some((1, 1)),
            // A file without a Region that writes `aws` is for this partition.
            (Some(Atom::Pseudo(Pseudo::Partition)), Some(Atom::Char(_))) => {
                starts_with_aws(&text[t..]).map(|len| (1, len))
            }
            (Some(Atom::Char(_)), Some(Atom::Pseudo(Pseudo::Partition))) => {
                starts_with_aws(&pattern[p..]).map(|len| (len, 1))
            }
            _ => None,
        };
        match (step, back) {
            (Some((by, along)), _) => {
                p += by;
                t += along;
            }
            (None, Some((star, from))) if from < text.len() => {
                p = star + 1;
                t = from + 1;
                back = Some((star, from + 1));
            }
            (None, _) => return false,
        }
    }
}

/// Returns the length of `aws` if it is a complete segment of an ARN.
fn starts_with_aws(atoms: &[Atom]) -> Option<usize> {
    let is = |at: usize, c: char| atoms.get(at) == Some(&Atom::Char(c));
    (is(0, 'a') && is(1, 'w') && is(2, 's') && is(3, ':')).then_some(3)
}

/// A position in a pattern and a text. The flags are set inside a symbolic part.
type Position = (usize, bool, usize, bool);

/// Returns whether a value of the symbolic parts can match.
fn possible(pattern: &[Atom], text: &[Atom]) -> bool {
    let loose = pattern
        .iter()
        .any(|atom| matches!(atom, Atom::Any | Atom::One | Atom::Unknown | Atom::Same(_)));
    let mut seen: HashSet<Position> = HashSet::new();
    let mut open: Vec<Position> = vec![(0, false, 0, false)];
    while let Some(position) = open.pop() {
        if !seen.insert(position) {
            continue;
        }
        let (p, inside_p, t, inside_t) = position;
        let (here, there) = (pattern.get(p), text.get(t));
        if here.is_none() && there.is_none() {
            return true;
        }
        // Leaves a part that can be empty, or of which a character is read.
        let can_end = |atom: Option<&Atom>, inside: bool| match atom {
            Some(Atom::Any | Atom::Unknown | Atom::Same(_)) => true,
            Some(Atom::Pseudo(_) | Atom::Generated(_) | Atom::InstanceId(_)) => inside,
            _ => false,
        };
        if can_end(here, inside_p) {
            open.push((p + 1, false, t, inside_t));
        }
        if can_end(there, inside_t) {
            open.push((p, inside_p, t + 1, false));
        }
        let (Some(a), Some(b)) = (here, there) else {
            continue;
        };
        // The same part has the same text on both sides.
        let whole = !inside_p && !inside_t;
        if whole && a == b && !matches!(a, Atom::Any | Atom::Unknown | Atom::InstanceId(None)) {
            open.push((p + 1, false, t + 1, false));
            continue;
        }
        if !shares_a_character(a, b, loose) {
            continue;
        }
        // Reads one character of both.
        let next = |at: usize, atom: &Atom| match atom {
            Atom::Char(_) | Atom::One => (at + 1, false),
            _ => (at, true),
        };
        let ((p, inside_p), (t, inside_t)) = (next(p, a), next(t, b));
        open.push((p, inside_p, t, inside_t));
    }
    false
}

fn shares_a_character(pattern: &Atom, text: &Atom, loose: bool) -> bool {
    let is_wild =
        |atom: &Atom| matches!(atom, Atom::Any | Atom::One | Atom::Unknown | Atom::Same(_));
    match (pattern, text) {
        (a, b) if is_wild(a) || is_wild(b) => true,
        (Atom::Char(a), Atom::Char(b)) => a == b,
        // No one can write a generated name in full, but a pattern can cover it.
        (Atom::Char(c), Atom::Generated(_)) => loose && is_in(*c, text),
        (Atom::Char(c), symbol) | (symbol @ Atom::Pseudo(_), Atom::Char(c)) => is_in(*c, symbol),
        (Atom::InstanceId(_), Atom::Char(c)) => is_in(*c, pattern),
        (Atom::Pseudo(a), Atom::Pseudo(b)) => a == b,
        // Instances differ.
        (Atom::InstanceId(Some(a)), Atom::InstanceId(Some(b))) => a == b,
        (Atom::InstanceId(_), Atom::InstanceId(_)) => pattern == text,
        _ => false,
    }
}

/// Returns whether a symbolic part can contain a character.
fn is_in(c: char, symbol: &Atom) -> bool {
    match symbol {
        Atom::Pseudo(Pseudo::AccountId) => c.is_ascii_digit(),
        Atom::Pseudo(Pseudo::Partition) => c.is_ascii_lowercase() || c == '-',
        Atom::Pseudo(Pseudo::Region) => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
        Atom::Pseudo(Pseudo::UrlSuffix) => {
            c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c)
        }
        Atom::InstanceId(_) => c.is_ascii_hexdigit(),
        Atom::Generated(_) => c.is_ascii_alphanumeric() || "+=,.@_-".contains(c),
        _ => true,
    }
}

/// Converts literal text without wildcards.
pub(super) fn literal(text: &str) -> Vec<Atom> {
    text.chars().map(Atom::Char).collect()
}

/// Returns the text if no part is symbolic.
pub(super) fn known(atoms: &[Atom]) -> Option<String> {
    let char = |atom: &Atom| match atom {
        Atom::Char(c) => Some(*c),
        _ => None,
    };
    atoms.iter().map(char).collect()
}

/// Converts letters to lowercase, for comparisons that ignore case.
pub(super) fn lowercase(mut atoms: Vec<Atom>) -> Vec<Atom> {
    for atom in &mut atoms {
        if let Atom::Char(c) = atom {
            *c = c.to_ascii_lowercase();
        }
    }
    atoms
}

/// Matches two ARNs, part by part: a wildcard does not cross a colon of the first six parts.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
pub(super) fn matches_arn(pattern: &[Atom], text: &[Atom]) -> Ternary {
    if pattern == [Atom::Any] {
        return Ternary::Yes;
    }
    let (pattern_parts, text_parts) = (arn_parts(pattern), arn_parts(text));
    if pattern_parts.len() == 6 && text_parts.len() == 6 {
        return Ternary::all(
            pattern_parts
                .into_iter()
                .zip(text_parts)
                .map(|(a, b)| matches(a, b)),
        );
    }
    matches(pattern, text).and(Ternary::Unknown)
}

fn arn_parts(atoms: &[Atom]) -> Vec<&[Atom]> {
    atoms.splitn(6, |atom| *atom == Atom::Char(':')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::NodeId;

    /// Reads a pattern. `@` is the account, `#` the Region, and `%` the partition. `A` and `B` are
    /// generated names, and `~` is an unknown text.
    fn atoms(text: &str) -> Vec<Atom> {
        let atom = |c| match c {
            '*' => Atom::Any,
            '?' => Atom::One,
            '@' => Atom::Pseudo(Pseudo::AccountId),
            '#' => Atom::Pseudo(Pseudo::Region),
            '%' => Atom::Pseudo(Pseudo::Partition),
            'A' => Atom::Generated(NodeId::next(0)),
            'B' => Atom::Generated(NodeId::next(1)),
            '~' => Atom::Unknown,
            c => Atom::Char(c),
        };
        text.chars().map(atom).collect()
    }

    #[test]
    fn patterns_match_texts_with_symbolic_parts() {
        use Ternary::{No, Unknown, Yes};
        for (pattern, text, wanted) in [
            ("*", "", Yes),
            ("ssm:*", "ssm:updateinstanceinformation", Yes),
            ("ssm:*", "ssmmessages:opendatachannel", No),
            ("ssm:update?nstance*", "ssm:updateinstanceinformation", Yes),
            ("a*b*c", "axxbyyc", Yes),
            ("a*b*c", "axxbyy", No),
            ("", "x", No),
            // A bucket, its objects, another bucket, and a name with a suffix.
            ("arn:%:s3:::A", "arn:%:s3:::A", Yes),
            ("arn:%:s3:::A*", "arn:%:s3:::A", Yes),
            ("arn:%:s3:::A/*", "arn:%:s3:::A", No),
            ("arn:%:s3:::B", "arn:%:s3:::A", No),
            ("arn:%:s3:::A-logs", "arn:%:s3:::A", No),
            ("arn:%:s3:::*", "arn:%:s3:::A", Yes),
            ("arn:aws:s3:::*", "arn:%:s3:::A", Yes),
            ("arn:aws-cn:s3:::*", "arn:%:s3:::A", Unknown),
            ("arn:aws:s3:::logs-*", "arn:%:s3:::A", Unknown),
            ("arn:aws:s3:::my-logs", "arn:%:s3:::A", No),
            ("arn:aws:s3:::~", "arn:%:s3:::A", Unknown),
            // Regions and accounts.
            (
                "arn:%:ec2:#:@:instance/*",
                "arn:%:ec2:#:@:instance/i-1",
                Yes,
            ),
            ("arn:aws:ec2:us-east-1:*:*", "arn:aws:ec2:#:@:i", Unknown),
            ("arn:aws:ec2:us-east-1:*:*", "arn:aws:ec2:eu-west-1:@:i", No),
            ("arn:aws:ec2:*:123456789012:*", "arn:aws:ec2:#:@:i", Unknown),
            ("arn:aws:ec2:*:root:*", "arn:aws:ec2:#:@:i", No),
        ] {
            let found = matches(&atoms(pattern), &atoms(text));
            assert_eq!(found, wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn a_wildcard_of_an_arn_stays_in_its_part() {
        let found = |pattern, text| matches_arn(&atoms(pattern), &atoms(text));
        let role = "arn:aws:iam::123456789012:role/team/x";
        assert_eq!(found("arn:aws:iam::*:role/*", role), Ternary::Yes);
        assert_eq!(found("arn:aws:iam::*:role/x", role), Ternary::No);
        assert_eq!(found("arn:aws:iam::999999999999:role/*", role), Ternary::No);
        assert_eq!(found("arn:*:role/team/x", role), Ternary::Unknown);
    }
}
