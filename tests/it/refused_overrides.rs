//! Overrides and raw resources with which CloudFormation or Terraform certainly refuses the output. Each is an
//! error at its line, with the fix.

use std::borrow::Cow;

use serde_json::{Value, json};
use ssm_synth::backend::{self, tf::ModuleKind};
use ssm_synth::construct::{Lifecycle, Scope};
use ssm_synth::ir::{Diagnostics, Dialect, Handle, Severity, SourceLocation};
use ssm_synth::resource::{Instance, RawBlock, RawResource, RawValue, RemovalPolicy};
use ssm_synth::{App, SessionAccess};

/// Returns the errors and their lines in this file. There are no warnings.
fn errors(app: &App) -> Vec<(u32, String)> {
    let found = match app.validate() {
        Ok(validated) => validated.warnings().clone(),
        Err(found) => found,
    };
    lines(&found)
}

fn lines(found: &Diagnostics) -> Vec<(u32, String)> {
    let of = found.iter().map(|it| {
        assert_eq!(it.severity, Severity::Error, "{it}");
        let Some(SourceLocation::Caller(at)) = it.locations.first() else {
            panic!("{it}");
        };
        assert!(at.file().ends_with("refused_overrides.rs"), "{it}");
        let help = it.help.clone().unwrap_or_default();
        (at.line(), format!("{}: {help}", it.message))
    });
    of.collect()
}

