//! The command line.

use std::io::Write;
use std::process::{Command, Stdio};

pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

pub(crate) fn run_in(directory: &std::path::Path, args: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ssm-synth"))
        .args(args)
        .current_dir(directory)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program can reject its arguments before it reads stdin.
    let _ = child.stdin.take().unwrap().write_all(input);
    let done = child.wait_with_output().unwrap();
    Ran {
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
        code: done.status.code().unwrap(),
    }
}

fn run(args: &[&str], input: &str) -> Ran {
    run_in(tempfile::tempdir().unwrap().path(), args, input.as_bytes())
}

#[test]
fn without_a_configuration_it_prints_a_stack() {
    let ran = run(&["--format", "cfn"], "");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let [(_, cfn), ..] = super::documents("default", "");
    assert_eq!(ran.out, cfn);
    assert_eq!(run(&["synth"], "").out, cfn);
}

#[test]
fn check_reports_out_of_date_files() {
    let directory = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| run_in(directory.path(), args, b"");
    for (form, file) in [
        ("cfn", "stack.json"),
        ("cfn-yaml", "stack.yml"),
        ("tf", "main.tf.json"),
        ("hcl", "main.tf"),
    ] {
        assert_eq!(run(&["-f", form, "-o", file]).code, 0);
    }
    let all = [
        "synth",
        "--check",
        "stack.json",
        "stack.yml",
        "main.tf.json",
        "main.tf",
    ];
    let ran = run(&all);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    std::fs::write(
        directory.path().join("ssm-synth.yaml"),
        "tags: {Team: core}\n",
    )
    .unwrap();
    let ran = run(&all);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.err.matches("is out of date").count(), 4, "{}", ran.err);
    assert!(ran.out.contains("+++ main.tf (generated)"), "{}", ran.out);
    assert!(ran.out.contains("+          Value: core"), "{}", ran.out);
    for (args, said) in [
        (
            &["synth", "--check", "missing.json"][..],
            "cannot read `missing.json`",
        ),
        (
            &["synth", "--check", "ssm-synth"],
            "cannot infer the format",
        ),
        (&["--check", "stack.json"], "requires the command `synth`"),
        (
            &["synth", "-c", "-", "--check", "stack.json", "main.tf"],
            "read once",
        ),
    ] {
        let ran = run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}

#[test]
fn completion_scripts_and_man_pages_are_written() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&["completions", shell], "");
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{shell}");
        assert!(ran.out.contains("COMPLETE"), "{shell}");
    }
    let directory = tempfile::tempdir().unwrap();
    let ran = run_in(directory.path(), &["man", "man1"], b"");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("pages to man1"), "{}", ran.err);
    for entry in std::fs::read_dir(directory.path().join("man1")).unwrap() {
        let page = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(page.contains(".TH"), "{page}");
        // Roff fills lines outside of such blocks, and the options of an example would be prose.
        let examples = page.split(".SH EXAMPLES\n").nth(1).unwrap();
        let (before, code) = examples.split_once(".nf\n").unwrap();
        assert!(!before.contains("\n  ") && code.contains(".fi"), "{page}");
        assert!(!page.contains(".SH EXTRA"), "{page}");
    }
}

