"""Systems Manager patch baselines, patch groups and default baselines."""

import uuid

from moto.core.utils import utcnow
from moto.ssm.exceptions import ValidationException

from cfn_emulator.moto_patch import adds, page
from cfn_emulator.services.ssm_store import SSM, add_tags, apply_filters, find_or_fail, provided, raise_error, store_of

BASELINE_PARAMETERS = (
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
    *(
        "WINDOWS",
        "AMAZON_LINUX",
        "AMAZON_LINUX_2",
        "AMAZON_LINUX_2022",
        "AMAZON_LINUX_2023",
        "UBUNTU",
        "SUSE",
        "CENTOS",
    ),
    *("REDHAT_ENTERPRISE_LINUX", "ORACLE_LINUX", "DEBIAN", "MACOS", "RASPBIAN", "ROCKY_LINUX", "ALMA_LINUX"),
)


def put_baseline(self, wanted, identifier, system):
    rules = wanted.get("ApprovalRules", {}).get("PatchRules", [])
    for rule in rules:
        if ("ApproveAfterDays" in rule) == ("ApproveUntilDate" in rule):
            raise ValidationException("A rule has either ApproveAfterDays or ApproveUntilDate")
    defaults = {"ComplianceLevel": "UNSPECIFIED", "EnableNonSecurity": False}
    kept = {**EMPTY, **DEFAULTS, **wanted, "BaselineId": identifier, "OperatingSystem": system}
    kept["ApprovalRules"] = {"PatchRules": [{**defaults, **rule} for rule in rules]}
    dates = {"CreatedDate": utcnow(), "ModifiedDate": utcnow()}
    store_of(self).baselines[identifier] = {**kept, **dates}
    return store_of(self).baselines[identifier]


@adds(SSM)
def create_patch_baseline(self, param):
    """Creates a baseline; names are not unique, as on AWS."""
    system = param("OperatingSystem") or "WINDOWS"
    if system not in SYSTEMS:
        raise ValidationException(f"Value '{system}' at 'operatingSystem' failed to satisfy constraint")
    identifier = f"pb-{uuid.uuid4().hex[:17]}"
    put_baseline(self, provided(param, BASELINE_PARAMETERS), identifier, system)
    add_tags(self, "PatchBaseline", identifier, param("Tags"))
    return {"BaselineId": identifier}


@adds(SSM)
def get_patch_baseline(self, param):
    found = find_or_fail(store_of(self).baselines, param("BaselineId"))
    groups = [group for (group, _), identifier in store_of(self).groups.items() if identifier == found["BaselineId"]]
    return {**found, "PatchGroups": groups}


@adds(SSM)
def update_patch_baseline(self, param):
    old = find_or_fail(store_of(self).baselines, param("BaselineId"))
    kept = {} if param("Replace") else {name: old[name] for name in BASELINE_PARAMETERS if name in old}
    return put_baseline(self, {**kept, **provided(param, BASELINE_PARAMETERS)}, old["BaselineId"], old["OperatingSystem"])


@adds(SSM)
def delete_patch_baseline(self, param):
    """Deletes a baseline unless a patch group uses it; a missing baseline is not an error."""
    identifier = param("BaselineId")
    if identifier in store_of(self).groups.values() or identifier in store_of(self).defaults.values():
        raise_error("ResourceInUseException", "Error: the patch baseline is in use by a patch group or as the default")
    store_of(self).baselines.pop(identifier, None)
    return {"BaselineId": identifier}


def aws_default_baseline(self, system):
    """Returns AWS's own baseline of an operating system, of which only the name is known."""
    number = SYSTEMS.index(system)
    arn = f"arn:{self.ssm_backend.partition}:ssm:{self.region}:075727635805:patchbaseline/pb-{number:017x}"
    words = "".join(word.capitalize() for word in system.split("_"))
    return {"BaselineId": arn, "BaselineName": f"AWS-{words}DefaultPatchBaseline", "OperatingSystem": system}


