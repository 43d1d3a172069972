#!/usr/bin/env python3
"""The real binary against the emulator, through a proxy that makes its calls fail: each run ends well, or tells the truth.

    faults.py BINARY [--runs N] [--seed S] [--only K...] [--jobs J] [--verbose]

A run is a scenario (a creation, an update that fails and rolls back, two deployments at once, …) with one or two faults
(throttling, a lost answer, expired credentials, …), each on the first, a later, or all of the calls of one operation.
The first runs are every fault on every operation; the scenario, and the runs after these, are up to the seed. `--only K`
repeats run K of a seed.

Then the emulator is asked what is true, not through the proxy: whether success is one, whether the last words of a failure
agree with the stack, whether a change set or an empty stack is left that nobody mentioned, whether something was executed
twice, whether a fault that passes made the run fail. Needs `microburst` and `aws` beside this Python or on the PATH.
"""

import argparse
import collections
import contextlib
import json
import os
import queue
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "emulator"))

import boto3
from botocore.exceptions import ClientError

from harness import Server

REGION = "us-east-1"
SECRET = "wJalrXUtnFEMI/K7MDENG/theSecretOfTheFaults"
SESSION = "theTokenOfTheSessionOfTheFaults"
# What the program promises to bear: longer than any fault that passes, shorter than a hang.
PATIENCE = 60
# The limit of a run that watches while AWS is out of reach.
LIMIT = 5

# --- faults ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """What happens to a call. If it passes the run has to end as without it."""

    rule: dict
    passes: bool = True
    long: bool = False
    # The call is carried out after its caller gave up.
    late: bool = False


def error(code, status, message, **more):
    return {"error": {"code": code, "status": status, "message": message}, **more}


def throttled(**more):
    return error("Throttling", 400, "Rate exceeded", **more)


def unavailable(**more):
    return error("ServiceUnavailable", 503, "Service is unavailable", **more)


def expired(**more):
    return error("ExpiredToken", 403, "The security token included in the request is expired", **more)


DENIED = error("AccessDenied", 403, "User: arn:aws:iam::123456789012:user/x is not authorized to perform this")
FAULTS = {
    "throttled": Fault(throttled(times=1)),
    "throttled-twice": Fault(throttled(times=2)),
    "throttled-by-turns": Fault(throttled(sequence={"fail": 2, "pass": 1})),
    "limited-twice": Fault(error("RequestLimitExceeded", 503, "Request limit exceeded.", times=2)),
    "failed": Fault(error("InternalFailure", 500, "An internal error has occurred", times=1)),
    "unavailable-twice": Fault(unavailable(times=2)),
    "unavailable-a-while": Fault(unavailable(ttl_s=4)),
    "expired": Fault(expired(times=1)),
    "reset": Fault({"reset": True, "times": 1}),
    "slow": Fault({"latency": {"min": 100, "max": 400}}),
    "hung": Fault({"timeout_ms": 3000, "times": 1}),
    "late": Fault({"latency": {"min": 2400, "max": 2600}, "times": 1}, late=True),
    "half-body": Fault({"response": {"truncate_frac": 0.5}, "times": 1}),
    "cut": Fault({"response": {"abort_frac": 0.5}, "times": 1}),
    "answer-lost": Fault({"response": {"abort_bytes": 1}, "times": 1}),
    "expired-always": Fault(expired(), passes=False),
    "denied-always": Fault(DENIED, passes=False),
    "throttled-always": Fault(throttled(), passes=False, long=True),
}
# As long as the program is patient; only some of them, on calls where they are of interest.
PATIENT = {
    "answer-lost-always": Fault({"response": {"abort_bytes": 1}}, passes=False, long=True),
    "reset-always": Fault({"reset": True}, passes=False, long=True),
    "hung-always": Fault({"timeout_ms": 3000}, passes=False, long=True),
    "unreachable-always": Fault({"reset": True}, passes=False, long=True),
    "busy-always": Fault(throttled(), passes=False, long=True),
}
ALL_FAULTS = {**FAULTS, **PATIENT}

READS = (
    *("DescribeStacks", "DescribeStackEvents", "DescribeChangeSet"),
    *("GetTemplate", "ListChangeSets", "ListStackResources"),
)
WRITES = ("CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DeleteStack", "UpdateTerminationProtection")
OTHERS = {"DescribeInstances": "ec2", "DescribeInstanceInformation": "ssm"}
OPERATIONS = (*READS, *WRITES, *OTHERS)
# Called more than once in each run that calls them at all.
REPEATED = ("DescribeStacks", "DescribeStackEvents")


@dataclass(frozen=True)
class Hit:
    """A fault on an operation, behind so many good calls of it."""

    fault: str
    operation: str
    skipped: int = 0
    # Of an answer that is cut: how much of it comes.
    part: float = 0.5

    def rules(self):
        where = {"service": OTHERS.get(self.operation, "cloudformation"), "operation": self.operation}
        # The first rule that fits is the one that holds: one without effect lets calls pass.
        let_pass = [{**where, "times": self.skipped}] if self.skipped else []
        rule = ALL_FAULTS[self.fault].rule
        parts = {name: self.part if name.endswith("_frac") else value for name, value in rule.get("response", {}).items()}
        return [*let_pass, {**where, **rule, **({"response": parts} if parts else {})}]

    def __str__(self):
        behind = f" behind {self.skipped}" if self.skipped else ""
        if self.part != 0.5:
            behind += f" at {self.part:.0%}"
        return f"{self.fault} {self.operation}{behind}"


# --- templates ---------------------------------------------------------------------------------------------------------


def ref(name):
    return {"Ref": name}


