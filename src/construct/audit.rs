//! A CloudTrail trail of the account, and VPC flow logs.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-auditing.html>

use super::arn::ArnContext;
use super::network_handles::NetworkHandles;
use super::options::{Ranges, options};
use super::scope::{Construct, Scope};
use super::shared::{WRITE_LOGS, allow_cloudwatch_logs, delegate_to_iam, require_tls, rotated_key};
use crate::ir::{Expr, Handle, IntoValue, Link, NodeId, Text, Value, kebab};
use crate::resource::{
    Bucket, BucketPolicy, EncryptionByDefault, FlowLog, Instance, KmsKey, LifecycleRule, LogGroup,
    ManagedPolicy, PolicyDocument, Principal, RemovalPolicy, Role, RolePolicy, Statement, Trail,
    Typed,
};

options! {
    /// A CloudTrail trail with its own bucket and key, and VPC flow logs.
    ///
    /// A trail records API calls, not the input of sessions. AWS bills a second copy of management
    /// events, if the account or organization has a trail already.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Audit, start |preset| preset.audit().unwrap_or_default();
    options {
        /// Creates a CloudTrail trail with its own bucket.
        cloudtrail: def bool = true;
        /// Enables the trail in all Regions.
        multi_region: def bool = true;
        /// Days until S3 deletes the files of the trail, and overwritten files after they were
        /// overwritten.
        expiration_days: opt Value<i64>, in 1..=36500, shown "never";
        /// Days until CloudWatch Logs deletes the events of the trail, which it then also receives.
        cloudwatch_logs_retention_days: opt Value<i64>, in 1..=3653, shown "no log group";
        /// Days until CloudWatch Logs deletes the VPC flow logs.
        flow_log_retention_days: opt Value<i64>, in 1..=3653, shown "no flow logs";
    }
}

/// The audit with its network.
#[derive(Clone, Debug)]
pub(crate) struct PlacedAudit<'a> {
    pub(crate) audit: Audit,
    pub(crate) network: &'a NetworkHandles,
    pub(crate) instances: &'a [Handle<Instance>],
    /// The permissions boundary of its roles.
    pub(crate) boundary: Option<Link<ManagedPolicy>>,
}

/// The audit, for other constructs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuditHandles {
    /// The trail, if it exists.
    pub trail: Option<Handle<Trail>>,
}

const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

