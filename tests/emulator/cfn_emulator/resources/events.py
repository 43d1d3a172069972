"""Resource types of EventBridge."""

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import json_text, subset
from cfn_emulator.engine.resource import ServiceResource


class Rule(ServiceResource):
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
            EventPattern=json_text(p.get("EventPattern")),
            **subset(p, *self.plain, "EventBusName"),
            **({} if self.physical_resource_id else subset(p, "Tags")),
        )
        self.physical_resource_id, self.arn = name, made["RuleArn"]
        self.targets([], p.get("Targets", []))

    def me(self):
        return {"Rule": self.physical_resource_id, **subset(self.properties, "EventBusName")}

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
        bus = subset(self.properties, "EventBusName")
        self.api_call("delete_rule", Name=self.physical_resource_id, **bus)

    def attributes(self):
        return {"Arn": self.arn}
