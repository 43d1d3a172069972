#!/usr/bin/env python3
"""Runs tests/aws/acceptance.sh against emulators, with a stand-in for the session.

    emulated.py PROGRAM [--all] [NAME...]

The stand-in is an `aws` that opens a local shell for `start-session`, if the operator's credentials and the instance are
those of the account, and writes the log that the agent would write. Everything else is the script itself: it deploys with
the program and with Terraform, and must leave an empty account, also after an interrupt and after a failure.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import harness.cases as cases
import harness.terraform as terraform
from harness.emulators import ACCOUNT, REGION, emulators
from harness.outcomes import check, require
from harness.program import aws_cli, run
from harness.workspace import Workspace

SCRIPT = Path(__file__).with_name("acceptance.sh")
# As the agent does, the shell of a session prints what it reads, and its log group and bucket receive what it prints.
STAND_IN = """\
#!/bin/bash
if [ "$1 $2" = "{refused}" ]; then
    echo 'An error occurred (AccessDeniedException): refused by the test' >&2
    exit 254
fi
[ "$1 $2" = 'ssm start-session' ] || exec {aws} "$@"
[ "$4" = "$(cat {directory}/broken 2>/dev/null)" ] && exit 1
[ -n "$AWS_SESSION_TOKEN" ] && [ -t 0 ] || {{ echo 'not an operator on a terminal' >&2; exit 1; }}
{aws} ec2 describe-instances --instance-ids "$4" >/dev/null || exit 1
printf '\\nStarting session with SessionId: acceptance-0123\\n'
cd / && PS1='sh-5.2$ ' sh -i 2>&1 | tee {directory}/said
[ "$7" = --document-name ] || exit 0
group=/session-manager/${{8%-SessionPreferences}}
{aws} logs create-log-stream --log-group-name "$group" --log-stream-name s
{python} -c 'import json, sys, time
print(json.dumps([{{"timestamp": int(time.time() * 1000), "message": sys.stdin.read()}}]))' <{directory}/said >{directory}/events
{aws} logs put-log-events --log-group-name "$group" --log-stream-name s --log-events file://{directory}/events
document=$({aws} ssm get-document --name "$8" --query Content --output text)
bucket=$({python} -c 'import json, sys; print(json.load(sys.stdin)["inputs"]["s3BucketName"])' <<<"$document")
{aws} s3api put-object --bucket "$bucket" --key sessions/s.log --body {directory}/said
"""
# What an account has by itself.
LISTS = {
    "iam": [("list_roles", "Roles", "RoleName"), ("list_instance_profiles", "InstanceProfiles", "InstanceProfileName")],
    "s3": [("list_buckets", "Buckets", "Name")],
    "logs": [("describe_log_groups", "logGroups", "logGroupName")],
    "sns": [("list_topics", "Topics", "TopicArn")],
    "cloudtrail": [("describe_trails", "trailList", "Name")],
    "events": [("list_rules", "Rules", "Name")],
    "ec2": [
        ("describe_vpcs", "Vpcs", "VpcId"),
        ("describe_launch_templates", "LaunchTemplates", "LaunchTemplateId"),
    ],
}


class Account(Workspace):
    """An account with a workspace in which the script runs."""

    def __init__(self, program, emulator, folder):
        super().__init__(program, emulator, folder)
        self.tools, self.output = folder / "bin", folder / "output"
        self.tools.mkdir()
        self.stand_in()
        (self.tools / "session-manager-plugin").write_text("#!/bin/sh\necho 1.2.764.0\n")
        (self.tools / "session-manager-plugin").chmod(0o755)
        (folder / "emulator_override.tf.json").write_text(json.dumps(terraform.OVERRIDE))
        self.environment |= {"ACCEPTANCE_PAUSE": "0.2", "PATH": f"{self.tools}:{os.environ['PATH']}"}
        self.before = self.contents()
        self.known_keys = {it["KeyId"] for it in self.emulator.list_all("kms", "list_keys", "Keys")}

    def stand_in(self, refused="none"):
        text = STAND_IN.format(aws=aws_cli(), directory=self.folder, python=sys.executable, refused=refused)
        (self.tools / "aws").write_text(text)
        (self.tools / "aws").chmod(0o755)

    def contents(self):
        found = set()
        for service, calls in LISTS.items():
            for call, key, name in calls:
                found |= {(service, it[name]) for it in self.emulator.list_all(service, call, key)}
        endpoints = self.emulator.list_all("ec2", "describe_vpc_endpoints", "VpcEndpoints")
        found |= {("ec2", it["VpcEndpointId"]) for it in endpoints if it["State"].lower() != "deleted"}
        found |= {("stack", it["StackName"]) for it in self.cloudformation.describe_stacks()["Stacks"]}
        return found

    def command(self, *arguments):
        words = [SCRIPT, "--region", REGION, "--program", self.program, "--directory", "run", "--yes", *arguments]
        return [*words, "--terraform-file", self.folder / "emulator_override.tf.json"]

    @contextlib.contextmanager
    def start(self, *arguments):
        """Runs the script as a process group of its own, as a terminal does."""
        with contextlib.ExitStack() as stack:
            environment = dict(self.environment)
            if any("terraform" in str(it) for it in arguments) or not arguments:
                require("terraform")
                program = terraform.cache().provider_program({"required_providers": terraform.DEFAULT_PROVIDERS})
                slot = stack.enter_context(terraform.cache().slot())
                slot.configure(self.emulator.endpoint, REGION)
                # Without the settings of the user's own Terraform.
                plain = {name: value for name, value in environment.items() if not name.startswith("TF_")}
                environment = {**slot.environment(program), **plain}
            output = stack.enter_context(self.output.open("w"))
            options = {"cwd": self.folder, "env": environment, "stdout": output, "stderr": output, "stdin": subprocess.DEVNULL}
            # A shell ignores interrupts in its background, and so would the script.
            options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
            child = subprocess.Popen(self.command(*arguments), start_new_session=True, **options)
            try:
                yield child
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)

    def complete(self, *arguments, code=0):
        with self.start(*arguments) as child:
            found = child.wait(1500)
        self.expect_end(found, code)

    def expect_end(self, found, code):
        text = self.output.read_text()
        check(found == code, f"exit code {found}, expected {code}:\n{text}")
        report = (self.folder / "run/report.txt").read_text()
        check(ACCOUNT not in report, f"the report contains the account ID:\n{report}")

    def wait_for(self, holds):
        end = time.monotonic() + 120
        while not holds():
            check(time.monotonic() < end, f"timed out:\n{self.output.read_text()}")
            time.sleep(0.1)

    def expect_empty(self):
        left = self.contents() - self.before
        check(not left, f"left in the account: {sorted(left)}\n{self.output.read_text()}")
        states = {it["KeyState"] for it in self.keys()}
        check(states <= {"PendingDeletion"}, f"keys: {states}")

    def keys(self):
        """Returns the keys that the script created."""
        kms = self.emulator.client("kms")
        created = {it["KeyId"] for it in self.emulator.list_all("kms", "list_keys", "Keys")} - self.known_keys
        # Moto creates the keys that AWS owns when something is encrypted with them.
        aliased = {it.get("TargetKeyId") for it in self.emulator.list_all("kms", "list_aliases", "Aliases")}
        return [kms.describe_key(KeyId=it)["KeyMetadata"] for it in created - aliased]

    def lines(self):
        return [line for line in self.output.read_text().splitlines() if line.startswith(("pass", "FAIL", "left"))]


def all_stacks(account):
    """Each step of each stack passes, and the hardened stacks leave their keys."""
    account.complete()
    account.expect_empty()
    steps = ["deploy", "no changes", "agent online", "session as operator", "session log", "unrelated change", "delete"]
    for stack in ("cloudformation-standard", "cloudformation-hardened", "terraform-standard", "terraform-hardened"):
        found = [line.split(": ")[1].split(" (")[0] for line in account.lines() if line.startswith(f"pass  {stack}")]
        expected = [step for step in steps if step != "session log" or stack.endswith("hardened")]
        check(found == expected, f"{stack}: {found}")
    announced = [line for line in account.lines() if line.startswith("left, as announced: key")]
    check(len(announced) == len(account.keys()) > 0, announced)


def interrupted(account):
    """Ctrl-C while CloudFormation creates the stack."""
    with account.start("--only", "cloudformation-standard") as child:
        account.wait_for(lambda: any(it["StackStatus"] == "CREATE_IN_PROGRESS" for it in account.cloudformation.describe_stacks()["Stacks"]))
        account.wait_for(lambda: account.contents() - account.before)
        os.killpg(child.pid, signal.SIGINT)
        found = child.wait(900)
    account.expect_end(found, 130)
    account.expect_empty()


def terminated(account):
    """SIGTERM while Terraform creates its resources."""
    with account.start("--only", "terraform-hardened") as child:
        account.wait_for(lambda: len(account.contents() - account.before) > 3)
        child.send_signal(signal.SIGTERM)
        found = child.wait(900)
    account.expect_end(found, 130)
    account.expect_empty()


def failed_session(account):
    """A session that ends at once fails its step, skips the rest, and deletes the stack."""
    (account.tools / "session-manager-plugin").unlink()
    done = run(*account.command(), code=2, cwd=account.folder, env=account.environment)
    check("`session-manager-plugin` is not on the PATH" in done.stderr, done.stderr)
    (account.tools / "session-manager-plugin").symlink_to("/bin/true")
    account.stand_in(refused="ssm start-session")
    account.complete("--only", "cloudformation-standard", code=1)
    account.expect_empty()
    lines = account.lines()
    check(any(line.startswith("FAIL  cloudformation-standard: session as operator") for line in lines), lines)
    check("refused by the test" in (account.folder / "run/report.txt").read_text(), "the report lacks the cause")
    check(not any("unrelated change" in line for line in lines), lines)


def left_behind(account):
    """What cannot be deleted is listed, and a later run deletes it."""
    account.stand_in(refused="logs delete-log-group")
    account.environment["ACCEPTANCE_PATIENCE"] = "30"
    account.complete("--only", "cloudformation-hardened", code=1)
    report = (account.folder / "run/report.txt").read_text()
    check("log group /session-manager/ssm-acc-" in report and "left behind" in report, report)
    account.stand_in()
    del account.environment["ACCEPTANCE_PATIENCE"]
    account.complete("--clean", "run")
    account.expect_empty()


def unreadable(account):
    """A call that fails is never an empty list."""
    account.stand_in(refused="iam list-roles")
    account.environment["ACCEPTANCE_PATIENCE"] = "2"
    account.complete("--only", "cloudformation-standard", code=1)
    text = account.output.read_text()
    check("a call failed: aws iam list-roles" in text, text)


CASES = [all_stacks, terminated, interrupted, failed_session, left_behind, unreadable]
# The cases without --all: each takes a minute of both processors.
USUAL = [all_stacks, interrupted]


def main():
    parser = cases.parser(__doc__)
    cases.add_names(parser)
    parser.add_argument("--all", action="store_true", help="run every case")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_intermixed_args()
    usual = CASES if arguments.all or arguments.names else USUAL
    chosen = cases.choose(cases.named(usual), arguments.names)
    with tempfile.TemporaryDirectory(prefix="acceptance-") as work, emulators(work) as found:
        workers = [found.copy(f"emulator-{number}", EMULATOR_STEP="0.02") for number in range(min(arguments.jobs, len(chosen)))]

        def attempt(case):
            def start(emulator):
                emulator.reset()
                folder = Path(work) / case.name
                folder.mkdir()
                case.run(Account(arguments.program, emulator, folder))

            return cases.Case(case.name, start)

        report = cases.run_all(map(attempt, chosen), workers)
    report.close()


if __name__ == "__main__":
    main()
