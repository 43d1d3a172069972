use super::{Hooks, Node, Tags, table::resource, tagged};
use crate::ir::{Attr, Cidr, Diagnostic, Diagnostics, Link, Value};

resource! {
    /// A virtual network.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html>
    pub struct Vpc: "AWS::EC2::VPC" / "aws_vpc", link Attr::by_ref("id"),
        attrs [Self::CIDR_BLOCK, Self::DEFAULT_SECURITY_GROUP, Self::DEFAULT_NETWORK_ACL, Self::MAIN_ROUTE_TABLE,
            Self::DEFAULT_ROUTE_TABLE],
        import "VpcId" / "{id}";
    one {
        /// Its IPv4 range, from /16 to /28.
        cidr_block: Value<Cidr> = "CidrBlock" / "cidr_block",
    }
    opt {
        /// Whether the VPC's resolver answers. Default: it does.
        enable_dns_support: Value<bool> = "EnableDnsSupport" / "enable_dns_support",
        /// Whether private DNS of endpoints can be on. Default: it cannot.
        enable_dns_hostnames: Value<bool> = "EnableDnsHostnames" / "enable_dns_hostnames",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Vpc {
    /// Its IPv4 range.
    pub const CIDR_BLOCK: Attr = Attr::by_get_att("CidrBlock", "cidr_block");
    /// The group of what names none.
    pub const DEFAULT_SECURITY_GROUP: Attr =
        Attr::by_get_att("DefaultSecurityGroup", "default_security_group_id");
    /// The filter of subnets that no other names.
    pub const DEFAULT_NETWORK_ACL: Attr =
        Attr::by_get_att("DefaultNetworkAcl", "default_network_acl_id");
    /// The table of subnets that have none; CloudFormation cannot name it.
    pub const MAIN_ROUTE_TABLE: Attr = Attr::by_get_att("", "main_route_table_id");
    /// The table that the VPC was made with, which is the main one unless it was changed.
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
                    format!("a VPC's range is from /16 to /28, not `{cidr}`"),
                )
                .path(node.path.clone())
                .at(node.location.clone())
                .about(&["cidr"])
                .help("take a range such as `10.0.0.0/16`"),
            );
        } else if let Some(cidr) = self.cidr_block.lit()
            && let Some(other) = Cidr::NOT_FOR_VPCS
                .iter()
                .find(|other| other.overlaps(*cidr))
        {
            out.push(
                Diagnostic::error(
                    "vpc-cidr",
                    format!("`{cidr}` is in `{other}`, where no VPC can be"),
                )
                .path(node.path.clone())
                .at(node.location.clone())
                .help("take a private range such as `10.0.0.0/16`"),
            );
        }
    }
}

resource! {
    /// A further range of a VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpccidrblock.html>
    pub struct VpcCidrBlock: "AWS::EC2::VPCCidrBlock" / "aws_vpc_ipv4_cidr_block_association",
        link Attr::by_ref("id"),
        import "Id,VpcId" / "{id}";
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / "vpc_id",
    }
    opt {
        /// The range. Default: AWS gives one of IPv6.
        cidr_block: Value<Cidr> = "CidrBlock" / "cidr_block",
    }
}

impl Hooks for VpcCidrBlock {}