def baseline_identity(self, found):
    members = {"BaselineId": found["BaselineId"], "BaselineName": found["Name"]}
    members |= {"OperatingSystem": found["OperatingSystem"], "BaselineDescription": found.get("Description")}
    return {**members, "DefaultBaseline": found["BaselineId"] in store_of(self).defaults.values()}


@adds(SSM)
def describe_patch_baselines(self, param):
    filters = list(param("Filters") or [])
    owner = next((it["Values"] for it in filters if it["Key"] == "OWNER"), ["AWS", "Self"])
    own = (
        [baseline_identity(self, it) for it in store_of(self).baselines.values()] if {"Self", "Private"} & set(owner) else []
    )
    others = []
    if {"AWS", "Public"} & set(owner):
        for system in SYSTEMS:
            others.append({**aws_default_baseline(self, system), "DefaultBaseline": system not in store_of(self).defaults})
    prefix = next((it["Values"][0] for it in filters if it["Key"] == "NAME_PREFIX"), "")
    found = [it for it in own + others if it["BaselineName"].startswith(prefix)]
    left = [it for it in filters if it["Key"] not in ("OWNER", "NAME_PREFIX")]
    found = apply_filters(found, left, {"OPERATING_SYSTEM": "OperatingSystem"})
    return page(found, int(param("MaxResults") or 100), param("NextToken"), "BaselineIdentities")


@adds(SSM)
def register_patch_baseline_for_patch_group(self, param):
    """Registers one baseline for each patch group and operating system."""
    group, identifier = param("PatchGroup"), param("BaselineId")
    key = group, find_or_fail(store_of(self).baselines, identifier)["OperatingSystem"]
    if key in store_of(self).groups:
        text = f"Patch Group baseline already registered for OperatingSystem {key[1]}."
        raise_error("AlreadyExistsException", text)
    store_of(self).groups[key] = identifier
    return {"BaselineId": identifier, "PatchGroup": group}


@adds(SSM)
def deregister_patch_baseline_for_patch_group(self, param):
    group, identifier = param("PatchGroup"), param("BaselineId")
    for key, known in list(store_of(self).groups.items()):
        if key[0] == group and known == identifier:
            del store_of(self).groups[key]
    return {"BaselineId": identifier, "PatchGroup": group}


@adds(SSM)
def get_patch_baseline_for_patch_group(self, param):
    group, system = param("PatchGroup"), param("OperatingSystem") or "WINDOWS"
    default = store_of(self).defaults.get(system) or aws_default_baseline(self, system)["BaselineId"]
    found = store_of(self).groups.get((group, system), default)
    return {"BaselineId": found, "PatchGroup": group, "OperatingSystem": system}


@adds(SSM)
def describe_patch_groups(self, param):
    found = [
        {"PatchGroup": group, "BaselineIdentity": baseline_identity(self, store_of(self).baselines[identifier])}
        for (group, _), identifier in store_of(self).groups.items()
    ]
    names = {"NAME_PREFIX": "PatchGroup", "OPERATING_SYSTEM": lambda it: it["BaselineIdentity"]["OperatingSystem"]}
    found = apply_filters(found, param("Filters"), names)
    return page(found, int(param("MaxResults") or 100), param("NextToken"), "Mappings")


@adds(SSM)
def register_default_patch_baseline(self, param):
    identifier = param("BaselineId")
    known = store_of(self)
    if identifier in known.baselines:
        known.defaults[known.baselines[identifier]["OperatingSystem"]] = identifier
    else:
        system = next((it for it in SYSTEMS if aws_default_baseline(self, it)["BaselineId"] == identifier), None)
        if system is None:
            raise_error("DoesNotExistException", f"Patch Baseline with id {identifier} does not exist")
        known.defaults.pop(system, None)
    return {"BaselineId": identifier}


@adds(SSM)
def get_default_patch_baseline(self, param):
    system = param("OperatingSystem") or "WINDOWS"
    found = store_of(self).defaults.get(system) or aws_default_baseline(self, system)["BaselineId"]
    return {"BaselineId": found, "OperatingSystem": system}
