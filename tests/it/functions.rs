//! The functions of Terraform that validation knows are those of the version in its messages.

use std::collections::BTreeSet;
use std::process::Command;

/// The source of the list.
const SOURCE: &str = include_str!("../../src/validate/functions.rs");

/// Returns the texts in quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

#[test]
fn the_list_has_each_function_of_terraform() {
    let (head, list) = SOURCE.split_once("ALL: ").unwrap();
    let version = quoted(head).next().unwrap();
    let number = version.strip_prefix("Terraform ").unwrap();
    let printed = format!("Terraform v{number}.");
    if !super::skip::has_version("functions", ("terraform", "-version"), &printed) {
        return;
    }
    let done = Command::new("terraform")
        .args(["metadata", "functions", "-json"])
        .output()
        .unwrap();
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let functions = json["function_signatures"].as_object().unwrap();
    // A name such as `core::abs` is another one of the same function.
    let functions = functions.keys().map(String::as_str);
    let functions: BTreeSet<&str> = functions.filter(|it| !it.contains("::")).collect();
    let known: BTreeSet<&str> = quoted(list).collect();
    assert_eq!(known, functions);
}
