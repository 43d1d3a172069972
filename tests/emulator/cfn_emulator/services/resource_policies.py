"""Evaluation of resource policies for service principals.

A log group that uses a key, or a trail that writes to a bucket, needs a policy that allows it.
"""

import fnmatch
import json
import re


def listed(value):
    return value if isinstance(value, list) else [value]


def matches_pattern(pattern, value):
    return fnmatch.fnmatchcase(value, re.sub(r"\[", "[[]", pattern))


def condition_holds(operator, key, values, context):
    """Evaluates one condition; a condition on an unknown key is false."""
    known = {name.lower(): value for name, value in context.items()}
    if_exists = operator.endswith("IfExists")
    if key.lower() not in known:
        return if_exists
    found, operator = known[key.lower()], operator.removesuffix("IfExists")
    if operator in ("StringEquals", "Bool"):
        return found in map(str, listed(values))
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return any(matches_pattern(str(value), found) for value in listed(values))
    if operator in ("StringNotEquals", "StringNotLike", "ArnNotLike", "ArnNotEquals"):
        return not any(matches_pattern(str(value), found) for value in listed(values))
    return False


def statement_applies(statement, services, action, resource, context):
    principal = statement.get("Principal", {})
    if principal != "*":
        names = listed(principal.get("Service", [])) + [it for it in listed(principal.get("AWS", [])) if it == "*"]
        if not any(name in (*services, "*") for name in names):
            return False
    if not any(matches_pattern(it.lower(), action.lower()) for it in listed(statement.get("Action", []))):
        return False
    if resource and not any(matches_pattern(it, resource) for it in listed(statement.get("Resource", []))):
        return False
    conditions = statement.get("Condition", {})
    return all(
        condition_holds(name, key, values, context) for name, part in conditions.items() for key, values in part.items()
    )


def is_allowed(document, services, action, resource=None, **context):
    """Reports whether a resource policy allows an action to a service principal."""
    context = {"aws:SecureTransport": "true", **{name.replace("__", ":"): value for name, value in context.items()}}
    document = json.loads(document) if isinstance(document, str | bytes) else document or {}
    statements = listed(document.get("Statement", []))
    effects = {it.get("Effect") for it in statements if statement_applies(it, services, action, resource, context)}
    return effects == {"Allow"}
