use super::{Bucket, Hooks, KmsKey, LogGroup, Role, Tags, table::resource, tagged};
use crate::ir::{ArnLink, Attr, Link, Text, Value};

resource! {
    /// A CloudTrail trail.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html>
    pub struct Trail: "AWS::CloudTrail::Trail" / "aws_cloudtrail", link Attr::by_ref("name"),
        attrs [Self::ARN],
        import "TrailName" / "{arn}";
    one {
        /// The name, required because the bucket policy and the trail refer to each other.
        trail_name: Value<Text> = "TrailName" / doc "name",
        /// The bucket for the log files.
        bucket: Link<Bucket> = "S3BucketName" / doc "s3_bucket_name",
        /// Whether to record events.
        is_logging: Value<bool> = "IsLogging" / doc "enable_logging",
    }
    opt {
        /// Whether to record events of all regions. Default: `false`.
        is_multi_region_trail: Value<bool> = "IsMultiRegionTrail" / "is_multi_region_trail",
        /// Whether to record events of global services such as IAM. Default: `true` in Terraform,
        /// `false` in CloudFormation.
        include_global_service_events: Value<bool> =
            "IncludeGlobalServiceEvents" / "include_global_service_events",
        /// Whether to enable log file validation. Default: `false`.
        enable_log_file_validation: Value<bool> =
            "EnableLogFileValidation" / "enable_log_file_validation",
        /// The ARN of the KMS key. Default: S3 managed keys.
        kms_key: Link<KmsKey> = "KMSKeyId" / doc "kms_key_id",
        /// The ARN of the log group, with the suffix `:*`. Default: none.
        log_group_arn: ArnLink<LogGroup> = "CloudWatchLogsLogGroupArn" / doc "cloud_watch_logs_group_arn",
        /// The ARN of the role that writes to the log group. Default: none.
        log_role_arn: ArnLink<Role> = "CloudWatchLogsRoleArn" / doc "cloud_watch_logs_role_arn",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "AdvancedEventSelectors" / "advanced_event_selector" = "only what the trail records",
        "AggregationConfigurations" / "" = "only what the trail records",
        "EventSelectors" / "event_selector" = "only what the trail records",
        "InsightSelectors" / "insight_selector" = "only what the trail records",
        "IsOrganizationTrail" / "is_organization_trail" = "only what the trail records",
        "S3KeyPrefix" / "s3_key_prefix" = "only where the trail writes",
        "SnsTopicName" / "sns_topic_name" = "only notifications",
        "" / "home_region" = "AWS sets it",
        "" / "sns_topic_arn" = "AWS sets it",
    }
}

impl Trail {
    /// The ARN.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");
}

impl Hooks for Trail {
    tagged!();
}
