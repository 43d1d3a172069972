//! What `diff` prints: the order, the cuts, the lines, and what it hides.

use std::path::Path;

use super::cli::run_in;

fn compare(old: &str, new: &str, more: &[&str]) -> super::cli::Ran {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("old.yaml", old), ("new.yaml", new)]);
    let mut args = vec!["diff", "old.yaml", "new.yaml"];
    args.extend(more);
    run_in(folder.path(), &args, b"")
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

fn at(text: &str, part: &str) -> usize {
    text.find(part)
        .unwrap_or_else(|| panic!("`{part}` in {text}"))
}

const FORMATS: [&str; 3] = ["text", "markdown", "github"];

#[test]
fn what_is_replaced_comes_first() {
    let template = |cidr: &str, name: &str| {
        format!(
            "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties: {{DisplayName: {name}}}\n  \
             V:\n    Type: AWS::EC2::VPC\n    Properties: {{CidrBlock: {cidr}}}\n"
        )
    };
    let (old, new) = (template("10.0.0.0/16", "a"), template("10.1.0.0/16", "b"));
    for format in ["text", "markdown", "json"] {
        let out = compare(&old, &new, &["--format", format]).out;
        assert!(at(&out, "CidrBlock") < at(&out, "DisplayName"), "{out}");
    }
}

#[test]
fn sessions_that_stay_are_not_listed() {
    let template = |name: &str| {
        format!(
            "Resources: {{I: {{Type: AWS::EC2::Instance, Properties: {{ImageId: ami-1, Tags: [{{Key: a, Value: {name}}}]}}}}}}"
        )
    };
    for format in FORMATS {
        let out = compare(&template("x"), &template("y"), &["--format", format]).out;
        assert!(!out.contains("Session"), "{out}");
    }
}

#[test]
fn texts_of_several_lines_are_compared_by_line() {
    let template = |line: &str| {
        let script: String = (0..50).map(|n| format!("          echo {n}\n")).collect();
        format!(
            "Resources:\n  I:\n    Type: AWS::EC2::Instance\n    Properties:\n      ImageId: ami-1\n      \
             UserData:\n        Fn::Base64: !Sub |\n{script}          {line}\n"
        )
    };
    let out = compare(&template("start a"), &template("start b"), &[]).out;
    assert!(out.contains(": line 51: start a → start b"), "{out}");
    let both = compare(
        &template("start a"),
        &template("start b\n          stop"),
        &["--format", "markdown"],
    );
    assert!(
        both.out
            .contains("    - start a\n    + start b\n    + stop\n"),
        "{}",
        both.out
    );
    assert!(!both.out.contains("echo 3"), "{}", both.out);
}

#[test]
fn a_cut_shows_the_first_difference_in_short_lines() {
    let template = |end: &str| {
        let name = "N".repeat(300);
        format!(
            "Resources:\n  A:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Type: String\n      \
             Value: {}{end}\n      {name}: {}{end}\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      \
             Policies: [{{PolicyName: a, PolicyDocument: {{Statement: [{{Effect: Allow, Action: 's3:{end}*', Resource: [{}]}}]}}}}]\n",
            "v".repeat(3000),
            "w".repeat(3000),
            (0..40)
                .map(|n| format!("'arn:aws:s3:::{n}{}'", "b".repeat(60)))
                .collect::<Vec<_>>()
                .join(", "),
        )
    };
    for format in FORMATS {
        let out = compare(&template("Get"), &template("Put"), &["--format", format]).out;
        if format != "github" {
            assert!(out.contains("vGet") && out.contains("vPut"), "{out}");
        }
        let long = out.lines().find(|line| line.chars().count() > 500);
        assert_eq!(long, None, "{format}");
    }
}

#[test]
fn secrets_are_in_no_format() {
    let template = |secret: &str| {
        format!(
            "Parameters:\n  Pw: {{Type: String, NoEcho: true, Default: {secret}}}\n  \
             DbPassword: {{Type: String, Default: {secret}}}\nResources:\n  \
             C:\n    Type: AWS::ElastiCache::ReplicationGroup\n    Properties:\n      \
             AuthToken: {secret}\n      ReplicationGroupDescription: {{Ref: DbPassword}}\n  \
             T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n      - Name: c\n        \
             Environment: [{{Name: API_TOKEN, Value: {secret}}}]\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      \
             Environment: {{Variables: {{GITHUB_TOKEN: {secret}, A: {{Ref: Pw}}}}}}\n"
        )
    };
    // A parameter that is not `NoEcho` is not a secret where it is used by another name.
    let of = |text: &str| template(text).replace("{Ref: DbPassword}", "x");
    for format in ["text", "markdown", "github", "json"] {
        let ran = compare(&of("hunter2"), &of("hunter3"), &["--format", format]);
        assert!(!ran.out.contains("hunter"), "{}", ran.out);
        if format != "github" {
            assert!(ran.out.contains("GITHUB_TOKEN"), "{}", ran.out);
        }
    }
}

