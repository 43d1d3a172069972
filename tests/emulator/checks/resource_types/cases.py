"""Checks of the resource types: one stack of all of them, with both tools.

Both tools deploy to separate emulators. The states, read through the API, must be equal, and the second plan empty. Each
property in `changes.CHANGES` must show as a difference when it changes, and the old template must restore equal states.
After the deletion only retained resources exist. The checks show that the emulator and `account_state` see these properties.
They do not show that AWS accepts the values.
"""

import copy
import json
import time
from concurrent.futures import ThreadPoolExecutor

from account_state import State, differences
from check import Check
from harness.outcomes import Failure, require
from harness.stacks import STACK, deploy_stack, stack, stack_outputs
from harness.world import seed, with_ids
from resource_types.changes import CHANGES, changed
from resource_types.module import module
from resource_types.template import resource, template
from resource_types.values import (
    ACCESS_BUCKET,
    COMMAND,
    GROUP,
    INSTANCE,
    LIFECYCLE,
    LOG_BUCKET,
    SESSION,
    TOPIC,
    arn,
    bucket_arn,
    document,
    tls_only,
)

# AWS resources of the world that every case has, by the first word of their label.
WORLD = ("vpc", "subnet", "route table", "group", "instance", "template", "endpoint")


class StateCheck(Check):
    def same(self, left, right, text):
        lines = differences(left.things, right.things) + differences(left.outputs, right.outputs, "outputs")
        self(not lines, text, "\n    ".join(["", *lines]))

    def differ(self, left, right):
        """Expects the differences of the changes, and nothing else."""
        lines = differences(left.things, right.things)
        prefixes = [change[0] for change in CHANGES]
        for prefix in prefixes:
            self(any(line.startswith(prefix) for line in lines), f"a change of {prefix} shows")
        others = [line for line in lines if not line.startswith(tuple(prefixes))]
        self(not others, "nothing else changes", others)

    def retained(self, state):
        """Expects the resources of the world and the retained log group."""
        names = [name for name in state.things if not name.startswith(tuple(f"{kind} " for kind in WORLD))]
        self(names == ["log group /sessions/kept"], "resources after the deletion", names)

    def waiting_periods(self, emulator):
        """Expects that the keys wait 7 days for their deletion."""
        kms, found = emulator.client("kms"), []
        for key in emulator.list_all("kms", "list_keys", "Keys"):
            metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if "DeletionDate" in metadata:
                found.append(round((metadata["DeletionDate"].timestamp() - time.time()) / 86400))
        self(found and set(found) == {7}, "the waiting period of the key", found)


def world(emulator):
    """Creates the resources that exist before, among them a managed instance."""
    ids = seed(emulator, json.dumps([template(), module()]))
    made = emulator.client("ec2").run_instances(
        ImageId=ids["ami-0aaaaaaaaaaaaaaa1"], SubnetId=ids["subnet-0aaaaaaaaaaaaaaa1"], MinCount=1, MaxCount=1
    )
    return {**ids, INSTANCE: made["Instances"][0]["InstanceId"]}


class WithCloudFormation:
    def __init__(self, emulator):
        self.emulator, self.ids = emulator, world(emulator)

    def deploy(self, body, update=False):
        deploy_stack(self.emulator, with_ids(json.dumps(body), self.ids), {}, update)
        return self.state()

    def state(self):
        return State(self.emulator, self.ids, stack_outputs(self.emulator))

    def delete(self):
        cloudformation = self.emulator.client("cloudformation")
        identifier = stack(self.emulator)["StackId"]
        cloudformation.delete_stack(StackName=STACK)
        status = final_status(cloudformation, identifier)
        if status != "DELETE_COMPLETE":
            raise Failure(f"CloudFormation: {status}")
        return State(self.emulator, self.ids, {})


def final_status(cloudformation, name):
    while True:
        status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(0.05)


