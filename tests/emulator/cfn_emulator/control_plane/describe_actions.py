"""Actions that read stacks, events, resources and templates."""

import json

from cfn_emulator.control_plane.registry import action
from cfn_emulator.control_plane.requests import parameters
from cfn_emulator.engine.templates import NAMES_OF_IAM, check, from_s3, invalid, needed_capability, parsed
from cfn_emulator.moto_patch import page


def stack_description(stack):
    definition = stack.definition
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": definition.template.get("Description"),
        "Parameters": parameters(definition, stack.scope),
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": definition.topics,
        "Capabilities": definition.capabilities or None,
        "Outputs": stack.outputs or None,
        "RoleARN": definition.role,
        "Tags": [{"Key": key, "Value": value} for key, value in definition.tags.items()],
        "EnableTerminationProtection": stack.protected,
        "DriftInformation": stack.drift,
    }


@action
def describe_stacks(self, registry, param):
    name = param("StackName")
    stacks = [registry.stack(name)] if name else [stack for stack in registry.stacks.values() if stack.exists]
    return page([stack_description(stack) for stack in stacks], 50, param("NextToken"), "Stacks")


@action
def list_stacks(self, registry, param):
    wanted = param("StackStatusFilter", [])
    names = ("StackId", "StackName", "CreationTime", "LastUpdatedTime", "DeletionTime", "StackStatus")
    names = (*names, "StackStatusReason", "DriftInformation")
    stacks = [stack for stack in reversed(registry.stacks.values()) if not wanted or stack.status in wanted]
    listed = [{name: stack_description(stack)[name] for name in names} for stack in stacks]
    for entry, stack in zip(listed, stacks, strict=True):
        entry["TemplateDescription"] = stack.definition.template.get("Description")
    return page(listed, 100, param("NextToken"), "StackSummaries")


@action
def describe_stack_events(self, registry, param):
    stack = registry.stack(param("StackName"), "Stack [{}] does not exist")
    return page(stack.events[::-1], 25, param("NextToken"), "StackEvents")


def resource_entry(stack, record, time_name):
    return {
        "LogicalResourceId": record.name,
        "PhysicalResourceId": record.physical,
        "ResourceType": record.kind,
        "ResourceStatus": record.status,
        "ResourceStatusReason": record.reason,
        time_name: record.time,
        "DriftInformation": {"StackResourceDriftStatus": drift_status(stack, record.name)},
    }


def drift_status(stack, name):
    found = next((drift for drift in stack.drifts if drift["LogicalResourceId"] == name), None)
    return found["StackResourceDriftStatus"] if found else "NOT_CHECKED"


def record_of(stack, name):
    if name not in stack.records:
        raise invalid(f"Resource {name} does not exist for stack {stack.name}")
    return stack.records[name]


@action
def describe_stack_resources(self, registry, param):
    physical, name = param("PhysicalResourceId"), param("LogicalResourceId")
    if physical and not param("StackName"):
        owners = [it for it in registry.stacks.values() if any(r.physical == physical for r in it.records.values())]
        if not owners:
            raise invalid(f"Stack for {physical} does not exist")
        stack = owners[-1]
    else:
        stack = registry.stack(param("StackName"))
    records = [record_of(stack, name)] if name else list(stack.records.values())
    owner = {"StackName": stack.name, "StackId": stack.id}
    return {"StackResources": [{**owner, **resource_entry(stack, it, "Timestamp")} for it in records[:100]]}


@action
def describe_stack_resource(self, registry, param):
    stack = registry.stack(param("StackName"), "Stack '{}' does not exist")
    record = record_of(stack, param("LogicalResourceId"))
    metadata = stack.definition.raw(record.name).get("Metadata")
    entry = {"StackName": stack.name, "StackId": stack.id, **resource_entry(stack, record, "LastUpdatedTimestamp")}
    return {"StackResourceDetail": {**entry, "Metadata": json.dumps(metadata) if metadata else None}}


@action
def list_stack_resources(self, registry, param):
    stack = registry.stack(param("StackName"))
    listed = [resource_entry(stack, record, "LastUpdatedTimestamp") for record in stack.records.values()]
    return page(listed, 100, param("NextToken"), "StackResourceSummaries")


@action
def get_template(self, registry, param):
    """Returns the template as submitted; on AWS the processed template differs only by transforms."""
    if param("ChangeSetName"):
        text = registry.change_set(param("ChangeSetName"), param("StackName")).definition.text
    else:
        text = registry.stack(param("StackName")).definition.text
    return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}


@action
def get_template_summary(self, registry, param):
    if param("StackName"):
        stack = registry.stack(param("StackName"))
        if stack.status == "REVIEW_IN_PROGRESS":
            raise invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
        template = stack.definition.template
    else:
        url = param("TemplateURL")
        template = parsed(from_s3(url, registry.account, registry.partition) if url else param("TemplateBody") or "")
        check(template)
    return template_summary(template)


def template_summary(template):
    needed = needed_capability(template)
    slots = template.get("Parameters", {})
    resources = [name for name, raw in template["Resources"].items() if raw["Type"] in NAMES_OF_IAM]
    return {
        "Description": template.get("Description"),
        "Version": str(template.get("AWSTemplateFormatVersion", "2010-09-09")),
        "Metadata": json.dumps(template["Metadata"]) if "Metadata" in template else None,
        "ResourceTypes": list(dict.fromkeys(raw["Type"] for raw in template["Resources"].values())),
        "Capabilities": [needed] if needed else None,
        "CapabilitiesReason": f"The following resource(s) require capabilities: [{', '.join(resources)}]"
        if needed
        else None,
        "DeclaredTransforms": [],
        "Parameters": [
            {
                "ParameterKey": name,
                "DefaultValue": str(slot["Default"]) if "Default" in slot else None,
                "ParameterType": slot["Type"],
                "NoEcho": str(slot.get("NoEcho", False)).lower() == "true",
                "Description": slot.get("Description"),
                "ParameterConstraints": {"AllowedValues": [str(item) for item in slot.get("AllowedValues", [])] or None},
            }
            for name, slot in slots.items()
        ],
    }


@action
def validate_template(self, registry, param):
    """Validates what AWS rejects at once; it is not a linter."""
    url = param("TemplateURL")
    template = parsed(from_s3(url, registry.account, registry.partition) if url else param("TemplateBody") or "")
    check(template)
    found = template_summary(template)
    names = ("ParameterKey", "DefaultValue", "NoEcho", "Description")
    found["Parameters"] = [{name: it[name] for name in names} for it in found["Parameters"]]
    return {name: found[name] for name in ("Description", "Capabilities", "CapabilitiesReason", "Parameters")}
