#!/usr/bin/env python3
"""Tests the program as an operator uses it, from an empty account to a session and back.

    session.py PROGRAM [NAME...]

Runs on a terminal (a pty) and without one, against emulators. Checks what the program prompts, prints and returns, and the
account afterwards. It cannot check a session itself (a stand-in for the AWS CLI records the arguments of `start-session`)
or AWS's timing.
"""

import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pexpect

import harness.cases as cases
from harness.emulators import emulators
from harness.outcomes import check
from harness.program import aws_cli
from harness.workspace import SECRET, Workspace

OWN = (
    *("HOME", "TERM", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"),
    "AWS_EC2_METADATA_DISABLED",
)
CONFIG = """\
name: team
instances:
  - {name: web, instance_type: t3.micro}
"""
# Passes all commands to the AWS CLI except sessions, which it records.
STAND_IN = """\
#!/bin/sh
if [ "$1 $2" = "ssm start-session" ]; then
    for word in "$@"; do printf '%s\\n' "$word"; done > "$RECORD"
    exit 7
fi
exec {aws} "$@"
"""
PLUGIN = "#!/bin/sh\necho 1.2.764.0\n"


class Operator(Workspace):
    """A workspace with the environment of an operator: a configuration and stand-ins of the AWS CLI and its plugin."""

    def __init__(self, program, emulator, folder):
        super().__init__(program, emulator, folder)
        self.tools, self.record = folder / "bin", folder / "record"
        self.tools.mkdir()
        self.write_tool("aws", STAND_IN.format(aws=aws_cli()))
        self.write_tool("session-manager-plugin", PLUGIN)
        self.write(CONFIG)
        # Nothing else of the machine's environment.
        kept = {name: value for name, value in self.environment.items() if name in OWN}
        self.environment = {**kept, "PATH": f"{self.tools}:/usr/bin:/bin", "RECORD": str(self.record)}

    def write_tool(self, name, text):
        path = self.tools / name
        path.write_text(text)
        path.chmod(0o755)

    def write(self, config):
        (self.folder / "ssm-synth.yaml").write_text(config)

    def terminal(self, *arguments):
        """Starts the program on a terminal."""
        child = pexpect.spawn(
            str(self.program), list(arguments), cwd=self.folder, env=self.environment, timeout=60, dimensions=(40, 160)
        )
        child.logfile_read = open(self.folder / "terminal.log", "ab")
        return child

    def expect_end(self, child, code):
        child.expect(pexpect.EOF)
        child.close()
        check(child.exitstatus == code, f"exit code {child.exitstatus}, expected {code}: {child.before}")


def on_a_terminal(place):
    """Deploys, inspects, connects, changes, replaces, detaches and destroys."""
    child = place.terminal("deploy", "--poll-interval", "0.1")
    child.expect("Stack `team` in us-east-1: create")
    child.expect("WebInstance: .*reachable")
    child.expect_exact("Deploy these changes to stack `team` in `us-east-1`? [y/N] ")
    assert place.stack()["StackStatus"] == "REVIEW_IN_PROGRESS"
    child.sendline("n")
    child.expect("Nothing was changed")
    place.expect_end(child, 1)
    assert place.stack() is None, "a stack is left of a deployment that was declined"

    child = place.terminal("deploy", "--poll-interval", "0.1")
    child.expect_exact("[y/N] ")
    child.sendline("y")
    child.expect(r"resources, ")
    child.expect("CREATE_COMPLETE.* WebInstance")
    child.expect("Deployed stack `team` in ")
    child.expect("WebStartSession *= aws ssm start-session --target i-")
    place.expect_end(child, 0)
    first = place.instance()

    child = place.terminal("deploy", "--poll-interval", "0.1")
    child.expect("No changes: stack `team` matches the template")
    place.expect_end(child, 0)
    assert not place.change_sets()

    child = place.terminal("status", "--wait", "--poll-interval", "0.1")
    child.expect("stack .*team.* in us-east-1: .*CREATE_COMPLETE")
    child.expect(f"WebInstance.* {first}: running; agent .*Online.* \\(3\\.")
    place.expect_end(child, 0)

    child = place.terminal("connect", "web")
    place.expect_end(child, 7)
    want = ["ssm", "start-session", "--target", first, "--region", "us-east-1"]
    assert place.record.read_text().splitlines() == want, place.record.read_text()

    place.write(CONFIG + "tags: {Team: core}\nendpoints: {least_privilege: true}\n")
    child = place.terminal("diff")
    child.expect("narrower.* EndpointsSsm.*: no longer allows")
    child.expect("changed.*NetworkVpc.* AWS::EC2::VPC")
    child.expect(r"Tags\[Team\]: core")
    place.expect_end(child, 0)

    place.write(CONFIG.replace("instance_type: t3.micro", "instance_type: t3.micro, replacement_trigger: '2'"))
    child = place.terminal("deploy", "--poll-interval", "0.1")
    child.expect("Stack `team` in us-east-1: update")
    child.expect("replaced.*WebInstance.*AWS::EC2::Instance")
    child.expect_exact("[y/N] ")
    child.sendline("n")
    place.expect_end(child, 1)
    assert place.instance() == first and not place.change_sets()

    # Ctrl-C at the prompt changes nothing and leaves no change set.
    child = place.terminal("deploy", "--poll-interval", "0.1")
    child.expect_exact("[y/N] ")
    child.sendintr()
    child.expect("Nothing was changed")
    place.expect_end(child, 130)
    assert place.instance() == first and not place.change_sets()

    # Ctrl-C during the deployment only stops waiting.
    child = place.terminal("deploy", "--poll-interval", "0.1")
    child.expect_exact("[y/N] ")
    child.sendline("yes")
    child.expect("resources, ")
    child.sendintr()
    # The first response may still be missing.
    child.expect("stopped waiting; (stack `team` is still `[A-Z_]+`|the operation on stack `team` continues)")
    child.expect("run `ssm-synth status --stack team --wait`")
    place.expect_end(child, 130)
    child = place.terminal("status", "--wait", "--poll-interval", "0.1")
    child.expect("UPDATE_COMPLETE")
    place.expect_end(child, 0)
    assert place.instance() != first, "the instance was not replaced"

    child = place.terminal("destroy", "--poll-interval", "0.1")
    child.expect("deleted   WebInstance")
    child.expect_exact("Delete stack `team` in `us-east-1`? [y/N] ")
    child.sendline("y")
    child.expect("Deleted stack `team` in ")
    place.expect_end(child, 0)
    assert place.stack() is None


def without_a_terminal(place):
    """As in CI: no prompts, JSON Lines, exit codes."""
    assert "--yes" in place.run("deploy", code=2).stderr
    assert place.stack() is None
    done = place.run("deploy", "--dry-run", "--poll-interval", "0.1")
    assert "Stack `team` in us-east-1: create" in done.stdout and place.stack() is None, done.stderr
    done = place.run("deploy", "--yes", "--poll-interval", "0.1", "--format", "json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["event"] == "plan" and lines[0]["session"][0]["after"] == "reachable", lines[0]
    assert {"NetworkVpc", "WebInstance"} <= {it["logical_id"] for it in lines if it["event"] == "resource"}
    assert lines[-1]["event"] == "end" and lines[-1]["outcome"] == "done", lines[-1]
    assert lines[-1]["stack"]["outputs"]["WebInstanceId"] == place.instance()
    place.run("deploy", "--yes", "--poll-interval", "0.1")
    place.run("diff", "--exit-code")
    place.run("diff", "stack:team", "ssm-synth.yaml", "--exit-code")
    # Names in the template contain the name of the stack, not that of the file.
    place.run("deploy", "--stack", "prod", "--yes", "--poll-interval", "0.1")
    place.run("diff", "stack:prod", "ssm-synth.yaml", "--exit-code")
    place.run("destroy", "--stack", "prod", "--yes", "--poll-interval", "0.1")
    place.write(CONFIG.replace("t3.micro", "t3.small"))
    done = place.run("diff", "--exit-code", "--change-set", "--format", "json", code=1)
    found = json.loads(done.stdout)
    paths = [path["path"] for it in found["differences"] for path in it.get("properties", [])]
    assert "LaunchTemplateData.InstanceType" in paths or "InstanceType" in paths, paths
    assert any(it["logical_id"] == "WebInstance" for it in found["change_set"]) and not place.change_sets()
    done = place.run("status", "--format", "json")
    assert json.loads(done.stdout)["instances"][0]["agent"]["ping"] == "Online"
    done = place.run("status", "--drift", "--poll-interval", "0.1")
    assert "drift: IN_SYNC" in done.stdout
    done = place.run("doctor", "--format", "json")
    checks = {it["check"]: it["result"] for it in json.loads(done.stdout)["checks"]}
    assert set(checks.values()) <= {"pass", "unknown"} and checks["connection"] == "pass", checks
    place.run("destroy", code=2)
    place.run("destroy", "--yes", "--poll-interval", "0.1")
    assert place.stack() is None
    assert "does not exist" in place.run("destroy", "--yes").stderr
    assert "does not exist" in place.run("status", code=1).stderr
    assert "is not deployed" in place.run("diff", code=1).stderr


def resolves_region_once(place):
    """The Region of the environment reaches the generated template, its check and comparisons with the stack."""
    hardened = "name: other\npreset: hardened\nmonitoring: {config_rules: false}\n"
    place.write(hardened)
    fast = ["--poll-interval", "0.1"]
    text = place.run("deploy", "--dry-run", *fast).stdout
    assert "S3PrefixListId" not in text and "Plan: " in text, text
    place.run("deploy", "--stack", "team", "--yes", *fast)
    for arguments in (["stack:team", "ssm-synth.yaml"], ["ssm-synth.yaml", "stack:team"], ["--stack", "team"]):
        done = place.run("diff", *arguments, "--exit-code")
        assert "replaced" not in done.stdout, done.stdout
    # The file wins over the environment, and the option over the file.
    place.write(hardened + "region: eu-west-1\n")
    assert "`other` is not deployed in `eu-west-1`" in place.run("diff", code=1).stderr
    assert "in `eu-central-1`" in place.run("diff", "--region", "eu-central-1", code=1).stderr
    assert "in `us-west-2`" in place.run("status", "--region", "us-west-2", code=1).stderr
    done = place.run("deploy", "--region", "us-east-2", "--dry-run", *fast)
    assert "Stack `other` in us-east-2: create" in done.stdout, done.stdout
    place.write(CONFIG)
    assert "at list prices in us-east-1" in place.run("cost").stdout
    done = place.run("cost", environment={"AWS_REGION": "eu-west-1"})
    assert "at list prices in eu-west-1" in done.stdout and "assumed" not in done.stdout, done.stdout


def shows_the_plan(place):
    """The deploying principal, the counts, the cost, and how to connect; access only if it becomes broader."""
    fast = ["--yes", "--poll-interval", "0.1"]
    done = place.run("deploy", *fast)
    # Without a terminal, a call that takes long is a line.
    first = next(it for it in done.stderr.splitlines() if not it.startswith("Calling "))
    assert first.startswith("Account 123456789012, Region us-east-1, as arn:aws:"), done.stderr
    added = done.stderr.count("  added ")
    assert f"Plan: {added} to add, 0 to change, 0 to replace\n" in done.stderr and added > 10, done.stderr
    assert "broader" not in done.stderr and re.search(
        r"^Cost: [0-9.]+ USD per month, at list prices of 20\d\d-\d\d-\d\d", done.stderr, re.MULTILINE
    ), done.stderr
    last = done.stderr.splitlines()[-1]
    assert last == "Connect: ssm-synth connect web --stack team", done.stderr
    place.write(CONFIG.replace("t3.micro", "t3.small"))
    done = place.run("deploy", *fast)
    assert "Plan: 0 to add, " in done.stderr and " before, at" in done.stderr, done.stderr
    place.write(CONFIG)
    lines = [json.loads(it) for it in place.run("deploy", *fast, "--format", "json").stdout.splitlines()]
    assert lines[0]["account"] == "123456789012" and lines[0]["monthly_cost"] > 0, lines[0]


def ends_once(place):
    """JSON Lines have exactly one final event, whatever happens."""

    def ends(*arguments, code, environment=None):
        done = place.run(*arguments, "--format", "json", code=code, environment=environment)
        events = [json.loads(it)["event"] for it in done.stdout.splitlines()]
        assert events.count("end") == 1 and events[-1] == "end", (arguments, events)

    offline = CONFIG.replace("instance_type: t3.micro", "instance_type: t3.micro, tags: {'emulator:agent': never}")
    place.write(offline)
    ends("status", code=1)
    ends("deploy", "--dry-run", "--poll-interval", "0.1", code=0)
    ends("deploy", "--yes", "--poll-interval", "0.1", code=0)
    ends("deploy", "--yes", "--poll-interval", "0.1", code=0)
    ends("status", code=1)
    ends("status", "--wait", "--timeout", "1s", "--poll-interval", "0.2", code=1)
    ends("status", code=2, environment={"PATH": "/nonexistent"})
    ends("destroy", "--yes", "--poll-interval", "0.1", code=0)
    ends("destroy", "--yes", code=0)


def unreachable_network(place):
    """A network without an answer is said after seconds; until then, the call is shown."""
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    for command, limit in (("status", 30), ("doctor", 60)):
        start = time.monotonic()
        done = place.run(command, code=2 if command == "status" else 1, environment=nowhere)
        assert time.monotonic() - start < limit, f"{command}: {time.monotonic() - start} s"
        assert "cannot reach AWS" in done.stderr + done.stdout, done.stderr
    assert "attempt 2" in done.stderr, done.stderr
    # A Region that the program does not know is a question for AWS.
    done = place.run("deploy", "--region", "us-east-9", "--dry-run", code=2, environment=nowhere)
    assert "unknown region `us-east-9`; names and limits of the Region are not checked; did you mean `us-east-1`?" in done.stderr, done.stderr
    assert "cannot reach AWS" in done.stderr, done.stderr
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place.environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        child = place.terminal("status")
        child.expect("DescribeStacks in us-east-1", timeout=10)
        child.kill(signal.SIGKILL)
        # Each line is printed as it is known.
        child = place.terminal("doctor")
        child.expect("session plugin", timeout=60)
        child.expect("aws sts get-caller-identity", timeout=60)
        child.kill(signal.SIGKILL)


def narrow(place):
    """Tables fit a terminal of 40 columns."""
    place.run("deploy", "--yes", "--poll-interval", "0.1")
    for arguments in (["cost"], ["explain"], ["status"], ["doctor"], ["deploy", "--poll-interval", "0.1"]):
        child = pexpect.spawn(
            str(place.program), arguments, cwd=place.folder, env=place.environment, timeout=60, dimensions=(200, 40)
        )
        child.expect(pexpect.EOF)
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", child.before.decode())
        lines = [it for it in re.split(r"[\r\n]+", plain) if len(it) > 40 and " " in it.strip()]
        # Sentences, commands and outputs to copy stay on one line.
        lines = [it for it in lines if not re.search(r"^(Connect: |Account |No changes|\w+ += )", it)]
        assert not lines, (arguments, lines)


def sessions(place):
    """The arguments of the AWS CLI, in all variants."""
    place.write(CONFIG + "  - {name: db-1, instance_type: t3.micro}\n")
    place.run("deploy", "--yes", "--poll-interval", "0.1")
    outputs = {it["OutputKey"]: it["OutputValue"] for it in place.stack()["Outputs"]}
    web, db = outputs["WebInstanceId"], outputs["Db1InstanceId"]
    where = ["--region", "us-east-1"]
    forward = ["--document-name", "AWS-StartPortForwardingSession", "--parameters"]
    remote = ["--document-name", "AWS-StartPortForwardingSessionToRemoteHost", "--parameters"]
    command = ["--document-name", "AWS-StartNonInteractiveCommand", "--parameters"]
    for arguments, target, rest in [
        (["web"], web, where),
        (["db-1"], db, where),
        (["WebInstance", "--reason", "a ticket"], web, ["--reason", "a ticket", *where]),
        (["web", "--document-name", "Mine"], web, ["--document-name", "Mine", *where]),
        (["web", "--port-forward", "8080:80"], web, [*forward, {"portNumber": ["80"], "localPortNumber": ["8080"]}, *where]),
        (["web", "--port-forward", "80"], web, [*forward, {"portNumber": ["80"], "localPortNumber": ["80"]}, *where]),
        (
            ["web", "--port-forward", "5432", "--remote-host", "db.internal"],
            web,
            [*remote, {"portNumber": ["5432"], "localPortNumber": ["5432"], "host": ["db.internal"]}, *where],
        ),
        (["web", "--", "uptime"], web, [*command, {"command": ["uptime"]}, *where]),
        (["web", "--", "echo", "a b"], web, [*command, {"command": ["echo 'a b'"]}, *where]),
        ([web], web, []),
        ([web, "--region", "us-east-1"], web, ["--region", "us-east-1"]),
        ([web, "--profile", "x"], web, ["--profile", "x"]),
    ]:
        place.run("connect", *arguments, code=7)
        found = place.record.read_text().splitlines()
        found = [json.loads(it) if it.startswith("{") else it for it in found]
        assert found == ["ssm", "start-session", "--target", target, *rest], (arguments, found)
    done = place.run("connect", "wb", code=1)
    assert "did you mean `web`?" in done.stderr
    done = place.run("connect", code=1)
    assert "2 instances" in done.stderr and f"`web` ({web})" in done.stderr
    for program in ("session-manager-plugin", "aws"):
        (place.tools / program).rename(place.folder / program)
        done = place.run("connect", "web", code=2)
        assert f"`{program}` is not on the PATH" in done.stderr and "install it" in done.stderr, done.stderr
        if program == "aws":
            assert "cannot read the instances" in place.run("status", code=2).stderr
            assert "`aws` is not on the PATH" in place.run("doctor", code=1).stdout
        (place.folder / program).rename(place.tools / program)
    # A stack with separate session preferences names them, and its logs are retained.
    place.write(CONFIG + "sessions: true\n")
    place.run("deploy", "--yes", "--poll-interval", "0.1")
    place.run("connect", "web", code=7)
    own = ["--document-name", "team-SessionPreferences"]
    assert place.record.read_text().splitlines() == ["ssm", "start-session", "--target", web, *own, *where]
    done = place.run("destroy", "--yes", "--poll-interval", "0.1")
    assert "SessionsLogs" in done.stderr + done.stdout, done.stderr
    # A stack of this name finds the log group and reports what to do.
    done = place.run("deploy", "--yes", "--poll-interval", "0.1", code=1)
    assert "log group `/session-manager/team` exists" in done.stderr and "import it" in done.stderr, done.stderr
    assert place.stack() is None


def not_online(place):
    """An agent that never registers: the timeout, and the reason that the reachability check reports."""
    place.write(CONFIG.replace("instance_type: t3.micro", "instance_type: t3.micro, tags: {'emulator:agent': never}"))
    place.run("deploy", "--yes", "--poll-interval", "0.1")
    done = place.run("status", "--wait", "--timeout", "1s", "--poll-interval", "0.2", code=1)
    assert "not registered with Systems Manager" in done.stdout, done.stdout
    assert "timed out after 1 second" in done.stderr and "Reachability of the deployed" in done.stderr, done.stderr
    done = place.run("doctor", code=1)
    assert "fail    agent" in done.stdout, done.stdout
    # `connect` says so, instead of the AWS CLI.
    done = place.run("connect", "web", code=1)
    assert "is not connected" in done.stderr and "status --stack team --wait" in done.stderr, done.stderr
    assert not place.record.exists()
    # An endpoint without private DNS: the deployed template shows the reason.
    text = place.run("--format", "cfn").stdout.replace('"PrivateDnsEnabled": true', '"PrivateDnsEnabled": false')
    (place.folder / "broken.json").write_text(text)
    done = place.run("deploy", "broken.json", "--stack", "team", "--yes", code=1)
    assert "endpoint-private-dns" in done.stderr and "--allow-unreachable" in done.stderr, done.stderr
    place.run("deploy", "broken.json", "--stack", "team", "--yes", "--allow-unreachable", "--poll-interval", "0.1")
    done = place.run("status", "--wait", "--timeout", "1s", "--poll-interval", "0.2", code=1)
    assert "endpoint-private-dns" in done.stderr, done.stderr
    place.run("destroy", "--yes", "--poll-interval", "0.1")


def failures(place):
    """The first cause and its hint, failed stacks, and retained resources."""
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}
    why = "User: u is not authorized to perform: ec2:CreateSubnet on resource: r because no policy allows it"
    subnet = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "V"}, "CidrBlock": "10.9.1.0/24"}}
    broken = {**subnet, "Metadata": {"Emulator": {"CreateFails": why}}}
    good, bad = place.folder / "good.json", place.folder / "bad.json"
    good.write_text(json.dumps({"Resources": {"V": vpc, "S": subnet}}))
    bad.write_text(json.dumps({"Resources": {"V": vpc, "S": broken}}))
    deploy = ["deploy", "--stack", "f", "--yes", "--poll-interval", "0.1"]
    done = place.run(*deploy, "bad.json", code=1)
    assert f"cause: S (AWS::EC2::Subnet): {why}" in done.stderr and "help: allow this action" in done.stderr
    assert "is `ROLLBACK_COMPLETE`" in done.stderr and place.stack("f")["StackStatus"] == "ROLLBACK_COMPLETE"
    done = place.run(*deploy, "good.json")
    assert "must be deleted before" in done.stderr and place.stack("f")["StackStatus"] == "CREATE_COMPLETE"
    other = {**broken, "Properties": {**subnet["Properties"], "CidrBlock": "10.9.2.0/24"}}
    bad.write_text(json.dumps({"Resources": {"V": vpc, "S": other}}))
    done = place.run(*deploy, "bad.json", code=1)
    assert "update failed; CloudFormation rolled it back" in done.stderr
    assert place.stack("f")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    place.run("destroy", "--stack", "f", "--yes", "--poll-interval", "0.1")
    done = place.run(*deploy, "bad.json", "--no-rollback", code=1)
    assert "the created resources are kept" in done.stderr and place.stack("f")["StackStatus"] == "CREATE_FAILED"
    place.run(*deploy, "good.json")
    done = place.run(*deploy, "good.json", "--termination-protection")
    assert "termination protection of stack `f` is enabled" in done.stderr and place.stack("f")["EnableTerminationProtection"]
    assert "--no-enable-termination-protection" in place.run("destroy", "--stack", "f", "--yes", code=1).stderr
    place.run(*deploy, "good.json", "--termination-protection=false")
    stuck = {**vpc, "Metadata": {"Emulator": {"RollbackFails": "the real trouble"}}}
    stuck["Properties"] = {**vpc["Properties"], "EnableDnsHostnames": True}
    failing = {**subnet, "Metadata": {"Emulator": {"UpdateFails": "first cause"}}}
    bad.write_text(json.dumps({"Resources": {"V": stuck, "S": failing}}))
    done = place.run(*deploy, "bad.json", code=1)
    assert place.stack("f")["StackStatus"] == "UPDATE_ROLLBACK_FAILED", done.stderr
    assert "cause: S" in done.stderr and "rollback failed at: V" in done.stderr, done.stderr
    assert "continue-update-rollback" in done.stderr, done.stderr
    assert "continue-update-rollback" in place.run(*deploy, "good.json", code=1).stderr
    place.run("destroy", "--stack", "f", "--yes", "--poll-interval", "0.1")
    kept = {**vpc, "DeletionPolicy": "Retain"}
    good.write_text(json.dumps({"Resources": {"V": kept}}))
    place.run(*deploy, "good.json")
    done = place.run("destroy", "--stack", "f", "--yes", "--poll-interval", "0.1")
    assert "retained  V (AWS::EC2::VPC)" in done.stderr and "retained: V" in done.stderr


