"""EC2 instances, images, volumes and launch templates."""

import copy
import threading

from moto.core.responses import ActionResult
from moto.core.serialize import return_if_not_empty
from moto.ec2 import models as ec2_models
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.responses.monitoring import Monitoring
from moto.ec2.utils import parse_user_data
from moto.kms.models import kms_backends
from moto.ssm.models import ssm_backends

from cfn_emulator.moto_patch import replaces


def resolve_image(account, region, image):
    """Resolves `resolve:ssm:NAME[:VERSION or :LABEL]` as EC2 does at launch; any other image must exist."""
    if image.startswith("resolve:ssm:"):
        name = image.removeprefix("resolve:ssm:")
        parameter = ssm_backends[account][region].get_parameter(name)
        if parameter is None:
            raise EC2ClientError("InvalidParameterValue", f"Invalid value '{image}' for imageId: no such parameter")
        image = parameter.value
    return ec2_models.ec2_backends[account][region].describe_images(ami_ids=[image])[0]


def merge_devices(*layers):
    """Merges block device mappings by device name; a later layer overrides the members it sets."""
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
    """Runs instances with all of the launch template (moto uses only user data, type, key and security groups)."""
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
        # The security groups of an instance are those of its first interface.
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
    """Returns an empty element for missing user data, also if the request set an empty string."""
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
    """Keeps the options that the request does not set (moto resets them)."""
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
    """Returns the key of a volume as an ARN, rejects missing keys and creates one default key."""
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


# An interface without a public address has no association; an empty one reads as a public address.
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


def template_data(data):
    if data.get("UserData") is not None:
        data["UserData"] = parse_user_data(data["UserData"])
    return data


@replaces(LaunchTemplates, "create_launch_template")
def create_launch_template(self):
    """Creates a template whose data excludes the tags of the template itself (moto includes them)."""
    data = template_data(copy.deepcopy(self._get_param("LaunchTemplateData", {})))
    result = create_launch_template.original(self)
    template = self.ec2_backend.get_launch_template(result.result["LaunchTemplate"]["LaunchTemplateId"])
    template.versions[0].data = data
    return result


@replaces(LaunchTemplates, "create_launch_template_version")
def create_launch_template_version(self):
    """Stores user data in the type that RunInstances expects (moto stores it unchanged)."""
    template_data(self._get_param("LaunchTemplateData", {}))
    return create_launch_template_version.original(self)
