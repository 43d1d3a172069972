use super::{Hooks, Instance, NetworkInterface, Node, Tags, table::resource, tagged};
use crate::ir::{Attr, Diagnostics, Link, Text, Value, nearest, quoted};

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

    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html>
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        const DOMAINS: [&str; 2] = ["vpc", "standard"];
        let domain = self.domain.as_ref().and_then(Value::lit);
        let other = domain.filter(|it| !DOMAINS.contains(&it.as_ref()) && node.keeps("domain"));
        if let Some(other) = other {
            let message = format!("`domain` is {}, and EC2 accepts `vpc`", quoted(other));
            let found = node.error("eip-domain", message).about(&["domain"]);
            out.push(found.help(nearest(other, DOMAINS.into_iter())));
        }
    }
}
