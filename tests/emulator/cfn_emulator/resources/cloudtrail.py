"""Resource types of CloudTrail."""

from cfn_emulator.engine.api import is_true, rename_members, subset, tags_by_key
from cfn_emulator.engine.resource import ServiceResource


class Trail(ServiceResource):
    type = "AWS::CloudTrail::Trail"
    service = "cloudtrail"
    create_only = ("TrailName",)
    plain = (
        *(
            "CloudWatchLogsLogGroupArn",
            "CloudWatchLogsRoleArn",
            "EnableLogFileValidation",
            "IncludeGlobalServiceEvents",
        ),
        *("IsMultiRegionTrail", "IsOrganizationTrail", "S3BucketName", "S3KeyPrefix", "SnsTopicName"),
    )
    texts = ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "S3KeyPrefix", "SnsTopicName", "KmsKeyId")
    updatable = (
        *plain,
        "IsLogging",
        "KMSKeyId",
        "EventSelectors",
        "AdvancedEventSelectors",
        "InsightSelectors",
        "Tags",
    )

    def request(self, p):
        return rename_members(subset(p, *self.plain, "KMSKeyId"), {"KMSKeyId": "KmsKeyId"})

    def create(self, p):
        name = p.get("TrailName", self.generated_name)
        made = self.api_call("create_trail", Name=name, TagsList=p.get("Tags"), **self.request(p))
        self.physical_resource_id, self.arn = name, made["TrailARN"]
        self.apply_toggles({}, p)

    def apply_toggles(self, old, new):
        me = {"TrailName": self.physical_resource_id}
        selectors = ("EventSelectors", "AdvancedEventSelectors")
        if any(old.get(name) != new.get(name) for name in selectors):
            wanted = subset(new, *selectors) or {
                "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
            }
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
        self.apply_toggles(self.properties, new)
        self.replace_tags(new)

    def tag(self, tags):
        self.api_call("add_tags", ResourceId=self.arn, TagsList=self.listed(tags))

    def untag(self, keys):
        old = tags_by_key(self.properties.get("Tags"))
        self.api_call("remove_tags", ResourceId=self.arn, TagsList=self.listed({key: old[key] for key in keys}))

    def delete(self):
        self.api_call("delete_trail", Name=self.physical_resource_id)

    def attributes(self):
        found = self.api_call("get_trail", Name=self.physical_resource_id)["Trail"]
        return {"Arn": self.arn, **({"SnsTopicArn": found["SnsTopicARN"]} if "SnsTopicARN" in found else {})}
