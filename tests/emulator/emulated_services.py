"""Fills the holes of moto (5.2.1) in the services around sessions: keys, logs, buckets, topics, trails, flow logs.

As in `emulated_api`, nothing in here knows who is calling. Where one service uses a thing of another (a log group a key, a
trail a bucket) the other's policy has to allow it: `allowed` evaluates such a policy for a principal that is a service.
"""

import fnmatch
import json
import re

from emulated_agents import adds
from emulated_api import Refusal, replaces
from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.flow_logs import FlowLogs
from moto.iam.models import iam_backends
from moto.kms.models import Key, kms_backends
from moto.kms.responses import KmsResponse
from moto.logs.models import LogGroup, LogsBackend, logs_backends
from moto.logs.responses import LogsResponse
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend, s3_backends
from moto.s3.responses import S3Response
from moto.sns.models import SNSBackend

# --- policies ----------------------------------------------------------------------------------------------------------


def listed(value):
    return value if isinstance(value, list) else [value]


def like(pattern, value):
    return fnmatch.fnmatchcase(value, re.sub(r"\[", "[[]", pattern))


def holds(operator, key, values, context):
    """Whether a condition holds; one on something that is not known does not."""
    known = {name.lower(): value for name, value in context.items()}
    if_exists = operator.endswith("IfExists")
    if key.lower() not in known:
        return if_exists
    found, operator = known[key.lower()], operator.removesuffix("IfExists")
    if operator in ("StringEquals", "Bool"):
        return found in map(str, listed(values))
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return any(like(str(value), found) for value in listed(values))
    if operator in ("StringNotEquals", "StringNotLike", "ArnNotLike", "ArnNotEquals"):
        return not any(like(str(value), found) for value in listed(values))
    return False


def applies(statement, services, action, resource, context):
    principal = statement.get("Principal", {})
    if principal != "*":
        names = listed(principal.get("Service", [])) + [it for it in listed(principal.get("AWS", [])) if it == "*"]
        if not any(name in (*services, "*") for name in names):
            return False
    if not any(like(it.lower(), action.lower()) for it in listed(statement.get("Action", []))):
        return False
    if resource and not any(like(it, resource) for it in listed(statement.get("Resource", []))):
        return False
    conditions = statement.get("Condition", {})
    return all(holds(name, key, values, context) for name, part in conditions.items() for key, values in part.items())


def allowed(document, services, action, resource=None, **context):
    """Whether the policy of a thing allows an action to a service."""
    context = {"aws:SecureTransport": "true", **{name.replace("__", ":"): value for name, value in context.items()}}
    document = json.loads(document) if isinstance(document, str | bytes) else document or {}
    statements = listed(document.get("Statement", []))
    effects = {it.get("Effect") for it in statements if applies(it, services, action, resource, context)}
    return effects == {"Allow"}


# --- keys --------------------------------------------------------------------------------------------------------------


def key_of(account, region, name):
    """The key of an id, ARN or alias, or nothing."""
    backend = kms_backends[account][region]
    if name.startswith("alias/") or ":alias/" in name:
        name = backend.get_key_id_from_alias(name.split(":")[-1]) or ""
    return backend.keys.get(name.split("/")[-1])


