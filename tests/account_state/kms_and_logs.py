"""Reads KMS keys, log groups and metric filters."""

from account_state.forms import clean, explicit, policy


class KmsAndLogs:
    """The part of `State` that reads KMS and CloudWatch Logs."""

    def read_keys(self):
        """Reads keys that are not pending deletion, and aliases."""
        kms = self.emulator.client("kms")
        for key in self.emulator.list_all("kms", "list_keys", "Keys"):
            name = {"KeyId": key["KeyId"]}
            found = kms.describe_key(**name)["KeyMetadata"]
            if found["KeyState"] == "PendingDeletion":
                continue
            rotation = kms.get_key_rotation_status(**name)
            tags = kms.list_resource_tags(**name)["Tags"]
            facts = {
                "manager": found["KeyManager"],
                "enabled": found["Enabled"],
                "usage": found["KeyUsage"],
                "spec": found["KeySpec"],
                "origin": found["Origin"],
                "multi-region": found.get("MultiRegion", False),
                "rotation": rotation["KeyRotationEnabled"],
                "rotation period": rotation.get("RotationPeriodInDays"),
                "policy": policy(kms.get_key_policy(PolicyName="default", **name)["Policy"]),
                "tags": {tag["TagKey"]: tag["TagValue"] for tag in tags},
            }
            self.add("key", [found["KeyId"], found["Arn"]], found["Description"], facts)
        for alias in self.emulator.list_all("kms", "list_aliases", "Aliases"):
            if alias.get("TargetKeyId") and not alias["AliasName"].startswith("alias/aws/"):
                self.add("alias", [alias["AliasArn"]], alias["AliasName"], {"key": alias["TargetKeyId"]})

    def read_logs(self):
        logs = self.emulator.client("logs")
        for group in self.emulator.list_all("logs", "describe_log_groups", "logGroups"):
            name = group["logGroupName"]
            facts = {
                "name": explicit(name),
                "retention": group.get("retentionInDays", "never"),
                "key": group.get("kmsKeyId"),
                "class": group["logGroupClass"],
                "tags": logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"],
            }
            self.add("log group", [group["logGroupArn"], *self.generated(name)], facts["name"], facts)
        for found in self.emulator.list_all("logs", "describe_metric_filters", "metricFilters"):
            metrics = [{"unit": "None", **it} for it in found["metricTransformations"]]
            facts = {"group": found["logGroupName"], "pattern": found["filterPattern"], "metrics": clean(metrics)}
            self.add("metric filter", [], explicit(found["filterName"]), facts)
