//! Raw resources and overrides: names and values that a language does not accept are reported, each at the line
//! that sets it.

use serde_json::{Value, json};
use ssm_synth::backend::{self, tf::ModuleKind};
use ssm_synth::construct::Overrides;
use ssm_synth::ir::{Attr, Diagnostics, Severity, SourceLocation};
use ssm_synth::resource::{Instance, RawBlock, RawResource, RawValue};
use ssm_synth::{App, SessionAccess, ir::Parameter};

fn found(app: &App) -> Diagnostics {
    match app.validate() {
        Ok(validated) => validated.warnings().clone(),
        Err(found) => found,
    }
}

/// Returns the severity, message and hint of what is wrong with a raw resource.
fn about_raw(raw: RawResource) -> Vec<(Severity, String, String)> {
    let mut app = App::new();
    app.stack("Access").add("It", raw);
    let found = found(&app);
    let lines = found.iter().map(|it| {
        (
            it.severity,
            it.message.clone(),
            it.help.clone().unwrap_or_default(),
        )
    });
    lines.collect()
}

/// Returns the only error of a raw resource.
fn error(raw: RawResource) -> String {
    let found = about_raw(raw);
    match found.as_slice() {
        [(Severity::Error, message, help)] => format!("{message}: {help}"),
        other => panic!("{other:?}"),
    }
}

fn tf(type_name: &str) -> RawResource {
    RawResource::new().tf(type_name)
}

fn cfn(type_name: &str) -> RawResource {
    RawResource::new().cfn(type_name)
}

#[test]
fn types_of_terraform_exist() {
    for (name, help) in [
        ("aws_sqs_quue", "did you mean `aws_sqs_queue`?"),
        ("data.aws_amii", "did you mean `data.aws_ami`?"),
    ] {
        assert_eq!(error(tf(name)), format!("unknown type `{name}`: {help}"));
    }
    // The provider can have it in a later version.
    let later = error(tf("aws_moonbase_crater_registration"));
    assert!(
        later.contains("version 6.69.1 of the provider does not have it, but AWS adds types"),
        "{later}"
    );
    assert!(
        later.ends_with("if it is new, call `suppress_rule(\"raw-resource-type\", REASON)`"),
        "{later}"
    );
    // Types of other providers are unknown.
    let other = tf("random_pet").argument("lenght", 2);
    assert_eq!(about_raw(other), []);
    let module = tf("module");
    assert_eq!(
        error(module.clone()),
        "module call has no `source`: set `source` to the address of the module"
    );
    assert_eq!(
        about_raw(module.argument("source", "./team").argument("any", 1)),
        []
    );
}

#[test]
fn arguments_and_blocks_of_terraform_exist() {
    let queue = || tf("aws_sqs_queue").argument("name", "jobs");
    assert_eq!(about_raw(queue()), []);
    assert_eq!(
        error(queue().argument("delay_second", 5)),
        "unknown argument `delay_second`: did you mean `delay_seconds`?"
    );
    assert_eq!(
        error(queue().argument("arn", "x")),
        "`arn` is set by AWS: remove it"
    );
    let image = || tf("data.aws_ami").argument("owners", vec!["amazon"]);
    let filter = |key: &'static str| [("name", "name".into()), (key, vec!["al2023"].into())];
    assert_eq!(about_raw(image().block("filter", filter("values"))), []);
    assert_eq!(
        about_raw(image().block("filter", filter("vales")))
            .into_iter()
            .map(|(severity, message, _)| (severity, message))
            .collect::<Vec<_>>(),
        [
            (
                Severity::Error,
                "unknown argument `filter.vales`".to_owned()
            ),
            (
                Severity::Error,
                "argument `filter.values` is required".to_owned()
            ),
        ]
    );
    assert_eq!(
        error(image().block("filters", filter("values"))),
        "unknown argument `filters`: did you mean `filter`?"
    );
    // Terraform itself has these.
    let meta = queue()
        .argument("count", 2)
        .argument("provider", "aws")
        .block("lifecycle", [("prevent_destroy", true.into())])
        .block(
            "provisioner",
            RawBlock::new().block("local-exec", [("command", "true".into())]),
        );
    let found = about_raw(meta);
    assert!(
        found.iter().all(|it| it.1.contains("no provider `aws`")),
        "{found:?}"
    );
    // Version 6 of the provider has the argument.
    assert_eq!(about_raw(queue().argument("region", "eu-central-1")), []);
}

