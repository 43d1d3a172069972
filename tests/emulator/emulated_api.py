"""Fills the holes of moto's EC2 API (moto 5.2.1) that matter to a parity check.

Each function here replaces or wraps one method of moto so that it does what the EC2 API documents. Nothing in here knows
whether Terraform or CloudFormation is calling: both go through the same code.
"""

import copy
import json
import threading

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.serialize import return_if_not_empty
from moto.core.utils import utcnow
from moto.ec2 import models as ec2_models
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidSecurityGroupRuleIdNotFoundError,
)
from moto.ec2.models import security_groups as groups
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.responses.monitoring import Monitoring
from moto.ec2.responses.vpcs import VPCs
from moto.ec2.utils import parse_user_data
from moto.kms.models import kms_backends
from moto.ssm.models import Parameter, SimpleSystemManagerBackend, ssm_backends


def replaces(cls, name):
    """Decorator: puts the function into the place of `cls.name`; the original is its `original` attribute."""

    def install(function):
        function.original = getattr(cls, name)
        setattr(cls, name, function)
        return function

    return install


class Refusal(ServiceException):
    """An error of any service. Moto looks for the service of its own class by the module, and there is none."""


# --- instances ---------------------------------------------------------------------------------------------------------


def resolve_image(account, region, image):
    """`resolve:ssm:NAME[:VERSION or :LABEL]` is looked up by EC2 at launch; any other image must exist."""
    if image.startswith("resolve:ssm:"):
        name = image.removeprefix("resolve:ssm:")
        parameter = ssm_backends[account][region].get_parameter(name)
        if parameter is None:
            raise EC2ClientError("InvalidParameterValue", f"Invalid value '{image}' for imageId: no such parameter")
        image = parameter.value
    return ec2_models.ec2_backends[account][region].describe_images(ami_ids=[image])[0]


def merge_devices(*layers):
    """Block device mappings by device name; a later layer overrides the members that it names."""
    devices = {}
    for layer in layers:
        for mapping in layer or []:
            known = devices.setdefault(mapping["DeviceName"], {"DeviceName": mapping["DeviceName"], "Ebs": {}})
            known["Ebs"].update(mapping.get("Ebs") or {})
            known.update({k: v for k, v in mapping.items() if k not in ("DeviceName", "Ebs")})
    return list(devices.values())


