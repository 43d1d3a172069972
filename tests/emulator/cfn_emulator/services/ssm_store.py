"""State and helpers shared by the Systems Manager features that moto lacks."""

from moto.ssm.exceptions import ValidationException
from moto.ssm.models import SimpleSystemManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse

from cfn_emulator.moto_patch import ServiceError, replaces

SSM = SimpleSystemManagerResponse


class Store:
    """State of one backend; a reset of moto empties it."""

    def __init__(self):
        self.associations, self.windows, self.baselines = {}, {}, {}
        self.targets, self.tasks = {}, {}
        self.groups, self.defaults = {}, {}


def store(backend):
    return backend.__dict__.setdefault("emulated", Store())


def store_of(self):
    return store(self.ssm_backend)


def provided(param, names):
    return {name: param(name) for name in names if param(name) is not None}


def raise_error(code, text):
    raise ServiceError(code, text)


def find_or_fail(things, identifier, code="DoesNotExistException", text="{} doesn't exist"):
    if identifier not in things:
        raise_error(code, text.format(identifier))
    return things[identifier]


def apply_filters(items, filters, names):
    """Applies list filters; `names` maps a filter key to a member or a function."""
    for part in filters or []:
        key, values = part["Key"], part.get("Values", [])
        if key not in names:
            raise ValidationException(f"The filter {key} is not known")
        member = names[key]
        items = [it for it in items if str(member(it) if callable(member) else it.get(member)) in values]
    return items


def add_tags(self, kind, identifier, tags):
    for item in tags or []:
        self.ssm_backend._resource_tags[kind][identifier][item["Key"]] = item["Value"]


@replaces(SimpleSystemManagerBackend, "_validate_resource_type_and_id")
def validate_resource(self, resource_type, resource_id):
    """Accepts tags for the resource types of the store too."""
    known = store(self)
    things = {
        "PatchBaseline": known.baselines,
        "Association": known.associations,
        "MaintenanceWindow": known.windows,
    }
    if resource_type not in things:
        return validate_resource.original(self, resource_type, resource_id)
    find_or_fail(things[resource_type], resource_id, "InvalidResourceId", "The resource ID isn't valid.")
    return resource_id
