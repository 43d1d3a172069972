use super::table::{nested, resource};
use super::{Content, Hooks};
use crate::ir::{Attr, Text, Value};

nested! {
    /// The source of an AWS Config rule.
    pub struct RuleSource
    one {
        /// The owner, `AWS` for a managed rule.
        owner: Value<Text> = "Owner" / "owner",
        /// The identifier of the managed rule, such as `EC2_IMDSV2_CHECK`.
        source_identifier: Value<Text> = "SourceIdentifier" / "source_identifier",
    }
}

resource! {
    /// An AWS Config rule. Requires a running configuration recorder.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-config-configrule.html>
    pub struct ConfigRule: "AWS::Config::ConfigRule" / "aws_config_config_rule",
        link Attr::by_ref("name"),
        import "ConfigRuleName" / "{name}";
    one {
        /// The name.
        name: Value<Text> = "ConfigRuleName" / "name",
        /// The source of the rule.
        source: RuleSource = "Source" / "source",
    }
    opt {
        /// The description. Default: none.
        description: Value<Text> = "Description" / "description",
        /// The input parameters. Default: none.
        input_parameters: Content = "InputParameters" / "input_parameters",
    }
}

impl Hooks for ConfigRule {}
