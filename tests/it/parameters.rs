//! Parameters of the library whose values are in Parameter Store.

use serde_json::{Value, json};
use ssm_synth::backend;
use ssm_synth::construct::{ExistingNetwork, Image, PrivateInstance};
use ssm_synth::ir::{Dialect, Expr, ListParameter, Parameter};
use ssm_synth::reachability::{self, Verdict};
use ssm_synth::resource::{LogGroup, Topic};
use ssm_synth::{App, SessionAccess};

const NEWEST: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

/// Returns the template and the module of a stack.
fn documents(app: &App) -> [Value; 2] {
    let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
    let template = backend::cfn::template(&validated, "Access").unwrap();
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root).unwrap();
    [template.to_json(), module.to_json()].map(|it| serde_json::from_str(&it).unwrap())
}

#[test]
fn a_parameter_names_one_in_parameter_store() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let image = Parameter::image_id("Image").from_parameter_store();
    let image = stack.parameter(
        image
            .default_value(NEWEST)
            .allowed_values([NEWEST, "/golden"]),
    );
    let image = Image::Id {
        id: image,
        root_device_name: "/dev/xvda".into(),
        architecture: None,
    };
    stack.add_inline(SessionAccess::new().instance(PrivateInstance::new("web").image(image)));
    let name = stack.parameter(Parameter::string("Name").from_parameter_store());
    stack.add("Log", LogGroup::new().log_group_name(name));
    let [template, module] = documents(&app);
    assert_eq!(
        template["Parameters"]["Image"],
        json!({
            "Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            "Default": NEWEST,
            "AllowedValues": [NEWEST, "/golden"],
        })
    );
    let declared = &template["Parameters"]["Name"];
    assert_eq!(
        *declared,
        json!({"Type": "AWS::SSM::Parameter::Value<String>"})
    );
    let instance = &template["Resources"]["WebInstance"]["Properties"];
    assert_eq!(instance["ImageId"], json!({"Ref": "Image"}));
    let variable = &module["variable"]["image"];
    assert_eq!(
        (&variable["type"], &variable["default"]),
        (&json!("string"), &json!(NEWEST))
    );
    // The value of the variable is a name, which no image ID is: only the allowed values remain.
    let condition = variable["validation"]["condition"].as_str().unwrap();
    assert!(condition.starts_with("${contains("), "{variable}");
    let read = &module["data"]["aws_ssm_parameter"];
    assert_eq!(read["image"]["name"], "${var.image}");
    assert_eq!(
        module["resource"]["aws_instance"]["web_instance"]["ami"],
        "${data.aws_ssm_parameter.image.insecure_value}"
    );
    // The check reads the default, as it does in the template.
    let checked = reachability::check(app.graph(), &Default::default());
    assert_eq!(checked.instances[0].verdict, Verdict::Reachable);
}

#[test]
fn a_list_parameter_names_one_in_parameter_store() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let vpc = stack.parameter(Parameter::vpc_id("Vpc").from_parameter_store());
    let subnets = ListParameter::subnet_ids("Subnets").from_parameter_store();
    let subnets = stack.list_parameter(subnets);
    let network = ExistingNetwork::new(vpc).subnets([subnets.all()]);
    stack.add_inline(SessionAccess::new().network(network));
    let [template, module] = documents(&app);
    assert_eq!(
        template["Parameters"]["Subnets"]["Type"],
        "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>"
    );
    assert_eq!(module["variable"]["subnets"]["type"], "string");
    let list = "split(\",\", data.aws_ssm_parameter.subnets.insecure_value)";
    let resources = &module["resource"];
    assert_eq!(
        resources["aws_vpc_endpoint"]["endpoints_ssm"]["subnet_ids"],
        format!("${{{list}}}")
    );
    assert_eq!(
        resources["aws_instance"]["main_instance"]["subnet_id"],
        format!("${{{list}[0]}}")
    );
}

