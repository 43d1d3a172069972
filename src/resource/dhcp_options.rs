use super::{Hooks, Tags, Vpc, table::resource, tagged};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// A DHCP option set of a VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-dhcpoptions.html>
    pub struct DhcpOptions: "AWS::EC2::DHCPOptions" / "aws_vpc_dhcp_options",
        link Attr::by_ref("id"),
        import "DhcpOptionsId" / "{id}";
    opt {
        /// The domain for unqualified names. Default: that of the region.
        domain_name: Value<Text> = "DomainName" / "domain_name",
    }
    many {
        /// The DNS servers, such as `AmazonProvidedDNS`. Default: none.
        domain_name_servers: Value<Text> = "DomainNameServers" / "domain_name_servers",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "NetbiosNameServers" / "netbios_name_servers" = "only NetBIOS",
        "NetbiosNodeType" / "netbios_node_type" = "only NetBIOS",
        "NtpServers" / "ntp_servers" = "the clock is right at the start",
        "Ipv6AddressPreferredLeaseTime" / "ipv6_address_preferred_lease_time" = "the names of the services have IPv6 addresses only by an endpoint",
    }
}

impl Hooks for DhcpOptions {
    tagged!();
}

resource! {
    /// The association of a DHCP option set with a VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcdhcpoptionsassociation.html>
    pub struct DhcpOptionsAssociation:
        "AWS::EC2::VPCDHCPOptionsAssociation" / "aws_vpc_dhcp_options_association",
        link Attr::by_ref("id"),
        import "DhcpOptionsId,VpcId" / "{vpc_id}";
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
        /// The DHCP option set.
        dhcp_options: Link<DhcpOptions> = "DhcpOptionsId" / doc "dhcp_options_id",
    }
}

impl Hooks for DhcpOptionsAssociation {}
