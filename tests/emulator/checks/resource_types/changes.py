"""Changes of properties, each of which the comparison must show as a difference."""

import json

from resource_types.module import text
from resource_types.template import encryption, sub
from resource_types.values import BUCKET_POLICY, KEY_POLICY, LIFECYCLE, PATTERN, SESSION, TOPIC, allow, arn, document

GONE = object()
ACTIONS = ["StartSession", "TerminateSession"]
WITHOUT_TLS = document(*BUCKET_POLICY["Statement"][1:])
WITHOUT_EVENTS = document(*KEY_POLICY["Statement"][:-1])
FROM_RULE = {"ArnEquals": {"aws:SourceArn": arn("events", "rule/sessions")}}
ONLY_RULE = document({"Sid": "Events", **allow("events.amazonaws.com", "sns:Publish", TOPIC), "Condition": FROM_RULE})
SHORTER = {**SESSION, "inputs": {**SESSION["inputs"], "idleSessionTimeout": "10"}}
RESUME = document({"Effect": "Allow", "Action": ["ssm:StartSession", "ssm:ResumeSession"], "Resource": "*"})
FEWER = {**PATTERN, "detail": {**PATTERN["detail"], "eventName": ACTIONS}}
TASK = ("TaskInvocationParameters", "MaintenanceWindowRunCommandParameters")