def parameters(place):
    """A specified value stays; a default follows the template."""

    def template(default):
        tags = [{"Key": name, "Value": {"Ref": name}} for name in ("Chosen", "Plain", "Bare")]
        vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16", "Tags": tags}}
        slots = {"Chosen": {"Default": default}, "Plain": {"Default": default}, "Bare": {}}
        slots = {name: {"Type": "String", **slot} for name, slot in slots.items()}
        (place.folder / "p.json").write_text(json.dumps({"Parameters": slots, "Resources": {"V": vpc}}))

    def values():
        return {it["ParameterKey"]: it["ParameterValue"] for it in place.stack("p")["Parameters"]}

    deploy = ["deploy", "--stack", "p", "p.json", "--yes", "--poll-interval", "0.1"]
    template("one")
    assert "--parameter Bare=VALUE" in place.run(*deploy, code=1).stderr
    assert place.stack("p") is None
    done = place.run(*deploy, "--parameter", "Chsen=x", code=2)
    assert "did you mean `Chosen`?" in done.stderr
    place.run(*deploy, "--parameter", "Bare=b", "--parameter", "Chosen=mine", "--tag", "Owner=${x}")
    assert values() == {"Chosen": "mine", "Plain": "one", "Bare": "b"}, values()
    assert place.stack("p")["Tags"] == [{"Key": "Owner", "Value": "${x}"}]
    template("two")
    place.run(*deploy)
    assert values() == {"Chosen": "mine", "Plain": "two", "Bare": "b"}, values()
    place.run("destroy", "--stack", "p", "--yes", "--poll-interval", "0.1")


