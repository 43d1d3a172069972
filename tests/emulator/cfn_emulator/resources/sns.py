"""Resource types of SNS."""

import json

from cfn_emulator.engine.api import json_text, subset
from cfn_emulator.engine.resource import ServiceResource


class Topic(ServiceResource):
    type = "AWS::SNS::Topic"
    service = "sns"
    create_only = ("TopicName", "FifoTopic")
    plain = ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")
    updatable = (*plain, "Subscription", "Tags")

    def create(self, p):
        name = p.get("TopicName", self.generated_name)
        attributes = {key: str(value) for key, value in subset(p, *self.plain, "FifoTopic").items()}
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


class TopicPolicy(ServiceResource):
    """A topic policy. A topic that loses it returns to the policy with which it was created."""

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
            self.set(topic, json_text(p["PolicyDocument"]))

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


class Subscription(ServiceResource):
    type = "AWS::SNS::Subscription"
    service = "sns"
    create_only = ("TopicArn", "Protocol", "Endpoint")
    plain = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "DeliveryPolicy", "RedrivePolicy")
    updatable = (*plain, "SubscriptionRoleArn")

    def values(self, p):
        found = subset(p, *self.updatable)
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
