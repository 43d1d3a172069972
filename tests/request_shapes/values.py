"""Values of template properties, with intrinsic functions resolved as far as the template determines them."""

from dataclasses import dataclass

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "team",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/team/00000000-0000-0000-0000-000000000000",
    "AWS::URLSuffix": "amazonaws.com",
}


class Unknown:
    """A value that only the deployment determines."""


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Either:
    """The branches of a condition."""

    values: tuple


class Absent:
    """`AWS::NoValue`."""


ABSENT = Absent()


def resolve(value, template):
    """Returns the value with `UNKNOWN`, `ABSENT` and `Either` where the template alone does not determine it."""
    if isinstance(value, list):
        found = [resolve(it, template) for it in value]
        return [it for it in found if it is not ABSENT]
    if not isinstance(value, dict):
        return UNKNOWN if isinstance(value, str) and "{{resolve:" in value else value
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref":
            return reference(argument, template)
        if name == "Fn::If":
            branches = tuple(resolve(it, template) for it in argument[1:])
            return Either(branches)
        if name == "Fn::Sub":
            return substituted(argument, template)
        if name.startswith("Fn::"):
            return UNKNOWN
    found = {key: resolve(it, template) for key, it in value.items()}
    return {key: it for key, it in found.items() if it is not ABSENT}


def reference(name, template):
    if name == "AWS::NoValue":
        return ABSENT
    if name in PSEUDO:
        return PSEUDO[name]
    default = template.get("Parameters", {}).get(name, {}).get("Default")
    parameter_type = template.get("Parameters", {}).get(name, {}).get("Type", "")
    # The value of the other types is stored, or a list.
    return default if default is not None and parameter_type in ("String", "Number") else UNKNOWN


def substituted(argument, template):
    """Returns the text of `Fn::Sub`; `UNKNOWN` if it contains more than pseudo parameters."""
    if not isinstance(argument, str):
        return UNKNOWN
    text = ""
    rest = argument
    while "${" in rest:
        before, _, rest = rest.partition("${")
        name, _, rest = rest.partition("}")
        found = "${" + name[1:] + "}" if name.startswith("!") else reference(name, template)
        if not isinstance(found, (str, int)):
            return UNKNOWN
        text += f"{before}{found}"
    return text + rest


def has_unknown(value):
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return isinstance(value, (Unknown, Either))
