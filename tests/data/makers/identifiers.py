"""Properties that identify a resource in its account, from the resource schemas that cfn-lint bundles.

A row has a type and the property that is its whole primary identifier and cannot change. Two resources with one value
of it are one resource.
"""
from cloudformation import schema_of, types
from makers import WRITTEN_BY

HEAD = f"""\
{WRITTEN_BY}
# Columns: type, property.
"""


def make(inputs):
    inputs.installed("cfn-lint")
    lines = []
    for name in types():
        schema = schema_of(name)
        paths = {key: {it.removeprefix("/properties/") for it in schema.get(key, [])}
                 for key in ("primaryIdentifier", "readOnlyProperties", "createOnlyProperties")}
        identifier = paths["primaryIdentifier"]
        if len(identifier) == 1 and identifier <= paths["createOnlyProperties"] - paths["readOnlyProperties"]:
            lines.append(f"{name}\t{identifier.pop()}\n")
    return HEAD + "".join(lines)
