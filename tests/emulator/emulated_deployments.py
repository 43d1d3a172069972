"""CloudFormation's control plane as AWS has it, in place of moto's: change sets, asynchronous operations, events, deletion.

CreateStack and UpdateStack stay synchronous: they answer when all is done, and tell a failure as a ValidationError. All
else answers at once and goes on in a thread (`emulated_operations`). What a template says as metadata of a resource,
`{"Emulator": {...}}`, makes it fail or last; as metadata of the template, `{"Emulator": {"ChangeSetFails": "reason"}}`
makes the change set fail.

Not emulated: nested stacks, stack sets, imports, exports, transforms, rollback triggers, stack policies, RoleARN is kept
but not assumed, notifications are not sent.
"""

import json
import re
import threading
import time
import urllib.parse
import uuid
from functools import wraps

import yaml
from botocore.exceptions import ClientError
from emulated_changes import changes
from emulated_cloudformation import TYPES, mentioned
from emulated_operations import ERRORS, STEP, Definition, Operation, Stack, moment, reason_of
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import yaml_tag_constructor
from moto.core.responses import ActionResult, BaseResponse
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED")
DELETABLE = ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS")


def invalid(message):
    return ValidationError(message=message)


# --- templates ---------------------------------------------------------------------------------------------------------

SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Transform", "Resources", "Outputs", "Hooks"),
)


class Loader(yaml.SafeLoader):
    """The short forms of the intrinsic functions; dates stay text, as in JSON."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: yaml_tag_constructor(loader, f"!{suffix}", node))
Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parsed(text):
    """The template as an object."""
    try:
        if text.lstrip().startswith("{"):
            template = json.loads(text)
        else:
            template = yaml.load(text, Loader=Loader)
    except json.JSONDecodeError as error:
        place = f"(line {error.lineno}, column {error.colno})"
        raise invalid(f"Template format error: JSON not well-formed. {place}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise invalid(f"Template format error: YAML not well-formed.{place}") from error
    if not isinstance(template, dict):
        raise invalid("Template format error: unsupported structure.")
    return template


def check(template):
    """What AWS refuses of a template at once."""
    unknown = [name for name in template if name not in SECTIONS]
    if unknown:
        raise invalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise invalid("Template format error: At least one Resources member must be defined.")
    for name, raw in resources.items():
        if not re.fullmatch(r"[A-Za-z0-9]+", str(name)):
            raise invalid(f"Template format error: Resource name {name} is non alphanumeric.")
        if not isinstance(raw, dict) or not isinstance(raw.get("Type"), str):
            message = "Every Resources object must contain a Type member."
            raise invalid(f"Template format error: [/Resources/{name}] {message}")
        if raw.get("Condition") is not None and raw["Condition"] not in template.get("Conditions", {}):
            place = f"{raw['Condition']} in the Resources block of the template"
            raise invalid(f"Template format error: Unresolved condition dependency {place}")
    known = {*resources, *template.get("Parameters", {})}
    depends = [raw["DependsOn"] for raw in resources.values() if "DependsOn" in raw]
    depends = {name for item in depends for name in ([item] if isinstance(item, str) else item)}
    blocks = {
        "Resources": mentioned([raw.get("Properties", {}) for raw in resources.values()]) | depends,
        "Outputs": mentioned(template.get("Outputs", {})),
    }
    for block, names in blocks.items():
        missing = sorted(name for name in names - known if not str(name).startswith("AWS::"))
        if missing:
            place = f"[{', '.join(missing)}] in the {block} block of the template"
            raise invalid(f"Template format error: Unresolved resource dependencies {place}")
    if "Transform" not in template:
        check_types(template)


def check_types(template):
    """At once, except where a transform comes first: then the change set fails."""
    kinds = [raw["Type"] for raw in template["Resources"].values()]
    unknown = list(dict.fromkeys(kind for kind in kinds if kind not in TYPES))
    if unknown:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")


NAMES_OF_IAM = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Policy": None,
    "AWS::IAM::RolePolicy": None,
    "AWS::IAM::UserToGroupAddition": None,
}


def needed_capability(template):
    needed = None
    for raw in template["Resources"].values():
        if raw["Type"] in NAMES_OF_IAM:
            if NAMES_OF_IAM[raw["Type"]] in raw.get("Properties", {}):
                return "CAPABILITY_NAMED_IAM"
            needed = "CAPABILITY_IAM"
    return needed


def check_capabilities(template, given):
    needed = needed_capability(template)
    if needed and needed not in given and "CAPABILITY_NAMED_IAM" not in given:
        raise CloudFormationError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")


def check_parameters(template, given):
    slots = template.get("Parameters", {})
    unknown = [name for name in given if name not in slots]
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [name for name, slot in slots.items() if name not in given and "Default" not in slot]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, slot in slots.items():
        check_parameter(name, slot, str(given.get(name, slot.get("Default"))))


def check_parameter(name, slot, value):
    values = [item.strip() for item in value.split(",")] if "List" in slot["Type"] else [value]
    numbers = [item for item in values if "Number" in slot["Type"]]
    if any(not re.fullmatch(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?", item.strip()) for item in numbers):
        raise invalid(f"Parameter '{name}' must be a number")
    allowed = [str(item) for item in slot.get("AllowedValues", [])]
    tests = [
        ("AllowedValues", lambda it: it in allowed, "must be one of AllowedValues"),
        ("AllowedPattern", lambda it: re.fullmatch(slot["AllowedPattern"], it), "must match pattern {}"),
        ("MinLength", lambda it: len(it) >= int(slot["MinLength"]), "must contain at least {} characters"),
        ("MaxLength", lambda it: len(it) <= int(slot["MaxLength"]), "must contain at most {} characters"),
        ("MinValue", lambda it: float(it) >= float(slot["MinValue"]), "must be a number not less than {}"),
        ("MaxValue", lambda it: float(it) <= float(slot["MaxValue"]), "must be a number not greater than {}"),
    ]
    for constraint, holds, text in tests:
        if constraint in slot and not all(map(holds, values)):
            if "ConstraintDescription" in slot:
                raise invalid(f"Parameter {name} failed to satisfy constraint: {slot['ConstraintDescription']}")
            raise invalid(f"Parameter '{name}' {text.format(slot[constraint])}")


EXISTING = {
    "AWS::EC2::VPC::Id": ("describe_vpcs", "VpcIds"),
    "AWS::EC2::Subnet::Id": ("describe_subnets", "SubnetIds"),
    "AWS::EC2::SecurityGroup::Id": ("describe_security_groups", "GroupIds"),
    "AWS::EC2::Instance::Id": ("describe_instances", "InstanceIds"),
}


def check_existing(definition, scope):
    """The values of parameters of AWS's own types have to exist; found out when the change set is made."""
    for name, slot in definition.template.get("Parameters", {}).items():
        kind = slot["Type"].removeprefix("List<").removesuffix(">")
        value = scope.resolved_parameters[name]
        for item in value if isinstance(value, list) else [value]:
            if kind in EXISTING and item:
                operation, member = EXISTING[kind]
                try:
                    scope.api.ec2(operation, **{member: [item]})
                except ClientError as error:
                    text = f"parameter value {item} for parameter name {name} does not exist"
                    raise invalid(f"Parameter validation failed: {text}") from error


