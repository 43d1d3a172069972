use super::{Hooks, Node, Tags, table::resource, tagged};
use crate::ir::{Attr, Cidr, Diagnostic, Diagnostics, Link, Text, Value};

resource! {
    /// A VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html>
    pub struct Vpc: "AWS::EC2::VPC" / "aws_vpc", link Attr::by_ref("id"),
        attrs [Self::CIDR_BLOCK, Self::DEFAULT_SECURITY_GROUP, Self::DEFAULT_NETWORK_ACL, Self::MAIN_ROUTE_TABLE,
            Self::DEFAULT_ROUTE_TABLE],
        import "VpcId" / "{id}",
        replaced_if [
            "cidr_block" = "unless ipv4_netmask_length is set (then a change is ignored)",
            "instance_tenancy" = "unless from dedicated to default",
        ];
    one {
        /// The IPv4 range, from /16 to /28.
        cidr_block: Value<Cidr> = "CidrBlock" / "cidr_block",
    }
    opt {
        /// Whether to enable DNS resolution. Default: `true`.
        enable_dns_support: Value<bool> = "EnableDnsSupport" / "enable_dns_support",
        /// Whether to enable DNS hostnames, which private DNS of endpoints requires. Default:
        /// `false`.
        enable_dns_hostnames: Value<bool> = "EnableDnsHostnames" / "enable_dns_hostnames",
        /// `default` or `dedicated`. Default: `default`.
        instance_tenancy: Value<Text> = "InstanceTenancy" / "instance_tenancy",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "InstanceTenancy" / "instance_tenancy" = "only the hardware",
        "" / "assign_generated_ipv6_cidr_block" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "ipv6_association_id" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "ipv6_cidr_block" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "ipv6_cidr_block_network_border_group" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "ipv6_ipam_pool_id" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "ipv6_netmask_length" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "default_network_acl_id" = "AWS sets it",
        "" / "default_route_table_id" = "AWS sets it",
        "" / "default_security_group_id" = "AWS sets it",
        "" / "dhcp_options_id" = "AWS sets it",
        "" / "main_route_table_id" = "AWS sets it",
        "" / "enable_network_address_usage_metrics" = "only metrics",
    }
}

impl Vpc {
    /// The IPv4 range.
    pub const CIDR_BLOCK: Attr = Attr::by_get_att("CidrBlock", "cidr_block");
    /// The default security group.
    pub const DEFAULT_SECURITY_GROUP: Attr =
        Attr::by_get_att("DefaultSecurityGroup", "default_security_group_id");
    /// The default network ACL.
    pub const DEFAULT_NETWORK_ACL: Attr =
        Attr::by_get_att("DefaultNetworkAcl", "default_network_acl_id");
    /// The main route table. Not available in CloudFormation.
    pub const MAIN_ROUTE_TABLE: Attr = Attr::by_get_att("", "main_route_table_id");
    /// The route table created with the VPC, which initially is the main route table.
    pub const DEFAULT_ROUTE_TABLE: Attr = Attr::by_get_att("", "default_route_table_id");
}

impl Hooks for Vpc {
    tagged!();

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        if let Some(cidr) = self.cidr_block.lit()
            && !(16..=28).contains(&cidr.prefix_len())
        {
            out.push(
                Diagnostic::error(
                    "vpc-cidr",
                    format!(
                        "`{cidr}` is not a VPC range; expected a prefix length from /16 to /28"
                    ),
                )
                .path(node.path.clone())
                .at(node.location.clone())
                .about(&["cidr"])
                .help("use a range such as `10.0.0.0/16`"),
            );
        } else if let Some(cidr) = self.cidr_block.lit()
            && let Some(other) = Cidr::NOT_FOR_VPCS
                .iter()
                .find(|other| other.overlaps(*cidr))
        {
            out.push(
                Diagnostic::error(
                    "vpc-cidr",
                    format!("`{cidr}` is in `{other}`, which AWS does not accept for a VPC"),
                )
                .path(node.path.clone())
                .at(node.location.clone())
                .help("use a private range such as `10.0.0.0/16`"),
            );
        }
    }
}

resource! {
    /// A secondary CIDR block of a VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpccidrblock.html>
    pub struct VpcCidrBlock: "AWS::EC2::VPCCidrBlock" / "aws_vpc_ipv4_cidr_block_association",
        link Attr::by_ref("id"),
        import "Id,VpcId" / "{id}",
        replaced_if [
            "cidr_block" = "unless ipv4_netmask_length is set (then a change is ignored)",
        ];
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
    }
    opt {
        /// The IPv4 range. Default: an IPv6 range from Amazon.
        cidr_block: Value<Cidr> = "CidrBlock" / "cidr_block",
    }
    inert {
        "AmazonProvidedIpv6CidrBlock" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6CidrBlock" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6CidrBlockNetworkBorderGroup" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6IpamPoolId" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6NetmaskLength" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6Pool" / "" = "the names of the services have IPv6 addresses only by an endpoint",
    }
}

impl Hooks for VpcCidrBlock {}
