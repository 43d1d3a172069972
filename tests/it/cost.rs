//! Cost estimates: worked examples, resources without a price, alternatives, and the command.

use std::io::Write;
use std::process::{Command, Stdio};

use ssm_synth::Region;
use ssm_synth::cost::{self, Alternative, Cost, Estimate, UsageAssumptions};
use ssm_synth::frontend::cfn::Deployment;
use ssm_synth::frontend::config::Config;
use ssm_synth::frontend::{Input, InputFormat};

use super::{cases, golden};

fn region(name: &str) -> &'static Region {
    Region::find(name).unwrap()
}

/// The estimate of a configuration, and its alternatives.
fn built_config(text: &str) -> (Estimate, Vec<Alternative>) {
    let config = Config::read("test", text).unwrap();
    let built = config.build().unwrap_or_else(|it| panic!("{it}"));
    let graph = built.app.graph();
    let region = cost::region_of(graph).unwrap_or(region("us-east-1"));
    let estimate = cost::estimate(graph, region, &UsageAssumptions::default());
    let alternatives = cost::of_config(&config, graph, &estimate);
    (estimate, alternatives)
}

fn template(text: &str) -> (Estimate, Vec<Alternative>) {
    let deployment = Deployment {
        region: Some(region("us-east-1")),
        ..Deployment::default()
    };
    let input = Input::read("test", text, None, &deployment).unwrap_or_else(|it| panic!("{it}"));
    let graph = &input.graphs[0];
    let estimate = cost::estimate(graph, region("us-east-1"), &UsageAssumptions::default());
    let alternatives = cost::of_graph(graph, &estimate);
    (estimate, alternatives)
}

fn sum(estimate: &Estimate, what: &str) -> String {
    let mut sum = cost::Usd::ZERO;
    for line in estimate.lines.iter().filter(|line| line.what == what) {
        if let Cost::Priced { monthly, .. } = line.cost {
            sum = sum.plus(monthly);
        }
    }
    sum.to_string()
}

fn of<'a>(alternatives: &'a [Alternative], name: &str) -> &'a Alternative {
    alternatives
        .iter()
        .find(|it| it.name == name)
        .or_else(|| alternatives.iter().find(|it| it.name.contains(name)))
        .unwrap_or_else(|| panic!("{name}: {alternatives:?}"))
}

#[test]
fn endpoints_cost_by_zone() {
    for (text, usd) in [
        ("", "29.20"),
        ("endpoints: {ec2messages: true}", "43.80"),
        ("endpoints: {zones: one}", "14.60"),
        ("endpoints: {services: [logs, kms]}", "58.40"),
        ("network: {zones: 3}", "43.80"),
        ("endpoints: {s3_gateway: true}", "29.20"),
    ] {
        let (estimate, _) = built_config(text);
        assert_eq!(sum(&estimate, "interface endpoint"), usd, "{text}");
        assert!(estimate.is_complete(), "{text}");
    }
    let (estimate, _) = built_config("endpoints: {s3_gateway: true}");
    let free = |line: &&cost::Line| line.cost == Cost::Free;
    assert_eq!(estimate.lines.iter().filter(free).count(), 1);
}

#[test]
fn a_region_without_ec2messages_has_two_endpoints() {
    let config = Config::read("a", "endpoints: {ec2messages: true}\n").unwrap();
    let app = config.build().unwrap().app;
    for (name, count) in [("us-east-1", 3), ("mx-central-1", 2)] {
        let estimate = cost::estimate(app.graph(), region(name), &UsageAssumptions::default());
        let endpoints = estimate
            .lines
            .iter()
            .filter(|line| line.what == "interface endpoint");
        assert_eq!(endpoints.count(), count, "{name}");
    }
}

