//! Raw resources of modeled types, and overrides: rules, aspects and assertions see what is printed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ssm_synth::backend::{self, tf::ModuleKind};
use ssm_synth::construct::{InstanceRole, Lifecycle, Permissions};
use ssm_synth::ir::Dialect;
use ssm_synth::prelude::*;
use ssm_synth::reachability::{self, Assumptions, Verdict};
use ssm_synth::resource::{
    Bucket, EncryptionByDefault, Instance, RawBlock, RawResource, SecurityGroup, VpcEndpoint,
};
use ssm_synth::testing::{Assertions, absent, object_like};

fn cfn(instance_type: &str) -> RawResource {
    RawResource::new()
        .cfn("AWS::EC2::Instance")
        .property("ImageId", "ami-0123456789abcdef0")
        .property("InstanceType", instance_type)
}

fn both(in_cfn: &str, in_tf: &str) -> RawResource {
    cfn(in_cfn)
        .tf("aws_instance")
        .argument("ami", "ami-0123456789abcdef0")
        .argument("instance_type", in_tf)
        .block(
            "credit_specification",
            RawBlock::new().argument("cpu_credits", "standard"),
        )
}

/// An app of one raw instance, with the rule of a team.
fn app(instance: RawResource) -> App {
    let mut app = App::new();
    app.stack("Data").add("Database", instance);
    app.add_rule(|graph, out| {
        for (_, node, instance) in graph.all::<Instance>() {
            match instance.instance_type.lit() {
                Some(it) if it.starts_with("t4g.") => {}
                found => out.push(node.error("team-type", format!("{found:?} is not `t4g`"))),
            }
        }
    });
    app
}

#[test]
fn rules_see_raw_resources_of_a_modeled_type() {
    for (instance, wanted) in [
        (cfn("t4g.small"), &[][..]),
        (cfn("m5.large"), &[Some(Dialect::Cfn)]),
        (both("m5.large", "m5.large"), &[None]),
        (both("t4g.small", "m5.large"), &[Some(Dialect::Tf)]),
        (
            both("m5.large", "m6i.large"),
            &[Some(Dialect::Cfn), Some(Dialect::Tf)],
        ),
    ] {
        let app = app(instance);
        let found = app.validate().err().unwrap_or_default();
        let only: Vec<Option<Dialect>> = found.iter().map(|it| it.only).collect();
        assert_eq!(only, wanted, "{found}");
        assert!(
            found.iter().all(|it| it.paths == ["Data/Database"]),
            "{found}"
        );
    }
}

#[test]
fn rules_see_overrides() {
    let build = |in_cfn: &str, in_tf: &str| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let access = stack.add_inline(SessionAccess::new());
        stack
            .overrides(access.instances[0].instance)
            .cfn("/InstanceType", in_cfn)
            .tf("/instance_type", in_tf);
        app.add_rule(|graph, out| {
            assert!(graph.all::<SecurityGroup>().count() >= 2);
            for (_, node, instance) in graph.all::<Instance>() {
                if instance
                    .instance_type
                    .lit()
                    .is_none_or(|it| it != "t3.medium")
                {
                    out.push(node.error("team-type", "the type is not `t3.medium`"));
                }
            }
        });
        match app.validate() {
            Ok(_) => Vec::new(),
            Err(found) => found.iter().map(|it| it.only).collect::<Vec<_>>(),
        }
    };
    assert_eq!(build("t3.medium", "t3.medium"), []);
    assert_eq!(build("t3.large", "t3.large"), [None]);
    assert_eq!(build("t3.medium", "t3.large"), [Some(Dialect::Tf)]);
}

#[test]
fn a_rule_does_not_see_what_a_language_does_not_have() {
    let mut app = App::new();
    app.stack("Data").add("Database", cfn("t4g.small"));
    app.add_rule(|graph, out| {
        for (_, node) in graph.nodes() {
            if node.resource.type_name(Dialect::Cfn).is_none() {
                out.push(node.error("team-language", "not in CloudFormation"));
            }
        }
    });
    assert!(app.validate().is_ok());
}

