"""Checks of the control plane: change sets, operations, events, rollback, deletion, drift.

The checks show that the emulator works as its modules document. Only documentation shows that AWS does the same.
"""

import json
import time

from botocore.exceptions import ClientError
from check import Check

FINAL = ("_COMPLETE", "_FAILED")


class ControlPlane(Check):
    """Checks with calls of CloudFormation."""

    def __init__(self, emulator):
        super().__init__()
        self.emulator, self.number = emulator, 0
        self.client = emulator.client("cloudformation")

    def rejects(self, code, message, operation, **parameters):
        try:
            self(False, f"{operation} is rejected", getattr(self.client, operation)(**parameters))
        except ClientError as error:
            found = error.response["Error"]
            self.equal((found["Code"], found["Message"]), (code, message), f"{operation} is rejected")
            return error

    def propose(self, stack, template, kind="UPDATE", **more):
        self.number += 1
        more = {"ChangeSetName": f"c{self.number}", "TemplateBody": json.dumps(template), **more}
        made = self.client.create_change_set(StackName=stack, ChangeSetType=kind, **more)
        return wait(lambda: self.client.describe_change_set(ChangeSetName=made["Id"]), lambda it: settled(it["Status"]))

    def execute(self, change_set, **more):
        self.client.execute_change_set(ChangeSetName=change_set["ChangeSetId"], **more)
        return self.settle(change_set["StackId"])

    def settle(self, stack):
        return wait(lambda: self.stack(stack), lambda it: settled(it["StackStatus"]))

    def deploy(self, stack, template, kind="UPDATE", token=None, disable=False, **more):
        change_set = self.propose(stack, template, kind, **more)
        self.equal(change_set.get("StatusReason"), None, f"change set of {stack}")
        return self.execute(change_set, ClientRequestToken=token or f"token-{self.number}", DisableRollback=disable)

    def stack(self, name):
        return self.client.describe_stacks(StackName=name)["Stacks"][0]

    def events(self, stack, token=None):
        """Returns logical ID, status and reason, oldest first; with a token, of one operation."""
        found = self.emulator.list_all("cloudformation", "describe_stack_events", "StackEvents", StackName=stack)
        found = [it for it in reversed(found) if token is None or it.get("ClientRequestToken") == token]
        return [(it["LogicalResourceId"], it["ResourceStatus"], it.get("ResourceStatusReason")) for it in found]

    def physical(self, stack, name):
        found = self.client.describe_stack_resource(StackName=stack, LogicalResourceId=name)["StackResourceDetail"]
        return found["PhysicalResourceId"]

    def statuses(self, stack):
        found = self.client.describe_stack_resources(StackName=stack)["StackResources"]
        return {it["LogicalResourceId"]: it["ResourceStatus"] for it in found}


def settled(status):
    return status == "FAILED" or (status.endswith(FINAL) and "IN_PROGRESS" not in status)


