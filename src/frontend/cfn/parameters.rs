//! Values of parameters that CloudFormation refuses.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use super::super::tree::{At, Entry, Tree};
use super::references::ParameterValue;
use super::{Reader, into_expr};
use crate::ir::Expr;
use crate::resource::{RawValue, TemplateError};

/// The section of a linked template with the parameters of nested stacks that have values.
pub(super) const PASSED: &str = "Passed";

impl Reader<'_> {
    /// Returns the errors of the template outside its resources.
    pub(super) fn errors(&self) -> Vec<(At, TemplateError)> {
        if !self.is_final() {
            return Vec::new();
        }
        let section = |name| self.root.get(name).and_then(Tree::map).unwrap_or_default();
        let own = section("Parameters").iter().filter_map(|entry| {
            let value = self.parameters.get(entry.key.as_str())?;
            let values = match value {
                ParameterValue::Text(text) | ParameterValue::Stored { name: text, .. } => {
                    vec![text.clone()]
                }
                ParameterValue::List(items) => items.clone(),
                _ => return None,
            };
            Some((entry.at, self.refused(entry, &values, Some(true))?))
        });
        let passed = section(PASSED).iter().filter_map(|entry| {
            let exists = self.stack_exists(&entry.value);
            let values = self.texts(entry.value.get("Value")?)?;
            Some((entry.at, self.refused(entry, &values, exists)?))
        });
        let form = self.form.iter().filter_map(|it| {
            let exists = match &it.stack_condition {
                None => Some(true),
                Some(name) => self.condition(name, 0),
            };
            let mut error = it.error.clone();
            error.reason += &format!(", at {}", self.location(it.at));
            error.is_certain &= exists == Some(true);
            (exists != Some(false)).then_some((it.at, error))
        });
        let all = own.chain(passed).chain(form);
        all.chain(self.broken_rules()).collect()
    }

    /// Returns the texts of a value that the file determines.
    fn texts(&self, value: &Tree) -> Option<Vec<String>> {
        let text = |term| match into_expr(term) {
            Expr::Text(text) => Some(text.into_owned()),
            _ => None,
        };
        match self.eval(value, 0)? {
            RawValue::List(items) => items.into_iter().map(text).collect(),
            one => Some(vec![text(one)?]),
        }
    }

    /// Returns whether a text is the value of a parameter that CloudFormation never shows.
    pub(super) fn is_secret(&self, text: &str) -> bool {
        let all = self.root.get("Parameters").and_then(Tree::map);
        let mut hidden = all
            .unwrap_or_default()
            .iter()
            .filter(|it| is_hidden(&it.value));
        hidden.any(|it| match self.parameters.get(it.key.as_str()) {
            Some(ParameterValue::Text(value)) => value == text,
            _ => false,
        })
    }

    fn refused(
        &self,
        entry: &Entry,
        values: &[String],
        exists: Option<bool>,
    ) -> Option<TemplateError> {
        if exists == Some(false) {
            return None;
        }
        let found = |value: &'_ String| Some((value.clone(), violation(&entry.value, value)?));
        let (value, (is_certain, why)) = values.iter().find_map(found)?;
        let name = &entry.key;
        let shown = match is_hidden(&entry.value) {
            true => String::new(),
            false => format!(" (`{value}`)"),
        };
        Some(TemplateError {
            is_certain: is_certain && exists == Some(true),
            ignores_condition: false,
            reason: format!("the value of parameter `{name}`{shown} {why}"),
            fix: format!("set parameter `{name}` to a value that its declaration accepts"),
        })
    }
}

fn is_hidden(declaration: &Tree) -> bool {
    let hidden = declaration.get("NoEcho").and_then(Tree::text);
    hidden.is_some_and(|it| it.eq_ignore_ascii_case("true"))
}

