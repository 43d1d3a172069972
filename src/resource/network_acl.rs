use super::table::{Unfolded, lift_items, nested, resource};
use super::{Hooks, Map, Subnet, Tags, Typed, Vpc, codec::UnmodeledNotes, tagged};
use crate::ir::{Attr, Cidr, Dialect, Expr, Link, NodeId, Text, Value};

nested! {
    /// An entry nested in a network ACL, in Terraform.
    pub struct InlineEntry
    one {
        /// The rule number, which sets the order.
        rule_number: Value<i64> = / doc "rule_no",
        /// `tcp`, a number, or `-1`.
        protocol: Value<Text> = / "protocol",
        /// `allow` or `deny`.
        rule_action: Value<Text> = / doc "action",
    }
    opt {
        /// The IPv4 range of the peer.
        cidr_block: Value<Cidr> = / "cidr_block",
        /// The IPv6 range of the peer.
        ipv6_cidr_block: Value<Text> = / "ipv6_cidr_block",
        /// The first port.
        from_port: Value<i64> = / "from_port",
        /// The last port.
        to_port: Value<i64> = / "to_port",
    }
    inert {
        "" / "icmp_code" = "only ICMP",
        "" / "icmp_type" = "only ICMP",
    }
}

impl InlineEntry {
    fn of(self, acl: Link<NetworkAcl>, egress: bool) -> NetworkAclEntry {
        let mut entry =
            NetworkAclEntry::new(acl, self.rule_number, self.protocol, self.rule_action)
                .egress(egress);
        let ipv6 = |value: &Value<Text>| value.lit().is_none_or(|text| !text.is_empty());
        entry.ipv6_cidr_block = self.ipv6_cidr_block.filter(ipv6);
        // A plan contains empty strings for missing values.
        let empty = Value::Expr(Expr::Opaque(Text::Borrowed("")));
        entry.cidr_block = self.cidr_block.filter(|cidr| *cidr != empty);
        entry.from_port = self.from_port;
        entry.to_port = self.to_port;
        entry
    }
}

resource! {
    /// A network ACL. Without entries, it denies all traffic.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-networkacl.html>
    pub struct NetworkAcl: "AWS::EC2::NetworkAcl" / "aws_network_acl", link Attr::by_ref("id"),
        import "Id" / "{id}";
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

fn unfold_entries(
    map: &mut Map<'_>,
    acl: &Link<NetworkAcl>,
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) -> Vec<Unfolded> {
    let mut out = Vec::new();
    for (name, egress) in [("ingress", false), ("egress", true)] {
        let entries: Vec<InlineEntry> = lift_items(map, name, dialect, unmodeled);
        let entry = |entry: InlineEntry| Unfolded::new(name, entry.of(acl.clone(), egress));
        out.extend(entries.into_iter().map(entry));
    }
    out
}

impl Hooks for NetworkAcl {
    tagged!();

    fn unfold(
        map: &mut Map<'_>,
        this: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        if dialect == Dialect::Cfn {
            return Vec::new();
        }
        let acl: Link<NetworkAcl> = Value::Expr(this.at(Self::LINK));
        let mut out = unfold_entries(map, &acl, dialect, unmodeled);
        let subnets: Vec<Link<Subnet>> = lift_items(map, "subnet_ids", dialect, unmodeled);
        for subnet in subnets {
            let tie = SubnetNetworkAclAssociation::new(subnet, acl.clone());
            out.push(Unfolded::new("subnet_ids", tie));
        }
        out
    }
}

resource! {
    /// The default network ACL of a VPC, adopted by Terraform, which removes entries that it does
    /// not list.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_network_acl>
    pub struct DefaultNetworkAcl: / "aws_default_network_acl", link Attr::by_ref("id"),
        import "" / "{id}";
    one {
        /// The ID of the network ACL, an attribute of the VPC.
        default_network_acl: Value<Text> = / doc "default_network_acl_id",
    }
    many {
        /// The subnets. Default: those without another network ACL.
        subnets: Link<Subnet> = / doc "subnet_ids",
    }
    inert {
        "" / "vpc_id" = "AWS sets it",
    }
}

impl Hooks for DefaultNetworkAcl {
    fn unfold(
        map: &mut Map<'_>,
        this: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        unfold_entries(map, &Value::Expr(this.at(Self::LINK)), dialect, unmodeled)
    }
}

resource! {
    /// An entry of a network ACL. The lowest matching rule number applies.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-networkaclentry.html>
    pub struct NetworkAclEntry: "AWS::EC2::NetworkAclEntry" / "aws_network_acl_rule",
        link Attr::by_ref("id"),
        import "" / "{network_acl_id}:{rule_number}:{protocol}:{egress}";
    one {
        /// The network ACL.
        network_acl: Link<NetworkAcl> = "NetworkAclId" / doc "network_acl_id",
        /// The rule number, from 1 to 32766, which sets the order.
        rule_number: Value<i64> = "RuleNumber" / "rule_number",
        /// The protocol number, such as `6` for TCP, or `-1` for all. Terraform also accepts names.
        protocol: Value<Text> = "Protocol" / "protocol",
        /// `allow` or `deny`.
        rule_action: Value<Text> = "RuleAction" / "rule_action",
    }
    opt {
        /// Whether to apply the entry to outbound traffic. Default: `false`.
        egress: Value<bool> = "Egress" / "egress",
        /// The IPv4 range of the peer.
        cidr_block: Value<Cidr> = "CidrBlock" / "cidr_block",
        /// The IPv6 range of the peer.
        ipv6_cidr_block: Value<Text> = "Ipv6CidrBlock" / "ipv6_cidr_block",
        /// The first port.
        from_port: Value<i64> = "PortRange"."From" / "from_port",
        /// The last port.
        to_port: Value<i64> = "PortRange"."To" / "to_port",
    }
    inert {
        "Icmp" / "" = "only ICMP",
        "" / "icmp_code" = "only ICMP",
        "" / "icmp_type" = "only ICMP",
    }
}

impl Hooks for NetworkAclEntry {}

resource! {
    /// The association of a network ACL with a subnet.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnetnetworkaclassociation.html>
    pub struct SubnetNetworkAclAssociation:
        "AWS::EC2::SubnetNetworkAclAssociation" / "aws_network_acl_association",
        link Attr::by_ref("id"),
        import "AssociationId" / "{id}";
    one {
        /// The subnet.
        subnet: Link<Subnet> = "SubnetId" / doc "subnet_id",
        /// The network ACL.
        network_acl: Link<NetworkAcl> = "NetworkAclId" / doc "network_acl_id",
    }
}

impl Hooks for SubnetNetworkAclAssociation {}
