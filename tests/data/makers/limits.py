"""Limits of values in CloudFormation types, from the resource schemas that cfn-lint bundles.

A row has a type, a kind of limit, its argument, and the properties that it applies to: a dotted path, in which
an item of a list counts as the list. As in `required_properties`, the types of the resource tables have rows
for the objects inside.

Left out are limits that are not safe:
- sets and bounds of `changed-limits`, which grew within 2 years;
- sets that grow by their nature (`GROWING`), such as runtimes, engine versions and types of instances;
- bounds of texts that can be an object, since CloudFormation counts another form of them;
- `GROUP_TEXT`, which `src/reachability/refused/group_texts.rs` checks, with its characters;
- whether a value is a list, an object or a range of addresses, for types outside the resource tables;
- patterns other than those of names in `NAMES`: they have the syntax of another language and often no anchors;
- `uniqueItems`, and `minItems` of less than 2: services accept many lists that contradict them.
"""
import re

from cloudformation import DEPTH, nodes, schema_of, types
from makers import WRITTEN_BY
from makers.cloudformation_names import policies
from makers.schema_names import declared_types

HEAD = f"""\
{WRITTEN_BY}
# Columns: type, kind of limit (integer, number, boolean, enum, enum-any-case, length, items, pattern; ipv4, ipv6: a range
# of addresses; list: can be a list; object: not text), argument (a range of numbers, values separated by |, or a regular
# expression), properties.
"""
GROWING = re.compile(r"(Runtime|Runtimes|Version|InstanceType|InstanceTypes|NodeType|Engine|Regions?|AmiType|"
                     r"RuntimeEnvironment|InstanceClass|AcceleratorNames|Platform|OperatingSystem)$")
BOUNDS = {"integer": ("minimum", "maximum"), "number": ("minimum", "maximum"),
          "length": ("minLength", "maxLength"), "items": ("minItems", "maxItems")}

# Names whose pattern the service documents too.
NAMES = re.compile(r"AWS::(CloudTrail::Trail|Events::EventBus|IAM::(Group|InstanceProfile|Role|User)|KMS::Alias|"
                   r"Logs::LogGroup|S3::Bucket|SSM::Document)")
FORMATS = {"ipv4-network": "ipv4", "ipv6-network": "ipv6"}

GROUP_TEXT = "AWS::EC2::SecurityGroup", "GroupDescription"

# Limits in the API reference of EC2 that the schemas lack or contradict.
PORT = "integer", "-1..65535"
OF_EC2 = {
    # API_IpPermission
    "AWS::EC2::SecurityGroup": {
        f"SecurityGroup{it}.{port}": PORT for it in ("Egress", "Ingress") for port in ("FromPort", "ToPort")},
    "AWS::EC2::SecurityGroupEgress": {"FromPort": PORT, "ToPort": PORT},
    "AWS::EC2::SecurityGroupIngress": {"FromPort": PORT, "ToPort": PORT},
    # API_CreateNetworkAclEntry
    "AWS::EC2::NetworkAclEntry": {
        "RuleNumber": ("integer", "1..32766"), "PortRange.From": PORT, "PortRange.To": PORT},
    # API_Placement
    "AWS::EC2::Instance": {"Tenancy": ("enum", "dedicated|default|host")},
    # API_LaunchTemplateInstanceMetadataOptionsRequest
    "AWS::EC2::LaunchTemplate": {
        "LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit": ("integer", "1..64")},
    # API_CreateVpcEndpoint
    "AWS::EC2::VPCEndpoint": {
        "VpcEndpointType": ("enum", "Gateway|GatewayLoadBalancer|Interface|Resource|ServiceNetwork")},
    # API_DhcpOptions: NetBIOS node types
    "AWS::EC2::DHCPOptions": {"NetbiosNodeType": ("enum", "1|2|4|8")},
    # API_CreateVpc: "The host value cannot be used with this parameter."
    "AWS::EC2::VPC": {"InstanceTenancy": ("enum", "dedicated|default")},
}


def make(inputs):
    inputs.installed("cfn-lint")
    modeled, _ = declared_types()
    changed = {tuple(row) for row in inputs.collected("changed-limits")}
    lines = []
    for name in types():
        rows = {}
        own = OF_EC2.get(name, {})
        for path, kind, argument in limits(name, name in modeled):
            if (name, path) == GROUP_TEXT:
                continue
            if (name, path, kind) in changed:
                if kind not in ("integer", "number"):
                    continue
                argument = ""
            if path not in own or own[path][0] != kind:
                rows.setdefault((kind, argument), {})[path] = None
        for path, limit in own.items():
            rows.setdefault(limit, {})[path] = None
        lines += [f"{name}\t{kind}\t{argument}\t{','.join(paths)}\n" for (kind, argument), paths in rows.items()]
    for name, attribute, schema in policies():
        rows = {}
        for path, node in nodes(schema):
            for limit in of_node(path, node):
                rows.setdefault(limit, []).append(path)
        lines += [f"{name}.{attribute}\t{kind}\t{argument}\t{','.join(paths)}\n"
                  for (kind, argument), paths in rows.items()]
    return HEAD + "".join(sorted(lines, key=lambda it: it.split("\t")[0]))


def limits(name, inside):
    schema = schema_of(name)
    read_only = {it.removeprefix("/properties/") for it in schema.get("readOnlyProperties", [])}
    for path, node in nodes(schema, DEPTH if inside else 1):
        if path and path.split(".")[0] not in read_only:
            yield from ((path, *it) for it in of_node(path, node))
            if inside:
                yield from ((path, it, "") for it in forms(node))
            if "pattern" in node and NAMES.fullmatch(name) and [f"/properties/{path}"] == schema["primaryIdentifier"]:
                yield path, "pattern", node["pattern"].replace(r"\Z", "$")


def of_node(path, node):
    of = node.get("type")
    if of in ("integer", "number"):
        yield of, bounds(node, of)
    elif of == "boolean":
        yield of, ""
    elif of == "array":
        # A list can lose members that a condition omits.
        least = node.get("minItems", 0)
        if "maxItems" in node or least > 1:
            yield "items", f"{least if least > 1 else ''}..{node.get('maxItems', '')}"
    elif of == "string" and (found := bounds(node, "length")) and found != "0..":
        yield "length", found
    for key, kind in (("enum", "enum"), ("enumCaseInsensitive", "enum-any-case")):
        if key in node and of in ("string", "integer", "number") and not GROWING.search(path):
            yield kind, "|".join(map(str, sorted(node[key])))


def forms(node):
    of = node.get("type")
    # A property without a type accepts any value.
    if of is None or "array" in of:
        yield "list"
    elif of == "object" and "properties" in node:
        yield "object"
    if kind := FORMATS.get(node.get("format")):
        yield kind


def bounds(node, kind):
    low, high = (node.get(key, "") for key in BOUNDS[kind])
    return f"{low}..{high}" if (low, high) != ("", "") else ""
