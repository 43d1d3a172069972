//! Facts about a template that a deployment needs.

use crate::frontend::tree::{self, SyntaxError, Tree};

use super::preflight::Pin;
use super::values::Slot;

/// Returns the parameters of a template, or none if the text is not a template.
pub(crate) fn slots(text: &str) -> Vec<Slot> {
    tree::read(text)
        .map(|root| parameters(&root))
        .unwrap_or_default()
}

fn parameters(root: &Tree) -> Vec<Slot> {
    let entries = root.get("Parameters").and_then(Tree::map);
    let slot = |name: &str, declared: &Tree| Slot {
        name: name.to_owned(),
        value: None,
        default: declared.get("Default").map(|it| match it.text() {
            Some(text) => text.to_owned(),
            None => String::new(),
        }),
        no_echo: declared.get("NoEcho").and_then(Tree::text) == Some("true"),
    };
    let entries = entries.unwrap_or_default().iter();
    entries.map(|it| slot(&it.key, &it.value)).collect()
}

/// The facts about a template.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) slots: Vec<Slot>,
    /// The required capabilities.
    pub(crate) capabilities: Vec<String>,
    pub(crate) resources: usize,
    /// The nested stacks, whose templates are not read.
    pub(crate) nested: Vec<String>,
    /// The retained resources, with their policy.
    pub(crate) retained: Vec<(String, String)>,
}

/// Types that require a capability, and the property with the name. Empty if a name makes no
/// difference.
///
/// From <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html>.
const IAM: [(&str, &str); 9] = [
    ("AWS::IAM::AccessKey", ""),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Policy", ""),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::RolePolicy", ""),
    ("AWS::IAM::User", "UserName"),
    ("AWS::IAM::UserToGroupAddition", ""),
];

/// Reads a template.
///
/// # Errors
///
/// Returns the location of a syntax error.
pub(crate) fn read(text: &str) -> Result<Facts, SyntaxError> {
    let root = tree::read(text)?;
    let resources = root
        .get("Resources")
        .and_then(Tree::map)
        .unwrap_or_default();
    let (mut iam, mut named, mut expand) = (false, false, has_transform(&root));
    let (mut retained, mut nested) = (Vec::new(), Vec::new());
    // A macro can create any resource.
    named |= expand;
    for entry in resources {
        let kind = entry
            .value
            .get("Type")
            .and_then(Tree::text)
            .unwrap_or_default();
        if let Some((_, name)) = IAM.iter().find(|(known, _)| *known == kind) {
            iam = true;
            let properties = entry.value.get("Properties");
            named |= !name.is_empty() && properties.is_some_and(|it| it.get(name).is_some());
        }
        expand |= kind.ends_with("::MODULE");
        if kind == "AWS::CloudFormation::Stack" {
            // The nested template is unknown.
            (named, expand) = (true, true);
            nested.push(entry.key.clone());
        }
        if let Some(policy) = entry.value.get("DeletionPolicy").and_then(Tree::text)
            && policy != "Delete"
        {
            retained.push((entry.key.clone(), policy.to_owned()));
        }
    }
    let mut capabilities = Vec::new();
    match (named, iam) {
        (true, _) => capabilities.push("CAPABILITY_NAMED_IAM".to_owned()),
        (false, true) => capabilities.push("CAPABILITY_IAM".to_owned()),
        _ => {}
    }
    if expand {
        capabilities.push("CAPABILITY_AUTO_EXPAND".to_owned());
    }
    Ok(Facts {
        slots: parameters(&root),
        capabilities,
        resources: resources.len(),
        nested,
        retained,
    })
}

fn has_transform(tree: &Tree) -> bool {
    let here = tree.get("Transform").is_some() || tree.get("Fn::Transform").is_some();
    let entries = tree.map().unwrap_or_default().iter();
    here || entries
        .map(|it| &it.value)
        .any(|it| it.get("Fn::Transform").is_some() || has_transform_inside(it))
}

fn has_transform_inside(tree: &Tree) -> bool {
    if tree.get("Fn::Transform").is_some() {
        return true;
    }
    let entries = tree.map().unwrap_or_default().iter();
    let items = tree.list().unwrap_or_default().iter();
    entries
        .map(|it| &it.value)
        .chain(items)
        .any(has_transform_inside)
}

/// Sets the Availability Zones of subnets. Returns JSON, or nothing if the template lacks a subnet.
pub(crate) fn with_zones(text: &str, pins: &[Pin]) -> Option<String> {
    let mut root = tree::read(text).ok()?.to_json();
    for pin in pins {
        let resource = root.get_mut("Resources")?.get_mut(&pin.logical_id)?;
        let zone = resource
            .get_mut("Properties")?
            .get_mut("AvailabilityZone")?;
        *zone = pin.zone.clone().into();
    }
    Some(format!("{root:#}\n"))
}

/// Returns a JSON template without whitespace, because the size limit includes it.
pub(crate) fn compact(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_changes_one_subnet() {
        let text = "Resources:\n  A:\n    Type: AWS::EC2::Subnet\n    Properties:\n      CidrBlock: 10.0.0.0/24\n      \
                    MapPublicIpOnLaunch: false\n      AvailabilityZone: !Select [0, !GetAZs '']\n";
        let pin = |id: &str| Pin {
            logical_id: id.to_owned(),
            zone: "us-east-1b".to_owned(),
            is_deployed: true,
        };
        let pinned: serde_json::Value =
            serde_json::from_str(&with_zones(text, &[pin("A")]).unwrap()).unwrap();
        let expected = serde_json::json!({"CidrBlock": "10.0.0.0/24", "MapPublicIpOnLaunch": false, "AvailabilityZone": "us-east-1b"});
        assert_eq!(pinned["Resources"]["A"]["Properties"], expected);
        assert_eq!(with_zones(text, &[pin("B")]), None);
    }

    #[test]
    fn capabilities_follow_the_template() {
        let capabilities = |text: &str| read(text).unwrap().capabilities;
        assert!(capabilities("Resources: {A: {Type: AWS::EC2::VPC}}").is_empty());
        assert_eq!(
            capabilities("Resources: {A: {Type: AWS::IAM::Role}}"),
            ["CAPABILITY_IAM"]
        );
        let named = "Resources: {A: {Type: AWS::IAM::Role, Properties: {RoleName: r}}}";
        assert_eq!(capabilities(named), ["CAPABILITY_NAMED_IAM"]);
        let macros = "Transform: AWS::Serverless-2016-10-31\nResources: {}";
        assert_eq!(
            capabilities(macros),
            ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        );
        let inside = "Resources: {A: {Type: T, Properties: {X: [{Fn::Transform: {Name: M}}]}}}";
        assert_eq!(
            capabilities(inside),
            ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        );
    }
}
