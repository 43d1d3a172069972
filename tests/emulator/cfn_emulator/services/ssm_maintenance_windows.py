"""Systems Manager maintenance windows with their targets and tasks."""

import json
import uuid

from moto.core.utils import utcnow
from moto.ssm.exceptions import ValidationException

from cfn_emulator.moto_patch import adds, page
from cfn_emulator.services.ssm_associations import check_schedule, check_targets
from cfn_emulator.services.ssm_documents import check_document
from cfn_emulator.services.ssm_store import SSM, add_tags, apply_filters, find_or_fail, provided, raise_error, store_of

WINDOW_PARAMETERS = (
    *("Name", "Description", "StartDate", "EndDate", "Schedule", "ScheduleTimezone", "ScheduleOffset", "Duration"),
    *("Cutoff", "AllowUnassociatedTargets", "Enabled"),
)


def check_window(wanted):
    check_schedule(wanted.get("Schedule"))
    if not 1 <= int(wanted["Duration"]) <= 24 or not 0 <= int(wanted["Cutoff"]) < int(wanted["Duration"]):
        raise ValidationException("Duration is between 1 and 24, and Cutoff less than it")
    if len(wanted["Name"]) < 3:
        raise ValidationException("Value at 'name' failed to satisfy constraint: length greater than or equal to 3")


@adds(SSM)
def create_maintenance_window(self, param):
    wanted = {"AllowUnassociatedTargets": False, "Enabled": True, **provided(param, WINDOW_PARAMETERS)}
    check_window(wanted)
    identifier = f"mw-{uuid.uuid4().hex[:17]}"
    store_of(self).windows[identifier] = {**wanted, "WindowId": identifier, "CreatedDate": utcnow()}
    add_tags(self, "MaintenanceWindow", identifier, param("Tags"))
    return {"WindowId": identifier}


def window_of(self, param):
    text = "Maintenance window {} does not exist"
    return find_or_fail(store_of(self).windows, param("WindowId"), "DoesNotExistException", text)


@adds(SSM)
def get_maintenance_window(self, param):
    return {**window_of(self, param), "ModifiedDate": utcnow()}


@adds(SSM)
def update_maintenance_window(self, param):
    old = window_of(self, param)
    kept = ("WindowId", "CreatedDate", "Enabled") if param("Replace") else (*WINDOW_PARAMETERS, "WindowId", "CreatedDate")
    new = {**{name: old[name] for name in kept if name in old}, **provided(param, WINDOW_PARAMETERS)}
    check_window(new)
    store_of(self).windows[old["WindowId"]] = new
    return new


@adds(SSM)
def describe_maintenance_windows(self, param):
    names = {"Name": "Name", "Enabled": lambda it: str(it["Enabled"]).lower()}
    found = apply_filters(list(store_of(self).windows.values()), param("Filters"), names)
    return page(found, int(param("MaxResults") or 50), param("NextToken"), "WindowIdentities")


@adds(SSM)
def delete_maintenance_window(self, param):
    """Deletes a window with its targets and tasks; a missing window is not an error."""
    identifier, known = param("WindowId"), store_of(self)
    known.windows.pop(identifier, None)
    for things in (known.targets, known.tasks):
        for name in [name for name, it in things.items() if it["WindowId"] == identifier]:
            del things[name]
    return {"WindowId": identifier}


TARGET_PARAMETERS = ("ResourceType", "Targets", "OwnerInformation", "Name", "Description")


@adds(SSM)
def register_target_with_maintenance_window(self, param):
    window, identifier = window_of(self, param), str(uuid.uuid4())
    check_targets(param("Targets"))
    if param("ResourceType") not in ("INSTANCE", "RESOURCE_GROUP"):
        raise ValidationException("Value at 'resourceType' failed to satisfy constraint")
    made = {**provided(param, TARGET_PARAMETERS), "WindowId": window["WindowId"], "WindowTargetId": identifier}
    store_of(self).targets[identifier] = made
    return {"WindowTargetId": identifier}


def window_member(self, param, things, member):
    window_of(self, param)
    found = find_or_fail(things, param(member))
    if found["WindowId"] != param("WindowId"):
        raise_error("DoesNotExistException", f"{param(member)} is not of {param('WindowId')}")
    return found


@adds(SSM)
def update_maintenance_window_target(self, param):
    old = window_member(self, param, store_of(self).targets, "WindowTargetId")
    kept = {"ResourceType": old["ResourceType"]} if param("Replace") else old
    check_targets(param("Targets"))
    new = {
        **kept,
        **provided(param, TARGET_PARAMETERS),
        "WindowId": old["WindowId"],
        "WindowTargetId": old["WindowTargetId"],
    }
    store_of(self).targets[old["WindowTargetId"]] = new
    return new