#[test]
fn update_all_changes_raw_resources() {
    let mut app = app(both("m5.large", "m5.large").property("Monitoring", true));
    app.update_all::<Instance>(|path, it| {
        assert_eq!(path, "Data/Database");
        *it = it.clone().instance_type("t4g.small").monitoring(false);
    });
    let data = Assertions::of(&app, "Data");
    let in_cfn = [
        ("InstanceType", "t4g.small".into()),
        ("ImageId", "ami-0123456789abcdef0".into()),
        ("Monitoring", false.into()),
    ];
    data.has_resource_properties::<Instance>(object_like(in_cfn));
    let kept = object_like([("cpu_credits", "standard".into())]);
    let in_tf = [
        ("instance_type", "t4g.small".into()),
        ("monitoring", false.into()),
        ("credit_specification", kept),
    ];
    data.in_language(Dialect::Tf)
        .has_resource_properties::<Instance>(object_like(in_tf));
}

/// In Terraform, another resource has the encryption of a bucket.
#[test]
fn a_change_that_a_raw_resource_cannot_have_is_an_error() {
    let mut app = App::new();
    let raw = RawResource::new()
        .cfn("AWS::S3::Bucket")
        .tf("aws_s3_bucket");
    app.stack("Data").add("Files", raw);
    app.update_all::<Bucket>(|_, it| {
        *it = Bucket::private(EncryptionByDefault::new("aws:kms"));
    });
    let found = app.validate().unwrap_err();
    let all: Vec<_> = found.iter().map(|it| (it.code, it.only)).collect();
    assert_eq!(
        all,
        [("raw-resource-property", Some(Dialect::Tf))],
        "{found}"
    );
    app.set_language(Dialect::Cfn);
    assert!(app.validate().is_ok());
}

#[test]
fn assertions_about_a_model_judge_raw_resources() {
    let mut app = App::new();
    app.stack("Access").add_inline(SessionAccess::new());
    app.stack("Access")
        .add("Database", both("t4g.small", "t4g.small"));
    let access = Assertions::of(&app, "Access");
    access.resource_count_is::<Instance>(2);
    access.has_resource_properties::<Instance>(object_like([("InstanceType", "t4g.small".into())]));
    access
        .all_resources_type_properties("AWS::EC2::Instance", object_like([("KeyName", absent())]));
    access.all_resources_type("aws_instance", object_like([("key_name", absent())]));
    type Assertion = fn(&Assertions<'_>);
    let failing: [(&str, Assertion); 5] = [
        (
            "`Access` has 2 of `Instance`, expected 3\n  Access/",
            |it: &Assertions<'_>| {
                it.resource_count_is::<Instance>(3);
            },
        ),
        ("`Access/main/Instance` differs", |it: &Assertions<'_>| {
            it.all_resources_properties::<Instance>(object_like([("ImageId", "ami-1".into())]));
        }),
        ("`Access/Database` differs", |it: &Assertions<'_>| {
            let image = object_like([("instance_type", "t3.micro".into())]);
            it.all_resources_type_properties("aws_instance", image);
        }),
        (
            "`Access` has no `AWS::SQS::Queue`",
            |it: &Assertions<'_>| {
                it.all_resources_type("AWS::SQS::Queue", object_like([("Type", absent())]));
            },
        ),
        (
            "`Access` has 0 of `AWS::SQS::Queue`, expected 1",
            |it: &Assertions<'_>| {
                it.resource_type_count_is("AWS::SQS::Queue", 1);
            },
        ),
    ];
    for (wanted, assert) in failing {
        let found = message(&access, assert);
        assert!(found.contains(wanted), "{wanted}\n{found}");
        assert!(!found.ends_with(['\n', ' ']), "{found:?}");
    }
}

