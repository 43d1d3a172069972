//! The messages of failing assertions about reachability: hop, property that decides, and fix.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;
use ssm_synth::construct::{AccessHandles, InstanceRole, Lifecycle, Permissions};
use ssm_synth::ir::Dialect;
use ssm_synth::resource::{
    Instance, LogGroup, RawResource, RemovalPolicy, SecurityGroupIngress, Topic, VpcEndpoint,
};
use ssm_synth::testing::{Assertions, absent, any, array_with, object_like, string_like};
use ssm_synth::{App, Id, Scope, SessionAccess};

/// Returns the message with which an assertion about the stack fails.
fn message<'a>(app: &'a App, assert: fn(&Assertions<'a>)) -> String {
    let access = Assertions::of(app, "Access");
    let failed = catch_unwind(AssertUnwindSafe(|| assert(&access))).unwrap_err();
    let message = *failed.downcast::<String>().unwrap();
    assert!(
        !message.contains('\x1b'),
        "a log shows no colors: {message:?}"
    );
    message
}

fn contains_all(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing:\n{message}");
    }
}

#[test]
fn a_failing_hop_names_the_property_of_the_resource() {
    let mut app = App::new();
    app.update_all::<VpcEndpoint>(|_, it| *it = it.clone().private_dns_enabled(false));
    app.stack("Access").add_inline(SessionAccess::new());
    for assert in [
        |it: &Assertions<'_>| it.all_instances_reachable(),
        |it: &Assertions<'_>| it.no_instance_unreachable(),
    ] {
        let at = "at   Access/Endpoints/Ssm.PrivateDnsEnabled";
        let fix = "fix  EndpointsSsm:";
        contains_all(
            &message(&app, assert),
            &["Access/main/Instance: unreachable", "endpoint", at, fix],
        );
    }
}

#[test]
fn a_failing_rule_is_named() {
    let mut app = App::new();
    app.update_all::<SecurityGroupIngress>(|_, rule| {
        *rule = rule.clone().from_port(80).to_port(80);
    });
    app.stack("Access").add_inline(SessionAccess::new());
    let found = message(&app, |it| it.all_instances_reachable());
    contains_all(
        &found,
        &[
            "endpoint-security-group",
            "at   Access/Endpoints/SecurityGroup.SecurityGroupIngress",
        ],
    );
}

#[test]
fn an_unknown_hop_names_the_property_that_is_not_shown() {
    let boundary = Id::new("arn:aws:iam::111122223333:policy/boundary");
    let role = InstanceRole::new(Permissions::SessionOnly).permissions_boundary(boundary);
    let mut app = App::new();
    app.stack("Access")
        .add_inline(SessionAccess::new().instance_role(role));
    let found = message(&app, |it| it.all_instances_reachable());
    let cause = "role-permissions: unknown because of Access/Instances/Role.PermissionsBoundary";
    contains_all(&found, &["Access/main/Instance: unknown", cause]);
}

