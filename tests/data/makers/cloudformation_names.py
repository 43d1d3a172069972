"""Properties and attributes of CloudFormation types, and the properties inside them, from the resource schemas that cfn-lint
bundles. `names.py` explains the forms.

A row of a type has the type, whether it gains properties (`grows`, or `inside`: only objects inside it), its attributes, and
its properties without those that AWS sets. `*` stands for any name, `+` for all properties, and `-` excepts one.

A type grows if a version of the schemas added a property to it within 2 years, or if it is as new (`growing-types`).

`TYPE.CreationPolicy` and `TYPE.UpdatePolicy` have the properties of these attributes of resources.
"""
import json
from importlib import resources

from cloudformation import REGION, name_of, nodes, resolved, schema_of, types
from makers import WRITTEN_BY
from names import Table

HEAD = f"""\
{WRITTEN_BY}
# Columns: type or number of an object, growth (grows; inside: only objects inside), attributes (+: all properties, -: but this one, *: any),
# properties with their forms (tests/data/names.py).
"""
FORMS = {"boolean": ":b", "integer": ":n", "number": ":n", "string": ""}

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-creationpolicy.html
# cfn-lint has no rule for instances.
SIGNALED = "AWS::EC2::Instance", "AWS::CloudFormation::WaitCondition"


def make(inputs):
    inputs.installed("cfn-lint")
    growth = {row[0]: (row[1:] or ["grows"])[0] for row in inputs.collected("growing-types")}
    table = Table()
    for name in types():
        if not name.startswith("AWS::"):
            continue
        schema = schema_of(name)
        read_only = {name_of(it) for it in schema.get("readOnlyProperties", [])}
        settable = {key: it for key, it in schema.get("properties", {}).items() if key not in read_only}
        readable = {it.replace("\\.", ".").removesuffix("..*") for it in attributes_of(name)}
        tags = tags_of(schema)
        names = [key + ("+" if key == tags else "") + form(table, name, schema, it) for key, it in settable.items()]
        if schema.get("patternProperties") or schema.get("additionalProperties") is not False:
            names, readable = ["*"], ["*"]
        else:
            readable = shortest(settable.keys(), readable)
        table.add(name, growth.get(name, ""), ",".join(sorted(readable)), names)
    for name, attribute, schema in policies():
        key = f"{name}.{attribute}"
        table.add(key, "", "", [of + form(table, key, schema, it) for of, it in schema["properties"].items()])
    return table.text(HEAD)


def tags_of(schema):
    """The property with the tags of a resource: a list of pairs or a map that can change without a replacement."""
    tagging = schema.get("tagging", {})
    found = name_of(tagging.get("tagProperty", "/properties/Tags"))
    create_only = {name_of(it) for it in schema.get("createOnlyProperties", [])}
    if tagging.get("taggable") is False or found not in schema.get("properties", {}) or found in create_only:
        return None
    node = next(node for path, node in nodes(schema, 1) if path == found)
    inner = {path.removeprefix(f"{found}.") for path, _ in nodes(schema, 2) if path.startswith(f"{found}.")}
    is_list = "items" in node and inner == {"Key", "Value"}
    is_map = "items" not in node and not inner and node.get("type") in ("object", ["object"])
    return found if is_list or is_map else None


def shortest(settable, readable):
    """The attributes as a list, or as all properties with exceptions."""
    first = {it.split(".")[0] for it in readable}
    others = {it for it in readable if it.split(".")[0] not in settable}
    short = others | {"+"} | {f"-{it}" for it in settable - first}
    listed = others | (first & settable)
    return min(listed, short, key=lambda names: len(",".join(names)))


def attributes_of(name):
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, name).get_atts


def policies():
    """Types with the schema of an attribute."""
    import cfnlint.data.schemas.other.resources as package
    from cfnlint.rules.resources.CreationPolicy import CreationPolicy

    of_group = None
    for name in types():
        if schema := CreationPolicy()._get_schema(name):
            yield name, "CreationPolicy", schema
            if name == SIGNALED[1]:
                of_group = schema
    yield SIGNALED[0], "CreationPolicy", of_group
    update = json.loads(resources.files(package).joinpath("update_policy.json").read_text())
    for it in update["allOf"]:
        of = it["if"]["properties"]["Type"]
        if "then" in it:
            node = resolved(update, it["then"]["properties"]["UpdatePolicy"])
            for name in of.get("enum") or [of["const"]]:
                yield name, "UpdatePolicy", {**node, "definitions": update["definitions"]}


def form(table, name, schema, node, above=()):
    """The form of a value, as `names.py` explains it."""
    ref = node.get("$ref")
    node = resolved(schema, node)
    of = node.get("type")
    kinds = {of} if isinstance(of, str) else set(of or ())
    if node.get("properties") and kinds <= {"object", "string"}:
        # A part of the schema that contains itself.
        if ref in above:
            return f":={table.reserved((name, ref))}"
        above = (*above, ref) if ref else above
        inner = [key + form(table, name, schema, it, above) for key, it in node["properties"].items()]
        if node.get("patternProperties") or node.get("additionalProperties") is not False:
            inner.append("*")
        number = table.complete((name, ref), inner)
        # Text can contain the object as JSON.
        return f":={number}" if kinds != {"object", "string"} else f":~{number}"
    if kinds == {"array"} and isinstance(node.get("items"), dict):
        return ":*" + form(table, name, schema, node["items"], above).removeprefix(":")
    if kinds == {"array"}:
        return ":*?"
    if kinds == {"object"}:
        return ":m"
    return FORMS.get(of, ":?") if isinstance(of, str) else ":?"
