//! The agent, and the system's packages, kept up to date.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager.html>

use super::endpoints::aws_buckets;
use super::scope::{Construct, Scope};
use crate::ir::{Diagnostic, Handle, Text, Value, kebab, quoted};
use crate::resource::{
    Association, CommandParameters, DocumentParameters, Instance, MaintenanceWindow,
    MaintenanceWindowTarget, MaintenanceWindowTask, NodeTarget, PolicyDocument, Role, RolePolicy,
    RunCommand, Statement, TaskInvocation, Typed, schedule_problem,
};

/// What is done about missing patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchOperation {
    /// They are looked for and told.
    Scan,
    /// They are installed.
    Install {
        /// Whether it is restarted; what needs that waits otherwise.
        reboot: bool,
    },
}

/// A maintenance window for patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchWindow {
    /// How many hours it lasts, from 1 to 24.
    pub duration_hours: i64,
    /// How many hours before its end nothing is begun any more.
    pub cutoff_hours: i64,
}

/// The agent kept up to date, patches looked for or installed, and what is installed told: by State
/// Manager, or in a maintenance window.
///
/// With it come the way to S3 and the permission to read AWS's buckets, which both need. Patches of
/// Amazon Linux come from S3; other systems need ways to their own sources.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Patching {
    /// How often the agent is updated; nothing leaves it as it is. Default: `rate(14 days)`.
    pub agent_update_schedule: Option<Text>,
    /// What is done about missing patches. Default: they are looked for.
    pub operation: PatchOperation,
    /// When that is. Default: `cron(0 3 ? * SUN *)`, Sundays at three, UTC.
    pub schedule: Text,
    /// A maintenance window that begins at those times. Default: none.
    pub maintenance_window: Option<PatchWindow>,
    /// Whether what is installed is told each day. Default: it is.
    pub inventory: bool,
}

impl Default for Patching {
    fn default() -> Self {
        Patching {
            agent_update_schedule: Some(Text::Borrowed("rate(14 days)")),
            operation: PatchOperation::Scan,
            schedule: Text::Borrowed("cron(0 3 ? * SUN *)"),
            maintenance_window: None,
            inventory: true,
        }
    }
}

/// Patching with the instances that it is for.
#[derive(Clone, Debug)]
pub(crate) struct PlacedPatching<'a> {
    pub(crate) patching: Patching,
    pub(crate) instances: &'a [Handle<Instance>],
    pub(crate) permissions: Handle<RolePolicy>,
}

/// The permission to read AWS's buckets, which instances wait for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatchPermissions {
    pub(crate) role: Handle<Role>,
}

impl Construct for PatchPermissions {
    type Handle = Handle<RolePolicy>;

    fn build(self, scope: &mut Scope<'_>) -> Handle<RolePolicy> {
        let buckets = aws_buckets(true, scope);
        let read = Statement::allow(["s3:GetObject"])
            .sid("AwsBuckets")
            .on(buckets);
        let policy = RolePolicy::new("aws-buckets", self.role, PolicyDocument::new([read]));
        scope.add("Permissions", policy)
    }
}

/// The document that patches.
const BASELINE: &str = "AWS-RunPatchBaseline";

