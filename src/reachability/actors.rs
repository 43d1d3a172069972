//! Resources that act on instances by themselves: at their launch, or some time after the deployment.
//!
//! What acts at the launch makes the verdict unknown. What acts later is a warning, since the instance
//! accepts sessions until then.

use super::functions::{self, show};
use super::graph_index::GraphIndex;
use super::instance::InstanceConfig;
use super::node_commands::{is_launched, is_target};
use super::script::{self, Script};
use super::ssm_documents::{self, Steps, name_of};
use super::ternary::Ternary;
use super::texts::ShownText;
use super::{Hop, HopResult, HopStatus};
use crate::ir::{Expr, NodeId, Text, Value};
use crate::resource::{
    Alarm, AutoScalingGroup, EventRule, MaintenanceWindowTask, Node, RawValue, Resource, Typed as _,
};

/// What a resource does with an instance.
struct Act {
    by: NodeId,
    /// Whether it acts on each instance at its launch.
    at_launch: bool,
    /// Words after the name of the resource.
    what: String,
}

/// Returns unknown results for what acts on an instance at its launch.
pub(super) fn at_launch<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
) -> Vec<HopResult> {
    let own = index.name(instance.node);
    let acts = all(index, instance).into_iter().filter(|it| it.at_launch);
    let one = |act: Act| {
        let detail = format!(
            "`{}` {} when `{own}` starts; the file does not show whether the agent then connects",
            index.name(act.by),
            act.what
        );
        HopResult::unknown(Hop::Agent, detail).at(act.by, "")
    };
    acts.map(one).collect()
}

/// Returns warnings for what can end the sessions of an instance some time after the deployment, and
/// for what the check does not know.
pub(super) fn warnings<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
) -> Vec<HopResult> {
    let own = index.name(instance.node);
    let warning = |by: NodeId, detail: String| {
        HopResult::new(Hop::Agent, HopStatus::Unknown, detail).at(by, "")
    };
    let acts = all(index, instance).into_iter().filter(|it| !it.at_launch);
    let later = acts.map(|act| {
        let by = index.name(act.by);
        let what = act.what;
        warning(
            act.by,
            format!("`{by}` {what} after the deployment, which can end the sessions of `{own}`"),
        )
    });
    let unjudged = index.changes.unjudged.iter().map(|(by, what)| {
        let name = index.name(*by);
        warning(
            *by,
            format!("`{name}` {what}; the verdict assumes that it does not affect `{own}`"),
        )
    });
    later.chain(unjudged).collect()
}

fn all<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> Vec<Act> {
    let nodes = index.stacks.iter().flat_map(|it| index.graph.nodes_of(it));
    let mut acts = Vec::new();
    for (id, node) in nodes.filter(|(_, node)| !node.is_absent() && !node.is_lookup()) {
        let actor = Actor {
            index,
            instance,
            id,
            node,
        };
        let found = match &node.resource {
            Resource::Alarm(it) => actor.alarm(it).map(|it| (false, it)),
            Resource::EventRule(it) => actor.rule(it),
            Resource::MaintenanceWindowTask(it) => actor.task(it).map(|it| (false, it)),
            Resource::Raw(_) => actor.raw(),
            _ => None,
        };
        acts.extend(found.map(|(at_launch, what)| Act {
            by: id,
            at_launch,
            what,
        }));
    }
    acts
}

/// A resource that can act on an instance.
struct Actor<'a, 'g> {
    index: &'a GraphIndex<'g>,
    instance: &'a InstanceConfig<'g>,
    id: NodeId,
    node: &'a Node,
}

impl Actor<'_, '_> {
    /// Returns whether the resource can mean the instance: it refers to it, or to no instance.
    fn is_meant(&self) -> bool {
        let references = self.node.references();
        let is_instance = |id: &NodeId| {
            let node = self.index.graph.node(*id);
            node.is_some_and(|it| is_launched(&it.resource))
        };
        references.contains(&self.instance.node) || !references.iter().any(is_instance)
    }

