use super::table::{Fields, resource};
use super::{
    Graph, Hooks, Map, Node, PrefixList, SecurityGroup,
    security_group::{OTHER_PEER, check_description, check_peers},
};
use crate::ir::{Attr, Cidr, Diagnostics, Dialect, Expr, Link, NodeId, Text, Value};

resource! {
    /// An outbound rule of a security group.
    ///
    /// Exactly one peer is required: a security group, an IP range or a prefix list.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroupegress.html>
    pub struct SecurityGroupEgress:
        "AWS::EC2::SecurityGroupEgress" / "aws_vpc_security_group_egress_rule",
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
        destination: Link<SecurityGroup> = "DestinationSecurityGroupId" / doc "referenced_security_group_id",
        /// The IPv4 range of the peer.
        cidr_ip: Value<Cidr> = "CidrIp" / doc "cidr_ipv4",
        /// The IPv6 range of the peer.
        cidr_ipv6: Value<Text> = "CidrIpv6" / "cidr_ipv6",
        /// The prefix list of the peer.
        destination_prefix_list: Link<PrefixList> = "DestinationPrefixListId" / doc "prefix_list_id",
        /// The description. Default: none.
        description: Value<Text> = "Description" / "description",
    }
    inert {
        "" / "security_group_rule_id" = "AWS sets it",
    }
}

impl SecurityGroupEgress {
    /// Creates a rule for TCP port 443.
    pub fn https(group: impl crate::ir::IntoValue<Link<SecurityGroup>>) -> Self {
        SecurityGroupEgress::new(group, "tcp")
            .from_port(443)
            .to_port(443)
    }

    pub(crate) fn without_group(&self, dialect: Dialect) -> Map<'_> {
        let mut map = Map::default();
        self.put_fields(dialect, &mut map);
        map.remove_path(dialect.pick("GroupId", "security_group_id"));
        map
    }
}

impl Hooks for SecurityGroupEgress {
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        if let Some(text) = &self.description {
            check_description(text, node, out);
        }
        let peers = [
            self.destination.is_some(),
            self.cidr_ip.is_some(),
            self.cidr_ipv6.is_some(),
            self.destination_prefix_list.is_some(),
        ];
        check_peers(&peers, "destination", node, out);
    }

    // Nested only if everything it refers to precedes the group: this avoids circular dependencies.
    fn cfn_inside(&self, this: NodeId, graph: &Graph) -> Option<NodeId> {
        let Value::Expr(Expr::Attr(group, _)) = &self.group else {
            return None;
        };
        let node = graph.node(this)?;
        if !node.overrides.is_empty()
            || node.condition.is_some()
            || graph.node(*group)?.stack != node.stack
        {
            return None;
        }
        let earlier = self
            .without_group(Dialect::Cfn)
            .references()
            .iter()
            .all(|peer| peer < group);
        earlier.then_some(*group)
    }
}
