use super::table::resource;
use super::{Hooks, PolicyDocument, Tags, tagged};
use crate::ir::{Attr, Text, Value};

resource! {
    /// A key of KMS.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html>
    pub struct KmsKey: "AWS::KMS::Key" / "aws_kms_key", link Attr::by_get_att("Arn", "arn"),
        attrs [Self::ID];
    opt {
        /// Who may use it. Default: whom IAM lets, in its account.
        key_policy: PolicyDocument = "KeyPolicy" / "policy",
        /// What it is for. Default: nothing is said.
        description: Value<Text> = "Description" / "description",
        /// Whether AWS makes new material each year. Default: it does not.
        enable_key_rotation: Value<bool> = "EnableKeyRotation" / "enable_key_rotation",
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
}