/// Returns what is wrong with an app of one instance.
fn about(change: impl FnOnce(&mut Scope<'_>, Handle<Instance>)) -> Vec<(u32, String)> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let instance = stack.add_inline(SessionAccess::new()).instances[0].instance;
    change(&mut stack, instance);
    errors(&app)
}

/// Returns what is wrong with a raw resource.
fn about_raw(raw: RawResource) -> Vec<String> {
    let mut app = App::new();
    app.stack("Access").add("It", raw);
    errors(&app).into_iter().map(|(_, it)| it).collect()
}

/// Asserts that there is one error, which starts with a text, or that there is none.
#[track_caller]
fn assert_error(found: &[String], wanted: Option<&str>, of: &impl std::fmt::Debug) {
    match wanted {
        None => assert!(found.is_empty(), "{of:?}\n{found:#?}"),
        Some(wanted) => assert!(
            matches!(found, [it] if it.starts_with(wanted)),
            "{of:?}\n{wanted}\n{found:#?}"
        ),
    }
}

#[test]
fn calls_in_json_name_what_the_template_has() {
    let attribute =
        "refers to attribute `Nope` of `Access/Network/Vpc`, which `AWS::EC2::VPC` does not have";
    for (value, wanted) in [
        (
            json!({"Fn::If": ["IsNope", "a", "b"]}),
            Some(
                "`Access/It` refers to condition `IsNope`, which does not exist (`Unresolved condition dependency`): declare it with `Scope::condition`",
            ),
        ),
        (
            json!({"Fn::FindInMap": ["Zones", "a", "b"]}),
            Some(
                "`Access/It` refers to mapping `Zones`, which does not exist (`Unable to get mapping`): set the value in place of the call",
            ),
        ),
        (
            json!({"Fn::Nonsense": 1}),
            Some("`Access/It` calls `Fn::Nonsense`, which does not exist: use one of "),
        ),
        (
            json!({"Fn::Join": ["", [{"Fn::Selekt": [0, ["a"]]}]]}),
            Some(
                "`Access/It` calls `Fn::Selekt`, which does not exist: did you mean `Fn::Select`?",
            ),
        ),
        (
            json!({"Fn::Join": ["a"]}),
            Some("`Access/It` calls `Fn::Join` with 1 arguments; expected 2: set 2 arguments"),
        ),
        (
            json!({"Fn::ToJsonString": {"a": 1}}),
            Some(
                "`Access/It` calls `Fn::ToJsonString`, which requires the transform `AWS::LanguageExtensions`: set the value in place of the call",
            ),
        ),
        (
            json!({"Fn::GetAtt": ["NetworkVpc", "Nope"]}),
            Some(attribute),
        ),
        (json!({"Fn::GetAtt": "NetworkVpc.Nope"}), Some(attribute)),
        (json!({"Fn::Sub": "x-${NetworkVpc.Nope}"}), Some(attribute)),
        (json!({"Fn::GetAtt": ["NetworkVpc", "CidrBlock"]}), None),
        (
            json!({"Fn::Sub": "x-${NetworkVpc.CidrBlock}-${AWS::Region}"}),
            None,
        ),
        (json!({"Fn::ImportValue": "of-another-stack"}), None),
        (
            json!({"Fn::Transform": {"Name": "Team", "Parameters": {"a": 1}}}),
            None,
        ),
    ] {
        let raw = || RawResource::new().cfn("AWS::SQS::Queue");
        let mut app = App::new();
        app.set_language(Dialect::Cfn);
        let mut stack = app.stack("Access");
        stack.add_inline(SessionAccess::new());
        let line = line!() + 1;
        let raw = raw().property("QueueName", value.clone());
        stack.add("It", raw);
        let found = errors(&app);
        let texts: Vec<String> = found.iter().map(|it| it.1.clone()).collect();
        assert_error(&texts, wanted, &value);
        assert!(found.iter().all(|it| it.0 == line), "{found:?}");
        // The same rule and, for a reference to an attribute, the pointer, in an override.
        let mut line = 0;
        let found = about(|stack, instance| {
            line = line!() + 1;
            stack.overrides(instance).cfn("/KeyName", value.clone());
        });
        assert_eq!(found.len(), usize::from(wanted.is_some()), "{found:?}");
        assert!(found.iter().all(|it| it.0 == line), "{found:?}");
        for (_, text) in found {
            let text = text.replace("`Access/main/Instance`", "`Access/It`");
            let text = text.trim_start_matches("override `/KeyName`: ");
            assert!(text.starts_with(wanted.unwrap_or_default()), "{text}");
        }
    }
}

#[test]
fn each_reference_to_what_does_not_exist_has_its_line() {
    let mut first = 0;
    let found = about(|stack, instance| {
        first = line!() + 2;
        let it = stack.overrides(instance);
        it.cfn("/KeyName", json!({"Ref": "Nope"}))
            .cfn("/UserData", json!({"Fn::GetAtt": ["Nope", "Arn"]}))
            .cfn("/HostId", json!({"Fn::Sub": "${Nope}"}));
    });
    let numbers: Vec<u32> = found.iter().map(|it| it.0 - first).collect();
    assert_eq!(numbers, [0, 1, 2], "{found:?}");
    assert!(
        found
            .iter()
            .all(|it| it.1.contains("refers to `Nope`, which")),
        "{found:?}"
    );
}

#[test]
fn numbers_of_cloudformation_are_integers_in_their_range() {
    let queue = |value: Value| {
        RawResource::new()
            .cfn("AWS::SQS::Queue")
            .property("DelaySeconds", value)
    };
    for (value, wanted) in [
        (
            json!(1.5),
            Some("`Access/It` sets `DelaySeconds` to `1.5`, which is not an integer"),
        ),
        (
            json!(u64::MAX),
            Some(
                "`Access/It` sets `DelaySeconds` to `18446744073709551615`, which is more than 900",
            ),
        ),
        (json!(900), None),
        (json!(900.0), None),
    ] {
        assert_error(&about_raw(queue(value.clone())), wanted, &value);
    }
}

/// Returns a raw value of JSON, whose texts Terraform evaluates.
fn raw(json: Value) -> RawValue<'static> {
    RawValue::Raw(Cow::Owned(json))
}

fn queue() -> RawResource {
    RawResource::new().tf("aws_sqs_queue")
}

fn image() -> RawResource {
    RawResource::new()
        .tf("data.aws_ami")
        .argument("owners", vec!["amazon"])
}

