"""What moto (5.2.1) lacks of Systems Manager: associations, patch baselines, maintenance windows, checks of documents.

Kept is what a request says, with the defaults of the API; nothing is run. `Replace` of an update drops what the request does
not name, an update of an association always does, as the API documents. Of AWS's own documents only the names and the
parameters of DOCUMENTS are known.
"""

import json
import re
import uuid

from emulated_agents import adds
from emulated_api import Refusal, replaces
from emulated_deployments import page
from moto.core.utils import utcnow
from moto.ssm.exceptions import ValidationException
from moto.ssm.models import SimpleSystemManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse

SSM = SimpleSystemManagerResponse
PATCHING = "Operation SnapshotId InstallOverrideList BaselineOverride RebootOption".split()
DOCUMENTS = {
    "AWS-UpdateSSMAgent": ["version", "allowDowngrade"],
    "AWS-RunPatchBaseline": PATCHING,
    "AWS-RunPatchBaselineWithHooks": [*PATCHING, "PreInstallHookDocName", "PostInstallHookDocName", "OnExitHookDocName"],
    "AWS-RunPatchBaselineAssociation": [*PATCHING, "BaselineTags", "AssociationId"],
    "AWS-GatherSoftwareInventory": (
        "applications awsComponents files networkConfig windowsUpdates instanceDetailedInformation services"
        " windowsRegistry windowsRoles customInventory billingInfo"
    ).split(),
    "AWS-RunShellScript": ["commands", "workingDirectory", "executionTimeout"],
    "AWS-RunPowerShellScript": ["commands", "workingDirectory", "executionTimeout"],
    "AWS-ConfigureAWSPackage": ["action", "installationType", "name", "version", "additionalArguments"],
    "AmazonCloudWatch-ManageAgent": [
        *("action", "mode", "optionalConfigurationSource", "optionalConfigurationLocation"),
        *("optionalOpenTelemetryCollectorConfigurationSource", "optionalRestart"),
    ],
}
SESSION_TYPES = ("Standard_Stream", "Port", "InteractiveCommands", "NonInteractiveCommands")


class Store:
    """In the state of moto's backend, so that a reset of moto empties it."""

    def __init__(self):
        self.associations, self.windows, self.baselines = {}, {}, {}
        self.targets, self.tasks = {}, {}
        self.groups, self.defaults = {}, {}


def store(backend):
    return backend.__dict__.setdefault("emulated", Store())


def of(self):
    return store(self.ssm_backend)


def given(param, names):
    return {name: param(name) for name in names if param(name) is not None}


def refuse(code, text):
    raise Refusal(code, text)


def find(things, identifier, code="DoesNotExistException", text="{} doesn't exist"):
    if identifier not in things:
        refuse(code, text.format(identifier))
    return things[identifier]


def matching(items, filters, names):
    """`names`: member by name of the filter, as a name or a function."""
    for part in filters or []:
        key, values = part["Key"], part.get("Values", [])
        if key not in names:
            raise ValidationException(f"The filter {key} is not known")
        member = names[key]
        items = [it for it in items if str(member(it) if callable(member) else it.get(member)) in values]
    return items


def tag(self, kind, identifier, tags):
    for item in tags or []:
        self.ssm_backend._resource_tags[kind][identifier][item["Key"]] = item["Value"]


@replaces(SimpleSystemManagerBackend, "_validate_resource_type_and_id")
def validate_resource(self, resource_type, resource_id):
    """Tags for all kinds of the store, too."""
    known = store(self)
    things = {
        "PatchBaseline": known.baselines,
        "Association": known.associations,
        "MaintenanceWindow": known.windows,
    }
    if resource_type not in things:
        return validate_resource.original(self, resource_type, resource_id)
    find(things[resource_type], resource_id, "InvalidResourceId", "The resource ID isn't valid.")
    return resource_id


# --- documents ---------------------------------------------------------------------------------------------------------


@replaces(SSM, "create_document")
def create_document(self):
    """Reserved names, and the session type of a session document, are looked at."""
    name, kind = self._get_param("Name"), self._get_param("DocumentType")
    if re.match(r"(?i)(aws|amazon|amzn|awsec2|awsconfigremediation|awssupport)", name):
        raise ValidationException(f"Invalid document name {name}: the prefix is reserved")
    result = create_document.original(self)
    document = self.ssm_backend._documents[name].get_default_version()
    if kind == "Session":
        content = document.content_json
        if document.schema_version != "1.0" or content.get("sessionType") not in SESSION_TYPES:
            del self.ssm_backend._documents[name]
            refuse("InvalidDocumentContent", "The content of a session document needs a sessionType and schema 1.0")
    return result


