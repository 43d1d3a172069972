//! General infrastructure beside the access: types that the model has, and types that it does not
//! have, with references in both directions.

// `ssm-synth generate AWS::SQS::Queue aws_sqs_queue` wrote this module.
#[allow(dead_code, unreachable_pub)]
#[path = "generated/queue.rs"]
mod queue;

use queue::Queue;
use ssm_synth::prelude::*;
use ssm_synth::resource::{Bucket, EncryptionByDefault, Instance, KmsKey, RolePolicy};

/// A queue with its jobs, and the bucket of the results.
struct Jobs {
    role: Handle<resource::Role>,
}

impl Construct for Jobs {
    type Handle = Handle<RawResource>;

    fn build(self, scope: &mut Scope<'_>) -> Handle<RawResource> {
        let key = scope.add("Key", KmsKey::new().enable_key_rotation(true));
        // A type without a model, whose property names the compiler checks.
        let queue = Queue::new()
            .kms_master_key_id(key)
            .cfn_message_retention_period(1_209_600)
            .tf_message_retention_seconds(1_209_600);
        let queue = scope.add("Queue", queue.tags([("Team", "core")]));
        let results = Bucket::private(EncryptionByDefault::new("AES256"));
        let results = scope.add("Results", results);
        scope.set_removal_policy(results, RemovalPolicy::Retain);
        let receive = Statement::allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"])
            .on([queue.attr(Queue::ARN)]);
        let policy = PolicyDocument::new([receive]);
        scope.add("Permissions", RolePolicy::new("jobs", self.role, policy));
        queue
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    let role = access.instances[0].role;
    let queue = stack.add("Jobs", Jobs { role });
    stack.output("QueueArn", queue.attr(Queue::ARN), "The queue of the jobs");

    // A property of an instance with the value of a raw resource.
    app.update_all::<Instance>(move |_path, instance| {
        instance.tags.set("Queue", queue.attr(Queue::ARN));
    });

    // A map, a float and a nested value in a raw resource that refers to the instance.
    let instance = access.instances[0].instance;
    let dimension = RawValue::from([("Name", "InstanceId".into()), ("Value", instance.into())]);
    app.stack("Access").add(
        "StatusCheck",
        RawResource::new()
            .cfn("AWS::CloudWatch::Alarm")
            .property("Namespace", "AWS/EC2")
            .property("MetricName", "StatusCheckFailed")
            .property("Statistic", "Maximum")
            .property("Period", 60)
            .property("EvaluationPeriods", 2)
            .property("Threshold", 0.5)
            .property("ComparisonOperator", "GreaterThanOrEqualToThreshold")
            .property("Dimensions", vec![dimension])
            .tf("aws_cloudwatch_metric_alarm")
            .argument("alarm_name", "status-check")
            .argument("namespace", "AWS/EC2")
            .argument("metric_name", "StatusCheckFailed")
            .argument("statistic", "Maximum")
            .argument("period", 60)
            .argument("evaluation_periods", 2)
            .argument("threshold", 0.5)
            .argument("comparison_operator", "GreaterThanOrEqualToThreshold")
            .argument(
                "dimensions",
                RawValue::from([("InstanceId", instance.into())]),
            ),
    );
    let validated = app.validate()?;
    let template = backend::cfn::template(&validated, "Access").map(|it| it.to_json());
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root);
    let text = match std::env::args().nth(1).as_deref() {
        Some("tf") => module.map(|it| it.to_json()),
        _ => template,
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text?);
    }
    Ok(())
}