#[test]
fn files_in_a_directory_are_reported() {
    let directory = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| run_in(directory.path(), args, b"");
    let ran = run(&["-o", "stacks/"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.err, "wrote stacks/access.json\n");
    let ran = run(&["--format", "cdk"]);
    assert!(ran.err.contains("files to cdk.out"), "{}", ran.err);
    assert_eq!(run(&["-o", "stacks/", "--quiet"]).err, "");
}

#[test]
fn code_scanning_gets_complete_rules_and_relative_paths() {
    let directory = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| run_in(directory.path(), args, b"");
    let text = run(&["synth"]).out.replace(
        "\"PrivateDnsEnabled\": true",
        "\"PrivateDnsEnabled\": false",
    );
    std::fs::create_dir(directory.path().join("a b")).unwrap();
    let path = directory.path().join("a b/stack.json");
    std::fs::write(&path, text).unwrap();
    for file in ["./a b/stack.json", path.to_str().unwrap()] {
        let ran = run(&["check", file, "-f", "sarif"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        let log: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let driver = &log["runs"][0]["tool"]["driver"];
        assert_eq!(driver["version"], env!("CARGO_PKG_VERSION"));
        for rule in driver["rules"].as_array().unwrap() {
            for text in ["/fullDescription/text", "/help/text", "/help/markdown"] {
                let text = rule.pointer(text).and_then(|it| it.as_str());
                assert!(text.is_some_and(|it| !it.is_empty()), "{rule}");
            }
        }
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(!results.is_empty());
        for result in results {
            let index = result["ruleIndex"].as_u64().unwrap();
            assert_eq!(driver["rules"][index as usize]["id"], result["ruleId"]);
            let artifact = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            assert_eq!(artifact["uri"], "a%20b/stack.json");
            assert_eq!(artifact["uriBaseId"], "%SRCROOT%");
        }
    }
}

#[test]
fn annotations_are_only_for_what_needs_attention() {
    let directory = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| run_in(directory.path(), args, b"");
    let text = run(&["synth"]).out;
    let broken = text.replace(
        "\"PrivateDnsEnabled\": true",
        "\"PrivateDnsEnabled\": false",
    );
    std::fs::write(directory.path().join("a.json"), &text).unwrap();
    std::fs::write(directory.path().join("b.json"), &broken).unwrap();
    assert_eq!(run(&["check", "a.json", "-f", "github"]).out, "");
    assert_eq!(run(&["diff", "a.json", "a.json", "-f", "github"]).out, "");
    let line = broken
        .lines()
        .position(|line| line.starts_with("    \"MainInstance\""));
    let place = format!("file=b.json,line={},", line.unwrap() + 1);
    let ran = run(&["diff", "a.json", "b.json", "-f", "github"]);
    assert!(ran.out.contains(&place), "{}", ran.out);
    // The lines of a configuration are not those of its template.
    std::fs::write(
        directory.path().join("c.yaml"),
        "endpoints: {services: [logs]}\n",
    )
    .unwrap();
    let ran = run(&["diff", "a.json", "c.yaml", "-f", "github"]);
    assert!(!ran.out.contains("line="), "{}", ran.out);
}

#[test]
fn instance_types_are_checked_against_the_region() {
    let of = |kind: &str, region: &str| {
        let config =
            format!("region: {region}\ninstances: [{{name: web, instance_type: {kind}}}]\n");
        run(&["-c", "-"], &config)
    };
    let ran = of("t3.micr", "eu-central-1");
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("unknown instance type `t3.micr`"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("did you mean `t3.micro`?"), "{}", ran.err);
    // A list of offers ages, so this is a warning.
    let ran = of("t2.micro", "af-south-1");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("`af-south-1` does not offer `t2.micro`"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("did you mean `t3.micro`?"), "{}", ran.err);
    assert_eq!(of("t3.micro", "af-south-1").err, "");
    assert_eq!(of("t3.micro", "cn-north-1").code, 0);
}

#[test]
fn a_stack_too_large_for_cloudformation_is_printed_for_terraform() {
    let hosts: Vec<String> = (0..300).map(|n| format!("{{name: h{n}}}")).collect();
    let config = format!("instances: [{}]\n", hosts.join(", "));
    let ran = run(&["-c", "-", "-f", "cfn-yaml"], &config);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("error[stack-limits]"), "{}", ran.err);
    let ran = run(&["-c", "-", "-f", "tf"], &config);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("h299_instance"));
}

#[test]
fn an_error_leaves_stdout_empty() {
    for (args, input, code) in [
        (&["-c", "-"][..], "network: {cidr: 10.0.0.0/33}\n", 1),
        (&["-c", "-"], "a: [\n", 1),
        (&["-c", "absent.yaml"], "", 2),
        (&["--format", "xml"], "", 2),
        (&["--region", "nowhere"], "", 2),
        (&["--set", "nothing"], "", 2),
        (&["--set", "a.b=1"], "", 1),
        (&["--set", "network={"], "", 1),
        (&["-o", "absent/stack.json"], "", 2),
        (&["--tf-module"], "", 2),
        (&["--tf-module", "-f", "cfn-yaml"], "", 2),
    ] {
        let ran = run(args, input);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (code, ""),
            "{args:?}: {}",
            ran.err
        );
        assert!(
            !ran.err.is_empty() && !ran.err.contains("panicked"),
            "{args:?}: {}",
            ran.err
        );
    }
}

