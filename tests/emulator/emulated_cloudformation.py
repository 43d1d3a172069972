"""A CloudFormation engine for moto, in place of moto's own (5.2.1), which drops many properties without a word.

Each resource type is a translation of its properties into calls of the public API, sent to this very server: what a template
leaves behind is therefore what these calls leave behind, by the same code that answers Terraform. A property or a resource
type that is not translated is an error, never skipped. Here are the values of a template and the resource types; when which
resource is made, updated in place, replaced or deleted is `emulated_operations`.

Not emulated: rules, stack policies, exports, nested stacks, transforms, `aws:cloudformation:` tags.
"""

import base64
import json
import re
import secrets
import threading

import boto3
from botocore.config import Config
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError

# --- values ------------------------------------------------------------------------------------------------------------

NO_VALUE = object()


def evaluate(value, scope):
    """The value with its intrinsic functions and dynamic references replaced."""
    if isinstance(value, list):
        return [item for item in (evaluate(item, scope) for item in value) if item is not NO_VALUE]
    if isinstance(value, str):
        return re.sub(r"\{\{resolve:ssm:([^}]+)\}\}", lambda match: scope.api.parameter(match[1]), value)
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name in FUNCTIONS:
            return FUNCTIONS[name](argument, scope)
        if name.startswith("Fn::"):
            raise ValidationError(message=f"{name} is not emulated")
    members = {key: evaluate(member, scope) for key, member in value.items()}
    return {key: member for key, member in members.items() if member is not NO_VALUE}


def reference(name, scope):
    if name == "AWS::NoValue":
        return NO_VALUE
    found = scope[name]
    return found.physical_resource_id if isinstance(found, Deployed) else found


def attribute(argument, scope):
    name, member = argument.split(".", 1) if isinstance(argument, str) else argument
    resource = scope[name]
    attributes = resource.attributes()
    if member not in attributes:
        raise ValidationError(message=f"Template error: {resource.type} has no attribute {member}")
    return attributes[member]


def find_in_map(argument, scope):
    found = scope.mappings
    for key in argument[:3]:
        found = found[evaluate(key, scope)]
    return found


def substitute(argument, scope):
    text, variables = argument if isinstance(argument, list) else (argument, {})

    def one(match):
        name = match[1]
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        if name in variables:
            return str(evaluate(variables[name], scope))
        return str(attribute(name, scope) if "." in name else reference(name, scope))

    return re.sub(r"\$\{([^}]+)\}", one, text)


def condition(value, scope):
    """A condition, or a name of one."""
    if isinstance(value, str):
        return condition(scope.conditions[value], scope)
    name, argument = next(iter(value.items()))
    match name:
        case "Condition":
            return condition(argument, scope)
        case "Fn::Equals":
            left, right = evaluate(argument, scope)
            return left == right
        case "Fn::Not":
            return not condition(argument[0], scope)
        case "Fn::And":
            return all(condition(item, scope) for item in argument)
        case "Fn::Or":
            return any(condition(item, scope) for item in argument)
    raise ValidationError(message=f"{name} is not a condition")


def select(argument, scope):
    index, items = argument
    return evaluate(items, scope)[int(evaluate(index, scope))]


FUNCTIONS = {
    "Ref": reference,
    "Fn::GetAtt": attribute,
    "Fn::FindInMap": find_in_map,
    "Fn::Sub": substitute,
    "Fn::If": lambda a, s: evaluate(a[1] if condition(a[0], s) else a[2], s),
    "Fn::Join": lambda a, s: a[0].join(str(item) for item in evaluate(a[1], s)),
    "Fn::Split": lambda a, s: evaluate(a[1], s).split(a[0]),
    "Fn::Select": select,
    "Fn::GetAZs": lambda a, s: s.api.zones(),
    "Fn::Base64": lambda a, s: base64.b64encode(evaluate(a, s).encode()).decode(),
    "Fn::Cidr": lambda a, s: cidr(*evaluate(a, s)),
}