impl PlacedPatching<'_> {
    fn targets(&self) -> NodeTarget {
        let ids = self.instances.iter().map(|it| it.attr(Instance::LINK));
        NodeTarget::new("InstanceIds").values(ids)
    }

    fn parameters(&self) -> Vec<(&'static str, &'static str)> {
        match self.patching.operation {
            PatchOperation::Scan => vec![("Operation", "Scan")],
            PatchOperation::Install { reboot } => {
                let reboot = if reboot { "RebootIfNeeded" } else { "NoReboot" };
                vec![("Operation", "Install"), ("RebootOption", reboot)]
            }
        }
    }

    fn associate(&self, document: &'static str, schedule: Text) -> Association {
        let schedule: Value<Text> = Value::Lit(schedule);
        Association::new(document)
            .schedule_expression(schedule)
            .targets([self.targets()])
    }

    fn window(&self, window: PatchWindow, scope: &mut Scope<'_>) {
        if !(1..=24).contains(&window.duration_hours)
            || window.cutoff_hours < 0
            || window.cutoff_hours >= window.duration_hours
        {
            let (duration, cutoff) = (window.duration_hours, window.cutoff_hours);
            let message = format!(
                "a window of {duration} hours cannot end what is begun {cutoff} hours before its end"
            );
            scope.add_diagnostic(
                Diagnostic::error("maintenance-window", message)
                    .about(&["window"])
                    .help("take a `duration` from 1 to 24, and a `cutoff` under it"),
            );
        }
        let schedule: Value<Text> = Value::Lit(self.patching.schedule.clone());
        let name = format!("{}-patches", kebab(scope.stack_name()));
        let made = MaintenanceWindow::new(
            name,
            schedule,
            window.duration_hours,
            window.cutoff_hours,
            false,
        );
        let made = scope.add("Window", made);
        let nodes = MaintenanceWindowTarget::new(made, "INSTANCE").targets([self.targets()]);
        let nodes = scope.add("WindowTarget", nodes);
        let parameters = self.parameters().into_iter();
        let parameters = parameters.map(|(key, value)| (key.into(), Value::Lit(value.into())));
        let command = RunCommand::new().parameters(CommandParameters(parameters.collect()));
        let task = MaintenanceWindowTask::new(made, "RUN_COMMAND", BASELINE, 1)
            .max_concurrency("50%")
            .max_errors("1")
            .targets([NodeTarget::new("WindowTargetIds")
                .values([nodes.attr(MaintenanceWindowTarget::LINK)])])
            .invocation(TaskInvocation::new().run_command(command));
        scope.add("WindowTask", task);
    }
}

impl Construct for PlacedPatching<'_> {
    type Handle = ();

    fn build(self, scope: &mut Scope<'_>) {
        // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Target.html
        if self.instances.len() > 50 {
            let message = format!(
                "{} instances are patched, and a target has 50",
                self.instances.len()
            );
            scope.add_diagnostic(
                Diagnostic::error("patch-targets", message)
                    .help("divide them between stacks, or patch them by a tag of your own"),
            );
        }
        let times = [
            ("agent", self.patching.agent_update_schedule.as_ref()),
            ("schedule", Some(&self.patching.schedule)),
        ];
        for (field, time) in times {
            let Some((time, (message, help))) =
                time.and_then(|it| Some((it, schedule_problem(it)?)))
            else {
                continue;
            };
            scope.add_diagnostic(
                Diagnostic::error("schedule", format!("{} {message}", quoted(time)))
                    .about(&[field])
                    .help(help),
            );
        }
        let restarts = self.patching.operation == PatchOperation::Install { reboot: true };
        let at_once = self.patching.maintenance_window.is_none()
            && self.patching.schedule.starts_with("rate");
        if restarts && at_once {
            let message =
                "patches are installed as soon as the instances are there, which restarts them";
            scope.add_diagnostic(
                Diagnostic::warning("patching-at-once", message)
                    .about(&["schedule"])
                    .help("write the time as `cron(…)`, which waits, or take a `window`"),
            );
        }
        if let Some(schedule) = self.patching.agent_update_schedule.clone() {
            let agent = scope.add("Agent", self.associate("AWS-UpdateSSMAgent", schedule));
            scope.depends_on(agent, [self.permissions.node()]);
        }
        match self.patching.maintenance_window {
            Some(window) => self.window(window, scope),
            None => {
                let patch = self.associate(BASELINE, self.patching.schedule.clone());
                let mut patch = patch
                    .compliance_severity("HIGH")
                    .parameters(DocumentParameters::from(self.parameters()));
                // At once is not when an instance may be restarted.
                if self.patching.schedule.starts_with("cron") {
                    patch = patch.apply_only_at_cron_interval(true);
                }
                let patch = scope.add("Patches", patch);
                scope.depends_on(patch, [self.permissions.node()]);
            }
        }
        if self.patching.inventory {
            let inventory = self.associate("AWS-GatherSoftwareInventory", "rate(1 day)".into());
            scope.add("Inventory", inventory);
        }
    }
}