#[test]
fn values_of_terraform_have_the_form_of_the_provider() {
    let queue = || tf("aws_sqs_queue");
    for (name, value, wanted) in [
        ("delay_seconds", RawValue::from("5"), None),
        ("delay_seconds", "five".into(), Some("a number")),
        ("fifo_queue", "yes".into(), Some("`true` or `false`")),
        ("name", vec!["jobs"].into(), Some("text")),
        ("tags", "Team".into(), Some("a map")),
        ("timeouts", "5m".into(), Some("a block")),
        ("timeouts", json!({"create": "5m"}).into(), Some("a block")),
    ] {
        let found = about_raw(queue().argument(name, value.clone()));
        let messages: Vec<&str> = found.iter().map(|it| it.1.as_str()).collect();
        match wanted {
            None => assert!(messages.is_empty(), "{name} {value:?}: {messages:?}"),
            Some(wanted) => assert!(
                matches!(messages.as_slice(), [it] if it.ends_with(&format!("accepts {wanted}"))),
                "{name} {value:?}: {messages:?}"
            ),
        }
    }
    let instance = tf("aws_instance")
        .block("root_block_device", [("volume_size", 8.into())])
        .block("root_block_device", [("volume_size", 9.into())]);
    assert_eq!(
        error(instance),
        "`root_block_device` has 2 blocks, and accepts one: set one block"
    );
    // The service accepts only some numbers of days.
    let group = error(tf("aws_cloudwatch_log_group").argument("retention_in_days", 45));
    assert!(
        group.starts_with(
            "`Access/It` sets `retention_in_days` to `45`, which is not one of `1`, `3`, "
        ),
        "{group}"
    );
    assert_eq!(
        error(tf("aws_db_instance")),
        "argument `instance_class` is required: set `instance_class`"
    );
}

#[test]
fn references_name_attributes_that_exist() {
    let about = |attr: Attr| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let database = RawResource::new()
            .cfn("AWS::RDS::DBInstance")
            .tf("aws_db_instance")
            .argument("instance_class", "db.t4g.micro");
        let database = stack.add("Database", database);
        let parameter = RawResource::new()
            .cfn("AWS::SSM::Parameter")
            .property("Type", "String")
            .property("Value", database.attr(attr))
            .tf("aws_ssm_parameter")
            .argument("name", "/database")
            .argument("type", "String")
            .argument("value", database.attr(attr));
        stack.add("Address", parameter);
        let found = found(&app);
        let text = found.iter().map(|it| {
            let help = it.help.clone().unwrap_or_default();
            format!("{:?} {}: {help}", it.severity, it.message)
        });
        text.collect::<Vec<String>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(about(Attr::by_get_att("Endpoint.Address", "address")), none);
    assert_eq!(
        about(Attr::by_get_att("Endpoint.Addres", "address")),
        [
            "Error refers to attribute `Endpoint.Addres` of `Access/Database`, which \
             `AWS::RDS::DBInstance` does not have: did you mean `Address`?"
        ]
    );
    assert_eq!(
        about(Attr::by_get_att("Endpoint.Address", "addres")),
        [
            "Error refers to attribute `addres` of `Access/Database`, which `aws_db_instance` does not \
             have: did you mean `address`?"
        ]
    );
}

#[test]
fn names_inside_properties_of_cloudformation_exist() {
    let queue = |redrive: Value| cfn("AWS::SQS::Queue").property("RedrivePolicy", redrive);
    let redrive = json!({"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:111122223333:dead", "maxReceiveCount": 3});
    assert_eq!(about_raw(queue(redrive)), []);
    assert_eq!(
        error(queue(json!({"maxReceiveCuont": 3}))),
        "unknown property `RedrivePolicy.maxReceiveCuont`: did you mean `maxReceiveCount`?"
    );
    assert_eq!(
        error(queue(json!({"maxReceiveCount": "three"}))),
        "`RedrivePolicy.maxReceiveCount` is `three`, and accepts a number: set \
         `RedrivePolicy.maxReceiveCount` to a number"
    );
}