impl PlacedAudit<'_> {
    fn flow_group_name(scope: &Scope<'_>) -> String {
        format!("/vpc-flow-logs/{}", kebab(scope.stack_name()))
    }

    fn trail_group_name(scope: &Scope<'_>) -> String {
        format!("/cloudtrail/{}", kebab(scope.stack_name()))
    }

    fn trail_log_days(&self) -> Option<&Value<i64>> {
        self.audit
            .cloudwatch_logs_retention_days
            .as_ref()
            .filter(|_| self.audit.cloudtrail)
    }

    /// With the region: a trail of all regions is seen by its name in each.
    fn trail_name(scope: &Scope<'_>) -> Expr {
        let stack = format!("{}-", kebab(scope.stack_name()));
        Expr::concat([Expr::text(stack), scope.region()])
    }

    /// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html>
    fn key(&self, context: &ArnContext, scope: &mut Scope<'_>) -> Handle<KmsKey> {
        let mut statements = delegate_to_iam(context);
        if self.audit.cloudtrail {
            let trail = |name: Expr| context.arn("cloudtrail", [Expr::text("trail/"), name]);
            let service = || Principal::Service(Value::Lit(Text::Borrowed(CLOUDTRAIL)));
            let name = Self::trail_name(scope);
            statements.push(
                Statement::allow(["kms:GenerateDataKey*"])
                    .sid("Trail")
                    .principal(service())
                    .on(["*"])
                    .when("StringEquals", "aws:SourceArn", [trail(name.clone())])
                    .when(
                        "StringLike",
                        "kms:EncryptionContext:aws:cloudtrail:arn",
                        [trail(name.clone())],
                    ),
            );
            statements.push(
                Statement::allow(["kms:DescribeKey"])
                    .sid("TrailLooks")
                    .principal(service())
                    .on(["*"])
                    .when("StringEquals", "aws:SourceArn", [trail(name)]),
            );
        }
        let groups = [
            self.trail_log_days().map(|_| Self::trail_group_name(scope)),
            self.audit
                .flow_log_retention_days
                .as_ref()
                .map(|_| Self::flow_group_name(scope)),
        ];
        let groups: Vec<String> = groups.into_iter().flatten().collect();
        if !groups.is_empty() {
            statements.push(allow_cloudwatch_logs(&groups, context, scope));
        }
        let key = rotated_key("The trail and the VPC flow log", statements);
        let key = scope.add("Key", key);
        // What is kept could not be read without it.
        scope.set_removal_policy(key, RemovalPolicy::Retain);
        key
    }

    fn trail(
        &self,
        key: Handle<KmsKey>,
        context: &ArnContext,
        scope: &mut Scope<'_>,
    ) -> Handle<Trail> {
        let arn: Value<Text> = key.attr(KmsKey::LINK).into_value();
        let encryption = EncryptionByDefault::new("aws:kms").kms_master_key_id(arn);
        let mut bucket = Bucket::private(encryption)
            .lifecycle([LifecycleRule::tidy(self.audit.expiration_days.clone())]);
        // With a bucket key, CloudTrail would have to decrypt too:
        // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
        for rule in &mut bucket.encryption {
            rule.bucket_key_enabled = None;
        }
        let bucket = scope.add("Bucket", bucket);
        scope.set_removal_policy(bucket, RemovalPolicy::Retain);
        let name = Self::trail_name(scope);
        let trail = context.arn("cloudtrail", [Expr::text("trail/"), name.clone()]);
        let service = || Principal::Service(Value::Lit(Text::Borrowed(CLOUDTRAIL)));
        let files = Expr::concat([
            bucket.attr(Bucket::ARN),
            Expr::text("/AWSLogs/"),
            context.account.clone(),
            Expr::text("/*"),
        ]);
        let statements = [
            Statement::allow(["s3:GetBucketAcl"])
                .sid("TrailLooks")
                .principal(service())
                .on([bucket.attr(Bucket::ARN)])
                .when("StringEquals", "aws:SourceArn", [trail.clone()]),
            Statement::allow(["s3:PutObject"])
                .sid("TrailWrites")
                .principal(service())
                .on([files])
                .when("StringEquals", "aws:SourceArn", [trail])
                .when(
                    "StringEquals",
                    "s3:x-amz-acl",
                    ["bucket-owner-full-control"],
                ),
            require_tls(bucket),
        ];
        let policy = BucketPolicy::new(bucket, PolicyDocument::new(statements));
        let policy = scope.add("BucketPolicy", policy);
        scope.set_removal_policy(policy, RemovalPolicy::Retain);
        scope.depends_on(policy, [bucket.node()]);
        let days = self.trail_log_days().cloned();
        let written = days.map(|days| {
            let name = Self::trail_group_name(scope);
            let service = CLOUDTRAIL;
            self.group("Calls", (&name, days), key, service, scope)
        });
        let mut trail = Trail::new(Value::<Text>::from(name), bucket, true)
            .is_multi_region_trail(self.audit.multi_region)
            .include_global_service_events(self.audit.multi_region)
            .enable_log_file_validation(true)
            .kms_key(key);
        let mut ready = vec![policy.node()];
        if let Some(written) = written {
            trail = trail
                .log_group_arn(written.group)
                .log_role_arn(written.role);
            ready.extend(written.ready);
        }
        let trail = scope.add("Trail", trail);
        // Last: a creation that fails after CloudTrail has written cannot delete the bucket.
        ready.extend(self.instances.iter().map(|it| it.node()));
        scope.depends_on(trail, ready);
        scope.output(
            "BucketName",
            bucket.attr(Bucket::LINK),
            "Where the trail is kept",
        );
        trail
    }

    /// Adds a group, and a role by which a service writes to it.
    fn group(
        &self,
        id: &str,
        (name, days): (&str, Value<i64>),
        key: Handle<KmsKey>,
        service: &'static str,
        scope: &mut Scope<'_>,
    ) -> LogDelivery {
        let context = ArnContext::of(scope);
        let group = LogGroup::new()
            .log_group_name(name.to_owned())
            .retention_in_days(days)
            .kms_key(key);
        let group = scope.add(id, group);
        scope.set_removal_policy(group, RemovalPolicy::Retain);
        let mut trust = Statement::allow(["sts:AssumeRole"])
            .principal(Principal::Service(Value::Lit(Text::Borrowed(service))));
        // CloudTrail takes no condition here:
        // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
        if service != CLOUDTRAIL {
            trust = trust.when(
                "StringEquals",
                "aws:SourceAccount",
                [context.account.clone()],
            );
        }
        let mut role = Role::new(PolicyDocument::new([trust]));
        role.permissions_boundary = self.boundary.clone();
        let role = scope.add(&format!("{id}Role"), role);
        let streams = context.arn("logs", [Expr::text(format!("log-group:{name}:*"))]);
        let write = Statement::allow(WRITE_LOGS).sid("Write").on([streams]);
        let mut may = vec![write];
        if service != CLOUDTRAIL {
            // Flow logs look for the group by its name, and IAM knows no group then.
            may.push(
                Statement::allow(["logs:DescribeLogGroups"])
                    .sid("FindGroup")
                    .on(["*"]),
            );
        }
        let policy = RolePolicy::new("write", role, PolicyDocument::new(may));
        let policy = scope.add(&format!("{id}Permissions"), policy);
        LogDelivery {
            group,
            role,
            ready: [group.node(), policy.node()],
        }
    }

    /// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html>
    fn flow_log(
        &self,
        days: Value<i64>,
        key: Handle<KmsKey>,
        context: &ArnContext,
        scope: &mut Scope<'_>,
    ) {
        let name = Self::flow_group_name(scope);
        let service = "vpc-flow-logs.amazonaws.com";
        let written = self.group("Connections", (&name, days), key, service, scope);
        let arn = context.arn("logs", [Expr::text(format!("log-group:{name}"))]);
        let flow = FlowLog::new(
            self.network.vpc.clone(),
            "ALL",
            "cloud-watch-logs",
            Expr::from(arn),
        )
        .role_arn(written.role)
        .max_aggregation_interval(60);
        let flow = scope.add("FlowLog", flow);
        scope.depends_on(flow, written.ready);
    }
}

