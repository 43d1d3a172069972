//! The library as the code of a team uses it: handles, locations, rules and aspects.

use serde_json::json;
use ssm_synth::backend::{self, tf::ModuleKind};
use ssm_synth::construct::{ExistingNetwork, Lifecycle, PrivateInstance, PrivateNetwork};
use ssm_synth::ir::{Attr, Diagnostics, Predicate, SourceLocation, Text};
use ssm_synth::reachability::{self, Verdict};
use ssm_synth::resource::{
    Instance, LogGroup, PolicyDocument, RawResource, RawValue, RemovalPolicy, Role, RolePolicy,
    RouteTable, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, Statement, Subnet, Vpc,
};
use ssm_synth::{App, Cidr, Id, Parameter, SessionAccess};

const RANGE: Cidr = Cidr::v4([10, 0, 0, 0], 16);

fn app() -> App {
    let mut app = App::new();
    app.stack("Access").add_inline(SessionAccess::new());
    app
}

/// The line of this file that the only diagnostic points at.
fn line(found: &Diagnostics) -> u32 {
    let [found] = &found.iter().collect::<Vec<_>>()[..] else {
        panic!("{found}");
    };
    let [SourceLocation::Caller(at)] = found.locations[..] else {
        panic!("{found}");
    };
    assert!(at.file().ends_with("tests/it/library.rs"), "{found}");
    at.line()
}

#[test]
fn a_handle_of_another_app_is_an_error_even_where_its_index_fits() {
    let (mut here, mut other) = (App::new(), App::new());
    let vpc = here.stack("Access").add("Vpc", Vpc::new(RANGE));
    let theirs = other.stack("Access").add("Vpc", Vpc::new(RANGE));
    // The positions in both graphs are equal.
    assert_eq!(vpc.node().index(), theirs.node().index());
    assert!(here.graph().get(theirs).is_none());
    assert!(here.graph_mut().get_mut(theirs).is_none());
    here.stack("Access").add("Table", RouteTable::new(theirs));
    let found = here.validate().unwrap_err();
    assert!(found.to_string().contains("of another app"), "{found}");
}

#[test]
fn settings_of_a_handle_of_another_app_are_errors_at_their_line() {
    let (mut here, mut other) = (app(), App::new());
    let theirs = other.stack("Access").add("Logs", LogGroup::new());
    let mut stack = here.stack("Access");
    let first = line!() + 1;
    stack.set_removal_policy(theirs, RemovalPolicy::Retain);
    stack.depends_on(theirs, []);
    let found = here.validate().unwrap_err();
    let lines: Vec<u32> = found.iter().map(|it| line(&it.clone().into())).collect();
    assert_eq!(lines, [first, first + 1], "{found}");
}

#[test]
fn parameters_and_conditions_of_another_app_are_errors() {
    let (mut here, mut other) = (App::new(), App::new());
    here.stack("Access").parameter(Parameter::string("Mine"));
    let theirs = other.stack("Access").parameter(Parameter::string("Type"));
    let group = LogGroup::new().log_group_name(theirs);
    here.stack("Access").add("Logs", group);
    let found = here.validate().unwrap_err();
    assert!(
        found.to_string().contains("parameter of another app"),
        "{found}"
    );

    let mut here = App::new();
    let predicate = |stack: &ssm_synth::Scope<'_>| {
        Predicate::OneOf(stack.region(), vec![Text::Borrowed("eu-central-1")])
    };
    let mut stack = other.stack("Access");
    let test = predicate(&stack);
    let theirs = stack.condition("Here", test);
    let mut stack = here.stack("Access");
    let logs = stack.add("Logs", LogGroup::new());
    stack.set_condition(logs, theirs);
    let found = here.validate().unwrap_err();
    assert!(
        found.to_string().contains("condition of another app"),
        "{found}"
    );
}