#[test]
fn a_file_that_is_not_utf8_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run_in(directory.path(), &["-c", "-"], b"name: \xff\n");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("not UTF-8 at byte 6"), "{}", ran.err);
}

#[test]
fn an_error_shows_its_line() {
    let ran = run(&["-c", "-"], "# é\nnetwork:\n  cidr: 10.0.0.5/16\n");
    insta::assert_snapshot!(ran.err, @r"
    error[setting]: `network.cidr`: `10.0.0.5/16` has host bits set; expected `10.0.0.0/16`
     --> -:3:9
      |
    3 |   cidr: 10.0.0.5/16
      |         ^^^^^^^^^^^
      |
      = help: write a range such as `10.0.0.0/16`
    ");
}

#[test]
fn invalid_yaml_shows_its_line() {
    let ran = run(&["-c", "-"], "name: é\nnetwork: [é\nzones: 1\n");
    insta::assert_snapshot!(ran.err, @r"
    error[yaml]: illegal placement of ':' indicator
     --> -:3:6
      |
    3 | zones: 1
      |      ^
      |
      = help: the configuration is one YAML document
    ");
    // The error of a value from a flag shows the flag.
    let ran = run(
        &["-c", "-", "--zones", "27"],
        "network: {cidr: 10.0.0.0/16}\n",
    );
    insta::assert_snapshot!(ran.err, @r"
    error[setting]: `network.zones` expects an integer from 1 to 26, found `27`
     --> --zones:1:1
      |
    1 | 27
      | ^^
      |
      = help: see `docs/reference/configuration.md` for all settings
    ");
}

#[test]
fn a_repeated_flag_shows_its_last_value() {
    let ran = run(&["--set", "name=1a", "--set", "name=2b"], "");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("1 | 2b"), "{}", ran.err);
}

#[test]
fn a_warning_appears_only_in_formats_that_it_affects() {
    let input = "instances: [{name: web, tags: {note: '{{resolve:ssm:x}}'}}]\n";
    for (format, warned) in [
        ("cfn", true),
        ("cfn-yaml", true),
        ("tf", false),
        ("hcl", false),
    ] {
        let ran = run(&["-c", "-", "-f", format], input);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(
            ran.err.contains("dynamic-reference"),
            warned,
            "{format}: {}",
            ran.err
        );
    }
}

#[test]
fn flags_override_the_file() {
    let ran = run(
        &[
            "-c",
            "-",
            "--cidr",
            "10.9.0.0/16",
            "--set",
            "endpoints.zones=one",
        ],
        "network: {cidr: 10.1.0.0/16}\n",
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("10.9.0.0/16") && !ran.out.contains("10.1.0.0"));
}

#[test]
fn the_configuration_in_the_working_directory_is_read() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("ssm-synth.yaml"), "name: here\n").unwrap();
    assert!(
        run_in(directory.path(), &["synth"], b"")
            .out
            .contains("here-network-vpc")
    );
}