def large(place):
    """Templates of more than 51,200 bytes: without white space, else through a bucket."""
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}
    deploy = ["deploy", "--stack", "l", "l.json", "--yes", "--poll-interval", "0.1"]
    wide = {**vpc, "Metadata": {"x": [[["y"] * 20] * 20] * 20}}
    (place.folder / "l.json").write_text(json.dumps({"Resources": {"V": wide}}, indent=2))
    assert (place.folder / "l.json").stat().st_size > 51_200
    place.run(*deploy)
    place.run(*deploy)
    long = {**vpc, "Metadata": {"x": "y" * 52_000}}
    (place.folder / "l.json").write_text(json.dumps({"Resources": {"V": long}}))
    assert "--s3-bucket" in place.run(*deploy, code=1).stderr
    assert "NoSuchBucket" in place.run(*deploy, "--s3-bucket", "absent", code=1).stderr
    s3 = place.emulator.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert "is in `eu-west-1`" in place.run(*deploy, "--s3-bucket", "far", code=1).stderr
    place.run(*deploy, "--s3-bucket", "templates")
    assert "52" in str(
        len(place.cloudformation.get_template(StackName="l")["TemplateBody"]["Resources"]["V"]["Metadata"]["x"])
    )
    place.run("destroy", "--stack", "l", "--yes", "--poll-interval", "0.1")


