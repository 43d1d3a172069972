//! Apps of one output language.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ssm_synth::backend::{self, Format, OutputError, tf::ModuleKind};
use ssm_synth::ir::{Dialect, Severity};
use ssm_synth::reachability::{self, Assumptions, Verdict};
use ssm_synth::resource::{Instance, LogGroup, RawResource, Topic, VpcEndpoint};
use ssm_synth::testing::{Assertions, absent, object_like, snapshots};
use ssm_synth::{App, SessionAccess};

/// An app with a topic of one language, to which an output refers.
fn with_topic(topic: RawResource) -> App {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.add_inline(SessionAccess::new());
    let topic = stack.add("Topic", topic);
    stack.output("Topic", topic, "The topic");
    app
}

fn topic(language: Dialect) -> RawResource {
    match language {
        Dialect::Cfn => RawResource::new().cfn("AWS::SNS::Topic"),
        Dialect::Tf => RawResource::new().tf("aws_sns_topic"),
    }
}

#[test]
fn an_app_of_one_language_is_judged_and_generated_in_this_language_only() {
    for (language, other) in [(Dialect::Cfn, Dialect::Tf), (Dialect::Tf, Dialect::Cfn)] {
        let mut app = with_topic(topic(language));
        let found = app.validate().unwrap_err().to_string();
        let name = language.pick("Terraform", "CloudFormation");
        let help =
            format!("for an app without {name}, call `App::set_language(Dialect::{language:?})`");
        assert!(found.contains(&help), "{found}");

        app.set_language(language);
        let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
        let outputs = [
            (
                Dialect::Cfn,
                backend::cfn::template(&validated, "Access").err(),
            ),
            (Dialect::Cfn, backend::cfn::assembly(&validated).err()),
            (
                Dialect::Tf,
                backend::tf::module(&validated, "Access", ModuleKind::Root).err(),
            ),
            (Dialect::Tf, backend::tf::root(&validated).err()),
        ];
        for (of, error) in outputs {
            let expected = (of == other).then_some(OutputError::OtherLanguage(other));
            assert_eq!(error, expected);
        }
        let files: Vec<String> = snapshots(&app, None)
            .into_iter()
            .map(|it| it.name)
            .collect();
        let document = language.pick("Access.yaml", "Access.tf");
        assert_eq!(files, [document, "Access.ids"]);
        let own = language.pick("AWS::SNS::Topic", "aws_sns_topic");
        let access = Assertions::of(&app, "Access");
        access.resource_type_count_is(own, 1);
        let key = language.pick("KeyName", "key_name");
        access.all_resources_properties::<Instance>(object_like([(key, absent())]));
        access.all_instances_reachable();
        let failing: [&dyn Fn(); 3] = [
            &|| drop(Assertions::of(&app, "Access").in_language(other)),
            &|| access.resource_type_count_is(other.pick("AWS::SNS::Topic", "aws_sns_topic"), 0),
            &|| {
                drop(snapshots(
                    &app,
                    Some(&[other.pick(Format::Cfn, Format::Hcl)]),
                ))
            },
        ];
        for fails in failing {
            let failed = catch_unwind(AssertUnwindSafe(fails)).unwrap_err();
            let message = *failed.downcast::<String>().unwrap();
            assert!(message.starts_with("cannot generate"), "{message}");
        }
    }
}

#[test]
fn a_resource_that_no_output_contains_is_a_warning() {
    let mut app = App::new();
    app.set_language(Dialect::Cfn);
    app.stack("Access").add("Topic", topic(Dialect::Tf));
    let validated = app.validate().unwrap();
    let found = validated.warnings().iter().next().unwrap();
    assert_eq!(
        (found.code, found.severity),
        ("raw-resource-type", Severity::Warning)
    );
    assert!(found.message.contains("no CloudFormation type"), "{found}");
}

#[test]
fn two_languages_are_an_error() {
    let mut app = App::new();
    app.set_language(Dialect::Cfn);
    app.set_language(Dialect::Cfn);
    app.stack("Access").add("Logs", LogGroup::new());
    assert!(app.validate().is_ok());
    app.set_language(Dialect::Tf);
    let found = app.validate().unwrap_err().to_string();
    assert!(found.contains("two values for `language`"), "{found}");
}

