use super::codec::{EncodedUserData, invalid_user_data};
use super::table::{nested, resource};
use super::volume_limits::{check_size, invalid_mappings};
use super::{
    Hooks, InstanceProfile, InvalidValue, KmsKey, LaunchTemplateTags, Map, MetadataOptions,
    NetworkInterface, Node, RawValue, SecurityGroup, Subnet, Tags,
};
use crate::ir::{Attr, Diagnostics, Dialect, Link, Text, Value, words};

/// The marker type of an AMI, for IDs and `resolve:ssm:` references.
#[derive(Clone, Copy, Debug)]
pub enum LaunchImage {}

words! {
    /// The type of an EBS volume.
    #[non_exhaustive]
    pub enum VolumeType {
        /// General Purpose SSD `gp3`.
        Gp3 = "gp3",
        /// General Purpose SSD `gp2`.
        Gp2 = "gp2",
        /// Provisioned IOPS SSD `io1`.
        Io1 = "io1",
        /// Provisioned IOPS SSD `io2`.
        Io2 = "io2",
        /// Cold HDD `sc1`.
        Sc1 = "sc1",
        /// Throughput Optimized HDD `st1`.
        St1 = "st1",
        /// Magnetic.
        Standard = "standard",
    }
}

nested! {
    /// A new EBS volume.
    pub struct Ebs
    opt {
        /// The size in GiB. Default: that of the AMI.
        volume_size: Value<i64> = "VolumeSize" / "volume_size",
        /// The volume type. Default: that of the AMI.
        volume_type: Value<VolumeType> = "VolumeType" / "volume_type",
        /// Whether to encrypt the volume. Default: the account setting.
        encrypted: Value<bool> = "Encrypted" / "encrypted",
        /// The ARN of the KMS key. Default: the account's default key for EBS.
        kms_key: Link<KmsKey> = "KmsKeyId" / doc "kms_key_id",
        /// Whether to delete the volume with the instance. Default: `true`.
        delete_on_termination: Value<bool> = "DeleteOnTermination" / "delete_on_termination",
        /// The number of I/O operations per second. Default: as the volume type specifies.
        iops: Value<i64> = "Iops" / "iops",
        /// The throughput in MiB/s of a `gp3` volume. Default: 125.
        throughput: Value<i64> = "Throughput" / "throughput",
    }
    inert {
        "Iops" / "iops" = "only the volume",
        "Throughput" / "throughput" = "only the volume",
        "SnapshotId" / "snapshot_id" = "only the volume",
        "EbsCardIndex" / "" = "only the volume",
        "VolumeInitializationRate" / "volume_initialization_rate" = "only the volume",
    }
}

impl Ebs {
    /// Reports a size that no volume of the type has.
    pub(super) fn check(&self, setter: &'static str, node: &Node, out: &mut Diagnostics) {
        if let Some(size) = self.volume_size.as_ref().filter(|_| node.keeps(setter)) {
            let of = (size, self.volume_type.as_ref());
            check_size(node, (setter, "volume_size"), of, out);
        }
    }
}

nested! {
    /// A block device mapping.
    pub struct BlockDeviceMapping
    one {
        /// The device name, such as `/dev/xvda`.
        device_name: Value<Text> = "DeviceName" / "device_name",
        /// The volume.
        ebs: Ebs = "Ebs" / "ebs",
    }
}

nested! {
    /// Tags of a resource that is created with an instance.
    pub struct TagSpecification
    one {
        /// The resource type, such as `network-interface`.
        resource_type: Value<Text> = "ResourceType" / "resource_type",
    }
    plain {
        /// The tags.
        tags: Tags = "Tags" / "tags",
    }
}

nested! {
    /// An instance profile, by ARN or name.
    pub struct TemplateProfile
    opt {
        /// By ARN.
        arn: Link<InstanceProfile> = "Arn" / "arn",
        /// By name.
        name: Link<InstanceProfile> = "Name" / "name",
    }
}

