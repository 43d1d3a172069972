use super::{Eip, Hooks, Instance, NetworkInterface, table::resource};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// The association of an Elastic IP address with an instance or network interface.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-eipassociation.html>
    pub struct EipAssociation: "AWS::EC2::EIPAssociation" / "aws_eip_association",
        link Attr::by_ref("id"),
        import "Id" / "{id}";
    opt {
        /// The Elastic IP address. Default: none.
        allocation: Link<Eip> = "AllocationId" / doc "allocation_id",
        /// The instance. Default: none.
        instance: Link<Instance> = "InstanceId" / doc "instance_id",
        /// The network interface. Default: none.
        network_interface: Link<NetworkInterface> = "NetworkInterfaceId" / doc "network_interface_id",
        /// The private address with which to associate it. Default: the primary one.
        private_ip_address: Value<Text> = "PrivateIpAddress" / "private_ip_address",
        /// The Elastic IP address, by its address. Default: none.
        public_ip: Value<Text> = "EIP" / "public_ip",
    }
    inert {
        "" / "allow_reassociation" = "only whether the address may move",
        "EIP" / "public_ip" = "only which address",
    }
}

impl Hooks for EipAssociation {}
