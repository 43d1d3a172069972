//! Any file results in graphs or an error.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use ssm_synth::frontend::cfn::Deployment;
use ssm_synth::frontend::{Input, InputFormat};
use ssm_synth::reachability;

fn corpus() -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut paths = Vec::new();
    for inner in ["cfn", "tf/plans"] {
        let Ok(entries) = std::fs::read_dir(directory.join(inner)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !["cases.yaml", "README.md"].contains(&name.as_str()) {
                paths.push(path);
            }
        }
    }
    paths.sort();
    // One of eight plans is enough to cover each shape.
    let mut texts = Vec::new();
    for (n, path) in paths.iter().enumerate() {
        if path.extension().is_some_and(|it| it == "yaml") || n % 8 == 0 {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
    texts
}

fn judged(text: &str, kind: Option<InputFormat>) -> usize {
    match Input::read("file", text, kind, &Deployment::default()) {
        Ok(input) => input
            .graphs
            .iter()
            .map(|graph| {
                reachability::check(graph, &reachability::Assumptions::default())
                    .instances
                    .len()
            })
            .sum(),
        Err(diagnostics) => {
            assert!(!diagnostics.to_string().is_empty());
            0
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn broken_files_result_in_graphs_or_an_error(
        which in any::<prop::sample::Index>(),
        start in any::<prop::sample::Index>(),
        length in 0usize..400,
        with in prop_oneof![
            Just(String::new()),
            Just("!Ref ".to_owned()),
            Just("{\"Fn::If\": [".to_owned()),
            Just("null".to_owned()),
            Just("[]".to_owned()),
            Just("${".to_owned()),
            Just("*a".to_owned()),
            "\\PC{0,12}",
        ],
    ) {
        let texts = corpus();
        let text = which.get(&texts);
        let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = *start.get(&bounds);
        let mut end = (at + length).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let broken = format!("{}{with}{}", &text[..at], &text[end..]);
        judged(&broken, None);
    }

    #[test]
    fn any_text_results_in_graphs_or_an_error(text in "\\PC{0,200}") {
        for kind in [InputFormat::Cfn, InputFormat::Plan, InputFormat::Config] {
            judged(&text, Some(kind));
        }
    }
}

#[test]
fn cycles_end() {
    let text = r#"
Parameters: {P: {Type: String}}
Conditions:
  A: !Condition B
  B: !Or [!Condition A, !Equals [!Ref P, x]]
Mappings: {M: {a: {b: c}}}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Condition: A
    Properties: {CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 2, 8]]}
  Instance:
    Type: AWS::EC2::Instance
    DependsOn: [Instance, Vpc]
    Properties:
      SubnetId: !GetAtt Instance.SubnetId
      IamInstanceProfile: !Ref Instance
      ImageId: !FindInMap [M, !Ref P, !FindInMap [M, a, b]]
"#;
    assert!(judged(text, None) > 0);
    let plan = r#"{"format_version":"1.2","planned_values":{"root_module":{"resources":[
        {"address":"aws_instance.a","mode":"managed","type":"aws_instance","name":"a","values":{}}]}},
        "resource_changes":[{"address":"aws_instance.a","change":{"after_unknown":{"subnet_id":true}}}],
        "configuration":{"root_module":{"module_calls":{"m":{"expressions":{"x":{"references":["module.m.y"]}},
        "module":{"outputs":{"y":{"expression":{"references":["var.x"]}}}}}},
        "resources":[{"address":"aws_instance.a","mode":"managed","type":"aws_instance","name":"a",
        "expressions":{"subnet_id":{"references":["module.m.y"]}}}]}}}"#;
    assert_eq!(judged(plan, None), 1);
}

#[test]
fn large_and_deep_files_are_read_quickly() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..20 {
        let all = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{all}]\n"));
    }
    bomb.push_str("Resources: {}\n");
    let deep = format!("{{\"Resources\": {}", "[".repeat(1_000_000));
    let wide = format!(
        "Resources:\n{}",
        "  A:\n    Type: AWS::EC2::VPC\n".repeat(300_000)
    );
    let subs = format!(
        "Resources: {{A: {{Type: X, Properties: {{P: !Sub '{}'}}}}}}",
        "${".repeat(500_000)
    );
    let plan = format!("{{\"planned_values\": {}", "{\"a\":".repeat(500_000));
    let long = format!("{{\"planned_values\": [{}1]}}", "1,".repeat(2_000_000));
    for text in [bomb, deep, wide, subs, plan, long] {
        let start = Instant::now();
        judged(&text, None);
        // A release build is much faster.
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{} bytes",
            text.len()
        );
    }
}

#[test]
fn the_number_of_scenarios_is_limited() {
    let mut text = "Parameters:\n".to_owned();
    for n in 0..40 {
        text.push_str(&format!("  P{n}: {{Type: String}}\n"));
    }
    text.push_str("Conditions:\n");
    for n in 0..40 {
        text.push_str(&format!("  C{n}: !Equals [!Ref P{n}, x]\n"));
    }
    text.push_str("Resources:\n");
    for n in 0..40 {
        text.push_str(&format!(
            "  I{n}: {{Type: 'AWS::EC2::Instance', Condition: C{n}, Properties: {{ImageId: ami-1}}}}\n"
        ));
    }
    let input = Input::read("file", &text, None, &Deployment::default()).unwrap();
    assert!(
        (2..=64).contains(&input.graphs.len()),
        "{}",
        input.graphs.len()
    );
}

