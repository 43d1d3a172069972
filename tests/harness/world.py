"""The resources that exist before a case deploys, and the placeholders that cases use for their IDs."""

import json
import re
import time

from harness.emulators import ACCOUNT

DEFAULT_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
SERVICES = {
    "vpce-0aaaaaaaaaaaaaaa1": "ssm",
    "vpce-0aaaaaaaaaaaaaaa2": "ssmmessages",
    "vpce-0aaaaaaaaaaaaaaa3": "ec2messages",
}
KMS_KEY = "11111111-1111-1111-1111-111111111111"
CERTIFICATE = "22222222-2222-2222-2222-222222222222"


def seed(emulator, texts):
    """Creates the existing resources that cases refer to; returns the real ID of each placeholder."""
    ec2, region = emulator.client("ec2"), emulator.region
    ids = {}

    def tags(kind, name):
        return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]

    vpc = ec2.create_vpc(CidrBlock="10.50.0.0/16", TagSpecifications=tags("vpc", "existing"))["Vpc"]["VpcId"]
    ids["vpc-0aaaaaaaaaaaaaaa1"] = vpc
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    zones = sorted(zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"])
    for number in (1, 2):
        subnet = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.50.{number}.0/24",
            AvailabilityZone=zones[number - 1],
            TagSpecifications=tags("subnet", f"existing-{number}"),
        )["Subnet"]["SubnetId"]
        made = ec2.create_route_table(VpcId=vpc, TagSpecifications=tags("route-table", f"existing-{number}"))
        table = made["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(SubnetId=subnet, RouteTableId=table)
        ids[f"subnet-0aaaaaaaaaaaaaaa{number}"] = subnet
        ids[f"rtb-0aaaaaaaaaaaaaaa{number}"] = table
    for number, name in ((1, "existing-extra"), (2, "existing-endpoints")):
        ids[f"sg-0aaaaaaaaaaaaaaa{number}"] = ec2.create_security_group(
            GroupName=name, Description=name, VpcId=vpc, TagSpecifications=tags("security-group", name)
        )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=ids["sg-0aaaaaaaaaaaaaaa2"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.50.0.0/16"}]}],
    )
    for placeholder, service in SERVICES.items():
        if placeholder in texts:
            domain = "cn.com.amazonaws" if region.startswith("cn-") else "com.amazonaws"
            ids[placeholder] = ec2.create_vpc_endpoint(
                VpcId=vpc,
                VpcEndpointType="Interface",
                ServiceName=f"{domain}.{region}.{service}",
                PrivateDnsEnabled=True,
                SubnetIds=[ids["subnet-0aaaaaaaaaaaaaaa1"], ids["subnet-0aaaaaaaaaaaaaaa2"]],
                SecurityGroupIds=[ids["sg-0aaaaaaaaaaaaaaa2"]],
                TagSpecifications=tags("vpc-endpoint", f"existing-{service}"),
            )["VpcEndpoint"]["VpcEndpointId"]
    for name in sorted({DEFAULT_IMAGE, *re.findall(r"/aws/service/[\w./-]+", texts)}):
        image, made = published(emulator, name)
        if made:
            ids[f"image of {name}"] = image
        if name == DEFAULT_IMAGE:
            ids["ami-0aaaaaaaaaaaaaaa1"] = image
    emulator.client("ssm").put_parameter(
        Name="/golden/image", Type="String", DataType="aws:ec2:image", Value=ids["ami-0aaaaaaaaaaaaaaa1"]
    )
    if "/network/" in texts:
        subnets = ",".join(ids[f"subnet-0aaaaaaaaaaaaaaa{number}"] for number in (1, 2))
        for name, kind, value in (("vpc", "String", vpc), ("subnets", "StringList", subnets)):
            emulator.client("ssm").put_parameter(Name=f"/network/{name}", Type=kind, Value=value)
    if KMS_KEY in texts:
        ids[KMS_KEY] = existing_key(emulator)
    if CERTIFICATE in texts:
        made = emulator.client("acm").request_certificate(DomainName="example.com")
        ids[CERTIFICATE] = made["CertificateArn"].split("/")[-1]
    if f"arn:aws:iam::{ACCOUNT}:policy/boundary" in texts:
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        emulator.client("iam").create_policy(PolicyName="boundary", PolicyDocument=policy)
    for found in ec2.describe_prefix_lists()["PrefixLists"]:
        if found["PrefixListName"] == f"com.amazonaws.{region}.s3":
            ids["pl-0aaaaaaaaaaaaaaa1"] = found["PrefixListId"]
    return ids


def existing_key(emulator):
    """Creates a key whose policy allows the services to use it, as the owner of a key must."""
    services = [f"logs.{emulator.region}.amazonaws.com", "cloudtrail.amazonaws.com", "events.amazonaws.com"]
    actions = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    statements = [
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"},
        {"Principal": {"Service": services}, "Action": actions},
    ]
    statements = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return emulator.client("kms").create_key(Description="existing", Policy=policy)["KeyMetadata"]["KeyId"]


def published(emulator, name):
    """Returns the image of a public parameter, and whether it was created: moto has only those of Amazon Linux."""
    ssm = emulator.client("ssm")
    try:
        return ssm.get_parameter(Name=name)["Parameter"]["Value"], False
    except ssm.exceptions.ParameterNotFound:
        pass
    architecture = "arm64" if re.search(r"arm64|aarch64", name) else "x86_64"
    root = "/dev/sda1" if re.search(r"canonical|windows", name) else "/dev/xvda"
    return publish(emulator, name, architecture, root), True


def publish(emulator, name, architecture, root):
    """Registers an image as the new value of a public parameter; returns its ID."""
    image = emulator.client("ec2").register_image(
        Name=f"released-{time.monotonic_ns()}",
        Architecture=architecture,
        RootDeviceName=root,
        VirtualizationType="hvm",
    )["ImageId"]
    emulator.client("ssm").put_parameter(Name=name, Type="String", Value=image, Overwrite=True)
    return image


def with_ids(text, ids):
    """Replaces the placeholders in a text with the real IDs."""
    for placeholder, real in ids.items():
        text = text.replace(placeholder, real)
    return text
