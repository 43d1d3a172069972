#!/usr/bin/env python3
"""Changes each setting on a deployed stack, and compares who says what is replaced.

    settings.py PROGRAM [--terraform] [NAME...]

For each setting of docs/reference/configuration.md: the emulator deploys the base, then the changed configuration, with
the create-only properties of CloudFormation's schemas. A resource with a new physical ID was replaced: `diff` must have
predicted it, and the table must list its type. What `diff` calls kept must be kept. With --terraform, `terraform plan` on
the applied base must replace the instance exactly if CloudFormation does, except where `IN_TERRAFORM` says otherwise.

This shows that the prediction, the schemas and the provider agree. It does not show that AWS updates in place.
"""

import functools
import json
import re
import sys
import tempfile
from pathlib import Path

import harness.cases as cases
from harness import ROOT
from harness.emulators import REGION, emulators
from harness.outcomes import Failure, check, require
from harness.program import run
from harness.stacks import STACK, deploy_stack
from harness.terraform import Terraform
from harness.world import seed, with_ids

ARN = "arn:aws:iam::123456789012:role/Engineer"
BASE = f"""\
name: team
region: {REGION}
preset: hardened
parameters:
  Owner: {{type: String, description: a, default: core, allowed_values: [core, web], allowed_pattern: '^[a-z]+$'}}
tags: {{Owner: {{parameter: Owner}}}}
"""
OPERATORS = f"operators={{trusted_principals: ['{ARN}'], instance_tags: {{Owner: [core]}}}}"
INSTANCE = "AWS::EC2::Instance"
TEMPLATE = "AWS::EC2::LaunchTemplate"


def instance(text):
    return f"instances=[{{name: main, {text}}}]"


OWN_ROLE = instance("instance_role: true")