#[test]
fn values_of_cloudformation_have_the_form_of_the_schema() {
    let queue = || cfn("AWS::SQS::Queue");
    for (property, value, wanted) in [
        ("QueueName", json!(["jobs"]), "a list, and accepts text"),
        ("QueueName", json!({}), "a map, and accepts text"),
        ("Tags", json!("x"), "text, and accepts a list"),
        ("Tags", json!({"Team": "a"}), "a map, and accepts a list"),
        (
            "FifoQueue",
            json!([true]),
            "a list, and accepts `true` or `false`",
        ),
        (
            "FifoQueue",
            json!("yes"),
            "`yes`, and accepts `true` or `false`",
        ),
        (
            "DelaySeconds",
            json!({"A": 1}),
            "a map, and accepts a number",
        ),
        (
            "RedrivePolicy",
            json!(["a"]),
            "a list, and accepts an object",
        ),
    ] {
        let found = error(queue().property(property, value));
        let wanted = format!("`{property}` is {wanted}: set `{property}` to ");
        assert!(found.starts_with(&wanted), "{wanted}\n{found}");
    }
    let item = error(queue().property("Tags", json!(["x"])));
    assert_eq!(
        item,
        "an item of `Tags` is text, and accepts an object: set each item of `Tags` to an object"
    );
    let fine = queue()
        .property("QueueName", 5)
        .property("FifoQueue", "true")
        .property("DelaySeconds", "5")
        .property("Tags", json!([{"Key": "Team", "Value": "a"}]));
    assert_eq!(about_raw(fine), []);
    let volume = cfn("AWS::EC2::Volume").property("AvailabilityZone", vec!["eu-central-1a"]);
    assert!(error(volume).contains("is a list, and accepts text"));
}

#[test]
fn values_of_overrides_in_cloudformation_have_the_form_of_the_schema() {
    for (message, change) in [
        (
            "override `/SecurityGroupIds`: `SecurityGroupIds` is text, and accepts a list: set \
             `SecurityGroupIds` to a list",
            override_error(|it| it.cfn("/SecurityGroupIds", "sg-1")),
        ),
        (
            "override `/InstanceType`: `InstanceType` is a map, and accepts text",
            override_error(|it| it.cfn("/InstanceType", json!({}))),
        ),
        (
            "override `/Monitoring`: `Monitoring` is `yes`, and accepts `true` or `false`",
            override_error(|it| it.cfn("/Monitoring", "yes")),
        ),
        (
            "override `/Metadata`: `Metadata` is text, and accepts an object: set `Metadata` to an object",
            override_error(|it| it.cfn_attribute("/Metadata", "text")),
        ),
        (
            "`Access/main/Instance` calls `Fn::Subb`, which does not exist: did you mean `Fn::Sub`?",
            override_error(|it| it.cfn("/KeyName", json!({"Fn::Subb": "x"}))),
        ),
        (
            "override `/KeyName`: `KeyName` has a function and other keys",
            override_error(|it| it.cfn("/KeyName", json!({"Fn::Sub": "x", "Ref": "y"}))),
        ),
        (
            "override `/ebs_optimized`: unknown property `ebs_optimized`: did you mean `EbsOptimized`?",
            override_error(|it| it.cfn("/ebs_optimized", true)),
        ),
        (
            "override `/Properties/KeyName`: the pointer starts below `Properties`: use `/KeyName`",
            override_error(|it| it.cfn("/Properties/KeyName", "a")),
        ),
        (
            "override `/KeyName`: `KeyName` is null, as is a number that JSON does not have, such as NaN",
            override_error(|it| it.cfn("/KeyName", json!(null))),
        ),
        (
            "override `/CreationPolicy`: `CreationPolicy` is a list, and accepts an object",
            override_error(|it| it.cfn_attribute("/CreationPolicy", json!([]))),
        ),
        (
            "override `/DeletionPolicy`: `DeletionPolicy` is a map, and accepts text",
            override_error(|it| it.cfn_attribute("/DeletionPolicy", json!({}))),
        ),
    ] {
        assert!(change.starts_with(message), "{message}\n{change}");
    }
}

