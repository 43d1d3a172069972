//! The program as its users run it.

use std::io::Write;
use std::process::{Command, Stdio};

struct Ran {
    out: String,
    err: String,
    code: i32,
}

fn run_in(folder: &std::path::Path, args: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ssm-synth"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments reads nothing.
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
fn what_is_too_large_for_cloudformation_is_printed_for_terraform() {
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
fn a_problem_leaves_standard_output_empty() {
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
fn a_file_that_is_not_text_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run_in(folder.path(), &["-c", "-"], b"name: \xff\n");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("not UTF-8, at byte 6"), "{}", ran.err);
}

#[test]
fn an_error_shows_its_line() {
    let ran = run(&["-c", "-"], "# é\nnetwork:\n  cidr: 10.0.0.5/16\n");
    insta::assert_snapshot!(ran.err, @r"
    error[setting]: `network.cidr`: `10.0.0.5/16` has bits set behind its prefix; the range is `10.0.0.0/16`
     --> -:3:9
      |
    3 |   cidr: 10.0.0.5/16
      |         ^^^^^^^^^^^
      |
      = help: write a range such as `10.0.0.0/16`
    ");
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
fn the_file_in_the_folder_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ssm-synth.yaml"), "name: here\n").unwrap();
    assert!(
        run_in(folder.path(), &[], b"")
            .out
            .contains("here-network-vpc")
    );
}

#[test]
fn a_file_is_written_only_if_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stack.json");
    assert_eq!(run_in(folder.path(), &["-o", "stack.json"], b"").code, 0);
    let first = std::fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(run_in(folder.path(), &["-o", "stack.json"], b"").code, 0);
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), first);
    let text = std::fs::read_to_string(&path).unwrap();
    let bad = run_in(folder.path(), &["-o", "stack.json", "--cidr", "x"], b"");
    assert_eq!(bad.code, 1);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert_eq!(
        run_in(folder.path(), &["-o", "stack.json", "--name", "b"], b"").code,
        0
    );
    assert_ne!(std::fs::read_to_string(&path).unwrap(), text);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_reader_may_stop_early() {
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
        "/docs/configuration.md"
    ));
    assert_eq!(run(&["schema", "--reference"], "").out, page.unwrap());
    let schema: serde_json::Value = serde_json::from_str(&run(&["schema"], "").out).unwrap();
    assert_eq!(schema["additionalProperties"], false);
}