#[test]
fn a_file_is_written_only_if_it_changes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stack.json");
    assert_eq!(run_in(directory.path(), &["-o", "stack.json"], b"").code, 0);
    let first = std::fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(run_in(directory.path(), &["-o", "stack.json"], b"").code, 0);
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), first);
    let text = std::fs::read_to_string(&path).unwrap();
    let bad = run_in(directory.path(), &["-o", "stack.json", "--cidr", "x"], b"");
    assert_eq!(bad.code, 1);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert_eq!(
        run_in(directory.path(), &["-o", "stack.json", "--stack", "b"], b"").code,
        0
    );
    assert_ne!(std::fs::read_to_string(&path).unwrap(), text);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

/// Uses a pipe for files that are not regular: a defect would destroy a device.
#[cfg(unix)]
#[test]
fn a_non_regular_file_is_written_in_place() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let [(_, cfn), ..] = super::documents("default", "");
    let made = Command::new("mkfifo").arg(at("pipe")).status().unwrap();
    assert!(made.success());
    symlink("pipe", at("link-to-pipe")).unwrap();
    for name in ["pipe", "link-to-pipe"] {
        let reader = std::thread::spawn({
            let pipe = at("pipe");
            move || std::fs::read_to_string(pipe).unwrap()
        });
        // The program and the reader of a replaced pipe would block forever.
        let (send, done) = std::sync::mpsc::channel();
        let path = directory.path().to_owned();
        std::thread::spawn(move || send.send(run_in(&path, &["-o", name], b"")));
        let ran = done.recv_timeout(std::time::Duration::from_secs(20));
        let ran = ran.expect("the program blocks");
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        let kind = std::fs::symlink_metadata(at("pipe")).unwrap().file_type();
        assert!(kind.is_fifo(), "{name}: the pipe was replaced");
        assert_eq!(reader.join().unwrap(), cfn);
    }

    // A link from a subdirectory to another link, whose target does not exist.
    std::fs::create_dir(at("below")).unwrap();
    symlink("stack.json", at("first")).unwrap();
    symlink("../first", at("below/second")).unwrap();
    assert_eq!(
        run_in(directory.path(), &["-o", "below/second"], b"").code,
        0
    );
    for link in ["first", "below/second"] {
        assert!(at(link).symlink_metadata().unwrap().is_symlink(), "{link}");
    }
    assert!(at("stack.json").symlink_metadata().unwrap().is_file());
    assert_eq!(std::fs::read_to_string(at("below/second")).unwrap(), cfn);

    symlink("b", at("a")).unwrap();
    symlink("a", at("b")).unwrap();
    // In a directory, the program writes a file for the stack.
    assert_eq!(run_in(directory.path(), &["-o", "below"], b"").code, 0);
    assert_eq!(
        std::fs::read_to_string(at("below/access.json")).unwrap(),
        cfn
    );
    for name in ["a", "stack.json/x"] {
        let ran = run_in(directory.path(), &["-o", name], b"");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{name}: {}", ran.err);
        assert!(ran.err.contains("cannot write"), "{name}: {}", ran.err);
    }
}

#[test]
fn a_reader_can_stop_early() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ssm-synth"))
        .arg("synth")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(String::from_utf8(done.stderr).unwrap(), "");
}

#[test]
fn the_reference_page_is_current() {
    let page = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/docs/reference/configuration.md"
    ));
    assert_eq!(
        run(&["schema", "--format", "markdown"], "").out,
        page.unwrap()
    );
    let schema: serde_json::Value = serde_json::from_str(&run(&["schema"], "").out).unwrap();
    assert_eq!(schema["additionalProperties"], false);
}

