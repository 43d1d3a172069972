"""Terraform with a persistent provider process.

Terraform starts the provider three to five times for each command, and the start takes longer than the work. A provider that
runs with `-debug` serves any number of commands, one at a time, and Terraform needs no `init` for it:
https://developer.hashicorp.com/terraform/plugin/debugging. It is the same program, configured by each command.

A cache directory contains the slow parts: an initialized directory for each set of required providers, and slots, each
with a provider process that one command uses at a time. The environment of a slot never changes: endpoint and region are in
its AWS configuration file, which the provider reads whenever Terraform configures it. With the environment variable
TERRAFORM_CACHE, the next test uses the same cache, and `tests/shared.py` deletes it. Otherwise it ends with the process.
"""

import atexit
import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import cfn_emulator.client as client

from harness.outcomes import Failure, require
from harness.stacks import output_name

VARIABLE = "TERRAFORM_CACHE"
MIRRORS = ("~/.terraform.d/plugins", "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins")
SECONDS_TO_START = 60
# An emulator under load drops a connection now and then.
OVERRIDE = {"provider": {"aws": {"max_retries": 10, "s3_use_path_style": True}}}
DEFAULT_PROVIDERS = {"aws": {"source": "hashicorp/aws"}}
INITIALIZATION = threading.Lock()


def plugin_folder():
    """Returns a mirror of the provider: TF_PLUGIN_DIR, else one in the usual directories, else `None` (the registry)."""
    if os.environ.get("TF_PLUGIN_DIR"):
        return os.environ["TF_PLUGIN_DIR"]
    for folder in [*(Path(name).expanduser() for name in MIRRORS), *sorted(Path("/opt").glob("*"))]:
        if (folder / "registry.terraform.io/hashicorp/aws").is_dir():
            return str(folder)
    return None


def plugin_options():
    """Returns the options of `terraform init` for the mirror."""
    folder = plugin_folder()
    return [f"-plugin-dir={folder}"] if folder else []


