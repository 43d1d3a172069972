#!/usr/bin/env python3
"""Runs the program against an emulator through a proxy that injects faults: each run succeeds or reports the truth.

    faults.py PROGRAM [NAME...] [--all] [--runs N] [--seed S] [--only K...] [--jobs J] [--verbose]

A run is a scenario (a creation, an update that fails and rolls back, two deployments at once, ...) with one or two faults
(throttling, a lost response, expired credentials, ...), each on the first, a later, or all calls of one operation. The first
runs are single faults: CI's set of faults and operations, or with `--all` every fault on every operation. The scenario, and
all later runs, depend on the seed. `--only K` repeats run K of a seed; NAME chooses runs by number, scenario, fault or operation.

After each call the emulator is read without the proxy: whether a success is one, whether the final message of a failure
agrees with the stack, whether an unnamed change set or empty stack is left, whether something was executed twice, and
whether a fault that passes made the run fail. Needs `microburst` and `aws` next to this Python or on the PATH.
"""

import signal
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import harness.cases as cases
from deploy.fault_injection.place import Place
from deploy.fault_injection.plan import runs
from deploy.fault_injection.report import carry_out, coverage, described
from harness.emulators import emulators
from harness.outcomes import Failure, Skip
from harness.program import beside_python

PLACES = 2


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = cases.parser(__doc__)
    cases.add_names(parser)
    parser.add_argument("--all", action="store_true", help="every fault on every operation")
    parser.add_argument("--runs", type=int, help="number of runs [default: single faults and truncated responses]")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", type=int, nargs="*", metavar="K")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--verbose", action="store_true", help="also print the runs that pass")
    arguments = parser.parse_intermixed_args()
    planned = {run.case_name(): run for run in runs(arguments.seed, arguments.runs, arguments.all)}
    if arguments.only is not None:
        planned = {name: run for name, run in planned.items() if run.number in arguments.only}
    done = []

    def attempt(name):
        def run_case(place):
            run = planned[name]
            carry_out(run, place, str(arguments.program), folder)
            done.append(run)
            if run.complaints:
                raise Failure(described(run))

        return cases.Case(name, run_case)

    chosen = cases.choose([attempt(name) for name in planned], arguments.names)
    report = cases.Report(quiet=not arguments.verbose)
    try:
        beside_python("microburst")
    except Skip as skip:
        report.skip("faults", skip)
        report.close()
    with tempfile.TemporaryDirectory(prefix="faults-") as work, emulators(work) as found:
        folder = Path(work)
        places = [Place(found, number) for number in range(min(PLACES, len(chosen)))]
        try:
            with ThreadPoolExecutor(len(places)) as pool:
                list(pool.map(Place.wait, places))
            # Long runs only wait, so each has a separate worker.
            long = [case for case in chosen if planned[case.name].long]
            short = [case for case in chosen if not planned[case.name].long]
            threads = [
                threading.Thread(target=cases.run_all, args=(some, [places[n % len(places)] for n in range(jobs)], report))
                for some, jobs in ((long, len(long)), (short, min(arguments.jobs, len(short))))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            for place in places:
                place.proxy.stop()
    if arguments.only is None and not arguments.names:
        print(coverage(done))
        happened = {(hit.fault, hit.operation) for run in done for hit in run.fired}
        wanted = {(run.hits[0].fault, run.hits[0].operation) for run in done if len(run.hits) == 1}
        for fault, operation in sorted(wanted - happened):
            print(f"never happened: {fault} {operation}")
    report.close()


if __name__ == "__main__":
    main()
