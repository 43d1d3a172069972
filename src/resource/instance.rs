use super::codec::{Mismatch, Prop, UnmodeledNotes, invalid_user_data};
use super::launch_template::{invalid_image, invalid_template};
use super::table::{Unfolded, nested, resource, take_object};
use super::{
    BlockDeviceMapping, Ebs, Hooks, InstanceProfile, InvalidValue, LaunchImage, LaunchTemplate,
    Map, NetworkInterface, Node, RawValue, SecurityGroup, Subnet, Tags, UserData, is_arm64, tagged,
};
use crate::ir::{
    Attr, Diagnostic, Diagnostics, Dialect, IntoValue, Link, NodeId, Text, Value, quoted, words,
};

words! {
    /// The requirement for session tokens of the metadata service.
    #[non_exhaustive]
    pub enum HttpTokens {
        /// Requires IMDSv2.
        Required = "required",
        /// Allows IMDSv1.
        Optional = "optional",
    }
}

words! {
    /// The state of an option that AWS does not represent as a boolean.
    pub enum Switch {
        /// Enabled.
        Enabled = "enabled",
        /// Disabled.
        Disabled = "disabled",
    }
}

nested! {
    /// Options of the instance metadata service.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-instance-metadataoptions.html>
    pub struct MetadataOptions
    opt {
        /// The state of the metadata service. Default: the account setting, initially enabled.
        http_endpoint: Value<Switch> = "HttpEndpoint" / "http_endpoint",
        /// The requirement for session tokens. Default: the account setting.
        http_tokens: Value<HttpTokens> = "HttpTokens" / "http_tokens",
        /// The hop limit of responses, from 1 to 64. Default: the account setting.
        http_put_response_hop_limit: Value<i64> = "HttpPutResponseHopLimit" / "http_put_response_hop_limit",
    }
    inert {
        "HttpProtocolIpv6" / "http_protocol_ipv6" = "the agent uses the IPv4 address of the service",
        "InstanceMetadataTags" / "instance_metadata_tags" = "only tags",
    }
}

nested! {
    /// A launch template and its version.
    pub struct LaunchTemplateSpecification
    one {
        /// The launch template, by ID.
        launch_template: Link<LaunchTemplate> = "LaunchTemplateId" / doc "id",
        /// The version number.
        version: Value<Text> = "Version" / "version",
    }
    opt {
        /// The launch template, by name. Default: none.
        name: Value<Text> = "LaunchTemplateName" / "name",
    }
}

nested! {
    /// A network interface of an instance, with its subnet and security groups.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-instance-networkinterface.html>
    pub struct InstanceInterface
    opt {
        /// The device index, 0 for the primary interface. Default: the position in the list.
        device_index: Value<i64> = "DeviceIndex" / "device_index",
        /// An existing network interface. Default: a new one.
        network_interface: Link<NetworkInterface> = "NetworkInterfaceId" / doc "network_interface_id",
        /// The subnet. Default: that of the instance.
        subnet: Link<Subnet> = "SubnetId" / "",
        /// Whether to assign a public IPv4 address. Default: the subnet setting.
        associate_public_ip_address: Value<bool> = "AssociatePublicIpAddress" / "",
        /// The private IPv4 address. Default: assigned at launch.
        private_ip_address: Value<Text> = "PrivateIpAddress" / "",
    }
    many {
        /// The security groups. Default: the default security group of the VPC.
        security_groups: Link<SecurityGroup> = "GroupSet" / "",
    }
    inert {
        "DeleteOnTermination" / "delete_on_termination" = "only when the instance ends",
        "Description" / "" = "a text",
        "EnaSrdSpecification" / "" = "only the speed",
        "Ipv6AddressCount" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6Addresses" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "SecondaryPrivateIpAddressCount" / "" = "the agent uses the primary address",
    }
}

/// The root volume of an instance.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct RootVolume {
    /// The device name of the root volume in the AMI, such as `/dev/xvda`. Another name adds a
    /// second volume. Terraform does not use it.
    pub device_name: Value<Text>,
    /// The volume.
    pub ebs: Ebs,
}

impl RootVolume {
    /// Creates a root volume with the device name of the AMI.
    pub fn new(device_name: impl IntoValue<Value<Text>>, ebs: impl IntoValue<Ebs>) -> RootVolume {
        RootVolume {
            device_name: device_name.into_value(),
            ebs: ebs.into_value(),
        }
    }

    /// Sets the device name of the root volume in the AMI.
    pub fn device_name(mut self, value: impl IntoValue<Value<Text>>) -> RootVolume {
        self.device_name = value.into_value();
        self
    }

    /// Sets the volume.
    pub fn ebs(mut self, value: impl IntoValue<Ebs>) -> RootVolume {
        self.ebs = value.into_value();
        self
    }
}

