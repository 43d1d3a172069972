"""What a change set tells: the changes that a new template would make to the resources of a stack.

Computed from the evaluated properties and from `create_only` of each type. What only the execution can tell (the identifier
of what is replaced, an attribute of what is changed) is dynamic, as on AWS. The recreation of a property is Always or Never
here; AWS knows Conditionally, too.
"""

import json

from emulated_cloudformation import NO_VALUE, Deployed, evaluate, mentioned
from emulated_operations import ERRORS, stack_tagged

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


class Attributes(dict):
    """Any attribute, unknown; tells when one was asked for."""

    def __init__(self, asked):
        super().__init__()
        self.asked = asked

    def __contains__(self, name):
        return True

    def __getitem__(self, name):
        self.asked(name)
        return UNKNOWN


class Foreseen(Deployed):
    """Stands for a resource that is going to be made, replaced, or changed in place."""

    def __init__(self, name, kind, physical, asked):
        self.logical_resource_id, self.type, self.asked = name, kind, asked
        self.physical_resource_id = physical

    def attributes(self):
        return Attributes(lambda member: self.asked(f"{self.logical_resource_id}.{member}"))


class Foresight:
    """A scope in which the resources are those after the change."""

    def __init__(self, scope, resources):
        self.scope, self.resources = scope, dict(resources)
        self.api, self.mappings, self.conditions = scope.api, scope.mappings, scope.conditions
        self.unknown_names, self.asked = set(), []

    def __getitem__(self, name):
        if name in self.unknown_names:
            self.asked.append(name)
        return self.resources[name] if name in self.resources else self.scope[name]

    def foresee(self, name, kind, physical=None):
        """Without identifier: it is not known before the execution."""
        if physical is None:
            self.unknown_names.add(name)
        self.resources[name] = Foreseen(name, kind, physical or UNKNOWN, self.asked.append)

    def value(self, value):
        """The value, and which names it hangs on that are not known yet, those with an attribute last."""
        self.asked.clear()
        try:
            found = evaluate(value, self)
        except ERRORS:
            if not self.asked:
                raise
            found = UNKNOWN
        return found, sorted(set(self.asked), key=lambda name: "." not in name)


def changes(stack, definition, scope):
    """The changes in the order of the template, removals last."""
    before, resources = stack.definition, stack.resources()
    foresight = Foresight(scope, resources)
    found = {}
    wanted = scope.wanted()
    for name, raw in wanted.items():
        known = resources.get(name)
        if known is None or getattr(known, "broken", False):
            found[name] = added(name, raw, definition, foresight)
            foresight.foresee(name, raw["Type"])
            continue
        change = modified(name, raw, known, before, definition, foresight)
        if change:
            found[name] = change
            in_place = change["Replacement"] == "False"
            foresight.foresee(name, raw["Type"], known.physical_resource_id if in_place else None)
    ordered = [found[name] for name in definition.template["Resources"] if name in found]
    for name, known in resources.items():
        if name not in wanted:
            ordered.append(removed(name, known, before.raw(name)))
    return ordered


def context(properties):
    return json.dumps({"Properties": properties})


def added(name, raw, definition, foresight):
    properties = {}
    for member, value in raw.get("Properties", {}).items():
        properties[member] = foresight.value(value)[0]
    change = {"Action": "Add", "LogicalResourceId": name, "ResourceType": raw["Type"], "Scope": [], "Details": []}
    return {**change, "AfterContext": context(stack_tagged(raw["Type"], properties, definition.tags))}


def removed(name, known, raw):
    policy = "Retain" if raw.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate") else "Delete"
    change = {"Action": "Remove", "PolicyAction": policy, "LogicalResourceId": name, "Scope": [], "Details": []}
    identity = {"PhysicalResourceId": known.physical_resource_id, "ResourceType": known.type}
    return {**change, **identity, "BeforeContext": context(known.properties)}


def modified(name, raw, known, before, definition, foresight):
    """The change of a resource that is there, or nothing."""
    old_raw, new_raw = (part.get("Properties", {}) for part in (before.raw(name), raw))
    asked = {}
    evaluated = {}
    for member, value in new_raw.items():
        evaluated[member], asked[member] = foresight.value(value)
    evaluated = {member: value for member, value in evaluated.items() if value is not NO_VALUE}
    evaluated = stack_tagged(raw["Type"], evaluated, definition.tags)
    details = []
    for member in {**known.properties, **evaluated}:
        old, new = known.properties.get(member), evaluated.get(member)
        same_text = old_raw.get(member) == new_raw.get(member)
        if old == new and not (asked.get(member) and same_text):
            continue
        details += property_details(member, known, old, new, asked.get(member), same_text, new_raw, before, definition)
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


def property_details(member, known, old, new, asked, same_text, new_raw, before, definition):
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
    if asked:
        sources = {True: "ResourceAttribute", False: "ResourceReference"}
        # Of an attribute of what is replaced only the attribute is told.
        causes = [it for it in asked if "." in it or not any(other.startswith(f"{it}.") for other in asked)]
        return [detail(target, "Dynamic", sources["." in cause], cause) for cause in causes]
    causes = parameters_of(new_raw.get(member), before, definition)
    return [detail(target, source="ParameterReference", cause=cause) for cause in causes] or [detail(target)]


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


def parameters_of(raw, before, definition):
    """The changed parameters that the value refers to."""
    old, new = before.values(), definition.values()
    return sorted(name for name in mentioned(raw) & set(new) if old.get(name) != new[name])
