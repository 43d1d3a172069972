//! Policy statements and keys that several constructs use.

use super::arn::ArnContext;
use super::scope::Scope;
use crate::ir::{Expr, Handle, Pseudo};
use crate::resource::{Bucket, Effect, KmsKey, PolicyDocument, Principal, Statement};

/// The actions that a writer to a log group requires.
pub(super) const WRITE_LOGS: [&str; 3] = [
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
];

/// Creates a key with yearly rotation.
pub(super) fn rotated_key(description: &'static str, statements: Vec<Statement>) -> KmsKey {
    KmsKey::new()
        .description(description)
        .key_policy(PolicyDocument::new(statements))
        .enable_key_rotation(true)
        .pending_window_in_days(30)
}

/// Denies requests without TLS.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html>
pub(super) fn require_tls(bucket: Handle<Bucket>) -> Statement {
    let all = Expr::concat([bucket.attr(Bucket::ARN), Expr::text("/*")]);
    let mut deny = Statement::allow(["s3:*"])
        .sid("TlsOnly")
        .principal(Principal::Any)
        .on([bucket.attr(Bucket::ARN), all])
        .when("Bool", "aws:SecureTransport", ["false"]);
    deny.effect = Effect::Deny;
    deny
}

/// Delegates access to IAM policies: without it, no principal can change the key policy. Only AWS
/// services can create grants, because a grant outlives the key policy.
///
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html>
pub(super) fn delegate_to_iam(context: &ArnContext) -> Vec<Statement> {
    let mut grants = Statement::allow(["kms:CreateGrant"])
        .sid("GrantsToServices")
        .principal(Principal::Any)
        .on(["*"])
        .when("BoolIfExists", "kms:GrantIsForAWSResource", ["false"])
        .when("BoolIfExists", "aws:PrincipalIsAWSService", ["false"]);
    grants.effect = Effect::Deny;
    let decides = Statement::allow(["kms:*"])
        .sid("IamDecides")
        .principal(Principal::Aws(context.root()))
        .on(["*"]);
    vec![decides, grants]
}

/// Allows CloudWatch Logs to use a key for log groups with these names.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html>
pub(super) fn allow_cloudwatch_logs(
    groups: &[String],
    context: &ArnContext,
    scope: &Scope<'_>,
) -> Statement {
    let suffix = scope
        .known_region()
        .map_or(Expr::Pseudo(Pseudo::UrlSuffix), |region| {
            Expr::text(region.dns_suffix)
        });
    let service = Expr::concat([Expr::text("logs."), scope.region(), Expr::text("."), suffix]);
    let groups = groups
        .iter()
        .map(|name| context.arn("logs", [Expr::text(format!("log-group:{name}"))]));
    Statement::allow([
        "kms:Decrypt*",
        "kms:Describe*",
        "kms:Encrypt*",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
    ])
    .sid("Logs")
    .principal(Principal::Service(service.into()))
    .on(["*"])
    .when("ArnEquals", "kms:EncryptionContext:aws:logs:arn", groups)
}
