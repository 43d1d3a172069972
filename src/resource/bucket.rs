use super::table::{Fields, nested, resource};
use super::{
    Graph, Hooks, Map, PolicyDocument, RawValue, Satellite, Tags, Typed, codec::Prop,
    prevent_destroy, tagged,
};
use crate::ir::{Attr, Dialect, Expr, Link, NodeId, Text, Value};

nested! {
    /// The default encryption of a bucket.
    pub struct EncryptionByDefault
    one {
        /// `AES256`, `aws:kms` or `aws:kms:dsse`.
        sse_algorithm: Value<Text> = "SSEAlgorithm" / "sse_algorithm",
    }
    opt {
        /// The KMS key. Default: the AWS managed key of S3.
        kms_master_key_id: Value<Text> = "KMSMasterKeyID" / "kms_master_key_id",
    }
}

nested! {
    /// An encryption rule of a bucket.
    pub struct EncryptionRule
    opt {
        /// The default encryption.
        by_default: EncryptionByDefault =
            "ServerSideEncryptionByDefault" / "apply_server_side_encryption_by_default",
        /// Whether to use a bucket key, which reduces calls to KMS. Default: `false`.
        bucket_key_enabled: Value<bool> = "BucketKeyEnabled" / "bucket_key_enabled",
    }
}

nested! {
    /// Block Public Access settings of a bucket.
    pub struct PublicAccessBlock
    one {
        /// Whether to reject public ACLs.
        block_public_acls: Value<bool> = "BlockPublicAcls" / "block_public_acls",
        /// Whether to reject public bucket policies.
        block_public_policy: Value<bool> = "BlockPublicPolicy" / "block_public_policy",
        /// Whether to ignore existing public ACLs.
        ignore_public_acls: Value<bool> = "IgnorePublicAcls" / "ignore_public_acls",
        /// Whether to restrict a public bucket to AWS services and its account.
        restrict_public_buckets: Value<bool> =
            "RestrictPublicBuckets" / "restrict_public_buckets",
    }
}

impl PublicAccessBlock {
    /// Enables all four settings.
    pub fn all() -> PublicAccessBlock {
        PublicAccessBlock::new(true, true, true, true)
    }
}

nested! {
    /// The expiration of current objects.
    pub struct Expiration
    one {
        /// Days after creation.
        days: Value<i64> = / "days",
    }
}

nested! {
    /// The expiration of noncurrent versions.
    pub struct NoncurrentExpiration
    one {
        /// Days after a version becomes noncurrent.
        days: Value<i64> = "NoncurrentDays" / doc "noncurrent_days",
    }
}

nested! {
    /// The cleanup of incomplete multipart uploads.
    pub struct IncompleteUpload
    one {
        /// Days after the start of the upload.
        days: Value<i64> = "DaysAfterInitiation" / doc "days_after_initiation",
    }
}

nested! {
    /// The objects of a lifecycle rule.
    pub struct LifecycleFilter
    opt {
        /// The prefix of the keys. Default: all objects.
        prefix: Value<Text> = / "prefix",
    }
}

nested! {
    /// A lifecycle rule of a bucket.
    pub struct LifecycleRule
    one {
        /// The name.
        id: Value<Text> = "Id" / "id",
        /// `Enabled` or `Disabled`.
        status: Value<Text> = "Status" / "status",
    }
    opt {
        /// The objects, required in Terraform. Default: all objects.
        filter: LifecycleFilter = / "filter",
        /// Days until objects expire, in CloudFormation. Default: never.
        expiration_in_days: Value<i64> = "ExpirationInDays" / "",
        /// The expiration of objects, in Terraform. Default: never.
        expiration: Expiration = / "expiration",
        /// The expiration of noncurrent versions. Default: never.
        noncurrent_expiration: NoncurrentExpiration =
            "NoncurrentVersionExpiration" / "noncurrent_version_expiration",
        /// The cleanup of incomplete multipart uploads. Default: never.
        incomplete_upload: IncompleteUpload =
            "AbortIncompleteMultipartUpload" / "abort_incomplete_multipart_upload",
    }
}

