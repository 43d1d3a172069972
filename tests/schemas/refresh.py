#!/usr/bin/env python3
"""Writes the names that CloudFormation's and Terraform's schemas know, for the types in KINDS.

    python3 tests/schemas/refresh.py TYPES.txt > tests/schemas/names.json

TYPES.txt has a line for each type: CloudFormation's name, a blank, Terraform's name, `-` where a
language lacks it; the test `schemas` prints it when a type is missing. Sources: the resource schemas that cfn-lint bundles
(us-east-1), and `terraform providers schema` of hashicorp/aws.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from importlib.metadata import version

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from tools import plugin_options


def cfn_names(schema, node, before, depth=0):
    """Dotted names of properties; items of lists count as the list."""
    while "$ref" in node:
        node = schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
    if depth > 5:
        return
    if "items" in node:
        yield from cfn_names(schema, node["items"], before, depth)
    for name, inner in node.get("properties", {}).items():
        yield before + name
        yield from cfn_names(schema, inner, f"{before}{name}.", depth + 1)


def tf_names(block, before=""):
    for name in block.get("attributes", {}):
        yield before + name
    for name, inner in block.get("block_types", {}).items():
        yield before + name
        yield from tf_names(inner["block"], f"{before}{name}.")


def provider():
    with tempfile.TemporaryDirectory() as folder:
        source = {"source": "hashicorp/aws", "version": "5.100.0"}
        (pathlib.Path(folder) / "main.tf.json").write_text(
            json.dumps({"terraform": {"required_providers": {"aws": source}}}))
        env = {k: v for k, v in os.environ.items() if k != "TF_CLI_CONFIG_FILE"}
        run = lambda *args: subprocess.run(["terraform", f"-chdir={folder}", *args], env=env,
                                           check=True, capture_output=True, text=True).stdout
        run("init", "-input=false", *plugin_options())
        schemas = json.loads(run("providers", "schema", "-json"))["provider_schemas"]
        aws = next(iter(schemas.values()))
        looked_up = {f"data.{name}": it for name, it in aws["data_source_schemas"].items()}
        return aws["resource_schemas"] | looked_up


resources = provider()
cfn, tf = {}, {}
for line in pathlib.Path(sys.argv[1]).read_text().split("\n"):
    if line:
        one, other = line.split()
        if one != "-":
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", one).schema
            cfn[one] = sorted(set(cfn_names(schema, schema, "")))
        if other != "-":
            tf[other] = sorted(set(tf_names(resources[other]["block"])))
sources = f"cfn-lint {version('cfn-lint')}, hashicorp/aws 5.100.0"
rows = lambda of: ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(of.items()))
print(f'{{"sources": {json.dumps(sources)},\n"cloudformation": {{\n{rows(cfn)}\n}},\n"terraform": {{\n{rows(tf)}\n}}}}')
