use super::{Hooks, Node, Tags, Vpc, table::resource, tagged};
use crate::ir::{Attr, Cidr, Diagnostic, Diagnostics, Expr, Link, Text, Value};

resource! {
    /// A subnet of a VPC, in one Availability Zone.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnet.html>
    pub struct Subnet: "AWS::EC2::Subnet" / "aws_subnet", link Attr::by_ref("id"),
        attrs [Self::CIDR_BLOCK, Self::VPC],
        import "SubnetId" / "{id}";
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
        /// The IPv4 range, from /16 to /28, in the range of the VPC.
        cidr_block: Value<Cidr> = "CidrBlock" / "cidr_block",
        /// The Availability Zone.
        availability_zone: Value<Text> = "AvailabilityZone" / "availability_zone",
    }
    opt {
        /// Whether to assign public IPv4 addresses to instances. Default: `false`.
        map_public_ip_on_launch: Value<bool> = "MapPublicIpOnLaunch" / "map_public_ip_on_launch",
        /// The ID of the Availability Zone, instead of its name.
        availability_zone_id: Value<Text> = "AvailabilityZoneId" / "availability_zone_id",
        /// The IPv6 range. Default: none.
        ipv6_cidr_block: Value<Text> = "Ipv6CidrBlock" / "ipv6_cidr_block",
        /// Whether to assign IPv6 addresses to network interfaces. Default: `false`.
        assign_ipv6_address_on_creation: Value<bool> =
            "AssignIpv6AddressOnCreation" / "assign_ipv6_address_on_creation",
        /// Whether to use IPv6 only. Default: `false`.
        ipv6_native: Value<bool> = "Ipv6Native" / "ipv6_native",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "Ipv6CidrBlocks" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6IpamPoolId" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "Ipv6NetmaskLength" / "" = "the names of the services have IPv6 addresses only by an endpoint",
        "" / "ipv6_cidr_block_association_id" = "the names of the services have IPv6 addresses only by an endpoint",
        "PrivateDnsNameOptionsOnLaunch" / "" = "the agent uses the names of the services",
        "" / "enable_resource_name_dns_a_record_on_launch" = "the agent uses the names of the services",
        "" / "enable_resource_name_dns_aaaa_record_on_launch" = "the agent uses the names of the services",
        "" / "private_dns_hostname_type_on_launch" = "the agent uses the names of the services",
    }
}

impl Subnet {
    /// The IPv4 range.
    pub const CIDR_BLOCK: Attr = Attr::by_get_att("CidrBlock", "cidr_block");
    /// The VPC.
    pub const VPC: Attr = Attr::by_get_att("VpcId", "vpc_id");
}

impl Hooks for Subnet {
    tagged!();

    /// A new or impaired zone moves the others in the list of the Region. Without this, Terraform
    /// would replace the subnet: <https://github.com/hashicorp/terraform-provider-aws/issues/530>.
    fn tf_ignored(&self) -> &'static [&'static str] {
        match self.availability_zone {
            Value::Expr(Expr::Zone(_)) => &["availability_zone"],
            _ => &[],
        }
    }

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        if let Some(cidr) = self.cidr_block.lit()
            && !(16..=28).contains(&cidr.prefix_len())
        {
            out.push(
                Diagnostic::error(
                    "subnet-cidr",
                    format!(
                        "`{cidr}` is not a subnet range; expected a prefix length from /16 to /28"
                    ),
                )
                .path(node.path.clone())
                .at(node.location.clone())
                .about(&["subnet_cidrs"])
                .help("use a range such as `10.0.0.0/20`"),
            );
        }
    }
}
