#!/usr/bin/env python3
"""Deploys the CloudFormation template and the Terraform module of each case and compares the resulting accounts.

    parity.py CASES_FOLDER [--jobs 2] [--only NAME...]

A case is a folder with `stack.json` and `main.tf.json`; optional are `parameters.json` (CloudFormation parameters),
`terraform.tfvars.json` and `region` (text). Each tool deploys to an emulator of its own with the same existing resources
(see `harness.world` for the placeholders of their IDs). `terraform plan` must then be empty, and both states, read through
the AWS API with IDs replaced by names, and the outputs must be equal.

This shows that both files request the same resources, that Terraform and its provider accept and keep the configuration,
and that the references in both resolve. It does not show that AWS accepts the values. `account_state.NOT_COMPARED` lists
what the comparison omits, with reasons.
"""

import json
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import harness.cases as cases
from account_state import State, differences
from harness.emulators import emulators
from harness.outcomes import Failure, require
from harness.pair import Pair
from harness.stacks import deploy_stack, stack_outputs
from harness.world import region_of, seed, texts_of, with_ids


def optional(path):
    return path.read_text() if path.exists() else None


def with_cloudformation(pair, folder, texts):
    emulator = pair.cloudformation
    ids = seed(emulator, texts)
    parameters = json.loads(with_ids(optional(folder / "parameters.json") or "{}", ids))
    deploy_stack(emulator, with_ids((folder / "stack.json").read_text(), ids), parameters)
    return State(emulator, ids, stack_outputs(emulator))


def with_terraform(pair, folder, texts):
    emulator, tool = pair.terraform, pair.tool
    ids = seed(emulator, texts)
    variables = optional(folder / "terraform.tfvars.json")
    main = with_ids((folder / "main.tf.json").read_text(), ids)
    tool.write(main, with_ids(variables, ids) if variables else None)
    tool.apply(emulator)
    changes = tool.plan(emulator)
    if changes:
        raise Failure(f"terraform: the second plan is not empty:\n{changes}")
    return State(emulator, ids, tool.outputs())


def compare(folder, pair):
    """Deploys one case with both tools; fails with the differences, or with the failures of the tools."""
    require("terraform")
    texts = texts_of(folder)
    pair.reset(region_of(folder))
    lines, states = [], []
    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(side, pair, folder, texts) for side in (with_cloudformation, with_terraform)]:
            try:
                states.append(job.result())
            except Failure as failure:
                lines.append(str(failure))
    if len(states) == 2:
        left, right = states
        lines += differences(left.things, right.things)
        lines += differences(left.outputs, right.outputs, "outputs")
    if lines:
        raise Failure("\n".join(lines))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = cases.parser(__doc__, program=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", metavar="NAME")
    arguments = parser.parse_intermixed_args()
    folders = [path.parent for path in arguments.folder.glob("*/stack.json")]
    # The largest take longest, and everything would wait for one that starts last.
    folders.sort(key=lambda folder: (-(folder / "main.tf.json").stat().st_size, folder.name))
    found = [cases.Case(folder.name, lambda pair, folder=folder: compare(folder, pair)) for folder in folders]
    if not found:
        sys.exit(f"no cases in {arguments.folder}")
    chosen = cases.choose(found, arguments.only)
    with tempfile.TemporaryDirectory(prefix="parity-") as work, emulators(work) as started:
        pairs = [Pair(started, Path(work) / str(number)) for number in range(min(arguments.jobs, len(chosen)))]
        report = cases.run_all(chosen, pairs)
    report.close()


if __name__ == "__main__":
    main()