impl Prop for RootVolume {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        let ebs = self.ebs.put(dialect)?;
        if dialect == Dialect::Tf {
            return Some(ebs);
        }
        let mut map = Map::with_capacity(2);
        map.insert("DeviceName", self.device_name.put(dialect)?);
        map.insert("Ebs", ebs);
        Some(RawValue::List(vec![RawValue::Object(map)]))
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        if dialect == Dialect::Tf {
            // Terraform omits the device name.
            let device_name = Value::Lit(Text::Borrowed(""));
            return Ok(RootVolume {
                device_name,
                ebs: Ebs::take(term, dialect)?,
            });
        }
        let BlockDeviceMapping { device_name, ebs } = take_object(term, dialect)?;
        Ok(RootVolume { device_name, ebs })
    }

    fn blank() -> Self {
        RootVolume {
            device_name: Value::blank(),
            ebs: Ebs::blank(),
        }
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        RootVolume {
            device_name: match from.dialect {
                Dialect::Cfn => Value::sample(from),
                Dialect::Tf => Value::Lit(Text::Borrowed("")),
            },
            ebs: Ebs::sample(from),
        }
    }
}

resource! {
    /// An EC2 instance.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-instance.html>
    pub struct Instance: "AWS::EC2::Instance" / "aws_instance", link Attr::by_ref("id"),
        attrs [Self::PRIMARY_INTERFACE],
        import "InstanceId" / "{id}",
        replaced_if [
            "enable_primary_ipv6" = "only from true to false",
            "instance_type" = "only if the old and the new type share no processor \
                architecture (the provider asks EC2 while planning)",
            "launch_template.version" = "only if the new version is not the one the running \
                instance was launched from (the provider asks EC2 while planning)",
            "user_data" = "only if user_data_replace_on_change is true",
            "user_data_base64" = "only if user_data_replace_on_change is true",
        ];
    one {
        /// The instance type, such as `t3.micro`.
        instance_type: Value<Text> = "InstanceType" / "instance_type",
        /// The subnet.
        subnet: Link<Subnet> = "SubnetId" / doc "subnet_id",
    }
    opt {
        /// The AMI. Default: that of the launch template.
        image: Link<LaunchImage> = "ImageId" / doc "ami",
        /// The launch template with defaults for this instance. Default: none.
        launch_template: LaunchTemplateSpecification = "LaunchTemplate" / "launch_template",
        /// The instance profile. Default: none.
        iam_instance_profile: Link<InstanceProfile> = "IamInstanceProfile" / "iam_instance_profile",
        /// Options of the metadata service. Default: the account settings.
        metadata_options: MetadataOptions = "MetadataOptions" / "metadata_options",
        /// The root volume. Default: as the AMI specifies.
        root_volume: RootVolume = "BlockDeviceMappings" / doc "root_block_device",
        /// Whether to enable detailed monitoring. Default: `false`.
        monitoring: Value<bool> = "Monitoring" / "monitoring",
        /// Whether to enable EBS optimization. Default: as the instance type specifies.
        ebs_optimized: Value<bool> = "EbsOptimized" / "ebs_optimized",
        /// Whether to enable termination protection. Default: `false`.
        disable_api_termination: Value<bool> = "DisableApiTermination" / "disable_api_termination",
        /// User data for the first start. Default: none.
        user_data: UserData = "UserData" / "user_data",
        /// User data in Base64. Default: none.
        user_data_base64: Value<Text> = / "user_data_base64",
        /// Whether to assign a public IPv4 address. CloudFormation sets it on the network
        /// interface. Default: the subnet setting.
        associate_public_ip_address: Value<bool> = / "associate_public_ip_address",
        /// The private IPv4 address. Default: assigned at launch.
        private_ip_address: Value<Text> = "PrivateIpAddress" / doc "private_ip",
        /// Whether to copy the tags to volumes. Terraform repeats the tags. Default: `false`.
        propagate_tags_to_volume_on_creation: Value<bool> = "PropagateTagsToVolumeOnCreation" / "",
        /// The name of the SSH key pair. Default: none.
        key_name: Value<Text> = "KeyName" / "key_name",
        /// The Availability Zone. Default: that of the subnet.
        availability_zone: Value<Text> = "AvailabilityZone" / "availability_zone",
        /// Whether to drop traffic that the instance forwards. Default: `true`.
        source_dest_check: Value<bool> = "SourceDestCheck" / "source_dest_check",
        /// `default`, `dedicated` or `host`. Default: that of the VPC.
        tenancy: Value<Text> = "Tenancy" / "tenancy",
        /// `stop` or `terminate`. Default: `stop`.
        shutdown_behavior: Value<Text> =
            "InstanceInitiatedShutdownBehavior" / "instance_initiated_shutdown_behavior",
    }
    many {
        /// The security groups. Default: the default security group of the VPC.
        security_groups: Link<SecurityGroup> = "SecurityGroupIds" / doc "vpc_security_group_ids",
        /// The security groups by name, in the default VPC. Default: none.
        security_group_names: Link<SecurityGroup> = "SecurityGroups" / doc "security_groups",
        /// Network interfaces with their own subnet and security groups. Default: one interface.
        network_interfaces: InstanceInterface = "NetworkInterfaces" / doc "network_interface",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "" / "block_duration_minutes" = "only the capacity",
        "" / "spot_request_state" = "only the capacity",
        "" / "valid_from" = "only the capacity",
        "" / "wait_for_fulfillment" = "only the capacity",
        "" / "spot_price" = "only the capacity",
        "" / "valid_until" = "only the capacity",
        "" / "spot_bid_status" = "only the capacity",
        "" / "spot_instance_id" = "only the capacity",
        "" / "launch_group" = "only the capacity",
        "" / "spot_type" = "only what happens when capacity ends",
        "CreditSpecification" / "credit_specification" = "only the processor",
        "SourceDestCheck" / "source_dest_check" = "only traffic that the instance forwards",
        "AvailabilityZone" / "availability_zone" = "the subnet determines it",
        "" / "instance_interruption_behavior" = "only what happens when capacity ends",
        "AdditionalInfo" / "" = "reserved",
        "Affinity" / "" = "only the hardware",
        "CpuOptions" / "cpu_options" = "only the hardware",
        "" / "cpu_core_count" = "only the hardware",
        "" / "cpu_threads_per_core" = "only the hardware",
        "ElasticGpuSpecifications" / "" = "only the hardware",
        "ElasticInferenceAccelerators" / "" = "only the hardware",
        "EnclaveOptions" / "enclave_options" = "only the hardware",
        "HostId" / "host_id" = "only the hardware",
        "HostResourceGroupArn" / "host_resource_group_arn" = "only the hardware",
        "LicenseSpecifications" / "" = "only the hardware",
        "PlacementGroupName" / "placement_group" = "only the hardware",
        "" / "placement_partition_number" = "only the hardware",
        "Tenancy" / "tenancy" = "only the hardware",
        "" / "capacity_reservation_specification" = "only the capacity",
        "" / "instance_market_options" = "only the capacity",
        "" / "instance_lifecycle" = "only the capacity",
        "" / "spot_instance_request_id" = "only the capacity",
        "HibernationOptions" / "hibernation" = "only when the instance stops",
        "InstanceInitiatedShutdownBehavior" / "instance_initiated_shutdown_behavior" = "only when the instance stops",
        "" / "disable_api_stop" = "only when the instance stops",
        "" / "maintenance_options" = "only when the instance stops",
        "Ipv6AddressCount" / "ipv6_address_count" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6Addresses" / "ipv6_addresses" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "enable_primary_ipv6" = "the names of the services have IPv6 addresses only by an endpoint",
        "KeyName" / "key_name" = "only SSH",
        "PrivateDnsNameOptions" / "private_dns_name_options" = "the agent uses the names of the services",
        "BlockDeviceMappings" / "root_block_device" = "EC2 rejects another root volume than that of the AMI",
        "Volumes" / "ebs_block_device" = "additional volumes",
        "" / "ephemeral_block_device" = "additional volumes",
        "" / "get_password_data" = "only the password of Windows",
        "" / "password_data" = "only the password of Windows",
        "" / "instance_state=running|pending" = "a running instance",
        "" / "primary_network_interface_id" = "AWS sets it",
        "" / "private_dns" = "AWS sets it",
        "" / "public_dns" = "AWS sets it",
        "" / "public_ip" = "AWS sets it",
        "" / "secondary_private_ips" = "the agent uses the primary address",
        "" / "user_data_replace_on_change" = "only when the instance is replaced",
        "" / "volume_tags" = "labels",
    }
}

