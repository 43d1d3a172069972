#!/usr/bin/env python3
"""A live stack moves from one language to the other and nothing is made anew: with the real terraform, and an emulator.

    convert.py PROGRAM [CASE…]

A case is a way and a configuration of tests/cases, as `to_terraform/default`; either of the two chooses all with it.

to_terraform: the template is deployed, and converted with what the API tells of the stack. Terraform imports all of it
and makes, replaces and removes nothing; what it updates is in UPDATED; the second plan is empty, and the account is the
same before and after.
to_cloudformation: the module is applied, and the plan on top of it converted. cfn-lint is content; everything in the
template is imported, by ids that the API tells; and the template, deployed to an empty account, leaves there what
Terraform had made, and is no other stack to `diff`.
refused: what `convert` does not take of a plan, and what it says.
across: `diff` sees no difference between the template of a configuration and a plan of its module. The plans are of new
resources, and made with an emulator since they look up zones.

What it cannot show: that CloudFormation imports what the list says, since the emulator takes no change set of type
IMPORT (it answers "is not emulated"); and that AWS tells of a live resource what the emulator does.
"""

import json
import os
import queue
import re
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / it) for it in ("tests", "tests/emulator", "tests/facts")]

import jmespath  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from state import State, differences  # noqa: E402

import embedding  # noqa: E402
import tools  # noqa: E402
from embedding import check  # noqa: E402
from harness import STACK, Failure, Server, Terraform, deploy_stack, with_ids  # noqa: E402

REGION = "us-east-1"
JOBS = 3

# What an import leaves to update in place, by type, and why.
OF_TERRAFORM = "an argument of the provider's own: AWS does not tell it, and the update only writes it into the state"
FOLLOWS = ("default_version", "document_version", "hash", "latest_version", "parameter", "platform_types")
UPDATED = {
    "aws_cloudwatch_log_group": {"skip_destroy": OF_TERRAFORM},
    "aws_instance": {
        "user_data_replace_on_change": OF_TERRAFORM,
        "volume_tags": "read only once they are in the state; the disks have these tags",
    },
    "aws_kms_key": {"bypass_policy_lockout_safety_check": OF_TERRAFORM, "deletion_window_in_days": OF_TERRAFORM},
    "aws_sns_topic_subscription": {
        "confirmation_timeout_in_minutes": OF_TERRAFORM,
        "endpoint_auto_confirms": OF_TERRAFORM,
    },
    "aws_ssm_document": {
        "content": "the same JSON (checked), with other white space",
        **dict.fromkeys(FOLLOWS, "known once the content is updated"),
    },
}


def trail(server):
    return server.client("cloudtrail").describe_trails()["trailList"][0]["TrailARN"]


