"""Prints a table of `src/resource` for a type, from the schemas of CloudFormation and of the Terraform provider.

The descriptions, the types of texts with a fixed set of values, and the ID of a Terraform import stay to be written:
the schemas do not have them.
"""
import json
import re

from catalog import ROOT
from cloudformation import name_of, schema_of, types

SOURCE = "hashicorp-aws"
HEAD = re.compile(r'pub struct (\w+):\s*"(AWS::[\w:]+)"')
IMPORTED = re.compile(r'pub struct \w+:\s*"(AWS::[\w:]+)"[^;]*?import\s+"(\w+)"')
PAGE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"


def snake(name):
    """`VpcId` as `vpc_id`, `SubnetIds` as `subnet_ids`."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def tables():
    """The names in Rust of the types with a table, by type and by the property that identifies one."""
    names, identifiers = {}, {}
    for path in (ROOT / "src/resource").glob("*.rs"):
        text = path.read_text()
        names |= {cfn: rust for rust, cfn in HEAD.findall(text)}
        identifiers |= {identifier: cfn for cfn, identifier in IMPORTED.findall(text)}
    # `Id` and `Arn` identify several types.
    return names, {key: names[cfn] for key, cfn in identifiers.items() if key not in ("Id", "Arn", "Name")}


class Table:
    def __init__(self, cfn, tf, schema, block):
        self.cfn, self.tf, self.schema = cfn, tf, schema
        self.arguments = block["attributes"] | {name: {} for name in block.get("block_types", {})}
        self.names, self.identifiers = tables()
        self.used = {"Hooks"}
        self.words = {"Attr"}

    def resolved(self, node):
        while "$ref" in node:
            node = self.schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
        return node

    def link(self, name, node):
        """The type that a property names, if the schema or another table shows it."""
        of = node.get("format", "").rpartition(".")[0]
        singular = name[:-1] if node.get("plural") and name.endswith("s") else name
        return self.names.get(of) or self.identifiers.get(singular)

    def rust(self, name, node):
        node = self.resolved(node)
        if node.get("type") == "array":
            return self.rust(name, {**self.resolved(node["items"]), "plural": True})
        link = self.link(name, node)
        if link:
            self.used.add(link)
            self.words.add("Link")
            return f"Link<{link}>"
        kinds = {"boolean": "bool", "integer": "i64", "string": "Text"}
        kind = kinds.get(node.get("type"))
        if kind is None:
            return f"/* a nested table: {', '.join(node.get('properties', {})) or 'any JSON'} */"
        self.words |= {"Value"} | ({"Text"} if kind == "Text" else set())
        return f"Value<{kind}>"

    def argument(self, name):
        """The argument or attribute with the same name, if there is one."""
        wanted = snake(name)
        candidates = [wanted, wanted + "s", wanted.removesuffix("s"), wanted.removesuffix("_id")]
        return next((it for it in candidates if it in self.arguments), "")

    def properties(self):
        """Each writable property: its group, and its line."""
        hidden = {name_of(it) for it in self.schema.get("readOnlyProperties", [])}
        used = {"tags", "tags_all", "id", "region"}
        for name, node in self.schema["properties"].items():
            if name in hidden or name == "Tags":
                continue
            argument = self.argument(name)
            used.add(argument)
            group = "opt"
            if name in self.schema.get("required", []):
                group = "one"
            if self.resolved(node).get("type") == "array":
                group = "many"
            rust = self.rust(name, node)
            field = snake(name).removesuffix("_id") if rust.startswith("Link") else snake(name)
            yield group, f"/// TODO.\n{field}: {rust} = \"{name}\" / \"{argument}\","
        for name, of in self.arguments.items():
            if name not in used and (of.get("required") or of.get("optional")):
                group = "one" if of.get("required") else "opt"
                kind = {"bool": "bool", "number": "i64", "string": "Text"}.get(str(of.get("type")))
                self.words |= {"Value"} | ({"Text"} if kind == "Text" else set())
                rust = f"Value<{kind}>" if kind else f"/* {json.dumps(of.get('type', 'a block'))} */"
                yield group, f"/// TODO.\n{name}: {rust} = / \"{name}\","

    def text(self):
        lines = {"one": [], "opt": [], "many": []}
        for group, line in self.properties():
            lines[group] += line.split("\n")
        rust = self.cfn.rsplit("::", 1)[1]
        page = f"{PAGE}aws-resource-{self.cfn.removeprefix('AWS::').replace('::', '-').lower()}.html"
        identifiers = [name_of(it) for it in self.schema["primaryIdentifier"]]
        constants = []
        for pointer in self.schema.get("readOnlyProperties", []):
            name = name_of(pointer)
            if name not in identifiers and "." not in name:
                constants.append((snake(name).upper(), name, self.argument(name)))
        attrs = ", ".join(f"Self::{constant}" for constant, *_ in constants)
        is_tagged = "tags" in self.arguments
        out = [f"resource! {{", "    /// TODO.", "    ///", f"    /// <{page}>",
               f'    pub struct {rust}: "{self.cfn}" / "{self.tf}", link Attr::by_ref("id"),']
        out += [f"        attrs [{attrs}],"] if attrs else []
        out += [f'        import "{",".join(identifiers)}" / "{{id}}";']
        for group, of in lines.items():
            if of:
                out += [f"    {group} {{", *(f"        {line}" for line in of), "    }"]
        if is_tagged:
            self.used |= {"Tags", "tagged"}
            out += ["    plain {", "        /// Tags. Default: none.", '        tags: Tags = "Tags" / "tags",', "    }"]
        out += ["}", ""]
        if constants:
            out += [f"impl {rust} {{"]
            for constant, name, argument in constants:
                out += ["    /// TODO.", f'    pub const {constant}: Attr = Attr::by_get_att("{name}", "{argument}");']
            out += ["}", ""]
        out += [f"impl Hooks for {rust} {{", "    tagged!();", "}"] if is_tagged else [f"impl Hooks for {rust} {{}}"]
        used = ", ".join(sorted(self.used - {"tagged"}) + ["table::resource"] + ["tagged"] * is_tagged)
        head = [f"use super::{{{used}}};", f"use crate::ir::{{{', '.join(sorted(self.words))}}};", ""]
        return "\n".join(head + out) + "\n"


def texts_of(cfn, tf):
    """The properties of other tables that hold the ID of the type as text."""
    names = f'"{cfn.rsplit("::", 1)[1]}Id" / ', f'/ "{tf.removeprefix("aws_")}_id"'
    for path in sorted((ROOT / "src/resource").glob("*.rs")):
        for line in path.read_text().splitlines():
            if "Value<Text>" in line and any(name in line for name in names):
                yield f"{path.relative_to(ROOT)}: {line.strip()}"


def described(cfn, tf, inputs):
    """The text of a file in `src/resource`."""
    inputs.installed("cfn-lint")
    if cfn not in types():
        raise KeyError(cfn)
    _, schema = inputs.provider(SOURCE, "hashicorp/aws")
    return Table(cfn, tf, schema_of(cfn), schema["resource_schemas"][tf]["block"]).text()
