"""The resource schemas of CloudFormation that cfn-lint bundles."""
REGION = "us-east-1"


def types():
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
    return sorted(PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION))


def schema_of(type_name):
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_name).schema


def name_of(pointer):
    """The dotted name of a property; an item of a list counts as the list."""
    path = pointer.removeprefix("/properties/").split("/")
    return ".".join(part for part in path if part != "*" and not part.isdigit())