/// An app with a change, and the handles of its access.
fn changed(change: impl FnOnce(&mut Scope<'_>, &AccessHandles)) -> App {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    change(&mut stack, &access);
    app
}

/// Disables private DNS of the endpoint for `ssm` in one language.
fn without_private_dns(language: Dialect) -> App {
    changed(|stack, _| {
        let ssm = stack.find::<VpcEndpoint>("Endpoints/Ssm").unwrap();
        let overrides = stack.overrides(ssm);
        match language {
            Dialect::Cfn => overrides.cfn("/PrivateDnsEnabled", false),
            Dialect::Tf => overrides.tf("/private_dns_enabled", false),
        };
    })
}

#[test]
fn an_instance_that_is_unreachable_in_one_language_is_unreachable() {
    for (language, name) in [(Dialect::Cfn, "CloudFormation"), (Dialect::Tf, "Terraform")] {
        let app = without_private_dns(language);
        for assert in [
            |it: &Assertions<'_>| it.all_instances_reachable(),
            |it: &Assertions<'_>| it.no_instance_unreachable(),
        ] {
            let found = message(&app, assert);
            let heading = format!("as {name} prints it:\nAccess/main/Instance: unreachable");
            assert!(found.starts_with(&heading), "{found}");
            assert_eq!(found.matches("prints it").count(), 1, "{found}");
        }
        let other = language.pick(Dialect::Tf, Dialect::Cfn);
        let access = Assertions::of(&app, "Access");
        access.in_language(other).all_instances_reachable();
    }
}

#[test]
fn assertions_see_what_their_language_prints() {
    let app = changed(|stack, access| {
        stack
            .overrides(access.instances[0].instance)
            .cfn("/EbsOptimized", true)
            .tf("/key_name", "team")
            .tf_block(
                "/ephemeral_block_device",
                json!({ "device_name": "/dev/sdb" }),
            )
            .tf("/lifecycle/prevent_destroy", true);
    });
    let terraform = Assertions::of(&app, "Access").in_language(Dialect::Tf);
    let key = || object_like([("key_name", absent())]);
    assert!(terraform.find_resources::<Instance>(key()).is_empty());
    let found = message(&app, |it| {
        it.has_resource_type_properties("aws_instance", object_like([("key_name", absent())]));
    });
    contains_all(
        &found,
        &[
            "`Access/main/Instance`:",
            "key_name: expected nothing, found \"team\"",
        ],
    );
    terraform.all_resources_properties::<Instance>(object_like([
        ("key_name", "team".into()),
        ("ebs_optimized", absent()),
        ("lifecycle", object_like([("prevent_destroy", true.into())])),
        (
            "ephemeral_block_device",
            object_like([("device_name", "/dev/sdb".into())]),
        ),
        ("subnet_id", string_like("${aws_subnet.*.id}")),
    ]));
    let cloudformation = Assertions::of(&app, "Access");
    let instance = object_like([("KeyName", absent()), ("EbsOptimized", true.into())]);
    cloudformation.all_resources_properties::<Instance>(instance.clone());
    cloudformation.has_resource_type_properties("AWS::EC2::Instance", instance);
}

#[test]
fn parts_and_outputs_of_terraform_are_seen() {
    let app = changed(|stack, access| {
        stack.output("Instance", access.instances[0].instance, "The instance");
        let image = RawResource::new()
            .tf("data.aws_ami")
            .argument("owners", json!(["amazon"]));
        stack.add("Image", image);
    });
    let terraform = Assertions::of(&app, "Access").in_language(Dialect::Tf);
    terraform.has_output("instance", "${aws_instance.main_instance.id}");
    terraform.has_output(
        "instance",
        app.find::<Instance>("Access/main/Instance").unwrap(),
    );
    terraform.resource_type_count_is("data.aws_ami", 1);
    // The role has its managed policies as resources of their own.
    terraform.resource_type_count_is("aws_iam_role", 1);
    let trust = object_like([("Service", array_with(["ec2.amazonaws.com".into()]))]);
    let trust = object_like([(
        "Statement",
        array_with([object_like([("Principal", trust)])]),
    )]);
    terraform
        .has_resource_type_properties("aws_iam_role", object_like([("assume_role_policy", trust)]));
    // CloudFormation has the outbound rules inside their security group.
    let access = Assertions::of(&app, "Access");
    access.resource_type_count_is("AWS::EC2::SecurityGroupEgress", 0);
    let rules = object_like([("SecurityGroupEgress", any())]);
    access.has_resource_type_properties("AWS::EC2::SecurityGroup", rules);
}

#[test]
fn names_that_do_not_exist_fail() {
    let app = changed(|_, _| ());
    for (type_name, hint) in [
        ("AWS::EC2::Instnace", "did you mean `AWS::EC2::Instance`?"),
        ("aws_instnace", "did you mean `aws_instance`?"),
        (
            "aws_s3_bucket_versoining",
            "did you mean `aws_s3_bucket_versioning`?",
        ),
        (
            "Instance",
            "use a name such as `AWS::SQS::Queue` or `aws_sqs_queue`",
        ),
    ] {
        let access = Assertions::of(&app, "Access");
        let failed = catch_unwind(AssertUnwindSafe(|| {
            access.resource_type_count_is(type_name, 0)
        }));
        let message = *failed.unwrap_err().downcast::<String>().unwrap();
        contains_all(&message, &[&format!("`{type_name}`"), hint]);
    }
    let none = Assertions::of(&app, "Access");
    for type_name in [
        "AWS::SQS::Queue",
        "aws_sqs_queue",
        "Custom::Thing",
        "random_id",
        "module",
    ] {
        none.resource_type_count_is(type_name, 0);
    }
    for assert in [
        |it: &Assertions<'_>| {
            it.all_resources_properties::<Instance>(object_like([("KeyNmae", absent())]));
        },
        |it: &Assertions<'_>| {
            let expected = object_like([("KeyNmae", absent())]);
            it.has_resource_type_properties("AWS::EC2::Instance", expected);
        },
    ] {
        let found = message(&app, assert);
        assert_eq!(
            found,
            "unknown property `KeyNmae` of `AWS::EC2::Instance`; did you mean `KeyName`?"
        );
    }
    // Also inside a property that the instance has.
    let found = message(&app, |it| {
        let options = object_like([("HttpTokn", absent())]);
        it.all_resources_properties::<Instance>(object_like([("MetadataOptions", options)]));
    });
    contains_all(
        &found,
        &[
            "unknown property `MetadataOptions.HttpTokn`",
            "`HttpTokens`",
        ],
    );
    let found = message(&app, |it| {
        let device = object_like([("Ebs", object_like([("Encryptd", absent())]))]);
        let device = object_like([("BlockDeviceMappings", array_with([device]))]);
        it.has_resource_properties::<Instance>(device);
    });
    contains_all(
        &found,
        &[
            "`BlockDeviceMappings.Ebs.Encryptd`",
            "did you mean `Encrypted`?",
        ],
    );
    let terraform = Assertions::of(&app, "Access").in_language(Dialect::Tf);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        terraform.all_resources_properties::<Instance>(object_like([("key_nam", absent())]));
    }));
    let found = *failed.unwrap_err().downcast::<String>().unwrap();
    contains_all(&found, &["unknown argument `key_nam` of `aws_instance`"]);
}

