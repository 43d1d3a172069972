"""The actions that recorded calls need: IAM's names, the ARNs of the parameters, and actions that a parameter implies."""

import json
import re

from harness.emulators import ACCOUNT, REGION

SERVICES = {"monitoring": "cloudwatch"}
# IAM needs no permission for it.
FREE = {"sts:GetCallerIdentity"}
S3 = {
    "PUT bucket": "CreateBucket",
    "DELETE bucket": "DeleteBucket",
    "HEAD bucket": "ListBucket",
    "GET bucket": "ListBucket",
    "GET bucket?acl": "GetBucketAcl",
    "GET bucket?accelerate": "GetAccelerateConfiguration",
    "GET bucket?cors": "GetBucketCORS",
    "GET bucket?logging": "GetBucketLogging",
    "GET bucket?object-lock": "GetBucketObjectLockConfiguration",
    "GET bucket?replication": "GetReplicationConfiguration",
    "GET bucket?requestPayment": "GetBucketRequestPayment",
    "GET bucket?website": "GetBucketWebsite",
    "DELETE bucket?policy": "DeleteBucketPolicy",
}
S3_SUBRESOURCES = {
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
}
EC2_IDS = {
    "vpc": "vpc",
    "subnet": "subnet",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "rtb": "route-table",
    "lt": "launch-template",
    "vpce": "vpc-endpoint",
    "i": "instance",
    "fl": "vpc-flow-log",
    "acl": "network-acl",
    "dopt": "dhcp-options",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "pl": "prefix-list",
    "vol": "volume",
}
# Requests of Route 53, after the version in their paths.
ROUTE53 = {
    r"POST /hostedzone": "CreateHostedZone",
    r"DELETE /hostedzone/\w+": "DeleteHostedZone",
    r"GET /hostedzone/\w+": "GetHostedZone",
    r"POST /hostedzone/\w+/rrset": "ChangeResourceRecordSets",
    r"GET /hostedzone/\w+/rrset": "ListResourceRecordSets",
    r"POST /hostedzone/\w+/associatevpc": "AssociateVPCWithHostedZone",
    r"POST /hostedzone/\w+/disassociatevpc": "DisassociateVPCFromHostedZone",
    r"GET /hostedzonesbyvpc": "ListHostedZonesByVPC",
    r"POST /tags/hostedzone/\w+": "ChangeTagsForResource",
    r"GET /tags/hostedzone/\w+": "ListTagsForResource",
    r"GET /change/\w+": "GetChange",
}
# The action that a request with tags also needs.
TAG_ACTIONS = {
    "kms:CreateKey": "kms:TagResource",
    "logs:CreateLogGroup": "logs:TagResource",
    "sns:CreateTopic": "sns:TagResource",
    "ssm:CreateDocument": "ssm:AddTagsToResource",
    "ssm:CreateMaintenanceWindow": "ssm:AddTagsToResource",
    "ssm:CreateAssociation": "ssm:AddTagsToResource",
    "cloudtrail:CreateTrail": "cloudtrail:AddTags",
    "events:PutRule": "events:TagResource",
    "cloudwatch:PutMetricAlarm": "cloudwatch:TagResource",
    "config:PutConfigRule": "config:TagResource",
    "iam:CreateRole": "iam:TagRole",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "autoscaling:CreateAutoScalingGroup": "autoscaling:CreateOrUpdateTags",
    "elasticloadbalancing:CreateListener": "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateLoadBalancer": "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateTargetGroup": "elasticloadbalancing:AddTags",
    "route53resolver:CreateResolverRule": "route53resolver:TagResource",
}
# Calls that give a service a role, if they have this parameter.
PASSED = {
    "iam:AddRoleToInstanceProfile": ("RoleName", "ec2.amazonaws.com"),
    "ec2:RunInstances": ("IamInstanceProfile.Name", "ec2.amazonaws.com"),
    "ec2:CreateFlowLogs": ("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    "cloudtrail:CreateTrail": ("CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
    "cloudtrail:UpdateTrail": ("CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
}


def arn(service, resource, region=REGION, account=ACCOUNT):
    return f"arn:aws:{service}:{region}:{account}:{resource}"


class Recording:
    """The calls of one deployment."""

    def __init__(self, path):
        self.calls = [json.loads(line) for line in path.read_text().splitlines()]
        self.paths, self.profiles = {}, {}
        for call in self.calls:
            p = call["parameters"]
            for key in ("RoleName", "InstanceProfileName", "PolicyName"):
                if call["operation"].startswith("Create") and key in p:
                    self.paths[p[key]] = p.get("Path", "/")
            if call["operation"] == "AddRoleToInstanceProfile":
                self.profiles[p["InstanceProfileName"]] = p["RoleName"]

    def needed(self):
        """Returns the actions with their ARNs and condition keys, without repetitions."""
        found = {}
        for call in self.calls:
            for action, arns, context in self.actions(call):
                if action not in FREE:
                    entry = {"action": action, "arns": sorted(set(arns)), "context": context}
                    found[json.dumps(entry, sort_keys=True)] = entry
        return list(found.values())

    def actions(self, call):
        service = SERVICES.get(call["service"], call["service"])
        operation, p = call["operation"], call["parameters"]
        if service == "s3":
            yield f"s3:{s3_action(operation)}", [f"arn:aws:s3:::{p['Bucket']}"] if p["Bucket"] else [], {}
            return
        if service == "route53":
            yield from route53_actions(operation)
            return
        action = f"{service}:{operation}"
        arns = self.arns(service, operation, p)
        context = {"iam:PolicyARN": p["PolicyArn"]} if operation in ("AttachRolePolicy", "DetachRolePolicy") else {}
        yield action, arns, context
        if action in TAG_ACTIONS and any(re.match(r"tags", key, re.IGNORECASE) and p[key] for key in p):
            yield TAG_ACTIONS[action], arns, {}
        if service == "ec2":
            kinds = {value for key, value in p.items() if re.fullmatch(r"TagSpecification\.\d+\.ResourceType", key)}
            for kind in sorted(kinds):
                yield "ec2:CreateTags", [arn("ec2", f"{kind}/{kind}-new")], {"ec2:CreateAction": operation}
        if action == "ec2:CreateVpcEndpoint" and p.get("PrivateDnsEnabled") == "true":
            yield "route53:AssociateVPCWithHostedZone", [], {}
        parameter, principal = PASSED.get(action, (None, None))
        if p.get(parameter):
            yield (
                "iam:PassRole",
                [self.role(self.profiles.get(p[parameter], p[parameter]))],
                {"iam:PassedToService": principal},
            )

    def role(self, name):
        return name if name.startswith("arn:") else self.iam("role", name)

    def iam(self, kind, name):
        return arn("iam", f"{kind}{self.paths.get(name, '/')}{name}", region="")

    def arns(self, service, operation, p):
        """Returns the ARNs of the resources that the parameters name."""
        texts = [value for value in flat(p) if isinstance(value, str)]
        if service == "ec2":
            ids = [re.fullmatch(r"([a-z]+)-[0-9a-f]+", text) for text in texts]
            found = [arn("ec2", f"{EC2_IDS[it[1]]}/{it[0]}") for it in ids if it and it[1] in EC2_IDS]
            images = [text for text in texts if re.fullmatch(r"ami-[0-9a-f]+", text)]
            return found + [arn("ec2", f"image/{it}", account="") for it in images]
        if service == "iam":
            names = {"PolicyName": "policy", "InstanceProfileName": "instance-profile", "RoleName": "role"}
            if p.get("PolicyArn", "").startswith(f"arn:aws:iam::{ACCOUNT}:") and "RoleName" not in p:
                return [p["PolicyArn"]]
            if operation not in ("CreatePolicy",):
                names.pop("PolicyName")
            if "InstanceProfileName" in p:
                names.pop("RoleName")
            return [self.iam(kind, p[key]) for key, kind in names.items() if key in p]
        if service == "cloudformation":
            name = p.get("StackName", "")
            return [name] if name.startswith("arn:") else [arn(service, f"stack/{name}/0000")] if name else []
        named = {
            "kms": [("KeyId", "key/"), ("TargetKeyId", "key/"), ("AliasName", "")],
            "logs": [("logGroupName", "log-group:"), ("logGroupNamePrefix", "log-group:")],
            "sns": [("Name", "")],
            "events": [("Name", "rule/"), ("Rule", "rule/")],
            "cloudwatch": [("AlarmName", "alarm:"), ("AlarmNames.member.1", "alarm:")],
            "config": [("ConfigRuleName", "config-rule/")],
            "cloudtrail": [("Name", "trail/")],
            "autoscaling": [
                ("AutoScalingGroupName", "autoScalingGroup:0:autoScalingGroupName/"),
                ("LaunchConfigurationName", "launchConfiguration:0:launchConfigurationName/"),
                ("Tags.member.1.ResourceId", "autoScalingGroup:0:autoScalingGroupName/"),
            ],
            "rds": [("DBInstanceIdentifier", "db:"), ("DBSubnetGroupName", "subgrp:")],
            "ssm": [("WindowId", "maintenancewindow/"), ("AssociationId", "association/")],
        }
        own = [text for text in texts if text.startswith(f"arn:aws:{service}:")]
        if service == "sns":
            # A subscription belongs to its topic.
            own = [":".join(text.split(":")[:6]) for text in own]
        # In the JSON protocol, a list; in a query, its first item.
        own += [arn(service, f"alarm:{name}") for name in p.get("AlarmNames", [])]
        for key, prefix in named.get(service, []):
            if p.get(key) and not p[key].startswith("arn:"):
                own.append(arn(service, prefix + p[key]))
        if service == "ssm":
            own += ssm_arns(p, operation)
        if service == "config" and operation == "PutConfigRule":
            own.append(arn(service, "config-rule/config-rule-new"))
        return own


def route53_actions(request):
    verb, _, path = request.partition(" ")
    path = re.sub(r"^/\d{4}-\d\d-\d\d", "", path).rstrip("/")
    action = next(name for pattern, name in ROUTE53.items() if re.fullmatch(pattern, f"{verb} {path}"))
    found = re.search(r"(hostedzone|change)/(\w+)", path)
    yield f"route53:{action}", [f"arn:aws:route53:::{found[1]}/{found[2]}"] if found else [], {}


def ssm_arns(p, operation):
    found = []
    name = p.get("Name")
    if name and ("Document" in operation or "Association" in operation):
        # A document of AWS has no account in its ARN, which the simulator does not accept.
        found.append(arn("ssm", f"document/{name}"))
    if operation == "DescribeAssociation":
        found = [arn("ssm", "association/new")]
    kinds = {"Document": "document", "MaintenanceWindow": "maintenancewindow", "Association": "association"}
    if p.get("ResourceType") in kinds:
        found.append(arn("ssm", f"{kinds[p['ResourceType']]}/{p['ResourceId']}"))
    for key, kind in (("WindowTargetId", "windowtarget"), ("WindowTaskId", "windowtask")):
        if key in p:
            found.append(arn("ssm", f"{kind}/{p[key]}"))
    if operation == "CreateAssociation":
        found.append(arn("ssm", "association/new"))
    return found


def s3_action(operation):
    if operation in S3:
        return S3[operation]
    verb, _, subresource = operation.replace(" bucket?", " ").partition(" ")
    return ("Get" if verb == "GET" else "Put") + S3_SUBRESOURCES[subresource]


def flat(value):
    if isinstance(value, dict):
        for it in value.values():
            yield from flat(it)
    elif isinstance(value, list):
        for it in value:
            yield from flat(it)
    else:
        yield value