#[test]
fn a_name_that_aws_can_have_added_is_an_error_that_says_so() {
    let source = "the schema of May 2026 does not have it, but AWS adds";
    let function = cfn("AWS::Lambda::Function")
        .property("Code", json!({"ZipFile": "x"}))
        .property("Role", "arn:aws:iam::111122223333:role/it");
    let later = error(function.clone().property("NextYear", 1));
    let wanted = format!("{source} properties to this type");
    assert!(later.contains(&wanted), "{later}");
    let keep = "if it is new, call `suppress_rule(\"raw-resource-property\", REASON)`";
    assert!(later.ends_with(keep), "{later}");
    // A typo is wrong in each version.
    let typo = error(function.property("Runtme", "python3.14"));
    assert_eq!(typo, "unknown property `Runtme`: did you mean `Runtime`?");
    let later = error(cfn("AWS::Moonbase::CraterRegistration"));
    assert!(later.contains(&format!("{source} types")), "{later}");
    let typo = error(cfn("AWS::SQS::Quue"));
    assert!(typo.contains("did you mean `AWS::SQS::Queue`?"), "{typo}");
}

#[test]
fn an_override_with_an_unknown_name_is_an_error_in_both_languages() {
    let source = "adds";
    for (start, found) in [
        (
            "override `/NextYear`: unknown property `NextYear`: the schema of May 2026",
            override_error(|it| it.cfn("/NextYear", 1)),
        ),
        (
            "override `/MetadataOptions/NextYear`: unknown property `MetadataOptions.NextYear`",
            override_error(|it| it.cfn("/MetadataOptions/NextYear", 1)),
        ),
        (
            "override `/next_year`: unknown argument `next_year`: version 6.69.1 of the provider",
            override_error(|it| it.tf("/next_year", 1)),
        ),
        (
            "override `/lifecycle/ignore_changes`: unknown argument `next_year`",
            override_error(|it| it.tf("/lifecycle/ignore_changes", json!(["next_year"]))),
        ),
    ] {
        assert!(
            found.starts_with(start) && found.contains(source),
            "{start}\n{found}"
        );
        let keep = "if it is new, call `suppress_rule(\"override\", REASON)`";
        assert!(found.ends_with(keep), "{found}");
    }
}

/// Returns what is wrong with overrides of an instance, and whether it is at their line.
fn about_overrides(
    change: for<'s, 'a> fn(Overrides<'s, 'a>) -> Overrides<'s, 'a>,
) -> Vec<(Severity, String)> {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.parameter(Parameter::string("Hibernation"));
    let access = stack.add_inline(SessionAccess::new());
    change(stack.overrides(access.instances[0].instance));
    let found = found(&app);
    let lines = found.iter().map(|it| {
        let Some(SourceLocation::Caller(at)) = it.locations.first() else {
            panic!("{it}");
        };
        assert!(at.file().ends_with("escape_hatches.rs"), "{it}");
        let help = it.help.clone().unwrap_or_default();
        (it.severity, format!("{}: {help}", it.message))
    });
    lines.collect()
}