# What `convert` says that it does not import: who moves the stack adds the id, as here.
BY_HAND = {"aws_cloudtrail.audit_trail": ("its id is the ARN, and `Ref` is the name", trail)}
# Where the API tells the ids that CloudFormation imports by: service, operation, and where in the answer.
TOLD = {
    "AWS::EC2::Instance": "ec2 describe_instances Reservations[].Instances[].InstanceId",
    "AWS::EC2::LaunchTemplate": "ec2 describe_launch_templates LaunchTemplates[].LaunchTemplateId",
    "AWS::EC2::RouteTable": "ec2 describe_route_tables RouteTables[].RouteTableId",
    "AWS::EC2::SecurityGroup": "ec2 describe_security_groups SecurityGroups[].GroupId",
    "AWS::EC2::SecurityGroupEgress": "ec2 describe_security_group_rules SecurityGroupRules[].SecurityGroupRuleId",
    "AWS::EC2::SecurityGroupIngress": "ec2 describe_security_group_rules SecurityGroupRules[].SecurityGroupRuleId",
    "AWS::EC2::Subnet": "ec2 describe_subnets Subnets[].SubnetId",
    "AWS::EC2::SubnetRouteTableAssociation": (
        "ec2 describe_route_tables RouteTables[].Associations[].RouteTableAssociationId"
    ),
    "AWS::EC2::VPC": "ec2 describe_vpcs Vpcs[].VpcId",
    "AWS::EC2::VPCEndpoint": "ec2 describe_vpc_endpoints VpcEndpoints[].VpcEndpointId",
    "AWS::IAM::InstanceProfile": "iam list_instance_profiles InstanceProfiles[].InstanceProfileName",
    "AWS::IAM::Role": "iam list_roles Roles[].RoleName",
    "AWS::KMS::Key": "kms list_keys Keys[].KeyId",
    "AWS::Logs::LogGroup": "logs describe_log_groups logGroups[].logGroupName",
    "AWS::SSM::Association": "ssm list_associations Associations[].AssociationId",
    "AWS::SSM::Document": "ssm list_documents DocumentIdentifiers[].Name",
}
# What is refused, and why it can be.
NO_TWIN = "is not modelled"  # CloudFormation says it in another resource: in the bucket, in the rule.
UNKNOWN = "found an expression"  # It has ids of resources that are not there yet: a plan of a live stack tells it.
REFUSED = {
    "profile-hardened": {
        "aws_cloudwatch_event_target": NO_TWIN,
        "aws_cloudwatch_metric_alarm": UNKNOWN,
        "aws_iam_policy": UNKNOWN,
        "aws_iam_role_policy": UNKNOWN,
        "aws_s3_bucket_lifecycle_configuration": NO_TWIN,
        "aws_s3_bucket_notification": NO_TWIN,
        "aws_s3_bucket_ownership_controls": NO_TWIN,
        "aws_s3_bucket_policy": UNKNOWN,
        "aws_s3_bucket_public_access_block": NO_TWIN,
        "aws_s3_bucket_versioning": NO_TWIN,
        "aws_sns_topic_policy": UNKNOWN,
        "aws_vpc_endpoint": UNKNOWN,
    },
}
# Configurations that are not the same in both languages.
DIFFERS = {
    "endpoints-s3": "the prefix list is a parameter of the template, and an attribute of the endpoint in Terraform",
    "instance-renamed": "the old name stays in CloudFormation; Terraform has `moved`",
    "instance-groups": "a plan of new resources keeps of a list with references only these",
    "operators": "a policy that holds ids of new resources is not known yet, and told as changed",
    "tags-resolve": "the template's text is what CloudFormation might look up",
}


class Place(embedding.Place):
    """A working folder with the program, the tools and an emulator."""

    def __init__(self, program, server, tool, folder):
        super().__init__(program, str(program), folder, server, folder)
        self.tool = tool

    def put(self, name, value):
        (self.folder / name).write_text(value if isinstance(value, str) else json.dumps(value, default=str))

    def made(self, name, form):
        return self.text("--config", ROOT / f"tests/cases/{name}.yaml", "--format", form)

    def plan(self):
        """A plan as JSON; also in plan.json."""
        self.tool.run(self.server, "plan", "-out=plan", "-lock=false", "-parallelism=20")
        self.put("plan.json", self.call("terraform", f"-chdir={self.tool.folder}", "show", "-json", "plan").stdout)
        return json.loads((self.folder / "plan.json").read_text())

    def apply(self):
        """What was planned last."""
        self.call("terraform", f"-chdir={self.tool.folder}", "apply", "-no-color", "-parallelism=20", "plan")

    def state(self):
        return State(self.server, {}, {})

    def given(self, stack):
        """The parameters of a deployment."""
        lists = self.server.client("ec2").describe_prefix_lists()["PrefixLists"]
        ids = [it["PrefixListId"] for it in lists if it["PrefixListName"] == f"com.amazonaws.{REGION}.s3"]
        return {"S3PrefixListId": ids[0]} if "S3PrefixListId" in json.loads(stack).get("Parameters", {}) else {}


def updated(change):
    """Whether the change of one resource is as expected, as lines."""
    address, kind, change = change["address"], change["type"], change["change"]
    if change["actions"] == ["no-op"]:
        return [] if change.get("importing") else [f"{address}: not imported"]
    if change["actions"] != ["update"] or not change.get("importing"):
        return [f"{address}: {' and '.join(change['actions'])}, instead of an import"]
    before, after, unknown = (change[it] or {} for it in ("before", "after", "after_unknown"))
    found = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    found |= {key for key, it in unknown.items() if "true" in json.dumps(it)}
    if kind == "aws_ssm_document" and json.loads(before["content"]) != json.loads(after["content"]):
        return [f"{address}: another content: {before['content']} → {after['content']}"]
    unexpected = sorted(found - UPDATED.get(kind, {}).keys())
    return [f"{address}: {key} is updated: {before.get(key)} → {after.get(key)}" for key in unexpected]


