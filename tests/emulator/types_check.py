#!/usr/bin/env python3
"""Checks the resource types beyond the network: one stack of all of them by both tools, compared, changed and removed.

    types_check.py [--thorough]

Both tools deploy to emulators of their own; the states, read by the API, must be equal, the second plan empty. Then each
property of CHANGES is changed in the stack and has to show as a difference, the old template makes both equal again, and
after the removal only what is to be retained is left. --thorough has the same changes made by Terraform, too. What it shows
is that the emulator and `state.py` see these properties; that AWS accepts the values is not shown.
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
INSTANCE = "i-0aaaaaaaaaaaaaaa1"
LIFECYCLE = "aws_s3_bucket_lifecycle_configuration"
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
            "Update": resource(
                "SSM::Association",
                Name="AWS-UpdateSSMAgent",
                AssociationName="update",
                Targets=[{"Key": "InstanceIds", "Values": [INSTANCE]}],
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
        LIFECYCLE: {
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
        "aws_ssm_association": {
            "update": {
                "name": "AWS-UpdateSSMAgent",
                "association_name": "update",
                "targets": {"key": "InstanceIds", "values": [INSTANCE]},
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


# --- changes -----------------------------------------------------------------------------------------------------------

GONE = object()
ACTIONS = ["StartSession", "TerminateSession"]
WITHOUT_TLS = document(*BUCKET_POLICY["Statement"][1:])
WITHOUT_EVENTS = document(*KEY_POLICY["Statement"][:-1])
FROM_RULE = {"ArnEquals": {"aws:SourceArn": arn("events", "rule/sessions")}}
ONLY_RULE = document({"Sid": "Events", **allow("events.amazonaws.com", "sns:Publish", TOPIC), "Condition": FROM_RULE})
SHORTER = {**SESSION, "inputs": {**SESSION["inputs"], "idleSessionTimeout": "10"}}
RESUME = document({"Effect": "Allow", "Action": ["ssm:StartSession", "ssm:ResumeSession"], "Resource": "*"})
FEWER = {**PATTERN, "detail": {**PATTERN["detail"], "eventName": ACTIONS}}
TASK = ("TaskInvocationParameters", "MaintenanceWindowRunCommandParameters")

# What differs then; where in the template, and its value; where in the module, and its value.
CHANGES = [
    ("log group /sessions/shell / retention", "Group RetentionInDays", 30)
    + ("aws_cloudwatch_log_group group retention_in_days", 30),
    ("log group /sessions/shell / key", "Group KmsKeyId", GONE, "aws_cloudwatch_log_group group kms_key_id", GONE),
    ("log group /sessions/shell / tags", "Group Tags 0 Value", "other")
    + ("aws_cloudwatch_log_group group tags", {"Team": "other"}),
    ("log group /sessions/trail / retention", "TrailGroup RetentionInDays", GONE)
    + ("aws_cloudwatch_log_group trail retention_in_days", GONE),
    ("key sessions / rotation", "Key EnableKeyRotation", False, "aws_kms_key key enable_key_rotation", False),
    ("key sessions / policy", "Key KeyPolicy", WITHOUT_EVENTS, "aws_kms_key key policy", text(WITHOUT_EVENTS)),
    ("key sessions / tags", "Key Tags", GONE, "aws_kms_key key tags", GONE),
    ("document SSM-SessionManagerRunShell / content", "Preferences Content", SHORTER)
    + ("aws_ssm_document preferences content", text(SHORTER)),
    ("bucket sessions-logs-example / versioning", "LogBucket VersioningConfiguration Status", "Suspended")
    + ("aws_s3_bucket_versioning log versioning_configuration status", "Suspended"),
    ("bucket sessions-logs-example / encryption", "LogBucket BucketEncryption", encryption("AES256"))
    + (
        "aws_s3_bucket_server_side_encryption_configuration log rule",
        {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}},
    ),
    ("bucket sessions-logs-example / lifecycle", "LogBucket LifecycleConfiguration Rules 0 ExpirationInDays", 30)
    + (f"{LIFECYCLE} log rule 0 expiration days", 30),
    ("bucket sessions-logs-example / logging", "LogBucket LoggingConfiguration LogFilePrefix", "logs/of/")
    + ("aws_s3_bucket_logging log target_prefix", "logs/of/"),
    ("bucket sessions-logs-example / policy", "LogPolicy PolicyDocument", WITHOUT_TLS)
    + ("aws_s3_bucket_policy log policy", text(WITHOUT_TLS)),
    ("bucket sessions-logs-example / tags", "LogBucket Tags", GONE, "aws_s3_bucket log tags", GONE),
    ("bucket sessions-access-example / public", "AccessBucket PublicAccessBlockConfiguration RestrictPublicBuckets", False)
    + ("aws_s3_bucket_public_access_block access restrict_public_buckets", False),
    ("bucket sessions-access-example / ownership", "AccessBucket OwnershipControls Rules 0 ObjectOwnership")
    + ("BucketOwnerPreferred", "aws_s3_bucket_ownership_controls access rule object_ownership", "BucketOwnerPreferred"),
    ("topic sessions / display name", "Topic DisplayName", "Shells", "aws_sns_topic topic display_name", "Shells"),
    ("topic sessions / policy", "TopicPolicy PolicyDocument", ONLY_RULE)
    + ("aws_sns_topic_policy topic policy", text(ONLY_RULE)),
    ("topic sessions / subscriptions", "Subscription Endpoint", "other@example.com")
    + ("aws_sns_topic_subscription topic endpoint", "other@example.com"),
    ("rule sessions / pattern", "Rule EventPattern", FEWER)
    + ("aws_cloudwatch_event_rule rule event_pattern", text(FEWER)),
    ("rule sessions / state", "Rule State", "DISABLED", "aws_cloudwatch_event_rule rule state", "DISABLED"),
    ("rule sessions / targets", "Rule Targets 0 InputTransformer InputTemplate", '"<who>: <what>"')
    + ("aws_cloudwatch_event_target topic input_transformer input_template", '"<who>: <what>"'),
    ("metric filter sessions / pattern", "MetricFilter FilterPattern", "StartSession")
    + ("aws_cloudwatch_log_metric_filter filter pattern", "StartSession"),
    ("alarm sessions / Threshold", "Alarm Threshold", 5, "aws_cloudwatch_metric_alarm alarm threshold", 5),
    ("trail sessions / LogFileValidationEnabled", "Trail EnableLogFileValidation", False)
    + ("aws_cloudtrail trail enable_log_file_validation", False),
    ("trail sessions / IsMultiRegionTrail", "Trail IsMultiRegionTrail", False)
    + ("aws_cloudtrail trail is_multi_region_trail", False),
    ("trail sessions / selectors", "Trail EventSelectors 0 ReadWriteType", "All")
    + ("aws_cloudtrail trail event_selector read_write_type", "All"),
    ("trail sessions / HasCustomEventSelectors", None, None, None, None),
    ("trail sessions / logging", "Trail IsLogging", False, "aws_cloudtrail trail enable_logging", False),
    ("flow log to the bucket / destination", "FlowToBucket LogDestination", sub("${LogBucket.Arn}/flows/"))
    + ("aws_flow_log bucket log_destination", "${aws_s3_bucket.log.arn}/flows/"),
    ("association patch / Parameters", "Patch Parameters Operation", ["Install"])
    + ("aws_ssm_association patch parameters Operation", "Install"),
    ("association patch / MaxErrors", "Patch MaxErrors", "2", "aws_ssm_association patch max_errors", "2"),
    ("association update / ScheduleExpression", "Update ScheduleExpression", "rate(7 days)")
    + ("aws_ssm_association update schedule_expression", "rate(7 days)"),
    ("association inventory / Targets", "Inventory Targets", [{"Key": "tag:Team", "Values": ["platform"]}])
    + ("aws_ssm_association inventory targets", {"key": "tag:Team", "values": ["platform"]}),
    ("baseline linux / ApprovalRules", "Baseline ApprovalRules PatchRules 0 ApproveAfterDays", 14)
    + ("aws_ssm_patch_baseline linux approval_rule approve_after_days", 14),
    ("baseline linux / PatchGroups", "Baseline PatchGroups", ["servers"])
    + ("aws_ssm_patch_group linux patch_group", "servers"),
    ("window weekly / Duration", "Window Duration", 4, "aws_ssm_maintenance_window weekly duration", 4),
    ("window target instances / Targets", "WindowTarget Targets 0 Values", ["other"])
    + ("aws_ssm_maintenance_window_target instances targets values", ["other"]),
    ("window task patch / TaskInvocationParameters", " ".join(["WindowTask", *TASK, "TimeoutSeconds"]), 900)
    + ("aws_ssm_maintenance_window_task patch task_invocation_parameters run_command_parameters timeout_seconds", 900),
    ("config rule endpoint / parameters", "EndpointRule InputParameters serviceName", "ssmmessages")
    + ("aws_config_config_rule endpoint input_parameters", text({"serviceName": "ssmmessages"})),
    ("config rule managed / scope", "ManagedRule Scope", GONE, "aws_config_config_rule managed scope", GONE),
    ("policy operator / document", "Operator PolicyDocument", RESUME, "aws_iam_policy operator policy", text(RESUME)),
    ("role node / boundary", "Role PermissionsBoundary", GONE, "aws_iam_role node permissions_boundary", GONE),
    ("role node / attached", "Role ManagedPolicyArns 1", GONE)
    + ("aws_iam_role_policy_attachment operator", GONE),
]


def put(value, path, wanted):
    *outer, last = [int(step) if step.isdigit() else step for step in path.split()]
    for step in outer:
        value = value[step]
    if wanted is GONE:
        del value[last]
    else:
        value[last] = wanted


def changed(stack, files):
    # Not deepcopy: parts are shared.
    stack, files = json.loads(json.dumps(stack)), json.loads(json.dumps(files))
    for _, in_stack, new, in_files, value in CHANGES:
        if in_stack:
            name, _, path = in_stack.partition(" ")
            put(stack["Resources"][name]["Properties"], path, new)
            put(files["resource"], in_files, value)
    return stack, files


# --- the check ---------------------------------------------------------------------------------------------------------


class Check:
    def __init__(self):
        self.failed = 0

    def __call__(self, good, text, detail=""):
        self.failed += not good
        if not good:
            print(f"FAILED {text}: {detail}", flush=True)

    def equal(self, left, right, text):
        lines = differences(left.things, right.things) + differences(left.outputs, right.outputs, "outputs")
        self(not lines, text, "\n    ".join(["", *lines]))

    def refuses(self, code, call, **parameters):
        """By the API."""
        try:
            self(False, f"{code} is told", call(**parameters))
        except ClientError as error:
            found = error.response["Error"]
            self(found["Code"] == code, f"{code} is told", found)


def world(server):
    """What is there before, also a managed instance."""
    ids = seed(server, json.dumps([template(), module()]))
    subnet = ids["subnet-0aaaaaaaaaaaaaaa1"]
    image = ids["ami-0aaaaaaaaaaaaaaa1"]
    made = server.client("ec2").run_instances(ImageId=image, SubnetId=subnet, MinCount=1, MaxCount=1)
    return {**ids, INSTANCE: made["Instances"][0]["InstanceId"]}


def outputs_of(server):
    stack = server.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"].lower(): output["OutputValue"] for output in stack["Outputs"]}


class ByStack:
    def __init__(self, server):
        self.server, self.ids = server, world(server)

    def deploy(self, stack, update=False):
        deploy_stack(self.server, with_ids(json.dumps(stack), self.ids), {}, update)
        return self.state()

    def state(self):
        return State(self.server, self.ids, outputs_of(self.server))

    def remove(self):
        client = self.server.client("cloudformation")
        identifier = client.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
        client.delete_stack(StackName=STACK)
        status = settled(client, identifier)
        if status != "DELETE_COMPLETE":
            raise Failure(f"CloudFormation: {status}")
        return State(self.server, self.ids, {})


def settled(client, name):
    while True:
        status = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(0.05)


class ByFiles:
    """By Terraform. The provider waits 55 seconds for each change of lifecycle rules, whatever the server tells it.

    So the rules are put by the API, and only taken over by Terraform, except with --thorough.
    """

    def __init__(self, server, tool, thorough):
        self.server, self.tool, self.thorough = server, tool, thorough
        self.ids = world(server)

    def apply(self, files):
        self.tool.files(self.server, with_ids(json.dumps(files, indent=1), self.ids), keep_state=True)
        done = self.tool.run(self.server, "apply", "-auto-approve", "-parallelism=30")
        return next(line for line in done.stdout.splitlines() if line.startswith("Apply complete!"))

    def put_rules(self, files):
        """As the provider has them: with an empty prefix where the filter is empty."""
        rules = []
        for rule in files["resource"][LIFECYCLE]["log"]["rule"]:
            found = {"ID": rule["id"], "Status": rule["status"], "Filter": {"Prefix": rule["filter"].get("prefix", "")}}
            if "expiration" in rule:
                found["Expiration"] = {"Days": rule["expiration"]["days"]}
                days = rule["noncurrent_version_expiration"]["noncurrent_days"]
                found["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
                days = rule["abort_incomplete_multipart_upload"]["days_after_initiation"]
                found["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
            if "transition" in rule:
                move = rule["transition"]
                found["Transitions"] = [{"Days": move["days"], "StorageClass": move["storage_class"]}]
            rules.append(found)
        self.server.client("s3").put_bucket_lifecycle_configuration(
            Bucket=LOG_BUCKET, LifecycleConfiguration={"Rules": rules}
        )

    def deploy(self, files):
        """With a second run, which has nothing to change."""
        if self.thorough:
            self.apply(files)
            again, wanted = self.apply(files), "0 added, 0 changed"
        else:
            first = copy.deepcopy(files)
            del first["resource"][LIFECYCLE]
            self.apply(first)
            self.put_rules(files)
            files = {**files, "import": {"to": f"{LIFECYCLE}.log", "id": LOG_BUCKET}}
            again, wanted = self.apply(files), "1 imported, 0 added, 0 changed"
        if wanted not in again:
            raise Failure(f"terraform: the second plan is not empty: {again}\n{self.tool.plan(self.server)}")
        return self.state()

    def state(self):
        return State(self.server, self.ids, self.tool.outputs())

    def all(self, files, other_files):
        """The states of first, after the changes, and after the removal."""
        first, changed_too = self.deploy(files), None
        if self.thorough:
            self.apply(other_files)
            changed_too = self.state()
        return first, changed_too, self.remove()

    def remove(self):
        self.tool.run(self.server, "destroy", "-auto-approve", "-refresh=false", "-parallelism=30")
        return State(self.server, self.ids, {})


def differ(check, left, right):
    """What was changed is seen, and nothing else is."""
    lines = differences(left.things, right.things)
    wanted = [change[0] for change in CHANGES]
    for prefix in wanted:
        check(any(line.startswith(prefix) for line in lines), f"a change of {prefix} is seen")
    strange = [line for line in lines if not line.startswith(tuple(wanted))]
    check(not strange, "nothing else is changed", strange)


def left_over(check, state):
    """The seeded things, and the log group that is to be retained."""
    kinds = ("vpc", "subnet", "route table", "group", "instance", "template", "endpoint")
    names = [name for name in state.things if not name.startswith(tuple(f"{kind} " for kind in kinds))]
    check(names == ["log group /sessions/kept"], "what is left after the removal", names)


def windows_of_keys(server):
    """How many days the keys wait for their deletion."""
    kms, found = server.client("kms"), []
    for key in server.all("kms", "list_keys", "Keys"):
        told = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if "DeletionDate" in told:
            found.append(round((told["DeletionDate"].timestamp() - time.time()) / 86400))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thorough", action="store_true", help="changes and lifecycle rules by Terraform: two minutes more")
    arguments = parser.parse_args()
    check, start = Check(), time.monotonic()
    stack, files = template(), module()
    other_stack, other_files = changed(stack, files)
    with tempfile.TemporaryDirectory(prefix="types-") as folder:
        worker = Worker(Path(folder))
        servers = (worker.cloudformation, worker.terraform)
        try:
            worker.start()
            for server in servers:
                server.reset(REGION)
            by_stack = ByStack(worker.cloudformation)
            by_files = ByFiles(worker.terraform, worker.tool, arguments.thorough)
            with ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(by_files.all, files, other_files)
                first = by_stack.deploy(stack)
                refusals(check, worker.cloudformation)
                check.equal(first, by_stack.state(), "what is refused leaves nothing behind")
                second = by_stack.deploy(other_stack, update=True)
                differ(check, second, first)
                check.equal(by_stack.deploy(stack, update=True), first, "the way back")
                left_over(check, by_stack.remove())
                policies(check, worker.cloudformation)
                right, changed_right, nothing = waiting.result()
                check.equal(first, right, "both are equal")
                if changed_right:
                    check.equal(second, changed_right, "both are equal after the changes")
                left_over(check, nothing)
            for server in servers:
                found = windows_of_keys(server)
                check(found and set(found) == {7}, "how long the key waits for its deletion", found)
                log = server.log.read_text()
                check("Traceback" not in log, "no error in the server", log[-3000:])
        except Failure as failure:
            check(False, "deployment", failure)
        finally:
            worker.stop()
    print(f"{check.failed} failed, {time.monotonic() - start:.0f} s")
    sys.exit(1 if check.failed else 0)


# --- refusals ----------------------------------------------------------------------------------------------------------


def refusals(check, server):
    logs, ssm, s3, kms = (server.client(name) for name in ("logs", "ssm", "s3", "kms"))
    key = kms.describe_key(KeyId="alias/sessions")["KeyMetadata"]["Arn"]
    absent = key[:-36] + "00000000-0000-0000-0000-000000000000"
    for wrong in (absent, key):
        # The policy of the second one is for another group.
        check.refuses("InvalidParameterException", logs.create_log_group, logGroupName="/other", kmsKeyId=wrong)
    check.refuses("ResourceAlreadyExistsException", logs.create_log_group, logGroupName=GROUP)
    check.refuses("InvalidParameterException", logs.create_log_group, logGroupName="aws/x")
    check.refuses("InvalidParameterException", logs.put_retention_policy, logGroupName=GROUP, retentionInDays=31)
    metric = {"metricName": "a", "metricNamespace": "b", "metricValue": "1"}
    for code, group in (("ResourceNotFoundException", "/none"), ("InvalidParameterException", "/sessions/rare")):
        check.refuses(
            *(code, logs.put_metric_filter), filterName="f", filterPattern="", logGroupName=group,
            metricTransformations=[metric],
        )

    def document_of(content, name="another", kind="Session"):
        return {"Name": name, "DocumentType": kind, "Content": json.dumps(content)}

    check.refuses("DocumentAlreadyExists", ssm.create_document, **document_of(SESSION, "SSM-SessionManagerRunShell"))
    check.refuses("InvalidDocumentContent", ssm.create_document, **document_of({"schemaVersion": "1.0"}))
    check.refuses("ValidationException", ssm.create_document, **document_of(COMMAND, "AWS-Mine", "Command"))
    aim = [{"Key": "tag:a", "Values": ["b"]}]
    for code, more in (
        ("InvalidDocument", {"Name": "AWS-Nothing", "Targets": aim}),
        ("InvalidParameters", {"Name": "AWS-RunPatchBaseline", "Targets": aim, "Parameters": {"operation": ["Scan"]}}),
        ("InvalidSchedule", {"Name": "AWS-UpdateSSMAgent", "Targets": aim, "ScheduleExpression": "rate(10 minutes)"}),
        ("InvalidTarget", {"Name": "AWS-UpdateSSMAgent", "Targets": [{"Key": "Team", "Values": ["b"]}]}),
    ):
        check.refuses(code, ssm.create_association, **more)
    baseline = ssm.describe_patch_groups()["Mappings"][0]["BaselineIdentity"]["BaselineId"]
    check.refuses(
        *("AlreadyExistsException", ssm.register_patch_baseline_for_patch_group), BaselineId=baseline, PatchGroup="linux"
    )
    check.refuses("ResourceInUseException", ssm.delete_patch_baseline, BaselineId=baseline)
    for policy in ("{", json.dumps(document(tls_only("other"))), json.dumps(document({"Effect": "Allow"}))):
        check.refuses("MalformedPolicy", s3.put_bucket_policy, Bucket=LOG_BUCKET, Policy=policy)
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": bucket_arn(LOG_BUCKET, "/*")}
    check.refuses("AccessDenied", s3.put_bucket_policy, Bucket=LOG_BUCKET, Policy=json.dumps(document(everybody)))
    trails = server.client("cloudtrail")
    check.refuses(
        "InsufficientS3BucketPolicyException", trails.create_trail, Name="other", S3BucketName=ACCESS_BUCKET
    )
    check.refuses("TrailAlreadyExistsException", trails.create_trail, Name="sessions", S3BucketName=LOG_BUCKET)
    closed = json.dumps(document({"Effect": "Allow", "Principal": {"Service": "x"}, "Action": "*", "Resource": "*"}))
    check.refuses("MalformedPolicyDocumentException", kms.create_key, Policy=closed)
    check.refuses("MalformedPolicyDocumentException", kms.create_key, Policy="text")
    sns = server.client("sns")
    check.refuses(
        *("InvalidParameter", sns.set_topic_attributes), TopicArn=TOPIC, AttributeName="Policy", AttributeValue="{}"
    )
    config = server.client("config")
    rule = {"ConfigRuleName": "r", "Source": {"Owner": "AWS", "SourceIdentifier": "NO_SUCH_RULE"}}
    check.refuses("InvalidParameterValueException", config.put_config_rule, ConfigRule=rule)
    ec2 = server.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    common = {"ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "ALL"}
    role = arn("iam", "role/none", "")
    check.refuses(
        *("InvalidParameterValue", ec2.create_flow_logs), LogGroupName="/x", DeliverLogsPermissionArn=role, **common
    )


def policies(check, server):
    """What stays of stacks that are rolled back, and what a fixed name does to a replacement."""
    client = server.client("cloudformation")

    def group(policy=None, **more):
        found = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/left/{policy}", **more}}
        return {**found, "DeletionPolicy": policy} if policy else found

    def wanted(kinds, **more):
        broken = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "aws/refused"}, "DependsOn": list(kinds)}
        return json.dumps({"Resources": {**{kind: group(kind) for kind in kinds}, "Broken": broken, **more}})

    def names():
        found = server.client("logs").describe_log_groups(logGroupNamePrefix="/left/")["logGroups"]
        return sorted(it["logGroupName"] for it in found)

    kinds = ("Delete", "Retain", "RetainExceptOnCreate")
    check.refuses("ValidationError", client.create_stack, StackName="new", TemplateBody=wanted(kinds))
    check(names() == ["/left/Retain"], "what stays of a creation that is rolled back", names())
    server.client("logs").delete_log_group(logGroupName="/left/Retain")
    base = {"Base": group("base")}
    base["Base"].pop("DeletionPolicy")
    client.create_stack(StackName="old", TemplateBody=json.dumps({"Resources": base}))
    check.refuses("ValidationError", client.update_stack, StackName="old", TemplateBody=wanted(kinds, **base))
    check(names() == ["/left/Retain", "/left/base"], "what stays of an update that is rolled back", names())
    server.client("logs").delete_log_group(logGroupName="/left/Retain")
    both = {"Resources": {**base, **{kind: group(kind) for kind in kinds}}}
    client.update_stack(StackName="old", TemplateBody=json.dumps(both))
    client.update_stack(StackName="old", TemplateBody=json.dumps({"Resources": base}))
    left = ["/left/Retain", "/left/RetainExceptOnCreate", "/left/base"]
    check(names() == left, "what stays when it goes from the template", names())

    def preferences(minutes, **more):
        content = {**SESSION, "inputs": {"idleSessionTimeout": minutes}}
        made = resource("SSM::Document", Name="prefs", DocumentType="Session", Content=content, **more)
        return json.dumps({"Resources": {"Preferences": made}})

    client.create_stack(StackName="prefs", TemplateBody=preferences("5"))
    check.refuses("ValidationError", client.update_stack, StackName="prefs", TemplateBody=preferences("6"))
    client.update_stack(StackName="prefs", TemplateBody=preferences("5", UpdateMethod="NewVersion"))
    client.update_stack(StackName="prefs", TemplateBody=preferences("7", UpdateMethod="NewVersion"))
    told = server.client("ssm").describe_document(Name="prefs")["Document"]
    found = {member: told[member] for member in ("DefaultVersion", "LatestVersion")}
    check(found == {"DefaultVersion": "2", "LatestVersion": "2"}, "a new version of a document", found)


if __name__ == "__main__":
    main()
