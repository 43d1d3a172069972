"""The Terraform module equivalent to the template."""

import json

from resource_types.values import (
    ACCESS_BUCKET,
    BOUNDARY,
    BUCKET_POLICY,
    COMMAND,
    FILTER,
    GROUP,
    INSTANCE,
    KEY_POLICY,
    LIFECYCLE,
    LOG_BUCKET,
    LOGGED,
    PATHS,
    PATTERN,
    REGION,
    SESSION,
    TAGS,
    TEXT,
    TOPIC_POLICY,
    allow,
    bucket_arn,
    document,
    tls_only,
    trust,
)


def text(value):
    """Returns JSON as an argument, with `${...}` escaped."""
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
                "description": "sessions start and end",
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
                "alarm_description": "a session started",
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
                "tags": {"Name": "to the log group"},
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
        "aws_ssm_patch_group": {"linux": {"baseline_id": "${aws_ssm_patch_baseline.linux.id}", "patch_group": "linux"}},
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
                "description": "allows sessions",
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
