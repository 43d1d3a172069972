//! The examples run, and snapshots contain their output.

use std::path::Path;
use std::process::Command;

use super::goldens::changes;
use super::{documents, golden};

/// Returns the output of an example.
pub(crate) fn run(name: &str, arguments: &[&str]) -> String {
    // They are in a directory next to the program.
    let directory = Path::new(env!("CARGO_BIN_EXE_ssm-synth"))
        .parent()
        .unwrap()
        .join("examples");
    let ran = Command::new(directory.join(name)).args(arguments).output();
    let ran = ran.unwrap_or_else(|error| {
        panic!("{name}: {error}; run `cargo build --examples --all-features` first")
    });
    assert!(
        ran.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn each_example_prints_the_expected_output() {
    let [(_, cfn), (_, yaml), (_, tf), (_, hcl)] = documents("default", "");
    let none = String::new();
    for (name, arguments, default) in [
        ("minimal", &[][..], &cfn),
        ("existing_vpc", &[], &yaml),
        ("many_instances", &[], &hcl),
        ("overrides", &[], &cfn),
        ("overrides", &["hcl"], &hcl),
        ("overrides", &["tf"], &tf),
        ("general_iac", &[], &cfn),
        ("general_iac", &["tf"], &tf),
        ("own_network", &[], &cfn),
        ("own_network", &["hcl"], &hcl),
        ("web_application", &["cfn"], &cfn),
        ("web_application", &["tf"], &tf),
        ("rules", &[], &cfn),
        // These print no stack of their own.
        ("two_regions", &[], &none),
        ("two_regions", &["check"], &none),
        ("stages", &[], &none),
        ("from_cdk", &[], &none),
        ("testing", &[], &none),
    ] {
        let text = changes(default, &run(name, arguments));
        golden("examples", &[&[name], arguments].concat().join("-"), &text);
    }
}

#[test]
fn the_instance_of_the_web_application_needs_no_other_order() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("template.json");
    std::fs::write(&file, run("web_application", &[])).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssm-synth"));
    let done = command.arg("check").arg(&file).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("1 reachable"), "{text}");
    assert!(!text.contains("does not depend on"), "{text}");
}
