//! Matchers for property values.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::ir::{Expr, Handle};
use crate::resource::{RawValue, Typed};

/// A value, or a pattern for values.
///
/// Text, numbers, Booleans and JSON match equal values. A handle matches a reference to its
/// resource.
#[derive(Clone, Debug)]
pub struct Matcher(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Any,
    Absent,
    Exactly(Value),
    Reference(Expr),
    ObjectLike(Vec<(String, Matcher)>),
    ArrayWith(Vec<Matcher>),
    StringLike(String),
    Not(Box<Matcher>),
    Capture(Capture),
}

/// Matches any value. The property must exist.
pub fn any() -> Matcher {
    Matcher(Kind::Any)
}

/// Matches if the property does not exist.
pub fn absent() -> Matcher {
    Matcher(Kind::Absent)
}

/// Matches exactly this value, as CloudFormation JSON.
pub fn exactly(value: impl Into<Value>) -> Matcher {
    Matcher(Kind::Exactly(value.into()))
}

/// Matches an object that has at least these properties.
pub fn object_like<K: Into<String>>(entries: impl IntoIterator<Item = (K, Matcher)>) -> Matcher {
    let entries = entries.into_iter().map(|(key, it)| (key.into(), it));
    Matcher(Kind::ObjectLike(entries.collect()))
}

/// Matches a list that contains at least these items, in this order.
pub fn array_with(items: impl IntoIterator<Item = Matcher>) -> Matcher {
    Matcher(Kind::ArrayWith(items.into_iter().collect()))
}

/// Matches text; `*` in the pattern stands for any characters.
pub fn string_like(pattern: impl Into<String>) -> Matcher {
    Matcher(Kind::StringLike(pattern.into()))
}

/// Matches any value that the matcher does not match. The property must exist.
pub fn not(matcher: impl Into<Matcher>) -> Matcher {
    Matcher(Kind::Not(Box::new(matcher.into())))
}

/// A matcher that records the values it matches.
///
/// ```
/// use ssm_synth::resource::Instance;
/// use ssm_synth::testing::{Assertions, Capture, object_like};
/// use ssm_synth::{App, SessionAccess};
///
/// let mut app = App::new();
/// app.stack("Access").add_inline(SessionAccess::new());
/// let size = Capture::new();
/// Assertions::of(&app, "Access")
///     .has_resource_properties::<Instance>(object_like([("InstanceType", size.clone().into())]));
/// assert_eq!(size.values().len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Mutex<Vec<Value>>>);

impl Capture {
    /// Returns an empty recorder.
    pub fn new() -> Capture {
        Capture::default()
    }

    /// Returns the values of the resources that matched, in the order of creation.
    pub fn values(&self) -> Vec<Value> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn store(&self, value: Value) {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        values.push(value);
    }
}

#[diagnostic::do_not_recommend]
impl From<Capture> for Matcher {
    fn from(capture: Capture) -> Self {
        Matcher(Kind::Capture(capture))
    }
}

#[diagnostic::do_not_recommend]
impl From<Value> for Matcher {
    fn from(value: Value) -> Self {
        exactly(value)
    }
}

#[diagnostic::do_not_recommend]
impl<R: Typed> From<Handle<R>> for Matcher {
    fn from(handle: Handle<R>) -> Self {
        Matcher(Kind::Reference(handle.attr(R::LINK)))
    }
}

macro_rules! literal {
    ($($of:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl From<$of> for Matcher {
            fn from(value: $of) -> Self {
                exactly(value)
            }
        }
    )+};
}
literal!(
    &str, String, bool, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, f32, f64
);

#[diagnostic::do_not_recommend]
impl From<&String> for Matcher {
    fn from(text: &String) -> Self {
        exactly(text.as_str())
    }
}

#[diagnostic::do_not_recommend]
impl From<crate::ir::Cidr> for Matcher {
    fn from(range: crate::ir::Cidr) -> Self {
        exactly(range.to_string())
    }
}

#[diagnostic::do_not_recommend]
impl<R: Typed> From<&Handle<R>> for Matcher {
    fn from(handle: &Handle<R>) -> Self {
        Matcher::from(*handle)
    }
}

#[diagnostic::do_not_recommend]
impl From<Expr> for Matcher {
    fn from(expr: Expr) -> Self {
        Matcher(Kind::Reference(expr))
    }
}

/// A difference and its location.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) path: String,
    pub(super) expected: String,
    pub(super) found: Option<Value>,
}

/// Values that captures record if everything else matches.
pub(super) type Captured<'m> = Vec<(&'m Capture, Value)>;

pub(super) fn store_all(captured: Captured<'_>) {
    captured.into_iter().for_each(|(by, value)| by.store(value));
}

/// A comparison; `spell` returns the JSON of a reference.
pub(super) struct Compare<'a> {
    pub(super) spell: &'a dyn Fn(&RawValue<'static>) -> Value,
}

