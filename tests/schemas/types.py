#!/usr/bin/env python3
"""What the resource schemas that cfn-lint bundles (us-east-1) say of CloudFormation's types: which
properties cannot change, and what identifies a resource.

    python3 tests/schemas/types.py           whether the tables in src say the same
    python3 tests/schemas/types.py --write   writes src/diff/create_only.tsv

A line of that for each type: its name, its create-only properties, those that are so under a
condition. The identifiers are the second column of src/convert/import.tsv.
"""
import pathlib
import sys

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"
TABLE = SRC / "diff/create_only.tsv"
REGION = "us-east-1"


def schema_of(name):
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name).schema


def name_of(pointer):
    """A dotted name; items of a list count as the list."""
    path = pointer.removeprefix("/properties/").split("/")
    return ".".join(part for part in path if part != "*" and not part.isdigit())


def names(pointers):
    return {name_of(it) for it in pointers}


def table():
    for name in sorted(PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION)):
        schema = schema_of(name)
        always = names(schema.get("createOnlyProperties") or [])
        perhaps = names(schema.get("conditionalCreateOnlyProperties") or []) - always
        if always or perhaps:
            yield f"{name}\t{','.join(sorted(always))}\t{','.join(sorted(perhaps))}\n"


def identifiers():
    """Where src/convert/import.tsv says something else."""
    for line in (SRC / "convert/import.tsv").read_text().splitlines():
        name, own, *_ = line.split("\t")
        said = ",".join(map(name_of, schema_of(name)["primaryIdentifier"])) if name else ""
        if sorted(said.split(",")) != sorted(own.split(",")):
            yield f"{name}: {own}, and the schema says {said}"


def main():
    wrong = list(identifiers())
    if wrong:
        sys.exit("\n".join(wrong))
    text = "".join(table())
    if "--write" in sys.argv:
        TABLE.write_text(text)
    elif text != TABLE.read_text():
        sys.exit(f"{TABLE.name} is not what cfn-lint's schemas say: {__file__} --write")
    else:
        print(f"create-only properties and identifiers: {len(text.splitlines())} types, as the schemas say")


if __name__ == "__main__":
    main()
