"""Resource types of routes to the internet: gateways, Elastic IP addresses and routes."""

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import tag_specifications
from cfn_emulator.engine.resource import Resource


class InternetGateway(Resource):
    type = "AWS::EC2::InternetGateway"
    updatable = ("Tags",)

    def create(self, p):
        tags = tag_specifications("internet-gateway", p.get("Tags"))
        made = self.api.ec2("create_internet_gateway", TagSpecifications=tags)
        self.physical_resource_id = made["InternetGateway"]["InternetGatewayId"]

    def delete(self):
        self.api.ec2("delete_internet_gateway", InternetGatewayId=self.physical_resource_id)

    def attributes(self):
        return {"InternetGatewayId": self.physical_resource_id}


class VpcGatewayAttachment(Resource):
    type = "AWS::EC2::VPCGatewayAttachment"
    create_only = ("VpcId", "InternetGatewayId")

    def create(self, p):
        self.api.ec2("attach_internet_gateway", **p)
        self.physical_resource_id = f"IGW|{p['VpcId']}"

    def delete(self):
        self.api.ec2("detach_internet_gateway", **self.properties)

    def attributes(self):
        return {"AttachmentType": "IGW"}


class Eip(Resource):
    type = "AWS::EC2::EIP"
    create_only = ("Domain",)
    updatable = ("Tags",)

    def create(self, p):
        tags = tag_specifications("elastic-ip", p.get("Tags"))
        made = self.api.ec2("allocate_address", Domain=p.get("Domain"), TagSpecifications=tags)
        self.physical_resource_id, self.allocation = made["PublicIp"], made["AllocationId"]

    def ec2_id(self):
        return self.allocation

    def delete(self):
        self.api.ec2("release_address", AllocationId=self.allocation)

    def attributes(self):
        return {"AllocationId": self.allocation, "PublicIp": self.physical_resource_id}


class NatGateway(Resource):
    type = "AWS::EC2::NatGateway"
    create_only = ("AllocationId", "ConnectivityType", "SubnetId")
    updatable = ("Tags",)

    def create(self, p):
        names = {name: p.get(name) for name in self.create_only}
        tags = tag_specifications("natgateway", p.get("Tags"))
        made = self.api.ec2("create_nat_gateway", **names, TagSpecifications=tags)
        self.physical_resource_id = made["NatGateway"]["NatGatewayId"]

    def delete(self):
        self.api.ec2("delete_nat_gateway", NatGatewayId=self.physical_resource_id)

    def attributes(self):
        return {"NatGatewayId": self.physical_resource_id}


class Route(Resource):
    type = "AWS::EC2::Route"
    create_only = ("RouteTableId", "DestinationCidrBlock")
    updatable = ("GatewayId", "NatGatewayId")

    def create(self, p):
        if "GatewayId" in p:
            gateways = self.api.ec2("describe_internet_gateways", InternetGatewayIds=[p["GatewayId"]])
            if not gateways["InternetGateways"][0]["Attachments"]:
                raise ValidationError(message=f"route table and gateway {p['GatewayId']} belong to different networks")
        self.api.ec2("create_route", **p)
        self.physical_resource_id = "|".join(p[name] for name in self.create_only)

    def update(self, new):
        self.api.ec2("replace_route", **new)

    def delete(self):
        self.api.ec2("delete_route", **{name: self.properties[name] for name in self.create_only})

    def attributes(self):
        return {"CidrBlock": self.properties["DestinationCidrBlock"]}
