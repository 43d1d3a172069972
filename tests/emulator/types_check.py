#!/usr/bin/env python3
"""Checks the resource types beyond the network: one stack of all of them by both tools, compared, changed and removed.

    types_check.py [--keep]

Both tools deploy to emulators of their own; the states, read by the API, must be equal, the second plan empty. Then each
property of CHANGES is changed in the stack and has to show as a difference; the same changes by Terraform make both equal
again, and after the removal only what is to be retained is left. What it shows is that the emulator and `state.py` see
these properties; that AWS accepts the values is not shown.
"""

import argparse
import copy
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True

from botocore.exceptions import ClientError
from harness import ACCOUNT, STACK, Failure, Worker, deploy_stack, seed, with_ids
from state import State, differences

REGION = "us-east-1"
IMAGE = "ami-0aaaaaaaaaaaaaaa1"
TAGS = {"Team": "platform"}
LISTED = [{"Key": key, "Value": value} for key, value in TAGS.items()]


def arn(service, resource, region=REGION, account=ACCOUNT):
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def bucket_arn(name, path=""):
    return arn("s3", name + path, "", "")


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(principal, actions, resource="*", **more):
    return {"Effect": "Allow", "Principal": {"Service": principal}, "Action": actions, "Resource": resource, **more}


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document(statement)


GROUP = "/sessions/shell"
TRAIL = arn("cloudtrail", "trail/sessions")
TOPIC = arn("sns", "sessions")
KEY_POLICY = document(
    {
        "Sid": "Owner",
        "Effect": "Allow",
        "Principal": {"AWS": arn("iam", "root", "")},
        "Action": "kms:*",
        "Resource": "*",
    },
    {
        "Sid": "Logs",
        **allow(f"logs.{REGION}.amazonaws.com", ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"]),
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn("logs", f"log-group:{GROUP}")}},
    },
    {
        "Sid": "Trail",
        **allow("cloudtrail.amazonaws.com", ["kms:GenerateDataKey*", "kms:DescribeKey"]),
        "Condition": {
            "StringEquals": {"aws:SourceArn": TRAIL},
            "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": arn("cloudtrail", "trail/*", "*")},
        },
    },
    {"Sid": "Events", **allow("events.amazonaws.com", ["kms:GenerateDataKey*", "kms:Decrypt"])},
)


