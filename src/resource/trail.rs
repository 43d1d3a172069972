use super::{Bucket, Hooks, KmsKey, LogGroup, Role, Tags, table::resource, tagged};
use crate::ir::{ArnLink, Attr, Link, Text, Value};

resource! {
    /// A trail of CloudTrail.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html>
    pub struct Trail: "AWS::CloudTrail::Trail" / "aws_cloudtrail", link Attr::by_ref("name"),
        attrs [Self::ARN],
        import "TrailName" / "{arn}";
    one {
        /// Its name: the bucket's policy names it, and it names the bucket.
        trail_name: Value<Text> = "TrailName" / "name",
        /// Where its files go.
        bucket: Link<Bucket> = "S3BucketName" / "s3_bucket_name",
        /// Whether it records.
        is_logging: Value<bool> = "IsLogging" / "enable_logging",
    }
    opt {
        /// Whether it records all regions. Default: its own.
        is_multi_region_trail: Value<bool> = "IsMultiRegionTrail" / "is_multi_region_trail",
        /// Whether it records services that have no region, such as IAM. Default: it does in
        /// Terraform, and not in CloudFormation.
        include_global_service_events: Value<bool> =
            "IncludeGlobalServiceEvents" / "include_global_service_events",
        /// Whether its files can be seen to be whole. Default: they cannot.
        enable_log_file_validation: Value<bool> =
            "EnableLogFileValidation" / "enable_log_file_validation",
        /// The key that encrypts its files, by ARN. Default: S3's own.
        kms_key: Link<KmsKey> = "KMSKeyId" / "kms_key_id",
        /// The log group that gets its events too, by ARN with `:*` behind. Default: none.
        log_group_arn: ArnLink<LogGroup> = "CloudWatchLogsLogGroupArn" / "cloud_watch_logs_group_arn",
        /// The role that writes to that group, by ARN. Default: none.
        log_role_arn: ArnLink<Role> = "CloudWatchLogsRoleArn" / "cloud_watch_logs_role_arn",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Trail {
    /// Its ARN.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");
}

impl Hooks for Trail {
    tagged!();
}