/// The schema and the program accept the same input, including null for settings with a default.
#[test]
fn the_schema_accepts_the_same_input_as_the_program() {
    use ssm_synth::frontend::config::Config;

    fn walk(schema: &serde_json::Value, path: &mut Vec<String>, seen: &mut usize) {
        for (key, of) in schema["properties"].as_object().into_iter().flatten() {
            path.push(key.clone());
            let null = |of: &serde_json::Value| {
                let has = |list: &serde_json::Value, null| {
                    list.as_array().is_some_and(|list| list.contains(&null))
                };
                has(&of["type"], "null".into())
                    || has(&of["enum"], serde_json::Value::Null)
                    || has(&of["anyOf"], serde_json::json!({ "type": "null" }))
            };
            // As text, since a flag without a value creates no location.
            let open: String = path.iter().map(|key| format!("{{{key}: ")).collect();
            let text = format!("{open}null{}", "}".repeat(path.len()));
            let built = Config::read("null", &text).and_then(|config| config.build());
            assert_eq!(null(of), built.is_ok(), "{text}");
            *seen += 1;
            walk(of, path, seen);
            path.pop();
        }
    }
    let schema: serde_json::Value = serde_json::from_str(&run(&["schema"], "").out).unwrap();
    let mut seen = 0;
    walk(&schema, &mut Vec::new(), &mut seen);
    assert!(seen > 20, "{seen}");
    let zones = &schema["properties"]["network"]["properties"]["zones"]["anyOf"][0];
    assert_eq!(
        *zones,
        serde_json::json!({ "type": "integer", "minimum": 1, "maximum": 26 })
    );
    let name = &schema["properties"]["instances"]["items"]["properties"]["name"];
    assert!(!name["type"].as_array().unwrap().contains(&"null".into()));
}

#[test]
fn help_contains_examples_that_work() {
    let ran = run(&["--help"], "");
    assert_eq!(ran.code, 0);
    // The help has an example configuration and its flags.
    let (_, example) = ran.out.split_once("ssm-synth.yaml:\n").unwrap();
    let (example, _) = example.split_once("\n\n").unwrap();
    let made = run(&["-c", "-", "-f", "hcl"], example);
    assert_eq!((made.code, made.err.as_str()), (0, ""), "{example}");
    assert!(made.out.contains("worker"));
    assert!(ran.out.contains("terraform init && terraform apply"));
    for line in ran.out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn operator_policy_prints_a_policy() {
    let ran = run(
        &[
            "operator-policy",
            "--instance-tag",
            "Team=core,web",
            "--document-name",
            "Mine",
        ],
        "",
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.contains("\"arn:aws:ssm:*:*:document/Mine\""),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("SSM-SessionManagerRunShell"));
    for args in [
        &["operator-policy"][..],
        &["operator-policy", "--instance-tag", "Team"],
        &["operator-policy", "--instance-id", "web"],
        &[
            "operator-policy",
            "--instance-id",
            "i-0123456789abcdef0",
            "--instance-tag",
            "A=b",
        ],
        &[
            "operator-policy",
            "--instance-tag",
            "A=b",
            "--region",
            "nowhere",
        ],
        &["operator-policy", "--instance-tag", "A=b", "--account", "1"],
    ] {
        let ran = run(args, "");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
    }
}

#[test]
fn deployer_policy_prints_a_policy() {
    let arguments = [
        "deployer-policy",
        "--stack",
        "team",
        "--region",
        "eu-central-1",
    ];
    for (target, role) in [("cfn", "team-*"), ("tf", "terraform-*")] {
        let ran = run(&[&arguments[..], &["--target", target]].concat(), "");
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        let policy: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        let passes: Vec<_> = statements
            .iter()
            .filter(|it| it.to_string().contains("iam:PassRole"))
            .collect();
        let [pass] = passes[..] else {
            panic!("{}", ran.out)
        };
        let arn = format!("arn:aws:iam::*:role/{role}");
        assert_eq!(pass["Resource"], serde_json::json!([arn]));
        let services = &pass["Condition"]["StringEquals"]["iam:PassedToService"];
        let expected = serde_json::json!(["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]);
        assert_eq!(services, &expected);
        assert!(!ran.out.contains("s3:") && !ran.out.contains("\"*:*\""));
    }
    let unknown = "{Resources: {Fn: {Type: 'AWS::Lambda::Function'}}}";
    let ran = run(&["deployer-policy", "-"], unknown);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("`AWS::Lambda::Function`"), "{}", ran.err);
    let ran = run(&["deployer-policy", "-", "--target", "tf"], unknown);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
}

/// Every type that a stack can contain has a row in the table.
#[test]
fn deployer_policy_knows_every_type_of_the_cases() {
    for (case, _) in super::cases() {
        let file = format!("{}/tests/cases/{case}.yaml", env!("CARGO_MANIFEST_DIR"));
        for target in ["cfn", "tf"] {
            let ran = run(
                &["deployer-policy", "--config", &file, "--target", target],
                "",
            );
            assert_eq!(ran.code, 0, "{case}: {}", ran.err);
        }
    }
}

#[test]
fn graph_and_runbook_print_documents() {
    let zones = run(&["graph", "--zones", "3", "--diagram", "network"], "");
    assert_eq!((zones.code, zones.err.as_str()), (0, ""));
    assert!(zones.out.starts_with("flowchart") && zones.out.contains("SubnetC"));
    // The flags also apply to a configuration that is an argument, or stdin.
    let config = "name: team\ninstances: [{name: web}]\n";
    let ran = run(&["graph", "-", "--zones", "1", "-f", "svg"], config);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.contains(">team: 1 reachable<") && !ran.out.contains("SubnetB"),
        "{}",
        ran.out
    );
    let ran = run(&["runbook", "--zones", "3", "--region", "eu-central-1"], "");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let again = "ssm-synth --format cfn -o stack.json --zones 3 --region eu-central-1\n";
    assert!(ran.out.contains(again), "{}", ran.out);
    let [(_, cfn), ..] = super::documents("default", "");
    let ran = run(&["runbook", "-", "--stack", "live"], &cfn);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("--stack-name live") && !ran.out.contains("terraform apply"));
    for (args, input) in [
        (&["graph", "-", "--zones", "3"][..], cfn.as_str()),
        (&["graph", "-f", "html", "--diagram", "network"], ""),
        (&["graph", "absent.yaml"], ""),
        (&["graph", "-c", "a.yaml", "-"], config),
    ] {
        let ran = run(args, input);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (2, ""),
            "{args:?}: {}",
            ran.err
        );
        assert!(!ran.err.is_empty());
    }
}