impl Compare<'_> {
    pub(super) fn value<'m>(
        &self,
        matcher: &'m Matcher,
        found: Option<&Value>,
        path: &str,
        captured: &mut Captured<'m>,
        out: &mut Vec<Difference>,
    ) {
        let mut differs = |expected: String| {
            out.push(Difference {
                path: path.to_owned(),
                expected,
                found: found.cloned(),
            });
        };
        match (&matcher.0, found) {
            (Kind::Absent, None) | (Kind::Any, Some(_)) => {}
            (Kind::Absent, Some(_)) => differs("nothing".to_owned()),
            (Kind::Capture(capture), Some(value)) => captured.push((capture, value.clone())),
            (Kind::Any | Kind::Capture(_), None) => differs("anything".to_owned()),
            (Kind::Exactly(expected), _) => {
                if Some(expected) != found {
                    differs(expected.to_string());
                }
            }
            (Kind::Reference(expr), _) => {
                let expected = (self.spell)(&RawValue::from(expr.clone()));
                let is_dependency = path.starts_with("DependsOn") || path.starts_with("depends_on");
                let is_same = match found {
                    Some(found) if is_dependency => depends_on(&expected, found),
                    found => Some(&expected) == found,
                };
                if !is_same {
                    differs(expected.to_string());
                }
            }
            (Kind::StringLike(pattern), Some(Value::String(text))) if is_like(pattern, text) => {}
            (Kind::StringLike(pattern), _) => differs(format!("text like {pattern:?}")),
            (Kind::Not(inner), Some(value)) => {
                let mut differences = Vec::new();
                self.value(inner, Some(value), path, &mut Vec::new(), &mut differences);
                if differences.is_empty() {
                    differs("anything else".to_owned());
                }
            }
            (Kind::Not(_), None) => differs("anything else".to_owned()),
            (Kind::ObjectLike(entries), Some(Value::Object(map))) => {
                for (key, matcher) in entries {
                    let below = match path {
                        "" => key.clone(),
                        path => format!("{path}.{key}"),
                    };
                    self.value(matcher, map.get(key), &below, captured, out);
                }
            }
            (Kind::ObjectLike(_), _) => differs("an object".to_owned()),
            (Kind::ArrayWith(expected), Some(Value::Array(items))) => {
                self.items(expected, items, path, captured, out);
            }
            (Kind::ArrayWith(_), _) => differs("a list".to_owned()),
        }
    }

    fn items<'m>(
        &self,
        expected: &'m [Matcher],
        items: &[Value],
        path: &str,
        captured: &mut Captured<'m>,
        out: &mut Vec<Difference>,
    ) {
        let mut from = 0;
        for (n, matcher) in expected.iter().enumerate() {
            // If no item matches, the report contains the closest one.
            let mut closest: Option<Vec<Difference>> = None;
            let mut found = None;
            for (at, item) in items.iter().enumerate().skip(from) {
                let (mut differences, mut own) = (Vec::new(), Vec::new());
                let below = format!("{path}[{at}]");
                self.value(matcher, Some(item), &below, &mut own, &mut differences);
                if differences.is_empty() {
                    captured.extend(own);
                    found = Some(at);
                    break;
                }
                if closest
                    .as_ref()
                    .is_none_or(|it| differences.len() < it.len())
                {
                    closest = Some(differences);
                }
            }
            match (found, closest) {
                (Some(at), _) => from = at + 1,
                (None, Some(differences)) => out.extend(differences),
                (None, None) => out.push(Difference {
                    path: path.to_owned(),
                    expected: format!("an item that matches the {} expected one", nth(n)),
                    found: Some(Value::Array(items.to_vec())),
                }),
            }
        }
    }
}

/// Returns whether a reference is to the resource that a dependency names: a logical ID in CloudFormation, and an
/// address in Terraform.
fn depends_on(reference: &Value, dependency: &Value) -> bool {
    fn code(text: &str) -> &str {
        let inner = text.strip_prefix("${").and_then(|it| it.strip_suffix('}'));
        inner.unwrap_or(text)
    }
    let Some(name) = dependency.as_str().map(code) else {
        return false;
    };
    let attribute = &reference["Fn::GetAtt"];
    let id = reference["Ref"].as_str().or(attribute[0].as_str());
    let id = id.or_else(|| attribute.as_str()?.split('.').next());
    let address = reference.as_str().map(code);
    let rest = address.and_then(|it| it.strip_prefix(name));
    id == Some(name) || rest.is_some_and(|it| it.starts_with(['.', '[']))
}

fn nth(n: usize) -> String {
    match n {
        0 => "first".to_owned(),
        1 => "second".to_owned(),
        2 => "third".to_owned(),
        n => format!("{}th", n + 1),
    }
}

/// Returns whether text matches a pattern, in which `*` stands for any characters.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differences(matcher: &Matcher, value: Value) -> Vec<String> {
        let mut out = Vec::new();
        Compare {
            spell: &|_| Value::Null,
        }
        .value(matcher, Some(&value), "", &mut Vec::new(), &mut out);
        out.iter()
            .map(|it| format!("{}: {}", it.path, it.expected))
            .collect()
    }

    #[test]
    fn objects_and_lists_can_have_more_entries() {
        let tags = array_with([object_like([("Key", "b".into())])]);
        let matcher = object_like([
            ("Tags", tags),
            ("Gone", absent()),
            ("Size", not("t3.large")),
        ]);
        let value = json!({"Tags": [{"Key": "a"}, {"Key": "b", "Value": 1}], "Size": "t3.micro"});
        assert!(differences(&matcher, value).is_empty());
        let value = json!({"Tags": [{"Key": "a"}], "Gone": 1, "Size": "t3.large"});
        assert_eq!(
            differences(&matcher, value),
            ["Tags[0].Key: \"b\"", "Gone: nothing", "Size: anything else"]
        );
    }

    #[test]
    fn items_match_in_order() {
        let matcher = array_with([2.into(), 1.into()]);
        assert!(differences(&matcher, json!([2, 3, 1])).is_empty());
        assert!(!differences(&matcher, json!([1, 2])).is_empty());
    }

    #[test]
    fn a_star_matches_any_characters() {
        for (pattern, text, like) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("*b*", "abc", true),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(is_like(pattern, text), like, "{pattern} {text}");
        }
    }
}