fn block(name: &str, value: impl Into<RawValue<'static>>) -> RawBlock {
    RawBlock::new().argument(name, value)
}

/// Returns the help for a value of another form.
fn accepts(path: &str, is: &str, wanted: &str) -> String {
    format!("`{path}` is {is}, and accepts {wanted}: set `{path}` to {wanted}")
}

#[test]
fn arguments_of_terraform_itself_have_its_values() {
    let switch = "`true` or `false`";
    let protect = "lifecycle.prevent_destroy";
    for (value, wanted) in [
        (RawValue::from(true), None),
        ("true".into(), None),
        ("yes".into(), Some(accepts(protect, "`yes`", switch))),
        (1.into(), Some(accepts(protect, "`1`", switch))),
        (
            raw(json!("${var.on}")),
            Some(accepts(protect, "`${var.on}`", switch)),
        ),
    ] {
        let it = queue().block("lifecycle", block("prevent_destroy", value.clone()));
        let found = about_raw(it);
        // The variable does not exist, either.
        let found: Vec<_> = found
            .into_iter()
            .filter(|it| !it.contains("unknown variable"))
            .collect();
        assert_error(&found, wanted.as_deref(), &value);
    }
    let count = "an integer of at least 0";
    for (name, value, wanted) in [
        ("count", json!(2), None),
        ("count", json!("2"), None),
        ("count", json!("${length([1])}"), None),
        ("count", json!("two"), Some(accepts("count", "`two`", count))),
        ("count", json!(1.5), Some(accepts("count", "`1.5`", count))),
        ("count", json!(-1), Some(accepts("count", "`-1`", count))),
        ("count", json!(true), Some(accepts("count", "a boolean", count))),
        ("for_each", json!({"a": 1}), None),
        ("for_each", json!("${toset([\"a\"])}"), None),
        (
            "for_each",
            json!(["a"]),
            Some("`for_each` is a list, and accepts a map or a set: set `for_each` to a map, or to an expression with `toset(…)`".to_owned()),
        ),
        ("for_each", json!("a"), Some("`for_each` is `a`, and accepts a map or a set".to_owned())),
        ("depends_on", json!("aws_sqs_queue.it"), Some("`depends_on` is `aws_sqs_queue.it`, and accepts a list of addresses".to_owned())),
        ("lifecycle", json!({"prevent_destroy": true}), Some("`lifecycle` is a map, and accepts a block: call `.block(\"lifecycle\", …)`".to_owned())),
    ] {
        let found = about_raw(queue().argument(name, raw(value.clone())));
        assert_error(&found, wanted.as_deref(), &(name, value));
    }
    for (it, wanted) in [
        (
            queue()
                .argument("count", 1)
                .argument("for_each", json!({"a": 1})),
            "`count` and `for_each` exclude each other: remove one of them",
        ),
        (
            queue().block("lifecycle", block("ignore_changes", "name")),
            "`lifecycle.ignore_changes` is `name`, and accepts a list of arguments",
        ),
        (
            queue().block("lifecycle", block("replace_triggered_by", vec![1])),
            "`lifecycle.replace_triggered_by` is a list, and accepts a list of addresses",
        ),
        (
            RawResource::new()
                .tf("module")
                .argument("source", "./team")
                .argument("version", "1.0"),
            "`version` is for modules of a registry, and `source` is `./team`: remove `version`",
        ),
        (
            RawResource::new()
                .tf("module")
                .argument("source", "./team")
                .block("lifecycle", RawBlock::new()),
            "`lifecycle` is for resources, and a module call does not have it",
        ),
        (
            image().block("lifecycle", block("create_before_destroy", true)),
            "`lifecycle.create_before_destroy` is for resources, and a data source does not have it",
        ),
        (
            image().block("connection", block("host", "a")),
            "`connection` is for resources, and a data source does not have it",
        ),
    ] {
        assert_error(&about_raw(it.clone()), Some(wanted), &it);
    }
    assert_eq!(
        about_raw(queue().block("lifecycle", block("ignore_changes", "all"))),
        [""; 0]
    );
    let registry = RawResource::new()
        .tf("module")
        .argument("source", "team/vpc/aws");
    assert_eq!(about_raw(registry.argument("version", "1.0")), [""; 0]);
}

