//! Route 53 Resolver: rules, and DNS Firewall.

use super::table::{Fields, nested, resource};
use super::{Graph, Hooks, Map, RawValue, Satellite, Typed, Vpc};
use crate::ir::{Attr, Dialect, Link, NodeId, Text, Value};

resource! {
    /// A rule that sends queries for a domain to other DNS servers.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53resolver-resolverrule.html>
    pub struct ResolverRule: "AWS::Route53Resolver::ResolverRule" / "aws_route53_resolver_rule",
        link Attr::by_ref("id"),
        import "ResolverRuleId" / "{id}";
    one {
        /// The domain, such as `example.com`, or `.` for all names.
        domain_name: Value<Text> = "DomainName" / "domain_name",
        /// `FORWARD`, or `SYSTEM` to override a rule for a parent domain.
        rule_type: Value<Text> = "RuleType" / "rule_type",
    }
    opt {
        /// The outbound endpoint.
        resolver_endpoint: Value<Text> = "ResolverEndpointId" / doc "resolver_endpoint_id",
        /// The name. Default: none.
        name: Value<Text> = "Name" / "name",
    }
    many {
        /// The DNS servers. Default: none.
        target_ips: ResolverTarget = "TargetIps" / doc "target_ip",
    }
    inert {
        "" / "share_status" = "AWS sets it",
    }
}

nested! {
    /// A DNS server of a resolver rule.
    pub struct ResolverTarget
    opt {
        /// The IPv4 address.
        ip: Value<Text> = "Ip" / "ip",
        /// The port. Default: 53.
        port: Value<i64> = "Port" / "port",
    }
}

impl Hooks for ResolverRule {}

resource! {
    /// The association of a resolver rule with a VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53resolver-resolverruleassociation.html>
    pub struct ResolverRuleAssociation:
        "AWS::Route53Resolver::ResolverRuleAssociation" / "aws_route53_resolver_rule_association",
        link Attr::by_ref("id"),
        import "ResolverRuleAssociationId" / "{id}";
    one {
        /// The resolver rule.
        resolver_rule: Link<ResolverRule> = "ResolverRuleId" / doc "resolver_rule_id",
        /// The VPC.
        vpc: Link<Vpc> = "VPCId" / doc "vpc_id",
    }
    opt {
        /// The name. Default: none.
        name: Value<Text> = "Name" / "name",
    }
}

impl Hooks for ResolverRuleAssociation {}

resource! {
    /// A list of domains for DNS Firewall.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53resolver-firewalldomainlist.html>
    pub struct FirewallDomainList:
        "AWS::Route53Resolver::FirewallDomainList" / "aws_route53_resolver_firewall_domain_list",
        link Attr::by_ref("id"),
        import "Id" / "{id}";
    opt {
        /// The name.
        name: Value<Text> = "Name" / "name",
        /// A file of domains in S3.
        domain_file: Value<Text> = "DomainFileUrl" / "",
    }
    many {
        /// The domains, optionally with a leading `*`. Default: none.
        domains: Value<Text> = "Domains" / "domains",
    }
}

impl Hooks for FirewallDomainList {}

nested! {
    /// A rule of DNS Firewall, nested in its group.
    pub struct FirewallRule
    one {
        /// `ALLOW`, `ALERT` or `BLOCK`.
        action: Value<Text> = "Action" / "action",
        /// The priority; the lowest comes first.
        priority: Value<i64> = "Priority" / "priority",
    }
    opt {
        /// The domains.
        domain_list: Link<FirewallDomainList> = "FirewallDomainListId" / doc "firewall_domain_list_id",
        /// The response to a blocked query.
        block_response: Value<Text> = "BlockResponse" / "block_response",
        /// The type of queries. Default: all types.
        q_type: Value<Text> = "Qtype" / "q_type",
    }
    inert {
        "FirewallDomainRedirectionAction=INSPECT_REDIRECTION_DOMAIN" / "firewall_domain_redirection_action=INSPECT_REDIRECTION_DOMAIN" =
            "the default, and the names of the services have no redirection",
        "BlockOverrideDnsType" / "block_override_dns_type" = "an answer that is not the service",
        "BlockOverrideDomain" / "block_override_domain" = "an answer that is not the service",
        "BlockOverrideTtl" / "block_override_ttl" = "an answer that is not the service",
    }
}

