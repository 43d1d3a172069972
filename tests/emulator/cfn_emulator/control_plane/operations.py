"""Stack operations over time: creation, update, rollback and deletion, one event at a time.

The API of this server creates the resources; an operation chooses the order, the events, the statuses and the
pauses between them. It starts everything that is ready before it completes anything, so that siblings are in progress
when a resource fails, as on AWS. For tests, metadata of a resource causes failures (see
`stack.test_directive`).
"""

import threading
import time
import traceback
from dataclasses import dataclass

from botocore.exceptions import ClientError
from moto.cloudformation.models import cloudformation_backends

from cfn_emulator.control_plane.failures import (
    ERRORS,
    OperationAbandoned,
    ResourceFailure,
    is_not_found,
    listed,
    reason_of,
)
from cfn_emulator.control_plane.stack import (
    Definition,
    StableState,
    needs_of,
    outputs_of,
    stack_resources,
    test_directive,
)
from cfn_emulator.engine.intrinsics import evaluate
from cfn_emulator.engine.resource import RESOURCE_TYPES, Resource, stack_tagged
from cfn_emulator.settings import SETTINGS


@dataclass
class ResourceOperation:
    """The creation or update of one resource."""

    name: str
    verb: str
    raw: dict
    resource: Resource | None
    properties: dict
    replaces: bool = False
    made: bool = False
    until: float = 0.0