fn override_error(change: for<'s, 'a> fn(Overrides<'s, 'a>) -> Overrides<'s, 'a>) -> String {
    match about_overrides(change).as_slice() {
        [(Severity::Error, message)] => message.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_item_of_a_list_in_terraform_has_the_form_of_the_items() {
    for group in [
        "sg-0a1b2c3d4e5f60718",
        "${aws_security_group.instances_security_group.id}",
    ] {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let instance = stack.add_inline(SessionAccess::new()).instances[0].instance;
        stack
            .overrides(instance)
            .tf_append("/vpc_security_group_ids", group);
        let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
        let module = backend::tf::module(&validated, "Access", ModuleKind::Module).unwrap();
        let text = module.to_hcl();
        let printed = group.trim_start_matches("${").trim_end_matches('}');
        assert!(text.contains(printed), "{text}");
    }
    let wrong = override_error(|it| it.tf_append("/vpc_security_group_ids", json!(["a"])));
    assert!(
        wrong.contains("an item of `vpc_security_group_ids` is a list, and accepts text"),
        "{wrong}"
    );
}

#[test]
fn the_keyword_of_ignore_changes_is_not_in_a_list() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let instance = stack.add_inline(SessionAccess::new()).instances[0].instance;
    stack
        .overrides(instance)
        .tf("/lifecycle/ignore_changes", json!(["all"]));
    let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
    let root = backend::tf::module(&validated, "Access", ModuleKind::Module).unwrap();
    assert!(root.to_hcl().contains("ignore_changes = all\n"));
    assert!(root.to_json().contains("\"ignore_changes\": \"all\""));
}

#[test]
fn values_of_overrides_in_terraform_have_the_form_of_the_provider() {
    for (message, change) in [
        (
            "override `/vpc_security_group_ids`: `vpc_security_group_ids` is text, and accepts a list",
            override_error(|it| it.tf("/vpc_security_group_ids", "sg-1")),
        ),
        (
            "override `/key_name`: `${upper(\"x\")` has a bracket or a quote without its end: close it",
            override_error(|it| it.tf("/key_name", "${upper(\"x\")")),
        ),
        (
            "override `/key_name`: `${[1, 2)}` has a bracket or a quote without its end",
            override_error(|it| it.tf("/key_name", "${[1, 2)}")),
        ),
        (
            "override `/provider`: the stack has no provider `aws.backup`",
            override_error(|it| it.provider("aws.backup")),
        ),
        (
            "override `/credit_specification`: `credit_specification` is text, and accepts a block",
            override_error(|it| it.tf("/credit_specification", "standard")),
        ),
        (
            "override `/credit_specification`: unknown argument `credit_specification.cpu_credit`",
            override_error(|it| it.tf("/credit_specification", json!({"cpu_credit": "standard"}))),
        ),
        (
            "override `/credit_specification/cpu_credit`: unknown argument \
             `credit_specification.cpu_credit`",
            override_error(|it| it.tf("/credit_specification/cpu_credit", "standard")),
        ),
        (
            "override `/ebs_block_device`: `ebs_block_device.volume_size` is `big`, and accepts a number",
            override_error(|it| {
                it.tf_block(
                    "/ebs_block_device",
                    json!({"device_name": "/dev/sdf", "volume_size": "big"}),
                )
            }),
        ),
        (
            "override `/ebs_block_device`: argument `ebs_block_device.device_name` is required",
            override_error(|it| it.tf_block("/ebs_block_device", json!({"volume_size": 8}))),
        ),
        (
            "override `/tenancy`: `Access/main/Instance` sets `tenancy` to `Default`, which is not one of \
             `dedicated`, `default`, `host`: set `tenancy` to `default`",
            override_error(|it| it.tf("/tenancy", "Default")),
        ),
        (
            "override `/metadata_options/http_put_response_hop_limit`: `Access/main/Instance` sets \
             `metadata_options.http_put_response_hop_limit` to `65`, which is more than 64",
            override_error(|it| it.tf("/metadata_options/http_put_response_hop_limit", 65)),
        ),
        (
            "override `/wxyz`: unknown block `wxyz`: use one of ",
            override_error(|it| it.tf_block("/wxyz", json!({"a": 1}))),
        ),
        (
            "override `/wxyz`: unknown block `wxyz`: use one of ",
            override_error(|it| it.tf_block("/wxyz", json!({}))),
        ),
        (
            "override `/count`: an override cannot set `count`: add each resource, set a condition with \
             `Scope::set_condition`, or set the argument of a `RawResource`",
            override_error(|it| it.tf("/count", 2)),
        ),
        (
            "override `/for_each`: an override cannot set `for_each`: add each resource, ",
            override_error(|it| it.tf("/for_each", json!({"a": 1}))),
        ),
        (
            "override `/hibernation`: `hibernation` is `on`, and accepts `true` or `false`",
            override_error(|it| it.tf("/hibernation", "on")),
        ),
    ] {
        assert!(change.starts_with(message), "{message}\n{change}");
    }
    let fine = about_overrides(|it| {
        it.tf("/hibernation", "${var.hibernation}")
            .tf("/credit_specification", json!({"cpu_credits": "standard"}))
            .tf("/metadata_options/http_put_response_hop_limit", "1")
            .tf("/key_name", json!(null))
    });
    assert_eq!(fine, []);
}

#[test]
fn keys_and_values_of_policies_of_cloudformation_exist() {
    assert_eq!(
        override_error(|it| it.cfn_attribute("/CreationPolicy/ResourceSignal/Timeot", "PT15M")),
        "override `/CreationPolicy/ResourceSignal/Timeot`: in `CreationPolicy`, unknown property \
         `ResourceSignal.Timeot`: did you mean `Timeout`?"
    );
    assert_eq!(
        override_error(|it| it.cfn_attribute(
            "/CreationPolicy",
            json!({"ResourceSignals": {"Timeout": "PT15M"}})
        )),
        "override `/CreationPolicy`: in `CreationPolicy`, unknown property `ResourceSignals`: did you \
         mean `ResourceSignal`?"
    );
    assert_eq!(
        override_error(|it| it.cfn_attribute(
            "/CreationPolicy",
            json!({"ResourceSignal": {"Count": "two"}})
        )),
        "override `/CreationPolicy`: in `CreationPolicy`, `ResourceSignal.Count` is `two`, and accepts a \
         number: set `ResourceSignal.Count` to a number"
    );
    assert_eq!(
        override_error(|it| it.cfn_attribute("/UpdatePolicy/UseOnlineResharding", true)),
        "override `/UpdatePolicy/UseOnlineResharding`: `UpdatePolicy` has no effect on \
         `AWS::EC2::Instance`: remove it"
    );
    let fine = about_overrides(|it| {
        it.cfn_attribute("/CreationPolicy/ResourceSignal/Count", 1)
            .cfn_attribute("/CreationPolicy/ResourceSignal/Timeout", "PT15M")
    });
    // Nothing sends the signal, but the policy is right.
    assert!(
        matches!(fine.as_slice(), [(Severity::Error, it)] if it.contains("waits for a signal")),
        "{fine:?}"
    );
}

#[test]
fn an_instance_type_of_an_override_is_checked_like_a_typed_one() {
    for (typed, changed) in [
        (
            "unknown instance type `t3.hugee`",
            override_error(|it| {
                it.cfn("/InstanceType", "t3.hugee")
                    .tf("/instance_type", "t3.large")
            }),
        ),
        (
            "unknown instance type `t3.hugee`",
            override_error(|it| it.tf("/instance_type", "t3.hugee")),
        ),
        (
            "`large` is not an instance type",
            override_error(|it| it.tf("/instance_type", "large")),
        ),
    ] {
        assert!(changed.starts_with(typed), "{changed}");
    }
    let raw = |name: &str| {
        cfn("AWS::EC2::LaunchTemplate")
            .property("LaunchTemplateData", json!({"InstanceType": name}))
    };
    assert_eq!(about_raw(raw("t3.large")), []);
    assert!(error(raw("t3.hugee")).starts_with("unknown instance type `t3.hugee`"));
    // A resource without a construct has the same rule.
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.add_inline(SessionAccess::new());
    app.update_all::<Instance>(|_, it| it.instance_type = "t3.hugee".into());
    let found = found(&app);
    assert_eq!(found.iter().count(), 1, "{found}");
}

#[test]
fn attributes_in_outputs_exist_at_the_line_of_the_output() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let topic = stack.add("Topic", cfn("AWS::SNS::Topic").tf("aws_sns_topic"));
    let attr = topic.attr(Attr::by_get_att("TopicNam", "nam"));
    let line = line!() + 1;
    stack.output("Name", attr, "The name");
    let found = found(&app);
    let lines: Vec<u32> = found
        .iter()
        .filter_map(|it| match it.locations.first() {
            Some(SourceLocation::Caller(at)) => Some(at.line()),
            _ => None,
        })
        .collect();
    assert_eq!(lines, [line, line], "{found}");
    let text = found.to_string();
    assert!(
        text.contains("`nam`") && text.contains("`TopicNam`"),
        "{text}"
    );
}

