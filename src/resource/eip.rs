use super::{Hooks, Instance, NetworkInterface, Tags, table::resource, tagged};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// An Elastic IP address.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-eip.html>
    pub struct Eip: "AWS::EC2::EIP" / "aws_eip", link Attr::by_get_att("AllocationId", "id"),
        import "PublicIp,AllocationId" / "{allocation_id}";
    opt {
        /// The scope, always `vpc`.
        domain: Value<Text> = "Domain" / "domain",
        /// The instance of the address. Default: none.
        instance: Link<Instance> = "InstanceId" / "instance",
        /// The network interface of the address. Default: none.
        network_interface: Link<NetworkInterface> = / "network_interface",
        /// The private address with which to associate it. Default: the primary one.
        private_ip_address: Value<Text> = / doc "associate_with_private_ip",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "Address" / "address" = "only which address",
        "IpamPoolId" / "ipam_pool_id" = "only which address",
        "NetworkBorderGroup" / "network_border_group" = "only which address",
        "PublicIpv4Pool" / "public_ipv4_pool" = "only which address",
        "TransferAddress" / "" = "only which address",
        "" / "allocation_id" = "AWS sets it",
        "" / "association_id" = "AWS sets it",
        "" / "private_dns" = "AWS sets it",
        "" / "private_ip" = "AWS sets it",
        "" / "ptr_record" = "AWS sets it",
        "" / "public_dns" = "AWS sets it",
        "" / "public_ip" = "AWS sets it",
        "" / "vpc" = "AWS sets it",
    }
}

impl Hooks for Eip {
    tagged!();
}
