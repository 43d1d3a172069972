use super::table::resource;
use super::{Hooks, Tags, tagged};
use crate::ir::{Attr, Cidr, Diagnostic, Diagnostics, Node, Value};

resource! {
    /// A virtual network.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html>
    pub struct Vpc: "AWS::EC2::VPC" / "aws_vpc", link Attr::by_ref("id");
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
                .at(node.place.clone())
                .help("take a range such as `10.0.0.0/16`"),
            );
        }
    }
}
