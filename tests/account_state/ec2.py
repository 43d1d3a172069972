"""Reads VPCs, security groups, endpoints, launch templates, instances and flow logs."""

import base64

from account_state.forms import Set, explicit, policy, tags_of


class Ec2:
    """The part of `State` that reads EC2."""

    def read_ec2(self):
        self.read_network()
        self.read_gateways()
        self.read_endpoints()
        self.read_instances()
        self.read_flow_logs()

    def read_network(self):
        ec2 = self.emulator.client("ec2")
        vpcs = [vpc for vpc in self.emulator.list_all("ec2", "describe_vpcs", "Vpcs") if not vpc.get("IsDefault")]
        mine = [{"Name": "vpc-id", "Values": [vpc["VpcId"] for vpc in vpcs]}]
        for vpc in vpcs:
            facts = {"cidr": vpc["CidrBlock"], "tenancy": vpc["InstanceTenancy"], "tags": tags_of(vpc)}
            for name in ("enableDnsSupport", "enableDnsHostnames"):
                answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=name)
                facts[name] = answer[name[0].upper() + name[1:]]["Value"]
            self.add("vpc", [vpc["VpcId"]], tags_of(vpc).get("Name", vpc["CidrBlock"]), facts)
        tables = self.emulator.list_all("ec2", "describe_route_tables", "RouteTables", Filters=mine)
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
        for subnet in self.emulator.list_all("ec2", "describe_subnets", "Subnets", Filters=mine):
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
        for rule in self.emulator.list_all("ec2", "describe_security_group_rules", "SecurityGroupRules"):
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
        for group in self.emulator.list_all("ec2", "describe_security_groups", "SecurityGroups", Filters=mine):
            facts = {
                "vpc": group["VpcId"],
                "name": explicit(group["GroupName"]),
                "description": group["Description"],
                "rules": rules.get(group["GroupId"], Set()),
                "tags": tags_of(group),
            }
            name = "default" if group["GroupName"] == "default" else tags_of(group).get("Name", group["Description"])
            self.add("group", [group["GroupId"]], name, facts)

    def read_gateways(self):
        for gateway in self.emulator.list_all("ec2", "describe_internet_gateways", "InternetGateways"):
            attached = Set(attachment["VpcId"] for attachment in gateway["Attachments"])
            facts = {"attached": attached, "tags": tags_of(gateway)}
            self.add("internet gateway", [gateway["InternetGatewayId"]], tags_of(gateway).get("Name", ""), facts)
        for address in self.emulator.client("ec2").describe_addresses()["Addresses"]:
            facts = {"domain": address["Domain"], "tags": tags_of(address)}
            ids = [address["AllocationId"], address["PublicIp"], address.get("AssociationId")]
            self.add("address", ids, tags_of(address).get("Name", ""), facts)
        for gateway in self.emulator.list_all("ec2", "describe_nat_gateways", "NatGateways"):
            if gateway["State"] == "deleted":
                continue
            facts = {
                "subnet": gateway["SubnetId"],
                "connectivity": gateway.get("ConnectivityType", "public"),
                "addresses": Set(address["AllocationId"] for address in gateway["NatGatewayAddresses"]),
                "tags": tags_of(gateway),
            }
            self.add("nat gateway", [gateway["NatGatewayId"]], tags_of(gateway).get("Name", ""), facts)

    def read_endpoints(self):
        for endpoint in self.emulator.list_all("ec2", "describe_vpc_endpoints", "VpcEndpoints"):
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
        for found in self.emulator.client("ec2").describe_prefix_lists()["PrefixLists"]:
            self.names_of_prefix_list(found)

    def names_of_prefix_list(self, found):
        self.world.setdefault(found["PrefixListId"], f"prefix list {found['PrefixListName']}")

    def read_instances(self):
        ec2 = self.emulator.client("ec2")
        for template in self.emulator.list_all("ec2", "describe_launch_templates", "LaunchTemplates"):
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
        volumes = {volume["VolumeId"]: volume for volume in self.emulator.list_all("ec2", "describe_volumes", "Volumes")}
        for reservation in self.emulator.list_all("ec2", "describe_instances", "Reservations"):
            for instance in reservation["Instances"]:
                if instance["State"]["Name"] == "running":
                    self.read_instance(instance, volumes)

    def read_instance(self, instance, volumes):
        def attribute(name):
            answer = self.emulator.client("ec2").describe_instance_attribute(
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
        found = self.emulator.client("ec2").describe_network_interfaces(NetworkInterfaceIds=interfaces)
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

    def read_flow_logs(self):
        for flow in self.emulator.list_all("ec2", "describe_flow_logs", "FlowLogs"):
            facts = {
                "of": flow["ResourceId"],
                "traffic": flow["TrafficType"],
                "kind": flow["LogDestinationType"],
                "destination": (flow.get("LogDestination") or flow.get("LogGroupName", "")).removesuffix(":*"),
                "role": flow.get("DeliverLogsPermissionArn"),
                "format": flow["LogFormat"],
                "interval": flow["MaxAggregationInterval"],
                "options": flow.get("DestinationOptions"),
                "tags": tags_of(flow),
            }
            self.add("flow log", [flow["FlowLogId"]], tags_of(flow).get("Name", ""), facts)
