use super::{
    Bucket, Graph, Hooks, InvalidValue, LogGroup, Map, RawValue, Role, Tags, Vpc, table::resource,
    tagged,
};
use crate::ir::{
    ArnLink, Attr, Dialect, Handle, IntoValue, Link, NodeId, Text, Value, by_reference,
};

/// The marker type of a flow log destination: a log group or bucket.
#[derive(Debug)]
pub enum LogDestination {}

by_reference! {
    Handle<LogGroup> => Link<LogDestination>,
    Handle<Bucket> => Link<LogDestination>,
}

#[diagnostic::do_not_recommend]
impl IntoValue<Link<LogDestination>> for Handle<LogGroup> {
    fn into_value(self) -> Link<LogDestination> {
        Value::Expr(self.attr(LogGroup::ARN))
    }
}

#[diagnostic::do_not_recommend]
impl IntoValue<Link<LogDestination>> for Handle<Bucket> {
    fn into_value(self) -> Link<LogDestination> {
        Value::Expr(self.attr(Bucket::ARN))
    }
}

resource! {
    /// A VPC flow log.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-flowlog.html>
    pub struct FlowLog: "AWS::EC2::FlowLog" / "aws_flow_log", link Attr::by_ref("id"),
        import "Id" / "{id}";
    one {
        /// The VPC.
        vpc: Link<Vpc> = "ResourceId" / doc "vpc_id",
        /// `ALL`, `ACCEPT` or `REJECT`.
        traffic_type: Value<Text> = "TrafficType" / "traffic_type",
        /// `cloud-watch-logs` or `s3`.
        log_destination_type: Value<Text> = "LogDestinationType" / "log_destination_type",
        /// The ARN of the log group or bucket.
        log_destination: Link<LogDestination> = "LogDestination" / "log_destination",
    }
    opt {
        /// The ARN of the role that writes to the log group. Default: none.
        role_arn: ArnLink<Role> = "DeliverLogsPermissionArn" / doc "iam_role_arn",
        /// The maximum aggregation interval in seconds, 60 or 600. Default: 600.
        max_aggregation_interval: Value<i64> =
            "MaxAggregationInterval" / "max_aggregation_interval",
        /// The format of the records. Default: that of version 2.
        log_format: Value<Text> = "LogFormat" / "log_format",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for FlowLog {
    tagged!();

    fn invalid(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
        let get = |cfn, tf| map.get(dialect.pick(cfn, tf));
        let is_set = |cfn, tf| {
            get(cfn, tf).is_some_and(|it| !matches!(it, RawValue::Str(text) if text.is_empty()))
        };
        let destination = get("LogDestinationType", "log_destination_type");
        let is_logs = destination.is_none_or(|it| it.as_str() == Some("cloud-watch-logs"));
        let role = dialect.pick("DeliverLogsPermissionArn", "iam_role_arn");
        if !is_logs || is_set("DeliverLogsPermissionArn", "iam_role_arn") {
            return Vec::new();
        }
        vec![InvalidValue::of_ec2(
            "InvalidParameter",
            format!("a flow log to CloudWatch Logs requires `{role}`"),
            format!("set `{role}`"),
        )]
    }

    fn cfn_extra<'a>(&'a self, _: NodeId, _: &'a Graph, map: &mut Map<'a>) {
        map.insert("ResourceType", RawValue::str("VPC"));
    }
}