class Operation:
    """One operation of one stack, in a separate thread unless it is synchronous."""

    def __init__(self, stack, token=None, change_set=None, synchronous=False):
        self.stack, self.token, self.change_set, self.synchronous = stack, token, change_set, synchronous
        self.cancelled = None
        self.failure = None
        self.thread = self.before = self.unbegun = None

    # --- execution

    def start(self, target, *arguments):
        """Runs the operation in a thread, or in the calling thread if it is synchronous.

        The caller sets the first status of the stack, so that it has changed when the request returns.
        """
        self.stack.operation = self
        self.stack.version += 1
        if self.synchronous:
            return self.run(target, *arguments)
        self.thread = threading.Thread(target=self.run, args=(target, *arguments), daemon=True)
        self.thread.start()

    def run(self, target, *arguments):
        try:
            self.wait_step()
            target(*arguments)
        except OperationAbandoned:
            return
        except Exception as error:
            traceback.print_exc()
            status = self.stack.status.replace("_CLEANUP", "").replace("_COMPLETE", "")
            self.announce(status.replace("_IN_PROGRESS", "_FAILED"), f"Emulator: {error!r}")

    def wait_step(self):
        if not self.synchronous:
            time.sleep(SETTINGS.step)

    def check_not_reset(self):
        registry = self.stack.registry
        found = cloudformation_backends[registry.account][registry.region].__dict__.get("stack_registry")
        if found is not registry:
            raise OperationAbandoned

    def set_status(self, status, reason=None):
        self.announce(status, reason)
        self.wait_step()

    def announce(self, status, reason=None):
        """Sets a status. A final status ends the operation at once: a caller that sees it can start the next one."""
        stack = self.stack
        with stack.registry.lock:
            self.check_not_reset()
            stack.set_status(status, reason, self.token)
            if status.endswith("_IN_PROGRESS"):
                return
            if self.change_set:
                good = status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
                self.change_set.execution = "EXECUTE_COMPLETE" if good else "EXECUTE_FAILED"
            if stack.operation is self:
                stack.operation = None

    def add_event(self, name, kind, physical, status, reason=None, properties=None):
        with self.stack.registry.lock:
            self.check_not_reset()
            self.stack.event(name, kind, physical, status, reason, self.token, properties)
        self.wait_step()

    def record_event(self, work, status, reason=None):
        physical = work.resource.physical_resource_id if work.resource else None
        self.add_event(work.name, work.raw["Type"], physical, f"{work.verb}_{status}", reason, work.properties)

    # --- creation and update of resources

    def apply(self, scope, definition, before):
        """Creates and updates the resources of the scope; returns the failed ones by verb."""
        wanted = scope.wanted()
        waiting = list(wanted)
        needs = {name: needs_of(raw) & set(wanted) for name, raw in wanted.items()}
        running, done = {}, set()
        while waiting or running:
            if self.cancelled:
                return self.cancel(running.values(), {})
            ready = next((name for name in waiting if needs[name] <= done), None)
            work = None
            try:
                if ready:
                    waiting.remove(ready)
                    work = self.start_resource(ready, wanted[ready], scope, definition, before)
                    if work is None:
                        done.add(ready)
                    else:
                        running[ready] = work
                    continue
                work = next((work for work in running.values() if not work.made), None)
                if work:
                    self.perform(work, scope)
                    continue
                work = next((work for work in running.values() if work.until <= time.monotonic()), None)
                if work:
                    self.complete(work)
                    done.add(running.pop(work.name).name)
                    continue
            except ResourceFailure as error:
                failed = running.pop(ready or work.name, work) or self.unbegun
                self.failure = self.failure or f"{failed.name} ({failed.raw['Type']}): {error}"
                self.record_event(failed, "FAILED", str(error))
                return self.cancel(running.values(), {failed.verb: [failed.name]})
            time.sleep(0.01)
        return {}

    def cancel(self, works, failures):
        for work in works:
            noun = {"CREATE": "creation", "UPDATE": "update"}[work.verb]
            if work.verb == "CREATE" and work.resource:
                work.resource.incomplete = True
            self.record_event(work, "FAILED", f"Resource {noun} cancelled")
            failures.setdefault(work.verb, []).append(work.name)
        return failures

    def start_resource(self, name, raw, scope, definition, before):
        """Starts a creation or update; returns `None` for an unchanged resource."""
        known = stack_resources(scope).get(name)
        verb = "UPDATE" if known and not getattr(known, "incomplete", False) else "CREATE"
        work = self.unbegun = ResourceOperation(name, verb, raw, known if verb == "UPDATE" else None, {})
        try:
            if raw["Type"] not in RESOURCE_TYPES:
                raise ResourceFailure(f"{raw['Type']} is not emulated")
            properties = evaluate(raw.get("Properties", {}), scope)
            work.properties = stack_tagged(raw["Type"], properties, definition.tags)
            if verb == "CREATE":
                if known:
                    self.stack.superseded.append((name, known, before.raw(name) or raw))
                self.record_event(work, "IN_PROGRESS")
                return work
            old = known.properties
            same_metadata = before.raw(name).get("Metadata") == raw.get("Metadata")
            if old == work.properties and (same_metadata or self.synchronous):
                return None
            work.replaces = any(old.get(member) != work.properties.get(member) for member in known.create_only)
            reason = "Requested update requires the creation of a new physical resource; hence creating one."
            self.record_event(work, "IN_PROGRESS", reason if work.replaces else None)
            return work
        except ERRORS as error:
            if work.verb == "CREATE":
                self.record_event(work, "IN_PROGRESS")
            raise ResourceFailure(reason_of(error)) from error

    def perform(self, work, scope):
        seconds = float(test_directive(work.raw, "Seconds") or 0) if not self.synchronous else 0
        work.until = time.monotonic() + seconds
        if not seconds:
            self.check_directives(work)
        try:
            if work.verb == "CREATE" or work.replaces:
                self.create(work, scope)
                self.record_event(work, "IN_PROGRESS", "Resource creation Initiated")
            else:
                work.resource.check(work.properties)
                if work.resource.properties != work.properties:
                    work.resource.attempted = work.properties
                    work.resource.update(work.properties)
                    work.resource.properties = work.properties
        except ERRORS as error:
            raise ResourceFailure(reason_of(error)) from error
        work.made = True

    def create(self, work, scope):
        resource = RESOURCE_TYPES[work.raw["Type"]](work.name, self.stack.name, scope.api)
        resource.check(work.properties)
        try:
            resource.create(work.properties)
        except ERRORS:
            resource.incomplete = True
            raise
        finally:
            # A rollback must delete a resource whose creation failed halfway.
            if resource.physical_resource_id:
                resource.properties = work.properties
                if work.replaces:
                    raw = self.before.raw(work.name) or work.raw
                    self.stack.superseded.append((work.name, work.resource, raw))
                work.resource = scope._parsed_resources[work.name] = resource

    def check_directives(self, work):
        names = ["CreateFails"] if work.verb == "CREATE" else ["UpdateFails", *["CreateFails"] * work.replaces]
        for name in names:
            if test_directive(work.raw, name):
                raise ResourceFailure(test_directive(work.raw, name))

    def complete(self, work):
        try:
            self.check_directives(work)
        except ResourceFailure:
            if work.verb == "CREATE":
                work.resource.incomplete = True
            raise
        self.record_event(work, "COMPLETE")

    # --- deletion of resources

    def remove(self, items, retain=(), rolls_back=False):
        """Deletes resources, given as (name, resource or `None`, template part); returns the names that failed."""
        waiting = {name: (resource, raw) for name, resource, raw in reversed(items)}
        running, failed = {}, []
        while waiting or running:
            blocked = set().union(*(needs_of(raw) for _, raw in [*waiting.values(), *running.values()]), set())
            blocked |= set().union(*(needs_of(raw) for name, _, raw in items if name in failed), set())
            ready = next((name for name in waiting if name not in blocked), None)
            over = next((name for name in running if running[name][0].until <= time.monotonic()), None)
            if ready:
                resource, raw = waiting.pop(ready)
                if self.skip_deletion(ready, resource, raw, retain, rolls_back):
                    continue
                self.add_event(ready, raw["Type"], resource.physical_resource_id, "DELETE_IN_PROGRESS")
                resource.until = time.monotonic() + float(test_directive(raw, "DeleteSeconds") or 0)
                running[ready] = resource, raw
            elif over:
                resource, raw = running.pop(over)
                if not self.delete_resource(over, resource, raw):
                    failed.append(over)
            elif not running:
                break
            else:
                time.sleep(0.01)
        return failed

    def skip_deletion(self, name, resource, raw, retain, rolls_back):
        """Records a resource that does not exist or is retained; reports whether it is one of them."""
        policy = raw.get("DeletionPolicy", "Delete")
        if resource is None:
            self.add_event(name, raw["Type"], None, "DELETE_COMPLETE")
        elif name in retain or policy == "Retain" or (policy == "RetainExceptOnCreate" and not rolls_back):
            self.add_event(name, raw["Type"], resource.physical_resource_id, "DELETE_SKIPPED")
        else:
            return False
        return True

    def delete_resource(self, name, resource, raw):
        try:
            if test_directive(raw, "DeleteFails"):
                raise ResourceFailure(test_directive(raw, "DeleteFails"))
            try:
                resource.delete()
            except ClientError as error:
                if not is_not_found(error):
                    raise
        except ERRORS as error:
            self.failure = self.failure or f"{name} ({raw['Type']}): {reason_of(error)}"
            self.add_event(name, raw["Type"], resource.physical_resource_id, "DELETE_FAILED", reason_of(error))
            return False
        self.add_event(name, raw["Type"], resource.physical_resource_id, "DELETE_COMPLETE")
        return True

    def all_items(self):
        """Returns what a deletion of the stack deletes, including failed resources and those of a failed update."""
        resources, records = self.stack.resources(), self.stack.records
        order = [name for name in self.stack.scope.wanted() if name in records] if self.stack.scope else []
        order += [name for name in resources if name not in order]
        gone = ("DELETE_COMPLETE", "DELETE_SKIPPED")
        items = []
        for name in order:
            if name in records and records[name].status not in gone:
                raw = self.stack.definition.raw(name) or {"Type": records[name].kind}
                items.append((name, resources.get(name), raw))
        return items

    # --- operations on stacks

    def create_stack(self, scope, rollback):
        """Creates the stack; `rollback` is the OnFailure policy: ROLLBACK, DELETE or DO_NOTHING."""
        stack = self.stack
        stack.scope, self.before = scope, Definition()
        failures, reason = self.apply(scope, stack.definition, self.before), None
        if not failures:
            try:
                outputs = outputs_of(stack.definition, scope)
                with stack.registry.lock:
                    if not self.cancelled:
                        stack.outputs = outputs
                        self.announce("CREATE_COMPLETE")
                return
            except ERRORS as error:
                self.failure, reason = reason_of(error), reason_of(error)
        if self.cancelled:
            return
        reason = reason or f"The following resource(s) failed to create: {listed(failures['CREATE'])}. "
        if rollback == "DO_NOTHING":
            return self.set_status("CREATE_FAILED", reason)
        self.set_status("ROLLBACK_IN_PROGRESS", f"{reason.rstrip('. ')}. Rollback requested by user.")
        self.roll_back_creation(rollback)

    def roll_back_creation(self, rollback):
        stack = self.stack
        failed = self.remove(self.all_items(), rolls_back=True)
        if failed:
            return self.set_status("ROLLBACK_FAILED", f"The following resource(s) failed to delete: {listed(failed)}. ")
        stack.scope = None
        self.set_status("ROLLBACK_COMPLETE")
        if rollback == "DELETE":
            self.set_status("DELETE_IN_PROGRESS")
            self.delete_stack()

    def update_stack(self, definition, scope, disable_rollback):
        stack = self.stack
        self.before = stack.definition
        if stack.stable is None:
            kept = {name: (resource, resource.properties) for name, resource in stack.resources().items()}
            stack.stable = StableState(stack.definition, stack.scope, stack.outputs, kept, stack.updated)
        scope._parsed_resources.update(stack.resources())
        with stack.registry.lock:
            stack.definition, stack.scope = definition, scope
        failures, reason, outputs = self.apply(scope, definition, self.before), "", []
        if not failures and not self.cancelled:
            try:
                outputs = outputs_of(definition, scope)
            except ERRORS as error:
                self.failure, reason = reason_of(error), reason_of(error)
        for verb, names in failures.items():
            reason += f"The following resource(s) failed to {verb.lower()}: {listed(names)}. "
        if self.cancelled:
            self.failure, reason = self.failure or self.cancelled, self.cancelled
        if not reason:
            return self.clean_up(definition, outputs)
        if disable_rollback and not self.cancelled:
            return self.set_status("UPDATE_FAILED", reason)
        self.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        self.roll_back()

    def clean_up(self, definition, outputs):
        """Deletes replaced resources and those that the template no longer contains."""
        stack = self.stack
        with stack.registry.lock:
            cancelled = self.cancelled
            if not cancelled:
                stack.outputs = outputs
                self.announce("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        if cancelled:
            self.set_status("UPDATE_ROLLBACK_IN_PROGRESS", cancelled)
            return self.roll_back()
        self.wait_step()
        wanted = stack.scope.wanted()
        # UpdateReplacePolicy applies to replaced resources, DeletionPolicy to removed ones.
        items = [
            (name, resource, {**raw, "DeletionPolicy": raw.get("UpdateReplacePolicy", "Delete")})
            for name, resource, raw in stack.superseded
        ]
        for name, resource in stack.resources().items():
            if name not in wanted:
                items.append((name, resource, stack.stable.definition.raw(name) or self.before.raw(name)))
                del stack.scope._parsed_resources[name]
        kept = {name: stack.records[name] for name in stack.records if name in wanted}
        failed = self.delete_versions(items)
        stack.superseded, stack.stable = [], None
        with stack.registry.lock:
            stack.records = {name: kept.get(name) or stack.records[name] for name in stack.records if name in wanted}
        reason = "Update successful. One or more resources could not be deleted." if failed else None
        self.set_status("UPDATE_COMPLETE", reason)

    def delete_versions(self, items):
        """Deletes several versions of one resource, which failed updates can leave, one after another."""
        failed = []
        while items:
            batch = list({item[0]: item for item in items}.values())
            failed += self.remove(batch)
            items = [item for item in items if item not in batch]
        return failed

    def roll_back(self, skip=()):
        """Returns to the last complete state, in place or to the resource that was being replaced."""
        stack, good = self.stack, self.stack.stable
        current, failed = stack.resources(), []
        touched = [name for name in good.scope.wanted() if self.was_updated(name)]
        for name in touched:
            resource, properties = good.resources[name]
            raw, new = good.definition.raw(name), stack.definition.raw(name)
            identifier = resource.physical_resource_id
            if name not in skip:
                self.add_event(name, raw["Type"], identifier, "UPDATE_IN_PROGRESS", None, properties)
                if test_directive(new, "RollbackFails"):
                    self.add_event(
                        name, raw["Type"], identifier, "UPDATE_FAILED", test_directive(new, "RollbackFails"), properties
                    )
                    failed.append(name)
                    continue
                try:
                    if current.get(name) is resource:
                        restore(resource, properties)
                except ERRORS as error:
                    self.add_event(name, raw["Type"], identifier, "UPDATE_FAILED", reason_of(error), properties)
                    failed.append(name)
                    continue
            self.add_event(name, raw["Type"], identifier, "UPDATE_COMPLETE", None, properties)
        if failed:
            reason = f"The following resource(s) failed to update: {listed(failed)}. "
            return self.set_status("UPDATE_ROLLBACK_FAILED", reason)
        self.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self.discard_new_resources(current)
        self.set_status("UPDATE_ROLLBACK_COMPLETE")

    def was_updated(self, name):
        good, record = self.stack.stable, self.stack.records.get(name)
        return name in good.resources and record is not None and record.time >= good.since

    def discard_new_resources(self, current):
        """Deletes the resources that the update created and restores the previous definition."""
        stack, good = self.stack, self.stack.stable
        kept = {resource for resource, _ in good.resources.values()}
        items = []
        for name, resource in current.items():
            if resource not in kept:
                raw = stack.definition.raw(name)
                # RetainExceptOnCreate does not apply: this operation created the resource.
                stays = name not in good.resources and raw.get("DeletionPolicy") == "Retain"
                items.append((name, resource, {**raw, "DeletionPolicy": "Retain" if stays else "Delete"}))
        # Intermediate versions of an update that failed more than once.
        items += [item for item in stack.superseded if item[1] not in kept]
        # A resource that failed before its creation has only a record.
        made = {name for name, _, _ in items}
        items += [
            (name, None, {"Type": record.kind})
            for name, record in stack.records.items()
            if name not in good.resources and name not in made
        ]
        records = {name: stack.records[name] for name in good.resources if name in stack.records}
        self.delete_versions(items)
        with stack.registry.lock:
            stack.definition, stack.scope, stack.outputs = good.definition, good.scope, good.outputs
            stack.records, stack.stable, stack.superseded = records, None, []

    def delete_stack(self, retain=(), before=None):
        stack = self.stack
        if before:
            before.thread.join()
        failed = []
        # Collected first: deleting superseded versions changes the records of the same names.
        items = self.all_items()
        failed += self.delete_versions(stack.superseded)
        stack.superseded = []
        failed += self.remove(items, retain)
        if failed:
            return self.set_status("DELETE_FAILED", f"The following resource(s) failed to delete: {listed(failed)}. ")
        with stack.registry.lock:
            self.announce("DELETE_COMPLETE")
            stack.deleted = stack.events[-1]["Timestamp"]
            stack.registry.forget_change_sets(stack)


def restore(resource, properties):
    """Restores the previous properties; a failed update can leave any part of the new ones."""
    attempted = getattr(resource, "attempted", None)
    complete = attempted == resource.properties
    if attempted is None or attempted == properties:
        return
    resource.properties = attempted
    try:
        resource.update(properties)
    except ERRORS:
        if complete:
            raise
    resource.properties, resource.attempted = properties, None