#[test]
fn blocks_with_a_label_have_it_and_what_they_require() {
    let each = || block("for_each", vec!["a"]);
    let rule = || {
        block("from_port", 1)
            .argument("to_port", 1)
            .argument("protocol", "tcp")
    };
    let group = |it: RawBlock| {
        RawResource::new()
            .tf("aws_security_group")
            .block("dynamic", it)
    };
    for (it, wanted) in [
        (
            group(RawBlock::new().block("ingress", each().block("content", rule()))),
            None,
        ),
        (
            group(RawBlock::new().block("ingress", each())),
            Some("block `dynamic.ingress.content` is required: set the block"),
        ),
        (
            group(RawBlock::new().block("ingress", RawBlock::new().block("content", rule()))),
            Some("argument `dynamic.ingress.for_each` is required: set the argument"),
        ),
        (
            group(each()),
            Some(
                "`dynamic` is not a block with the name of a block: call `.block(\"dynamic\", RawBlock::new().block(\"ingress\", ",
            ),
        ),
        (
            group(RawBlock::new().block("ingres", each().block("content", rule()))),
            Some("unknown block `ingres`: did you mean `ingress`?"),
        ),
        (
            group(RawBlock::new().block("name", each().block("content", rule()))),
            Some("`name` is an argument, and `dynamic` creates blocks"),
        ),
        (
            queue().block(
                "provisioner",
                RawBlock::new().block("local-exec", block("command", "true")),
            ),
            None,
        ),
        (
            queue().block("provisioner", block("command", "true")),
            Some("`provisioner` is not a block with a type: call `.block(\"provisioner\", "),
        ),
        (
            queue().block("provisioner", [("local-exec", "true".into())]),
            Some("`provisioner` is not a block with a type"),
        ),
    ] {
        assert_error(&about_raw(it.clone()), wanted, &it);
    }
}

/// Returns the module of a raw resource in both syntaxes.
fn printed(raw: RawResource) -> [String; 2] {
    let mut app = App::new();
    app.stack("Access").add("It", raw);
    let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
    let module = backend::tf::module(&validated, "Access", ModuleKind::Module).unwrap();
    [module.to_hcl(), module.to_json()]
}

#[test]
fn a_label_is_in_quotes_in_hcl_and_a_key_in_json() {
    let exec = RawBlock::new().block("local-exec", block("command", "true"));
    let [hcl, json] = printed(
        queue()
            .block("provisioner", exec.clone())
            .block("provisioner", exec),
    );
    assert_eq!(
        hcl.matches("\n  provisioner \"local-exec\" {\n    command = \"true\"\n  }\n")
            .count(),
        2,
        "{hcl}"
    );
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["resource"]["aws_sqs_queue"]["it"]["provisioner"][1]["local-exec"]["command"],
        "true"
    );
}