/// Where the configuration comes from, in the order of precedence.
#[test]
fn the_configuration_is_found() {
    let repository = tempfile::tempdir().unwrap();
    let root = repository.path();
    let inner = root.join("a/b");
    std::fs::create_dir_all(&inner).unwrap();
    std::fs::create_dir(root.join(".git")).unwrap();
    std::fs::write(root.join("ssm-synth.yml"), "name: root\n").unwrap();
    let name = |directory: &std::path::Path, args: &[&str]| {
        let ran = run_in(directory, &[&["synth", "--list"], args].concat(), b"");
        (ran.code, ran.out.trim().to_owned(), ran.err)
    };
    let (code, out, err) = name(&inner, &[]);
    assert_eq!((code, out.as_str()), (0, "root"), "{err}");
    assert!(
        err.contains("using configuration ") && err.contains("ssm-synth.yml"),
        "{err}"
    );
    assert_eq!(
        name(&inner, &["--no-config"]),
        (0, "access".into(), String::new())
    );
    std::fs::write(root.join("a/ssm-synth.yaml"), "name: nearer\n").unwrap();
    assert_eq!(name(&inner, &["-q"]), (0, "nearer".into(), String::new()));
    assert_eq!(
        name(&root.join("a"), &[]),
        (0, "nearer".into(), String::new())
    );
    std::fs::write(inner.join("ssm-synth.yaml"), "name: here\n").unwrap();
    std::fs::write(inner.join("ssm-synth.yml"), "name: here\n").unwrap();
    let (code, out, err) = name(&inner, &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("both `ssm-synth.yaml` and `ssm-synth.yml` exist"),
        "{err}"
    );
    std::fs::remove_dir(root.join(".git")).unwrap();
    std::fs::remove_file(inner.join("ssm-synth.yaml")).unwrap();
    std::fs::remove_file(inner.join("ssm-synth.yml")).unwrap();
    assert_eq!(name(&inner, &[]), (0, "access".into(), String::new()));

    let environment = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssm-synth"));
        let command = command.args(args).current_dir(&inner).env_clear();
        let command = command.env("SSM_SYNTH_CONFIG", root.join("ssm-synth.yml"));
        let done = command
            .env("SSM_SYNTH_MESSAGE_FORMAT", "json")
            .output()
            .unwrap();
        (
            String::from_utf8(done.stdout).unwrap(),
            String::from_utf8(done.stderr).unwrap(),
        )
    };
    assert_eq!(environment(&["synth", "--list"]).0, "root\n");
    assert_eq!(
        environment(&["synth", "--list", "--no-config"]).0,
        "access\n"
    );
    let flag = environment(&["synth", "--list", "-c", "../ssm-synth.yaml"]);
    assert_eq!(flag.0, "nearer\n");
    let (_, err) = environment(&["explain", "nothing"]);
    let message: serde_json::Value = serde_json::from_str(&err).unwrap();
    assert_eq!(message["severity"], "error");
    let (_, err) = environment(&["explain", "nothing", "--message-format", "text"]);
    assert!(err.starts_with("error: unknown code `nothing`"), "{err}");
}