def merge_tags(*layers):
    tags = {}
    for layer in layers:
        for specification in layer or []:
            known = tags.setdefault(specification["ResourceType"], {})
            known.update({tag["Key"]: tag["Value"] for tag in specification.get("Tags", [])})
    return [
        {"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in known.items()]}
        for kind, known in tags.items()
        if known
    ]


@replaces(InstanceResponse, "run_instances")
def run_instances(self):
    """RunInstances with all of the launch template (moto takes user data, type, key and groups from it only)."""
    request, template = self.params, {}
    if request.get("LaunchTemplate"):
        version = self.ec2_backend._get_template_from_args(request["LaunchTemplate"])
        template = copy.deepcopy(version.data)
        if template.get("UserData") is not None:
            template["UserData"] = str(template["UserData"])
    if request.get("NetworkInterfaces"):
        template.pop("SecurityGroupIds", None)
    merged = {**template, **request}
    for name in ("MetadataOptions", "Monitoring", "CreditSpecification"):
        if name in template or name in request:
            merged[name] = {**template.get(name, {}), **request.get(name, {})}
    if "ImageId" not in merged:
        raise EC2ClientError("MissingParameter", "The request must contain the parameter ImageId")
    image = resolve_image(self.current_account, self.region, merged["ImageId"])
    merged["ImageId"] = image.id
    # The root device comes from the image; the template and the request override parts of it.
    root = {"DeviceName": image.root_device_name, "Ebs": {"VolumeSize": 8, "DeleteOnTermination": True}}
    merged["BlockDeviceMappings"] = merge_devices(
        [root], template.get("BlockDeviceMappings"), request.get("BlockDeviceMappings")
    )
    primary = (merged.get("NetworkInterfaces") or [merged])[0]
    group_member = "SecurityGroupIds" if primary is merged else "Groups"
    if not primary.get(group_member) and not merged.get("SecurityGroups"):
        vpc = self.ec2_backend.get_subnet(primary["SubnetId"]).vpc_id if "SubnetId" in primary else None
        primary[group_member] = [self.ec2_backend.get_default_security_group(vpc).id]
    specifications = [s.get("TagSpecifications") or s.get("TagSpecification") for s in (template, request)]
    merged.pop("TagSpecification", None)
    merged["TagSpecifications"] = merge_tags(*specifications)
    if not merged["TagSpecifications"]:
        del merged["TagSpecifications"]
    self.params = merged
    result = run_instances.original(self)
    for instance in result.result.instances:
        # The groups of an instance are those of its first interface.
        named = [self.ec2_backend.get_security_group_from_id(group) for group in primary.get("Groups", [])]
        instance.security_groups = instance.security_groups or named
        instance.disable_api_termination = bool(merged.get("DisableApiTermination"))
        for specification in merged.get("TagSpecifications", []):
            if specification["ResourceType"] == "network-interface":
                for interface in instance.nics.values():
                    interface.add_tags({tag["Key"]: tag["Value"] for tag in specification["Tags"]})
    return result


@replaces(InstanceResponse, "describe_instance_attribute")
def describe_instance_attribute(self):
    """No user data is an empty element, also where the request named an empty text."""
    result = describe_instance_attribute.original(self)
    if "UserData" in result.result and not str((result.result["UserData"] or {}).get("Value") or ""):
        result.result["UserData"] = ""
    return result


def set_monitoring(self, state, transition):
    monitored = []
    for instance in self.ec2_backend.get_multi_instances_by_id(self._get_param("InstanceIds", [])):
        instance.monitoring_state = state
        monitored.append({"InstanceId": instance.id, "Monitoring": {"State": transition}})
    return ActionResult({"InstanceMonitorings": monitored})


@replaces(Monitoring, "monitor_instances")
def monitor_instances(self):
    return set_monitoring(self, "enabled", "pending")


@replaces(Monitoring, "unmonitor_instances")
def unmonitor_instances(self):
    return set_monitoring(self, "disabled", "disabling")


@replaces(InstanceResponse, "modify_instance_metadata_options")
def modify_instance_metadata_options(self):
    """Members that the request does not name stay (moto resets them)."""
    options = self.ec2_backend.get_instance(self._get_param("InstanceId")).metadata_options
    for name, attribute in {
        "HttpTokens": "http_tokens",
        "HttpPutResponseHopLimit": "http_put_response_hop_limit",
        "HttpEndpoint": "http_endpoint",
        "HttpProtocolIpv6": "http_protocol_ipv6",
        "InstanceMetadataTags": "instance_metadata_tags",
    }.items():
        if self._get_param(name) is not None:
            setattr(options, attribute, self._get_param(name))
    return ActionResult({"InstanceId": self._get_param("InstanceId"), "InstanceMetadataOptions": options})


DEFAULT_KEY = threading.Lock()


@replaces(EBSBackend, "create_volume")
def create_volume(self, *args, **kwargs):
    """EC2 tells the key of a volume as an ARN, and refuses keys that are not there; there is one default key."""
    key = kwargs.get("kms_key_id")
    if key:
        kms = kms_backends[self.account_id][self.region_name]
        if key.startswith("alias/") or ":alias/" in key:
            key = kms.get_key_id_from_alias(key.split(":")[-1])
        name = (key or "").split("/")[-1]
        if name not in kms.keys:
            raise EC2ClientError("InvalidParameterValue", f"No such KMS key: {kwargs['kms_key_id']}")
        kwargs["kms_key_id"] = kms.keys[name].arn
    elif kwargs.get("encrypted"):
        with DEFAULT_KEY:
            if not self.default_kms_key_id:
                self._create_default_encryption_key()
    return create_volume.original(self, *args, **kwargs)


# An interface without public address has no association at all; an empty one reads as a public address.
EC2BaseResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER["NetworkInterface.Association"] = return_if_not_empty


@replaces(AmisResponse, "register_image")
def register_image(self):
    """Keeps the architecture and the root device (moto drops them)."""
    result = register_image.original(self)
    image = self.ec2_backend.amis[result.result["ImageId"]]
    image.architecture = self._get_param("Architecture", "i386")
    image.root_device_name = self._get_param("RootDeviceName", "/dev/sda1")
    image.virtualization_type = self._get_param("VirtualizationType", "paravirtual")
    image.root_device_type = "ebs"
    return result


# --- launch templates --------------------------------------------------------------------------------------------------


def template_data(data):
    if data.get("UserData") is not None:
        data["UserData"] = parse_user_data(data["UserData"])
    return data


@replaces(LaunchTemplates, "create_launch_template")
def create_launch_template(self):
    """The tags of the template itself do not belong into its data (moto adds them there)."""
    data = template_data(copy.deepcopy(self._get_param("LaunchTemplateData", {})))
    result = create_launch_template.original(self)
    template = self.ec2_backend.get_launch_template(result.result["LaunchTemplate"]["LaunchTemplateId"])
    template.versions[0].data = data
    return result


@replaces(LaunchTemplates, "create_launch_template_version")
def create_launch_template_version(self):
    """User data as its own type, as RunInstances wants it (moto stores it as it came)."""
    template_data(self._get_param("LaunchTemplateData", {}))
    return create_launch_template_version.original(self)


# --- security groups ---------------------------------------------------------------------------------------------------

RULE = groups.SecurityGroupRule


@replaces(RULE, "__init__")
def rule_init(self, *args, **kwargs):
    rule_init.original(self, *args, **kwargs)
    prefix_list = kwargs.get("prefix_list_id") or (args[7] if len(args) > 7 else None) or {}
    self.prefix_list_description = prefix_list.get("Description")


def rule_key(rule):
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


@replaces(RULE, "__eq__")
def rule_eq(self, other):
    """Two rules are duplicates whatever their descriptions say (moto compares those of groups, too)."""
    return rule_key(self) == rule_key(other)


RULE.description = property(
    lambda self: self.ip_range.get("Description")
    or self.source_group.get("Description")
    or self.prefix_list_description
)


@replaces(groups.SecurityGroup, "_flattened_rules")
def flattened_rules(self, rules):
    views = flattened_rules.original(self, rules)
    for view in views:
        for entry in view.prefix_list_ids:
            for rule in rules:
                if rule.prefix_list_id == entry["PrefixListId"] and rule.from_port == view.from_port:
                    if rule.to_port == view.to_port and rule.ip_protocol == view.ip_protocol and rule.description:
                        entry["Description"] = rule.description
    return views


@replaces(groups.SecurityGroupBackend, "_sg_update_description")
def sg_update_description(self, wanted, rule):
    set_description(rule, wanted.description)


def set_description(rule, text):
    if rule.prefix_list_id:
        rule.prefix_list_description = text
    else:
        (rule.source_group or rule.ip_range)["Description"] = text


@replaces(groups.SecurityGroupBackend, "modify_security_group_rules")
def modify_security_group_rules(self, group_id, rules):
    """The whole rule is rewritten (moto ignores groups, prefix lists and their descriptions)."""
    group = self.get_security_group_by_name_or_id(group_id)
    for rule_id, wanted in rules.items():
        rule = group.get_rule(rule_id)
        if rule is None:
            raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
        rule.ip_protocol = wanted["IpProtocol"]
        all_ports = rule.ip_protocol == "-1"
        rule.from_port = None if all_ports else int(wanted["FromPort"])
        rule.to_port = None if all_ports else int(wanted["ToPort"])
        peers = {"CidrIp": wanted.get("CidrIpv4"), "CidrIpv6": wanted.get("CidrIpv6")}
        rule.ip_range = {k: v for k, v in peers.items() if v}
        rule.prefix_list_id = wanted.get("PrefixListId")
        group_peer = wanted.get("ReferencedGroupId")
        account = self.account_id
        rule.source_group = {"GroupId": group_peer, "OwnerId": account, "UserId": account} if group_peer else {}
        rule.prefix_list_description = None
        if wanted.get("Description") is not None:
            set_description(rule, wanted["Description"])


# --- endpoints ---------------------------------------------------------------------------------------------------------


def check_private_dns(backend, vpc_id, service, private_dns):
    if not private_dns:
        return
    for attribute in ("enable_dns_support", "enable_dns_hostnames"):
        if not backend.describe_vpc_attribute(vpc_id, attribute):
            raise EC2ClientError("InvalidParameter", "Enabling private DNS requires both DNS attributes of the VPC")
    for other in backend.vpc_end_points.values():
        if (other.vpc_id, other.service_name) == (vpc_id, service) and other.private_dns_enabled:
            if other.state != "deleted":
                raise EC2ClientError("InvalidParameter", f"private-dns-enabled: conflicting DNS domain for {service}")


@replaces(VPCs, "create_vpc_endpoint")
def create_vpc_endpoint(self):
    """Type Gateway unless named; an interface endpoint without groups gets the default group of its VPC.

    The checks of private DNS and of one subnet per zone are those of EC2, too.
    """
    self.params.setdefault("VpcEndpointType", "Gateway")
    interface = self.params["VpcEndpointType"] == "Interface"
    if not interface:
        self.params["PrivateDnsEnabled"] = False
    elif not self.params.get("SecurityGroupIds"):
        default = self.ec2_backend.get_default_security_group(self.params["VpcId"])
        self.params["SecurityGroupIds"] = [default.id]
    zones = [self.ec2_backend.get_subnet(subnet).availability_zone for subnet in self.params.get("SubnetIds", [])]
    if len(set(zones)) != len(zones):
        raise EC2ClientError("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the same zone")
    private_dns = self.params.get("PrivateDnsEnabled", True)
    check_private_dns(self.ec2_backend, self.params["VpcId"], self.params["ServiceName"], private_dns)
    return create_vpc_endpoint.original(self)


@replaces(VPCs, "modify_vpc_endpoint")
def modify_vpc_endpoint(self):
    """Also PrivateDnsEnabled, ResetPolicy, and the routes of added and removed route tables."""
    endpoint = self.ec2_backend.describe_vpc_endpoints(vpc_end_point_ids=[self._get_param("VpcEndpointId")])[0]
    if self._get_param("PrivateDnsEnabled") is not None:
        endpoint.private_dns_enabled = self._get_bool_param("PrivateDnsEnabled")
    if self._get_param("ResetPolicy"):
        endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
    prefix_list = endpoint.destination_prefix_list_id
    for table in self._get_param("AddRouteTableIds", []) if prefix_list else []:
        if table not in endpoint.route_table_ids:
            self.ec2_backend.create_route(
                table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list
            )
    for table in self._get_param("RemoveRouteTableIds", []) if prefix_list else []:
        self.ec2_backend.delete_route(table, None, destination_prefix_list_id=prefix_list)
    return modify_vpc_endpoint.original(self)


# --- parameters --------------------------------------------------------------------------------------------------------


@replaces(SimpleSystemManagerBackend, "put_parameter")
def put_parameter(self, name, *args, **kwargs):
    """Lets the test play the publisher of `/aws/service/...`: on AWS nobody else can write these."""
    if not name.startswith("/aws/service/"):
        return put_parameter.original(self, name, *args, **kwargs)
    versions = self._parameters[name]
    versions.append(
        Parameter(
            account_id=self.account_id,
            name=name,
            value=args[1],
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=utcnow(),
            version=versions[-1].version + 1 if versions else 1,
            data_type="aws:ec2:image",
        )
    )
    return versions[-1]