def network(tag="one", description="a group", seconds=0.0):
    """A group that can be changed in place (its tag) or only replaced (its description), and one output that is told."""
    name = [{"Key": "Name", "Value": tag}]
    template = {
        "Resources": {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "Tags": name}},
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.0.0.0/24"}},
            "Group": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"GroupDescription": description, "VpcId": ref("Vpc"), "Tags": name},
            },
        },
        "Outputs": {"VpcId": {"Value": ref("Vpc")}, "GroupId": {"Value": {"Fn::GetAtt": ["Group", "GroupId"]}}},
    }
    if seconds:
        emulator(template, "Group", Seconds=seconds)
    return template


def emulator(template, name, **wishes):
    template["Resources"][name].setdefault("Metadata", {}).setdefault("Emulator", {}).update(wishes)
    return template


CAUSE = "The maximum number of groups has been reached. (SecurityGroupLimitExceeded)"


def failing(verb, template):
    """The subnet is under way when the group fails, and is cancelled: a consequence, not the cause."""
    emulator(template, "Subnet", Seconds=0.6)
    return emulator(template, "Group", **{f"{verb}Fails": CAUSE})


def changed_by_failure():
    template = failing("Update", network("two"))
    template["Resources"]["Subnet"]["Properties"]["Tags"] = [{"Key": "Name", "Value": "two"}]
    return template


def retained():
    template = network()
    template["Resources"]["Vpc"]["DeletionPolicy"] = template["Resources"]["Group"]["DeletionPolicy"] = "Retain"
    return template


def without_group():
    """What stays must not hold what goes."""
    template = retained()
    template["Outputs"].pop("GroupId")
    return template


# --- what is true ------------------------------------------------------------------------------------------------------


@dataclass
class Truth:
    """All stacks that ever had a name, asked of the emulator itself."""

    live: dict | None
    template: object
    # Name to execution status.
    change_sets: dict
    # Of all stacks of the name: stack id, logical id, status, reason.
    events: list

    @property
    def status(self):
        return self.live["StackStatus"] if self.live else None

    @property
    def id(self):
        return self.live["StackId"] if self.live else None

    @property
    def outputs(self):
        return {it["OutputKey"]: it["OutputValue"] for it in self.live.get("Outputs", [])} if self.live else {}

    def own(self):
        """The events of the stacks themselves: stack id, status, reason."""
        return [(stack, status, reason) for stack, name, status, reason in self.events if name == stack.split("/")[1]]

    def statuses(self):
        """What the stacks went through."""
        return [status for _, status, _ in self.own()]

    def begun(self, *statuses):
        return sum(status in statuses and reason == "User Initiated" for _, status, reason in self.own())

    def __str__(self):
        own = " ".join(status + "*" * (reason == "User Initiated") for _, status, reason in self.own())
        return f"{self.status or 'no stack'}, change sets {self.change_sets or 'none'}; it went {own or 'nowhere'}"


EXECUTIONS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")


class Place:
    """An emulator behind a proxy, which several workers share: every run has a stack of its own."""

    def __init__(self, folder, number):
        self.server = Server(folder, f"emulator-{number}")
        self.proxy = Proxy(self.server.endpoint, folder / f"proxy-{number}.log")

    def wait(self):
        self.server.wait()
        self.server.reset(REGION)
        self.client = self.server.client("cloudformation")
        self.image = self.server.client("ec2").describe_images()["Images"][0]["ImageId"]
        # The first of each is slow, too slow for the timeouts of a run.
        self.client.create_stack(StackName="first", TemplateBody=json.dumps(network()))
        self.truth("first")
        self.proxy.wait()

    def found(self, name):
        try:
            return self.client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError:
            return None

    def truth(self, name):
        ids = [
            it["StackId"]
            for it in self.server.all("cloudformation", "list_stacks", "StackSummaries")
            if it["StackName"] == name
        ]
        events = []
        for stack in reversed(ids):
            found = self.server.all("cloudformation", "describe_stack_events", "StackEvents", StackName=stack)
            for it in reversed(found):
                events.append((stack, it["LogicalResourceId"], it["ResourceStatus"], it.get("ResourceStatusReason")))
        live, template, change_sets = self.found(name), None, {}
        if live:
            with contextlib.suppress(ClientError):
                template = self.client.get_template(StackName=live["StackId"], TemplateStage="Original")["TemplateBody"]
            listed = self.server.all("cloudformation", "list_change_sets", "Summaries", StackName=live["StackId"])
            change_sets = {it["ChangeSetName"]: it["ExecutionStatus"] for it in listed}
        return Truth(live, template, change_sets, events)

    def settled(self, name, seconds=15):
        """The truth when nothing is under way any more."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.found(name)
            status = found["StackStatus"] if found else ""
            if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
                break
            time.sleep(0.05)
        return self.truth(name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(name):
    """Beside this Python, or on the PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    return found or sys.exit(f"{name} is not there: see tests/emulator/requirements.txt")


