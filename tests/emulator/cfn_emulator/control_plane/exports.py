"""Stack exports and `Fn::ImportValue`. Not emulated: an update can remove an export that is in use."""

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import cloudformation_backends
from moto.core import DEFAULT_ACCOUNT_ID

from cfn_emulator.engine.intrinsics import INTRINSIC_FUNCTIONS, evaluate


def exports(registry):
    """Returns the exports of existing stacks: name to value and stack."""
    outputs = ((output, stack) for stack in registry.stacks.values() if stack.exists for output in stack.outputs)
    return {output["ExportName"]: (output["OutputValue"], stack) for output, stack in outputs if output["ExportName"]}


def import_value(argument, scope):
    """Reads the export from the registry: an API call would wait for the lock that a synchronous operation holds."""
    name, backend = evaluate(argument, scope), cloudformation_backends[DEFAULT_ACCOUNT_ID][scope.api.region]
    found = exports(backend.stack_registry)
    if name not in found:
        raise ValidationError(message=f"No export named {name} found. Rollback requested by user.")
    return found[name][0]


def imports(value):
    """Returns the export names that a part of a template imports."""
    if isinstance(value, list):
        return set().union(*map(imports, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    here = {value["Fn::ImportValue"]} if "Fn::ImportValue" in value else set()
    return here.union(*(imports(member) for name, member in value.items() if name != "Fn::ImportValue"))


def importing_stacks(registry, stack):
    """Returns the first export of a stack that is in use, with the names of the stacks that import it."""
    for name, (_, owner) in exports(registry).items():
        others = [it for it in registry.stacks.values() if it.exists and it is not stack]
        importers = [it.name for it in others if name in imports(it.definition.template)]
        if owner is stack and importers:
            return name, importers
    return None


INTRINSIC_FUNCTIONS["Fn::ImportValue"] = import_value
