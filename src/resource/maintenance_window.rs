use super::codec::{Mismatch, Prop};
use super::table::{nested, resource};
use super::tags::merge_entries;
use super::{Certain, Hooks, InvalidValue, Map, NodeTarget, RawValue, Tags, tagged};
use crate::ir::{Attr, Dialect, Link, Text, Value};

resource! {
    /// An SSM maintenance window.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-maintenancewindow.html>
    pub struct MaintenanceWindow: "AWS::SSM::MaintenanceWindow" / "aws_ssm_maintenance_window",
        link Attr::by_ref("id"),
        import "WindowId" / "{id}";
    one {
        /// The name.
        name: Value<Text> = "Name" / "name",
        /// The schedule: `cron(…)` or `rate(…)`.
        schedule: Value<Text> = "Schedule" / "schedule",
        /// The duration in hours, from 1 to 24.
        duration: Value<i64> = "Duration" / "duration",
        /// The hours before the end of the window in which no task starts.
        cutoff: Value<i64> = "Cutoff" / "cutoff",
        /// Whether to allow tasks on nodes that are not registered with the window.
        allow_unassociated_targets: Value<bool> =
            "AllowUnassociatedTargets" / "allow_unassociated_targets",
    }
    opt {
        /// The time zone of the schedule, such as `Europe/Berlin`. Default: UTC.
        schedule_timezone: Value<Text> = "ScheduleTimezone" / "schedule_timezone",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for MaintenanceWindow {
    tagged!();

    /// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateMaintenanceWindow.html>
    fn invalid(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
        let number = |name| match map.get(name)? {
            RawValue::Int(it) => Some(*it),
            RawValue::Str(it) => it.parse().ok(),
            _ => None,
        };
        let duration = number(dialect.pick("Duration", "duration"));
        let cutoff = number(dialect.pick("Cutoff", "cutoff"));
        let (Some(duration), Some(cutoff)) = (duration, cutoff) else {
            return Vec::new();
        };
        let late = (cutoff >= duration).then(|| InvalidValue {
            by: "Systems Manager",
            error: "ValidationException",
            certain: Certain::Yes,
            reason: format!(
                "its cutoff of {cutoff} hours is not before its end after {duration} hours"
            ),
            fix: "set a cutoff that is less than the duration".to_owned(),
        });
        late.into_iter().collect()
    }
}

resource! {
    /// The targets of a maintenance window.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-maintenancewindowtarget.html>
    pub struct MaintenanceWindowTarget:
        "AWS::SSM::MaintenanceWindowTarget" / "aws_ssm_maintenance_window_target",
        link Attr::by_ref("id"),
        import "WindowId,WindowTargetId" / "{window_id}/{id}";
    one {
        /// The maintenance window.
        window: Link<MaintenanceWindow> = "WindowId" / doc "window_id",
        /// `INSTANCE`.
        resource_type: Value<Text> = "ResourceType" / "resource_type",
    }
    many {
        /// The managed nodes.
        targets: NodeTarget = "Targets" / "targets",
    }
}

impl Hooks for MaintenanceWindowTarget {}

/// Parameters of a Run Command task: a map of lists in CloudFormation, blocks in Terraform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandParameters(pub Vec<(Text, Value<Text>)>);

impl CommandParameters {
    /// Sets all entries of `more`.
    pub(crate) fn merge(&mut self, more: &CommandParameters) {
        merge_entries(&mut self.0, &more.0);
    }
}

impl Prop for CommandParameters {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        let entries = self.0.iter().filter_map(|(key, value)| {
            Some((key.as_ref(), RawValue::List(vec![value.put(dialect)?])))
        });
        Some(match dialect {
            _ if self.0.is_empty() => return None,
            Dialect::Cfn => RawValue::Object(entries.map(|(key, of)| (key.into(), of)).collect()),
            Dialect::Tf => {
                let block = |(key, of)| {
                    let mut map = Map::with_capacity(2);
                    map.insert("name", RawValue::str(key));
                    map.insert("values", of);
                    RawValue::Block(map)
                };
                RawValue::List(entries.map(block).collect())
            }
        })
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        let mut entries = Vec::new();
        let one = |term: Option<RawValue<'_>>| match term {
            Some(RawValue::List(mut items)) if items.len() == 1 => {
                Value::take(items.swap_remove(0), dialect)
            }
            _ => Err(Mismatch::new("does not have exactly one value")),
        };
        match term {
            RawValue::Object(map) => {
                for (key, of) in map {
                    entries.push((Text::Owned(key.into_owned()), one(Some(of))?));
                }
            }
            RawValue::List(items) => {
                for item in items {
                    let (RawValue::Block(mut map) | RawValue::Object(mut map)) = item else {
                        return Err(Mismatch::expected("a block", &item));
                    };
                    let Some(RawValue::Str(name)) = map.remove("name") else {
                        return Err(Mismatch::missing("name"));
                    };
                    entries.push((Text::Owned(name.into_owned()), one(map.remove("values"))?));
                }
            }
            other => return Err(Mismatch::expected("parameters", &other)),
        }
        Ok(CommandParameters(entries))
    }

    fn blank() -> Self {
        CommandParameters::default()
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        CommandParameters(from.entries())
    }
}

nested! {
    /// The Run Command parameters of a task.
    pub struct RunCommand
    plain {
        /// The parameters of the document.
        parameters: CommandParameters = "Parameters" / doc "parameter",
    }
}

nested! {
    /// The invocation parameters of a task.
    pub struct TaskInvocation
    opt {
        /// The Run Command parameters.
        run_command: RunCommand = "MaintenanceWindowRunCommandParameters" / doc "run_command_parameters",
    }
}

resource! {
    /// A task of a maintenance window.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-maintenancewindowtask.html>
    pub struct MaintenanceWindowTask:
        "AWS::SSM::MaintenanceWindowTask" / "aws_ssm_maintenance_window_task",
        link Attr::by_ref("id"),
        import "WindowId,WindowTaskId" / "{window_id}/{window_task_id}";
    one {
        /// The maintenance window.
        window: Link<MaintenanceWindow> = "WindowId" / doc "window_id",
        /// `RUN_COMMAND`.
        task_type: Value<Text> = "TaskType" / "task_type",
        /// The name of the document.
        task_arn: Value<Text> = "TaskArn" / "task_arn",
        /// The priority; a lower number runs first.
        priority: Value<i64> = "Priority" / "priority",
    }
    opt {
        /// The maximum number of nodes at once, as a number or percentage.
        max_concurrency: Value<Text> = "MaxConcurrency" / "max_concurrency",
        /// The number of errors after which no more tasks start.
        max_errors: Value<Text> = "MaxErrors" / "max_errors",
        /// The invocation parameters.
        invocation: TaskInvocation = "TaskInvocationParameters" / doc "task_invocation_parameters",
    }
    many {
        /// The registered targets, or managed nodes.
        targets: NodeTarget = "Targets" / "targets",
    }
    inert {
        "" / "arn" = "AWS sets it",
        "" / "window_task_id" = "AWS sets it",
    }
}

impl Hooks for MaintenanceWindowTask {}
