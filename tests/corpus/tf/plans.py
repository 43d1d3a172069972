#!/usr/bin/env python3
"""Writes plans/<case>.json from the bases and cases.yaml, with the real terraform.

    plans.py [NAME...]    these cases; a name that ends in * is a prefix [default: all]
    plans.py --missing    the cases without a plan

Environment:
  TF_PLUGIN_DIR      directory of a provider mirror; else one in the usual directories, else the registry
  AWS_ENDPOINT_URL   a running emulator that knows images.json; else this script starts moto_server

Needs terraform, PyYAML and, without an endpoint, moto_server on the PATH. Sends nothing to AWS.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import yaml

from harness.program import free_port
from harness.terraform import plugin_options
from cfn_emulator.client import is_serving

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 300
# The parts that readers need. The rest is the time, or a copy of another part.
KEPT = [
    "format_version", "terraform_version", "variables", "planned_values", "resource_changes",
    "prior_state", "configuration",
]
# Members of a resource.
DROPPED = {"provider_name", "schema_version", "sensitive_values"}
# Members of data sources that the emulator generates at each start.
MADE_UP = {
    "aws_ami": {
        "block_device_mappings", "boot_mode", "creation_date", "deprecation_time", "image_owner_alias",
        "last_launched_time", "root_snapshot_id", "usage_operation",
    },
    "aws_caller_identity": {"arn", "user_id"},
    "aws_iam_policy": {"policy_id"},
    "aws_vpc_endpoint_service": {"arn", "id", "service_id"},
}
# Members that differ at each run, or are wrong, in plans of changes to applied resources.
CHANGING = {
    "allocation_time", "associate_public_ip_address", "create_date", "creation_date", "dns_entry", "ipv6_addresses",
    "launch_time", "mac_address", "private_dns", "private_dns_name", "private_ip", "private_ip_list", "private_ips",
    "public_dns", "public_ip", "subnet_configuration", "unique_id",
}
ID = re.compile(r"\b(?!ami-)([a-z]+(?:-[a-z]+)*)-([0-9a-f]{17}|[0-9a-f]{8})(?=\b|1080289494\b)")
# The suffix that Terraform adds to a name_prefix.
SUFFIX = re.compile(r"20\d{16}[0-9a-f]{8}\b")
LOCAL = ["//127.0.0.1", "localhost", str(HERE), str(pathlib.Path.home()) + "/"]


def environment(endpoint):
    """Returns an environment with fake credentials; the provider block sets the region."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }


