use super::iam::{check_name, check_path};
use super::{Hooks, Node, OneInList, Role, table::resource};
use crate::ir::{Attr, Diagnostics, Link, Text, Value};

resource! {
    /// An instance profile, which passes an IAM role to an instance.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-instanceprofile.html>
    pub struct InstanceProfile: "AWS::IAM::InstanceProfile" / "aws_iam_instance_profile",
        link Attr::by_ref("name"), attrs [Self::ARN],
        import "InstanceProfileName" / "{name}";
    one {
        /// The role name.
        role: OneInList<Link<Role>> = "Roles" / "role",
    }
    opt {
        /// The name. Default: generated.
        instance_profile_name: Value<Text> = "InstanceProfileName" / doc "name",
        /// The path of the name, with `/` at both ends. Default: `/`.
        path: Value<Text> = "Path" / "path",
    }
    inert {
        "" / "create_date" = "AWS sets it",
        "" / "unique_id" = "AWS sets it",
        "" / "name_prefix" = "a name",
    }
}

impl InstanceProfile {
    /// The ARN.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");
}

impl Hooks for InstanceProfile {
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let name = self.instance_profile_name.as_ref();
        check_name(("instance_profile_name", 128), name, node, out);
        check_path(self.path.as_ref(), node, out);
    }
}