def without_a_network(place):
    """Help and usage errors need no network; without network or credentials the program reports the reason."""
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    for command in ("deploy", "diff", "status", "connect", "doctor", "destroy"):
        start = time.monotonic()
        assert "exit code" in place.run(command, "--help", environment=nowhere).stdout.lower()
        place.run(command, "--absent", code=2, environment=nowhere)
        assert time.monotonic() - start < 2
    for arguments, code in [
        (["deploy", "absent.json", "--yes"], 2),
        (["deploy", "--parameter", "x", "--yes"], 2),
        (["deploy", "--parameter", "X=1", "--yes"], 2),
        (["deploy", "--yes", "--dry-run"], 2),
        (["deploy", "--timeout", "soon"], 2),
        (["connect", "web", "--remote-host", "h"], 2),
        (["connect", "web", "--port-forward", "0"], 2),
        (["status", "--timeout", "1m"], 2),
    ]:
        start = time.monotonic()
        place.run(*arguments, code=code, environment=nowhere)
        assert time.monotonic() - start < 2, arguments
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_CONFIG_FILE": "/dev/null"}
    done = place.run("status", code=2, environment=none)
    assert "no usable credentials" in done.stderr and len(done.stderr) < 1500, done.stderr
    done = place.run("status", code=2, environment={"AWS_REGION": None})
    assert "no region" in done.stderr, done.stderr
    done = place.run("status", "--profile", "absent", code=2)
    assert "absent" in done.stderr, done.stderr
    (place.folder / ".aws").mkdir()
    (place.folder / ".aws/credentials").write_text(f"[p]\naws_access_key_id=AKIAX\naws_secret_access_key={SECRET}\n")
    (place.folder / ".aws/config").write_text("[profile p]\nregion=eu-west-1\n")
    own = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_REGION": None}
    done = place.run("status", "--profile", "p", code=1, environment=own)
    assert "in `eu-west-1`" in done.stderr, done.stderr