#[test]
fn nat_gateways_match_the_prices_in_the_guide() {
    let (estimate, alternatives) = built_config("");
    let rest = estimate.total().as_f64() - 29.20 - 0.01;
    for (name, fixed, data) in [
        ("in one Availability Zone, no", 36.50, 0.05),
        ("in 2 Availability Zones", 73.00, 0.05),
    ] {
        let alternative = of(&alternatives, name);
        assert!(
            alternative.is_comparison
                && !alternative.is_reachable
                && alternative.settings.is_empty()
        );
        let total = alternative.monthly.as_f64() - rest;
        assert!((total - fixed - data).abs() < 0.001, "{name}: {total}");
    }
}

#[test]
fn each_setting_has_its_documented_effect() {
    for text in [
        "",
        "region: eu-central-1\n",
        "instances: [{name: a, instance_type: m5.large}, {name: b, image: windows-2022, instance_type: t3.medium}]\n",
    ] {
        let (estimate, alternatives) = built_config(text);
        let settable: Vec<&Alternative> =
            alternatives.iter().filter(|it| !it.is_comparison).collect();
        assert!(settable.len() >= 4, "{alternatives:?}");
        for alternative in settable {
            let mut config = Config::read("test", text).unwrap();
            for (path, value) in &alternative.settings {
                config.set("--set", path, value).unwrap();
            }
            let built = config.build().unwrap();
            built.validate().unwrap();
            let graph = built.app.graph();
            let changed = cost::estimate(graph, estimate.region, &UsageAssumptions::default());
            assert_eq!(changed.total(), alternative.monthly, "{alternative:?}");
            assert_eq!(
                alternative.difference,
                changed.total().minus(estimate.total()),
                "{alternative:?}"
            );
            assert!(alternative.difference < cost::Usd::ZERO && alternative.is_reachable);
        }
    }
}

#[test]
fn arm64_is_not_suggested_where_it_cannot_run() {
    let arm = |text: &str| {
        let (_, alternatives) = built_config(text);
        alternatives.iter().any(|it| it.name.contains("arm64"))
    };
    assert!(arm(""));
    assert!(!arm(
        "instances: [{name: a, image: windows-2022, instance_type: t3.large}]"
    ));
    let image = "{ami_id: ami-0a1b2c3d4e5f60718, root_device_name: /dev/xvda}";
    assert!(!arm(&format!("instances: [{{name: a, image: {image}}}]")));
    assert!(!arm("instances: [{name: a, instance_type: t4g.micro}]"));
}

#[test]
fn a_missing_price_is_reported() {
    let (estimate, alternatives) = built_config("instances: [{name: a, instance_type: c9z.large}]");
    let missing: Vec<&str> = estimate.not_priced().map(|line| line.what).collect();
    assert_eq!(missing, ["instance"]);
    let (whole, _) = built_config("");
    assert_eq!(estimate.total().minus(whole.total()).to_string(), "-7.59");
    // A resource without a price has none in an alternative either.
    assert_eq!(
        of(&alternatives, "endpoints in one Availability Zone")
            .difference
            .to_string(),
        "-14.60"
    );
    let (estimate, alternatives) = built_config("region: cn-north-1");
    assert_eq!(estimate.total(), cost::Usd::ZERO);
    assert_eq!(alternatives, []);
}

