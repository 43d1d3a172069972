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
    assert_eq!(ran.err.matches("is stale").count(), 4, "{}", ran.err);
    assert!(
        ran.out.contains("+++ main.tf (as it would be)"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("+          Value: core"), "{}", ran.out);
    for (args, said) in [
        (
            &["--check", "missing.json"][..],
            "cannot read `missing.json`",
        ),
        (&["--check", "ssm-synth"], "does not tell its format"),
        (
            &["-c", "-", "--check", "stack.json", "main.tf"],
            "read once",
        ),
    ] {
        let ran = run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}

#[test]
fn completions_and_man_pages_list_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&["completions", shell], "");
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{shell}");
        assert!(ran.out.contains("operator-policy"), "{shell}");
    }
    let directory = tempfile::tempdir().unwrap();
    let ran = run_in(directory.path(), &["man", "man1"], b"");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let page = std::fs::read_to_string(directory.path().join("man1/ssm-synth-check.1")).unwrap();
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
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
        (&["--region", "nowhere"], "", 1),
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
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("not UTF-8, at byte 6"), "{}", ran.err);
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
        run_in(directory.path(), &[], b"")
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
        run_in(directory.path(), &["-o", "stack.json", "--name", "b"], b"").code,
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
    assert_eq!(run(&["schema", "--reference"], "").out, page.unwrap());
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
        assert!(line.chars().count() <= 120, "{line}");
    }
}

#[test]
fn operator_policy_prints_a_policy() {
    let ran = run(
        &[
            "operator-policy",
            "--tag",
            "Team=core,web",
            "--document",
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
        &["operator-policy", "--tag", "Team"],
        &["operator-policy", "--instance", "web"],
        &[
            "operator-policy",
            "--instance",
            "i-0123456789abcdef0",
            "--tag",
            "A=b",
        ],
        &["operator-policy", "--tag", "A=b", "--region", "nowhere"],
        &["operator-policy", "--tag", "A=b", "--account", "1"],
    ] {
        let ran = run(args, "");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
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
        ran.out.contains(">team<") && !ran.out.contains("SubnetB"),
        "{}",
        ran.out
    );
    let ran = run(&["runbook", "--zones", "3", "--region", "eu-central-1"], "");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let again = "ssm-synth --format cfn -o stack.json --zones 3 --region eu-central-1\n";
    assert!(ran.out.contains(again), "{}", ran.out);
    let [(_, cfn), ..] = super::documents("default", "");
    let ran = run(&["runbook", "-", "--name", "live"], &cfn);
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