#[test]
fn the_short_help_is_printed_without_arguments() {
    let ran = run(&[], "");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let help = run(&["-h"], "");
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    assert_eq!(ran.err, help.out);
    for group in ["Author:", "Verify:", "Review:", "Operate:", "Project:"] {
        assert!(help.out.contains(&format!("\n{group}\n")), "{}", help.out);
    }
}

#[test]
fn shared_options_work_before_and_after_the_command() {
    let config = "name: team\n";
    for args in [
        &["-c", "-", "synth", "--list"][..],
        &["synth", "--list", "-c", "-"],
        &["-qc", "-", "synth", "--list"],
        &[
            "--region",
            "eu-central-1",
            "-q",
            "--config=-",
            "synth",
            "--list",
        ],
        &[
            "--color",
            "never",
            "--message-format=json",
            "-c-",
            "synth",
            "--list",
        ],
    ] {
        let ran = run(args, config);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (0, "team\n"),
            "{args:?}: {}",
            ran.err
        );
    }
    let ran = run(&["--region", "eu-central-1", "cost", "-f", "json"], "");
    assert!(
        ran.out.contains("\"region\": \"eu-central-1\""),
        "{}",
        ran.err
    );
    // A leading flag implies `synth`, also one of all commands.
    let synth = run(&["synth"], "").out;
    assert_eq!(run(&["-q"], "").out, synth);
    assert_eq!(run(&["-q", "--format", "cfn"], "").out, synth);
}

#[test]
fn unknown_input_names_the_closest_known_one() {
    for (args, closest) in [
        (&["depoly"][..], "'deploy'"),
        (&["synth", "--zone", "3"], "--zones"),
        (&["synth", "-f", "cfn-yml"], "'cfn-yaml'"),
        (
            &["explain", "endpoint-privat-dns"],
            "`endpoint-private-dns`",
        ),
        (&["cost", "--region", "eucentral-1"], "`eu-central-1`"),
        (
            &[
                "operator-policy",
                "--instance-tag",
                "A=b",
                "--region",
                "useast-1",
            ],
            "`us-east-1`",
        ),
    ] {
        let ran = run(args, "");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(closest), "{args:?}: {}", ran.err);
    }
}

