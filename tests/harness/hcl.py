"""Reads and changes HCL as far as blocks and arguments; expressions stay text."""

import json
import re
from dataclasses import dataclass, field

# Blocks that may occur several times. A change adds one.
REPEATED = {"ingress", "egress", "route"}
# Blocks whose changes list all of them.
REPLACED = {"inline_policy"}
HEAD = re.compile(r'\s*([\w-]+)((?:\s+(?:"[^"]*"|[\w-]+))*)\s*\{')
NAME = re.compile(r"\s*([\w-]+)\s*=(?!=)[ \t]*")


@dataclass
class Argument:
    name: str
    value: str


@dataclass
class Block:
    header: tuple
    body: list = field(default_factory=list)


def blank(text, at):
    """Returns the position after spaces and comments."""
    found = re.compile(r"(?:\s+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.S).match(text, at)
    return found.end()


def string_end(text, at):
    """Returns the position after a quoted string with templates."""
    at += 1
    while text[at] != '"':
        if text[at] == "\\":
            at += 2
        elif text.startswith("${", at) or text.startswith("%{", at):
            at = bracket_end(text, at + 1)
        else:
            at += 1
    return at + 1


def bracket_end(text, at):
    """Returns the position after the bracket that starts here."""
    depth = 0
    while True:
        at = skip(text, at)
        char = text[at]
        depth += (char in "([{") - (char in ")]}")
        at += 1
        if depth == 0:
            return at


def skip(text, at):
    """Returns the position of the next character outside strings, heredocs and comments."""
    while True:
        if text[at] == '"':
            at = string_end(text, at)
        elif found := re.compile(r"<<-?(\w+)\n").match(text, at):
            at = re.compile(rf"^\s*{found[1]}$", re.M).search(text, found.end()).end()
        elif text[at] == "#" or text.startswith("//", at):
            at = text.index("\n", at)
        else:
            return at


def value_end(text, at):
    """Returns the end of an expression: the end of the line outside brackets."""
    while at < len(text):
        at = skip(text, at)
        if text[at] in "([{":
            at = bracket_end(text, at)
        elif text[at] in "\n}":
            return at
        else:
            at += 1
    return at


def body(text, at):
    """Returns the arguments and blocks up to the closing bracket, and the position after it."""
    found = []
    while True:
        at = blank(text, at)
        if at >= len(text):
            return found, at
        if text[at] == "}":
            return found, at + 1
        if name := NAME.match(text, at):
            end = value_end(text, name.end())
            found.append(Argument(name[1], text[name.end() : end].strip()))
            at = end
        else:
            head = HEAD.match(text, at)
            labels = re.findall(r'"([^"]*)"|([\w-]+)', head[2])
            inner, at = body(text, head.end())
            found.append(Block((head[1], *(a or b for a, b in labels)), inner))


def parse(text):
    return body(text + "\n", 0)[0]


def text(items, indent=""):
    lines = []
    for item in items:
        if isinstance(item, Argument):
            lines.append(f"{indent}{item.name} = {item.value}\n")
        else:
            labels = "".join(f' "{label}"' for label in item.header[1:])
            lines.append(f"{indent}{item.header[0]}{labels} {{\n{text(item.body, indent + '  ')}{indent}}}\n")
    return "".join(lines)


def merge(into, items):
    """Replaces arguments, merges blocks, and adds those that may occur several times."""
    replaced = {it.header for it in items if isinstance(it, Block)} & {(name,) for name in REPLACED}
    into[:] = [it for it in into if not (isinstance(it, Block) and it.header in replaced)]
    for item in items:
        if isinstance(item, Block) and item.header in replaced:
            into.append(item)
            continue
        if isinstance(item, Argument):
            old = [it for it in into if isinstance(it, Argument) and it.name == item.name]
        else:
            blocks = [it for it in into if isinstance(it, Block) and it.header == item.header]
            old = [] if item.header[0] in REPEATED else blocks
        if not old:
            into.append(item)
        elif isinstance(item, Argument):
            old[0].value = item.value
        else:
            for block in old:
                merge(block.body, item.body)


def as_json(items):
    """Returns arguments and blocks as Terraform's JSON."""
    found = {}
    for item in items:
        if isinstance(item, Block):
            found[item.header[0]] = as_json(item.body)
        elif re.fullmatch(r'true|false|-?\d+', item.value):
            found[item.name] = json.loads(item.value)
        elif re.fullmatch(r'"(?:[^"\\$]|\\.|\$\{[^"]*\})*"', item.value):
            found[item.name] = json.loads(item.value)
        elif item.value.startswith("[") and item.value.endswith("]"):
            entries = [it.strip() for it in item.value[1:-1].split(",") if it.strip()]
            found[item.name] = [value for it in entries for value in as_json([Argument("x", it)]).values()]
        else:
            found[item.name] = f"${{{item.value}}}"
    return found
