"""CloudTrail: checks of the bucket, key and log group, event selectors, and ARNs as trail names."""

import json
import re

from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.cloudtrail.responses import CloudTrailResponse
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends

from cfn_emulator.moto_patch import ServiceError, replaces
from cfn_emulator.services.kms import key_of
from cfn_emulator.services.resource_policies import is_allowed


def check_trail(backend, trail):
    """Checks that the bucket, key and log group allow CloudTrail to write, as AWS does when it creates a trail."""
    account, service = trail.account_id, ("cloudtrail.amazonaws.com",)
    about = {"aws:SourceArn": trail.arn, "aws:SourceAccount": account}
    bucket = s3_backends[account][trail.partition].get_bucket(trail.bucket_name)
    arn = f"arn:{trail.partition}:s3:::{trail.bucket_name}"
    path = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    written = {**about, "s3:x-amz-acl": "bucket-owner-full-control"}
    if not (
        is_allowed(bucket.policy, service, "s3:GetBucketAcl", arn, **about)
        and is_allowed(bucket.policy, service, "s3:PutObject", f"{arn}/{path}AWSLogs/{account}/x", **written)
    ):
        text = f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket_name}"
        raise ServiceError("InsufficientS3BucketPolicyException", text)
    if trail.kms_key_id:
        key = key_of(account, backend.region_name, trail.kms_key_id)
        if key is None:
            raise ServiceError("KmsKeyNotFoundException", "KMS key can not be found.")
        about["kms:EncryptionContext:aws:cloudtrail:arn"] = trail.arn
        if not is_allowed(key.policy, service, "kms:GenerateDataKeyWithoutPlaintext", None, **about) and not is_allowed(
            key.policy, service, "kms:GenerateDataKey", None, **about
        ):
            text = f"Insufficient permissions to access S3 bucket {trail.bucket_name} or KMS key {key.arn}."
            raise ServiceError("InsufficientEncryptionPolicyException", text)
        trail.kms_key_id = key.arn
    if trail.cw_log_group_arn:
        found = re.fullmatch(r"arn:[\w-]+:logs:[\w-]+:\d+:log-group:([^:]+):\*", trail.cw_log_group_arn)
        if not found or found[1] not in logs_backends[account][backend.region_name].groups:
            text = "CloudTrail cannot validate the specified log group ARN."
            raise ServiceError("InvalidCloudWatchLogsLogGroupArnException", text)
        roles = iam_backends[account][trail.partition].roles.values()
        if trail.cw_role_arn not in {role.arn for role in roles}:
            text = "CloudTrail cannot validate the specified role ARN."
            raise ServiceError("InvalidCloudWatchLogsRoleArnException", text)


@replaces(CloudTrailBackend, "create_trail")
def create_trail(self, name, *args, **kwargs):
    if name in self.trails:
        raise ServiceError("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {self.account_id}")
    made = create_trail.original(self, name, *args, **kwargs)
    try:
        check_trail(self, made)
    except ServiceError:
        del self.trails[name]
        raise
    return made


@replaces(CloudTrailBackend, "update_trail")
def update_trail(self, name, **kwargs):
    """Updates a trail; an empty string removes a member."""
    trail = self.get_trail(name)
    before = dict(trail.__dict__)
    update_trail.original(self, name, **kwargs)
    for member in ("kms_key_id", "cw_log_group_arn", "cw_role_arn", "sns_topic_name", "s3_key_prefix"):
        if getattr(trail, member) == "":
            setattr(trail, member, None)
    try:
        check_trail(self, trail)
    except ServiceError:
        trail.__dict__.update(before)
        raise
    return trail


def by_name(method):
    """Accepts a name or an ARN and reports a missing trail (moto accepts names only)."""

    @replaces(CloudTrailBackend, method)
    def found(self, name):
        return found.original(self, self.get_trail(name).trail_name)


for action in ("start_logging", "stop_logging", "delete_trail"):
    by_name(action)


@replaces(CloudTrailBackend, "get_event_selectors")
def get_event_selectors(self, trail_name):
    """Returns the selectors; a trail without selectors logs management events."""
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
    """Describes a trail with its home region and without members that are not set."""
    found = trail_description.original(self, True)
    default = {"ReadWriteType": "All", "IncludeManagementEvents": True}
    plain = [{name: value for name, value in {**default, **it}.items() if value != []} for it in self.event_selectors]
    found["HasCustomEventSelectors"] = bool(self.advanced_event_selectors) or plain not in ([], [default])
    return {name: value for name, value in found.items() if value is not None}


@replaces(CloudTrailResponse, "delete_trail")
def delete_trail(self):
    self.cloudtrail_backend.delete_trail(self._get_param("Name"))
    return json.dumps({})
