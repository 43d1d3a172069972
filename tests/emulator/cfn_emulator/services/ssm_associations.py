"""Systems Manager associations. Nothing runs: each association succeeds at once."""

import re
import uuid

from moto.core.utils import utcnow

from cfn_emulator.moto_patch import adds, page
from cfn_emulator.services.ssm_documents import check_document
from cfn_emulator.services.ssm_store import SSM, add_tags, apply_filters, find_or_fail, provided, raise_error, store_of

ASSOCIATION_PARAMETERS = (
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
        raise_error("InvalidSchedule", f"The schedule is invalid: {expression}")
    if rate and rate[2].startswith("minute") and int(rate[1]) < 30:
        raise_error("InvalidSchedule", "The interval of a rate expression is at least 30 minutes")
    if rate and only_at_cron:
        raise_error("ValidationException", "ApplyOnlyAtCronInterval isn't supported for rate expressions")


def check_targets(targets, most=5):
    if len(targets or []) > most:
        raise_error("InvalidTarget", f"There are more than {most} targets")
    for target in targets or []:
        if not re.match(r"InstanceIds$|tag:.+|tag-key$|resource-groups:|WindowTargetIds$|ParameterValues$", target["Key"]):
            raise_error("InvalidTarget", f"The target {target['Key']} is not valid")
        if not target.get("Values"):
            raise_error("InvalidTarget", f"The target {target['Key']} has no values")


def check_association(self, wanted):
    check_document(self, wanted["Name"], wanted.get("Parameters"))
    check_schedule(wanted.get("ScheduleExpression"), wanted.get("ApplyOnlyAtCronInterval"))
    check_targets(wanted.get("Targets"))
    if not wanted.get("Targets") and "InstanceId" not in wanted:
        raise_error("InvalidTarget", "An association needs targets")
    location = wanted.get("OutputLocation", {}).get("S3Location", {})
    if "OutputS3BucketName" in location and not re.fullmatch(r"\S{3,63}", location["OutputS3BucketName"]):
        raise_error("InvalidOutputLocation", "The output location isn't valid or doesn't exist.")


@adds(SSM)
def create_association(self, param):
    wanted = provided(param, ASSOCIATION_PARAMETERS)
    check_association(self, wanted)
    known = store_of(self).associations.values()
    pair = wanted.get("Name"), wanted.get("InstanceId")
    if pair[1] and pair in [(it["Name"], it.get("InstanceId")) for it in known]:
        raise_error("AssociationAlreadyExists", "The specified association already exists.")
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
    store_of(self).associations[identifier] = made
    add_tags(self, "Association", identifier, param("Tags"))
    return {"AssociationDescription": association_description(made)}


def association_description(association):
    status = {"Status": "Success", "DetailedStatus": "Success"}
    return {**association, "LastUpdateAssociationDate": utcnow(), "Overview": status}


def association_of(self, param):
    known = store_of(self).associations
    if param("AssociationId"):
        text = "The specified association does not exist."
        return find_or_fail(known, param("AssociationId"), "AssociationDoesNotExist", text)
    for found in known.values():
        if (found["Name"], found.get("InstanceId")) == (param("Name"), param("InstanceId")):
            return found
    return raise_error("AssociationDoesNotExist", "The specified association does not exist.")


@adds(SSM)
def describe_association(self, param):
    return {"AssociationDescription": association_description(association_of(self, param))}


@adds(SSM)
def update_association(self, param):
    """Updates an association; parameters that the request omits are removed, as the API documents."""
    old = association_of(self, param)
    new = {"Name": old["Name"], **provided(param, ASSOCIATION_PARAMETERS)}
    kept = {"Targets": old.get("Targets")} if "Targets" not in new else {}
    new |= kept
    check_association(self, new)
    fixed = {name: old[name] for name in ("AssociationId", "Date", "InstanceId") if name in old}
    defaults = {"DocumentVersion": "$DEFAULT", "ApplyOnlyAtCronInterval": False}
    new = {**defaults, **new, **fixed, "AssociationVersion": str(int(old["AssociationVersion"]) + 1)}
    store_of(self).associations[old["AssociationId"]] = new
    return {"AssociationDescription": association_description(new)}


@adds(SSM)
def delete_association(self, param):
    del store_of(self).associations[association_of(self, param)["AssociationId"]]


@adds(SSM)
def list_associations(self, param):
    names = {"Name": "Name", "InstanceId": "InstanceId", "AssociationId": "AssociationId"}
    names["AssociationName"] = "AssociationName"
    wanted = [{"Key": it["key"], "Values": [it["value"]]} for it in param("AssociationFilterList") or []]
    found = [association_description(it) for it in apply_filters(list(store_of(self).associations.values()), wanted, names)]
    return page(found, int(param("MaxResults") or 50), param("NextToken"), "Associations")