#[test]
fn a_problem_inside_a_built_in_construct_points_at_the_line_that_asked_for_it() {
    let mut app = App::new();
    let at_instance = line!() + 1;
    let access = SessionAccess::new().instance(PrivateInstance::new("web").instance_type("large"));
    app.stack("Access").add_inline(access);
    assert_eq!(line(&app.validate().unwrap_err()), at_instance);

    let mut app = App::new();
    let mut stack = app.stack("Access");
    let at_add = line!() + 1;
    stack.add("Network", PrivateNetwork::new(Cidr::v4([127, 0, 0, 0], 16)));
    assert_eq!(line(&app.validate().unwrap_err()), at_add);

    let mut app = App::new();
    let vpc: Id<Vpc> = Id::new("vpc-0a1b2c3d4e5f60718");
    let at_network = line!() + 1;
    let access = SessionAccess::new().network(ExistingNetwork::new(vpc));
    app.stack("Access").add_inline(access);
    let found = app.validate().unwrap_err();
    let first: Diagnostics = found.iter().next().unwrap().clone().into();
    assert_eq!(line(&first), at_network, "{found}");
    // Plain `{}` and the message of `main` have the location.
    let place = format!("--> tests/it/library.rs:{at_network}:");
    assert!(found.to_string().contains(&place), "{found}");
    assert!(format!("{found:?}").contains(&place), "{found:?}");
}

#[test]
fn aspects_change_what_is_added_after_them_in_the_order_of_their_priority() {
    let mut app = App::new();
    app.update_all::<Instance>(|_, it| *it = it.clone().key_name("last"));
    app.update_all::<Instance>(|_, it| *it = it.clone().key_name("first"))
        .priority(10);
    app.add_rule(|graph, out| {
        for (_, node, instance) in graph.all::<Instance>() {
            if instance
                .key_name
                .as_ref()
                .and_then(|it| it.lit())
                .is_none_or(|it| it != "last")
            {
                out.push(node.error("team-key", "the key is not the last one"));
            }
        }
    });
    app.stack("Access").add_inline(SessionAccess::new());
    app.tags([("Team", "core")]);
    assert!(app.validate().is_ok());
    // A second validation applies the aspects to the same resources again.
    let validated = app.validate().unwrap();
    let (_, _, instance) = validated.graph().all::<Instance>().next().unwrap();
    assert!(instance.tags.get("Team").is_some());
    // A later change is not lost.
    app.stack("Second").add_inline(SessionAccess::new());
    let tagged = |(_, _, it): (_, _, &Instance)| it.tags.get("Team").is_some();
    assert_eq!(
        app.graph()
            .all::<Instance>()
            .filter(|it| tagged(*it))
            .count(),
        2
    );
}

fn with_rule() -> App {
    let mut app = app();
    app.add_rule(|graph, out| {
        for (_, node, _) in graph.all::<Instance>() {
            out.push(node.error("team-instances", "instances belong to the pool"));
        }
    });
    app
}

#[test]
fn a_suppression_with_a_reason_applies_to_its_scope_only() {
    let mut app = with_rule();
    app.stack("Access")
        .suppress_rule("team-instances", "a sandbox");
    assert!(app.validate().is_ok());
    app.stack("Second").add_inline(SessionAccess::new());
    let found = app.validate().unwrap_err();
    assert_eq!(found.iter().count(), 1, "{found}");

    let mut app = with_rule();
    let instance = app.find::<Instance>("Access/main/Instance").unwrap();
    app.stack("Access")
        .suppress_rule_for(instance, "team-instances", "a sandbox");
    assert!(app.validate().is_ok());
}

#[test]
fn a_suppression_without_a_reason_or_an_effect_is_reported() {
    let mut app = with_rule();
    app.stack("Access").suppress_rule("team-instances", " ");
    assert!(
        app.validate()
            .unwrap_err()
            .to_string()
            .contains("no reason")
    );

    let mut app = app_with_typo();
    let validated = app.validate().unwrap();
    assert_eq!(
        validated.warnings().iter().count(),
        1,
        "{}",
        validated.warnings()
    );
    // Built-in validation cannot be suppressed.
    let bad = PrivateInstance::new("web").instance_type("large");
    let mut stack = app.stack("Second");
    stack.add_inline(SessionAccess::new().instance(bad));
    stack.suppress_rule("instance-type", "we like it");
    assert!(app.validate().is_err());
}

fn app_with_typo() -> App {
    let mut app = app();
    app.stack("Access")
        .suppress_rule("team-instance", "a sandbox");
    app
}