def check_key_policy(self, text, bypass):
    """JSON, roles that exist, and that somebody may change it later."""
    code = "MalformedPolicyDocumentException"
    try:
        document = json.loads(text)
        statements = listed(document["Statement"])
        for statement in statements:
            # Everybody, in its short form.
            if statement["Principal"] == "*":
                statement["Principal"] = {"AWS": "*"}
        principals = [it for statement in statements for it in listed(statement["Principal"].get("AWS", []))]
        effects = [it["Effect"] for it in statements]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal(code, "Policy contains a statement with no principal or is not JSON") from error
    if not set(effects) <= {"Allow", "Deny"}:
        raise Refusal(code, "Policy contains a statement with an unknown effect")
    for principal in principals:
        found = re.fullmatch(r"arn:[\w-]+:iam::(\d+):role/(?:.*/)?([^/]+)", principal)
        if found:
            roles = iam_backends[found[1]][self.kms_backend.partition].roles
            if found[2] not in {role.name for role in roles.values()}:
                raise Refusal(code, "Policy contains a statement with one or more invalid principals.")
    owner = (f":iam::{self.current_account}:root", self.current_account)
    safe = any(
        statement["Effect"] == "Allow"
        and any(str(it).endswith(owner) for it in listed(statement["Principal"].get("AWS", [])))
        and any(like(it.lower(), "kms:putkeypolicy") for it in listed(statement.get("Action", [])))
        for statement in statements
    )
    if not safe and not bypass:
        text = "The new key policy will not allow you to update the key policy in the future."
        raise Refusal(code, text)


@replaces(Key, "__init__")
def new_key(self, policy, key_usage, *args, **kwargs):
    new_key.original(self, policy, key_usage or "ENCRYPT_DECRYPT", *args, **kwargs)


@replaces(KmsResponse, "create_key")
def create_key(self):
    if self._get_param("Policy"):
        check_key_policy(self, self._get_param("Policy"), self._get_param("BypassPolicyLockoutSafetyCheck"))
    return create_key.original(self)


@replaces(KmsResponse, "put_key_policy")
def put_key_policy(self):
    check_key_policy(self, self._get_param("Policy"), self._get_param("BypassPolicyLockoutSafetyCheck"))
    return put_key_policy.original(self)


@replaces(KmsResponse, "enable_key_rotation")
def enable_key_rotation(self):
    """With the period; only for symmetric keys."""
    key = key_of(self.current_account, self.region, self._get_param("KeyId"))
    if key and key.key_spec != "SYMMETRIC_DEFAULT":
        raise Refusal("UnsupportedOperationException", f"{key.arn} is not a symmetric key")
    result = enable_key_rotation.original(self)
    key.rotation_period = self._get_param("RotationPeriodInDays") or 365
    return result


@adds(KmsResponse)
def get_key_rotation_status(self, param):
    self._validate_cmk_id(param("KeyId"))
    key = key_of(self.current_account, self.region, param("KeyId"))
    period = getattr(key, "rotation_period", 365) if key.key_rotation_status else None
    return {"KeyId": key.arn, "KeyRotationEnabled": key.key_rotation_status, "RotationPeriodInDays": period}


# --- log groups --------------------------------------------------------------------------------------------------------

RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")


def check_group_key(self, name, arn):
    """The key exists, is symmetric and enabled, and lets CloudWatch Logs use it for this group."""
    code = "InvalidParameterException"
    if not re.match(r"arn:[\w-]+:kms:", arn):
        raise Refusal(code, "The KMS key has to be named by its ARN")
    key = key_of(self.current_account, self.region, arn)
    if key is None or not key.enabled or key.key_spec != "SYMMETRIC_DEFAULT":
        raise Refusal(code, "The specified KMS Key Id could not be found.")
    group = f"arn:{key.arn.split(':')[1]}:logs:{self.region}:{self.current_account}:log-group:{name}"
    suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
    services = (f"logs.{self.region}.{suffix}", f"logs.{suffix}", "logs.amazonaws.com")
    context = {"kms:EncryptionContext:aws:logs:arn": group, "aws:SourceArn": group}
    context["aws:SourceAccount"] = self.current_account
    for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"):
        if not allowed(key.policy, services, action, **context):
            text = f"The specified KMS key does not exist or is not allowed to be used with Arn '{group}'"
            raise Refusal(code, text)


