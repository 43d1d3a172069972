"""S3: defaults of new buckets, bucket policies, lifecycle rules, server access logs and EventBridge notifications."""

import json

from moto.core.responses import ActionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend
from moto.s3.responses import S3Response

from cfn_emulator.moto_patch import replaces
from cfn_emulator.services.resource_policies import is_allowed, listed, matches_pattern


@replaces(FakeBucket, "__init__")
def new_bucket(self, *args, **kwargs):
    """Encrypts new buckets, disables ACLs and blocks public access, as S3 has done since 2023."""
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
    """Rejects policies that are not JSON, lack principals or actions, or refer to other buckets."""
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
            if resource != own and not resource.startswith(f"{own}/") and not matches_pattern(resource, own):
                raise S3ClientError("MalformedPolicy", "Policy has invalid resource")
        blocked = bucket.public_access_block and str(bucket.public_access_block.block_public_policy).lower() == "true"
        open_to_all = statement.get("Principal") in ("*", {"AWS": "*"}) and not statement.get("Condition")
        if blocked and open_to_all and statement["Effect"] == "Allow":
            raise S3ClientError("AccessDenied", "Access Denied: public policies are blocked by BlockPublicPolicy")
    bucket.policy = policy


@replaces(FakeBucket, "_log_permissions_enabled_policy")
def log_permissions(target_bucket, target_prefix):
    """Evaluates the target's policy (moto compares strings)."""
    resource = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}log"
    account = {"aws:SourceAccount": target_bucket.account_id}
    return bool(target_bucket.policy) and is_allowed(
        target_bucket.policy, ("logging.s3.amazonaws.com",), "s3:PutObject", resource, **account
    )


FakeBucket._log_permissions_enabled_policy = staticmethod(log_permissions)


@replaces(S3Backend, "log_incoming_request")
def log_incoming_request(self, request, bucket_name):
    """Delivers no logs: a bucket with log objects could not be deleted."""


LISTS = {"Transition": "Transitions", "NoncurrentVersionTransition": "NoncurrentVersionTransitions"}


def stored_rule(rule):
    """Converts a lifecycle rule of a request to the form of the response and keeps all members."""
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
    self.raw_rules = [stored_rule({"ID": f"rule-{number}", **rule}) for number, rule in enumerate(rules)]


@replaces(S3Response, "get_bucket_notification")
def get_bucket_notification(self):
    """Returns the EventBridge configuration, an empty element, which moto drops."""
    found = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if not found or found.event_bridge is None:
        return get_bucket_notification.original(self)
    self.data["Action"] = "GetBucketNotificationConfiguration"
    return self.serialized(ActionResult({"EventBridgeConfiguration": {}}))


@replaces(S3Response, "get_bucket_lifecycle")
def get_bucket_lifecycle(self):
    """Returns the rules with noncurrent versions and object sizes, which moto drops."""
    plain = get_bucket_lifecycle.original(self)
    if self.backend.get_bucket(self.bucket_name).rules:
        rules = self.backend.get_bucket(self.bucket_name).raw_rules
        minimum = getattr(self.backend.get_bucket(self.bucket_name), "minimum_size", "all_storage_classes_128K")
        return self.serialized(ActionResult({"Rules": rules, "TransitionDefaultMinimumObjectSize": minimum}))
    return plain
