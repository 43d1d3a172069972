#!/usr/bin/env python3
"""Makes `src/reachability/managed_policies.jsonl`: what AWS's managed policies say of the actions that the
proof asks about, from the policy documents that moto carries. Run it with moto installed:

    python3 tests/schemas/managed_policies.py > src/reachability/managed_policies.jsonl
"""
import fnmatch
import json
from importlib.metadata import version

from moto.iam.aws_managed_policies import aws_managed_policies_data

ACTIONS = [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "kms:Decrypt",
    "logs:DescribeLogGroups",
    "s3:GetEncryptionConfiguration",
]


def listed(value):
    return [value] if isinstance(value, (str, dict)) else list(value or [])


def matches(pattern, action):
    return fnmatch.fnmatchcase(action.lower(), pattern.lower())


def reduced(statement):
    if "NotAction" in statement:
        but = listed(statement["NotAction"])
        actions = [a for a in ACTIONS if not any(matches(p, a) for p in but)]
    else:
        of = listed(statement.get("Action"))
        actions = [a for a in ACTIONS if any(matches(p, a) for p in of)]
    if not actions:
        return None
    kept = {"Effect": statement["Effect"], "Action": actions}
    for key in ("Resource", "NotResource", "Condition"):
        if key in statement:
            kept[key] = statement[key]
    return kept


policies = json.loads(aws_managed_policies_data)
print(json.dumps({"source": "moto " + version("moto"), "actions": ACTIONS}))
rows = {}
for name in policies:
    path = policies[name]["Path"].strip("/")
    statements = [reduced(s) for s in listed(policies[name]["Document"]["Statement"])]
    statements = [s for s in statements if s]
    row = {"policy": f"{path}/{name}" if path else name}
    if statements:
        row["statements"] = statements
    rows[row["policy"].encode()] = row
# The reader searches by halves.
for key in sorted(rows):
    print(json.dumps(rows[key], separators=(",", ":")))