/// Returns why CloudFormation refuses a value of a parameter, or an item of its list: whether it certainly
/// does, and a clause after the value.
fn violation(declaration: &Tree, value: &str) -> Option<(bool, String)> {
    let text = |key| declaration.get(key).and_then(Tree::text);
    let of = text("Type").unwrap_or("String");
    let of_number = matches!(of, "Number" | "List<Number>");
    let number = value.trim().parse::<f64>().ok();
    if of_number && number.is_none() {
        return Some((true, "is not a number".to_owned()));
    }
    // CloudFormation looks up the value in the account.
    if value.is_empty() && of.starts_with("AWS::") && !is_stored(of) {
        return Some((true, "does not exist".to_owned()));
    }
    let allowed = declaration.get("AllowedValues").and_then(Tree::list);
    if let Some(is_certain) = allowed.and_then(|it| not_allowed(it, value)) {
        return Some((is_certain, "is not one of `AllowedValues`".to_owned()));
    }
    if let Some(pattern) = text("AllowedPattern") {
        // AWS documents the pattern for texts and their lists. For a stored value, it is that of the name.
        let is_text = matches!(of, "String" | "CommaDelimitedList") || is_stored(of);
        match matches_whole(pattern, value) {
            Some(true) => {}
            Some(false) => {
                return Some((
                    is_text,
                    format!("does not match `AllowedPattern` `{pattern}`"),
                ));
            }
            None => {
                let why = format!(
                    "may not match `AllowedPattern` `{pattern}`, which the check cannot evaluate"
                );
                return Some((false, why));
            }
        }
    }
    let limit = |key| text(key).and_then(|it| it.trim().parse::<f64>().ok());
    let length = u32::try_from(value.encode_utf16().count()).map_or(f64::MAX, f64::from);
    let (measured, low, high, what) = match number {
        Some(number) if of_number => (number, "MinValue", "MaxValue", "is"),
        _ => (length, "MinLength", "MaxLength", "has the length"),
    };
    let (name, bound) = match (limit(low), limit(high)) {
        (Some(least), _) if measured < least => (low, least),
        (_, Some(most)) if measured > most => (high, most),
        _ => return None,
    };
    // AWS documents lengths for texts.
    let is_certain = of_number || of == "String" || is_stored(of);
    Some((
        is_certain,
        format!("{what} {measured}, and `{name}` is {bound}"),
    ))
}

fn is_stored(type_name: &str) -> bool {
    type_name.starts_with("AWS::SSM::Parameter::")
}

/// Returns whether a value is certainly not among the allowed ones, or none if it is. YAML has several
/// spellings of a number or a Boolean.
fn not_allowed(allowed: &[Tree], value: &str) -> Option<bool> {
    let texts: Vec<&str> = allowed.iter().filter_map(Tree::text).collect();
    if texts.contains(&value) {
        return None;
    }
    let boolean = |text: &str| match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some(true),
        "false" | "no" | "off" | "n" => Some(false),
        _ => None,
    };
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let is_same = |text: &&str| {
        boolean(text).is_some() && boolean(text) == boolean(value)
            || number(text).is_some() && number(text) == number(value)
    };
    Some(texts.len() == allowed.len() && !texts.iter().any(is_same))
}

/// Returns whether a pattern of Java matches the whole text, if both engines read the pattern alike.
fn matches_whole(pattern: &str, text: &str) -> Option<bool> {
    // Possessive quantifiers and operations on classes have another meaning in Java.
    let differs = ["++", "*+", "?+", "}+", "&&", "[:"];
    if differs.iter().any(|it| pattern.contains(it)) {
        return None;
    }
    let whole = regex_lite::Regex::new(&format!(r"\A(?:{pattern})\z")).ok()?;
    Some(whole.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::{matches_whole, violation};

    #[test]
    fn a_pattern_matches_the_whole_value() {
        for (pattern, text, wanted) in [
            ("^a+$", "aa", Some(true)),
            ("a+", "b", Some(false)),
            ("[a-z]*", "abc1", Some(false)),
            (r"[a-zA-Z][\w-]*", "a_b-c", Some(true)),
            ("a|b", "ab", Some(false)),
            (r"(\d{1,3})\.(\d{1,3})", "10.20", Some(true)),
            ("", "x", Some(false)),
            ("(?=.*[A-Z]).*", "A", None),
            (r"\p{Alpha}+", "a", None),
            (r"\Qa\E", "a", None),
            ("[a-z&&[^b]]+", "a", None),
            ("[a[b]]", "a", None),
            ("a++", "a", None),
            ("(", "a", None),
        ] {
            assert_eq!(matches_whole(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn constraints_apply_to_their_types() {
        let certain = |declaration: &str, value: &str| {
            let tree = crate::frontend::tree::read(declaration).unwrap();
            violation(&tree, value).map(|it| it.0)
        };
        for (declaration, value, wanted) in [
            ("{AllowedValues: [a, b]}", "a", None),
            ("{AllowedValues: [a, b]}", "x", Some(true)),
            ("{AllowedValues: [yes, no]}", "true", Some(false)),
            ("{Type: Number, AllowedValues: [1, 2]}", "1.0", Some(false)),
            ("{Type: Number, MinValue: 1, MaxValue: 3}", "3", None),
            ("{Type: Number, MinValue: 1, MaxValue: 3}", "4", Some(true)),
            ("{Type: Number}", "many", Some(true)),
            ("{Type: 'AWS::EC2::VPC::Id'}", "", Some(true)),
            ("{MinLength: 3}", "ab", Some(true)),
            ("{MaxLength: '3'}", "abc", None),
            ("{MaxLength: 3}", "abcd", Some(true)),
            (
                "{Type: 'AWS::EC2::VPC::Id', AllowedPattern: vpc-.*}",
                "x",
                Some(false),
            ),
            (
                "{Type: 'AWS::EC2::VPC::Id', AllowedPattern: vpc-.*}",
                "vpc-1",
                None,
            ),
        ] {
            assert_eq!(certain(declaration, value), wanted, "{declaration} {value}");
        }
    }
}