#[test]
fn created_resources_are_handles() {
    let mut app = App::new();
    let access = app.stack("Access").add_inline(SessionAccess::new());
    let network = access.network.created.as_ref().unwrap();
    assert_eq!(app.find("Access/Network/Vpc"), Ok(network.vpc));
    assert_eq!(network.subnets.len(), 2);
    let endpoint = access.endpoints.created.interface("ssm").unwrap();
    assert_eq!(app.find("Access/Endpoints/Ssm"), Ok(endpoint));
    assert!(access.endpoints.created.interface("kms").is_none());
    assert!(access.instances[0].launch_template.is_some());
    let error = app.find::<Vpc>("Access/Endpoints/Ssm").unwrap_err();
    assert!(
        error.to_string().contains("`VpcEndpoint`, not `Vpc`"),
        "{error}"
    );
}

#[test]
fn a_condition_of_another_stack_is_an_error() {
    let mut app = App::new();
    let mut first = app.stack("First");
    let test = Predicate::OneOf(first.region(), vec![Text::Borrowed("eu-central-1")]);
    let condition = first.condition("Here", test);
    let mut second = app.stack("Second");
    let logs = second.add("Logs", LogGroup::new());
    second.set_condition(logs, condition);
    let found = app.validate().unwrap_err();
    assert!(
        found.to_string().contains("condition of another stack"),
        "{found}"
    );
}

/// Text with single spaces: the printer aligns values.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn rendered(app: &App) -> [String; 3] {
    let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
    let module = backend::tf::module(&validated, "Access", ModuleKind::Root).unwrap();
    let template = backend::cfn::template(&validated, "Access").unwrap();
    [template.to_json(), module.to_hcl(), module.to_json()]
}

#[test]
fn overrides_are_valid_in_both_syntaxes_of_terraform() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.provider_alias("backup", "eu-west-1");
    let access = stack.add_inline(SessionAccess::new());
    let lifecycle = Lifecycle::new()
        .create_before_destroy(true)
        .ignore_changes(["user_data", "tags[\"Owner\"]"]);
    stack
        .overrides(access.instances[0].instance)
        .tf(
            "/credit_specification",
            json!({ "cpu_credits": "standard" }),
        )
        .tf_block("/ebs_block_device", json!({ "device_name": "/dev/sdb" }))
        .tf_block("/ebs_block_device", json!({ "device_name": "/dev/sdc" }))
        .provider("backup")
        .lifecycle(lifecycle);
    let [_, hcl, json] = rendered(&app);
    for line in [
        "provider = aws.backup",
        "ignore_changes        = [\n      user_data,\n      tags[\"Owner\"],\n    ]",
        "credit_specification {\n    cpu_credits = \"standard\"\n  }",
        "ebs_block_device {\n    device_name = \"/dev/sdc\"\n  }",
        "alias  = \"backup\"",
    ] {
        assert!(squeezed(&hcl).contains(&squeezed(line)), "{line}\n{hcl}");
    }
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let instance = &json["resource"]["aws_instance"]["main_instance"];
    assert_eq!(instance["provider"], "aws.backup");
    assert_eq!(
        instance["lifecycle"]["ignore_changes"][1],
        "tags[\"Owner\"]"
    );
    assert_eq!(
        instance["ebs_block_device"].as_array().map(Vec::len),
        Some(2)
    );
    hcl::parse(&hcl).unwrap_or_else(|error| panic!("{error}\n{hcl}"));
    // The reachability check does not know the other Region.
    let checked = reachability::check(app.graph(), &Default::default());
    assert_eq!(checked.instances[0].verdict, Verdict::Unknown);
}

#[test]
fn attributes_lists_and_conditions_of_cloudformation_can_be_set() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let test = Predicate::OneOf(stack.region(), vec![Text::Borrowed("eu-central-1")]);
    stack.condition("Here", test);
    let access = stack.add_inline(SessionAccess::new());
    let instance = access.instances[0].instance;
    stack
        .overrides(instance)
        .cfn_append("/Tags", json!({ "Key": "Owner", "Value": "core" }))
        .cfn_remove("/Tags/0")
        .cfn("/CpuOptions/CoreCount", 1)
        .cfn_attribute("/CreationPolicy/ResourceSignal/Timeout", "PT15M")
        .cfn_attribute("/Condition", "Here");
    let [template, ..] = rendered(&app);
    let template: serde_json::Value = serde_json::from_str(&template).unwrap();
    let resource = &template["Resources"]["MainInstance"];
    assert_eq!(
        resource["CreationPolicy"]["ResourceSignal"]["Timeout"],
        "PT15M"
    );
    assert_eq!(resource["Condition"], "Here");
    // What an output refers to exists under the condition only.
    assert_eq!(template["Outputs"]["MainInstanceId"]["Condition"], "Here");
    assert_eq!(resource["Properties"]["CpuOptions"]["CoreCount"], 1);
    let keys = resource["Properties"]["Tags"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0]["Key"], "Owner");
}

