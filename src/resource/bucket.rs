use super::table::{Fields, nested, resource};
use super::{
    Graph, Hooks, Map, PolicyDocument, RawValue, Satellite, Tags, Typed, codec::Prop,
    prevent_destroy, tagged,
};
use crate::ir::{Attr, Dialect, Expr, Link, NodeId, Text, Value};

nested! {
    /// What a bucket does where a request says nothing.
    pub struct EncryptionByDefault
    one {
        /// `AES256`, `aws:kms` or `aws:kms:dsse`.
        sse_algorithm: Value<Text> = "SSEAlgorithm" / "sse_algorithm",
    }
    opt {
        /// The key. Default: the account's key for S3.
        kms_master_key_id: Value<Text> = "KMSMasterKeyID" / "kms_master_key_id",
    }
}

nested! {
    /// One rule of a bucket's encryption.
    pub struct EncryptionRule
    opt {
        /// What is done by default.
        by_default: EncryptionByDefault =
            "ServerSideEncryptionByDefault" / "apply_server_side_encryption_by_default",
        /// Whether KMS is asked once for many objects. Default: it is asked for each.
        bucket_key_enabled: Value<bool> = "BucketKeyEnabled" / "bucket_key_enabled",
    }
}

nested! {
    /// What keeps a bucket from being made public.
    pub struct PublicAccessBlock
    one {
        /// Whether ACLs that are public are refused.
        block_public_acls: Value<bool> = "BlockPublicAcls" / "block_public_acls",
        /// Whether policies that are public are refused.
        block_public_policy: Value<bool> = "BlockPublicPolicy" / "block_public_policy",
        /// Whether public ACLs that are there count for nothing.
        ignore_public_acls: Value<bool> = "IgnorePublicAcls" / "ignore_public_acls",
        /// Whether a public policy lets in AWS and the account alone.
        restrict_public_buckets: Value<bool> =
            "RestrictPublicBuckets" / "restrict_public_buckets",
    }
}

impl PublicAccessBlock {
    /// All four.
    pub fn all() -> PublicAccessBlock {
        PublicAccessBlock::new(true, true, true, true)
    }
}

nested! {
    /// When objects end.
    pub struct Expiration
    one {
        /// Days after their creation.
        days: Value<i64> = "" / "days",
    }
}

nested! {
    /// When versions end that are no longer the newest.
    pub struct NoncurrentExpiration
    one {
        /// Days after that.
        days: Value<i64> = "NoncurrentDays" / "noncurrent_days",
    }
}

nested! {
    /// When uploads in parts end that nobody completed.
    pub struct IncompleteUpload
    one {
        /// Days after their beginning.
        days: Value<i64> = "DaysAfterInitiation" / "days_after_initiation",
    }
}

nested! {
    /// Which objects a rule is for.
    pub struct LifecycleFilter
    opt {
        /// Those whose keys begin so. Default: all.
        prefix: Value<Text> = "" / "prefix",
    }
}

nested! {
    /// One rule of what becomes of a bucket's objects.
    pub struct LifecycleRule
    one {
        /// Its name.
        id: Value<Text> = "Id" / "id",
        /// `Enabled` or `Disabled`.
        status: Value<Text> = "Status" / "status",
    }
    opt {
        /// Which objects it is for; Terraform wants it said. Default: all.
        filter: LifecycleFilter = "" / "filter",
        /// When objects end, in days, as CloudFormation says it. Default: never.
        expiration_in_days: Value<i64> = "ExpirationInDays" / "",
        /// When objects end, as Terraform says it. Default: never.
        expiration: Expiration = "" / "expiration",
        /// When old versions end. Default: never.
        noncurrent_expiration: NoncurrentExpiration =
            "NoncurrentVersionExpiration" / "noncurrent_version_expiration",
        /// When incomplete uploads end. Default: never.
        incomplete_upload: IncompleteUpload =
            "AbortIncompleteMultipartUpload" / "abort_incomplete_multipart_upload",
    }
}

impl LifecycleRule {
    /// Ends objects after so many days, if any, old versions after 30 and incomplete uploads
    /// after 7.
    pub fn tidy(days: Option<Value<i64>>) -> LifecycleRule {
        let mut rule = LifecycleRule::new("tidy", "Enabled")
            .filter(LifecycleFilter::new())
            .noncurrent_expiration(NoncurrentExpiration::new(30))
            .incomplete_upload(IncompleteUpload::new(7));
        rule.expiration = days.clone().map(Expiration::new);
        rule.expiration_in_days = days;
        rule
    }
}

