use super::codec::words;
use super::table::{nested, resource};
use super::{Hooks, KmsKey, LaunchTemplateTags, Tags};
use crate::ir::{Attr, Link, Text, Value};

/// A machine image; only its id, or `resolve:ssm:` and a parameter's name, occurs here.
#[derive(Clone, Copy, Debug)]
pub enum LaunchImage {}

words! {
    /// What a volume is made of.
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
        link Attr::by_ref("id");
    one {
        /// The image.
        image: Link<LaunchImage> = "LaunchTemplateData.ImageId" / "image_id",
    }
    many {
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
