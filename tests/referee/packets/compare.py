"""Compares the verdicts of the program with the predictions."""

import copy
import itertools
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packets import cloudformation
from packets.cloudformation import PLAIN, Spelling, title
from packets.generate import generate
from packets.simulate import NO, REJECTED, SOMETIMES, YES, predict
from packets.world import REGION

WRONG_REACHABLE, WRONG_UNREACHABLE, UNKNOWN, FAILED = "wrong reachable", "wrong unreachable", "unknown", "program failed"
# From the worst to the least.
KINDS = (FAILED, WRONG_REACHABLE, WRONG_UNREACHABLE, UNKNOWN)


@dataclass
class Disagreement:
    seed: int
    instance: str
    kind: str
    expected: str
    reason: str
    hop: str
    detail: str

    def rejected(self):
        return self.reason.startswith(REJECTED)

    def sort(self):
        """Returns what disagreements of one cause share: what the judge says of a wrong `reachable`, else what the program says."""
        if self.kind == WRONG_REACHABLE:
            return self.kind, re.sub(r"\b[a-z]+\d\w*|\b[a-z]+twice|[\w.-]*amazonaws\.com|\bssm\w*|[\d.]+\b", "", self.reason)
        detail = re.sub(r"`[^`]*`(, )?|\d+", "", self.detail)
        return self.kind, self.hop, detail.replace("the default security group of the VPC", "security group")


