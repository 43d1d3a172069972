"""SNS: topic policies must be valid policies."""

import json

from moto.sns.models import SNSBackend

from cfn_emulator.moto_patch import ServiceError, replaces
from cfn_emulator.services.resource_policies import listed


@replaces(SNSBackend, "set_topic_attribute")
def set_topic_attribute(self, topic_arn, attribute_name, attribute_value):
    """Rejects a topic policy whose statements lack an effect, principal or action."""
    if attribute_name == "policy":
        try:
            statements = listed(json.loads(attribute_value)["Statement"])
            good = all(it.get("Effect") and it.get("Principal") and it.get("Action") for it in statements)
        except (ValueError, KeyError, TypeError, AttributeError):
            good = False
        if not good:
            raise ServiceError("InvalidParameter", "Invalid parameter: Policy Error: null")
    return set_topic_attribute.original(self, topic_arn, attribute_name, attribute_value)
