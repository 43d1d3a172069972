"""Compares the identifiers of import.tsv with the resource schemas that cfn-lint bundles."""
from cloudformation import name_of, schema_of

from . import rows_of


def problems(inputs):
    inputs.installed("cfn-lint")
    for name, identifiers, *_ in rows_of(inputs.data_set.file):
        if not name:
            continue
        expected = [name_of(pointer) for pointer in schema_of(name)["primaryIdentifier"]]
        if sorted(expected) != sorted(identifiers.split(",")):
            yield f"{name}: the file has `{identifiers}`, the schema `{','.join(expected)}`"
