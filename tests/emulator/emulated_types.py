"""The resource types around sessions for the CloudFormation engine: keys, logs, documents, buckets, alarms, patching.

As in `emulated_cloudformation`, each is a translation into calls of the public API; what is not translated is an error.
"""

import json

from emulated_cloudformation import TYPES, Deployed, document, is_true, subclasses
from moto.cloudformation.exceptions import ValidationError


def some(properties, *names):
    return {name: properties[name] for name in names if name in properties}


def renamed(value, names):
    """The members of an object under other names; members that are not named keep theirs."""
    return {names.get(key, key): member for key, member in value.items()}


def lower(value):
    """Members as the API of CloudWatch Logs spells them."""
    return {key[0].lower() + key[1:]: member for key, member in value.items()}


def by_key(tags):
    return {tag["Key"]: tag["Value"] for tag in tags or []}


class Service(Deployed):
    """With names and tags as most services have them."""

    service = ""

    def api_call(self, operation, **parameters):
        return self.api.call(self.service, operation, **parameters)

    def retag(self, old, new):
        old, new = by_key(old), by_key(new)
        gone = [key for key in old if key not in new]
        fresh = {key: value for key, value in new.items() if old.get(key) != value}
        if gone:
            self.untag(gone)
        if fresh:
            self.tag(fresh)

    def listed(self, tags):
        return [{"Key": key, "Value": value} for key, value in tags.items()]

    def fixed(self, new, *names):
        """AWS refuses these changes instead of a replacement."""
        changed = [name for name in names if self.properties.get(name) != new.get(name)]
        if changed:
            raise ValidationError(message=f"{self.type}: {', '.join(changed)} cannot be changed")

    def replace_tags(self, new):
        self.retag(self.properties.get("Tags"), new.get("Tags"))


# --- keys --------------------------------------------------------------------------------------------------------------


