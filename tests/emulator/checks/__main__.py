"""Checks the emulator.

python tests/emulator/checks [NAME...] [--thorough] [--jobs N]
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import agents
import control_plane
import copies
import harness.cases as cases
import resource_types.cases as resource_types
from check import Check
from harness.cases import Case
from harness.emulators import emulators
from harness.pair import Pair

# Short operations, and agents that register late enough for the checks without an agent.
SETTINGS = {"EMULATOR_STEP": "0.01", "EMULATOR_AGENT_SECONDS": str(agents.AGENT_SECONDS)}


class Worker:
    """The tools of the cases, created on first use."""

    def __init__(self, found, folder):
        self.found, self.folder = found, folder
        self.emulator = self.pair = None

    def control_plane(self):
        self.emulator = self.emulator or self.found.copy(self.folder.name, **SETTINGS)
        self.emulator.reset()
        return control_plane.ControlPlane(self.emulator)

    def both_tools(self):
        self.pair = self.pair or Pair(self.found, self.folder)
        self.pair.reset("us-east-1")
        return self.pair


def all_cases(thorough):
    def on_control_plane(function):
        def run(worker):
            check = worker.control_plane()
            function(check)
            check.close()

        return run

    def on_types(function):
        def run(worker):
            check = resource_types.StateCheck()
            function(check, worker.both_tools(), thorough)
            check.close()

        return run

    def on_copies(function):
        def run(worker):
            check = Check()
            function(check, worker.found)
            check.close()

        return run

    # The longest cases start first.
    found = [Case(f"resource_types/{it.__name__}", on_types(it)) for it in resource_types.CASES]
    found += [Case(f"control_plane/{it.__name__}", on_control_plane(it)) for it in control_plane.CASES]
    found += [Case(f"agents/{it.__name__}", on_control_plane(it)) for it in agents.CASES]
    return found + [Case(f"server/{it.__name__}", on_copies(it)) for it in copies.CASES]


def main():
    parser = cases.parser(__doc__, program=False)
    cases.add_names(parser)
    parser.add_argument(
        "--thorough", action="store_true", help="also change lifecycle rules with Terraform: 2 more minutes"
    )
    parser.add_argument("--jobs", type=int, default=3)
    arguments = parser.parse_intermixed_args()
    chosen = cases.choose(all_cases(arguments.thorough), arguments.names)
    with tempfile.TemporaryDirectory(prefix="checks-") as folder, emulators(folder) as found:
        found.wait()
        workers = [Worker(found, Path(folder) / f"worker-{number}") for number in range(min(arguments.jobs, len(chosen)))]
        report = cases.run_all(chosen, workers)
        report.check(not found.errors(), "emulator without errors", found.errors())
    report.close()


if __name__ == "__main__":
    main()