@replaces(LogsResponse, "create_log_group")
def create_log_group(self):
    """With key and class; a reserved name is refused."""
    name, key = self._get_param("logGroupName"), self._get_param("kmsKeyId")
    if name.startswith("aws/") or not re.fullmatch(r"[.\-_/#A-Za-z0-9]{1,512}", name):
        text = "Log groups starting with AWS/ are reserved for AWS." if name.startswith("aws/") else "Invalid name"
        raise Refusal("InvalidParameterException", text)
    if self._get_param("logGroupClass", "STANDARD") not in CLASSES:
        raise Refusal("InvalidParameterException", "The class is not known")
    if key and name not in self.logs_backend.groups:
        check_group_key(self, name, key)
    result = create_log_group.original(self)
    self.logs_backend.groups[name].log_group_class = self._get_param("logGroupClass", "STANDARD")
    return result


@replaces(LogGroup, "to_describe_dict")
def describe_group(self):
    found = describe_group.original(self)
    count = len(logs_backends[self.account_id][self.region].filters.get_matching_filters(log_group_name=self.name))
    return {**found, "metricFilterCount": count, "logGroupClass": getattr(self, "log_group_class", "STANDARD")}


def group_of(self, param):
    name = param("logGroupName") or (param("resourceIdentifier") or "").split(":log-group:")[-1].removesuffix(":*")
    if name not in self.logs_backend.groups:
        raise Refusal("ResourceNotFoundException", "The specified log group does not exist.")
    return self.logs_backend.groups[name]


@adds(LogsResponse)
def associate_kms_key(self, param):
    group = group_of(self, param)
    check_group_key(self, group.name, param("kmsKeyId"))
    group.kms_key_id = param("kmsKeyId")


@adds(LogsResponse)
def disassociate_kms_key(self, param):
    group_of(self, param).kms_key_id = None


@replaces(LogsResponse, "put_retention_policy")
def put_retention_policy(self):
    days = self._get_param("retentionInDays")
    if days not in RETENTIONS:
        raise Refusal("InvalidParameterException", f"1 validation error detected: Value '{days}' at 'retentionInDays'")
    return put_retention_policy.original(self)


@replaces(LogsResponse, "put_metric_filter")
def put_metric_filter(self):
    """Of a group that exists and is of the standard class; a filter of the same name is replaced."""
    group = group_of(self, self._get_param)
    if getattr(group, "log_group_class", "STANDARD") != "STANDARD":
        raise Refusal("InvalidParameterException", "Metric filters need a log group of the class STANDARD")
    filters = self.logs_backend.filters
    for metric in self._get_param("metricTransformations"):
        if metric.get("defaultValue") is not None:
            metric["defaultValue"] = float(metric["defaultValue"])
    name = self._get_param("filterName")
    before = [it for it in filters.metric_filters if (it["filterName"], it["logGroupName"]) != (name, group.name)]
    result = put_metric_filter.original(self)
    filters.metric_filters = [*before, filters.metric_filters[-1]]
    return result


@replaces(LogsBackend, "delete_log_group")
def delete_log_group(self, log_group_name):
    """With its metric filters."""
    delete_log_group.original(self, log_group_name)
    filters = self.filters
    filters.metric_filters = [it for it in filters.metric_filters if it["logGroupName"] != log_group_name]


# --- buckets -----------------------------------------------------------------------------------------------------------


@replaces(FakeBucket, "__init__")
def new_bucket(self, *args, **kwargs):
    """Since 2023 a new bucket is encrypted, takes no ACLs and is closed to the public."""
    new_bucket.original(self, *args, **kwargs)
    self.encryption = default_encryption()
    self.ownership_rule = "BucketOwnerEnforced"
    self.public_access_block = PublicAccessBlock("true", "true", "true", "true")
    self.raw_rules = []


def default_encryption():
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


@replaces(S3Backend, "delete_bucket_encryption")
def delete_bucket_encryption(self, bucket_name):
    self.get_bucket(bucket_name).encryption = default_encryption()


