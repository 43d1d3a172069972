#!/usr/bin/env python3
"""Deploys the CloudFormation template and the Terraform module of each case and compares what they leave behind.

    parity.py CASES_DIR [--jobs 2] [--only NAME...]

A case is a folder with `stack.json` and `main.tf.json`; optional are `parameters.json` (CloudFormation parameters),
`terraform.tfvars.json` and `region` (text). Each tool deploys to an emulator of its own that holds the same existing things
(see harness.seed for their placeholder ids). Then `terraform plan` must have no changes, both states are read by the AWS
API and compared together with the outputs, ids replaced by what they name.

This shows that both files ask for the same things, that the real Terraform with the real provider accepts and keeps its
file, and that the references in both resolve. It does not show that AWS accepts the values; what is left out of the
comparison is listed, with the reasons, as state.NOT_COMPARED.
"""

import argparse
import json
import queue
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True

from harness import Copies, Failure, Worker, deploy_stack, region_of, seed, stack_outputs, texts_of, with_ids
from state import State, differences


def optional(path):
    return path.read_text() if path.exists() else None


def by_cloudformation(worker, case, texts):
    server = worker.cloudformation
    ids = seed(server, texts)
    parameters = json.loads(with_ids(optional(case / "parameters.json") or "{}", ids))
    deploy_stack(server, with_ids((case / "stack.json").read_text(), ids), parameters)
    return State(server, ids, stack_outputs(server))


def by_terraform(worker, case, texts):
    server, tool = worker.terraform, worker.tool
    ids = seed(server, texts)
    variables = optional(case / "terraform.tfvars.json")
    main = with_ids((case / "main.tf.json").read_text(), ids)
    tool.files(server, main, with_ids(variables, ids) if variables else None)
    tool.apply(server)
    changes = tool.plan(server)
    if changes:
        raise Failure(f"terraform: the second plan is not empty:\n{changes}")
    return State(server, ids, tool.outputs())


def check(worker, case):
    """The differences of one case, as lines."""
    texts, region = texts_of(case), region_of(case)
    worker.start()
    for server in (worker.cloudformation, worker.terraform):
        server.reset(region)
    lines, states = [], []
    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(side, worker, case, texts) for side in (by_cloudformation, by_terraform)]:
            try:
                states.append(job.result())
            except Failure as failure:
                lines.append(str(failure))
    if len(states) == 2:
        left, right = states
        lines += differences(left.things, right.things)
        lines += differences(left.outputs, right.outputs, "outputs")
    return lines


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    cases = sorted(path.parent for path in arguments.cases.glob("*/stack.json"))
    if arguments.only is not None:
        cases = [case for case in cases if case.name in arguments.only]
    if not cases:
        sys.exit(f"no cases in {arguments.cases}")
    waiting = queue.SimpleQueue()
    # The largest take the longest, and one that is left to the end is waited for by all.
    for case in sorted(cases, key=lambda case: -(case / "main.tf.json").stat().st_size):
        waiting.put(case)
    passed, printing = [], threading.Lock()

    def work(worker):
        while True:
            try:
                case = waiting.get_nowait()
            except queue.Empty:
                return
            started = time.monotonic()
            try:
                lines = check(worker, case)
            except Exception as error:  # A case that breaks the harness must not hide the others.
                lines = [f"{type(error).__name__}: {error}"]
            with printing:
                print(f"{'FAILED' if lines else 'ok'} {case.name} ({time.monotonic() - started:.0f} s)")
                for line in lines:
                    print("    " + line.replace("\n", "\n    "))
                sys.stdout.flush()
                if not lines:
                    passed.append(case)

    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        copies, workers = Copies(Path(folder)), []
        try:
            for number in range(min(arguments.jobs, len(cases))):
                workers.append(Worker(Path(folder) / str(number), copies))
            threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            for worker in workers:
                worker.stop()
            copies.stop()
    print(f"{len(passed)} passed, {len(cases) - len(passed)} failed")
    sys.exit(0 if len(passed) == len(cases) else 1)


if __name__ == "__main__":
    main()
