use super::{Hooks, Tags, Vpc, table::resource, tagged};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// What a VPC's instances are told about the network.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-dhcpoptions.html>
    pub struct DhcpOptions: "AWS::EC2::DHCPOptions" / "aws_vpc_dhcp_options",
        link Attr::by_ref("id"),
        import "DhcpOptionsId" / "{id}";
    opt {
        /// The domain for names without one. Default: the region's.
        domain_name: Value<Text> = "DomainName" / "domain_name",
    }
    many {
        /// The resolvers; `AmazonProvidedDNS` is the VPC's own. Default: none is handed out.
        domain_name_servers: Value<Text> = "DomainNameServers" / "domain_name_servers",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for DhcpOptions {
    tagged!();
}

resource! {
    /// The options that a VPC has.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcdhcpoptionsassociation.html>
    pub struct DhcpOptionsAssociation:
        "AWS::EC2::VPCDHCPOptionsAssociation" / "aws_vpc_dhcp_options_association",
        link Attr::by_ref("id"),
        import "DhcpOptionsId,VpcId" / "{vpc_id}";
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / "vpc_id",
        /// The options.
        dhcp_options: Link<DhcpOptions> = "DhcpOptionsId" / "dhcp_options_id",
    }
}

impl Hooks for DhcpOptionsAssociation {}