def meaning(template):
    """What of a template a change can be told of."""
    parts = {key: value for key, value in template.items() if key not in ("Description", "AWSTemplateFormatVersion")}
    parts.pop("Metadata", None)
    return json.dumps(parts, sort_keys=True, default=str)


def from_s3(url, account, partition):
    """The object of a TemplateURL, as virtual host or path, of AWS or of this server."""
    parts = urllib.parse.urlparse(url)
    host, path = parts.hostname or "", urllib.parse.unquote(parts.path.lstrip("/"))
    virtual = re.match(r"(.+)\.s3[.-]", host)
    if parts.scheme not in ("http", "https") or not (virtual or path.count("/")):
        raise invalid("TemplateURL must be a supported URL.")
    bucket, key = (virtual[1], path) if virtual else path.split("/", 1)
    more = "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
    backend = s3_backends[account][partition]
    if bucket not in backend.buckets:
        raise invalid(f"S3 error: The specified bucket does not exist\n{more}")
    found = backend.get_object(bucket, key)
    if found is None:
        raise invalid(f"S3 error: Access Denied\n{more}")
    return found.value.decode()


# --- the state ---------------------------------------------------------------------------------------------------------


class ChangeSet:
    def __init__(self, stack, name, kind, definition):
        home = stack.home
        self.id = f"arn:{home.partition}:cloudformation:{home.region}:{home.account}:changeSet/{name}/{uuid.uuid4()}"
        self.stack, self.name, self.kind, self.definition = stack, name, kind, definition
        self.token = self.description = self.on_failure = None
        self.status, self.execution, self.reason = "CREATE_PENDING", "UNAVAILABLE", None
        self.created = moment()
        self.changes, self.scope = [], None
        self.version = stack.version

    def make(self):
        """In a thread: the pauses are those in which a caller sees the states."""
        home = self.stack.home
        time.sleep(STEP)
        with home.lock:
            self.status = "CREATE_IN_PROGRESS"
        time.sleep(STEP)
        try:
            found = self.compute()
        except ERRORS as error:
            found, reason = None, reason_of(error)
        except Exception as error:
            found, reason = None, f"Emulator: {error!r}"
        with home.lock:
            if found is None:
                self.status, self.reason = "FAILED", reason
            else:
                self.changes, self.status, self.execution = found, "CREATE_COMPLETE", "AVAILABLE"

    def compute(self):
        stack, definition = self.stack, self.definition
        fails = definition.template.get("Metadata", {}).get("Emulator", {}).get("ChangeSetFails")
        if fails:
            raise invalid(fails)
        check_types(definition.template)
        self.scope = definition.scope(stack)
        check_existing(definition, self.scope)
        if self.kind == "UPDATE" and unchanged(stack, definition, self.scope):
            raise invalid(NO_CHANGES)
        return changes(stack, definition, self.scope)


