"""Resource types of CloudWatch Logs."""

from cfn_emulator.engine.api import lower_camel_case, tags_by_key
from cfn_emulator.engine.resource import ServiceResource


class LogGroup(ServiceResource):
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
            tags=tags_by_key(p.get("Tags")) or None,
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
        self.reject_changes(new, "LogGroupClass")
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


class MetricFilter(ServiceResource):
    type = "AWS::Logs::MetricFilter"
    service = "logs"
    create_only = ("FilterName", "LogGroupName")
    updatable = ("FilterPattern", "MetricTransformations")

    def create(self, p):
        name = self.physical_resource_id or p.get("FilterName", self.generated_name)
        metrics = [lower_camel_case(it) for it in p["MetricTransformations"]]
        for metric in metrics:
            if "dimensions" in metric:
                metric["dimensions"] = tags_by_key(metric["dimensions"])
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
