#!/usr/bin/env python3
"""Moves live stacks between CloudFormation and Terraform without recreating a resource.

    convert.py PROGRAM [NAME...]
    convert.py PROGRAM --templates DIRECTORY

A case is a direction and a configuration of tests/cases, such as `to_terraform/default`; either word chooses all of them.

to_terraform: deploys the template and converts it with the IDs that the API returns. Terraform imports everything and
creates, replaces and deletes nothing; UPDATED lists what it updates. The second plan is empty, and the account is the same
before and after.
to_cloudformation: applies the module and converts a plan of it. cfn-lint has no findings; everything in the template is
imported, by IDs that the API returns; and the template, deployed to an empty account, leaves what Terraform created, without
a difference in `diff`.
rejected: the types that `convert` rejects in a plan, and the messages.
across: `diff` finds no difference between the template of a configuration and a plan of its module. The plans are of new
resources; they need an emulator because they look up Availability Zones.

`--templates` measures instead how many templates of a directory `convert` converts. `terraform validate` accepts each module; the
errors of the other templates are listed, the most frequent first.

The cases do not show that CloudFormation imports the resources in the list, since the emulator rejects change sets of type
IMPORT. They also do not show that AWS describes a live resource like the emulator.
"""

import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jmespath

import harness.cases as cases
import harness.configurations as configurations
from account_state import State, differences
from harness import ROOT
from harness.cases import Case
from harness.emulators import emulators
from harness.outcomes import Failure, check, require
from harness.stacks import STACK, deploy_stack, snake_case
from harness.terraform import Terraform
from harness.workspace import Workspace
from harness.world import with_ids

REGION = "us-east-1"
JOBS = 3

# Updates in place during an import, by type, and the reasons.
OF_TERRAFORM = "an argument of the provider: AWS does not return it, and the update only writes it to the state"
FOLLOWS = ("default_version", "document_version", "hash", "latest_version", "parameter", "platform_types")
UPDATED = {
    "aws_cloudwatch_log_group": {"skip_destroy": OF_TERRAFORM},
    "aws_instance": {
        "user_data_replace_on_change": OF_TERRAFORM,
        "volume_tags": "the provider reads them only if they are in the state; the volumes have these tags",
    },
    "aws_kms_key": {"bypass_policy_lockout_safety_check": OF_TERRAFORM, "deletion_window_in_days": OF_TERRAFORM},
    "aws_sns_topic_subscription": {
        "confirmation_timeout_in_minutes": OF_TERRAFORM,
        "endpoint_auto_confirms": OF_TERRAFORM,
    },
    "aws_ssm_document": {
        "content": "the same JSON (checked) with other white space",
        **dict.fromkeys(FOLLOWS, "known after the update of the content"),
    },
}


def trail(emulator):
    return emulator.client("cloudtrail").describe_trails()["trailList"][0]["TrailARN"]


