//! The words in braces of the table, and the patterns of names.
//!
//! A value that the file does not determine is `*` in a pattern.

use super::stack::{Resource, Stack, Tool};
use crate::frontend::tree::{Kind, Tree};

/// The location of a stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) partition: &'a str,
    /// The Region, or `*`.
    pub(crate) region: &'a str,
    /// The account, or `*`.
    pub(crate) account: &'a str,
    /// The name of the stack.
    pub(crate) stack: &'a str,
}

impl<'a> Place<'a> {
    /// Returns the location of a stack that a principal deploys.
    #[cfg(feature = "deploy")]
    pub(crate) fn of(arn: &'a str, account: &'a str, region: &'a str, stack: &'a str) -> Place<'a> {
        Place {
            partition: arn.split(':').nth(1).unwrap_or("aws"),
            region,
            account,
            stack,
        }
    }
}

/// Words for all resources of some types.
const ALL_OF: [(&str, [&str; 2], &str); 5] = [
    (
        "policies",
        ["AWS::IAM::ManagedPolicy", "aws_iam_policy"],
        "arn:{partition}:iam::{account}:policy{Path|path=/}{ManagedPolicyName|name}",
    ),
    (
        "roles",
        ["AWS::IAM::Role", "aws_iam_role"],
        "arn:{partition}:iam::{account}:role{Path|path=/}{RoleName|name}",
    ),
    (
        "buckets",
        ["AWS::S3::Bucket", "aws_s3_bucket"],
        "arn:{partition}:s3:::{BucketName|bucket}",
    ),
    (
        "topics",
        ["AWS::SNS::Topic", "aws_sns_topic"],
        "arn:{partition}:sns:{region}:{account}:{TopicName|name}",
    ),
    (
        "rules",
        ["AWS::Events::Rule", "aws_cloudwatch_event_rule"],
        "arn:{partition}:events:{region}:{account}:rule/{Name|name}",
    ),
];

/// The kinds of EC2 resources that most stacks have. The kind in an ARN cannot be a wildcard.
///
/// From <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>.
const EC2: [&str; 11] = [
    "instance",
    "launch-template",
    "network-interface",
    "route-table",
    "security-group",
    "security-group-rule",
    "subnet",
    "volume",
    "vpc",
    "vpc-endpoint",
    "vpc-flow-log",
];

/// Properties with an instance profile, which can be an existing one.
const PROFILES: [&str; 2] = ["IamInstanceProfile", "iam_instance_profile"];

/// Properties with the key of a volume.
const KEYS: [&str; 2] = ["KmsKeyId", "kms_key_id"];

/// The characters of the stack that CloudFormation keeps in a generated name. The logical ID and a
/// random part follow.
const KEPT_OF_STACK: usize = 24;

pub(super) struct Context<'a> {
    pub(super) stack: &'a Stack,
    pub(super) place: &'a Place<'a>,
}

