"""One lock for moto's services that do not tolerate concurrent requests, and one response for each request."""

import collections
import threading

from moto.core.responses import BaseResponse

SERVICES = threading.RLock()
SERIAL = ("ec2", "iam", "ssm", "sts", "kms", "logs", "sns", "events", "cloudwatch", "cloudtrail", "config")

# The successful responses to the last requests, by the ID that an SDK sends with each attempt of a request.
RESPONSES = collections.OrderedDict()
KEPT = 1000


def one_at_a_time():
    """Serializes the services in `SERIAL`: moto's backends are not thread-safe, and none of them calls this server."""
    original = BaseResponse.call_action

    def call_action(self):
        if self.service_name not in SERIAL:
            return original(self)
        with SERVICES:
            return once(self, original)

    BaseResponse.call_action = call_action


def once(request, original):
    """Answers another attempt of a request as the first one.

    An SDK that loses a connection under load repeats the request. Without this, a resource without a unique name would
    exist twice.
    """
    attempt = request.headers.get("amz-sdk-invocation-id")
    if attempt and attempt in RESPONSES:
        return RESPONSES[attempt]
    response = original(request)
    status = response[0] if isinstance(response, tuple) and isinstance(response[0], int) else 200
    if attempt and status < 300:
        RESPONSES[attempt] = response
        if len(RESPONSES) > KEPT:
            RESPONSES.popitem(last=False)
    return response
