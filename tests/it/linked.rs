//! Templates that are deployed together, cloud assemblies, and inputs that are passed by mistake.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/linked")
        .join(name)
}

fn check(arguments: &[&Path], options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssm-synth"));
    command.arg("check").args(arguments).args(options);
    command.output().unwrap()
}

/// Returns the verdict of each instance.
fn verdicts(arguments: &[&Path]) -> Vec<(String, String)> {
    let done = check(arguments, &["--format", "json"]);
    let report: Value = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&done.stderr)));
    let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
    let instances = report["instances"].as_array().unwrap();
    instances
        .iter()
        .map(|it| (text(it, "id"), text(it, "verdict")))
        .collect()
}

fn one(id: &str, verdict: &str) -> Vec<(String, String)> {
    vec![(id.to_owned(), verdict.to_owned())]
}

#[test]
fn an_import_has_the_value_of_the_export() {
    let (network, app) = (file("network.yaml"), file("app.yaml"));
    assert_eq!(verdicts(&[&app]), one("Node", "unknown"));
    assert_eq!(verdicts(&[&network, &app]), one("app/Node", "reachable"));
    assert_eq!(verdicts(&[&app, &network]), one("app/Node", "reachable"));
    let report = check(&[&network, &app], &[]);
    let text = String::from_utf8(report.stdout).unwrap();
    // A stack whose outputs are imported is complete before the instance starts.
    assert!(!text.contains("does not depend on"), "{text}");
}

#[test]
fn an_import_names_the_export_with_the_values_of_parameters() {
    let scratch = tempfile::tempdir().unwrap();
    let write = |name: &str, edits: &[(&str, &str)]| {
        let mut text = std::fs::read_to_string(file(name)).unwrap();
        for (from, to) in edits {
            text = text.replace(from, to);
        }
        let path = scratch.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let stage = "Parameters: {Stage: {Type: String, Default: dev}}\nResources:";
    let network = write(
        "network.yaml",
        &[("Resources:", stage), ("${AWS::StackName}", "${Stage}")],
    );
    let app = write("app.yaml", &[("${Network}", "prod")]);
    let verdict = |options: &[&str]| {
        let done = check(&[&network, &app], options);
        let text = String::from_utf8(done.stdout).unwrap();
        text.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(verdict(&[]), "app/Node: unknown");
    assert_eq!(
        verdict(&["--parameter", "Stage=prod"]),
        "app/Node: reachable"
    );
}

#[test]
fn a_location_names_its_file() {
    let scratch = tempfile::tempdir().unwrap();
    let closed = scratch.path().join("network.yaml");
    let text = std::fs::read_to_string(file("network.yaml")).unwrap();
    std::fs::write(
        &closed,
        text.replace("10.0.0.0/16,", "10.0.0.0/16, X: 1,")
            .replace("!GetAtt Vpc.CidrBlock", "10.9.0.0/16"),
    )
    .unwrap();
    let done = check(&[&file("app.yaml"), &closed], &["--format", "json"]);
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let hops = report["instances"][0]["hops"].as_array().unwrap();
    let places: Vec<&str> = hops
        .iter()
        .filter_map(|it| it["at"]["file"].as_str())
        .collect();
    assert!(
        places.iter().any(|it| it.ends_with("app.yaml")),
        "{places:?}"
    );
    assert!(places.contains(&closed.to_str().unwrap()), "{places:?}");
}

/// Writes a file with one change.
fn changed(folder: &Path, from: &Path, find: &str, with: &str) -> PathBuf {
    let text = std::fs::read_to_string(from).unwrap();
    assert!(text.contains(find), "{find}");
    let to = folder.join(from.file_name().unwrap());
    std::fs::write(&to, text.replacen(find, with, 1)).unwrap();
    to
}

#[test]
fn a_refused_resource_concerns_the_stacks_that_need_its_stack() {
    let scratch = tempfile::tempdir().unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cfn");
    let (on, off) = ("EnableDnsHostnames: true", "EnableDnsHostnames: false");
    let broken = changed(scratch.path(), &corpus.join("instance.yaml"), on, off);
    let of_each = [
        one("instance/AppServer", "unreachable"),
        one("nat/PrivateServer", "reachable"),
    ];
    let both: [&Path; 2] = [&broken, &corpus.join("nat.yaml")];
    assert_eq!(verdicts(&both), of_each.concat());
    // The lines of a fix are for its file.
    let text = String::from_utf8(check(&both, &[]).stdout).unwrap();
    assert!(text.contains("fix  Vpc:\n"), "{text}");
    // A range outside the VPC.
    let outside = "Resources:\n  Wrong: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, \
                   CidrBlock: 192.168.0.0/24}}\n";
    let network = file("network.yaml");
    let network = changed(scratch.path(), &network, "Resources:\n", outside);
    let linked = verdicts(&[&network, &file("app.yaml")]);
    assert_eq!(linked, one("app/Node", "unreachable"));
}

#[test]
fn a_nested_stack_is_part_of_its_parent() {
    let done = check(&[&file("parent.yaml")], &[]);
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("App/Node: reachable"), "{text}");
    assert!(
        text.contains("note: nested stack `App` is read from"),
        "{text}"
    );
}

#[test]
fn a_value_that_a_nested_stack_gets_satisfies_its_declaration_and_rules() {
    let scratch = tempfile::tempdir().unwrap();
    let edited = |name: &str, find: &str, with: &str| {
        let text = std::fs::read_to_string(file(name)).unwrap();
        assert!(text.contains(find), "{name}");
        std::fs::write(scratch.path().join(name), text.replace(find, with)).unwrap();
    };
    edited("network.yaml", "", "");
    let declared = |declaration: &str| {
        let rules =
            "Rules: {R: {Assertions: [{Assert: {'Fn::Contains': [[dev, test], !Ref Stage]}}]}}";
        edited(
            "nested.yaml",
            "VpcId: {Type: String}}\n",
            &format!("VpcId: {{Type: String}}, Stage: {declaration}}}\n{rules}\n"),
        );
    };
    let passed = |stage: &str, condition: &str| {
        edited(
            "parent.yaml",
            "        SubnetId:",
            &format!("        Stage: {stage}\n        SubnetId:"),
        );
        let parent = scratch.path().join("parent.yaml");
        let text = std::fs::read_to_string(&parent).unwrap();
        std::fs::write(&parent, text.replace("!Equals [a, a]", condition)).unwrap();
        verdicts(&[&parent])
    };
    declared("{Type: String, AllowedValues: [dev, test, prod]}");
    let always = "!Equals [a, a]";
    assert_eq!(passed("dev", always), one("App/Node", "reachable"));
    assert_eq!(passed("prod", always), one("App/Node", "unreachable"));
    assert_eq!(passed("other", always), one("App/Node", "unreachable"));
    assert_eq!(
        passed("other", "!Equals [a, b]"),
        one("App/Node", "not-created")
    );
    declared("{Type: String, AllowedPattern: '[a-c]+'}");
    assert_eq!(passed("test", always), one("App/Node", "unreachable"));
}

#[test]
fn a_nested_stack_that_is_not_a_local_file_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let parent = scratch.path().join("parent.yaml");
    let text = std::fs::read_to_string(file("parent.yaml")).unwrap();
    std::fs::write(
        &parent,
        text.replace("nested.yaml", "https://bucket.s3.amazonaws.com/x.yaml"),
    )
    .unwrap();
    let done = check(&[&parent], &[]);
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("nested stack `App` is not read"), "{text}");
    let message = String::from_utf8(done.stderr).unwrap();
    assert!(message.contains("contains no instance"), "{message}");
    assert_eq!(done.status.code(), Some(0));
    let required = check(&[&parent], &["--require-instances"]);
    assert_eq!(required.status.code(), Some(1));
}

