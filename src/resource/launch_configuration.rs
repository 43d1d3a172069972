use super::{
    Hooks, InstanceProfile, LaunchImage, MetadataOptions, SecurityGroup, UserData, table::resource,
};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// What an auto scaling group launches, the old way.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-launchconfiguration.html>
    pub struct LaunchConfiguration:
        "AWS::AutoScaling::LaunchConfiguration" / "aws_launch_configuration",
        link Attr::by_ref("name"),
        import "LaunchConfigurationName" / "{name}";
    one {
        /// The image.
        image: Link<LaunchImage> = "ImageId" / "image_id",
    }
    opt {
        /// The type.
        instance_type: Value<Text> = "InstanceType" / "instance_type",
        /// What gives the instances their role, by name or ARN. Default: none.
        iam_instance_profile: Link<InstanceProfile> = "IamInstanceProfile" / "iam_instance_profile",
        /// How the metadata service answers. Default: the account's settings.
        metadata_options: MetadataOptions = "MetadataOptions" / "metadata_options",
        /// Whether instances have a public address. Default: as the subnet says.
        associate_public_ip_address: Value<bool> =
            "AssociatePublicIpAddress" / "associate_public_ip_address",
        /// What instances run at their first start. Default: nothing.
        user_data: UserData = "UserData" / "user_data",
        /// Its name. Default: generated.
        name: Value<Text> = "LaunchConfigurationName" / "name",
        /// The same in Base64.
        user_data_base64: Value<Text> = "" / "user_data_base64",
    }
    many {
        /// The security groups. Default: the VPC's default group.
        security_groups: Link<SecurityGroup> = "SecurityGroups" / "security_groups",
    }
}

impl Hooks for LaunchConfiguration {}
