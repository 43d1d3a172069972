"""Names of properties, identifiers and arguments, from the schemas of CloudFormation and of the provider.

Covers the types that the resource tables in `src/resource` declare. Without the provider, Terraform's
names stay as they are.
"""
import json
import re

from cloudformation import DEPTH, name_of, nodes, schema_of

SOURCE = "hashicorp-aws"


def make(inputs):
    inputs.installed("cfn-lint")
    provider = inputs.or_skip(inputs.provider, SOURCE, "hashicorp/aws")
    cfn_types, tf_types = declared_types()
    cfn = {name: sorted({path for path, _ in nodes(schema_of(name), DEPTH + 1)} - {""}) for name in cfn_types}
    identifiers = {
        name: sorted(name_of(it) for it in schema_of(name)["primaryIdentifier"]) for name in cfn_types}
    if provider:
        _, schema = provider
        blocks = dict(schema["resource_schemas"])
        blocks |= {f"data.{name}": it for name, it in schema["data_source_schemas"].items()}
        tf = {name: sorted(set(tf_names(blocks[name]["block"]))) for name in tf_types}
        tf_read_only = {name: sorted(tf_computed(blocks[name]["block"])) for name in tf_types}
    else:
        before = json.loads(inputs.previous)["terraform"]
        tf = {name: before[name] for name in tf_types if name in before}
        of = json.loads(inputs.previous)["read_only"]
        tf_read_only = {name: of[name] for name in tf_types if name in of}
        new = sorted(tf_types - before.keys())
        if new:
            inputs.skipped.append(f"new types without names: {', '.join(new)}")
    read_only = tf_read_only | {
        name: sorted(map(name_of, schema_of(name).get("readOnlyProperties", []))) for name in cfn_types}
    read_only = {name: names for name, names in read_only.items() if names}
    parts = {"cloudformation": cfn, "identifiers": identifiers, "read_only": read_only, "terraform": tf}
    return "{" + ",\n".join(f'"{name}": {object_text(part)}' for name, part in parts.items()) + "}\n"


def rows(text):
    """The rows of the report by property, so that the report names a new one."""
    names = json.loads(text)
    return {f"{of} {name}": name for part in names.values() for of, all_names in part.items() for name in all_names}


def declared_types():
    """The types in the heads of the resource tables, such as `Vpc: "AWS::EC2::VPC" / "aws_vpc"`."""
    from catalog import ROOT

    cfn, tf = set(), set()
    head = re.compile(r'\b[A-Z]\w*\s*:\s*(?:"(AWS::[\w:]+)")?\s*/?\s*(?:"((?:data\.)?aws_\w+)")?\s*,')
    for path in (ROOT / "src/resource").rglob("*.rs"):
        for one, other in head.findall(path.read_text()):
            cfn |= {one} - {""}
            tf |= {other} - {""}
    # Types that the reader of plans reads as another one.
    for path in (ROOT / "src/frontend/plan").glob("mod.rs"):
        tf |= set(re.findall(r'"(aws_\w+)" => "aws_\w+",', path.read_text()))
    return cfn, tf


def tf_names(block, before=""):
    for name in block.get("attributes", {}):
        yield before + name
    for name, inner in block.get("block_types", {}).items():
        yield before + name
        yield from tf_names(inner["block"], f"{before}{name}.")


def tf_computed(block, before=""):
    """Attributes that no configuration can set."""
    for name, it in block.get("attributes", {}).items():
        if it.get("computed") and not it.get("optional"):
            yield before + name
    for name, inner in block.get("block_types", {}).items():
        yield from tf_computed(inner["block"], f"{before}{name}.")


def object_text(of):
    """One line for each type, so that a diff shows which one changes."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(names)}" for name, names in sorted(of.items()))
    return f"{{\n{lines}\n}}"
