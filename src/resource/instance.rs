use super::codec::{Mismatch, Prop, UnmodeledNotes, words};
use super::table::{Unfolded, nested, resource, take_object};
use super::{
    BlockDeviceMapping, Ebs, Hooks, InstanceProfile, LaunchImage, LaunchTemplate, Map,
    NetworkInterface, Node, RawValue, SecurityGroup, Subnet, Tags, UserData, tagged,
};
use crate::ir::{Attr, Diagnostic, Diagnostics, Dialect, Link, NodeId, Text, Value};

words! {
    /// Whether the metadata service wants a session token.
    #[non_exhaustive]
    pub enum HttpTokens {
        /// IMDSv2 only.
        Required = "required",
        /// IMDSv1 too.
        Optional = "optional",
    }
}

words! {
    /// On or off, where AWS has words for it.
    pub enum Switch {
        /// On.
        Enabled = "enabled",
        /// Off.
        Disabled = "disabled",
    }
}

nested! {
    /// How the instance's metadata service answers.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-instance-metadataoptions.html>
    pub struct MetadataOptions
    opt {
        /// Whether it answers at all. Default: the account's setting, which begins as enabled.
        http_endpoint: Value<Switch> = "HttpEndpoint" / "http_endpoint",
        /// Whether a token is needed. Default: the account's setting.
        http_tokens: Value<HttpTokens> = "HttpTokens" / "http_tokens",
        /// How many network hops an answer survives, from 1 to 64. Default: the account's setting.
        http_put_response_hop_limit: Value<i64> = "HttpPutResponseHopLimit" / "http_put_response_hop_limit",
    }
}

nested! {
    /// The version of a launch template.
    pub struct LaunchTemplateSpecification
    one {
        /// The template.
        launch_template: Link<LaunchTemplate> = "LaunchTemplateId" / "id",
        /// The version's number.
        version: Value<Text> = "Version" / "version",
    }
    opt {
        /// The template by its name, instead of its id. Default: by id.
        name: Value<Text> = "LaunchTemplateName" / "name",
    }
}

nested! {
    /// A network interface of an instance, where its groups and its subnet are said there.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-instance-networkinterface.html>
    pub struct InstanceInterface
    opt {
        /// Its number; the first is 0. Default: in the order of the list.
        device_index: Value<i64> = "DeviceIndex" / "device_index",
        /// An interface that is there. Default: a new one.
        network_interface: Link<NetworkInterface> = "NetworkInterfaceId" / "network_interface_id",
        /// Where it is. Default: the instance's subnet.
        subnet: Link<Subnet> = "SubnetId" / "",
        /// Whether it has a public address. Default: as the subnet says.
        associate_public_ip_address: Value<bool> = "AssociatePublicIpAddress" / "",
    }
    many {
        /// Its security groups. Default: the VPC's default group.
        security_groups: Link<SecurityGroup> = "GroupSet" / "",
    }
}

/// The disk that the instance boots from.
#[derive(Clone, Debug, PartialEq)]
pub struct RootVolume {
    /// The image's name for it, such as `/dev/xvda`; another name would add a second disk.
    /// Terraform finds it by itself.
    pub device_name: Value<Text>,
    /// The disk.
    pub ebs: Ebs,
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
            // Terraform's text does not tell the name.
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
        import "InstanceId" / "{id}";
    one {
        /// Its type, such as `t3.micro`.
        instance_type: Value<Text> = "InstanceType" / "instance_type",
        /// Where it is.
        subnet: Link<Subnet> = "SubnetId" / "subnet_id",
    }
    opt {
        /// Its image. Default: the launch template's.
        image: Link<LaunchImage> = "ImageId" / "ami",
        /// A launch template that says the rest. Default: none.
        launch_template: LaunchTemplateSpecification = "LaunchTemplate" / "launch_template",
        /// What gives it its role. Default: none.
        iam_instance_profile: Link<InstanceProfile> = "IamInstanceProfile" / "iam_instance_profile",
        /// How its metadata service answers. Default: the account's settings.
        metadata_options: MetadataOptions = "MetadataOptions" / "metadata_options",
        /// The disk that it boots from. Default: as the image has it.
        root_volume: RootVolume = "BlockDeviceMappings" / "root_block_device",
        /// Whether it has metrics by the minute. Default: it has not.
        monitoring: Value<bool> = "Monitoring" / "monitoring",
        /// Whether it has its own bandwidth to disks. Default: as its type has it.
        ebs_optimized: Value<bool> = "EbsOptimized" / "ebs_optimized",
        /// Whether it is protected from termination. Default: it is not.
        disable_api_termination: Value<bool> = "DisableApiTermination" / "disable_api_termination",
        /// What it runs at its first start. Default: nothing.
        user_data: UserData = "UserData" / "user_data",
        /// The same in Base64.
        user_data_base64: Value<Text> = "" / "user_data_base64",
        /// Whether it has a public address; CloudFormation says it of the interface. Default: as
        /// the subnet says.
        associate_public_ip_address: Value<bool> = "" / "associate_public_ip_address",
        /// Whether its disks have its tags; in Terraform they are written out. Default: they have
        /// not.
        propagate_tags_to_volume_on_creation: Value<bool> = "PropagateTagsToVolumeOnCreation" / "",
    }
    many {
        /// Its security groups. Default: the VPC's default group.
        security_groups: Link<SecurityGroup> = "SecurityGroupIds" / "vpc_security_group_ids",
        /// Its security groups by name, in the default VPC. Default: none.
        security_group_names: Link<SecurityGroup> = "SecurityGroups" / "security_groups",
        /// Its interfaces, where these say their groups and subnet. Default: one of its own.
        network_interfaces: InstanceInterface = "NetworkInterfaces" / "network_interface",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Instance {
    /// Its first interface; CloudFormation does not tell it.
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

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        if let Some(text) = self.user_data.as_ref().and_then(|data| data.0.lit())
            && text.len() > 16 * 1024
        {
            out.push(
                Diagnostic::error(
                    "user-data-size",
                    format!("user data has at most 16384 bytes, this has {}", text.len()),
                )
                .path(node.path.clone())
                .at(node.location.clone())
                .about(&["user_data"])
                .help("put the script into S3 and let the user data fetch it"),
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
