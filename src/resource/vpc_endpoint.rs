use super::{
    Hooks, Node, PolicyDocument, RouteTable, SecurityGroup, Subnet, Tags, Vpc,
    table::{nested, resource},
    tagged,
};
use crate::ir::{Attr, Diagnostics, Link, Text, Value, near, quoted, words};
use crate::region::{EndpointService, Region, regions, split_name};

words! {
    /// The type of a VPC endpoint.
    #[non_exhaustive]
    pub enum EndpointType {
        /// Network interfaces in subnets.
        Interface = "Interface",
        /// Routes in route tables.
        Gateway = "Gateway",
    }
}

nested! {
    /// The addresses of an endpoint in a subnet.
    ///
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SubnetConfiguration.html>
    pub struct SubnetConfiguration
    opt {
        /// The subnet.
        subnet: Link<Subnet> = / doc "subnet_id",
        /// The IPv4 address. Default: assigned at creation.
        ipv4: Value<Text> = / "ipv4",
        /// The IPv6 address. Default: assigned at creation.
        ipv6: Value<Text> = / "ipv6",
    }
}

nested! {
    /// The DNS records of an endpoint.
    pub struct EndpointDnsOptions
    opt {
        /// The addresses in the records: `ipv4`, `ipv6`, `dualstack` or `service-defined`. Default:
        /// those of the address type.
        record_ip_type: Value<Text> = "DnsRecordIpType" / doc "dns_record_ip_type",
        /// Whether private DNS applies only to queries from outside the VPC. Default: `false`.
        private_dns_only_for_inbound: Value<bool> =
            "PrivateDnsOnlyForInboundResolverEndpoint" / "private_dns_only_for_inbound_resolver_endpoint",
    }
}

resource! {
    /// A VPC endpoint.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcendpoint.html>
    pub struct VpcEndpoint: "AWS::EC2::VPCEndpoint" / "aws_vpc_endpoint", link Attr::by_ref("id"),
        attrs [Self::PREFIX_LIST],
        import "Id" / "{id}";
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
        /// The service, such as `com.amazonaws.eu-central-1.ssm`.
        service_name: Value<Text> = "ServiceName" / "service_name",
        /// The endpoint type.
        vpc_endpoint_type: Value<EndpointType> = "VpcEndpointType" / "vpc_endpoint_type",
    }
    opt {
        /// The region of the service. Default: that of the VPC.
        service_region: Value<Text> = "ServiceRegion" / "service_region",
        /// Whether to enable private DNS. Default: `false`.
        private_dns_enabled: Value<bool> = "PrivateDnsEnabled" / "private_dns_enabled",
        /// The addresses of the interfaces: `ipv4`, `ipv6` or `dualstack`. Default: `ipv4`.
        ip_address_type: Value<Text> = "IpAddressType" / "ip_address_type",
        /// The DNS records.
        dns_options: EndpointDnsOptions = "DnsOptions" / "dns_options",
        /// The endpoint policy. Default: full access.
        policy: PolicyDocument = "PolicyDocument" / "policy",
    }
    many {
        /// The subnets of the interfaces, at most one per Availability Zone. Default: none.
        subnets: Link<Subnet> = "SubnetIds" / doc "subnet_ids",
        /// The security groups of the interfaces. Default: the default security group of the VPC.
        security_groups: Link<SecurityGroup> = "SecurityGroupIds" / doc "security_group_ids",
        /// Fixed addresses of the interfaces. Default: assigned at creation.
        subnet_configurations: SubnetConfiguration = / doc "subnet_configuration",
        /// The route tables of a gateway endpoint. Default: none.
        route_tables: Link<RouteTable> = "RouteTableIds" / doc "route_table_ids",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "" / "auto_accept" = "only endpoint services of other accounts",
        "" / "requester_managed" = "only endpoint services of other accounts",
        "" / "cidr_blocks" = "AWS sets it",
        "" / "dns_entry" = "AWS sets it",
        "" / "network_interface_ids" = "AWS sets it",
        "" / "prefix_list_id" = "AWS sets it",
        "" / "state=available|pending" = "an accepted endpoint",
    }
}