def requirements(place):
    """What the account lacks is one list, before anything is created."""
    ssm, logs = place.emulator.client("ssm"), place.emulator.client("logs")
    preferences = {"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": {"kmsKeyId": "k"}}
    ssm.create_document(Name="SSM-SessionManagerRunShell", DocumentType="Session", Content=json.dumps(preferences))
    logs.create_log_group(logGroupName="/session-manager/team")
    ssm.put_parameter(Name="/golden", Type="String", Value="ami-0123456789abcdef0")
    image = "image: {ssm_parameter: /golden, root_device_name: /dev/xvda}"
    place.write(CONFIG.replace("instance_type: t3.micro", image) + "sessions: {scope: account}\n")
    done = place.run("deploy", "--yes", "--poll-interval", "0.1", code=1)
    for found in (
        "document `SSM-SessionManagerRunShell` exists",
        "log group `/session-manager/team` exists",
        "parameter `/golden` does not have the data type `aws:ec2:image`",
    ):
        assert found in done.stderr, done.stderr
    assert place.stack() is None
    # Preferences of the account are only a warning: the network can have what they need.
    place.write(CONFIG)
    done = place.run("deploy", "--yes", "--poll-interval", "0.1")
    assert "the session preferences of the account use KMS" in done.stderr, done.stderr


