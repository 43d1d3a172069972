use super::table::resource;
use super::{Hooks, KmsKey, Tags, tagged};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// A group of log streams.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html>
    pub struct LogGroup: "AWS::Logs::LogGroup" / "aws_cloudwatch_log_group",
        link Attr::by_ref("name");
    opt {
        /// Its name. Default: generated.
        log_group_name: Value<Text> = "LogGroupName" / "name",
        /// The key that encrypts it, by ARN. Default: the service's own.
        kms_key: Link<KmsKey> = "KmsKeyId" / "kms_key_id",
        /// How long lines are kept. Default: for ever.
        retention_in_days: Value<i64> = "RetentionInDays" / "retention_in_days",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for LogGroup {
    tagged!();
}