@replaces(SimpleSystemManagerBackend, "update_document")
def update_document(self, content, attachments, name, *args, **kwargs):
    """Refused is the content of the latest version only (moto: of any), so that there is a way back."""
    documents = self._documents.get(name)
    if documents is None:
        return update_document.original(self, content, attachments, name, *args, **kwargs)
    versions, default = documents.versions, documents.default_version
    latest = documents.get_latest_version()
    documents.versions, documents.default_version = {latest.document_version: latest}, latest.document_version
    try:
        return update_document.original(self, content, attachments, name, *args, **kwargs)
    finally:
        documents.versions, documents.default_version = {**versions, **documents.versions}, default


def check_document(self, name, parameters, targets_of_automation=None):
    """An own document or one of AWS; its parameters have to be known to it, and to be lists."""
    own = self.ssm_backend._documents.get(name)
    if own:
        document = own.get_default_version()
        known = {it["Name"]: it for it in document.parameter_list or []}
        names = list(known)
        missing = [it for it in names if "DefaultValue" not in known[it] and it not in (parameters or {})]
        if missing and document.document_type == "Command":
            refuse("InvalidParameters", f"The parameters {', '.join(missing)} need values")
    elif name in DOCUMENTS:
        names = DOCUMENTS[name]
    else:
        return refuse("InvalidDocument", f"Document with name {name} does not exist.")
    unknown = sorted(set(parameters or {}) - set(names))
    if unknown:
        refuse("InvalidParameters", f"Document {name} has no parameters {', '.join(unknown)}")
    for value in (parameters or {}).values():
        if not isinstance(value, list):
            refuse("SerializationException", "Start of list expected")


# --- associations ------------------------------------------------------------------------------------------------------

OF_ASSOCIATION = (
    *("Name", "DocumentVersion", "InstanceId", "Parameters", "Targets", "ScheduleExpression", "OutputLocation"),
    *("AssociationName", "AutomationTargetParameterName", "MaxErrors", "MaxConcurrency", "ComplianceSeverity"),
    *("SyncCompliance", "ApplyOnlyAtCronInterval", "CalendarNames", "TargetLocations", "ScheduleOffset", "Duration"),
    *("TargetMaps", "AlarmConfiguration"),
)


def check_schedule(expression, only_at_cron=False):
    if expression is None:
        return
    rate = re.fullmatch(r"rate\((\d+) (minutes?|hours?|days?)\)", expression)
    cron = re.fullmatch(r"cron\((\S+ ){4,6}\S+\)", expression)
    if not (rate or cron or re.fullmatch(r"at\(\S+\)", expression)):
        refuse("InvalidSchedule", f"The schedule is invalid: {expression}")
    if rate and rate[2].startswith("minute") and int(rate[1]) < 30:
        refuse("InvalidSchedule", "The interval of a rate expression is at least 30 minutes")
    if rate and only_at_cron:
        refuse("ValidationException", "ApplyOnlyAtCronInterval isn't supported for rate expressions")


def check_targets(targets, most=5):
    if len(targets or []) > most:
        refuse("InvalidTarget", f"There are more than {most} targets")
    for target in targets or []:
        if not re.match(r"InstanceIds$|tag:.+|tag-key$|resource-groups:|WindowTargetIds$|ParameterValues$", target["Key"]):
            refuse("InvalidTarget", f"The target {target['Key']} is not valid")
        if not target.get("Values"):
            refuse("InvalidTarget", f"The target {target['Key']} has no values")


def check_association(self, wanted):
    check_document(self, wanted["Name"], wanted.get("Parameters"))
    check_schedule(wanted.get("ScheduleExpression"), wanted.get("ApplyOnlyAtCronInterval"))
    check_targets(wanted.get("Targets"))
    if not wanted.get("Targets") and "InstanceId" not in wanted:
        refuse("InvalidTarget", "An association needs targets")
    location = wanted.get("OutputLocation", {}).get("S3Location", {})
    if "OutputS3BucketName" in location and not re.fullmatch(r"\S{3,63}", location["OutputS3BucketName"]):
        refuse("InvalidOutputLocation", "The output location isn't valid or doesn't exist.")


