use super::{Hooks, Node, Tags, Vpc, table::resource, tagged};
use crate::ir::{Attr, Cidr, Diagnostic, Diagnostics, Link, Text, Value};

resource! {
    /// A part of a VPC in one availability zone.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnet.html>
    pub struct Subnet: "AWS::EC2::Subnet" / "aws_subnet", link Attr::by_ref("id"),
        attrs [Self::CIDR_BLOCK, Self::VPC],
        import "SubnetId" / "{id}";
    one {
        /// The VPC it belongs to.
        vpc: Link<Vpc> = "VpcId" / "vpc_id",
        /// Its IPv4 range, from /16 to /28, inside the VPC's.
        cidr_block: Value<Cidr> = "CidrBlock" / "cidr_block",
        /// Its zone.
        availability_zone: Value<Text> = "AvailabilityZone" / "availability_zone",
    }
    opt {
        /// Whether instances get a public address. Default: they do not.
        map_public_ip_on_launch: Value<bool> = "MapPublicIpOnLaunch" / "map_public_ip_on_launch",
        /// Whether it has no IPv4 addresses. Default: it has.
        ipv6_native: Value<bool> = "Ipv6Native" / "ipv6_native",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Subnet {
    /// Its IPv4 range.
    pub const CIDR_BLOCK: Attr = Attr::by_get_att("CidrBlock", "cidr_block");
    /// Its VPC.
    pub const VPC: Attr = Attr::by_get_att("VpcId", "vpc_id");
}

impl Hooks for Subnet {
    tagged!();

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        if let Some(cidr) = self.cidr_block.lit()
            && !(16..=28).contains(&cidr.prefix_len())
        {
            out.push(
                Diagnostic::error(
                    "subnet-cidr",
                    format!("a subnet's range is from /16 to /28, not `{cidr}`"),
                )
                .path(node.path.clone())
                .at(node.location.clone())
                .about(&["subnet_cidrs"])
                .help("take a range such as `10.0.0.0/20`"),
            );
        }
    }
}