def tls_only(bucket):
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn(bucket), bucket_arn(bucket, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def from_trail(action, resource, condition=None):
    operators = {"StringEquals": {"aws:SourceArn": TRAIL, **(condition or {})}}
    return allow("cloudtrail.amazonaws.com", action, resource, Condition=operators)


LOG_BUCKET, ACCESS_BUCKET = "sessions-logs-example", "sessions-access-example"
BUCKET_POLICY = document(
    tls_only(LOG_BUCKET),
    from_trail("s3:GetBucketAcl", bucket_arn(LOG_BUCKET)),
    from_trail(
        "s3:PutObject",
        bucket_arn(LOG_BUCKET, f"/AWSLogs/{ACCOUNT}/*"),
        {"s3:x-amz-acl": "bucket-owner-full-control"},
    ),
)
TOPIC_POLICY = document({"Sid": "Events", **allow("events.amazonaws.com", "sns:Publish", TOPIC)})
SESSION = {
    "schemaVersion": "1.0",
    "description": "sessions",
    "sessionType": "Standard_Stream",
    "inputs": {
        "cloudWatchLogGroupName": GROUP,
        "cloudWatchEncryptionEnabled": True,
        "s3BucketName": LOG_BUCKET,
        "idleSessionTimeout": "20",
        "runAsEnabled": False,
    },
}
COMMAND = {
    "schemaVersion": "2.2",
    "description": "a command",
    "parameters": {"Word": {"type": "String", "default": "hello"}},
    "mainSteps": [{"action": "aws:runShellScript", "name": "say", "inputs": {"runCommand": ["echo {{ Word }}"]}}],
}
PATTERN = {
    "source": ["aws.ssm"],
    "detail-type": ["AWS API Call via CloudTrail"],
    "detail": {
        "eventSource": ["ssm.amazonaws.com"],
        "eventName": ["StartSession", "ResumeSession", "TerminateSession"],
    },
}
PATHS = {"who": "$.detail.userIdentity.arn", "what": "$.detail.eventName"}
TEXT = '"<who> did <what>"'
FILTER = '{ ($.eventSource = "ssm.amazonaws.com") && ($.eventName = "StartSession") }'
LOGGED = document({"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"})
BOUNDARY = document({"Effect": "Allow", "Action": "*", "Resource": "*"})


def ref(name):
    return {"Ref": name}


def att(name, member="Arn"):
    return {"Fn::GetAtt": [name, member]}


def sub(text):
    return {"Fn::Sub": text}


# --- CloudFormation ----------------------------------------------------------------------------------------------------


def resource(kind, *needs, retain=False, **properties):
    found = {"Type": f"AWS::{kind}", "Properties": properties}
    if needs:
        found["DependsOn"] = list(needs)
    if retain:
        found |= {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return found


RULES = [
    {
        "Id": "expire",
        "Status": "Enabled",
        "ExpirationInDays": 365,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
    {
        "Id": "move",
        "Status": "Enabled",
        "Prefix": "AWSLogs/",
        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}],
    },
]
CLOSED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


def encryption(algorithm, key=None):
    default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    rule = {"ServerSideEncryptionByDefault": default, **({"BucketKeyEnabled": True} if key else {})}
    return {"ServerSideEncryptionConfiguration": [rule]}


def template():
    owned = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
    return {
        "Resources": {
            "Key": resource(
                "KMS::Key",
                Description="sessions",
                EnableKeyRotation=True,
                PendingWindowInDays=7,
                KeyPolicy=KEY_POLICY,
                Tags=LISTED,
            ),
            "Alias": resource("KMS::Alias", AliasName="alias/sessions", TargetKeyId=ref("Key")),
            "Group": resource(
                "Logs::LogGroup", LogGroupName=GROUP, RetentionInDays=90, KmsKeyId=att("Key"), Tags=LISTED
            ),
            "Kept": resource("Logs::LogGroup", LogGroupName="/sessions/kept", LogGroupClass="STANDARD", retain=True),
            "Rare": resource("Logs::LogGroup", LogGroupName="/sessions/rare", LogGroupClass="INFREQUENT_ACCESS"),
            "TrailGroup": resource("Logs::LogGroup", LogGroupName="/sessions/trail", RetentionInDays=30),
            "Preferences": resource(
                "SSM::Document",
                Name="SSM-SessionManagerRunShell",
                DocumentType="Session",
                DocumentFormat="JSON",
                UpdateMethod="NewVersion",
                Content=SESSION,
                Tags=LISTED,
            ),
            "Command": resource(
                "SSM::Document",
                Name="say-hello",
                DocumentType="Command",
                TargetType="/AWS::EC2::Instance",
                Content=COMMAND,
            ),
            "AccessBucket": resource(
                "S3::Bucket",
                BucketName=ACCESS_BUCKET,
                BucketEncryption=encryption("AES256"),
                PublicAccessBlockConfiguration=CLOSED,
                **owned,
            ),
            "AccessPolicy": resource(
                "S3::BucketPolicy",
                Bucket=ref("AccessBucket"),
                PolicyDocument=document(
                    tls_only(ACCESS_BUCKET),
                    allow("logging.s3.amazonaws.com", "s3:PutObject", bucket_arn(ACCESS_BUCKET, "/logs/*")),
                ),
            ),
            "LogBucket": resource(
                "S3::Bucket",
                "AccessPolicy",
                BucketName=LOG_BUCKET,
                BucketEncryption=encryption("aws:kms", att("Key")),
                VersioningConfiguration={"Status": "Enabled"},
                PublicAccessBlockConfiguration=CLOSED,
                LifecycleConfiguration={"Rules": RULES},
                LoggingConfiguration={"DestinationBucketName": ref("AccessBucket"), "LogFilePrefix": "logs/"},
                Tags=LISTED,
                **owned,
            ),
            "LogPolicy": resource("S3::BucketPolicy", Bucket=ref("LogBucket"), PolicyDocument=BUCKET_POLICY),
            "Topic": resource(
                "SNS::Topic", TopicName="sessions", DisplayName="Sessions", KmsMasterKeyId=ref("Key"), Tags=LISTED
            ),
            "TopicPolicy": resource("SNS::TopicPolicy", Topics=[ref("Topic")], PolicyDocument=TOPIC_POLICY),
            "Subscription": resource(
                "SNS::Subscription",
                TopicArn=ref("Topic"),
                Protocol="email",
                Endpoint="security@example.com",
            ),
            "Rule": resource(
                "Events::Rule",
                "TopicPolicy",
                Name="sessions",
                Description="sessions begin and end",
                EventPattern=PATTERN,
                State="ENABLED",
                Targets=[
                    {
                        "Id": "topic",
                        "Arn": ref("Topic"),
                        "InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": TEXT},
                    }
                ],
            ),
            "MetricFilter": resource(
                "Logs::MetricFilter",
                FilterName="sessions",
                FilterPattern=FILTER,
                LogGroupName=ref("TrailGroup"),
                MetricTransformations=[
                    {"MetricName": "Started", "MetricNamespace": "Sessions", "MetricValue": "1", "DefaultValue": 0}
                ],
            ),
            "Alarm": resource(
                "CloudWatch::Alarm",
                AlarmName="sessions",
                AlarmDescription="a session began",
                Namespace="Sessions",
                MetricName="Started",
                Statistic="Sum",
                Period=300,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
                TreatMissingData="notBreaching",
                AlarmActions=[ref("Topic")],
                Tags=LISTED,
            ),
            "TrailRole": resource(
                "IAM::Role",
                RoleName="trail",
                AssumeRolePolicyDocument=trust("cloudtrail.amazonaws.com"),
                Policies=[{"PolicyName": "logs", "PolicyDocument": LOGGED}],
            ),
            "Trail": resource(
                "CloudTrail::Trail",
                "LogPolicy",
                TrailName="sessions",
                S3BucketName=ref("LogBucket"),
                IsLogging=True,
                IsMultiRegionTrail=True,
                IncludeGlobalServiceEvents=True,
                EnableLogFileValidation=True,
                KMSKeyId=att("Key"),
                CloudWatchLogsLogGroupArn=att("TrailGroup"),
                CloudWatchLogsRoleArn=att("TrailRole"),
                EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}],
                Tags=LISTED,
            ),
            "FlowRole": resource(
                "IAM::Role",
                RoleName="flow",
                AssumeRolePolicyDocument=trust("vpc-flow-logs.amazonaws.com"),
                Policies=[{"PolicyName": "logs", "PolicyDocument": LOGGED}],
            ),
            "FlowToGroup": resource(
                "EC2::FlowLog",
                ResourceId="vpc-0aaaaaaaaaaaaaaa1",
                ResourceType="VPC",
                TrafficType="ALL",
                LogDestinationType="cloud-watch-logs",
                LogDestination=sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${TrailGroup}"),
                DeliverLogsPermissionArn=att("FlowRole"),
                MaxAggregationInterval=60,
                Tags=[{"Key": "Name", "Value": "to the group"}],
            ),
            "FlowToBucket": resource(
                "EC2::FlowLog",
                "LogPolicy",
                ResourceId="subnet-0aaaaaaaaaaaaaaa1",
                ResourceType="Subnet",
                TrafficType="REJECT",
                LogDestinationType="s3",
                LogDestination=sub("${LogBucket.Arn}/flow/"),
                Tags=[{"Key": "Name", "Value": "to the bucket"}],
            ),
            "Instance": resource("EC2::Instance", ImageId=IMAGE, InstanceType="t3.micro", SubnetId="subnet-0aaaaaaaaaaaaaaa1"),
            "Update": resource(
                "SSM::Association",
                Name="AWS-UpdateSSMAgent",
                AssociationName="update",
                Targets=[{"Key": "InstanceIds", "Values": [ref("Instance")]}],
                ScheduleExpression="rate(14 days)",
            ),
            "Patch": resource(
                "SSM::Association",
                Name="AWS-RunPatchBaseline",
                AssociationName="patch",
                Targets=[{"Key": "tag:Team", "Values": ["platform", "other"]}],
                Parameters={"Operation": ["Scan"], "RebootOption": ["NoReboot"]},
                ScheduleExpression="cron(0 3 ? * SUN *)",
                ApplyOnlyAtCronInterval=True,
                ComplianceSeverity="HIGH",
                MaxConcurrency="10%",
                MaxErrors="1",
                OutputLocation={
                    "S3Location": {
                        "OutputS3BucketName": ref("LogBucket"),
                        "OutputS3KeyPrefix": "patch",
                        "OutputS3Region": REGION,
                    }
                },
            ),
            "Inventory": resource(
                "SSM::Association",
                Name="AWS-GatherSoftwareInventory",
                AssociationName="inventory",
                Targets=[{"Key": "InstanceIds", "Values": ["*"]}],
                Parameters={"applications": ["Enabled"], "networkConfig": ["Disabled"]},
                ScheduleExpression="rate(12 hours)",
            ),
            "Baseline": resource(
                "SSM::PatchBaseline",
                Name="linux",
                Description="a baseline",
                OperatingSystem="AMAZON_LINUX_2023",
                ApprovedPatchesComplianceLevel="HIGH",
                PatchGroups=["linux"],
                ApprovalRules={
                    "PatchRules": [
                        {
                            "ApproveAfterDays": 7,
                            "ComplianceLevel": "CRITICAL",
                            "PatchFilterGroup": {
                                "PatchFilters": [
                                    {"Key": "CLASSIFICATION", "Values": ["Security"]},
                                    {"Key": "SEVERITY", "Values": ["Critical", "Important"]},
                                ]
                            },
                        }
                    ]
                },
                Tags=LISTED,
            ),
            "Window": resource(
                "SSM::MaintenanceWindow",
                Name="weekly",
                Description="a window",
                Schedule="cron(0 4 ? * SUN *)",
                ScheduleTimezone="Europe/Berlin",
                Duration=3,
                Cutoff=1,
                AllowUnassociatedTargets=False,
                Tags=LISTED,
            ),
            "WindowTarget": resource(
                "SSM::MaintenanceWindowTarget",
                Name="instances",
                WindowId=ref("Window"),
                ResourceType="INSTANCE",
                Targets=[{"Key": "tag:Team", "Values": ["platform"]}],
            ),
            "WindowTask": resource(
                "SSM::MaintenanceWindowTask",
                Name="patch",
                WindowId=ref("Window"),
                TaskType="RUN_COMMAND",
                TaskArn="AWS-RunPatchBaseline",
                Priority=1,
                MaxConcurrency="50%",
                MaxErrors="0",
                Targets=[{"Key": "WindowTargetIds", "Values": [ref("WindowTarget")]}],
                TaskInvocationParameters={
                    "MaintenanceWindowRunCommandParameters": {
                        "Parameters": {"Operation": ["Install"], "RebootOption": ["RebootIfNeeded"]},
                        "TimeoutSeconds": 600,
                        "OutputS3BucketName": ref("LogBucket"),
                        "OutputS3KeyPrefix": "window",
                    }
                },
            ),
            "ManagedRule": resource(
                "Config::ConfigRule",
                ConfigRuleName="managed",
                Description="managed instances",
                Scope={"ComplianceResourceTypes": ["AWS::EC2::Instance"]},
                Source={"Owner": "AWS", "SourceIdentifier": "EC2_INSTANCE_MANAGED_BY_SSM"},
            ),
            "EndpointRule": resource(
                "Config::ConfigRule",
                ConfigRuleName="endpoint",
                InputParameters={"serviceName": "ssm"},
                MaximumExecutionFrequency="TwentyFour_Hours",
                Source={"Owner": "AWS", "SourceIdentifier": "SERVICE_VPC_ENDPOINT_ENABLED"},
            ),
            "Boundary": resource("IAM::ManagedPolicy", ManagedPolicyName="limit", PolicyDocument=BOUNDARY),
            "Operator": resource(
                "IAM::ManagedPolicy",
                ManagedPolicyName="operator",
                Path="/sessions/",
                Description="may start sessions",
                PolicyDocument=document({"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"}),
            ),
            "Role": resource(
                "IAM::Role",
                RoleName="node",
                AssumeRolePolicyDocument=trust("ec2.amazonaws.com"),
                ManagedPolicyArns=[
                    sub("arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"),
                    ref("Operator"),
                ],
                PermissionsBoundary=ref("Boundary"),
                Tags=LISTED,
            ),
        },
        "Outputs": {
            "KeyArn": {"Value": att("Key")},
            "TopicName": {"Value": att("Topic", "TopicName")},
            "TrailArn": {"Value": att("Trail")},
            "BucketDomain": {"Value": att("LogBucket", "DomainName")},
            "RuleArn": {"Value": att("Rule")},
            "Preferences": {"Value": ref("Preferences")},
        },
    }