def unchanged(stack, definition, scope):
    old = stack.definition
    return (
        not stack.status.endswith("_FAILED")
        and meaning(old.template) == meaning(definition.template)
        and old.tags == definition.tags
        and old.values() == definition.values()
        and stack.scope.resolved_parameters == scope.resolved_parameters
    )


class Deployments:
    """The stacks and change sets of one account and region."""

    def __init__(self, account, region):
        self.account, self.region, self.partition = account, region, get_partition(region)
        self.lock = threading.RLock()
        self.stacks, self.change_sets, self.detections = {}, {}, {}

    def find(self, name):
        """By name those that exist, by identifier also the deleted ones."""
        if name in self.stacks:
            return self.stacks[name]
        return next((stack for stack in self.stacks.values() if stack.exists and stack.name == name), None)

    def stack(self, name, message="Stack with id {} does not exist"):
        found = self.find(name)
        if found is None:
            raise invalid(message.format(name))
        return found

    def new(self, name):
        if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name):
            pattern = "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
            where = f"Value '{name}' at 'stackName' failed to satisfy constraint"
            raise invalid(f"1 validation error detected: {where}: {pattern}")
        stack = Stack(self, name)
        self.stacks[stack.id] = stack
        return stack

    def change_sets_of(self, stack):
        return [it for it in self.change_sets.values() if it.stack is stack]

    def forget_change_sets(self, stack, but=None):
        for change_set in self.change_sets_of(stack):
            if change_set is not but:
                del self.change_sets[change_set.id]

    def change_set(self, name, stack_name):
        if name in self.change_sets:
            return self.change_sets[name]
        if not name.startswith("arn:"):
            if not stack_name:
                raise invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
            stack = self.stack(stack_name, "Stack [{}] does not exist")
            for found in self.change_sets_of(stack):
                if found.name == name:
                    return found
        raise CloudFormationError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")


def action(function):
    """Makes the function the method of moto's responses that has its name; under the lock of the region."""

    @wraps(function)
    def locked(self):
        # In the state of moto's backend, so that a reset of moto empties it.
        state = self.cloudformation_backend.__dict__
        home = state.setdefault("deployments", Deployments(self.current_account, self.region))
        with home.lock:
            found = function(self, home, self._get_param)
        return ActionResult(without_none(found or {}))

    setattr(CloudFormationResponse, function.__name__, locked)
    return function


def without_none(value):
    if isinstance(value, dict):
        return {key: without_none(member) for key, member in value.items() if member is not None}
    return [without_none(item) for item in value] if isinstance(value, list) else value


def page(items, size, token, name):
    """The token is the number of the first item."""
    try:
        start = int(token or 0)
    except ValueError:
        raise invalid(f"Invalid NextToken: {token}") from None
    more = str(start + size) if start + size < len(items) else None
    return {name: items[start : start + size], "NextToken": more}


# --- requests ----------------------------------------------------------------------------------------------------------


