use super::table::{nested, resource};
use super::{Hooks, Tags, tagged};
use crate::ir::{Attr, Link, Text, Value};

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
    }
}

resource! {
    /// A bucket of S3.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html>
    pub struct Bucket: "AWS::S3::Bucket" / "aws_s3_bucket", link Attr::by_ref("bucket"),
        attrs [Self::ARN];
    opt {
        /// Its name. Default: generated.
        bucket_name: Value<Text> = "BucketName" / "bucket",
    }
    many {
        /// How it encrypts. Default: with S3's own keys, `AES256`.
        encryption: EncryptionRule =
            "BucketEncryption.ServerSideEncryptionConfiguration" / "",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Bucket {
    /// Its ARN.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");
}

impl Hooks for Bucket {
    tagged!();
}

resource! {
    /// How a bucket encrypts, as Terraform says it.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket_server_side_encryption_configuration>
    pub struct BucketEncryption:
        "" / "aws_s3_bucket_server_side_encryption_configuration", link Attr::by_ref("id");
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
