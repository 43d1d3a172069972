"""Drift detection of EC2 resources: deletion, and for some types tags."""

import json
import threading
import time
import uuid

from botocore.exceptions import ClientError

from cfn_emulator.control_plane.registry import action
from cfn_emulator.control_plane.requests import UPDATABLE
from cfn_emulator.control_plane.stack import moment
from cfn_emulator.engine.templates import invalid
from cfn_emulator.moto_patch import page
from cfn_emulator.settings import SETTINGS

DRIFTING = {
    "AWS::EC2::VPC": ("describe_vpcs", "VpcIds", "Vpcs"),
    "AWS::EC2::Subnet": ("describe_subnets", "SubnetIds", "Subnets"),
    "AWS::EC2::SecurityGroup": ("describe_security_groups", "GroupIds", "SecurityGroups"),
    "AWS::EC2::VPCEndpoint": ("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints"),
    "AWS::EC2::Instance": ("describe_instances", "InstanceIds", "Reservations"),
}


def actual_resource(resource):
    """Returns the resource as EC2 describes it, or `None`."""
    operation, member, result = DRIFTING[resource.type]
    try:
        found = resource.api.ec2(operation, **{member: [resource.physical_resource_id]})[result]
    except ClientError:
        return None
    if result == "Reservations":
        found = [instance for part in found for instance in part["Instances"]]
        found = [it for it in found if it["State"]["Name"] not in ("shutting-down", "terminated")]
    found = [it for it in found if it.get("State") not in ("deleting", "deleted")]
    return found[0] if found else None


def tag_differences(wanted, there):
    there = {tag["Key"]: tag["Value"] for tag in there if not tag["Key"].startswith("aws:")}
    for index, tag in enumerate(wanted):
        value = there.pop(tag["Key"], None)
        if value is None:
            yield f"/Tags/{index}", json.dumps(tag), "null", "REMOVE"
        elif value != tag["Value"]:
            yield f"/Tags/{index}/Value", tag["Value"], value, "NOT_EQUAL"
    for index, (key, value) in enumerate(there.items(), len(wanted)):
        yield f"/Tags/{index}", "null", json.dumps({"Key": key, "Value": value}), "ADD"


def drift_of(stack, name, resource):
    """Compares existence and, for some types, tags; other properties are not compared."""
    wanted, there = resource.properties, actual_resource(resource)
    entry = {
        "StackId": stack.id,
        "LogicalResourceId": name,
        "PhysicalResourceId": resource.physical_resource_id,
        "ResourceType": resource.type,
        "ExpectedProperties": json.dumps(wanted),
        "PropertyDifferences": [],
        "StackResourceDriftStatus": "IN_SYNC",
        "Timestamp": moment(),
    }
    if there is None:
        return {**entry, "StackResourceDriftStatus": "DELETED"}
    entry["ActualProperties"] = json.dumps(wanted)
    if resource.type in ("AWS::EC2::SecurityGroup", "AWS::EC2::Instance"):
        tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in there.get("Tags", [])]
        names = ("PropertyPath", "ExpectedValue", "ActualValue", "DifferenceType")
        found = [dict(zip(names, it, strict=True)) for it in tag_differences(wanted.get("Tags", []), tags)]
        if found:
            entry["StackResourceDriftStatus"], entry["PropertyDifferences"] = "MODIFIED", found
            entry["ActualProperties"] = json.dumps({**wanted, "Tags": tags})
    return entry


@action
def detect_stack_drift(self, registry, param):
    stack = registry.stack(param("StackName"), "Stack [{}] does not exist")
    if stack.status not in UPDATABLE and stack.status != "UPDATE_ROLLBACK_FAILED":
        raise invalid(f"Drift detection cannot be performed on stack [{stack.id}] in status {stack.status}")
    identifier, logical = str(uuid.uuid4()), param("LogicalResourceIds", [])
    detection = {
        "StackId": stack.id,
        "StackDriftDetectionId": identifier,
        "DetectionStatus": "DETECTION_IN_PROGRESS",
        "Timestamp": moment(),
    }
    registry.detections[identifier] = detection

    def detect():
        time.sleep(SETTINGS.step)
        found = [
            drift_of(stack, name, resource)
            for name, resource in stack.resources().items()
            if resource.type in DRIFTING and (not logical or name in logical)
        ]
        count = sum(drift["StackResourceDriftStatus"] != "IN_SYNC" for drift in found)
        status = "DRIFTED" if count else "IN_SYNC"
        with registry.lock:
            stack.drifts = found
            stack.drift = {"StackDriftStatus": status, "LastCheckTimestamp": moment()}
            done = {"StackDriftStatus": status, "DriftedStackResourceCount": count}
            detection.update(done, DetectionStatus="DETECTION_COMPLETE")

    threading.Thread(target=detect, daemon=True).start()
    return {"StackDriftDetectionId": identifier}


@action
def describe_stack_drift_detection_status(self, registry, param):
    identifier = param("StackDriftDetectionId")
    if identifier not in registry.detections:
        raise invalid(f"DriftDetectionId [{identifier}] does not exist")
    return dict(registry.detections[identifier])


@action
def describe_stack_resource_drifts(self, registry, param):
    stack, wanted = registry.stack(param("StackName")), param("StackResourceDriftStatusFilters", [])
    drifts = [drift for drift in stack.drifts if not wanted or drift["StackResourceDriftStatus"] in wanted]
    return page(drifts, int(param("MaxResults") or 100), param("NextToken"), "StackResourceDrifts")
