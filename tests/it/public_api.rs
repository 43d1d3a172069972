//! The public API of the library, line by line.
//!
//! Requires the feature `deploy`, so that no dependency is built again, and a shell for
//! `tests/rustdoc.sh`.

#![cfg(all(unix, feature = "deploy"))]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns a `cargo test` that finds everything built: in the configuration of this test.
pub(crate) fn cargo_test() -> Command {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--quiet", "--offline", "--all-features"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    // With the variables that cargo sets for this test, build scripts of dependencies would run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let kept = ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"];
        if kept.iter().any(|it| name.starts_with(it)) {
            cargo.env_remove(name.as_ref());
        }
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    cargo.arg("--target-dir").arg(target).current_dir(here);
    cargo
}

/// Returns the JSON of rustdoc for the library. Documentation tests pass all dependencies to rustdoc,
/// so `cargo test --doc` runs with `tests/rustdoc.sh` in place of rustdoc.
fn described() -> PathBuf {
    let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("public-api");
    let rustdoc = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rustdoc.sh");
    let done = cargo_test()
        .arg("--doc")
        .env("RUSTDOC", rustdoc)
        .env("PUBLIC_API", &written)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    written.join("ssm_synth.json")
}

/// A search of the documentation finds a type by its names in both languages, and a field by its name
/// in CloudFormation.
fn names_of_both_languages_find_the_types(described: &str) {
    let described: serde_json::Value = serde_json::from_str(described).unwrap();
    let mut aliases = HashSet::new();
    for item in described["index"].as_object().unwrap().values() {
        for attribute in item["attrs"].as_array().into_iter().flatten() {
            let text = attribute["other"].as_str().unwrap_or_default();
            let alias = text.strip_prefix("#[doc(alias = \"");
            if let Some(alias) = alias.and_then(|it| it.strip_suffix("\")]")) {
                let name = item["name"].as_str().unwrap_or_default();
                aliases.insert((name.to_owned(), alias.to_owned()));
            }
        }
    }
    for kind in ssm_synth::resource::KINDS {
        let types = [kind.cfn, kind.tf].map(|alias| (kind.name, alias));
        let fields = kind.fields.iter();
        let fields = fields.flat_map(|it| it.cfn.split('.').map(|alias| (it.name, alias)));
        for (name, alias) in types.into_iter().chain(fields) {
            let found = alias.is_empty() || aliases.contains(&(name.to_owned(), alias.to_owned()));
            assert!(found, "`{alias}` does not find `{name}` of {}", kind.name);
        }
    }
}

/// A deleted or changed line breaks users of the library. A new line is a promise to them.
#[test]
fn public_items_match_the_snapshot() {
    if !super::skip::has_expected_compiler("public_api") {
        return;
    }
    let described = described();
    names_of_both_languages_find_the_types(&std::fs::read_to_string(&described).unwrap());
    let api = public_api::Builder::from_rustdoc_json(described)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .unwrap();
    // An implementation appears under its trait and under its type, and repeats the items of the trait,
    // except the types that it chooses.
    let implementations: HashSet<_> = api
        .items()
        .filter(|item| item.to_string().starts_with("impl") && item.to_string().contains(" for "))
        .map(|item| item.id())
        .collect();
    let mut listed = HashSet::new();
    let mut listing = String::new();
    for item in api.items() {
        let line = item.to_string();
        let repeats = item
            .parent_id()
            .is_some_and(|id| implementations.contains(&id));
        if (!repeats || line.starts_with("pub type")) && listed.insert(line.clone()) {
            listing.push_str(&line);
            listing.push('\n');
        }
    }
    super::golden("public-api", "all-features", &listing);
}
