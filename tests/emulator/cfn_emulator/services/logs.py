"""CloudWatch Logs: KMS keys, log group classes, retention and metric filters."""

import re

from moto.logs.models import LogGroup, LogsBackend, logs_backends
from moto.logs.responses import LogsResponse

from cfn_emulator.moto_patch import ServiceError, adds, replaces
from cfn_emulator.services.kms import key_of
from cfn_emulator.services.resource_policies import is_allowed

RETENTIONS = (*(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),)
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY")


def check_group_key(self, name, arn):
    """Checks that the key exists, is symmetric and enabled, and allows CloudWatch Logs to use it for this log group."""
    code = "InvalidParameterException"
    if not re.match(r"arn:[\w-]+:kms:", arn):
        raise ServiceError(code, "The KMS key has to be named by its ARN")
    key = key_of(self.current_account, self.region, arn)
    if key is None or not key.enabled or key.key_spec != "SYMMETRIC_DEFAULT":
        raise ServiceError(code, "The specified KMS Key Id could not be found.")
    group = f"arn:{key.arn.split(':')[1]}:logs:{self.region}:{self.current_account}:log-group:{name}"
    suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
    services = (f"logs.{self.region}.{suffix}", f"logs.{suffix}", "logs.amazonaws.com")
    context = {"kms:EncryptionContext:aws:logs:arn": group, "aws:SourceArn": group}
    context["aws:SourceAccount"] = self.current_account
    for action in ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"):
        if not is_allowed(key.policy, services, action, **context):
            text = f"The specified KMS key does not exist or is not allowed to be used with Arn '{group}'"
            raise ServiceError(code, text)


@replaces(LogsResponse, "create_log_group")
def create_log_group(self):
    """Creates a log group with key and class; rejects reserved names."""
    name, key = self._get_param("logGroupName"), self._get_param("kmsKeyId")
    if name.startswith("aws/") or not re.fullmatch(r"[.\-_/#A-Za-z0-9]{1,512}", name):
        text = "Log groups starting with AWS/ are reserved for AWS." if name.startswith("aws/") else "Invalid name"
        raise ServiceError("InvalidParameterException", text)
    if self._get_param("logGroupClass", "STANDARD") not in CLASSES:
        raise ServiceError("InvalidParameterException", "The class is not known")
    if key and name not in self.logs_backend.groups:
        check_group_key(self, name, key)
    result = create_log_group.original(self)
    self.logs_backend.groups[name].log_group_class = self._get_param("logGroupClass", "STANDARD")
    return result


@replaces(LogGroup, "to_describe_dict")
def describe_group(self):
    found = describe_group.original(self)
    count = len(logs_backends[self.account_id][self.region].filters.get_matching_filters(log_group_name=self.name))
    return {**found, "metricFilterCount": count, "logGroupClass": getattr(self, "log_group_class", "STANDARD")}


def group_of(self, param):
    name = param("logGroupName") or (param("resourceIdentifier") or "").split(":log-group:")[-1].removesuffix(":*")
    if name not in self.logs_backend.groups:
        raise ServiceError("ResourceNotFoundException", "The specified log group does not exist.")
    return self.logs_backend.groups[name]


@adds(LogsResponse)
def associate_kms_key(self, param):
    group = group_of(self, param)
    check_group_key(self, group.name, param("kmsKeyId"))
    group.kms_key_id = param("kmsKeyId")


@adds(LogsResponse)
def disassociate_kms_key(self, param):
    group_of(self, param).kms_key_id = None


@replaces(LogsResponse, "put_retention_policy")
def put_retention_policy(self):
    days = self._get_param("retentionInDays")
    if days not in RETENTIONS:
        raise ServiceError("InvalidParameterException", f"1 validation error detected: Value '{days}' at 'retentionInDays'")
    return put_retention_policy.original(self)


@replaces(LogsResponse, "put_metric_filter")
def put_metric_filter(self):
    """Adds a filter to a log group of the standard class; replaces a filter of the same name."""
    group = group_of(self, self._get_param)
    if getattr(group, "log_group_class", "STANDARD") != "STANDARD":
        raise ServiceError("InvalidParameterException", "Metric filters need a log group of the class STANDARD")
    filters = self.logs_backend.filters
    for metric in self._get_param("metricTransformations"):
        if metric.get("defaultValue") is not None:
            metric["defaultValue"] = float(metric["defaultValue"])
    name = self._get_param("filterName")
    before = [it for it in filters.metric_filters if (it["filterName"], it["logGroupName"]) != (name, group.name)]
    result = put_metric_filter.original(self)
    filters.metric_filters = [*before, filters.metric_filters[-1]]
    return result


@replaces(LogsBackend, "delete_log_group")
def delete_log_group(self, log_group_name):
    """Deletes a log group with its metric filters."""
    delete_log_group.original(self, log_group_name)
    filters = self.filters
    filters.metric_filters = [it for it in filters.metric_filters if it["logGroupName"] != log_group_name]