def definition_of(self, home, param, old=None):
    """What the request says a stack shall be; raises what AWS refuses at once."""
    body, url, previous = param("TemplateBody"), param("TemplateURL"), self._get_bool_param("UsePreviousTemplate", False)
    if bool(body) + bool(url) + bool(previous) != 1:
        if previous:
            raise invalid("You cannot specify both usePreviousTemplate and Template Body/Template URL.")
        if body:
            raise invalid("Please specify either Template Body or Template URL, but not both.")
        raise invalid("Either Template URL or Template Body must be specified.")
    if body and len(body.encode()) > 51200:
        constraint = "Member must have length less than or equal to 51200"
        raise invalid(f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: {constraint}")
    text = body or (from_s3(url, home.account, home.partition) if url else old.text if old else "")
    if len(text.encode()) > 1_000_000:
        raise invalid("Template may not exceed 1000000 bytes in size.")
    if not text:
        raise invalid("Either Template URL or Template Body must be specified.")
    template = parsed(text)
    check(template)
    given = {}
    for item in param("Parameters", []):
        name = item["ParameterKey"]
        if not item.get("UsePreviousValue"):
            given[name] = item.get("ParameterValue", "")
        elif old and name in old.template.get("Parameters", {}):
            given[name] = old.values()[name]
        else:
            text = "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
            raise invalid(f"Invalid input for parameter key {name}. {text}")
    check_parameters(template, given)
    capabilities = param("Capabilities", [])
    check_capabilities(template, capabilities)
    # Moto cannot tell an empty list from none; AWS keeps the tags if there are none.
    tags = {tag["Key"]: tag["Value"] for tag in param("Tags", [])}
    if not tags and old:
        tags = old.tags
    role = param("RoleARN") or (old.role if old else None)
    return Definition(text, template, given, tags, capabilities, param("NotificationARNs", []), role)


def check_updatable(stack):
    if stack.status not in UPDATABLE:
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


@action
def create_change_set(self, home, param):
    """An UPDATE unless said otherwise, as on AWS (moto: CREATE)."""
    stack_name, name, kind = param("StackName"), param("ChangeSetName"), param("ChangeSetType") or "UPDATE"
    if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name):
        pattern = "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        where = f"Value '{name}' at 'changeSetName' failed to satisfy constraint"
        raise invalid(f"1 validation error detected: {where}: {pattern}")
    if kind not in ("CREATE", "UPDATE"):
        raise invalid(f"ChangeSetType {kind} is not emulated")
    stack = home.find(stack_name)
    known = next((it for it in home.change_sets_of(stack) if it.name == name), None) if stack else None
    token = param("ClientToken")
    if known and token and known.token == token:
        return {"Id": known.id, "StackId": stack.id}
    if kind == "UPDATE":
        if stack is None or not stack.exists:
            raise invalid(f"Stack [{stack_name}] does not exist")
        check_updatable(stack)
    elif stack and stack.status != "REVIEW_IN_PROGRESS":
        raise invalid(f"Stack [{stack.name}] already exists and cannot be created again with the changeSet [{name}].")
    definition = definition_of(self, home, param, stack.definition if stack and kind == "UPDATE" else None)
    if known:
        raise CloudFormationError("AlreadyExistsException", f"ChangeSet {name} already exists")
    if stack is None:
        stack = home.new(stack_name)
        stack.tell("REVIEW_IN_PROGRESS", "User Initiated")
    made = ChangeSet(stack, name, kind, definition)
    made.token, made.description, made.on_failure = token, param("Description"), param("OnStackFailure")
    if kind == "CREATE":
        stack.change_set_id = made.id
    home.change_sets[made.id] = made
    threading.Thread(target=made.make, daemon=True).start()
    return {"Id": made.id, "StackId": stack.id}


@action
def describe_change_set(self, home, param):
    found = home.change_set(param("ChangeSetName"), param("StackName"))
    values = self._get_bool_param("IncludePropertyValues", False)
    listed = [{"Type": "Resource", "ResourceChange": without_values(it, values)} for it in found.changes]
    definition = found.definition
    return {
        **summary(found),
        "Parameters": parameters(definition, found.scope),
        "Tags": [{"Key": key, "Value": value} for key, value in definition.tags.items()],
        "Capabilities": definition.capabilities,
        "NotificationARNs": definition.topics,
        "RollbackConfiguration": {},
        "OnStackFailure": found.on_failure,
        **page(listed, 20, param("NextToken"), "Changes"),
    }


def without_values(change, values):
    if values:
        return change
    hidden = ("Path", "BeforeValue", "AfterValue", "AttributeChangeType")
    details = [
        {**it, "Target": {key: value for key, value in it["Target"].items() if key not in hidden}}
        for it in change["Details"]
    ]
    shown = {key: value for key, value in change.items() if key not in ("BeforeContext", "AfterContext")}
    return {**shown, "Details": details}


def summary(found):
    return {
        "ChangeSetId": found.id,
        "ChangeSetName": found.name,
        "StackId": found.stack.id,
        "StackName": found.stack.name,
        "Description": found.description,
        "CreationTime": found.created,
        "Status": found.status,
        "StatusReason": found.reason,
        "ExecutionStatus": obsolete(found) or found.execution,
        "IncludeNestedStacks": False,
        "ImportExistingResources": False,
    }


def obsolete(found):
    """The stack was changed since."""
    return "OBSOLETE" if found.execution == "AVAILABLE" and found.version != found.stack.version else None


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


@action
def list_change_sets(self, home, param):
    stack = home.stack(param("StackName"), "Stack [{}] does not exist")
    listed = [summary(it) for it in home.change_sets_of(stack)]
    return page(listed, 100, param("NextToken"), "Summaries")


@action
def delete_change_set(self, home, param):
    """No error if there is none. The stack in REVIEW_IN_PROGRESS stays."""
    try:
        found = home.change_set(param("ChangeSetName"), param("StackName"))
    except CloudFormationError as error:
        if error.code == "ChangeSetNotFound":
            return
        raise
    if found.status in ("CREATE_PENDING", "CREATE_IN_PROGRESS") or found.execution == "EXECUTE_IN_PROGRESS":
        text = "An operation on this ChangeSet is currently in progress.  Please attempt this operation again later."
        raise CloudFormationError("InvalidChangeSetStatus", text)
    del home.change_sets[found.id]


