"""The resource changes of a change set.

Computed from the evaluated properties and the create-only properties of each type. A value that only the execution
knows (the ID of a replacement, an attribute of a changed resource) is dynamic, as on AWS. RequiresRecreation is
Always or Never; AWS also knows Conditionally.
"""

import json

from cfn_emulator.control_plane.failures import ERRORS
from cfn_emulator.engine.intrinsics import NO_VALUE, evaluate, referenced_names
from cfn_emulator.engine.resource import Resource, stack_tagged

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


class Attributes(dict):
    """Any attribute, with an unknown value; records each access."""

    def __init__(self, pending):
        super().__init__()
        self.pending = pending

    def __contains__(self, name):
        return True

    def __getitem__(self, name):
        self.pending(name)
        return UNKNOWN


class PlannedResource(Resource):
    """A resource that the execution creates, replaces or changes in place."""

    def __init__(self, name, kind, physical, pending):
        self.logical_resource_id, self.type, self.pending = name, kind, pending
        self.physical_resource_id = physical

    def attributes(self):
        return Attributes(lambda member: self.pending(f"{self.logical_resource_id}.{member}"))


class PlannedScope:
    """A scope with the resources as they are after the change."""

    def __init__(self, scope, resources):
        self.scope, self.resources = scope, dict(resources)
        self.api, self.mappings, self.conditions = scope.api, scope.mappings, scope.conditions
        self.unknown_names, self.pending = set(), []

    def __getitem__(self, name):
        if name in self.unknown_names:
            self.pending.append(name)
        return self.resources[name] if name in self.resources else self.scope[name]

    def add_planned(self, name, kind, physical=None):
        """Adds a resource; without a physical ID, which only the execution knows, it is new or replaced."""
        if physical is None:
            self.unknown_names.add(name)
        self.resources[name] = PlannedResource(name, kind, physical or UNKNOWN, self.pending.append)

    def value(self, value):
        """Returns the value and the unknown references in it, those to attributes last."""
        self.pending.clear()
        try:
            found = evaluate(value, self)
        except ERRORS:
            if not self.pending:
                raise
            found = UNKNOWN
        return found, sorted(set(self.pending), key=lambda name: "." not in name)


def changes(stack, definition, scope):
    """Returns the changes in template order, removals last."""
    before, resources = stack.definition, stack.resources()
    planned = PlannedScope(scope, resources)
    found = {}
    wanted = scope.wanted()
    for name, raw in wanted.items():
        known = resources.get(name)
        if known is None or getattr(known, "incomplete", False):
            found[name] = added(name, raw, definition, planned)
            planned.add_planned(name, raw["Type"])
            continue
        change = modified(name, raw, known, before, definition, planned)
        if change:
            found[name] = change
            in_place = change["Replacement"] == "False"
            planned.add_planned(name, raw["Type"], known.physical_resource_id if in_place else None)
    ordered = [found[name] for name in definition.template["Resources"] if name in found]
    for name, known in resources.items():
        if name not in wanted:
            ordered.append(removed(name, known, before.raw(name)))
    return ordered


def context(properties):
    return json.dumps({"Properties": properties})


def added(name, raw, definition, planned):
    properties = {}
    for member, value in raw.get("Properties", {}).items():
        properties[member] = planned.value(value)[0]
    change = {"Action": "Add", "LogicalResourceId": name, "ResourceType": raw["Type"], "Scope": [], "Details": []}
    return {**change, "AfterContext": context(stack_tagged(raw["Type"], properties, definition.tags))}


def removed(name, known, raw):
    policy = "Retain" if raw.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate") else "Delete"
    change = {"Action": "Remove", "PolicyAction": policy, "LogicalResourceId": name, "Scope": [], "Details": []}
    identity = {"PhysicalResourceId": known.physical_resource_id, "ResourceType": known.type}
    return {**change, **identity, "BeforeContext": context(known.properties)}


def modified(name, raw, known, before, definition, planned):
    """Returns the change of an existing resource, or `None`."""
    old_raw, new_raw = (part.get("Properties", {}) for part in (before.raw(name), raw))
    pending = {}
    evaluated = {}
    for member, value in new_raw.items():
        evaluated[member], pending[member] = planned.value(value)
    evaluated = {member: value for member, value in evaluated.items() if value is not NO_VALUE}
    evaluated = stack_tagged(raw["Type"], evaluated, definition.tags)
    details = []
    for member in {**known.properties, **evaluated}:
        old, new = known.properties.get(member), evaluated.get(member)
        same_text = old_raw.get(member) == new_raw.get(member)
        if old == new and not (pending.get(member) and same_text):
            continue
        details += property_details(member, known, old, new, pending.get(member), same_text, new_raw, before, definition)
    for attribute in ("Metadata", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy"):
        if before.raw(name).get(attribute) != raw.get(attribute):
            details.append(detail({"Attribute": attribute, "RequiresRecreation": "Never"}))
    if not details:
        return None
    always = [it["Evaluation"] for it in details if it["Target"]["RequiresRecreation"] == "Always"]
    replacement = "True" if "Static" in always else "Conditional" if always else "False"
    change = {
        "Action": "Modify",
        "LogicalResourceId": name,
        "PhysicalResourceId": known.physical_resource_id,
        "ResourceType": raw["Type"],
        "Replacement": replacement,
        "Scope": sorted({it["Target"]["Attribute"] for it in details}),
        "Details": details,
        "BeforeContext": context(known.properties),
        "AfterContext": context(evaluated),
    }
    if replacement != "False":
        policy = raw.get("UpdateReplacePolicy") == "Retain"
        change["PolicyAction"] = "ReplaceAndRetain" if policy else "ReplaceAndDelete"
    return change


def detail(target, evaluation="Static", source="DirectModification", cause=None):
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source, "CausingEntity": cause}


def property_details(member, known, old, new, pending, same_text, new_raw, before, definition):
    recreation = "Always" if member in known.create_only else "Never"
    kind = "Add" if old is None else "Remove" if new is None else "Modify"
    target = {
        "Attribute": "Tags" if member == "Tags" else "Properties",
        "Name": None if member == "Tags" else member,
        "RequiresRecreation": recreation,
        "Path": f"/Properties/{member}",
        "BeforeValue": None if old is None else as_text(old),
        "AfterValue": None if new is None else as_text(new),
        "AttributeChangeType": kind,
    }
    if not same_text:
        return [detail(target)]
    if pending:
        sources = {True: "ResourceAttribute", False: "ResourceReference"}
        # For an attribute of a replaced resource AWS names only the attribute.
        causes = [it for it in pending if "." in it or not any(other.startswith(f"{it}.") for other in pending)]
        return [detail(target, "Dynamic", sources["." in cause], cause) for cause in causes]
    causes = parameters_of(new_raw.get(member), before, definition)
    return [detail(target, source="ParameterReference", cause=cause) for cause in causes] or [detail(target)]


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


def parameters_of(raw, before, definition):
    """Returns the changed parameters that the value refers to."""
    old, new = before.values(), definition.values()
    return sorted(name for name in referenced_names(raw) & set(new) if old.get(name) != new[name])