def base_environment():
    """Returns the environment of Terraform: emulator credentials, and no settings of the user's own account."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    kept = ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR")
    environment |= {name: os.environ[name] for name in kept if os.environ.get(name) and Path(os.environ[name]).exists()}
    return {
        # A third of the work is garbage collection of the schema, in processes that end soon.
        "GOGC": "400",
        **environment,
        **client.CREDENTIALS,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
    }


def command(arguments, folder, environment, accept=(0,)):
    require("terraform")
    done = subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    if done.returncode not in accept:
        start = max(done.stdout.find("Error:"), 0)
        raise Failure(f"terraform {arguments[0]}: {done.stdout[start:][:4000]}")
    return done.stdout, done.returncode


class Cache:
    """The cache directory of a run, or of this process."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def provider_program(self, required):
        """Returns the provider's program, installed by `terraform init` once for each set of required providers."""
        text = json.dumps({"terraform": required, "provider": {"aws": {}}}, sort_keys=True)
        folder = self.folder / "initialized" / hashlib.sha256(text.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        with INITIALIZATION, (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "ready").exists():
                (folder / "main.tf.json").write_text(text)
                options = ["init", "-no-color", "-input=false", *plugin_options()]
                command(options, folder, base_environment())
                (folder / "ready").touch()
        programs = sorted(folder.glob(".terraform/providers/*/hashicorp/aws/*/*/terraform-provider-aws_v*"))
        return programs[-1].resolve()

    @contextlib.contextmanager
    def slot(self):
        """A slot that no other command uses, locked for the block."""
        for number in itertools.count():
            slot = Slot(self.folder / "slots" / str(number))
            with (slot.folder / "lock").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield slot
                return

    def stop(self):
        """Ends the providers and deletes the directory."""
        for path in self.folder.glob("slots/*/provider.json"):
            end_provider(json.loads(path.read_text())["pid"])
        shutil.rmtree(self.folder, ignore_errors=True)


class Slot:
    """A provider process and its AWS configuration file, used by one command at a time."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def configure(self, endpoint, region):
        lines = ["[default]", f"region = {region}", *([f"endpoint_url = {endpoint}"] if endpoint else [])]
        (self.folder / "aws-config").write_text("\n".join(lines) + "\n")

    def environment(self, program):
        """Returns the environment of Terraform with this slot's provider, which starts if it does not run."""
        environment = {**base_environment(), "AWS_CONFIG_FILE": str(self.folder / "aws-config")}
        return {**environment, "TF_REATTACH_PROVIDERS": self.address(program, environment)}

    def address(self, program, environment):
        path = self.folder / "provider.json"
        if path.exists():
            known = json.loads(path.read_text())
            if known["program"] == str(program) and is_running(known["pid"]):
                return known["address"]
            end_provider(known["pid"])
            path.unlink()
        output, log = self.folder / "provider.out", self.folder / "provider.log"
        with output.open("wb") as out, log.open("ab") as err:
            # A separate session: an interrupt of one test must not end the provider of the next.
            process = subprocess.Popen(
                [program, "-debug"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end:
            if found := re.search(r"TF_REATTACH_PROVIDERS='(.*)'", output.read_text()):
                path.write_text(json.dumps({"pid": process.pid, "program": str(program), "address": found[1]}))
                return found[1]
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
                break
        process.kill()
        raise Failure(f"the provider does not start: {log.read_text()[-2000:]}")


def is_running(process):
    """Reports whether the process runs. A zombie process does not."""
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(process, os.WNOHANG)[0]:
            return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def end_provider(process):
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


OWN_CACHE = []


def cache():
    """Returns the cache of the run, else one that ends with this process."""
    if os.environ.get(VARIABLE):
        return Cache(os.environ[VARIABLE])
    with INITIALIZATION:
        if not OWN_CACHE:
            OWN_CACHE.append(Cache(tempfile.mkdtemp(prefix="terraform-")))
            atexit.register(OWN_CACHE[0].stop)
    return OWN_CACHE[0]


class Terraform:
    """A working directory; each case writes its files and starts without state."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.required = {"required_providers": DEFAULT_PROVIDERS}

    def run(self, emulator, *arguments, accept=(0,)):
        """Runs a command for an emulator, or for none (`None`: no calls of AWS); returns output and exit code."""
        program = cache().provider_program(self.required)
        with cache().slot() as slot:
            slot.configure(emulator.endpoint if emulator else None, emulator.region if emulator else "us-east-1")
            return command(arguments, self.folder, slot.environment(program), accept)

    def write(self, main, variables=None, keep_state=False, hcl=None):
        """Writes the files; an override carries what an emulator needs, so that the output under test stays as it is.

        `main` is the configuration in JSON syntax. `hcl`, the same in HCL, replaces it.
        """
        for path in [*self.folder.glob("*.json"), *self.folder.glob("*.tf")]:
            path.unlink()
        if not keep_state:
            self.forget()
        (self.folder / ("main.tf" if hcl else "main.tf.json")).write_text(hcl or main)
        if variables is not None:
            (self.folder / "terraform.tfvars.json").write_text(variables)
        parsed = json.loads(main)
        self.required = parsed.get("terraform") or {"required_providers": DEFAULT_PROVIDERS}
        configured = "aws" in parsed.get("provider", {})
        self.write_override("emulator_override.tf.json" if configured else "emulator.tf.json")

    def forget(self):
        """Deletes the state."""
        for path in self.folder.glob("terraform.tfstate*"):
            path.unlink()

    def write_override(self, name):
        (self.folder / name).write_text(json.dumps(OVERRIDE))

    def init_modules(self, emulator):
        """Initializes a directory that calls modules."""
        self.run(emulator, "init", "-no-color", "-input=false")

    def apply(self, emulator, *options):
        """Applies the configuration; returns the output."""
        options = ("-auto-approve", "-parallelism=20", "-no-color", "-input=false", *options)
        return self.run(emulator, "apply", *options)[0]

    def destroy(self, emulator, *options):
        self.run(emulator, "destroy", "-auto-approve", "-no-color", "-input=false", *options)

    def plan(self, emulator, *options):
        """Returns the changes of a plan as text, without what follows from them; empty if there are none."""
        options = ("-detailed-exitcode", "-lock=false", "-parallelism=20", "-no-color", "-input=false", *options)
        output, code = self.run(emulator, "plan", *options, accept=(0, 2))
        if code == 0:
            return ""
        lines = output[max(output.find("Terraform will perform"), 0) :].splitlines()
        changed = re.compile(r"\s*# [\w.\[\]\"-]+ (will|must) |.*# forces|\s*[~+-] .* = |Plan:")
        return "\n".join(line for line in lines if changed.match(line) and not line.endswith("after apply)"))

    def plan_as_json(self, emulator, *options):
        """Saves a plan as `plan` and returns it as JSON text."""
        options = ("-out=plan", "-lock=false", "-parallelism=20", "-no-color", "-input=false", *options)
        self.run(emulator, "plan", *options)
        return self.run(emulator, "show", "-json", "plan")[0]

    def apply_plan(self, emulator):
        """Applies the plan saved last."""
        self.run(emulator, "apply", "-no-color", "-input=false", "-parallelism=20", "plan")

    def state(self):
        return json.loads((self.folder / "terraform.tfstate").read_text())

    def outputs(self):
        """Returns the outputs as text, by names that both languages share."""
        found = {}
        for name, output in self.state()["outputs"].items():
            value = output["value"]
            if isinstance(value, list):
                value = ",".join(map(str, value))
            if value is not None:
                found[output_name(name)] = str(value)
        return found

    def instances(self):
        """Returns the IDs of the instances by name and index."""
        return {
            f"{resource['name']}[{instance.get('index_key', '')}]": instance["attributes"]["id"]
            for resource in self.state()["resources"]
            if resource["type"] == "aws_instance" and resource["mode"] == "managed"
            for instance in resource["instances"]
        }
