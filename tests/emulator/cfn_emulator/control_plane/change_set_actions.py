"""Actions on change sets."""

import re
import threading

from moto.cloudformation.exceptions import CloudFormationError

from cfn_emulator.control_plane.operations import Operation
from cfn_emulator.control_plane.registry import ChangeSet, action
from cfn_emulator.control_plane.requests import (
    begin_creation,
    begin_update,
    check_updatable,
    definition_of,
    is_repeated,
    parameters,
    remember,
)
from cfn_emulator.engine.templates import invalid
from cfn_emulator.moto_patch import page


@action
def create_change_set(self, registry, param):
    """Creates a change set of type UPDATE by default, as on AWS (moto: CREATE)."""
    stack_name, name, kind = param("StackName"), param("ChangeSetName"), param("ChangeSetType") or "UPDATE"
    if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name):
        pattern = "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        where = f"Value '{name}' at 'changeSetName' failed to satisfy constraint"
        raise invalid(f"1 validation error detected: {where}: {pattern}")
    if kind not in ("CREATE", "UPDATE"):
        raise invalid(f"ChangeSetType {kind} is not emulated")
    stack = registry.find(stack_name)
    known = next((it for it in registry.change_sets_of(stack) if it.name == name), None) if stack else None
    token = param("ClientToken")
    if known and token and known.token == token:
        return {"Id": known.id, "StackId": stack.id}
    if kind == "UPDATE":
        if stack is None or not stack.exists:
            raise invalid(f"Stack [{stack_name}] does not exist")
        check_updatable(stack)
    elif stack and stack.status != "REVIEW_IN_PROGRESS":
        raise invalid(f"Stack [{stack.name}] already exists and cannot be created again with the changeSet [{name}].")
    definition = definition_of(self, registry, param, stack.definition if stack and kind == "UPDATE" else None)
    if known:
        raise CloudFormationError("AlreadyExistsException", f"ChangeSet {name} already exists")
    if stack is None:
        stack = registry.new(stack_name)
        stack.set_status("REVIEW_IN_PROGRESS", "User Initiated")
    made = ChangeSet(stack, name, kind, definition)
    made.token, made.description, made.on_failure = token, param("Description"), param("OnStackFailure")
    if kind == "CREATE":
        stack.change_set_id = made.id
    registry.change_sets[made.id] = made
    threading.Thread(target=made.perform, daemon=True).start()
    return {"Id": made.id, "StackId": stack.id}


@action
def describe_change_set(self, registry, param):
    found = registry.change_set(param("ChangeSetName"), param("StackName"))
    values = self._get_bool_param("IncludePropertyValues", False)
    listed = [{"Type": "Resource", "ResourceChange": without_values(it, values)} for it in found.changes]
    definition = found.definition
    return {
        **change_set_summary(found),
        "Parameters": parameters(definition, found.scope),
        "Tags": [{"Key": key, "Value": value} for key, value in definition.tags.items()],
        "Capabilities": definition.capabilities,
        "NotificationARNs": definition.topics,
        "RollbackConfiguration": {},
        "OnStackFailure": found.on_failure,
        **page(listed, 20, param("NextToken"), "Changes"),
    }


def without_values(change, values):
    if values:
        return change
    hidden = ("Path", "BeforeValue", "AfterValue", "AttributeChangeType")
    details = [
        {**it, "Target": {key: value for key, value in it["Target"].items() if key not in hidden}}
        for it in change["Details"]
    ]
    shown = {key: value for key, value in change.items() if key not in ("BeforeContext", "AfterContext")}
    return {**shown, "Details": details}


def change_set_summary(found):
    return {
        "ChangeSetId": found.id,
        "ChangeSetName": found.name,
        "StackId": found.stack.id,
        "StackName": found.stack.name,
        "Description": found.description,
        "CreationTime": found.created,
        "Status": found.status,
        "StatusReason": found.reason,
        "ExecutionStatus": obsolete_status(found) or found.execution,
        "IncludeNestedStacks": False,
        "ImportExistingResources": False,
    }


def obsolete_status(found):
    """Returns OBSOLETE if the stack has changed since."""
    return "OBSOLETE" if found.execution == "AVAILABLE" and found.version != found.stack.version else None


@action
def list_change_sets(self, registry, param):
    stack = registry.stack(param("StackName"), "Stack [{}] does not exist")
    listed = [change_set_summary(it) for it in registry.change_sets_of(stack)]
    return page(listed, 100, param("NextToken"), "Summaries")


@action
def delete_change_set(self, registry, param):
    """Deletes a change set; a missing one is not an error. A stack in REVIEW_IN_PROGRESS stays."""
    try:
        found = registry.change_set(param("ChangeSetName"), param("StackName"))
    except CloudFormationError as error:
        if error.code == "ChangeSetNotFound":
            return
        raise
    if found.status in ("CREATE_PENDING", "CREATE_IN_PROGRESS") or found.execution == "EXECUTE_IN_PROGRESS":
        text = "An operation on this ChangeSet is currently in progress.  Please attempt this operation again later."
        raise CloudFormationError("InvalidChangeSetStatus", text)
    del registry.change_sets[found.id]


@action
def execute_change_set(self, registry, param):
    found, token = registry.change_set(param("ChangeSetName"), param("StackName")), param("ClientRequestToken")
    stack = found.stack
    if is_repeated(stack, token, ("execute", found.id)):
        return
    if found.status != "CREATE_COMPLETE":
        refuse_execution(found, f"status of [{found.status}]")
    status = obsolete_status(found) or found.execution
    if status != "AVAILABLE":
        refuse_execution(found, f"execution status of [{status}]")
    if found.kind == "UPDATE":
        check_updatable(stack)
    elif stack.status != "REVIEW_IN_PROGRESS":
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    remember(stack, token, ("execute", found.id))
    registry.forget_change_sets(stack, found)
    found.execution, stack.change_set_id = "EXECUTE_IN_PROGRESS", found.id
    stack.disable_rollback = self._get_bool_param("DisableRollback", False)
    operation = Operation(stack, token, change_set=found)
    if found.kind == "CREATE":
        policy = "DO_NOTHING" if stack.disable_rollback else found.on_failure or "ROLLBACK"
        begin_creation(operation, found.definition, found.scope, policy)
    else:
        begin_update(operation, found.definition, found.scope, stack.disable_rollback)


def refuse_execution(found, what):
    text = f"ChangeSet [{found.id}] cannot be executed in its current {what}"
    raise CloudFormationError("InvalidChangeSetStatus", text)
