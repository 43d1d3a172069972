#!/usr/bin/env python3
"""The emulator of tests/emulator, with what one stack has of another: exports and imports, and stacks in stacks.

    server.py --port N [--with-parent]

Also the resource types of the team's own constructs. A stack whose export is in use is not deleted: as reported of AWS,
it tells the reason with the status that it had before. Not emulated: updates of nested stacks, and that an update takes
no export away that is in use.
"""

import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parent.parent / "emulator")

# As server.main() sets them, which is too late here: moto reads them when it is imported.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_PORT"] = sys.argv[sys.argv.index("--port") + 1]

import server  # noqa: E402
from emulated_cloudformation import FUNCTIONS, TYPES, evaluate  # noqa: E402
from emulated_deployments import action  # noqa: E402
from emulated_deployments import delete_stack as delete_alone  # noqa: E402
from emulated_operations import STACK, Record, Stack  # noqa: E402
from emulated_types import OfSsm, Service, by_key  # noqa: E402
from moto.cloudformation.exceptions import ValidationError  # noqa: E402
from moto.cloudformation.models import cloudformation_backends  # noqa: E402
from moto.core import DEFAULT_ACCOUNT_ID  # noqa: E402


def exports(home):
    """What is exported, and the stack that does."""
    outputs = ((output, stack) for stack in home.stacks.values() if stack.exists for output in stack.outputs)
    return {output["ExportName"]: (output["OutputValue"], stack) for output, stack in outputs if output["ExportName"]}


def import_value(argument, scope):
    """From the state itself: a call of the API would wait for the lock that a synchronous call holds."""
    name, backend = evaluate(argument, scope), cloudformation_backends[DEFAULT_ACCOUNT_ID][scope.api.region]
    found = exports(backend.deployments)
    if name not in found:
        raise ValidationError(message=f"No export named {name} found. Rollback requested by user.")
    return found[name][0]


def imports(value):
    """The names that a part of a template imports."""
    if isinstance(value, list):
        return set().union(*map(imports, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    here = {value["Fn::ImportValue"]} if "Fn::ImportValue" in value else set()
    return here.union(*(imports(member) for name, member in value.items() if name != "Fn::ImportValue"))


@action
def delete_stack(self, home, param):
    stack = home.find(param("StackName"))
    for name, (_, owner) in exports(home).items():
        others = [it for it in home.stacks.values() if it.exists and it is not stack]
        users = [it.name for it in others if name in imports(it.definition.template)]
        if owner is stack and users:
            reason = f"Delete canceled. Cannot delete export {name} as it is in use by {' and '.join(users)}."
            return stack.tell(stack.status, reason, param("ClientRequestToken"))
    return delete_alone(self, home, param)


def event(self, name, kind, physical, status, reason, token, properties=None, alone=Stack.event):
    """Of a stack in this one it is not this stack's status."""
    before = self.status, self.reason
    alone(self, name, kind, physical, status, reason, token, properties)
    if kind == STACK and physical != self.id:
        self.status, self.reason = before
        self.records[name] = Record(name, kind, physical, status, reason, self.events[-1]["Timestamp"])


class Nested(Service):
    """Only in asynchronous operations: a synchronous call holds the lock that the nested one waits for."""

    type = STACK
    service = "cloudformation"
    updatable = ("TemplateURL", "Parameters", "Tags")

    def create(self, p):
        listed = [{"ParameterKey": key, "ParameterValue": value} for key, value in p.get("Parameters", {}).items()]
        request = {"TemplateURL": p["TemplateURL"], "Parameters": listed, "Tags": p.get("Tags")}
        made = self.api_call(
            "create_stack", StackName=self.generated_name, Capabilities=["CAPABILITY_NAMED_IAM"], **request
        )
        self.physical_resource_id = made["StackId"]

    def described(self):
        return self.api_call("describe_stacks", StackName=self.physical_resource_id)["Stacks"][0]

    def update(self, new):
        raise ValidationError(message="Updates of nested stacks are not emulated")

    def delete(self):
        self.api_call("delete_stack", StackName=self.physical_resource_id)
        waiter = self.api.clients["cloudformation"].get_waiter("stack_delete_complete")
        waiter.wait(StackName=self.physical_resource_id, WaiterConfig={"Delay": 1})

    def attributes(self):
        return {f"Outputs.{it['OutputKey']}": it["OutputValue"] for it in self.described().get("Outputs", [])}


class Queue(Service):
    type = "AWS::SQS::Queue"
    service = "sqs"
    create_only = ("QueueName",)
    updatable = ("MessageRetentionPeriod", "Tags")

    def create(self, p):
        values = {key: str(value) for key, value in p.items() if key == "MessageRetentionPeriod"}
        name = p.get("QueueName", self.generated_name)
        made = self.api_call("create_queue", QueueName=name, Attributes=values, tags=by_key(p.get("Tags")))
        self.physical_resource_id = made["QueueUrl"]

    def update(self, new):
        raise ValidationError(message="Updates of queues are not emulated")

    def delete(self):
        self.api_call("delete_queue", QueueUrl=self.physical_resource_id)

    def attributes(self):
        asked = {"QueueUrl": self.physical_resource_id, "AttributeNames": ["QueueArn"]}
        arn = self.api_call("get_queue_attributes", **asked)["Attributes"]["QueueArn"]
        return {"Arn": arn, "QueueName": arn.split(":")[-1], "QueueUrl": self.physical_resource_id}


class Parameter(OfSsm):
    type = "AWS::SSM::Parameter"
    kind = "Parameter"
    create_only = ("Name",)
    updatable = ("Type", "Value", "Description")

    def create(self, p):
        self.physical_resource_id = p.get("Name", self.generated_name)
        self.put(p, False)

    def put(self, p, overwrite):
        self.api_call("put_parameter", **{**p, "Name": self.physical_resource_id}, Overwrite=overwrite)

    def update(self, new):
        self.put(new, True)

    def delete(self):
        self.api_call("delete_parameter", Name=self.physical_resource_id)

    def attributes(self):
        return {"Type": self.properties["Type"], "Value": self.properties["Value"]}


Stack.event = event
FUNCTIONS["Fn::ImportValue"] = import_value
TYPES.update({kind.type: kind for kind in (Nested, Queue, Parameter)})

if __name__ == "__main__":
    server.main()
