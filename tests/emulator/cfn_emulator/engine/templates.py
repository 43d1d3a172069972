"""Parsing and validation of templates, their parameters and capabilities."""

import json
import re
import urllib.parse

import yaml
from botocore.exceptions import ClientError
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.utils import yaml_tag_constructor
from moto.s3.models import s3_backends

from cfn_emulator.engine.intrinsics import referenced_names
from cfn_emulator.engine.resource import RESOURCE_TYPES


def invalid(message):
    return ValidationError(message=message)


SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Transform", "Resources", "Outputs", "Hooks"),
)


class Loader(yaml.SafeLoader):
    """Loads the short forms of intrinsic functions; dates stay strings, as in JSON."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: yaml_tag_constructor(loader, f"!{suffix}", node))
Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parsed(text):
    """Parses a template."""
    try:
        if text.lstrip().startswith("{"):
            template = json.loads(text)
        else:
            template = yaml.load(text, Loader=Loader)
    except json.JSONDecodeError as error:
        place = f"(line {error.lineno}, column {error.colno})"
        raise invalid(f"Template format error: JSON not well-formed. {place}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise invalid(f"Template format error: YAML not well-formed.{place}") from error
    if not isinstance(template, dict):
        raise invalid("Template format error: unsupported structure.")
    return template


def check(template):
    """Rejects what AWS rejects in a template at once."""
    unknown = [name for name in template if name not in SECTIONS]
    if unknown:
        raise invalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise invalid("Template format error: At least one Resources member must be defined.")
    for name, raw in resources.items():
        if not re.fullmatch(r"[A-Za-z0-9]+", str(name)):
            raise invalid(f"Template format error: Resource name {name} is non alphanumeric.")
        if not isinstance(raw, dict) or not isinstance(raw.get("Type"), str):
            message = "Every Resources object must contain a Type member."
            raise invalid(f"Template format error: [/Resources/{name}] {message}")
        if raw.get("Condition") is not None and raw["Condition"] not in template.get("Conditions", {}):
            place = f"{raw['Condition']} in the Resources block of the template"
            raise invalid(f"Template format error: Unresolved condition dependency {place}")
    known = {*resources, *template.get("Parameters", {})}
    depends = [raw["DependsOn"] for raw in resources.values() if "DependsOn" in raw]
    depends = {name for item in depends for name in ([item] if isinstance(item, str) else item)}
    blocks = {
        "Resources": referenced_names([raw.get("Properties", {}) for raw in resources.values()]) | depends,
        "Outputs": referenced_names(template.get("Outputs", {})),
    }
    for block, names in blocks.items():
        missing = sorted(name for name in names - known if not str(name).startswith("AWS::"))
        if missing:
            place = f"[{', '.join(missing)}] in the {block} block of the template"
            raise invalid(f"Template format error: Unresolved resource dependencies {place}")
    if "Transform" not in template:
        check_types(template)


def check_types(template):
    """Rejects unknown types: at once, but with a transform only when the change set is created."""
    kinds = [raw["Type"] for raw in template["Resources"].values()]
    unknown = list(dict.fromkeys(kind for kind in kinds if kind not in RESOURCE_TYPES))
    if unknown:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")


NAMES_OF_IAM = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Policy": None,
    "AWS::IAM::RolePolicy": None,
    "AWS::IAM::UserToGroupAddition": None,
}


def needed_capability(template):
    needed = None
    for raw in template["Resources"].values():
        if raw["Type"] in NAMES_OF_IAM:
            if NAMES_OF_IAM[raw["Type"]] in raw.get("Properties", {}):
                return "CAPABILITY_NAMED_IAM"
            needed = "CAPABILITY_IAM"
    return needed


def check_capabilities(template, provided):
    needed = needed_capability(template)
    if needed and needed not in provided and "CAPABILITY_NAMED_IAM" not in provided:
        raise CloudFormationError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")


def check_parameters(template, provided):
    slots = template.get("Parameters", {})
    unknown = [name for name in provided if name not in slots]
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [name for name, slot in slots.items() if name not in provided and "Default" not in slot]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, slot in slots.items():
        check_parameter(name, slot, str(provided.get(name, slot.get("Default"))))


def check_parameter(name, slot, value):
    values = [item.strip() for item in value.split(",")] if "List" in slot["Type"] else [value]
    numbers = [item for item in values if "Number" in slot["Type"]]
    if any(not re.fullmatch(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?", item.strip()) for item in numbers):
        raise invalid(f"Parameter '{name}' must be a number")
    allowed = [str(item) for item in slot.get("AllowedValues", [])]
    tests = [
        ("AllowedValues", lambda it: it in allowed, "must be one of AllowedValues"),
        ("AllowedPattern", lambda it: re.fullmatch(slot["AllowedPattern"], it), "must match pattern {}"),
        ("MinLength", lambda it: len(it) >= int(slot["MinLength"]), "must contain at least {} characters"),
        ("MaxLength", lambda it: len(it) <= int(slot["MaxLength"]), "must contain at most {} characters"),
        ("MinValue", lambda it: float(it) >= float(slot["MinValue"]), "must be a number not less than {}"),
        ("MaxValue", lambda it: float(it) <= float(slot["MaxValue"]), "must be a number not greater than {}"),
    ]
    for constraint, holds, text in tests:
        if constraint in slot and not all(map(holds, values)):
            if "ConstraintDescription" in slot:
                raise invalid(f"Parameter {name} failed to satisfy constraint: {slot['ConstraintDescription']}")
            raise invalid(f"Parameter '{name}' {text.format(slot[constraint])}")


EXISTING = {
    "AWS::EC2::VPC::Id": ("describe_vpcs", "VpcIds"),
    "AWS::EC2::Subnet::Id": ("describe_subnets", "SubnetIds"),
    "AWS::EC2::SecurityGroup::Id": ("describe_security_groups", "GroupIds"),
    "AWS::EC2::Instance::Id": ("describe_instances", "InstanceIds"),
}


def check_existing(definition, scope):
    """Checks that values of parameters with AWS-specific types exist; AWS checks this when it creates the change set."""
    for name, slot in definition.template.get("Parameters", {}).items():
        kind = slot["Type"].removeprefix("List<").removesuffix(">")
        value = scope.resolved_parameters[name]
        for item in value if isinstance(value, list) else [value]:
            if kind in EXISTING and item:
                operation, member = EXISTING[kind]
                try:
                    scope.api.ec2(operation, **{member: [item]})
                except ClientError as error:
                    text = f"parameter value {item} for parameter name {name} does not exist"
                    raise invalid(f"Parameter validation failed: {text}") from error


def comparable_parts(template):
    """Returns the parts of a template that can cause a change in a change set."""
    parts = {key: value for key, value in template.items() if key not in ("Description", "AWSTemplateFormatVersion")}
    parts.pop("Metadata", None)
    return json.dumps(parts, sort_keys=True, default=str)


def from_s3(url, account, partition):
    """Reads a TemplateURL, path-style or virtual-hosted, of AWS or of this server."""
    parts = urllib.parse.urlparse(url)
    host, path = parts.hostname or "", urllib.parse.unquote(parts.path.lstrip("/"))
    virtual = re.match(r"(.+)\.s3[.-]", host)
    if parts.scheme not in ("http", "https") or not (virtual or path.count("/")):
        raise invalid("TemplateURL must be a supported URL.")
    bucket, key = (virtual[1], path) if virtual else path.split("/", 1)
    more = "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
    backend = s3_backends[account][partition]
    if bucket not in backend.buckets:
        raise invalid(f"S3 error: The specified bucket does not exist\n{more}")
    found = backend.get_object(bucket, key)
    if found is None:
        raise invalid(f"S3 error: Access Denied\n{more}")
    return found.value.decode()