def to_terraform(place, name):
    server, stack = place.server, place.made(name, "cfn")
    given = place.given(stack)
    deploy_stack(server, stack, given)
    before = place.state()
    place.put("stack.json", stack)
    place.put("ids.json", server.client("cloudformation").describe_stack_resources(StackName=STACK))
    rules = server.all("ec2", "describe_security_group_rules", "SecurityGroupRules")
    place.put("rules.json", {"SecurityGroupRules": rules})
    ids = ("--ids", "ids.json", "--ids", "rules.json")
    done = place.call(place.program, "convert", "stack.json", *ids, "--format", "tf")
    module, wrong = json.loads(done.stdout), []
    for address, why in re.findall(r"warning: `(.+)` is not imported: (.+)", done.stderr):
        if address in BY_HAND:
            module["import"].append({"to": address, "id": BY_HAND[address][1](server)})
        else:
            wrong.append(f"convert: {address} is not imported: {why}")
    variables = json.dumps({tools.snake(key): value for key, value in given.items()})
    try:
        place.tool.files(server, json.dumps(module, indent=2), variables if given else None)
        changes = place.plan()["resource_changes"]
        wrong += [line for it in changes if it["mode"] == "managed" for line in updated(it)]
    except Failure as failure:
        wrong.append(str(failure))
    check(not wrong, "\n".join(wrong))
    place.apply()
    changes = place.tool.plan(server)
    check(not changes, f"the second plan is not empty:\n{changes}")
    after = place.state()
    check({*before.names} == {*after.names}, f"other ids: {sorted({*before.names} ^ {*after.names})}")
    wrong = differences(before.things, after.things)
    check(not wrong, "\n".join(["the account is another than before (`Terraform` is what it is now):", *wrong]))


def imported(place, stack):
    """What is wrong with the list of what is imported, as lines."""
    wrong, resources = [], json.loads(stack)["Resources"]
    tags = place.server.all("ec2", "describe_tags", "Tags")
    names = {it["ResourceId"]: it["Value"] for it in tags if it["Key"] == "Name"}
    entries = json.loads((place.folder / "import.json").read_text())
    named = [it["LogicalResourceId"] for it in entries]
    if sorted(named) != sorted(resources):
        wrong.append(f"import.json has {sorted(named)}, and the template {sorted(resources)}")
    for entry in entries:
        logical, kind, identifier = (entry[it] for it in ("LogicalResourceId", "ResourceType", "ResourceIdentifier"))
        resource = resources.get(logical, {})
        if resource.get("Type") != kind:
            wrong.append(f"import.json: {logical} is {resource.get('Type')} in the template, and not {kind}")
        elif kind == "AWS::IAM::RolePolicy":
            place.server.client("iam").get_role_policy(**identifier)
        else:
            (physical,) = identifier.values()
            service, operation, where = TOLD[kind].split()
            told = jmespath.search(where, getattr(place.server.client(service), operation)())
            if physical not in told:
                wrong.append(f"import.json: {logical} is {physical}, and the API tells {told}")
            for tag in resource["Properties"].get("Tags", []):
                if service == "ec2" and tag["Key"] == "Name" and names.get(physical) != tag["Value"]:
                    wrong.append(f"import.json: {logical} is {physical}, which is {names.get(physical)} in the API")
    return wrong


def to_cloudformation(place, name):
    server = place.server
    place.tool.files(server, place.made(name, "tf"))
    place.tool.apply(server)
    before = place.state()
    place.plan()
    options = ("-o", "new.json", "--resources-to-import", "import.json")
    done = place.call(place.program, "convert", "plan.json", *options)
    wrong = [f"convert: {line}" for line in done.stderr.splitlines() if " is not imported: " in line]
    stack = (place.folder / "new.json").read_text()
    wrong += imported(place, stack)
    # A plan has the zones as values; that is no error, but W3010 is of it.
    try:
        place.call("cfn-lint", "--ignore-checks", "W3010", "--", "new.json")
    except Failure as failure:
        wrong.append(str(failure))
    said = json.loads(place.text("diff", "plan.json", "new.json", "--region", REGION, "--output", "json"))
    for it in said["differences"]:
        if it["change"] == "removed" or it["replaced"] != "no":
            wrong.append(f"diff: {it['id']}: {it['change']}, replaced: {it['replaced']}: {it.get('why', '')}")
    # In an empty account what is a value in the plan, as the ARN of a live key, is of the account before.
    server.reset(REGION)
    try:
        deploy_stack(server, stack, {})
        known = sorted(before.names.items(), key=lambda it: -len(it[0]))
        after = json.loads(with_ids(json.dumps(place.state().things), {key: f"<{it}>" for key, it in known}))
        wrong += [f"deployed anew (`CloudFormation` is before): {it}" for it in differences(before.things, after)]
    except Failure as failure:
        wrong.append(f"deployed anew: {failure}")
    check(not wrong, "\n".join(wrong))


