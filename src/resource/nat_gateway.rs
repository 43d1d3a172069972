use super::codec::words;
use super::table::resource;
use super::{Hooks, Subnet, Tags, tagged};
use crate::ir::{Attr, Link, Text, Value};

words! {
    /// The connectivity type of a NAT gateway.
    #[non_exhaustive]
    pub enum ConnectivityType {
        /// To the internet, from a public subnet.
        Public = "public",
        /// To other private networks only.
        Private = "private",
    }
}

resource! {
    /// A NAT gateway.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-natgateway.html>
    pub struct NatGateway: "AWS::EC2::NatGateway" / "aws_nat_gateway", link Attr::by_ref("id");
    one {
        /// The subnet, with a route to an internet gateway.
        subnet: Link<Subnet> = "SubnetId" / "subnet_id",
    }
    opt {
        /// The allocation ID of the Elastic IP address. Default: none.
        allocation: Value<Text> = "AllocationId" / "allocation_id",
        /// The connectivity type. Default: public.
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