@replaces(S3Backend, "put_bucket_policy")
def put_bucket_policy(self, bucket_name, policy):
    """JSON, with principals, about this bucket only."""
    bucket = self.get_bucket(bucket_name)
    try:
        document = json.loads(policy)
        statements = listed(document["Statement"])
    except (ValueError, KeyError, TypeError) as error:
        raise S3ClientError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'") from error
    for statement in statements:
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise S3ClientError("MalformedPolicy", "Invalid effect: " + str(statement.get("Effect")))
        if not ({"Principal", "NotPrincipal"} & set(statement)):
            raise S3ClientError("MalformedPolicy", "Missing required field Principal")
        if not ({"Action", "NotAction"} & set(statement)):
            raise S3ClientError("MalformedPolicy", "Missing required field Action")
        for resource in listed(statement.get("Resource", [])):
            own = f"arn:{bucket.partition}:s3:::{bucket_name}"
            if resource != own and not resource.startswith(f"{own}/") and not like(resource, own):
                raise S3ClientError("MalformedPolicy", "Policy has invalid resource")
        blocked = bucket.public_access_block and str(bucket.public_access_block.block_public_policy).lower() == "true"
        open_to_all = statement.get("Principal") in ("*", {"AWS": "*"}) and not statement.get("Condition")
        if blocked and open_to_all and statement["Effect"] == "Allow":
            raise S3ClientError("AccessDenied", "Access Denied: public policies are blocked by BlockPublicPolicy")
    bucket.policy = policy


@replaces(FakeBucket, "_log_permissions_enabled_policy")
def log_permissions(target_bucket, target_prefix):
    """As a policy is evaluated, not by comparison of texts."""
    resource = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}log"
    account = {"aws:SourceAccount": target_bucket.account_id}
    return bool(target_bucket.policy) and allowed(
        target_bucket.policy, ("logging.s3.amazonaws.com",), "s3:PutObject", resource, **account
    )


FakeBucket._log_permissions_enabled_policy = staticmethod(log_permissions)

@replaces(S3Backend, "log_incoming_request")
def log_incoming_request(self, request, bucket_name):
    """Nothing is delivered: a bucket with logs in it could not be deleted."""


LISTS = {"Transition": "Transitions", "NoncurrentVersionTransition": "NoncurrentVersionTransitions"}


def rule_as_told(rule):
    """A lifecycle rule of a request in the form of the answer, all members kept."""
    found = {}
    for name, value in rule.items():
        if name in LISTS:
            found[LISTS[name]] = listed(value)
        elif name == "Filter":
            value = {key: "" if member is None else member for key, member in (value or {}).items()}
            if "And" in value:
                both = dict(value["And"])
                if "Tag" in both:
                    both["Tags"] = listed(both.pop("Tag"))
                value["And"] = both
            found[name] = value
        else:
            found[name] = "" if value is None else value
    delete_marker = found.get("Expiration", {}).get("ExpiredObjectDeleteMarker")
    if delete_marker is not None:
        found["Expiration"]["ExpiredObjectDeleteMarker"] = delete_marker == "true"
    return found


