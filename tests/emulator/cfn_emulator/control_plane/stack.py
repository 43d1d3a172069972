"""Stacks: definition, resources, events, and test directives that cause failures."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from moto.core.utils import utcnow

from cfn_emulator.engine.intrinsics import condition, evaluate, referenced_names
from cfn_emulator.engine.scope import Scope

STACK = "AWS::CloudFormation::Stack"


def moment():
    """Returns the time in milliseconds, the precision of AWS."""
    time_now = utcnow()
    return time_now.replace(microsecond=time_now.microsecond // 1000 * 1000)


@dataclass
class Definition:
    """The template, parameters and options of a request."""

    text: str = ""
    template: dict = field(default_factory=dict)
    provided: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    capabilities: list = field(default_factory=list)
    topics: list = field(default_factory=list)
    role: str | None = None

    def scope(self, stack):
        """Returns a scope with evaluated parameters and conditions, without resources."""
        registry = stack.registry
        scope = Scope(stack.id, stack.name, self.provided, self.tags, registry.region, registry.account, self.template, None)
        scope.load()
        return scope

    def raw(self, name):
        return self.template.get("Resources", {}).get(name, {})

    def values(self):
        """Returns the parameter values or their defaults."""
        slots = self.template.get("Parameters", {})
        return {name: str(self.provided.get(name, slot.get("Default", ""))) for name, slot in slots.items()}


@dataclass
class ResourceRecord:
    """A resource as DescribeStackResources reports it."""

    name: str
    kind: str
    physical: str | None
    status: str
    reason: str | None
    time: object


@dataclass
class StableState:
    """The last complete state, to which a rollback returns."""

    definition: Definition
    scope: Scope
    outputs: list
    resources: dict
    since: object


class Stack:
    def __init__(self, registry, name):
        self.registry, self.name = registry, name
        self.id = f"arn:{registry.partition}:cloudformation:{registry.region}:{registry.account}:stack/{name}/{uuid.uuid4()}"
        self.status = self.reason = None
        self.created, self.updated, self.deleted = moment(), None, None
        self.definition = Definition()
        self.scope = None
        self.stable = None
        self.superseded = []
        self.records = {}
        self.outputs = []
        self.events = []
        self.tokens = {}
        self.operation = None
        self.change_set_id = None
        self.protected = self.disable_rollback = False
        self.version = 0
        self.drift = {"StackDriftStatus": "NOT_CHECKED"}
        self.drifts = []
        self.policy = None

    @property
    def exists(self):
        return self.deleted is None

    def resources(self):
        return stack_resources(self.scope) if self.scope else {}

    def event(self, name, kind, physical, status, reason, token, properties=None):
        stamp = moment()
        if self.events and stamp <= self.events[-1]["Timestamp"]:
            stamp = self.events[-1]["Timestamp"] + timedelta(milliseconds=1)
        text = stamp.isoformat(timespec="milliseconds").split("+")[0] + "Z"
        self.events.append(
            {
                "StackId": self.id,
                "StackName": self.name,
                "EventId": str(uuid.uuid4()) if kind == STACK else f"{name}-{status}-{text}",
                "LogicalResourceId": name,
                "PhysicalResourceId": physical or "",
                "ResourceType": kind,
                "Timestamp": stamp,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "ResourceProperties": None if properties is None else json.dumps(properties),
                "ClientRequestToken": token,
            }
        )
        # A nested stack is a resource of this stack, not its status.
        if kind == STACK and physical == self.id:
            self.status, self.reason = status, reason
        else:
            self.records[name] = ResourceRecord(name, kind, physical, status, reason, stamp)

    def set_status(self, status, reason=None, token=None):
        self.event(self.name, STACK, self.id, status, reason, token)


def stack_resources(scope):
    return {name: scope[name] for name in scope}


def test_directive(raw, name):
    """Returns a directive of a test in the metadata of a resource: `"Metadata": {"Emulator": {...}}`.

    CreateFails, UpdateFails, DeleteFails, RollbackFails: the reason of a failure. Seconds, DeleteSeconds: the duration of
    a creation or update, or of a deletion. With Seconds, a resource fails after it is created, else before.
    """
    return raw.get("Metadata", {}).get("Emulator", {}).get(name)


def outputs_of(definition, scope):
    found = []
    for name, output in definition.template.get("Outputs", {}).items():
        if "Condition" in output and not condition(output["Condition"], scope):
            continue
        value = evaluate(output["Value"], scope)
        export = evaluate(output["Export"]["Name"], scope) if "Export" in output else None
        output_entry = {"OutputKey": name, "OutputValue": str(value), "Description": output.get("Description")}
        found.append({**output_entry, "ExportName": export})
    return found


def needs_of(raw):
    depends = raw.get("DependsOn", [])
    return ({depends} if isinstance(depends, str) else set(depends)) | referenced_names(raw.get("Properties", {}))