def images_and_quotas(place):
    """The image, its architecture and the quota of VPCs."""
    ssm, ec2 = place.emulator.client("ssm"), place.emulator.client("ec2")
    arm = ec2.register_image(Name="arm", Architecture="arm64", RootDeviceName="/dev/xvda")["ImageId"]
    ssm.put_parameter(Name="/golden", Type="String", Value=arm, DataType="aws:ec2:image")
    image = "instance_type: t3.micro, image: {ssm_parameter: /golden, root_device_name: /dev/xvda}"
    place.write(CONFIG.replace("instance_type: t3.micro", image))
    for _ in range(5):
        ec2.create_vpc(CidrBlock="10.8.0.0/16")
    done = place.run("deploy", "--yes", code=1)
    for found in (
        f"image `{arm}` is arm64, and the instance type is x86_64",
        "VPCs in this Region; its quota is 5",
    ):
        assert found in done.stderr, done.stderr
    assert place.stack() is None
    # An old plugin is a warning.
    place.write(CONFIG)
    place.write_tool("session-manager-plugin", "#!/bin/sh\necho 1.2.650.0\n")
    done = place.run("deploy", "--yes", code=1)
    assert "1.2.650.0 is older than 1.2.764.0" in done.stderr, done.stderr


def zones_stay(place):
    """A subnet keeps its Availability Zone when the list of the Region changes; a new one gets a free zone."""
    place.run("deploy", "--yes", "--poll-interval", "0.1")
    before, ec2 = place.resources("team"), place.emulator.client("ec2")
    # CloudFormation lists the zones that have a default subnet.
    filters = [{"Name": "default-for-az", "Values": ["true"]}, {"Name": "availability-zone", "Values": ["us-east-1a"]}]
    default = ec2.describe_subnets(Filters=filters)["Subnets"][0]["SubnetId"]
    ec2.delete_subnet(SubnetId=default)
    # The plan and the template of another tool have the subnets moved, which CloudFormation rejects.
    (place.folder / "plain.json").write_text(place.run("synth", "--format", "cfn").stdout)
    plain = ("aws", "cloudformation", "deploy", "--region", "us-east-1", "--stack-name", "team", "--template-file", "plain.json")
    done = place.call(*plain, "--capabilities", "CAPABILITY_IAM", code=255)
    assert place.stack()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", (place.stack(), done.stderr)
    place.write(CONFIG + "tags: {team: a}\n")
    done = place.run("deploy", "--yes", "--poll-interval", "0.1")
    assert "`NetworkSubnetA` stays in `us-east-1a`: the Availability Zones of the Region changed" in done.stderr, done.stderr
    assert place.resources("team") == before, "a resource was replaced"
    done = place.run("deploy", "--yes", "--poll-interval", "0.1")
    assert "No changes: stack `team` matches the template" in done.stderr, done.stderr
    (place.folder / "team.yaml").write_text(place.run("synth", "--region", "us-east-1", "--format", "cfn-yaml").stdout)
    done = place.run("deploy", "team.yaml", "--stack", "team", "--yes", "--poll-interval", "0.1")
    assert "No changes: stack `team` matches the template" in done.stderr, done.stderr
    place.write(CONFIG + "network: {zones: 3}\n")
    place.run("deploy", "--yes", "--poll-interval", "0.1")
    after = place.resources("team")
    assert {name: after[name] for name in before} == before, "a resource was replaced"
    subnets = ec2.describe_subnets(SubnetIds=[after[f"NetworkSubnet{letter}"] for letter in "ABC"])["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 3, subnets


def permissions(place):
    """`deploy` reports what the policies of its principal do not allow; the generated policy allows all."""
    iam = place.emulator.client("iam")
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    as_ada = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def deploy(*options):
        return place.run("deploy", "--yes", "--poll-interval", "0.1", *options, environment=as_ada).stderr

    lacking = "warning: the policies of `arn:aws:iam::123456789012:user/ada` do not allow: "
    said = deploy()
    assert f"{lacking}cloudformation:CancelUpdateStack" in said, said
    assert "; `ssm-synth deployer-policy` generates the policy" in said, said
    policy = place.run("deployer-policy", "--account", "123456789012", "--region", "us-east-1").stdout
    iam.put_user_policy(UserName="ada", PolicyName="deploy", PolicyDocument=policy)
    said = deploy()
    assert "warning" not in said, said
    # The role, which CloudFormation assumes, needs the permissions for the resources; the caller those for the stack.
    role = "arn:aws:iam::123456789012:role/cloudformation"
    of_role = f"warning: the policies of `{role}` do not allow: "
    said = deploy("--role-arn", role)
    assert f"{lacking}iam:PassRole;" in said, said
    assert f"warning: cannot determine the permissions of `{role}`: NoSuchEntity" in said, said
    iam.create_role(RoleName="cloudformation", AssumeRolePolicyDocument="{}")
    said = deploy("--role-arn", role)
    assert f"{lacking}iam:PassRole;" in said, said
    assert f"{of_role}ec2:AssociateIamInstanceProfile" in said and "cloudformation:" not in said.split(of_role)[1], said
    iam.put_role_policy(RoleName="cloudformation", PolicyName="deploy", PolicyDocument=policy)
    of_stack = [it for it in json.loads(policy)["Statement"] if "cloudformation:CreateChangeSet" in it["Action"]]
    services = ["cloudformation:*", "config:*", "ec2:Describe*", "iam:*", "logs:*", "ssm:*", "ssmmessages:*"]
    read = {"Effect": "Allow", "Action": services, "Resource": "*"}
    both = {"Version": "2012-10-17", "Statement": [*of_stack, read]}
    iam.put_user_policy(UserName="ada", PolicyName="deploy", PolicyDocument=json.dumps(both))
    place.write(CONFIG + "tags: {team: a}\n")
    said = deploy("--role-arn", role)
    assert "warning" not in said, said
    # CloudFormation keeps the role.
    iam.delete_role_policy(RoleName="cloudformation", PolicyName="deploy")
    said = deploy()
    assert lacking not in said and of_role in said, said
    said = place.run("doctor", environment=as_ada).stdout
    assert re.search(r"pass +deploy permissions", said) and re.search(r"unknown +role permissions +not allowed: ec2:", said), said
    iam.put_user_policy(UserName="ada", PolicyName="deploy", PolicyDocument=policy)
    iam.put_role_policy(RoleName="cloudformation", PolicyName="deploy", PolicyDocument=policy)
    place.run("destroy", "--yes", "--poll-interval", "0.1")
    assert "warning" not in deploy()
    statements = [it for it in json.loads(policy)["Statement"] if not any("ssm:GetParameters" in a for a in it["Action"])]
    iam.put_user_policy(
        UserName="ada", PolicyName="deploy", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements})
    )
    said = deploy()
    assert f"{lacking}ssm:GetParameters;" in said, said
    # Types without permissions in the table are named, since no simulation shows whether they are allowed.
    template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue"}}})
    (place.folder / "other.json").write_text(template)
    said = place.run("deploy", "other.json", "--stack", "other", "--dry-run", environment=as_ada).stderr
    assert "the permissions of `arn:aws:iam::123456789012:user/ada` were not checked for `AWS::SQS::Queue`;" in said, said
    place.emulator.client("cloudformation").create_stack(StackName="other", TemplateBody=template)
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_user_policy(
        UserName="ada", PolicyName="deploy", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )
    said = place.run("doctor", "--stack", "other", environment=as_ada).stdout
    assert re.search(r"unknown +deploy permissions.*not checked for `AWS::SQS::Queue`", said), said
    assert not re.search(r"pass +deploy permissions", said), said
    # Without the permission to simulate, the deployment continues.
    denied = "An error occurred (AccessDenied) when calling the SimulatePrincipalPolicy operation: not authorized"
    test = f"""if [ "$2" = simulate-principal-policy ]; then echo "{denied}" >&2; exit 254; fi"""
    place.write_tool("aws", STAND_IN.format(aws=aws_cli()).replace("exec", f"{test}\nexec"))
    said = deploy()
    assert "warning: cannot determine the permissions of `arn:aws:iam::123456789012:user/ada`: AccessDenied" in said, said
    assert "No changes" in said, said