def planned(place, name):
    """A plan of new resources, with the values of what a deployment is asked."""
    module, given = place.made(name, "tf"), tools.PARAMETERS.get(name, {})
    known = json.loads(module).get("variable", {})
    variables = {tools.snake(key): value for key, value in given.items() if tools.snake(key) in known}
    place.tool.files(place.server, module, json.dumps(variables) if variables else None)
    place.plan()
    values = {key: ",".join(it) if isinstance(it, list) else it for key, it in given.items()}
    return [it for key, value in values.items() for it in ("--parameter", f"{key}={value}")]


def refused(place, name):
    planned(place, name)
    said = place.call(place.program, "convert", "plan.json", code=1).stderr
    found = {line for line in said.splitlines() if line.startswith("error")}
    told = {kind: {it for it in found if f"`{kind}." in it} for kind in REFUSED[name]}
    wrong = [f"not expected: {it}" for it in sorted(found - set().union(*told.values()))]
    for kind, why in REFUSED[name].items():
        if not told[kind] or any(why not in it for it in told[kind]):
            wrong.append(f"{kind}: expected `{why}`, and it is {sorted(told[kind])}")
    check(not wrong, "\n".join(wrong))


def across(place, name):
    options = planned(place, name)
    place.put("stack.json", place.made(name, "cfn"))
    compare = ("diff", "stack.json", "plan.json", "--region", REGION, "--exit-code", *options)
    said = place.call(place.program, *compare, code=1 if name in DIFFERS else 0).stdout
    check(("no difference" in said) != (name in DIFFERS), f"`diff` says {said}")


# Those that take the longest come first.
CASES = [(to_terraform, it) for it in ("profile-hardened", "watching", "default")]
CASES += [(to_cloudformation, it) for it in ("sessions",)]
CASES += [(refused, it) for it in REFUSED]
EQUAL = ["existing-list-parameter", "identity-boundary", "image-windows", "network-three-zones"]
CASES += [(across, it) for it in [*EQUAL, *DIFFERS]]
# Only by name: they are parts of profile-hardened.
PARTS = [(to_terraform, it) for it in ("audit-logs", "operators", "patching", "sessions")]


def attempt(way, name, servers, work, program):
    """One case with an emulator that is free; what went wrong, as text."""
    (server, tool), wrong, start = servers.get(), None, time.monotonic()
    folder = work / f"{way.__name__}-{name}"
    folder.mkdir()
    try:
        server.reset(REGION)
        way(Place(program, server, tool, folder), name)
    except (Failure, ClientError) as failure:
        wrong = str(failure)
    except Exception:  # One that breaks the case must not hide the others.
        wrong = traceback.format_exc()
    servers.put((server, tool))
    said = f"FAILED, {time.monotonic() - start:.0f} s\n{wrong}" if wrong else f"ok, {time.monotonic() - start:.0f} s"
    print(f"convert: {way.__name__}/{name}: {said}", flush=True)
    return wrong


def main():
    program, *chosen = sys.argv[1:]
    program = Path(program).resolve()
    names = {case: {case[0].__name__, case[1], f"{case[0].__name__}/{case[1]}"} for case in [*CASES, *PARTS]}
    cases = [case for case in names if names[case] & set(chosen)] if chosen else CASES
    if not Path(os.environ.get("TF_CLI_CONFIG_FILE", ".")).exists():
        del os.environ["TF_CLI_CONFIG_FILE"]
    # Memory for time: the provider's schema is large, and each command of Terraform reads it.
    os.environ["GOGC"] = "1000"
    servers = queue.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="convert-") as work, ThreadPoolExecutor(JOBS) as pool:
        work = Path(work)
        started = [Server(work, f"emulator-{number}") for number in range(min(JOBS, len(cases)))]
        try:
            for number, server in enumerate(started):
                server.wait()
                servers.put((server, Terraform(work / f"terraform-{number}")))
            wrong = [job.result() for job in [pool.submit(attempt, *it, servers, work, program) for it in cases]]
        except Failure as failure:
            sys.exit(str(failure))
        finally:
            for server in started:
                server.stop()
    failed = sum(it is not None for it in wrong)
    print(f"{len(wrong) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not wrong else 0)


if __name__ == "__main__":
    main()