impl Instance {
    /// The primary network interface. Not available in CloudFormation.
    pub const PRIMARY_INTERFACE: Attr = Attr::by_get_att("", "primary_network_interface_id");
}

impl Hooks for Instance {
    tagged!();

    fn unfold(
        map: &mut Map<'_>,
        _this: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        super::volume::unfold_volumes(map, dialect, unmodeled)
    }

    fn invalid(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
        let mut found = super::volume_limits::invalid_of_instance(map, dialect);
        found.extend(invalid_image(map.get(dialect.pick("ImageId", "ami"))));
        if dialect == Dialect::Cfn {
            found.extend(invalid_user_data(map.get("UserData")));
            found.extend(invalid_template(map));
        }
        found
    }

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        if let Some(root) = &self.root_volume {
            root.ebs.check("root_volume", node, out);
        }
        if let Some(of) = self.instance_type.lit()
            && is_arm64(of).is_none()
        {
            let message = format!("{} is not an instance type", quoted(of));
            out.push(
                node.error("instance-type", message)
                    .about(&["instance_type"])
                    .help("use a type such as `t3.micro` or `t4g.small`"),
            );
        }
        if let Some(text) = self.user_data.as_ref().and_then(|data| data.0.lit())
            && text.len() > 16 * 1024
        {
            out.push(
                Diagnostic::error(
                    "user-data-size",
                    format!("user data has {} bytes; EC2 allows 16,384", text.len()),
                )
                .path(node.path.clone())
                .at(node.location.clone())
                .about(&["user_data"])
                .help("upload the script to S3, and download it in the user data"),
            );
        }
    }

    fn tf_extra<'a>(&'a self, map: &mut Map<'a>) {
        if self.propagate_tags_to_volume_on_creation == Some(Value::Lit(true))
            && let Some(tags) = self.tags.put(Dialect::Tf)
        {
            map.insert("volume_tags", tags);
        }
    }
}
