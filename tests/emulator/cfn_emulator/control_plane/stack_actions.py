"""Actions that create, update, delete and roll back stacks.

CreateStack and UpdateStack are synchronous: they respond when the operation ends and report its failure as a
ValidationError. All other actions respond at once; a thread continues the operation.
"""

from moto.cloudformation.exceptions import CloudFormationError

from cfn_emulator.control_plane.exports import importing_stacks
from cfn_emulator.control_plane.failures import ERRORS, reason_of
from cfn_emulator.control_plane.operations import Operation
from cfn_emulator.control_plane.registry import action, unchanged
from cfn_emulator.control_plane.requests import (
    DELETABLE,
    begin_creation,
    begin_update,
    check_updatable,
    definition_of,
    is_repeated,
    remember,
)
from cfn_emulator.engine.templates import invalid


@action
def create_stack(self, registry, param):
    """Creates a stack synchronously. After a failure and its rollback the response is an error; the stack exists, as on AWS."""
    known = registry.find(param("StackName"))
    if known:
        raise CloudFormationError("AlreadyExistsException", f"Stack [{known.name}] already exists")
    definition = definition_of(self, registry, param)
    policy = param("OnFailure") or ("DO_NOTHING" if self._get_bool_param("DisableRollback", False) else "ROLLBACK")
    stack = registry.new(param("StackName"))
    stack.protected = self._get_bool_param("EnableTerminationProtection", False)
    try:
        scope = definition.scope(stack)
    except ERRORS as error:
        del registry.stacks[stack.id]
        raise invalid(reason_of(error)) from error
    operation = Operation(stack, param("ClientRequestToken"), synchronous=True)
    begin_creation(operation, definition, scope, policy)
    return result_of(operation)


@action
def update_stack(self, registry, param):
    """Updates a stack synchronously, like `create_stack`."""
    stack = registry.stack(param("StackName"), "Stack [{}] does not exist")
    check_updatable(stack)
    definition = definition_of(self, registry, param, stack.definition)
    try:
        scope = definition.scope(stack)
    except ERRORS as error:
        raise invalid(reason_of(error)) from error
    if unchanged(stack, definition, scope):
        raise invalid("No updates are to be performed.")
    operation = Operation(stack, param("ClientRequestToken"), synchronous=True)
    begin_update(operation, definition, scope, self._get_bool_param("DisableRollback", False))
    return result_of(operation)


def result_of(operation):
    if operation.failure:
        raise invalid(operation.failure)
    return {"StackId": operation.stack.id}


@action
def delete_stack(self, registry, param):
    """Deletes a stack; a missing stack, or one that is being deleted, is not an error."""
    stack, token, retain = registry.find(param("StackName")), param("ClientRequestToken"), param("RetainResources", [])
    if stack is None or not stack.exists:
        return
    users = importing_stacks(registry, stack)
    if users:
        name, importers = users
        # As reported of AWS: an event with the reason, and the status that the stack had before.
        reason = f"Delete canceled. Cannot delete export {name} as it is in use by {' and '.join(importers)}."
        return stack.set_status(stack.status, reason, token)
    if is_repeated(stack, token, ("delete",)):
        return
    if stack.protected:
        raise invalid(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    if stack.status == "DELETE_IN_PROGRESS":
        return
    if stack.status.endswith("_IN_PROGRESS") and stack.status not in DELETABLE:
        raise invalid(f"Stack [{stack.id}] cannot be deleted while in status {stack.status}")
    forced = param("DeletionMode") == "FORCE_DELETE_STACK"
    if (retain or forced) and stack.status != "DELETE_FAILED":
        what = "activate DeletionMode FORCE_DELETE_STACK" if forced else "specify which resources to retain"
        text = f"You can {what} in a delete stack operation only when the stack is in the DELETE_FAILED state."
        raise invalid(f"Invalid operation on stack [{stack.id}]. {text}")
    if forced:
        retain = [name for name, record in stack.records.items() if record.status == "DELETE_FAILED"]
    remember(stack, token, ("delete",))
    before = stack.operation
    if before:
        before.cancelled = "Resource creation cancelled"
    operation = Operation(stack, token)
    stack.set_status("DELETE_IN_PROGRESS", "User Initiated", token)
    operation.start(operation.delete_stack, retain, before)


@action
def update_termination_protection(self, registry, param):
    stack = registry.find(param("StackName"))
    if stack is None or not stack.exists:
        raise invalid(f"Stack [{param('StackName')}] does not exist")
    stack.protected = self._get_bool_param("EnableTerminationProtection", False)
    return {"StackId": stack.id}


@action
def cancel_update_stack(self, registry, param):
    stack, token = registry.stack(param("StackName"), "Stack [{}] does not exist"), param("ClientRequestToken")
    if is_repeated(stack, token, ("cancel",)):
        return
    if stack.status != "UPDATE_IN_PROGRESS" or not stack.operation:
        raise invalid("CancelUpdateStack cannot be called from current stack status")
    remember(stack, token, ("cancel",))
    stack.operation.cancelled = "User Initiated"


@action
def continue_update_rollback(self, registry, param):
    stack, token = registry.stack(param("StackName"), "Stack [{}] does not exist"), param("ClientRequestToken")
    if is_repeated(stack, token, ("continue",)):
        return
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        text = f"Stack:{stack.id} is in {stack.status} state and can not continue rollback."
        raise invalid(text)
    remember(stack, token, ("continue",))
    operation = Operation(stack, token)
    stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", token)
    operation.start(operation.roll_back, param("ResourcesToSkip", []))


@action
def rollback_stack(self, registry, param):
    """Rolls back a stack that failed with rollback disabled."""
    stack, token = registry.stack(param("StackName"), "Stack [{}] does not exist"), param("ClientRequestToken")
    if is_repeated(stack, token, ("rollback",)):
        return {"StackId": stack.id}
    if stack.status not in ("CREATE_FAILED", "UPDATE_FAILED"):
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.")
    remember(stack, token, ("rollback",))
    operation = Operation(stack, token)
    creation = stack.status == "CREATE_FAILED"
    stack.set_status("ROLLBACK_IN_PROGRESS" if creation else "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", token)
    if creation:
        operation.start(operation.roll_back_creation, "ROLLBACK")
    else:
        operation.start(operation.roll_back)
    return {"StackId": stack.id}


@action
def get_stack_policy(self, registry, param):
    return {"StackPolicyBody": registry.stack(param("StackName")).policy}


@action
def set_stack_policy(self, registry, param):
    """Stores the policy, without effect."""
    registry.stack(param("StackName")).policy = param("StackPolicyBody")