/// A log group that a service writes to.
struct LogDelivery {
    group: Handle<LogGroup>,
    role: Handle<Role>,
    ready: [NodeId; 2],
}

impl Construct for PlacedAudit<'_> {
    type Handle = AuditHandles;

    fn build(self, scope: &mut Scope<'_>) -> AuditHandles {
        self.audit.check_ranges(&[], scope);
        let context = ArnContext::of(scope);
        if !self.audit.cloudtrail {
            let logs = self.audit.cloudwatch_logs_retention_days.is_some();
            for (setting, is_set) in [
                ("audit.multi_region", !self.audit.multi_region),
                (
                    "audit.expiration_days",
                    self.audit.expiration_days.is_some(),
                ),
                ("audit.cloudwatch_logs_retention_days", logs),
            ] {
                if is_set {
                    scope.warn_unused(setting, "without a trail", "set `audit.cloudtrail: true`");
                }
            }
        }
        if !self.audit.cloudtrail && self.audit.flow_log_retention_days.is_none() {
            return AuditHandles { trail: None };
        }
        let key = self.key(&context, scope);
        let trail = self
            .audit
            .cloudtrail
            .then(|| self.trail(key, &context, scope));
        if let Some(days) = self.audit.flow_log_retention_days.clone() {
            self.flow_log(days, key, &context, scope);
        }
        AuditHandles { trail }
    }
}
