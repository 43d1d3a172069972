"""Emulators with a proxy in front, and the state of a stack in them."""

import contextlib
import json
import subprocess
import time
import urllib.request
from dataclasses import dataclass

from botocore.exceptions import ClientError
from cfn_emulator.client import create_client

from deploy.fault_injection.faults import REGION
from deploy.fault_injection.templates import network
from harness.program import beside_python, free_port


@dataclass
class StackState:
    """The history of all stacks with a name, read from the emulator without the proxy."""

    live: dict | None
    template: object
    # Execution status by name.
    change_sets: dict
    # Of all stacks of the name: stack ID, logical ID, status, reason.
    events: list

    @property
    def status(self):
        return self.live["StackStatus"] if self.live else None

    @property
    def id(self):
        return self.live["StackId"] if self.live else None

    @property
    def outputs(self):
        return {it["OutputKey"]: it["OutputValue"] for it in self.live.get("Outputs", [])} if self.live else {}

    def own(self):
        """Returns the events of the stacks themselves: stack ID, status, reason."""
        return [(stack, status, reason) for stack, name, status, reason in self.events if name == stack.split("/")[1]]

    def statuses(self):
        """Returns the statuses of the stacks over time."""
        return [status for _, status, _ in self.own()]

    def begun(self, *statuses):
        return sum(status in statuses and reason == "User Initiated" for _, status, reason in self.own())

    def __str__(self):
        own = " ".join(status + "*" * (reason == "User Initiated") for _, status, reason in self.own())
        return f"{self.status or 'no stack'}, change sets {self.change_sets or 'none'}; statuses {own or 'none'}"


EXECUTIONS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")


class Place:
    """An emulator with a proxy in front, which several workers share: each run has a separate stack."""

    def __init__(self, emulators, number):
        self.emulator = emulators.copy(f"emulator-{number}")
        self.proxy = Proxy(self.emulator.endpoint, emulators.folder / f"proxy-{number}.log")
        self.client = self.emulator.client("cloudformation")

    def wait(self):
        """Waits for the proxy and sends the first requests."""
        self.image = self.emulator.client("ec2").describe_images()["Images"][0]["ImageId"]
        # The first requests are too slow for the timeouts of a run.
        self.client.create_stack(StackName="first", TemplateBody=json.dumps(network()))
        self.truth("first")
        self.proxy.wait()

    def found(self, name):
        try:
            return self.client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError:
            return None

    def truth(self, name):
        ids = [
            it["StackId"]
            for it in self.emulator.list_all("cloudformation", "list_stacks", "StackSummaries")
            if it["StackName"] == name
        ]
        events = []
        for stack in reversed(ids):
            found = self.emulator.list_all("cloudformation", "describe_stack_events", "StackEvents", StackName=stack)
            for it in reversed(found):
                events.append((stack, it["LogicalResourceId"], it["ResourceStatus"], it.get("ResourceStatusReason")))
        live, template, change_sets = self.found(name), None, {}
        if live:
            with contextlib.suppress(ClientError):
                template = self.client.get_template(StackName=live["StackId"], TemplateStage="Original")["TemplateBody"]
            listed = self.emulator.list_all("cloudformation", "list_change_sets", "Summaries", StackName=live["StackId"])
            change_sets = {it["ChangeSetName"]: it["ExecutionStatus"] for it in listed}
        return StackState(live, template, change_sets, events)

    def settled(self, name, seconds=15):
        """Returns the state when no operation is in progress."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.found(name)
            status = found["StackStatus"] if found else ""
            if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
                break
            time.sleep(0.05)
        return self.truth(name)


class Proxy:
    """A Microburst proxy of an emulator. Each run has a separate access key, and so separate rules."""

    def __init__(self, endpoint, log):
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        command = [beside_python("microburst"), "--upstream", endpoint, "--host", "127.0.0.1", "--port", str(port)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log.open("wb"), stderr=subprocess.STDOUT)

    def ask(self, method, path, value=None):
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.endpoint}/_microburst/{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def wait(self):
        for _ in range(200):
            with contextlib.suppress(OSError):
                self.ask("GET", "health")
                break
            if self.process.poll() is not None:
                raise RuntimeError("the proxy ended")
            time.sleep(0.05)
        # Its first request loads the models of all services, which takes seconds.
        client = create_client("cloudformation", REGION, self.endpoint)
        client.describe_stacks()

    def add(self, hits, key):
        """Adds the rules of the hits; returns the hit of each rule."""
        rules = [(hit, {**rule, "headers": header(key)}) for hit in hits for rule in hit.rules()]
        made = self.ask("PATCH", "rules", [rule for _, rule in rules])
        return {it["id"]: (hit, is_fault(rule)) for (hit, rule), it in zip(rules, made, strict=True)}

    def has_fired(self, key):
        """Reports whether a rule of the run has matched a call."""
        return any(rule["fired_count"] for rule in self.ask("GET", "rules") if rule.get("headers") == header(key))

    def remove(self, owners, key):
        """Removes the rules of a run; returns the hits that happened."""
        rules = self.ask("GET", "rules")
        self.ask("DELETE", "rules", [{"headers": header(key)}])
        found = [owners[it["id"]] for it in rules if it["id"] in owners and it["fired_count"]]
        return {hit for hit, harms in found if harms}

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()


def header(key):
    return {"Authorization": f"Credential={key}/"}


def is_fault(rule):
    return bool({"error", "response", "reset", "timeout_ms", "latency"} & set(rule))
