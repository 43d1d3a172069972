#!/usr/bin/env python3
"""Shows that `deployer-policy` allows each call of a deployment, an update and a deletion, and little else.

    deployer_policy.py PROGRAM DIRECTORY [NAME...]

A case TOOL/CONFIGURATION deploys to an emulator that records the calls: with `ssm-synth deploy`, where the emulator makes the
calls of CloudFormation's handlers, or with Terraform and its provider. botocore's models of the services check the form of
each call, and an independent IAM simulator decides it with the policy of the stack. The simulator must deny the calls in
FORBIDDEN, which a broader policy would allow, and some call once a statement is missing that the recorded calls need.
The case `table/TOOL` has a resource of each type in the table: each action exists and is allowed on the resources that it
requires. DIRECTORY has the simulator; the script installs it. `terraform/types` deploys the types of types.tf.json, which
takes minutes: it runs only by name.

The emulator calls fewer read actions than the handlers on AWS; src/deployer/actions.tsv has those of the registry.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

import harness.cases as cases
import harness.configurations as configurations
import request_shapes.recorded
from deployer.calls import Recording
from harness import TESTS
from harness.cases import Case
from harness.emulators import ACCOUNT, REGION, emulators
from harness.outcomes import check, require
from harness.program import run
from harness.terraform import Terraform
from harness.workspace import Workspace
from harness.world import seed, with_ids

# Together they have each type that a configuration creates. The first two also deploy with Terraform, whose provider
# waits for minutes; the others do so by name.
CONFIGURATIONS = ("preset-hardened", "patching-window", "monitoring", "operators-role", "web_application")
ACTIONS = TESTS.parent / "src/deployer/actions.tsv"
TYPES = TESTS / "deployer/types.tf.json"
WITH_TERRAFORM = CONFIGURATIONS[:2]
STACK = "team"
IAM = f"arn:aws:iam::{ACCOUNT}:"
FORBIDDEN = [
    {"action": "iam:PassRole", "arns": [f"{IAM}role/admin"], "context": {"iam:PassedToService": "ec2.amazonaws.com"}},
    {"action": "iam:CreateRole", "arns": [f"{IAM}role/admin"]},
    {"action": "iam:PutRolePolicy", "arns": [f"{IAM}role/admin"]},
    {"action": "iam:CreateUser", "arns": [f"{IAM}user/admin"]},
    {"action": "s3:DeleteBucket", "arns": ["arn:aws:s3:::other"]},
    {"action": "s3:GetObject", "arns": ["arn:aws:s3:::other/key"]},
    {"action": "logs:DeleteLogGroup", "arns": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:other"]},
    {"action": "ec2:TerminateInstances", "arns": [f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0123456789abcdef0"]},
    {"action": "ssm:StartSession", "arns": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0"]},
    {"action": "ssm:GetParameter", "arns": [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/secret"]},
    {"action": "cloudformation:DeleteStack", "arns": [f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/other/1"]},
]
INSTALLATION = threading.Lock()
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Deployer:
    """The program and the simulator."""

    def __init__(self, program, tools):
        self.program, self.modules = program, tools / "referee-policies"

    def install(self):
        """Installs the simulator of tests/referee/policies."""
        require("node")
        require("npm")
        source, installed = TESTS / "referee/policies", self.modules / "installed.json"
        lock = source / "package-lock.json"
        with INSTALLATION:
            if installed.exists() and installed.read_text() == lock.read_text():
                return
            self.modules.mkdir(parents=True, exist_ok=True)
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(source / name, self.modules)
            run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=self.modules)
            shutil.copy(lock, installed)

    def policy(self, *arguments):
        options = ("--region", REGION, "--account", ACCOUNT)
        return json.loads(run(self.program, "deployer-policy", *arguments, *options).stdout)

    def denied(self, policy, calls):
        """Returns the calls that the policy does not allow."""
        text = json.dumps({"policy": policy, "calls": calls, "account": ACCOUNT, "region": REGION})
        environment = {**os.environ, "REFEREE_MODULES": str(self.modules)}
        return json.loads(run("node", TESTS / "deployer/simulate.mjs", input=text, env=environment).stdout)

    def check(self, policy, record):
        recording = Recording(record)
        wrong = request_shapes.recorded.problems(recording.calls)
        check(not wrong, "requests that the models of the services reject:\n" + "\n".join(wrong))
        calls = recording.needed()
        check(len(calls) > 20, f"only {len(calls)} calls were recorded")
        denied = self.denied(policy, calls)
        check(not denied, "denied:\n" + "\n".join(sorted(denied)))
        attach = {"action": "iam:AttachRolePolicy", "arns": role_of(calls), "context": {"iam:PolicyARN": ADMINISTRATOR}}
        to_lambda = {
            "action": "iam:PassRole",
            "arns": role_of(calls),
            "context": {"iam:PassedToService": "lambda.amazonaws.com"},
        }
        forbidden = [{**call, "exact": True} for call in (*FORBIDDEN, attach, to_lambda)]
        wrong = len(forbidden) - len(self.denied(policy, forbidden))
        check(not wrong, f"{wrong} of the calls are allowed: {[it for it in forbidden if not self.denied(policy, [it])]}")
        for statement in policy["Statement"]:
            if "Condition" in statement or "iam:CreateRole" in statement["Action"]:
                rest = {**policy, "Statement": [it for it in policy["Statement"] if it is not statement]}
                needs = {call["action"] for call in calls} & set(statement["Action"])
                check(not needs or self.denied(rest, calls), f"allowed without {statement}")

    def cloudformation(self, emulator, folder, name):
        record = folder / "calls.jsonl"
        template, parameters = configurations.generate(self.program, name, "cfn"), configurations.parameters(name)
        ids = prepared(emulator, template + json.dumps(parameters))
        record.unlink(missing_ok=True)
        file = folder / "stack.json"
        file.write_text(with_ids(template, ids))
        policy = self.policy(file, "--stack", STACK)
        place = Workspace(self.program, emulator, folder)
        options = ["--stack", STACK, "--yes", "--poll-interval", "0.1"]
        for key, value in parameters.items():
            options += ["--parameter", with_ids(f"{key}={','.join(value) if isinstance(value, list) else value}", ids)]
        place.run("deploy", file, *options)
        changed = json.loads(file.read_text())
        for resource in changed["Resources"].values():
            rename(resource.get("Properties", {}).get("Tags"))
        file.write_text(json.dumps(changed))
        place.run("deploy", file, *options)
        place.run("destroy", "--stack", STACK, "--yes", "--poll-interval", "0.1")
        self.check(policy, record)

    def terraform(self, emulator, folder, name):
        record = folder / "calls.jsonl"
        module = TYPES.read_text() if name == "types" else configurations.generate(self.program, name, "tf")
        variables = configurations.variables(name, module)
        ids = prepared(emulator, module + json.dumps(configurations.parameters(name)))
        tool = Terraform(folder / "terraform")
        values = with_ids(json.dumps(variables), ids) if variables else None
        tool.write(with_ids(module, ids), values)
        configuration = TESTS / "cases" / f"{name}.yaml"
        if configuration.exists():
            policy = self.policy("--config", configuration, "--target", "tf")
        else:
            (folder / "plan.json").write_text(tool.plan_as_json(emulator))
            policy = self.policy(folder / "plan.json")
        record.unlink(missing_ok=True)
        tool.apply(emulator)
        changed = json.loads(with_ids(module, ids))
        for resources in changed["resource"].values():
            for body in resources.values():
                if "Name" in body.get("tags", {}):
                    body["tags"]["Name"] = "changed"
                # It stops the deletion of what the stack retains.
                body.get("lifecycle", {}).pop("prevent_destroy", None)
        tool.write(json.dumps(changed), values, keep_state=True)
        tool.apply(emulator)
        tool.destroy(emulator)
        self.check(policy, record)


    def table(self, _, folder, tool):
        """Simulates no call: the simulator fails for an action that its statements cannot allow."""
        rows = [line.split("\t") for line in ACTIONS.read_text().splitlines() if not line.startswith("#")]
        # The properties that rows and words of the table need.
        names = {name for row in rows for cell in row[1].split(" ") if "?" in cell for name in cell.split("?")[1].split("|")}
        properties = {name: ["a"] for name in names} | {"PeerRoleArn": f"{IAM}role/peer", "KmsKeyId": "a", "kms_key_id": "a"}
        properties |= dict.fromkeys(("ManagedPolicyArns", "policy_arn", "policy_arns"), [ADMINISTRATOR])
        types = {of for row in rows for of in row[0].split(" ")} - {"cfn", "tf"}
        if tool == "cfn":
            chosen = sorted(of for of in types if of.startswith("AWS::"))
            made = {"Resources": {f"R{n}": {"Type": of, "Properties": properties} for n, of in enumerate(chosen)}}
        else:
            chosen = sorted(types - {of for of in types if of.startswith("AWS::")})
            changes = [planned(of, properties) for of in chosen]
            made = {"format_version": "1.2", "planned_values": {}, "resource_changes": changes}
        check(len(chosen) > 60, f"only {len(chosen)} types")
        (folder / "all.json").write_text(json.dumps(made))
        policy = self.policy(folder / "all.json", "--stack", STACK)
        actions = {action for statement in policy["Statement"] for action in statement["Action"]}
        expected = {action for row in rows if set(row[0].split(" ")) & {*chosen, tool} for action in row[2].split()}
        missing = expected - actions - {"ssm:GetParameters"}
        check(not missing, f"no resource has the properties for {sorted(missing)}")
        self.denied(policy, [])


def planned(of, properties):
    """Returns the creation of a resource, in the form of a plan."""
    mode, name = ("data", of.removeprefix("data.")) if of.startswith("data.") else ("managed", of)
    return {"address": f"{name}.a", "type": name, "mode": mode, "change": {"actions": ["create"], "after": properties}}


def role_of(calls):
    """Returns the ARN of a role of the stack."""
    return next(call["arns"] for call in calls if call["action"] == "iam:CreateRole")


def rename(tags):
    for tag in tags or []:
        if tag.get("Key") == "Name":
            tag["Value"] = "changed"


def prepared(emulator, texts):
    """Creates what the stack requires of the account; returns the IDs of placeholders."""
    config = emulator.client("config")
    recorder = {"name": "default", "roleARN": f"{IAM}role/config", "recordingGroup": {"allSupported": True}}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    emulator.client("s3").create_bucket(Bucket="recorded")
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "recorded"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    return seed(emulator, texts)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = cases.parser(__doc__)
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    deployer = Deployer(arguments.program, arguments.folder)
    with tempfile.TemporaryDirectory(prefix="deployer-") as work, emulators(work) as found:

        def deploy(tool, name):
            deployer.install()
            folder = Path(work) / tool / name
            folder.mkdir(parents=True)
            emulator = found.copy(f"{tool}-{name}", EMULATOR_RECORD=str(folder / "calls.jsonl"), EMULATOR_STEP="0")
            getattr(deployer, tool)(emulator, folder, name)

        def case(tool, name):
            return Case(f"{tool}/{name}", lambda _: deploy(tool, name))

        all_cases = [case("terraform", name) for name in WITH_TERRAFORM]
        all_cases += [case("cloudformation", name) for name in CONFIGURATIONS]
        all_cases += [case("table", tool) for tool in ("cfn", "tf")]
        by_name = [case("terraform", "types")]
        by_name += [case("terraform", name) for name in CONFIGURATIONS if name not in WITH_TERRAFORM]
        # They mostly wait for the provider.
        cases.run_all(cases.choose(all_cases, arguments.names, by_name), [None] * 4).close()


if __name__ == "__main__":
    main()