def cidr(block, count, bits):
    import ipaddress

    subnets = ipaddress.ip_network(block).subnets(new_prefix=32 - int(bits))
    return [str(subnet) for subnet, _ in zip(subnets, range(int(count)))]


def mentioned(value):
    """The names that a part of a template refers to."""
    if isinstance(value, list):
        return set().union(*map(mentioned, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, argument in value.items():
        if name == "Ref":
            found.add(argument)
        elif name == "Fn::GetAtt":
            found.add(argument.split(".")[0] if isinstance(argument, str) else argument[0])
        elif name == "Fn::Sub":
            text = argument[0] if isinstance(argument, list) else argument
            variables = set(argument[1]) if isinstance(argument, list) else set()
            found |= {match.split(".")[0] for match in re.findall(r"\$\{([^!}][^}]*)\}", text)} - variables
        found |= mentioned(argument)
    return found


# --- the API -----------------------------------------------------------------------------------------------------------


def shaped(shape, value):
    """Strings from a template as the type that the API wants: "true" as boolean, "20" as integer."""
    if shape is None:
        return value
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            return {key: shaped(shape.members.get(key), member) for key, member in value.items()}
        case "list" if isinstance(value, list):
            return [shaped(shape.member, item) for item in value]
        case "boolean" if isinstance(value, str):
            return {"true": True, "false": False}[value.lower()]
        case "integer" | "long" if isinstance(value, str):
            return int(value)
        case "string" if isinstance(value, bool):
            return str(value).lower()
        case "string" if isinstance(value, int):
            return str(value)
    return value


class Api:
    """The clients of one region of this server."""

    endpoint = None
    known = {}
    lock = threading.Lock()

    def __init__(self, region):
        self.region = region
        self.clients = {}

    @classmethod
    def of(cls, region):
        return cls.known.setdefault(region, cls(region))

    def call(self, service, operation, **parameters):
        with self.lock:
            if service not in self.clients:
                self.clients[service] = boto3.client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.endpoint,
                    aws_access_key_id="cloudformation",
                    aws_secret_access_key="cloudformation",
                    config=Config(retries={"max_attempts": 0}),
                )
        client = self.clients[service]
        shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
        parameters = {key: value for key, value in parameters.items() if value is not None}
        return getattr(client, operation)(**shaped(shape, parameters))

    def ec2(self, operation, **parameters):
        return self.call("ec2", operation, **parameters)

    def iam(self, operation, **parameters):
        return self.call("iam", operation, **parameters)

    def zones(self):
        zones = self.ec2("describe_availability_zones")["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in zones if zone.get("ZoneType", "availability-zone") != "local-zone")

    def parameter(self, name):
        return self.call("ssm", "get_parameter", Name=name)["Parameter"]["Value"]


def document(value):
    return value if value is None or isinstance(value, str) else json.dumps(value)


def is_true(value):
    return value is True or str(value).lower() == "true"


def tagged(kind, tags):
    return [{"ResourceType": kind, "Tags": tags}] if tags else None


# --- resources ---------------------------------------------------------------------------------------------------------


class Deployed:
    """A resource of a stack. Subclasses translate one type; `properties` are those of the last create or update."""

    type = ""
    create_only = ()
    updatable = ()

    def __init__(self, logical_id, stack_name, api):
        self.logical_resource_id = logical_id
        self.cf_resource_type = self.type
        # At most 64 characters, as for a role.
        self.generated_name = f"{stack_name}-{logical_id}"[:51] + f"-{secrets.token_hex(6).upper()}"
        self.api = api
        self.properties = {}
        self.physical_resource_id = None

    def is_created(self):
        return True

    def check(self, properties):
        unknown = set(properties) - set(self.create_only) - set(self.updatable)
        if unknown:
            raise ValidationError(message=f"{self.type}: {', '.join(sorted(unknown))}: not emulated")

    def attributes(self):
        return {}

    def retag(self, old, new):
        old, new = ({tag["Key"]: tag["Value"] for tag in tags or []} for tags in (old, new))
        gone = [{"Key": key} for key in old if key not in new]
        if gone:
            self.api.ec2("delete_tags", Resources=[self.physical_resource_id], Tags=gone)
        fresh = [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]
        if fresh:
            self.api.ec2("create_tags", Resources=[self.physical_resource_id], Tags=fresh)

    def update(self, new):
        """In place, for types where only tags can change."""
        self.retag(self.properties.get("Tags"), new.get("Tags"))


class Vpc(Deployed):
    type = "AWS::EC2::VPC"
    create_only = ("CidrBlock",)
    updatable = ("EnableDnsHostnames", "EnableDnsSupport", "InstanceTenancy", "Tags")

    def create(self, p):
        made = self.api.ec2(
            "create_vpc",
            CidrBlock=p["CidrBlock"],
            InstanceTenancy=p.get("InstanceTenancy"),
            TagSpecifications=tagged("vpc", p.get("Tags")),
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


class Subnet(Deployed):
    type = "AWS::EC2::Subnet"
    create_only = ("VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId")
    updatable = ("MapPublicIpOnLaunch", "Tags")

    def create(self, p):
        names = {name: p.get(name) for name in self.create_only}
        made = self.api.ec2("create_subnet", **names, TagSpecifications=tagged("subnet", p.get("Tags")))
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


class RouteTable(Deployed):
    type = "AWS::EC2::RouteTable"
    create_only = ("VpcId",)
    updatable = ("Tags",)

    def create(self, p):
        tags = tagged("route-table", p.get("Tags"))
        made = self.api.ec2("create_route_table", VpcId=p["VpcId"], TagSpecifications=tags)
        self.physical_resource_id = made["RouteTable"]["RouteTableId"]

    def delete(self):
        self.api.ec2("delete_route_table", RouteTableId=self.physical_resource_id)

    def attributes(self):
        return {"RouteTableId": self.physical_resource_id}


class RouteTableAssociation(Deployed):
    type = "AWS::EC2::SubnetRouteTableAssociation"
    create_only = ("SubnetId", "RouteTableId")

    def create(self, p):
        self.physical_resource_id = self.api.ec2("associate_route_table", **p)["AssociationId"]

    def delete(self):
        self.api.ec2("disassociate_route_table", AssociationId=self.physical_resource_id)

    def attributes(self):
        return {"Id": self.physical_resource_id}


def permission(rule):
    """A rule of a template as an IpPermission."""
    rule = {key: value for key, value in rule.items() if key not in ("GroupId", "GroupName")}
    wanted = {"IpProtocol": str(rule.pop("IpProtocol"))}
    for name in ("FromPort", "ToPort"):
        if name in rule:
            wanted[name] = int(rule.pop(name))
    description = rule.pop("Description", None)
    peers = {
        "CidrIp": ("IpRanges", "CidrIp"),
        "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
        "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
        "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
        "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
        "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    }
    if len(rule) != 1 or next(iter(rule)) not in peers:
        raise ValidationError(message=f"Security group rule: exactly one known peer is needed, not {sorted(rule)}")
    (name, value), (kind, member) = next(iter(rule.items())), peers[next(iter(rule))]
    wanted[kind] = [{member: value} if description is None else {member: value, "Description": description}]
    return wanted


class SecurityGroup(Deployed):
    type = "AWS::EC2::SecurityGroup"
    create_only = ("GroupDescription", "GroupName", "VpcId")
    updatable = ("SecurityGroupEgress", "SecurityGroupIngress", "Tags")

    def create(self, p):
        made = self.api.ec2(
            "create_security_group",
            GroupName=p.get("GroupName", self.generated_name),
            Description=p["GroupDescription"],
            VpcId=p.get("VpcId"),
            TagSpecifications=tagged("security-group", p.get("Tags")),
        )
        self.physical_resource_id = made["GroupId"]
        self.rules("ingress", [], p.get("SecurityGroupIngress", []))
        self.egress([], p)

    def egress(self, old, p):
        """One rule of its own is enough for the allow-all rule of a new group to go."""
        new = p.get("SecurityGroupEgress", [])
        if new and not old:
            group = self.api.ec2("describe_security_groups", GroupIds=[self.physical_resource_id])["SecurityGroups"][0]
            self.api.ec2(
                "revoke_security_group_egress",
                GroupId=self.physical_resource_id,
                IpPermissions=group["IpPermissionsEgress"],
            )
        elif old and not new:
            raise ValidationError(message="Removal of all of SecurityGroupEgress is not emulated")
        self.rules("egress", old, new)

    def rules(self, direction, old, new):
        old, new = ([permission(rule) for rule in rules] for rules in (old, new))
        for verb, rules in (
            ("revoke", [rule for rule in old if rule not in new]),
            ("authorize", [rule for rule in new if rule not in old]),
        ):
            for rule in rules:
                operation = f"{verb}_security_group_{direction}"
                self.api.ec2(operation, GroupId=self.physical_resource_id, IpPermissions=[rule])

    def update(self, new):
        super().update(new)
        self.rules("ingress", self.properties.get("SecurityGroupIngress", []), new.get("SecurityGroupIngress", []))
        self.egress(self.properties.get("SecurityGroupEgress", []), new)

    def delete(self):
        self.api.ec2("delete_security_group", GroupId=self.physical_resource_id)

    def attributes(self):
        return {name: self.physical_resource_id for name in ("GroupId", "Id")}


class SecurityGroupRule(Deployed):
    direction = ""
    updatable = ("Description",)

    def create(self, p):
        made = self.api.ec2(
            f"authorize_security_group_{self.direction}", GroupId=p["GroupId"], IpPermissions=[permission(p)]
        )
        self.physical_resource_id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def update(self, new):
        self.api.ec2(
            f"update_security_group_rule_descriptions_{self.direction}",
            GroupId=new["GroupId"],
            IpPermissions=[permission(new)],
        )

    def delete(self):
        self.api.ec2(
            f"revoke_security_group_{self.direction}",
            GroupId=self.properties["GroupId"],
            SecurityGroupRuleIds=[self.physical_resource_id],
        )

    def attributes(self):
        return {"Id": self.physical_resource_id}


PEERS = ("GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6")


class Ingress(SecurityGroupRule):
    type = "AWS::EC2::SecurityGroupIngress"
    direction = "ingress"
    create_only = (*PEERS, "SourceSecurityGroupId", "SourcePrefixListId")


class Egress(SecurityGroupRule):
    type = "AWS::EC2::SecurityGroupEgress"
    direction = "egress"
    create_only = (*PEERS, "DestinationSecurityGroupId", "DestinationPrefixListId")


class VpcEndpoint(Deployed):
    type = "AWS::EC2::VPCEndpoint"
    create_only = ("VpcId", "ServiceName", "VpcEndpointType")
    lists = {"SubnetIds": "SubnetIds", "SecurityGroupIds": "SecurityGroupIds", "RouteTableIds": "RouteTableIds"}
    updatable = (*lists, "PrivateDnsEnabled", "PolicyDocument", "Tags")

    def create(self, p):
        made = self.api.ec2(
            "create_vpc_endpoint",
            **{name: p.get(name) for name in (*self.create_only, *self.lists)},
            PolicyDocument=document(p.get("PolicyDocument")),
            PrivateDnsEnabled=p.get("PrivateDnsEnabled", False),
            TagSpecifications=tagged("vpc-endpoint", p.get("Tags")),
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
            changes["PolicyDocument"] = document(new.get("PolicyDocument"))
            changes["ResetPolicy"] = None if "PolicyDocument" in new else True
        if new.get("VpcEndpointType") == "Interface":
            changes["PrivateDnsEnabled"] = new.get("PrivateDnsEnabled", False)
        self.api.ec2("modify_vpc_endpoint", VpcEndpointId=self.physical_resource_id, **changes)

    def delete(self):
        self.api.ec2("delete_vpc_endpoints", VpcEndpointIds=[self.physical_resource_id])

    def attributes(self):
        return {"Id": self.physical_resource_id}


class Role(Deployed):
    type = "AWS::IAM::Role"
    create_only = ("RoleName", "Path")
    plain = ("Description", "MaxSessionDuration")
    updatable = (*plain, "AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "PermissionsBoundary", "Tags")

    def create(self, p):
        made = self.api.iam(
            "create_role",
            RoleName=p.get("RoleName", self.generated_name),
            AssumeRolePolicyDocument=document(p["AssumeRolePolicyDocument"]),
            **{name: p.get(name) for name in ("Path", *self.plain, "PermissionsBoundary", "Tags")},
        )
        self.physical_resource_id = made["Role"]["RoleName"]
        self.found = {"Arn": made["Role"]["Arn"], "RoleId": made["Role"]["RoleId"]}
        self.policies({}, p)

    def policies(self, old, new):
        role = {"RoleName": self.physical_resource_id}
        before, after = old.get("ManagedPolicyArns", []), new.get("ManagedPolicyArns", [])
        for arn in set(before) - set(after):
            self.api.iam("detach_role_policy", PolicyArn=arn, **role)
        for arn in set(after) - set(before):
            self.api.iam("attach_role_policy", PolicyArn=arn, **role)
        names = [policy["PolicyName"] for policy in new.get("Policies", [])]
        for policy in old.get("Policies", []):
            if policy["PolicyName"] not in names:
                self.api.iam("delete_role_policy", PolicyName=policy["PolicyName"], **role)
        for policy in new.get("Policies", []):
            text = document(policy["PolicyDocument"])
            self.api.iam("put_role_policy", PolicyName=policy["PolicyName"], PolicyDocument=text, **role)

    def update(self, new):
        role, old = {"RoleName": self.physical_resource_id}, self.properties
        trust = document(new["AssumeRolePolicyDocument"])
        self.api.iam("update_assume_role_policy", PolicyDocument=trust, **role)
        self.api.iam("update_role", **role, **{name: new.get(name) for name in self.plain})
        if old.get("PermissionsBoundary") and not new.get("PermissionsBoundary"):
            self.api.iam("delete_role_permissions_boundary", **role)
        if new.get("PermissionsBoundary"):
            self.api.iam("put_role_permissions_boundary", PermissionsBoundary=new["PermissionsBoundary"], **role)
        if old.get("Tags"):
            self.api.iam("untag_role", TagKeys=[tag["Key"] for tag in old["Tags"]], **role)
        if new.get("Tags"):
            self.api.iam("tag_role", Tags=new["Tags"], **role)
        self.policies(old, new)

    def delete(self):
        self.policies(self.properties, {})
        self.api.iam("delete_role", RoleName=self.physical_resource_id)

    def attributes(self):
        return self.found


class RolePolicy(Deployed):
    type = "AWS::IAM::RolePolicy"
    create_only = ("RoleName", "PolicyName")
    updatable = ("PolicyDocument",)

    def create(self, p):
        self.api.iam("put_role_policy", **{**p, "PolicyDocument": document(p["PolicyDocument"])})
        self.physical_resource_id = f"{p['PolicyName']}|{p['RoleName']}"

    update = create

    def delete(self):
        names = {name: self.properties[name] for name in self.create_only}
        self.api.iam("delete_role_policy", **names)


class InstanceProfile(Deployed):
    type = "AWS::IAM::InstanceProfile"
    create_only = ("InstanceProfileName", "Path")
    updatable = ("Roles",)

    def create(self, p):
        name = p.get("InstanceProfileName", self.generated_name)
        made = self.api.iam("create_instance_profile", InstanceProfileName=name, Path=p.get("Path"))
        self.physical_resource_id = name
        self.found = {"Arn": made["InstanceProfile"]["Arn"]}
        self.roles([], p.get("Roles", []))

    def roles(self, old, new):
        for operation, roles in (
            ("remove_role_from_instance_profile", set(old) - set(new)),
            ("add_role_to_instance_profile", set(new) - set(old)),
        ):
            for role in roles:
                self.api.iam(operation, InstanceProfileName=self.physical_resource_id, RoleName=role)

    def update(self, new):
        self.roles(self.properties.get("Roles", []), new.get("Roles", []))

    def delete(self):
        self.roles(self.properties.get("Roles", []), [])
        self.api.iam("delete_instance_profile", InstanceProfileName=self.physical_resource_id)

    def attributes(self):
        return self.found


class LaunchTemplate(Deployed):
    type = "AWS::EC2::LaunchTemplate"
    create_only = ("LaunchTemplateName",)
    updatable = ("LaunchTemplateData", "VersionDescription", "TagSpecifications")

    def create(self, p):
        name = p.get("LaunchTemplateName", self.generated_name)
        made = self.api.ec2("create_launch_template", **{**p, "LaunchTemplateName": name})
        self.physical_resource_id = made["LaunchTemplate"]["LaunchTemplateId"]

    def update(self, new):
        version = ("LaunchTemplateData", "VersionDescription")
        if any(self.properties.get(name) != new.get(name) for name in version):
            self.api.ec2(
                "create_launch_template_version",
                LaunchTemplateId=self.physical_resource_id,
                **{name: new.get(name) for name in version},
            )
        old, new = (
            [tag for part in p.get("TagSpecifications", []) for tag in part.get("Tags", [])]
            for p in (self.properties, new)
        )
        self.retag(old, new)

    def delete(self):
        self.api.ec2("delete_launch_template", LaunchTemplateId=self.physical_resource_id)

    def attributes(self):
        found = self.api.ec2("describe_launch_templates", LaunchTemplateIds=[self.physical_resource_id])
        template = found["LaunchTemplates"][0]
        return {
            "LaunchTemplateId": self.physical_resource_id,
            "LatestVersionNumber": str(template["LatestVersionNumber"]),
            "DefaultVersionNumber": str(template["DefaultVersionNumber"]),
        }


class Instance(Deployed):
    type = "AWS::EC2::Instance"
    # BlockDeviceMappings: in place is only DeleteOnTermination, which is not emulated.
    create_only = (
        *("ImageId", "SubnetId", "KeyName", "PrivateIpAddress", "LaunchTemplate", "BlockDeviceMappings"),
        "PropagateTagsToVolumeOnCreation",
    )
    attributes_of_api = ("InstanceType", "EbsOptimized", "DisableApiTermination")
    updatable = (
        *attributes_of_api,
        *("SecurityGroupIds", "MetadataOptions", "Monitoring", "IamInstanceProfile", "UserData", "Tags"),
    )

    def create(self, p):
        p = dict(p)
        tags = p.pop("Tags", [])
        volume_tags = tags if is_true(p.pop("PropagateTagsToVolumeOnCreation", False)) else []
        request = {"TagSpecifications": (tagged("instance", tags) or []) + (tagged("volume", volume_tags) or []) or None}
        if "IamInstanceProfile" in p:
            request["IamInstanceProfile"] = {"Name": p.pop("IamInstanceProfile")}
        if "Monitoring" in p:
            request["Monitoring"] = {"Enabled": is_true(p.pop("Monitoring"))}
        if "UserData" in p:
            # The SDK encodes the user data of RunInstances itself.
            request["UserData"] = base64.b64decode(p.pop("UserData"), validate=True)
        made = self.api.ec2("run_instances", MinCount=1, MaxCount=1, **p, **request)
        self.physical_resource_id = made["Instances"][0]["InstanceId"]

    def update(self, new):
        super().update(new)
        mine, old = {"InstanceId": self.physical_resource_id}, self.properties
        changed = {name for name in self.updatable if old.get(name) != new.get(name)} - {"Tags"}
        for name in changed & set(self.attributes_of_api):
            self.api.ec2("modify_instance_attribute", **mine, **{name: {"Value": new.get(name, "false")}})
        if "SecurityGroupIds" in changed:
            self.api.ec2("modify_instance_attribute", **mine, Groups=new["SecurityGroupIds"])
        if "UserData" in changed:
            data = {"Value": base64.b64decode(new.get("UserData", ""))}
            self.api.ec2("modify_instance_attribute", **mine, UserData=data)
        if "MetadataOptions" in changed:
            self.api.ec2("modify_instance_metadata_options", **mine, **new.get("MetadataOptions", {}))
        if "Monitoring" in changed:
            verb = "monitor_instances" if is_true(new.get("Monitoring", False)) else "unmonitor_instances"
            self.api.ec2(verb, InstanceIds=[self.physical_resource_id])
        if "IamInstanceProfile" in changed:
            raise ValidationError(message="A change of IamInstanceProfile is not emulated")

    def delete(self):
        self.api.ec2("terminate_instances", InstanceIds=[self.physical_resource_id])

    def attributes(self):
        found = self.api.ec2("describe_instances", InstanceIds=[self.physical_resource_id])
        instance = found["Reservations"][0]["Instances"][0]
        return {
            "InstanceId": self.physical_resource_id,
            "PrivateIp": instance["PrivateIpAddress"],
            "PrivateDnsName": instance["PrivateDnsName"],
            "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
            "VpcId": instance["VpcId"],
        }


def subclasses(of):
    return [kind for child in of.__subclasses__() for kind in [child, *subclasses(child)]]


TYPES = {kind.type: kind for kind in subclasses(Deployed) if kind.type}

# --- the stack ---------------------------------------------------------------------------------------------------------


class Resources(parsing.ResourceMap):
    """The parameters, conditions and resources of one state of a stack: the scope in which its values are evaluated."""

    def load(self):
        self.api = Api.of(self._region_name)
        self.mappings = self._template.get("Mappings", {})
        self.conditions = self._template.get("Conditions", {})
        if self._region_name.startswith("cn-"):
            self._parsed_resources |= {"AWS::Partition": "aws-cn", "AWS::URLSuffix": "amazonaws.com.cn"}
        if self._region_name.startswith("us-gov-"):
            self._parsed_resources |= {"AWS::Partition": "aws-us-gov"}
        self.resolved_parameters = {}
        self.no_echo_parameter_keys = []
        slots = self._template.get("Parameters", {})
        unknown = set(self.input_parameters) - set(slots)
        if unknown:
            raise ValidationError(message=f"Parameters: [{', '.join(sorted(unknown))}] do not exist in the template")
        empty = [name for name, slot in slots.items() if self.input_parameters.get(name, slot.get("Default")) is None]
        if empty:
            raise ValidationError(message=f"Parameters: [{', '.join(empty)}] must have values")
        for name, slot in slots.items():
            value = self.input_parameters.get(name, slot.get("Default"))
            self.resolved_parameters[name] = self.parameter(slot["Type"], str(value))
        self._parsed_resources |= self.resolved_parameters
        self.lazy_condition_map = {name: condition(name, self) for name in self.conditions}

    def parameter(self, kind, value):
        """The constraints were checked when the request came, by `emulated_deployments`."""
        if kind.startswith("AWS::SSM::Parameter::Value"):
            value = self.api.parameter(value)
        return [item.strip() for item in value.split(",")] if "List" in kind else value

    def wanted(self):
        """The names of the resources whose condition holds, after those that they need."""
        resources = {
            name: resource
            for name, resource in self._resource_json_map.items()
            if "Condition" not in resource or self.lazy_condition_map[resource["Condition"]]
        }
        ordered = {}

        def visit(name, path):
            if name in ordered:
                return
            if name in path:
                raise ValidationError(message=f"Circular dependency between resources: {[*path, name]}")
            needs = resources[name].get("DependsOn", [])
            needs = {needs} if isinstance(needs, str) else set(needs)
            unknown = needs - set(self._resource_json_map)
            if unknown:
                raise ValidationError(message=f"Unresolved resource dependencies {sorted(unknown)} in {name}")
            for need in sorted((needs | mentioned(resources[name].get("Properties", {}))) & set(resources)):
                visit(need, [*path, name])
            ordered[name] = resources[name]

        for name in resources:
            visit(name, [])
        return ordered

    def __getitem__(self, name):
        if name not in self._parsed_resources:
            raise ValidationError(message=f"Template error: {name} is not there")
        return self._parsed_resources[name]

    def __iter__(self):
        return iter([name for name, value in self._parsed_resources.items() if isinstance(value, Deployed)])


def install(endpoint):
    Api.endpoint = endpoint
