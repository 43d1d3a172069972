"""Required properties of CloudFormation types, from the resource schemas that cfn-lint bundles.

A row has a type, the object that contains the properties, how many of them are required, and their names.
An object is a dotted path; an item of a list counts as the list. The types of the resource tables have a
row for each object, and other types one for the resource itself.
"""
from cloudformation import DEPTH, nodes, schema_of, types
from makers import WRITTEN_BY
from makers.schema_names import declared_types

HEAD = f"""\
{WRITTEN_BY}
# Columns: type, object, how many of the properties (all; one: exactly one; exact: exactly one, according to AWS;
# some: at least one), properties.
"""
# Sets that the schemas lack, or of which AWS documents that it accepts only one. `src/reachability/refused` checks
# routes with several targets.
DESTINATIONS = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"]
MORE = {
    # API_CreateAutoScalingGroup
    "AWS::AutoScaling::AutoScalingGroup": [
        ("exact", ["InstanceId", "LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy"])],
    # API_CreateVpcEndpoint
    "AWS::EC2::VPCEndpoint": [("one", ["ResourceConfigurationArn", "ServiceName", "ServiceNetworkArn"])],
    # API_CreateRoute: all other properties are targets.
    "AWS::EC2::Route": [("some", DESTINATIONS), ("some", None)],
}
KINDS = {"required": "all", "requiredXor": "one", "requiredOr": "some"}


def make(inputs):
    inputs.installed("cfn-lint")
    modeled, _ = declared_types()
    lines = []
    for name in types():
        objects = nodes(schema_of(name), DEPTH if name in modeled else 0)
        more = [(kind, names or targets(schema_of(name))) for kind, names in MORE.get(name, ())]
        found = [row for path, node in objects for row in required(node, path)]
        found = [row for row in found if row.split("\t")[2].split(",") not in [names for _, names in more]]
        found += [f"\t{kind}\t{','.join(names)}" for kind, names in more]
        lines += [f"{name}\t{row}\n" for row in dict.fromkeys(found)]
    return HEAD + "".join(lines)


def targets(schema):
    others = {"RouteTableId", *DESTINATIONS, *(it.split("/")[2] for it in schema["readOnlyProperties"])}
    return sorted(schema["properties"].keys() - others)


def required(node, path):
    for key, kind in KINDS.items():
        if node.get(key):
            yield f"{path}\t{kind}\t{','.join(sorted(node[key]))}"
