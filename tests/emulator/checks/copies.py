"""Checks of the server itself: standalone, and as copies of an origin."""

import os
import socket
import subprocess
import sys
import time

from harness.aws_cli import AwsCliServer
from harness.outcomes import Failure
from harness.program import beside_python, free_port

import cfn_emulator.client as client


def standalone(check, found):
    """`python -m cfn_emulator --port N` serves, and ends with its parent."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "cfn_emulator", "--port", str(port), "--with-parent"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=client.environment(),
    )
    try:
        endpoint, end = f"http://127.0.0.1:{port}", time.monotonic() + client.SECONDS_TO_START
        while not client.is_serving(endpoint):
            if process.poll() is not None or time.monotonic() > end:
                raise Failure("the server does not start")
            time.sleep(0.1)
        ec2 = client.create_client("ec2", "us-east-1", endpoint)
        check(ec2.describe_vpcs()["Vpcs"], "a default VPC")
        process.stdin.close()
        process.wait(10)
    finally:
        process.kill()
        process.wait()


def copies(check, found):
    """Copies are independent, differ in their IDs, and have separate settings."""
    left, right = found.copy("left", EMULATOR_STEP="0"), found.copy("right")
    ids = [copy.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for copy in (left, right)]
    check(ids[0] != ids[1], "copies choose different IDs", ids)
    counts = [len(copy.client("ec2").describe_vpcs()["Vpcs"]) for copy in (left, right)]
    check.equal(counts, [2, 2], "VPCs of each copy")
    port = left.port
    left.reset()
    check.equal((left.port, len(left.client("ec2").describe_vpcs()["Vpcs"])), (port, 1), "a reset copy")
    check.equal(len(right.client("ec2").describe_vpcs()["Vpcs"]), 2, "VPCs of the other copy")
    left.stop()
    check(not client.is_serving(left.endpoint), "a stopped copy does not serve")


def repeated_request(check, found):
    """Another attempt of a request, after a lost connection, creates nothing."""
    ssm = found.copy("repeated").client("ssm")

    def same_attempt(request, **_):
        del request.headers["amz-sdk-invocation-id"]
        request.headers["amz-sdk-invocation-id"] = "6ad0e5d0-9a0f-4a3e-8b53-2f1d1b3fd3d1"

    ssm.meta.events.register("before-send.ssm.CreateAssociation", same_attempt)
    targets = [{"Key": "InstanceIds", "Values": ["*"]}]
    created = [ssm.create_association(Name="AWS-UpdateSSMAgent", Targets=targets) for _ in range(2)]
    ids = {it["AssociationDescription"]["AssociationId"] for it in created}
    check.equal(len(ids), 1, "IDs of the associations")
    check.equal(len(ssm.list_associations()["Associations"]), 1, "associations")


def disconnection(check, found):
    """The copies of a client end when it disconnects, and those of other clients do not."""
    other = client.Connection(found.socket)
    theirs, ours = other.copy(found.folder / "theirs.log"), found.copy("ours")
    check(client.is_serving(theirs.endpoint), "a copy serves")
    other.close()
    end = time.monotonic() + 10
    while client.is_serving(theirs.endpoint) and time.monotonic() < end:
        time.sleep(0.02)
    check(not client.is_serving(theirs.endpoint), "a copy ends with its client")
    check(client.is_serving(ours.endpoint), "the copy of another client still serves")


def unknown_request(check, found):
    """An unknown request is an error, and the connection stays usable."""
    try:
        found.connection.request("absent")
        check(False, "an unknown request is an error")
    except client.EmulatorError as error:
        check("unknown request" in str(error), "the error names the request", error)
    check(os.path.exists(found.socket), "the origin runs")
    check(client.is_serving(found.copy("after-error").endpoint), "a copy starts after the error")


def aws_cli(check, found):
    """A fork of the loaded AWS CLI does what the installed program does, and ends with its caller."""
    (found.folder / "forks").mkdir()
    server = AwsCliServer(found.folder / "forks")
    try:
        server.wait()
        emulator = found.copy("calls")
        (found.folder / "forks/input.json").write_text('{"ParameterName": "x"}')
        keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": emulator.endpoint}
        for arguments, variables in [
            (("--version",), {}),
            (("ec2", "describe-vpcs", "--query", "Vpcs[].CidrBlock"), {**keys, "AWS_DEFAULT_REGION": "us-east-1"}),
            (("ec2", "describe-vpcs"), {"AWS_DEFAULT_REGION": "us-east-1"}),
            (("ssm", "get-parameter", "--name", "absent", "--region", "eu-west-1"), keys),
            (("ssm", "get-parameter", "--cli-input-json", "file://input.json"), keys),
            (("sts",), {}),
        ]:
            environment = {"PATH": os.environ["PATH"], "HOME": str(server.folder), "AWS_EC2_METADATA_DISABLED": "true", **variables}
            results = [
                subprocess.run([program, *arguments], env=environment, cwd=server.folder, capture_output=True, text=True)
                for program in (server.program, beside_python("aws"))
            ]
            fork, installed = ((it.returncode, it.stdout, it.stderr) for it in results)
            check.equal(fork, installed, f"aws {' '.join(arguments)}")
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            keys |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}", "AWS_DEFAULT_REGION": "us-east-1"}
            caller = subprocess.Popen([server.program, "sts", "get-caller-identity"], env={**os.environ, **keys})
            silent.settimeout(20)
            with silent.accept()[0] as connection:
                caller.kill()
                caller.wait()
                connection.settimeout(20)
                while connection.recv(4096):
                    pass
    finally:
        server.stop()


CASES = [standalone, copies, repeated_request, disconnection, unknown_request, aws_cli]
