"""Policies, documents and names that the template and the module share."""

from harness.emulators import ACCOUNT

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