class WithTerraform:
    """The provider waits 55 seconds for each change of lifecycle rules, whatever the server returns.

    So the API puts the rules and Terraform only imports them, except with --thorough.
    """

    def __init__(self, emulator, tool, thorough):
        self.emulator, self.tool, self.thorough = emulator, tool, thorough
        self.ids = world(emulator)

    def apply(self, files):
        self.tool.write(with_ids(json.dumps(files, indent=1), self.ids), keep_state=True)
        output = self.tool.apply(self.emulator, "-parallelism=30")
        return next(line for line in output.splitlines() if line.startswith("Apply complete!"))

    def put_rules(self, files):
        """Puts the rules in the provider's form: an empty prefix for an empty filter."""
        rules = []
        for rule in files["resource"][LIFECYCLE]["log"]["rule"]:
            found = {"ID": rule["id"], "Status": rule["status"], "Filter": {"Prefix": rule["filter"].get("prefix", "")}}
            if "expiration" in rule:
                found["Expiration"] = {"Days": rule["expiration"]["days"]}
                days = rule["noncurrent_version_expiration"]["noncurrent_days"]
                found["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
                days = rule["abort_incomplete_multipart_upload"]["days_after_initiation"]
                found["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
            if "transition" in rule:
                move = rule["transition"]
                found["Transitions"] = [{"Days": move["days"], "StorageClass": move["storage_class"]}]
            rules.append(found)
        self.emulator.client("s3").put_bucket_lifecycle_configuration(
            Bucket=LOG_BUCKET, LifecycleConfiguration={"Rules": rules}
        )

    def deploy(self, files):
        """Applies twice; the second run must change nothing."""
        if self.thorough:
            self.apply(files)
            again, wanted = self.apply(files), "0 added, 0 changed"
        else:
            first = copy.deepcopy(files)
            del first["resource"][LIFECYCLE]
            self.apply(first)
            self.put_rules(files)
            files = {**files, "import": {"to": f"{LIFECYCLE}.log", "id": LOG_BUCKET}}
            again, wanted = self.apply(files), "1 imported, 0 added, 0 changed"
        if wanted not in again:
            raise Failure(f"terraform: the second plan is not empty: {again}\n{self.tool.plan(self.emulator)}")
        return self.state()

    def state(self):
        return State(self.emulator, self.ids, self.tool.outputs())

    def states(self, files, other_files):
        """Returns the states after the deployment, after the changes (with --thorough), and after the deletion."""
        first, second = self.deploy(files), None
        if self.thorough:
            self.apply(other_files)
            second = self.state()
        self.tool.destroy(self.emulator, "-refresh=false", "-parallelism=30")
        return first, second, State(self.emulator, self.ids, {})


def both_tools(check, pair, thorough):
    """Deploys with both tools, changes every property, changes it back, and deletes."""
    require("terraform")
    body, files = template(), module()
    other_body, other_files = changed(body, files)
    cloudformation = WithCloudFormation(pair.cloudformation)
    terraform = WithTerraform(pair.terraform, pair.tool, thorough)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(terraform.states, files, other_files)
        first = cloudformation.deploy(body)
        second = cloudformation.deploy(other_body, update=True)
        check.differ(second, first)
        check.same(cloudformation.deploy(body, update=True), first, "the changes are undone")
        check.retained(cloudformation.delete())
        right, changed_right, nothing = waiting.result()
        check.same(first, right, "both tools leave the same state")
        if changed_right:
            check.same(second, changed_right, "both tools leave the same state after the changes")
        check.retained(nothing)
    for emulator in (pair.cloudformation, pair.terraform):
        check.waiting_periods(emulator)


def api_rejections(check, pair, thorough):
    """The API rejects invalid requests, which leave no resources."""
    emulator = pair.cloudformation
    cloudformation = WithCloudFormation(emulator)
    before = cloudformation.deploy(template())
    reject_logs_and_keys(check, emulator)
    reject_systems_manager(check, emulator)
    reject_buckets_and_trails(check, emulator)
    check.same(before, cloudformation.state(), "rejected requests leave no resources")


def reject_logs_and_keys(check, emulator):
    logs, kms = emulator.client("logs"), emulator.client("kms")
    key = kms.describe_key(KeyId="alias/sessions")["KeyMetadata"]["Arn"]
    absent = key[:-36] + "00000000-0000-0000-0000-000000000000"
    for wrong in (absent, key):
        # The policy of the second key is for another log group.
        check.rejects_call("InvalidParameterException", logs.create_log_group, logGroupName="/other", kmsKeyId=wrong)
    check.rejects_call("ResourceAlreadyExistsException", logs.create_log_group, logGroupName=GROUP)
    check.rejects_call("InvalidParameterException", logs.create_log_group, logGroupName="aws/x")
    check.rejects_call("InvalidParameterException", logs.put_retention_policy, logGroupName=GROUP, retentionInDays=31)
    metric = {"metricName": "a", "metricNamespace": "b", "metricValue": "1"}
    for code, group in (("ResourceNotFoundException", "/none"), ("InvalidParameterException", "/sessions/rare")):
        check.rejects_call(
            *(code, logs.put_metric_filter),
            filterName="f",
            filterPattern="",
            logGroupName=group,
            metricTransformations=[metric],
        )


def reject_systems_manager(check, emulator):
    ssm = emulator.client("ssm")

    def document_of(content, name="another", kind="Session"):
        return {"Name": name, "DocumentType": kind, "Content": json.dumps(content)}

    check.rejects_call("DocumentAlreadyExists", ssm.create_document, **document_of(SESSION, "SSM-SessionManagerRunShell"))
    check.rejects_call("InvalidDocumentContent", ssm.create_document, **document_of({"schemaVersion": "1.0"}))
    check.rejects_call("ValidationException", ssm.create_document, **document_of(COMMAND, "AWS-Mine", "Command"))
    aim = [{"Key": "tag:a", "Values": ["b"]}]
    for code, more in (
        ("InvalidDocument", {"Name": "AWS-Nothing", "Targets": aim}),
        ("InvalidParameters", {"Name": "AWS-RunPatchBaseline", "Targets": aim, "Parameters": {"operation": ["Scan"]}}),
        ("InvalidSchedule", {"Name": "AWS-UpdateSSMAgent", "Targets": aim, "ScheduleExpression": "rate(10 minutes)"}),
        ("InvalidTarget", {"Name": "AWS-UpdateSSMAgent", "Targets": [{"Key": "Team", "Values": ["b"]}]}),
    ):
        check.rejects_call(code, ssm.create_association, **more)
    baseline = ssm.describe_patch_groups()["Mappings"][0]["BaselineIdentity"]["BaselineId"]
    check.rejects_call(
        *("AlreadyExistsException", ssm.register_patch_baseline_for_patch_group), BaselineId=baseline, PatchGroup="linux"
    )
    check.rejects_call("ResourceInUseException", ssm.delete_patch_baseline, BaselineId=baseline)


def reject_buckets_and_trails(check, emulator):
    s3, kms = emulator.client("s3"), emulator.client("kms")
    for policy in ("{", json.dumps(document(tls_only("other"))), json.dumps(document({"Effect": "Allow"}))):
        check.rejects_call("MalformedPolicy", s3.put_bucket_policy, Bucket=LOG_BUCKET, Policy=policy)
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": bucket_arn(LOG_BUCKET, "/*")}
    check.rejects_call("AccessDenied", s3.put_bucket_policy, Bucket=LOG_BUCKET, Policy=json.dumps(document(everybody)))
    trails = emulator.client("cloudtrail")
    check.rejects_call("InsufficientS3BucketPolicyException", trails.create_trail, Name="other", S3BucketName=ACCESS_BUCKET)
    check.rejects_call("TrailAlreadyExistsException", trails.create_trail, Name="sessions", S3BucketName=LOG_BUCKET)
    closed = json.dumps(document({"Effect": "Allow", "Principal": {"Service": "x"}, "Action": "*", "Resource": "*"}))
    check.rejects_call("MalformedPolicyDocumentException", kms.create_key, Policy=closed)
    check.rejects_call("MalformedPolicyDocumentException", kms.create_key, Policy="text")
    sns = emulator.client("sns")
    check.rejects_call(
        *("InvalidParameter", sns.set_topic_attributes), TopicArn=TOPIC, AttributeName="Policy", AttributeValue="{}"
    )
    config = emulator.client("config")
    rule = {"ConfigRuleName": "r", "Source": {"Owner": "AWS", "SourceIdentifier": "NO_SUCH_RULE"}}
    check.rejects_call("InvalidParameterValueException", config.put_config_rule, ConfigRule=rule)
    ec2 = emulator.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    common = {"ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "ALL"}
    role = arn("iam", "role/none", "")
    check.rejects_call(
        *("InvalidParameterValue", ec2.create_flow_logs), LogGroupName="/x", DeliverLogsPermissionArn=role, **common
    )


def deletion_policies(check, pair, thorough):
    """Deletion policies after a rollback, and replacements of resources with custom names."""
    emulator = pair.cloudformation
    client = emulator.client("cloudformation")

    def group(policy=None, **more):
        found = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/left/{policy}", **more}}
        return {**found, "DeletionPolicy": policy} if policy else found

    def wanted(kinds, **more):
        broken = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "aws/refused"}, "DependsOn": list(kinds)}
        return json.dumps({"Resources": {**{kind: group(kind) for kind in kinds}, "Broken": broken, **more}})

    def names():
        found = emulator.client("logs").describe_log_groups(logGroupNamePrefix="/left/")["logGroups"]
        return sorted(it["logGroupName"] for it in found)

    kinds = ("Delete", "Retain", "RetainExceptOnCreate")
    check.rejects_call("ValidationError", client.create_stack, StackName="new", TemplateBody=wanted(kinds))
    check(names() == ["/left/Retain"], "resources after the rollback of a creation", names())
    emulator.client("logs").delete_log_group(logGroupName="/left/Retain")
    base = {"Base": group("base")}
    base["Base"].pop("DeletionPolicy")
    client.create_stack(StackName="old", TemplateBody=json.dumps({"Resources": base}))
    check.rejects_call("ValidationError", client.update_stack, StackName="old", TemplateBody=wanted(kinds, **base))
    check(names() == ["/left/Retain", "/left/base"], "resources after the rollback of an update", names())
    emulator.client("logs").delete_log_group(logGroupName="/left/Retain")
    both = {"Resources": {**base, **{kind: group(kind) for kind in kinds}}}
    client.update_stack(StackName="old", TemplateBody=json.dumps(both))
    client.update_stack(StackName="old", TemplateBody=json.dumps({"Resources": base}))
    left = ["/left/Retain", "/left/RetainExceptOnCreate", "/left/base"]
    check(names() == left, "resources after the removal from the template", names())

    def preferences(minutes, **more):
        content = {**SESSION, "inputs": {"idleSessionTimeout": minutes}}
        made = resource("SSM::Document", Name="prefs", DocumentType="Session", Content=content, **more)
        return json.dumps({"Resources": {"Preferences": made}})

    client.create_stack(StackName="prefs", TemplateBody=preferences("5"))
    check.rejects_call("ValidationError", client.update_stack, StackName="prefs", TemplateBody=preferences("6"))
    client.update_stack(StackName="prefs", TemplateBody=preferences("5", UpdateMethod="NewVersion"))
    client.update_stack(StackName="prefs", TemplateBody=preferences("7", UpdateMethod="NewVersion"))
    described = emulator.client("ssm").describe_document(Name="prefs")["Document"]
    found = {member: described[member] for member in ("DefaultVersion", "LatestVersion")}
    check(found == {"DefaultVersion": "2", "LatestVersion": "2"}, "a new version of a document", found)


CASES = [both_tools, api_rejections, deletion_policies]
