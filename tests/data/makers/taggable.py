"""The property that holds the tags of a type, for each type with tags in either language.

A row has a type, the property in CloudFormation, and its form there: a list of pairs, or a map. Terraform has a map
in `tags`. A type whose tags cannot change without a replacement is not listed.
"""
from cloudformation import name_of, nodes, schema_of, types
from makers import WRITTEN_BY

HEAD = f"""\
{WRITTEN_BY}
# Columns: type, property, form.
"""
SOURCE = "hashicorp-aws"


def make(inputs):
    inputs.installed("cfn-lint")
    provider = inputs.or_skip(inputs.provider, SOURCE, "hashicorp/aws")
    lines = [f"{name}\t{found}\t{form}\n" for name in types() for found, form in tags_of(name)]
    if provider:
        _, schema = provider
        lines += [f"{name}\ttags\tmap\n" for name, it in sorted(schema["resource_schemas"].items()) if has_tags(it)]
    else:
        lines += [line for line in inputs.previous.splitlines(True) if line.startswith("aws_")]
    return HEAD + "".join(lines)


def tags_of(name):
    schema = schema_of(name)
    tagging = schema.get("tagging", {})
    found = name_of(tagging.get("tagProperty", "/properties/Tags"))
    create_only = {name_of(it) for it in schema.get("createOnlyProperties", [])}
    if tagging.get("taggable") is False or found not in schema.get("properties", {}) or found in create_only:
        return
    node = next(node for path, node in nodes(schema, 1) if path == found)
    inner = {path.removeprefix(f"{found}.") for path, _ in nodes(schema, 2) if path.startswith(f"{found}.")}
    if "items" in node and inner == {"Key", "Value"}:
        yield found, "list"
    elif "items" not in node and not inner and node.get("type") in ("object", ["object"]):
        yield found, "map"


def has_tags(resource):
    tags = resource["block"].get("attributes", {}).get("tags", {})
    return tags.get("optional") and tags["type"] == ["map", "string"] and not tags.get("deprecated")
