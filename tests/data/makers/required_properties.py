"""Required properties of CloudFormation types, from the resource schemas that cfn-lint bundles.

A row has a type, the object that contains the properties, how many of them are required, and their names.
An object is a dotted path; an item of a list counts as the list. The types of the resource tables have a
row for each object, and other types one for the resource itself.
"""
from cloudformation import schema_of, types
from makers import WRITTEN_BY
from makers.schema_names import DEPTH, declared_types

HEAD = f"""\
{WRITTEN_BY}
# Columns: type, object, how many of the properties (all; one: exactly one; some: at least one), properties.
"""
KINDS = {"required": "all", "requiredXor": "one", "requiredOr": "some"}


def make(inputs):
    inputs.installed("cfn-lint")
    modeled, _ = declared_types()
    lines = []
    for name in types():
        schema = schema_of(name)
        found = objects(schema) if name in modeled else required(schema, "")
        lines += [f"{name}\t{row}\n" for row in dict.fromkeys(found)]
    return HEAD + "".join(lines)


def objects(schema, node=None, before="", depth=0):
    node = schema if node is None else node
    while "$ref" in node:
        node = schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
    if depth > DEPTH:
        return
    if "items" in node:
        yield from objects(schema, node["items"], before, depth)
    yield from required(node, before)
    for name, inner in node.get("properties", {}).items():
        yield from objects(schema, inner, f"{before}.{name}".lstrip("."), depth + 1)


def required(node, path):
    for key, kind in KINDS.items():
        if node.get(key):
            yield f"{path}\t{kind}\t{','.join(sorted(node[key]))}"