class Proxy:
    """Microburst before an emulator. Each run has an access key of its own, and so its own rules."""

    def __init__(self, endpoint, log):
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        command = [program("microburst"), "--upstream", endpoint, "--host", "127.0.0.1", "--port", str(port)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log.open("wb"), stderr=subprocess.STDOUT)

    def ask(self, method, path, value=None):
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.endpoint}/_microburst/{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def wait(self):
        for _ in range(200):
            with contextlib.suppress(OSError):
                self.ask("GET", "health")
                break
            if self.process.poll() is not None:
                raise RuntimeError("the proxy ended")
            time.sleep(0.05)
        # With its first request it reads the models of all services, which takes seconds.
        client = boto3.session.Session().client(
            "cloudformation", region_name=REGION, endpoint_url=self.endpoint,
            aws_access_key_id="x", aws_secret_access_key="x",
        )
        client.describe_stacks()

    def add(self, hits, key):
        """Returns which rule is whose."""
        rules = [(hit, {**rule, "headers": header(key)}) for hit in hits for rule in hit.rules()]
        made = self.ask("PATCH", "rules", [rule for _, rule in rules])
        return {it["id"]: (hit, is_fault(rule)) for (hit, rule), it in zip(rules, made, strict=True)}

    def remove(self, owners, key):
        """Returns the hits that happened."""
        rules = self.ask("GET", "rules")
        self.ask("DELETE", "rules", [{"headers": header(key)}])
        found = [owners[it["id"]] for it in rules if it["id"] in owners and it["fired_count"]]
        return {hit for hit, harms in found if harms}

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()


def header(key):
    return {"Authorization": f"Credential={key}/"}


def is_fault(rule):
    return bool({"error", "response", "reset", "timeout_ms", "latency"} & set(rule))


# --- runs --------------------------------------------------------------------------------------------------------------


@dataclass
class Done:
    """How one call of the program ended, with what was true before, right after it, and when all was over."""

    arguments: list
    code: int | None
    stdout: str
    stderr: str
    seconds: float
    before: Truth | None = None
    after: Truth | None = None
    last: Truth | None = None
    wanted: object = None

    def final(self):
        """The last words."""
        found = list(re.finditer(r"^(error: |stopped w|the time is over)", self.stderr, re.M))
        return self.stderr[found[-1].start() :] if found else self.stderr


@dataclass
class Run:
    number: int
    seed: str
    scenario: str
    hits: list
    place: Place = None
    binary: str = ""
    folder: Path = None
    rng: random.Random = None
    complaints: list = field(default_factory=list)
    done: list = field(default_factory=list)
    fired: set = field(default_factory=set)
    seconds: float = 0.0

    @property
    def name(self):
        return f"run-{self.number}"

    @property
    def key(self):
        return f"AKIAFAULTS{self.number:06d}"

    @property
    def credentials(self):
        """Where there is such a file, they come from it."""
        return self.folder / "credentials"

    def renew(self, key):
        text = f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\naws_session_token = {SESSION}\n"
        # At once, as the tools that renew them do it.
        self.folder.joinpath("new").write_text(text)
        self.folder.joinpath("new").rename(self.credentials)

    @property
    def passes(self):
        return all(ALL_FAULTS[hit.fault].passes for hit in self.hits)

    @property
    def long(self):
        return any(ALL_FAULTS[hit.fault].long for hit in self.hits)

    def title(self):
        return f"run {self.number} (--seed {self.seed} --only {self.number}): {self.scenario}; " + ", ".join(map(str, self.hits))

    def complain(self, text):
        self.complaints.append(text)

    # What is there before

    def stack(self, template):
        """Made without the program; also one that fails."""
        with contextlib.suppress(ClientError):
            self.place.client.create_stack(StackName=self.name, TemplateBody=json.dumps(template))

    def change_set(self, name, kind, template):
        client = self.place.client
        made = client.create_change_set(
            StackName=self.name, ChangeSetName=name, ChangeSetType=kind, TemplateBody=json.dumps(template)
        )
        while client.describe_change_set(ChangeSetName=made["Id"])["Status"].endswith(("PENDING", "IN_PROGRESS")):
            time.sleep(0.02)
        return made["Id"]

    def under_way(self, kind, template):
        """Somebody else is at it."""
        self.place.client.execute_change_set(ChangeSetName=self.change_set("others", kind, template))

    # The program

    def start(self, *arguments):
        keys = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SESSION}
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "PATH": f"{Path(program('aws')).parent}:{os.environ['PATH']}",
            **({} if self.credentials.exists() else keys),
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self.folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials),
            "AWS_ENDPOINT_URL": self.place.proxy.endpoint,
            "RUST_BACKTRACE": "1",
        }
        command = [self.binary, *arguments, "--stack", self.name, "--poll", "0.2", "--read-timeout", "2"]
        return subprocess.Popen(
            command,
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def template(self, template):
        path = self.folder / f"{self.rng.getrandbits(40):x}.json"
        path.write_text(json.dumps(template))
        return str(path)

    def deploy(self, template, *more):
        more = [*([] if "--dry-run" in more else ["--yes"]), *more]
        return self.command("deploy", "--template", self.template(template), *more)

    def command(self, *arguments):
        """For programs now and then; with a limit where watching would last as long as AWS is out of reach."""
        more = ["--output", "json"] if self.rng.random() < 0.3 else []
        if self.long and any(hit.skipped for hit in self.hits) and arguments[0] != "status":
            more += ["--timeout", f"{LIMIT}s"]
        return [*arguments, *more]

    def end(self, process, arguments, began):
        # Twice the patience: for the call that fails, and for what cleans up after it.
        limit = 3 * PATIENCE + 30 if self.long else 45
        try:
            stdout, stderr = process.communicate(timeout=limit)
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            code = None
        return Done(arguments, code, stdout, stderr, time.monotonic() - began)

    def call(self, arguments, wanted, meanwhile=None):
        """Runs the program once and looks at what is true around it."""
        before, began = self.place.truth(self.name), time.monotonic()
        process = self.start(*arguments)
        if meanwhile:
            meanwhile(process)
        done = self.end(process, arguments, began)
        if done.code == -signal.SIGINT:
            # So early that nobody listened; a shell says 130 too.
            done.code, done.stderr = 130, done.stderr + "error: interrupted; nothing was changed\n"
        done.after = self.place.truth(self.name)
        done.last = self.place.settled(self.name)
        done.before, done.wanted = before, wanted
        self.done.append(done)
        judge(self, done)
        return done


@dataclass(frozen=True)
class Wanted:
    """How it ends if no fault stays. The status: none if there is no stack, `same` if all is as it was."""

    code: tuple = (0,)
    status: tuple = ()
    template: object = None
    cause: str | None = None
    protected: bool | None = None
    executions: tuple = (1,)
    kept: tuple = ()
    # What the plan says of them.
    planned: tuple = ()


SAME = ("same",)


def creation(run, template=None, flags=(), **wanted):
    template = template or network()
    wanted = Wanted(**{"status": ("CREATE_COMPLETE",), "template": template, **wanted})
    run.call(run.deploy(template, *flags), wanted)


def update(run, to, flags=(), **wanted):
    run.stack(network())
    wanted = Wanted(**{"status": ("UPDATE_COMPLETE",), "template": to, **wanted})
    run.call(run.deploy(to, *flags), wanted)


def over_review(run, empty):
    identifier = run.change_set("others", "CREATE", network("others"))
    if empty:
        run.place.client.delete_change_set(ChangeSetName=identifier)
    creation(run)


def over_left_over(run):
    run.stack(failing("Create", network()))
    creation(run)


def destruction(run, template, **wanted):
    run.stack(template)
    wanted = Wanted(**{"executions": (0,), **wanted})
    run.call(run.command("destroy", "--yes"), wanted)


def status(run):
    run.stack(network())
    run.call(run.command("status"), Wanted(status=SAME, executions=(0,)))


def status_waits(run):
    run.under_way("CREATE", network(seconds=1.5))
    run.call(run.command("status", "--wait"), Wanted(status=("CREATE_COMPLETE",), executions=(0,)))


def status_of_instance(run, wait):
    template = network()
    properties = {"ImageId": run.place.image, "InstanceType": "t3.micro", "SubnetId": ref("Subnet")}
    template["Resources"]["Instance"] = {"Type": "AWS::EC2::Instance", "Properties": properties}
    run.stack(template)
    run.call(run.command("status", *(["--wait", "--timeout", "20s"] if wait else [])), Wanted(status=SAME, executions=(0,)))


def busy(run):
    """Somebody else's update is under way: it is awaited, and not taken for ours."""
    run.stack(network())
    run.under_way("UPDATE", network("others", "another group", seconds=1.0))
    creation(run, network("two"), status=("UPDATE_COMPLETE",))


def over_kept(run):
    """A creation that failed and was kept is gone on with."""
    template = emulator(network(), "Group", CreateFails=CAUSE)
    # A subnet that is cancelled would be in the way of the one that is to be made.
    template["Resources"]["Group"]["DependsOn"] = "Subnet"
    with contextlib.suppress(ClientError):
        run.place.client.create_stack(StackName=run.name, TemplateBody=json.dumps(template), DisableRollback=True)
    creation(run, status=("UPDATE_COMPLETE",))


def busy_with_deletion(run):
    """What is being deleted is created anew when it is gone."""
    run.stack(network(seconds=1.0))
    run.place.client.delete_stack(StackName=run.name)
    creation(run)


def destruction_of_busy(run):
    """Nothing is deleted while somebody is at it."""
    run.stack(network())
    run.under_way("UPDATE", network("others", "another group", seconds=4.0))
    wanted = Wanted(code=(3,), status=("any",), executions=(0,))
    run.call(run.command("destroy", "--yes"), wanted)


def status_waits_for_deletion(run):
    run.stack(network(seconds=1.0))
    run.place.client.delete_stack(StackName=run.name)
    run.call(run.command("status", "--wait"), Wanted(code=(1,), status=(), executions=(0,)))


def interrupted(run, kind, sent):
    """Stopped in the middle, and again."""
    if kind == "update":
        run.stack(network())
    template = network("two", "another group", seconds=1.2)
    pause = run.rng.uniform(0.05, 1.6)

    def stop(process):
        time.sleep(pause)
        process.send_signal(sent)

    finished = ("CREATE_COMPLETE",) if kind == "create" else ("UPDATE_COMPLETE",)
    if sent == signal.SIGINT:
        # Stopped before, or after the end.
        ended = Wanted(code=(130, 0), status=("any",), template=template, executions=(0, 1))
        run.call(run.deploy(template), ended, stop)
    else:
        process = run.start(*run.deploy(template))
        stop(process)
        process.communicate()
    begun = run.place.truth(run.name).begun(*EXECUTIONS)
    run.call(run.deploy(template), Wanted(status=finished, template=template, executions=(0, 1)))
    total = run.place.truth(run.name).begun(*EXECUTIONS)
    if total > (1 if kind == "create" else 2):
        run.complain(f"{total} executions, {begun} of them before it was run again")


def interrupted_in_trouble(run):
    """Who stops it while AWS does not answer need not wait until patience is over."""
    told = []

    def stop(process):
        time.sleep(1.5)
        told.append(time.monotonic())
        process.send_signal(signal.SIGINT)
        process.wait(3 * PATIENCE)
        told.append(time.monotonic())

    run.call(run.deploy(network()), Wanted(code=(130,), status=(), executions=(0,)), stop)
    if told[1] - told[0] > 20:
        run.complain(f"stopped only {told[1] - told[0]:.0f} s after it was asked to")


def renewed(run, kind):
    """The credentials expire in the middle, and another program has written new ones a moment before."""
    run.renew(run.key)
    if kind == "update":
        run.stack(network())
    template = network("two", "another group", seconds=1.0)
    moment = run.rng.uniform(0.1, 1.2)

    def write(process):
        time.sleep(moment)
        run.renew(f"AKIARENEWED{run.number:06d}")
        # Behind the rules of the faults; these too hold for the old key only.
        rule = {"service": "cloudformation", "headers": header(run.key), **expired()}
        run.place.proxy.ask("PATCH", "rules", [rule])

    status = ("CREATE_COMPLETE",) if kind == "create" else ("UPDATE_COMPLETE",)
    run.call(run.deploy(template), Wanted(status=status, template=template), write)


def two_at_once(run, same):
    """Both end well, the second on what the first made."""
    first, second = network("one"), network("one" if same else "two")
    before, began = run.place.truth(run.name), time.monotonic()
    processes = [(run.start(*arguments), arguments) for arguments in (run.deploy(first), run.deploy(second))]
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda it: run.end(*it, began), processes))
    after = run.place.settled(run.name)
    run.done += ended
    for done in ended:
        done.before, done.after, done.last = before, after, after
        done.wanted = Wanted()
        soundness(run, done)
        if run.passes and done.code != 0:
            run.complain(f"exit {done.code} instead of 0")
    remains(run, before, after, "\n".join(done.stderr for done in ended))
    if run.passes:
        if after.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            run.complain(f"the stack is {after.status}")
        elif after.template not in (first, second):
            run.complain("the template is of neither")
        executions = after.begun(*EXECUTIONS)
        if executions > 2 or (same and executions > 1):
            run.complain(f"{executions} executions")