@action
def execute_change_set(self, home, param):
    found, token = home.change_set(param("ChangeSetName"), param("StackName")), param("ClientRequestToken")
    stack = found.stack
    if repeated(stack, token, ("execute", found.id)):
        return
    if found.status != "CREATE_COMPLETE":
        refuse_execution(found, f"status of [{found.status}]")
    status = obsolete(found) or found.execution
    if status != "AVAILABLE":
        refuse_execution(found, f"execution status of [{status}]")
    if found.kind == "UPDATE":
        check_updatable(stack)
    elif stack.status != "REVIEW_IN_PROGRESS":
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    remember(stack, token, ("execute", found.id))
    home.forget_change_sets(stack, found)
    found.execution, stack.change_set_id = "EXECUTE_IN_PROGRESS", found.id
    stack.disable_rollback = self._get_bool_param("DisableRollback", False)
    operation = Operation(stack, token, change_set=found)
    if found.kind == "CREATE":
        policy = "DO_NOTHING" if stack.disable_rollback else found.on_failure or "ROLLBACK"
        begin_creation(operation, found.definition, found.scope, policy)
    else:
        begin_update(operation, found.definition, found.scope, stack.disable_rollback)


def refuse_execution(found, what):
    text = f"ChangeSet [{found.id}] cannot be executed in its current {what}"
    raise CloudFormationError("InvalidChangeSetStatus", text)


def repeated(stack, token, request):
    """Whether the same request came before."""
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
    stack.tell("CREATE_IN_PROGRESS", "User Initiated", operation.token)
    operation.start(operation.create_stack, scope, policy)


def begin_update(operation, definition, scope, disable_rollback):
    stack = operation.stack
    stack.drift, stack.drifts = {"StackDriftStatus": "NOT_CHECKED"}, []
    stack.updated = max(moment(), stack.events[-1]["Timestamp"])
    stack.tell("UPDATE_IN_PROGRESS", "User Initiated", operation.token)
    operation.start(operation.update_stack, definition, scope, disable_rollback)


# --- the synchronous calls ---------------------------------------------------------------------------------------------


@action
def create_stack(self, home, param):
    """Synchronous. After a failure and its rollback the answer is an error; the stack is there, as on AWS."""
    known = home.find(param("StackName"))
    if known:
        raise CloudFormationError("AlreadyExistsException", f"Stack [{known.name}] already exists")
    definition = definition_of(self, home, param)
    policy = param("OnFailure") or ("DO_NOTHING" if self._get_bool_param("DisableRollback", False) else "ROLLBACK")
    stack = home.new(param("StackName"))
    stack.protected = self._get_bool_param("EnableTerminationProtection", False)
    try:
        scope = definition.scope(stack)
    except ERRORS as error:
        del home.stacks[stack.id]
        raise invalid(reason_of(error)) from error
    operation = Operation(stack, param("ClientRequestToken"), pause=None)
    begin_creation(operation, definition, scope, policy)
    return result_of(operation)


@action
def update_stack(self, home, param):
    """Synchronous, as create_stack."""
    stack = home.stack(param("StackName"), "Stack [{}] does not exist")
    check_updatable(stack)
    definition = definition_of(self, home, param, stack.definition)
    try:
        scope = definition.scope(stack)
    except ERRORS as error:
        raise invalid(reason_of(error)) from error
    if unchanged(stack, definition, scope):
        raise invalid("No updates are to be performed.")
    operation = Operation(stack, param("ClientRequestToken"), pause=None)
    begin_update(operation, definition, scope, self._get_bool_param("DisableRollback", False))
    return result_of(operation)


def result_of(operation):
    if operation.failure:
        raise invalid(operation.failure)
    return {"StackId": operation.stack.id}


# --- operations on stacks ----------------------------------------------------------------------------------------------


