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
