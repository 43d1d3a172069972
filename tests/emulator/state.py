"""The state of an emulator, read by the AWS API, with ids replaced by what the things are."""

import base64
import json

from state_forms import GENERATED, Set, explicit, policy, tags_of
from state_services import Services

# Not compared, and why.
NOT_COMPARED = {
    "generated names (roles, profiles, groups, templates)": "each tool makes its own; that both generate one is compared",
    "ids, ARNs, dates, client tokens": "random; ids are replaced by the thing they name",
    "tags that begin with aws:": "CloudFormation's own; what EC2 sets for launch templates is compared as a relationship",
    "private addresses and network interfaces of endpoints": "chosen at random by the emulator",
    "instance: CPU credits, CPU options, tenancy, placement, hibernation": "the emulator keeps none of them",
    "IAM: whether AWS accepts a policy": "the emulator does not validate principals, actions or conditions",
    "Terraform tags of things that no CloudFormation type can tag": "compared where the API tells them (rules, profiles)",
    "order of deployment, deletion policies, prevent_destroy": "leave no trace in the state",
    "keys that wait for their deletion, and how long": "they are gone; types_check.py looks at the time",
    "metrics without a unit and with None, alarms without TreatMissingData and with missing": "the same by definition",
    "log groups given with and without :*": "the same destination of flow logs",
    "subscriptions: whether they are confirmed": "the emulator confirms them at once",
    "versions of documents": "each tool counts its own; that the latest is the default one is compared",
    "the default VPC": "made by the emulator, of no interest",
}


