"""IAM SimulatePrincipalPolicy for identity policies.

Evaluates identity policies of users and roles, with wildcards in actions and resources. Ignores conditions,
permissions boundaries and resource policies.
"""

import fnmatch
import json
import re
from urllib.parse import unquote

from moto.iam.responses import IamResponse

from cfn_emulator.moto_patch import ServiceError, adds, page


def attached_documents(entity):
    """Returns the policy documents of a user, user group or role."""
    return [*entity.policies.values(), *(policy.document for policy in entity.managed_policies.values())]


def policy_documents(backend, arn):
    """Returns the policies of an identity; `None` for an identity with all permissions: root and moto's default identity."""
    kind, _, name = arn.split(":", 5)[5].partition("/")
    name = name.split("/")[-1]
    if kind == "user" and name in {it.name for it in backend.users.values()}:
        entities = [backend.get_user(name)]
        entities += [group for group in backend.groups.values() if any(it.name == name for it in group.users)]
    elif kind == "role" and name in {it.name for it in backend.roles.values()}:
        entities = [backend.get_role(name)]
    elif arn.startswith("arn:aws:sts:") and kind == "assumed-role":
        raise ServiceError("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    elif kind == "root" or (arn.startswith("arn:aws:sts:") and kind == "user"):
        return None
    elif kind == "user" and name in ("moto", "root", "admin"):
        return None
    else:
        raise ServiceError("NoSuchEntity", f"The {kind} with name {name} cannot be found.")
    texts = [text for entity in entities for text in attached_documents(entity)]
    return [json.loads(unquote(text)) if isinstance(text, str) else text for text in texts]


def listed(value):
    return value if isinstance(value, list) else [value]


def matches_any(patterns, value):
    # IAM has only the wildcards `*` and `?`; fnmatch also has brackets.
    return any(fnmatch.fnmatchcase(value, re.sub(r"\[", "[[]", pattern)) for pattern in listed(patterns))


def statement_applies(statement, action, resource):
    action = action.lower()
    if "Action" in statement:
        on_action = matches_any([it.lower() for it in listed(statement["Action"])], action)
    else:
        on_action = not matches_any([it.lower() for it in listed(statement["NotAction"])], action)
    if "NotResource" in statement:
        return on_action and not matches_any(statement["NotResource"], resource)
    return on_action and matches_any(statement.get("Resource", "*"), resource)


def decision(found, action, resource):
    if found is None:
        return "allowed"
    statements = [it for document in found for it in listed(document["Statement"])]
    effects = {it["Effect"] for it in statements if statement_applies(it, action, resource)}
    return "explicitDeny" if "Deny" in effects else "allowed" if "Allow" in effects else "implicitDeny"


@adds(IamResponse)
def simulate_principal_policy(self, param):
    found = policy_documents(self.backend, param("PolicySourceArn"))
    extra = [json.loads(text) for text in param("PolicyInputList", []) or []]
    found = None if found is None else found + extra
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": decision(found, action, resource),
            "MatchedStatements": [],
            "MissingContextValues": [],
        }
        for resource in param("ResourceArns", []) or ["*"]
        for action in param("ActionNames", [])
    ]
    size = int(param("MaxItems") or 100)
    one = page(results, size, param("Marker"), "EvaluationResults")
    marker = one.pop("NextToken")
    return {**one, "IsTruncated": marker is not None, "Marker": marker}
