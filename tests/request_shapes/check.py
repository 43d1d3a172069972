"""Compares a request with its shape: types, required members, enumerations, lengths, ranges and patterns."""

import regex

from request_shapes.values import ABSENT, Either, Unknown


def errors(value, shape, path, given=frozenset()):
    """Yields what the API rejects by form. `given`: members of this structure that the handler supplies."""
    if isinstance(value, Unknown) or value is ABSENT:
        return
    if isinstance(value, Either):
        for it in value.values:
            yield from errors(it, shape, path)
        return
    match shape.type_name:
        case "structure":
            yield from of_structure(value, shape, path, given)
        case "list":
            if not isinstance(value, list):
                yield f"{path}: expected a list, found {value!r}"
                return
            yield from of_size(len(value), "items", shape, path)
            for item in value:
                yield from errors(item, shape.member, f"{path}[]")
        case "map":
            if not isinstance(value, dict):
                yield f"{path}: expected a map, found {value!r}"
                return
            yield from of_size(len(value), "keys", shape, path)
            for key, item in value.items():
                yield from errors(key, shape.key, f"{path} key")
                yield from errors(item, shape.value, f"{path}.{key}")
        case "string":
            yield from of_string(value, shape, path)
        case "integer" | "long" | "double" | "float":
            yield from of_number(value, shape, path)
        case "boolean":
            if str(value).lower() not in ("true", "false"):
                yield f"{path}: expected a boolean, found {value!r}"


def of_structure(value, shape, path, given):
    if not isinstance(value, dict):
        yield f"{path}: expected an object, found {value!r}"
        return
    for name in shape.required_members:
        if name not in value and name not in given:
            yield f"{path}: `{name}` is required"
    for name, item in value.items():
        if name in shape.members:
            yield from errors(item, shape.members[name], f"{path}.{name}")
        else:
            yield f"{path}: `{name}` is not a member"


def of_size(size, unit, shape, path):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{path}: {size} {unit}, at least {low}"
    if high is not None and size > high:
        yield f"{path}: {size} {unit}, at most {high}"


def of_string(value, shape, path):
    if isinstance(value, (dict, list)):
        yield f"{path}: expected text, found {value!r}"
        return
    text = str(value).lower() if isinstance(value, bool) else str(value)
    yield from of_size(len(text), "characters", shape, path)
    values = shape.metadata.get("enum")
    if values and text not in values:
        yield f"{path}: `{text}` is not one of {', '.join(values)}"
    # Java's form of the characters after U+FFFF is a pair of surrogates.
    pattern = shape.metadata.get("pattern", "").replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    # The API compares the whole text.
    if pattern and not regex.fullmatch(pattern, text, regex.V0 | regex.DOTALL):
        yield f"{path}: `{text}` does not match `{pattern}`"


def of_number(value, shape, path):
    try:
        number = float(value)
    except (TypeError, ValueError):
        yield f"{path}: expected a number, found {value!r}"
        return
    if isinstance(value, bool) or shape.type_name in ("integer", "long") and number != int(number):
        yield f"{path}: expected a whole number, found {value!r}"
    yield from of_size(number, "", shape, path)