impl Context<'_> {
    /// Returns the texts that a cell of the table stands for, for one resource. `CELL?NAME` stands for
    /// texts only if the resource has the property.
    pub(super) fn expand(&self, cell: &str, resource: Option<&Resource>) -> Vec<String> {
        if let Some((cell, names)) = cell.split_once('?') {
            return match self.has(names, resource) {
                true => self.expand(cell, resource),
                false => Vec::new(),
            };
        }
        let word = cell.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        match word {
            Some("ec2") => self.of_ec2(&EC2),
            Some("attached") => self.attached(resource),
            Some("images") => self.images(resource),
            Some("keys") => self.keys(resource),
            Some("stored") => self.stack.stored.iter().map(|it| self.stored(it)).collect(),
            Some(word) => match (
                word.strip_prefix("ec2="),
                ALL_OF.iter().find(|it| it.0 == word),
            ) {
                (Some(kinds), _) => self.of_ec2(&kinds.split(',').collect::<Vec<_>>()),
                (_, Some((_, types, arn))) => self.all_of(types, arn),
                _ => self.values(word, resource),
            },
            None => self.filled(cell, resource),
        }
    }

    /// Returns the ARNs of the EC2 resources of these kinds.
    fn of_ec2(&self, kinds: &[&str]) -> Vec<String> {
        let (partition, region) = (self.place.partition, self.place.region);
        let start = format!("arn:{partition}:ec2:{region}:{}", self.place.account);
        kinds.iter().map(|it| format!("{start}:{it}/*")).collect()
    }

    /// Returns the ARNs of all resources of these types; of any, if the stack uses existing ones.
    fn all_of(&self, types: &[&str], arn: &str) -> Vec<String> {
        let all = self.stack.resources.iter();
        let all = all.filter(|it| types.contains(&it.of.as_str()));
        let found: Vec<String> = all.flat_map(|it| self.filled(arn, Some(it))).collect();
        let is_role = types.contains(&"AWS::IAM::Role");
        match found.is_empty() || is_role && self.has_existing_profile() {
            true => {
                let any = arn.replace("{Path|path=/}", "/");
                let start = any.rfind('{').unwrap_or(any.len());
                self.filled(&format!("{}*", &any[..start]), None)
            }
            false => found,
        }
    }

    /// Returns whether an instance has a profile that the stack does not create.
    fn has_existing_profile(&self) -> bool {
        let mut names = Vec::new();
        for resource in &self.stack.resources {
            deep(&resource.properties, &mut |key, value| {
                if PROFILES.contains(&key) {
                    names.extend(value.text().map(str::to_owned));
                }
            });
        }
        names.iter().any(|it| !it.is_empty() && !it.contains("${"))
    }

    /// Replaces the words in an ARN.
    fn filled(&self, arn: &str, resource: Option<&Resource>) -> Vec<String> {
        let Some((before, rest)) = arn.split_once('{') else {
            return vec![arn.to_owned()];
        };
        let (word, after) = rest.split_once('}').unwrap_or((rest, ""));
        let values = match word {
            "partition" => vec![self.place.partition.to_owned()],
            "region" => vec![self.place.region.to_owned()],
            "account" => vec![self.place.account.to_owned()],
            "stack" => vec![self.place.stack.to_owned()],
            word => {
                let found = self.values(word, resource);
                let default = word.split_once('=').map(|(_, it)| it.to_owned());
                let generated = || self.generated(word.contains("Bucket"), resource);
                match found.is_empty() {
                    true => vec![default.unwrap_or_else(generated)],
                    // An unknown path starts with a slash too.
                    false if word.starts_with("Path") => found
                        .iter()
                        .map(|it| format!("/{}", it.trim_start_matches('/')))
                        .collect(),
                    false => found,
                }
            }
        };
        let ends = self.filled(after, resource);
        let starts = values.iter().map(|value| format!("{before}{value}"));
        starts
            .flat_map(|start| ends.iter().map(move |end| format!("{start}{end}")))
            .collect()
    }

    /// Returns the pattern of a name that the tool generates.
    fn generated(&self, is_lower: bool, resource: Option<&Resource>) -> String {
        let prefix = ["name_prefix", "bucket_prefix"];
        let prefix = prefix
            .iter()
            .find_map(|it| resource?.properties.get(it)?.text());
        if let Some(prefix) = prefix {
            return format!("{}*", self.pattern_of_text(prefix));
        }
        if !self.stack.shows_generated_names {
            return "*".to_owned();
        }
        let name = match self.stack.tool {
            Tool::Terraform => return "terraform-*".to_owned(),
            Tool::CloudFormation => self.place.stack,
        };
        let kept: String = name.chars().take(KEPT_OF_STACK).collect();
        let dash = if kept.len() < name.len() { "" } else { "-" };
        let name = format!("{kept}{dash}*");
        if is_lower { name.to_lowercase() } else { name }
    }

    /// Returns the patterns of the first of these properties that the resource has.
    fn values(&self, word: &str, resource: Option<&Resource>) -> Vec<String> {
        let names = word.split_once('=').map_or(word, |(names, _)| names);
        match property(names, resource) {
            None => Vec::new(),
            Some(value) => match value.list() {
                Some(items) => items.iter().map(|it| self.pattern(it)).collect(),
                None => vec![self.pattern(value)],
            },
        }
    }

    /// Returns whether the resource has one of these properties. A plan has no value that Terraform does not
    /// know yet, and a null for an argument that is not set.
    fn has(&self, names: &str, resource: Option<&Resource>) -> bool {
        let of_plan = !self.stack.shows_generated_names;
        let has = |name: &str, resource: &Resource| match resource.properties.get(name) {
            Some(value) => {
                !matches!(value.kind, Kind::Null) && value.list().is_none_or(|it| !it.is_empty())
            }
            None => of_plan && name.starts_with(|it: char| it.is_ascii_lowercase()),
        };
        resource.is_some_and(|resource| names.split('|').any(|name| has(name, resource)))
    }

    /// Returns the ARNs of the policies that a role or an attachment of Terraform attaches.
    fn attached(&self, resource: Option<&Resource>) -> Vec<String> {
        let found = self.values("ManagedPolicyArns|policy_arn|policy_arns", resource);
        if found.is_empty() && self.has("policy_arn|policy_arns", resource) {
            return self.expand("{policies}", None);
        }
        let known = found.into_iter().flat_map(|it| match it.as_str() {
            // A reference to a policy of the stack.
            "*" => self.expand("{policies}", None),
            _ => vec![it],
        });
        known.collect()
    }

    /// Returns the ARNs of the image parameters of a launch template.
    fn images(&self, resource: Option<&Resource>) -> Vec<String> {
        let mut found = Vec::new();
        let Some(resource) = resource else {
            return found;
        };
        deep(&resource.properties, &mut |_, value| {
            let pattern = self.pattern(value);
            let Some(name) = pattern.strip_prefix("resolve:ssm:") else {
                return;
            };
            found.push(self.stored(name));
        });
        found
    }

    /// Returns the ARN of a parameter in Parameter Store.
    fn stored(&self, name: &str) -> String {
        // A version or a label can follow the name.
        let name = name.split(':').next().unwrap_or(name);
        let name = name.trim_start_matches('/');
        let (partition, region) = (self.place.partition, self.place.region);
        let account = match name.starts_with("aws/") {
            true => "",
            false => self.place.account,
        };
        format!("arn:{partition}:ssm:{region}:{account}:parameter/{name}")
    }

    /// Returns the ARNs of the keys of volumes.
    fn keys(&self, resource: Option<&Resource>) -> Vec<String> {
        let mut found = Vec::new();
        let Some(resource) = resource else {
            return found;
        };
        let any = format!(
            "arn:{}:kms:{}:{}:key/*",
            self.place.partition, self.place.region, self.place.account
        );
        deep(&resource.properties, &mut |key, value| {
            if !KEYS.contains(&key) || matches!(value.kind, Kind::Null) {
                return;
            }
            let pattern = self.pattern(value);
            found.push(match pattern.starts_with("arn:") {
                true => pattern,
                false => any.clone(),
            });
        });
        let creates_key = || self.stack.resources.iter().any(|it| it.of == "aws_kms_key");
        // A plan does not show the ID of a key that Terraform creates.
        if found.is_empty() && !self.stack.shows_generated_names && creates_key() {
            found.push(any);
        }
        found
    }

    /// Returns the text of a value, with `*` for what the file does not determine.
    fn pattern(&self, value: &Tree) -> String {
        if let Some(text) = value.text() {
            return match self.stack.tool {
                Tool::Terraform => self.pattern_of_text(text),
                Tool::CloudFormation => text.to_owned(),
            };
        }
        match value.single() {
            Some(("Ref", name)) => self.reference(name.text().unwrap_or_default()),
            Some(("Fn::Sub", text)) => match text.text() {
                Some(text) => self.pattern_of_text(text),
                None => "*".to_owned(),
            },
            _ => "*".to_owned(),
        }
    }

    /// Replaces references in `${…}`.
    fn pattern_of_text(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            out.push_str(&self.reference(name));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn reference(&self, name: &str) -> String {
        match name {
            "AWS::Partition" | "data.aws_partition.current.partition" => self.place.partition,
            "AWS::Region" | "data.aws_service.ssm.region" => self.place.region,
            "AWS::AccountId" | "data.aws_caller_identity.current.account_id" => self.place.account,
            "AWS::StackName" => self.place.stack,
            name => self.stack.parameters.get(name).map_or("*", String::as_str),
        }
        .to_owned()
    }
}

/// Returns the first of these properties that the resource has.
fn property<'a>(names: &str, resource: Option<&'a Resource>) -> Option<&'a Tree> {
    let properties = &resource?.properties;
    names.split('|').find_map(|name| properties.get(name))
}

/// Visits each value below a value, with its key.
fn deep(value: &Tree, visit: &mut dyn FnMut(&str, &Tree)) {
    for entry in value.map().unwrap_or_default() {
        visit(&entry.key, &entry.value);
        deep(&entry.value, visit);
    }
    for item in value.list().unwrap_or_default() {
        deep(item, visit);
    }
}
