use super::{Eip, Hooks, Subnet, Tags, codec::words, table::resource, tagged};
use crate::ir::{Attr, Link, Value};

words! {
    /// Whether a NAT gateway leads out.
    #[non_exhaustive]
    pub enum ConnectivityType {
        /// To the internet, from a public subnet.
        Public = "public",
        /// To other private networks only.
        Private = "private",
    }
}

resource! {
    /// A way out for instances without a public address.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-natgateway.html>
    pub struct NatGateway: "AWS::EC2::NatGateway" / "aws_nat_gateway", link Attr::by_ref("id"),
        import "NatGatewayId" / "{id}";
    one {
        /// Where it is: a subnet with a route to an internet gateway.
        subnet: Link<Subnet> = "SubnetId" / "subnet_id",
    }
    opt {
        /// Its public address. Default: none.
        allocation: Link<Eip> = "AllocationId" / "allocation_id",
        /// Whether it leads out. Default: it does.
        connectivity_type: Value<ConnectivityType> = "ConnectivityType" / "connectivity_type",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for NatGateway {
    tagged!();
}
