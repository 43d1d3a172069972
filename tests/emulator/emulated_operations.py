"""What CloudFormation does to a stack over time: creation, update, rollback and deletion, an event at a time.

The resources are those of `emulated_cloudformation`, really made by the API of this server; only the order, the events,
the statuses and the pauses between them are made here. All that is ready starts before anything is finished, so that there
are always siblings under way when one fails, as on AWS. What a test wants to fail says so in its template, as metadata of
the resource (see `wish`).
"""

import json
import os
import threading
import time
import traceback
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError
from emulated_cloudformation import TYPES, Deployed, Resources, condition, evaluate, mentioned
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import cloudformation_backends
from moto.core.utils import utcnow

STEP = float(os.environ.get("EMULATOR_STEP", "0.02"))
STACK = "AWS::CloudFormation::Stack"


def moment():
    """The time in milliseconds, as AWS tells it."""
    time_now = utcnow()
    return time_now.replace(microsecond=time_now.microsecond // 1000 * 1000)


# --- the state of a stack ----------------------------------------------------------------------------------------------


@dataclass
class Definition:
    """What a stack shall be: what a request says of it."""

    text: str = ""
    template: dict = field(default_factory=dict)
    given: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    capabilities: list = field(default_factory=list)
    topics: list = field(default_factory=list)
    role: str | None = None

    def scope(self, stack):
        """The parameters and conditions, evaluated; no resources yet."""
        home = stack.home
        scope = Resources(
            stack.id, stack.name, self.given, self.tags, home.region, home.account, self.template, None
        )
        scope.load()
        return scope

    def raw(self, name):
        return self.template.get("Resources", {}).get(name, {})

    def values(self):
        """The parameters as they were given, or their defaults."""
        slots = self.template.get("Parameters", {})
        return {name: str(self.given.get(name, slot.get("Default", ""))) for name, slot in slots.items()}


@dataclass
class Record:
    """A resource as the stack's API tells it."""

    name: str
    kind: str
    physical: str | None
    status: str
    reason: str | None
    time: object


@dataclass
class Good:
    """The last state that was complete, for a rollback."""

    definition: Definition
    scope: Resources
    outputs: list
    resources: dict
    since: object


class Stack:
    def __init__(self, home, name):
        self.home, self.name = home, name
        self.id = f"arn:{home.partition}:cloudformation:{home.region}:{home.account}:stack/{name}/{uuid.uuid4()}"
        self.status = self.reason = None
        self.created, self.updated, self.deleted = moment(), None, None
        self.definition = Definition()
        self.scope = None
        self.good = None
        self.leftovers = []
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
        return deployed(self.scope) if self.scope else {}

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
        if kind == STACK:
            self.status, self.reason = status, reason
        else:
            self.records[name] = Record(name, kind, physical, status, reason, stamp)

    def tell(self, status, reason=None, token=None):
        self.event(self.name, STACK, self.id, status, reason, token)


def deployed(scope):
    return {name: scope[name] for name in scope}


def stack_tagged(kind, properties, tags):
    """Tags of the stack go to all its resources that can have some; those of the template win."""
    if not tags or "Tags" not in TYPES[kind].updatable:
        return properties
    own = properties.get("Tags", [])
    keys = {tag["Key"] for tag in own}
    more = [{"Key": key, "Value": value} for key, value in tags.items() if key not in keys]
    return {**properties, "Tags": [*own, *more]}


def wish(raw, name):
    """What the test wants of this resource: `"Metadata": {"Emulator": {...}}`.

    CreateFails, UpdateFails, DeleteFails, RollbackFails: the reason of the failure. Seconds: how long a creation or update
    takes; one that takes some fails after the thing is made, one that takes none before. DeleteSeconds: a deletion.
    """
    return raw.get("Metadata", {}).get("Emulator", {}).get(name)


def outputs_of(definition, scope):
    found = []
    for name, output in definition.template.get("Outputs", {}).items():
        if "Condition" in output and not condition(output["Condition"], scope):
            continue
        value = evaluate(output["Value"], scope)
        export = evaluate(output["Export"]["Name"], scope) if "Export" in output else None
        described = {"OutputKey": name, "OutputValue": str(value), "Description": output.get("Description")}
        found.append({**described, "ExportName": export})
    return found


# --- failures ----------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """A step that fails; the text is the reason that the event tells."""


class Abandoned(Exception):
    """The emulator was reset: nobody waits for this operation."""


ERRORS = (ClientError, BotoCoreError, ValidationError, Refused, KeyError, ValueError, TypeError, IndexError, AttributeError)


def reason_of(error):
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, ValidationError):
        return error.message
    if not isinstance(error, ClientError):
        return f"{type(error).__name__}: {error}"
    code, text = error.response["Error"]["Code"], error.response["Error"]["Message"]
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 400)
    kind = "InvalidRequest"
    if is_absent(error):
        kind = "NotFound"
    elif "Exist" in code or "Duplicate" in code:
        kind = "AlreadyExists"
    operation = f"Service: Ec2, Status Code: {status}, Request ID: {uuid.uuid4()}"
    token = f"RequestToken: {uuid.uuid4()}, HandlerErrorCode: {kind}"
    return f'Resource handler returned message: "{text} ({operation})" ({token})'