#[test]
fn objects_of_an_attribute_have_all_keys() {
    let group = || RawResource::new().tf("aws_security_group");
    let rule =
        json!({"from_port": 1, "to_port": 1, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8"]});
    let lacks = "an object in `ingress` lacks `description`, `ipv6_cidr_blocks`, `prefix_list_ids`, `security_groups`, `self`, and requires all of its keys: set them, or `null` for the default, or call `.block(\"ingress\", …)`";
    assert_error(
        &about_raw(group().argument("ingress", raw(json!([rule])))),
        Some(lacks),
        &rule,
    );
    let mut whole = rule.clone();
    for key in [
        "description",
        "ipv6_cidr_blocks",
        "prefix_list_ids",
        "security_groups",
        "self",
    ] {
        whole[key] = json!(null);
    }
    assert_error(
        &about_raw(group().argument("ingress", raw(json!([whole])))),
        None,
        &whole,
    );
    // JSON has no other form for a block, so that the output adds the keys.
    let block = block("from_port", 1)
        .argument("to_port", 1)
        .argument("protocol", "tcp")
        .argument("cidr_blocks", vec!["10.0.0.0/8"]);
    let [_, json] = printed(group().block("ingress", block));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["resource"]["aws_security_group"]["it"]["ingress"],
        json!([whole])
    );
}

#[test]
fn a_condition_refers_to_something_and_only_some_places_to_the_resource() {
    let check = |value: Value| json!({"condition": value, "error_message": "no"});
    let nothing = |name: &str| {
        Some(format!(
            "`lifecycle.{name}.condition` refers to nothing, so that it checks nothing: refer to a value, such as `${{var.team != \"\"}}`, or remove the block"
        ))
    };
    let only = || {
        Some("`self` exists only in `provisioner`, `connection` and `postcondition`: ".to_owned())
    };
    for (pointer, value, wanted) in [
        (
            "/lifecycle/precondition",
            check(json!("${path.module != \"\"}")),
            None,
        ),
        (
            "/lifecycle/precondition",
            check(json!("${1 == 1}")),
            nothing("precondition"),
        ),
        (
            "/lifecycle/precondition",
            check(json!("${contains([for it in [1] : it], 1)}")),
            nothing("precondition"),
        ),
        (
            "/lifecycle/postcondition",
            check(json!(true)),
            nothing("postcondition"),
        ),
        (
            "/lifecycle/postcondition",
            check(json!("${self.id != \"\"}")),
            None,
        ),
        (
            "/lifecycle/precondition",
            check(json!("${self.id != \"\"}")),
            only(),
        ),
        (
            "/lifecycle/precondition",
            json!({"condition": "${path.module != \"\"}"}),
            Some("argument `lifecycle.precondition.error_message` is required".to_owned()),
        ),
        ("/key_name", json!("${self.id}"), only()),
    ] {
        let mut line = 0;
        let found = about(|stack, instance| {
            line = line!() + 1;
            stack.overrides(instance).tf(pointer, value.clone());
        });
        assert!(found.iter().all(|it| it.0 == line), "{found:?}");
        let wanted = wanted.map(|it| format!("override `{pointer}`: {it}"));
        let found: Vec<String> = found.into_iter().map(|it| it.1).collect();
        assert_error(&found, wanted.as_deref(), &(pointer, value));
    }
}

#[test]
fn an_override_does_not_contradict_the_removal_policy() {
    let contradicts = |pointer: &str, policy: &str| {
        Some(format!(
            "override `{pointer}`: it contradicts `RemovalPolicy::{policy}` of the resource: remove the override, or set the other policy with `set_removal_policy`"
        ))
    };
    use RemovalPolicy::{Delete, Retain};
    let protected = |value: bool| Lifecycle::new().prevent_destroy(value);
    for (policy, attribute, wanted) in [
        (Delete, "Delete", None),
        (Delete, "Retain", contradicts("/DeletionPolicy", "Delete")),
        (Retain, "Retain", None),
        (Retain, "RetainExceptOnCreate", None),
        (Retain, "Delete", contradicts("/DeletionPolicy", "Retain")),
    ] {
        let mut line = 0;
        let found = about(|stack, instance| {
            stack.set_removal_policy(instance, policy);
            line = line!() + 1;
            stack
                .overrides(instance)
                .cfn_attribute("/DeletionPolicy", attribute);
        });
        assert!(
            found.iter().all(|it| (line..line + 3).contains(&it.0)),
            "{found:?}"
        );
        let found: Vec<String> = found.into_iter().map(|it| it.1).collect();
        assert_error(&found, wanted.as_deref(), &(policy, attribute));
    }
    for (policy, value, wanted) in [
        (Retain, true, None),
        (
            Retain,
            false,
            contradicts("/lifecycle/prevent_destroy", "Retain"),
        ),
        (Delete, true, None),
    ] {
        let found = about(|stack, instance| {
            stack.set_removal_policy(instance, policy);
            stack.overrides(instance).lifecycle(protected(value));
        });
        let found: Vec<String> = found.into_iter().map(|it| it.1).collect();
        assert_error(&found, wanted.as_deref(), &(policy, value));
    }
    // A data source has no removal policy, and the block of a raw resource stays whole.
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let image = stack.add("Image", image());
    let line = line!() + 1;
    stack.set_removal_policy(image, Retain);
    let found = errors(&app);
    assert!(
        matches!(found.as_slice(), [(at, it)] if *at == line && it.starts_with("`RemovalPolicy::Retain`: `lifecycle.prevent_destroy` is for resources")),
        "{found:?}"
    );
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let queue = stack.add(
        "Queue",
        queue().block("lifecycle", block("ignore_changes", vec!["name"])),
    );
    stack.set_removal_policy(queue, Retain);
    let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
    let hcl = backend::tf::module(&validated, "Access", ModuleKind::Module)
        .unwrap()
        .to_hcl();
    assert_eq!(
        (
            hcl.matches("lifecycle {").count(),
            hcl.matches("prevent_destroy").count()
        ),
        (1, 1),
        "{hcl}"
    );
}

#[test]
fn values_that_ec2_refuses_are_errors_in_overrides_of_both_languages() {
    let id = |name: &str| {
        format!(
            "`{name}` is `sg-x`, not the ID of a security group: use `sg-` and 8 or 17 hexadecimal digits"
        )
    };
    let of = |it: &str| Some(it.to_owned());
    for (dialect, pointer, value, wanted) in [
        (
            Dialect::Cfn,
            "/SecurityGroupIds",
            json!(["sg-x"]),
            Some(id("SecurityGroupIds")),
        ),
        (
            Dialect::Cfn,
            "/SecurityGroupIds/0",
            json!("sg-x"),
            Some(id("SecurityGroupIds")),
        ),
        (
            Dialect::Cfn,
            "/SecurityGroupIds",
            json!(["sg-0a1b2c3d4e5f60718"]),
            None,
        ),
        (
            Dialect::Tf,
            "/vpc_security_group_ids",
            json!(["sg-x"]),
            Some(id("vpc_security_group_ids")),
        ),
        (
            Dialect::Tf,
            "/vpc_security_group_ids",
            json!(["sg-0a1b2c3d4e5f60718"]),
            None,
        ),
        (
            Dialect::Cfn,
            "/CpuOptions",
            json!({"CoreCount": 1.5}),
            of(
                "`CpuOptions.CoreCount` to `1.5`, which is not an integer: set `CpuOptions.CoreCount` to an integer",
            ),
        ),
        (
            Dialect::Cfn,
            "/CpuOptions",
            json!({"CoreCount": -1}),
            of(
                "`CpuOptions.CoreCount` to `-1`, which is less than 1: set `CpuOptions.CoreCount` to at least 1",
            ),
        ),
        (
            Dialect::Cfn,
            "/CpuOptions",
            json!({"CoreCount": 1, "ThreadsPerCore": 1}),
            None,
        ),
        (
            Dialect::Cfn,
            "/KeyName",
            json!(""),
            of(
                "`KeyName` to an empty text, which is not a key pair: set `KeyName` to the name of a key pair, or omit it",
            ),
        ),
        // The provider omits an empty text.
        (Dialect::Tf, "/key_name", json!(""), None),
        (
            Dialect::Tf,
            "/metadata_options/http_put_response_hop_limit",
            json!(1.5),
            of("`metadata_options.http_put_response_hop_limit` to `1.5`, which is not an integer"),
        ),
        (
            Dialect::Tf,
            "/metadata_options/http_put_response_hop_limit",
            json!(u64::MAX),
            of(
                "`metadata_options.http_put_response_hop_limit` to `18446744073709551615`, which is more than 64",
            ),
        ),
    ] {
        let mut line = 0;
        let found = about(|stack, instance| {
            line = line!() + 1;
            let it = stack.overrides(instance);
            match dialect {
                Dialect::Cfn => it.cfn(pointer, value.clone()),
                Dialect::Tf => it.tf(pointer, value.clone()),
            };
        });
        let mut lines = found.iter().map(|it| it.0);
        assert!(lines.all(|it| (line..line + 5).contains(&it)), "{found:?}");
        let prefix = format!("override `{pointer}`: ");
        let found = found.into_iter().map(|(_, text)| {
            let text = text.strip_prefix(&prefix).unwrap_or(&text);
            text.replace("`Access/main/Instance` sets ", "")
        });
        let found: Vec<String> = found.collect();
        assert_error(&found, wanted.as_deref(), &(pointer, value));
    }
}

#[test]
fn modeled_types_of_an_app_for_terraform_have_the_same_limits() {
    let rule = |port: i32| {
        RawResource::new()
            .tf("aws_vpc_security_group_ingress_rule")
            .argument("security_group_id", "sg-0a1b2c3d4e5f60718")
            .argument("ip_protocol", "tcp")
            .argument("cidr_ipv4", "10.0.0.0/8")
            .argument("from_port", 443)
            .argument("to_port", port)
    };
    for is_only in [true, false] {
        let mut app = App::new();
        if is_only {
            app.set_language(Dialect::Tf);
        }
        app.stack("Access").add("It", rule(99999));
        let found = errors(&app);
        assert!(
            matches!(found.as_slice(), [(_, it)] if it.contains("99999")),
            "{is_only} {found:?}"
        );
    }
    assert_eq!(about_raw(rule(443)), [""; 0]);
}

#[test]
fn a_custom_resource_has_a_service_token() {
    for name in ["Custom::Thing", "AWS::CloudFormation::CustomResource"] {
        let raw = || RawResource::new().cfn(name).property("Size", 1);
        let wanted = "`Access/It` has no `ServiceToken`, which is required: set `ServiceToken`";
        assert_error(&about_raw(raw()), Some(wanted), &name);
        let token = "arn:aws:lambda:eu-central-1:111122223333:function:it";
        assert_error(
            &about_raw(raw().property("ServiceToken", token)),
            None,
            &name,
        );
    }
}

#[test]
fn hints_say_what_to_do() {
    for (change, wanted) in [
        (
            (Dialect::Tf, "/user_data", json!("echo ${HOME}")),
            "override `/user_data`: `HOME` is not a reference: use a reference such as `var.team` or \
             `aws_subnet.main.id`, or `$${HOME}` for literal text",
        ),
        (
            (
                Dialect::Cfn,
                "/SecurityGroupIds/5",
                json!("sg-0a1b2c3d4e5f60718"),
            ),
            "override `/SecurityGroupIds/5`: `SecurityGroupIds` has no item `5`; the list has one item, of index 0",
        ),
    ] {
        let found = about(|stack, instance| {
            let (dialect, pointer, value) = change;
            let it = stack.overrides(instance);
            match dialect {
                Dialect::Cfn => it.cfn(pointer, value),
                Dialect::Tf => it.tf(pointer, value),
            };
        });
        let found: Vec<String> = found.into_iter().map(|it| it.1).collect();
        assert_error(&found, Some(wanted), &wanted);
    }
    // The wrong override before it does not help.
    let found = about(|stack, instance| {
        stack
            .overrides(instance)
            .cfn("/Zzzzz", 1)
            .cfn_remove("/Zzzz");
    });
    let help = found.iter().find(|it| it.1.contains("nothing to remove"));
    assert!(help.is_some_and(|it| !it.1.contains("Zzzzz")), "{found:?}");
}