# The setting, the overrides before, the overrides after, and the types of the resources that are replaced.
CHANGES = [
    ("description", [], ["description=another"], []),
    ("preset", ["preset=minimal"], ["preset=standard"], []),
    ("preset", ["preset=standard"], ["preset=hardened"], []),
    ("preset", [], ["preset=standard"], []),
    ("parameters.NAME.description", [], ["parameters.Owner.description=b"], []),
    ("parameters.NAME.default", [], ["parameters.Owner.default=web"], []),
    ("parameters.NAME.allowed_values", [], ["parameters.Owner.allowed_values=[core]"], []),
    ("parameters.NAME.allowed_pattern", [], ["parameters.Owner.allowed_pattern=^[a-z]*$"], []),
    ("tags", [], ["tags={Owner: {parameter: Owner}, More: x}"], []),
    ("network.zones", [], ["network.zones=3"], []),
    ("network.tags", [], ["network.tags={a: b}"], []),
    ("network.subnet_cidrs", [], ["network.subnet_cidrs=[10.0.32.0/20, 10.0.48.0/20]"], None),
    ("network.cidr", [], ["network.cidr=10.1.0.0/16"], None),
    ("endpoints.ec2messages", [], ["endpoints.ec2messages=true"], []),
    ("endpoints.services", [], ["endpoints.services=[sts]"], []),
    ("endpoints.s3_gateway", ["preset=standard"], ["preset=standard", "endpoints.s3_gateway=true"], []),
    ("endpoints.s3_prefix_list", [], ["endpoints.s3_prefix_list=pl-0123456789abcdef0"], []),
    ("endpoints.zones", [], ["endpoints.zones=one"], []),
    ("endpoints.least_privilege", [], ["endpoints.least_privilege=false"], []),
    ("endpoints.tags", [], ["endpoints.tags={a: b}"], []),
    ("instance_role.permissions", [], ["instance_role.permissions=managed"], []),
    ("instance_role.permissions_boundary", [], ["instance_role.permissions_boundary=arn:aws:iam::aws:policy/PowerUserAccess"], []),
    ("instance_role.managed_policies", [], ["instance_role.managed_policies=[arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]"], []),
    ("instance_role.tags", [], ["instance_role.tags={a: b}"], []),
    ("sessions.scope", [], ["sessions.scope=account"], ["AWS::SSM::Document"]),
    ("sessions.kms_key", [], ["sessions.kms_key=none"], []),
    ("sessions.cloudwatch_logs", [], ["sessions.cloudwatch_logs=false"], []),
    ("sessions.cloudwatch_logs.retention_days", [], ["sessions.cloudwatch_logs.retention_days=30"], []),
    ("sessions.cloudwatch_logs.streaming", [], ["sessions.cloudwatch_logs.streaming=false"], []),
    ("sessions.s3_logs", [], ["sessions.s3_logs=false"], []),
    ("sessions.s3_logs.prefix", [], ["sessions.s3_logs.prefix=logs"], []),
    ("sessions.s3_logs.expiration_days", [], ["sessions.s3_logs.expiration_days=30"], []),
    ("sessions.idle_timeout_minutes", [], ["sessions.idle_timeout_minutes=5"], []),
    ("sessions.max_duration_minutes", [], ["sessions.max_duration_minutes=60"], []),
    ("sessions.run_as_user", [], ["sessions.run_as_user=ec2-user"], []),
    ("sessions.linux_shell_profile", [], ["sessions.linux_shell_profile=cd"], []),
    ("sessions.windows_shell_profile", [], ["sessions.windows_shell_profile=cd"], []),
    ("sessions.tags", [], ["sessions.tags={a: b}"], []),
    ("operators", [], ["operators=false"], []),
    ("operators.instance_tags", [OPERATORS], [OPERATORS.replace("[core]", "[web]")], []),
    ("operators.trusted_principals", [OPERATORS], [OPERATORS.replace("Engineer", "Other")], []),
    ("operators.allow_port_forwarding", [], ["operators.allow_port_forwarding=true"], []),
    ("operators.allow_ssh", [], ["operators.allow_ssh=true"], []),
    ("operators.require_mfa", [OPERATORS], [OPERATORS.replace("={", "={require_mfa: true, ")], []),
    ("patching", [], ["patching=false"], []),
    ("patching.agent_update_schedule", [], ["patching.agent_update_schedule=rate(7 days)"], []),
    ("patching.operation", [], ["patching.operation=install"], []),
    ("patching.reboot", ["patching.operation=install"], ["patching.reboot=false"], []),
    ("patching.schedule", [], ["patching.schedule=cron(0 4 ? * SUN *)"], []),
    ("patching.maintenance_window", [], ["patching.maintenance_window=true"], []),
    (
        "patching.maintenance_window.duration_hours",
        ["patching.maintenance_window.duration_hours=4"],
        ["patching.maintenance_window.duration_hours=5"],
        [],
    ),
    (
        "patching.maintenance_window.cutoff_hours",
        ["patching.maintenance_window.cutoff_hours=1"],
        ["patching.maintenance_window.cutoff_hours=2"],
        [],
    ),
    ("patching.inventory", [], ["patching.inventory=false"], []),
    ("monitoring", [], ["monitoring=false"], []),
    ("monitoring.session_events", [], ["monitoring.session_events=false"], []),
    ("monitoring.alarms", [], ["monitoring.alarms=false"], []),
    ("monitoring.config_rules", [], ["monitoring.config_rules=false"], []),
    ("monitoring.emails", [], ["monitoring.emails=[a@example.com]"], []),
    ("audit", [], ["audit=false"], []),
    ("audit.cloudtrail", [], ["audit.cloudtrail=false"], []),
    ("audit.multi_region", [], ["audit.multi_region=false"], []),
    ("audit.expiration_days", [], ["audit.expiration_days=400"], []),
    ("audit.cloudwatch_logs_retention_days", [], ["audit.cloudwatch_logs_retention_days=30"], []),
    ("audit.flow_log_retention_days", [], ["audit.flow_log_retention_days=30"], []),
    ("instances[].image", [], [instance("image: ubuntu-24.04")], [INSTANCE]),
    ("instances[].replacement_trigger", [], [instance("replacement_trigger: '2'")], [INSTANCE]),
    ("instances[].instance_type", [], [instance("instance_type: t3.small")], []),
    ("instances[].root_volume_size", [], [instance("root_volume_size: 20")], [INSTANCE]),
    (
        "instances[].root_volume_kms_key",
        [],
        [instance("root_volume_kms_key: 'arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111'")],
        [INSTANCE],
    ),
    ("instances[].subnet_index", [], [instance("subnet_index: 1")], [INSTANCE]),
    ("instances[].instance_role.permissions", [OWN_ROLE], [instance("instance_role: {permissions: managed}")], []),
    (
        "instances[].instance_role.permissions_boundary",
        [OWN_ROLE],
        [instance("instance_role: {permissions_boundary: 'arn:aws:iam::aws:policy/PowerUserAccess'}")],
        [],
    ),
    (
        "instances[].instance_role.managed_policies",
        [OWN_ROLE],
        [instance("instance_role: {managed_policies: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']}")],
        [],
    ),
    ("instances[].instance_role.tags", [OWN_ROLE], [instance("instance_role: {tags: {a: b}}")], []),
    ("instances[].security_groups", [], [instance("security_groups: [sg-0aaaaaaaaaaaaaaa1]")], []),
    ("instances[].detailed_monitoring", [], [instance("detailed_monitoring: false")], []),
    ("instances[].ebs_optimized", [], [instance("ebs_optimized: true")], []),
    ("instances[].termination_protection", [], [instance("termination_protection: true")], []),
    ("instances[].user_data", [], [instance("user_data: date")], []),
    ("instances[].tags", [], [instance("tags: {a: b}")], []),
]
# Settings that a live stack cannot change, or that others above include.
NOT_CHANGED = {
    "name": "names the stack, and another name is another stack",
    "region": "a stack stays in its Region",
    "parameters": "by its fields",
    "parameters.NAME.type": "CloudFormation rejects another type of value, not another resource",
    "parameters.NAME.no_echo": "changes what tools show, not a resource",
    "parameters.NAME.from_parameter_store": "as `parameters.NAME.type`: it is another type of the parameter",
    "network": "by its fields",
    "network.vpc": "moves the stack into another VPC: everything in it is new",
    "network.subnets": "as `network.vpc`",
    "network.subnets[].id": "as `network.vpc`",
    "network.subnets[].zone": "is only checked",
    "network.subnets[].cidr": "is only checked",
    "network.route_tables": "as `network.vpc`",
    "endpoints": "by its fields",
    "endpoints.existing": "adds and removes endpoints of an existing VPC",
    "endpoints.existing_security_group": "as `endpoints.existing`",
    "instance_role": "by its fields",
    "sessions": "by its fields",
    "instance_role.path": "replaces the role and its profile, which the emulator cannot exchange on an instance",
    "instances": "by its fields",
    "instances[].instance_role": "exchanges the profile of an instance, which the emulator cannot",
    "instances[].instance_role.path": "as `instance_role.path`",
    "instances[].name": "names the logical IDs",
    "instances[].renamed_from": "keeps the logical IDs",
    "instances[].image.root_device_name": "with `instances[].image`",
    "instances[].image.ami_id": "with `instances[].image`",
    "instances[].image.ssm_parameter": "with `instances[].image`",
    "instances[].image.architecture": "is only checked",
    "instances[].install_agent": "as `user_data`",
    "instances[].zone": "as `subnet_index`",
    "instances[].subnet": "as `subnet_index`",
}
# Settings whose change replaces the instance in Terraform only.
# https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/instance
IN_TERRAFORM = {"instances[].ebs_optimized"}