@replaces(FakeBucket, "set_lifecycle")
def set_lifecycle(self, rules):
    set_lifecycle.original(self, rules)
    names = [rule.get("ID") for rule in rules if rule.get("ID")]
    if len(set(names)) != len(names):
        raise S3ClientError("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    self.raw_rules = [rule_as_told({"ID": f"rule-{number}", **rule}) for number, rule in enumerate(rules)]


@replaces(S3Response, "get_bucket_notification")
def get_bucket_notification(self):
    """Moto forgets EventBridge, which is told with nothing inside."""
    found = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if not found or found.event_bridge is None:
        return get_bucket_notification.original(self)
    self.data["Action"] = "GetBucketNotificationConfiguration"
    return self.serialized(ActionResult({"EventBridgeConfiguration": {}}))


@replaces(S3Response, "get_bucket_lifecycle")
def get_bucket_lifecycle(self):
    """The rules as they were put, with newer versions and sizes of objects (moto drops these)."""
    plain = get_bucket_lifecycle.original(self)
    if self.backend.get_bucket(self.bucket_name).rules:
        rules = self.backend.get_bucket(self.bucket_name).raw_rules
        minimum = getattr(self.backend.get_bucket(self.bucket_name), "minimum_size", "all_storage_classes_128K")
        return self.serialized(ActionResult({"Rules": rules, "TransitionDefaultMinimumObjectSize": minimum}))
    return plain


# --- topics ------------------------------------------------------------------------------------------------------------


@replaces(SNSBackend, "set_topic_attribute")
def set_topic_attribute(self, topic_arn, attribute_name, attribute_value):
    """A policy has to be one."""
    if attribute_name == "policy":
        try:
            statements = listed(json.loads(attribute_value)["Statement"])
            good = all(it.get("Effect") and it.get("Principal") and it.get("Action") for it in statements)
        except (ValueError, KeyError, TypeError, AttributeError):
            good = False
        if not good:
            raise Refusal("InvalidParameter", "Invalid parameter: Policy Error: null")
    return set_topic_attribute.original(self, topic_arn, attribute_name, attribute_value)


# --- trails ------------------------------------------------------------------------------------------------------------


def check_trail(backend, trail):
    """Bucket, key and log group have to let CloudTrail write, as when a trail is made on AWS."""
    account, service = trail.account_id, ("cloudtrail.amazonaws.com",)
    about = {"aws:SourceArn": trail.arn, "aws:SourceAccount": account}
    bucket = s3_backends[account][trail.partition].get_bucket(trail.bucket_name)
    arn = f"arn:{trail.partition}:s3:::{trail.bucket_name}"
    path = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    written = {**about, "s3:x-amz-acl": "bucket-owner-full-control"}
    if not (
        allowed(bucket.policy, service, "s3:GetBucketAcl", arn, **about)
        and allowed(bucket.policy, service, "s3:PutObject", f"{arn}/{path}AWSLogs/{account}/x", **written)
    ):
        text = f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket_name}"
        raise Refusal("InsufficientS3BucketPolicyException", text)
    if trail.kms_key_id:
        key = key_of(account, backend.region_name, trail.kms_key_id)
        if key is None:
            raise Refusal("KmsKeyNotFoundException", "KMS key can not be found.")
        about["kms:EncryptionContext:aws:cloudtrail:arn"] = trail.arn
        if not allowed(key.policy, service, "kms:GenerateDataKeyWithoutPlaintext", None, **about) and not allowed(
            key.policy, service, "kms:GenerateDataKey", None, **about
        ):
            text = f"Insufficient permissions to access S3 bucket {trail.bucket_name} or KMS key {key.arn}."
            raise Refusal("InsufficientEncryptionPolicyException", text)
        trail.kms_key_id = key.arn
    if trail.cw_log_group_arn:
        found = re.fullmatch(r"arn:[\w-]+:logs:[\w-]+:\d+:log-group:([^:]+):\*", trail.cw_log_group_arn)
        if not found or found[1] not in logs_backends[account][backend.region_name].groups:
            text = "CloudTrail cannot validate the specified log group ARN."
            raise Refusal("InvalidCloudWatchLogsLogGroupArnException", text)
        roles = iam_backends[account][trail.partition].roles.values()
        if trail.cw_role_arn not in {role.arn for role in roles}:
            text = "CloudTrail cannot validate the specified role ARN."
            raise Refusal("InvalidCloudWatchLogsRoleArnException", text)


@replaces(CloudTrailBackend, "create_trail")
def create_trail(self, name, *args, **kwargs):
    if name in self.trails:
        raise Refusal("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {self.account_id}")
    made = create_trail.original(self, name, *args, **kwargs)
    try:
        check_trail(self, made)
    except Refusal:
        del self.trails[name]
        raise
    return made


@replaces(CloudTrailBackend, "update_trail")
def update_trail(self, name, **kwargs):
    """An empty text takes a member away."""
    trail = self.get_trail(name)
    before = dict(trail.__dict__)
    update_trail.original(self, name, **kwargs)
    for member in ("kms_key_id", "cw_log_group_arn", "cw_role_arn", "sns_topic_name", "s3_key_prefix"):
        if getattr(trail, member) == "":
            setattr(trail, member, None)
    try:
        check_trail(self, trail)
    except Refusal:
        trail.__dict__.update(before)
        raise
    return trail


