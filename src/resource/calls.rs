//! The calls of intrinsic functions that CloudFormation accepts: their names and the number of their arguments.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use std::ops::RangeInclusive;

use crate::ir::nearest;

const NAMES: [&str; 15] = [
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::GetStackOutput",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
];
/// Functions that the expansion of the template replaces, or that take one argument of any form.
const OTHERS: [&str; 2] = ["Fn::Sub", "Fn::Transform"];
/// Functions of the transform `AWS::LanguageExtensions`.
pub(super) const EXTENSIONS: [&str; 2] = ["Fn::Length", "Fn::ToJsonString"];

/// The number of arguments of functions that take a list.
fn arguments(name: &str) -> Option<RangeInclusive<usize>> {
    Some(match name {
        "Fn::If" | "Fn::FindInMap" => 3..=3,
        "Fn::Equals" | "Fn::Join" | "Fn::Select" | "Fn::Split" => 2..=2,
        "Fn::And" | "Fn::Or" => 2..=10,
        _ => return None,
    })
}

/// Returns why CloudFormation refuses a call, as a clause after the caller, and the fix. `count` is the number of
/// arguments, or none if they are not a list. Templates with a transform have other functions.
pub(crate) fn call_error(name: &str, count: Option<usize>) -> Option<(String, String)> {
    if EXTENSIONS.contains(&name) || name.starts_with("Fn::ForEach::") {
        return Some((
            format!("calls `{name}`, which requires the transform `AWS::LanguageExtensions`"),
            "add `Transform: AWS::LanguageExtensions`".to_owned(),
        ));
    }
    if !NAMES.contains(&name) && !OTHERS.contains(&name) {
        return Some((
            format!("calls `{name}`, which does not exist"),
            nearest(name, NAMES.iter().chain(&OTHERS).copied()),
        ));
    }
    let wanted = arguments(name)?;
    if count.is_some_and(|it| wanted.contains(&it)) {
        return None;
    }
    let count = count.unwrap_or(1);
    let expected = match (*wanted.start(), *wanted.end()) {
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    };
    Some((
        format!("calls `{name}` with {count} arguments; expected {expected}"),
        format!("set {expected} arguments"),
    ))
}
