"""Resource types of VPCs, subnets, route tables, VPC endpoints and flow logs."""

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import is_true, json_text, tag_specifications
from cfn_emulator.engine.resource import Resource


class Vpc(Resource):
    type = "AWS::EC2::VPC"
    create_only = ("CidrBlock",)
    updatable = ("EnableDnsHostnames", "EnableDnsSupport", "InstanceTenancy", "Tags")

    def create(self, p):
        made = self.api.ec2(
            "create_vpc",
            CidrBlock=p["CidrBlock"],
            InstanceTenancy=p.get("InstanceTenancy"),
            TagSpecifications=tag_specifications("vpc", p.get("Tags")),
        )
        self.physical_resource_id = made["Vpc"]["VpcId"]
        self.dns(p)

    def dns(self, p):
        for name, default in {"EnableDnsSupport": True, "EnableDnsHostnames": False}.items():
            value = {"Value": is_true(p.get(name, default))}
            self.api.ec2("modify_vpc_attribute", VpcId=self.physical_resource_id, **{name: value})

    def update(self, new):
        super().update(new)
        self.dns(new)

    def delete(self):
        self.api.ec2("delete_vpc", VpcId=self.physical_resource_id)

    def attributes(self):
        mine = [{"Name": "vpc-id", "Values": [self.physical_resource_id]}]
        groups = self.api.ec2("describe_security_groups", Filters=mine)["SecurityGroups"]
        default = [group["GroupId"] for group in groups if group["GroupName"] == "default"]
        return {
            "VpcId": self.physical_resource_id,
            "CidrBlock": self.properties["CidrBlock"],
            "DefaultSecurityGroup": default[0],
        }


class Subnet(Resource):
    type = "AWS::EC2::Subnet"
    create_only = ("VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId")
    updatable = ("MapPublicIpOnLaunch", "Tags")

    def create(self, p):
        names = {name: p.get(name) for name in self.create_only}
        made = self.api.ec2("create_subnet", **names, TagSpecifications=tag_specifications("subnet", p.get("Tags")))
        self.physical_resource_id = made["Subnet"]["SubnetId"]
        self.zone = made["Subnet"]["AvailabilityZone"]
        self.public(p)

    def public(self, p):
        value = {"Value": is_true(p.get("MapPublicIpOnLaunch", False))}
        self.api.ec2("modify_subnet_attribute", SubnetId=self.physical_resource_id, MapPublicIpOnLaunch=value)

    def update(self, new):
        super().update(new)
        self.public(new)

    def delete(self):
        self.api.ec2("delete_subnet", SubnetId=self.physical_resource_id)

    def attributes(self):
        return {"SubnetId": self.physical_resource_id, "AvailabilityZone": self.zone, "VpcId": self.properties["VpcId"]}


class RouteTable(Resource):
    type = "AWS::EC2::RouteTable"
    create_only = ("VpcId",)
    updatable = ("Tags",)

    def create(self, p):
        tags = tag_specifications("route-table", p.get("Tags"))
        made = self.api.ec2("create_route_table", VpcId=p["VpcId"], TagSpecifications=tags)
        self.physical_resource_id = made["RouteTable"]["RouteTableId"]

    def delete(self):
        self.api.ec2("delete_route_table", RouteTableId=self.physical_resource_id)

    def attributes(self):
        return {"RouteTableId": self.physical_resource_id}


class RouteTableAssociation(Resource):
    type = "AWS::EC2::SubnetRouteTableAssociation"
    create_only = ("SubnetId", "RouteTableId")

    def create(self, p):
        self.physical_resource_id = self.api.ec2("associate_route_table", **p)["AssociationId"]

    def delete(self):
        self.api.ec2("disassociate_route_table", AssociationId=self.physical_resource_id)

    def attributes(self):
        return {"Id": self.physical_resource_id}


class VpcEndpoint(Resource):
    type = "AWS::EC2::VPCEndpoint"
    create_only = ("VpcId", "ServiceName", "VpcEndpointType")
    lists = {"SubnetIds": "SubnetIds", "SecurityGroupIds": "SecurityGroupIds", "RouteTableIds": "RouteTableIds"}
    updatable = (*lists, "PrivateDnsEnabled", "PolicyDocument", "Tags")

    def create(self, p):
        made = self.api.ec2(
            "create_vpc_endpoint",
            **{name: p.get(name) for name in (*self.create_only, *self.lists)},
            PolicyDocument=json_text(p.get("PolicyDocument")),
            PrivateDnsEnabled=p.get("PrivateDnsEnabled", False),
            TagSpecifications=tag_specifications("vpc-endpoint", p.get("Tags")),
        )
        self.physical_resource_id = made["VpcEndpoint"]["VpcEndpointId"]

    def update(self, new):
        super().update(new)
        changes = {}
        for name in self.lists:
            before, after = self.properties.get(name, []), new.get(name, [])
            changes[f"Add{name}"] = [item for item in after if item not in before] or None
            changes[f"Remove{name}"] = [item for item in before if item not in after] or None
        if self.properties.get("PolicyDocument") != new.get("PolicyDocument"):
            changes["PolicyDocument"] = json_text(new.get("PolicyDocument"))
            changes["ResetPolicy"] = None if "PolicyDocument" in new else True
        if new.get("VpcEndpointType") == "Interface":
            changes["PrivateDnsEnabled"] = new.get("PrivateDnsEnabled", False)
        self.api.ec2("modify_vpc_endpoint", VpcEndpointId=self.physical_resource_id, **changes)

    def delete(self):
        self.api.ec2("delete_vpc_endpoints", VpcEndpointIds=[self.physical_resource_id])

    def attributes(self):
        return {"Id": self.physical_resource_id}


class FlowLog(Resource):
    type = "AWS::EC2::FlowLog"
    create_only = (
        *("DeliverLogsPermissionArn", "DestinationOptions", "LogDestination", "LogDestinationType", "LogFormat"),
        *("LogGroupName", "MaxAggregationInterval", "ResourceId", "ResourceType", "TrafficType"),
    )
    updatable = ("Tags",)

    def create(self, p):
        p = dict(p)
        tags = [{"ResourceType": "vpc-flow-log", "Tags": p.pop("Tags")}] if p.get("Tags") else None
        made = self.api.ec2("create_flow_logs", ResourceIds=[p.pop("ResourceId")], TagSpecifications=tags, **p)
        for failed in made["Unsuccessful"]:
            raise ValidationError(message=failed["Error"]["Message"])
        self.physical_resource_id = made["FlowLogIds"][0]

    def delete(self):
        self.api.ec2("delete_flow_logs", FlowLogIds=[self.physical_resource_id])

    def attributes(self):
        return {"Id": self.physical_resource_id}