CREATION = ("DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents")
UPDATE = (*CREATION, "GetTemplate")
SHOWN = ("DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet")
SHELL = (*SHOWN, "ListChangeSets", "DeleteStack")
DESTRUCTION = ("DescribeStacks", "ListStackResources", "GetTemplate", "DeleteStack", "DescribeStackEvents")
PROTECT = ("--termination-protection",)
UNPROTECT = ("--termination-protection=false",)


def unchanged(run, flags=(), **wanted):
    update(run, network(), flags, status=SAME, executions=(0,), **wanted)


# What it does, and the operations that it calls for certain.
SCENARIOS = {
    "create": (
        lambda run: creation(run, planned=("added +Vpc ", "added +Subnet ", "added +Group ")),
        CREATION,
    ),
    "create-protected": (
        lambda run: creation(run, flags=PROTECT, protected=True),
        (*CREATION, "UpdateTerminationProtection"),
    ),
    "create-rolls-back": (
        lambda run: creation(run, failing("Create", network()), code=(1,), status=("ROLLBACK_COMPLETE",), cause=CAUSE),
        CREATION,
    ),
    "create-kept": (
        lambda run: creation(
            run, failing("Create", network()), ["--no-rollback"], code=(1,), status=("CREATE_FAILED",), cause=CAUSE
        ),
        CREATION,
    ),
    "change-set-fails": (
        lambda run: creation(
            run,
            {**network(), "Metadata": {"Emulator": {"ChangeSetFails": "No such transform"}}},
            code=(1,),
            status=(),
            executions=(0,),
        ),
        SHELL,
    ),
    "update": (
        lambda run: update(run, network("two"), planned=("changed +Vpc ", "changed +Group ")),
        UPDATE,
    ),
    "replace": (
        lambda run: update(run, network("two", "another group"), planned=("changed +Vpc ", "replaced +Group ")),
        UPDATE,
    ),
    "unchanged": (unchanged, (*SHOWN, "GetTemplate")),
    "unchanged-protected": (
        lambda run: unchanged(run, PROTECT, protected=True),
        (*SHOWN, "GetTemplate", "UpdateTerminationProtection"),
    ),
    "update-rolls-back": (
        lambda run: update(
            run, changed_by_failure(), code=(1,), status=("UPDATE_ROLLBACK_COMPLETE",), template=network(), cause=CAUSE
        ),
        UPDATE,
    ),
    "update-kept": (
        lambda run: update(run, changed_by_failure(), ["--no-rollback"], code=(1,), status=("UPDATE_FAILED",), cause=CAUSE),
        UPDATE,
    ),
    "update-protected": (
        lambda run: update(run, network("two"), PROTECT, protected=True),
        (*UPDATE, "UpdateTerminationProtection"),
    ),
    "over-left-over": (over_left_over, (*CREATION, "DeleteStack")),
    "over-review": (lambda run: over_review(run, False), CREATION),
    "over-empty-review": (lambda run: over_review(run, True), CREATION),
    "dry-run-create": (
        lambda run: creation(run, flags=["--dry-run"], status=(), executions=(0,)),
        SHELL,
    ),
    "dry-run-update": (
        lambda run: update(run, network("two"), ["--dry-run"], status=SAME, executions=(0,)),
        (*SHOWN, "GetTemplate"),
    ),
    "destroy": (lambda run: destruction(run, network()), DESTRUCTION),
    "destroy-keeps": (lambda run: destruction(run, without_group(), kept=("Vpc", "Group")), DESTRUCTION),
    "destroy-fails": (
        lambda run: destruction(
            run,
            emulator(network(), "Group", DeleteFails=CAUSE),
            code=(1,),
            status=("DELETE_FAILED",),
            cause=CAUSE,
        ),
        DESTRUCTION,
    ),
    "status": (status, ("DescribeStacks", "ListStackResources")),
    "status-waits": (status_waits, ("DescribeStacks", "ListStackResources", "DescribeStackEvents")),
    "status-instance": (
        lambda run: status_of_instance(run, False),
        ("DescribeStacks", "ListStackResources", *OTHERS),
    ),
    "status-instance-waits": (
        lambda run: status_of_instance(run, True),
        ("DescribeStacks", "ListStackResources", *OTHERS),
    ),
    "busy": (busy, UPDATE),
    "busy-with-deletion": (busy_with_deletion, CREATION),
    "over-kept": (over_kept, UPDATE),
    "destroy-busy": (destruction_of_busy, ("DescribeStacks", "ListStackResources", "GetTemplate")),
    "status-waits-gone": (status_waits_for_deletion, ("DescribeStacks", "DescribeStackEvents")),
    "two-same": (lambda run: two_at_once(run, True), CREATION),
    "two-different": (lambda run: two_at_once(run, False), CREATION),
    "interrupted-create": (lambda run: interrupted(run, "create", signal.SIGINT), ("DescribeStacks", "CreateChangeSet")),
    "interrupted-update": (
        lambda run: interrupted(run, "update", signal.SIGINT),
        ("DescribeStacks", "CreateChangeSet", "GetTemplate"),
    ),
    "interrupted-in-trouble": (interrupted_in_trouble, ()),
    "renewed-create": (lambda run: renewed(run, "create"), ("DescribeStacks", "CreateChangeSet")),
    "renewed-update": (lambda run: renewed(run, "update"), ("DescribeStacks", "CreateChangeSet", "GetTemplate")),
    "killed-create": (lambda run: interrupted(run, "create", signal.SIGKILL), ("DescribeStacks",)),
    "killed-update": (lambda run: interrupted(run, "update", signal.SIGKILL), ("DescribeStacks", "GetTemplate")),
}