@adds(SSM)
def create_association(self, param):
    wanted = given(param, OF_ASSOCIATION)
    check_association(self, wanted)
    known = of(self).associations.values()
    pair = wanted.get("Name"), wanted.get("InstanceId")
    if pair[1] and pair in [(it["Name"], it.get("InstanceId")) for it in known]:
        refuse("AssociationAlreadyExists", "The specified association already exists.")
    identifier = str(uuid.uuid4())
    made = {
        "DocumentVersion": "$DEFAULT",
        "ApplyOnlyAtCronInterval": False,
        **wanted,
        "AssociationId": identifier,
        "AssociationVersion": "1",
        "Date": utcnow(),
    }
    if "InstanceId" in wanted:
        made.setdefault("Targets", [{"Key": "InstanceIds", "Values": [wanted["InstanceId"]]}])
    of(self).associations[identifier] = made
    tag(self, "Association", identifier, param("Tags"))
    return {"AssociationDescription": told(made)}


def told(association):
    status = {"Status": "Success", "DetailedStatus": "Success"}
    return {**association, "LastUpdateAssociationDate": utcnow(), "Overview": status}


def association_of(self, param):
    known = of(self).associations
    if param("AssociationId"):
        text = "The specified association does not exist."
        return find(known, param("AssociationId"), "AssociationDoesNotExist", text)
    for found in known.values():
        if (found["Name"], found.get("InstanceId")) == (param("Name"), param("InstanceId")):
            return found
    return refuse("AssociationDoesNotExist", "The specified association does not exist.")


@adds(SSM)
def describe_association(self, param):
    return {"AssociationDescription": told(association_of(self, param))}


@adds(SSM)
def update_association(self, param):
    """What is not named is removed."""
    old = association_of(self, param)
    new = {"Name": old["Name"], **given(param, OF_ASSOCIATION)}
    kept = {"Targets": old.get("Targets")} if "Targets" not in new else {}
    new |= kept
    check_association(self, new)
    fixed = {name: old[name] for name in ("AssociationId", "Date", "InstanceId") if name in old}
    defaults = {"DocumentVersion": "$DEFAULT", "ApplyOnlyAtCronInterval": False}
    new = {**defaults, **new, **fixed, "AssociationVersion": str(int(old["AssociationVersion"]) + 1)}
    of(self).associations[old["AssociationId"]] = new
    return {"AssociationDescription": told(new)}


@adds(SSM)
def delete_association(self, param):
    del of(self).associations[association_of(self, param)["AssociationId"]]


@adds(SSM)
def list_associations(self, param):
    names = {"Name": "Name", "InstanceId": "InstanceId", "AssociationId": "AssociationId"}
    names["AssociationName"] = "AssociationName"
    wanted = [{"Key": it["key"], "Values": [it["value"]]} for it in param("AssociationFilterList") or []]
    found = [told(it) for it in matching(list(of(self).associations.values()), wanted, names)]
    return page(found, int(param("MaxResults") or 50), param("NextToken"), "Associations")


# --- patch baselines ---------------------------------------------------------------------------------------------------

OF_BASELINE = (
    *("Name", "GlobalFilters", "ApprovalRules", "ApprovedPatches", "ApprovedPatchesComplianceLevel"),
    *("ApprovedPatchesEnableNonSecurity", "RejectedPatches", "RejectedPatchesAction", "Description", "Sources"),
    "AvailableSecurityUpdatesComplianceStatus",
)
DEFAULTS = {
    "ApprovedPatchesComplianceLevel": "UNSPECIFIED",
    "ApprovedPatchesEnableNonSecurity": False,
    "RejectedPatchesAction": "ALLOW_AS_DEPENDENCY",
}
EMPTY = {"GlobalFilters": {"PatchFilters": []}, "ApprovalRules": {"PatchRules": []}, "ApprovedPatches": []}
EMPTY |= {"RejectedPatches": [], "Sources": []}
SYSTEMS = (
    *("WINDOWS", "AMAZON_LINUX", "AMAZON_LINUX_2", "AMAZON_LINUX_2022", "AMAZON_LINUX_2023", "UBUNTU", "SUSE", "CENTOS"),
    *("REDHAT_ENTERPRISE_LINUX", "ORACLE_LINUX", "DEBIAN", "MACOS", "RASPBIAN", "ROCKY_LINUX", "ALMA_LINUX"),
)


