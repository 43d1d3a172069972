#!/usr/bin/env python3
"""Shows that a newer published image replaces the instance when the replacement trigger changes, and not before.

    replacement.py PROGRAM

Both tools deploy a stack whose launch template names its image as `resolve:ssm:NAME`. Then the parameter NAME gets the ID of
another image, as when its publisher releases one, and each tool deploys the stack with an unrelated change (the instance
must stay) and with a changed replacement trigger (a new instance with the new image must replace it). Both must leave the
same state, as in parity.py.

This shows the requests of each tool, with the real Terraform. That CloudFormation on AWS does the same follows from
the create-only properties of its resource schemas, which the emulator implements.
"""

import re
import signal
import sys
import tempfile
from pathlib import Path

import harness.cases as cases
from account_state import State, differences
from harness.emulators import REGION, emulators
from harness.outcomes import Failure, require
from harness.pair import Pair
from harness.program import run
from harness.stacks import deploy_stack, stack_instances, stack_outputs
from harness.world import publish, seed


class CloudFormation:
    name = "CloudFormation"

    def __init__(self, pair):
        self.emulator = pair.cloudformation
        self.deployed = False

    def deploy(self, stack):
        deploy_stack(self.emulator, stack["cfn"], {}, self.deployed)
        self.deployed = True

    def instances(self):
        return stack_instances(self.emulator)

    def outputs(self):
        return stack_outputs(self.emulator)


class Terraform:
    name = "Terraform"

    def __init__(self, pair):
        self.emulator, self.tool = pair.terraform, pair.tool
        self.deployed = False

    def deploy(self, stack):
        self.tool.write(stack["tf"], keep_state=self.deployed)
        self.tool.apply(self.emulator)
        self.deployed = True

    def instances(self):
        return self.tool.instances()

    def outputs(self):
        return self.tool.outputs()


def parameter_of(emulator):
    """Returns the name of the parameter in the image of the launch templates."""
    ec2 = emulator.client("ec2")
    names = set()
    for template in emulator.list_all("ec2", "describe_launch_templates", "LaunchTemplates"):
        version = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest"])[
            "LaunchTemplateVersions"
        ][0]
        match = re.fullmatch(r"resolve:ssm:([^:]+)", version["LaunchTemplateData"].get("ImageId", ""))
        if match:
            names.add(match[1])
    if len(names) != 1:
        raise Failure(f"expected one launch template with an image resolve:ssm:NAME, found {sorted(names)}")
    return names.pop()


def publish_newer(emulator):
    """Publishes another image of the same kind as the value of the parameter; returns its ID."""
    name = parameter_of(emulator)
    old = emulator.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    image = emulator.client("ec2").describe_images(ImageIds=[old])["Images"][0]
    return publish(emulator, name, image["Architecture"], image["RootDeviceName"])


def images_by_instance(emulator, instances):
    found = emulator.client("ec2").describe_instances(InstanceIds=list(instances.values()))["Reservations"]
    images = {i["InstanceId"]: (i["ImageId"], i["State"]["Name"]) for r in found for i in r["Instances"]}
    return {name: (identifier, *images[identifier]) for name, identifier in instances.items()}


def generate(program):
    """Returns the stack in both languages: unchanged, with an unrelated change, and with a changed replacement trigger."""
    stacks = []
    for team, trigger in (("one", "1"), ("two", "1"), ("two", "2")):
        settings = (f"tags={{Team: {team}}}", f"instances=[{{name: web, replacement_trigger: '{trigger}'}}]")
        options = [word for setting in settings for word in ("--set", setting)]
        stacks.append({form: run(program, "--format", form, *options).stdout for form in ("cfn", "tf")})
    return stacks


def replace_instances(side, stacks, report):
    first, unrelated, renewed = stacks
    ids = seed(side.emulator, "\n".join(first.values()))

    def images():
        return images_by_instance(side.emulator, side.instances())

    side.deploy(first)
    before = images()
    report.check(before, f"{side.name}: instances exist")
    new = publish_newer(side.emulator)
    if side.name == "Terraform":
        changes = side.tool.plan(side.emulator)
        report.check(not changes, f"{side.name}: a newer image alone plans nothing", changes)
    side.deploy(unrelated)
    after = images()
    same = {name: after.get(name) for name in before} == before
    report.check(same, f"{side.name}: an unrelated change keeps the instances", f"{before} became {after}")
    side.deploy(renewed)
    after = images()
    fresh = all(
        name in after and after[name][0] != before[name][0] and after[name][1:] == (new, "running") for name in before
    )
    report.check(
        fresh,
        f"{side.name}: the replacement trigger replaces the instances with new ones of the new image",
        f"{before} became {after}",
    )
    if side.name == "Terraform":
        changes = side.tool.plan(side.emulator)
        report.check(not changes, f"{side.name}: the plan is empty after the replacement", changes)
    return State(side.emulator, {**ids, "newer image": new}, side.outputs())


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    program, report = cases.parser(__doc__).parse_args().program, cases.Report()
    stacks = generate(program)
    with tempfile.TemporaryDirectory(prefix="replacement-") as folder, emulators(folder) as started:
        pair, states = Pair(started, Path(folder) / "0"), []

        def deploy(kind):
            require("terraform")
            side = kind(pair)
            side.emulator.reset(REGION)
            states.append(replace_instances(side, stacks, report))

        for kind in (CloudFormation, Terraform):
            report.attempt(f"{kind.name}: deployments", deploy, kind)
        if len(states) == 2:
            left, right = states
            lines = differences(left.things, right.things) + differences(left.outputs, right.outputs, "outputs")
            report.check(not lines, "both leave the same state", "\n".join(lines))
    report.close()


if __name__ == "__main__":
    main()