# `convert` reports these resources as not imported. As a user does, the test adds the IDs.
BY_HAND = {"aws_cloudtrail.audit_trail": ("its ID is the ARN, and `Ref` returns the name", trail)}
# How to read the IDs for a CloudFormation import: service, operation, and path in the response.
DEPLOYED = {
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
# The types that `convert` rejects, and the messages.
# CloudFormation has a property of the bucket or the rule instead of this type.
NO_EQUIVALENT = "unsupported type"
# The value contains IDs of new resources. A plan of a live stack has constants instead.
UNKNOWN = "found an expression"
REFUSED = {
    "preset-hardened": {
        "aws_cloudwatch_event_target": NO_EQUIVALENT,
        "aws_cloudwatch_metric_alarm": UNKNOWN,
        "aws_iam_policy": UNKNOWN,
        "aws_iam_role_policy": UNKNOWN,
        "aws_s3_bucket_lifecycle_configuration": NO_EQUIVALENT,
        "aws_s3_bucket_ownership_controls": NO_EQUIVALENT,
        "aws_s3_bucket_policy": UNKNOWN,
        "aws_s3_bucket_public_access_block": NO_EQUIVALENT,
        "aws_s3_bucket_versioning": NO_EQUIVALENT,
        "aws_sns_topic_policy": UNKNOWN,
        "aws_vpc_endpoint": UNKNOWN,
    },
}
# Configurations that differ between the languages, and the reasons.
DIFFERS = {
    "endpoints-s3": "the prefix list is a parameter of the template, and an attribute of the endpoint in Terraform",
    "instance-renamed": "CloudFormation keeps the old name; Terraform has `moved`",
    "operators": "a policy with IDs of new resources is unknown, so it counts as changed",
    "tags-resolve": "CloudFormation can treat the text in the template as a dynamic reference",
}


class Place(Workspace):
    """A workspace with a directory for Terraform."""

    def __init__(self, program, emulator, tool, folder):
        super().__init__(program, emulator, folder)
        self.tool = tool

    def text(self, *arguments):
        """Returns the output of the program."""
        return self.call(self.program, *arguments).stdout

    def put(self, name, value):
        (self.folder / name).write_text(value if isinstance(value, str) else json.dumps(value, default=str))

    def generate(self, name, form):
        return self.text("--config", ROOT / f"tests/cases/{name}.yaml", "--format", form)

    def plan(self):
        """Saves a plan, also as plan.json, and returns it."""
        text = self.tool.plan_as_json(self.emulator)
        self.put("plan.json", text)
        return json.loads(text)

    def apply(self):
        """Applies the plan saved last."""
        self.tool.apply_plan(self.emulator)

    def state(self):
        return State(self.emulator, {}, {})

    def parameters(self, stack):
        """Returns the parameters of a deployment."""
        lists = self.emulator.client("ec2").describe_prefix_lists()["PrefixLists"]
        ids = [it["PrefixListId"] for it in lists if it["PrefixListName"] == f"com.amazonaws.{REGION}.s3"]
        return {"S3PrefixListId": ids[0]} if "S3PrefixListId" in json.loads(stack).get("Parameters", {}) else {}


def updated(change):
    """Returns unexpected changes of a resource, as lines."""
    address, kind, change = change["address"], change["type"], change["change"]
    if change["actions"] == ["no-op"]:
        return [] if change.get("importing") else [f"{address}: not imported"]
    if change["actions"] != ["update"] or not change.get("importing"):
        return [f"{address}: {' and '.join(change['actions'])}, instead of an import"]
    before, after, unknown = (change[it] or {} for it in ("before", "after", "after_unknown"))
    found = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    found |= {key for key, it in unknown.items() if "true" in json.dumps(it)}
    if kind == "aws_ssm_document" and json.loads(before["content"]) != json.loads(after["content"]):
        return [f"{address}: the content differs: {before['content']} → {after['content']}"]
    unexpected = sorted(found - UPDATED.get(kind, {}).keys())
    return [f"{address}: {key} is updated: {before.get(key)} → {after.get(key)}" for key in unexpected]


def to_terraform(place, name):
    emulator, stack = place.emulator, place.generate(name, "cfn")
    given = place.parameters(stack)
    deploy_stack(emulator, stack, given)
    before = place.state()
    place.put("stack.json", stack)
    place.put("ids.json", emulator.client("cloudformation").describe_stack_resources(StackName=STACK))
    rules = emulator.list_all("ec2", "describe_security_group_rules", "SecurityGroupRules")
    place.put("rules.json", {"SecurityGroupRules": rules})
    ids = ("--import-ids", "ids.json", "--import-ids", "rules.json")
    done = place.call(place.program, "convert", "stack.json", *ids, "--format", "tf")
    module, wrong = json.loads(done.stdout), []
    for address, why in re.findall(r"warning: `(.+)` is not imported: (.+)", done.stderr):
        if address in BY_HAND:
            module["import"].append({"to": address, "id": BY_HAND[address][1](emulator)})
        else:
            wrong.append(f"convert: {address} is not imported: {why}")
    variables = json.dumps({snake_case(key): value for key, value in given.items()})
    try:
        place.tool.write(json.dumps(module, indent=2), variables if given else None)
        changes = place.plan()["resource_changes"]
        wrong += [line for it in changes if it["mode"] == "managed" for line in updated(it)]
    except Failure as failure:
        wrong.append(str(failure))
    check(not wrong, "\n".join(wrong))
    place.apply()
    changes = place.tool.plan(emulator)
    check(not changes, f"the second plan is not empty:\n{changes}")
    after = place.state()
    check({*before.names} == {*after.names}, f"the IDs differ: {sorted({*before.names} ^ {*after.names})}")
    wrong = differences(before.things, after.things)
    check(not wrong, "\n".join(["the account changed (`Terraform` is the new state):", *wrong]))


def imported(place, stack):
    """Returns the errors in the list of imported resources, as lines."""
    wrong, resources = [], json.loads(stack)["Resources"]
    tags = place.emulator.list_all("ec2", "describe_tags", "Tags")
    names = {it["ResourceId"]: it["Value"] for it in tags if it["Key"] == "Name"}
    entries = json.loads((place.folder / "import.json").read_text())
    named = [it["LogicalResourceId"] for it in entries]
    if sorted(named) != sorted(resources):
        wrong.append(f"import.json has {sorted(named)}, the template has {sorted(resources)}")
    for entry in entries:
        logical, kind, identifier = (entry[it] for it in ("LogicalResourceId", "ResourceType", "ResourceIdentifier"))
        resource = resources.get(logical, {})
        if resource.get("Type") != kind:
            wrong.append(f"import.json: {logical} is {kind}, in the template {resource.get('Type')}")
        elif kind == "AWS::IAM::RolePolicy":
            place.emulator.client("iam").get_role_policy(**identifier)
        else:
            (physical,) = identifier.values()
            service, operation, where = DEPLOYED[kind].split()
            returned = jmespath.search(where, getattr(place.emulator.client(service), operation)())
            if physical not in returned:
                wrong.append(f"import.json: {logical} is {physical}, the API returns {returned}")
            for tag in resource["Properties"].get("Tags", []):
                if service == "ec2" and tag["Key"] == "Name" and names.get(physical) != tag["Value"]:
                    wrong.append(f"import.json: {logical} is {physical}, which is {names.get(physical)} in the API")
    return wrong


def to_cloudformation(place, name):
    emulator = place.emulator
    place.tool.write(place.generate(name, "tf"))
    place.tool.apply(emulator)
    before = place.state()
    place.plan()
    options = ("-o", "new.json", "--resources-to-import", "import.json")
    done = place.call(place.program, "convert", "plan.json", *options)
    wrong = [f"convert: {line}" for line in done.stderr.splitlines() if " is not imported: " in line]
    stack = (place.folder / "new.json").read_text()
    wrong += imported(place, stack)
    # A plan contains Availability Zones as values, which W3010 reports.
    try:
        place.call("cfn-lint", "--ignore-checks", "W3010", "--", "new.json")
    except Failure as failure:
        wrong.append(str(failure))
    said = json.loads(place.text("diff", "plan.json", "new.json", "--region", REGION, "--format", "json"))
    for it in said["differences"]:
        if it["change"] == "removed" or it["replaced"] != "no":
            wrong.append(f"diff: {it['id']}: {it['change']}, replaced: {it['replaced']}: {it.get('reason', '')}")
    # Values of the plan, such as the ARN of a live key, refer to the previous account.
    emulator.reset(REGION)
    try:
        deploy_stack(emulator, stack, {})
        known = sorted(before.names.items(), key=lambda it: -len(it[0]))
        after = json.loads(with_ids(json.dumps(place.state().things), {key: f"<{it}>" for key, it in known}))
        wrong += [f"after another deployment (`CloudFormation` is before): {it}" for it in differences(before.things, after)]
    except Failure as failure:
        wrong.append(f"another deployment: {failure}")
    check(not wrong, "\n".join(wrong))


def planned(place, name):
    """Saves a plan of new resources; returns the parameters of the deployment as options."""
    module, given = place.generate(name, "tf"), configurations.parameters(name)
    variables = configurations.variables(name, module)
    place.tool.write(module, json.dumps(variables) if variables else None)
    place.plan()
    values = {key: ",".join(it) if isinstance(it, list) else it for key, it in given.items()}
    return [it for key, value in values.items() for it in ("--parameter", f"{key}={value}")]


def refused(place, name):
    planned(place, name)
    said = place.call(place.program, "convert", "plan.json", code=1).stderr
    found = {line for line in said.splitlines() if line.startswith("error")}
    reported = {kind: {it for it in found if f"`{kind}." in it} for kind in REFUSED[name]}
    wrong = [f"unexpected: {it}" for it in sorted(found - set().union(*reported.values()))]
    for kind, why in REFUSED[name].items():
        if not reported[kind] or any(why not in it for it in reported[kind]):
            wrong.append(f"{kind}: expected `{why}`, found {sorted(reported[kind])}")
    check(not wrong, "\n".join(wrong))


def across(place, name):
    options = planned(place, name)
    place.put("stack.json", place.generate(name, "cfn"))
    compare = ("diff", "stack.json", "plan.json", "--region", REGION, "--exit-code", *options)
    said = place.call(place.program, *compare, code=1 if name in DIFFERS else 0).stdout
    check(("no difference" in said) != (name in DIFFERS), f"`diff` printed {said}")


def measure(program, templates):
    """Prints how many templates of a directory are converted, and why not; fails if a module is invalid."""
    files = sorted(it for it in Path(templates).iterdir() if it.is_file())
    errors, invalid = Counter(), []

    def convert(file):
        call = [program, "convert", file, "--format", "tf", "--color", "never"]
        done = subprocess.run(call, capture_output=True, text=True)
        with tempfile.TemporaryDirectory() as folder:
            tool = Terraform(Path(folder))
            if done.returncode == 0:
                tool.write(done.stdout)
                said = json.loads(tool.run(None, "validate", "-json", accept=(0, 1))[0])
                invalid.extend(f"{file.name}: {it['summary']}: {it['detail']}" for it in said["diagnostics"])
        # Without the names in the file.
        kinds = {re.sub(r"`\w+`: |(?<=parameter )`\w+`", "", it) for it in re.findall(r"^error.*?: (.*)", done.stderr, re.M)}
        errors.update(kinds)
        return done.returncode == 0

    with ThreadPoolExecutor(JOBS) as pool:
        converted = sum(pool.map(convert, files))
    for error, number in errors.most_common(40):
        print(f"{number:4} {error}")
    print(f"{converted} of {len(files)} converted")
    check(not invalid, "\n".join(invalid))


# The longest cases start first.
CASES = [(to_terraform, it) for it in ("preset-hardened", "monitoring", "default")]
CASES += [(to_cloudformation, it) for it in ("sessions",)]
CASES += [(refused, it) for it in REFUSED]
EQUAL = ["existing-list-parameter", "instance-groups", "instance-role-boundary", "image-windows", "network-three-zones"]
CASES += [(across, it) for it in [*EQUAL, *DIFFERS]]
# These run only by name: they are parts of preset-hardened.
PARTS = [(to_terraform, it) for it in ("audit-logs", "operators", "patching", "sessions")]


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--all", action="store_true", help="also run cases that are parts of other cases")
    parser.add_argument("--templates", metavar="FOLDER", help="measure the conversion of these templates")
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    if arguments.templates:
        measure(arguments.program, arguments.templates)
        return
    # Limits memory: each Terraform command reads the large schema of the provider.
    os.environ["GOGC"] = "1000"

    def case(direction, name):
        def run(worker):
            require("terraform")
            emulator, tool = worker
            emulator.reset(REGION)
            folder = work / f"{direction.__name__}-{name}"
            folder.mkdir()
            direction(Place(arguments.program, emulator, tool, folder), name)

        return Case(f"{direction.__name__}/{name}", run)

    parts = [case(*it) for it in PARTS]
    found = [case(*it) for it in CASES]
    chosen = cases.choose([*found, *parts] if arguments.all else found, arguments.names, parts)
    with tempfile.TemporaryDirectory(prefix="convert-") as temporary, emulators(temporary) as started:
        work = Path(temporary)
        workers = [
            (started.copy(f"emulator-{number}"), Terraform(work / f"terraform-{number}"))
            for number in range(min(JOBS, len(chosen)))
        ]
        report = cases.run_all(chosen, workers)
        report.check(not started.errors(), "emulator without errors", started.errors())
    report.close()


if __name__ == "__main__":
    main()
