use super::codec::{EncodedUserData, words};
use super::table::{nested, resource};
use super::{
    Hooks, InstanceProfile, KmsKey, LaunchTemplateTags, MetadataOptions, NetworkInterface,
    SecurityGroup, Subnet, Tags,
};
use crate::ir::{Attr, Link, Text, Value};

/// A machine image; only its id, or `resolve:ssm:` and a parameter's name, occurs here.
#[derive(Clone, Copy, Debug)]
pub enum LaunchImage {}

words! {
    /// What a volume is made of.
    #[non_exhaustive]
    pub enum VolumeType {
        /// General purpose, third generation.
        Gp3 = "gp3",
        /// General purpose, second generation.
        Gp2 = "gp2",
        /// Provisioned throughput.
        Io1 = "io1",
        /// Provisioned throughput, durable.
        Io2 = "io2",
    }
}

nested! {
    /// A new disk.
    pub struct Ebs
    opt {
        /// Size in GiB. Default: the image's.
        volume_size: Value<i64> = "VolumeSize" / "volume_size",
        /// What it is made of. Default: the image's.
        volume_type: Value<VolumeType> = "VolumeType" / "volume_type",
        /// Whether it is encrypted. Default: the account's setting.
        encrypted: Value<bool> = "Encrypted" / "encrypted",
        /// The key of the encryption, by ARN. Default: the account's key for EBS.
        kms_key: Link<KmsKey> = "KmsKeyId" / "kms_key_id",
        /// Whether it goes with the instance. Default: it does.
        delete_on_termination: Value<bool> = "DeleteOnTermination" / "delete_on_termination",
    }
}

nested! {
    /// A disk under the image's name for it.
    pub struct BlockDeviceMapping
    one {
        /// The name, such as `/dev/xvda`.
        device_name: Value<Text> = "DeviceName" / "device_name",
        /// The disk.
        ebs: Ebs = "Ebs" / "ebs",
    }
}

nested! {
    /// Tags of what is made with an instance.
    pub struct TagSpecification
    one {
        /// What is tagged, such as `network-interface`.
        resource_type: Value<Text> = "ResourceType" / "resource_type",
    }
    plain {
        /// The tags.
        tags: Tags = "Tags" / "tags",
    }
}

nested! {
    /// What gives instances their role, by ARN or by name.
    pub struct TemplateProfile
    opt {
        /// By ARN.
        arn: Link<InstanceProfile> = "Arn" / "arn",
        /// By name.
        name: Link<InstanceProfile> = "Name" / "name",
    }
}

nested! {
    /// A network interface of the instances.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-launchtemplate-networkinterface.html>
    pub struct TemplateInterface
    opt {
        /// Its number; the first is 0. Default: in the order of the list.
        device_index: Value<i64> = "DeviceIndex" / "device_index",
        /// An interface that is there. Default: a new one.
        network_interface: Link<NetworkInterface> = "NetworkInterfaceId" / "network_interface_id",
        /// Where it is. Default: the launch decides.
        subnet: Link<Subnet> = "SubnetId" / "subnet_id",
        /// Whether it has a public address. Default: as the subnet says.
        associate_public_ip_address: Value<bool> =
            "AssociatePublicIpAddress" / "associate_public_ip_address",
    }
    many {
        /// Its security groups. Default: the VPC's default group.
        security_groups: Link<SecurityGroup> = "Groups" / "security_groups",
    }
}

nested! {
    /// How often metrics are taken.
    pub struct DetailedMonitoring
    one {
        /// Whether by the minute.
        enabled: Value<bool> = "Enabled" / "enabled",
    }
}

resource! {
    /// A launch template that names an image and the disk that it boots from.
    ///
    /// EC2 resolves `resolve:ssm:` when an instance is launched, so that neither language sees
    /// a newer image, and none replaces the instance for it. The disk belongs to it because
    /// Terraform's provider looks an image up when the instance itself names its root disk, and
    /// cannot look up `resolve:ssm:`.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-launchtemplate.html>
    pub struct LaunchTemplate: "AWS::EC2::LaunchTemplate" / "aws_launch_template",
        link Attr::by_ref("id"), attrs [Self::LATEST_VERSION],
        import "LaunchTemplateId" / "{id}";
    one {
        /// The image.
        image: Link<LaunchImage> = "LaunchTemplateData.ImageId" / "image_id",
    }
    opt {
        /// Its name. Default: generated.
        launch_template_name: Value<Text> = "LaunchTemplateName" / "name",
        /// The type of the instances. Default: the launch decides.
        instance_type: Value<Text> = "LaunchTemplateData.InstanceType" / "instance_type",
        /// What gives the instances their role. Default: none.
        iam_instance_profile: TemplateProfile =
            "LaunchTemplateData.IamInstanceProfile" / "iam_instance_profile",
        /// How the metadata service answers. Default: the account's settings.
        metadata_options: MetadataOptions =
            "LaunchTemplateData.MetadataOptions" / "metadata_options",
        /// How often metrics are taken. Default: each five minutes.
        monitoring: DetailedMonitoring = "LaunchTemplateData.Monitoring" / "monitoring",
        /// What the instances run at their first start, in Base64. Default: nothing.
        user_data: EncodedUserData = "LaunchTemplateData.UserData" / "user_data",
    }
    many {
        /// The security groups. Default: the VPC's default group.
        security_groups: Link<SecurityGroup> =
            "LaunchTemplateData.SecurityGroupIds" / "vpc_security_group_ids",
        /// The interfaces, where these say their groups and subnet. Default: one.
        network_interfaces: TemplateInterface =
            "LaunchTemplateData.NetworkInterfaces" / "network_interfaces",
        /// The disks. Default: the image's.
        block_devices: BlockDeviceMapping =
            "LaunchTemplateData.BlockDeviceMappings" / "block_device_mappings",
        /// Tags of what is made with an instance. Default: none.
        tag_specifications: TagSpecification =
            "LaunchTemplateData.TagSpecifications" / "tag_specifications",
    }
    plain {
        /// Tags of the template itself. Default: none, also where all else is tagged: whether
        /// CloudFormation makes a new version for a changed tag, and so replaces the instance, is
        /// said nowhere.
        tags: LaunchTemplateTags = "TagSpecifications" / "tags",
    }
}

impl LaunchTemplate {
    /// The number of its newest version.
    pub const LATEST_VERSION: Attr = Attr::by_get_att("LatestVersionNumber", "latest_version");
}

impl Hooks for LaunchTemplate {}
