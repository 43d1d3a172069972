//! The settings of each preset.

use super::audit::Audit;
use super::endpoints::{EndpointZones, Endpoints};
use super::instance::PrivateInstance;
use super::instance_role::{InstanceRole, Permissions};
use super::monitoring::Monitoring;
use super::network::{PrivateNetwork, Zones};
use super::operators::Operators;
use super::patching::Patching;
use super::preset::Preset;
use super::sessions::{SessionBucket, Sessions};
use crate::ir::{Scanner, Suppression};

const NO_ACCESS_LOGS: &str = "S3 delivers access logs to buckets without a KMS key only; the trail \
                              can record data events instead";

const NO_NOTIFICATIONS: &str = "nothing receives notifications about objects";

/// Suppressed findings of policy scanners in the hardened stack; `docs/explanation/security.md` has
/// the same list.
pub(crate) const SUPPRESSIONS: &[Suppression] = &[
    Suppression {
        scanner: Scanner::Checkov,
        check: "CKV_AWS_18",
        cfn: "AWS::S3::Bucket",
        tf: "aws_s3_bucket",
        reason: NO_ACCESS_LOGS,
    },
    Suppression {
        scanner: Scanner::Checkov,
        check: "CKV_AWS_144",
        cfn: "",
        tf: "aws_s3_bucket",
        reason: "a copy in another region is a choice about residency that the stack's owner makes",
    },
    Suppression {
        scanner: Scanner::Checkov,
        check: "CKV2_AWS_62",
        cfn: "",
        tf: "aws_s3_bucket",
        reason: NO_NOTIFICATIONS,
    },
    Suppression {
        scanner: Scanner::Checkov,
        check: "CKV_AWS_135",
        cfn: "",
        tf: "aws_instance",
        reason: "current instance types are always EBS-optimized, and in Terraform the setting \
                 replaces the instance",
    },
    Suppression {
        scanner: Scanner::Checkov,
        check: "CKV_AWS_8",
        cfn: "",
        tf: "aws_instance",
        reason: "the root volume is encrypted in the launch template, which the check does not read",
    },
    Suppression {
        scanner: Scanner::Checkov,
        check: "CKV_AWS_252",
        cfn: "",
        tf: "aws_cloudtrail",
        reason: "a message for each file of the trail is of no use; EventBridge reports \
                 sessions",
    },
    Suppression {
        scanner: Scanner::Checkov,
        check: "CKV2_AWS_12",
        cfn: "",
        tf: "aws_vpc",
        reason: "nothing here uses the default group, and CloudFormation cannot change it",
    },
    Suppression {
        scanner: Scanner::Checkov,
        check: "CKV_AWS_394",
        cfn: "",
        tf: "data.aws_availability_zones",
        reason: "the account determines the Availability Zones; set `network.zones` to fix them",
    },
    Suppression {
        scanner: Scanner::Guard,
        check: "s3_bucket_logging_enabled_check",
        cfn: "AWS::S3::Bucket",
        tf: "",
        reason: NO_ACCESS_LOGS,
    },
    Suppression {
        scanner: Scanner::Guard,
        check: "s3_event_notifications_enabled_check",
        cfn: "AWS::S3::Bucket",
        tf: "",
        reason: NO_NOTIFICATIONS,
    },
    Suppression {
        scanner: Scanner::Guard,
        check: "s3_bucket_object_lock_enabled_check",
        cfn: "AWS::S3::Bucket",
        tf: "",
        reason: "Object Lock without a retention period locks nothing, and you cannot disable it later; \
                 versions keep overwritten objects",
    },
    Suppression {
        scanner: Scanner::Guard,
        check: "ec2_launch_template_monitoring_enabled_check",
        cfn: "AWS::EC2::LaunchTemplate",
        tf: "",
        reason: "the instance enables detailed monitoring; in the launch template, a change would \
                 replace the instance",
    },
    Suppression {
        scanner: Scanner::Guard,
        check: "s3_bucket_policy_ssl_requests_only_check",
        cfn: "AWS::S3::BucketPolicy",
        tf: "",
        reason: "the policy denies it, and the rule reads the objects' ARN in one spelling only",
    },
    Suppression {
        scanner: Scanner::Guard,
        check: "ec2_instance_no_public_ip_check",
        cfn: "AWS::EC2::Instance",
        tf: "",
        reason: "the subnets give no public address, and the rule reads interfaces only",
    },
    Suppression {
        scanner: Scanner::Guard,
        check: "ec2_instance_nitro_encryption_in_transit_check",
        cfn: "AWS::EC2::Instance",
        tf: "",
        reason: "sessions and endpoints use TLS; types that encrypt in transit cost many times more",
    },
];

impl Preset {
    pub(super) fn hardened<T>(self, of: impl FnOnce() -> T) -> Option<T> {
        (self == Preset::Hardened).then(of)
    }

    /// A new network.
    pub fn network(self) -> PrivateNetwork {
        let count = if self == Preset::Minimal { 1 } else { 2 };
        PrivateNetwork::default().zones(Zones::Count(count))
    }

    /// The endpoints.
    pub fn endpoints(self) -> Endpoints {
        let zones = match self {
            Preset::Minimal => EndpointZones::One,
            _ => EndpointZones::All,
        };
        Endpoints::default()
            .zones(zones)
            .least_privilege(self == Preset::Hardened)
    }

    /// The role of the instances.
    pub fn instance_role(self) -> InstanceRole {
        InstanceRole::new(match self {
            Preset::Hardened => Permissions::WithoutParameters,
            _ => Permissions::ManagedInstanceCore,
        })
    }

    /// An instance.
    pub fn instance(self, name: impl Into<String>) -> PrivateInstance {
        PrivateInstance::new(name.into()).detailed_monitoring(self == Preset::Hardened)
    }

    /// The session preferences.
    pub fn sessions(self) -> Option<Sessions> {
        self.hardened(|| {
            Sessions::default()
                .s3_logs(SessionBucket::default())
                .max_duration_minutes(480)
        })
    }

    /// The operators.
    pub fn operators(self) -> Option<Operators> {
        self.hardened(Operators::default)
    }

    /// The updates.
    pub fn patching(self) -> Option<Patching> {
        self.hardened(Patching::default)
    }

    /// The monitoring.
    pub fn monitoring(self) -> Option<Monitoring> {
        self.hardened(|| Monitoring::default().config_rules(true))
    }

    /// The audit.
    pub fn audit(self) -> Option<Audit> {
        self.hardened(|| {
            Audit::default()
                .cloudwatch_logs_retention_days(365)
                .flow_log_retention_days(365)
        })
    }
}
