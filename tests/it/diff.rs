//! The `diff` command.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::cli::{Ran, run_in};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, args: &[&str]) -> Ran {
        run_in(self.path(), args, b"")
    }

    /// Writes the output for a configuration.
    fn made(&self, file: &str, config: &str) {
        std::fs::write(self.path().join("c.yaml"), config).unwrap();
        let ran = self.run(&["--config", "c.yaml", "-o", file, "--allow-unreachable"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }

    fn json(&self, args: &[&str]) -> Value {
        let mut all = vec!["diff", "--format", "json"];
        all.extend(args);
        let ran = self.run(&all);
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err))
    }

    fn git(&self, args: &[&str]) {
        let done = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(["-c", "commit.gpgsign=false"])
            .args(args)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

fn difference<'a>(of: &'a Value, id: &str) -> &'a Value {
    let all = of["differences"].as_array().unwrap();
    all.iter()
        .find(|it| it["id"] == id)
        .unwrap_or_else(|| panic!("no difference of {id} in {all:?}"))
}

#[test]
fn all_formats_of_a_stack_are_equal() {
    let directory = Folder::new();
    directory.made("a.json", "");
    directory.made("a.yaml", "");
    std::fs::write(directory.path().join("ssm-synth.yaml"), "name: access\n").unwrap();
    for sides in [
        &["a.json", "a.yaml"][..],
        &["a.yaml", "a.json"],
        &["ssm-synth.yaml", "a.json"],
        &["a.json"],
    ] {
        let mut args = vec!["diff", "--exit-code"];
        args.extend(sides);
        let ran = directory.run(&args);
        assert_eq!(ran.code, 0, "{sides:?}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("no difference"), "{}", ran.out);
    }
}

#[test]
fn a_replacement_is_reported_with_its_cause() {
    let directory = Folder::new();
    directory.made("a.json", "");
    directory.made("b.json", "network: {cidr: 10.9.0.0/16}\n");
    let report = directory.json(&["a.json", "b.json"]);
    let vpc = difference(&report, "NetworkVpc");
    assert_eq!(vpc["replaced"], "yes");
    assert_eq!(
        vpc["forced_by"],
        json!([{ "property": "CidrBlock", "through": null }])
    );
    assert_eq!(
        vpc["properties"],
        json!([{ "path": "CidrBlock", "old": "10.0.0.0/16", "new": "10.9.0.0/16" }])
    );
    // A resource is replaced if it refers to the VPC by a property that cannot change.
    let group = difference(&report, "EndpointsSecurityGroup");
    assert_eq!(
        group["forced_by"],
        json!([{ "property": "VpcId", "through": "NetworkVpc" }])
    );
    let all = report["differences"].as_array().unwrap();
    assert!(!all.iter().any(|it| it["id"] == "InstancesRole"));
    assert_eq!(report["session"][0]["after"], "reachable");
}

#[test]
fn a_renamed_resource_is_one_line() {
    let directory = Folder::new();
    directory.made("a.json", "instances: [{name: web}]\n");
    directory.made("b.json", "instances: [{name: www}]\n");
    let report = directory.json(&["a.json", "b.json"]);
    let instance = difference(&report, "WwwInstance");
    assert_eq!(
        (&instance["change"], &instance["from"]),
        (&json!("renamed"), &json!("WebInstance"))
    );
    assert_eq!(instance["replaced"], "yes");
    let all = report["differences"].as_array().unwrap();
    assert!(!all.iter().any(|it| it["id"] == "WebInstance"), "{all:?}");
    // `renamed_from` keeps the resource.
    directory.made("c.json", "instances: [{name: www, renamed_from: web}]\n");
    let report = directory.json(&["a.json", "c.json"]);
    let replaced = |it: &Value| it["replaced"] == "yes";
    assert!(
        !report["differences"]
            .as_array()
            .unwrap()
            .iter()
            .any(replaced),
        "{report:#}"
    );
}

#[test]
fn a_session_that_fails_is_reported_first_and_gated() {
    let directory = Folder::new();
    directory.made("a.json", "");
    let text = std::fs::read_to_string(directory.path().join("a.json")).unwrap();
    let broken = text.replace(
        "\"PrivateDnsEnabled\": true",
        "\"PrivateDnsEnabled\": false",
    );
    assert_ne!(text, broken);
    std::fs::write(directory.path().join("b.json"), broken).unwrap();
    let gate = ["diff", "a.json", "b.json", "--fail-on", "unreachable"];
    let ran = directory.run(&gate);
    assert_eq!(ran.code, 1);
    let line = "MainInstance: reachable, then unreachable (endpoint-private-dns)";
    assert!(ran.out.contains(line), "{}", ran.out);
    assert!(ran.out.find(line).unwrap() < ran.out.find("PrivateDnsEnabled:").unwrap());
    // A session that works again, or that failed before, passes the gate.
    assert_eq!(
        directory
            .run(&["diff", "b.json", "a.json", "--fail-on", "unreachable"])
            .code,
        0
    );
    assert_eq!(
        directory
            .run(&["diff", "b.json", "b.json", "--fail-on", "unreachable"])
            .code,
        0
    );
    let github = directory
        .run(&["diff", "a.json", "b.json", "--format", "github"])
        .out;
    assert!(
        github.starts_with(
            "::warning file=b.json,line=324,title=The session does not connect::MainInstance"
        ),
        "{github}"
    );
}

#[test]
fn broader_access_is_gated() {
    let directory = Folder::new();
    directory.made("a.json", "");
    let text = std::fs::read_to_string(directory.path().join("a.json")).unwrap();
    let wide = text
        .replacen(
            "\"Version\": \"2012-10-17\",",
            "\"Version\": \"2012-10-17\", \"Id\": \"x\",",
            1,
        )
        .replacen("\"Service\": [\n", "\"AWS\": \"*\", \"Service\": [\n", 1);
    std::fs::write(directory.path().join("b.json"), wide).unwrap();
    let ran = directory.run(&[
        "diff",
        "a.json",
        "b.json",
        "--fail-on",
        "broader-access,replacement",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        ran.out.starts_with("broader   InstancesRole"),
        "{}",
        ran.out
    );
    assert!(
        ran.err
            .contains("the change hits `--fail-on broader-access`"),
        "{}",
        ran.err
    );
    assert_eq!(
        directory
            .run(&["diff", "b.json", "a.json", "--fail-on", "broader-access"])
            .code,
        0
    );
}

#[test]
fn a_git_revision_is_a_side() {
    let directory = Folder::new();
    directory.git(&["init", "--quiet"]);
    directory.made("stack.json", "");
    directory.git(&["add", "stack.json"]);
    directory.git(&["commit", "--quiet", "-m", "one"]);
    directory.made(
        "stack.json",
        "instances: [{name: main, instance_type: t3.small}]\n",
    );
    let report = directory.json(&["HEAD:stack.json", "stack.json"]);
    let instance = difference(&report, "MainInstance");
    assert_eq!(instance["properties"][0]["path"], "InstanceType");
    assert_eq!(instance["replaced"], "maybe");
    // A file that does not exist in the revision is compared with an empty stack.
    directory.made("new.json", "");
    let ran = directory.run(&["diff", "HEAD:new.json", "new.json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("comparing with an empty file") && ran.out.contains("added"),
        "{}",
        ran.err
    );
    let ran = directory.run(&["diff", "nope:stack.json", "stack.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(
        ran.err.contains("Git has no revision `nope` here"),
        "{}",
        ran.err
    );
}

/// A Terraform plan that changes the CIDR range of a VPC and moves a route table.
fn plan() -> Value {
    let vpc = |cidr: &str| json!({ "cidr_block": cidr, "tags": { "Name": "v" } });
    json!({
        "format_version": "1.2",
        "planned_values": { "root_module": { "resources": [
            { "address": "aws_vpc.v", "mode": "managed", "type": "aws_vpc", "name": "v",
              "values": vpc("10.1.0.0/16") },
        ] } },
        "prior_state": { "values": { "root_module": { "resources": [
            { "address": "aws_vpc.v", "mode": "managed", "type": "aws_vpc", "name": "v",
              "values": vpc("10.0.0.0/16") },
        ] } } },
        "resource_changes": [
            { "address": "aws_vpc.v", "mode": "managed", "type": "aws_vpc", "name": "v",
              "change": { "actions": ["delete", "create"], "before": vpc("10.0.0.0/16"),
                          "after": vpc("10.1.0.0/16"), "after_unknown": { "id": true },
                          "replace_paths": [["cidr_block"]] } },
            { "address": "aws_route_table.b", "previous_address": "aws_route_table.a", "mode": "managed",
              "type": "aws_route_table", "name": "b",
              "change": { "actions": ["no-op"], "before": {}, "after": {} } },
        ],
    })
}

#[test]
fn a_plan_is_described() {
    let directory = Folder::new();
    std::fs::write(directory.path().join("plan.json"), plan().to_string()).unwrap();
    let report = directory.json(&["plan.json"]);
    let vpc = difference(&report, "aws_vpc.v");
    assert_eq!(
        vpc["forced_by"],
        json!([{ "property": "cidr_block", "through": null }])
    );
    assert_eq!(vpc["properties"].as_array().unwrap().len(), 1, "{vpc:#}");
    let table = difference(&report, "aws_route_table.b");
    assert_eq!(
        (&table["change"], &table["from"]),
        (&json!("moved"), &json!("aws_route_table.a"))
    );
    assert_eq!(
        directory
            .run(&["diff", "plan.json", "--fail-on", "replacement"])
            .code,
        1
    );
    // Two plans are compared by their planned values.
    let mut other = plan();
    other["planned_values"]["root_module"]["resources"][0]["values"]["tags"]["Name"] = "w".into();
    std::fs::write(directory.path().join("other.json"), other.to_string()).unwrap();
    let report = directory.json(&["plan.json", "other.json"]);
    assert_eq!(
        difference(&report, "aws_vpc.v")["properties"][0]["path"],
        "tags.Name"
    );
}

#[test]
fn text_from_templates_is_escaped_in_markdown() {
    let directory = Folder::new();
    let tag = "a | b ``` <img src=x> `c` \u{1b}[31m";
    for (file, tag) in [("a.json", "x"), ("b.json", tag)] {
        let template = json!({ "Resources": { "V": { "Type": "AWS::EC2::VPC", "Properties": {
            "Tags": [{ "Key": "k", "Value": tag }] } } } });
        std::fs::write(directory.path().join(file), template.to_string()).unwrap();
    }
    let ran = directory.run(&["diff", "a.json", "b.json", "--format", "markdown"]);
    let line = ran.out.lines().find(|it| it.contains("Tags[k]")).unwrap();
    assert!(
        line.ends_with("→ ```` a | b ``` <img src=x> `c` \\u{1b}[31m ````"),
        "{line}"
    );
}

#[test]
fn an_unreadable_side_is_an_error_without_output() {
    let directory = Folder::new();
    directory.made("a.json", "");
    std::fs::write(directory.path().join("bad.json"), "{\"Resources\": [").unwrap();
    for sides in [
        ["a.json", "bad.json"],
        ["bad.json", "a.json"],
        ["a.json", "none.json"],
        ["-", "-"],
    ] {
        let ran = directory.run(&["diff", sides[0], sides[1]]);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (2, ""),
            "{sides:?}: {}",
            ran.err
        );
    }
}

/// Compares two templates with these resources.
fn pair(old: &str, new: &str, args: &[&str]) -> Ran {
    let directory = Folder::new();
    for (file, text) in [("a.yaml", old), ("b.yaml", new)] {
        std::fs::write(directory.path().join(file), text).unwrap();
    }
    let mut all = vec!["diff", "a.yaml", "b.yaml", "--exit-code"];
    all.extend(args);
    directory.run(&all)
}

#[test]
fn another_image_replaces_the_instance() {
    let directory = Folder::new();
    directory.made("a.json", "instances: [{name: web}]\n");
    for other in ["image: ubuntu-24.04", "replacement_trigger: '2'"] {
        directory.made("b.json", &format!("instances: [{{name: web, {other}}}]\n"));
        let report = directory.json(&["a.json", "b.json"]);
        assert_eq!(
            difference(&report, "WebInstance")["replaced"],
            "yes",
            "{other}: {report:#}"
        );
    }
}

#[test]
fn defaults_mappings_and_loops_are_resolved_where_used() {
    let group = |cidr: &str| {
        format!(
            "Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: g\n      \
             SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: {cidr}}}]\n"
        )
    };
    let with_default = |cidr: &str| {
        format!(
            "Parameters: {{P: {{Type: String, Default: {cidr}}}}}\n{}",
            group("!Ref P")
        )
    };
    let ran = pair(
        &with_default("10.0.0.0/8"),
        &with_default("0.0.0.0/0"),
        &["--fail-on", "broader-access"],
    );
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        ran.out.contains("G: allows TCP 443 inbound from 0.0.0.0/0"),
        "{}",
        ran.out
    );

    let image = |ami: &str| {
        format!(
            "Mappings: {{M: {{eu-west-1: {{Ami: {ami}}}}}}}\nResources:\n  I:\n    Type: AWS::EC2::Instance\n    \
             Properties: {{ImageId: !FindInMap [M, !Ref 'AWS::Region', Ami]}}\n"
        )
    };
    let ran = pair(
        &image("ami-1"),
        &image("ami-2"),
        &["--fail-on", "replacement"],
    );
    assert!(
        ran.out.contains("replaced  I AWS::EC2::Instance"),
        "{}",
        ran.out
    );

    let looped = |cidr: &str| {
        format!(
            "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::X:\n    - N\n    - [A, B]\n    - \
             Group${{N}}:\n        Type: AWS::EC2::SecurityGroup\n        Properties:\n          GroupDescription: g\n          \
             SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 1, ToPort: 2, CidrIp: {cidr}}}]\n"
        )
    };
    let ran = pair(
        &looped("10.0.0.0/8"),
        &looped("0.0.0.0/0"),
        &["--fail-on", "broader-access"],
    );
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("GroupA, GroupB: allows"), "{}", ran.out);
}

#[test]
fn attributes_of_a_renamed_resource_are_reported() {
    let bucket = |id: &str, more: &str| {
        format!(
            "Resources:\n  {id}:\n    Type: AWS::S3::Bucket\n{more}    Properties: {{BucketName: a}}\n"
        )
    };
    let ran = pair(
        &bucket("B", "    DeletionPolicy: Retain\n"),
        &bucket("C", ""),
        &[],
    );
    assert!(
        ran.out.contains("removed   B") && ran.out.contains("added     C"),
        "{}",
        ran.out
    );
    let ran = pair(
        &bucket("B", "    DeletionPolicy: Retain\n"),
        &bucket("B", ""),
        &[],
    );
    assert!(ran.out.contains("(DeletionPolicy): Retain"), "{}", ran.out);
}

#[test]
fn no_sensitive_value_is_printed() {
    let plan = |secret: &str| {
        json!({
            "format_version": "1.2",
            "planned_values": { "root_module": { "resources": [
                { "address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "name": "r",
                  "values": { "name": "r", "tags": { "t": secret }, "assume_role_policy": format!(
                    "{{\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"AWS\":\"*\"}},\"Action\":\"sts:AssumeRole\",\"Condition\":{{\"StringEquals\":{{\"sts:ExternalId\":\"{secret}\"}}}}}}]}}") },
                  "sensitive_values": { "assume_role_policy": true, "tags": { "t": true } } } ] } },
            "configuration": { "root_module": { "resources": [
                { "address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "name": "r",
                  "expressions": { "name": {}, "tags": {}, "assume_role_policy": {} } } ] } },
            "resource_changes": [],
        })
    };
    let directory = Folder::new();
    directory.made("t.json", "");
    for (file, secret) in [("a.json", "hunter-one"), ("b.json", "hunter-two")] {
        std::fs::write(directory.path().join(file), plan(secret).to_string()).unwrap();
    }
    for output in ["text", "markdown", "json", "github"] {
        for sides in [
            &["a.json", "b.json"][..],
            &["a.json"],
            &["t.json", "b.json"],
            &["b.json", "t.json"],
        ] {
            let mut args = vec!["diff", "--format", output];
            args.extend(sides);
            let ran = directory.run(&args);
            assert!(!ran.out.contains("hunter"), "{sides:?}: {}", ran.out);
        }
    }
    // The change is still reported.
    let report = directory.json(&["a.json", "b.json"]);
    let changes = difference(&report, "aws_iam_role.r")["properties"].to_string();
    assert!(changes.contains("(sensitive)"), "{changes}");
    let ran = directory.run(&["convert", "a.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{}", ran.err);
    assert!(ran.err.contains("sensitive"), "{}", ran.err);
}

#[test]
fn a_terraform_group_without_rules_grants_no_access() {
    let resources = json!([
        { "address": "aws_security_group.g", "mode": "managed", "type": "aws_security_group", "name": "g",
          "values": { "description": "g", "vpc_id": "vpc-0123456789abcdef0" } } ]);
    let plan = json!({
        "format_version": "1.2",
        "planned_values": { "root_module": { "resources": resources } },
        "resource_changes": [
            { "address": "aws_security_group.g", "mode": "managed", "type": "aws_security_group", "name": "g",
              "change": { "actions": ["create"], "before": null, "after": {} } },
            { "address": "aws_security_group.old", "mode": "managed", "type": "aws_security_group", "name": "old",
              "change": { "actions": ["forget"], "before": {}, "after": null } },
        ],
    });
    let directory = Folder::new();
    std::fs::write(directory.path().join("p.json"), plan.to_string()).unwrap();
    let report = directory.json(&["p.json"]);
    assert_eq!(report["access"], json!([]));
    assert_eq!(
        difference(&report, "aws_security_group.old")["change"],
        "forgotten"
    );
}

#[test]
fn types_from_templates_are_escaped_in_markdown() {
    let bucket = |kind: &str| json!({ "Resources": { "B": { "Type": kind } } }).to_string();
    let ran = pair(
        &bucket("A"),
        &bucket("X <img src=x> [c](http://e) @team\n# Head"),
        &["--format", "markdown"],
    );
    assert!(
        !ran.out.contains("X <img") && !ran.out.contains("[c](") && !ran.out.contains("@team"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("\n# Head"), "{}", ran.out);
}

#[test]
fn a_comment_fits_githubs_limit() {
    let buckets = |name: &str| {
        let all = (0..2000).map(|n| {
            let bucket = json!({ "Type": "AWS::S3::Bucket", "Properties": { "BucketName": format!("{name}-{n}") } });
            (format!("B{n}"), bucket)
        });
        json!({ "Resources": all.collect::<serde_json::Map<_, _>>() }).to_string()
    };
    let ran = pair(&buckets("a"), &buckets("b"), &["--format", "markdown"]);
    assert!(ran.out.len() < 65_000, "{}", ran.out.len());
    assert!(
        ran.out
            .contains(" more; run `ssm-synth diff` to show them\n"),
        "{}",
        &ran.out[..200]
    );
}

#[test]
fn provider_defaults_are_not_changes() {
    let plan = |built: bool| {
        let values = json!({ "instance_type": "t3.micro", "subnet_id": "subnet-0123456789abcdef0", "ami": "ami-0123456789abcdef0",
            "metadata_options": [{ "http_tokens": "required" }], "vpc_security_group_ids": ["sg-0123456789abcdef0"] });
        let mut plan = json!({
            "format_version": "1.2",
            "values": { "root_module": { "resources": [
                { "address": "aws_instance.a", "mode": "managed", "type": "aws_instance", "name": "a", "values": values } ] } },
        });
        if built {
            plan["planned_values"] = plan["values"].take();
            plan["configuration"] = json!({ "root_module": { "resources": [
                { "address": "aws_instance.a", "mode": "managed", "type": "aws_instance", "name": "a",
                  "expressions": { "instance_type": {}, "subnet_id": {}, "ami": {} } } ] } });
        }
        plan.to_string()
    };
    let template = json!({ "Resources": { "A": { "Type": "AWS::EC2::Instance", "Properties": {
        "InstanceType": "t3.micro", "SubnetId": "subnet-0123456789abcdef0", "ImageId": "ami-0123456789abcdef0" } } } });
    let directory = Folder::new();
    for (file, text) in [
        ("s.json", plan(false)),
        ("p.json", plan(true)),
        ("t.json", template.to_string()),
    ] {
        std::fs::write(directory.path().join(file), text).unwrap();
    }
    for sides in [
        ["s.json", "p.json"],
        ["p.json", "s.json"],
        ["t.json", "p.json"],
        ["p.json", "t.json"],
    ] {
        let report = directory.json(&sides);
        assert_eq!(
            (&report["same"], &report["access"]),
            (&json!(true), &json!([])),
            "{sides:?}: {report:#}"
        );
    }
}

/// Settings of an instance, and whether a change replaces it: `maybe` depends on the state of the
/// instance. docs/how-to/deploy.md has the same list.
const INSTANCE_CHANGES: &[(&str, &str)] = &[
    ("detailed_monitoring: true", "no"),
    ("termination_protection: true", "no"),
    ("tags: {Team: core}", "no"),
    ("security_groups: [sg-0aaaaaaaaaaaaaaa1]", "maybe"),
    ("instance_type: t3.small", "maybe"),
    ("ebs_optimized: true", "maybe"),
    ("user_data: 'true'", "maybe"),
    ("image: ubuntu-24.04", "yes"),
    ("replacement_trigger: '2'", "yes"),
    ("root_volume_size: 20", "yes"),
    ("subnet_index: 1", "yes"),
];

#[test]
fn a_setting_that_can_change_in_place_replaces_no_instance() {
    let directory = Folder::new();
    directory.made("old.json", "instances: [{name: web}]\n");
    for (setting, expected) in INSTANCE_CHANGES {
        let config = format!("instances: [{{name: web, {setting}}}]\n");
        directory.made("new.json", &config);
        let report = directory.json(&["old.json", "new.json"]);
        let instance = difference(&report, "WebInstance");
        assert_eq!(instance["replaced"], *expected, "{setting}: {instance}");
    }
}

#[test]
fn the_region_decides_about_its_name() {
    let folder = Folder::new();
    let template = |name: &str, zone: &str| {
        let text = format!(
            "Resources:\n  S:\n    Type: AWS::EC2::Subnet\n    Properties: \
             {{VpcId: vpc-1, CidrBlock: 10.0.0.0/24, AvailabilityZone: {zone}}}\n"
        );
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    template("of-region.yaml", "!Sub '${AWS::Region}a'");
    template("named.yaml", "eu-west-1a");
    let of =
        |region: &[&str]| folder.run(&[&["diff", "of-region.yaml", "named.yaml"], region].concat());
    let ran = of(&[]);
    let reason = "in Regions other than eu-west-1; pass --region";
    assert!(
        ran.out.contains(reason) && ran.out.contains("1 may be replaced"),
        "{}",
        ran.out
    );
    assert!(of(&["--region", "eu-west-1"]).out.contains("no difference"));
    assert!(of(&["--region", "us-east-1"]).out.contains("1 replaced"));

    // A configuration has its own Region.
    folder.made("made.json", "network: {cidr: 10.0.0.0/16}\n");
    let config = "region: eu-west-1\nnetwork: {cidr: 10.0.0.0/16}\n";
    std::fs::write(folder.path().join("ssm-synth.yaml"), config).unwrap();
    for sides in [
        &["made.json"][..],
        &["made.json", "ssm-synth.yaml"],
        &["ssm-synth.yaml", "made.json"],
    ] {
        let ran = folder.run(&[&["diff"], sides].concat());
        assert!(
            ran.out.contains("no difference"),
            "{sides:?}: {}{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn another_preset_replaces_nothing() {
    let directory = Folder::new();
    for preset in ["minimal", "standard", "hardened"] {
        directory.made(&format!("{preset}.json"), &format!("preset: {preset}\n"));
    }
    let pairs = [["minimal", "standard"], ["standard", "hardened"]];
    for [old, new] in pairs {
        for [old, new] in [[old, new], [new, old]] {
            let [from, to] = [old, new].map(|it| format!("{it}.json"));
            let report = directory.json(&[&from, &to]);
            let all = report["differences"].as_array().unwrap().iter();
            let replaced = |it: &&Value| !it["replaced"].is_null() && it["replaced"] != "no";
            let replaced: Vec<&Value> = all.filter(replaced).map(|it| &it["id"]).collect();
            assert!(replaced.is_empty(), "{old} to {new}: {replaced:?}");
        }
    }
}

#[test]
fn equal_changes_are_one_line() {
    let template = |cidr: &str, port: u16| {
        let subnet = json!({ "Type": "AWS::EC2::Subnet", "Properties": { "VpcId": "vpc-1", "CidrBlock": cidr } });
        let rule = json!({ "Type": "AWS::EC2::SecurityGroupIngress", "Properties": {
            "GroupId": "sg-1", "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "10.0.0.0/8" } });
        let topic = |name: &str| json!({ "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": name } });
        json!({ "Resources": { "S": subnet, "I": rule, "A": topic(cidr), "B": topic(cidr) } })
            .to_string()
    };
    let ran = pair(
        &template("10.0.0.0/24", 1),
        &template("10.0.1.0/24", 2),
        &["--color", "never"],
    );
    let lines: Vec<&str> = ran.out.lines().collect();
    let expected = [
        "replaced  S AWS::EC2::Subnet  ! CidrBlock cannot change: 10.0.0.0/24 → 10.0.1.0/24",
        "changed   A, B AWS::SNS::Topic  DisplayName: 10.0.0.0/24 → 10.0.1.0/24",
    ];
    for line in expected {
        assert!(lines.contains(&line), "{line}: {}", ran.out);
    }
    assert_eq!(ran.out.matches("broader").count(), 1, "{}", ran.out);
}

#[test]
fn a_resource_under_another_condition_is_not_a_rename() {
    let template = |default: &str, cidr: &str| {
        let association = |condition: &str| {
            json!({ "Type": "AWS::EC2::SubnetRouteTableAssociation", "Condition": condition,
                "Properties": { "SubnetId": { "Ref": "S" }, "RouteTableId": "rtb-1" } })
        };
        let is = json!({ "Fn::Equals": [{ "Ref": "P" }, "true"] });
        json!({
            "Parameters": { "P": { "Type": "String", "Default": default, "AllowedValues": ["true", "false"] } },
            "Conditions": { "Is": is, "Not": { "Fn::Not": [{ "Condition": "Is" }] } },
            "Resources": {
                "S": { "Type": "AWS::EC2::Subnet", "Properties": { "VpcId": "vpc-1", "CidrBlock": cidr } },
                "A": association("Is"),
                "B": association("Not"),
            },
        })
        .to_string()
    };
    let ran = pair(
        &template("false", "10.0.0.0/24"),
        &template("true", "10.0.1.0/24"),
        &["--format", "json"],
    );
    assert!(ran.out.contains("cannot change"), "{}", ran.out);
    assert!(!ran.out.contains("a new ID"), "{}", ran.out);
}