def settings():
    """Returns the names of all settings."""
    text = (ROOT / "docs/reference/configuration.md").read_text()
    return re.findall(r"^\| `([\w.\[\]]+)` \|", text, re.M)


class Base:
    """The base of some changes, deployed once for each worker."""

    def __init__(self, program, emulator, folder):
        self.program, self.emulator, self.folder = program, emulator, folder
        self.applied, self.ids = None, {}
        self.file = folder / "ssm-synth.yaml"
        self.file.write_text(BASE)
        self.tool = Terraform(folder / "terraform")

    def generate(self, form, overrides):
        options = [word for override in overrides for word in ("--set", override)]
        return run(self.program, "--quiet", "--config", self.file, "--format", form, *options).stdout

    def deploy(self, text, changed):
        """Deploys the base to an empty account, with the existing resources that the change refers to."""
        self.emulator.reset(REGION)
        self.applied = None
        self.ids = seed(self.emulator, text + changed)
        deploy_stack(self.emulator, with_ids(text, self.ids), {})

    def resources(self):
        """Returns the type and the physical ID by logical ID."""
        found = self.emulator.list_all("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=STACK)
        return {it["LogicalResourceId"]: (it["ResourceType"], it["PhysicalResourceId"]) for it in found}

    def update(self, text):
        """Returns the type of each replaced resource by logical ID."""
        before = self.resources()
        deploy_stack(self.emulator, with_ids(text, self.ids), {}, update=True)
        after = self.resources()
        return {it: kind for it, (kind, identifier) in before.items() if after.get(it, (kind, identifier))[1] != identifier}

    def predicted(self, before, after):
        """Returns what `diff` predicts, by logical ID."""
        for name, text in (("a.json", before), ("b.json", after)):
            (self.folder / name).write_text(text)
        found = run(self.program, "diff", self.folder / "a.json", self.folder / "b.json", "--format", "json").stdout
        found = json.loads(found)["differences"]
        return {it["id"]: it["replaced"] for it in found if it["section"] == "Resources" and it["change"] == "changed"}

    def terraform_replaces(self, before, after):
        """Returns whether `terraform plan` replaces an instance."""
        require("terraform")
        if self.applied != before:
            self.emulator.reset(REGION)
            text = self.generate("tf", before)
            self.ids = seed(self.emulator, "".join(self.generate("tf", [*before, *it[2]]) for it in CHANGES if it[1] == before))
            self.tool.write(with_ids(text, self.ids))
            self.tool.apply(self.emulator)
            self.applied = before
        self.tool.write(with_ids(self.generate("tf", after), self.ids), keep_state=True)
        plan = json.loads(self.tool.plan_as_json(self.emulator))
        changes = [it for it in plan["resource_changes"] if it["type"] == "aws_instance"]
        return any({"delete", "create"} <= set(it["change"]["actions"]) for it in changes)


def compare(change, terraform, base):
    name, before, after, expected = change
    left, right = base.generate("cfn", before), base.generate("cfn", [*before, *after])
    base.deploy(left, right)
    predicted = base.predicted(left, right)
    if not predicted and left == right:
        raise Failure(f"{name}: the change has no effect")
    try:
        replaced = base.update(right)
    except Failure as failure:
        # CloudFormation reports an update without changes as an error.
        check("No updates are to be performed" in str(failure), str(failure))
        replaced = {}
    lines = []
    for logical_id, kind in sorted(replaced.items()):
        if predicted.get(logical_id) not in ("yes", "maybe"):
            lines.append(f"{logical_id} ({kind}) was replaced: diff predicts `{predicted.get(logical_id)}`")
    kept = [it for it, how in predicted.items() if how == "yes" and it not in replaced]
    lines += [f"{it} was kept: diff predicts `yes`" for it in kept]
    kinds = sorted(set(replaced.values()))
    if expected is not None and kinds != sorted(expected):
        lines.append(f"replaced: {kinds}, expected {sorted(expected)}")
    if terraform:
        found, wanted = base.terraform_replaces(before, [*before, *after]), INSTANCE in kinds or name in IN_TERRAFORM
        if found != wanted:
            lines.append(f"terraform plan {'replaces' if found else 'keeps'} the instance")
    if lines:
        raise Failure("\n".join(lines))


def main():
    parser = cases.parser(__doc__)
    parser.add_argument("--terraform", action="store_true", help="compare with `terraform plan` too")
    parser.add_argument("--jobs", type=int, default=2)
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    report = cases.Report(quiet=True)
    known = {change[0] for change in CHANGES} | set(NOT_CHANGED)
    report.check(known == set(settings()), "every setting", f"differ: {sorted(known ^ set(settings()))}")
    # Changes with the same base follow one another.
    order = sorted(range(len(CHANGES)), key=lambda at: (CHANGES[at][1], at))
    found = [
        cases.Case(f"{CHANGES[at][0]}/{at}", functools.partial(compare, CHANGES[at], arguments.terraform)) for at in order
    ]
    chosen = cases.choose(found, arguments.names)
    with tempfile.TemporaryDirectory(prefix="settings-") as work, emulators(work) as started:
        workers = []
        for number in range(min(arguments.jobs, len(chosen))):
            folder = Path(work) / str(number)
            folder.mkdir()
            workers.append(Base(arguments.program, started.copy(f"emulator-{number}", EMULATOR_STEP="0"), folder))
        cases.run_all(chosen, workers, report)
    report.close()


if __name__ == "__main__":
    main()
