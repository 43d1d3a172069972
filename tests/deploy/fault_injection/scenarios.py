"""The scenarios."""

import contextlib
import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from deploy.fault_injection.faults import OTHERS, PATIENCE, expired
from deploy.fault_injection.judgement import SAME, remains, soundness
from deploy.fault_injection.place import EXECUTIONS, header
from deploy.fault_injection.runs import Wanted
from deploy.fault_injection.templates import CAUSE, changed_by_failure, emulator, failing, network, ref, without_group


def creation(run, template=None, flags=(), **wanted):
    template = template or network()
    wanted = Wanted(**{"status": ("CREATE_COMPLETE",), "template": template, **wanted})
    run.call(run.deploy(template, *flags), wanted)


def update(run, to, flags=(), **wanted):
    run.stack(network())
    wanted = Wanted(**{"status": ("UPDATE_COMPLETE",), "template": to, **wanted})
    run.call(run.deploy(to, *flags), wanted)


def over_review(run, empty):
    identifier = run.change_set("others", "CREATE", network("others"))
    if empty:
        run.place.client.delete_change_set(ChangeSetName=identifier)
    creation(run)


def over_failed_stack(run):
    run.stack(failing("Create", network()))
    creation(run)


def destruction(run, template, **wanted):
    run.stack(template)
    wanted = Wanted(**{"executions": (0,), **wanted})
    run.call(run.command("destroy", "--yes"), wanted)


def status(run):
    run.stack(network())
    run.call(run.command("status"), Wanted(status=SAME, executions=(0,)))


def status_waits(run):
    run.start_other("CREATE", network(seconds=1.5))
    run.call(run.command("status", "--wait"), Wanted(status=("CREATE_COMPLETE",), executions=(0,)))


def status_of_instance(run, wait):
    template = network()
    properties = {"ImageId": run.place.image, "InstanceType": "t3.micro", "SubnetId": ref("Subnet")}
    template["Resources"]["Instance"] = {"Type": "AWS::EC2::Instance", "Properties": properties}
    run.stack(template)
    run.call(run.command("status", *(["--wait", "--timeout", "20s"] if wait else [])), Wanted(status=SAME, executions=(0,)))


def busy(run):
    """An update of another user is in progress: the program waits for it and does not mistake it for its own."""
    run.stack(network())
    run.start_other("UPDATE", network("others", "another group", seconds=1.0))
    creation(run, network("two"), status=("UPDATE_COMPLETE",))


def over_kept(run):
    """An update continues a creation that failed with rollback disabled."""
    template = emulator(network(), "Group", CreateFails=CAUSE)
    # A canceled subnet would conflict with the new one.
    template["Resources"]["Group"]["DependsOn"] = "Subnet"
    with contextlib.suppress(ClientError):
        run.place.client.create_stack(StackName=run.name, TemplateBody=json.dumps(template), DisableRollback=True)
    creation(run, status=("UPDATE_COMPLETE",))


def busy_with_deletion(run):
    """A stack that is being deleted is created again after its deletion."""
    run.stack(network(seconds=1.0))
    run.place.client.delete_stack(StackName=run.name)
    creation(run)


def destruction_of_busy(run):
    """The program deletes nothing while another operation is in progress."""
    run.stack(network())
    run.start_other("UPDATE", network("others", "another group", seconds=4.0))
    wanted = Wanted(code=(3,), status=("any",), executions=(0,))
    run.call(run.command("destroy", "--yes"), wanted)


def status_waits_for_deletion(run):
    run.stack(network(seconds=1.0))
    run.place.client.delete_stack(StackName=run.name)
    run.call(run.command("status", "--wait"), Wanted(code=(1,), status=(), executions=(0,)))


def interrupted(run, kind, sent):
    """Interrupted in the middle, then run again."""
    if kind == "update":
        run.stack(network())
    template = network("two", "another group", seconds=1.2)
    pause = run.rng.uniform(0.05, 1.6)

    def stop(process):
        time.sleep(pause)
        process.send_signal(sent)

    finished = ("CREATE_COMPLETE",) if kind == "create" else ("UPDATE_COMPLETE",)
    if sent == signal.SIGINT:
        # The interrupt arrives before or after the end.
        ended = Wanted(code=(130, 0), status=("any",), template=template, executions=(0, 1))
        run.call(run.deploy(template), ended, stop)
    else:
        process = run.start(*run.deploy(template))
        stop(process)
        process.communicate()
    begun = run.place.truth(run.name).begun(*EXECUTIONS)
    run.call(run.deploy(template), Wanted(status=finished, template=template, executions=(0, 1)))
    total = run.place.truth(run.name).begun(*EXECUTIONS)
    if total > (1 if kind == "create" else 2):
        run.complain(f"{total} executions, {begun} of them before it was run again")