@action
def delete_stack(self, home, param):
    """No error if there is no such stack, or it is being deleted."""
    stack, token, retain = home.find(param("StackName")), param("ClientRequestToken"), param("RetainResources", [])
    if stack is None or not stack.exists or repeated(stack, token, ("delete",)):
        return
    if stack.protected:
        raise invalid(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    if stack.status == "DELETE_IN_PROGRESS":
        return
    if stack.status.endswith("_IN_PROGRESS") and stack.status not in DELETABLE:
        raise invalid(f"Stack [{stack.id}] cannot be deleted while in status {stack.status}")
    forced = param("DeletionMode") == "FORCE_DELETE_STACK"
    if (retain or forced) and stack.status != "DELETE_FAILED":
        what = "activate DeletionMode FORCE_DELETE_STACK" if forced else "specify which resources to retain"
        text = f"You can {what} in a delete stack operation only when the stack is in the DELETE_FAILED state."
        raise invalid(f"Invalid operation on stack [{stack.id}]. {text}")
    if forced:
        retain = [name for name, record in stack.records.items() if record.status == "DELETE_FAILED"]
    remember(stack, token, ("delete",))
    before = stack.operation
    if before:
        before.cancelled = "Resource creation cancelled"
    operation = Operation(stack, token)
    stack.tell("DELETE_IN_PROGRESS", "User Initiated", token)
    operation.start(operation.delete_stack, retain, before)


@action
def update_termination_protection(self, home, param):
    stack = home.find(param("StackName"))
    if stack is None or not stack.exists:
        raise invalid(f"Stack [{param('StackName')}] does not exist")
    stack.protected = self._get_bool_param("EnableTerminationProtection", False)
    return {"StackId": stack.id}


@action
def cancel_update_stack(self, home, param):
    stack, token = home.stack(param("StackName"), "Stack [{}] does not exist"), param("ClientRequestToken")
    if repeated(stack, token, ("cancel",)):
        return
    if stack.status != "UPDATE_IN_PROGRESS" or not stack.operation:
        raise invalid("CancelUpdateStack cannot be called from current stack status")
    remember(stack, token, ("cancel",))
    stack.operation.cancelled = "User Initiated"


@action
def continue_update_rollback(self, home, param):
    stack, token = home.stack(param("StackName"), "Stack [{}] does not exist"), param("ClientRequestToken")
    if repeated(stack, token, ("continue",)):
        return
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        text = f"Stack:{stack.id} is in {stack.status} state and can not continue rollback."
        raise invalid(text)
    remember(stack, token, ("continue",))
    operation = Operation(stack, token)
    stack.tell("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", token)
    operation.start(operation.roll_back, param("ResourcesToSkip", []))


@action
def rollback_stack(self, home, param):
    """Of a stack that was left as it is when it failed."""
    stack, token = home.stack(param("StackName"), "Stack [{}] does not exist"), param("ClientRequestToken")
    if repeated(stack, token, ("rollback",)):
        return {"StackId": stack.id}
    if stack.status not in ("CREATE_FAILED", "UPDATE_FAILED"):
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.")
    remember(stack, token, ("rollback",))
    operation = Operation(stack, token)
    creation = stack.status == "CREATE_FAILED"
    stack.tell("ROLLBACK_IN_PROGRESS" if creation else "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", token)
    if creation:
        operation.start(operation.roll_back_creation, "ROLLBACK")
    else:
        operation.start(operation.roll_back)
    return {"StackId": stack.id}


# --- what is told ------------------------------------------------------------------------------------------------------


def described(stack):
    definition = stack.definition
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set_id,
        "Description": definition.template.get("Description"),
        "Parameters": parameters(definition, stack.scope),
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": definition.topics,
        "Capabilities": definition.capabilities or None,
        "Outputs": stack.outputs or None,
        "RoleARN": definition.role,
        "Tags": [{"Key": key, "Value": value} for key, value in definition.tags.items()],
        "EnableTerminationProtection": stack.protected,
        "DriftInformation": stack.drift,
    }


@action
def describe_stacks(self, home, param):
    name = param("StackName")
    stacks = [home.stack(name)] if name else [stack for stack in home.stacks.values() if stack.exists]
    return page([described(stack) for stack in stacks], 50, param("NextToken"), "Stacks")


@action
def list_stacks(self, home, param):
    wanted = param("StackStatusFilter", [])
    names = ("StackId", "StackName", "CreationTime", "LastUpdatedTime", "DeletionTime", "StackStatus")
    names = (*names, "StackStatusReason", "DriftInformation")
    stacks = [stack for stack in reversed(home.stacks.values()) if not wanted or stack.status in wanted]
    listed = [{name: described(stack)[name] for name in names} for stack in stacks]
    for entry, stack in zip(listed, stacks, strict=True):
        entry["TemplateDescription"] = stack.definition.template.get("Description")
    return page(listed, 100, param("NextToken"), "StackSummaries")


@action
def describe_stack_events(self, home, param):
    stack = home.stack(param("StackName"), "Stack [{}] does not exist")
    return page(stack.events[::-1], 25, param("NextToken"), "StackEvents")


def resource_entry(stack, record, time_name):
    return {
        "LogicalResourceId": record.name,
        "PhysicalResourceId": record.physical,
        "ResourceType": record.kind,
        "ResourceStatus": record.status,
        "ResourceStatusReason": record.reason,
        time_name: record.time,
        "DriftInformation": {"StackResourceDriftStatus": drift_status(stack, record.name)},
    }


def drift_status(stack, name):
    found = next((drift for drift in stack.drifts if drift["LogicalResourceId"] == name), None)
    return found["StackResourceDriftStatus"] if found else "NOT_CHECKED"


def record_of(stack, name):
    if name not in stack.records:
        raise invalid(f"Resource {name} does not exist for stack {stack.name}")
    return stack.records[name]