nested! {
    /// One rule of whose objects a bucket holds.
    pub struct OwnershipRule
    one {
        /// `BucketOwnerEnforced`, `BucketOwnerPreferred` or `ObjectWriter`.
        object_ownership: Value<Text> = "ObjectOwnership" / "object_ownership",
    }
}

resource! {
    /// A bucket of S3; Terraform says most of it in resources beside it.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>
    pub struct Bucket: "AWS::S3::Bucket" / "aws_s3_bucket", link Attr::by_ref("bucket"),
        attrs [Self::ARN],
        import "BucketName" / "{bucket}",
        satellites ["aws_s3_bucket_lifecycle_configuration" = "{bucket}", "aws_s3_bucket_notification" = "{bucket}", "aws_s3_bucket_ownership_controls" = "{bucket}", "aws_s3_bucket_public_access_block" = "{bucket}", "aws_s3_bucket_versioning" = "{bucket}"];
    opt {
        /// Its name. Default: generated.
        bucket_name: Value<Text> = "BucketName" / "bucket",
        /// What keeps it from being made public. Default: all of it, as S3 does now.
        public_access_block: PublicAccessBlock = "PublicAccessBlockConfiguration" / "",
        /// Whether objects can be locked, which cannot be taken back; by itself it locks none.
        /// Default: they cannot.
        object_lock_enabled: Value<bool> = "ObjectLockEnabled" / "object_lock_enabled",
        /// Whether EventBridge is told of its objects, as Terraform says in a resource beside it.
        /// Default: it is not.
        event_bridge_enabled: Value<bool> =
            "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled" / "",
        /// `Enabled` or `Suspended`. Default: one version of each object.
        versioning: Value<Text> = "VersioningConfiguration.Status" / "",
    }
    many {
        /// How it encrypts. Default: with S3's own keys, `AES256`.
        encryption: EncryptionRule =
            "BucketEncryption.ServerSideEncryptionConfiguration" / "",
        /// What becomes of its objects. Default: they stay.
        lifecycle: LifecycleRule = "LifecycleConfiguration.Rules" / "",
        /// Whose objects it holds. Default: the account's, `BucketOwnerEnforced`.
        ownership: OwnershipRule = "OwnershipControls.Rules" / "",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Bucket {
    /// Its ARN.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");

    /// Private, encrypted, with versions: for what is written once and kept.
    pub fn private(encryption: EncryptionByDefault) -> Bucket {
        let with_key = encryption.kms_master_key_id.is_some();
        let mut rule = EncryptionRule::new().by_default(encryption);
        rule.bucket_key_enabled = with_key.then_some(Value::Lit(true));
        Bucket::new()
            .encryption([rule])
            .ownership([OwnershipRule::new("BucketOwnerEnforced")])
            .public_access_block(PublicAccessBlock::all())
            .object_lock_enabled(true)
            .event_bridge_enabled(true)
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
        let events = self.event_bridge_enabled.as_ref();
        let events = events.and_then(|it| it.put(Dialect::Tf));
        let events = events.map(|is| [("eventbridge".into(), is)].into_iter().collect());
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
            ("aws_s3_bucket_notification", "events", events),
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
    /// Who may do what with a bucket.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucketpolicy.html>
    pub struct BucketPolicy: "AWS::S3::BucketPolicy" / "aws_s3_bucket_policy",
        link Attr::by_ref("id"),
        import "Bucket" / "{bucket}";
    one {
        /// The bucket, by name.
        bucket: Link<Bucket> = "Bucket" / "bucket",
        /// What is allowed and denied.
        policy_document: PolicyDocument = "PolicyDocument" / "policy",
    }
}

impl Hooks for BucketPolicy {}

resource! {
    /// How a bucket encrypts, as Terraform says it.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket_server_side_encryption_configuration>
    pub struct BucketEncryption:
        "" / "aws_s3_bucket_server_side_encryption_configuration", link Attr::by_ref("id"),
        import "" / "{bucket}";
    one {
        /// The bucket, by name.
        bucket: Link<Bucket> = "" / "bucket",
    }
    many {
        /// How it encrypts.
        rules: EncryptionRule = "" / "rule",
    }
}

impl Hooks for BucketEncryption {}
