"""One lock for moto's services that do not tolerate concurrent requests."""

import threading

from moto.core.responses import BaseResponse

SERVICES = threading.RLock()
SERIAL = ("ec2", "iam", "ssm", "sts", "kms", "logs", "sns", "events", "cloudwatch", "cloudtrail", "config")


def one_at_a_time():
    """Serializes the services in `SERIAL`: moto's backends are not thread-safe, and none of them calls this server."""
    original = BaseResponse.call_action

    def call_action(self):
        if self.service_name in SERIAL:
            with SERVICES:
                return original(self)
        return original(self)

    BaseResponse.call_action = call_action
