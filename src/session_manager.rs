//! Names that AWS defines: the services and IAM actions of SSM Agent, and the session document of an
//! account.

/// Name of the session document that holds the preferences of an account in a Region.
pub const DEFAULT_DOCUMENT: &str = "SSM-SessionManagerRunShell";

/// Services that every session requires.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html>
pub(crate) const SERVICES: [&str; 2] = ["ssm", "ssmmessages"];

/// Action with which SSM Agent registers and reports its state.
pub(crate) const REGISTER_ACTION: &str = "ssm:UpdateInstanceInformation";

/// Action with which SSM Agent and the client of a session open a data channel.
pub(crate) const OPEN_DATA_CHANNEL: &str = "ssmmessages:OpenDataChannel";

/// Actions with which SSM Agent opens the channels of sessions.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html>
pub(crate) const CHANNEL_ACTIONS: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    OPEN_DATA_CHANNEL,
];

/// Actions with which SSM Agent before 3.3.40.0 receives commands.
pub(crate) const COMMAND_ACTIONS: [&str; 6] = [
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
];

/// Action with which SSM Agent decrypts the data key of a session.
pub(crate) const SESSION_KEY_ACTION: &str = "kms:Decrypt";

/// Action with which SSM Agent verifies the encryption of a log group.
pub(crate) const LOG_GROUP_ACTION: &str = "logs:DescribeLogGroups";

/// Action with which SSM Agent verifies the encryption of a bucket.
pub(crate) const BUCKET_ACTION: &str = "s3:GetEncryptionConfiguration";

/// The oldest version of the Session Manager plugin that AWS supports.
///
/// From <https://docs.aws.amazon.com/systems-manager/latest/userguide/plugin-version-history.html>.
#[cfg(feature = "deploy")]
pub(crate) const OLDEST_PLUGIN: [u32; 3] = [1, 2, 764];
