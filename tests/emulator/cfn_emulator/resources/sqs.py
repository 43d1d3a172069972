"""Resource types of SQS."""

from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import tags_by_key
from cfn_emulator.engine.resource import ServiceResource


class Queue(ServiceResource):
    type = "AWS::SQS::Queue"
    service = "sqs"
    create_only = ("QueueName",)
    updatable = ("MessageRetentionPeriod", "Tags")

    def create(self, p):
        values = {key: str(value) for key, value in p.items() if key == "MessageRetentionPeriod"}
        name = p.get("QueueName", self.generated_name)
        made = self.api_call("create_queue", QueueName=name, Attributes=values, tags=tags_by_key(p.get("Tags")))
        self.physical_resource_id = made["QueueUrl"]

    def update(self, new):
        raise ValidationError(message="Updates of queues are not emulated")

    def delete(self):
        self.api_call("delete_queue", QueueUrl=self.physical_resource_id)

    def attributes(self):
        pending = {"QueueUrl": self.physical_resource_id, "AttributeNames": ["QueueArn"]}
        arn = self.api_call("get_queue_attributes", **pending)["Attributes"]["QueueArn"]
        return {"Arn": arn, "QueueName": arn.split(":")[-1], "QueueUrl": self.physical_resource_id}