#[test]
fn a_failure_in_terraform_only_has_a_fix_in_its_language() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.add_inline(SessionAccess::new());
    let ssm = stack.find::<VpcEndpoint>("Endpoints/Ssm").unwrap();
    stack.overrides(ssm).tf("/private_dns_enabled", false);
    let access = Assertions::of(&app, "Access");
    let found = message(&access, |it| it.all_instances_reachable());
    for wanted in [
        "at   Access/Endpoints/Ssm.private_dns_enabled",
        "resource \"aws_vpc_endpoint\" \"endpoints_ssm\"",
    ] {
        assert!(found.contains(wanted), "{found}");
    }
}

#[test]
fn an_assumption_is_named_as_in_code() {
    let boundary = Id::new("arn:aws:iam::111122223333:policy/boundary");
    let role = InstanceRole::new(Permissions::SessionOnly).permissions_boundary(boundary);
    let mut app = App::new();
    app.stack("Access")
        .add_inline(SessionAccess::new().instance_role(role));
    let found = message(&Assertions::of(&app, "Access"), |it| {
        it.all_instances_reachable()
    });
    assert!(found.contains("`Assumptions::boundary`"), "{found}");
    assert!(!found.contains("--assume"), "{found}");
}

#[test]
fn a_provider_of_another_region_finds_nothing_of_the_network() {
    let build = |alias: Option<&str>| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        stack.set_region("eu-central-1");
        stack.provider_alias("backup", "eu-west-1");
        stack.provider_alias("same", "eu-central-1");
        let access = stack.add_inline(SessionAccess::new());
        let bucket = stack.add(
            "Files",
            Bucket::private(EncryptionByDefault::new("aws:kms")),
        );
        stack.overrides(bucket).provider("backup");
        if let Some(alias) = alias {
            stack
                .overrides(access.instances[0].instance)
                .provider(alias);
        }
        app
    };
    let found = build(Some("backup")).validate().unwrap_err();
    let of_instance = found.iter().any(|it| {
        it.only == Some(Dialect::Tf)
            && it.paths == ["Access/main/Instance"]
            && it.message.contains("its Region is `eu-west-1`")
            && it.message.contains("is in `eu-central-1`")
    });
    assert!(of_instance, "{found}");
    assert!(build(Some("same")).validate().is_ok());
    // The Region of the stack is that of the deployment.
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.provider_alias("backup", "eu-west-1");
    let access = stack.add_inline(SessionAccess::new());
    let instance = access.instances[0].instance;
    stack.overrides(instance).provider("backup");
    let terraform = reachability::check_in(app.graph(), Dialect::Tf, &Assumptions::new());
    assert_eq!(terraform.instances[0].verdict, Verdict::Unknown);
    // The parts of a bucket have its provider.
    let app = build(None);
    let validated = app.validate().unwrap();
    let module = backend::tf::module(&validated, "Access", ModuleKind::Root).unwrap();
    let json: serde_json::Value = serde_json::from_str(&module.to_json()).unwrap();
    for (_, all) in json["resource"].as_object().unwrap() {
        for (name, block) in all.as_object().unwrap() {
            let wanted = name.starts_with("files").then_some("aws.backup");
            assert_eq!(block["provider"].as_str(), wanted, "{name}: {block}");
        }
    }
}

fn message(access: &Assertions<'_>, assert: fn(&Assertions<'_>)) -> String {
    let failed = catch_unwind(AssertUnwindSafe(|| assert(access))).unwrap_err();
    *failed.downcast::<String>().unwrap()
}

/// In Terraform, other resources have parts of a bucket.
#[test]
fn rules_see_a_resource_with_its_parts() {
    let build = |name: Option<&'static str>| {
        let mut app = App::new();
        let mut stack = app.stack("Data");
        let bucket = stack.add("Files", Bucket::private(EncryptionByDefault::new("AES256")));
        let keep = Lifecycle::new().ignore_changes(["tags"]);
        stack.overrides(bucket).lifecycle(keep);
        if let Some(name) = name {
            stack.overrides(bucket).tf("/bucket", name);
        }
        app.add_rule(|graph, out| {
            assert_eq!(graph.all::<Bucket>().count(), 1);
            for (_, node, it) in graph.all::<Bucket>() {
                if it.public_access_block.is_none() || it.encryption.is_empty() {
                    out.push(node.error("team-public", "the bucket is not private"));
                }
                if it
                    .bucket_name
                    .as_ref()
                    .and_then(|it| it.lit())
                    .is_some_and(|it| it == "x-y-z")
                {
                    out.push(node.error("team-name", "the bucket has a bad name"));
                }
            }
        });
        app.validate()
            .err()
            .map(|it| it.to_string())
            .unwrap_or_default()
    };
    assert_eq!(build(None), "");
    assert_eq!(build(Some("a-b-c")), "");
    let found = build(Some("x-y-z"));
    assert!(
        found.contains("team-name") && !found.contains("team-public"),
        "{found}"
    );
}

