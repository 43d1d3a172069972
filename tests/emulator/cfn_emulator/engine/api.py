"""Calls of the AWS API of this server, with template values in the types that botocore expects."""

import json
import threading

import boto3
from botocore.config import Config


def coerce(shape, value):
    """Converts template values to the type of a botocore shape: "true" to a boolean, "20" to an integer."""
    if shape is None:
        return value
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            return {key: coerce(shape.members.get(key), member) for key, member in value.items()}
        case "list" if isinstance(value, list):
            return [coerce(shape.member, item) for item in value]
        case "boolean" if isinstance(value, str):
            return {"true": True, "false": False}[value.lower()]
        case "integer" | "long" if isinstance(value, str):
            return int(value)
        case "string" if isinstance(value, bool):
            return str(value).lower()
        case "string" if isinstance(value, int):
            return str(value)
    return value


class Api:
    """The clients of one region of this server."""

    endpoint = None
    known = {}
    lock = threading.Lock()

    def __init__(self, region):
        self.region = region
        self.clients = {}

    @classmethod
    def of(cls, region):
        return cls.known.setdefault(region, cls(region))

    def call(self, service, operation, **parameters):
        with self.lock:
            if service not in self.clients:
                self.clients[service] = boto3.client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.endpoint,
                    aws_access_key_id="cloudformation",
                    aws_secret_access_key="cloudformation",
                    config=Config(retries={"max_attempts": 0}),
                )
        client = self.clients[service]
        shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
        parameters = {key: value for key, value in parameters.items() if value is not None}
        return getattr(client, operation)(**coerce(shape, parameters))

    def ec2(self, operation, **parameters):
        return self.call("ec2", operation, **parameters)

    def iam(self, operation, **parameters):
        return self.call("iam", operation, **parameters)

    def zones(self):
        """Returns the zones with a default subnet; without any, all of the Region.

        From https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
        """
        subnets = self.ec2("describe_subnets", Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        if subnets:
            return sorted({subnet["AvailabilityZone"] for subnet in subnets})
        zones = self.ec2("describe_availability_zones")["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in zones if zone.get("ZoneType", "availability-zone") != "local-zone")

    def parameter(self, name):
        return self.call("ssm", "get_parameter", Name=name)["Parameter"]["Value"]


def json_text(value):
    return value if value is None or isinstance(value, str) else json.dumps(value)


def is_true(value):
    return value is True or str(value).lower() == "true"


def tag_specifications(kind, tags):
    return [{"ResourceType": kind, "Tags": tags}] if tags else None


def subset(properties, *names):
    return {name: properties[name] for name in names if name in properties}


def rename_members(value, names):
    """Renames the members of an object; members without a new name keep theirs."""
    return {names.get(key, key): member for key, member in value.items()}


def lower_camel_case(value):
    """Renames members as the CloudWatch Logs API does."""
    return {key[0].lower() + key[1:]: member for key, member in value.items()}


def tags_by_key(tags):
    return {tag["Key"]: tag["Value"] for tag in tags or []}
