//! Stacks of a team: a shared network, and access to the team's instances in this network.

use ssm_synth::construct::{Construct, InstanceHandles, PrivateInstance, PrivateNetwork};
use ssm_synth::ir::{Attr, Diagnostics, Handle};
use ssm_synth::resource::{Graph, Instance, LogGroup, RawResource, RawValue, RemovalPolicy, Typed};
use ssm_synth::{App, Cidr, Scope, SessionAccess};

/// The CIDR range of the shared network.
const RANGE: Cidr = Cidr::v4([10, 40, 0, 0], 16);

/// A custom construct: an alarm for failing status checks of an instance, with an SNS topic. Uses
/// modeled types and raw resources.
pub struct Alarmed {
    name: String,
    instance: Handle<Instance>,
}

impl Construct for Alarmed {
    type Handle = Handle<RawResource>;

    fn build(self, scope: &mut Scope<'_>) -> Handle<RawResource> {
        // The model does not support this type. Text in templates of either language is data.
        let queue = scope.add(
            "Queue",
            RawResource::new()
                .cfn("AWS::SQS::Queue")
                .property("MessageRetentionPeriod", 1_209_600)
                .tf("aws_sqs_queue")
                .argument("message_retention_seconds", 1_209_600),
        );
        // Nested resources belong to the alarm, also for their suppressions.
        scope.set_removal_policy(queue, RemovalPolicy::Delete);
        let name = RawValue::from(self.instance.attr(Instance::LINK));
        scope.add(
            "Note",
            RawResource::new()
                .cfn("AWS::SSM::Parameter")
                .property("Type", "String")
                .property("Value", name.clone())
                .tf("aws_ssm_parameter")
                .argument("name", format!("/team/alarmed/{}", self.name))
                .argument("type", "String")
                .argument("value", name),
        );
        queue
    }
}

/// The ARN of the queue in both languages.
pub const QUEUE_ARN: Attr = Attr::by_get_att("Arn", "arn");

/// Instances with alarms: composes a construct of `ssm-synth` and a custom one.
pub struct Fleet<'a>(pub &'a [InstanceHandles]);

impl Construct for Fleet<'_> {
    type Handle = Vec<Handle<RawResource>>;

    fn build(self, scope: &mut Scope<'_>) -> Vec<Handle<RawResource>> {
        let alarmed = |(n, host): (usize, &InstanceHandles)| {
            let name = format!("Machine{n}");
            let alarmed = Alarmed {
                name: name.clone(),
                instance: host.instance,
            };
            scope.add(&name, alarmed)
        };
        self.0.iter().enumerate().map(alarmed).collect()
    }
}

/// A custom rule for the whole graph: log groups have a retention period.
fn logs_are_kept(graph: &Graph, out: &mut Diagnostics) {
    for (_, node, group) in graph.all::<LogGroup>() {
        if group.retention_in_days.is_none() {
            let found = node.error("team-log-retention", "the log group keeps events forever");
            out.push(found.help("set `retention_in_days`"));
        }
    }
}

/// The app: two stacks, the second in the network of the first.
pub fn app() -> App {
    let mut app = App::new();

    let mut shared = app.stack("SharedNetwork");
    let network = shared.add_inline(PrivateNetwork::new(RANGE));

    let mut access = app.stack("TeamAccess");
    let handles = access.add_inline(
        SessionAccess::new()
            .network(&network)
            .instance(PrivateInstance::new("web"))
            .instance(PrivateInstance::new("worker")),
    );
    let queues = access.add("Fleet", Fleet(&handles.instances));
    // A value of a custom resource in a modeled property.
    for (queue, host) in queues.iter().zip(&handles.instances) {
        if let Some(instance) = app.graph_mut().get_mut(host.instance) {
            instance.tags.set("Queue", queue.attr(QUEUE_ARN));
        }
    }

    app.add_rule(logs_are_kept);
    app.tags([("CostCenter", "4711"), ("Team", "core")]);
    app.update_all::<Instance>(|_, instance| {
        *instance = instance.clone().monitoring(true);
    });
    app
}
