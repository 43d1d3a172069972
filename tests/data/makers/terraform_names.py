"""Arguments, blocks and attributes of the types of the provider, from two versions of it: the schema of version 5, and for
version 6 a package that was generated from its schema. A name of either version is in the table, since modules accept both.
`names.py` explains the forms.

A row has the type, whether it gains arguments (`grows`, or `inside`: only blocks inside it), and its names. A type gains them
if version 6 has one that version 5 lacks, or lacks the type. The argument `region`, which every type of version 6 has, does
not count.
"""
from makers import WRITTEN_BY
from makers.provider_names import SOURCE as PACKAGE
from makers.provider_names import all_names
from names import Table

PROVIDER = "hashicorp-aws"
HEAD = f"""\
{WRITTEN_BY}
# Columns: type or number of an object, growth (grows; inside: only blocks inside), none, names with their forms
# (tests/data/names.py).
"""
SCALARS = {"string": "", "bool": ":b", "boolean": ":b", "number": ":n", "dynamic": ":?"}


def make(inputs):
    newer = all_names(inputs.package_of_pypi(PACKAGE, "*/_jsii/*.tgz"))
    _, schema = inputs.provider(PROVIDER, "hashicorp/aws")
    older = {name: it["block"] for name, it in schema["resource_schemas"].items()}
    older |= {f"data.{name}": it["block"] for name, it in schema["data_source_schemas"].items()}
    table = Table()
    for name in sorted(older.keys() | {it for it in newer if it.startswith(("aws_", "data.aws_"))}):
        names = names_of(table, older.get(name), newer.get(name))
        if has_tags(older.get(name), newer.get(name)) and not name.startswith("data."):
            names = [it.replace("tags", "tags+", 1) if it.split(":")[0] == "tags" else it for it in names]
        table.add(name, growth(older.get(name), newer.get(name)), "", names)
    return table.text(HEAD)


def has_tags(block, newer):
    """Whether each version of the provider that has the type has optional tags."""
    if block is None:
        # The provider computes `tags_all` for the tags of a resource, and not for other things of this name.
        return newer.get("tags") == "optional map of string" and "tags_all" in newer
    tags = attributes(block).get("tags", {})
    return tags.get("optional") and tags["type"] == ["map", "string"] and not tags.get("deprecated")


def growth(block, newer):
    if block is None:
        return "grows"
    if newer is None:
        return ""
    if gained(block, newer) - {"region"}:
        return "grows"
    return "inside" if any(gained_inside(block, newer)) else ""


def gained(block, newer):
    settable = {name for name, it in newer.items() if it != "computed"}
    return settable - attributes(block).keys() - blocks(block).keys()


def gained_inside(block, newer):
    for name, inner in blocks(block).items():
        if isinstance(newer.get(name), list):
            yield bool(gained(inner["block"], newer[name][1]))
            yield from gained_inside(inner["block"], newer[name][1])


def attributes(block):
    return block.get("attributes", {})


def blocks(block):
    return block.get("block_types", {})


def names_of(table, block, newer):
    """The names of a block of version 5, of version 6, or of both."""
    if block is None:
        return [name + form_of_newer(table, it) for name, it in newer.items()]
    names = []
    for name, it in attributes(block).items():
        of_newer = newer.get(name) if newer else None
        is_set_by_aws = it.get("computed") and not it.get("optional")
        if is_set_by_aws and of_newer not in (None, "computed"):
            names.append(name + form_of_newer(table, of_newer).removeprefix("!"))
            continue
        mark = "-" if is_set_by_aws else "!" if it.get("required") and still_required(newer, of_newer) else ""
        names.append(name + mark + ("" if is_set_by_aws else form(table, it["type"])))
    for name, it in blocks(block).items():
        of_newer = newer.get(name) if newer else None
        inner = of_newer[1] if isinstance(of_newer, list) else None
        mark = "!" if it.get("min_items") and still_required(newer, of_newer) else ""
        is_one = it["nesting_mode"] == "single" or it.get("max_items") == 1
        names.append(name + mark + ("^" if is_one else ">") + table.object(names_of(table, it["block"], inner)))
    if newer:
        others = sorted(newer.keys() - attributes(block).keys() - blocks(block).keys())
        names += [name + form_of_newer(table, newer[name]).removeprefix("!") for name in others]
    return names


def still_required(newer, of_newer):
    """Version 6 can make an argument optional, or remove it."""
    kind = of_newer[0] if isinstance(of_newer, list) else of_newer or ""
    return newer is None or kind.startswith("required")


def form(table, of):
    """The form of a type of Terraform."""
    if isinstance(of, str):
        return SCALARS[of]
    kind, inner = of
    if kind == "map":
        return ":m"
    if kind == "object":
        return f":={table.object([name + form(table, it) for name, it in inner.items()])}"
    return ":*" + form(table, inner).removeprefix(":")


def form_of_newer(table, it):
    if isinstance(it, list):
        # Blocks and objects look alike in the package.
        mark = "!" if it[0] == "required" else ""
        return f"{mark}%{table.object(names_of(table, None, it[1]))}"
    kind, _, of = it.partition(" ")
    if kind == "computed":
        return "-"
    mark = "!" if kind == "required" else ""
    if not of:
        return f"{mark}:?"
    if of.startswith("map of "):
        return f"{mark}:m"
    scalar = SCALARS[of.removeprefix("list of ")]
    return mark + (":*" + scalar.removeprefix(":") if of.startswith("list of ") else scalar)
