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
        network_interface: Link<NetworkInterface> = "" / "network_interface",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for Eip {
    tagged!();
}