# --- judgement ---------------------------------------------------------------------------------------------------------


def soundness(run, done):
    if done.code is None:
        return run.complain(f"did not end within {done.seconds:.0f} s")
    if done.code not in (0, 1, 2, 3, 130):
        run.complain(f"exit {done.code} is none that is documented")
    if "panicked" in done.stderr:
        run.complain("it panicked")
    for secret in (SECRET, SESSION):
        if secret in done.stdout + done.stderr:
            run.complain("a secret in the output")
    if done.arguments[0] == "status":
        for said in re.findall(rf"^stack {run.name} in {REGION}: ([A-Z_]+)", done.stdout, re.M):
            if said != done.after.status and not said.endswith("_IN_PROGRESS"):
                run.complain(f"the stack is {done.after.status}, it says {said}")
    if "--timeout" in done.arguments and done.arguments[0] != "status" and done.seconds > LIMIT + 15:
        run.complain(f"it watched for {done.seconds:.0f} s, with a limit of {LIMIT} s")
    if "json" in done.arguments:
        lines = done.stdout.splitlines()
        try:
            parsed = [json.loads(line) for line in lines]
        except ValueError:
            return run.complain("standard output is not an object a line")
        if not parsed or parsed[-1].get("event") != "end":
            run.complain("the last object is no end")


