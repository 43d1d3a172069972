use super::{
    Hooks, Node, PrefixList, SecurityGroup,
    security_group::{OTHER_PEER, check_description, check_peers},
    table::resource,
};
use crate::ir::{Attr, Cidr, Diagnostics, Link, Text, Value};

resource! {
    /// An inbound rule of a security group.
    ///
    /// Exactly one peer is required: a security group, an IP range or a prefix list.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupingress.html>
    pub struct SecurityGroupIngress:
        "AWS::EC2::SecurityGroupIngress" / "aws_vpc_security_group_ingress_rule",
        link Attr::by_ref("id"),
        import "Id" / "{id}",
        replaced_if [
            "cidr_ipv4" = OTHER_PEER,
            "cidr_ipv6" = OTHER_PEER,
            "prefix_list_id" = OTHER_PEER,
            "referenced_security_group_id" = OTHER_PEER,
        ];
    one {
        /// The security group.
        group: Link<SecurityGroup> = "GroupId" / doc "security_group_id",
        /// `tcp`, `udp`, `icmp`, a protocol number, or `-1` for all.
        ip_protocol: Value<Text> = "IpProtocol" / "ip_protocol",
    }
    opt {
        /// The first port. Default: all ports.
        from_port: Value<i64> = "FromPort" / "from_port",
        /// The last port. Default: all ports.
        to_port: Value<i64> = "ToPort" / "to_port",
        /// The peer security group.
        source: Link<SecurityGroup> = "SourceSecurityGroupId" / doc "referenced_security_group_id",
        /// The IPv4 range of the peer.
        cidr_ip: Value<Cidr> = "CidrIp" / doc "cidr_ipv4",
        /// The IPv6 range of the peer.
        cidr_ipv6: Value<Text> = "CidrIpv6" / "cidr_ipv6",
        /// The prefix list of the peer.
        source_prefix_list: Link<PrefixList> = "SourcePrefixListId" / doc "prefix_list_id",
        /// The description. Default: none.
        description: Value<Text> = "Description" / "description",
    }
    inert {
        "" / "security_group_rule_id" = "AWS sets it",
        "SourceSecurityGroupOwnerId" / "" = "the ID determines the group",
    }
}

impl SecurityGroupIngress {
    /// Creates a rule for TCP port 443.
    pub fn https(group: impl crate::ir::IntoValue<Link<SecurityGroup>>) -> Self {
        SecurityGroupIngress::new(group, "tcp")
            .from_port(443)
            .to_port(443)
    }
}

impl Hooks for SecurityGroupIngress {
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        if let Some(text) = &self.description {
            check_description(text, node, out);
        }
        let peers = [
            self.source.is_some(),
            self.cidr_ip.is_some(),
            self.cidr_ipv6.is_some(),
            self.source_prefix_list.is_some(),
        ];
        check_peers(&peers, "source", node, out);
    }
}