ABSENT = (
    *("NoSuchEntity", "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchConfigRuleException", "DoesNotExistException"),
    *("AssociationDoesNotExist", "InvalidDocument"),
)


def is_absent(error):
    code = error.response["Error"]["Code"]
    return code.endswith(("NotFound", "NotFoundException", ".NotFound")) or code in ABSENT


def listed(names):
    return f"[{', '.join(names)}]"


# --- operations --------------------------------------------------------------------------------------------------------


@dataclass
class Work:
    """A resource under way."""

    name: str
    verb: str
    raw: dict
    resource: Deployed | None
    properties: dict
    replaces: bool = False
    made: bool = False
    until: float = 0.0


class Operation:
    """One operation of one stack. Without pause (none, not 0) it is for the synchronous calls, which wait for its end."""

    def __init__(self, stack, token=None, pause=STEP, change_set=None):
        self.stack, self.token, self.pause, self.change_set = stack, token, pause, change_set
        self.synchronous = pause is None
        self.cancelled = None
        self.failure = None
        self.thread = self.before = self.unbegun = None

    # How it runs

    def start(self, target, *arguments):
        """The stack's event of the start is told by the caller, so that the status has changed when the call answers.

        In a thread, or here and now if it is synchronous.
        """
        self.stack.operation = self
        self.stack.version += 1
        if self.synchronous:
            return self.run(target, *arguments)
        self.thread = threading.Thread(target=self.run, args=(target, *arguments), daemon=True)
        self.thread.start()

    def run(self, target, *arguments):
        try:
            self.rest()
            target(*arguments)
        except Abandoned:
            return
        except Exception as error:
            traceback.print_exc()
            status = self.stack.status.replace("_CLEANUP", "").replace("_COMPLETE", "")
            self.announce(status.replace("_IN_PROGRESS", "_FAILED"), f"Emulator: {error!r}")

    def rest(self):
        if self.pause:
            time.sleep(self.pause)

    def alive(self):
        home = self.stack.home
        found = cloudformation_backends[home.account][home.region].__dict__.get("deployments")
        if found is not home:
            raise Abandoned

    def tell(self, status, reason=None):
        self.announce(status, reason)
        self.rest()

    def announce(self, status, reason=None):
        """With the last status all is over at once: who sees it may start the next operation."""
        stack = self.stack
        with stack.home.lock:
            self.alive()
            stack.tell(status, reason, self.token)
            if status.endswith("_IN_PROGRESS"):
                return
            if self.change_set:
                good = status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
                self.change_set.execution = "EXECUTE_COMPLETE" if good else "EXECUTE_FAILED"
            if stack.operation is self:
                stack.operation = None

    def say(self, name, kind, physical, status, reason=None, properties=None):
        with self.stack.home.lock:
            self.alive()
            self.stack.event(name, kind, physical, status, reason, self.token, properties)
        self.rest()

    def tell_work(self, work, status, reason=None):
        physical = work.resource.physical_resource_id if work.resource else None
        self.say(work.name, work.raw["Type"], physical, f"{work.verb}_{status}", reason, work.properties)

    # Creation and update of resources

    def settle(self, scope, definition, before):
        """Makes the resources as the scope wants them; returns the failed ones by verb."""
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
                    work = self.begin(ready, wanted[ready], scope, definition, before)
                    if work is None:
                        done.add(ready)
                    else:
                        running[ready] = work
                    continue
                work = next((work for work in running.values() if not work.made), None)
                if work:
                    self.make(work, scope)
                    continue
                work = next((work for work in running.values() if work.until <= time.monotonic()), None)
                if work:
                    self.finish(work)
                    done.add(running.pop(work.name).name)
                    continue
            except Refused as error:
                failed = running.pop(ready or work.name, work) or self.unbegun
                self.failure = self.failure or f"{failed.name} ({failed.raw['Type']}): {error}"
                self.tell_work(failed, "FAILED", str(error))
                return self.cancel(running.values(), {failed.verb: [failed.name]})
            time.sleep(0.01)
        return {}

    def cancel(self, works, failures):
        for work in works:
            noun = {"CREATE": "creation", "UPDATE": "update"}[work.verb]
            if work.verb == "CREATE" and work.resource:
                work.resource.broken = True
            self.tell_work(work, "FAILED", f"Resource {noun} cancelled")
            failures.setdefault(work.verb, []).append(work.name)
        return failures

    def begin(self, name, raw, scope, definition, before):
        """The event of the start, or nothing if the resource stays as it is."""
        known = deployed(scope).get(name)
        verb = "UPDATE" if known and not getattr(known, "broken", False) else "CREATE"
        work = self.unbegun = Work(name, verb, raw, known if verb == "UPDATE" else None, {})
        try:
            if raw["Type"] not in TYPES:
                raise Refused(f"{raw['Type']} is not emulated")
            properties = evaluate(raw.get("Properties", {}), scope)
            work.properties = stack_tagged(raw["Type"], properties, definition.tags)
            if verb == "CREATE":
                if known:
                    self.stack.leftovers.append((name, known, before.raw(name) or raw))
                self.tell_work(work, "IN_PROGRESS")
                return work
            old = known.properties
            same_metadata = before.raw(name).get("Metadata") == raw.get("Metadata")
            if old == work.properties and (same_metadata or self.synchronous):
                return None
            work.replaces = any(old.get(member) != work.properties.get(member) for member in known.create_only)
            reason = "Requested update requires the creation of a new physical resource; hence creating one."
            self.tell_work(work, "IN_PROGRESS", reason if work.replaces else None)
            return work
        except ERRORS as error:
            if work.verb == "CREATE":
                self.tell_work(work, "IN_PROGRESS")
            raise Refused(reason_of(error)) from error

    def make(self, work, scope):
        seconds = float(wish(work.raw, "Seconds") or 0) if not self.synchronous else 0
        work.until = time.monotonic() + seconds
        if not seconds:
            self.grant(work)
        try:
            if work.verb == "CREATE" or work.replaces:
                self.create(work, scope)
                self.tell_work(work, "IN_PROGRESS", "Resource creation Initiated")
            else:
                work.resource.check(work.properties)
                if work.resource.properties != work.properties:
                    work.resource.attempted = work.properties
                    work.resource.update(work.properties)
                    work.resource.properties = work.properties
        except ERRORS as error:
            raise Refused(reason_of(error)) from error
        work.made = True

    def create(self, work, scope):
        resource = TYPES[work.raw["Type"]](work.name, self.stack.name, scope.api)
        resource.check(work.properties)
        try:
            resource.create(work.properties)
        except ERRORS:
            resource.broken = True
            raise
        finally:
            # Also of what is made by halves: a rollback has to remove it.
            if resource.physical_resource_id:
                resource.properties = work.properties
                if work.replaces:
                    raw = self.before.raw(work.name) or work.raw
                    self.stack.leftovers.append((work.name, work.resource, raw))
                work.resource = scope._parsed_resources[work.name] = resource

    def grant(self, work):
        names = ["CreateFails"] if work.verb == "CREATE" else ["UpdateFails", *["CreateFails"] * work.replaces]
        for name in names:
            if wish(work.raw, name):
                raise Refused(wish(work.raw, name))

    def finish(self, work):
        try:
            self.grant(work)
        except Refused:
            if work.verb == "CREATE":
                work.resource.broken = True
            raise
        self.tell_work(work, "COMPLETE")

    # Deletion of resources

    def remove(self, items, retain=(), rolls_back=False):
        """Deletes (name, resource or none, its part of the template); returns the names that stay."""
        waiting = {name: (resource, raw) for name, resource, raw in reversed(items)}
        running, failed = {}, []
        while waiting or running:
            blocked = set().union(*(needs_of(raw) for _, raw in [*waiting.values(), *running.values()]), set())
            blocked |= set().union(*(needs_of(raw) for name, _, raw in items if name in failed), set())
            ready = next((name for name in waiting if name not in blocked), None)
            over = next((name for name in running if running[name][0].until <= time.monotonic()), None)
            if ready:
                resource, raw = waiting.pop(ready)
                if self.leave(ready, resource, raw, retain, rolls_back):
                    continue
                self.say(ready, raw["Type"], resource.physical_resource_id, "DELETE_IN_PROGRESS")
                resource.until = time.monotonic() + float(wish(raw, "DeleteSeconds") or 0)
                running[ready] = resource, raw
            elif over:
                resource, raw = running.pop(over)
                if not self.destroy(over, resource, raw):
                    failed.append(over)
            elif not running:
                break
            else:
                time.sleep(0.01)
        return failed

    def leave(self, name, resource, raw, retain, rolls_back):
        """Whether there is nothing to delete, or nothing shall be."""
        policy = raw.get("DeletionPolicy", "Delete")
        if resource is None:
            self.say(name, raw["Type"], None, "DELETE_COMPLETE")
        elif name in retain or policy == "Retain" or (policy == "RetainExceptOnCreate" and not rolls_back):
            self.say(name, raw["Type"], resource.physical_resource_id, "DELETE_SKIPPED")
        else:
            return False
        return True

    def destroy(self, name, resource, raw):
        try:
            if wish(raw, "DeleteFails"):
                raise Refused(wish(raw, "DeleteFails"))
            try:
                resource.delete()
            except ClientError as error:
                if not is_absent(error):
                    raise
        except ERRORS as error:
            self.failure = self.failure or f"{name} ({raw['Type']}): {reason_of(error)}"
            self.say(name, raw["Type"], resource.physical_resource_id, "DELETE_FAILED", reason_of(error))
            return False
        self.say(name, raw["Type"], resource.physical_resource_id, "DELETE_COMPLETE")
        return True

    def all_items(self):
        """What a deletion of the stack deletes: also what failed, and what an update that failed left behind."""
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

    # The operations

    def create_stack(self, scope, rollback):
        """`rollback`: ROLLBACK, DELETE or DO_NOTHING, as what happens on failure."""
        stack = self.stack
        stack.scope, self.before = scope, Definition()
        failures, reason = self.settle(scope, stack.definition, self.before), None
        if not failures:
            try:
                outputs = outputs_of(stack.definition, scope)
                with stack.home.lock:
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
            return self.tell("CREATE_FAILED", reason)
        self.tell("ROLLBACK_IN_PROGRESS", f"{reason.rstrip('. ')}. Rollback requested by user.")
        self.roll_back_creation(rollback)

    def roll_back_creation(self, rollback):
        stack = self.stack
        failed = self.remove(self.all_items(), rolls_back=True)
        if failed:
            return self.tell("ROLLBACK_FAILED", f"The following resource(s) failed to delete: {listed(failed)}. ")
        stack.scope = None
        self.tell("ROLLBACK_COMPLETE")
        if rollback == "DELETE":
            self.tell("DELETE_IN_PROGRESS")
            self.delete_stack()

    def update_stack(self, definition, scope, disable_rollback):
        stack = self.stack
        self.before = stack.definition
        if stack.good is None:
            kept = {name: (resource, resource.properties) for name, resource in stack.resources().items()}
            stack.good = Good(stack.definition, stack.scope, stack.outputs, kept, stack.updated)
        scope._parsed_resources.update(stack.resources())
        with stack.home.lock:
            stack.definition, stack.scope = definition, scope
        failures, reason, outputs = self.settle(scope, definition, self.before), "", []
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
            return self.tell("UPDATE_FAILED", reason)
        self.tell("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        self.roll_back()

    def clean_up(self, definition, outputs):
        """Deletes what was replaced or is wanted no longer."""
        stack = self.stack
        with stack.home.lock:
            cancelled = self.cancelled
            if not cancelled:
                stack.outputs = outputs
                self.announce("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        if cancelled:
            self.tell("UPDATE_ROLLBACK_IN_PROGRESS", cancelled)
            return self.roll_back()
        self.rest()
        wanted = stack.scope.wanted()
        # The policy of a replaced resource is another than that of a removed one.
        items = [
            (name, resource, {**raw, "DeletionPolicy": raw.get("UpdateReplacePolicy", "Delete")})
            for name, resource, raw in stack.leftovers
        ]
        for name, resource in stack.resources().items():
            if name not in wanted:
                items.append((name, resource, stack.good.definition.raw(name) or self.before.raw(name)))
                del stack.scope._parsed_resources[name]
        kept = {name: stack.records[name] for name in stack.records if name in wanted}
        failed = self.remove_versions(items)
        stack.leftovers, stack.good = [], None
        with stack.home.lock:
            stack.records = {name: kept.get(name) or stack.records[name] for name in stack.records if name in wanted}
        reason = "Update successful. One or more resources could not be deleted." if failed else None
        self.tell("UPDATE_COMPLETE", reason)

    def remove_versions(self, items):
        """Several versions of one resource, if an update failed before, one after the other."""
        failed = []
        while items:
            batch = list({item[0]: item for item in items}.values())
            failed += self.remove(batch)
            items = [item for item in items if item not in batch]
        return failed

    def roll_back(self, skip=()):
        """Back to the last good state: in place, or to the thing that was to be replaced."""
        stack, good = self.stack, self.stack.good
        current, failed = stack.resources(), []
        touched = [name for name in good.scope.wanted() if self.is_touched(name)]
        for name in touched:
            resource, properties = good.resources[name]
            raw, new = good.definition.raw(name), stack.definition.raw(name)
            identifier = resource.physical_resource_id
            if name not in skip:
                self.say(name, raw["Type"], identifier, "UPDATE_IN_PROGRESS", None, properties)
                if wish(new, "RollbackFails"):
                    self.say(name, raw["Type"], identifier, "UPDATE_FAILED", wish(new, "RollbackFails"), properties)
                    failed.append(name)
                    continue
                try:
                    if current.get(name) is resource:
                        undo(resource, properties)
                except ERRORS as error:
                    self.say(name, raw["Type"], identifier, "UPDATE_FAILED", reason_of(error), properties)
                    failed.append(name)
                    continue
            self.say(name, raw["Type"], identifier, "UPDATE_COMPLETE", None, properties)
        if failed:
            reason = f"The following resource(s) failed to update: {listed(failed)}. "
            return self.tell("UPDATE_ROLLBACK_FAILED", reason)
        self.tell("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        self.forget_new(current)
        self.tell("UPDATE_ROLLBACK_COMPLETE")

    def is_touched(self, name):
        good, record = self.stack.good, self.stack.records.get(name)
        return name in good.resources and record is not None and record.time >= good.since

    def forget_new(self, current):
        """Deletes what the update made, and puts the old definition back."""
        stack, good = self.stack, self.stack.good
        kept = {resource for resource, _ in good.resources.values()}
        items = []
        for name, resource in current.items():
            if resource not in kept:
                raw = stack.definition.raw(name)
                # Of what the update made anew only Retain counts: this is the operation that created it.
                stays = name not in good.resources and raw.get("DeletionPolicy") == "Retain"
                items.append((name, resource, {**raw, "DeletionPolicy": "Retain" if stays else "Delete"}))
        # The intermediate versions of an update that failed more than once.
        items += [item for item in stack.leftovers if item[1] not in kept]
        # What failed before it was made has only its record to lose.
        made = {name for name, _, _ in items}
        items += [
            (name, None, {"Type": record.kind})
            for name, record in stack.records.items()
            if name not in good.resources and name not in made
        ]
        records = {name: stack.records[name] for name in good.resources if name in stack.records}
        self.remove_versions(items)
        with stack.home.lock:
            stack.definition, stack.scope, stack.outputs = good.definition, good.scope, good.outputs
            stack.records, stack.good, stack.leftovers = records, None, []

    def delete_stack(self, retain=(), before=None):
        stack = self.stack
        if before:
            before.thread.join()
        failed = []
        # Before the older versions go: their names are those of the newer ones.
        items = self.all_items()
        failed += self.remove_versions(stack.leftovers)
        stack.leftovers = []
        failed += self.remove(items, retain)
        if failed:
            return self.tell("DELETE_FAILED", f"The following resource(s) failed to delete: {listed(failed)}. ")
        with stack.home.lock:
            self.announce("DELETE_COMPLETE")
            stack.deleted = stack.events[-1]["Timestamp"]
            stack.home.forget_change_sets(stack)


def needs_of(raw):
    depends = raw.get("DependsOn", [])
    return ({depends} if isinstance(depends, str) else set(depends)) | mentioned(raw.get("Properties", {}))


def undo(resource, properties):
    """Puts the old properties back; of an update that failed nobody knows how far it came."""
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