#[test]
fn every_override_that_does_not_apply_is_an_error_at_its_line() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    let first = line!() + 3;
    stack
        .overrides(access.instances[0].instance)
        .cfn("/InstanceTyp", "t3.micro")
        .cfn("/CpuOptions", json!({ "CoreCunt": 1 }))
        .cfn_remove("/KeyNam")
        .cfn("/Tags/7/Value", "x")
        .cfn("/InstanceType/Inside", "x")
        .cfn("Tags", "x")
        .cfn_attribute("/CreatePolicy", json!({}))
        .cfn_attribute("/DependsOn", "Other")
        .cfn_attribute("/Condition", "Nowhere")
        .cfn_append("/InstanceType", "x")
        .tf("/instance_typ", "t3.micro")
        .tf("/lifecycle/ignore_change", json!(["ami"]))
        .tf("/arn", "x")
        .tf_remove("/user_data")
        .provider("elsewhere");
    let found = app.validate().unwrap_err();
    let mut lines: Vec<u32> = found.iter().map(|it| line(&it.clone().into())).collect();
    lines.sort_unstable();
    assert_eq!(lines, (first..first + 15).collect::<Vec<_>>(), "{found}");
    assert!(found.iter().all(|it| it.code == "override"), "{found}");
    let text = format!("{found:#}");
    for hint in [
        "`InstanceType`?",
        "`CoreCount`?",
        "`CreationPolicy`?",
        "`instance_type`?",
        "`ignore_changes`?",
    ] {
        assert!(
            text.contains(&format!("did you mean {hint}")),
            "{hint}: {text}"
        );
    }
}

#[test]
fn a_raw_resource_keeps_the_last_value_and_all_blocks() {
    let raw = RawResource::new()
        .property("Name", "first")
        .cfn("Acme::X::Y")
        .property("Name", "last")
        .tf("acme_x")
        .argument("name", "last")
        .block("rule", [("port", 1.into())])
        .block("rule", [("port", 2.into())])
        .tags([("Own", "yes")]);
    assert_eq!(
        raw.property_value("Name").and_then(RawValue::as_str),
        Some("last")
    );
    let mut app = App::new();
    app.tags([("Team", "core")]);
    app.stack("Access").add("X", raw);
    let [template, hcl, _] = rendered(&app);
    assert_eq!(hcl.matches("rule {").count(), 2, "{hcl}");
    assert!(
        hcl.contains("Team = \"core\"") && hcl.contains("Own "),
        "{hcl}"
    );
    assert!(template.contains("\"Key\": \"Team\""), "{template}");
}

#[test]
fn a_raw_resource_of_a_modeled_type_has_checked_names() {
    let mut app = App::new();
    let raw = RawResource::new()
        .cfn("AWS::EC2::Volume")
        .property("AvailabilityZon", "eu-central-1a")
        .tf("aws_ebs_volume")
        .argument("availability_zone", "eu-central-1a")
        .argument("sise", 1);
    app.stack("Access").add("Volume", raw);
    let found = format!("{:#}", app.validate().unwrap_err());
    assert!(
        found.contains("did you mean `AvailabilityZone`?"),
        "{found}"
    );
    assert!(found.contains("did you mean `size`?"), "{found}");
}

#[test]
fn data_sources_and_module_calls_have_their_address() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let image = RawResource::new()
        .tf("data.aws_ami")
        .argument("owners", vec!["amazon"]);
    let image = stack.add("Image", image);
    let team = RawResource::new()
        .tf("module")
        .argument("source", "./team")
        .argument("image", image.attr(Attr::by_ref("id")));
    let team = stack.add("Team", team);
    let copy = RawResource::new()
        .tf("aws_ssm_parameter")
        .argument("name", "/team")
        .argument("type", "String")
        .argument("value", team.attr(Attr::by_ref("id")));
    stack.add("Copy", copy);
    let [_, hcl, _] = rendered(&app);
    for line in [
        "data \"aws_ami\" \"image\" {",
        "module \"team\" {",
        "image  = data.aws_ami.image.id",
        "value = module.team.id",
    ] {
        assert!(hcl.contains(line), "{line}\n{hcl}");
    }
}