fn assembly(environments: [&str; 2]) -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    let mut artifacts = serde_json::Map::new();
    for (name, environment) in ["network", "app"].into_iter().zip(environments) {
        let template = format!("{name}.yaml");
        std::fs::copy(file(&template), scratch.path().join(&template)).unwrap();
        let artifact = json!({
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "properties": { "templateFile": template },
        });
        artifacts.insert(name.to_owned(), artifact);
    }
    let manifest = json!({ "version": "36.0.0", "artifacts": artifacts }).to_string();
    std::fs::write(scratch.path().join("manifest.json"), manifest).unwrap();
    scratch
}

#[test]
fn the_stacks_of_a_cloud_assembly_are_linked() {
    let here = assembly([
        "aws://unknown-account/eu-west-1",
        "aws://123456789012/eu-west-1",
    ]);
    assert_eq!(verdicts(&[here.path()]), one("app/Node", "reachable"));
    let manifest = here.path().join("manifest.json");
    assert_eq!(verdicts(&[&manifest]), one("app/Node", "reachable"));
    // A stack cannot import from another Region.
    let apart = assembly([
        "aws://unknown-account/eu-west-1",
        "aws://unknown-account/us-east-1",
    ]);
    assert_eq!(verdicts(&[apart.path()]), one("Node", "unknown"));
}

#[test]
fn an_unknown_parameter_is_an_error_with_the_nearest_name() {
    let done = check(&[&file("app.yaml")], &["--parameter", "Netwrk=x"]);
    let message = String::from_utf8(done.stderr).unwrap();
    assert!(message.contains("did you mean `Network`?"), "{message}");
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn inputs_passed_by_mistake_are_named_with_the_right_command() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("input");
    for (text, expected) in [
        (
            "{\"@level\":\"info\",\"type\":\"version\"}\n",
            "terraform show -json",
        ),
        (
            "{\"version\":4,\"serial\":1,\"lineage\":\"x\",\"resources\":[]}",
            "state file",
        ),
        ("{\"resource\":{\"aws_vpc\":{}}}", "Terraform configuration"),
        (
            "resource \"aws_vpc\" \"main\" {\n}\n",
            "Terraform configuration",
        ),
        (
            "Terraform will perform the following actions:\n\n  # aws_vpc.main\n",
            "not a plan in JSON",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let done = check(&[&path], &[]);
        let message = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(done.stdout.is_empty());
    }
}
