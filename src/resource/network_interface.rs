use super::table::{nested, resource};
use super::{Hooks, Instance, SecurityGroup, Subnet, Tags, tagged};
use crate::ir::{Attr, Link, Text, Value};

nested! {
    /// A private IPv4 address of a network interface, in CloudFormation.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-networkinterface-privateipaddressspecification.html>
    pub struct InterfaceAddress
    one {
        /// The address.
        private_ip_address: Value<Text> = "PrivateIpAddress" / "",
        /// Whether it is the primary address. One of the addresses is.
        primary: Value<bool> = "Primary" / "",
    }
}

resource! {
    /// A network interface.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-networkinterface.html>
    pub struct NetworkInterface: "AWS::EC2::NetworkInterface" / "aws_network_interface",
        link Attr::by_ref("id"),
        import "Id" / "{id}",
        replaced_if [
            "enable_primary_ipv6" = "only from true to false",
            "private_ip_list" = "only if private_ip_list_enabled is true and the first address changes",
            "private_ips" = "unless private_ip_list_enabled is true or the new set still holds the primary address",
        ];
    one {
        /// The subnet.
        subnet: Link<Subnet> = "SubnetId" / doc "subnet_id",
    }
    opt {
        /// The primary private IPv4 address. Default: assigned at creation.
        private_ip_address: Value<Text> = "PrivateIpAddress" / doc "private_ip",
        /// The description. Default: none.
        description: Value<Text> = "Description" / "description",
        /// Whether to drop traffic that the instance forwards. Default: `true`.
        source_dest_check: Value<bool> = "SourceDestCheck" / "source_dest_check",
    }
    many {
        /// The private IPv4 addresses, in any order. Default: one, assigned at creation.
        private_ips: Value<Text> = / "private_ips",
        /// The private IPv4 addresses, one of which is the primary one. Default: one, assigned at creation.
        private_ip_addresses: InterfaceAddress = "PrivateIpAddresses" / "",
        /// The security groups. Default: the default security group of the VPC.
        security_groups: Link<SecurityGroup> = "GroupSet" / "security_groups",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "" / "private_ip_list" = "rules are compared with the whole subnet",
        "Description" / "description" = "a text",
        "EnablePrimaryIpv6" / "enable_primary_ipv6" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6AddressCount" / "ipv6_address_count" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6Addresses" / "ipv6_addresses" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6PrefixCount" / "ipv6_prefix_count" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6Prefixes" / "ipv6_prefixes" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "ipv6_address_list" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "ipv6_address_list_enabled" = "the names of the services have IPv6 addresses only by an endpoint",
        "InterfaceType=interface|efa" / "interface_type=interface|efa" = "an interface with an IP address",
        "Ipv4PrefixCount" / "ipv4_prefix_count" = "the agent uses the primary address",
        "Ipv4Prefixes" / "ipv4_prefixes" = "the agent uses the primary address",
        "SecondaryPrivateIpAddressCount" / "private_ips_count" = "the agent uses the primary address",
        "" / "private_ip_list_enabled" = "only the order of the addresses",
        "PublicIpDnsHostnameTypeSpecification" / "" = "the agent uses the names of the services",
        "SourceDestCheck" / "source_dest_check" = "only traffic that the instance forwards",
        "" / "attachment" = "the instance names its primary interface",
        "" / "mac_address" = "AWS sets it",
        "" / "private_dns_name" = "AWS sets it",
    }
}

impl Hooks for NetworkInterface {
    tagged!();
}

resource! {
    /// The attachment of a security group to a network interface, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/network_interface_sg_attachment>
    pub struct NetworkInterfaceSecurityGroup: / "aws_network_interface_sg_attachment",
        link Attr::by_ref("id"),
        import "" / "{network_interface_id}_{security_group_id}";
    one {
        /// The network interface. For an instance, its `primary_network_interface_id`.
        network_interface: Link<NetworkInterface> = / doc "network_interface_id",
        /// The security group.
        security_group: Link<SecurityGroup> = / doc "security_group_id",
    }
}

impl Hooks for NetworkInterfaceSecurityGroup {}

resource! {
    /// The attachment of a network interface to an instance.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-networkinterfaceattachment.html>
    pub struct NetworkInterfaceAttachment:
        "AWS::EC2::NetworkInterfaceAttachment" / "aws_network_interface_attachment",
        link Attr::by_ref("id"),
        import "AttachmentId" / "{attachment_id}";
    one {
        /// The instance.
        instance: Link<Instance> = "InstanceId" / doc "instance_id",
        /// The network interface.
        network_interface: Link<NetworkInterface> = "NetworkInterfaceId" / doc "network_interface_id",
    }
    opt {
        /// The device index.
        device_index: Value<i64> = "DeviceIndex" / "device_index",
    }
    inert {
        "DeleteOnTermination" / "" = "only when the instance ends",
        "EnaQueueCount" / "" = "only the speed",
        "EnaSrdSpecification" / "" = "only the speed",
        "" / "attachment_id" = "AWS sets it",
        "" / "status" = "AWS sets it",
    }
}

impl Hooks for NetworkInterfaceAttachment {}
