"""Arguments with their types, and blocks, of version 6 of the provider, from a package that was generated from its schema.

Covers the types that `src/resource` and `src/backend` name. The package has no schema file: comments in its JavaScript state
what each class accepts, and functions convert each argument from a type.
"""
import json
import re
import tarfile

from catalog import ROOT

SOURCE = "cdktn-provider-aws"

PART = re.compile(
    r"^class (?P<class>\w+) extends"
    r"|^    // (?P<name>\w+) - computed: \w+, optional: (?P<optional>\w+), required: (?P<required>\w+)$"
    r"|^    _\w+ = new (?P<block>\w+)\(this, \"(?P<of>\w+)\""
    r"|^        return new (?P<item>\w+)\(this\.terraformResource"
    r"|static tfResourceType = \"(?P<type>\w+)\""
    r"|^(?:function (?P<converter>\w+)ToTerraform\(|    (?P<converts>synthesizeAttributes)\(\))"
    r"|^ +(?P<argument>\w+): cdktn\.(?P<mapper>(?:(?:hash|list)Mapper\()?)(?:cdktn\.)?(?P<scalar>string|number|boolean)ToTerraform\b",
    re.MULTILINE)
MAPPERS = {"": "", "hashMapper(": "map of ", "listMapper(": "list of "}


def make(inputs):
    wanted = types()
    found = all_names(inputs.package_of_pypi(SOURCE, "*/_jsii/*.tgz"))
    found = {name: names for name, names in found.items() if name in wanted}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(names)}" for name, names in sorted(found.items()))
    return f"{{\n{lines}\n}}\n"


def all_names(package):
    """The names of all types in the archive of the package."""
    found = {}
    with tarfile.open(package) as archive:
        for member in archive:
            if re.fullmatch(r"package/lib/[^/]+/index\.js", member.name):
                is_data = member.name.split("/")[2].startswith("data-aws-")
                found |= declared(archive.extractfile(member).read().decode(), is_data)
    return found


def rows(text):
    """The rows of the report by argument."""
    return {f"{of} {name}": names for of, names in json.loads(text).items() for name in names}


def types():
    """The names of types in quotes; a data source has the prefix `data.` or its name in the labels of a block."""
    found = set()
    for folder in ("src/resource", "src/backend/tf"):
        for path in (ROOT / folder).rglob("*.rs"):
            text = path.read_text()
            found |= set(re.findall(r'"((?:data\.)?aws_\w+)"', text))
            found |= {f"data.{name}" for name in re.findall(r'\["(aws_\w+)"[,.]', text)}
    return found


def declared(text, is_data):
    """Returns the types of a file with their names."""
    # The functions that convert blocks precede the classes of the blocks.
    classes, converters, current, types_of = {}, {}, None, {}
    for part in PART.finditer(text):
        if part["converter"]:
            types_of = converters[part["converter"]] = {}
        elif part["converts"]:
            types_of = current["types"]
        elif part["argument"]:
            types_of[part["argument"]] = MAPPERS[part["mapper"]] + part["scalar"]
        elif part["class"]:
            of = part["class"].removesuffix("OutputReference")
            types_of = converters.get(of[0].lower() + of[1:], {})
            current = {"names": {}, "blocks": {}, "item": None, "type": None, "types": types_of}
            classes[part["class"]] = current
        elif part["name"]:
            kinds = {"required": part["required"], "optional": part["optional"]}
            current["names"][part["name"]] = next((it for it, holds in kinds.items() if holds == "true"), "computed")
        elif part["block"]:
            current["blocks"][part["of"]] = part["block"]
        elif part["item"]:
            current["item"] = part["item"]
        else:
            current["type"] = part["type"]
    types = [found for found in classes.values() if found["type"]]
    return {f"data.{it['type']}" if is_data else it["type"]: names_of(it, classes) for it in types}


def names_of(found, classes):
    """The names with `required`, `optional` or `computed`, and the type; for a block, its names after this word."""
    names = {}
    for name, kind in sorted(found["names"].items()):
        inner = classes.get(found["blocks"].get(name))
        if inner and inner["item"]:
            inner = classes[inner["item"]]
        if inner and kind != "computed":
            names[name] = [kind, names_of(inner, classes)]
        else:
            type_of = found["types"].get(name) if kind != "computed" else None
            names[name] = f"{kind} {type_of}" if type_of else kind
    return names
