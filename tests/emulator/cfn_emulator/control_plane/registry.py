"""The stacks and change sets of a region, and the decorator that installs CloudFormation actions."""

import re
import threading
import time
import uuid
from functools import wraps

from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.utilities.utils import get_partition

from cfn_emulator.control_plane.changes import changes
from cfn_emulator.control_plane.failures import ERRORS, reason_of
from cfn_emulator.control_plane.stack import Stack, moment
from cfn_emulator.engine.templates import check_existing, check_types, comparable_parts, invalid
from cfn_emulator.moto_patch import without_none
from cfn_emulator.settings import SETTINGS

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


class ChangeSet:
    def __init__(self, stack, name, kind, definition):
        registry = stack.registry
        self.id = (
            f"arn:{registry.partition}:cloudformation:{registry.region}:{registry.account}:changeSet/{name}/{uuid.uuid4()}"
        )
        self.stack, self.name, self.kind, self.definition = stack, name, kind, definition
        self.token = self.description = self.on_failure = None
        self.status, self.execution, self.reason = "CREATE_PENDING", "UNAVAILABLE", None
        self.created = moment()
        self.changes, self.scope = [], None
        self.version = stack.version

    def perform(self):
        """Computes the changes in a thread; the pauses let a caller observe each status."""
        registry = self.stack.registry
        time.sleep(SETTINGS.step)
        with registry.lock:
            self.status = "CREATE_IN_PROGRESS"
        time.sleep(SETTINGS.step)
        try:
            found = self.compute()
        except ERRORS as error:
            found, reason = None, reason_of(error)
        except Exception as error:
            found, reason = None, f"Emulator: {error!r}"
        with registry.lock:
            if found is None:
                self.status, self.reason = "FAILED", reason
            else:
                self.changes, self.status, self.execution = found, "CREATE_COMPLETE", "AVAILABLE"

    def compute(self):
        stack, definition = self.stack, self.definition
        fails = definition.template.get("Metadata", {}).get("Emulator", {}).get("ChangeSetFails")
        if fails:
            raise invalid(fails)
        check_types(definition.template)
        self.scope = definition.scope(stack)
        check_existing(definition, self.scope)
        if self.kind == "UPDATE" and unchanged(stack, definition, self.scope):
            raise invalid(NO_CHANGES)
        return changes(stack, definition, self.scope)


def unchanged(stack, definition, scope):
    old = stack.definition
    return (
        not stack.status.endswith("_FAILED")
        and comparable_parts(old.template) == comparable_parts(definition.template)
        and old.tags == definition.tags
        and old.values() == definition.values()
        and stack.scope.resolved_parameters == scope.resolved_parameters
    )


class StackRegistry:
    """The stacks and change sets of one account and region."""

    def __init__(self, account, region):
        self.account, self.region, self.partition = account, region, get_partition(region)
        self.lock = threading.RLock()
        self.stacks, self.change_sets, self.detections = {}, {}, {}

    def find(self, name):
        """Finds an existing stack by name, or any stack, deleted ones included, by ID."""
        if name in self.stacks:
            return self.stacks[name]
        return next((stack for stack in self.stacks.values() if stack.exists and stack.name == name), None)

    def stack(self, name, message="Stack with id {} does not exist"):
        found = self.find(name)
        if found is None:
            raise invalid(message.format(name))
        return found

    def new(self, name):
        if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name):
            pattern = "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
            where = f"Value '{name}' at 'stackName' failed to satisfy constraint"
            raise invalid(f"1 validation error detected: {where}: {pattern}")
        stack = Stack(self, name)
        self.stacks[stack.id] = stack
        return stack

    def change_sets_of(self, stack):
        return [it for it in self.change_sets.values() if it.stack is stack]

    def forget_change_sets(self, stack, but=None):
        for change_set in self.change_sets_of(stack):
            if change_set is not but:
                del self.change_sets[change_set.id]

    def change_set(self, name, stack_name):
        if name in self.change_sets:
            return self.change_sets[name]
        if not name.startswith("arn:"):
            if not stack_name:
                raise invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
            stack = self.stack(stack_name, "Stack [{}] does not exist")
            for found in self.change_sets_of(stack):
                if found.name == name:
                    return found
        raise CloudFormationError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")


def action(function):
    """Decorator: installs the function as the CloudFormation action of its name, under the lock of the region."""

    @wraps(function)
    def locked(self):
        # In the state of moto's backend, so that a reset of moto empties it.
        state = self.cloudformation_backend.__dict__
        registry = state.setdefault("stack_registry", StackRegistry(self.current_account, self.region))
        with registry.lock:
            found = function(self, registry, self._get_param)
        return ActionResult(without_none(found or {}))

    setattr(CloudFormationResponse, function.__name__, locked)
    return function
