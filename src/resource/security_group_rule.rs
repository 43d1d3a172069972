//! Rules nested in a security group, and Terraform rules with several peers.

use super::table::{Unfolded, lift_field, lift_items, nested, resource};
use super::{
    Hooks, Map, PrefixList, RawValue, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress,
    codec::UnmodeledNotes,
};
use crate::ir::{Attr, Cidr, Dialect, Expr, Link, NodeId, Text, Value};

nested! {
    /// A rule nested in a security group. CloudFormation has one peer. Terraform has any number,
    /// each of which is a separate rule in EC2.
    pub struct InlineRule
    one {
        /// `tcp`, `udp`, `icmp`, a protocol number, or `-1` for all.
        ip_protocol: Value<Text> = "IpProtocol" / doc "protocol",
    }
    opt {
        /// The first port.
        from_port: Value<i64> = "FromPort" / "from_port",
        /// The last port.
        to_port: Value<i64> = "ToPort" / "to_port",
        /// The IPv4 range of the peer.
        cidr_ip: Value<Cidr> = "CidrIp" / "",
        /// The IPv6 range of the peer.
        cidr_ipv6: Value<Text> = "CidrIpv6" / "",
        /// The peer security group of an inbound rule.
        source: Link<SecurityGroup> = "SourceSecurityGroupId" / doc "source_security_group_id",
        /// The peer security group, by name.
        source_name: Value<Text> = "SourceSecurityGroupName" / "",
        /// The peer security group of an outbound rule.
        destination: Link<SecurityGroup> = "DestinationSecurityGroupId" / "",
        /// The prefix list of the peer, of an inbound rule.
        source_prefix_list: Link<PrefixList> = "SourcePrefixListId" / "",
        /// The prefix list of the peer, of an outbound rule.
        destination_prefix_list: Link<PrefixList> = "DestinationPrefixListId" / "",
        /// The description.
        description: Value<Text> = "Description" / "description",
        /// Whether to include the security group itself as a peer.
        this_group: Value<bool> = / doc "self",
    }
    many {
        /// IPv4 ranges of peers.
        cidr_blocks: Value<Cidr> = / "cidr_blocks",
        /// IPv6 ranges of peers.
        ipv6_cidr_blocks: Value<Text> = / "ipv6_cidr_blocks",
        /// Peer security groups.
        security_groups: Link<SecurityGroup> = / "security_groups",
        /// Prefix lists of peers.
        prefix_lists: Link<PrefixList> = / doc "prefix_list_ids",
    }
    inert {
        "SourceSecurityGroupOwnerId" / "" = "the ID determines the group",
        "" / "security_group_rule_id" = "AWS sets it",
    }
}

/// The peer of a rule.
enum Peer {
    Cidr(Value<Cidr>),
    Ipv6(Value<Text>),
    Group(Link<SecurityGroup>),
    PrefixList(Link<PrefixList>),
    /// A peer that the model does not support.
    Other,
}

impl InlineRule {
    fn peers(&mut self, group: &Expr) -> Vec<Peer> {
        let mut peers = Vec::new();
        let cidrs = std::mem::take(&mut self.cidr_blocks);
        peers.extend(self.cidr_ip.take().into_iter().chain(cidrs).map(Peer::Cidr));
        let ranges = std::mem::take(&mut self.ipv6_cidr_blocks);
        peers.extend(
            self.cidr_ipv6
                .take()
                .into_iter()
                .chain(ranges)
                .map(Peer::Ipv6),
        );
        let groups = std::mem::take(&mut self.security_groups);
        let single = self
            .source
            .take()
            .into_iter()
            .chain(self.destination.take());
        peers.extend(single.chain(groups).map(Peer::Group));
        let lists = std::mem::take(&mut self.prefix_lists);
        let single = self.source_prefix_list.take().into_iter();
        let single = single.chain(self.destination_prefix_list.take());
        peers.extend(single.chain(lists).map(Peer::PrefixList));
        match self.this_group.take() {
            Some(Value::Lit(true)) => peers.push(Peer::Group(Value::Expr(group.clone()))),
            Some(Value::Expr(_)) => peers.push(Peer::Other),
            Some(Value::Lit(false)) | None => {}
        }
        if self.source_name.is_some() {
            peers.push(Peer::Other);
        }
        peers
    }

