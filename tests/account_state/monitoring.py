"""Reads topics, event rules, alarms, trails and Config rules."""

import json

from account_state.forms import Set, clean, explicit, policy, tags_of, without


class Monitoring:
    """The part of `State` that reads SNS, EventBridge, CloudWatch, CloudTrail and Config."""

    def read_monitoring(self):
        self.read_topics()
        self.read_events()
        self.read_alarms()
        self.read_trails()
        self.read_rules()

    def read_topics(self):
        sns = self.emulator.client("sns")
        for found in self.emulator.list_all("sns", "list_topics", "Topics"):
            arn = found["TopicArn"]
            whole = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            subscriptions = Set()
            for one in self.emulator.list_all("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn):
                attributes = sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
                filtered = attributes.get("FilterPolicy")
                subscriptions.append(
                    {
                        "protocol": one["Protocol"],
                        "endpoint": one["Endpoint"],
                        "filter": json.loads(filtered) if filtered else None,
                        "raw": str(attributes.get("RawMessageDelivery", "false")).lower(),
                    }
                )
            name = arn.split(":")[-1]
            facts = {
                "name": explicit(name),
                "display name": whole.get("DisplayName") or "",
                "key": whole.get("KmsMasterKeyId") or None,
                "fifo": whole.get("FifoTopic", "false"),
                "policy": policy(whole["Policy"]),
                "subscriptions": subscriptions,
                "tags": tags_of(sns.list_tags_for_resource(ResourceArn=arn)),
            }
            self.add("topic", [arn, *self.generated(name)], facts["name"], facts)

    def read_events(self):
        events = self.emulator.client("events")
        for rule in self.emulator.list_all("events", "list_rules", "Rules"):
            name = rule["Name"]
            aims = Set()
            for target in self.emulator.list_all("events", "list_targets_by_rule", "Targets", Rule=name):
                aims.append({**target, "Id": explicit(target["Id"])})
            facts = {
                "name": explicit(name),
                "description": rule.get("Description") or "",
                "pattern": sets(json.loads(rule["EventPattern"])) if rule.get("EventPattern") else None,
                "schedule": rule.get("ScheduleExpression"),
                "state": rule["State"],
                "role": rule.get("RoleArn"),
                "bus": rule["EventBusName"],
                "targets": aims,
                "tags": tags_of(events.list_tags_for_resource(ResourceARN=rule["Arn"])),
            }
            self.add("rule", [rule["Arn"], *self.generated(name)], facts["name"], facts)

    def read_alarms(self):
        cloudwatch = self.emulator.client("cloudwatch")
        for alarm in self.emulator.list_all("cloudwatch", "describe_alarms", "MetricAlarms"):
            arn, name = alarm["AlarmArn"], alarm["AlarmName"]
            state = [key for key in alarm if key.startswith("State")]
            facts = {"TreatMissingData": "missing"} | without(
                alarm, *state, "AlarmArn", "AlarmConfigurationUpdatedTimestamp"
            )
            for member in ("AlarmActions", "OKActions", "InsufficientDataActions", "Dimensions"):
                facts[member] = Set(facts.get(member, []))
            facts |= {"AlarmName": explicit(name), "tags": tags_of(cloudwatch.list_tags_for_resource(ResourceARN=arn))}
            self.add("alarm", [arn, *self.generated(name)], facts["AlarmName"], clean(facts))

    def read_trails(self):
        trails = self.emulator.client("cloudtrail")
        for trail in trails.describe_trails()["trailList"]:
            name = {"Name": trail["TrailARN"]}
            selectors = trails.get_event_selectors(TrailName=trail["TrailARN"])
            facts = {
                **without(trail, "TrailARN"),
                "Name": explicit(trail["Name"]),
                "logging": trails.get_trail_status(**name)["IsLogging"],
                "selectors": clean(selectors.get("EventSelectors")),
                "advanced selectors": clean(selectors.get("AdvancedEventSelectors")),
                "tags": tags_of(trails.list_tags(ResourceIdList=[trail["TrailARN"]])["ResourceTagList"][0], "TagsList"),
            }
            ids = [trail["TrailARN"], *self.generated(trail["Name"])]
            self.add("trail", ids, facts["Name"], facts)

    def read_rules(self):
        config = self.emulator.client("config")
        for rule in self.emulator.list_all("config", "describe_config_rules", "ConfigRules"):
            name, arn = rule["ConfigRuleName"], rule["ConfigRuleArn"]
            scope = dict(rule.get("Scope", {}))
            if "ComplianceResourceTypes" in scope:
                scope["ComplianceResourceTypes"] = Set(scope["ComplianceResourceTypes"])
            facts = {
                "name": explicit(name),
                "description": rule.get("Description") or "",
                "scope": scope,
                "source": rule["Source"],
                "parameters": json.loads(rule.get("InputParameters") or "{}"),
                "frequency": rule.get("MaximumExecutionFrequency"),
                "tags": tags_of(config.list_tags_for_resource(ResourceArn=arn)),
            }
            self.add("config rule", [arn, *self.generated(name)], facts["name"], facts)


def sets(pattern):
    """Returns an event pattern; the order of its values has no meaning."""
    if isinstance(pattern, dict):
        return {key: sets(member) for key, member in pattern.items()}
    return Set(pattern) if isinstance(pattern, list) else pattern
