#!/usr/bin/env python3
"""Proves that a newer published image replaces the instance when it is asked for, and not before.

    renewal.py CASE_DIR

CASE_DIR is a case as for parity.py, whose launch template names its image as `resolve:ssm:NAME`, with two sub-folders of
the same files: `unrelated/`, where something else was changed, and `renewed/`, where the setting for renewal was changed.
Files that a sub-folder lacks are taken from CASE_DIR.

Both tools deploy CASE_DIR. Then the parameter NAME gets the id of another image, as when its publisher releases one, and
each tool deploys `unrelated/` (the instance has to stay) and `renewed/` (a new one with the new image has to come). At
the end both must have left the same state, as in parity.py.

This shows what the files ask of each tool, with the real Terraform; that CloudFormation on AWS decides alike rests on the
create-only properties of its resource schemas, which the emulator follows.
"""

import argparse
import json
import re
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from harness import (
    Failure,
    Worker,
    deploy_stack,
    publish,
    region_of,
    seed,
    stack_instances,
    stack_outputs,
    texts_of,
    with_ids,
)
from state import State, differences


class CloudFormation:
    name = "CloudFormation"

    def __init__(self, worker):
        self.server = worker.cloudformation
        self.deployed = False

    def deploy(self, files):
        deploy_stack(self.server, files("stack.json"), json.loads(files("parameters.json") or "{}"), self.deployed)
        self.deployed = True

    def instances(self):
        return stack_instances(self.server)

    def outputs(self):
        return stack_outputs(self.server)


class Terraform:
    name = "Terraform"

    def __init__(self, worker):
        self.server, self.tool = worker.terraform, worker.tool
        self.deployed = False

    def deploy(self, files):
        self.tool.files(self.server, files("main.tf.json"), files("terraform.tfvars.json"), keep_state=self.deployed)
        self.tool.apply(self.server)
        self.deployed = True

    def instances(self):
        return self.tool.instances()

    def outputs(self):
        return self.tool.outputs()


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, good, text, detail=""):
        print(f"{'ok' if good else 'FAILED'} {text}{f': {detail}' if detail and not good else ''}", flush=True)
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)


def parameter_of(server):
    """The name of the parameter in the one image of all launch templates."""
    ec2 = server.client("ec2")
    names = set()
    for template in server.all("ec2", "describe_launch_templates", "LaunchTemplates"):
        version = ec2.describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest"]
        )["LaunchTemplateVersions"][0]
        match = re.fullmatch(r"resolve:ssm:([^:]+)", version["LaunchTemplateData"].get("ImageId", ""))
        if match:
            names.add(match[1])
    if len(names) != 1:
        raise Failure(f"one launch template with an image resolve:ssm:NAME is needed, found {sorted(names)}")
    return names.pop()


def publish_newer(server):
    """Another image of the same kind as the value of the parameter; returns its id."""
    name = parameter_of(server)
    old = server.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    image = server.client("ec2").describe_images(ImageIds=[old])["Images"][0]
    return publish(server, name, image["Architecture"], image["RootDeviceName"])


def images_by_instance(server, instances):
    found = server.client("ec2").describe_instances(InstanceIds=list(instances.values()))["Reservations"]
    images = {i["InstanceId"]: (i["ImageId"], i["State"]["Name"]) for r in found for i in r["Instances"]}
    return {name: (identifier, *images[identifier]) for name, identifier in instances.items()}


def prove(side, case, report):
    ids = seed(side.server, texts_of(case))

    def files_of(folder):
        def read(name):
            for path in (folder / name, case / name):
                if path.exists():
                    return with_ids(path.read_text(), ids)
            return None

        return read

    def images():
        return images_by_instance(side.server, side.instances())

    side.deploy(files_of(case))
    before = images()
    report(before, f"{side.name}: there are instances")
    new = publish_newer(side.server)
    if side.name == "Terraform":
        changes = side.tool.plan(side.server)
        report(not changes, f"{side.name}: a newer image alone plans nothing", changes)
    side.deploy(files_of(case / "unrelated"))
    after = images()
    same = {name: after.get(name) for name in before} == before
    report(same, f"{side.name}: an unrelated change keeps the instances", f"{before} became {after}")
    side.deploy(files_of(case / "renewed"))
    after = images()
    fresh = all(
        name in after and after[name][0] != before[name][0] and after[name][1:] == (new, "running") for name in before
    )
    report(fresh, f"{side.name}: the renewal replaces the instances by new ones with the new image", f"{before} became {after}")
    if side.name == "Terraform":
        changes = side.tool.plan(side.server)
        report(not changes, f"{side.name}: nothing is left to do after the renewal", changes)
    return State(side.server, {**ids, "newer image": new}, side.outputs())


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    case, report = parser.parse_args().case, Report()
    with tempfile.TemporaryDirectory(prefix="renewal-") as folder:
        worker = Worker(Path(folder) / "0")
        try:
            worker.start()
            states = []
            for kind in (CloudFormation, Terraform):
                side = kind(worker)
                side.server.reset(region_of(case))
                try:
                    states.append(prove(side, case, report))
                except Failure as failure:
                    report(False, side.name, str(failure))
            if len(states) == 2:
                left, right = states
                lines = differences(left.things, right.things) + differences(left.outputs, right.outputs, "outputs")
                report(not lines, "both leave the same state", "\n    ".join(["", *lines]))
        finally:
            worker.stop()
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
