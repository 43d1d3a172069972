"""Intrinsic functions, conditions and dynamic references."""

import base64
import ipaddress
import re

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.resource import Resource

NO_VALUE = object()


def evaluate(value, scope):
    """Evaluates intrinsic functions and dynamic references in a value."""
    if isinstance(value, list):
        return [item for item in (evaluate(item, scope) for item in value) if item is not NO_VALUE]
    if isinstance(value, str):
        return re.sub(r"\{\{resolve:ssm:([^}]+)\}\}", lambda match: scope.api.parameter(match[1]), value)
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name in INTRINSIC_FUNCTIONS:
            return INTRINSIC_FUNCTIONS[name](argument, scope)
        if name.startswith("Fn::"):
            raise ValidationError(message=f"{name} is not emulated")
    members = {key: evaluate(member, scope) for key, member in value.items()}
    return {key: member for key, member in members.items() if member is not NO_VALUE}


def reference(name, scope):
    if name == "AWS::NoValue":
        return NO_VALUE
    found = scope[name]
    return found.physical_resource_id if isinstance(found, Resource) else found


def attribute(argument, scope):
    name, member = argument.split(".", 1) if isinstance(argument, str) else argument
    resource = scope[name]
    attributes = resource.attributes()
    if member not in attributes:
        raise ValidationError(message=f"Template error: {resource.type} has no attribute {member}")
    return attributes[member]


def find_in_map(argument, scope):
    found = scope.mappings
    for key in argument[:3]:
        found = found[evaluate(key, scope)]
    return found


def substitute(argument, scope):
    text, variables = argument if isinstance(argument, list) else (argument, {})

    def one(match):
        name = match[1]
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        if name in variables:
            return str(evaluate(variables[name], scope))
        return str(attribute(name, scope) if "." in name else reference(name, scope))

    return re.sub(r"\$\{([^}]+)\}", one, text)


def condition(value, scope):
    """Evaluates a condition, or a condition by name."""
    if isinstance(value, str):
        return condition(scope.conditions[value], scope)
    name, argument = next(iter(value.items()))
    match name:
        case "Condition":
            return condition(argument, scope)
        case "Fn::Equals":
            left, right = evaluate(argument, scope)
            return left == right
        case "Fn::Not":
            return not condition(argument[0], scope)
        case "Fn::And":
            return all(condition(item, scope) for item in argument)
        case "Fn::Or":
            return any(condition(item, scope) for item in argument)
    raise ValidationError(message=f"{name} is not a condition")


def select(argument, scope):
    index, items = argument
    return evaluate(items, scope)[int(evaluate(index, scope))]


def cidr(block, count, bits):
    subnets = ipaddress.ip_network(block).subnets(new_prefix=32 - int(bits))
    return [str(subnet) for subnet, _ in zip(subnets, range(int(count)))]


INTRINSIC_FUNCTIONS = {
    "Ref": reference,
    "Fn::GetAtt": attribute,
    "Fn::FindInMap": find_in_map,
    "Fn::Sub": substitute,
    "Fn::If": lambda a, s: evaluate(a[1] if condition(a[0], s) else a[2], s),
    "Fn::Join": lambda a, s: a[0].join(str(item) for item in evaluate(a[1], s)),
    "Fn::Split": lambda a, s: evaluate(a[1], s).split(a[0]),
    "Fn::Select": select,
    "Fn::GetAZs": lambda a, s: s.api.zones(),
    "Fn::Base64": lambda a, s: base64.b64encode(evaluate(a, s).encode()).decode(),
    "Fn::Cidr": lambda a, s: cidr(*evaluate(a, s)),
}


def referenced_names(value):
    """Returns the logical IDs and parameters that a part of a template refers to."""
    if isinstance(value, list):
        return set().union(*map(referenced_names, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, argument in value.items():
        if name == "Ref":
            found.add(argument)
        elif name == "Fn::GetAtt":
            found.add(argument.split(".")[0] if isinstance(argument, str) else argument[0])
        elif name == "Fn::Sub":
            text = argument[0] if isinstance(argument, list) else argument
            variables = set(argument[1]) if isinstance(argument, list) else set()
            found |= {match.split(".")[0] for match in re.findall(r"\$\{([^!}][^}]*)\}", text)} - variables
        found |= referenced_names(argument)
    return found