def judge(run, done):
    soundness(run, done)
    if done.code is None:
        return
    if done.code == 0:
        success(run, done)
    else:
        failure(run, done)
    if run.passes and done.code not in done.wanted.code:
        run.complain(f"exit {done.code} instead of {' or '.join(map(str, done.wanted.code))}: the fault passes")
    if any(hit.fault == "expired-always" and hit in run.fired for hit in run.hits) and done.code not in (0, 2):
        run.complain(f"exit {done.code} instead of 2: the credentials expired")
    remains(run, done.before, done.last, done.stderr)
    executions = done.last.begun(*EXECUTIONS) - done.before.begun(*EXECUTIONS)
    most = max(done.wanted.executions)
    if executions > most:
        run.complain(f"{executions} executions")
    deletions = collections.Counter(stack for stack, *event in done.last.own() if event == ["DELETE_IN_PROGRESS", "User Initiated"])
    if any(count > 1 for count in deletions.values()):
        run.complain("a stack was deleted twice")


def success(run, done):
    wanted, truth = done.wanted, done.after
    if 0 in wanted.code:
        ends(run, done)
    elif run.passes:
        run.complain("success of what has to fail")
    if done.arguments[0] == "deploy" and "--dry-run" not in done.arguments and "json" in done.arguments:
        told = json.loads(done.stdout.splitlines()[-1] or "{}").get("stack", {}).get("outputs")
        if told != truth.outputs:
            run.complain(f"the outputs are {truth.outputs}, and told are {told}")
    elif done.arguments[0] == "deploy" and "--dry-run" not in done.arguments:
        for key, value in truth.outputs.items():
            if not re.search(rf"^{key} *= {re.escape(value)}$", done.stdout, re.M):
                run.complain(f"output {key} = {value} is not told")
    if run.passes and done.arguments[0] == "deploy" and not wanted.status == ("any",):
        completeness(run, done)
    for kept in wanted.kept:
        if not re.search(rf"left, as the template says: {kept} ", done.stderr):
            run.complain(f"{kept} is left and not told")


def completeness(run, done):
    """The plan, and all that happened, were told."""
    if "json" in done.arguments:
        events = [json.loads(line) for line in done.stdout.splitlines()]
        told = {(it["status"], it["logical_id"]) for it in events if it["event"] == "resource"}
    else:
        for line in done.wanted.planned:
            if not re.search(line, done.stderr + done.stdout):
                run.complain(f"the plan does not tell `{line}`")
        told = set(re.findall(r"^\S+Z ([A-Z_]+) +(\S+) \(", done.stderr, re.M))
    events = [it for it in done.after.events[len(done.before.events) :] if it[0] == done.after.id]
    if max(done.wanted.executions) == 1 and not (done.before.status or "").endswith("_IN_PROGRESS"):
        missing = {(status, name) for _, name, status, _ in events if status != "REVIEW_IN_PROGRESS"} - told
        if missing:
            run.complain(f"it happened and was not told: {sorted(missing)}")


def ends(run, done):
    """It ended as it has to."""
    wanted, truth = done.wanted, done.after
    if wanted.status == ("any",):
        return
    if wanted.status == SAME:
        if (truth.id, truth.status, truth.template) != (done.before.id, done.before.status, done.before.template):
            run.complain(f"the stack is no longer as it was: {done.before.status}, {truth.status}")
    elif (truth.status,) != (wanted.status or (None,)):
        run.complain(f"the stack is {truth.status} instead of {wanted.status}")
    elif wanted.template and truth.live and truth.template != wanted.template:
        run.complain("the template is another")
    if wanted.protected is not None and truth.live and truth.live["EnableTerminationProtection"] != wanted.protected:
        run.complain("the protection is not as asked for")


