#!/usr/bin/env python3
"""Our own stack in Terraform, one removed fact at a time: planned with the real provider, and the
plan judged. What holds in CloudFormation, `tests/it/facts.rs` shows without these tools."""
import json
import pathlib
import subprocess
import sys

import jsonschema
import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "emulator"))
from harness import Terraform  # noqa: E402

# No credentials, no account, no calls: a plan of new resources needs none.
OFFLINE = {
    "access_key": "none",
    "secret_key": "none",
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": True,
}


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def parent(body, path):
    keys = path.split(".")
    for key in keys[:-1]:
        body = body.setdefault(key, {})
    return body, keys[-1]


def drop(module, address):
    of, name = address.split(".")
    del module["resource"][of][name]
    if not module["resource"][of]:
        del module["resource"][of]
    for resources in module["resource"].values():
        for body in resources.values():
            if "depends_on" in body:
                body["depends_on"] = [it for it in body["depends_on"] if it != address]
    module["output"] = {
        key: body for key, body in module.get("output", {}).items()
        if f"{address}." not in json.dumps(body)
    }


def changed(module, fact):
    module = json.loads(json.dumps(module))
    change, address = fact["tf"], fact["at"][1]
    of, name = address.split(".")
    if change.get("drop"):
        drop(module, address)
    for of_all in filter(None, [change.get("drop_all")]):
        for each in list(module["resource"][of_all]):
            drop(module, f"{of_all}.{each}")
    for path, value in change.get("set", {}).items():
        body, key = parent(module["resource"][of][name], path)
        body[key] = value
    if "unset" in change:
        del module["resource"][of][name][change["unset"]]
    for added, body in change.get("add", {}).items():
        kind, label = added.split(".")
        module["resource"].setdefault(kind, {})[label] = body
    return module


def judge(binary, folder, module, env):
    (folder / "main.tf.json").write_text(json.dumps(module))
    run(["terraform", "plan", "-no-color", "-input=false", "-out=plan"], cwd=folder, env=env)
    plan = run(["terraform", "show", "-json", "plan"], cwd=folder, env=env)
    done = subprocess.run([binary, "check", "-", "--output", "json"], input=plan,
                          capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        sys.exit(f"check: exit {done.returncode}\n{done.stderr}")
    report = json.loads(done.stdout)
    schema = json.loads(run([binary, "schema", "--check"]))
    jsonschema.validate(report, schema)
    return report["instances"][0]


def check(binary, work, env, options):
    tool = Terraform(work / "facts", keep_provider=True)
    folder = tool.folder
    module = json.loads(run([binary, "--config", HERE / "config.yaml", "--format", "tf"]))
    module["provider"]["aws"] = {**module["provider"]["aws"], **OFFLINE}
    (folder / "main.tf.json").write_text(json.dumps(module))
    run(["terraform", "init", "-no-color", "-input=false", *options], cwd=folder, env=env)
    try:
        judged(binary, folder, module, tool.kept(env))
    finally:
        tool.stop()


def judged(binary, folder, module, env):
    whole = judge(binary, folder, module, env)
    if whole["verdict"] != "reachable":
        sys.exit(f"our own stack is {whole['verdict']} as a plan: {json.dumps(whole, indent=1)}")
    facts = yaml.safe_load((HERE / "facts.yaml").read_text())
    for fact in facts:
        found = judge(binary, folder, changed(module, fact), env)
        if (found["verdict"], found["failing_hop"]) != ("unreachable", fact["hop"]):
            sys.exit(f"without `{fact['fact']}`, wanted {fact['hop']}, found {found['verdict']} "
                     f"{found['failing_hop']}: {json.dumps(found, indent=1)}")
    print(f"proof: {len(facts)} facts of our own stack, each breaks its hop in a plan")


if __name__ == "__main__":
    import os
    import shutil
    import tempfile
    sys.path.insert(0, str(HERE.parent))
    from tools import plugin_options
    with tempfile.TemporaryDirectory() as scratch:
        env = {**os.environ}
        env.pop("TF_CLI_CONFIG_FILE", None)
        check(shutil.which("ssm-synth") or sys.argv[1], pathlib.Path(scratch), env, plugin_options())
