//! The types of parameters.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html>

use crate::ir::stored_type;

/// Types of AWS that are text, and that a list can contain.
const OF_AWS: [&str; 11] = [
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::PrefixList::Id",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
];

/// Returns whether a type is text.
pub(super) fn is_text(name: &str) -> bool {
    matches!(name, "String" | "AWS::SSM::Parameter::Name") || OF_AWS.contains(&name)
}

/// Returns the type of the items of a list.
pub(super) fn item(name: &str) -> Option<&str> {
    name.strip_prefix("List<")?.strip_suffix('>')
}

/// Returns whether a type is a list, in Parameter Store or not.
pub(super) fn is_list(name: &str) -> bool {
    let name = stored_type(name).unwrap_or(name);
    name == "CommaDelimitedList" || item(name).is_some()
}

/// Returns whether a type exists.
pub(super) fn exists(name: &str) -> bool {
    let name = stored_type(name).unwrap_or(name);
    match item(name) {
        Some(item) => item == "Number" || is_text(item),
        None => matches!(name, "Number" | "CommaDelimitedList") || is_text(name),
    }
}

/// Returns the types without those of Parameter Store and lists.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let own = ["String", "Number", "CommaDelimitedList"];
    own.into_iter().chain(OF_AWS)
}

#[cfg(test)]
mod tests {
    use super::exists;

    #[test]
    fn types_of_parameters_are_known() {
        for name in [
            "String",
            "Number",
            "List<Number>",
            "CommaDelimitedList",
            "List<AWS::EC2::Subnet::Id>",
            "AWS::SSM::Parameter::Name",
            "AWS::SSM::Parameter::Value<String>",
            "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>",
        ] {
            assert!(exists(name), "{name}");
        }
        for name in [
            "Text",
            "string",
            "Boolean",
            "List",
            "List<Text>",
            "AWS::EC2::Subnet",
            "AWS::SSM::Parameter::Value",
            "",
        ] {
            assert!(!exists(name), "{name}");
        }
    }
}