impl LifecycleRule {
    /// Creates a rule that expires objects after `days`, versions `days` after they become
    /// noncurrent, and incomplete uploads after 7 days. A shorter time for noncurrent versions would
    /// let a writer delete a record by an overwrite.
    pub fn tidy(days: Option<Value<i64>>) -> LifecycleRule {
        let mut rule = LifecycleRule::new("tidy", "Enabled")
            .filter(LifecycleFilter::new())
            .incomplete_upload(IncompleteUpload::new(7));
        rule.noncurrent_expiration = days.clone().map(NoncurrentExpiration::new);
        rule.expiration = days.clone().map(Expiration::new);
        rule.expiration_in_days = days;
        rule
    }
}

nested! {
    /// An ownership rule of a bucket.
    pub struct OwnershipRule
    one {
        /// `BucketOwnerEnforced`, `BucketOwnerPreferred` or `ObjectWriter`.
        object_ownership: Value<Text> = "ObjectOwnership" / "object_ownership",
    }
}

resource! {
    /// An S3 bucket. Terraform has separate resources for most properties.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>
    pub struct Bucket: "AWS::S3::Bucket" / "aws_s3_bucket", link Attr::by_ref("bucket"),
        attrs [Self::ARN],
        import "BucketName" / "{bucket}",
        satellites ["aws_s3_bucket_lifecycle_configuration" = "{bucket}", "aws_s3_bucket_ownership_controls" = "{bucket}", "aws_s3_bucket_public_access_block" = "{bucket}", "aws_s3_bucket_versioning" = "{bucket}"];
    opt {
        /// The name. Default: generated.
        bucket_name: Value<Text> = "BucketName" / doc "bucket",
        /// Block Public Access settings. Default: all enabled, as S3 does.
        public_access_block: PublicAccessBlock = "PublicAccessBlockConfiguration" / "",
        /// `Enabled` or `Suspended`. Default: no versioning.
        versioning: Value<Text> = "VersioningConfiguration"."Status" / "",
    }
    many {
        /// Default encryption. Default: S3 managed keys (`AES256`).
        encryption: EncryptionRule =
            "BucketEncryption"."ServerSideEncryptionConfiguration" / "",
        /// Lifecycle rules. Default: none, objects do not expire.
        lifecycle: LifecycleRule = "LifecycleConfiguration"."Rules" / "",
        /// Object ownership. Default: `BucketOwnerEnforced`.
        ownership: OwnershipRule = "OwnershipControls"."Rules" / "",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "AbacStatus" / "" = "not read when a session starts",
        "AccelerateConfiguration" / "acceleration_status" = "not read when a session starts",
        "AnalyticsConfigurations" / "" = "not read when a session starts",
        "CorsConfiguration" / "cors_rule" = "not read when a session starts",
        "IntelligentTieringConfigurations" / "" = "not read when a session starts",
        "InventoryConfigurations" / "" = "not read when a session starts",
        "LifecycleConfiguration" / "lifecycle_rule" = "not read when a session starts",
        "LoggingConfiguration" / "logging" = "not read when a session starts",
        "MetadataConfiguration" / "" = "not read when a session starts",
        "MetadataTableConfiguration" / "" = "not read when a session starts",
        "MetricsConfigurations" / "" = "not read when a session starts",
        "NotificationConfiguration" / "" = "not read when a session starts",
        "ObjectLockConfiguration" / "object_lock_configuration" = "not read when a session starts",
        "ObjectLockEnabled" / "object_lock_enabled" = "not read when a session starts",
        "ReplicationConfiguration" / "replication_configuration" = "not read when a session starts",
        "WebsiteConfiguration" / "website" = "not read when a session starts",
        "" / "request_payer" = "not read when a session starts",
        "" / "versioning" = "not read when a session starts",
        "BucketEncryption.ServerSideEncryptionConfiguration.BlockedEncryptionTypes" / "" = "not read when a session starts",
        "AccessControl" / "acl" = "an ACL does not allow reading the encryption",
        "" / "grant" = "an ACL does not allow reading the encryption",
        "BucketNamePrefix" / "bucket_prefix" = "a name",
        "BucketNamespace" / "" = "a name",
        "" / "bucket_domain_name" = "AWS sets it",
        "" / "bucket_regional_domain_name" = "AWS sets it",
        "" / "hosted_zone_id" = "AWS sets it",
        "" / "website_domain" = "AWS sets it",
        "" / "website_endpoint" = "AWS sets it",
        "" / "force_destroy" = "only when the bucket is deleted",
    }
}