#[test]
fn a_root_module_has_a_provider_for_each_region_and_account() {
    let mut app = App::new();
    for (name, region) in [("Here", "eu-central-1"), ("There", "us-east-1")] {
        let mut stack = app.stack(name);
        stack.set_region(region);
        stack.set_account("111122223333");
        stack.add_inline(SessionAccess::new());
    }
    app.stack("There").provider_alias("backup", "eu-west-1");
    let validated = app.validate().unwrap();
    let root = backend::tf::root(&validated).unwrap();
    let hcl = root.to_hcl();
    for line in [
        "alias               = \"us_east_1_111122223333\"",
        "allowed_account_ids = [\"111122223333\"]",
        "aws        = aws.us_east_1_111122223333",
        "aws.backup = aws.eu_west_1_111122223333",
    ] {
        assert!(squeezed(&hcl).contains(&squeezed(line)), "{line}\n{hcl}");
    }
    let json: serde_json::Value = serde_json::from_str(&root.to_json()).unwrap();
    let passed = &json["module"]["there"]["providers"]["aws.backup"];
    assert_eq!(passed, "aws.eu_west_1_111122223333");
    let module = backend::tf::module(&validated, "There", ModuleKind::Module).unwrap();
    assert!(
        module
            .to_hcl()
            .contains("configuration_aliases = [aws.backup]"),
        "{}",
        module.to_hcl()
    );
    // Each stack is judged by its own Region.
    let checked = reachability::check(app.graph(), &Default::default());
    assert!(
        checked
            .instances
            .iter()
            .all(|it| it.verdict == Verdict::Reachable)
    );
}

#[test]
fn an_unknown_region_and_account_are_errors_at_their_line() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let first = line!() + 1;
    stack.set_region("eu-centrl-1");
    stack.set_account("1234");
    let found = app.validate().unwrap_err();
    let lines: Vec<u32> = found.iter().map(|it| line(&it.clone().into())).collect();
    assert_eq!(lines, [first, first + 1], "{found}");
    assert!(
        found.to_string().contains("did you mean `eu-central-1`?"),
        "{found}"
    );
}

#[test]
fn values_do_not_cross_accounts() {
    let mut app = App::new();
    let mut first = app.stack("First");
    first.set_account("111122223333");
    let network = first.add_inline(PrivateNetwork::new(RANGE));
    let mut second = app.stack("Second");
    second.set_account("444455556666");
    second.add_inline(SessionAccess::new().network(&network));
    let found = app.validate().unwrap_err().to_string();
    assert!(found.contains("cross-account-reference"), "{found}");
}

#[test]
fn what_the_services_reject_is_an_error_before_the_deployment() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let vpc = stack.add("Vpc", Vpc::new(RANGE));
    let subnet = stack.add("Subnet", Subnet::new(vpc, RANGE, "eu-central-1a"));
    let group = stack.add("Group", SecurityGroup::new("a group", vpc));
    stack.add("NoPeer", SecurityGroupEgress::https(group));
    let two = SecurityGroupIngress::https(group)
        .source(group)
        .cidr_ip(RANGE);
    stack.add("TwoPeers", two);
    let trust = Statement::allow(["sts:AssumeRole"]);
    stack.add("Role", Role::new(PolicyDocument::new([trust])));
    stack.add("Instance", Instance::new("large", subnet));
    let found = app.validate().unwrap_err();
    let codes: Vec<&str> = found.iter().map(|it| it.code).collect();
    assert_eq!(
        codes,
        ["rule-peer", "rule-peer", "role-trust", "instance-type"],
        "{found}"
    );
}

#[test]
fn a_policy_that_the_agent_does_not_need_is_no_reason_to_wait() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    let read = Statement::allow(["s3:GetObject"]).on(["*"]);
    let policy = RolePolicy::new(
        "read",
        access.instances[0].role,
        PolicyDocument::new([read]),
    );
    stack.add("Read", policy);
    let warnings = |app: &App| {
        let checked = reachability::check(app.graph(), &Default::default());
        checked.instances[0].warnings.len()
    };
    assert_eq!(warnings(&app), 0);
    // A policy that the agent can need.
    let register = Statement::allow(["ssm:Update*"]).on(["*"]);
    let register = PolicyDocument::new([register]);
    let policy = RolePolicy::new("register", access.instances[0].role, register);
    app.stack("Access").add("Register", policy);
    assert_eq!(warnings(&app), 1);
}