def interrupted_in_trouble(run):
    """An interrupt while AWS does not respond ends the program before its retries end."""
    told = []

    def stop(process):
        # The program retries once the fault has happened.
        end = time.monotonic() + PATIENCE
        while not run.place.proxy.has_fired(run.key) and time.monotonic() < end:
            time.sleep(0.05)
        told.append(time.monotonic())
        process.send_signal(signal.SIGINT)
        process.wait(3 * PATIENCE)
        told.append(time.monotonic())

    run.call(run.deploy(network()), Wanted(code=(130,), status=(), executions=(0,)), stop)
    if told[1] - told[0] > 20:
        run.complain(f"stopped {told[1] - told[0]:.0f} s after the interrupt")


def renewed(run, kind):
    """The credentials expire in the middle of a run, right after another program has written new ones."""
    run.renew(run.key)
    if kind == "update":
        run.stack(network())
    template = network("two", "another group", seconds=1.0)
    moment = run.rng.uniform(0.1, 1.2)

    def write(process):
        time.sleep(moment)
        run.renew(f"AKIARENEWED{run.number:06d}")
        # After the rules of the faults; they also match only the old key.
        rule = {"service": "cloudformation", "headers": header(run.key), **expired()}
        run.place.proxy.ask("PATCH", "rules", [rule])

    status = ("CREATE_COMPLETE",) if kind == "create" else ("UPDATE_COMPLETE",)
    run.call(run.deploy(template), Wanted(status=status, template=template), write)


def two_at_once(run, same):
    """Both deployments succeed, the second on the result of the first."""
    first, second = network("one"), network("one" if same else "two")
    before, began = run.place.truth(run.name), time.monotonic()
    processes = [(run.start(*arguments), arguments) for arguments in (run.deploy(first), run.deploy(second))]
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda it: run.end(*it, began), processes))
    after = run.place.settled(run.name)
    run.done += ended
    for done in ended:
        done.before, done.after, done.last = before, after, after
        done.wanted = Wanted()
        soundness(run, done)
        if run.passes and done.code != 0:
            run.complain(f"exit {done.code} instead of 0")
    remains(run, before, after, "\n".join(done.stderr for done in ended))
    if run.passes:
        if after.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            run.complain(f"the stack is {after.status}")
        elif after.template not in (first, second):
            run.complain("the template is from neither deployment")
        executions = after.begun(*EXECUTIONS)
        if executions > 2 or (same and executions > 1):
            run.complain(f"{executions} executions")


CREATION = ("DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents")


UPDATE = (*CREATION, "GetTemplate")


SHOWN = ("DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet")


SHELL = (*SHOWN, "ListChangeSets", "DeleteStack")


DESTRUCTION = ("DescribeStacks", "ListStackResources", "GetTemplate", "DeleteStack", "DescribeStackEvents")


PROTECT = ("--termination-protection",)


UNPROTECT = ("--termination-protection=false",)


def unchanged(run, flags=(), **wanted):
    update(run, network(), flags, status=SAME, executions=(0,), **wanted)


