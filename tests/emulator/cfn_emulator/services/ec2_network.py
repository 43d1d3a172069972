"""EC2 VPC endpoints and flow logs."""

import json

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses.flow_logs import FlowLogs
from moto.ec2.responses.vpcs import VPCs
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from cfn_emulator.moto_patch import replaces


def check_private_dns(backend, vpc_id, service, private_dns):
    if not private_dns:
        return
    for attribute in ("enable_dns_support", "enable_dns_hostnames"):
        if not backend.describe_vpc_attribute(vpc_id, attribute):
            raise EC2ClientError("InvalidParameter", "Enabling private DNS requires both DNS attributes of the VPC")
    for other in backend.vpc_end_points.values():
        if (other.vpc_id, other.service_name) == (vpc_id, service) and other.private_dns_enabled:
            if other.state != "deleted":
                raise EC2ClientError("InvalidParameter", f"private-dns-enabled: conflicting DNS domain for {service}")


@replaces(VPCs, "create_vpc_endpoint")
def create_vpc_endpoint(self):
    """Creates an endpoint with EC2's defaults: type Gateway, and the default security group for interface endpoints.

    Checks private DNS and one subnet per Availability Zone, as EC2 does.
    """
    self.params.setdefault("VpcEndpointType", "Gateway")
    interface = self.params["VpcEndpointType"] == "Interface"
    if not interface:
        self.params["PrivateDnsEnabled"] = False
    elif not self.params.get("SecurityGroupIds"):
        default = self.ec2_backend.get_default_security_group(self.params["VpcId"])
        self.params["SecurityGroupIds"] = [default.id]
    zones = [self.ec2_backend.get_subnet(subnet).availability_zone for subnet in self.params.get("SubnetIds", [])]
    if len(set(zones)) != len(zones):
        raise EC2ClientError("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the same Availability Zone")
    private_dns = self.params.get("PrivateDnsEnabled", True)
    check_private_dns(self.ec2_backend, self.params["VpcId"], self.params["ServiceName"], private_dns)
    return create_vpc_endpoint.original(self)


@replaces(VPCs, "modify_vpc_endpoint")
def modify_vpc_endpoint(self):
    """Modifies an endpoint, including PrivateDnsEnabled, ResetPolicy and the routes of its route tables."""
    endpoint = self.ec2_backend.describe_vpc_endpoints(vpc_end_point_ids=[self._get_param("VpcEndpointId")])[0]
    if self._get_param("PrivateDnsEnabled") is not None:
        endpoint.private_dns_enabled = self._get_bool_param("PrivateDnsEnabled")
    if self._get_param("ResetPolicy"):
        endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
    prefix_list = endpoint.destination_prefix_list_id
    for table in self._get_param("AddRouteTableIds", []) if prefix_list else []:
        if table not in endpoint.route_table_ids:
            self.ec2_backend.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
    for table in self._get_param("RemoveRouteTableIds", []) if prefix_list else []:
        self.ec2_backend.delete_route(table, None, destination_prefix_list_id=prefix_list)
    return modify_vpc_endpoint.original(self)


@replaces(FlowLogs, "create_flow_logs")
def create_flow_logs(self):
    """Creates flow logs; checks the destination: a bucket ARN with an optional prefix, or a log group ARN or name."""
    kind, destination = self._get_param("LogDestinationType", "cloud-watch-logs"), self._get_param("LogDestination")
    role = self._get_param("DeliverLogsPermissionArn")
    account, partition = self.current_account, self.ec2_backend.partition
    if kind == "cloud-watch-logs":
        if destination:
            self.params["LogDestination"] = destination.removesuffix(":*")
            self.params["LogGroupName"] = destination.removesuffix(":*").split(":log-group:")[-1]
        roles = {found.arn for found in iam_backends[account][partition].roles.values()}
        if role and role not in roles:
            raise EC2ClientError("InvalidParameterValue", f"Unable to assume given IAM role: {role}")
    elif kind == "s3":
        if role:
            text = "DeliverLogsPermissionArn is not applicable for s3 delivery"
            raise EC2ClientError("InvalidParameter", text)
        self.params["LogDestination"] = destination.split("/")[0]
        found = s3_backends[account][partition].buckets.get(destination.split("/")[0].split(":::")[-1])
        if found is None:
            raise EC2ClientError("InvalidParameter", f"LogDestination: {destination} does not exist")
    mine = [flow for flow in self.ec2_backend.flow_logs.values() if flow.log_destination == destination]
    if any(flow.resource_id in self._get_param("ResourceIds", []) for flow in mine):
        raise EC2ClientError("FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration.")
    result = create_flow_logs.original(self)
    for identifier in result.result["FlowLogIds"]:
        flow = self.ec2_backend.flow_logs[identifier]
        if kind == "s3":
            flow.log_destination = destination
        flow.deliver_logs_status = "SUCCESS"
        options = self._get_param("DestinationOptions")
        if options:
            defaults = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
            flow.destination_options = {**defaults, **options}
    return result
