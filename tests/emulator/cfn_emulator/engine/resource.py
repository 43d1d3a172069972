"""Base classes of the resource types, and the registry of all types."""

import secrets

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import tags_by_key

RESOURCE_TYPES = {}


class Resource:
    """A resource of a stack. Subclasses implement one type; `properties` are those of the last create or update."""

    type = ""
    create_only = ()
    updatable = ()
    # Whether the property Tags is a map.
    has_map_of_tags = False

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if cls.type:
            RESOURCE_TYPES[cls.type] = cls

    def __init__(self, logical_id, stack_name, api):
        self.logical_resource_id = logical_id
        self.cf_resource_type = self.type
        # At most 64 characters, the limit of role names.
        self.generated_name = f"{stack_name}-{logical_id}"[:51] + f"-{secrets.token_hex(6).upper()}"
        self.api = api
        self.properties = {}
        self.physical_resource_id = None

    def is_created(self):
        return True

    def check(self, properties):
        unknown = set(properties) - set(self.create_only) - set(self.updatable)
        if unknown:
            raise ValidationError(message=f"{self.type}: {', '.join(sorted(unknown))}: not emulated")

    def attributes(self):
        return {}

    def ec2_id(self):
        """Returns the ID by which EC2 tags the resource."""
        return self.physical_resource_id

    def retag(self, old, new):
        old, new = ({tag["Key"]: tag["Value"] for tag in tags or []} for tags in (old, new))
        gone = [{"Key": key} for key in old if key not in new]
        if gone:
            self.api.ec2("delete_tags", Resources=[self.ec2_id()], Tags=gone)
        fresh = [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]
        if fresh:
            self.api.ec2("create_tags", Resources=[self.ec2_id()], Tags=fresh)

    def update(self, new):
        """Updates in place a type whose only updatable property is its tags."""
        self.retag(self.properties.get("Tags"), new.get("Tags"))


class ServiceResource(Resource):
    """A resource of a service whose operations tag resources by ID or ARN."""

    service = ""

    def api_call(self, operation, **parameters):
        return self.api.call(self.service, operation, **parameters)

    def retag(self, old, new):
        old, new = tags_by_key(old), tags_by_key(new)
        gone = [key for key in old if key not in new]
        fresh = {key: value for key, value in new.items() if old.get(key) != value}
        if gone:
            self.untag(gone)
        if fresh:
            self.tag(fresh)

    def listed(self, tags):
        return [{"Key": key, "Value": value} for key, value in tags.items()]

    def reject_changes(self, new, *names):
        """Rejects changes of properties that AWS rejects instead of replacing the resource."""
        changed = [name for name in names if self.properties.get(name) != new.get(name)]
        if changed:
            raise ValidationError(message=f"{self.type}: {', '.join(changed)} cannot be changed")

    def replace_tags(self, new):
        self.retag(self.properties.get("Tags"), new.get("Tags"))


def stack_tagged(kind, properties, tags):
    """Adds the stack's tags to a resource that supports tags; the template's tags take precedence."""
    if not tags or "Tags" not in RESOURCE_TYPES[kind].updatable:
        return properties
    if RESOURCE_TYPES[kind].has_map_of_tags:
        return {**properties, "Tags": {**tags, **properties.get("Tags", {})}}
    own = properties.get("Tags", [])
    keys = {tag["Key"] for tag in own}
    more = [{"Key": key, "Value": value} for key, value in tags.items() if key not in keys]
    return {**properties, "Tags": [*own, *more]}
