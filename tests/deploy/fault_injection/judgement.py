"""Compares the output of a call with the state of the stack."""

import collections
import json
import re

from deploy.fault_injection.faults import LIMIT, REGION, SECRET, SESSION
from deploy.fault_injection.place import EXECUTIONS

SAME = ("same",)


def soundness(run, done):
    if done.code is None:
        return run.complain(f"did not end within {done.seconds:.0f} s")
    if done.code not in (0, 1, 2, 3, 130):
        run.complain(f"exit {done.code} is not documented")
    if "panicked" in done.stderr:
        run.complain("the program panicked")
    for secret in (SECRET, SESSION):
        if secret in done.stdout + done.stderr:
            run.complain("the output contains a secret")
    if done.arguments[0] == "status":
        for said in re.findall(rf"^stack {run.name} in {REGION}: ([A-Z_]+)", done.stdout, re.M):
            if said != done.after.status and not said.endswith("_IN_PROGRESS"):
                run.complain(f"the stack is {done.after.status}, reported as {said}")
    if "--timeout" in done.arguments and done.arguments[0] != "status" and done.seconds > LIMIT + 15:
        run.complain(f"it waited {done.seconds:.0f} s, with a limit of {LIMIT} s")
    if "json" in done.arguments:
        lines = done.stdout.splitlines()
        try:
            parsed = [json.loads(line) for line in lines]
        except ValueError:
            return run.complain("stdout is not JSON Lines")
        if not parsed or parsed[-1].get("event") != "end":
            run.complain("the last object is not an `end` event")


def judge(run, done):
    soundness(run, done)
    if done.code is None:
        return
    if done.code == 0:
        success(run, done)
    else:
        failure(run, done)
    if run.passes and done.code not in done.wanted.code:
        run.complain(f"exit {done.code} instead of {' or '.join(map(str, done.wanted.code))}: the fault passes")
    if any(hit.fault == "expired-always" and hit in run.fired for hit in run.hits) and done.code not in (0, 2):
        run.complain(f"exit {done.code} instead of 2: the credentials expired")
    remains(run, done.before, done.last, done.stderr)
    executions = done.last.begun(*EXECUTIONS) - done.before.begun(*EXECUTIONS)
    most = max(done.wanted.executions)
    if executions > most:
        run.complain(f"{executions} executions")
    deletions = collections.Counter(
        stack for stack, *event in done.last.own() if event == ["DELETE_IN_PROGRESS", "User Initiated"]
    )
    if any(count > 1 for count in deletions.values()):
        run.complain("a stack was deleted twice")


def success(run, done):
    wanted, truth = done.wanted, done.after
    if 0 in wanted.code:
        ends(run, done)
    elif run.passes:
        run.complain("success, expected a failure")
    if done.arguments[0] == "deploy" and "--dry-run" not in done.arguments and "json" in done.arguments:
        told = json.loads(done.stdout.splitlines()[-1] or "{}").get("stack", {}).get("outputs")
        if told != truth.outputs:
            run.complain(f"the outputs are {truth.outputs}, reported as {told}")
    elif done.arguments[0] == "deploy" and "--dry-run" not in done.arguments:
        for key, value in truth.outputs.items():
            if not re.search(rf"^{key} *= {re.escape(value)}$", done.stdout, re.M):
                run.complain(f"output {key} = {value} is not reported")
    if run.passes and done.arguments[0] == "deploy" and not wanted.status == ("any",):
        completeness(run, done)
    for kept in wanted.kept:
        if not re.search(rf"retained: {kept} ", done.stderr):
            run.complain(f"{kept} is retained and not reported")


def completeness(run, done):
    """Expects the plan and all events in the output."""
    if "json" in done.arguments:
        events = [json.loads(line) for line in done.stdout.splitlines()]
        told = {(it["status"], it["logical_id"]) for it in events if it["event"] == "resource"}
    else:
        for line in done.wanted.planned:
            if not re.search(line, done.stderr + done.stdout):
                run.complain(f"the plan does not contain `{line}`")
        told = set(re.findall(r"^\S+Z ([A-Z_]+) +(\S+) \(", done.stderr, re.M))
    events = [it for it in done.after.events[len(done.before.events) :] if it[0] == done.after.id]
    if max(done.wanted.executions) == 1 and not (done.before.status or "").endswith("_IN_PROGRESS"):
        missing = {(status, name) for _, name, status, _ in events if status != "REVIEW_IN_PROGRESS"} - told
        if missing:
            run.complain(f"events not reported: {sorted(missing)}")


