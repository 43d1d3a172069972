//! Problems point at the line of the user that causes them.

use serde_json::json;
use ssm_synth::ir::{
    Diagnostics, Expr, Predicate, Pseudo, Scanner, SourceLocation, Suppression, Text,
};
use ssm_synth::resource::{LogGroup, RawResource};
use ssm_synth::{App, SessionAccess};

/// The lines of this file at which the diagnostics point, in order.
fn lines(found: &Diagnostics) -> Vec<u32> {
    let line = |it: &SourceLocation| match it {
        SourceLocation::Caller(at) if at.file().ends_with("tests/it/places.rs") => at.line(),
        _ => panic!("{found}"),
    };
    let mut lines: Vec<u32> = found
        .iter()
        .map(|it| match &it.locations[..] {
            [one] => line(one),
            _ => panic!("{found}"),
        })
        .collect();
    lines.sort_unstable();
    lines
}

fn errors(app: &App) -> Diagnostics {
    match app.validate() {
        Ok(validated) => panic!("{}", validated.warnings()),
        Err(found) => found,
    }
}

#[test]
fn wrong_values_of_overrides_are_errors_at_their_line() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    let first = line!() + 3;
    stack
        .overrides(access.instances[0].instance)
        .cfn("/InstanceInitiatedShutdownBehavior", "halt")
        .cfn("/Monitoring", true)
        .cfn("/SubnetId", json!({ "Ref": "Nowhere" }))
        .cfn("/CpuOptions", json!({ "CoreCount": "many" }));
    let found = errors(&app);
    assert_eq!(lines(&found), [first, first + 2, first + 3], "{found}");
}

#[test]
fn wrong_values_of_raw_resources_are_errors_at_their_line() {
    let mut app = App::new();
    let mut other = App::new();
    let theirs = other.stack("Other").add("Logs", LogGroup::new());
    let first = line!() + 3;
    let queue = RawResource::new()
        .cfn("AWS::SQS::Queue")
        .property("QueueNam", "jobs")
        .property("FifoQueue", true);
    let logs = RawResource::new()
        .cfn("AWS::Logs::LogGroup")
        .property("RetentionInDays", 6);
    let copy = RawResource::new()
        .tf("aws_cloudwatch_log_group")
        .argument("retention_in_days", 7)
        .argument("name_prefx", "x")
        .argument("provider", "aws.nowhere");
    let mut stack = app.stack("Access");
    let queue = stack.add("Queue", queue);
    stack.add("Copy", copy);
    stack.add("Logs", logs);
    stack.overrides(queue).cfn("/VisibilityTimeou", 5);
    let found = errors(&app);
    let expected = [first, first + 4, first + 8, first + 9, first + 14];
    assert_eq!(lines(&found), expected, "{found}");

    let mut app = App::new();
    let raw = RawResource::new()
        .cfn("AWS::SNS::Topic")
        .property("DisplayName", "x")
        .property("TopicName", theirs);
    let line_of_value = line!() - 1;
    app.stack("Access").add("Topic", raw);
    assert_eq!(lines(&errors(&app)), [line_of_value]);
}

#[test]
fn an_override_that_makes_a_circle_is_an_error_at_its_line() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let first = stack.add("First", RawResource::new().cfn("AWS::SNS::Topic"));
    let second = RawResource::new()
        .cfn("AWS::SNS::Topic")
        .property("DisplayName", first);
    stack.add("Second", second);
    let name = json!({ "Fn::GetAtt": ["Second", "TopicName"] });
    stack.overrides(first).cfn("/DisplayName", name);
    let found = errors(&app);
    assert_eq!(lines(&found), [line!() - 2], "{found}");
    assert!(found.to_string().contains("circular"), "{found}");
}

#[test]
fn settings_of_a_resource_are_errors_at_their_line() {
    let mut other = App::new();
    let theirs = other.stack("Other").add("Logs", LogGroup::new());
    let mut app = App::new();
    let here = Predicate::Equal(Expr::Pseudo(Pseudo::Region), Expr::text("eu-central-1"));
    let condition = app.stack("Second").condition("Here", here);
    let mut stack = app.stack("Access");
    let logs = stack.add("Logs", LogGroup::new());
    let first = line!() + 1;
    stack.depends_on(logs, [theirs.node()]);
    stack.set_condition(logs, condition);
    let found = errors(&app);
    assert_eq!(lines(&found), [first, first + 1], "{found}");
}

#[test]
fn the_region_and_account_of_a_stage_are_errors_at_their_line() {
    let mut app = App::new();
    let first = line!() + 2;
    let stage = app.stage("Prod");
    let stage = stage.region("eu-centrl-1");
    let mut stage = stage.account("1");
    stage.stack("Access").add("Logs", LogGroup::new());
    let found = errors(&app);
    assert_eq!(lines(&found), [first, first + 1], "{found}");
}

#[test]
fn another_predicate_under_a_known_id_is_an_error() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let region = |name| Predicate::OneOf(Expr::Pseudo(Pseudo::Region), vec![Text::Borrowed(name)]);
    let here = stack.condition("Here", region("eu-central-1"));
    assert_eq!(stack.condition("Here", region("eu-central-1")), here);
    stack.condition("Here", region("us-east-1"));
    let found = errors(&app);
    assert_eq!(lines(&found), [line!() - 2], "{found}");
    assert!(found.to_string().contains("condition `Here`"), "{found}");
}

#[test]
fn suppressions_add_up() {
    const fn suppression(check: &'static str) -> Suppression {
        Suppression {
            scanner: Scanner::Checkov,
            check,
            cfn: "AWS::EC2::Instance",
            tf: "aws_instance",
            reason: "a test",
        }
    }
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.suppress(&[suppression("CKV_AWS_1")]);
    stack.suppress(&[suppression("CKV_AWS_1"), suppression("CKV_AWS_2")]);
    let stack = app.graph().stack("Access").unwrap();
    let checks: Vec<&str> = stack.suppressions.iter().map(|it| it.check).collect();
    assert_eq!(checks, ["CKV_AWS_1", "CKV_AWS_2"]);
}

#[test]
fn an_override_inside_a_list_that_is_absent_says_so() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    stack
        .overrides(access.instances[0].instance)
        .cfn("/Volumes/0/Device", "/dev/sdf")
        .tf("/network_interface/-/device_index", 1)
        .cfn_attribute("/Metadata/Owners/0", "core");
    let found = errors(&app).to_string();
    for text in [
        "override `/Volumes/0/Device`: there is no list `Volumes`, so it has no item `0`",
        "set the list with `cfn(\"/Volumes\", json!([…]))`, or add an item with \
         `cfn_append(\"/Volumes\", …)`",
        "there is no list `network_interface`, so it has no item `-`",
        "or add an item with `tf_append(\"/network_interface\", …)`",
        "help: set the list with `cfn_attribute(\"/Metadata/Owners\", json!([…]))`",
    ] {
        assert!(found.contains(text), "{text}\n{found}");
    }
    assert_eq!(found.matches("error[").count(), 3, "{found}");
}