def failure(run, done):
    """What the last words say is true."""
    final, before, after, last = done.final(), done.before, done.after, done.last
    name, words = re.escape(run.name), []
    if run.passes and done.code in done.wanted.code and done.code == 1:
        ends(run, done)
    begun = after.begun(*EXECUTIONS, "DELETE_IN_PROGRESS") - before.begun(*EXECUTIONS, "DELETE_IN_PROGRESS")
    if re.search(r"nothing was (changed|deployed)", final):
        words.append("nothing")
        # Of what is left `remains` judges; what others did meanwhile is not meant.
        mentioned = "may be left" in final and before.status is None
        same = (last.id, last.status, last.template) == (before.id, before.status, before.template)
        others = (before.status or "").endswith("_IN_PROGRESS") and before.status != "REVIEW_IN_PROGRESS"
        if not same and not mentioned and not others:
            run.complain(f"nothing was changed, it says, but {before.status} became {last.status}")
        if last.begun(*EXECUTIONS) > before.begun(*EXECUTIONS):
            run.complain("nothing was changed, it says, but something was executed")
    for said in re.findall(rf"stack `{name}`:? is ([A-Z_]+[A-Z])", final):
        words.append(said)
        moved_on = said.endswith("_IN_PROGRESS") and said in after.statuses()
        if said != (after.status or "DELETE_COMPLETE") and not moved_on:
            run.complain(f"the stack is {after.status}, it says {said}")
    for said in re.findall(r"it was ([A-Z_]+) when last seen", final):
        words.append(said)
        if said not in after.statuses():
            run.complain(f"it was {said} when last seen, it says; it never was")
        elif not said.endswith("_IN_PROGRESS") and "AWS goes on with it" in final:
            run.complain(f"AWS goes on with it, it says, and that it was {said}")
    if "AWS goes on with it" in final:
        words.append("goes on")
        in_progress = (before.status or "").endswith("_IN_PROGRESS")
        if not begun and not in_progress:
            run.complain("AWS goes on with it, it says, and nothing was begun")
    if "left-over of the failed creation was deleted, and nothing else" in final:
        words.append("cleared")
        if after.status is not None:
            run.complain(f"the left-over was deleted, it says, and the stack is {after.status}")
    if "is not known" in final:
        words.append("not known")
        if run.passes:
            run.complain("the state is not known, it says, and the fault passes")
    if re.search(rf"stack `{name}` (is (gone|deleted|protected)|was [A-Z_]+ when)|stopped waiting", final):
        words.append("else")
    if not words and done.arguments[0] != "status":
        run.complain("no word of the state")
    if "cause:" in final:
        if done.wanted.cause and done.wanted.cause not in final:
            run.complain("the first cause is another")
    elif run.passes and done.wanted.cause and done.code == 1:
        run.complain("the cause is not told")


def remains(run, before, last, stderr):
    """A change set or an empty stack that nobody asked for is named, with how to remove it."""
    for name, execution in last.change_sets.items():
        if name in before.change_sets or execution.startswith("EXECUTE_"):
            continue
        if name not in stderr or "delete-change-set" not in stderr:
            run.complain(f"change set {name} is left and not named")
    if last.status == "REVIEW_IN_PROGRESS" and last.id != before.id:
        if not re.search(rf"REVIEW_IN_PROGRESS|destroy --stack {re.escape(run.name)}|delete-stack", stderr):
            run.complain("an empty stack is left and not named")


# --- the plan ----------------------------------------------------------------------------------------------------------


def excluded(scenario, hit):
    """What cannot be borne by any program."""
    if ALL_FAULTS[hit.fault].late and hit.operation == "CreateChangeSet":
        # What is made after its caller took it away again stays.
        return scenario in ("dry-run-create", "dry-run-update", "change-set-fails", "unchanged", "unchanged-protected") or (
            scenario.startswith(("interrupted", "two", "killed"))
        )
    return False


