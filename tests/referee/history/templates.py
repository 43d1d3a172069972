"""CloudFormation templates with the defaults of their parameters: a small evaluator that shares no code with the program."""

import json
import re

import yaml

MISSING = object()
PSEUDO = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML with the short forms of the functions. Scalars are text, as in CloudFormation."""


def call(loader, tag, node):
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", call)
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag.endswith((":null", ":merge"))]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text):
    """The template, or nothing if it is not one."""
    try:
        value = yaml.load(text.replace("\t", "  "), Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        try:
            value = json.loads(text)
        except ValueError:
            return None
    return value if isinstance(value, dict) and isinstance(value.get("Resources"), dict) else None


def text_of(value):
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


class Template:
    """A template whose parameters have their defaults."""

    def __init__(self, root):
        self.root = root
        self.defaults = {
            name: self.default(it)
            for name, it in (root.get("Parameters") or {}).items()
            if isinstance(it, dict) and "Default" in it
        }
        self.resources = {
            id: it
            for id, it in root["Resources"].items()
            if isinstance(it, dict) and isinstance(it.get("Type"), str)
        }

    @staticmethod
    def default(parameter):
        default = text_of(parameter["Default"])
        # The default is the name of the value.
        is_name = "SSM::Parameter" in str(parameter.get("Type"))
        return "{{resolve:ssm:" + str(default) + "}}" if is_name else default

    def properties(self, id):
        return self.value(self.resources[id].get("Properties") or {})

    def is_never_created(self, id):
        """Whether no value of a parameter creates the resource."""
        defaults, self.defaults = self.defaults, {}
        decided = self.condition(self.resources[id].get("Condition"))
        self.defaults = defaults
        return decided is False

    def condition(self, name, depth=0):
        rule = (self.root.get("Conditions") or {}).get(name)
        return self.test(rule, depth + 1) if rule is not None and depth < 20 else None

    def test(self, rule, depth):
        if isinstance(rule, dict) and len(rule) == 1:
            [(name, inner)] = rule.items()
            if name == "Condition":
                return self.condition(inner, depth)
            if name == "Fn::Equals" and isinstance(inner, list) and len(inner) == 2:
                left, right = map(self.value, inner)
                return left == right if isinstance(left, str) and isinstance(right, str) else None
            if name in ("Fn::Not", "Fn::And", "Fn::Or") and isinstance(inner, list):
                parts = [self.test(it, depth) for it in inner]
                if name == "Fn::Not":
                    return None if parts[0] is None else not parts[0]
                decisive = name == "Fn::Or"
                return decisive if decisive in parts else None if None in parts else not decisive
        return None

    def value(self, it):
        """The value with known functions evaluated. MISSING stands for `AWS::NoValue`."""
        if isinstance(it, list):
            items = [self.value(each) for each in it]
            return [each for each in items if each is not MISSING]
        if not isinstance(it, dict):
            return text_of(it)
        if len(it) == 1:
            [(name, inner)] = it.items()
            if name == "Ref":
                if inner == "AWS::NoValue":
                    return MISSING
                return PSEUDO.get(inner, self.defaults.get(inner, it)) if isinstance(inner, str) else it
            if name == "Fn::GetAtt":
                return {name: inner.split(".", 1) if isinstance(inner, str) else inner}
            if name == "Fn::If" and isinstance(inner, list) and len(inner) == 3:
                decided = self.condition(inner[0])
                if decided is not None:
                    return self.value(inner[1] if decided else inner[2])
            if name == "Fn::Sub":
                return self.sub(inner)
            if name == "Fn::Join" and isinstance(inner, list) and len(inner) == 2:
                items = self.value(inner[1])
                if isinstance(items, list):
                    return joined(str(inner[0]), items)
            if name == "Fn::FindInMap" and isinstance(inner, list) and len(inner) == 3:
                return self.lookup(it, inner)
        values = {key: self.value(inner) for key, inner in it.items()}
        return {key: inner for key, inner in values.items() if inner is not MISSING}

    def lookup(self, call, keys):
        """The value in a mapping; with an unknown key, the call and every value that it can have."""
        maps = self.root.get("Mappings")
        rows = maps.get(keys[0]) if isinstance(maps, dict) and isinstance(keys[0], str) else None
        first, last = map(self.value, keys[1:])
        if not isinstance(rows, dict):
            return call
        if isinstance(first, str) and isinstance(last, str):
            row = rows.get(first)
            return self.value(row[last]) if isinstance(row, dict) and last in row else call
        if isinstance(last, str):
            rows = {name: row.get(last) for name, row in rows.items() if isinstance(row, dict)}
        return {"Fn::FindInMap": [call, rows]}

    def sub(self, inner):
        if isinstance(inner, list) and len(inner) == 1:
            inner = inner[0]
        text, names = (inner[0], inner[1]) if isinstance(inner, list) and len(inner) == 2 else (inner, {})
        if not isinstance(text, str) or not isinstance(names, dict):
            return {"Fn::Sub": inner}
        parts = []
        for part in re.split(r"(\$\{[^}]*\})", text):
            if not part.startswith("${"):
                parts.append(part)
                continue
            name = part[2:-1].strip()
            if name.startswith("!"):
                parts.append("${" + name[1:] + "}")
            elif name in names:
                parts.append(self.value(names[name]))
            elif "." in name:
                parts.append({"Fn::GetAtt": name.split(".", 1)})
            else:
                parts.append(self.value({"Ref": name}))
        return joined("", parts)


def joined(between, items):
    """One text, with unknown parts as JSON; a single unknown part remains itself."""
    items = [it for it in items if it not in ("", MISSING)] if between == "" else items
    if len(items) == 1:
        return items[0]
    return between.join(it if isinstance(it, str) else json.dumps(it, sort_keys=True) for it in items)


def leaves(value, path=()):
    """The scalars and calls of a value, with their paths; the order of items does not matter."""
    if isinstance(value, dict) and not (len(value) == 1 and (next(iter(value)).startswith("Fn::") or "Ref" in value)):
        for key, inner in value.items():
            yield from leaves(inner, (*path, str(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, (*path, "*"))
    else:
        yield path, json.dumps(value, sort_keys=True, default=str)


def at(value, path):
    """Every value at a path of property names; items of lists have no name."""
    if isinstance(value, list):
        return [found for it in value for found in at(it, path)]
    if not path:
        return [value]
    return at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []
