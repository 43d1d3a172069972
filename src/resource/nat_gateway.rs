use super::{Eip, Hooks, Subnet, Tags, table::resource, tagged};
use crate::ir::{Attr, Link, Value, words};

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
    pub struct NatGateway: "AWS::EC2::NatGateway" / "aws_nat_gateway", link Attr::by_ref("id"),
        import "NatGatewayId" / "{id}",
        replaced_if [
            "secondary_private_ip_address_count" = "only if connectivity_type is private and the new value is set",
        ];
    one {
        /// The subnet, with a route to an internet gateway.
        subnet: Link<Subnet> = "SubnetId" / "subnet_id",
    }
    opt {
        /// Its public address. Default: none.
        allocation: Link<Eip> = "AllocationId" / "allocation_id",
        /// The connectivity type. Default: public.
        connectivity_type: Value<ConnectivityType> = "ConnectivityType" / "connectivity_type",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "MaxDrainDurationSeconds" / "" = "only when addresses are removed",
        "SecondaryAllocationIds" / "secondary_allocation_ids" = "only additional addresses",
        "SecondaryPrivateIpAddressCount" / "secondary_private_ip_address_count" = "only additional addresses",
        "SecondaryPrivateIpAddresses" / "secondary_private_ip_addresses" = "only additional addresses",
        "PrivateIpAddress" / "private_ip" = "an address of the subnet",
        "" / "association_id" = "AWS sets it",
        "" / "network_interface_id" = "AWS sets it",
        "" / "public_ip" = "AWS sets it",
    }
}

impl Hooks for NatGateway {
    tagged!();
}
