"""One run: its stack, its calls of the program, and the expected results."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import ClientError

from harness.program import aws_cli
from deploy.fault_injection.faults import ALL_FAULTS, LIMIT, PATIENCE, REGION, SECRET, SESSION
from deploy.fault_injection.judgement import judge
from deploy.fault_injection.place import Place, StackState


@dataclass
class Done:
    """The end of a call of the program, with the state before, right after it, and when no operation was in progress."""

    arguments: list
    code: int | None
    stdout: str
    stderr: str
    seconds: float
    before: StackState | None = None
    after: StackState | None = None
    last: StackState | None = None
    wanted: object = None

    def final(self):
        """Returns the final message."""
        found = list(re.finditer(r"^error: ", self.stderr, re.M))
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
        """The credentials file, which the program uses if it exists."""
        return self.folder / "credentials"

    def renew(self, key):
        text = f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\naws_session_token = {SESSION}\n"
        # Atomically, like tools that renew credentials.
        self.folder.joinpath("new").write_text(text)
        self.folder.joinpath("new").rename(self.credentials)

    @property
    def passes(self):
        return all(ALL_FAULTS[hit.fault].passes for hit in self.hits)

    @property
    def long(self):
        return any(ALL_FAULTS[hit.fault].long for hit in self.hits)

    def title(self):
        return f"run {self.number} (--seed {self.seed} --only {self.number}): {self.scenario}; " + ", ".join(
            map(str, self.hits)
        )

    def case_name(self):
        """Returns the name of this run, whose parts choose it on the command line."""
        return "/".join([str(self.number), self.scenario, *(f"{hit.fault}/{hit.operation}" for hit in self.hits)])

    def complain(self, text):
        self.complaints.append(text)

    def stack(self, template):
        """Creates a stack without the program; its creation may fail."""
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

    def start_other(self, kind, template):
        """Starts an operation of another user."""
        self.place.client.execute_change_set(ChangeSetName=self.change_set("others", kind, template))

    def start(self, *arguments):
        keys = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SESSION}
        # Only `status` needs the AWS CLI. The questions of `deploy` before it starts take a second each.
        tools = f"{Path(aws_cli()).parent}:{os.environ['PATH']}"
        path = tools if arguments[0] == "status" else str(self.folder)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "PATH": path,
            **({} if self.credentials.exists() else keys),
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self.folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials),
            "AWS_ENDPOINT_URL": self.place.proxy.endpoint,
            "RUST_BACKTRACE": "1",
        }
        command = [self.binary, *arguments, "--stack", self.name, "--poll-interval", "0.2", "--read-timeout", "2"]
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
        return self.command("deploy", self.template(template), *more)

    def command(self, *arguments):
        """Returns the command, sometimes with JSON Lines, with a timeout if AWS stays unreachable."""
        more = ["--format", "json"] if self.rng.random() < 0.3 else []
        if self.long and any(hit.skipped for hit in self.hits) and arguments[0] != "status":
            more += ["--timeout", f"{LIMIT}s"]
        return [*arguments, *more]

    def end(self, process, arguments, began):
        # Twice the retries: for the call that fails, and for the cleanup after it.
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
        """Runs the program once and compares its output with the state around it."""
        before, began = self.place.truth(self.name), time.monotonic()
        process = self.start(*arguments)
        if meanwhile:
            meanwhile(process)
        done = self.end(process, arguments, began)
        if done.code == -signal.SIGINT:
            # The signal arrived before the program handled signals. Shells report 130 too.
            done.code, done.stderr = 130, done.stderr + "error: interrupted; nothing was changed\n"
        done.after = self.place.truth(self.name)
        done.last = self.place.settled(self.name)
        done.before, done.wanted = before, wanted
        self.done.append(done)
        judge(self, done)
        return done


@dataclass(frozen=True)
class Wanted:
    """The expected end of a run with transient faults. The status is empty without a stack, and SAME if nothing changes."""

    code: tuple = (0,)
    status: tuple = ()
    template: object = None
    cause: str | None = None
    protected: bool | None = None
    executions: tuple = (1,)
    kept: tuple = ()
    # Patterns that the plan must contain.
    planned: tuple = ()
