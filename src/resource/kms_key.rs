use super::{Hooks, Map, PolicyDocument, Tags, prevent_destroy, table::resource, tagged};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// A key of KMS.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html>
    pub struct KmsKey: "AWS::KMS::Key" / "aws_kms_key", link Attr::by_get_att("Arn", "arn"),
        attrs [Self::ID],
        import "KeyId" / "{key_id}";
    opt {
        /// Who may use it. Default: whom IAM lets, in its account.
        key_policy: PolicyDocument = "KeyPolicy" / "policy",
        /// What it is for. Default: nothing is said.
        description: Value<Text> = "Description" / "description",
        /// Whether AWS makes new material each year. Default: it does not.
        enable_key_rotation: Value<bool> = "EnableKeyRotation" / "enable_key_rotation",
        /// Days between its deletion and its end, from 7 to 30. Default: 30.
        pending_window_in_days: Value<i64> = "PendingWindowInDays" / "deletion_window_in_days",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl KmsKey {
    /// Its id.
    pub const ID: Attr = Attr::by_ref("key_id");
}

impl Hooks for KmsKey {
    tagged!();

    fn tf_retained(&self, map: &mut Map<'_>) {
        prevent_destroy(map);
    }
}

resource! {
    /// Another name of a key.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-alias.html>
    pub struct KmsAlias: "AWS::KMS::Alias" / "aws_kms_alias", link Attr::by_ref("name"),
        import "AliasName" / "{name}";
    one {
        /// The name, which begins with `alias/`.
        alias_name: Value<Text> = "AliasName" / "name",
        /// The key, by id or ARN.
        target: Link<KmsKey> = "TargetKeyId" / "target_key_id",
    }
}

impl Hooks for KmsAlias {}
