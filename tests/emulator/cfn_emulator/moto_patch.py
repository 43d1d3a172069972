"""Helpers that replace and add operations of moto's response and backend classes."""

from moto.cloudformation.exceptions import ValidationError
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult


def replaces(cls, name):
    """Returns a decorator that replaces `cls.name`; the function keeps the original as its `original` attribute."""

    def install(function):
        function.original = getattr(cls, name)
        setattr(cls, name, function)
        return function

    return install


class ServiceError(ServiceException):
    """An error response of any service. Moto finds the protocol of its exceptions by module; this class has no module."""


def adds(cls):
    """Returns a decorator that adds the function as an operation of the moto response class."""

    def install(function):
        setattr(cls, function.__name__, lambda self: ActionResult(without_none(function(self, self._get_param))))
        return function

    return install


def without_none(value):
    if isinstance(value, dict):
        return {key: without_none(member) for key, member in value.items() if member is not None}
    return [without_none(item) for item in value] if isinstance(value, list) else value


def page(items, size, token, name):
    """Returns one page of a list operation; the token is the index of the first item."""
    try:
        start = int(token or 0)
    except ValueError:
        raise ValidationError(message=f"Invalid NextToken: {token}") from None
    more = str(start + size) if start + size < len(items) else None
    return {name: items[start : start + size], "NextToken": more}