@action
def describe_stack_resources(self, home, param):
    physical, name = param("PhysicalResourceId"), param("LogicalResourceId")
    if physical and not param("StackName"):
        owners = [it for it in home.stacks.values() if any(r.physical == physical for r in it.records.values())]
        if not owners:
            raise invalid(f"Stack for {physical} does not exist")
        stack = owners[-1]
    else:
        stack = home.stack(param("StackName"))
    records = [record_of(stack, name)] if name else list(stack.records.values())
    owner = {"StackName": stack.name, "StackId": stack.id}
    return {"StackResources": [{**owner, **resource_entry(stack, it, "Timestamp")} for it in records[:100]]}


@action
def describe_stack_resource(self, home, param):
    stack = home.stack(param("StackName"), "Stack '{}' does not exist")
    record = record_of(stack, param("LogicalResourceId"))
    metadata = stack.definition.raw(record.name).get("Metadata")
    entry = {"StackName": stack.name, "StackId": stack.id, **resource_entry(stack, record, "LastUpdatedTimestamp")}
    return {"StackResourceDetail": {**entry, "Metadata": json.dumps(metadata) if metadata else None}}


@action
def list_stack_resources(self, home, param):
    stack = home.stack(param("StackName"))
    listed = [resource_entry(stack, record, "LastUpdatedTimestamp") for record in stack.records.values()]
    return page(listed, 100, param("NextToken"), "StackResourceSummaries")


@action
def get_template(self, home, param):
    """The text as it was given; a processed template differs on AWS only by transforms."""
    if param("ChangeSetName"):
        text = home.change_set(param("ChangeSetName"), param("StackName")).definition.text
    else:
        text = home.stack(param("StackName")).definition.text
    return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}


@action
def get_template_summary(self, home, param):
    if param("StackName"):
        stack = home.stack(param("StackName"))
        if stack.status == "REVIEW_IN_PROGRESS":
            raise invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
        template = stack.definition.template
    else:
        url = param("TemplateURL")
        template = parsed(from_s3(url, home.account, home.partition) if url else param("TemplateBody") or "")
        check(template)
    return summarized(template)


def summarized(template):
    needed = needed_capability(template)
    slots = template.get("Parameters", {})
    resources = [name for name, raw in template["Resources"].items() if raw["Type"] in NAMES_OF_IAM]
    return {
        "Description": template.get("Description"),
        "Version": str(template.get("AWSTemplateFormatVersion", "2010-09-09")),
        "Metadata": json.dumps(template["Metadata"]) if "Metadata" in template else None,
        "ResourceTypes": list(dict.fromkeys(raw["Type"] for raw in template["Resources"].values())),
        "Capabilities": [needed] if needed else None,
        "CapabilitiesReason": f"The following resource(s) require capabilities: [{', '.join(resources)}]" if needed else None,
        "DeclaredTransforms": [],
        "Parameters": [
            {
                "ParameterKey": name,
                "DefaultValue": str(slot["Default"]) if "Default" in slot else None,
                "ParameterType": slot["Type"],
                "NoEcho": str(slot.get("NoEcho", False)).lower() == "true",
                "Description": slot.get("Description"),
                "ParameterConstraints": {"AllowedValues": [str(item) for item in slot.get("AllowedValues", [])] or None},
            }
            for name, slot in slots.items()
        ],
    }


@action
def validate_template(self, home, param):
    """Only what AWS refuses at once; cfn-lint is another matter."""
    url = param("TemplateURL")
    template = parsed(from_s3(url, home.account, home.partition) if url else param("TemplateBody") or "")
    check(template)
    found = summarized(template)
    names = ("ParameterKey", "DefaultValue", "NoEcho", "Description")
    found["Parameters"] = [{name: it[name] for name in names} for it in found["Parameters"]]
    return {name: found[name] for name in ("Description", "Capabilities", "CapabilitiesReason", "Parameters")}


@action
def get_stack_policy(self, home, param):
    return {"StackPolicyBody": home.stack(param("StackName")).policy}


@action
def set_stack_policy(self, home, param):
    """Kept, without effect."""
    home.stack(param("StackName")).policy = param("StackPolicyBody")


# --- drift -------------------------------------------------------------------------------------------------------------

DRIFTING = {
    "AWS::EC2::VPC": ("describe_vpcs", "VpcIds", "Vpcs"),
    "AWS::EC2::Subnet": ("describe_subnets", "SubnetIds", "Subnets"),
    "AWS::EC2::SecurityGroup": ("describe_security_groups", "GroupIds", "SecurityGroups"),
    "AWS::EC2::VPCEndpoint": ("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints"),
    "AWS::EC2::Instance": ("describe_instances", "InstanceIds", "Reservations"),
}