nested! {
    /// A network interface in a launch template.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-launchtemplate-networkinterface.html>
    pub struct TemplateInterface
    opt {
        /// The device index, 0 for the primary interface. Default: the position in the list.
        device_index: Value<i64> = "DeviceIndex" / "device_index",
        /// An existing network interface. Default: a new one.
        network_interface: Link<NetworkInterface> = "NetworkInterfaceId" / doc "network_interface_id",
        /// The subnet. Default: set at launch.
        subnet: Link<Subnet> = "SubnetId" / doc "subnet_id",
        /// Whether to assign a public IPv4 address. Default: the subnet setting.
        associate_public_ip_address: Value<bool> =
            "AssociatePublicIpAddress" / "associate_public_ip_address",
        /// The private IPv4 address. Default: assigned at launch.
        private_ip_address: Value<Text> = "PrivateIpAddress" / "private_ip_address",
    }
    many {
        /// The security groups. Default: the default security group of the VPC.
        security_groups: Link<SecurityGroup> = "Groups" / "security_groups",
    }
    inert {
        "DeleteOnTermination" / "delete_on_termination" = "only when the instance ends",
        "Description" / "description" = "a text",
        "EnaQueueCount" / "" = "only the speed",
        "EnaSrdSpecification" / "ena_srd_specification" = "only the speed",
        "InterfaceType=interface|efa" / "interface_type=interface|efa" = "an interface with an IP address",
        "Ipv4PrefixCount" / "ipv4_prefix_count" = "the agent uses the primary address",
        "Ipv4Prefixes" / "ipv4_prefixes" = "the agent uses the primary address",
        "SecondaryPrivateIpAddressCount" / "ipv4_address_count" = "the agent uses the primary address",
        "Ipv6AddressCount" / "ipv6_address_count" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6Addresses" / "ipv6_addresses" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6PrefixCount" / "ipv6_prefix_count" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6Prefixes" / "ipv6_prefixes" = "the names of the services have IPv6 addresses only by an endpoint",
        "PrimaryIpv6" / "primary_ipv6" = "the names of the services have IPv6 addresses only by an endpoint",
    }
}

nested! {
    /// The monitoring of the instances.
    pub struct DetailedMonitoring
    one {
        /// Whether to enable detailed monitoring.
        enabled: Value<bool> = "Enabled" / "enabled",
    }
}

resource! {
    /// A launch template with an AMI and its root volume.
    ///
    /// EC2 resolves `resolve:ssm:` at launch: a newer AMI does not change the template and does not
    /// replace the instance. The root volume is in the launch template because Terraform would look
    /// up the AMI of an instance with a root volume. It cannot look up `resolve:ssm:`.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-launchtemplate.html>
    pub struct LaunchTemplate: "AWS::EC2::LaunchTemplate" / "aws_launch_template",
        link Attr::by_ref("id"), attrs [Self::LATEST_VERSION],
        import "LaunchTemplateId" / "{id}";
    one {
        /// The AMI.
        image: Link<LaunchImage> = "LaunchTemplateData"."ImageId" / doc "image_id",
    }
    opt {
        /// The name. Default: generated.
        launch_template_name: Value<Text> = "LaunchTemplateName" / doc "name",
        /// The instance type. Default: set at launch.
        instance_type: Value<Text> = "LaunchTemplateData"."InstanceType" / "instance_type",
        /// The instance profile. Default: none.
        iam_instance_profile: TemplateProfile =
            "LaunchTemplateData"."IamInstanceProfile" / "iam_instance_profile",
        /// Options of the metadata service. Default: the account settings.
        metadata_options: MetadataOptions =
            "LaunchTemplateData"."MetadataOptions" / "metadata_options",
        /// Monitoring. Default: basic, every 5 minutes.
        monitoring: DetailedMonitoring = "LaunchTemplateData"."Monitoring" / "monitoring",
        /// User data for the first start, in Base64 in the output. Default: none.
        user_data: EncodedUserData = "LaunchTemplateData"."UserData" / "user_data",
        /// The name of the SSH key pair. Default: none.
        key_name: Value<Text> = "LaunchTemplateData"."KeyName" / "key_name",
        /// Whether to enable EBS optimization. Default: as the instance type specifies.
        ebs_optimized: Value<bool> = "LaunchTemplateData"."EbsOptimized" / "ebs_optimized",
        /// The description of the version. Default: none.
        version_description: Value<Text> = "VersionDescription" / doc "description",
    }
    many {
        /// The security groups. Default: the default security group of the VPC.
        security_groups: Link<SecurityGroup> =
            "LaunchTemplateData"."SecurityGroupIds" / "vpc_security_group_ids",
        /// Network interfaces with their own subnet and security groups. Default: one interface.
        network_interfaces: TemplateInterface =
            "LaunchTemplateData"."NetworkInterfaces" / "network_interfaces",
        /// The volumes. Default: those of the AMI.
        block_devices: BlockDeviceMapping =
            "LaunchTemplateData"."BlockDeviceMappings" / "block_device_mappings",
        /// Tags of resources that are created with an instance. Default: none.
        tag_specifications: TagSpecification =
            "LaunchTemplateData"."TagSpecifications" / "tag_specifications",
    }
    plain {
        /// Tags of the launch template. Default: none, even with stack tags: AWS does not document
        /// if CloudFormation creates a version, and replaces the instance, when a tag changes.
        tags: LaunchTemplateTags = "TagSpecifications" / "tags",
    }
    inert {
        "LaunchTemplateData.BlockDeviceMappings" / "block_device_mappings" = "EC2 rejects another root volume than that of the AMI",
        "LaunchTemplateData.CapacityReservationSpecification" / "capacity_reservation_specification" = "only the capacity",
        "LaunchTemplateData.InstanceMarketOptions" / "instance_market_options" = "only the capacity",
        "LaunchTemplateData.CpuOptions" / "cpu_options" = "only the hardware",
        "LaunchTemplateData.CreditSpecification" / "credit_specification" = "only the hardware",
        "LaunchTemplateData.EbsOptimized" / "ebs_optimized" = "only the hardware",
        "" / "elastic_gpu_specifications" = "only the hardware",
        "" / "elastic_inference_accelerator" = "only the hardware",
        "LaunchTemplateData.EnclaveOptions" / "enclave_options" = "only the hardware",
        "LaunchTemplateData.InstanceRequirements" / "instance_requirements" = "only the hardware",
        "LaunchTemplateData.LicenseSpecifications" / "license_specification" = "only the hardware",
        "LaunchTemplateData.Placement" / "placement" = "the subnet determines the Availability Zone; the rest is only the hardware",
        "LaunchTemplateData.DisableApiStop" / "disable_api_stop" = "only when the instance stops",
        "LaunchTemplateData.DisableApiTermination" / "disable_api_termination" = "only when the instance stops",
        "LaunchTemplateData.HibernationOptions" / "hibernation_options" = "only when the instance stops",
        "LaunchTemplateData.InstanceInitiatedShutdownBehavior" / "instance_initiated_shutdown_behavior" = "only when the instance stops",
        "LaunchTemplateData.MaintenanceOptions" / "maintenance_options" = "only when the instance stops",
        "LaunchTemplateData.KeyName" / "key_name" = "only SSH",
        "LaunchTemplateData.PrivateDnsNameOptions" / "private_dns_name_options" = "the agent uses the names of the services",
        "VersionDescription" / "description" = "a text",
        "" / "name_prefix" = "a name",
        "" / "default_version" = "the check compares it with the version of the instance",
        "" / "update_default_version" = "the default version is then the one in the file",
        "" / "latest_version" = "the check compares it with the version of the instance",
    }
}