class Key(Service):
    """Without KeyPolicy it has the default of KMS. The specification cannot be changed, as on AWS."""

    type = "AWS::KMS::Key"
    service = "kms"
    settled = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")
    updatable = (
        *settled,
        *("Description", "EnableKeyRotation", "Enabled", "KeyPolicy", "PendingWindowInDays", "RotationPeriodInDays"),
        *("BypassPolicyLockoutSafetyCheck", "Tags"),
    )

    def create(self, p):
        tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in p.get("Tags", [])]
        made = self.api_call(
            "create_key",
            Policy=document(p.get("KeyPolicy")),
            Tags=tags or None,
            **some(p, "Description", "BypassPolicyLockoutSafetyCheck", *self.settled),
        )
        self.physical_resource_id = made["KeyMetadata"]["KeyId"]
        self.arn = made["KeyMetadata"]["Arn"]
        self.switches({}, p)

    def switches(self, old, new):
        me = {"KeyId": self.physical_resource_id}
        before, after = ([is_true(p.get("EnableKeyRotation", False)), p.get("RotationPeriodInDays")] for p in (old, new))
        if after != before and after[0]:
            self.api_call("enable_key_rotation", RotationPeriodInDays=after[1], **me)
        elif before[0] and not after[0]:
            self.api_call("disable_key_rotation", **me)
        before, after = (is_true(p.get("Enabled", True)) for p in (old, new))
        if before != after:
            self.api_call("enable_key" if after else "disable_key", **me)

    def update(self, new):
        self.fixed(new, *self.settled)
        me, old = {"KeyId": self.physical_resource_id}, self.properties
        if old.get("Description") != new.get("Description"):
            self.api_call("update_key_description", Description=new.get("Description", ""), **me)
        if old.get("KeyPolicy") != new.get("KeyPolicy") and "KeyPolicy" in new:
            bypass = some(new, "BypassPolicyLockoutSafetyCheck")
            self.api_call("put_key_policy", PolicyName="default", Policy=document(new["KeyPolicy"]), **me, **bypass)
        self.switches(old, new)
        self.replace_tags(new)

    def tag(self, tags):
        listed = [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
        self.api_call("tag_resource", KeyId=self.physical_resource_id, Tags=listed)

    def untag(self, keys):
        self.api_call("untag_resource", KeyId=self.physical_resource_id, TagKeys=keys)

    def delete(self):
        days = self.properties.get("PendingWindowInDays", 30)
        self.api_call("schedule_key_deletion", KeyId=self.physical_resource_id, PendingWindowInDays=days)

    def attributes(self):
        return {"Arn": self.arn, "KeyId": self.physical_resource_id}


class Alias(Service):
    type = "AWS::KMS::Alias"
    service = "kms"
    create_only = ("AliasName",)
    updatable = ("TargetKeyId",)

    def create(self, p):
        self.api_call("create_alias", **p)
        self.physical_resource_id = p["AliasName"]

    def update(self, new):
        self.api_call("update_alias", **new)

    def delete(self):
        self.api_call("delete_alias", AliasName=self.physical_resource_id)


# --- logs --------------------------------------------------------------------------------------------------------------


class LogGroup(Service):
    type = "AWS::Logs::LogGroup"
    service = "logs"
    create_only = ("LogGroupName",)
    updatable = ("RetentionInDays", "KmsKeyId", "LogGroupClass", "Tags")

    def create(self, p):
        name = p.get("LogGroupName", self.generated_name)
        self.api_call(
            "create_log_group",
            logGroupName=name,
            kmsKeyId=p.get("KmsKeyId"),
            logGroupClass=p.get("LogGroupClass"),
            tags=by_key(p.get("Tags")) or None,
        )
        self.physical_resource_id = name
        self.retention({}, p)

    def retention(self, old, new):
        name, days = {"logGroupName": self.physical_resource_id}, new.get("RetentionInDays")
        if days is not None:
            self.api_call("put_retention_policy", retentionInDays=days, **name)
        elif "RetentionInDays" in old:
            self.api_call("delete_retention_policy", **name)

    def update(self, new):
        self.fixed(new, "LogGroupClass")
        self.retention(self.properties, new)
        name, key = {"logGroupName": self.physical_resource_id}, new.get("KmsKeyId")
        if self.properties.get("KmsKeyId") != key:
            if key:
                self.api_call("associate_kms_key", kmsKeyId=key, **name)
            else:
                self.api_call("disassociate_kms_key", **name)
        self.replace_tags(new)

    def tag(self, tags):
        self.api_call("tag_resource", resourceArn=self.arn(), tags=tags)

    def untag(self, keys):
        self.api_call("untag_resource", resourceArn=self.arn(), tagKeys=keys)

    def arn(self):
        found = self.api_call("describe_log_groups", logGroupNamePrefix=self.physical_resource_id)["logGroups"]
        return next(it["logGroupArn"] for it in found if it["logGroupName"] == self.physical_resource_id)

    def delete(self):
        self.api_call("delete_log_group", logGroupName=self.physical_resource_id)

    def attributes(self):
        return {"Arn": f"{self.arn()}:*"}


class MetricFilter(Service):
    type = "AWS::Logs::MetricFilter"
    service = "logs"
    create_only = ("FilterName", "LogGroupName")
    updatable = ("FilterPattern", "MetricTransformations")

    def create(self, p):
        name = self.physical_resource_id or p.get("FilterName", self.generated_name)
        metrics = [lower(it) for it in p["MetricTransformations"]]
        for metric in metrics:
            if "dimensions" in metric:
                metric["dimensions"] = by_key(metric["dimensions"])
            metric["metricValue"] = str(metric["metricValue"])
            if "defaultValue" in metric:
                metric["defaultValue"] = float(metric["defaultValue"])
        self.api_call(
            "put_metric_filter",
            filterName=name,
            filterPattern=p["FilterPattern"],
            logGroupName=p["LogGroupName"],
            metricTransformations=metrics,
        )
        self.physical_resource_id = name

    update = create

    def delete(self):
        group = self.properties["LogGroupName"]
        self.api_call("delete_metric_filter", filterName=self.physical_resource_id, logGroupName=group)


# --- Systems Manager ---------------------------------------------------------------------------------------------------


class OfSsm(Service):
    service = "ssm"
    kind = ""

    def tag(self, tags):
        listed = self.listed(tags)
        self.api_call("add_tags_to_resource", ResourceType=self.kind, ResourceId=self.physical_resource_id, Tags=listed)

    def untag(self, keys):
        me = {"ResourceType": self.kind, "ResourceId": self.physical_resource_id}
        self.api_call("remove_tags_from_resource", TagKeys=keys, **me)


class Document(OfSsm):
    """With UpdateMethod Replace, the default, a change of the content is a replacement, which a fixed name refuses."""

    type = "AWS::SSM::Document"
    kind = "Document"
    content = ("Content", "Attachments", "VersionName", "DocumentFormat", "TargetType", "Requires")
    updatable = ("UpdateMethod", "Tags", *content, "Name", "DocumentType")

    @property
    def create_only(self):
        replaces = self.properties.get("UpdateMethod", "Replace") == "Replace"
        return ("Name", "DocumentType", *(self.content if replaces else ()))

    def body(self, p):
        return document(p["Content"])

    def create(self, p):
        name = p.get("Name", self.generated_name)
        self.api_call(
            "create_document",
            Name=name,
            Content=self.body(p),
            DocumentType=p.get("DocumentType"),
            Tags=p.get("Tags"),
            **some(p, "Attachments", "VersionName", "DocumentFormat", "TargetType", "Requires"),
        )
        self.physical_resource_id = name

    def update(self, new):
        """A new version, which becomes the default one."""
        if any(self.properties.get(name) != new.get(name) for name in self.content):
            made = self.api_call(
                "update_document",
                Name=self.physical_resource_id,
                Content=self.body(new),
                DocumentVersion="$LATEST",
                **some(new, "Attachments", "VersionName", "DocumentFormat", "TargetType"),
            )
            version = made["DocumentDescription"]["DocumentVersion"]
            name = self.physical_resource_id
            self.api_call("update_document_default_version", Name=name, DocumentVersion=version)
        self.replace_tags(new)

    def delete(self):
        self.api_call("delete_document", Name=self.physical_resource_id)


class Association(OfSsm):
    """WaitForSuccessTimeoutSeconds is taken, and all succeeds at once."""

    type = "AWS::SSM::Association"
    kind = "Association"
    plain = (
        *("Name", "ApplyOnlyAtCronInterval", "AssociationName", "AutomationTargetParameterName", "CalendarNames"),
        *("ComplianceSeverity", "DocumentVersion", "MaxConcurrency", "MaxErrors", "OutputLocation", "Parameters"),
        *("ScheduleExpression", "ScheduleOffset", "SyncCompliance", "Targets"),
    )
    updatable = (*plain, "InstanceId", "WaitForSuccessTimeoutSeconds")

    def create(self, p):
        made = self.api_call("create_association", **some(p, *self.plain, "InstanceId"))
        self.physical_resource_id = made["AssociationDescription"]["AssociationId"]

    def update(self, new):
        self.fixed(new, "InstanceId")
        self.api_call("update_association", AssociationId=self.physical_resource_id, **some(new, *self.plain))

    def delete(self):
        self.api_call("delete_association", AssociationId=self.physical_resource_id)

    def attributes(self):
        return {"AssociationId": self.physical_resource_id}


class PatchBaseline(OfSsm):
    type = "AWS::SSM::PatchBaseline"
    kind = "PatchBaseline"
    create_only = ("OperatingSystem",)
    plain = (
        *("Name", "Description", "ApprovalRules", "ApprovedPatches", "ApprovedPatchesComplianceLevel"),
        *("ApprovedPatchesEnableNonSecurity", "GlobalFilters", "RejectedPatches", "RejectedPatchesAction", "Sources"),
        "AvailableSecurityUpdatesComplianceStatus",
    )
    updatable = (*plain, "PatchGroups", "DefaultBaseline", "Tags")

    def create(self, p):
        made = self.api_call("create_patch_baseline", **some(p, *self.plain, "OperatingSystem", "Tags"))
        self.physical_resource_id = made["BaselineId"]
        self.registrations({}, p)

    def registrations(self, old, new):
        me = {"BaselineId": self.physical_resource_id}
        before, after = set(old.get("PatchGroups", [])), set(new.get("PatchGroups", []))
        for group in sorted(before - after):
            self.api_call("deregister_patch_baseline_for_patch_group", PatchGroup=group, **me)
        for group in sorted(after - before):
            self.api_call("register_patch_baseline_for_patch_group", PatchGroup=group, **me)
        before, after = (is_true(p.get("DefaultBaseline", False)) for p in (old, new))
        if after and not before:
            self.api_call("register_default_patch_baseline", **me)
        elif before and not after:
            self.api_call("register_default_patch_baseline", BaselineId=self.aws_default())

    def aws_default(self):
        system = self.properties.get("OperatingSystem", "WINDOWS")
        wanted = [{"Key": "OWNER", "Values": ["AWS"]}, {"Key": "OPERATING_SYSTEM", "Values": [system]}]
        return self.api_call("describe_patch_baselines", Filters=wanted)["BaselineIdentities"][0]["BaselineId"]

    def update(self, new):
        baseline = some(new, *self.plain)
        self.api_call("update_patch_baseline", BaselineId=self.physical_resource_id, Replace=True, **baseline)
        self.registrations(self.properties, new)
        self.replace_tags(new)

    def delete(self):
        self.registrations(self.properties, {})
        self.api_call("delete_patch_baseline", BaselineId=self.physical_resource_id)

    def attributes(self):
        return {"Id": self.physical_resource_id}


class MaintenanceWindow(OfSsm):
    type = "AWS::SSM::MaintenanceWindow"
    kind = "MaintenanceWindow"
    plain = (
        *("Name", "Description", "AllowUnassociatedTargets", "Cutoff", "Duration", "Schedule", "ScheduleOffset"),
        *("ScheduleTimezone", "StartDate", "EndDate"),
    )
    updatable = (*plain, "Tags")

    def create(self, p):
        made = self.api_call("create_maintenance_window", **some(p, *self.plain, "Tags"))
        self.physical_resource_id = made["WindowId"]

    def update(self, new):
        window = some(new, *self.plain)
        self.api_call("update_maintenance_window", WindowId=self.physical_resource_id, Replace=True, **window)
        self.replace_tags(new)

    def delete(self):
        self.api_call("delete_maintenance_window", WindowId=self.physical_resource_id)

    def attributes(self):
        return {"WindowId": self.physical_resource_id}


class MaintenanceWindowTarget(OfSsm):
    type = "AWS::SSM::MaintenanceWindowTarget"
    create_only = ("WindowId",)
    plain = ("Name", "Description", "OwnerInformation", "Targets")
    updatable = (*plain, "ResourceType")

    def create(self, p):
        made = self.api_call("register_target_with_maintenance_window", **p)
        self.physical_resource_id = made["WindowTargetId"]

    def me(self):
        return {"WindowId": self.properties["WindowId"], "WindowTargetId": self.physical_resource_id}

    def update(self, new):
        self.fixed(new, "ResourceType")
        self.api_call("update_maintenance_window_target", Replace=True, **self.me(), **some(new, *self.plain))

    def delete(self):
        self.api_call("deregister_target_from_maintenance_window", **self.me())

    def attributes(self):
        return {"WindowTargetId": self.physical_resource_id}


class MaintenanceWindowTask(OfSsm):
    type = "AWS::SSM::MaintenanceWindowTask"
    create_only = ("WindowId", "TaskType")
    updatable = (
        *("Name", "Description", "CutoffBehavior", "LoggingInfo", "MaxConcurrency", "MaxErrors", "Priority"),
        *("ServiceRoleArn", "Targets", "TaskArn", "TaskInvocationParameters", "TaskParameters"),
    )
    kinds = {
        "MaintenanceWindowRunCommandParameters": "RunCommand",
        "MaintenanceWindowAutomationParameters": "Automation",
        "MaintenanceWindowStepFunctionsParameters": "StepFunctions",
        "MaintenanceWindowLambdaParameters": "Lambda",
    }

    def request(self, p):
        p = dict(p)
        if "TaskInvocationParameters" in p:
            p["TaskInvocationParameters"] = renamed(p["TaskInvocationParameters"], self.kinds)
        return {**p, "Priority": p.get("Priority")}

    def create(self, p):
        made = self.api_call("register_task_with_maintenance_window", **self.request(p))
        self.physical_resource_id = made["WindowTaskId"]

    def me(self):
        return {"WindowId": self.properties["WindowId"], "WindowTaskId": self.physical_resource_id}

    def update(self, new):
        wanted = some(self.request(new), *self.updatable)
        self.api_call("update_maintenance_window_task", Replace=True, **self.me(), **wanted)

    def delete(self):
        self.api_call("deregister_task_from_maintenance_window", **self.me())

    def attributes(self):
        return {"WindowTaskId": self.physical_resource_id}


# --- buckets -----------------------------------------------------------------------------------------------------------


def rule_of_api(rule):
    """A lifecycle rule as the API has it; without prefix and filter it has an empty prefix."""
    rule = dict(rule)
    found = {"Status": rule.pop("Status"), **({"ID": rule.pop("Id")} if "Id" in rule else {})}
    dates = {"TransitionInDays": "Days", "TransitionDate": "Date"}
    older = {"TransitionInDays": "NoncurrentDays"}
    if "Transition" in rule:
        rule.setdefault("Transitions", []).append(rule.pop("Transition"))
    if "Transitions" in rule:
        found["Transitions"] = [renamed(it, dates) for it in rule.pop("Transitions")]
    if "NoncurrentVersionTransitions" in rule:
        found["NoncurrentVersionTransitions"] = [renamed(it, older) for it in rule.pop("NoncurrentVersionTransitions")]
    if "NoncurrentVersionExpirationInDays" in rule:
        found["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule.pop("NoncurrentVersionExpirationInDays")}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            found[name] = rule.pop(name)
    expiry = {"ExpirationInDays": "Days", "ExpirationDate": "Date", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
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


class Bucket(Service):
    """What is not named has the defaults of S3: encrypted with S3's key, closed, without ACLs."""

    type = "AWS::S3::Bucket"
    service = "s3"
    create_only = ("BucketName", "ObjectLockEnabled")
    parts = (
        *("OwnershipControls", "PublicAccessBlockConfiguration", "BucketEncryption", "VersioningConfiguration"),
        *("LifecycleConfiguration", "LoggingConfiguration", "NotificationConfiguration"),
    )
    updatable = (*parts, "Tags")

    def create(self, p):
        # Names of buckets are short and of small letters.
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
                    "ApplyServerSideEncryptionByDefault": renamed(default, {}),
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
        rules = [rule_of_api(rule) for rule in value["Rules"]]
        size = some(value, "TransitionDefaultMinimumObjectSize")
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
            raise ValidationError(message="Notifications but to EventBridge: not emulated")
        told = is_true(value["EventBridgeConfiguration"]["EventBridgeEnabled"])
        said = {"EventBridgeConfiguration": {}} if told else {}
        self.api_call("put_bucket_notification_configuration", NotificationConfiguration=said, **me)

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


class BucketPolicy(Service):
    type = "AWS::S3::BucketPolicy"
    service = "s3"
    create_only = ("Bucket",)
    updatable = ("PolicyDocument",)

    def create(self, p):
        self.api_call("put_bucket_policy", Bucket=p["Bucket"], Policy=document(p["PolicyDocument"]))
        self.physical_resource_id = p["Bucket"]

    update = create

    def delete(self):
        self.api_call("delete_bucket_policy", Bucket=self.physical_resource_id)


# --- topics ------------------------------------------------------------------------------------------------------------


class Topic(Service):
    type = "AWS::SNS::Topic"
    service = "sns"
    create_only = ("TopicName", "FifoTopic")
    plain = ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")
    updatable = (*plain, "Subscription", "Tags")

    def create(self, p):
        name = p.get("TopicName", self.generated_name)
        attributes = {key: str(value) for key, value in some(p, *self.plain, "FifoTopic").items()}
        if "FifoTopic" in attributes:
            attributes["FifoTopic"] = attributes["FifoTopic"].lower()
        made = self.api_call("create_topic", Name=name, Attributes=attributes or None, Tags=p.get("Tags"))
        self.physical_resource_id = made["TopicArn"]
        self.subscriptions([], p.get("Subscription", []))

    def subscriptions(self, old, new):
        me = {"TopicArn": self.physical_resource_id}
        for wanted in new:
            if wanted not in old:
                self.api_call("subscribe", **me, **wanted)
        gone = [(it["Protocol"], it["Endpoint"]) for it in old if it not in new]
        for found in self.api_call("list_subscriptions_by_topic", **me)["Subscriptions"]:
            if (found["Protocol"], found["Endpoint"]) in gone:
                self.api_call("unsubscribe", SubscriptionArn=found["SubscriptionArn"])

    def update(self, new):
        for name in self.plain:
            if self.properties.get(name) != new.get(name):
                value = {"AttributeName": name, "AttributeValue": str(new.get(name, ""))}
                self.api_call("set_topic_attributes", TopicArn=self.physical_resource_id, **value)
        self.subscriptions(self.properties.get("Subscription", []), new.get("Subscription", []))
        self.replace_tags(new)

    def tag(self, tags):
        self.api_call("tag_resource", ResourceArn=self.physical_resource_id, Tags=self.listed(tags))

    def untag(self, keys):
        self.api_call("untag_resource", ResourceArn=self.physical_resource_id, TagKeys=keys)

    def delete(self):
        self.subscriptions(self.properties.get("Subscription", []), [])
        self.api_call("delete_topic", TopicArn=self.physical_resource_id)

    def attributes(self):
        return {"TopicArn": self.physical_resource_id, "TopicName": self.physical_resource_id.split(":")[-1]}


class TopicPolicy(Service):
    """A topic that has one no longer has again that with which it was made."""

    type = "AWS::SNS::TopicPolicy"
    service = "sns"
    updatable = ("PolicyDocument", "Topics")

    def create(self, p):
        self.before = {}
        self.physical_resource_id = self.generated_name
        self.put(p)

    def put(self, p):
        for topic in p["Topics"]:
            if topic not in self.before:
                found = self.api_call("get_topic_attributes", TopicArn=topic)["Attributes"]
                self.before[topic] = found["Policy"]
            self.set(topic, document(p["PolicyDocument"]))

    def set(self, topic, text):
        self.api_call("set_topic_attributes", TopicArn=topic, AttributeName="Policy", AttributeValue=text)

    def update(self, new):
        for topic in set(self.before) - set(new["Topics"]):
            self.set(topic, self.before.pop(topic))
        self.put(new)

    def delete(self):
        for topic, text in self.before.items():
            self.set(topic, text)

    def attributes(self):
        return {"Id": self.physical_resource_id}


class Subscription(Service):
    type = "AWS::SNS::Subscription"
    service = "sns"
    create_only = ("TopicArn", "Protocol", "Endpoint")
    plain = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "DeliveryPolicy", "RedrivePolicy")
    updatable = (*plain, "SubscriptionRoleArn")

    def values(self, p):
        found = some(p, *self.updatable)
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items()}

    def create(self, p):
        made = self.api_call(
            "subscribe",
            Attributes=self.values(p) or None,
            ReturnSubscriptionArn=True,
            **{name: p.get(name) for name in self.create_only},
        )
        self.physical_resource_id = made["SubscriptionArn"]

    def update(self, new):
        before, after = self.values(self.properties), self.values(new)
        for name in before | after:
            if before.get(name) != after.get(name):
                value = {"AttributeName": name, "AttributeValue": after.get(name, "")}
                self.api_call("set_subscription_attributes", SubscriptionArn=self.physical_resource_id, **value)

    def delete(self):
        self.api_call("unsubscribe", SubscriptionArn=self.physical_resource_id)

    def attributes(self):
        return {"Arn": self.physical_resource_id}


# --- events and alarms -------------------------------------------------------------------------------------------------


class Rule(Service):
    type = "AWS::Events::Rule"
    service = "events"
    create_only = ("Name", "EventBusName")
    plain = ("Description", "RoleArn", "ScheduleExpression", "State")
    updatable = (*plain, "EventPattern", "Targets", "Tags")

    def create(self, p):
        name = self.physical_resource_id or p.get("Name", self.generated_name)
        made = self.api_call(
            "put_rule",
            Name=name,
            EventPattern=document(p.get("EventPattern")),
            **some(p, *self.plain, "EventBusName"),
            **({} if self.physical_resource_id else some(p, "Tags")),
        )
        self.physical_resource_id, self.arn = name, made["RuleArn"]
        self.targets([], p.get("Targets", []))

    def me(self):
        return {"Rule": self.physical_resource_id, **some(self.properties, "EventBusName")}

    def targets(self, old, new):
        kept = {it["Id"] for it in new}
        gone = [it["Id"] for it in old if it["Id"] not in kept]
        if gone:
            self.api_call("remove_targets", Ids=gone, **self.me())
        if new:
            made = self.api_call("put_targets", Targets=new, **self.me())
            if made["FailedEntryCount"]:
                raise ValidationError(message=made["FailedEntries"][0]["ErrorMessage"])

    def update(self, new):
        self.create(new)
        self.targets(self.properties.get("Targets", []), new.get("Targets", []))
        self.replace_tags(new)

    def tag(self, tags):
        self.api_call("tag_resource", ResourceARN=self.arn, Tags=self.listed(tags))

    def untag(self, keys):
        self.api_call("untag_resource", ResourceARN=self.arn, TagKeys=keys)

    def delete(self):
        self.targets(self.properties.get("Targets", []), [])
        bus = some(self.properties, "EventBusName")
        self.api_call("delete_rule", Name=self.physical_resource_id, **bus)

    def attributes(self):
        return {"Arn": self.arn}


class Alarm(Service):
    type = "AWS::CloudWatch::Alarm"
    service = "cloudwatch"
    create_only = ("AlarmName",)
    plain = (
        *("ActionsEnabled", "AlarmActions", "AlarmDescription", "ComparisonOperator", "DatapointsToAlarm", "Dimensions"),
        *("EvaluateLowSampleCountPercentile", "EvaluationPeriods", "ExtendedStatistic", "InsufficientDataActions"),
        *("MetricName", "Metrics", "Namespace", "OKActions", "Period", "Statistic", "Threshold", "ThresholdMetricId"),
        *("TreatMissingData", "Unit"),
    )
    updatable = (*plain, "Tags")

    def create(self, p):
        name = self.physical_resource_id or p.get("AlarmName", self.generated_name)
        wanted = some(p, *self.plain)
        if "Threshold" in wanted:
            wanted["Threshold"] = float(wanted["Threshold"])
        tags = {} if self.physical_resource_id else some(p, "Tags")
        self.api_call("put_metric_alarm", AlarmName=name, **wanted, **tags)
        self.physical_resource_id = name

    def update(self, new):
        self.create(new)
        self.replace_tags(new)

    def arn(self):
        found = self.api_call("describe_alarms", AlarmNames=[self.physical_resource_id])
        return found["MetricAlarms"][0]["AlarmArn"]

    def tag(self, tags):
        self.api_call("tag_resource", ResourceARN=self.arn(), Tags=self.listed(tags))

    def untag(self, keys):
        self.api_call("untag_resource", ResourceARN=self.arn(), TagKeys=keys)

    def delete(self):
        self.api_call("delete_alarms", AlarmNames=[self.physical_resource_id])

    def attributes(self):
        return {"Arn": self.arn()}


class Trail(Service):
    type = "AWS::CloudTrail::Trail"
    service = "cloudtrail"
    create_only = ("TrailName",)
    plain = (
        *("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "EnableLogFileValidation", "IncludeGlobalServiceEvents"),
        *("IsMultiRegionTrail", "IsOrganizationTrail", "S3BucketName", "S3KeyPrefix", "SnsTopicName"),
    )
    texts = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "S3KeyPrefix", "SnsTopicName", "KmsKeyId")
    updatable = (*plain, "IsLogging", "KMSKeyId", "EventSelectors", "AdvancedEventSelectors", "InsightSelectors", "Tags")

    def request(self, p):
        return renamed(some(p, *self.plain, "KMSKeyId"), {"KMSKeyId": "KmsKeyId"})

    def create(self, p):
        name = p.get("TrailName", self.generated_name)
        made = self.api_call("create_trail", Name=name, TagsList=p.get("Tags"), **self.request(p))
        self.physical_resource_id, self.arn = name, made["TrailARN"]
        self.switches({}, p)

    def switches(self, old, new):
        me = {"TrailName": self.physical_resource_id}
        selectors = ("EventSelectors", "AdvancedEventSelectors")
        if any(old.get(name) != new.get(name) for name in selectors):
            wanted = some(new, *selectors) or {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}
            self.api_call("put_event_selectors", **me, **wanted)
        if new.get("InsightSelectors") and old.get("InsightSelectors") != new.get("InsightSelectors"):
            self.api_call("put_insight_selectors", InsightSelectors=new["InsightSelectors"], **me)
        before, after = (is_true(p.get("IsLogging", False)) for p in (old, new))
        if before != after:
            self.api_call("start_logging" if after else "stop_logging", Name=self.physical_resource_id)

    def update(self, new):
        before, after = self.request(self.properties), self.request(new)
        gone = {name: "" if name in self.texts else False for name in before if name not in after}
        if "IncludeGlobalServiceEvents" in gone:
            gone["IncludeGlobalServiceEvents"] = True
        self.api_call("update_trail", Name=self.physical_resource_id, **after, **gone)
        self.switches(self.properties, new)
        self.replace_tags(new)

    def tag(self, tags):
        self.api_call("add_tags", ResourceId=self.arn, TagsList=self.listed(tags))

    def untag(self, keys):
        old = by_key(self.properties.get("Tags"))
        self.api_call("remove_tags", ResourceId=self.arn, TagsList=self.listed({key: old[key] for key in keys}))

    def delete(self):
        self.api_call("delete_trail", Name=self.physical_resource_id)

    def attributes(self):
        found = self.api_call("get_trail", Name=self.physical_resource_id)["Trail"]
        return {"Arn": self.arn, **({"SnsTopicArn": found["SnsTopicARN"]} if "SnsTopicARN" in found else {})}


# --- network, configuration, identity ----------------------------------------------------------------------------------


class FlowLog(Deployed):
    type = "AWS::EC2::FlowLog"
    create_only = (
        *("DeliverLogsPermissionArn", "DestinationOptions", "LogDestination", "LogDestinationType", "LogFormat"),
        *("LogGroupName", "MaxAggregationInterval", "ResourceId", "ResourceType", "TrafficType"),
    )
    updatable = ("Tags",)

    def create(self, p):
        p = dict(p)
        tags = [{"ResourceType": "vpc-flow-log", "Tags": p.pop("Tags")}] if p.get("Tags") else None
        made = self.api.ec2("create_flow_logs", ResourceIds=[p.pop("ResourceId")], TagSpecifications=tags, **p)
        for failed in made["Unsuccessful"]:
            raise ValidationError(message=failed["Error"]["Message"])
        self.physical_resource_id = made["FlowLogIds"][0]

    def delete(self):
        self.api.ec2("delete_flow_logs", FlowLogIds=[self.physical_resource_id])

    def attributes(self):
        return {"Id": self.physical_resource_id}


class ConfigRule(Service):
    """A rule needs a recorder on AWS; that there is one is not looked at."""

    type = "AWS::Config::ConfigRule"
    service = "config"
    create_only = ("ConfigRuleName",)
    updatable = ("Description", "InputParameters", "MaximumExecutionFrequency", "Scope", "Source", "EvaluationModes")

    def create(self, p):
        name = self.physical_resource_id or p.get("ConfigRuleName", self.generated_name)
        rule = {**p, "ConfigRuleName": name}
        if "InputParameters" in p:
            rule["InputParameters"] = document(p["InputParameters"])
        self.api_call("put_config_rule", ConfigRule=rule)
        self.physical_resource_id = name

    update = create

    def delete(self):
        self.api_call("delete_config_rule", ConfigRuleName=self.physical_resource_id)

    def attributes(self):
        found = self.api_call("describe_config_rules", ConfigRuleNames=[self.physical_resource_id])["ConfigRules"][0]
        return {"Arn": found["ConfigRuleArn"], "ConfigRuleId": found["ConfigRuleId"]}


class ManagedPolicy(Service):
    type = "AWS::IAM::ManagedPolicy"
    service = "iam"
    create_only = ("ManagedPolicyName", "Description", "Path")
    updatable = ("PolicyDocument", "Roles")

    def create(self, p):
        made = self.api_call(
            "create_policy",
            PolicyName=p.get("ManagedPolicyName", self.generated_name),
            PolicyDocument=document(p["PolicyDocument"]),
            **some(p, "Description", "Path"),
        )
        self.physical_resource_id = made["Policy"]["Arn"]
        self.roles([], p.get("Roles", []))

    def roles(self, old, new):
        for operation, names in (("detach_role_policy", set(old) - set(new)), ("attach_role_policy", set(new) - set(old))):
            for name in sorted(names):
                self.api_call(operation, RoleName=name, PolicyArn=self.physical_resource_id)

    def versions(self):
        found = self.api_call("list_policy_versions", PolicyArn=self.physical_resource_id)["Versions"]
        return [it["VersionId"] for it in found if not it["IsDefaultVersion"]]

    def drop(self, versions):
        for version in versions:
            self.api_call("delete_policy_version", PolicyArn=self.physical_resource_id, VersionId=version)

    def update(self, new):
        if self.properties["PolicyDocument"] != new["PolicyDocument"]:
            text = document(new["PolicyDocument"])
            self.drop(self.versions())
            arn = self.physical_resource_id
            self.api_call("create_policy_version", PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
        self.roles(self.properties.get("Roles", []), new.get("Roles", []))

    def delete(self):
        self.roles(self.properties.get("Roles", []), [])
        self.drop(self.versions())
        self.api_call("delete_policy", PolicyArn=self.physical_resource_id)

    def attributes(self):
        return {"PolicyArn": self.physical_resource_id}


TYPES.update({kind.type: kind for kind in subclasses(Deployed) if kind.type})
