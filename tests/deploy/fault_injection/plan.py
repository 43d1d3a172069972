"""Chooses the runs."""

import random

from deploy.fault_injection.faults import ALL_FAULTS, FAULTS, OPERATIONS, OTHERS, REPEATED, WRITES, Hit
from deploy.fault_injection.runs import Run
from deploy.fault_injection.scenarios import CREATION, SCENARIOS


def excluded(scenario, hit):
    """Reports whether no program can handle the hit in the scenario."""
    if ALL_FAULTS[hit.fault].late and hit.operation == "CreateChangeSet":
        # A resource that the service creates after the cleanup of its caller remains.
        return scenario in ("dry-run-create", "dry-run-update", "change-set-fails", "unchanged", "unchanged-protected") or (
            scenario.startswith(("interrupted", "two", "killed"))
        )
    return False


# Responses truncated where a lenient parser accepts the part: no status, no outputs, no older events.
SHORTENED = [
    ("destroy", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("destroy-keeps", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("destroy-keeps", Hit("half-body", "ListStackResources", 0, 0.2)),
    ("unchanged", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("unchanged", Hit("half-body", "DescribeStacks", 0, 0.5)),
    ("dry-run-create", Hit("half-body", "DescribeStacks", 1, 0.2)),
    ("over-failed-stack", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("busy-with-deletion", Hit("half-body", "DescribeStacks", 0, 0.2)),
    ("create", Hit("half-body", "DescribeStackEvents", 1, 0.2)),
    ("create-rolls-back", Hit("half-body", "DescribeStackEvents", 1, 0.5)),
    ("replace", Hit("half-body", "DescribeChangeSet", 1, 0.5)),
    ("over-review", Hit("half-body", "DescribeChangeSet", 1, 0.2)),
]


# In CI, every fault meets these operations: one read, one that is polled, and the two that change something.
REPRESENTATIVE = ("DescribeChangeSet", "DescribeStacks", "CreateChangeSet", "ExecuteChangeSet")


def single_faults(everything):
    """Returns pairs of fault and operation: all of them, or CI's set.

    In CI every fault meets the representative operations, and every other operation meets a third of the faults, such that
    each fault also meets a third of the operations. Faults that last longer than the program's patience take a minute each:
    CI has one operation that reads and one that writes for each of them.
    """
    found = []
    for row, fault in enumerate(FAULTS):
        for column, operation in enumerate(OPERATIONS):
            if ALL_FAULTS[fault].long:
                chosen = operation in ("DescribeStacks", "ExecuteChangeSet") or (everything and operation not in OTHERS)
            else:
                chosen = everything or operation in REPRESENTATIVE or (row + column) % 3 == 0
            if chosen:
                found.append((fault, operation))
    return found


def runs(seed, count=None, everything=False):
    """Yields the runs: single faults, then truncated responses, then random pairs of faults up to `count` runs."""
    pairs = single_faults(everything)
    pairs += [("answer-lost-always", operation) for operation in WRITES]
    pairs += [("reset-always", "ExecuteChangeSet"), ("hung-always", "CreateChangeSet")]
    watched = [("unreachable-always", operation) for operation in REPEATED]
    stopped = [("busy-always", operation) for operation in CREATION]
    pairs += [*watched, *stopped]
    count = len(pairs) + len(SHORTENED) if count is None else count
    number = 0
    while number < count:
        rng = random.Random(f"{seed}/{number}")
        hits = []
        if number < len(pairs):
            fault, operation = pairs[number]
            skipped = rng.choice((0, 0, 1)) if operation in REPEATED and not ALL_FAULTS[fault].long else 0
            if (fault, operation) in watched:
                # So that the operation is in progress when AWS becomes unreachable.
                skipped = 2
            hits = [Hit(fault, operation, skipped)]
            candidates = [name for name, (_, calls) in SCENARIOS.items() if operation in calls]
            candidates = [name for name in candidates if not excluded(name, hits[0])]
            if ALL_FAULTS[fault].long:
                # Scenarios that run the program twice would take twice as long.
                twice = ("two", "interrupted", "killed", "renewed")
                candidates = [name for name in candidates if not name.startswith(twice)]
            if (fault, operation) in watched:
                candidates = ["create", "update", "replace", "destroy"]
            if (fault, operation) in stopped:
                candidates = ["interrupted-in-trouble"]
            scenario = rng.choice(candidates)
        elif number < len(pairs) + len(SHORTENED):
            scenario, hit = SHORTENED[number - len(pairs)]
            hits = [hit]
        else:
            scenario = rng.choice([name for name, (_, calls) in SCENARIOS.items() if calls])
            short = [name for name, fault in FAULTS.items() if not fault.long]
            calls = SCENARIOS[scenario][1]
            hits = [
                Hit(rng.choice(short), rng.choice(calls), rng.choice((0, 0, 1, 2)), rng.choice((0.2, 0.5, 0.8, 0.95)))
                for _ in range(2)
            ]
            if any(excluded(scenario, hit) for hit in hits):
                hits = [hit for hit in hits if not excluded(scenario, hit)] or [Hit("reset", "DescribeStacks")]
        yield Run(number, seed, scenario, hits, rng=rng)
        number += 1
