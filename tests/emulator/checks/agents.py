"""Checks of SSM Agents and of the simulation of IAM policies."""

import json
import time

from control_plane import wait

# From the launch of an instance until its agent registers.
AGENT_SECONDS = 0.7


def agents(check):
    ec2, ssm = check.emulator.client("ec2"), check.emulator.client("ssm")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]

    def launch(wish=None):
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "emulator:agent", "Value": wish}]}] if wish else []
        made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=tags)
        return made["Instances"][0]["InstanceId"]

    launched = time.monotonic()
    online, never, lost = launch(), launch("never"), launch("lost")
    wanted = [{"Key": "InstanceIds", "Values": [online, never, lost]}]

    def look():
        found = ssm.describe_instance_information(Filters=wanted)["InstanceInformationList"]
        return {it["InstanceId"]: it["PingStatus"] for it in found}

    first = wait(look, bool)
    # Measured, since a loaded machine can take longer than the delay until it looks.
    check(time.monotonic() - launched >= AGENT_SECONDS, "agents register late", first)
    check.equal(wait(look, lambda it: len(it) == 2), {online: "Online", lost: "ConnectionLost"}, "agents")
    statuses = [ssm.get_connection_status(Target=it)["Status"] for it in (online, never, lost)]
    check.equal(statuses, ["connected", "notconnected", "notconnected"], "connections")
    listed = [{"key": "InstanceIds", "valueSet": [online]}]
    found = ssm.describe_instance_information(InstanceInformationFilterList=listed)["InstanceInformationList"]
    check.equal((found[0]["AgentVersion"], found[0]["ResourceType"]), ("3.3.2299.0", "EC2Instance"), "an agent")
    ec2.terminate_instances(InstanceIds=[online])
    check.equal(look(), {lost: "ConnectionLost"}, "the agent of a terminated instance")


def policy_simulation(check):
    iam, sts = check.emulator.client("iam"), check.emulator.client("sts")

    def decisions(arn, *actions):
        found = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=list(actions))["EvaluationResults"]
        return [it["EvalDecision"] for it in found]

    caller = sts.get_caller_identity()["Arn"]
    check.equal(decisions(caller, "ec2:RunInstances"), ["allowed"], "a caller with all permissions")
    arn = iam.create_user(UserName="dev")["User"]["Arn"]
    allow = {"Effect": "Allow", "Action": ["ec2:*", "ssm:Get*"], "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})
    iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=document)
    found = decisions(arn, "ec2:DescribeVpcs", "ec2:RunInstances", "iam:CreateRole")
    check.equal(found, ["allowed", "explicitDeny", "implicitDeny"], "a user")


CASES = [agents, policy_simulation]
