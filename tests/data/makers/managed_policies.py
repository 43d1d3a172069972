"""AWS managed policies, from the policy documents that moto bundles.

Keeps only the statements about ACTIONS, which are all that the reachability check reads.
"""
import fnmatch
import json
import pathlib
import re

SOURCE = pathlib.Path(__file__).parents[3] / "src/session_manager.rs"
# The actions of the agent in the order of the services: ssm, ssmmessages, kms, logs, s3.
ACTIONS = [
    action
    for service in ["ssm", "ssmmessages", "kms", "logs", "s3"]
    for action in sorted(re.findall(rf'"({service}:\w+)"', SOURCE.read_text()))
]


def make(inputs):
    inputs.installed("moto")
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    rows = {}
    for name, policy in json.loads(aws_managed_policies_data).items():
        path = policy["Path"].strip("/")
        row = {"policy": f"{path}/{name}" if path else name}
        statements = [reduced(it) for it in as_list(policy["Document"]["Statement"])]
        statements = [it for it in statements if it]
        if statements:
            row["statements"] = statements
        rows[row["policy"].encode()] = row
    lines = [json.dumps({"actions": ACTIONS})]
    # Byte order: the Rust code finds a row by binary search.
    lines += [json.dumps(rows[key], separators=(",", ":")) for key in sorted(rows)]
    return "".join(f"{line}\n" for line in lines)


def rows(text):
    """The rows of the report by policy."""
    return {json.loads(line).get("policy"): line for line in text.splitlines()}


def reduced(statement):
    """A statement without actions outside ACTIONS; None if none is left."""
    if "NotAction" in statement:
        excluded = as_list(statement["NotAction"])
        actions = [it for it in ACTIONS if not matches_any(excluded, it)]
    else:
        actions = [it for it in ACTIONS if matches_any(as_list(statement.get("Action")), it)]
    if not actions:
        return None
    kept = {"Effect": statement["Effect"], "Action": actions}
    for key in ("Resource", "NotResource", "Condition"):
        if key in statement:
            kept[key] = statement[key]
    return kept


def matches_any(patterns, action):
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def as_list(value):
    return [value] if isinstance(value, (str, dict)) else list(value or [])