def wait(look, done, seconds=10):
    """Calls `look` until its result is `done`, and returns the result."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if done(found) or time.monotonic() > end:
            return found
        time.sleep(0.02)


def ref(name):
    return {"Ref": name}


def network(second="10.0.1.0/24", name="group"):
    tags = [{"Key": "Name", "Value": name}]
    return {
        "Description": "a network",
        "Resources": {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "First": subnet("10.0.0.0/24"),
            "Second": subnet(second),
            "Group": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"GroupDescription": "a group", "VpcId": ref("Vpc"), "Tags": tags},
            },
        },
        "Outputs": {"VpcId": {"Value": ref("Vpc"), "Description": "the network"}},
    }


def subnet(block):
    return {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": ref("Vpc"), "CidrBlock": block}}


def fails(template, name, **wishes):
    template["Resources"][name].setdefault("Metadata", {})["Emulator"] = wishes
    return template


def creation(check):
    client = check.client
    made = client.create_change_set(
        StackName="net", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=json.dumps(network()), ClientToken="t"
    )
    check.equal(check.stack("net")["StackStatus"], "REVIEW_IN_PROGRESS", "a new stack")
    again = client.create_change_set(
        StackName="net", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=json.dumps(network()), ClientToken="t"
    )
    check.equal((again["Id"], again["StackId"]), (made["Id"], made["StackId"]), "the same token")
    check.rejects(
        *("AlreadyExistsException", "ChangeSet first already exists", "create_change_set"),
        StackName="net",
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(network()),
    )
    second = check.propose("net", network(), "CREATE")
    check.equal(second["StackId"], made["StackId"], "a second change set is for the same stack")
    check.equal(len(client.list_change_sets(StackName="net")["Summaries"]), 2, "both are listed")
    check.equal(second["ExecutionStatus"], "AVAILABLE", "execution status")
    actions = [it["ResourceChange"]["Action"] for it in second["Changes"]]
    check.equal(actions, ["Add"] * 4, "the change set adds everything")
    stack = check.execute(second, ClientRequestToken="create")
    check.equal(stack["StackStatus"], "CREATE_COMPLETE", "creation")
    check.equal(stack["StackId"], made["StackId"], "the identifier stays")
    check.equal(stack["Outputs"][0]["OutputValue"], check.physical("net", "Vpc"), "output")
    client.execute_change_set(ChangeSetName=second["ChangeSetId"], ClientRequestToken="create")
    text = f"ChangeSet [{second['ChangeSetId']}] cannot be executed in its current execution status of [EXECUTE_COMPLETE]"
    check.rejects(
        *("InvalidChangeSetStatus", text, "execute_change_set"),
        ChangeSetName=second["ChangeSetId"],
        ClientRequestToken="another",
    )
    error = check.rejects(
        *("ChangeSetNotFound", "ChangeSet [first] does not exist", "describe_change_set"),
        ChangeSetName="first",
        StackName="net",
    )
    check.equal(error.response["ResponseMetadata"]["HTTPStatusCode"], 404, "absent change set")
    events = check.events("net", "create")
    check.equal(events[0], ("net", "CREATE_IN_PROGRESS", "User Initiated"), "first event")
    check.equal(events[-1], ("net", "CREATE_COMPLETE", None), "last event")
    wanted = [("CREATE_IN_PROGRESS", None), ("CREATE_IN_PROGRESS", "Resource creation Initiated"), ("CREATE_COMPLETE", None)]
    check.equal([it[1:] for it in events if it[0] == "Group"], wanted, "events of a resource")
    check.equal(set(check.statuses("net").values()), {"CREATE_COMPLETE"}, "statuses of resources")
    check.equal(client.get_template(StackName="net")["TemplateBody"], json.loads(json.dumps(network())), "template")
    name = second["ChangeSetName"]
    check.rejects(
        *("ValidationError", "Stack [net] already exists and cannot be created again with the changeSet [x]."),
        "create_change_set",
        StackName="net",
        ChangeSetName="x",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(network()),
    )
    check.equal(client.list_change_sets(StackName="net")["Summaries"][0]["ChangeSetName"], name, "the executed one remains")


def change(check):
    check.deploy("net", network(), "CREATE")
    same = check.propose("net", {**network(), "Description": "another description"})
    reason = "The submitted information didn't contain changes. Submit different information to create a change set."
    check.equal((same["Status"], same["StatusReason"]), ("FAILED", reason), "no changes")
    check.equal(same["ExecutionStatus"], "UNAVAILABLE", "no changes")
    text = f"ChangeSet [{same['ChangeSetId']}] cannot be executed in its current status of [FAILED]"
    check.rejects("InvalidChangeSetStatus", text, "execute_change_set", ChangeSetName=same["ChangeSetId"])
    old, group = check.physical("net", "Second"), check.physical("net", "Group")
    found = check.propose("net", network("10.0.9.0/24", "renamed"))
    other = check.propose("net", network("10.0.8.0/24"))
    changes = {it["ResourceChange"]["LogicalResourceId"]: it["ResourceChange"] for it in found["Changes"]}
    check.equal(set(changes), {"Second", "Group"}, "changed resources")
    check.equal((changes["Second"]["Replacement"], changes["Group"]["Replacement"]), ("True", "False"), "replacement")
    check.equal(changes["Second"]["Details"][0]["Target"]["RequiresRecreation"], "Always", "recreation")
    stack = check.execute(found, ClientRequestToken="update")
    check.equal(stack["StackStatus"], "UPDATE_COMPLETE", "update")
    new = check.physical("net", "Second")
    check(new != old, "the subnet is replaced")
    check.equal(check.physical("net", "Group"), group, "the security group is retained")
    events = check.events("net", "update")
    replaces = "Requested update requires the creation of a new physical resource; hence creating one."
    check(("Second", "UPDATE_IN_PROGRESS", replaces) in events, "event of the replacement", events)
    statuses = [it[1] for it in events if it[0] == "net"]
    wanted = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    check.equal(statuses, wanted, "statuses of the stack")
    check(("Second", "DELETE_COMPLETE", None) in events, "the old subnet is deleted", events)
    check.equal(check.statuses("net")["Second"], "UPDATE_COMPLETE", "status of the replaced resource")
    subnets = check.emulator.client("ec2").describe_subnets()["Subnets"]
    check(old not in {it["SubnetId"] for it in subnets}, "the old subnet is deleted")
    name = other["ChangeSetId"]
    check.rejects("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", "describe_change_set", ChangeSetName=name)


def dynamic(check):
    """A change set contains the resources that refer to a replaced one."""
    check.deploy("net", network("10.0.9.0/24", "renamed"), "CREATE")
    template = network("10.0.9.0/24", "renamed")
    template["Resources"]["Vpc"]["Properties"]["CidrBlock"] = "10.0.0.0/17"
    found = check.propose("net", template, IncludeNestedStacks=False)
    changes = {it["ResourceChange"]["LogicalResourceId"]: it["ResourceChange"] for it in found["Changes"]}
    check.equal({name: it["Replacement"] for name, it in changes.items()}["First"], "Conditional", "dynamic replacement")
    detail = changes["First"]["Details"][0]
    wanted = ("Dynamic", "ResourceReference", "Vpc")
    check.equal((detail["Evaluation"], detail["ChangeSource"], detail["CausingEntity"]), wanted, "dynamic detail")
    check.client.delete_change_set(ChangeSetName=found["ChangeSetId"])
    check.client.delete_change_set(ChangeSetName=found["ChangeSetId"])


def parameters(check):
    template = network()
    template["Parameters"] = {"Block": {"Type": "String"}, "Name": {"Type": "String", "Default": "one", "MaxLength": 5}}
    template["Resources"]["First"]["Properties"]["CidrBlock"] = ref("Block")
    template["Resources"]["Group"]["Properties"]["Tags"] = [{"Key": "Name", "Value": ref("Name")}]

    def values(**given):
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]

    def rejected(message, *given):
        arguments = {"StackName": "par", "ChangeSetName": "x", "ChangeSetType": "CREATE", "Parameters": list(given)}
        check.rejects("ValidationError", message, "create_change_set", TemplateBody=json.dumps(template), **arguments)

    rejected("Parameters: [Block] must have values")
    rejected("Parameters: [Else] do not exist in the template", *values(Block="10.0.0.0/24", Else="x"))
    rejected("Parameter 'Name' must contain at most 5 characters", *values(Block="10.0.0.0/24", Name="longer"))
    stack = check.deploy(
        "par", template, "CREATE", Parameters=values(Block="10.0.0.0/24"), Tags=[{"Key": "Team", "Value": "a"}]
    )
    check.equal(stack["StackStatus"], "CREATE_COMPLETE", "with parameters")
    check.equal(stack["Tags"], [{"Key": "Team", "Value": "a"}], "tags")
    previous = {"ParameterKey": "Block", "UsePreviousValue": True}
    found = check.propose("par", template, Parameters=[previous, *values(Name="two")], UsePreviousTemplate=False)
    details = [it["ResourceChange"] for it in found["Changes"]]
    check.equal([it["LogicalResourceId"] for it in details], ["Group"], "change by parameter")
    detail = details[0]["Details"][0]
    check.equal((detail["ChangeSource"], detail["CausingEntity"]), ("ParameterReference", "Name"), "cause")
    check.equal(detail["Target"], {"Attribute": "Tags", "RequiresRecreation": "Never"}, "target")
    check.equal(check.execute(found)["StackStatus"], "UPDATE_COMPLETE", "update by parameter")
    tagged = check.propose("par", template, Parameters=[previous, *values(Name="two")], Tags=[{"Key": "Team", "Value": "b"}])
    check.equal({it["ResourceChange"]["Scope"][0] for it in tagged["Changes"]}, {"Tags"}, "change of the stack's tags")


def rejections(check):
    def rejected(message, body, code="ValidationError", **more):
        arguments = {"StackName": "none", "ChangeSetName": "x", "ChangeSetType": "CREATE", **more}
        check.rejects(code, message, "create_change_set", TemplateBody=body, **arguments)

    rejected("Template format error: unsupported structure.", "text")
    rejected("Template format error: JSON not well-formed. (line 1, column 2)", "{")
    rejected("Template format error: At least one Resources member must be defined.", "{}")
    long = json.dumps(network()) + " " * 52000
    limit = "failed to satisfy constraint: Member must have length less than or equal to 51200"
    rejected(f"1 validation error detected: Value at 'templateBody' {limit}", long)
    broken = network()
    broken["Resources"]["First"]["Properties"]["VpcId"] = ref("Nothing")
    place = "[Nothing] in the Resources block of the template"
    rejected(f"Template format error: Unresolved resource dependencies {place}", json.dumps(broken))
    strange = {"Resources": {"A": {"Type": "AWS::Strange::Thing"}}}
    rejected("Template format error: Unrecognized resource types: [AWS::Strange::Thing]", json.dumps(strange))
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}}
    code = "InsufficientCapabilitiesException"
    rejected("Requires capabilities : [CAPABILITY_IAM]", json.dumps({"Resources": {"R": role}}), code)
    role["Properties"]["RoleName"] = "named"
    needs = "Requires capabilities : [CAPABILITY_NAMED_IAM]"
    rejected(needs, json.dumps({"Resources": {"R": role}}), code, Capabilities=["CAPABILITY_IAM"])
    rejected("Stack [none] does not exist", json.dumps(network()), ChangeSetType="UPDATE")
    check.rejects("ValidationError", "Stack with id none does not exist", "describe_stacks", StackName="none")
    check.rejects("ValidationError", "Stack [none] does not exist", "describe_stack_events", StackName="none")
    wished = {**network(), "Metadata": {"Emulator": {"ChangeSetFails": "as wished"}}}
    check.equal(check.propose("fail", wished, "CREATE")["StatusReason"], "as wished", "a change set that fails")
    check.client.delete_stack(StackName="fail")


def rollback(check):
    template = fails(fails(network(), "First", CreateFails="no more subnets"), "Second", Seconds=5)
    stack = check.deploy("bad", template, "CREATE", token="bad")
    check.equal(stack["StackStatus"], "ROLLBACK_COMPLETE", "rollback")
    events = check.events("bad", "bad")
    check(("First", "CREATE_FAILED", "no more subnets") in events, "the failure", events)
    check(("Second", "CREATE_FAILED", "Resource creation cancelled") in events, "a sibling", events)
    reasons = [it[2] for it in events if it[:2] == ("bad", "ROLLBACK_IN_PROGRESS")]
    check(reasons[0].startswith("The following resource(s) failed to create: [First, "), "reason", reasons)
    check(reasons[0].endswith("]. Rollback requested by user."), "reason", reasons)
    check(("Vpc", "DELETE_COMPLETE", None) in events, "the network is deleted", events)
    check.equal(set(check.statuses("bad").values()), {"DELETE_COMPLETE"}, "statuses of resources")
    message = f"Stack:{stack['StackId']} is in ROLLBACK_COMPLETE state and can not be updated."
    body = json.dumps(network())
    check.rejects("ValidationError", message, "create_change_set", StackName="bad", ChangeSetName="x", TemplateBody=body)
    check.client.delete_stack(StackName="bad")
    check.equal(check.settle(stack["StackId"])["StackStatus"], "DELETE_COMPLETE", "deletion after rollback")

    stack = check.deploy("left", fails(network(), "First", CreateFails="no"), "CREATE", disable=True)
    check.equal(stack["StackStatus"], "CREATE_FAILED", "without rollback")
    check.equal(check.statuses("left")["Vpc"], "CREATE_COMPLETE", "created resources are retained")
    check.equal(check.deploy("left", network())["StackStatus"], "UPDATE_COMPLETE", "the update of a failed stack")
    check.equal(set(it[7:] for it in check.statuses("left").values()), {"COMPLETE"}, "all resources exist")


def update_rollback(check):
    check.deploy("left", network(), "CREATE")
    before = {name: check.physical("left", name) for name in check.statuses("left")}
    template = network("10.0.7.0/24", "new name")
    template["Resources"]["Third"] = {**subnet("10.0.3.0/24"), "DependsOn": ["Second", "Group"]}
    stack = check.deploy("left", fails(template, "Third", CreateFails="not this one"), token="undo")
    check.equal(stack["StackStatus"], "UPDATE_ROLLBACK_COMPLETE", "rollback of an update")
    check.equal({name: check.physical("left", name) for name in check.statuses("left")}, before, "resources are unchanged")
    statuses = [it[1] for it in check.events("left", "undo") if it[0] == "left"]
    wanted = ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"]
    wanted += ["UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
    check.equal(statuses, wanted, "statuses of a rollback")
    body = check.client.get_template(StackName="left")["TemplateBody"]
    check.equal(body, json.loads(json.dumps(network())), "the old template is restored")
    groups = check.emulator.client("ec2").describe_security_groups(GroupIds=[before["Group"]])["SecurityGroups"]
    check.equal(groups[0]["Tags"], [{"Key": "Name", "Value": "group"}], "the old tags are restored")
    blocks = {it["CidrBlock"] for it in subnets_of(check, before["Vpc"])}
    check.equal(blocks, {"10.0.0.0/24", "10.0.1.0/24"}, "the new subnets are deleted")
    stack = check.deploy("left", fails(network(name="third"), "Group", UpdateFails="no"), disable=True)
    check.equal(stack["StackStatus"], "UPDATE_FAILED", "update without rollback")
    check.equal(check.statuses("left")["Group"], "UPDATE_FAILED", "status of the failed resource")
    check.client.rollback_stack(StackName="left")
    check.equal(check.settle("left")["StackStatus"], "UPDATE_ROLLBACK_COMPLETE", "rollback by request")
    template = fails(network(name="x"), "Group", UpdateFails="no", RollbackFails="neither")
    check.equal(check.deploy("left", template)["StackStatus"], "UPDATE_ROLLBACK_FAILED", "failed rollback")
    check.client.continue_update_rollback(StackName="left", ResourcesToSkip=["Group"])
    check.equal(check.settle("left")["StackStatus"], "UPDATE_ROLLBACK_COMPLETE", "continued rollback")


def subnets_of(check, vpc):
    return check.emulator.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]


def busy(check):
    client = check.client
    check.deploy("left", network(), "CREATE")
    found = check.propose("left", fails(network(name="slow"), "Group", Seconds=2))
    client.execute_change_set(ChangeSetName=found["ChangeSetId"], ClientRequestToken="slow")
    stack = check.stack("left")
    check.equal(stack["StackStatus"], "UPDATE_IN_PROGRESS", "busy")
    message = f"Stack:{stack['StackId']} is in UPDATE_IN_PROGRESS state and can not be updated."
    body = json.dumps(network())
    check.rejects("ValidationError", message, "create_change_set", StackName="left", ChangeSetName="x", TemplateBody=body)
    message = f"Stack [{stack['StackId']}] cannot be deleted while in status UPDATE_IN_PROGRESS"
    check.rejects("ValidationError", message, "delete_stack", StackName="left")
    name = found["ChangeSetId"]
    text = f"ChangeSet [{name}] cannot be executed in its current execution status of [EXECUTE_IN_PROGRESS]"
    check.rejects("InvalidChangeSetStatus", text, "execute_change_set", ChangeSetName=name)
    client.cancel_update_stack(StackName="left")
    check.equal(check.settle("left")["StackStatus"], "UPDATE_ROLLBACK_COMPLETE", "canceled update")
    template = fails(network(), "First", Seconds=20)
    client.execute_change_set(ChangeSetName=check.propose("stop", template, "CREATE")["ChangeSetId"])
    wait(lambda: check.statuses("stop"), lambda it: "First" in it)
    identifier = check.stack("stop")["StackId"]
    client.delete_stack(StackName="stop")
    check.equal(check.settle(identifier)["StackStatus"], "DELETE_COMPLETE", "deletion during creation")
    cancelled = ("First", "CREATE_FAILED", "Resource creation cancelled")
    check(cancelled in check.events(identifier), "the creation is canceled", check.events(identifier))


def deletion(check):
    client = check.client
    template = network()
    template["Resources"]["Group"]["DeletionPolicy"] = "Retain"
    del template["Resources"]["Group"]["Properties"]["VpcId"]
    identifier = check.deploy("del", template, "CREATE")["StackId"]
    group = check.physical("del", "Group")
    client.update_termination_protection(StackName="del", EnableTerminationProtection=True)
    check.equal(check.stack("del")["EnableTerminationProtection"], True, "protection")
    message = "Stack [del] cannot be deleted while TerminationProtection is enabled"
    check.rejects("ValidationError", message, "delete_stack", StackName="del")
    client.update_termination_protection(StackName="del", EnableTerminationProtection=False)
    client.delete_stack(StackName="del", ClientRequestToken="delete")
    client.delete_stack(StackName="del", ClientRequestToken="delete")
    check.equal(check.settle(identifier)["StackStatus"], "DELETE_COMPLETE", "deletion")
    check.rejects("ValidationError", "Stack with id del does not exist", "describe_stacks", StackName="del")
    check(("Group", "DELETE_SKIPPED", None) in check.events(identifier, "delete"), "event of a retained resource")
    found = check.emulator.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    check.equal(len(found), 1, "a retained resource exists")
    client.delete_stack(StackName="never-was")
    stack = check.deploy("stuck", fails(network(), "Group", DeleteFails="in use"), "CREATE")
    client.delete_stack(StackName="stuck")
    check.equal(check.settle("stuck")["StackStatus"], "DELETE_FAILED", "failed deletion")
    statuses = check.statuses("stuck")
    check.equal(
        (statuses["Group"], statuses["First"]), ("DELETE_FAILED", "DELETE_COMPLETE"), "statuses of a failed deletion"
    )
    client.delete_stack(StackName="stuck", RetainResources=["Group"])
    check.equal(check.settle(stack["StackId"])["StackStatus"], "DELETE_COMPLETE", "deletion with a retained resource")


def drift(check):
    client, ec2 = check.client, check.emulator.client("ec2")
    check.deploy("left", network(), "CREATE")

    def detect():
        identifier = client.detect_stack_drift(StackName="left")["StackDriftDetectionId"]
        look = lambda: client.describe_stack_drift_detection_status(StackDriftDetectionId=identifier)
        done = wait(look, lambda it: it["DetectionStatus"] != "DETECTION_IN_PROGRESS")
        found = client.describe_stack_resource_drifts(StackName="left")["StackResourceDrifts"]
        return done["StackDriftStatus"], {it["LogicalResourceId"]: it for it in found}

    check.equal(detect()[0], "IN_SYNC", "no drift")
    ec2.delete_subnet(SubnetId=check.physical("left", "First"))
    ec2.create_tags(Resources=[check.physical("left", "Group")], Tags=[{"Key": "Name", "Value": "by hand"}])
    status, found = detect()
    check.equal(status, "DRIFTED", "drift")
    check.equal(found["First"]["StackResourceDriftStatus"], "DELETED", "drift by deletion")
    check.equal(found["Second"]["StackResourceDriftStatus"], "IN_SYNC", "no drift of another resource")
    wanted = {"PropertyPath": "/Tags/0/Value", "ExpectedValue": "group", "ActualValue": "by hand"}
    check.equal(found["Group"]["PropertyDifferences"], [{**wanted, "DifferenceType": "NOT_EQUAL"}], "drift of a tag")
    check.equal(check.stack("left")["DriftInformation"]["StackDriftStatus"], "DRIFTED", "drift of the stack")
    identifier = check.stack("left")["StackId"]
    client.delete_stack(StackName="left")
    check.equal(check.settle(identifier)["StackStatus"], "DELETE_COMPLETE", "deletion of already deleted resources")
    names = {it["StackName"] for it in client.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]}
    check("left" in names, "deleted stacks are listed", names)


def synchronous(check):
    client = check.client
    client.create_stack(StackName="sync", TemplateBody=json.dumps(network()))
    check.equal(check.stack("sync")["StackStatus"], "CREATE_COMPLETE", "synchronous creation")
    waiting = check.propose("sync", network("10.0.5.0/24"))
    client.update_stack(StackName="sync", TemplateBody=json.dumps(network("10.0.6.0/24")))
    check.equal(check.stack("sync")["StackStatus"], "UPDATE_COMPLETE", "synchronous update")
    name = waiting["ChangeSetId"]
    text = f"ChangeSet [{name}] cannot be executed in its current execution status of [OBSOLETE]"
    check.rejects("InvalidChangeSetStatus", text, "execute_change_set", ChangeSetName=name)
    s3 = check.emulator.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="a/net.json", Body=json.dumps(network("10.0.4.0/24")))
    made = client.create_change_set(
        StackName="sync", ChangeSetName="url", TemplateURL="https://templates.s3.us-east-1.amazonaws.com/a/net.json"
    )
    found = wait(lambda: client.describe_change_set(ChangeSetName=made["Id"]), lambda it: settled(it["Status"]))
    check.equal(found["Status"], "CREATE_COMPLETE", "a template of a bucket")


def exports(check):
    """Exports and imports, nested stacks, and types that only custom stacks of a team use."""
    client = check.client
    owner = network()
    owner["Outputs"]["VpcId"]["Export"] = {"Name": "shared-vpc"}
    check.deploy("owner", owner, "CREATE")
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}
    value = {"Type": "String", "Name": "/vpc", "Value": {"Fn::ImportValue": "shared-vpc"}}
    user = {"Resources": {"Value": {"Type": "AWS::SSM::Parameter", "Properties": value}, "Queue": queue}}
    check.equal(check.deploy("user", user, "CREATE")["StackStatus"], "CREATE_COMPLETE", "import")
    found = check.emulator.client("ssm").get_parameter(Name="/vpc")["Parameter"]["Value"]
    check.equal(found, check.physical("owner", "Vpc"), "imported value")
    client.delete_stack(StackName="owner")
    reason = "Delete canceled. Cannot delete export shared-vpc as it is in use by user."
    check.equal(check.events("owner")[-1], ("owner", "CREATE_COMPLETE", reason), "deletion of an export in use")
    s3 = check.emulator.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="net.json", Body=json.dumps(network()))
    url = {"TemplateURL": "https://templates.s3.us-east-1.amazonaws.com/net.json"}
    parent = {
        "Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": url}},
        "Outputs": {"Vpc": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.VpcId"]}}},
    }
    stack = check.deploy("parent", parent, "CREATE")
    check.equal(stack["StackStatus"], "CREATE_COMPLETE", "a nested stack")
    inner = check.physical("parent", "Inner")
    check.equal(stack["Outputs"][0]["OutputValue"], check.physical(inner, "Vpc"), "the output of a nested stack")


CASES = [
    *(creation, change, dynamic, parameters, rejections, rollback, update_rollback, busy, deletion, drift, synchronous),
    exports,
]
