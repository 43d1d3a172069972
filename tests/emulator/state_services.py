"""Reads the services around sessions for `state`: keys, logs, documents, patching, buckets, topics, events, trails."""

import json

from botocore.exceptions import ClientError
from state_forms import Set, explicit, policy, tags_of


def clean(value):
    """Without the members that are empty: an answer has them or not as it likes."""
    if isinstance(value, dict):
        members = {key: clean(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member not in (None, "", [], {})}
    return [clean(item) for item in value] if isinstance(value, list) else value


def but(value, *names):
    return {key: member for key, member in value.items() if key not in (*names, "ResponseMetadata")}


def targets(found):
    return Set({"key": it["Key"], "values": Set(it["Values"])} for it in found or [])


class Services:
    """A part of State."""

    def read_services(self):
        self.read_keys()
        self.read_logs()
        self.read_documents()
        self.read_associations()
        self.read_patching()
        self.read_windows()
        self.read_buckets()
        self.read_topics()
        self.read_events()
        self.read_alarms()
        self.read_trails()
        self.read_flow_logs()
        self.read_rules()

    def read_keys(self):
        """Keys that wait for their deletion are gone."""
        kms = self.server.client("kms")
        for key in self.server.all("kms", "list_keys", "Keys"):
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
        for alias in self.server.all("kms", "list_aliases", "Aliases"):
            if alias.get("TargetKeyId") and not alias["AliasName"].startswith("alias/aws/"):
                self.add("alias", [alias["AliasArn"]], alias["AliasName"], {"key": alias["TargetKeyId"]})

    def read_logs(self):
        logs = self.server.client("logs")
        for group in self.server.all("logs", "describe_log_groups", "logGroups"):
            name = group["logGroupName"]
            facts = {
                "name": explicit(name),
                "retention": group.get("retentionInDays", "never"),
                "key": group.get("kmsKeyId"),
                "class": group["logGroupClass"],
                "tags": logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"],
            }
            self.add("log group", [group["logGroupArn"], *self.generated(name)], facts["name"], facts)
        for found in self.server.all("logs", "describe_metric_filters", "metricFilters"):
            metrics = [{"unit": "None", **it} for it in found["metricTransformations"]]
            facts = {"group": found["logGroupName"], "pattern": found["filterPattern"], "metrics": clean(metrics)}
            self.add("metric filter", [], explicit(found["filterName"]), facts)

    def ssm_tags(self, kind, identifier):
        found = self.server.client("ssm").list_tags_for_resource(ResourceType=kind, ResourceId=identifier)
        return tags_of(found, "TagList")

    def read_documents(self):
        ssm = self.server.client("ssm")
        for found in self.server.all("ssm", "list_documents", "DocumentIdentifiers"):
            name = found["Name"]
            described = ssm.describe_document(Name=name)["Document"]
            content = ssm.get_document(Name=name, DocumentFormat="JSON")["Content"]
            facts = {
                "name": explicit(name),
                "type": described["DocumentType"],
                "format": described["DocumentFormat"],
                "target type": described.get("TargetType"),
                "content": json.loads(content),
                "latest version is the default": described["LatestVersion"] == described["DefaultVersion"],
                "tags": self.ssm_tags("Document", name),
            }
            self.add("document", self.generated(name), facts["name"], facts)

    def read_associations(self):
        ssm = self.server.client("ssm")
        for found in self.server.all("ssm", "list_associations", "Associations"):
            identifier = found["AssociationId"]
            whole = ssm.describe_association(AssociationId=identifier)["AssociationDescription"]
            facts = {
                **but(whole, "AssociationId", "AssociationVersion", "Date", "LastUpdateAssociationDate", "Overview"),
                "Targets": targets(whole.get("Targets")),
                "tags": self.ssm_tags("Association", identifier),
            }
            name = whole.get("AssociationName", whole["Name"])
            self.add("association", [identifier], name, clean(facts))

    def read_patching(self):
        """The baselines of the account, with the groups of instances and whether they are the default."""
        ssm = self.server.client("ssm")
        own = [{"Key": "OWNER", "Values": ["Self"]}]
        for found in self.server.all("ssm", "describe_patch_baselines", "BaselineIdentities", Filters=own):
            identifier = found["BaselineId"]
            whole = ssm.get_patch_baseline(BaselineId=identifier)
            rules = [
                {**rule, "PatchFilterGroup": targets_of_patches(rule["PatchFilterGroup"])}
                for rule in whole["ApprovalRules"]["PatchRules"]
            ]
            facts = {
                **but(whole, "BaselineId", "CreatedDate", "ModifiedDate"),
                "ApprovalRules": rules,
                "GlobalFilters": targets_of_patches(whole["GlobalFilters"]),
                "PatchGroups": Set(whole.get("PatchGroups", [])),
                "default": found["DefaultBaseline"],
                "tags": self.ssm_tags("PatchBaseline", identifier),
            }
            self.add("baseline", [identifier], whole["Name"], clean(facts))

    def read_windows(self):
        ssm = self.server.client("ssm")
        for found in self.server.all("ssm", "describe_maintenance_windows", "WindowIdentities"):
            identifier = found["WindowId"]
            whole = ssm.get_maintenance_window(WindowId=identifier)
            facts = but(whole, "WindowId", "CreatedDate", "ModifiedDate", "NextExecutionTime")
            facts["tags"] = self.ssm_tags("MaintenanceWindow", identifier)
            self.add("window", [identifier], whole["Name"], clean(facts))
            me = {"WindowId": identifier}
            for target in self.server.all("ssm", "describe_maintenance_window_targets", "Targets", **me):
                facts = {**but(target, "WindowTargetId"), "Targets": targets(target["Targets"])}
                self.add("window target", [target["WindowTargetId"]], target.get("Name", ""), clean(facts))
            for task in self.server.all("ssm", "describe_maintenance_window_tasks", "Tasks", **me):
                whole = ssm.get_maintenance_window_task(WindowTaskId=task["WindowTaskId"], **me)
                facts = {**but(whole, "WindowTaskId"), "Targets": targets(whole.get("Targets"))}
                self.add("window task", [task["WindowTaskId"]], task.get("Name", ""), clean(facts))

    def read_buckets(self):
        s3 = self.server.client("s3")

        def part(operation, member, bucket):
            """One of the bucket's settings, or nothing."""
            try:
                return getattr(s3, operation)(Bucket=bucket).get(member)
            except ClientError as error:
                if "NoSuch" in error.response["Error"]["Code"] or "NotFound" in error.response["Error"]["Code"]:
                    return None
                raise

        for found in self.server.client("s3").list_buckets()["Buckets"]:
            name = found["Name"]
            document = part("get_bucket_policy", "Policy", name)
            encryption = part("get_bucket_encryption", "ServerSideEncryptionConfiguration", name) or {}
            tags = part("get_bucket_tagging", "TagSet", name)
            rules = part("get_bucket_lifecycle_configuration", "Rules", name) or []
            facts = {
                "name": explicit(name),
                "encryption": encryption.get("Rules"),
                "versioning": part("get_bucket_versioning", "Status", name),
                "public access block": part("get_public_access_block", "PublicAccessBlockConfiguration", name),
                "ownership": (part("get_bucket_ownership_controls", "OwnershipControls", name) or {}).get("Rules"),
                "lifecycle": {rule["ID"]: lifecycle(rule) for rule in rules},
                "logging": part("get_bucket_logging", "LoggingEnabled", name),
                "locks": (part("get_object_lock_configuration", "ObjectLockConfiguration", name) or {}).get(
                    "ObjectLockEnabled"
                ),
                "events": "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=name),
                "policy": policy(document) if document else None,
                "tags": tags_of({"Tags": tags}),
            }
            self.add("bucket", self.generated(name), facts["name"], facts)

    def read_topics(self):
        sns = self.server.client("sns")
        for found in self.server.all("sns", "list_topics", "Topics"):
            arn = found["TopicArn"]
            whole = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            subscriptions = Set()
            for one in self.server.all("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn):
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
        events = self.server.client("events")
        for rule in self.server.all("events", "list_rules", "Rules"):
            name = rule["Name"]
            aims = Set()
            for target in self.server.all("events", "list_targets_by_rule", "Targets", Rule=name):
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
        cloudwatch = self.server.client("cloudwatch")
        for alarm in self.server.all("cloudwatch", "describe_alarms", "MetricAlarms"):
            arn, name = alarm["AlarmArn"], alarm["AlarmName"]
            told = [key for key in alarm if key.startswith("State")]
            facts = {"TreatMissingData": "missing"} | but(alarm, *told, "AlarmArn", "AlarmConfigurationUpdatedTimestamp")
            for member in ("AlarmActions", "OKActions", "InsufficientDataActions", "Dimensions"):
                facts[member] = Set(facts.get(member, []))
            facts |= {"AlarmName": explicit(name), "tags": tags_of(cloudwatch.list_tags_for_resource(ResourceARN=arn))}
            self.add("alarm", [arn, *self.generated(name)], facts["AlarmName"], clean(facts))

    def read_trails(self):
        trails = self.server.client("cloudtrail")
        for trail in trails.describe_trails()["trailList"]:
            name = {"Name": trail["TrailARN"]}
            selectors = trails.get_event_selectors(TrailName=trail["TrailARN"])
            facts = {
                **but(trail, "TrailARN"),
                "Name": explicit(trail["Name"]),
                "logging": trails.get_trail_status(**name)["IsLogging"],
                "selectors": clean(selectors.get("EventSelectors")),
                "advanced selectors": clean(selectors.get("AdvancedEventSelectors")),
                "tags": tags_of(trails.list_tags(ResourceIdList=[trail["TrailARN"]])["ResourceTagList"][0], "TagsList"),
            }
            ids = [trail["TrailARN"], *self.generated(trail["Name"])]
            self.add("trail", ids, facts["Name"], facts)

    def read_flow_logs(self):
        for flow in self.server.all("ec2", "describe_flow_logs", "FlowLogs"):
            facts = {
                "of": flow["ResourceId"],
                "traffic": flow["TrafficType"],
                "kind": flow["LogDestinationType"],
                "destination": (flow.get("LogDestination") or flow.get("LogGroupName", "")).removesuffix(":*"),
                "role": flow.get("DeliverLogsPermissionArn"),
                "format": flow["LogFormat"],
                "interval": flow["MaxAggregationInterval"],
                "options": flow.get("DestinationOptions"),
                "tags": tags_of(flow),
            }
            self.add("flow log", [flow["FlowLogId"]], tags_of(flow).get("Name", ""), facts)

    def read_rules(self):
        config = self.server.client("config")
        for rule in self.server.all("config", "describe_config_rules", "ConfigRules"):
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


def targets_of_patches(group):
    return Set({"key": it["Key"], "values": Set(it["Values"])} for it in group.get("PatchFilters", []))


def sets(pattern):
    """The values in a pattern of events mean the same in any order."""
    if isinstance(pattern, dict):
        return {key: sets(member) for key, member in pattern.items()}
    return Set(pattern) if isinstance(pattern, list) else pattern


def lifecycle(rule):
    """No filter, an empty one and an empty prefix mean all objects."""
    found = but(rule, "ID", "Filter", "Prefix")
    filtered = dict(rule.get("Filter", {}))
    prefix = rule.get("Prefix") or filtered.pop("Prefix", "")
    found["objects"] = {"prefix": prefix, **filtered}
    for name in ("Transitions", "NoncurrentVersionTransitions"):
        if name in found:
            found[name] = Set(found[name])
    return found
