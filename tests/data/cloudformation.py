"""The resource schemas of CloudFormation that cfn-lint bundles."""
REGION = "us-east-1"

# The deepest object in a resource table; some schemas refer to themselves.
DEPTH = 5


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


def resolved(schema, node):
    while "$ref" in node:
        parent = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            parent = parent[part]
        node = parent
    return node


def nodes(schema, most=DEPTH, node=None, before="", depth=0):
    """The dotted paths of a type with their schemas; an item of a list counts as the list."""
    node = resolved(schema, schema if node is None else node)
    yield before, node
    if "items" in node:
        yield from nodes(schema, most, node["items"], before, depth)
    if depth < most:
        for name, inner in node.get("properties", {}).items():
            yield from nodes(schema, most, inner, f"{before}.{name}".lstrip("."), depth + 1)
