"""The API calls that CloudFormation's handlers make to create each resource type, with parameters for its properties.

A property is the parameter of the same name, ignoring case, of the first call that has one. `renamed` has the others:
dotted path of the property -> path of the parameter, `Operation:Path` if it belongs to a later call. A path that starts with
`!` is a sentence: the handler turns the property into something other than a parameter. Of several paths, the one applies
whose object another property has created. `given` has the parameters that the
handler supplies: names that it generates, and identifiers of what an earlier call created.

From the documentation of the resource types and of the API actions.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Calls:
    service: str
    operations: tuple
    renamed: dict = field(default_factory=dict)
    given: frozenset = frozenset()
    # The parameter of the first call that has the properties as its members.
    root: str = ""


def calls(service, *operations, given=(), root="", **renamed):
    return Calls(
        service, operations, {key.replace("__", "."): value for key, value in renamed.items()}, frozenset(given), root
    )


def ec2(operation, *operations, given=(), **renamed):
    return calls("ec2", operation, *operations, given=given, Tags="TagSpecifications.Tags", **renamed)


CALLS = {
    "AWS::CloudTrail::Trail": calls(
        "cloudtrail",
        "CreateTrail",
        given=["Name"],
        TrailName="Name",
        Tags="TagsList",
        CloudWatchLogsLogGroupArn="CloudWatchLogsLogGroupArn",
        IsLogging="!StartLogging or StopLogging follows",
    ),
    "AWS::CloudWatch::Alarm": calls("cloudwatch", "PutMetricAlarm", given=["AlarmName"]),
    "AWS::Config::ConfigRule": calls("config", "PutConfigRule", root="ConfigRule"),
    "AWS::EC2::FlowLog": ec2("CreateFlowLogs", ResourceId="ResourceIds"),
    "AWS::EC2::Instance": ec2(
        "RunInstances",
        given=["MinCount", "MaxCount"],
        IamInstanceProfile="IamInstanceProfile.Name",
        Monitoring="Monitoring.Enabled",
        PropagateTagsToVolumeOnCreation="!the tags also apply to volumes",
    ),
    "AWS::EC2::LaunchTemplate": ec2("CreateLaunchTemplate", given=["LaunchTemplateName"]),
    "AWS::EC2::RouteTable": ec2("CreateRouteTable"),
    "AWS::EC2::SecurityGroup": ec2(
        "CreateSecurityGroup",
        "AuthorizeSecurityGroupEgress",
        given=["GroupName", "GroupId"],
        GroupDescription="Description",
        SecurityGroupEgress="AuthorizeSecurityGroupEgress:IpPermissions",
        SecurityGroupEgress__CidrIp="IpRanges.CidrIp",
        SecurityGroupEgress__Description=(
            "IpRanges.Description",
            "PrefixListIds.Description",
            "UserIdGroupPairs.Description",
        ),
        SecurityGroupEgress__DestinationPrefixListId="PrefixListIds.PrefixListId",
        SecurityGroupEgress__DestinationSecurityGroupId="UserIdGroupPairs.GroupId",
    ),
    "AWS::EC2::SecurityGroupIngress": calls(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        Description="IpPermissions.UserIdGroupPairs.Description",
        FromPort="IpPermissions.FromPort",
        IpProtocol="IpPermissions.IpProtocol",
        SourceSecurityGroupId="IpPermissions.UserIdGroupPairs.GroupId",
        ToPort="IpPermissions.ToPort",
    ),
    "AWS::EC2::Subnet": ec2(
        "CreateSubnet",
        "ModifySubnetAttribute",
        given=["SubnetId"],
        MapPublicIpOnLaunch="ModifySubnetAttribute:MapPublicIpOnLaunch.Value",
    ),
    "AWS::EC2::SubnetRouteTableAssociation": calls("ec2", "AssociateRouteTable"),
    "AWS::EC2::VPC": ec2(
        "CreateVpc",
        "ModifyVpcAttribute",
        given=["VpcId"],
        EnableDnsHostnames="ModifyVpcAttribute:EnableDnsHostnames.Value",
        EnableDnsSupport="ModifyVpcAttribute:EnableDnsSupport.Value",
    ),
    "AWS::EC2::VPCEndpoint": ec2("CreateVpcEndpoint"),
    "AWS::Events::Rule": calls("events", "PutRule", "PutTargets", given=["Name", "Rule"]),
    "AWS::IAM::InstanceProfile": calls(
        "iam",
        "CreateInstanceProfile",
        "AddRoleToInstanceProfile",
        given=["InstanceProfileName"],
        Roles="AddRoleToInstanceProfile:RoleName",
    ),
    "AWS::IAM::ManagedPolicy": calls("iam", "CreatePolicy", given=["PolicyName"]),
    "AWS::IAM::Role": calls(
        "iam",
        "CreateRole",
        "AttachRolePolicy",
        given=["RoleName"],
        ManagedPolicyArns="AttachRolePolicy:PolicyArn",
    ),
    "AWS::IAM::RolePolicy": calls("iam", "PutRolePolicy"),
    "AWS::KMS::Key": calls(
        "kms",
        "CreateKey",
        "ScheduleKeyDeletion",
        given=["KeyId"],
        EnableKeyRotation="!EnableKeyRotation or DisableKeyRotation follows",
        KeyPolicy="Policy",
        PendingWindowInDays="ScheduleKeyDeletion:PendingWindowInDays",
        Tags__Key="TagKey",
        Tags__Value="TagValue",
    ),
    "AWS::Logs::LogGroup": calls("logs", "CreateLogGroup", "PutRetentionPolicy", given=["logGroupName"]),
    "AWS::S3::Bucket": calls(
        "s3",
        "CreateBucket",
        "PutBucketEncryption",
        "PutBucketLifecycleConfiguration",
        "PutBucketOwnershipControls",
        "PutPublicAccessBlock",
        "PutBucketVersioning",
        "PutBucketTagging",
        given=["Bucket"],
        BucketEncryption="PutBucketEncryption:ServerSideEncryptionConfiguration",
        BucketEncryption__ServerSideEncryptionConfiguration="Rules",
        BucketEncryption__ServerSideEncryptionConfiguration__ServerSideEncryptionByDefault="ApplyServerSideEncryptionByDefault",
        LifecycleConfiguration__Rules__ExpirationInDays="Expiration.Days",
        Tags="PutBucketTagging:Tagging.TagSet",
    ),
    "AWS::S3::BucketPolicy": calls("s3", "PutBucketPolicy", PolicyDocument="Policy"),
    "AWS::SNS::Subscription": calls("sns", "Subscribe"),
    "AWS::SNS::Topic": calls("sns", "CreateTopic", given=["Name"], KmsMasterKeyId="Attributes.KmsMasterKeyId"),
    "AWS::SNS::TopicPolicy": calls(
        "sns", "SetTopicAttributes", given=["AttributeName"], PolicyDocument="AttributeValue", Topics="TopicArn"
    ),
    "AWS::SSM::Association": calls("ssm", "CreateAssociation"),
    "AWS::SSM::Document": calls(
        "ssm", "CreateDocument", given=["Name"], UpdateMethod="!UpdateDocument instead of a replacement"
    ),
    "AWS::SSM::MaintenanceWindow": calls("ssm", "CreateMaintenanceWindow"),
    "AWS::SSM::MaintenanceWindowTarget": calls("ssm", "RegisterTargetWithMaintenanceWindow"),
    "AWS::SSM::MaintenanceWindowTask": calls(
        "ssm",
        "RegisterTaskWithMaintenanceWindow",
        TaskInvocationParameters__MaintenanceWindowRunCommandParameters="RunCommand",
    ),
}