# The prefix of the difference; the path in the template and its new value; the path in the module and its new value.
CHANGES = [
    ("log group /sessions/shell / retention", "Group RetentionInDays", 30)
    + ("aws_cloudwatch_log_group group retention_in_days", 30),
    ("log group /sessions/shell / key", "Group KmsKeyId", GONE, "aws_cloudwatch_log_group group kms_key_id", GONE),
    ("log group /sessions/shell / tags", "Group Tags 0 Value", "other")
    + ("aws_cloudwatch_log_group group tags", {"Team": "other"}),
    ("log group /sessions/trail / retention", "TrailGroup RetentionInDays", GONE)
    + ("aws_cloudwatch_log_group trail retention_in_days", GONE),
    ("key sessions / rotation", "Key EnableKeyRotation", False, "aws_kms_key key enable_key_rotation", False),
    ("key sessions / policy", "Key KeyPolicy", WITHOUT_EVENTS, "aws_kms_key key policy", text(WITHOUT_EVENTS)),
    ("key sessions / tags", "Key Tags", GONE, "aws_kms_key key tags", GONE),
    ("document SSM-SessionManagerRunShell / content", "Preferences Content", SHORTER)
    + ("aws_ssm_document preferences content", text(SHORTER)),
    ("bucket sessions-logs-example / versioning", "LogBucket VersioningConfiguration Status", "Suspended")
    + ("aws_s3_bucket_versioning log versioning_configuration status", "Suspended"),
    ("bucket sessions-logs-example / encryption", "LogBucket BucketEncryption", encryption("AES256"))
    + (
        "aws_s3_bucket_server_side_encryption_configuration log rule",
        {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}},
    ),
    ("bucket sessions-logs-example / lifecycle", "LogBucket LifecycleConfiguration Rules 0 ExpirationInDays", 30)
    + (f"{LIFECYCLE} log rule 0 expiration days", 30),
    ("bucket sessions-logs-example / logging", "LogBucket LoggingConfiguration LogFilePrefix", "logs/of/")
    + ("aws_s3_bucket_logging log target_prefix", "logs/of/"),
    ("bucket sessions-logs-example / policy", "LogPolicy PolicyDocument", WITHOUT_TLS)
    + ("aws_s3_bucket_policy log policy", text(WITHOUT_TLS)),
    ("bucket sessions-logs-example / tags", "LogBucket Tags", GONE, "aws_s3_bucket log tags", GONE),
    ("bucket sessions-access-example / public", "AccessBucket PublicAccessBlockConfiguration RestrictPublicBuckets", False)
    + ("aws_s3_bucket_public_access_block access restrict_public_buckets", False),
    ("bucket sessions-access-example / ownership", "AccessBucket OwnershipControls Rules 0 ObjectOwnership")
    + ("BucketOwnerPreferred", "aws_s3_bucket_ownership_controls access rule object_ownership", "BucketOwnerPreferred"),
    ("topic sessions / display name", "Topic DisplayName", "Shells", "aws_sns_topic topic display_name", "Shells"),
    ("topic sessions / policy", "TopicPolicy PolicyDocument", ONLY_RULE)
    + ("aws_sns_topic_policy topic policy", text(ONLY_RULE)),
    ("topic sessions / subscriptions", "Subscription Endpoint", "other@example.com")
    + ("aws_sns_topic_subscription topic endpoint", "other@example.com"),
    ("rule sessions / pattern", "Rule EventPattern", FEWER) + ("aws_cloudwatch_event_rule rule event_pattern", text(FEWER)),
    ("rule sessions / state", "Rule State", "DISABLED", "aws_cloudwatch_event_rule rule state", "DISABLED"),
    ("rule sessions / targets", "Rule Targets 0 InputTransformer InputTemplate", '"<who>: <what>"')
    + ("aws_cloudwatch_event_target topic input_transformer input_template", '"<who>: <what>"'),
    ("metric filter sessions / pattern", "MetricFilter FilterPattern", "StartSession")
    + ("aws_cloudwatch_log_metric_filter filter pattern", "StartSession"),
    ("alarm sessions / Threshold", "Alarm Threshold", 5, "aws_cloudwatch_metric_alarm alarm threshold", 5),
    ("trail sessions / LogFileValidationEnabled", "Trail EnableLogFileValidation", False)
    + ("aws_cloudtrail trail enable_log_file_validation", False),
    ("trail sessions / IsMultiRegionTrail", "Trail IsMultiRegionTrail", False)
    + ("aws_cloudtrail trail is_multi_region_trail", False),
    ("trail sessions / selectors", "Trail EventSelectors 0 ReadWriteType", "All")
    + ("aws_cloudtrail trail event_selector read_write_type", "All"),
    ("trail sessions / HasCustomEventSelectors", None, None, None, None),
    ("trail sessions / logging", "Trail IsLogging", False, "aws_cloudtrail trail enable_logging", False),
    ("flow log to the bucket / destination", "FlowToBucket LogDestination", sub("${LogBucket.Arn}/flows/"))
    + ("aws_flow_log bucket log_destination", "${aws_s3_bucket.log.arn}/flows/"),
    ("association patch / Parameters", "Patch Parameters Operation", ["Install"])
    + ("aws_ssm_association patch parameters Operation", "Install"),
    ("association patch / MaxErrors", "Patch MaxErrors", "2", "aws_ssm_association patch max_errors", "2"),
    ("association update / ScheduleExpression", "Update ScheduleExpression", "rate(7 days)")
    + ("aws_ssm_association update schedule_expression", "rate(7 days)"),
    ("association inventory / Targets", "Inventory Targets", [{"Key": "tag:Team", "Values": ["platform"]}])
    + ("aws_ssm_association inventory targets", {"key": "tag:Team", "values": ["platform"]}),
    ("baseline linux / ApprovalRules", "Baseline ApprovalRules PatchRules 0 ApproveAfterDays", 14)
    + ("aws_ssm_patch_baseline linux approval_rule approve_after_days", 14),
    ("baseline linux / PatchGroups", "Baseline PatchGroups", ["servers"])
    + ("aws_ssm_patch_group linux patch_group", "servers"),
    ("window weekly / Duration", "Window Duration", 4, "aws_ssm_maintenance_window weekly duration", 4),
    ("window target instances / Targets", "WindowTarget Targets 0 Values", ["other"])
    + ("aws_ssm_maintenance_window_target instances targets values", ["other"]),
    ("window task patch / TaskInvocationParameters", " ".join(["WindowTask", *TASK, "TimeoutSeconds"]), 900)
    + ("aws_ssm_maintenance_window_task patch task_invocation_parameters run_command_parameters timeout_seconds", 900),
    ("config rule endpoint / parameters", "EndpointRule InputParameters serviceName", "ssmmessages")
    + ("aws_config_config_rule endpoint input_parameters", text({"serviceName": "ssmmessages"})),
    ("config rule managed / scope", "ManagedRule Scope", GONE, "aws_config_config_rule managed scope", GONE),
    ("policy operator / document", "Operator PolicyDocument", RESUME, "aws_iam_policy operator policy", text(RESUME)),
    ("role node / boundary", "Role PermissionsBoundary", GONE, "aws_iam_role node permissions_boundary", GONE),
    ("role node / attached", "Role ManagedPolicyArns 1", GONE) + ("aws_iam_role_policy_attachment operator", GONE),
]


def put(value, path, wanted):
    *outer, last = [int(step) if step.isdigit() else step for step in path.split()]
    for step in outer:
        value = value[step]
    if wanted is GONE:
        del value[last]
    else:
        value[last] = wanted


def changed(stack, files):
    # Not deepcopy: parts are shared, and a change must reach only one of them.
    stack, files = json.loads(json.dumps(stack)), json.loads(json.dumps(files))
    for _, in_stack, new, in_files, value in CHANGES:
        if in_stack:
            name, _, path = in_stack.partition(" ")
            put(stack["Resources"][name]["Properties"], path, new)
            put(files["resource"], in_files, value)
    return stack, files
