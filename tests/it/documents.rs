//! Output as independent parsers read it.

use ssm_synth::frontend::config::Config;

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Value, json};

use super::{cases, documents};

/// Parses a template as CloudFormation does: short forms of functions, and text for quoted scalars.
/// Panics at syntax that the output does not need.
fn read_template(yaml: &str) -> Value {
    let mut open: Vec<(Value, Option<String>, Option<String>)> = Vec::new();
    for event in Parser::new_from_str(yaml) {
        let (value, tag) = match event.unwrap().0 {
            Event::StreamStart | Event::DocumentStart(..) => continue,
            Event::SequenceStart(_, _, tag) => {
                open.push((json!([]), tag.map(|tag| tag.suffix().to_owned()), None));
                continue;
            }
            Event::MappingStart(_, _, tag) => {
                open.push((json!({}), tag.map(|tag| tag.suffix().to_owned()), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (value, tag, _) = open.pop().unwrap();
                (value, tag)
            }
            Event::Scalar(text, style, _, tag) => {
                let value = match text.parse::<i64>() {
                    _ if style != ScalarStyle::Plain => json!(text),
                    Ok(number) => json!(number),
                    Err(_) if text == "true" || text == "false" => json!(text == "true"),
                    Err(_) => json!(text),
                };
                (value, tag.map(|tag| tag.suffix().to_owned()))
            }
            other => panic!("{other:?}"),
        };
        let value = match (tag.as_deref(), &value) {
            (None, _) => value,
            (Some("Ref" | "Condition"), _) => json!({ tag.unwrap(): value }),
            (Some("GetAtt"), Value::String(text)) => {
                let (id, attribute) = text.split_once('.').unwrap();
                json!({ "Fn::GetAtt": [id, attribute] })
            }
            (Some(name), _) => json!({ format!("Fn::{name}"): value }),
        };
        match open.last_mut() {
            None => return value,
            Some((Value::Array(items), ..)) => items.push(value),
            Some((Value::Object(entries), _, key)) => match key.take() {
                None => *key = Some(value.as_str().unwrap().to_owned()),
                Some(key) => assert!(entries.insert(key, value).is_none()),
            },
            Some(other) => panic!("{other:?}"),
        }
    }
    panic!("no document in {yaml}");
}

#[test]
fn the_parser_of_each_format_reads_the_output() {
    for (name, text) in cases() {
        let [(_, json), (_, yaml), (_, tf), (_, hcl)] = documents(&name, &text);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(json["Resources"].is_object(), "{name}");
        assert_eq!(read_template(&yaml), json, "{name}");
        let tf: serde_json::Value = serde_json::from_str(&tf).unwrap();
        let hcl: hcl::Body = hcl::parse(&hcl).unwrap_or_else(|e| panic!("{name}: {e}"));
        // Both syntaxes of Terraform contain the same blocks.
        for kind in ["resource", "data", "variable", "output"] {
            let in_hcl = hcl
                .blocks()
                .filter(|block| block.identifier() == kind)
                .count();
            let in_json: usize = match (&tf[kind], kind) {
                (serde_json::Value::Object(of), "resource" | "data") => of
                    .values()
                    .map(|named| named.as_object().unwrap().len())
                    .sum(),
                (serde_json::Value::Object(of), _) => of.len(),
                _ => 0,
            };
            assert_eq!(in_hcl, in_json, "{name}: {kind}");
        }
    }
}

#[test]
fn pretty_json_matches_serde_json() {
    for (name, text) in cases() {
        let [(_, cfn), _, (_, tf), _] = documents(&name, &text);
        for text in [cfn, tf] {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(text, format!("{value:#}\n"), "{name}");
        }
    }
}

#[test]
fn the_output_does_not_name_the_tool() {
    for (name, text) in cases() {
        for (format, text) in documents(&name, &text) {
            for word in [
                env!("CARGO_PKG_VERSION"),
                "ssm-synth",
                env!("CARGO_MANIFEST_DIR"),
            ] {
                assert!(!text.contains(word), "{name}, {format}: {word}");
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for (name, text) in cases() {
        assert_eq!(documents(&name, &text), documents(&name, &text));
    }
}

/// No inbound traffic, no unnecessary outbound traffic, and no instance metadata without a token.
#[test]
fn every_case_is_secure() {
    for (name, text) in cases() {
        let [(_, cfn), ..] = documents(&name, &text);
        let template: serde_json::Value = serde_json::from_str(&cfn).unwrap();
        for (id, resource) in template["Resources"].as_object().unwrap() {
            let properties = &resource["Properties"];
            match resource["Type"].as_str().unwrap() {
                "AWS::EC2::SecurityGroupIngress" => {
                    let id = properties["SourceSecurityGroupId"].to_string();
                    assert!(id.contains("InstancesSecurityGroup"), "{name}: {id}");
                    let group = properties["GroupId"].to_string();
                    assert!(!group.contains("InstancesSecurityGroup"), "{name}: {group}");
                }
                "AWS::EC2::SecurityGroup" => {
                    let rules = properties["SecurityGroupEgress"].as_array().unwrap();
                    assert!(
                        !rules.is_empty(),
                        "{name}: {id} keeps EC2's rule to everywhere"
                    );
                    assert!(
                        !properties.to_string().contains("0.0.0.0/0"),
                        "{name}: {id}"
                    );
                }
                "AWS::EC2::Instance" => {
                    assert_eq!(properties["MetadataOptions"]["HttpTokens"], "required");
                    assert!(properties["KeyName"].is_null());
                }
                "AWS::EC2::Subnet" => assert_eq!(properties["MapPublicIpOnLaunch"], false),
                _ => {}
            }
        }
    }
}

/// Without quotes, YAML reads these as numbers, Booleans or other text.
#[test]
fn text_that_yaml_would_change_is_quoted() {
    let scalars = [
        "1.10",
        "12e5",
        "0x1F",
        "0o17",
        "+1",
        "-0",
        "1_000",
        "007",
        "1e400",
        ".5",
        ".inf",
        ".NaN",
        "18446744073709551616",
        "99999999999999999999999999999999999999999",
        "2024-01-01",
        "12:30",
        "True",
        "yes",
        "off",
    ];
    for written in scalars {
        let text = format!(
            "description: {written}\nparameters: {{P: {{default: {written}}}}}\ninstances:\n\
             - name: web\n  image: {{ami_id: {{parameter: P}}, root_device_name: /dev/sda1}}\n  \
             user_data: &a {written} # why\n  tags: {{a: {written}, b: *a}}\n"
        );
        let [(_, json), ..] = documents(written, &text);
        let template: serde_json::Value = serde_json::from_str(&json).unwrap();
        let instance = &template["Resources"]["WebInstance"]["Properties"];
        assert_eq!(template["Description"], *written);
        assert_eq!(template["Parameters"]["P"]["Default"], *written);
        assert_eq!(instance["UserData"]["Fn::Base64"], *written);
        for key in ["a", "b"] {
            let tag = serde_json::json!({ "Key": key, "Value": written });
            assert!(
                instance["Tags"].as_array().unwrap().contains(&tag),
                "{written}: {instance}"
            );
        }
    }
    for written in scalars.into_iter().chain(["# x", " ", "\"0x1\""]) {
        let mut config = Config::empty();
        config.set("--set", "description", written).unwrap();
        let built = config.build().unwrap();
        let stack = built.app.graph().stack(&built.stack).unwrap();
        assert_eq!(
            stack.description.as_deref(),
            Some(written.trim_matches('"'))
        );
    }
    // `null` keeps the default.
    let mut config = Config::empty();
    config.set("--set", "name", "null").unwrap();
    assert_eq!(config.build().unwrap().stack, "access");
}

#[test]
fn a_list_parameter_can_be_an_item_of_a_list() {
    use ssm_synth::resource::{RawResource, RawValue};
    use ssm_synth::{App, backend, ir, ir::Expr, ir::ListParameter};

    let with = |beside: RawValue<'static>| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let ids = stack.list_parameter(ListParameter::security_group_ids("Groups"));
        let ir::Value::Expr(all @ Expr::Items(_)) = ids.all() else {
            panic!("all items are one expression");
        };
        let list = vec![beside, RawValue::from(all)];
        let raw = RawResource::new()
            .cfn("Acme::X::Y")
            .property("Groups", list.clone())
            .tf("x_y")
            .argument("groups", list);
        stack.add("Mine", raw);
        app
    };
    let app = with(RawValue::str("a\"${b}"));
    let validated = app.validate().unwrap();
    let template = backend::cfn::template(&validated, "Access")
        .unwrap()
        .to_json();
    let template: serde_json::Value = serde_json::from_str(&template).unwrap();
    let all = serde_json::json!({ "Fn::Join": [",", { "Ref": "Groups" }] });
    assert_eq!(
        template["Resources"]["Mine"]["Properties"]["Groups"],
        serde_json::json!({ "Fn::Split": [",", { "Fn::Join": [",", ["a\"${b}", all]] }] })
    );
    let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root).unwrap();
    let groups = r#"groups = concat(["a\"$${b}"], var.groups)"#;
    assert!(module.to_hcl().contains(groups), "{}", module.to_hcl());
    let json: serde_json::Value = serde_json::from_str(&module.to_json()).unwrap();
    assert_eq!(
        json["resource"]["x_y"]["mine"]["groups"],
        r#"${concat(["a\"$${b}"], var.groups)}"#
    );

    for beside in [RawValue::Int(1), RawValue::str("a,b")] {
        let diagnostics = with(beside).validate().unwrap_err().to_string();
        assert!(
            diagnostics.contains("is combined with an item"),
            "{diagnostics}"
        );
    }
}
