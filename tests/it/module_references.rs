//! References in Terraform text of overrides and raw values: the module of the stack has what they name.

use std::borrow::Cow;

use serde_json::{Value, json};
use ssm_synth::ir::{Attr, Diagnostics, Expr, Parameter, SourceLocation};
use ssm_synth::resource::{RawResource, RawValue};
use ssm_synth::{App, SessionAccess};

fn lines(found: &Diagnostics) -> Vec<String> {
    let lines = found.iter().map(|it| {
        let help = it.help.clone().unwrap_or_default();
        format!("{:?} {}: {help}", it.severity, it.message)
    });
    lines.collect()
}

fn found(app: &App) -> Diagnostics {
    match app.validate() {
        Ok(validated) => validated.warnings().clone(),
        Err(found) => found,
    }
}

fn raw_text(text: &str) -> RawValue<'static> {
    RawValue::Raw(Cow::Owned(json!(text)))
}

/// Returns what is wrong with text in an override and in a raw value of one app.
fn about(text: &str) -> [Vec<String>; 2] {
    let apps = [true, false].map(|is_override| {
        let mut app = App::new();
        app.stack("Other")
            .add("Topic", RawResource::new().tf("aws_sns_topic"));
        let mut stack = app.stack("Access");
        stack.parameter(Parameter::string("Team"));
        let queue = RawResource::new().tf("aws_sqs_queue").argument("count", 2);
        stack.add("Queue", queue);
        stack.add("Jobs", RawResource::new().tf("aws_sqs_queue"));
        let call = RawResource::new().tf("module").argument("source", "./call");
        stack.add("Call", call);
        let access = stack.add_inline(SessionAccess::new());
        if is_override {
            stack
                .overrides(access.instances[0].instance)
                .tf("/key_name", text);
        } else {
            let raw = RawResource::new().tf("aws_sqs_queue");
            stack.add("It", raw.argument("name", raw_text(text)));
        }
        app
    });
    apps.map(|app| {
        let found = found(&app);
        for it in found.iter() {
            let Some(SourceLocation::Caller(at)) = it.locations.first() else {
                panic!("{it}");
            };
            assert!(at.file().ends_with("module_references.rs"), "{it}");
        }
        lines(&found)
    })
}

#[test]
fn a_reference_names_what_the_module_has() {
    for (text, wanted) in [
        (
            "${var.teem}",
            "unknown variable `var.teem`: did you mean `var.team`?",
        ),
        (
            "${var.x}",
            "unknown variable `var.x`: declare it with `Scope::parameter`",
        ),
        (
            "a-${local.name}",
            "unknown local value `local.name`: write the value in its place",
        ),
        (
            "${module.cal.id}",
            "unknown module call `module.cal`: did you mean `module.call`?",
        ),
        (
            "${aws_sqs_queue.job.arn}",
            "unknown resource `aws_sqs_queue.job`: did you mean `aws_sqs_queue.jobs`?",
        ),
        (
            "${upper(aws_subnet.nope.id)}",
            "unknown resource `aws_subnet.nope`: use one of `aws_subnet.network_subnet_a`, `aws_subnet.network_subnet_b`",
        ),
        (
            "${aws_sns_topic.topic.arn}",
            "unknown resource `aws_sns_topic.topic`: stack `Other` has it: use a handle, or declare a parameter",
        ),
        (
            "${data.aws_caller_identity.curent.account_id}",
            "unknown data source `data.aws_caller_identity.curent`: ",
        ),
        (
            "${aws_sqs_queue.jobs.arnn}",
            "`aws_sqs_queue.jobs` has no attribute `arnn`: did you mean `arn`?",
        ),
        (
            "${aws_sqs_queue.queue.arn}",
            "`aws_sqs_queue.queue` has `count`, so its attributes require an index: use \
             `aws_sqs_queue.queue[0].arn`",
        ),
        (
            "${aws_sqs_queue.jobs[0].arn}",
            "`aws_sqs_queue.jobs` is one resource and has no index: remove the index",
        ),
        ("${each.key}", "`each` requires the argument `for_each`: "),
        ("${count.index}", "`count` requires the argument `count`: "),
        (
            "${jsonencodee([var.team])}",
            "unknown function `jsonencodee`: did you mean `jsonencode`?",
        ),
        (
            "${next_year(var.team)}",
            "unknown function `next_year`: Terraform 1.11 does not have it: ",
        ),
        (
            "${path.modul}",
            "`path` has no value `modul`: did you mean `module`?",
        ),
        (
            "${nope}",
            "`nope` is not a reference: use a reference such as ",
        ),
    ] {
        let [changed, raw] = about(text);
        let wanted_of = |prefix: &str| format!("Error {prefix}{wanted}");
        for (found, wanted) in [
            (changed, wanted_of("override `/key_name`: ")),
            (raw, wanted_of("")),
        ] {
            assert!(
                matches!(found.as_slice(), [it] if it.starts_with(&wanted)),
                "{text}: {wanted}\n{found:#?}"
            );
        }
    }
    for fine in [
        "${var.team}-$${var.nope}",
        "${aws_sqs_queue.jobs.arn}",
        "${aws_sqs_queue.queue[0].arn}",
        "${join(\",\", aws_sqs_queue.queue[*].arn)}",
        "${[for it in aws_sqs_queue.queue : it.arn][0]}",
        "${module.call.anything}",
        "${aws_subnet.network_subnet_a.id}",
        "${aws_vpc.network_vpc.cidr_block}",
        "${path.module}/${terraform.workspace}",
    ] {
        assert_eq!(about(fine), [Vec::<String>::new(), Vec::new()], "{fine}");
    }
}