@adds(SSM)
def deregister_target_from_maintenance_window(self, param):
    """Removes a target; with `Safe`, rejects a target that a task refers to."""
    found = window_member(self, param, store_of(self).targets, "WindowTargetId")
    identifier = found["WindowTargetId"]
    if param("Safe") and any(identifier in json.dumps(it.get("Targets")) for it in store_of(self).tasks.values()):
        raise_error("TargetInUseException", "The target is still referenced by a task")
    del store_of(self).targets[identifier]
    return {"WindowId": found["WindowId"], "WindowTargetId": identifier}


@adds(SSM)
def describe_maintenance_window_targets(self, param):
    window_of(self, param)
    found = [it for it in store_of(self).targets.values() if it["WindowId"] == param("WindowId")]
    names = {"WindowTargetId": "WindowTargetId", "OwnerInformation": "OwnerInformation", "Type": "ResourceType"}
    found = apply_filters(found, param("Filters"), names | {"WindowTargetIds": "WindowTargetId"})
    return page(found, int(param("MaxResults") or 50), param("NextToken"), "Targets")


TASK_PARAMETERS = (
    *("Targets", "TaskArn", "ServiceRoleArn", "TaskParameters", "TaskInvocationParameters", "Priority", "LoggingInfo"),
    *("MaxConcurrency", "MaxErrors", "Name", "Description", "CutoffBehavior", "AlarmConfiguration"),
)


def check_task(self, wanted, kind):
    check_targets(wanted.get("Targets"))
    for target in wanted.get("Targets", []):
        if target["Key"] == "WindowTargetIds":
            for value in target["Values"]:
                find_or_fail(store_of(self).targets, value, "DoesNotExistException", "Window target {} does not exist")
    if wanted.get("Targets") and not ("MaxConcurrency" in wanted and "MaxErrors" in wanted):
        raise ValidationException("MaxConcurrency and MaxErrors are needed for a task with targets")
    if kind == "RUN_COMMAND":
        run = wanted.get("TaskInvocationParameters", {}).get("RunCommand", {})
        name = wanted["TaskArn"].split("document/")[-1]
        check_document(self, name, run.get("Parameters"))


@adds(SSM)
def register_task_with_maintenance_window(self, param):
    window, kind, identifier = window_of(self, param), param("TaskType"), str(uuid.uuid4())
    if kind not in ("RUN_COMMAND", "AUTOMATION", "STEP_FUNCTIONS", "LAMBDA"):
        raise ValidationException("Value at 'taskType' failed to satisfy constraint")
    # With another default than zero the Terraform provider plans a change for each task without a priority.
    wanted = {"Priority": 0, **provided(param, TASK_PARAMETERS)}
    check_task(self, wanted, kind)
    store_of(self).tasks[identifier] = {
        **wanted,
        "WindowId": window["WindowId"],
        "WindowTaskId": identifier,
        "TaskType": kind,
        "Type": kind,
    }
    return {"WindowTaskId": identifier}


@adds(SSM)
def get_maintenance_window_task(self, param):
    return window_member(self, param, store_of(self).tasks, "WindowTaskId")


@adds(SSM)
def update_maintenance_window_task(self, param):
    old = window_member(self, param, store_of(self).tasks, "WindowTaskId")
    fixed = {name: old[name] for name in ("WindowId", "WindowTaskId", "TaskType", "Type")}
    kept = {"TaskArn": old["TaskArn"], "Priority": old["Priority"]} if param("Replace") else old
    new = {**kept, **provided(param, TASK_PARAMETERS), **fixed}
    check_task(self, new, old["TaskType"])
    store_of(self).tasks[old["WindowTaskId"]] = new
    return new


@adds(SSM)
def deregister_task_from_maintenance_window(self, param):
    found = window_member(self, param, store_of(self).tasks, "WindowTaskId")
    del store_of(self).tasks[found["WindowTaskId"]]
    return {"WindowId": found["WindowId"], "WindowTaskId": found["WindowTaskId"]}


@adds(SSM)
def describe_maintenance_window_tasks(self, param):
    window_of(self, param)
    found = [it for it in store_of(self).tasks.values() if it["WindowId"] == param("WindowId")]
    names = {"WindowTaskId": "WindowTaskId", "TaskArn": "TaskArn", "TaskType": "TaskType", "Priority": "Priority"}
    found = apply_filters(found, param("Filters"), names | {"WindowTaskIds": "WindowTaskId"})
    return page(found, int(param("MaxResults") or 50), param("NextToken"), "Tasks")
