"""Runs named cases and reports them: one line per case, then `N passed, N failed`."""

import argparse
import fnmatch
import queue
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from harness.outcomes import Failure, Skip, is_ci, record_skip

# For these failures the message is enough; for any other exception the report has the traceback.
PLAIN = (Failure, subprocess.TimeoutExpired)
MOST_NAMES = 40


@dataclass(frozen=True)
class Case:
    name: str
    run: Callable

    def is_chosen(self, words):
        """A word is a name, a pattern, or a part of a name between slashes."""
        return any(fnmatch.fnmatchcase(self.name, word) or word in self.name.split("/") for word in words)


def named(functions):
    """Returns a case for each function, of the same name."""
    return [Case(function.__name__, function) for function in functions]


def parser(description, program=True):
    """Returns a parser with the arguments of a test: the program (if it drives one), then names of cases."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if program:
        found.add_argument("program", type=lambda text: Path(text).resolve())
    return found


def add_names(found):
    found.add_argument("names", nargs="*", metavar="NAME", help="run only these cases: names or patterns [default: all]")


def choose(cases, names, extra=()):
    """Returns the cases with these names; exits if a name is unknown. `extra`: cases that run only by name."""
    known = [*cases, *extra]
    unknown = [word for word in names or () if not any(case.is_chosen([word]) for case in known)]
    if unknown:
        some = ", ".join([case.name for case in known][:MOST_NAMES]) + (", ..." if len(known) > MOST_NAMES else "")
        sys.exit(f"unknown case: {', '.join(unknown)}; expected one of: {some}")
    return [case for case in known if case.is_chosen(names)] if names else list(cases)


class Report:
    """Prints one line per case as it ends, and counts."""

    def __init__(self, quiet=False):
        """`quiet`: prints no lines for cases that pass."""
        self.quiet = quiet
        self.passed = self.failed = self.skipped = 0
        self.lock = threading.Lock()

    def attempt(self, name, function, *arguments):
        """Runs a case; an exception is its failure and does not stop other cases."""
        start, text = time.monotonic(), ""
        try:
            function(*arguments)
            outcome = "ok"
        except Skip as skip:
            return self.skip(name, skip)
        except PLAIN as failure:
            outcome, text = "FAILED", str(failure)
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
                raise
            outcome, text = "FAILED", f"{error}" if isinstance(error, SystemExit) else traceback.format_exc()
        self.add(name, outcome, text, time.monotonic() - start)

    def skip(self, name, reason):
        """Reports a case that cannot run here: a skip on a developer's machine, a failure in CI."""
        if not is_ci():
            record_skip(name, reason)
        self.add(name, "FAILED" if is_ci() else "skipped", str(reason))

    def add(self, name, outcome, text="", seconds=None):
        took = "" if seconds is None else f" ({seconds:.1f} s)"
        with self.lock:
            if outcome == "skipped":
                self.skipped += 1
                print(f"skipped {name}: {text}", flush=True)
                return
            self.passed, self.failed = self.passed + (outcome == "ok"), self.failed + (outcome != "ok")
            if outcome == "ok" and self.quiet:
                return
            print(f"{outcome} {name}{took}", flush=True)
            if text:
                print(textwrap.indent(text.rstrip(), "    "), flush=True)

    def check(self, holds, name, text=""):
        """Reports one fact as a case."""
        self.add(name, "ok" if holds else "FAILED", "" if holds else text)

    def close(self):
        """Prints the summary and exits: 0 if cases passed and none failed."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}", flush=True)
        sys.exit(1 if self.failed or not (self.passed or self.skipped) else 0)


def run_all(cases, workers, report=None):
    """Runs the cases in their order, one at a time for each worker; a case is called with its worker."""
    report, waiting = report or Report(), queue.SimpleQueue()
    for case in cases:
        waiting.put(case)

    def work(worker):
        while True:
            try:
                case = waiting.get_nowait()
            except queue.Empty:
                return
            report.attempt(case.name, case.run, worker)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return report
