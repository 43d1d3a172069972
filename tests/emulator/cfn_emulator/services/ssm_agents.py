"""SSM Agents of running instances.

An agent registers `EMULATOR_AGENT_SECONDS` (default 0) after its instance launches. The instance tag
`emulator:agent` changes that: `never` (no agent) or `lost` (ConnectionLost). The emulator does not check whether
role, endpoints and rules allow the agent to reach Systems Manager.
"""

import re
from datetime import timedelta

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import ValidationException
from moto.ssm.responses import SimpleSystemManagerResponse

from cfn_emulator.moto_patch import ServiceError, adds, page
from cfn_emulator.settings import SETTINGS

VERSION = "3.3.2299.0"


def platform(instance):
    image = ec2_backends[instance.owner_id][instance.region_name].amis.get(instance.image_id)
    name = (getattr(image, "name", "") or "").lower()
    if getattr(image, "platform", None) == "windows" or "windows" in name:
        return "Windows", "Microsoft Windows Server 2022 Datacenter", "10.0.20348"
    if "ubuntu" in name:
        return "Linux", "Ubuntu", "22.04"
    return "Linux", "Amazon Linux", "2023"


def agent_information(instance):
    """Returns the agent of an instance as Systems Manager describes it, or `None`."""
    tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    test_directive = tags.get("emulator:agent")
    launched = instance.launch_time.replace(tzinfo=None)
    registered = launched + timedelta(seconds=SETTINGS.agent_seconds)
    if test_directive == "never" or instance.state != "running" or utcnow().replace(tzinfo=None) < registered:
        return None
    kind, name, version = platform(instance)
    return {
        "InstanceId": instance.id,
        "PingStatus": "ConnectionLost" if test_directive == "lost" else "Online",
        "LastPingDateTime": registered if test_directive == "lost" else utcnow(),
        "AgentVersion": VERSION,
        "IsLatestVersion": True,
        "PlatformType": kind,
        "PlatformName": name,
        "PlatformVersion": version,
        "ResourceType": "EC2Instance",
        "IPAddress": instance.private_ip,
        "ComputerName": instance.private_dns_name,
        "SourceId": instance.id,
        "SourceType": "AWS::EC2::Instance",
    }


def agents(self):
    """Returns the agents with the tags of their instances, in launch order."""
    backend = ec2_backends[self.current_account][self.region]
    instances = [it for reservation in backend.reservations.values() for it in reservation.instances]
    found = [(agent_information(it), {tag["key"]: tag["value"] for tag in it.get_tags()}) for it in instances]
    return [(it, tags) for it, tags in found if it]


MEMBERS = {
    "InstanceIds": "InstanceId",
    "AgentVersion": "AgentVersion",
    "PingStatus": "PingStatus",
    "PlatformTypes": "PlatformType",
    "ResourceType": "ResourceType",
    "SourceIds": "SourceId",
    "SourceTypes": "SourceType",
}


def matches(found, tags, name, values):
    if name.startswith("tag:"):
        return tags.get(name.removeprefix("tag:")) in values
    if name == "tag-key":
        return any(value in tags for value in values)
    if name not in MEMBERS:
        # The emulator has no hybrid activations and records no roles.
        return False
    return found[MEMBERS[name]] in values


@adds(SimpleSystemManagerResponse)
def describe_instance_information(self, param):
    """Describes agents; instances without an agent are omitted even if a filter names them."""
    size = int(param("MaxResults") or 10)
    if not 5 <= size <= 50:
        bound = "greater than or equal to 5" if size < 5 else "less than or equal to 50"
        where = f"Value '{size}' at 'maxResults' failed to satisfy constraint: Member must have value {bound}"
        raise ValidationException(f"1 validation error detected: {where}")
    wanted = [(it["Key"], it.get("Values", [])) for it in param("Filters", []) or []]
    older = [(it["key"], it.get("valueSet", [])) for it in param("InstanceInformationFilterList", []) or []]
    if wanted and older:
        raise ValidationException("Filters and InstanceInformationFilterList cannot be specified at the same time")
    for name, values in wanted + older:
        if name == "InstanceIds":
            for value in values:
                if not re.fullmatch(r"m?i-[0-9a-f]{8,17}", value):
                    text = f"The following filter value is not valid: {value}"
                    raise ServiceError("InvalidInstanceInformationFilterValue", text)
    found = [it for it, tags in agents(self) if all(matches(it, tags, name, values) for name, values in wanted + older)]
    return page(found, size, param("NextToken"), "InstanceInformationList")


@adds(SimpleSystemManagerResponse)
def get_connection_status(self, param):
    target = param("Target")
    online = any(it["InstanceId"] == target and it["PingStatus"] == "Online" for it, _ in agents(self))
    return {"Target": target, "Status": "connected" if online else "notconnected"}
