use super::codec::{Mismatch, Prop};
use super::table::{nested, resource};
use super::{Hooks, Map, NodeTarget, RawValue, Tags, tagged};
use crate::ir::{Attr, Dialect, Link, Text, Value};

resource! {
    /// A span of time, again and again, in which nodes may be disturbed.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-maintenancewindow.html>
    pub struct MaintenanceWindow: "AWS::SSM::MaintenanceWindow" / "aws_ssm_maintenance_window",
        link Attr::by_ref("id"),
        import "WindowId" / "{id}";
    one {
        /// Its name.
        name: Value<Text> = "Name" / "name",
        /// When it begins: `cron(…)` or `rate(…)`.
        schedule: Value<Text> = "Schedule" / "schedule",
        /// How many hours it lasts, from 1 to 24.
        duration: Value<i64> = "Duration" / "duration",
        /// How many hours before its end nothing is begun any more.
        cutoff: Value<i64> = "Cutoff" / "cutoff",
        /// Whether tasks may be for nodes that are not registered with it.
        allow_unassociated_targets: Value<bool> =
            "AllowUnassociatedTargets" / "allow_unassociated_targets",
    }
    opt {
        /// The time zone of its schedule, such as `Europe/Berlin`. Default: UTC.
        schedule_timezone: Value<Text> = "ScheduleTimezone" / "schedule_timezone",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for MaintenanceWindow {
    tagged!();
}

resource! {
    /// The nodes of a maintenance window.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-maintenancewindowtarget.html>
    pub struct MaintenanceWindowTarget:
        "AWS::SSM::MaintenanceWindowTarget" / "aws_ssm_maintenance_window_target",
        link Attr::by_ref("id"),
        import "WindowId,WindowTargetId" / "{window_id}/{id}";
    one {
        /// The window.
        window: Link<MaintenanceWindow> = "WindowId" / "window_id",
        /// `INSTANCE`.
        resource_type: Value<Text> = "ResourceType" / "resource_type",
    }
    many {
        /// Which nodes.
        targets: NodeTarget = "Targets" / "targets",
    }
}

impl Hooks for MaintenanceWindowTarget {}

/// Parameters of a command: a map of lists in CloudFormation, blocks in Terraform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandParameters(pub Vec<(Text, Value<Text>)>);

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
            _ => Err(Mismatch::new("has not one value")),
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
    /// The command that a task runs.
    pub struct RunCommand
    plain {
        /// What the document is told.
        parameters: CommandParameters = "Parameters" / "parameter",
    }
}

nested! {
    /// How a task is run.
    pub struct TaskInvocation
    opt {
        /// As a command.
        run_command: RunCommand = "MaintenanceWindowRunCommandParameters" / "run_command_parameters",
    }
}

resource! {
    /// What is done in a maintenance window.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-maintenancewindowtask.html>
    pub struct MaintenanceWindowTask:
        "AWS::SSM::MaintenanceWindowTask" / "aws_ssm_maintenance_window_task",
        link Attr::by_ref("id"),
        import "WindowId,WindowTaskId" / "{window_id}/{window_task_id}";
    one {
        /// The window.
        window: Link<MaintenanceWindow> = "WindowId" / "window_id",
        /// `RUN_COMMAND`.
        task_type: Value<Text> = "TaskType" / "task_type",
        /// The document, by name.
        task_arn: Value<Text> = "TaskArn" / "task_arn",
        /// Which task goes first: the lower.
        priority: Value<i64> = "Priority" / "priority",
    }
    opt {
        /// How many nodes at once, as number or percentage.
        max_concurrency: Value<Text> = "MaxConcurrency" / "max_concurrency",
        /// After how many failures no more are begun.
        max_errors: Value<Text> = "MaxErrors" / "max_errors",
        /// How it is run.
        invocation: TaskInvocation = "TaskInvocationParameters" / "task_invocation_parameters",
    }
    many {
        /// The window's targets, or nodes.
        targets: NodeTarget = "Targets" / "targets",
    }
}

impl Hooks for MaintenanceWindowTask {}
