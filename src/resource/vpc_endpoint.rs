use super::{
    Hooks, PolicyDocument, RouteTable, SecurityGroup, Subnet, Tags, Vpc, codec::words,
    table::resource, tagged,
};
use crate::ir::{Attr, Link, Text, Value};

words! {
    /// What an endpoint is made of.
    #[non_exhaustive]
    pub enum EndpointType {
        /// Network interfaces in subnets.
        Interface = "Interface",
        /// Routes in route tables.
        Gateway = "Gateway",
    }
}

resource! {
    /// A private way to an AWS service.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcendpoint.html>
    pub struct VpcEndpoint: "AWS::EC2::VPCEndpoint" / "aws_vpc_endpoint", link Attr::by_ref("id"),
        attrs [Self::PREFIX_LIST],
        import "Id" / "{id}";
    one {
        /// The VPC it belongs to.
        vpc: Link<Vpc> = "VpcId" / "vpc_id",
        /// The service, such as `com.amazonaws.eu-central-1.ssm`.
        service_name: Value<Text> = "ServiceName" / "service_name",
        /// Its type.
        vpc_endpoint_type: Value<EndpointType> = "VpcEndpointType" / "vpc_endpoint_type",
    }
    opt {
        /// The region of the service. Default: the VPC's.
        service_region: Value<Text> = "ServiceRegion" / "service_region",
        /// Whether the service's public name has its private addresses. Default: it has not.
        private_dns_enabled: Value<bool> = "PrivateDnsEnabled" / "private_dns_enabled",
        /// What may be asked through it. Default: everything.
        policy: PolicyDocument = "PolicyDocument" / "policy",
    }
    many {
        /// Where its interfaces are, at most one subnet of each zone. Default: nowhere.
        subnets: Link<Subnet> = "SubnetIds" / "subnet_ids",
        /// Who may reach its interfaces. Default: the VPC's default group.
        security_groups: Link<SecurityGroup> = "SecurityGroupIds" / "security_group_ids",
        /// The tables that get the routes of a gateway. Default: none.
        route_tables: Link<RouteTable> = "RouteTableIds" / "route_table_ids",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl VpcEndpoint {
    /// The prefix list of a gateway's service; CloudFormation does not tell it.
    pub const PREFIX_LIST: Attr = Attr::by_get_att("", "prefix_list_id");
}

impl Hooks for VpcEndpoint {
    tagged!();
}

/// Declares what Terraform adds to an endpoint in a resource of its own.
macro_rules! satellite {
    ($(#[doc = $doc:literal])* $name:ident: $tf:literal, import $import:literal, { $($(#[doc = $fdoc:literal])* $field:ident: $of:ty = $arg:literal),+ $(,)? }) => {
        resource! {
            $(#[doc = $doc])*
            pub struct $name: "" / $tf, link Attr::by_ref("id"), import "" / $import;
            one {
                /// The endpoint.
                endpoint: Link<VpcEndpoint> = "" / "vpc_endpoint_id",
                $($(#[doc = $fdoc])* $field: $of = "" / $arg,)+
            }
        }

        impl Hooks for $name {}
    };
}

satellite! {
    /// One more subnet of an endpoint.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_subnet_association>
    VpcEndpointSubnet: "aws_vpc_endpoint_subnet_association", import "{vpc_endpoint_id}/{subnet_id}", {
        /// The subnet.
        subnet: Link<Subnet> = "subnet_id",
    }
}

satellite! {
    /// One more group of an endpoint; the default group stays unless it is replaced.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_security_group_association>
    VpcEndpointSecurityGroup: "aws_vpc_endpoint_security_group_association", import "{vpc_endpoint_id}/{security_group_id}", {
        /// The group.
        security_group: Link<SecurityGroup> = "security_group_id",
    }
}

satellite! {
    /// One more route table of a gateway.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_route_table_association>
    VpcEndpointRouteTable: "aws_vpc_endpoint_route_table_association", import "{vpc_endpoint_id}/{route_table_id}", {
        /// The table.
        route_table: Link<RouteTable> = "route_table_id",
    }
}

satellite! {
    /// The policy of an endpoint.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_policy>
    VpcEndpointPolicy: "aws_vpc_endpoint_policy", import "{vpc_endpoint_id}", {
        /// What may be asked through it.
        policy: PolicyDocument = "policy",
    }
}

satellite! {
    /// Whether an endpoint answers for the service's public name.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint_private_dns>
    VpcEndpointPrivateDns: "aws_vpc_endpoint_private_dns", import "{vpc_endpoint_id}", {
        /// Whether it does.
        private_dns_enabled: Value<bool> = "private_dns_enabled",
    }
}
