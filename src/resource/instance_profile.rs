use super::table::resource;
use super::{Hooks, OneInList, Role};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// What gives a role to an instance.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-instanceprofile.html>
    pub struct InstanceProfile: "AWS::IAM::InstanceProfile" / "aws_iam_instance_profile",
        link Attr::by_ref("name");
    one {
        /// The role, by name.
        role: OneInList<Link<Role>> = "Roles" / "role",
    }
    opt {
        /// The path of its name, with `/` at both ends. Default: `/`.
        path: Value<Text> = "Path" / "path",
    }
}

impl Hooks for InstanceProfile {}
