//! Updates of SSM Agent and of packages.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager.html>

use super::endpoints::aws_buckets;
use super::options::{Ranges, options};
use super::scope::{Construct, Scope};
use crate::ir::{Diagnostic, Handle, NodeId, Text, Value, kebab, quoted, words};
use crate::resource::{
    Association, CommandParameters, DocumentParameters, Instance, MaintenanceWindow,
    MaintenanceWindowTarget, MaintenanceWindowTask, NodeTarget, RunCommand, Statement,
    TaskInvocation, Typed, schedule_problem,
};

words! {
    /// The operation of Patch Manager.
    #[non_exhaustive]
    pub enum PatchOperation {
        /// Reports missing patches.
        Scan = "scan",
        /// Installs missing patches.
        Install = "install",
    }
}

options! {
    /// A maintenance window for patches.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PatchWindow;
    options {
        /// Hours that the maintenance window lasts.
        duration_hours: def i64 = 4, in 1..=24;
        /// Hours before the end of the window in which no task starts.
        cutoff_hours: def i64 = 1, in 0..=23;
    }
}

options! {
    /// Updates of SSM Agent, patches and inventory, with State Manager or in a maintenance window.
    ///
    /// The stack also gets the S3 gateway endpoint and the permission to read the buckets of AWS.
    /// Patches of Amazon Linux come from S3; other systems need a route to their own sources.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Patching, start |preset| preset.patching().unwrap_or_default();
    options {
        /// Schedule of SSM Agent updates. `false` disables them.
        agent_update_schedule: opt Text = Some("rate(14 days)".into()),
            kind Kind::Either(&Kind::Bool, &Kind::Text);
        /// Operation of Patch Manager: report missing patches, or install them.
        operation: def PatchOperation = PatchOperation::Scan;
        /// Enables the restart of an instance if an installed patch needs one.
        reboot: def bool = true;
        /// Schedule of the operation, in UTC.
        schedule: def Text = "cron(0 3 ? * SUN *)";
        /// Creates a maintenance window that starts at `schedule`.
        maintenance_window: opt PatchWindow;
        /// Enables a daily inventory of the installed software.
        inventory: def bool = true;
    }
}

/// Patching with its instances.
#[derive(Clone, Debug)]
pub(crate) struct PlacedPatching<'a> {
    pub(crate) patching: Patching,
    pub(crate) instances: &'a [Handle<Instance>],
    /// The policies of the roles of the instances.
    pub(crate) permissions: &'a [NodeId],
}

/// Returns what the roles of the instances may do: read the buckets of AWS.
pub(super) fn patch_permissions(scope: &mut Scope<'_>) -> Vec<Statement> {
    let buckets = aws_buckets(true, scope);
    let read = Statement::allow(["s3:GetObject"]).sid("AwsBuckets");
    vec![read.on(buckets)]
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
            PatchOperation::Install => {
                let reboot = if self.patching.reboot {
                    "RebootIfNeeded"
                } else {
                    "NoReboot"
                };
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
        if window.cutoff_hours >= window.duration_hours {
            let (duration, cutoff) = (window.duration_hours, window.cutoff_hours);
            let message = format!(
                "a maintenance window of {duration} hours cannot have a cutoff of {cutoff} hours"
            );
            scope.add_diagnostic(
                Diagnostic::error("maintenance-window", message)
                    .about(&["maintenance_window"])
                    .help("set `cutoff_hours` below `duration_hours`"),
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
                "`patching` applies to {} instances; a target has at most 50",
                self.instances.len()
            );
            scope.add_diagnostic(
                Diagnostic::error("patching-targets", message)
                    .help("divide the instances between stacks, or patch them by a tag"),
            );
        }
        let times = [
            (
                "agent_update_schedule",
                self.patching.agent_update_schedule.as_ref(),
            ),
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
        self.patching.check_ranges(&[], scope);
        if self.patching.operation == PatchOperation::Scan && !self.patching.reboot {
            scope.warn_unused(
                "patching.reboot",
                "with `patching.operation: scan`",
                "set `patching.operation: install`",
            );
        }
        let restarts = self.patching.operation == PatchOperation::Install && self.patching.reboot;
        let at_once = self.patching.maintenance_window.is_none()
            && self.patching.schedule.starts_with("rate");
        if restarts && at_once {
            let message = "Systems Manager installs patches when it creates the association, and restarts instances";
            scope.add_diagnostic(
                Diagnostic::warning("patching-concurrency", message)
                    .about(&["schedule"])
                    .help("set `patching.schedule` to `cron(...)`, or set `patching.maintenance_window`"),
            );
        }
        if let Some(schedule) = self.patching.agent_update_schedule.clone() {
            let agent = scope.add("Agent", self.associate("AWS-UpdateSSMAgent", schedule));
            scope.depends_on(agent, self.permissions.iter().copied());
        }
        match self.patching.maintenance_window {
            Some(window) => self.window(window, scope),
            None => {
                let patch = self.associate(BASELINE, self.patching.schedule.clone());
                let mut patch = patch
                    .compliance_severity("HIGH")
                    .parameters(DocumentParameters::from(self.parameters()));
                // Without this, the association also runs when it is created.
                if self.patching.schedule.starts_with("cron") {
                    patch = patch.apply_only_at_cron_interval(true);
                }
                let patch = scope.add("Patches", patch);
                scope.depends_on(patch, self.permissions.iter().copied());
            }
        }
        if self.patching.inventory {
            let inventory = self.associate("AWS-GatherSoftwareInventory", "rate(1 day)".into());
            scope.add("Inventory", inventory);
        }
    }
}
