use super::table::{nested, resource};
use super::{Content, Hooks};
use crate::ir::{Attr, Text, Value};

nested! {
    /// Where a rule's test comes from.
    pub struct RuleSource
    one {
        /// `AWS` for a managed rule.
        owner: Value<Text> = "Owner" / "owner",
        /// The managed rule's identifier, such as `EC2_IMDSV2_CHECK`.
        source_identifier: Value<Text> = "SourceIdentifier" / "source_identifier",
    }
}

resource! {
    /// A rule of AWS Config; a recorder must be there that runs.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-configrule.html>
    pub struct ConfigRule: "AWS::Config::ConfigRule" / "aws_config_config_rule",
        link Attr::by_ref("name"),
        import "ConfigRuleName" / "{name}";
    one {
        /// Its name.
        name: Value<Text> = "ConfigRuleName" / "name",
        /// Where its test comes from.
        source: RuleSource = "Source" / "source",
    }
    opt {
        /// What it is for. Default: nothing is said.
        description: Value<Text> = "Description" / "description",
        /// What the test is told. Default: nothing.
        input_parameters: Content = "InputParameters" / "input_parameters",
    }
}

impl Hooks for ConfigRule {}
