use super::codec::words;
use super::table::resource;
use super::{Hooks, PolicyDocument, RouteTable, SecurityGroup, Subnet, Tags, Vpc, tagged};
use crate::ir::{Attr, Link, Text, Value};

words! {
    /// What an endpoint is made of.
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
    pub struct VpcEndpoint: "AWS::EC2::VPCEndpoint" / "aws_vpc_endpoint", link Attr::by_ref("id");
    one {
        /// The VPC it belongs to.
        vpc: Link<Vpc> = "VpcId" / "vpc_id",
        /// The service, such as `com.amazonaws.eu-central-1.ssm`.
        service_name: Value<Text> = "ServiceName" / "service_name",
        /// Its type.
        vpc_endpoint_type: Value<EndpointType> = "VpcEndpointType" / "vpc_endpoint_type",
    }
    opt {
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

impl Hooks for VpcEndpoint {
    tagged!();
}