def baseline(self, wanted, identifier, system):
    rules = wanted.get("ApprovalRules", {}).get("PatchRules", [])
    for rule in rules:
        if ("ApproveAfterDays" in rule) == ("ApproveUntilDate" in rule):
            raise ValidationException("A rule has either ApproveAfterDays or ApproveUntilDate")
    defaults = {"ComplianceLevel": "UNSPECIFIED", "EnableNonSecurity": False}
    kept = {**EMPTY, **DEFAULTS, **wanted, "BaselineId": identifier, "OperatingSystem": system}
    kept["ApprovalRules"] = {"PatchRules": [{**defaults, **rule} for rule in rules]}
    dates = {"CreatedDate": utcnow(), "ModifiedDate": utcnow()}
    of(self).baselines[identifier] = {**kept, **dates}
    return of(self).baselines[identifier]


@adds(SSM)
def create_patch_baseline(self, param):
    """Names are not unique on AWS either."""
    system = param("OperatingSystem") or "WINDOWS"
    if system not in SYSTEMS:
        raise ValidationException(f"Value '{system}' at 'operatingSystem' failed to satisfy constraint")
    identifier = f"pb-{uuid.uuid4().hex[:17]}"
    baseline(self, given(param, OF_BASELINE), identifier, system)
    tag(self, "PatchBaseline", identifier, param("Tags"))
    return {"BaselineId": identifier}


@adds(SSM)
def get_patch_baseline(self, param):
    found = find(of(self).baselines, param("BaselineId"))
    groups = [group for (group, _), identifier in of(self).groups.items() if identifier == found["BaselineId"]]
    return {**found, "PatchGroups": groups}


@adds(SSM)
def update_patch_baseline(self, param):
    old = find(of(self).baselines, param("BaselineId"))
    kept = {} if param("Replace") else {name: old[name] for name in OF_BASELINE if name in old}
    return baseline(self, {**kept, **given(param, OF_BASELINE)}, old["BaselineId"], old["OperatingSystem"])


@adds(SSM)
def delete_patch_baseline(self, param):
    """No error if there is none; one that is registered with a patch group stays."""
    identifier = param("BaselineId")
    if identifier in of(self).groups.values() or identifier in of(self).defaults.values():
        refuse("ResourceInUseException", "Error: the patch baseline is in use by a patch group or as the default")
    of(self).baselines.pop(identifier, None)
    return {"BaselineId": identifier}


def of_aws(self, system):
    """AWS's own baseline of an operating system, known by its name only."""
    number = SYSTEMS.index(system)
    arn = f"arn:{self.ssm_backend.partition}:ssm:{self.region}:075727635805:patchbaseline/pb-{number:017x}"
    words = "".join(word.capitalize() for word in system.split("_"))
    return {"BaselineId": arn, "BaselineName": f"AWS-{words}DefaultPatchBaseline", "OperatingSystem": system}


def identity(self, found):
    members = {"BaselineId": found["BaselineId"], "BaselineName": found["Name"]}
    members |= {"OperatingSystem": found["OperatingSystem"], "BaselineDescription": found.get("Description")}
    return {**members, "DefaultBaseline": found["BaselineId"] in of(self).defaults.values()}


@adds(SSM)
def describe_patch_baselines(self, param):
    filters = list(param("Filters") or [])
    owner = next((it["Values"] for it in filters if it["Key"] == "OWNER"), ["AWS", "Self"])
    own = [identity(self, it) for it in of(self).baselines.values()] if {"Self", "Private"} & set(owner) else []
    others = []
    if {"AWS", "Public"} & set(owner):
        for system in SYSTEMS:
            others.append({**of_aws(self, system), "DefaultBaseline": system not in of(self).defaults})
    prefix = next((it["Values"][0] for it in filters if it["Key"] == "NAME_PREFIX"), "")
    found = [it for it in own + others if it["BaselineName"].startswith(prefix)]
    left = [it for it in filters if it["Key"] not in ("OWNER", "NAME_PREFIX")]
    found = matching(found, left, {"OPERATING_SYSTEM": "OperatingSystem"})
    return page(found, int(param("MaxResults") or 100), param("NextToken"), "BaselineIdentities")


@adds(SSM)
def register_patch_baseline_for_patch_group(self, param):
    """One baseline for each group and operating system."""
    group, identifier = param("PatchGroup"), param("BaselineId")
    key = group, find(of(self).baselines, identifier)["OperatingSystem"]
    if key in of(self).groups:
        text = f"Patch Group baseline already registered for OperatingSystem {key[1]}."
        refuse("AlreadyExistsException", text)
    of(self).groups[key] = identifier
    return {"BaselineId": identifier, "PatchGroup": group}