def check(program, path):
    """Runs the program; returns the instances of its report by ID, or the text of an error."""
    command = [program, "check", str(path), "-f", "json", "--region", REGION, "--assume", "agent"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    try:
        return {it["id"]: it for it in json.loads(done.stdout)["instances"]}
    except (ValueError, KeyError):
        return (done.stderr or done.stdout).strip()[:500] or f"exit code {done.returncode}"


def kind(outcome, verdict):
    """Returns the kind of a disagreement, or `None`. What happens sometimes is not reachable, and may be unknown."""
    if verdict == "reachable":
        return None if outcome == YES else WRONG_REACHABLE
    if verdict == "unreachable":
        return WRONG_UNREACHABLE if outcome == YES else None
    return UNKNOWN if outcome != SOMETIMES else None


def first_hop(found):
    """Returns the first hop that does not pass, with its detail."""
    for hop in found.get("hops", ()):
        if hop["verdict"] != "pass":
            return hop["hop"], hop.get("detail", "")
    return "", ""


def compare(program, world, seed, spelling, path):
    """Returns the disagreements over a world."""
    path.write_text(cloudformation.template(world, spelling))
    return disagreements(check(program, path), seed, world, title)


def disagreements(report, seed, world, shown_name):
    """Compares a report of the program with the prediction; `shown_name` returns the ID of an instance in the report."""
    found = []
    for name, (outcome, reason) in predict(world).items():
        if isinstance(report, str) or shown_name(name) not in report:
            detail = report if isinstance(report, str) else "the report does not contain the instance"
            found.append(Disagreement(seed, name, FAILED, outcome, reason, "", detail))
            continue
        instance = report[shown_name(name)]
        wrong = kind(outcome, instance["verdict"])
        if wrong:
            found.append(Disagreement(seed, name, wrong, outcome, reason, *first_hop(instance)))
    return found


def compare_seeds(program, seeds):
    """Returns the disagreements over the worlds of some seeds and the number of instances by outcome."""
    found, outcomes = [], {YES: 0, NO: 0, SOMETIMES: 0}
    with tempfile.TemporaryDirectory(prefix="packets-") as folder:
        for seed in seeds:
            world = generate(seed)
            for outcome, _ in predict(world).values():
                outcomes[outcome] += 1
            found += compare(program, world, seed, Spelling.of(seed), Path(folder) / "template.yaml")
    return found, outcomes


def shrink(program, disagreement):
    """Returns the smallest world, and its spelling, that still has a disagreement of this sort."""
    seed = disagreement.seed
    with tempfile.TemporaryDirectory(prefix="packets-") as folder:
        path = Path(folder) / "template.yaml"

        def same(world, spelling):
            try:
                found = compare(program, world, seed, spelling, path)
            except (KeyError, StopIteration, IndexError):
                # The removal left a reference without an object.
                return False
            return any(it.instance == disagreement.instance and it.sort() == disagreement.sort() for it in found)

        world, drawn = generate(seed), Spelling.of(seed)
        simpler = [PLAIN, *(Spelling(seed, (form,)) for form in drawn.forms)]
        simpler += [Spelling(seed, pair) for pair in itertools.combinations(drawn.forms, 2)]
        spelling = next((it for it in simpler if same(world, it)), drawn)
        shrinking = True
        while shrinking:
            shrinking = False
            for smaller in removals(world):
                if same(smaller, spelling):
                    world, shrinking = smaller, True
                    break
        return world, spelling


def removals(world):
    """Yields copies of a world without one of its parts."""
    for collection in ("instances", "endpoints", "zones", "nats", "gateways", "acls", "tables", "vpcs", "subnets", "groups"):
        for name in list(getattr(world, collection)):
            smaller = copy.deepcopy(world)
            del getattr(smaller, collection)[name]
            remove_references(smaller, name)
            yield smaller
    for collection, lists in (("groups", ("ingress", "egress")), ("acls", ("entries",)), ("tables", ("routes",))):
        for name, holder in getattr(world, collection).items():
            for field in lists:
                for index in range(len(getattr(holder, field) or ())):
                    smaller = copy.deepcopy(world)
                    del getattr(getattr(smaller, collection)[name], field)[index]
                    yield smaller
    for collection, fields in (
        ("instances", ("address", "public", "groups")),
        ("vpcs", ("servers", "dns_support")),
        ("subnets", ("acl", "table", "public_addresses")),
        ("groups", ("egress",)),
        ("endpoints", ("groups",)),
    ):
        for name, holder in getattr(world, collection).items():
            for field in fields:
                if getattr(holder, field) is not None:
                    smaller = copy.deepcopy(world)
                    setattr(getattr(smaller, collection)[name], field, None)
                    yield smaller
    for name, endpoint in world.endpoints.items():
        if len(endpoint.subnets) > 1:
            for subnet in endpoint.subnets:
                smaller = copy.deepcopy(world)
                smaller.endpoints[name].subnets.remove(subnet)
                yield smaller


def remove_references(world, name):
    for group in world.groups.values():
        group.ingress = [rule for rule in group.ingress if rule.peer != name]
        group.egress = group.egress and [rule for rule in group.egress if rule.peer != name]
    for table in world.tables.values():
        table.routes = [route for route in table.routes if route.target != name]
    for subnet in world.subnets.values():
        subnet.acl = None if subnet.acl == name else subnet.acl
        subnet.table = None if subnet.table == name else subnet.table
    for zone in world.zones.values():
        zone.records = [record for record in zone.records if record[1] != name]
        zone.vpcs = [vpc for vpc in zone.vpcs if vpc != name]
    for gateway in world.gateways.values():
        gateway.vpcs = [vpc for vpc in gateway.vpcs if vpc != name]
    # The default group belongs to its VPC.
    world.groups = {key: it for key, it in world.groups.items() if it.vpc != name}


def described(world):
    """Returns one line for each object of a world."""
    lines = []
    for collection in ("vpcs", "gateways", "subnets", "nats", "tables", "acls", "groups", "endpoints", "zones", "instances"):
        for name, holder in getattr(world, collection).items():
            if getattr(holder, "default", False):
                continue
            fields = ((key, value) for key, value in vars(holder).items() if value is not None)
            lines.append(f"{name}: " + ", ".join(f"{key} {shown(value)}" for key, value in fields if key != "default"))
    return lines


def shown(value):
    if isinstance(value, list):
        return "[" + "; ".join(map(shown, value)) + "]"
    if hasattr(value, "__dataclass_fields__"):
        return " ".join(str(it) for it in vars(value).values())
    return str(value)
