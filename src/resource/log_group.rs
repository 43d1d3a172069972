use super::{Hooks, KmsKey, Map, Node, RawValue, Tags, table::resource, tagged};
use crate::ir::by_reference;
use crate::ir::{
    ArnLink, Attr, Diagnostic, Diagnostics, Expr, Handle, IntoValue, Link, Text, Value,
};

resource! {
    /// A CloudWatch Logs log group.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html>
    pub struct LogGroup: "AWS::Logs::LogGroup" / "aws_cloudwatch_log_group",
        link Attr::by_ref("name"), attrs [Self::ARN],
        import "LogGroupName" / "{name}";
    opt {
        /// The name. Default: generated.
        log_group_name: Value<Text> = "LogGroupName" / doc "name",
        /// The ARN of the KMS key. Default: encryption with a key of CloudWatch Logs.
        kms_key: Link<KmsKey> = "KmsKeyId" / doc "kms_key_id",
        /// Days before log events expire. Default: never.
        retention_in_days: Value<i64> = "RetentionInDays" / "retention_in_days",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "DataProtectionPolicy" / "" = "only how logs are read",
        "FieldIndexPolicies" / "" = "only how logs are read",
        "DeletionProtectionEnabled" / "" = "only when the log group is deleted",
        "" / "skip_destroy" = "only when the log group is deleted",
        "LogGroupClass=STANDARD|INFREQUENT_ACCESS" / "log_group_class=STANDARD|INFREQUENT_ACCESS" = "a class that accepts logs of any source",
        "BearerTokenAuthenticationEnabled" / "" = "only HTTP clients with tokens",
        "" / "name_prefix" = "a name",
    }
}

by_reference!(Handle<LogGroup> => ArnLink<LogGroup>);

#[diagnostic::do_not_recommend]
impl IntoValue<ArnLink<LogGroup>> for Handle<LogGroup> {
    /// The ARN with the suffix `:*`, which CloudTrail requires.
    fn into_value(self) -> ArnLink<LogGroup> {
        let arn = || self.attr(LogGroup::ARN);
        Value::Expr(Expr::PerLanguage {
            // The attribute in CloudFormation contains the suffix.
            cfn: Box::new(arn()),
            tf: Box::new(Expr::concat([arn(), Expr::text(":*")])),
        })
    }
}

impl LogGroup {
    /// The ARN, with the suffix `:*` in CloudFormation.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");
}

/// The retention periods in days that CloudWatch Logs supports.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
const RETENTION: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

impl Hooks for LogGroup {
    tagged!();

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let days = self.retention_in_days.as_ref().and_then(Value::lit);
        if let Some(days) = days.filter(|days| !RETENTION.contains(days)) {
            let known = RETENTION.map(|it| it.to_string()).join(", ");
            let message =
                format!("`retention_in_days` is {days}; CloudWatch Logs does not support it");
            out.push(
                Diagnostic::error("log-retention", message)
                    .path(node.path.clone())
                    .at(node.location.clone())
                    .about(&["retention_days"])
                    .help(format!("use one of {known}")),
            );
        }
    }

    fn tf_retained(&self, map: &mut Map<'_>) {
        map.insert("skip_destroy", RawValue::Bool(true));
    }
}
