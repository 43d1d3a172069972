"""Builds the requests for a resource: its properties, with the names and the nesting of the API's parameters."""

import json

from request_shapes.values import ABSENT, UNKNOWN, Either, has_unknown, resolve


class Unmapped(Exception):
    """A property without a parameter."""


class Builder:
    """The requests for one resource."""

    def __init__(self, of, inputs):
        """`of`: the `Calls` of the type. `inputs`: the input shapes of the operations by their names."""
        self.of, self.inputs = of, inputs
        self.requests = {of.operations[0]: {}}
        self.unmapped = []

    def build(self, properties, template):
        for name, value in properties.items():
            value = resolve(value, template)
            if value is not ABSENT:
                self.add(name, value)
        return self.requests

    def add(self, name, value):
        target = self.of.renamed.get(name)
        if target is None:
            found = self.found_in_an_operation(name)
            if found is None:
                self.unmapped.append(name)
                return
            operation, path = found
        elif target.startswith("!"):
            return
        else:
            operation, _, path = target.rpartition(":")
            operation = operation or self.of.operations[0]
            if self.of.root and operation == self.of.operations[0]:
                path = f"{self.of.root}.{path}"
        request = self.requests.setdefault(operation, {})
        self.put(request, self.inputs[operation], path.split("."), value, name)

    def found_in_an_operation(self, name):
        for number, operation in enumerate(self.of.operations):
            shape, root = self.inputs[operation], ""
            if number == 0 and self.of.root:
                shape, root = shape.members[self.of.root], f"{self.of.root}."
            if member := same_name(shape, name):
                return operation, root + member
        return None

    def put(self, into, shape, path, value, prop):
        """Sets a parameter, and creates the objects and lists around it."""
        member = same_name(shape, path[0])
        if member is None:
            self.unmapped.append(f"{prop} ({'.'.join(path)} of {shape.name})")
            return
        inner = shape.members[member]
        if len(path) == 1:
            into[member] = self.converted(value, inner, prop)
        elif inner.type_name == "map":
            into.setdefault(member, {})[path[1]] = self.converted(value, inner.value, prop)
        elif inner.type_name == "list":
            items = into.setdefault(member, [{}])
            self.put(items[0], inner.member, path[1:], value, prop)
        else:
            self.put(into.setdefault(member, {}), inner, path[1:], value, prop)

    def converted(self, value, shape, prop):
        if value is UNKNOWN:
            return value
        if isinstance(value, Either):
            return Either(tuple(it if it is ABSENT else self.converted(it, shape, prop) for it in value.values))
        match shape.type_name:
            case "structure" if isinstance(value, dict):
                return self.structure(value, shape, prop)
            case "list" if isinstance(value, list):
                return [self.converted(it, shape.member, prop) for it in value]
            case "list":
                return [self.converted(value, shape.member, prop)]
            case "map" if isinstance(value, dict):
                return {key: self.converted(it, shape.value, prop) for key, it in value.items()}
            case "map" if isinstance(value, list):
                return {str(it["Key"]): self.converted(it["Value"], shape.value, prop) for it in value}
            case "string" if isinstance(value, dict):
                return UNKNOWN if has_unknown(value) else json.dumps(value, separators=(",", ":"))
            case kind if isinstance(value, list) and kind not in ("structure", "map"):
                # One call for each item.
                return Either(tuple(value))
        return value

    def structure(self, value, shape, prop):
        made, later = {}, []
        for key, item in value.items():
            name = f"{prop}.{key}"
            target = self.of.renamed.get(name)
            if isinstance(target, tuple):
                later.append((target, item, name))
                continue
            if target and target.startswith("!"):
                continue
            if target is None and same_name(shape, key) is None:
                self.unmapped.append(name)
                continue
            self.put(made, shape, (target or key).split("."), item, name)
        for targets, item, name in later:
            chosen = [it for it in targets if it.split(".")[0] in made]
            if chosen:
                self.put(made, shape, chosen[0].split("."), item, name)
            else:
                self.unmapped.append(name)
        return made


def same_name(shape, name):
    """Returns the member of a structure with this name, ignoring case."""
    if shape.type_name != "structure":
        return None
    if name in shape.members:
        return name
    return next((it for it in shape.members if it.lower() == name.lower()), None)