#[test]
fn a_template_has_an_estimate() {
    let text = r"
Resources:
  Web:
    Type: AWS::EC2::Instance
    Properties:
      InstanceType: t3.large
      ImageId: '{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}}'
      Monitoring: true
      BlockDeviceMappings:
        - {DeviceName: /dev/xvda, Ebs: {VolumeSize: 20, VolumeType: gp3}}
        - {DeviceName: /dev/sdf, Ebs: {VolumeSize: 50, VolumeType: gp2}}
        - {DeviceName: /dev/sdg, Ebs: {VolumeSize: 50, VolumeType: io2}}
        - {DeviceName: /dev/sdh, VirtualName: ephemeral0}
  Recipe:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        InstanceType: t3.micro
        ImageId: '{{resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base}}'
        BlockDeviceMappings: [{DeviceName: /dev/sda1, Ebs: {VolumeType: gp3}}]
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: '1'
      MaxSize: '9'
      DesiredCapacity: '3'
      LaunchTemplate: {LaunchTemplateId: !Ref Recipe, Version: '1'}
  Disk: {Type: AWS::EC2::Volume, Properties: {AvailabilityZone: us-east-1a, Size: 100}}
  Address: {Type: AWS::EC2::EIP}
  Key: {Type: AWS::KMS::Key}
  Logs: {Type: AWS::Logs::LogGroup}
  Files: {Type: AWS::S3::Bucket}
  Events: {Type: AWS::CloudTrail::EventDataStore}
  Role: {Type: AWS::IAM::Group}
";
    let (estimate, alternatives) = template(text);
    for (what, usd) in [
        // t3.large once, and t3.micro three times.
        ("instance", "83.52"),
        // Three times $0.0092 per hour.
        ("Windows license", "20.15"),
        ("detailed monitoring", "2.10"),
        // 20 GB, and three times the 30 GB of the image.
        ("root volume", "8.80"),
        // 100 GB and 50 GB.
        ("volume", "15.00"),
        ("public IPv4 address", "3.65"),
        ("KMS key", "1.00"),
        // 80 sessions of 1 MB.
        ("session logs", "0.04"),
    ] {
        assert_eq!(sum(&estimate, what), usd, "{what}");
    }
    assert_eq!(estimate.instances, 4);
    assert_eq!(estimate.not_modeled, ["AWS::CloudTrail::EventDataStore"]);
    let why: Vec<&Cost> = estimate.not_priced().map(|line| &line.cost).collect();
    let io2 = Cost::NotPriced("no price for `volume.io2` in us-east-1".to_owned());
    assert_eq!(why, [&io2]);
    assert!(of(&alternatives, "smaller").monthly < estimate.total());
}

#[test]
fn how_many_subnets_a_parameter_has_is_not_guessed() {
    let text = "
Parameters: {Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}}
Resources:
  Ssm:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: vpc-0a1b2c3d
      VpcEndpointType: Interface
      ServiceName: !Sub com.amazonaws.${AWS::Region}.ssm
      SubnetIds: !Ref Subnets
";
    let (estimate, alternatives) = template(text);
    assert!(!estimate.is_complete());
    assert_eq!(alternatives, []);
}

#[test]
fn every_case_has_an_estimate() {
    for (name, text) in cases() {
        let (estimate, alternatives) = built_config(&text);
        assert!(!estimate.lines.is_empty(), "{name}");
        for alternative in alternatives.iter().filter(|it| !it.is_comparison) {
            assert!(
                alternative.difference < cost::Usd::ZERO,
                "{name}: {alternative:?}"
            );
        }
    }
}

#[test]
fn a_file_is_known_by_its_content() {
    for (text, kind) in [
        ("Resources: {}", InputFormat::Cfn),
        ("{\"Resources\": {}}", InputFormat::Cfn),
        ("{\"format_version\": \"1.2\"", InputFormat::Plan),
        ("name: a", InputFormat::Config),
        ("", InputFormat::Config),
        ("a: [", InputFormat::Config),
    ] {
        assert_eq!(InputFormat::of(text), kind, "{text}");
    }
}

