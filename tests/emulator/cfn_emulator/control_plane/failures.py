"""Failures of resource operations and the reasons that stack events report."""

import uuid

from botocore.exceptions import BotoCoreError, ClientError
from moto.cloudformation.exceptions import ValidationError


class ResourceFailure(Exception):
    """The failure of one resource; the text is the status reason of its event."""


class OperationAbandoned(Exception):
    """The emulator was reset while the operation was in progress."""


ERRORS = (
    ClientError,
    BotoCoreError,
    ValidationError,
    ResourceFailure,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
)


def reason_of(error):
    if isinstance(error, ResourceFailure):
        return str(error)
    if isinstance(error, ValidationError):
        return error.message
    if not isinstance(error, ClientError):
        return f"{type(error).__name__}: {error}"
    code, text = error.response["Error"]["Code"], error.response["Error"]["Message"]
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 400)
    kind = "InvalidRequest"
    if is_not_found(error):
        kind = "NotFound"
    elif "Exist" in code or "Duplicate" in code:
        kind = "AlreadyExists"
    operation = f"Service: Ec2, Status Code: {status}, Request ID: {uuid.uuid4()}"
    token = f"RequestToken: {uuid.uuid4()}, HandlerErrorCode: {kind}"
    return f'Resource handler returned message: "{text} ({operation})" ({token})'


NOT_FOUND = (
    *("NoSuchEntity", "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchConfigRuleException", "DoesNotExistException"),
    *("AssociationDoesNotExist", "InvalidDocument"),
)


def is_not_found(error):
    code = error.response["Error"]["Code"]
    return code.endswith(("NotFound", "NotFoundException", ".NotFound")) or code in NOT_FOUND


def listed(names):
    return f"[{', '.join(names)}]"
