"""What moto lacks of the services around a deployment: the agents of SSM, and the simulation of IAM policies.

An agent is there for each running instance, EMULATOR_AGENT_SECONDS (default 0) after the launch. The tag `emulator:agent` of
an instance says otherwise: `never` (no agent), `lost` (ConnectionLost). That an agent could reach Systems Manager at all,
by role, endpoints and rules, is not looked at. The simulation knows the identity policies of users and roles, actions and
resources with wildcards; conditions, boundaries and policies of resources are ignored.
"""

import fnmatch
import json
import os
import re
from datetime import timedelta
from urllib.parse import unquote

from emulated_api import Refusal
from emulated_deployments import page, without_none
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.iam.responses import IamResponse
from moto.ssm.exceptions import ValidationException
from moto.ssm.responses import SimpleSystemManagerResponse

SECONDS = float(os.environ.get("EMULATOR_AGENT_SECONDS", "0"))
VERSION = "3.3.2299.0"


def adds(cls):
    """Decorator: the function becomes the action of the class that has its name."""

    def install(function):
        setattr(cls, function.__name__, lambda self: ActionResult(without_none(function(self, self._get_param))))
        return function

    return install


# --- agents ------------------------------------------------------------------------------------------------------------


def platform(instance):
    image = ec2_backends[instance.owner_id][instance.region_name].amis.get(instance.image_id)
    name = (getattr(image, "name", "") or "").lower()
    if getattr(image, "platform", None) == "windows" or "windows" in name:
        return "Windows", "Microsoft Windows Server 2022 Datacenter", "10.0.20348"
    if "ubuntu" in name:
        return "Linux", "Ubuntu", "22.04"
    return "Linux", "Amazon Linux", "2023"


def agent(instance):
    """The agent of an instance as Systems Manager tells it, or nothing."""
    tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    wish = tags.get("emulator:agent")
    launched = instance.launch_time.replace(tzinfo=None)
    registered = launched + timedelta(seconds=SECONDS)
    if wish == "never" or instance.state != "running" or utcnow().replace(tzinfo=None) < registered:
        return None
    kind, name, version = platform(instance)
    return {
        "InstanceId": instance.id,
        "PingStatus": "ConnectionLost" if wish == "lost" else "Online",
        "LastPingDateTime": registered if wish == "lost" else utcnow(),
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
    """In the order of the launches, with the tags."""
    backend = ec2_backends[self.current_account][self.region]
    instances = [it for reservation in backend.reservations.values() for it in reservation.instances]
    found = [(agent(it), {tag["key"]: tag["value"] for tag in it.get_tags()}) for it in instances]
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
        # Nothing here has an activation, and no role is known.
        return False
    return found[MEMBERS[name]] in values


@adds(SimpleSystemManagerResponse)
def describe_instance_information(self, param):
    """Instances without agent are left out, also if they are asked for by name."""
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
                    raise Refusal("InvalidInstanceInformationFilterValue", text)
    found = [
        it for it, tags in agents(self) if all(matches(it, tags, name, values) for name, values in wanted + older)
    ]
    return page(found, size, param("NextToken"), "InstanceInformationList")


@adds(SimpleSystemManagerResponse)
def get_connection_status(self, param):
    target = param("Target")
    online = any(it["InstanceId"] == target and it["PingStatus"] == "Online" for it, _ in agents(self))
    return {"Target": target, "Status": "connected" if online else "notconnected"}


# --- policies ----------------------------------------------------------------------------------------------------------


def texts_of(entity):
    """The documents of the policies of a user, group or role."""
    return [*entity.policies.values(), *(policy.document for policy in entity.managed_policies.values())]


def documents(backend, arn):
    """The policies of the identity; nothing of one that may do all: root, and what moto takes for one who is not known."""
    kind, _, name = arn.split(":", 5)[5].partition("/")
    name = name.split("/")[-1]
    if kind == "user" and name in {it.name for it in backend.users.values()}:
        entities = [backend.get_user(name)]
        entities += [group for group in backend.groups.values() if any(it.name == name for it in group.users)]
    elif kind == "role" and name in {it.name for it in backend.roles.values()}:
        entities = [backend.get_role(name)]
    elif arn.startswith("arn:aws:sts:") and kind == "assumed-role":
        raise Refusal("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    elif kind == "root" or (arn.startswith("arn:aws:sts:") and kind == "user"):
        return None
    elif kind == "user" and name in ("moto", "root", "admin"):
        return None
    else:
        raise Refusal("NoSuchEntity", f"The {kind} with name {name} cannot be found.")
    texts = [text for entity in entities for text in texts_of(entity)]
    return [json.loads(unquote(text)) if isinstance(text, str) else text for text in texts]


def listed(value):
    return value if isinstance(value, list) else [value]


def hits(patterns, value):
    # Of the signs that fnmatch knows IAM has only these two.
    return any(fnmatch.fnmatchcase(value, re.sub(r"\[", "[[]", pattern)) for pattern in listed(patterns))


def applies(statement, action, resource):
    action = action.lower()
    if "Action" in statement:
        on_action = hits([it.lower() for it in listed(statement["Action"])], action)
    else:
        on_action = not hits([it.lower() for it in listed(statement["NotAction"])], action)
    if "NotResource" in statement:
        return on_action and not hits(statement["NotResource"], resource)
    return on_action and hits(statement.get("Resource", "*"), resource)


def decision(found, action, resource):
    if found is None:
        return "allowed"
    statements = [it for document in found for it in listed(document["Statement"])]
    effects = {it["Effect"] for it in statements if applies(it, action, resource)}
    return "explicitDeny" if "Deny" in effects else "allowed" if "Allow" in effects else "implicitDeny"


@adds(IamResponse)
def simulate_principal_policy(self, param):
    found = documents(self.backend, param("PolicySourceArn"))
    extra = [json.loads(text) for text in param("PolicyInputList", []) or []]
    found = None if found is None else found + extra
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": decision(found, action, resource),
            "MatchedStatements": [],
            "MissingContextValues": [],
        }
        for resource in param("ResourceArns", []) or ["*"]
        for action in param("ActionNames", [])
    ]
    size = int(param("MaxItems") or 100)
    one = page(results, size, param("Marker"), "EvaluationResults")
    marker = one.pop("NextToken")
    return {**one, "IsTruncated": marker is not None, "Marker": marker}