class State(Services):
    """Things by label; `things[label]` are the facts of one thing."""

    def __init__(self, server, world, outputs):
        self.server = server
        self.found = []  # (kind, ids, base label, facts)
        self.world = {real: placeholder for placeholder, real in world.items()}
        self.read()
        self.things = self.label()
        self.outputs = {name: self.rename(value) for name, value in outputs.items()}

    def add(self, kind, ids, name, facts):
        self.found.append((kind, [identifier for identifier in ids if identifier], f"{kind} {name}", facts))

    # Labels first from names and descriptions; equal ones are numbered by what they contain.

    def label(self):
        self.names = dict(self.world)
        for _, ids, base, _ in self.found:
            for identifier in ids:
                self.names.setdefault(identifier, base)
        groups = {}
        texts = [(ids, base, json.dumps(facts)) for _, ids, base, facts in self.found]
        for kind, ids, base, facts in self.found:
            base = f"{kind} {self.world[ids[0]]}" if ids and ids[0] in self.world else base
            # What is alike (two templates with one content) is told apart by what refers to it.
            users = sorted(user for others, user, text in texts if others is not ids and any(i in text for i in ids))
            sorting = [json.dumps(self.rename(facts), sort_keys=True), users]
            groups.setdefault(base, []).append((sorting, ids, facts))
        labelled = []
        for base, members in groups.items():
            members.sort(key=lambda member: member[0])
            for number, (_, ids, facts) in enumerate(members, 1):
                label = base if len(members) == 1 else f"{base} #{number}"
                labelled.append((label, facts))
                for identifier in ids:
                    if identifier not in self.world:
                        self.names[identifier] = label
        return {self.rename(label): self.rename(facts) for label, facts in labelled}

    def rename(self, value):
        if isinstance(value, Set):
            return sorted((self.rename(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        if isinstance(value, list):
            return [self.rename(item) for item in value]
        if isinstance(value, dict):
            return {self.rename(key): self.rename(item) for key, item in value.items()}
        if isinstance(value, str):
            if value in self.names:
                return f"<{self.names[value]}>"
            for identifier in sorted((name for name in self.names if name in value), key=len, reverse=True):
                value = value.replace(identifier, f"<{self.names[identifier]}>")
        return value

    # Reading.

    def read(self):
        self.read_network()
        self.read_endpoints()
        self.read_iam()
        self.read_instances()
        self.read_services()

    def read_network(self):
        ec2 = self.server.client("ec2")
        vpcs = [vpc for vpc in self.server.all("ec2", "describe_vpcs", "Vpcs") if not vpc.get("IsDefault")]
        mine = [{"Name": "vpc-id", "Values": [vpc["VpcId"] for vpc in vpcs]}]
        for vpc in vpcs:
            facts = {"cidr": vpc["CidrBlock"], "tenancy": vpc["InstanceTenancy"], "tags": tags_of(vpc)}
            for name in ("enableDnsSupport", "enableDnsHostnames"):
                answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=name)
                facts[name] = answer[name[0].upper() + name[1:]]["Value"]
            self.add("vpc", [vpc["VpcId"]], tags_of(vpc).get("Name", vpc["CidrBlock"]), facts)
        tables = self.server.all("ec2", "describe_route_tables", "RouteTables", Filters=mine)
        table_of = {}
        for table in tables:
            subnets = Set(a["SubnetId"] for a in table["Associations"] if a.get("SubnetId"))
            table_of |= {subnet: table["RouteTableId"] for subnet in subnets}
            main = any(association.get("Main") for association in table["Associations"])
            routes = Set()
            for route in table["Routes"]:
                routes.append({k: v for k, v in route.items() if k not in ("State", "Origin") and v})
            facts = {"vpc": table["VpcId"], "main": main, "routes": routes, "subnets": subnets, "tags": tags_of(table)}
            name = "main" if main else tags_of(table).get("Name", "")
            self.add("route table", [table["RouteTableId"]], name, facts)
        for subnet in self.server.all("ec2", "describe_subnets", "Subnets", Filters=mine):
            facts = {
                "vpc": subnet["VpcId"],
                "cidr": subnet["CidrBlock"],
                "zone": subnet["AvailabilityZone"],
                "public addresses": subnet["MapPublicIpOnLaunch"],
                "route table": table_of.get(subnet["SubnetId"], "main"),
                "tags": tags_of(subnet),
            }
            self.add("subnet", [subnet["SubnetId"]], tags_of(subnet).get("Name", subnet["CidrBlock"]), facts)
        rules = {}
        for rule in self.server.all("ec2", "describe_security_group_rules", "SecurityGroupRules"):
            peer = rule.get("ReferencedGroupInfo", {}).get("GroupId")
            rules.setdefault(rule["GroupId"], Set()).append(
                {
                    "direction": "egress" if rule["IsEgress"] else "ingress",
                    "protocol": rule["IpProtocol"],
                    "ports": [rule.get("FromPort"), rule.get("ToPort")],
                    "peer": rule.get("CidrIpv4") or rule.get("CidrIpv6") or peer or rule.get("PrefixListId"),
                    "description": rule.get("Description") or "",
                    "tags": tags_of(rule),
                }
            )
        for group in self.server.all("ec2", "describe_security_groups", "SecurityGroups", Filters=mine):
            facts = {
                "vpc": group["VpcId"],
                "name": explicit(group["GroupName"]),
                "description": group["Description"],
                "rules": rules.get(group["GroupId"], Set()),
                "tags": tags_of(group),
            }
            name = "default" if group["GroupName"] == "default" else tags_of(group).get("Name", group["Description"])
            self.add("group", [group["GroupId"]], name, facts)

    def read_endpoints(self):
        for endpoint in self.server.all("ec2", "describe_vpc_endpoints", "VpcEndpoints"):
            if endpoint["State"] == "deleted":
                continue
            facts = {
                "vpc": endpoint["VpcId"],
                "service": endpoint["ServiceName"],
                "type": endpoint["VpcEndpointType"],
                "private dns": endpoint.get("PrivateDnsEnabled", False),
                "subnets": Set(endpoint.get("SubnetIds", [])),
                "groups": Set(group["GroupId"] for group in endpoint.get("Groups", [])),
                "route tables": Set(endpoint.get("RouteTableIds", [])),
                "policy": policy(endpoint["PolicyDocument"]),
                "tags": tags_of(endpoint),
            }
            self.add("endpoint", [endpoint["VpcEndpointId"]], endpoint["ServiceName"].split(".")[-1], facts)
        for found in self.server.client("ec2").describe_prefix_lists()["PrefixLists"]:
            self.names_of_prefix_list(found)

    def names_of_prefix_list(self, found):
        self.world.setdefault(found["PrefixListId"], f"prefix list {found['PrefixListName']}")

    @staticmethod
    def generated(name):
        """A chosen name is text like any other; a generated one stands for its thing."""
        return [name] if GENERATED.fullmatch(name) else []

    def read_iam(self):
        iam = self.server.client("iam")
        for role in self.server.all("iam", "list_roles", "Roles"):
            name = {"RoleName": role["RoleName"]}
            role = iam.get_role(**name)["Role"]
            inline = {
                explicit(policy_name): policy(iam.get_role_policy(PolicyName=policy_name, **name)["PolicyDocument"])
                for policy_name in self.server.all("iam", "list_role_policies", "PolicyNames", **name)
            }
            attached = self.server.all("iam", "list_attached_role_policies", "AttachedPolicies", **name)
            facts = {
                "path": role["Path"],
                "name": explicit(role["RoleName"]),
                "description": role.get("Description") or "",
                "session": role["MaxSessionDuration"],
                "trust": policy(role["AssumeRolePolicyDocument"]),
                "attached": Set(found["PolicyArn"] for found in attached),
                "inline": inline,
                "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
                "tags": tags_of(role),
            }
            label = tags_of(role).get("Name", "") or facts["name"]
            self.add("role", [role["Arn"], *self.generated(role["RoleName"])], label, facts)
        for profile in self.server.all("iam", "list_instance_profiles", "InstanceProfiles"):
            facts = {
                "path": profile["Path"],
                "name": explicit(profile["InstanceProfileName"]),
                "roles": [role["Arn"] for role in profile["Roles"]],
                "tags": tags_of(profile),
            }
            ids = [profile["Arn"], *self.generated(profile["InstanceProfileName"])]
            self.add("profile", ids, facts["name"], facts)
        for found in self.server.all("iam", "list_policies", "Policies", Scope="Local"):
            version = iam.get_policy_version(PolicyArn=found["Arn"], VersionId=found["DefaultVersionId"])
            facts = {
                "path": found["Path"],
                "name": explicit(found["PolicyName"]),
                "description": found.get("Description") or "",
                "document": policy(version["PolicyVersion"]["Document"]),
            }
            self.add("policy", [found["Arn"]], facts["name"], facts)

    def read_instances(self):
        ec2 = self.server.client("ec2")
        for template in self.server.all("ec2", "describe_launch_templates", "LaunchTemplates"):
            identifier = template["LaunchTemplateId"]
            versions = {}
            for name in ("$Default", "$Latest"):
                found = ec2.describe_launch_template_versions(LaunchTemplateId=identifier, Versions=[name])
                version = found["LaunchTemplateVersions"][0]
                data = {key: value for key, value in version["LaunchTemplateData"].items() if value not in ("", None)}
                for member in ("BlockDeviceMappings", "TagSpecifications", "SecurityGroupIds"):
                    if member in data:
                        data[member] = Set(data[member])
                for part in data.get("TagSpecifications", []):
                    part["Tags"] = tags_of(part)
                versions[name] = {
                    "number": version["VersionNumber"],
                    "description": version.get("VersionDescription") or "",
                    "data": data,
                }
            facts = {"name": explicit(template["LaunchTemplateName"]), "tags": tags_of(template), **versions}
            self.add("template", [identifier], tags_of(template).get("Name", facts["name"]), facts)
        volumes = {volume["VolumeId"]: volume for volume in self.server.all("ec2", "describe_volumes", "Volumes")}
        for reservation in self.server.all("ec2", "describe_instances", "Reservations"):
            for instance in reservation["Instances"]:
                if instance["State"]["Name"] == "running":
                    self.read_instance(instance, volumes)

    def read_instance(self, instance, volumes):
        def attribute(name):
            answer = self.server.client("ec2").describe_instance_attribute(
                InstanceId=instance["InstanceId"], Attribute=name
            )
            return answer[name[0].upper() + name[1:]].get("Value")

        options = {k: v for k, v in instance["MetadataOptions"].items() if k != "State"}
        own = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
        disks = {}
        for device in instance["BlockDeviceMappings"]:
            volume = volumes[device["Ebs"]["VolumeId"]]
            disks[device["DeviceName"]] = {
                "size": volume["Size"],
                "type": volume["VolumeType"],
                "iops": volume.get("Iops"),
                "throughput": volume.get("Throughput"),
                "encrypted": volume["Encrypted"],
                "key": volume.get("KmsKeyId"),
                "deleted with the instance": device["Ebs"]["DeleteOnTermination"],
                "tags": tags_of(volume),
            }
        interfaces = [interface["NetworkInterfaceId"] for interface in instance["NetworkInterfaces"]]
        found = self.server.client("ec2").describe_network_interfaces(NetworkInterfaceIds=interfaces)
        facts = {
            "image": instance["ImageId"],
            "type": instance["InstanceType"],
            "template": own.get("aws:ec2launchtemplate:id"),
            "template version": own.get("aws:ec2launchtemplate:version"),
            "subnet": instance["SubnetId"],
            "groups": Set(group["GroupId"] for group in instance["SecurityGroups"]),
            "profile": instance.get("IamInstanceProfile", {}).get("Arn"),
            "key pair": instance.get("KeyName"),
            "public address": bool(instance.get("PublicIpAddress")),
            "metadata": options,
            "monitoring": instance["Monitoring"]["State"],
            "termination protection": attribute("disableApiTermination"),
            "on shutdown": attribute("instanceInitiatedShutdownBehavior"),
            "ebs optimized": instance.get("EbsOptimized", False),
            "source and destination check": instance.get("SourceDestCheck"),
            "root device": instance["RootDeviceName"],
            "disks": disks,
            "interface tags": [tags_of(interface, "TagSet") for interface in found["NetworkInterfaces"]],
            "user data": base64.b64decode(attribute("userData") or "").decode(),
            "tags": tags_of(instance),
        }
        self.add("instance", [instance["InstanceId"]], own.get("Name", ""), facts)


def differences(left, right, path=""):
    """Where two states differ, as lines."""
    if isinstance(left, dict) and isinstance(right, dict):
        lines = []
        for key in sorted(left.keys() | right.keys()):
            here = f"{path} / {key}" if path else key
            if key not in left:
                lines.append(f"{here}: only in Terraform: {json.dumps(right[key], sort_keys=True)}")
            elif key not in right:
                lines.append(f"{here}: only in CloudFormation: {json.dumps(left[key], sort_keys=True)}")
            else:
                lines += differences(left[key], right[key], here)
        return lines
    if isinstance(left, list) and isinstance(right, list) and left != right:
        only_left = [item for item in left if item not in right]
        only_right = [item for item in right if item not in left]
        if only_left or only_right:
            return [f"{path}: CloudFormation has {json.dumps(item, sort_keys=True)}" for item in only_left] + [
                f"{path}: Terraform has {json.dumps(item, sort_keys=True)}" for item in only_right
            ]
    if left != right:
        return [f"{path}: CloudFormation {json.dumps(left)}, Terraform {json.dumps(right)}"]
    return []