    fn unfold(mut self, group: &Expr, property: &'static str, egress: bool) -> Vec<Unfolded> {
        let peers = self.peers(group);
        let rule = |peer: Peer| {
            // An unknown peer becomes a rule that can match.
            let maybe = matches!(peer, Peer::Other);
            let group = Value::Expr(group.clone());
            let opaque = || Value::Expr(Expr::Opaque(Text::Borrowed("a peer")));
            let mut unfolded = if egress {
                let mut rule = SecurityGroupEgress::new(group, self.ip_protocol.clone());
                rule.from_port.clone_from(&self.from_port);
                rule.to_port.clone_from(&self.to_port);
                rule.description.clone_from(&self.description);
                match peer {
                    Peer::Cidr(cidr) => rule.cidr_ip = Some(cidr),
                    Peer::Ipv6(cidr) => rule.cidr_ipv6 = Some(cidr),
                    Peer::Group(group) => rule.destination = Some(group),
                    Peer::PrefixList(list) => rule.destination_prefix_list = Some(list),
                    Peer::Other => rule.destination = Some(opaque()),
                }
                Unfolded::new(property, rule)
            } else {
                let mut rule = SecurityGroupIngress::new(group, self.ip_protocol.clone());
                rule.from_port.clone_from(&self.from_port);
                rule.to_port.clone_from(&self.to_port);
                rule.description.clone_from(&self.description);
                match peer {
                    Peer::Cidr(cidr) => rule.cidr_ip = Some(cidr),
                    Peer::Ipv6(cidr) => rule.cidr_ipv6 = Some(cidr),
                    Peer::Group(group) => rule.source = Some(group),
                    Peer::PrefixList(list) => rule.source_prefix_list = Some(list),
                    Peer::Other => rule.source = Some(opaque()),
                }
                Unfolded::new(property, rule)
            };
            unfolded.is_conditional = maybe;
            unfolded
        };
        peers.into_iter().map(rule).collect()
    }
}

/// Names of nested rules: direction, CloudFormation property, Terraform block.
pub(crate) const INSIDE: [(&str, &str, &str); 2] = [
    ("ingress", "SecurityGroupIngress", "ingress"),
    ("egress", "SecurityGroupEgress", "egress"),
];

/// Returns the rules nested in a security group.
pub(crate) fn unfold_rules(
    map: &mut Map<'_>,
    group: &Expr,
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) -> Vec<Unfolded> {
    let mut out = Vec::new();
    for (own, cfn, tf) in INSIDE {
        let (name, egress) = (dialect.pick(cfn, tf), own == "egress");
        // A list that the file does not resolve can contain any rule.
        if let Some(RawValue::Expr(expr)) = map.get(name) {
            let peer = Value::Expr(expr.as_ref().clone());
            map.remove(name);
            let group = Value::Expr(group.clone());
            let mut rule = if egress {
                Unfolded::new(
                    name,
                    SecurityGroupEgress::new(group, "-1").destination(peer),
                )
            } else {
                Unfolded::new(name, SecurityGroupIngress::new(group, "-1").source(peer))
            };
            rule.is_conditional = true;
            out.push(rule);
            continue;
        }
        let rules: Vec<InlineRule> = lift_items(map, name, dialect, unmodeled);
        let rules = rules.into_iter();
        out.extend(rules.flat_map(|rule| rule.unfold(group, name, egress)));
    }
    out
}

resource! {
    /// Rules of a security group with several peers, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group_rule>
    pub struct SecurityGroupRule: / "aws_security_group_rule", link Attr::by_ref("id"),
        import "" / "{security_group_id}_{type}_{protocol}_{from_port}_{to_port}_{cidr_blocks|ipv6_cidr_blocks|prefix_list_ids|source_security_group_id|self}";
    one {
        /// The security group.
        group: Link<SecurityGroup> = / doc "security_group_id",
        /// `ingress` or `egress`.
        direction: Value<Text> = / doc "type",
    }
}

impl Hooks for SecurityGroupRule {
    fn unfold(
        map: &mut Map<'_>,
        _: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        if dialect == Dialect::Cfn {
            return Vec::new();
        }
        let egress = matches!(map.get("type"), Some(RawValue::Str(text)) if text == "egress");
        let group = match map.get("security_group_id") {
            Some(RawValue::Expr(expr)) => expr.as_ref().clone(),
            Some(RawValue::Str(id)) => Expr::Text(Text::Owned(id.to_string())),
            _ => return Vec::new(),
        };
        let keep = ["security_group_id", "type"].map(|name| (name, map.remove(name)));
        let rule: Option<InlineRule> =
            lift_field(&mut wrap(map), ("rule", "rule"), dialect, unmodeled);
        for (name, term) in keep {
            if let Some(term) = term {
                map.insert(name, term);
            }
        }
        rule.map(|rule| rule.unfold(&group, "type", egress))
            .unwrap_or_default()
    }
}

/// Returns the arguments of the resource as a nested rule.
fn wrap<'a>(map: &mut Map<'a>) -> Map<'a> {
    let mut outer = Map::default();
    outer.insert("rule", RawValue::Block(std::mem::take(map)));
    outer
}