impl VpcEndpoint {
    /// The prefix list of a gateway endpoint. Not available in CloudFormation.
    pub const PREFIX_LIST: Attr = Attr::by_get_att("", "prefix_list_id");
}

/// Returns the name of a known service with a Region, where a name has a typo of the Region.
fn misspelled_region(name: &str) -> Option<String> {
    let (region, token) = name.strip_prefix("com.amazonaws.")?.split_once('.')?;
    EndpointService::find(token)?;
    let is_none = Region::of(region).is_none();
    let names = || regions().iter().map(|it| it.name);
    let known = is_none.then(|| near(region, names())).flatten()?;
    Some(format!("com.amazonaws.{known}.{token}"))
}

impl Hooks for VpcEndpoint {
    tagged!();

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let name = self.service_name.lit();
        let Some(name) = name.filter(|_| node.keeps("service_name")) else {
            return;
        };
        const CODE: &str = "endpoint-service";
        if out.has_reported(CODE, name, &node.path) {
            return;
        }
        let found = node.error(CODE, format!("unknown service {}", quoted(name)));
        let found = found.about(&["service_name"]);
        if let Some((_, token)) = split_name(name) {
            let known = EndpointService::misspelled(token);
            let help = known.map(|it| format!("did you mean `{it}`?"));
            out.extend(help.map(|it| found.help(it).unless_new()));
        } else if let Some(known) = misspelled_region(name) {
            out.push(found.help(format!("did you mean `{known}`?")));
        }
    }
}

/// Declares a separate resource of Terraform that changes an endpoint.
macro_rules! satellite {
    ($(#[doc = $doc:literal])* $name:ident: $tf:literal, import $import:literal, { $($(#[doc = $fdoc:literal])* $field:ident: $of:ty = $arg:literal),+ $(,)? } $(, inert { $($inert:tt)* })?) => {
        resource! {
            $(#[doc = $doc])*
            pub struct $name: / $tf, link Attr::by_ref("id"), import "" / $import;
            one {
                /// The VPC endpoint.
                endpoint: Link<VpcEndpoint> = / doc "vpc_endpoint_id",
                $($(#[doc = $fdoc])* $field: $of = / $arg,)+
            }
            $(inert { $($inert)* })?
        }

        impl Hooks for $name {}
    };
}

satellite! {
    /// An additional subnet of an endpoint, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_subnet_association>
    VpcEndpointSubnet: "aws_vpc_endpoint_subnet_association", import "{vpc_endpoint_id}/{subnet_id}", {
        /// The subnet.
        subnet: Link<Subnet> = "subnet_id",
    }
}

satellite! {
    /// An additional security group of an endpoint, in Terraform. Keeps the default group unless
    /// set to replace it.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_security_group_association>
    VpcEndpointSecurityGroup: "aws_vpc_endpoint_security_group_association", import "{vpc_endpoint_id}/{security_group_id}", {
        /// The security group.
        security_group: Link<SecurityGroup> = "security_group_id",
    }, inert {
        "" / "replace_default_association=true" = "the default group is replaced",
    }
}

satellite! {
    /// An additional route table of a gateway endpoint, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_route_table_association>
    VpcEndpointRouteTable: "aws_vpc_endpoint_route_table_association", import "{vpc_endpoint_id}/{route_table_id}", {
        /// The route table.
        route_table: Link<RouteTable> = "route_table_id",
    }
}

satellite! {
    /// The policy of an endpoint, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_policy>
    VpcEndpointPolicy: "aws_vpc_endpoint_policy", import "{vpc_endpoint_id}", {
        /// The endpoint policy.
        policy: PolicyDocument = "policy",
    }
}

satellite! {
    /// Private DNS of an endpoint, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_private_dns>
    VpcEndpointPrivateDns: "aws_vpc_endpoint_private_dns", import "{vpc_endpoint_id}", {
        /// Whether to enable private DNS.
        private_dns_enabled: Value<bool> = "private_dns_enabled",
    }
}