def foreign_resources(place):
    """`destroy` reports what is in the VPC and is not part of the stack."""
    place.run("deploy", "--yes", "--poll-interval", "0.1")
    ec2, vpc = place.emulator.client("ec2"), place.resources("team")["NetworkVpc"]
    subnet = place.resources("team")["NetworkSubnetA"]
    made = {"VpcEndpointType": "Interface", "ServiceName": "com.amazonaws.us-east-1.guardduty-data", "SubnetIds": [subnet]}
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, **made)["VpcEndpoint"]["VpcEndpointId"]
    child = place.terminal("destroy", "--poll-interval", "0.1")
    child.expect(f"the deletion of `NetworkVpc` fails: endpoint `{endpoint}` of GuardDuty")
    child.expect_exact("[y/N] ")
    child.sendline("n")
    place.expect_end(child, 1)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    done = place.run("destroy", "--yes", "--poll-interval", "0.1")
    assert "GuardDuty" not in done.stderr and "is not part of the stack" not in done.stderr, done.stderr


def profiles(place):
    """A profile with keys, and one that assumes a role."""
    (place.folder / ".aws").mkdir()
    keys = f"aws_access_key_id=AKIAX\naws_secret_access_key={SECRET}\n"
    (place.folder / ".aws/credentials").write_text(f"[base]\n{keys}")
    role = "role_arn=arn:aws:iam::123456789012:role/r\nsource_profile=base\n"
    (place.folder / ".aws/config").write_text(f"[profile adm]\nregion=us-east-1\n{role}")
    for own in ({}, {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_REGION": None}):
        done = place.run("status", "--profile", "adm", code=1, environment=own)
        assert "stack `team` does not exist in `us-east-1`" in done.stderr, done.stderr


def region_of_the_template(place):
    """The option, the environment or the profile gives the Region for which `deploy` generates the template."""
    (place.folder / ".aws").mkdir()
    (place.folder / ".aws/config").write_text("[profile p]\nregion=us-east-1\n")
    place.write("name: team\npreset: hardened\nmonitoring: {config_rules: false}\n")
    for arguments, variables in [
        (["--region", "us-east-1"], {"AWS_REGION": None}),
        ([], {"AWS_REGION": "us-east-1"}),
        ([], {"AWS_REGION": None, "AWS_PROFILE": "p"}),
    ]:
        done = place.run("deploy", "--dry-run", *arguments, environment=variables)
        # Without a Region, this parameter has no value.
        assert "S3PrefixListId" not in done.stdout + done.stderr, done.stdout + done.stderr


def values(place):
    """The check and the plan use the deployed values: defaults, previous values, NoEcho values, the region."""
    group = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "g",
            "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": {"Ref": "Cidr"}}],
            "Tags": [{"Key": "p", "Value": {"Fn::Sub": ["${Pw}-${x}", {"x": "y"}]}}],
        },
    }

    def write(cidr):
        slots = {"Cidr": {"Type": "String", "Default": cidr}, "Pw": {"Type": "String", "NoEcho": True, "Default": "0"}}
        (place.folder / "v.json").write_text(json.dumps({"Parameters": slots, "Resources": {"G": group}}))

    on = ["v.json", "--poll-interval", "0.1"]
    write("10.0.0.0/8")
    on_v = [*on, "--stack", "v"]
    place.run("deploy", *on_v, "--yes", "--tag", "a=1", "--tag", "cost=9")
    write("0.0.0.0/0")
    for arguments in (["deploy", *on_v, "--dry-run"], ["diff", "stack:v", *on]):
        done = place.run(*arguments)
        assert "broader   G: allows TCP 443 inbound from 0.0.0.0/0" in done.stdout, done.stdout
    done = place.run("diff", "stack:v", *on, "--parameter", "Pw=TOPSECRET", "--format", "json")
    assert "TOPSECRET" not in done.stdout
    place.run("deploy", *on_v, "--yes", "--tag", "a=2")
    assert {it["Key"]: it["Value"] for it in place.stack("v")["Tags"]} == {"a": "2", "cost": "9"}
    place.run("deploy", *on_v, "--dry-run", "--termination-protection")
    assert not place.stack("v")["EnableTerminationProtection"]
    place.run("destroy", "--stack", "v", "--yes", "--poll-interval", "0.1")
    # A previous parameter value that blocks sessions.
    place.write(CONFIG.replace("instance_type: t3.micro", "instance_type: {parameter: Type}") + "parameters: {Type: {default: t3.micro}}\n")
    text = json.loads(place.run("--format", "cfn").stdout)
    text["Parameters"]["Port"] = {"Type": "Number", "Default": 443}
    for entry in text["Resources"].values():
        if entry["Type"] == "AWS::EC2::SecurityGroupIngress":
            entry["Properties"]["FromPort"] = {"Ref": "Port"}
            entry["Properties"]["ToPort"] = {"Ref": "Port"}
    (place.folder / "k.json").write_text(json.dumps(text))
    on = ["--stack", "k", "k.json", "--poll-interval", "0.1", "--yes"]
    place.run("deploy", *on, "--parameter", "Port=80", "--allow-unreachable")
    text["Resources"]["NetworkVpc"]["Properties"]["Tags"].append({"Key": "other", "Value": "1"})
    (place.folder / "k.json").write_text(json.dumps(text))
    done = place.run("deploy", *on, code=1)
    assert "endpoint-security-group" in done.stderr, done.stderr
    place.run("deploy", *on, "--parameter", "Port=443")
    place.run("destroy", "--stack", "k", "--yes", "--poll-interval", "0.1")