impl LaunchTemplate {
    /// The latest version number.
    pub const LATEST_VERSION: Attr = Attr::by_get_att("LatestVersionNumber", "latest_version");
}

/// Returns the error of a launch template that CloudFormation gets by ID and by name.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateSpecification.html>
pub(super) fn invalid_template(map: &Map<'_>) -> Option<InvalidValue> {
    let is_set = |name: &&str| map.get_path(&format!("LaunchTemplate.{name}")).is_some();
    let all = ["LaunchTemplateId", "LaunchTemplateName"];
    all.iter().all(is_set).then(|| {
        InvalidValue::of_ec2(
            "InvalidParameterCombination",
            "it names its launch template by ID and by name",
            "remove `LaunchTemplateId` or `LaunchTemplateName`",
        )
    })
}

/// Returns the error of an image ID that is neither one nor the name of a parameter.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
pub(super) fn invalid_image(image: Option<&RawValue<'_>>) -> Option<InvalidValue> {
    let id = image?.as_str()?;
    let is_known = ["ami-", "resolve:ssm:", "{{resolve:"]
        .iter()
        .any(|it| id.starts_with(it));
    (!id.is_empty() && !is_known).then(|| {
        InvalidValue::of_ec2(
            "InvalidAMIID.Malformed",
            format!("`{id}` is not the ID of an image"),
            "use an ID such as `ami-0123456789abcdef0`, or a parameter of Systems Manager",
        )
    })
}

impl Hooks for LaunchTemplate {
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        for device in &self.block_devices {
            device.ebs.check("block_devices", node, out);
        }
    }

    fn invalid(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
        let path = dialect.pick(
            "LaunchTemplateData.BlockDeviceMappings",
            "block_device_mappings",
        );
        let mut found = invalid_mappings(map, path, Some(dialect.pick("Ebs", "ebs")), dialect);
        let data = dialect.pick("LaunchTemplateData.UserData", "user_data");
        found.extend(invalid_user_data(map.get_path(data)));
        let image = dialect.pick("LaunchTemplateData.ImageId", "image_id");
        found.extend(invalid_image(map.get_path(image)));
        let types = ["InstanceType", "InstanceRequirements"];
        let is_set = |name: &&str| {
            map.get_path(&format!("LaunchTemplateData.{name}"))
                .is_some()
        };
        if dialect == Dialect::Cfn && types.iter().all(is_set) {
            found.push(InvalidValue::of_ec2(
                "InvalidParameterCombination",
                "it has `InstanceType` and `InstanceRequirements`",
                "remove `InstanceType` or `InstanceRequirements`",
            ));
        }
        found
    }
}