#[test]
fn names_in_ignore_changes_exist_also_inside_blocks() {
    for (name, wanted) in [
        ("root_block_device[0].volume_type", None),
        ("tags[\"Team\"]", None),
        ("tags.Team", None),
        ("arn", None),
        ("all", None),
        (
            "user_dat",
            Some("unknown argument `user_dat`: did you mean `user_data`?"),
        ),
        (
            "root_block_device[0].volume_typ",
            Some("unknown argument `root_block_device.volume_typ`: did you mean `volume_type`?"),
        ),
    ] {
        let wanted: Vec<_> = wanted.into_iter().collect();
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let raw = tf("aws_instance").block("lifecycle", [("ignore_changes", vec![name].into())]);
        stack.add("Raw", raw);
        let lines = |found: &Diagnostics| -> Vec<String> {
            let errors = found.iter().filter(|it| it.severity == Severity::Error);
            errors
                .map(|it| format!("{}: {}", it.message, it.help.clone().unwrap_or_default()))
                .collect()
        };
        assert_eq!(lines(&found(&app)), wanted, "{name}");
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let access = stack.add_inline(SessionAccess::new());
        let instance = access.instances[0].instance;
        let line = line!() + 2;
        stack
            .overrides(instance)
            .tf("/lifecycle", json!({"ignore_changes": [name]}));
        let found = found(&app);
        let prefixed: Vec<String> = wanted
            .iter()
            .map(|it| format!("override `/lifecycle`: {it}"))
            .collect();
        assert_eq!(lines(&found), prefixed, "{name}");
        for it in found.iter().filter(|it| it.severity == Severity::Error) {
            let Some(SourceLocation::Caller(at)) = it.locations.first() else {
                panic!("{it}");
            };
            assert!((line..line + 2).contains(&at.line()), "{it}");
        }
    }
}

