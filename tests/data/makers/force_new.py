"""Compares the arguments of force_new.tsv with the names in the provider's schema.

Reads the names from the data set `schema-names`, so that the comparison needs no provider.
"""
import json

from . import rows_of


def problems(inputs):
    names = inputs.catalog.sets["schema-names"]
    inputs.versions["hashicorp-aws"] = names.versions["hashicorp-aws"]
    known = json.loads(names.file.read_text())["terraform"]
    for name, always, conditional in rows_of(inputs.data_set.file):
        arguments = [it for it in always.split(",") if it]
        arguments += [it.split(": ")[0] for it in conditional.split("; ") if it]
        for argument in arguments:
            if name in known and argument not in known[name]:
                yield f"{name}: the schema has no `{argument}`"
