"""Resource types of Elastic Load Balancing."""

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import subset
from cfn_emulator.engine.resource import ServiceResource


class Elbv2Resource(ServiceResource):
    """A resource whose only updatable property is its tags."""

    service = "elbv2"
    updatable = ("Tags",)

    def update(self, new):
        self.replace_tags(new)

    def tag(self, tags):
        self.api_call("add_tags", ResourceArns=[self.physical_resource_id], Tags=self.listed(tags))

    def untag(self, keys):
        self.api_call("remove_tags", ResourceArns=[self.physical_resource_id], TagKeys=keys)


class LoadBalancer(Elbv2Resource):
    type = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    create_only = ("Name", "Scheme", "Type")
    lists = ("SecurityGroups", "Subnets")
    updatable = ("Tags", *lists)

    def create(self, p):
        # At most 32 characters, the limit of names.
        name = p.get("Name", f"{self.logical_resource_id[:19]}-{self.generated_name[-12:]}")
        values = subset(p, "Scheme", "Type", *self.lists, "Tags")
        made = self.api_call("create_load_balancer", **{"Name": name, **values})["LoadBalancers"][0]
        self.physical_resource_id = made["LoadBalancerArn"]
        self.values = {"DNSName": made["DNSName"], "CanonicalHostedZoneID": made["CanonicalHostedZoneId"]}

    def update(self, new):
        for name in self.lists:
            if self.properties.get(name) != new.get(name):
                operation = {"SecurityGroups": "set_security_groups", "Subnets": "set_subnets"}[name]
                self.api_call(operation, LoadBalancerArn=self.physical_resource_id, **{name: new.get(name)})
        self.replace_tags(new)

    def delete(self):
        self.api_call("delete_load_balancer", LoadBalancerArn=self.physical_resource_id)

    def attributes(self):
        return {"LoadBalancerArn": self.physical_resource_id, **self.values}


class TargetGroup(Elbv2Resource):
    type = "AWS::ElasticLoadBalancingV2::TargetGroup"
    create_only = ("Name", "Port", "Protocol", "TargetType", "VpcId")
    health = (
        *("HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol"),
        *("HealthCheckTimeoutSeconds", "HealthyThresholdCount", "Matcher", "UnhealthyThresholdCount"),
    )
    updatable = ("Tags", "Targets", *health)

    def create(self, p):
        name = p.get("Name", f"{self.logical_resource_id[:19]}-{self.generated_name[-12:]}")
        values = subset(p, "Port", "Protocol", "TargetType", "VpcId", *self.health, "Tags")
        made = self.api_call("create_target_group", **{"Name": name, **values})["TargetGroups"][0]
        self.physical_resource_id = made["TargetGroupArn"]
        if p.get("Targets"):
            self.api_call("register_targets", TargetGroupArn=self.physical_resource_id, Targets=p["Targets"])

    def update(self, new):
        if any(self.properties.get(name) != new.get(name) for name in (*self.health, "Targets")):
            raise ValidationError(message="Updates of targets and health checks are not emulated")
        self.replace_tags(new)

    def delete(self):
        self.api_call("delete_target_group", TargetGroupArn=self.physical_resource_id)

    def attributes(self):
        return {"TargetGroupArn": self.physical_resource_id}


class Listener(Elbv2Resource):
    type = "AWS::ElasticLoadBalancingV2::Listener"
    create_only = ("LoadBalancerArn",)
    plain = ("Certificates", "DefaultActions", "Port", "Protocol", "SslPolicy")
    updatable = plain

    def create(self, p):
        made = self.api_call("create_listener", **subset(p, "LoadBalancerArn", *self.plain))["Listeners"][0]
        self.physical_resource_id = made["ListenerArn"]

    def update(self, new):
        changes = {name: new.get(name) for name in self.plain if self.properties.get(name) != new.get(name)}
        if changes:
            self.api_call("modify_listener", ListenerArn=self.physical_resource_id, **changes)

    def delete(self):
        self.api_call("delete_listener", ListenerArn=self.physical_resource_id)

    def attributes(self):
        return {"ListenerArn": self.physical_resource_id}