def start_emulator():
    port = free_port()
    settings = {
        "MOTO_AMIS_PATH": str(HERE / "images.json"),
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    }
    server = subprocess.Popen(
        ["moto_server", "-H", "127.0.0.1", "-p", str(port)],
        env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    endpoint, end = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        if is_serving(endpoint):
            return server, endpoint
        time.sleep(0.1)
    server.kill()
    sys.exit("moto_server did not start")


def edited(base, edits):
    """Returns the files of a base after the edits, as {path: text}."""
    files = {
        str(path.relative_to(base)): path.read_text()
        for path in sorted(base.rglob("*"))
        if path.name.endswith((".tf", ".tf.json", ".tfvars"))
    }
    for edit in edits:
        name = edit.get("file", "main.tf.json" if "main.tf.json" in files else "main.tf")
        found = files[name].count(edit["find"])
        if found != 1 and not (found and edit.get("all")):
            raise ValueError(f"{name}: found {found} times: {edit['find']!r}")
        files[name] = files[name].replace(edit["find"], edit["with"])
    return files


def addresses(module):
    for resource in module.get("resources", []):
        yield resource["address"]
    for child in module.get("child_modules", []):
        yield from addresses(child)


def unknown(value):
    """Returns values that are unknown until the apply, without empty parts; list indexes stay."""
    if isinstance(value, dict):
        return {k: kept for k, v in value.items() if (kept := unknown(v))}
    if isinstance(value, list):
        items = [unknown(it) for it in value]
        return items if any(items) else []
    return value


def without(value, keys):
    if isinstance(value, dict):
        return {k: without(v, keys) for k, v in value.items() if k not in keys}
    return [without(it, keys) for it in value] if isinstance(value, list) else value


def values(module, changing):
    """Returns a module and its child modules with the values that readers need."""
    module = without(module, DROPPED)

    def walk(module):
        for resource in module.get("resources", []):
            data = resource["mode"] == "data"
            keys = MADE_UP.get(resource["type"], set()) if data else changing
            resource["values"] = without(resource.get("values", {}), keys)
        for child in module.get("child_modules", []):
            walk(child)
    walk(module)
    return module


def trimmed(plan, applied):
    plan = {key: plan[key] for key in KEPT if key in plan}
    changing = CHANGING if applied else set()
    plan["planned_values"] = {"root_module": values(plan["planned_values"]["root_module"], changing)}
    if root := plan.get("prior_state", {}).get("values", {}).get("root_module"):
        plan["prior_state"] = {"values": {"root_module": values(root, changing)}}
    else:
        plan.pop("prior_state", None)
    plan["resource_changes"] = [
        {
            "address": it["address"],
            "change": {
                "actions": it["change"]["actions"],
                "after_unknown": unknown(it["change"].get("after_unknown", {})),
            },
        }
        for it in plan.get("resource_changes", [])
    ]
    plan["configuration"] = without(plan["configuration"], {"schema_version"})
    return renumbered(plan) if applied else plan


def renumbered(plan):
    """Replaces the emulator's random IDs with numbers in the order of addresses."""
    names, suffixes = {}, {}

    def name(found):
        kind = found.group(1)
        count = sum(it.startswith(kind + "-0") for it in names.values())
        return names.setdefault(found.group(0), f"{kind}-{count + 1:017x}")

    def suffix(found):
        return suffixes.setdefault(found.group(0), f"202601010000000000{len(suffixes) + 1:08x}")

    def number(module):
        for resource in module.get("resources", []):
            if resource["mode"] == "managed" and isinstance(resource.get("values", {}).get("id"), str):
                ID.sub(name, resource["values"]["id"])
        for child in module.get("child_modules", []):
            number(child)

    def rename(value):
        if isinstance(value, str):
            return SUFFIX.sub(suffix, ID.sub(name, value))
        if isinstance(value, dict):
            return {k: rename(v) for k, v in value.items()}
        if isinstance(value, list):
            items = [rename(it) for it in value]
            ids = all(isinstance(it, str) and ID.fullmatch(it) for it in items)
            return sorted(items) if ids else items
        return value

    number(plan["planned_values"]["root_module"])
    return rename(plan)


class Base:
    """A base in a separate working directory, initialized once, applied at most once."""

    def __init__(self, name, work, env):
        self.source, self.work, self.env = HERE / name, work / name, env
        self.applied = False
        self.write([])
        self.terraform("init", "-input=false", *plugin_options())

    def terraform(self, *arguments):
        done = subprocess.run(
            ["terraform", *arguments, *([] if arguments[0] == "show" else ["-no-color"])],
            cwd=self.work, env=self.env, capture_output=True, text=True, timeout=SECONDS,
        )
        if done.returncode:
            raise ValueError(f"terraform {arguments[0]}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def write(self, edits):
        for name, text in edited(self.source, edits).items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def plan(self, case):
        state = "none.tfstate"
        if case.get("applied"):
            state = "applied.tfstate"
            if not self.applied:
                self.write([])
                self.terraform("apply", "-auto-approve", "-input=false", f"-state={state}")
                self.applied = True
        self.write(case.get("edits", []))
        variables = [
            f"-var={name}={value if isinstance(value, str) else json.dumps(value)}"
            for name, value in case.get("variables", {}).items()
        ]
        # By default without a refresh, which reads more than a case needs.
        refresh = ["-refresh=false"] if case.get("applied") and not case.get("refreshed") else []
        self.terraform("plan", "-input=false", "-out=plan.out", f"-state={state}", *refresh, *variables)
        plan = json.loads(self.terraform("show", "-json", "plan.out"))
        return trimmed(plan, case.get("applied"))


def check(case, plan, text, work):
    present = set(addresses(plan["planned_values"]["root_module"]))
    for instance, expected in case["expect"].items():
        if (instance in present) == (expected["verdict"] == "not-created"):
            raise ValueError(f"{instance} is {'not ' * (instance not in present)}in the plan")
    if any(it in text for it in [str(work), *LOCAL]):
        raise ValueError("a path or host of this machine is in the plan")


def main(wanted):
    cases = yaml.safe_load((HERE / "cases.yaml").read_text())
    names = [case["case"] for case in cases]
    if len(set(names)) != len(names):
        sys.exit("duplicate case names: " + ", ".join(sorted({n for n in names if names.count(n) > 1})))
    if wanted == ["--missing"]:
        cases = [c for c in cases if not (HERE / "plans" / f"{c['case']}.json").exists()]
        if not cases:
            return
    elif wanted:
        cases = [c for c in cases if any(
            c["case"].startswith(w[:-1]) if w.endswith("*") else c["case"] == w for w in wanted)]
    (HERE / "plans").mkdir(exist_ok=True)
    for extra in {path.stem for path in (HERE / "plans").glob("*.json")} - set(names):
        print(f"{extra}: a plan without a case", file=sys.stderr)
    server, endpoint = None, os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        server, endpoint = start_emulator()
    work = pathlib.Path(tempfile.mkdtemp(prefix="plans-"))
    bases, failed = {}, []
    try:
        for case in cases:
            try:
                name = case["base"]
                if name is None:  # a person wrote the plan
                    text = (HERE / "plans" / f"{case['case']}.json").read_text()
                    check(case, json.loads(text), text, work)
                    continue
                if name not in bases:
                    bases[name] = Base(name, work, environment(endpoint))
                plan = bases[name].plan(case)
                text = json.dumps(plan, separators=(",", ":"), ensure_ascii=False) + "\n"
                check(case, plan, text, work)
                (HERE / "plans" / f"{case['case']}.json").write_text(text)
                print(f"{case['case']}: {len(text)} bytes", flush=True)
            except (ValueError, KeyError, OSError, subprocess.TimeoutExpired) as error:
                failed.append(case["case"])
                print(f"{case['case']}: FAILED: {error}", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(work)
        if server:
            server.terminate()
    if failed:
        sys.exit(f"{len(failed)} failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