resource! {
    /// A group of DNS Firewall rules. Terraform has separate resources for the rules.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53resolver-firewallrulegroup.html>
    pub struct FirewallRuleGroup:
        "AWS::Route53Resolver::FirewallRuleGroup" / "aws_route53_resolver_firewall_rule_group",
        link Attr::by_ref("id"),
        import "Id" / "{id}",
        satellites ["aws_route53_resolver_firewall_rule" = "{firewall_rule_group_id}:{firewall_domain_list_id}"];
    opt {
        /// The name.
        name: Value<Text> = "Name" / "name",
    }
    many {
        /// The rules. Default: none.
        rules: FirewallRule = "FirewallRules" / "",
    }
    inert {
        "" / "share_status" = "AWS sets it",
    }
}

impl Hooks for FirewallRuleGroup {
    fn satellites(&self, this: NodeId, _graph: &Graph) -> Vec<Satellite<'_>> {
        let rules = self.rules.iter().enumerate();
        rules
            .map(|(n, rule)| {
                let mut body = Map::default();
                let name = format!("rule-{}", n + 1);
                body.insert("name", RawValue::Str(name.clone().into()));
                rule.put_fields(Dialect::Tf, &mut body);
                body.insert(
                    "firewall_rule_group_id",
                    RawValue::from(this.at(Self::LINK)),
                );
                Satellite {
                    tf: "aws_route53_resolver_firewall_rule",
                    suffix: name,
                    body,
                }
            })
            .collect()
    }
}

resource! {
    /// A rule of DNS Firewall, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/route53_resolver_firewall_rule>
    pub struct FirewallGroupRule: / "aws_route53_resolver_firewall_rule",
        link Attr::by_ref("id"),
        import "" / "{firewall_rule_group_id}:{firewall_domain_list_id}";
    one {
        /// The group.
        rule_group: Link<FirewallRuleGroup> = / doc "firewall_rule_group_id",
        /// `ALLOW`, `ALERT` or `BLOCK`.
        action: Value<Text> = / "action",
        /// The priority; the lowest comes first.
        priority: Value<i64> = / "priority",
    }
    opt {
        /// The name.
        name: Value<Text> = / "name",
        /// The domains.
        domain_list: Link<FirewallDomainList> = / doc "firewall_domain_list_id",
        /// The response to a blocked query.
        block_response: Value<Text> = / "block_response",
        /// The type of queries. Default: all types.
        q_type: Value<Text> = / "q_type",
    }
    inert {
        "" / "firewall_domain_redirection_action=INSPECT_REDIRECTION_DOMAIN" =
            "the default, and the names of the services have no redirection",
        "" / "block_override_dns_type" = "an answer that is not the service",
        "" / "block_override_domain" = "an answer that is not the service",
        "" / "block_override_ttl" = "an answer that is not the service",
    }
}

impl Hooks for FirewallGroupRule {}

resource! {
    /// The association of a group of DNS Firewall rules with a VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53resolver-firewallrulegroupassociation.html>
    pub struct FirewallRuleGroupAssociation:
        "AWS::Route53Resolver::FirewallRuleGroupAssociation"
        / "aws_route53_resolver_firewall_rule_group_association",
        link Attr::by_ref("id"),
        import "Id" / "{id}";
    one {
        /// The group.
        rule_group: Link<FirewallRuleGroup> = "FirewallRuleGroupId" / doc "firewall_rule_group_id",
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
        /// The priority; the lowest comes first.
        priority: Value<i64> = "Priority" / "priority",
    }
    opt {
        /// The name.
        name: Value<Text> = "Name" / "name",
    }
}

impl Hooks for FirewallRuleGroupAssociation {}