@adds(SSM)
def deregister_patch_baseline_for_patch_group(self, param):
    group, identifier = param("PatchGroup"), param("BaselineId")
    for key, known in list(of(self).groups.items()):
        if key[0] == group and known == identifier:
            del of(self).groups[key]
    return {"BaselineId": identifier, "PatchGroup": group}


@adds(SSM)
def get_patch_baseline_for_patch_group(self, param):
    group, system = param("PatchGroup"), param("OperatingSystem") or "WINDOWS"
    default = of(self).defaults.get(system) or of_aws(self, system)["BaselineId"]
    found = of(self).groups.get((group, system), default)
    return {"BaselineId": found, "PatchGroup": group, "OperatingSystem": system}


@adds(SSM)
def describe_patch_groups(self, param):
    found = [
        {"PatchGroup": group, "BaselineIdentity": identity(self, of(self).baselines[identifier])}
        for (group, _), identifier in of(self).groups.items()
    ]
    names = {"NAME_PREFIX": "PatchGroup", "OPERATING_SYSTEM": lambda it: it["BaselineIdentity"]["OperatingSystem"]}
    found = matching(found, param("Filters"), names)
    return page(found, int(param("MaxResults") or 100), param("NextToken"), "Mappings")


@adds(SSM)
def register_default_patch_baseline(self, param):
    identifier = param("BaselineId")
    known = of(self)
    if identifier in known.baselines:
        known.defaults[known.baselines[identifier]["OperatingSystem"]] = identifier
    else:
        system = next((it for it in SYSTEMS if of_aws(self, it)["BaselineId"] == identifier), None)
        if system is None:
            refuse("DoesNotExistException", f"Patch Baseline with id {identifier} does not exist")
        known.defaults.pop(system, None)
    return {"BaselineId": identifier}


@adds(SSM)
def get_default_patch_baseline(self, param):
    system = param("OperatingSystem") or "WINDOWS"
    found = of(self).defaults.get(system) or of_aws(self, system)["BaselineId"]
    return {"BaselineId": found, "OperatingSystem": system}


# --- maintenance windows -----------------------------------------------------------------------------------------------

