"""What parity.py and renewal.py share: emulators, the world that is there before, and deployment by both tools."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCOUNT = "123456789012"
KEYS = {"AWS_ACCESS_KEY_ID": "emulator", "AWS_SECRET_ACCESS_KEY": "emulator"}
STACK = "case"
# A session reads the description of each service once. Clients serve all threads; to make one is for one at a time.
SESSION = boto3.session.Session()
MAKING = threading.Lock()


class Failure(Exception):
    """A deployment that did not work; the text is for the reader."""


class Copies:
    """One emulator that is ready, from which others are made in no time (see server.py)."""

    def __init__(self, folder):
        self.log = folder / "emulators.log"
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("server.py"), "--copies"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log.open("wb"),
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            text=True,
        )
        self.one_at_a_time = threading.Lock()

    def ask(self, line):
        with self.one_at_a_time:
            try:
                self.process.stdin.write(line + "\n")
                self.process.stdin.flush()
                return int(self.process.stdout.readline())
            except (OSError, ValueError) as error:
                raise Failure(f"the emulators ended: {self.log.read_text()[-2000:]}") from error

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Server:
    """One emulator, with the clients of one region."""

    def __init__(self, folder, name, copies=None):
        self.copies = copies
        self.region = None
        self.clients = {}
        if copies:
            self.port = copies.ask("new")
            self.endpoint = f"http://127.0.0.1:{self.port}"
            self.log, self.process = copies.log, copies.process
            return
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{port}"
        self.log = folder / f"{name}.log"
        script = Path(__file__).with_name("server.py")
        self.process = subprocess.Popen(
            [sys.executable, script, "--port", str(port), "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def wait(self):
        for _ in range(300):
            if self.process.poll() is not None:
                raise Failure(f"emulator ended: {self.log.read_text()[-2000:]}")
            try:
                urllib.request.urlopen(f"{self.endpoint}/moto-api/", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise Failure("emulator did not start")

    def reset(self, region):
        if self.copies:
            self.copies.ask(f"reset {self.port}")
        else:
            self.empty()
        if region != self.region:
            self.region, self.clients = region, {}

    def empty(self):
        urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")).close()

    def client(self, service):
        if service not in self.clients:
            with MAKING:
                self.clients[service] = SESSION.client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.endpoint,
                    aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                    aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
                    config=Config(retries={"max_attempts": 0}, read_timeout=120),
                )
        return self.clients[service]

    def all(self, service, operation, member, **parameters):
        """The items of all pages."""
        client = self.client(service)
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(**parameters)
        else:
            pages = [getattr(client, operation)(**parameters)]
        return [item for page in pages for item in page[member]]

    def stop(self):
        if self.copies:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


# --- the world before --------------------------------------------------------------------------------------------------

DEFAULT_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
SERVICES = {"vpce-0aaaaaaaaaaaaaaa1": "ssm", "vpce-0aaaaaaaaaaaaaaa2": "ssmmessages", "vpce-0aaaaaaaaaaaaaaa3": "ec2messages"}
KMS_KEY = "11111111-1111-1111-1111-111111111111"


def seed(server, texts):
    """Makes the existing things that cases may refer to; returns placeholder → real id."""
    ec2, region = server.client("ec2"), server.region
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
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.50.0.0/16"}]}
        ],
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
        image, made = published(server, name)
        if made:
            ids[f"image of {name}"] = image
        if name == DEFAULT_IMAGE:
            ids["ami-0aaaaaaaaaaaaaaa1"] = image
    server.client("ssm").put_parameter(
        Name="/golden/image", Type="String", DataType="aws:ec2:image", Value=ids["ami-0aaaaaaaaaaaaaaa1"]
    )
    if KMS_KEY in texts:
        ids[KMS_KEY] = existing_key(server)
    if f"arn:aws:iam::{ACCOUNT}:policy/boundary" in texts:
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        server.client("iam").create_policy(PolicyName="boundary", PolicyDocument=policy)
    for found in ec2.describe_prefix_lists()["PrefixLists"]:
        if found["PrefixListName"] == f"com.amazonaws.{region}.s3":
            ids["pl-0aaaaaaaaaaaaaaa1"] = found["PrefixListId"]
    return ids


def existing_key(server):
    """A key whose policy lets the services of this account use it, as an owner has to see to before they can."""
    services = [f"logs.{server.region}.amazonaws.com", "cloudtrail.amazonaws.com", "events.amazonaws.com"]
    actions = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    statements = [
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"},
        {"Principal": {"Service": services}, "Action": actions},
    ]
    statements = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return server.client("kms").create_key(Description="existing", Policy=policy)["KeyMetadata"]["KeyId"]


def published(server, name):
    """The image of a public parameter, and whether it had to be made: moto has only those of Amazon Linux."""
    ssm = server.client("ssm")
    try:
        return ssm.get_parameter(Name=name)["Parameter"]["Value"], False
    except ssm.exceptions.ParameterNotFound:
        pass
    architecture = "arm64" if re.search(r"arm64|aarch64", name) else "x86_64"
    root = "/dev/sda1" if re.search(r"canonical|windows", name) else "/dev/xvda"
    return publish(server, name, architecture, root), True


def publish(server, name, architecture, root):
    """A new image of this kind as the value of the parameter; returns its id."""
    image = server.client("ec2").register_image(
        Name=f"released-{time.monotonic_ns()}",
        Architecture=architecture,
        RootDeviceName=root,
        VirtualizationType="hvm",
    )["ImageId"]
    server.client("ssm").put_parameter(Name=name, Type="String", Value=image, Overwrite=True)
    return image


# --- the two tools -----------------------------------------------------------------------------------------------------


def snake(name):
    """One spelling for `NetworkVpcId` and `network_vpc_id`."""
    return name.replace("_", "").lower()


def stack_outputs(server):
    stack = server.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {snake(output["OutputKey"]): output["OutputValue"] for output in stack.get("Outputs", [])}


def deploy_stack(server, template, parameters, update=False):
    client = server.client("cloudformation")
    listed = [
        {"ParameterKey": name, "ParameterValue": ",".join(value) if isinstance(value, list) else str(value)}
        for name, value in parameters.items()
    ]
    call = client.update_stack if update else client.create_stack
    if len(template) > 51_200:
        # As `ssm-synth deploy` sends it: CloudFormation takes no more in a request.
        template = json.dumps(json.loads(template), separators=(",", ":"))
    try:
        call(StackName=STACK, TemplateBody=template, Parameters=listed, Capabilities=["CAPABILITY_NAMED_IAM"])
        status = client.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
    except (ClientError, BotoCoreError) as error:
        raise Failure(f"CloudFormation: {error}") from error
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise Failure(f"CloudFormation: {status}")


def stack_instances(server):
    found = server.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in found
        if resource["ResourceType"] == "AWS::EC2::Instance"
    }


def plugin_folder():
    """A mirror of the provider: TF_PLUGIN_DIR, else the usual places, else none (the network)."""
    if os.environ.get("TF_PLUGIN_DIR"):
        return os.environ["TF_PLUGIN_DIR"]
    places = ["~/.terraform.d/plugins", "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins"]
    for place in [*map(Path.expanduser, map(Path, places)), *sorted(Path("/opt").glob("*"))]:
        if (place / "registry.terraform.io/hashicorp/aws").is_dir():
            return str(place)
    return None


class Provider:
    """The provider as a process that stays.

    Terraform starts it anew for each of a command's walks over a configuration, three to five times, and to start costs
    more than what is then asked of it. Terraform has a way to use one that runs already, for those who debug providers:
    https://developer.hashicorp.com/terraform/plugin/debugging. It is the same program, configured anew by each walk.
    """

    def __init__(self, program, environment, log):
        self.environment = environment
        self.process = subprocess.Popen(
            [program, "-debug"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log.open("ab"),
            text=True,
        )
        for line in self.process.stdout:
            if found := re.search(r"TF_REATTACH_PROVIDERS='(.*)'", line):
                self.address = found[1]
                return
        raise Failure(f"the provider does not start: {log.read_text()[-2000:]}")

    def stop(self):
        self.process.kill()
        self.process.wait()


class Terraform:
    """One working folder, initialized once; each case puts its files in and starts without state."""

    def __init__(self, folder, keep_provider=False):
        self.folder = folder
        folder.mkdir()
        self.initialized = None
        self.keep_provider = keep_provider
        self.provider = None

    def stop(self):
        if self.provider:
            self.provider.stop()
            self.provider = None

    def kept(self, environment):
        """The environment with the provider that stays, which must have been started with the same one."""
        # A third of the work is to collect the garbage of reading the schema, in processes that end soon.
        environment = {"GOGC": "400", **environment}
        # No call goes to where this is needed, and the provider cannot set it a second time.
        environment.pop("AWS_CA_BUNDLE", None)
        if self.provider and self.provider.environment != environment:
            self.stop()
        if not self.provider:
            programs = sorted(self.folder.glob(".terraform/providers/*/hashicorp/aws/*/*/terraform-provider-aws_v*"))
            self.provider = Provider(programs[-1], environment, self.folder / "provider.log")
        return {**environment, "TF_REATTACH_PROVIDERS": self.provider.address}

    def run(self, server, *arguments, accept=(0,)):
        environment = {
            **os.environ,
            **KEYS,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_REGION": server.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "TF_CLI_ARGS", "TF_WORKSPACE"):
            environment.pop(name, None)
        if not Path(environment.get("TF_CLI_CONFIG_FILE", ".")).exists():
            del environment["TF_CLI_CONFIG_FILE"]
        if self.keep_provider and arguments[0] != "init":
            environment = self.kept(environment)
        done = subprocess.run(
            ["terraform", *arguments, "-no-color", "-input=false"],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        if done.returncode not in accept:
            start = max(done.stdout.find("Error:"), 0)
            raise Failure(f"terraform {arguments[0]}: {done.stdout[start:][:4000]}")
        return done

    def files(self, server, main, variables=None, keep_state=False):
        """Puts the files in. The override carries what an emulator needs; the output under test stays as it is."""
        for path in self.folder.glob("*.json"):
            path.unlink()
        if not keep_state:
            for path in self.folder.glob("terraform.tfstate*"):
                path.unlink()
        (self.folder / "main.tf.json").write_text(main)
        if variables is not None:
            (self.folder / "terraform.tfvars.json").write_text(variables)
        parsed = json.loads(main)
        # A busy emulator drops a connection now and then.
        aws = {"max_retries": 10, "s3_use_path_style": True}
        configured = "aws" in parsed.get("provider", {})
        name = "emulator_override.tf.json" if configured else "emulator.tf.json"
        (self.folder / name).write_text(json.dumps({"provider": {"aws": aws}}))
        wanted = json.dumps(parsed.get("terraform"), sort_keys=True)
        if wanted != self.initialized:
            shutil.rmtree(self.folder / ".terraform", ignore_errors=True)
            (self.folder / ".terraform.lock.hcl").unlink(missing_ok=True)
            plugins = plugin_folder()
            self.run(server, "init", *([f"-plugin-dir={plugins}"] if plugins else []))
            self.initialized = wanted

    def apply(self, server):
        self.run(server, "apply", "-auto-approve", "-parallelism=20")

    def plan(self, server):
        """The changes of a plan, without what follows from them, as text; empty if there are none."""
        done = self.run(server, "plan", "-detailed-exitcode", "-lock=false", "-parallelism=20", accept=(0, 2))
        if done.returncode == 0:
            return ""
        lines = done.stdout[max(done.stdout.find("Terraform will perform"), 0) :].splitlines()
        changed = re.compile(r"\s*# [\w.\[\]\"-]+ (will|must) |.*# forces|\s*[~+-] .* = |Plan:")
        return "\n".join(line for line in lines if changed.match(line) and not line.endswith("after apply)"))

    def state(self):
        return json.loads((self.folder / "terraform.tfstate").read_text())

    def outputs(self):
        found = {}
        for name, output in self.state()["outputs"].items():
            value = output["value"]
            if isinstance(value, list):
                value = ",".join(map(str, value))
            if value is not None:
                found[snake(name)] = str(value)
        return found

    def instances(self):
        return {
            f"{resource['name']}[{instance.get('index_key', '')}]": instance["attributes"]["id"]
            for resource in self.state()["resources"]
            if resource["type"] == "aws_instance" and resource["mode"] == "managed"
            for instance in resource["instances"]
        }


class Worker:
    """Two emulators, one for each tool, and a folder of Terraform."""

    def __init__(self, folder, copies=None):
        folder.mkdir(exist_ok=True)
        self.cloudformation = Server(folder, "cloudformation", copies)
        self.terraform = Server(folder, "terraform", copies)
        self.tool = Terraform(folder / "terraform", keep_provider=True)

    def start(self):
        for server in (self.cloudformation, self.terraform):
            server.wait()

    def stop(self):
        self.tool.stop()
        for server in (self.cloudformation, self.terraform):
            server.stop()


def with_ids(text, ids):
    for placeholder, real in ids.items():
        text = text.replace(placeholder, real)
    return text


def region_of(case):
    path = case / "region"
    return path.read_text().strip() if path.exists() else "us-east-1"


def texts_of(case):
    return "\n".join(path.read_text() for path in sorted(case.rglob("*.json")))
