use super::table::{Unfolded, resource};
use super::{
    Graph, Hooks, Map, Node, RawValue, Resource, Satellite, SecurityGroupEgress, Tags, Typed, Vpc,
    codec::UnmodeledNotes, security_group_rule::unfold_rules, tagged,
};
use crate::ir::{Attr, Cidr, Diagnostic, Diagnostics, Dialect, Expr, Link, NodeId, Text, Value};

resource! {
    /// A security group. Rules are separate resources; without rules, it allows no traffic in
    /// either language.
    ///
    /// CloudFormation keeps EC2's default rule, which allows all outbound traffic, unless the group
    /// contains an outbound rule. Outbound rules are therefore nested in the group there, and a
    /// group without any contains a rule for `127.0.0.1/32`, as AWS documents.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html>
    pub struct SecurityGroup: "AWS::EC2::SecurityGroup" / "aws_security_group",
        link Attr::by_get_att("GroupId", "id"),
        import "Id" / "{id}";
    one {
        /// The description, at most 255 characters of `a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`. A change
        /// replaces the security group.
        description: Value<Text> = "GroupDescription" / "description",
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
    }
    opt {
        /// The name. A change replaces the security group. Default: generated.
        group_name: Value<Text> = "GroupName" / doc "name",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "GroupDescription" / "description" = "a text",
        "" / "name_prefix" = "a name",
        "GroupName" / "name" = "a name",
        "" / "revoke_rules_on_delete" = "only when the group is deleted",
    }
}

/// The condition under which a rule in Terraform is replaced by another peer.
pub(crate) const OTHER_PEER: &str = "only if the source changes its kind (another one of cidr_ipv4, \
                                     cidr_ipv6, prefix_list_id, referenced_security_group_id is set)";

/// Reports a rule without exactly one peer, which EC2 rejects.
pub(crate) fn check_peers(peers: &[bool], setter: &str, node: &Node, out: &mut Diagnostics) {
    let found = peers.iter().filter(|is_set| **is_set).count();
    if found != 1 {
        let message = match found {
            0 => "the rule has no peer".to_owned(),
            found => format!("the rule has {found} peers; expected one"),
        };
        out.push(node.error("rule-peer", message).help(format!(
            "set one of `{setter}`, `{setter}_prefix_list`, `cidr_ip` and `cidr_ipv6`"
        )));
    }
}

/// Returns why EC2 does not accept a text as a description or the name of a security group: words after the
/// text.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
pub(crate) fn description_error(text: &str) -> Option<String> {
    let bad = text
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !" ._-:/()#,@[]+=&;{}!$*".contains(*c));
    if let Some(bad) = bad {
        let bad = bad.escape_debug();
        return Some(format!("contains `{bad}`; EC2 does not accept it"));
    }
    (text.len() > 255).then(|| format!("has {} characters; EC2 allows 255", text.len()))
}

/// Reports a description that EC2 does not accept for a security group or a rule.
pub(crate) fn check_description(text: &Value<Text>, node: &Node, out: &mut Diagnostics) {
    let Some(text) = text.lit() else { return };
    let Some(error) = description_error(text) else {
        return;
    };
    let shown = if text.len() > 255 {
        String::new()
    } else {
        format!(" `{text}`")
    };
    out.push(
        Diagnostic::error(
            "security-group-description",
            format!("description{shown} {error}"),
        )
        .path(node.path.clone())
        .at(node.location.clone())
        .help("use letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"),
    );
}

impl Hooks for SecurityGroup {
    tagged!();

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        check_description(&self.description, node, out);
    }

    fn cfn_extra<'a>(&'a self, this: NodeId, graph: &'a Graph, map: &mut Map<'a>) {
        let mut rules: Vec<RawValue<'a>> = inside(this, graph)
            .map(|(_, rule)| RawValue::Object(rule.without_group(Dialect::Cfn)))
            .collect();
        if rules.is_empty() {
            let mut rule = Map::with_capacity(3);
            rule.insert("CidrIp", RawValue::Str(Cidr::LOOPBACK.to_string().into()));
            rule.insert("IpProtocol", RawValue::str("-1"));
            rule.insert("Description", RawValue::str(NOTHING));
            rules.push(RawValue::Object(rule));
        }
        // Before the tags, in the usual order of a template.
        let tags = map.remove_path("Tags");
        map.insert("SecurityGroupEgress", RawValue::List(rules));
        if let Some(tags) = tags {
            map.insert("Tags", tags);
        }
    }

    fn unfold(
        map: &mut Map<'_>,
        this: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        let mut rules = unfold_rules(map, &this.at(Self::LINK), dialect, unmodeled);
        let outbound = |rule: &Unfolded| matches!(rule.resource, Resource::SecurityGroupEgress(_));
        if dialect == Dialect::Cfn && !rules.iter().any(outbound) {
            // EC2's default rule, which CloudFormation keeps. The reader determines later if separate
            // outbound rules replace it.
            let everything = SecurityGroupEgress::new(this.at(Self::LINK), "-1").cidr_ip(Cidr::ANY);
            rules.push(Unfolded::new("", everything));
        }
        rules
    }

    fn satellites(&self, this: NodeId, graph: &Graph) -> Vec<Satellite<'_>> {
        if inside(this, graph).next().is_some() {
            return Vec::new();
        }
        let mut body = Map::with_capacity(4);
        body.insert(
            "security_group_id",
            RawValue::from(Expr::Attr(this, Self::LINK)),
        );
        body.insert(
            "cidr_ipv4",
            RawValue::Str(Cidr::LOOPBACK.to_string().into()),
        );
        body.insert("ip_protocol", RawValue::str("-1"));
        body.insert("description", RawValue::str(NOTHING));
        vec![Satellite {
            tf: "aws_vpc_security_group_egress_rule",
            suffix: "nothing".to_owned(),
            body,
        }]
    }
}

const NOTHING: &str = "Nothing";

/// Returns the outbound rules that CloudFormation nests in the security group.
fn inside(group: NodeId, graph: &Graph) -> impl Iterator<Item = (NodeId, &SecurityGroupEgress)> {
    let stack = graph
        .node(group)
        .and_then(|node| graph.stacks.get(node.stack.index()));
    stack
        .into_iter()
        .flat_map(|stack| graph.nodes_of(stack))
        .filter_map(move |(id, node)| match &node.resource {
            Resource::SecurityGroupEgress(rule) if rule.cfn_inside(id, graph) == Some(group) => {
                Some((id, rule.as_ref()))
            }
            _ => None,
        })
}

resource! {
    /// The default security group of a VPC, adopted by Terraform, which removes rules that it does
    /// not list.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_security_group>
    pub struct DefaultSecurityGroup: / "aws_default_security_group", link Attr::by_ref("id"),
        import "" / "{id}";
    opt {
        /// The VPC. Default: the default VPC.
        vpc: Link<Vpc> = / doc "vpc_id",
    }
    inert {
        "" / "description" = "AWS sets it",
        "" / "name" = "AWS sets it",
        "" / "name_prefix" = "AWS sets it",
        "" / "revoke_rules_on_delete" = "only when the group is deleted",
    }
}

impl Hooks for DefaultSecurityGroup {
    fn unfold(
        map: &mut Map<'_>,
        this: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        unfold_rules(map, &this.at(Self::LINK), dialect, unmodeled)
    }
}
