"""A template with all resource types."""

from resource_types.values import (
    ACCESS_BUCKET,
    BOUNDARY,
    BUCKET_POLICY,
    COMMAND,
    FILTER,
    GROUP,
    INSTANCE,
    KEY_POLICY,
    LISTED,
    LOG_BUCKET,
    LOGGED,
    PATHS,
    PATTERN,
    REGION,
    SESSION,
    TEXT,
    TOPIC_POLICY,
    allow,
    bucket_arn,
    document,
    tls_only,
    trust,
)


def ref(name):
    return {"Ref": name}


def att(name, member="Arn"):
    return {"Fn::GetAtt": [name, member]}


def sub(text):
    return {"Fn::Sub": text}


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
            "Group": resource("Logs::LogGroup", LogGroupName=GROUP, RetentionInDays=90, KmsKeyId=att("Key"), Tags=LISTED),
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
                Description="sessions start and end",
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
                AlarmDescription="a session started",
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
                Tags=[{"Key": "Name", "Value": "to the log group"}],
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
                Description="allows sessions",
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