#[test]
fn annotations_have_the_line_of_the_property() {
    let template = |cidr: &str| {
        format!(
            "Resources:\n  V:\n    Type: AWS::EC2::VPC\n    Properties:\n      EnableDnsSupport: true\n      \
             CidrBlock: {cidr}\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: a\n      \
             SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: {cidr}}}]\n"
        )
    };
    let out = compare(
        &template("10.0.0.0/16"),
        &template("10.0.0.0/8"),
        &["--format", "github"],
    )
    .out;
    assert!(
        out.contains("file=new.yaml,line=6,title=A resource is replaced"),
        "{out}"
    );
    assert!(
        out.contains("file=new.yaml,line=7,title=Broader access"),
        "{out}"
    );
}

#[test]
fn files_that_are_no_version_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("ok.yaml", "Resources: {A: {Type: AWS::SNS::Topic}}")],
    );
    let plan = r#"{"format_version":"1.2","planned_values":{"root_module":{"resources":["#;
    let files: [(&[u8], &str); 7] = [
        (b"apiVersion: v1\nkind: ConfigMap\n", "Kubernetes manifest"),
        (b"Metadata: {a: b}\nParameters: {}\n", "without `Resources`"),
        (b"{\"Resources\": {\"A\": {\"Type\": ", "broken:1:"),
        (b"Resources:\n  A:\n   B: 1\n  - c\n", "broken:"),
        (plan.as_bytes(), "invalid plan JSON"),
        (b"\x7fELF\x02\x01\x01\0\xff\xfe", "is not UTF-8"),
        (b"[1, 2]", "unknown input format"),
    ];
    for (bytes, reason) in files {
        std::fs::write(folder.path().join("broken"), bytes).unwrap();
        for args in [["diff", "ok.yaml", "broken"], ["diff", "broken", "ok.yaml"]] {
            let ran = run_in(folder.path(), &args, b"");
            assert_eq!(
                (ran.code, ran.out.as_str()),
                (2, ""),
                "{reason}: {}",
                ran.err
            );
            assert!(ran.err.contains(reason), "{reason}: {}", ran.err);
        }
    }
}

#[test]
fn a_plan_of_another_format_hits_each_gate() {
    let folder = tempfile::tempdir().unwrap();
    let plan = |version: &str| {
        format!(
            r#"{{"format_version":"{version}","planned_values":{{"root_module":{{}}}},"resource_changes":[],"configuration":{{}}}}"#
        )
    };
    write(
        folder.path(),
        &[("a.json", &plan("1.2")), ("b.json", &plan("2.0"))],
    );
    for gate in ["replacement", "broader-access", "removal", "unreachable"] {
        for args in [
            vec!["b.json"],
            vec!["a.json", "b.json"],
            vec!["b.json", "a.json"],
        ] {
            let args: Vec<&str> = ["diff", "--fail-on", gate]
                .into_iter()
                .chain(args)
                .collect();
            let ran = run_in(folder.path(), &args, b"");
            assert_eq!(ran.code, 1, "{args:?}: {}", ran.out);
        }
    }
}

#[test]
fn updates_of_auto_scaling_groups_and_fixed_names_are_said() {
    let group = |policy: &str, image: &str| {
        format!(
            "Resources:\n  L:\n    Type: AWS::AutoScaling::LaunchConfiguration\n    Properties: {{ImageId: {image}, InstanceType: t3.micro}}\n  \
             G:\n    Type: AWS::AutoScaling::AutoScalingGroup\n    UpdatePolicy: {policy}\n    \
             Properties: {{MinSize: 1, MaxSize: 1, LaunchConfigurationName: !Ref L}}\n"
        )
    };
    let of = |policy: &str| compare(&group(policy, "ami-1"), &group(policy, "ami-2"), &[]).out;
    let replacing = of("{AutoScalingReplacingUpdate: {WillReplace: true}}");
    assert!(replacing.contains("replaced  G "), "{replacing}");
    let rolling = of("{AutoScalingRollingUpdate: {MinInstancesInService: 1}}");
    assert!(
        rolling.contains("LaunchConfigurationName: a rolling update replaces the instances"),
        "{rolling}"
    );
    assert!(!rolling.contains("replaced  G "), "{rolling}");
    assert!(!of("{}").contains(" G "));

    let role = |id: &str, name: &str, path: &str| {
        format!(
            "Resources: {{{id}: {{Type: AWS::IAM::Role, Properties: {{RoleName: {name}, Path: {path}}}}}}}"
        )
    };
    for (new, fails) in [
        (role("B", "x", "/k/"), true),
        (role("A", "x", "/l/"), true),
        (role("A", "y", "/l/"), false),
    ] {
        let out = compare(&role("A", "x", "/k/"), &new, &[]).out;
        assert_eq!(out.contains("the update fails"), fails, "{out}");
    }
}
