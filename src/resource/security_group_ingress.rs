use super::{
    Hooks, Node, PrefixList, SecurityGroup, security_group::check_description, table::resource,
};
use crate::ir::{Attr, Cidr, Diagnostics, Link, Text, Value};

resource! {
    /// One inbound rule of a security group.
    ///
    /// Exactly one peer is given: a group, a range or a prefix list.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupingress.html>
    pub struct SecurityGroupIngress:
        "AWS::EC2::SecurityGroupIngress" / "aws_vpc_security_group_ingress_rule",
        link Attr::by_ref("id"),
        import "Id" / "{id}";
    one {
        /// The group it belongs to.
        group: Link<SecurityGroup> = "GroupId" / "security_group_id",
        /// `tcp`, `udp`, `icmp`, a number, or `-1` for everything.
        ip_protocol: Value<Text> = "IpProtocol" / "ip_protocol",
    }
    opt {
        /// The first port. Default: all ports.
        from_port: Value<i64> = "FromPort" / "from_port",
        /// The last port. Default: all ports.
        to_port: Value<i64> = "ToPort" / "to_port",
        /// The peer as a group.
        source: Link<SecurityGroup> = "SourceSecurityGroupId" / "referenced_security_group_id",
        /// The peer as a range.
        cidr_ip: Value<Cidr> = "CidrIp" / "cidr_ipv4",
        /// The peer as a range of IPv6.
        cidr_ipv6: Value<Text> = "CidrIpv6" / "cidr_ipv6",
        /// The peer as a prefix list.
        source_prefix_list: Link<PrefixList> = "SourcePrefixListId" / "prefix_list_id",
        /// What it is for. Default: nothing is said.
        description: Value<Text> = "Description" / "description",
    }
}

impl SecurityGroupIngress {
    /// TCP to port 443.
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
    }
}
