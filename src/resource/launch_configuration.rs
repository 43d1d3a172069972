use super::{
    Hooks, InstanceProfile, LaunchImage, MetadataOptions, SecurityGroup, UserData, table::resource,
};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// A launch configuration of an Auto Scaling group, which launch templates replace.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-launchconfiguration.html>
    pub struct LaunchConfiguration:
        "AWS::AutoScaling::LaunchConfiguration" / "aws_launch_configuration",
        link Attr::by_ref("name"),
        import "LaunchConfigurationName" / "{name}";
    one {
        /// The AMI.
        image: Link<LaunchImage> = "ImageId" / "image_id",
    }
    opt {
        /// The instance type.
        instance_type: Value<Text> = "InstanceType" / "instance_type",
        /// The instance profile, by name or ARN. Default: none.
        iam_instance_profile: Link<InstanceProfile> = "IamInstanceProfile" / "iam_instance_profile",
        /// Options of the metadata service. Default: the account settings.
        metadata_options: MetadataOptions = "MetadataOptions" / "metadata_options",
        /// Whether to assign public IPv4 addresses. Default: the subnet setting.
        associate_public_ip_address: Value<bool> =
            "AssociatePublicIpAddress" / "associate_public_ip_address",
        /// User data for the first start. Default: none.
        user_data: UserData = "UserData" / "user_data",
        /// The name. Default: generated.
        name: Value<Text> = "LaunchConfigurationName" / "name",
        /// User data in Base64. Default: none.
        user_data_base64: Value<Text> = "" / "user_data_base64",
    }
    many {
        /// The security groups. Default: the default security group of the VPC.
        security_groups: Link<SecurityGroup> = "SecurityGroups" / "security_groups",
    }
    inert {
        "BlockDeviceMappings" / "root_block_device" = "EC2 rejects another root volume than that of the AMI",
        "" / "ebs_block_device" = "additional volumes",
        "" / "ephemeral_block_device" = "additional volumes",
        "ClassicLinkVPCId" / "" = "retired",
        "ClassicLinkVPCSecurityGroups" / "" = "retired",
        "EbsOptimized" / "ebs_optimized" = "only the hardware",
        "PlacementTenancy" / "placement_tenancy" = "only the hardware",
        "InstanceMonitoring" / "enable_monitoring" = "only metrics",
        "KeyName" / "key_name" = "only SSH",
        "" / "name_prefix" = "a name",
        "SpotPrice" / "spot_price" = "only the capacity",
    }
}

impl Hooks for LaunchConfiguration {}
