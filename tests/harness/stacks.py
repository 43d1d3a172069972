"""Deploys templates with CloudFormation directly, without the program under test."""

import json

from botocore.exceptions import BotoCoreError, ClientError

from harness.outcomes import Failure

STACK = "case"


def output_name(name):
    """Returns the same name for `NetworkVpcId` and `network_vpc_id`."""
    return name.replace("_", "").lower()


def snake_case(name):
    return "".join(("_" + it.lower()) if it.isupper() and at else it.lower() for at, it in enumerate(name))


def deploy_stack(emulator, template, parameters, update=False):
    """Creates or updates the stack of a case; fails if CloudFormation does."""
    cloudformation = emulator.client("cloudformation")
    listed = [
        {"ParameterKey": name, "ParameterValue": ",".join(value) if isinstance(value, list) else str(value)}
        for name, value in parameters.items()
    ]
    call = cloudformation.update_stack if update else cloudformation.create_stack
    if len(template) > 51_200:
        # As `ssm-synth deploy` sends it: CloudFormation rejects longer requests.
        template = json.dumps(json.loads(template), separators=(",", ":"))
    try:
        call(StackName=STACK, TemplateBody=template, Parameters=listed, Capabilities=["CAPABILITY_NAMED_IAM"])
        status = stack(emulator)["StackStatus"]
    except (ClientError, BotoCoreError) as error:
        raise Failure(f"CloudFormation: {error}") from error
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise Failure(f"CloudFormation: {status}")


def stack(emulator):
    return emulator.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]


def stack_outputs(emulator):
    """Returns the outputs by names that both languages share."""
    return {output_name(output["OutputKey"]): output["OutputValue"] for output in stack(emulator).get("Outputs", [])}


def stack_instances(emulator):
    found = emulator.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in found
        if resource["ResourceType"] == "AWS::EC2::Instance"
    }