fn run(args: &[&str], input: &str) -> (i32, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ssm-synth"))
        .arg("cost")
        .args(args)
        .current_dir(directory.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program can reject its arguments before it reads stdin.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    (
        done.status.code().unwrap(),
        String::from_utf8(done.stdout).unwrap(),
        String::from_utf8(done.stderr).unwrap(),
    )
}

#[test]
fn the_default_configuration_s_estimate() {
    let (code, out, err) = run(&[], "");
    assert_eq!((code, err.as_str()), (0, ""));
    golden("cost", "default", &out);
    assert_eq!(run(&["-", "--input-format", "config"], "").1, out);
}

#[test]
fn a_template_s_estimate() {
    let text = include_str!("../corpus/cfn/auto-scaling.yaml");
    let (code, out, err) = run(&["-", "--region", "eu-west-1"], text);
    assert_eq!((code, err.as_str()), (0, ""));
    golden("cost", "auto-scaling", &out);
}

#[test]
fn programs_get_json_with_a_version() {
    let (code, out, _) = run(&["--format", "json", "--region", "us-west-2"], "");
    assert_eq!(code, 0);
    let root: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(root["version"], cost::VERSION);
    assert_eq!(root["region"], "us-west-2");
    assert_eq!(root["region_assumed"], false);
    assert_eq!(root["lines"][0]["monthly"], 14.6);
    assert!(root["lines"][0]["price"]["date"].is_string());
    let one = root["alternatives"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["name"] == "endpoints in one Availability Zone")
        .unwrap();
    assert_eq!(one["settings"]["endpoints.zones"], "one");
    assert_eq!(one["difference"], -14.6);
}

#[test]
fn flags_are_those_of_the_configuration() {
    let total = |args: &[&str], input: &str| {
        let (code, out, err) = run(&[args, &["--format", "json"]].concat(), input);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<serde_json::Value>(&out).unwrap()["total"].clone()
    };
    let one = total(&["--set", "endpoints.zones=one"], "");
    assert_eq!(total(&["-"], "endpoints: {zones: one}\n"), one);
    assert_eq!(total(&["--zones", "1"], ""), one);
    let list = "instances: [{name: a}, {name: b}]\n";
    let changed = total(&["-", "--set", "instances.1.instance_type=t3.small"], list);
    let same = "instances: [{name: a}, {name: b, instance_type: t3.small}]\n";
    assert_eq!(total(&["-"], same), changed);
}

#[test]
fn a_region_without_prices_is_rejected() {
    for region in ["cn-north-1", "eusc-de-east-1", "us-iso-east-1"] {
        let (code, out, err) = run(&["--region", region], "");
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(
            err.contains(&format!("no list prices for `{region}`")),
            "{err}"
        );
        assert!(
            err.contains("use a Region with prices such as `us-east-1`"),
            "{err}"
        );
    }
}

#[test]
fn a_region_without_the_price_of_an_item_names_it() {
    let (code, out, err) = run(&["--region", "mx-central-1"], "");
    assert_eq!((code, err.as_str()), (0, ""));
    let reason = "root volume access/main/Instance: no price for `volume.gp3` in mx-central-1";
    assert!(out.contains(reason), "{out}");
    assert!(out.contains("total of priced items"), "{out}");
    let (_, out, _) = run(&["--region", "mx-central-1", "--format", "json"], "");
    let root: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(root["complete"], false);
}

#[test]
fn every_commercial_region_has_an_estimate_with_dates() {
    for (name, endpoint) in [
        ("af-south-1", "0.01309"),
        ("ap-southeast-6", "0.01365"),
        ("eu-central-2", "0.0132"),
        ("me-central-1", "0.0121"),
        ("sa-east-1", "0.021"),
        ("us-gov-west-1", "0.0125"),
    ] {
        let (code, out, err) = run(&["--region", name], "");
        assert_eq!((code, err.as_str()), (0, ""), "{name}");
        assert!(out.contains(endpoint), "{name}: {out}");
        assert!(
            out.contains(&format!("AWS list prices in {name} of 20")),
            "{out}"
        );
    }
}

#[test]
fn mistakes_end_as_documented() {
    for (args, input, code) in [
        (&["-"][..], "network: {cidr: 10.0.0.0/33}\n", 1),
        (&["--set", "nothing"], "", 2),
        (&["--set", "a.b=1"], "", 1),
        (&["absent.yaml"], "", 2),
        (&["--format", "xml"], "", 2),
        (&["-", "--config", "x.yaml"], "", 2),
        (&["-", "--zones", "3"], "Resources: {}\n", 2),
        (&["-", "--region", "nowhere"], "Resources: {}\n", 2),
        (&["--input-format", "tf-plan"], "", 2),
        (&["-", "--input-format", "tf-plan"], "{", 2),
        (&["-"], "", 2),
    ] {
        let (got, out, err) = run(args, input);
        assert_eq!((got, out.as_str()), (code, ""), "{args:?}: {err}");
        assert!(!err.is_empty() && !err.contains("panicked"), "{err}");
    }
}