/// The allowed values are names, not instance types.
#[test]
fn a_name_in_parameter_store_is_no_value() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let of = Parameter::string("Type").from_parameter_store();
    let of = stack.parameter(of.default_value("t4g.small"));
    stack.add_inline(SessionAccess::new().instance(PrivateInstance::new("web").instance_type(of)));
    let found = app.validate().unwrap_err().to_string();
    assert!(found.contains("requires a known architecture"), "{found}");

    let pattern = Parameter::string("Name").from_parameter_store();
    let mut app = App::new();
    app.stack("Access")
        .parameter(pattern.allowed_pattern("/team/.*"));
    let found = app.validate().unwrap_err().to_string();
    let expected = "type `AWS::SSM::Parameter::Value<String>` cannot have a pattern";
    assert!(found.contains(expected), "{found}");
}

#[test]
fn a_hidden_value_is_not_printed() {
    let build = |default: Option<&'static str>, shows: bool| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let mut password = Parameter::string("Password").no_echo();
        if let Some(default) = default {
            password = password.default_value(default);
        }
        let password = Expr::from(stack.parameter(password));
        stack.add("Topic", Topic::new().topic_name(password.clone()));
        if shows {
            let text = Expr::concat([Expr::text("password: "), password]);
            stack.output("Password", text, "The password");
        }
        app
    };
    let found = build(None, true).validate().unwrap_err().to_string();
    assert!(
        found.contains("error[secret]: the output shows the value"),
        "{found}"
    );
    let mut terraform = build(None, true);
    terraform.set_language(Dialect::Tf);
    assert!(terraform.validate().is_ok());
    for (default, wanted) in [(None, 0), (Some(""), 0), (Some("hunter2"), 1)] {
        let app = build(default, false);
        let warnings = app.validate().unwrap().warnings().clone();
        let all = warnings.iter().filter(|it| it.code == "secret");
        assert_eq!(all.count(), wanted, "{warnings}");
    }
}

/// Each default beyond its limits, and each range without a value, is one error at its parameter.
#[test]
fn a_default_fits_the_limits_of_its_parameter() {
    fn number(default: &'static str, range: std::ops::RangeInclusive<i64>) -> App {
        let mut app = App::new();
        let parameter = Parameter::number("Count").default_value(default);
        app.stack("Access").parameter(parameter.range(range));
        app
    }
    fn text(default: &'static str, length: std::ops::RangeInclusive<u32>) -> App {
        let mut app = App::new();
        let parameter = Parameter::string("Name").default_value(default);
        app.stack("Access").parameter(parameter.length(length));
        app
    }
    #[expect(clippy::reversed_empty_ranges, reason = "it is the mistake")]
    for (app, wanted) in [
        (number("3", 1..=3), None),
        (number("x", 1..=3), Some("default `x` is not an integer")),
        (
            number("7", 1..=3),
            Some("default `7` is out of range; the parameter allows at most 3"),
        ),
        (
            number("-1", 0..=3),
            Some("default `-1` is out of range; the parameter requires at least 0"),
        ),
        (
            number("3", 5..=1),
            Some("`range` allows no value: 5 is greater than 1"),
        ),
        (text("ab", 1..=2), None),
        (text("äö", 1..=2), None),
        (
            text("abc", 1..=2),
            Some("default `abc` has 3 characters; the parameter allows at most 2"),
        ),
        (
            text("", 1..=2),
            Some("default `` has 0 characters; the parameter requires at least 1"),
        ),
        (
            text("abc", 5..=1),
            Some("`length` allows no value: 5 is greater than 1"),
        ),
    ] {
        let found = app.validate().err();
        let shown = found.as_ref().map(ToString::to_string);
        let count = found.map_or(0, |it| it.iter().count());
        assert_eq!(count, usize::from(wanted.is_some()), "{shown:?}");
        let shown = shown.unwrap_or_default();
        assert!(shown.contains(wanted.unwrap_or_default()), "{shown}");
        assert!(
            wanted.is_none() || shown.contains("tests/it/parameters.rs"),
            "{shown}"
        );
    }
    // The limits are those of the value in Parameter Store.
    let mut app = App::new();
    let name = Parameter::string("Name").length(1..=4);
    let name = name.default_value("/team/name").from_parameter_store();
    app.stack("Access").parameter(name);
    assert!(app.validate().is_ok());
}
