"""Parameters, tokens and preconditions that several actions share."""

from moto.cloudformation.exceptions import CloudFormationError

from cfn_emulator.control_plane.stack import Definition, moment
from cfn_emulator.engine.templates import check, check_capabilities, check_parameters, from_s3, invalid, parsed

UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED")
DELETABLE = ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS")


def definition_of(self, registry, param, old=None):
    """Returns the definition in a request; raises what AWS rejects at once."""
    body, url, previous = (
        param("TemplateBody"),
        param("TemplateURL"),
        self._get_bool_param("UsePreviousTemplate", False),
    )
    if bool(body) + bool(url) + bool(previous) != 1:
        if previous:
            raise invalid("You cannot specify both usePreviousTemplate and Template Body/Template URL.")
        if body:
            raise invalid("Please specify either Template Body or Template URL, but not both.")
        raise invalid("Either Template URL or Template Body must be specified.")
    if body and len(body.encode()) > 51200:
        constraint = "Member must have length less than or equal to 51200"
        raise invalid(f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: {constraint}")
    text = body or (from_s3(url, registry.account, registry.partition) if url else old.text if old else "")
    if len(text.encode()) > 1_000_000:
        raise invalid("Template may not exceed 1000000 bytes in size.")
    if not text:
        raise invalid("Either Template URL or Template Body must be specified.")
    template = parsed(text)
    check(template)
    provided = {}
    for item in param("Parameters", []):
        name = item["ParameterKey"]
        if not item.get("UsePreviousValue"):
            provided[name] = item.get("ParameterValue", "")
        elif old and name in old.template.get("Parameters", {}):
            provided[name] = old.values()[name]
        else:
            text = "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
            raise invalid(f"Invalid input for parameter key {name}. {text}")
    check_parameters(template, provided)
    capabilities = param("Capabilities", [])
    check_capabilities(template, capabilities)
    # Moto cannot distinguish an empty list from a missing one; AWS keeps the tags if the list is missing.
    tags = {tag["Key"]: tag["Value"] for tag in param("Tags", [])}
    if not tags and old:
        tags = old.tags
    role = param("RoleARN") or (old.role if old else None)
    return Definition(text, template, provided, tags, capabilities, param("NotificationARNs", []), role)


def check_updatable(stack):
    if stack.status not in UPDATABLE:
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def is_repeated(stack, token, request):
    """Reports whether the same request arrived before."""
    if token is None or token not in stack.tokens:
        return False
    if stack.tokens[token] != request:
        raise CloudFormationError("TokenAlreadyExistsException", f"Client request token {token} already exists")
    return True


def remember(stack, token, request):
    if token is not None:
        stack.tokens[token] = request


def begin_creation(operation, definition, scope, policy):
    stack = operation.stack
    stack.definition, stack.created = definition, moment()
    stack.disable_rollback = policy == "DO_NOTHING"
    stack.set_status("CREATE_IN_PROGRESS", "User Initiated", operation.token)
    operation.start(operation.create_stack, scope, policy)


def begin_update(operation, definition, scope, disable_rollback):
    stack = operation.stack
    stack.drift, stack.drifts = {"StackDriftStatus": "NOT_CHECKED"}, []
    stack.updated = max(moment(), stack.events[-1]["Timestamp"])
    stack.set_status("UPDATE_IN_PROGRESS", "User Initiated", operation.token)
    operation.start(operation.update_stack, definition, scope, disable_rollback)


def parameters(definition, scope):
    found = []
    for name, slot in definition.template.get("Parameters", {}).items():
        hidden = str(slot.get("NoEcho", False)).lower() == "true"
        entry = {"ParameterKey": name, "ParameterValue": "****" if hidden else definition.values()[name]}
        if slot["Type"].startswith("AWS::SSM::Parameter::Value") and scope:
            value = scope.resolved_parameters[name]
            entry["ResolvedValue"] = ",".join(value) if isinstance(value, list) else value
        found.append(entry)
    return found
