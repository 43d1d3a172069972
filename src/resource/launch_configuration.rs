use super::codec::invalid_user_data;
use super::launch_template::invalid_image;
use super::volume_limits::invalid_of_instance;
use super::{
    Hooks, InstanceProfile, InvalidValue, LaunchImage, Map, MetadataOptions, SecurityGroup,
    UserData, table::resource,
};
use crate::ir::{Attr, Dialect, Link, Text, Value};

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
        image: Link<LaunchImage> = "ImageId" / doc "image_id",
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
        /// The name of the SSH key pair. Default: none.
        key_name: Value<Text> = "KeyName" / "key_name",
        /// Whether to enable detailed monitoring. Default: `true`.
        monitoring: Value<bool> = "InstanceMonitoring" / doc "enable_monitoring",
        /// Whether to enable EBS optimization. Default: as the instance type specifies.
        ebs_optimized: Value<bool> = "EbsOptimized" / "ebs_optimized",
        /// The highest price of a Spot instance. Default: On-Demand instances.
        spot_price: Value<Text> = "SpotPrice" / "spot_price",
        /// User data in Base64. Default: none.
        user_data_base64: Value<Text> = / "user_data_base64",
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

impl Hooks for LaunchConfiguration {
    fn invalid(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
        let mut found = invalid_of_instance(map, dialect);
        found.extend(invalid_image(map.get(dialect.pick("ImageId", "image_id"))));
        if dialect == Dialect::Cfn {
            found.extend(invalid_user_data(map.get("UserData")));
        }
        found
    }
}