def by_name(method):
    """These take a name or an ARN, and say that there is none (moto: names only)."""

    @replaces(CloudTrailBackend, method)
    def found(self, name):
        return found.original(self, self.get_trail(name).trail_name)


for action in ("start_logging", "stop_logging", "delete_trail"):
    by_name(action)


@replaces(CloudTrailBackend, "get_event_selectors")
def get_event_selectors(self, trail_name):
    """Without any there is one for the management events."""
    arn, plain, advanced = get_event_selectors.original(self, trail_name)
    if not plain and not advanced:
        plain = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    defaults = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    lists = {"DataResources": [], "ExcludeManagementEventSources": []}
    return arn, [{**defaults, **lists, **it} for it in plain or []], advanced


@replaces(CloudTrailBackend, "put_event_selectors")
def put_event_selectors(self, trail_name, event_selectors, advanced_event_selectors):
    trail = self.get_trail(trail_name)
    trail.event_selectors, trail.advanced_event_selectors = event_selectors or [], advanced_event_selectors or []
    return trail.arn, event_selectors, advanced_event_selectors


@replaces(Trail, "description")
def trail_description(self, include_region=False):
    """Of all answers AWS tells the home region; what is not set is not there."""
    found = trail_description.original(self, True)
    default = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    plain = [{name: value for name, value in {**default, **it}.items() if value != []} for it in self.event_selectors]
    found["HasCustomEventSelectors"] = bool(self.advanced_event_selectors) or plain not in ([], [default])
    return {name: value for name, value in found.items() if value is not None}


@replaces(CloudTrailResponse, "delete_trail")
def delete_trail(self):
    self.cloudtrail_backend.delete_trail(self._get_param("Name"))
    return json.dumps({})


# --- flow logs ---------------------------------------------------------------------------------------------------------


@replaces(FlowLogs, "create_flow_logs")
def create_flow_logs(self):
    """A destination is an ARN with a folder, of a bucket, or an ARN or a name, of a log group (moto: of neither)."""
    kind, destination = self._get_param("LogDestinationType", "cloud-watch-logs"), self._get_param("LogDestination")
    role = self._get_param("DeliverLogsPermissionArn")
    account, partition = self.current_account, self.ec2_backend.partition
    if kind == "cloud-watch-logs":
        if destination:
            self.params["LogDestination"] = destination.removesuffix(":*")
            self.params["LogGroupName"] = destination.removesuffix(":*").split(":log-group:")[-1]
        roles = {found.arn for found in iam_backends[account][partition].roles.values()}
        if role and role not in roles:
            raise EC2ClientError("InvalidParameterValue", f"Unable to assume given IAM role: {role}")
    elif kind == "s3":
        if role:
            text = "DeliverLogsPermissionArn is not applicable for s3 delivery"
            raise EC2ClientError("InvalidParameter", text)
        self.params["LogDestination"] = destination.split("/")[0]
        found = s3_backends[account][partition].buckets.get(destination.split("/")[0].split(":::")[-1])
        if found is None:
            raise EC2ClientError("InvalidParameter", f"LogDestination: {destination} does not exist")
    mine = [flow for flow in self.ec2_backend.flow_logs.values() if flow.log_destination == destination]
    if any(flow.resource_id in self._get_param("ResourceIds", []) for flow in mine):
        raise EC2ClientError("FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration.")
    result = create_flow_logs.original(self)
    for identifier in result.result["FlowLogIds"]:
        flow = self.ec2_backend.flow_logs[identifier]
        if kind == "s3":
            flow.log_destination = destination
        flow.deliver_logs_status = "SUCCESS"
        options = self._get_param("DestinationOptions")
        if options:
            defaults = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
            flow.destination_options = {**defaults, **options}
    return result