# --- Terraform ---------------------------------------------------------------------------------------------------------


def text(value):
    """JSON as an argument: `${...}` in it is not for Terraform."""
    return json.dumps(value).replace("${", "$${")


def of_bucket(name, access=False):
    bucket = "${aws_s3_bucket." + name + ".id}"
    found = {
        "aws_s3_bucket_public_access_block": {
            "bucket": bucket,
            "block_public_acls": True,
            "block_public_policy": True,
            "ignore_public_acls": True,
            "restrict_public_buckets": True,
        },
        "aws_s3_bucket_ownership_controls": {"bucket": bucket, "rule": {"object_ownership": "BucketOwnerEnforced"}},
    }
    return bucket, found


def module():
    log, of_log = of_bucket("log")
    access, of_access = of_bucket("access")
    key = "${aws_kms_key.key.arn}"
    topic = "${aws_sns_topic.topic.arn}"
    resources = {
        "aws_kms_key": {
            "key": {
                "description": "sessions",
                "enable_key_rotation": True,
                "deletion_window_in_days": 7,
                "policy": text(KEY_POLICY),
                "tags": TAGS,
            }
        },
        "aws_kms_alias": {"key": {"name": "alias/sessions", "target_key_id": "${aws_kms_key.key.key_id}"}},
        "aws_cloudwatch_log_group": {
            "group": {"name": GROUP, "retention_in_days": 90, "kms_key_id": key, "tags": TAGS},
            "kept": {"name": "/sessions/kept", "log_group_class": "STANDARD", "skip_destroy": True},
            "rare": {"name": "/sessions/rare", "log_group_class": "INFREQUENT_ACCESS"},
            "trail": {"name": "/sessions/trail", "retention_in_days": 30},
        },
        "aws_ssm_document": {
            "preferences": {
                "name": "SSM-SessionManagerRunShell",
                "document_type": "Session",
                "document_format": "JSON",
                "content": text(SESSION),
                "tags": TAGS,
            },
            "command": {
                "name": "say-hello",
                "document_type": "Command",
                "target_type": "/AWS::EC2::Instance",
                "content": text(COMMAND),
            },
        },
        "aws_s3_bucket": {"log": {"bucket": LOG_BUCKET, "tags": TAGS}, "access": {"bucket": ACCESS_BUCKET}},
        "aws_s3_bucket_versioning": {
            "log": {"bucket": log, "versioning_configuration": {"status": "Enabled"}},
        },
        "aws_s3_bucket_server_side_encryption_configuration": {
            "log": {
                "bucket": log,
                "rule": {
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key},
                    "bucket_key_enabled": True,
                },
            },
            "access": {
                "bucket": access,
                "rule": {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}},
            },
        },
        "aws_s3_bucket_lifecycle_configuration": {
            "log": {
                "bucket": log,
                "rule": [
                    {
                        "id": "expire",
                        "status": "Enabled",
                        "filter": {},
                        "expiration": {"days": 365},
                        "noncurrent_version_expiration": {"noncurrent_days": 30},
                        "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                    },
                    {
                        "id": "move",
                        "status": "Enabled",
                        "filter": {"prefix": "AWSLogs/"},
                        "transition": {"days": 90, "storage_class": "GLACIER"},
                    },
                ],
                "depends_on": ["aws_s3_bucket_versioning.log"],
            }
        },
        "aws_s3_bucket_logging": {
            "log": {
                "bucket": log,
                "target_bucket": access,
                "target_prefix": "logs/",
                "depends_on": ["aws_s3_bucket_policy.access"],
            }
        },
        "aws_s3_bucket_policy": {
            "log": {
                "bucket": log,
                "policy": text(BUCKET_POLICY),
                "depends_on": ["aws_s3_bucket_public_access_block.log"],
            },
            "access": {
                "bucket": access,
                "policy": text(
                    document(
                        tls_only(ACCESS_BUCKET),
                        allow("logging.s3.amazonaws.com", "s3:PutObject", bucket_arn(ACCESS_BUCKET, "/logs/*")),
                    )
                ),
                "depends_on": ["aws_s3_bucket_public_access_block.access"],
            },
        },
        "aws_sns_topic": {
            "topic": {
                "name": "sessions",
                "display_name": "Sessions",
                "kms_master_key_id": "${aws_kms_key.key.key_id}",
                "tags": TAGS,
            }
        },
        "aws_sns_topic_policy": {"topic": {"arn": topic, "policy": text(TOPIC_POLICY)}},
        "aws_sns_topic_subscription": {
            "topic": {"topic_arn": topic, "protocol": "email", "endpoint": "security@example.com"}
        },
        "aws_cloudwatch_event_rule": {
            "rule": {
                "name": "sessions",
                "description": "sessions begin and end",
                "event_pattern": text(PATTERN),
                "state": "ENABLED",
            }
        },
        "aws_cloudwatch_event_target": {
            "topic": {
                "rule": "${aws_cloudwatch_event_rule.rule.name}",
                "target_id": "topic",
                "arn": topic,
                "input_transformer": {"input_paths": PATHS, "input_template": TEXT},
                "depends_on": ["aws_sns_topic_policy.topic"],
            }
        },
        "aws_cloudwatch_log_metric_filter": {
            "filter": {
                "name": "sessions",
                "pattern": FILTER,
                "log_group_name": "${aws_cloudwatch_log_group.trail.name}",
                "metric_transformation": {
                    "name": "Started",
                    "namespace": "Sessions",
                    "value": "1",
                    "default_value": "0",
                },
            }
        },
        "aws_cloudwatch_metric_alarm": {
            "alarm": {
                "alarm_name": "sessions",
                "alarm_description": "a session began",
                "namespace": "Sessions",
                "metric_name": "Started",
                "statistic": "Sum",
                "period": 300,
                "evaluation_periods": 1,
                "threshold": 1,
                "comparison_operator": "GreaterThanOrEqualToThreshold",
                "treat_missing_data": "notBreaching",
                "alarm_actions": [topic],
                "tags": TAGS,
            }
        },
        "aws_iam_role": {
            "trail": {"name": "trail", "assume_role_policy": text(trust("cloudtrail.amazonaws.com"))},
            "flow": {"name": "flow", "assume_role_policy": text(trust("vpc-flow-logs.amazonaws.com"))},
            "node": {
                "name": "node",
                "assume_role_policy": text(trust("ec2.amazonaws.com")),
                "permissions_boundary": "${aws_iam_policy.boundary.arn}",
                "tags": TAGS,
            },
        },
        "aws_iam_role_policy": {
            name: {"name": "logs", "role": "${aws_iam_role." + name + ".name}", "policy": text(LOGGED)}
            for name in ("trail", "flow")
        },
        "aws_cloudtrail": {
            "trail": {
                "name": "sessions",
                "s3_bucket_name": log,
                "enable_logging": True,
                "is_multi_region_trail": True,
                "include_global_service_events": True,
                "enable_log_file_validation": True,
                "kms_key_id": key,
                "cloud_watch_logs_group_arn": "${aws_cloudwatch_log_group.trail.arn}:*",
                "cloud_watch_logs_role_arn": "${aws_iam_role.trail.arn}",
                "event_selector": {"read_write_type": "WriteOnly", "include_management_events": True},
                "tags": TAGS,
                "depends_on": ["aws_s3_bucket_policy.log"],
            }
        },
        "aws_flow_log": {
            "group": {
                "vpc_id": "vpc-0aaaaaaaaaaaaaaa1",
                "traffic_type": "ALL",
                "log_destination_type": "cloud-watch-logs",
                "log_destination": "${aws_cloudwatch_log_group.trail.arn}",
                "iam_role_arn": "${aws_iam_role.flow.arn}",
                "max_aggregation_interval": 60,
                "tags": {"Name": "to the group"},
            },
            "bucket": {
                "subnet_id": "subnet-0aaaaaaaaaaaaaaa1",
                "traffic_type": "REJECT",
                "log_destination_type": "s3",
                "log_destination": "${aws_s3_bucket.log.arn}/flow/",
                "tags": {"Name": "to the bucket"},
                "depends_on": ["aws_s3_bucket_policy.log"],
            },
        },
        "aws_instance": {
            "node": {"ami": IMAGE, "instance_type": "t3.micro", "subnet_id": "subnet-0aaaaaaaaaaaaaaa1"}
        },
        "aws_ssm_association": {
            "update": {
                "name": "AWS-UpdateSSMAgent",
                "association_name": "update",
                "targets": {"key": "InstanceIds", "values": ["${aws_instance.node.id}"]},
                "schedule_expression": "rate(14 days)",
            },
            "patch": {
                "name": "AWS-RunPatchBaseline",
                "association_name": "patch",
                "targets": {"key": "tag:Team", "values": ["platform", "other"]},
                "parameters": {"Operation": "Scan", "RebootOption": "NoReboot"},
                "schedule_expression": "cron(0 3 ? * SUN *)",
                "apply_only_at_cron_interval": True,
                "compliance_severity": "HIGH",
                "max_concurrency": "10%",
                "max_errors": "1",
                "output_location": {"s3_bucket_name": log, "s3_key_prefix": "patch", "s3_region": REGION},
            },
            "inventory": {
                "name": "AWS-GatherSoftwareInventory",
                "association_name": "inventory",
                "targets": {"key": "InstanceIds", "values": ["*"]},
                "parameters": {"applications": "Enabled", "networkConfig": "Disabled"},
                "schedule_expression": "rate(12 hours)",
            },
        },
        "aws_ssm_patch_baseline": {
            "linux": {
                "name": "linux",
                "description": "a baseline",
                "operating_system": "AMAZON_LINUX_2023",
                "approved_patches_compliance_level": "HIGH",
                "approval_rule": {
                    "approve_after_days": 7,
                    "compliance_level": "CRITICAL",
                    "patch_filter": [
                        {"key": "CLASSIFICATION", "values": ["Security"]},
                        {"key": "SEVERITY", "values": ["Critical", "Important"]},
                    ],
                },
                "tags": TAGS,
            }
        },
        "aws_ssm_patch_group": {
            "linux": {"baseline_id": "${aws_ssm_patch_baseline.linux.id}", "patch_group": "linux"}
        },
        "aws_ssm_maintenance_window": {
            "weekly": {
                "name": "weekly",
                "description": "a window",
                "schedule": "cron(0 4 ? * SUN *)",
                "schedule_timezone": "Europe/Berlin",
                "duration": 3,
                "cutoff": 1,
                "tags": TAGS,
            }
        },
        "aws_ssm_maintenance_window_target": {
            "instances": {
                "name": "instances",
                "window_id": "${aws_ssm_maintenance_window.weekly.id}",
                "resource_type": "INSTANCE",
                "targets": {"key": "tag:Team", "values": ["platform"]},
            }
        },
        "aws_ssm_maintenance_window_task": {
            "patch": {
                "name": "patch",
                "window_id": "${aws_ssm_maintenance_window.weekly.id}",
                "task_type": "RUN_COMMAND",
                "task_arn": "AWS-RunPatchBaseline",
                "priority": 1,
                "max_concurrency": "50%",
                "max_errors": "0",
                "targets": {
                    "key": "WindowTargetIds",
                    "values": ["${aws_ssm_maintenance_window_target.instances.id}"],
                },
                "task_invocation_parameters": {
                    "run_command_parameters": {
                        "timeout_seconds": 600,
                        "output_s3_bucket": log,
                        "output_s3_key_prefix": "window",
                        "parameter": [
                            {"name": "Operation", "values": ["Install"]},
                            {"name": "RebootOption", "values": ["RebootIfNeeded"]},
                        ],
                    }
                },
            }
        },
        "aws_config_config_rule": {
            "managed": {
                "name": "managed",
                "description": "managed instances",
                "scope": {"compliance_resource_types": ["AWS::EC2::Instance"]},
                "source": {"owner": "AWS", "source_identifier": "EC2_INSTANCE_MANAGED_BY_SSM"},
            },
            "endpoint": {
                "name": "endpoint",
                "input_parameters": text({"serviceName": "ssm"}),
                "maximum_execution_frequency": "TwentyFour_Hours",
                "source": {"owner": "AWS", "source_identifier": "SERVICE_VPC_ENDPOINT_ENABLED"},
            },
        },
        "aws_iam_policy": {
            "boundary": {"name": "limit", "policy": text(BOUNDARY)},
            "operator": {
                "name": "operator",
                "path": "/sessions/",
                "description": "may start sessions",
                "policy": text(document({"Effect": "Allow", "Action": "ssm:StartSession", "Resource": "*"})),
            },
        },
        "aws_iam_role_policy_attachment": {
            "core": {
                "role": "${aws_iam_role.node.name}",
                "policy_arn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
            },
            "operator": {"role": "${aws_iam_role.node.name}", "policy_arn": "${aws_iam_policy.operator.arn}"},
        },
    }
    for name, parts in (("log", of_log), ("access", of_access)):
        for kind, arguments in parts.items():
            resources.setdefault(kind, {})[name] = arguments
    outputs = {
        "key_arn": key,
        "topic_name": "${aws_sns_topic.topic.name}",
        "trail_arn": "${aws_cloudtrail.trail.arn}",
        "bucket_domain": "${aws_s3_bucket.log.bucket_domain_name}",
        "rule_arn": "${aws_cloudwatch_event_rule.rule.arn}",
        "preferences": "${aws_ssm_document.preferences.name}",
    }
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "resource": resources,
        "output": {name: {"value": value} for name, value in outputs.items()},
    }