#[test]
fn an_address_that_only_a_refreshed_plan_shows_is_not_a_setting() {
    use ssm_synth::frontend::{Input, InputFormat, cfn::Deployment};
    use ssm_synth::resource::VpcEndpoint;

    let values = serde_json::json!({
        "service_name": "com.amazonaws.eu-central-1.ssm",
        "vpc_id": "vpc-0aaaaaaaaaaaaaaa1",
        "subnet_configuration": [{ "subnet_id": "subnet-0aaaaaaaaaaaaaaa1", "ipv4": "10.9.9.9" }],
    });
    let plan = |expressions: serde_json::Value| {
        let named = |more: serde_json::Value| {
            let mut it = serde_json::json!({
                "address": "aws_vpc_endpoint.this", "mode": "managed", "type": "aws_vpc_endpoint",
                "name": "this",
            });
            it.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            it
        };
        serde_json::json!({
            "format_version": "1.2",
            "planned_values": { "root_module": { "resources": [named(serde_json::json!({ "values": values }))] } },
            "configuration": { "root_module": {
                "resources": [named(serde_json::json!({ "expressions": expressions }))] } },
        })
        .to_string()
    };
    let addresses = |expressions: serde_json::Value| {
        let text = plan(expressions);
        let input = Input::read(
            "plan.json",
            &text,
            Some(InputFormat::Plan),
            &Deployment::default(),
        );
        let graph = input.unwrap().graphs.remove(0);
        let (_, _, endpoint) = graph.all::<VpcEndpoint>().next().unwrap();
        endpoint.subnet_configurations.len()
    };
    assert_eq!(addresses(serde_json::json!({ "service_name": {} })), 0);
    let set = serde_json::json!({ "subnet_configuration": [{ "ipv4": { "constant_value": "10.9.9.9" } }] });
    assert_eq!(addresses(set), 1);
}

#[test]
fn deposed_objects_do_not_replace_their_successors() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/tf/plans");
    let statuses = |plan: &serde_json::Value| {
        let text = plan.to_string();
        let input = Input::read("plan.json", &text, None, &Deployment::default()).unwrap();
        let assumptions = reachability::Assumptions::default();
        let checked = reachability::merge(
            input
                .graphs
                .iter()
                .map(|graph| reachability::check(graph, &assumptions))
                .collect(),
        );
        format!("{checked:?}")
    };
    let mut unknown = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut plan: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = statuses(&plan);
        // A state has no changes.
        let Some(changes) = plan.get_mut("resource_changes") else {
            continue;
        };
        let changes = changes.as_array_mut().unwrap();
        let deposed: Vec<serde_json::Value> = changes
            .iter()
            .map(|change| {
                let mut deposed = change.clone();
                deposed["deposed"] = "0a1b2c3d".into();
                let change = &mut deposed["change"];
                unknown += usize::from(change["after_unknown"].is_object());
                change["actions"] = serde_json::json!(["delete"]);
                change["after"] = serde_json::Value::Null;
                change["after_unknown"] = serde_json::json!({});
                deposed
            })
            .collect();
        changes.extend(deposed);
        assert_eq!(statuses(&plan), expected);
    }
    assert!(unknown > 100, "{unknown}");
}

#[test]
fn only_the_version_in_the_file_has_its_content() {
    let path = "tests/corpus/tf/plans/launch-template.json";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let plan: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let verdict = |latest: Option<i64>, default: Option<i64>, version: &str| {
        let mut plan = plan.clone();
        for change in plan["resource_changes"].as_array_mut().unwrap() {
            if change["address"] == "aws_launch_template.reports" {
                let unknown = &mut change["change"]["after_unknown"];
                unknown["latest_version"] = latest.is_none().into();
                unknown["default_version"] = default.is_none().into();
            }
        }
        let resources = plan["planned_values"]["root_module"]["resources"]
            .as_array_mut()
            .unwrap();
        for resource in resources {
            let address = resource["address"].clone();
            let values = &mut resource["values"];
            if address == "aws_launch_template.reports" {
                values["latest_version"] = latest.into();
                values["default_version"] = default.into();
            }
            if address == "aws_instance.reports" {
                let of_instance = values["launch_template"][0].as_object_mut().unwrap();
                of_instance.remove("version");
                if !version.is_empty() {
                    of_instance.insert("version".to_owned(), version.into());
                }
            }
        }
        let text = plan.to_string();
        let input = Input::read("plan.json", &text, None, &Deployment::default()).unwrap();
        let checked = input
            .graphs
            .iter()
            .map(|graph| reachability::check(graph, &reachability::Assumptions::default()));
        reachability::merge(checked.collect()).instances[0].verdict
    };
    use reachability::Verdict::{Reachable, Unknown};
    // A new launch template.
    assert_eq!(verdict(None, None, "$Default"), Reachable);
    assert_eq!(verdict(None, None, "1"), Reachable);
    assert_eq!(verdict(None, None, "2"), Unknown);
    // An existing one without a change.
    assert_eq!(verdict(Some(4), Some(4), "$Default"), Reachable);
    assert_eq!(verdict(Some(4), Some(3), "$Default"), Unknown);
    assert_eq!(verdict(Some(4), Some(3), "$Latest"), Reachable);
    assert_eq!(verdict(Some(4), Some(3), "4"), Reachable);
    assert_eq!(verdict(Some(4), Some(3), "3"), Unknown);
    // The default of the argument.
    assert_eq!(verdict(None, None, ""), Reachable);
    // A new version of an existing one, whose default version stays.
    assert_eq!(verdict(None, Some(3), "$Default"), Unknown);
    assert_eq!(verdict(None, Some(3), "$Latest"), Reachable);
}
