//! References to resources that a condition can exclude.

use serde_json::json;
use ssm_synth::backend::{self, tf::ModuleKind};
use ssm_synth::ir::{ConditionId, Dialect, Expr, Predicate, Text};
use ssm_synth::prelude::*;
use ssm_synth::resource::{RawResource, RawValue, SecurityGroup, SecurityGroupEgress, Topic};
use ssm_synth::{Parameter, Scope};

const MESSAGE: &str = "refers to `Access/Topic`, which does not exist if condition `Prod` is false";

fn is(value: &Expr, texts: &[&'static str]) -> Predicate {
    let texts = texts.iter().map(|it| Text::Borrowed(it)).collect();
    Predicate::OneOf(value.clone(), texts)
}

fn subscription(topic: impl Into<RawValue<'static>>) -> RawResource {
    RawResource::new()
        .cfn("AWS::SNS::Subscription")
        .property("TopicArn", topic)
        .property("Protocol", "email")
        .property("Endpoint", "team@example.com")
}

/// Returns the messages for a subscription to a topic that exists under the condition `Prod`.
fn messages(
    allowed: &[&'static str],
    add: impl Fn(&mut Scope<'_>, Handle<Topic>, &Expr, ConditionId),
) -> Vec<String> {
    let mut app = App::new();
    app.set_language(Dialect::Cfn);
    let mut stack = app.stack("Access");
    let parameter = Parameter::string("Stage").default_value("prod");
    let stage: Expr = stack
        .parameter(parameter.allowed_values(allowed.iter().copied()))
        .into();
    let topic = stack.add("Topic", Topic::new());
    let prod = stack.condition("Prod", is(&stage, &["prod"]));
    stack.set_condition(topic, prod);
    add(&mut stack, topic, &stage, prod);
    match app.validate() {
        Ok(_) => Vec::new(),
        Err(found) => found.iter().map(|it| it.message.clone()).collect(),
    }
}

#[test]
fn a_reference_to_what_a_condition_excludes_is_an_error() {
    let guarded = |condition, topic: Handle<Topic>, is_then: bool| {
        let (then, other) = match is_then {
            true => (
                Expr::from(topic),
                Expr::text("arn:aws:sns:eu-central-1:111122223333:t"),
            ),
            false => (
                Expr::text("arn:aws:sns:eu-central-1:111122223333:t"),
                Expr::from(topic),
            ),
        };
        Expr::If(condition, Box::new(then), Box::new(other))
    };
    let found = messages(&[], |stack, topic, _, _| {
        stack.add("Mail", subscription(topic));
    });
    assert_eq!(found, [MESSAGE]);
    let found = messages(&[], |stack, topic, _, prod| {
        let mail = stack.add("Mail", subscription(topic));
        stack.set_condition(mail, prod);
    });
    assert!(found.is_empty(), "{found:?}");
    for is_then in [true, false] {
        let found = messages(&[], |stack, topic, _, prod| {
            stack.add("Mail", subscription(guarded(prod, topic, is_then)));
        });
        assert_eq!(found.is_empty(), is_then, "{found:?}");
    }
}

#[test]
fn a_condition_can_imply_another_one() {
    let under = |allowed: &[&'static str], predicate: fn(&Expr) -> Predicate| {
        messages(allowed, |stack, topic, stage, _| {
            let mail = stack.add("Mail", subscription(topic));
            let own = stack.condition("Own", predicate(stage));
            stack.set_condition(mail, own);
        })
    };
    let here = |stage: &Expr| {
        let region = is(
            &Expr::Pseudo(ssm_synth::ir::Pseudo::Region),
            &["eu-central-1"],
        );
        Predicate::All(vec![is(stage, &["prod"]), region])
    };
    let other = |stage: &Expr| is(stage, &["prod", "test"]);
    let not_dev = |stage: &Expr| Predicate::Not(Box::new(is(stage, &["dev"])));
    assert!(under(&[], here).is_empty());
    assert_eq!(under(&[], other), [MESSAGE]);
    assert_eq!(under(&[], not_dev), [MESSAGE]);
    assert!(under(&["dev", "prod"], not_dev).is_empty());
    assert_eq!(under(&["dev", "test", "prod"], not_dev), [MESSAGE]);
}

#[test]
fn a_rule_in_its_security_group_has_its_condition() {
    let found = messages(&[], |stack, _, _, prod| {
        let vpc = Id::new("vpc-0123456789abcdef0");
        let group = stack.add("Group", SecurityGroup::new("A group", vpc));
        let rule = SecurityGroupEgress::new(group, "tcp")
            .from_port(443)
            .to_port(443);
        let rule = rule.cidr_ip(Cidr::v4([10, 0, 0, 0], 8));
        stack.add("Rule", rule);
        stack.set_condition(group, prod);
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn an_override_can_refer_to_what_a_condition_excludes() {
    for (value, wanted) in [
        (json!({ "Ref": "Topic" }), &[MESSAGE][..]),
        (
            json!({ "Fn::If": ["Prod", { "Ref": "Topic" }, "arn:aws:sns:eu-central-1:111122223333:t"] }),
            &[],
        ),
    ] {
        let found = messages(&[], |stack, _, _, _| {
            let mail = stack.add(
                "Mail",
                subscription("arn:aws:sns:eu-central-1:111122223333:a"),
            );
            stack.overrides(mail).cfn("/TopicArn", value.clone());
        });
        assert_eq!(found, wanted, "{value}");
    }
}

#[test]
fn a_value_of_another_stack_can_be_absent_too() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let topic = stack.add("Topic", Topic::new());
    let region = Expr::Pseudo(ssm_synth::ir::Pseudo::Region);
    let here = stack.condition("Prod", is(&region, &["eu-central-1"]));
    stack.set_condition(topic, here);
    let mail = app.stack("Mail").add("Mail", subscription(topic));
    let found = app.validate().unwrap_err().to_string();
    assert!(found.contains(MESSAGE), "{found}");
    let mut stack = app.stack("Mail");
    let own = stack.condition("Same", is(&region, &["eu-central-1"]));
    stack.set_condition(mail, own);
    assert!(app.validate().is_ok());
}

#[test]
fn any_number_of_tests_is_a_condition() {
    for (count, in_cfn, in_tf) in [(0, "Fn::Equals", "true ? 1 : 0"), (25, "Fn::And", " && ")] {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let topic = stack.add("Topic", Topic::new());
        let region = Expr::Pseudo(ssm_synth::ir::Pseudo::Region);
        let tests = (0..count).map(|_| is(&region, &["eu-central-1"])).collect();
        let all = stack.condition("All", Predicate::All(tests));
        stack.set_condition(topic, all);
        let validated = app.validate().unwrap();
        let template = backend::cfn::template(&validated, "Access").unwrap();
        let template: serde_json::Value = serde_json::from_str(&template.to_json()).unwrap();
        let test = &template["Conditions"]["All"][in_cfn];
        assert!(
            test.as_array()
                .is_some_and(|it| (2..=10).contains(&it.len())),
            "{template}"
        );
        let module = backend::tf::module(&validated, "Access", ModuleKind::Root).unwrap();
        assert!(module.to_hcl().contains(in_tf), "{}", module.to_hcl());
    }
}
