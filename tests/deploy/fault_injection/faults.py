"""Faults, and hits that assign them to calls."""

from dataclasses import dataclass

REGION = "us-east-1"
SECRET = "wJalrXUtnFEMI/K7MDENG/theSecretOfTheFaults"
SESSION = "theTokenOfTheSessionOfTheFaults"


# Seconds that the program retries: longer than any transient fault, shorter than a hang.
PATIENCE = 60


# Seconds until the timeout of a run that waits while AWS is unreachable.
LIMIT = 5


@dataclass(frozen=True)
class Fault:
    """A fault of a call. A run with a transient fault must end like a run without faults."""

    rule: dict
    passes: bool = True
    long: bool = False
    # The service executes the call after its caller gave up.
    late: bool = False


def error(code, status, message, **more):
    return {"error": {"code": code, "status": status, "message": message}, **more}


def throttled(**more):
    return error("Throttling", 400, "Rate exceeded", **more)


def unavailable(**more):
    return error("ServiceUnavailable", 503, "Service is unavailable", **more)


def expired(**more):
    return error("ExpiredToken", 403, "The security token included in the request is expired", **more)


DENIED = error("AccessDenied", 403, "User: arn:aws:iam::123456789012:user/x is not authorized to perform this")


FAULTS = {
    "throttled": Fault(throttled(times=1)),
    "throttled-twice": Fault(throttled(times=2)),
    "throttled-by-turns": Fault(throttled(sequence={"fail": 2, "pass": 1})),
    "limited-twice": Fault(error("RequestLimitExceeded", 503, "Request limit exceeded.", times=2)),
    "failed": Fault(error("InternalFailure", 500, "An internal error has occurred", times=1)),
    "unavailable-twice": Fault(unavailable(times=2)),
    "unavailable-a-while": Fault(unavailable(ttl_s=4)),
    "expired": Fault(expired(times=1)),
    "reset": Fault({"reset": True, "times": 1}),
    "slow": Fault({"latency": {"min": 100, "max": 400}}),
    "hung": Fault({"timeout_ms": 3000, "times": 1}),
    "late": Fault({"latency": {"min": 2400, "max": 2600}, "times": 1}, late=True),
    "half-body": Fault({"response": {"truncate_frac": 0.5}, "times": 1}),
    "cut": Fault({"response": {"abort_frac": 0.5}, "times": 1}),
    "answer-lost": Fault({"response": {"abort_bytes": 1}, "times": 1}),
    "expired-always": Fault(expired(), passes=False),
    "denied-always": Fault(DENIED, passes=False),
    "throttled-always": Fault(throttled(), passes=False, long=True),
}


# As long as the program retries; only on the calls where it matters.
PATIENT = {
    "answer-lost-always": Fault({"response": {"abort_bytes": 1}}, passes=False, long=True),
    "reset-always": Fault({"reset": True}, passes=False, long=True),
    "hung-always": Fault({"timeout_ms": 3000}, passes=False, long=True),
    "unreachable-always": Fault({"reset": True}, passes=False, long=True),
    "busy-always": Fault(throttled(), passes=False, long=True),
}


ALL_FAULTS = {**FAULTS, **PATIENT}


READS = (
    *("DescribeStacks", "DescribeStackEvents", "DescribeChangeSet"),
    *("GetTemplate", "ListChangeSets", "ListStackResources"),
)


WRITES = ("CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DeleteStack", "UpdateTerminationProtection")


OTHERS = {"DescribeInstances": "ec2", "DescribeInstanceInformation": "ssm"}


OPERATIONS = (*READS, *WRITES, *OTHERS)


# Operations that each run calls more than once.
REPEATED = ("DescribeStacks", "DescribeStackEvents")


@dataclass(frozen=True)
class Hit:
    """A fault on an operation, after a number of successful calls of it."""

    fault: str
    operation: str
    skipped: int = 0
    # The part of a truncated response that arrives.
    part: float = 0.5

    def rules(self):
        where = {"service": OTHERS.get(self.operation, "cloudformation"), "operation": self.operation}
        # The first matching rule applies: one without an effect lets calls pass.
        let_pass = [{**where, "times": self.skipped}] if self.skipped else []
        rule = ALL_FAULTS[self.fault].rule
        parts = {name: self.part if name.endswith("_frac") else value for name, value in rule.get("response", {}).items()}
        return [*let_pass, {**where, **rule, **({"response": parts} if parts else {})}]

    def __str__(self):
        behind = f" behind {self.skipped}" if self.skipped else ""
        if self.part != 0.5:
            behind += f" at {self.part:.0%}"
        return f"{self.fault} {self.operation}{behind}"