impl Bucket {
    /// The ARN.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");

    /// Creates a bucket with encryption, versioning and no public access, for records that are
    /// kept.
    pub fn private(encryption: EncryptionByDefault) -> Bucket {
        let with_key = encryption.kms_master_key_id.is_some();
        let mut rule = EncryptionRule::new().by_default(encryption);
        rule.bucket_key_enabled = with_key.then_some(Value::Lit(true));
        Bucket::new()
            .encryption([rule])
            .ownership([OwnershipRule::new("BucketOwnerEnforced")])
            .public_access_block(PublicAccessBlock::all())
            .versioning("Enabled")
    }
}

impl Hooks for Bucket {
    tagged!();

    fn tf_retained(&self, map: &mut Map<'_>) {
        prevent_destroy(map);
    }

    fn satellites(&self, this: NodeId, _: &Graph) -> Vec<Satellite<'_>> {
        fn blocks<T: Prop>(of: &[T]) -> Option<Map<'_>> {
            let rules: Vec<RawValue<'_>> = of.iter().filter_map(|it| it.put(Dialect::Tf)).collect();
            (!rules.is_empty()).then(|| {
                [("rule".into(), RawValue::List(rules))]
                    .into_iter()
                    .collect()
            })
        }
        let public_access = self.public_access_block.as_ref().map(|block| {
            let mut map = Map::default();
            block.put_fields(Dialect::Tf, &mut map);
            map
        });
        let versioning = self.versioning.as_ref().and_then(|it| it.put(Dialect::Tf));
        let versioning = versioning.map(|status| {
            let status = [("status".into(), status)].into_iter().collect();
            let block = ("versioning_configuration".into(), RawValue::Block(status));
            [block].into_iter().collect()
        });
        [
            (
                "aws_s3_bucket_server_side_encryption_configuration",
                "encryption",
                blocks(&self.encryption),
            ),
            (
                "aws_s3_bucket_lifecycle_configuration",
                "lifecycle",
                blocks(&self.lifecycle),
            ),
            (
                "aws_s3_bucket_ownership_controls",
                "ownership",
                blocks(&self.ownership),
            ),
            (
                "aws_s3_bucket_public_access_block",
                "public_access",
                public_access,
            ),
            ("aws_s3_bucket_versioning", "versioning", versioning),
        ]
        .into_iter()
        .filter_map(|(tf, suffix, said)| {
            let mut body = Map::default();
            body.insert("bucket", RawValue::from(Expr::Attr(this, Self::LINK)));
            for (key, term) in said? {
                body.insert(key, term);
            }
            let suffix = suffix.to_owned();
            Some(Satellite { tf, suffix, body })
        })
        .collect()
    }
}

resource! {
    /// The resource policy of a bucket.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucketpolicy.html>
    pub struct BucketPolicy: "AWS::S3::BucketPolicy" / "aws_s3_bucket_policy",
        link Attr::by_ref("id"),
        import "Bucket" / "{bucket}";
    one {
        /// The bucket name.
        bucket: Link<Bucket> = "Bucket" / "bucket",
        /// The policy document.
        policy_document: PolicyDocument = "PolicyDocument" / doc "policy",
    }
}

impl Hooks for BucketPolicy {}

resource! {
    /// The encryption of a bucket in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket_server_side_encryption_configuration>
    pub struct BucketEncryption:
        / "aws_s3_bucket_server_side_encryption_configuration", link Attr::by_ref("id"),
        import "" / "{bucket}";
    one {
        /// The bucket name.
        bucket: Link<Bucket> = / "bucket",
    }
    many {
        /// The encryption rules.
        rules: EncryptionRule = / doc "rule",
    }
    inert {
        "" / "expected_bucket_owner" = "only the provider checks it",
    }
}

impl Hooks for BucketEncryption {}
