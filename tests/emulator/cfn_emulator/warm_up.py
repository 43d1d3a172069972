"""Requests that an origin sends to itself before it forks, so that its copies need not load what they read first.

Moto creates the state of a region, and botocore loads the model of a service, at the first request.
"""

import io
import json
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse

REGION = "us-east-1"
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
READS = {
    "cloudformation": ["describe_stacks"],
    "cloudtrail": ["describe_trails"],
    "cloudwatch": ["describe_alarms"],
    "config": ["describe_config_rules"],
    "ec2": [
        *("describe_addresses", "describe_internet_gateways", "describe_nat_gateways"),
        *("describe_availability_zones", "describe_flow_logs", "describe_images", "describe_instances"),
        *("describe_launch_templates", "describe_network_interfaces", "describe_prefix_lists", "describe_route_tables"),
        *("describe_security_group_rules", "describe_security_groups", "describe_subnets", "describe_volumes"),
        *("describe_vpc_endpoints", "describe_vpcs"),
    ],
    "elbv2": ["describe_load_balancers", "describe_target_groups"],
    "events": ["list_rules"],
    "iam": ["list_instance_profiles", "list_policies", "list_roles"],
    "kms": ["list_aliases", "list_keys"],
    "logs": ["describe_log_groups", "describe_metric_filters"],
    "s3": ["list_buckets"],
    "sns": ["list_topics"],
    "sqs": ["list_queues"],
    "ssm": [
        *("describe_instance_information", "describe_maintenance_windows", "describe_patch_baselines"),
        *("list_associations", "list_documents"),
    ],
    "sts": ["get_caller_identity"],
}


class Body(io.BytesIO):
    def stream(self, **_):
        yield self.read()


class InProcess:
    """Clients whose requests go to the application without a connection."""

    def __init__(self, application):
        from werkzeug.test import Client

        self.application, self.clients = Client(application), {}

    def client(self, service):
        if service not in self.clients:
            client = boto3.client(
                service,
                region_name=REGION,
                endpoint_url="http://127.0.0.1:1",
                aws_access_key_id="warm-up",
                aws_secret_access_key="warm-up",
            )
            client.meta.events.register("before-send", self.send)
            self.clients[service] = client
        return self.clients[service]

    def send(self, request, **_):
        url = urlsplit(request.url)
        headers = [(key, value.decode() if isinstance(value, bytes) else value) for key, value in request.headers.items()]
        path = f"{url.path}?{url.query}" if url.query else url.path
        response = self.application.open(
            path, method=request.method, base_url=f"http://{url.netloc}", headers=headers, data=request.body
        )
        return AWSResponse(request.url, response.status_code, dict(response.headers.items()), Body(response.data))

    def read(self):
        for service, operations in READS.items():
            for operation in operations:
                getattr(self.client(service), operation)()
        self.client("ssm").get_parameter(Name=IMAGE_PARAMETER)

    def write(self):
        """Creates some of everything: what this loads and compiles stays after the reset."""
        ec2, iam = self.client("ec2"), self.client("iam")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="warm-up", Description="warm-up", VpcId=vpc)["GroupId"]
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName=f"com.amazonaws.{REGION}.ssm",
            PrivateDnsEnabled=False,
            SubnetIds=[subnet],
            SecurityGroupIds=[group],
        )
        image = self.client("ssm").get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"]
        ec2.run_instances(ImageId=image, SubnetId=subnet, MinCount=1, MaxCount=1)
        iam.create_role(RoleName="warm-up", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
        self.client("kms").create_key()


def warm_up(application):
    """Loads everything once with writes, resets, and loads the initial state again."""
    warm = InProcess(application)
    warm.write()
    warm.read()
    warm.application.post("/moto-api/reset", base_url="http://127.0.0.1:1")
    warm.read()