#[test]
fn a_tag_key_twice_in_a_list_of_tags_is_an_error() {
    let pair = |key: &str, value: &str| json!({"Key": key, "Value": value});
    let twice = json!([pair("Team", "a"), pair("Cost", "1"), pair("Team", "b")]);
    let message =
        |path: &str| format!("duplicate tag key `Team` in `{path}`: remove one of the two tags");
    assert_eq!(
        error(cfn("AWS::SQS::Queue").property("Tags", twice.clone())),
        message("Tags")
    );
    let fine = json!([pair("Team", "a"), pair("team", "b")]);
    assert_eq!(about_raw(cfn("AWS::SQS::Queue").property("Tags", fine)), []);
    assert_eq!(
        error(cfn("AWS::Route53::HostedZone").property("HostedZoneTags", twice.clone())),
        message("HostedZoneTags")
    );
    // The targets have one of the tags.
    let details = json!({"TargetTags": twice});
    let policy = cfn("AWS::DLM::LifecyclePolicy").property("PolicyDetails", details);
    assert_eq!(about_raw(policy), []);
    let nested = json!({"TagSpecifications": [{"ResourceType": "instance", "Tags": twice}]});
    assert_eq!(
        error(cfn("AWS::EC2::LaunchTemplate").property("LaunchTemplateData", nested)),
        message("LaunchTemplateData.TagSpecifications.Tags")
    );
    let tag = |value: &'static str| {
        [
            ("key", "Team".into()),
            ("value", value.into()),
            ("propagate_at_launch", true.into()),
        ]
    };
    let group = tf("aws_autoscaling_group")
        .argument("min_size", 0)
        .argument("max_size", 1)
        .block("tag", tag("a"))
        .block("tag", tag("b"));
    assert_eq!(error(group), message("tag"));
    assert_eq!(
        override_error(|it| {
            it.cfn_append("/Tags", json!({"Key": "Team", "Value": "a"}))
                .cfn_append("/Tags", json!({"Key": "Team", "Value": "b"}))
        }),
        message("Tags")
    );
}