def ends(run, done):
    """Expects the final status, template and protection."""
    wanted, truth = done.wanted, done.after
    if wanted.status == ("any",):
        return
    if wanted.status == SAME:
        if (truth.id, truth.status, truth.template) != (done.before.id, done.before.status, done.before.template):
            run.complain(f"the stack changed: {done.before.status}, {truth.status}")
    elif (truth.status,) != (wanted.status or (None,)):
        run.complain(f"the stack is {truth.status} instead of {wanted.status}")
    elif wanted.template and truth.live and truth.template != wanted.template:
        run.complain("the template differs")
    if wanted.protected is not None and truth.live and truth.live["EnableTerminationProtection"] != wanted.protected:
        run.complain("the termination protection differs")


def failure(run, done):
    """Expects that the final message agrees with the state."""
    final, before, after, last = done.final(), done.before, done.after, done.last
    name, words = re.escape(run.name), []
    if run.passes and done.code in done.wanted.code and done.code == 1:
        ends(run, done)
    begun = after.begun(*EXECUTIONS, "DELETE_IN_PROGRESS") - before.begun(*EXECUTIONS, "DELETE_IN_PROGRESS")
    if re.search(r"(?i)nothing was (changed|deployed)", final):
        words.append("nothing")
        # `remains` checks remaining resources; operations of other users do not count.
        mentioned = "may still exist" in final and before.status is None
        same = (last.id, last.status, last.template) == (before.id, before.status, before.template)
        others = (before.status or "").endswith("_IN_PROGRESS") and before.status != "REVIEW_IN_PROGRESS"
        if not same and not mentioned and not others:
            run.complain(f"reported that nothing was changed, but {before.status} became {last.status}")
        if last.begun(*EXECUTIONS) > before.begun(*EXECUTIONS):
            run.complain("reported that nothing was changed, but something was executed")
    for said in re.findall(rf"stack `{name}`:? is (?:still )?`?([A-Z_]+[A-Z])", final):
        words.append(said)
        moved_on = said.endswith("_IN_PROGRESS") and said in after.statuses()
        if said != (after.status or "DELETE_COMPLETE") and not moved_on:
            run.complain(f"the stack is {after.status}, reported as {said}")
    for said in re.findall(rf"stack `{name}` (?:is still|was last) `([A-Z_]+)`", final):
        words.append(said)
        if said not in after.statuses():
            run.complain(f"reported {said} as the last status; it never was")
    if re.search(rf"stack `{name}` (is (still|unknown)|continues)", final):
        words.append("continues")
        in_progress = (before.status or "").endswith("_IN_PROGRESS")
        if not begun and not in_progress:
            run.complain("reported that AWS continues, and nothing was started")
    if "failed stack was deleted; nothing else" in final:
        words.append("cleared")
        if after.status is not None:
            run.complain(f"reported that the failed stack was deleted, but the stack is {after.status}")
    if re.search(r"is not known|is unknown|may be in progress", final):
        words.append("not known")
        if run.passes:
            run.complain("reported an unknown state after a transient fault")
    if re.search(rf"(?i)stack `{name}` (is (gone|deleted|protected)|was [A-Z_]+ when|has termination protection)|stopped waiting", final):
        words.append("else")
    if not words and done.arguments[0] != "status":
        run.complain("no statement about the state")
    if "cause:" in final:
        if done.wanted.cause and done.wanted.cause not in final:
            run.complain("the first cause differs")
    elif run.passes and done.wanted.cause and done.code == 1:
        run.complain("the cause is not reported")


def remains(run, before, last, stderr):
    """Expects that the output names a remaining change set or empty stack, with the command that deletes it."""
    for name, execution in last.change_sets.items():
        if name in before.change_sets or execution.startswith("EXECUTE_"):
            continue
        if name not in stderr or "delete-change-set" not in stderr:
            run.complain(f"change set {name} remains and is not reported")
    if last.status == "REVIEW_IN_PROGRESS" and last.id != before.id:
        if not re.search(rf"REVIEW_IN_PROGRESS|destroy --stack {re.escape(run.name)}|delete-stack", stderr):
            run.complain("an empty stack remains and is not reported")
