"""Resource types of KMS."""

from cfn_emulator.engine.api import is_true, json_text, subset
from cfn_emulator.engine.resource import ServiceResource


class Key(ServiceResource):
    """A key. Without KeyPolicy it has KMS's default policy. As on AWS, its specification cannot be changed."""

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
            Policy=json_text(p.get("KeyPolicy")),
            Tags=tags or None,
            **subset(p, "Description", "BypassPolicyLockoutSafetyCheck", *self.settled),
        )
        self.physical_resource_id = made["KeyMetadata"]["KeyId"]
        self.arn = made["KeyMetadata"]["Arn"]
        self.apply_toggles({}, p)

    def apply_toggles(self, old, new):
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
        self.reject_changes(new, *self.settled)
        me, old = {"KeyId": self.physical_resource_id}, self.properties
        if old.get("Description") != new.get("Description"):
            self.api_call("update_key_description", Description=new.get("Description", ""), **me)
        if old.get("KeyPolicy") != new.get("KeyPolicy") and "KeyPolicy" in new:
            bypass = subset(new, "BypassPolicyLockoutSafetyCheck")
            self.api_call("put_key_policy", PolicyName="default", Policy=json_text(new["KeyPolicy"]), **me, **bypass)
        self.apply_toggles(old, new)
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


class Alias(ServiceResource):
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
