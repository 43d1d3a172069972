//! Resources of types that the model does not support, which refer to the instance.

use ssm_synth::resource::{Instance, RawResource, Typed};
use ssm_synth::{App, SessionAccess, backend};

fn main() -> Result<(), ssm_synth::ir::Diagnostics> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    let instance = access.instances[0].instance;
    stack.add(
        "StatusCheck",
        RawResource::new()
            .cfn("AWS::CloudWatch::Alarm")
            .property("Namespace", "AWS/EC2")
            .property("MetricName", "StatusCheckFailed")
            .property("Statistic", "Maximum")
            .property("Period", 60)
            .property("EvaluationPeriods", 2)
            .property("Threshold", 1)
            .property("ComparisonOperator", "GreaterThanOrEqualToThreshold")
            .property("Dimensions", dimensions(instance.attr(Instance::LINK)))
            .tf("aws_cloudwatch_metric_alarm")
            .argument("alarm_name", "status-check")
            .argument("namespace", "AWS/EC2")
            .argument("metric_name", "StatusCheckFailed")
            .argument("statistic", "Maximum")
            .argument("period", 60)
            .argument("evaluation_periods", 2)
            .argument("threshold", 1)
            .argument("comparison_operator", "GreaterThanOrEqualToThreshold")
            .argument("dimensions", map([("InstanceId", instance.into())])),
    );
    let validated = app.validate()?;
    let template = backend::cfn::template(&validated, "Access").map(|template| template.to_json());
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root)
        .map(|it| it.to_json());
    let text = if std::env::args().nth(1).as_deref() == Some("tf") {
        module
    } else {
        template
    };
    #[allow(clippy::print_stdout)]
    {
        print!("{}", text.unwrap_or_default());
    }
    Ok(())
}

type Term = ssm_synth::resource::RawValue<'static>;

fn map(entries: impl IntoIterator<Item = (&'static str, Term)>) -> Term {
    Term::Object(
        entries
            .into_iter()
            .map(|(key, term)| (key.into(), term))
            .collect(),
    )
}

fn dimensions(instance: ssm_synth::ir::Expr) -> Term {
    let dimension = map([("Name", "InstanceId".into()), ("Value", instance.into())]);
    Term::List(vec![dimension])
}
