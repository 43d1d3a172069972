"""Create-only properties, from the resource schemas that cfn-lint bundles.

A row has the type, its create-only properties, and those that are create-only under a condition.
"""
from cloudformation import name_of, schema_of, types


def make(inputs):
    inputs.installed("cfn-lint")
    lines = []
    for name in types():
        schema = schema_of(name)
        always = names(schema, "createOnlyProperties")
        conditional = names(schema, "conditionalCreateOnlyProperties") - always
        # A type without such properties has a row too: a type without a row is unknown.
        lines.append(f"{name}\t{','.join(sorted(always))}\t{','.join(sorted(conditional))}\n")
    return "".join(lines)


def names(schema, key):
    return {name_of(pointer) for pointer in schema.get(key) or []}