def actual(resource):
    """The thing as EC2 tells it, or nothing."""
    operation, member, result = DRIFTING[resource.type]
    try:
        found = resource.api.ec2(operation, **{member: [resource.physical_resource_id]})[result]
    except ClientError:
        return None
    if result == "Reservations":
        found = [instance for part in found for instance in part["Instances"]]
        found = [it for it in found if it["State"]["Name"] not in ("shutting-down", "terminated")]
    found = [it for it in found if it.get("State") not in ("deleting", "deleted")]
    return found[0] if found else None


def tag_differences(wanted, there):
    there = {tag["Key"]: tag["Value"] for tag in there if not tag["Key"].startswith("aws:")}
    for index, tag in enumerate(wanted):
        value = there.pop(tag["Key"], None)
        if value is None:
            yield f"/Tags/{index}", json.dumps(tag), "null", "REMOVE"
        elif value != tag["Value"]:
            yield f"/Tags/{index}/Value", tag["Value"], value, "NOT_EQUAL"
    for index, (key, value) in enumerate(there.items(), len(wanted)):
        yield f"/Tags/{index}", "null", json.dumps({"Key": key, "Value": value}), "ADD"


def drift_of(stack, name, resource):
    """Whether the thing is there, and of some types its tags; other properties are not compared."""
    wanted, there = resource.properties, actual(resource)
    entry = {
        "StackId": stack.id,
        "LogicalResourceId": name,
        "PhysicalResourceId": resource.physical_resource_id,
        "ResourceType": resource.type,
        "ExpectedProperties": json.dumps(wanted),
        "PropertyDifferences": [],
        "StackResourceDriftStatus": "IN_SYNC",
        "Timestamp": moment(),
    }
    if there is None:
        return {**entry, "StackResourceDriftStatus": "DELETED"}
    entry["ActualProperties"] = json.dumps(wanted)
    if resource.type in ("AWS::EC2::SecurityGroup", "AWS::EC2::Instance"):
        tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in there.get("Tags", [])]
        names = ("PropertyPath", "ExpectedValue", "ActualValue", "DifferenceType")
        found = [dict(zip(names, it, strict=True)) for it in tag_differences(wanted.get("Tags", []), tags)]
        if found:
            entry["StackResourceDriftStatus"], entry["PropertyDifferences"] = "MODIFIED", found
            entry["ActualProperties"] = json.dumps({**wanted, "Tags": tags})
    return entry


@action
def detect_stack_drift(self, home, param):
    stack = home.stack(param("StackName"), "Stack [{}] does not exist")
    if stack.status not in UPDATABLE and stack.status != "UPDATE_ROLLBACK_FAILED":
        raise invalid(f"Drift detection cannot be performed on stack [{stack.id}] in status {stack.status}")
    identifier, logical = str(uuid.uuid4()), param("LogicalResourceIds", [])
    detection = {
        "StackId": stack.id,
        "StackDriftDetectionId": identifier,
        "DetectionStatus": "DETECTION_IN_PROGRESS",
        "Timestamp": moment(),
    }
    home.detections[identifier] = detection

    def detect():
        time.sleep(STEP)
        found = [
            drift_of(stack, name, resource)
            for name, resource in stack.resources().items()
            if resource.type in DRIFTING and (not logical or name in logical)
        ]
        count = sum(drift["StackResourceDriftStatus"] != "IN_SYNC" for drift in found)
        status = "DRIFTED" if count else "IN_SYNC"
        with home.lock:
            stack.drifts = found
            stack.drift = {"StackDriftStatus": status, "LastCheckTimestamp": moment()}
            done = {"StackDriftStatus": status, "DriftedStackResourceCount": count}
            detection.update(done, DetectionStatus="DETECTION_COMPLETE")

    threading.Thread(target=detect, daemon=True).start()
    return {"StackDriftDetectionId": identifier}


@action
def describe_stack_drift_detection_status(self, home, param):
    identifier = param("StackDriftDetectionId")
    if identifier not in home.detections:
        raise invalid(f"DriftDetectionId [{identifier}] does not exist")
    return dict(home.detections[identifier])


@action
def describe_stack_resource_drifts(self, home, param):
    stack, wanted = home.stack(param("StackName")), param("StackResourceDriftStatusFilters", [])
    drifts = [drift for drift in stack.drifts if not wanted or drift["StackResourceDriftStatus"] in wanted]
    return page(drifts, int(param("MaxResults") or 100), param("NextToken"), "StackResourceDrifts")


# --- locks -------------------------------------------------------------------------------------------------------------

SERVICES = threading.RLock()
SERIAL = ("ec2", "iam", "ssm", "sts", "kms", "logs", "sns", "events", "cloudwatch", "cloudtrail", "config")


def one_at_a_time():
    """Moto's other services are not safe against each other's threads; none of them calls this server itself."""
    original = BaseResponse.call_action

    def call_action(self):
        if self.service_name in SERIAL:
            with SERVICES:
                return original(self)
        return original(self)

    BaseResponse.call_action = call_action


def install():
    # What these would transform are moto's own objects.
    CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER = {}
    one_at_a_time()
