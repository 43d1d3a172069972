"""KMS: key policies, rotation periods and key lookup."""

import json
import re

from moto.iam.models import iam_backends
from moto.kms.models import Key, kms_backends
from moto.kms.responses import KmsResponse

from cfn_emulator.moto_patch import ServiceError, adds, replaces
from cfn_emulator.services.resource_policies import listed, matches_pattern


def key_of(account, region, name):
    """Returns the key of an ID, ARN or alias, or `None`."""
    backend = kms_backends[account][region]
    if name.startswith("alias/") or ":alias/" in name:
        name = backend.get_key_id_from_alias(name.split(":")[-1]) or ""
    return backend.keys.get(name.split("/")[-1])


def check_key_policy(self, text, bypass):
    """Rejects policies that are not JSON, name missing roles, or lock the account out of the key."""
    code = "MalformedPolicyDocumentException"
    try:
        document = json.loads(text)
        statements = listed(document["Statement"])
        for statement in statements:
            # `*` is the short form of all AWS principals.
            if statement["Principal"] == "*":
                statement["Principal"] = {"AWS": "*"}
        principals = [it for statement in statements for it in listed(statement["Principal"].get("AWS", []))]
        effects = [it["Effect"] for it in statements]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ServiceError(code, "Policy contains a statement with no principal or is not JSON") from error
    if not set(effects) <= {"Allow", "Deny"}:
        raise ServiceError(code, "Policy contains a statement with an unknown effect")
    for principal in principals:
        found = re.fullmatch(r"arn:[\w-]+:iam::(\d+):role/(?:.*/)?([^/]+)", principal)
        if found:
            roles = iam_backends[found[1]][self.kms_backend.partition].roles
            if found[2] not in {role.name for role in roles.values()}:
                raise ServiceError(code, "Policy contains a statement with one or more invalid principals.")
    owner = (f":iam::{self.current_account}:root", self.current_account)
    safe = any(
        statement["Effect"] == "Allow"
        and any(str(it).endswith(owner) for it in listed(statement["Principal"].get("AWS", [])))
        and any(matches_pattern(it.lower(), "kms:putkeypolicy") for it in listed(statement.get("Action", [])))
        for statement in statements
    )
    if not safe and not bypass:
        text = "The new key policy will not allow you to update the key policy in the future."
        raise ServiceError(code, text)


@replaces(Key, "__init__")
def new_key(self, policy, key_usage, *args, **kwargs):
    new_key.original(self, policy, key_usage or "ENCRYPT_DECRYPT", *args, **kwargs)


@replaces(KmsResponse, "create_key")
def create_key(self):
    if self._get_param("Policy"):
        check_key_policy(self, self._get_param("Policy"), self._get_param("BypassPolicyLockoutSafetyCheck"))
    return create_key.original(self)


@replaces(KmsResponse, "put_key_policy")
def put_key_policy(self):
    check_key_policy(self, self._get_param("Policy"), self._get_param("BypassPolicyLockoutSafetyCheck"))
    return put_key_policy.original(self)


@replaces(KmsResponse, "enable_key_rotation")
def enable_key_rotation(self):
    """Stores the rotation period; rejects keys that are not symmetric."""
    key = key_of(self.current_account, self.region, self._get_param("KeyId"))
    if key and key.key_spec != "SYMMETRIC_DEFAULT":
        raise ServiceError("UnsupportedOperationException", f"{key.arn} is not a symmetric key")
    result = enable_key_rotation.original(self)
    key.rotation_period = self._get_param("RotationPeriodInDays") or 365
    return result


@adds(KmsResponse)
def get_key_rotation_status(self, param):
    self._validate_cmk_id(param("KeyId"))
    key = key_of(self.current_account, self.region, param("KeyId"))
    period = getattr(key, "rotation_period", 365) if key.key_rotation_status else None
    return {"KeyId": key.arn, "KeyRotationEnabled": key.key_rotation_status, "RotationPeriodInDays": period}
