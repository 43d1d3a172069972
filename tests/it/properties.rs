//! Any configuration results in documents or diagnostics, never a panic.

use proptest::prelude::*;
use ssm_synth::backend;
use ssm_synth::frontend::config::Config;

fn synthesize(text: &str) -> Option<[String; 4]> {
    let built = Config::read("generated", text).ok()?.build().ok()?;
    let validated = built.app.validate().ok()?;
    let template = backend::cfn::template(&validated, &built.stack).ok()?;
    let module =
        backend::tf::module(&validated, &built.stack, backend::tf::ModuleKind::Root).ok()?;
    Some([
        template.to_json(),
        template.to_yaml(),
        module.to_json(),
        module.to_hcl(),
    ])
}

fn text_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        // `Fn::Sub` separates text that CloudFormation would treat as a dynamic reference.
        serde_json::Value::Object(call) => {
            let parts = call.get("Fn::Sub")?.as_array()?;
            let format = parts[0].as_str()?.replace("${Brace}", "\u{0}");
            Some(format.replace("${!", "${").replace('\u{0}', "{"))
        }
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_valid_configuration_generates_documents(
        zones in 1..6u32,
        prefix in 16..22u32,
        services in proptest::collection::btree_set("(kms|logs|ec2|monitoring|sts)", 0..4),
        s3 in any::<bool>(),
        one in any::<bool>(),
        min in any::<bool>(),
        session in any::<bool>(),
        names in proptest::collection::btree_set("[a-z]{3,8}", 1..5),
    ) {
        let instances: Vec<_> = names.iter().map(|name| serde_json::json!({ "name": name })).collect();
        let config = serde_json::json!({
            "network": { "cidr": format!("10.0.0.0/{prefix}"), "zones": zones },
            "endpoints": {
                "services": services, "s3_gateway": s3, "zones": if one { "one" } else { "all" },
                "least_privilege": min,
            },
            "instance_role": { "permissions": if session { "session-only" } else { "managed" } },
            "instances": instances,
        });
        let text = config.to_string();
        let documents = synthesize(&text).expect("the configuration is valid");
        prop_assert_eq!(Some(documents.clone()), synthesize(&text));
        hcl::parse(&documents[3]).expect("HCL");
        serde_json::from_str::<serde_json::Value>(&documents[2]).expect("JSON");
    }

    #[test]
    fn a_tag_keeps_any_text(value in "[ -~éß\n\t\u{2028}${}%!]{0,40}|.*\\$\\{x\\}.*|.*\\{\\{resolve:ssm:x\\}\\}.*") {
        // YAML does not allow these characters in a file.
        prop_assume!(!value.chars().any(|c| c.is_control() && !"\n\t".contains(c)));
        prop_assume!(value.chars().count() <= 256);
        let config = serde_json::json!({
            "instances": [{ "name": "web", "tags": { "note": value } }],
        });
        let documents = synthesize(&config.to_string()).expect("a tag can be any text");
        let template: serde_json::Value = serde_json::from_str(&documents[0]).unwrap();
        let tags = template["Resources"]["WebInstance"]["Properties"]["Tags"].as_array().unwrap();
        let tag = tags.iter().find(|tag| tag["Key"] == "note").unwrap();
        let printed = tag["Value"].to_string();
        prop_assert!(!printed.contains("{{resolve:"), "{}", printed);
        prop_assert_eq!(text_of(&tag["Value"]), Some(value.clone()));
        // An independent evaluator reads the Terraform template.
        let body = hcl::parse(&documents[3]).unwrap();
        let instance = body.blocks().find(|block| {
            block.labels().first().is_some_and(|label| label.as_str() == "aws_instance")
        }).unwrap();
        let tags = instance.body().attributes().find(|it| it.key() == "tags").unwrap();
        let tags = hcl::eval::Evaluate::evaluate(tags.expr(), &hcl::eval::Context::new()).unwrap();
        let hcl::Value::Object(tags) = tags else { panic!("tags are a map") };
        prop_assert_eq!(&tags["note"], &hcl::Value::from(value));
    }

    #[test]
    fn any_text_results_in_documents_or_diagnostics(text in "(?s).{0,200}") {
        let _ = synthesize(&text);
    }

    #[test]
    fn any_text_like_a_configuration_results_in_documents_or_diagnostics(
        text in "((name|region|network|endpoints|instances|tags|  cidr|  zones|  - name|  image):( |\n| \\[| \\{|[a-z0-9/.]{0,9}|\\]|\\}|&a|\\*a|!x|\"|')*\n){0,8}"
    ) {
        let _ = synthesize(&text);
    }
}