#[test]
fn the_output_name_implies_the_format() {
    let directory = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    let run = |args: &[&str]| {
        let ran = run_in(directory.path(), args, b"");
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        ran.out
    };
    let documents = super::documents("default", "");
    let files = ["s.json", "s.yaml", "main.tf.json", "main.tf"];
    for (file, (_, text)) in files.iter().zip(&documents) {
        run(&["-o", file]);
        assert_eq!(read(file), *text, "{file}");
    }
    for (command, files) in [
        (
            "check",
            &[
                ("r.json", "{"),
                ("r.sarif", "{\n  \"$schema\""),
                ("r.txt", "access/main/Instance: "),
            ][..],
        ),
        ("cost", &[("c.json", "{"), ("c.txt", "access: ")]),
        (
            "graph",
            &[("g.svg", "<svg"), ("g.html", "<!"), ("g.md", "```mermaid")],
        ),
        ("schema", &[("x.json", "{"), ("x.md", "#")]),
    ] {
        for (file, start) in files {
            run(&[command, "-o", file]);
            assert!(
                read(file).starts_with(start),
                "{command} {file}: {}",
                read(file)
            );
        }
    }
    run(&["convert", "s.json", "-o", "c.tf"]);
    assert!(read("c.tf").contains("resource \"aws_vpc\""));
    assert_eq!(run(&["explain", "-o", "codes.json"]), "");
    assert!(read("codes.json").contains("\"kind\": \"diagnostic\""));
}

#[test]
fn every_code_that_is_printed_has_a_page() {
    let codes = run(&["explain"], "").out;
    let known: Vec<&str> = codes
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .collect();
    let printed = regex_lite::Regex::new(r"(?:error|warning)\[([a-z0-9-]+)\]").unwrap();
    // `report` is the name of helpers, of which some have another first argument without a hyphen.
    let call = r#"\b(?:(?:error|warning|wrong)\(\s*"([a-z0-9]+(?:-[a-z0-9]+)*)"|report\(\s*"([a-z0-9]+(?:-[a-z0-9]+)+)"),"#;
    let written = regex_lite::Regex::new(call).unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for (directory, code) in [("tests/snapshots", &printed), ("src", &written)] {
        let mut directories = vec![root.join(directory)];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                // Documentation has examples of codes of other programs.
                let lines = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("///"));
                let text: String = lines.map(|line| format!("{line}\n")).collect();
                for found in code.captures_iter(&text) {
                    count += 1;
                    let code = found.get(1).or(found.get(2)).unwrap().as_str();
                    assert!(known.contains(&code), "{}: {code}", path.display());
                }
            }
        }
    }
    assert!(count > 100, "{count}");
}

/// The values that a shell completes.
#[test]
fn values_are_completed() {
    let directory = tempfile::tempdir().unwrap();
    let config = "name: team\ninstances: [{name: web}, {name: worker}]\n";
    std::fs::write(directory.path().join("ssm-synth.yaml"), config).unwrap();
    let complete = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssm-synth"));
        let command = command
            .env_clear()
            .env("COMPLETE", "fish")
            .current_dir(directory.path());
        let done = command
            .args(["--", "ssm-synth"])
            .args(words)
            .output()
            .unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        let values = text
            .lines()
            .map(|line| line.split('\t').next().unwrap().to_owned());
        values.collect::<Vec<String>>()
    };
    assert!(complete(&[""]).contains(&"synth".to_owned()));
    assert!(complete(&["synth", "--fo"]).contains(&"--format".to_owned()));
    assert!(complete(&["--fo"]).contains(&"--format".to_owned()));
    assert_eq!(complete(&["runbook", "--stack", ""]), ["team"]);
    assert!(complete(&["explain", "endpoint-p"]).contains(&"endpoint-private-dns".to_owned()));
    assert!(complete(&["synth", "--set", "endpoints.z"]).contains(&"endpoints.zones=".to_owned()));
    assert!(complete(&["cost", "--region", "eu-c"]).contains(&"eu-central-1".to_owned()));
    assert_eq!(complete(&["synth", "-f", "cfn-"]), ["cfn-yaml"]);
    if cfg!(feature = "deploy") {
        assert_eq!(complete(&["connect", "w"]), ["web", "worker"]);
    }
}