def what_is_meant(place):
    """Deletes and deploys only named stacks, and reports every end."""
    (place.folder / "ssm-synth.yaml").unlink()
    assert "--stack" in place.run("destroy", "--yes", code=2).stderr
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}
    (place.folder / "t.json").write_text(json.dumps({"Resources": {"V": vpc}}))
    assert "--stack" in place.run("deploy", "t.json", "--yes", code=2).stderr
    # A change set of another user stays.
    make = {"StackName": "review", "ChangeSetName": "theirs", "ChangeSetType": "CREATE"}
    text = (place.folder / "t.json").read_text()
    place.cloudformation.create_change_set(**make, TemplateBody=text)
    place.run("deploy", "--stack", "review", "t.json", "--dry-run", "--poll-interval", "0.1")
    assert place.stack("review")["StackStatus"] == "REVIEW_IN_PROGRESS"
    # So does its empty stack, even if CloudFormation rejects this deployment.
    place.cloudformation.delete_change_set(StackName="review", ChangeSetName="theirs")
    place.run("deploy", "--stack", "review", "t.json", "--dry-run", "--poll-interval", "0.1")
    (place.folder / "wrong.json").write_text(
        json.dumps({"Resources": {"V": {**vpc, "Properties": {"CidrBlock": {"Ref": "N"}}}}})
    )
    done = place.run("deploy", "--stack", "review", "wrong.json", "--yes", "--poll-interval", "0.1", code=1)
    assert "nothing was changed" in done.stderr, done.stderr
    assert place.stack("review")["StackStatus"] == "REVIEW_IN_PROGRESS"
    place.run("destroy", "--stack", "review", "--yes", "--poll-interval", "0.1")
    for arguments, code in [
        (["deploy", "t.json", "--parameter", "X=1", "--stack", "s", "--yes"], 2),
        (["destroy", "--stack", "absent", "--yes"], 0),
        (["status", "--stack", "absent"], 1),
    ]:
        done = place.run(*arguments, "--format", "json", code=code)
        last = json.loads(done.stdout.splitlines()[-1])
        assert last["event"] == "end" and last["outcome"], done.stdout
    assert "at most 7 days" in place.run("status", "--wait", "--timeout", "1e9", code=2).stderr
    # Closing the terminal at the prompt deletes the change set and the empty stack.
    child = place.terminal("deploy", "--stack", "hup", "t.json", "--poll-interval", "0.1")
    child.expect_exact("[y/N] ")
    child.kill(signal.SIGHUP)
    place.expect_end(child, 130)
    assert place.stack("hup") is None
    # Input before the prompt is not a confirmation.
    child = place.terminal("deploy", "--stack", "typed", "t.json", "--poll-interval", "0.1")
    child.sendline("y")
    child.expect_exact("[y/N] ")
    child.sendline("")
    place.expect_end(child, 1)
    assert place.stack("typed") is None


def a_job_that_is_ended(place):
    """SIGTERM, which CI systems send, acts like Ctrl-C."""
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}, "Metadata": {"Emulator": {"Seconds": 10}}}
    (place.folder / "t.json").write_text(json.dumps({"Resources": {"V": vpc}}))
    arguments = ["deploy", "--stack", "t", "t.json", "--yes", "--poll-interval", "0.1"]
    child = subprocess.Popen(
        [place.program, *arguments], cwd=place.folder, env=place.environment, stderr=subprocess.PIPE, text=True
    )
    while "CREATE_IN_PROGRESS   V" not in child.stderr.readline():
        pass
    child.send_signal(signal.SIGTERM)
    said = child.stderr.read()
    assert child.wait() == 130 and "stack `t` is still `CREATE_IN_PROGRESS`" in said, said
    # Another run waits for it and finds no changes.
    done = place.run(*arguments)
    assert "waiting for it first" in done.stderr and "o changes" in done.stderr, done.stderr
    done = place.run("deploy", "--stack", "t", "t.json", "--yes", "--poll-interval", "0.1", "--timeout", "20s")
    place.run("destroy", "--stack", "t", "--yes", "--poll-interval", "0.1")


CASES = [
    on_a_terminal,
    without_a_terminal,
    resolves_region_once,
    shows_the_plan,
    ends_once,
    unreachable_network,
    narrow,
    sessions,
    not_online,
    failures,
    parameters,
    large,
    without_a_network,
    requirements,
    images_and_quotas,
    zones_stay,
    permissions,
    foreign_resources,
    profiles,
    region_of_the_template,
    values,
    what_is_meant,
    a_job_that_is_ended,
]


def main():
    parser = cases.parser(__doc__)
    cases.add_names(parser)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_intermixed_args()
    chosen = cases.choose(cases.named(CASES), arguments.names)
    with tempfile.TemporaryDirectory(prefix="session-") as work, emulators(work) as found:
        workers = [
            found.copy(f"emulator-{number}", EMULATOR_STEP="0.01") for number in range(min(arguments.jobs, len(chosen)))
        ]

        def attempt(case):
            def run(emulator):
                emulator.reset()
                folder = Path(work) / case.name
                folder.mkdir()
                case.run(Operator(arguments.program, emulator, folder))

            return cases.Case(case.name, run)

        report = cases.run_all(map(attempt, chosen), workers)
        report.check(not found.errors(), "emulator without errors", found.errors())
    report.close()


if __name__ == "__main__":
    main()
