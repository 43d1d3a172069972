"""Properties and attributes of CloudFormation types, from the resource schemas that cfn-lint bundles.

A row has a type, whether it gains properties (`grows`), its properties, and its attributes. Properties do not
include those that AWS sets. Attributes are the first parts of their names. `*` stands for any name, and `+` for all
properties.

A type grows if a version of the schemas added a property to it within 2 years, or if it is as new (`growing-types`).
"""
from cloudformation import name_of, schema_of, types
from makers import WRITTEN_BY

HEAD = f"""\
{WRITTEN_BY}
# Columns: type, whether it gains properties, properties, attributes (+: all properties, *: any).
"""


def make(inputs):
    inputs.installed("cfn-lint")
    growing = {row[0] for row in inputs.collected("growing-types")}
    lines = []
    for name in types():
        if not name.startswith("AWS::"):
            continue
        schema = schema_of(name)
        read_only = {name_of(it) for it in schema.get("readOnlyProperties", [])}
        settable = set(schema.get("properties", {})) - read_only
        readable = {it.split(".")[0].removesuffix("\\") for it in attributes_of(name)}
        if schema.get("patternProperties") or schema.get("additionalProperties") is not False:
            settable, readable = {"*"}, {"*"}
        elif settable <= readable and len(settable) > 1:
            readable = (readable - settable) | {"+"}
        grows = "grows" if name in growing else ""
        lines.append(f"{name}\t{grows}\t{','.join(sorted(settable))}\t{','.join(sorted(readable))}\n")
    return HEAD + "".join(lines)


def attributes_of(name):
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
    from cloudformation import REGION
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name).get_atts