# An answer that is cut where a lenient reader takes what came for the whole: no status, no outputs, no older events.
SHORTENED = [
    ("destroy", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("destroy-keeps", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("destroy-keeps", Hit("half-body", "ListStackResources", 0, 0.2)),
    ("unchanged", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("unchanged", Hit("half-body", "DescribeStacks", 0, 0.5)),
    ("dry-run-create", Hit("half-body", "DescribeStacks", 1, 0.2)),
    ("over-left-over", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("busy-with-deletion", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("create", Hit("half-body", "DescribeStackEvents", 1, 0.2)),
    ("create-rolls-back", Hit("half-body", "DescribeStackEvents", 1, 0.5)),
    ("replace", Hit("half-body", "DescribeChangeSet", 1, 0.5)),
    ("over-review", Hit("half-body", "DescribeChangeSet", 1, 0.2)),
]


def runs(seed, count):
    """Every fault on every operation, then what is of interest, then others."""
    pairs = [(fault, operation) for fault in FAULTS for operation in OPERATIONS]
    pairs = [it for it in pairs if not (ALL_FAULTS[it[0]].long and it[1] in OTHERS)]
    pairs += [("answer-lost-always", operation) for operation in WRITES]
    pairs += [("reset-always", "ExecuteChangeSet"), ("hung-always", "CreateChangeSet")]
    watched = [("unreachable-always", operation) for operation in REPEATED]
    stopped = [("busy-always", operation) for operation in CREATION]
    pairs += [*watched, *stopped]
    number = 0
    while number < count:
        rng = random.Random(f"{seed}/{number}")
        hits = []
        if number < len(pairs):
            fault, operation = pairs[number]
            skipped = rng.choice((0, 0, 1)) if operation in REPEATED and not ALL_FAULTS[fault].long else 0
            if (fault, operation) in watched:
                # So that the operation is under way when nothing is seen of it any more.
                skipped = 2
            hits = [Hit(fault, operation, skipped)]
            candidates = [name for name, (_, calls) in SCENARIOS.items() if operation in calls]
            candidates = [name for name in candidates if not excluded(name, hits[0])]
            if ALL_FAULTS[fault].long:
                # What runs the program twice would be as long twice.
                twice = ("two", "interrupted", "killed", "renewed")
                candidates = [name for name in candidates if not name.startswith(twice)]
            if (fault, operation) in watched:
                candidates = ["create", "update", "replace", "destroy"]
            if (fault, operation) in stopped:
                candidates = ["interrupted-in-trouble"]
            scenario = rng.choice(candidates)
        elif number < len(pairs) + len(SHORTENED):
            scenario, hit = SHORTENED[number - len(pairs)]
            hits = [hit]
        else:
            scenario = rng.choice([name for name, (_, calls) in SCENARIOS.items() if calls])
            short = [name for name, fault in FAULTS.items() if not fault.long]
            calls = SCENARIOS[scenario][1]
            hits = [
                Hit(rng.choice(short), rng.choice(calls), rng.choice((0, 0, 1, 2)), rng.choice((0.2, 0.5, 0.8, 0.95)))
                for _ in range(2)
            ]
            if any(excluded(scenario, hit) for hit in hits):
                hits = [hit for hit in hits if not excluded(scenario, hit)] or [Hit("reset", "DescribeStacks")]
        yield Run(number, seed, scenario, hits, rng=rng)
        number += 1


DEFAULT_RUNS = 240


def carry_out(run, place, binary, folder):
    run.place, run.binary, run.folder = place, binary, folder / run.name
    run.folder.mkdir()
    began = time.monotonic()
    owners = {}
    try:
        scenario = SCENARIOS[run.scenario][0]
        # The rules hold from here on; what a scenario prepares goes past the proxy.
        owners = place.proxy.add(run.hits, run.key)
        scenario(run)
    except Exception as error:  # A run that breaks the harness must not hide the others.
        run.complain(f"harness: {type(error).__name__}: {error}")
    finally:
        try:
            run.fired = place.proxy.remove(owners, run.key)
        except OSError as error:
            run.complain(f"harness: the proxy: {error}")
        run.seconds = time.monotonic() - began
    # What holds for a while may be over, and what needs the old credentials too late.
    sure = "ttl_s" not in ALL_FAULTS[run.hits[0].fault].rule
    # Nor may a stack that is gone be looked at as often.
    sure = sure and not run.scenario.startswith(("renewed", "status-waits-gone"))
    if len(run.hits) == 1 and not run.fired and not run.hits[0].skipped and sure:
        run.complain("the fault did not happen")


def told(run):
    lines = [f"FAILED {run.title()}: {'; '.join(run.complaints)}"]
    for done in run.done:
        lines.append(f"    $ {' '.join(done.arguments)}  -> exit {done.code}, {done.seconds:.1f} s")
        for text in (done.stderr, done.stdout):
            lines += [f"    | {line}" for line in text.splitlines()[-25:]]
        for when, truth in (("before", done.before), ("after", done.after), ("last", done.last)):
            lines.append(f"    {when}: {truth}")
    return "\n".join(lines)


def coverage(done):
    """Fault by operation: how often it happened."""
    counts = collections.Counter((hit.fault, hit.operation) for run in done for hit in run.fired)
    names = list(dict.fromkeys([*FAULTS, *(fault for fault, _ in counts)]))
    lines = [" " * 20 + " ".join(f"{it[:12]:>12}" for it in OPERATIONS)]
    for name in names:
        row = " ".join(f"{counts[name, it] or '-':>12}" for it in OPERATIONS)
        lines.append(f"{name:<20}{row}")
    return "\n".join(lines)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--runs", type=int, default=DEFAULT_RUNS)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", type=int, nargs="*", metavar="K")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    most = max([arguments.runs, *(number + 1 for number in arguments.only or [])])
    planned = list(runs(arguments.seed, most))
    if arguments.only is not None:
        planned = [run for run in planned if run.number in arguments.only]
    # Long ones do nothing but wait: each has a worker of its own, beside the others.
    queues = {True: queue.SimpleQueue(), False: queue.SimpleQueue()}
    for run in planned:
        queues[run.long].put(run)
    workers = {True: queues[True].qsize(), False: min(arguments.jobs, queues[False].qsize())}
    done, printing, began = [], threading.Lock(), time.monotonic()

    def work(kind, place, folder):
        while True:
            try:
                run = queues[kind].get_nowait()
            except queue.Empty:
                return
            carry_out(run, place, str(arguments.binary.resolve()), folder)
            with printing:
                done.append(run)
                if run.complaints:
                    print(told(run), flush=True)
                elif arguments.verbose:
                    print(f"ok {run.title()} ({run.seconds:.1f} s)", flush=True)

    with tempfile.TemporaryDirectory(prefix="faults-") as folder, contextlib.ExitStack() as started:
        folder = Path(folder)
        places = [Place(folder, number) for number in range(min(2, len(planned)))]
        for place in places:
            started.callback(place.server.stop)
            started.callback(place.proxy.stop)
        with ThreadPoolExecutor(len(places)) as pool:
            list(pool.map(Place.wait, places))
        kinds = [kind for kind, count in workers.items() for _ in range(count)]
        threads = [
            threading.Thread(target=work, args=(kind, places[number % len(places)], folder))
            for number, kind in enumerate(kinds)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    failed = sum(bool(run.complaints) for run in done)
    if arguments.only is None:
        print(coverage(done))
        happened = {(hit.fault, hit.operation) for run in done for hit in run.fired}
        wanted = {(run.hits[0].fault, run.hits[0].operation) for run in done if len(run.hits) == 1}
        for fault, operation in sorted(wanted - happened):
            print(f"never happened: {fault} {operation}")
    print(f"{len(done) - failed} of {len(done)} runs passed, {time.monotonic() - began:.0f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
