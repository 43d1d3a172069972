"""Runs a case and describes it."""

import collections
import time

from deploy.fault_injection.faults import ALL_FAULTS, FAULTS, OPERATIONS
from deploy.fault_injection.scenarios import SCENARIOS


def carry_out(run, place, binary, folder):
    run.place, run.binary, run.folder = place, binary, folder / run.name
    run.folder.mkdir()
    began = time.monotonic()
    owners = {}
    try:
        scenario = SCENARIOS[run.scenario][0]
        # The rules apply from here; preparations of a scenario bypass the proxy.
        owners = place.proxy.add(run.hits, run.key)
        scenario(run)
    except Exception as error:  # An error of the harness must not hide other runs.
        run.complain(f"harness: {type(error).__name__}: {error}")
    finally:
        try:
            run.fired = place.proxy.remove(owners, run.key)
        except OSError as error:
            run.complain(f"harness: the proxy: {error}")
        run.seconds = time.monotonic() - began
    # A fault with a time limit can be over, and one on old credentials too late.
    sure = "ttl_s" not in ALL_FAULTS[run.hits[0].fault].rule
    # The program calls DescribeStacks less often for a deleted stack.
    sure = sure and not run.scenario.startswith(("renewed", "status-waits-gone"))
    if len(run.hits) == 1 and not run.fired and not run.hits[0].skipped and sure:
        run.complain("the fault did not happen")


def described(run):
    lines = [f"{run.title()}: {'; '.join(run.complaints)}"]
    for done in run.done:
        lines.append(f"    $ {' '.join(done.arguments)}  -> exit {done.code}, {done.seconds:.1f} s")
        for text in (done.stderr, done.stdout):
            lines += [f"    | {line}" for line in text.splitlines()[-25:]]
        for when, truth in (("before", done.before), ("after", done.after), ("last", done.last)):
            lines.append(f"    {when}: {truth}")
    return "\n".join(lines)


def coverage(done):
    """Returns a table of how often each fault happened on each operation."""
    counts = collections.Counter((hit.fault, hit.operation) for run in done for hit in run.fired)
    names = list(dict.fromkeys([*FAULTS, *(fault for fault, _ in counts)]))
    lines = [" " * 20 + " ".join(f"{it[:12]:>12}" for it in OPERATIONS)]
    for name in names:
        row = " ".join(f"{counts[name, it] or '-':>12}" for it in OPERATIONS)
        lines.append(f"{name:<20}{row}")
    return "\n".join(lines)
