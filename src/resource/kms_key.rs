use super::{
    Certain, Hooks, InvalidValue, Map, PolicyDocument, RawValue, Tags, prevent_destroy,
    table::resource, tagged,
};
use crate::ir::{Attr, Dialect, Link, Text, Value};

resource! {
    /// A KMS key.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html>
    pub struct KmsKey: "AWS::KMS::Key" / "aws_kms_key", link Attr::by_get_att("Arn", "arn"),
        attrs [Self::ID],
        import "KeyId" / "{key_id}";
    opt {
        /// The key policy. Default: access through IAM policies of the account.
        key_policy: PolicyDocument = "KeyPolicy" / doc "policy",
        /// The description. Default: none.
        description: Value<Text> = "Description" / "description",
        /// Whether the key is enabled. Default: `true`.
        enabled: Value<bool> = "Enabled" / doc "is_enabled",
        /// The type of the key material. Default: `SYMMETRIC_DEFAULT`.
        key_spec: Value<Text> = "KeySpec" / doc "customer_master_key_spec",
        /// The operations of the key. Default: `ENCRYPT_DECRYPT`.
        key_usage: Value<Text> = "KeyUsage" / "key_usage",
        /// Whether to rotate the key material every year. Default: `false`.
        enable_key_rotation: Value<bool> = "EnableKeyRotation" / "enable_key_rotation",
        /// The waiting period in days before deletion, from 7 to 30. Default: 30.
        pending_window_in_days: Value<i64> = "PendingWindowInDays" / doc "deletion_window_in_days",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "Origin=AWS_KMS" / "" = "a symmetric key of AWS KMS",
        "BypassPolicyLockoutSafetyCheck" / "bypass_policy_lockout_safety_check" = "only who can change the key policy",
        "MultiRegion" / "multi_region" = "only replicas in other Regions",
        "RotationPeriodInDays" / "rotation_period_in_days" = "the key keeps earlier material",
        "" / "key_id" = "AWS sets it",
    }
}

impl KmsKey {
    /// The key ID.
    pub const ID: Attr = Attr::by_ref("key_id");
}

impl Hooks for KmsKey {
    tagged!();

    fn tf_retained(&self, map: &mut Map<'_>) {
        prevent_destroy(map);
    }
}

resource! {
    /// An alias of a KMS key.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-alias.html>
    pub struct KmsAlias: "AWS::KMS::Alias" / "aws_kms_alias", link Attr::by_ref("name"),
        import "AliasName" / "{name}";
    one {
        /// The name, which starts with `alias/`.
        alias_name: Value<Text> = "AliasName" / doc "name",
        /// The key, by ID or ARN.
        target: Link<KmsKey> = "TargetKeyId" / doc "target_key_id",
    }
    inert {
        "" / "target_key_arn" = "AWS sets it",
        "" / "name_prefix" = "a name",
    }
}

impl Hooks for KmsAlias {
    /// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html>
    fn invalid(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
        let name = map.get(dialect.pick("AliasName", "name"));
        let name = name.and_then(RawValue::as_str).unwrap_or_default();
        let reserved = name.starts_with("alias/aws/").then(|| InvalidValue {
            by: "AWS KMS",
            error: "NotAuthorizedException",
            certain: Certain::Yes,
            reason: format!("AWS reserves alias `{name}`"),
            fix: "use an alias that does not start with `alias/aws/`".to_owned(),
        });
        reserved.into_iter().collect()
    }
}
