use super::codec::{Mismatch, Prop};
use super::table::resource;
use super::{Hooks, RawValue, SecurityGroup, Subnet, Tags, tagged};
use crate::ir::{Attr, Dialect, Expr, Link, Text, Value, Word, words};

words! {
    /// The clients that can connect to a load balancer.
    #[non_exhaustive]
    pub enum Scheme {
        /// Clients in the VPC and the networks connected to it.
        Internal = "internal",
        /// Clients in the internet. The load balancer needs public subnets.
        InternetFacing = "internet-facing",
    }
}

words! {
    /// The type of a load balancer.
    #[non_exhaustive]
    pub enum LoadBalancerType {
        /// HTTP and HTTPS.
        Application = "application",
        /// TCP, UDP and TLS.
        Network = "network",
        /// Virtual appliances.
        Gateway = "gateway",
    }
}

/// The scheme of a load balancer: a word in CloudFormation, and in Terraform whether it is internal.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancerScheme(pub Scheme);

crate::ir::by_reference!(Scheme => LoadBalancerScheme);

#[diagnostic::do_not_recommend]
impl crate::ir::IntoValue<LoadBalancerScheme> for Scheme {
    fn into_value(self) -> LoadBalancerScheme {
        LoadBalancerScheme(self)
    }
}

impl Prop for LoadBalancerScheme {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        Some(match dialect {
            Dialect::Cfn => RawValue::str(self.0.word()),
            Dialect::Tf => RawValue::Bool(self.0 == Scheme::Internal),
        })
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        let scheme = match (dialect, &term) {
            (Dialect::Tf, RawValue::Bool(true)) => Some(Scheme::Internal),
            (Dialect::Tf, RawValue::Bool(false)) => Some(Scheme::InternetFacing),
            (Dialect::Cfn, RawValue::Str(text)) => Scheme::from_word(text),
            (_, RawValue::Expr(expr)) if **expr == Expr::Absent => return Ok(Self::blank()),
            _ => None,
        };
        let expected = dialect.pick("`internal` or `internet-facing`", "a boolean");
        scheme
            .map(LoadBalancerScheme)
            .ok_or_else(|| Mismatch::expected(expected, &term))
    }

    /// The default of both languages.
    fn blank() -> Self {
        LoadBalancerScheme(Scheme::InternetFacing)
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        LoadBalancerScheme(from.pick(Scheme::ALL))
    }
}

resource! {
    /// An Application, Network or Gateway Load Balancer.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-loadbalancer.html>
    pub struct LoadBalancer: "AWS::ElasticLoadBalancingV2::LoadBalancer" / "aws_lb",
        link Attr::by_ref("arn"),
        attrs [Self::DNS_NAME, Self::HOSTED_ZONE_ID],
        import "LoadBalancerArn" / "{arn}";
    one {
        /// The clients that can connect.
        scheme: LoadBalancerScheme = "Scheme" / doc "internal",
    }
    opt {
        /// The name. Default: generated.
        name: Value<Text> = "Name" / "name",
        /// The type. Default: application.
        load_balancer_type: Value<LoadBalancerType> = "Type" / "load_balancer_type",
        /// `ipv4`, `dualstack` or `dualstack-without-public-ipv4`. Default: `ipv4`.
        ip_address_type: Value<Text> = "IpAddressType" / "ip_address_type",
    }
    many {
        /// Subnets, one for each Availability Zone, at least two for an Application Load Balancer.
        subnets: Link<Subnet> = "Subnets" / "subnets",
        /// Security groups. Default: the default security group of the VPC.
        security_groups: Link<SecurityGroup> = "SecurityGroups" / "security_groups",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "" / "arn_suffix" = "AWS sets it",
        "" / "dns_name" = "AWS sets it",
        "" / "subnet_mapping.outpost_id" = "AWS sets it",
        "" / "vpc_id" = "AWS sets it",
        "" / "zone_id" = "AWS sets it",
    }
}

impl LoadBalancer {
    /// The ARN.
    pub const ARN: Attr = Attr::by_ref("arn");
    /// The DNS name.
    pub const DNS_NAME: Attr = Attr::by_get_att("DNSName", "dns_name");
    /// The hosted zone of the DNS name, for an alias record.
    pub const HOSTED_ZONE_ID: Attr = Attr::by_get_att("CanonicalHostedZoneID", "zone_id");
}

impl Hooks for LoadBalancer {
    tagged!();
}