/// Terraform has other rules for raw resources than CloudFormation.
#[test]
fn a_raw_resource_of_terraform_has_the_rules_of_terraform() {
    let entry = |protocol: &'static str| {
        RawResource::new()
            .tf("aws_network_acl_rule")
            .argument("network_acl_id", "acl-0123456789abcdef0")
            .argument("rule_number", 100)
            .argument("protocol", protocol)
            .argument("from_port", 443)
            .argument("to_port", 443)
            .argument("rule_action", "allow")
            .argument("cidr_block", "10.0.0.0/8")
    };
    let group = || {
        RawResource::new()
            .tf("aws_security_group")
            .argument("name", "web")
    };
    let log = || {
        RawResource::new()
            .tf("aws_flow_log")
            .argument("vpc_id", "vpc-0123456789abcdef0")
            .argument("traffic_type", "ALL")
            .argument("log_destination", "arn:aws:s3:::logs-of-the-team")
            .argument("log_destination_type", "s3")
    };
    for language in [None, Some(Dialect::Tf)] {
        for raw in [entry("tcp"), entry("6"), group(), log()] {
            let mut app = App::new();
            if let Some(language) = language {
                app.set_language(language);
            }
            app.stack("Data").add("Raw", raw);
            let found = app.validate().err();
            assert!(found.is_none(), "{found:?}");
        }
    }
    // A block has its own iterator, also at a pointer.
    let mut app = App::new();
    let mut stack = app.stack("Data");
    let group = stack.add("Group", group());
    let rules = serde_json::json!({
        "for_each": [80, 443],
        "content": { "from_port": "${ingress.value}", "to_port": "${ingress.value}", "protocol": "tcp" },
    });
    stack.overrides(group).tf("/dynamic/ingress", rules);
    let found = app.validate().err();
    assert!(found.is_none(), "{found:?}");
}

#[test]
fn a_dynamic_reference_in_raw_text_says_where_it_belongs() {
    let mut app = App::new();
    let image =
        "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}}";
    app.stack("Data")
        .add("Raw", cfn("t4g.small").property("ImageId", image));
    let found = app.validate().unwrap_err().to_string();
    assert!(found.contains("which is literal text"), "{found}");
    assert!(
        found.contains("set a dynamic reference with `.overrides(…).cfn(…)`"),
        "{found}"
    );
}

#[test]
fn a_zone_is_that_of_the_provider() {
    use ssm_synth::resource::{Subnet, Vpc};
    let range = Cidr::v4([10, 0, 0, 0], 16);
    let mut app = App::new();
    app.set_language(Dialect::Tf);
    let mut stack = app.stack("Network");
    stack.set_region("eu-central-1");
    stack.provider_alias("america", "us-east-1");
    let vpc = stack.add("Vpc", Vpc::new(range));
    let subnet = stack.add("Subnet", Subnet::new(vpc, range, "us-east-1a"));
    stack.overrides(vpc).provider("america");
    stack.overrides(subnet).provider("america");
    let endpoint = RawResource::new()
        .tf("aws_vpc_endpoint")
        .argument("vpc_id", vpc)
        .argument("service_name", "com.amazonaws.us-east-1.s3")
        .argument("provider", "aws.america");
    stack.add("Endpoint", endpoint);
    let found = app.validate().err();
    assert!(found.is_none(), "{found:?}");
}
