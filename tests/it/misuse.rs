//! Code that misuses the model does not compile, and the error of the compiler names the fix.

#![cfg(all(unix, feature = "deploy"))]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Returns the library that this test is linked with.
fn library() -> PathBuf {
    let mut cargo = super::public_api::cargo_test();
    let cargo = cargo.args(["--test", "it", "--no-run", "--message-format=json"]);
    let messages = String::from_utf8(cargo.output().unwrap().stdout).unwrap();
    let artifacts = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut files = artifacts
        .filter(|it| it["target"]["name"] == "ssm_synth" && it["profile"]["test"] == false)
        .flat_map(|it| it["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|it| it.as_str().map(PathBuf::from));
    files
        .find(|it| it.extension().is_some_and(|it| it == "rlib"))
        .unwrap()
}

/// Returns the errors of the compiler without lines of the sources.
fn errors(library: &Path, file: &Path) -> String {
    let directory = tempfile::tempdir().unwrap();
    let dependencies = format!("dependency={}", library.parent().unwrap().display());
    let done = Command::new("rustc")
        .args(["--edition=2024", "--emit=metadata", "--error-format=json"])
        .args(["-L", &dependencies, "--extern"])
        .arg(format!("ssm_synth={}", library.display()))
        .arg("--out-dir")
        .arg(directory.path())
        .arg(file)
        .output()
        .unwrap();
    assert!(!done.status.success(), "{} compiles", file.display());
    let mut out = String::new();
    for line in String::from_utf8(done.stderr).unwrap().lines() {
        let error: Value = serde_json::from_str(line).unwrap();
        let Some(code) = error["code"]["code"].as_str() else {
            continue;
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        writeln!(
            out,
            "{}[{code}]: {}",
            text(&error["level"]),
            text(&error["message"])
        )
        .unwrap();
        for span in error["spans"].as_array().into_iter().flatten() {
            // Spans in the library have lines that change.
            if span["label"].is_string() && file.ends_with(text(&span["file_name"])) {
                let (line, column) = (&span["line_start"], &span["column_start"]);
                writeln!(out, "  {line}:{column}: {}", text(&span["label"])).unwrap();
            }
        }
        for child in error["children"].as_array().into_iter().flatten() {
            writeln!(
                out,
                "  {}: {}",
                text(&child["level"]),
                text(&child["message"])
            )
            .unwrap();
        }
    }
    out
}

#[test]
fn misuse_does_not_compile() {
    if !super::skip::has_expected_compiler("misuse") {
        return;
    }
    let library = library();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/misuse");
    for entry in std::fs::read_dir(directory).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy();
        super::golden("misuse", &name, &errors(&library, &file));
    }
}