OF_WINDOW = (
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
    wanted = {"AllowUnassociatedTargets": False, "Enabled": True, **given(param, OF_WINDOW)}
    check_window(wanted)
    identifier = f"mw-{uuid.uuid4().hex[:17]}"
    of(self).windows[identifier] = {**wanted, "WindowId": identifier, "CreatedDate": utcnow()}
    tag(self, "MaintenanceWindow", identifier, param("Tags"))
    return {"WindowId": identifier}


def window_of(self, param):
    text = "Maintenance window {} does not exist"
    return find(of(self).windows, param("WindowId"), "DoesNotExistException", text)


@adds(SSM)
def get_maintenance_window(self, param):
    return {**window_of(self, param), "ModifiedDate": utcnow()}


@adds(SSM)
def update_maintenance_window(self, param):
    old = window_of(self, param)
    kept = ("WindowId", "CreatedDate", "Enabled") if param("Replace") else (*OF_WINDOW, "WindowId", "CreatedDate")
    new = {**{name: old[name] for name in kept if name in old}, **given(param, OF_WINDOW)}
    check_window(new)
    of(self).windows[old["WindowId"]] = new
    return new


@adds(SSM)
def describe_maintenance_windows(self, param):
    names = {"Name": "Name", "Enabled": lambda it: str(it["Enabled"]).lower()}
    found = matching(list(of(self).windows.values()), param("Filters"), names)
    return page(found, int(param("MaxResults") or 50), param("NextToken"), "WindowIdentities")


@adds(SSM)
def delete_maintenance_window(self, param):
    """With its targets and tasks; no error if there is none."""
    identifier, known = param("WindowId"), of(self)
    known.windows.pop(identifier, None)
    for things in (known.targets, known.tasks):
        for name in [name for name, it in things.items() if it["WindowId"] == identifier]:
            del things[name]
    return {"WindowId": identifier}


OF_TARGET = ("ResourceType", "Targets", "OwnerInformation", "Name", "Description")


@adds(SSM)
def register_target_with_maintenance_window(self, param):
    window, identifier = window_of(self, param), str(uuid.uuid4())
    check_targets(param("Targets"))
    if param("ResourceType") not in ("INSTANCE", "RESOURCE_GROUP"):
        raise ValidationException("Value at 'resourceType' failed to satisfy constraint")
    made = {**given(param, OF_TARGET), "WindowId": window["WindowId"], "WindowTargetId": identifier}
    of(self).targets[identifier] = made
    return {"WindowTargetId": identifier}


def one_of(self, param, things, member):
    window_of(self, param)
    found = find(things, param(member))
    if found["WindowId"] != param("WindowId"):
        refuse("DoesNotExistException", f"{param(member)} is not of {param('WindowId')}")
    return found


@adds(SSM)
def update_maintenance_window_target(self, param):
    old = one_of(self, param, of(self).targets, "WindowTargetId")
    kept = {"ResourceType": old["ResourceType"]} if param("Replace") else old
    check_targets(param("Targets"))
    new = {**kept, **given(param, OF_TARGET), "WindowId": old["WindowId"], "WindowTargetId": old["WindowTargetId"]}
    of(self).targets[old["WindowTargetId"]] = new
    return new


@adds(SSM)
def deregister_target_from_maintenance_window(self, param):
    """With `Safe` not if a task refers to it."""
    found = one_of(self, param, of(self).targets, "WindowTargetId")
    identifier = found["WindowTargetId"]
    if param("Safe") and any(identifier in json.dumps(it.get("Targets")) for it in of(self).tasks.values()):
        refuse("TargetInUseException", "The target is still referenced by a task")
    del of(self).targets[identifier]
    return {"WindowId": found["WindowId"], "WindowTargetId": identifier}


@adds(SSM)
def describe_maintenance_window_targets(self, param):
    window_of(self, param)
    found = [it for it in of(self).targets.values() if it["WindowId"] == param("WindowId")]
    names = {"WindowTargetId": "WindowTargetId", "OwnerInformation": "OwnerInformation", "Type": "ResourceType"}
    found = matching(found, param("Filters"), names | {"WindowTargetIds": "WindowTargetId"})
    return page(found, int(param("MaxResults") or 50), param("NextToken"), "Targets")


OF_TASK = (
    *("Targets", "TaskArn", "ServiceRoleArn", "TaskParameters", "TaskInvocationParameters", "Priority", "LoggingInfo"),
    *("MaxConcurrency", "MaxErrors", "Name", "Description", "CutoffBehavior", "AlarmConfiguration"),
)


def check_task(self, wanted, kind):
    check_targets(wanted.get("Targets"))
    for target in wanted.get("Targets", []):
        if target["Key"] == "WindowTargetIds":
            for value in target["Values"]:
                find(of(self).targets, value, "DoesNotExistException", "Window target {} does not exist")
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
    # With another default than zero the provider would never be content with a task that names none.
    wanted = {"Priority": 0, **given(param, OF_TASK)}
    check_task(self, wanted, kind)
    of(self).tasks[identifier] = {
        **wanted,
        "WindowId": window["WindowId"],
        "WindowTaskId": identifier,
        "TaskType": kind,
        "Type": kind,
    }
    return {"WindowTaskId": identifier}


@adds(SSM)
def get_maintenance_window_task(self, param):
    return one_of(self, param, of(self).tasks, "WindowTaskId")


@adds(SSM)
def update_maintenance_window_task(self, param):
    old = one_of(self, param, of(self).tasks, "WindowTaskId")
    fixed = {name: old[name] for name in ("WindowId", "WindowTaskId", "TaskType", "Type")}
    kept = {"TaskArn": old["TaskArn"], "Priority": old["Priority"]} if param("Replace") else old
    new = {**kept, **given(param, OF_TASK), **fixed}
    check_task(self, new, old["TaskType"])
    of(self).tasks[old["WindowTaskId"]] = new
    return new


@adds(SSM)
def deregister_task_from_maintenance_window(self, param):
    found = one_of(self, param, of(self).tasks, "WindowTaskId")
    del of(self).tasks[found["WindowTaskId"]]
    return {"WindowId": found["WindowId"], "WindowTaskId": found["WindowTaskId"]}


@adds(SSM)
def describe_maintenance_window_tasks(self, param):
    window_of(self, param)
    found = [it for it in of(self).tasks.values() if it["WindowId"] == param("WindowId")]
    names = {"WindowTaskId": "WindowTaskId", "TaskArn": "TaskArn", "TaskType": "TaskType", "Priority": "Priority"}
    found = matching(found, param("Filters"), names | {"WindowTaskIds": "WindowTaskId"})
    return page(found, int(param("MaxResults") or 50), param("NextToken"), "Tasks")
