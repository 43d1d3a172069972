"""Resource types of S3."""

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import is_true, json_text, rename_members, subset
from cfn_emulator.engine.resource import ServiceResource


def api_lifecycle_rule(rule):
    """Converts a lifecycle rule to the form of the API; a rule without prefix and filter has an empty prefix."""
    rule = dict(rule)
    found = {"Status": rule.pop("Status"), **({"ID": rule.pop("Id")} if "Id" in rule else {})}
    dates = {"TransitionInDays": "Days", "TransitionDate": "Date"}
    older = {"TransitionInDays": "NoncurrentDays"}
    if "Transition" in rule:
        rule.setdefault("Transitions", []).append(rule.pop("Transition"))
    if "Transitions" in rule:
        found["Transitions"] = [rename_members(it, dates) for it in rule.pop("Transitions")]
    if "NoncurrentVersionTransitions" in rule:
        found["NoncurrentVersionTransitions"] = [
            rename_members(it, older) for it in rule.pop("NoncurrentVersionTransitions")
        ]
    if "NoncurrentVersionExpirationInDays" in rule:
        found["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule.pop("NoncurrentVersionExpirationInDays")}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            found[name] = rule.pop(name)
    expiry = {
        "ExpirationInDays": "Days",
        "ExpirationDate": "Date",
        "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
    }
    expiration = {member: rule.pop(name) for name, member in expiry.items() if name in rule}
    if expiration:
        found["Expiration"] = expiration
    conditions = {name: rule.pop(name) for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan") if name in rule}
    tags, prefix = rule.pop("TagFilters", []), rule.pop("Prefix", None)
    if prefix is not None:
        conditions["Prefix"] = prefix
    if len(tags) + len(conditions) > 1:
        found["Filter"] = {"And": {**conditions, **({"Tags": tags} if tags else {})}}
    elif tags:
        found["Filter"] = {"Tag": tags[0]}
    else:
        found["Filter"] = conditions or {"Prefix": ""}
    if rule:
        raise ValidationError(message=f"Lifecycle rule: {', '.join(sorted(rule))}: not emulated")
    return found


class Bucket(ServiceResource):
    """A bucket. Settings that the template omits have S3's defaults: SSE-S3, no public access, no ACLs."""

    type = "AWS::S3::Bucket"
    service = "s3"
    create_only = ("BucketName", "ObjectLockEnabled")
    parts = (
        *("OwnershipControls", "PublicAccessBlockConfiguration", "BucketEncryption", "VersioningConfiguration"),
        *("LifecycleConfiguration", "LoggingConfiguration", "NotificationConfiguration"),
    )
    updatable = (*parts, "Tags")

    def create(self, p):
        # Bucket names have at most 63 characters, in lower case.
        name = p.get("BucketName", self.generated_name.lower()[-63:])
        place = {} if self.api.region == "us-east-1" else {"LocationConstraint": self.api.region}
        locks = is_true(p.get("ObjectLockEnabled", False))
        self.api_call(
            "create_bucket",
            Bucket=name,
            CreateBucketConfiguration=place or None,
            ObjectLockEnabledForBucket=locks or None,
        )
        self.physical_resource_id = name
        self.put_parts({}, p)
        if p.get("Tags"):
            self.tag_all(p["Tags"])

    def put_parts(self, old, new):
        me = {"Bucket": self.physical_resource_id}
        for name in self.parts:
            if old.get(name) == new.get(name):
                continue
            if name in new:
                getattr(self, f"put_{name}")(new[name], me)
            else:
                getattr(self, f"drop_{name}")(me)

    def put_OwnershipControls(self, value, me):
        self.api_call("put_bucket_ownership_controls", OwnershipControls=value, **me)

    def drop_OwnershipControls(self, me):
        self.api_call("delete_bucket_ownership_controls", **me)

    def put_PublicAccessBlockConfiguration(self, value, me):
        self.api_call("put_public_access_block", PublicAccessBlockConfiguration=value, **me)

    def drop_PublicAccessBlockConfiguration(self, me):
        self.api_call("delete_public_access_block", **me)

    def put_BucketEncryption(self, value, me):
        rules = []
        for rule in value["ServerSideEncryptionConfiguration"]:
            default = rule["ServerSideEncryptionByDefault"]
            rules.append(
                {
                    "ApplyServerSideEncryptionByDefault": rename_members(default, {}),
                    "BucketKeyEnabled": is_true(rule.get("BucketKeyEnabled", False)),
                }
            )
        self.api_call("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": rules}, **me)

    def drop_BucketEncryption(self, me):
        self.api_call("delete_bucket_encryption", **me)

    def put_VersioningConfiguration(self, value, me):
        self.api_call("put_bucket_versioning", VersioningConfiguration=value, **me)

    def drop_VersioningConfiguration(self, me):
        self.put_VersioningConfiguration({"Status": "Suspended"}, me)

    def put_LifecycleConfiguration(self, value, me):
        rules = [api_lifecycle_rule(rule) for rule in value["Rules"]]
        size = subset(value, "TransitionDefaultMinimumObjectSize")
        self.api_call("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": rules}, **size, **me)

    def drop_LifecycleConfiguration(self, me):
        self.api_call("delete_bucket_lifecycle", **me)

    def put_LoggingConfiguration(self, value, me):
        target = value.get("DestinationBucketName", self.physical_resource_id)
        enabled = {"TargetBucket": target, "TargetPrefix": value.get("LogFilePrefix", "")}
        self.api_call("put_bucket_logging", BucketLoggingStatus={"LoggingEnabled": enabled}, **me)

    def drop_LoggingConfiguration(self, me):
        self.api_call("put_bucket_logging", BucketLoggingStatus={}, **me)

    def put_NotificationConfiguration(self, value, me):
        if set(value) != {"EventBridgeConfiguration"}:
            raise ValidationError(message="Notifications other than to EventBridge: not emulated")
        enabled = is_true(value["EventBridgeConfiguration"]["EventBridgeEnabled"])
        configuration = {"EventBridgeConfiguration": {}} if enabled else {}
        self.api_call("put_bucket_notification_configuration", NotificationConfiguration=configuration, **me)

    def drop_NotificationConfiguration(self, me):
        self.api_call("put_bucket_notification_configuration", NotificationConfiguration={}, **me)

    def tag_all(self, tags):
        self.api_call("put_bucket_tagging", Bucket=self.physical_resource_id, Tagging={"TagSet": tags})

    def update(self, new):
        self.put_parts(self.properties, new)
        if self.properties.get("Tags") != new.get("Tags"):
            if new.get("Tags"):
                self.tag_all(new["Tags"])
            else:
                self.api_call("delete_bucket_tagging", Bucket=self.physical_resource_id)

    def delete(self):
        self.api_call("delete_bucket", Bucket=self.physical_resource_id)

    def attributes(self):
        name, region = self.physical_resource_id, self.api.region
        partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
        suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        return {
            "Arn": f"arn:{partition}:s3:::{name}",
            "DomainName": f"{name}.s3.{suffix}",
            "RegionalDomainName": f"{name}.s3.{region}.{suffix}",
            "DualStackDomainName": f"{name}.s3.dualstack.{region}.{suffix}",
        }


class BucketPolicy(ServiceResource):
    type = "AWS::S3::BucketPolicy"
    service = "s3"
    create_only = ("Bucket",)
    updatable = ("PolicyDocument",)

    def create(self, p):
        self.api_call("put_bucket_policy", Bucket=p["Bucket"], Policy=json_text(p["PolicyDocument"]))
        self.physical_resource_id = p["Bucket"]

    update = create

    def delete(self):
        self.api_call("delete_bucket_policy", Bucket=self.physical_resource_id)