    fn alarm(&self, alarm: &Alarm) -> Option<String> {
        let more = self.node.origin.iter().flat_map(|it| {
            let of = &it.unknown_properties;
            of.get("InsufficientDataActions")
                .or_else(|| of.get("insufficient_data_actions"))
        });
        let mut text = String::new();
        for value in more {
            show(value, &mut text);
        }
        for value in alarm.alarm_actions.iter().chain(&alarm.ok_actions) {
            text.push_str(&name_of(value));
            text.push('\n');
        }
        if !self.is_meant() {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        match ["stop", "terminate"].iter().find(|verb| {
            lower.contains(&format!(":ec2:{verb}")) || lower.contains(&format!("instanceid.{verb}"))
        }) {
            Some(&"stop") => Some("stops the instance".to_owned()),
            Some(_) => Some("terminates the instance".to_owned()),
            None => self.called(&self.node.references()),
        }
    }

    fn rule(&self, rule: &EventRule) -> Option<(bool, String)> {
        let pattern = match &rule.event_pattern.0 {
            RawValue::Expr(expr) if matches!(expr.as_ref(), Expr::Absent) => None,
            pattern => Some(pattern),
        };
        let mut text = String::new();
        for target in &rule.targets {
            text.push_str(&name_of(&target.arn));
            text.push('\n');
        }
        let mut references = self.node.references();
        // The resources in the pattern are not targets.
        if let Some(pattern) = pattern {
            let mut inside = Vec::new();
            pattern.walk(&mut |expr| {
                if let Expr::Attr(id, _) | Expr::Other(id, _) = expr {
                    inside.push(*id);
                }
            });
            references.retain(|it| !inside.contains(it));
        }
        let what = self.target(&text, &references)?;
        Some((pattern.is_some_and(matches_launch), what))
    }

    fn task(&self, task: &MaintenanceWindowTask) -> Option<String> {
        let targets = &task.targets;
        let selects = targets
            .iter()
            .map(|it| is_target(self.index, self.instance, it));
        if !targets.is_empty() && Ternary::any(selects).is_no() {
            return None;
        }
        let mut parameters = ShownText::new("", true);
        let run = task
            .invocation
            .as_ref()
            .and_then(|it| it.run_command.as_ref());
        for (_, value) in run.iter().flat_map(|it| &it.parameters.0) {
            for text in self.index.texts(value) {
                parameters.text.push_str(&text.text);
                parameters.text.push('\n');
                parameters.is_complete &= text.is_complete;
            }
        }
        if task
            .task_type
            .lit()
            .is_some_and(|it| it == "LAMBDA" || it == "STEP_FUNCTIONS")
        {
            return self.called(&self.node.references());
        }
        self.document(&task.task_arn, parameters)
    }

    /// Returns what a document does that leaves the agent not connected.
    fn document(&self, name: &Value<Text>, parameters: ShownText) -> Option<String> {
        let shown = name_of(name);
        let shown = match shown.trim() {
            "" => "of another resource",
            shown => shown.rsplit('/').next().unwrap_or(shown),
        };
        match ssm_documents::steps(self.index, name, parameters) {
            Steps::Harmless => None,
            Steps::Script(text) => match script::of_commands(self.index, &text) {
                Script::Nothing | Script::Installs(..) | Script::Unknown => None,
                _ => Some(format!("runs document `{shown}`")),
            },
            Steps::Unknown(name) => Some(format!("runs document `{name}`")),
        }
    }

    fn raw(&self) -> Option<(bool, String)> {
        let dialect = self.node.dialect();
        let type_name = self.node.resource.type_name(dialect)?;
        let later = |it: Option<String>| Some((false, it?));
        match type_name {
            "AWS::Scheduler::Schedule" | "aws_scheduler_schedule" => {
                later(self.target(&self.text(&["Target", "target"]), &self.node.references()))
            }
            "AWS::Events::Rule" => None,
            "aws_cloudwatch_event_target" => {
                let text = self.text(&["arn", "input", "input_transformer"]);
                let what = self.target(&text, &self.node.references())?;
                let mut rules = self.node.references().into_iter().filter_map(|id| {
                    let rule = EventRule::of(&self.index.graph.node(id)?.resource)?;
                    Some(matches_launch(&rule.event_pattern.0))
                });
                Some((rules.any(|it| it), what))
            }
            "AWS::Serverless::Function" | "AWS::Serverless::StateMachine" => {
                let properties = self.node.resource.put(dialect);
                let events = properties.get("Events")?;
                let what = self.called(&[self.id])?;
                Some((matches_launch(events), what))
            }
            "AWS::Budgets::BudgetsAction" | "aws_budgets_budget_action" => {
                let text = self.text(&[]);
                let acts = ["STOP_EC2_INSTANCES", "APPLY_IAM_POLICY", "APPLY_SCP_POLICY"];
                let found = acts.iter().find(|it| text.contains(**it))?;
                self.is_meant().then(|| (false, format!("runs `{found}`")))
            }
            "AWS::AutoScaling::ScheduledAction" | "aws_autoscaling_schedule" => {
                let names = ["DesiredCapacity", "desired_capacity", "MaxSize", "max_size"];
                let ends = names.iter().any(|name| self.number(name) == Some(0));
                (ends && self.is_of_group()).then(|| (false, "sets the capacity to 0".to_owned()))
            }
            "AWS::AutoScaling::ScalingPolicy"
            | "aws_autoscaling_policy"
            | "AWS::AutoScalingPlans::ScalingPlan"
            | "aws_autoscalingplans_scaling_plan" => {
                let names = ["ScalingAdjustment", "scaling_adjustment"];
                let grows = names
                    .iter()
                    .any(|name| self.number(name).is_some_and(|it| it > 0));
                (!grows && self.is_of_group() && self.has_minimum_zero())
                    .then(|| (false, "can set the capacity to 0".to_owned()))
            }
            "AWS::ECS::CapacityProvider" | "aws_ecs_capacity_provider" => {
                let names = ["AutoScalingGroupProvider", "auto_scaling_group_provider"];
                (self.text(&names).contains("ENABLED")
                    && self.is_of_group()
                    && self.has_minimum_zero())
                .then(|| (false, "can set the capacity to 0 without tasks".to_owned()))
            }
            "AWS::Config::RemediationConfiguration" | "aws_config_remediation_configuration" => {
                let properties = self.node.resource.put(dialect);
                let own = |cfn, tf| properties.get(dialect.pick(cfn, tf));
                let is_off = match own("Automatic", "automatic") {
                    None | Some(RawValue::Bool(false)) => true,
                    Some(RawValue::Str(text)) => text == "false",
                    Some(_) => false,
                };
                let target = match own("TargetId", "target_id")? {
                    RawValue::Str(text) => Value::Lit(Text::Owned(text.clone().into_owned())),
                    RawValue::Expr(expr) => Value::Expr(expr.clone().into_owned()),
                    RawValue::List(items) => items.iter().find_map(|it| match it {
                        RawValue::Expr(expr) => Some(Value::Expr(expr.clone().into_owned())),
                        _ => None,
                    })?,
                    _ => return None,
                };
                if is_off {
                    return None;
                }
                Some((true, self.document(&target, ShownText::new("", false))?))
            }
            _ => None,
        }
    }

    /// Returns the text of properties, or of all without names.
    fn text(&self, names: &[&str]) -> String {
        let mut text = String::new();
        for (key, value) in self.node.resource.put(self.node.dialect()).iter() {
            if names.is_empty() || names.contains(&key) {
                show(value, &mut text);
            }
        }
        text
    }

    fn number(&self, name: &str) -> Option<i64> {
        match self.node.resource.put(self.node.dialect()).get(name)? {
            RawValue::Int(number) => Some(*number),
            RawValue::Str(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Returns whether the resource is about the Auto Scaling group, by reference or by name.
    fn is_of_group(&self) -> bool {
        if self.node.references().contains(&self.instance.node) {
            return true;
        }
        let group = self.index.graph.node(self.instance.node);
        let name = group
            .and_then(|it| AutoScalingGroup::of(&it.resource))
            .and_then(|it| it.name.as_ref()?.lit());
        name.is_some_and(|name| self.text(&[]).lines().any(|line| line == name.as_ref()))
    }

    fn has_minimum_zero(&self) -> bool {
        let group = self.index.graph.node(self.instance.node);
        let minimum = group
            .and_then(|it| AutoScalingGroup::of(&it.resource))
            .and_then(|it| it.min_size.as_ref()?.lit());
        minimum == Some(&0)
    }

    /// Returns what a target of a rule or schedule does that can end a connection of the agent.
    fn target(&self, text: &str, references: &[NodeId]) -> Option<String> {
        if !self.is_meant() {
            return None;
        }
        for line in text.lines() {
            if let Some((_, call)) = line.split_once(":aws-sdk:") {
                let action = call.split_whitespace().next().unwrap_or_default();
                if functions::is_harmful(action) {
                    return Some(format!("calls `{action}`"));
                }
            }
            let target = line.split_once(":target/").map(|(_, target)| target);
            if let Some(verb @ ("stop-instance" | "terminate-instance")) = target {
                return Some(format!("runs `{verb}`"));
            }
            for part in ["automation-definition/", ":document/"] {
                if let Some((_, name)) = line.split_once(part) {
                    let name = name.split(':').next().unwrap_or_default();
                    let name = Value::Lit(Text::Owned(name.to_owned()));
                    return self.document(&name, ShownText::new("", false));
                }
            }
        }
        self.called(references)
    }

    /// Returns what the functions do that the resource calls.
    fn called(&self, references: &[NodeId]) -> Option<String> {
        let graph = self.index.graph;
        let functions = functions::called(graph, references);
        let first = graph.node(*functions.first()?)?.display_id();
        let reach = functions::reach(graph, references);
        if reach.is_harmless {
            return None;
        }
        if let Some((function, right)) = &reach.everything {
            let function = graph.node(*function).map_or(first, Node::display_id);
            return Some(format!("calls `{function}`, whose role has `{right}`,"));
        }
        let is_source = |id: &NodeId| self.instance.sources.contains(id);
        reach.nodes.iter().any(is_source).then(|| {
            let own = self.index.name(self.instance.node);
            format!("calls `{first}`, which gets `{own}`,")
        })
    }
}

/// Returns whether an event pattern can match the launch of an instance.
fn matches_launch(pattern: &RawValue<'_>) -> bool {
    let mut text = String::new();
    show(pattern, &mut text);
    let launches = [
        "RunInstances",
        "Instance Launch Successful",
        "Instance-launch Lifecycle",
    ];
    if launches.iter().any(|it| text.contains(it)) {
        return true;
    }
    if !text.contains("EC2 Instance State-change Notification") {
        return false;
    }
    let ends = ["stopping", "stopped", "shutting-down", "terminated"];
    ["running", "pending"].iter().any(|it| text.contains(it))
        || !ends.iter().any(|it| text.contains(it))
}