#[test]
fn assertions_see_the_attributes_of_resources() {
    let app = changed(|stack, access| {
        let instance = access.instances[0].instance;
        let logs = stack.add("Logs", LogGroup::new());
        let topic = stack.add("Topic", Topic::new());
        stack.depends_on(logs, [topic.node()]);
        stack.set_removal_policy(logs, RemovalPolicy::Retain);
        stack
            .overrides(instance)
            .cfn_attribute("/Metadata/Owner", "core")
            .lifecycle(Lifecycle::new().ignore_changes(["user_data"]));
    });
    let topic = app.find::<Topic>("Access/Topic").unwrap();
    let access = Assertions::of(&app, "Access");
    let instance = [
        ("Type", "AWS::EC2::Instance".into()),
        ("CreationPolicy", absent()),
        ("Metadata", object_like([("Owner", "core".into())])),
        ("DeletionPolicy", absent()),
        ("Properties", object_like([("KeyName", absent())])),
    ];
    access.has_resource::<Instance>(object_like(instance));
    // An assertion about a policy that the type does not have would always pass.
    let found = message_of(&access, |it| {
        it.all_resources::<Instance>(object_like([("UpdatePolicy", absent())]));
    });
    assert_eq!(
        found,
        "`UpdatePolicy` has no effect on `AWS::EC2::Instance`"
    );
    let logs = object_like([
        ("DeletionPolicy", "RetainExceptOnCreate".into()),
        ("DependsOn", array_with([topic.into()])),
    ]);
    access.has_resource::<LogGroup>(logs.clone());
    access.has_resource_type("AWS::Logs::LogGroup", logs);
    access.all_resources::<Topic>(object_like([("DependsOn", absent())]));
    let found = message_of(&access, |it| {
        it.all_resources::<Topic>(object_like([("DeletionPolcy", absent())]));
    });
    contains_all(
        &found,
        &["unknown attribute `DeletionPolcy`", "`DeletionPolicy`"],
    );
    let found = message_of(&access, |it| {
        let properties = object_like([("TopicNam", absent())]);
        it.all_resources::<Topic>(object_like([("Properties", properties)]));
    });
    contains_all(&found, &["unknown property `TopicNam`"]);

    let terraform = access.in_language(Dialect::Tf);
    terraform.has_resource::<LogGroup>(object_like([
        ("skip_destroy", true.into()),
        ("depends_on", array_with([topic.into()])),
    ]));
    let ignored = object_like([("ignore_changes", array_with(["user_data".into()]))]);
    terraform.has_resource::<Instance>(object_like([("lifecycle", ignored)]));
}

fn message_of<'a>(access: &Assertions<'a>, assert: fn(&Assertions<'a>)) -> String {
    let failed = catch_unwind(AssertUnwindSafe(|| assert(access))).unwrap_err();
    *failed.downcast::<String>().unwrap()
}