# The scenario, and the operations that it always calls.
SCENARIOS = {
    "create": (
        lambda run: creation(run, planned=("added +Vpc ", "added +Subnet ", "added +Group ")),
        CREATION,
    ),
    "create-protected": (
        lambda run: creation(run, flags=PROTECT, protected=True),
        (*CREATION, "UpdateTerminationProtection"),
    ),
    "create-rolls-back": (
        lambda run: creation(run, failing("Create", network()), code=(1,), status=("ROLLBACK_COMPLETE",), cause=CAUSE),
        CREATION,
    ),
    "create-kept": (
        lambda run: creation(
            run, failing("Create", network()), ["--no-rollback"], code=(1,), status=("CREATE_FAILED",), cause=CAUSE
        ),
        CREATION,
    ),
    "change-set-fails": (
        lambda run: creation(
            run,
            {**network(), "Metadata": {"Emulator": {"ChangeSetFails": "No such transform"}}},
            code=(1,),
            status=(),
            executions=(0,),
        ),
        SHELL,
    ),
    "update": (
        lambda run: update(run, network("two"), planned=("changed +Vpc ", "changed +Group ")),
        UPDATE,
    ),
    "replace": (
        lambda run: update(run, network("two", "another group"), planned=("changed +Vpc ", "replaced +Group ")),
        UPDATE,
    ),
    "unchanged": (unchanged, (*SHOWN, "GetTemplate")),
    "unchanged-protected": (
        lambda run: unchanged(run, PROTECT, protected=True),
        (*SHOWN, "GetTemplate", "UpdateTerminationProtection"),
    ),
    "update-rolls-back": (
        lambda run: update(
            run, changed_by_failure(), code=(1,), status=("UPDATE_ROLLBACK_COMPLETE",), template=network(), cause=CAUSE
        ),
        UPDATE,
    ),
    "update-kept": (
        lambda run: update(run, changed_by_failure(), ["--no-rollback"], code=(1,), status=("UPDATE_FAILED",), cause=CAUSE),
        UPDATE,
    ),
    "update-protected": (
        lambda run: update(run, network("two"), PROTECT, protected=True),
        (*UPDATE, "UpdateTerminationProtection"),
    ),
    "over-failed-stack": (over_failed_stack, (*CREATION, "DeleteStack")),
    "over-review": (lambda run: over_review(run, False), CREATION),
    "over-empty-review": (lambda run: over_review(run, True), CREATION),
    "dry-run-create": (
        lambda run: creation(run, flags=["--dry-run"], status=(), executions=(0,)),
        SHELL,
    ),
    "dry-run-update": (
        lambda run: update(run, network("two"), ["--dry-run"], status=SAME, executions=(0,)),
        (*SHOWN, "GetTemplate"),
    ),
    "destroy": (lambda run: destruction(run, network()), DESTRUCTION),
    "destroy-keeps": (lambda run: destruction(run, without_group(), kept=("Vpc", "Group")), DESTRUCTION),
    "destroy-fails": (
        lambda run: destruction(
            run,
            emulator(network(), "Group", DeleteFails=CAUSE),
            code=(1,),
            status=("DELETE_FAILED",),
            cause=CAUSE,
        ),
        DESTRUCTION,
    ),
    "status": (status, ("DescribeStacks", "ListStackResources")),
    "status-waits": (status_waits, ("DescribeStacks", "ListStackResources", "DescribeStackEvents")),
    "status-instance": (
        lambda run: status_of_instance(run, False),
        ("DescribeStacks", "ListStackResources", *OTHERS),
    ),
    "status-instance-waits": (
        lambda run: status_of_instance(run, True),
        ("DescribeStacks", "ListStackResources", *OTHERS),
    ),
    "busy": (busy, UPDATE),
    "busy-with-deletion": (busy_with_deletion, CREATION),
    "over-kept": (over_kept, UPDATE),
    "destroy-busy": (destruction_of_busy, ("DescribeStacks", "ListStackResources", "GetTemplate")),
    "status-waits-gone": (status_waits_for_deletion, ("DescribeStacks", "DescribeStackEvents")),
    "two-same": (lambda run: two_at_once(run, True), CREATION),
    "two-different": (lambda run: two_at_once(run, False), CREATION),
    "interrupted-create": (lambda run: interrupted(run, "create", signal.SIGINT), ("DescribeStacks", "CreateChangeSet")),
    "interrupted-update": (
        lambda run: interrupted(run, "update", signal.SIGINT),
        ("DescribeStacks", "CreateChangeSet", "GetTemplate"),
    ),
    "interrupted-in-trouble": (interrupted_in_trouble, ()),
    "renewed-create": (lambda run: renewed(run, "create"), ("DescribeStacks", "CreateChangeSet")),
    "renewed-update": (lambda run: renewed(run, "update"), ("DescribeStacks", "CreateChangeSet", "GetTemplate")),
    "killed-create": (lambda run: interrupted(run, "create", signal.SIGKILL), ("DescribeStacks",)),
    "killed-update": (lambda run: interrupted(run, "update", signal.SIGKILL), ("DescribeStacks", "GetTemplate")),
}
