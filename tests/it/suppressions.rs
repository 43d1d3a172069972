//! Suppressions of errors in which the program can be wrong: those of its schemas and tables.

use ssm_synth::ir::{Attr, Diagnostics, Dialect};
use ssm_synth::resource::{Instance, LogGroup, RawResource, RouteTable};
use ssm_synth::testing::{Assertions, object_like};
use ssm_synth::{App, Handle, Id, Scope};

fn table(stack: &mut Scope<'_>) -> Handle<RouteTable> {
    stack.add("Table", RouteTable::new(Id::new("vpc-0a1b2c3d4e5f60718")))
}

/// A change that AWS could accept in a later version of its schemas, with the code of its error.
fn cases() -> Vec<(&'static str, App)> {
    let case = |code, add: fn(&mut Scope<'_>)| {
        let mut app = App::new();
        add(&mut app.stack("Access"));
        (code, app)
    };
    vec![
        case("raw-resource-property", |stack| {
            let queue = RawResource::new().cfn("AWS::SQS::Queue");
            stack.add("Queue", queue.property("QueueNam", "a"));
        }),
        case("raw-resource-property", |stack| {
            let queue = RawResource::new().tf("aws_sqs_queue");
            stack.add("Queue", queue.argument("nam", "a"));
        }),
        case("raw-resource-type", |stack| {
            stack.add("Queue", RawResource::new().tf("aws_sqs_queu"));
        }),
        case("reference", |stack| {
            let queue = stack.add("Queue", RawResource::new().tf("aws_sqs_queue"));
            let other = RawResource::new().tf("aws_sqs_queue");
            let name = queue.attr(Attr::by_ref("urll"));
            stack.add("Other", other.argument("name", name));
        }),
        case("override", |stack| {
            let table = table(stack);
            stack.overrides(table).tf("/color", 8);
        }),
        case("override", |stack| {
            let table = table(stack);
            stack.overrides(table).cfn("/Color", 8);
        }),
        case("instance-type", |stack| {
            let subnet = Id::new("subnet-0a1b2c3d4e5f60718");
            stack.add("Instance", Instance::new("t3.hugest", subnet));
        }),
    ]
}

fn codes(found: &Diagnostics) -> Vec<&'static str> {
    found.iter().map(|it| it.code).collect()
}

#[test]
fn an_error_of_a_schema_can_be_suppressed_with_a_reason() {
    for (code, mut app) in cases() {
        let found = app.validate().unwrap_err();
        assert_eq!(codes(&found), [code], "{found}");
        app.stack("Access").suppress_rule(code, " ");
        let found = app.validate().unwrap_err();
        assert_eq!(codes(&found), ["rule-suppression"], "{found}");
    }
    for (code, mut app) in cases() {
        app.stack("Access")
            .suppress_rule(code, "AWS added it in June");
        let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
        assert!(validated.warnings().is_empty(), "{}", validated.warnings());
    }
}

#[test]
fn an_override_whose_error_is_suppressed_applies() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let table = table(&mut stack);
    stack.overrides(table).tf("/color", 8).cfn("/Color", 8);
    stack.suppress_rule_for(table, "override", "AWS added it in June");
    let access = Assertions::of(&app, "Access");
    access.has_resource_properties::<RouteTable>(object_like([("Color", 8.into())]));
    let access = access.in_language(Dialect::Tf);
    access.has_resource_properties::<RouteTable>(object_like([("color", 8.into())]));
}

#[test]
fn other_errors_cannot_be_suppressed() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let logs = stack.add("Logs", LogGroup::new());
    stack.overrides(logs).tf_remove("/nothing");
    stack.suppress_rule("override", "it is right");
    let found = app.validate().unwrap_err();
    assert_eq!(codes(&found), ["override", "rule-suppression"], "{found}");
}
