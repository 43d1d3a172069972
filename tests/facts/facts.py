#!/usr/bin/env python3
"""Checks Terraform plans of the default stack, each with one changed fact.

    facts.py PROGRAM [NAME...]

A case is `whole`, the unchanged stack, or a fact of facts.yaml, by its text. For CloudFormation, `tests/it/facts.rs` shows
the same without these tools.
"""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jsonschema
import yaml

import harness.cases as cases
from harness.cases import Case
from harness.outcomes import Failure, require
from harness.outcomes import check as expect
from harness.program import run
from harness.terraform import Terraform

HERE = Path(__file__).resolve().parent
# No credentials, no account, no calls: a plan of new resources needs none.
OFFLINE = {
    "access_key": "none",
    "secret_key": "none",
    "skip_credentials_validation": True,
    "skip_requesting_account_id": True,
    "skip_metadata_api_check": True,
}
JOBS = 2


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
    module["output"] = {key: body for key, body in module.get("output", {}).items() if f"{address}." not in json.dumps(body)}


def without(module, fact):
    """Returns the module without the fact."""
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


class Facts:
    """The program, its module and its schema, which all cases share."""

    def __init__(self, program):
        self.program = program
        self.module = json.loads(run(program, "--config", HERE / "config.yaml", "--format", "tf").stdout)
        self.module["provider"]["aws"] = {**self.module["provider"]["aws"], **OFFLINE}
        self.schema = json.loads(run(program, "schema", "check").stdout)

    def verdict(self, tool, module):
        """Plans the module and returns what the check reports of its instance."""
        require("terraform")
        (tool.folder / "main.tf.json").write_text(json.dumps(module))
        plan = tool.plan_as_json(None)
        done = run(self.program, "check", "-", "--format", "json", input=plan, code=None)
        expect(done.returncode in (0, 1, 3), f"check: exit code {done.returncode}\n{done.stderr}")
        report = json.loads(done.stdout)
        jsonschema.validate(report, self.schema)
        return report["instances"][0]

    def whole(self, tool):
        found = self.verdict(tool, self.module)
        expect(found["verdict"] == "reachable", f"the stack is {found['verdict']} as a plan: {json.dumps(found, indent=1)}")

    def broken(self, tool, fact):
        found = self.verdict(tool, without(self.module, fact))
        if (found["verdict"], found["failing_hop"]) != ("unreachable", fact["hop"]):
            raise Failure(
                f"expected {fact['hop']}, found {found['verdict']} {found['failing_hop']}: {json.dumps(found, indent=1)}"
            )


def report_on(program, folder, names=()):
    """Runs the cases in this directory and returns their report."""
    facts = Facts(program)
    found = [Case("whole", facts.whole)]
    for fact in yaml.safe_load((HERE / "facts.yaml").read_text()):
        found.append(Case(fact["fact"], lambda tool, fact=fact: facts.broken(tool, fact)))
    chosen = cases.choose(found, names)
    tools = []
    for number in range(min(JOBS, len(chosen))):
        folder.mkdir(parents=True, exist_ok=True)
        tools.append(Terraform(folder / str(number)))
    return cases.run_all(chosen, tools)


def main():
    parser = cases.parser(__doc__)
    cases.add_names(parser)
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(prefix="facts-") as work:
        report_on(arguments.program, Path(work), arguments.names).close()


if __name__ == "__main__":
    main()
