"""Canonical forms of tags, policies, names and sets."""

import json
import re

# CloudFormation's names start with the stack name; Terraform's end with a time and a hexadecimal counter.
GENERATED = re.compile(r"case-.+-(?:[0-9A-F]{12}|[0-9a-f]{12})|.*\d{18}[0-9a-f]{8}", re.DOTALL)


def explicit(name):
    return "(generated)" if GENERATED.fullmatch(name) else name


def tags_of(item, member="Tags"):
    return {tag["Key"]: tag["Value"] for tag in item.get(member) or [] if not tag["Key"].startswith("aws:")}


def policy(document):
    """Returns a policy in a form independent of the order of its sets and of one-element lists."""
    document = json.loads(document) if isinstance(document, str) else document

    def listed(value):
        return sorted(value if isinstance(value, list) else [value], key=str)

    def statement(found):
        found = dict(found)
        for name in ("Action", "NotAction", "Resource", "NotResource"):
            if name in found:
                found[name] = listed(found[name])
        for name in ("Principal", "NotPrincipal"):
            if isinstance(found.get(name), dict):
                found[name] = {kind: listed(value) for kind, value in found[name].items()}
        if "Condition" in found:
            found["Condition"] = {
                operator: {key: listed(value) for key, value in keys.items()}
                for operator, keys in found["Condition"].items()
            }
        return found

    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    return {**document, "Statement": sorted(map(statement, statements), key=lambda s: json.dumps(s, sort_keys=True))}


class Set(list):
    """A list whose order has no meaning."""


def clean(value):
    """Returns a value without empty members, which a response may include or omit."""
    if isinstance(value, dict):
        members = {key: clean(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member not in (None, "", [], {})}
    return [clean(item) for item in value] if isinstance(value, list) else value


def without(value, *names):
    """Returns an object without the named members and the response metadata."""
    return {key: member for key, member in value.items() if key not in (*names, "ResponseMetadata")}


def targets_form(found):
    """Returns Systems Manager targets as a set."""
    return Set({"key": it["Key"], "values": Set(it["Values"])} for it in found or [])