#[test]
fn addresses_in_meta_arguments_are_references() {
    let about = |pointer: &str, value: Value| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let access = stack.add_inline(SessionAccess::new());
        // An instance already depends on other resources.
        let queue = stack.add("Queue", RawResource::new().tf("aws_sqs_queue"));
        match pointer {
            "/depends_on" => stack.overrides(queue).tf(pointer, value),
            _ => {
                let instance = access.instances[0].instance;
                stack.overrides(instance).tf(pointer, value)
            }
        };
        lines(&found(&app))
    };
    let wrong = |pointer: &str| {
        vec![format!(
            "Error override `{pointer}`: unknown resource `aws_vpc.networc_vpc`: did you mean `aws_vpc.network_vpc`?"
        )]
    };
    for pointer in ["/depends_on", "/lifecycle/replace_triggered_by"] {
        let of = |name: &str| about(pointer, json!([format!("aws_vpc.{name}")]));
        assert_eq!(of("networc_vpc"), wrong(pointer));
        assert_eq!(of("network_vpc"), Vec::<String>::new());
    }
    let block = about(
        "/lifecycle",
        json!({"replace_triggered_by": ["aws_vpc.networc_vpc"]}),
    );
    assert_eq!(block, wrong("/lifecycle"));
    let dynamic = |value: &str| {
        let content = json!({"device_name": value, "volume_size": 8});
        about(
            "/dynamic",
            json!({"ebs_block_device": {"for_each": ["/dev/sdf"], "content": content}}),
        )
    };
    assert_eq!(dynamic("${ebs_block_device.value}"), Vec::<String>::new());
    assert_eq!(dynamic("${ebs_block.value}").len(), 1);
}

#[test]
fn text_of_a_raw_resource_is_literal() {
    let about = |text: &str| {
        let mut app = App::new();
        let raw = RawResource::new()
            .tf("aws_sqs_queue")
            .argument("name", text);
        app.stack("Access").add("Queue", raw);
        lines(&found(&app))
    };
    assert_eq!(
        about("${var.team}-jobs"),
        [
            "Warning text is literal: Terraform does not evaluate `${var.team}`: use a handle or a parameter, \
             or set the value with `.overrides(…).tf(…)`"
        ]
    );
    for fine in ["jobs", "${aws:username}", "${HOME}", "$${var.team}"] {
        assert_eq!(about(fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn a_generated_reference_to_several_resources_is_an_error() {
    let about = |repeat: &'static str, value: RawValue<'static>, is_output: bool| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let queue = RawResource::new()
            .tf("aws_sqs_queue")
            .argument(repeat, value);
        let queue = stack.add("Queue", queue);
        let arn = queue.attr(Attr::by_get_att("Arn", "arn"));
        let arn = Expr::PerLanguage {
            cfn: Box::new(Expr::text("none")),
            tf: Box::new(arn),
        };
        if is_output {
            stack.output("Arn", arn, "The queue");
        } else {
            let parameter = RawResource::new()
                .tf("aws_ssm_parameter")
                .argument("value", arn);
            let parameter = parameter
                .argument("name", "/queue")
                .argument("type", "String");
            stack.add("Parameter", parameter);
        }
        lines(&found(&app))
    };
    assert_eq!(
        about("count", 2.into(), false),
        [
            "Error `Access/Queue` has `count`, and `Access/Parameter` refers to its attribute `arn` without an \
             index: remove `count` and add each resource, or use `${aws_sqs_queue.queue[0].arn}` in an override"
        ]
    );
    let each = about("for_each", json!({"a": 1}).into(), true);
    assert!(
        matches!(each.as_slice(), [it] if it.contains("`Access/Queue` has `for_each`") && it.contains("queue[\"KEY\"].arn")),
        "{each:?}"
    );
}
