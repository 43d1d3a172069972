"""Resource types of CloudWatch."""

from cfn_emulator.engine.api import subset
from cfn_emulator.engine.resource import ServiceResource


class Alarm(ServiceResource):
    type = "AWS::CloudWatch::Alarm"
    service = "cloudwatch"
    create_only = ("AlarmName",)
    plain = (
        *(
            "ActionsEnabled",
            "AlarmActions",
            "AlarmDescription",
            "ComparisonOperator",
            "DatapointsToAlarm",
            "Dimensions",
        ),
        *("EvaluateLowSampleCountPercentile", "EvaluationPeriods", "ExtendedStatistic", "InsufficientDataActions"),
        *("MetricName", "Metrics", "Namespace", "OKActions", "Period", "Statistic", "Threshold", "ThresholdMetricId"),
        *("TreatMissingData", "Unit"),
    )
    updatable = (*plain, "Tags")

    def create(self, p):
        name = self.physical_resource_id or p.get("AlarmName", self.generated_name)
        wanted = subset(p, *self.plain)
        if "Threshold" in wanted:
            wanted["Threshold"] = float(wanted["Threshold"])
        tags = {} if self.physical_resource_id else subset(p, "Tags")
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