#[test]
fn an_app_of_terraform_keeps_the_limits_of_the_services() {
    let mut app = App::new();
    app.set_language(Dialect::Tf);
    let name = "a".repeat(600);
    app.stack("Access")
        .add("Logs", LogGroup::new().log_group_name(name));
    let found = app.validate().unwrap_err().to_string();
    assert!(
        found.contains("log_group_name") || found.contains("`name`"),
        "{found}"
    );
}

#[test]
fn an_instance_has_one_result_that_names_the_languages() {
    let verdicts = |app: &App| {
        let checked = reachability::check(app.graph(), &Assumptions::default());
        let name = |node| app.graph().node(node).unwrap().path.clone();
        let each = checked.instances.into_iter();
        each.map(|it| (name(it.node), it.verdict, it.by_language))
            .collect::<Vec<_>>()
    };
    let main = "Access/main/Instance".to_owned();
    let mut app = App::new();
    // An instance in Terraform, before another one, and a nested stack in CloudFormation.
    let raw = RawResource::new()
        .cfn("AWS::CloudFormation::Stack")
        .property("TemplateURL", "https://example.com/template.json")
        .tf("aws_instance")
        .argument("instance_type", "t3.micro")
        .argument("ami", "ami-0a1b2c3d4e5f60718");
    app.stack("Access").add("Other", raw);
    app.stack("Access").add_inline(SessionAccess::new());
    let found = verdicts(&app);
    let paths: Vec<&str> = found.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(paths, ["Access/Other", main.as_str()], "{found:?}");
    let [(Dialect::Tf, _)] = found[0].2[..] else {
        panic!("{found:?}");
    };

    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.add_inline(SessionAccess::new());
    let ssm = stack.find::<VpcEndpoint>("Endpoints/Ssm").unwrap();
    stack.overrides(ssm).cfn("/Tags/0/Value", "other");
    assert_eq!(
        verdicts(&app),
        [(main.clone(), Verdict::Reachable, Vec::new())]
    );
    app.stack("Access")
        .overrides(ssm)
        .tf("/private_dns_enabled", false);
    let each = vec![
        (Dialect::Cfn, Verdict::Reachable),
        (Dialect::Tf, Verdict::Unreachable),
    ];
    assert_eq!(verdicts(&app), [(main.clone(), Verdict::Unknown, each)]);
    app.set_language(Dialect::Tf);
    assert_eq!(verdicts(&app), [(main, Verdict::Unreachable, Vec::new())]);
}

#[test]
fn a_limit_of_cloudformation_is_an_error_of_its_template() {
    let app = |language: Option<Dialect>| {
        let mut app = App::new();
        if let Some(language) = language {
            app.set_language(language);
        }
        let mut stack = app.stack("Topics");
        for n in 0..501 {
            stack.add(&format!("Topic{n}"), Topic::new());
        }
        app
    };
    const LIMIT: &str = "stack has 501 resources; CloudFormation allows 500";
    let both = app(None);
    let validated = both.validate().unwrap();
    let found = backend::cfn::template(&validated, "Topics").unwrap_err();
    assert!(found.to_string().contains(LIMIT), "{found}");
    assert!(backend::cfn::assembly(&validated).is_err());
    assert!(backend::tf::module(&validated, "Topics", ModuleKind::Root).is_ok());
    let only = app(Some(Dialect::Cfn)).validate().unwrap_err();
    assert!(only.to_string().contains(LIMIT), "{only}");
    assert!(app(Some(Dialect::Tf)).validate().is_ok());
}

#[test]
fn a_dependency_that_a_language_does_not_have_is_a_warning() {
    let warnings = |raw: RawResource| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let first = stack.add("First", raw);
        let logs = stack.add("Logs", LogGroup::new());
        stack.depends_on(logs, [first.node()]);
        app.validate().unwrap().warnings().clone()
    };
    let found = warnings(RawResource::new().tf("aws_sns_topic"));
    let wanted = "the dependency on `Access/First` has no effect in CloudFormation";
    assert!(found.to_string().contains(wanted), "{found}");
    let both = warnings(
        RawResource::new()
            .tf("aws_sns_topic")
            .cfn("AWS::SNS::Topic"),
    );
    assert!(both.iter().count() == 0, "{both}");
}
