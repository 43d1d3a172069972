//! Integration tests: one binary with a module for each subject.

// A failing setup step panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod agreement;
mod application;
mod assertions;
mod check_coverage;
mod cli;
mod commands;
mod conditions;
mod conversions;
mod convert;
mod corpus;
mod cost;
mod coverage;
mod dependencies;
mod diagnostics;
mod diff;
mod diff_gates;
mod diff_page;
mod documents;
mod edits;
mod escape_hatches;
mod examples;
mod facts;
mod functions;
mod gathered;
mod generate;
mod goldens;
mod graph;
mod hops;
mod languages;
mod layers;
mod library;
mod lines;
mod linked;
mod misuse;
mod module_references;
mod modules;
mod names;
mod order;
mod pages;
mod parameters;
mod parts;
mod places;
mod plan_files;
mod printed;
mod properties;
mod public_api;
mod public_subnets;
mod raw_models;
mod readers;
mod refused;
mod refused_overrides;
mod refused_values;
mod regions;
mod removal_policies;
mod schemas;
mod skip;
mod suppressions;
mod team_app;
mod threads;
mod twice;

use std::path::{Path, PathBuf};

use ssm_synth::backend;
use ssm_synth::frontend::config::{BuiltConfig, Config};

/// The configurations of all tests.
pub(crate) fn cases() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    paths.iter().map(read).collect()
}

pub(crate) fn built(name: &str, text: &str) -> BuiltConfig {
    Config::read(name, text)
        .and_then(|config| config.build())
        .unwrap_or_else(|diagnostics| panic!("{name}: {diagnostics}"))
}

/// Returns the documents of a configuration by format.
pub(crate) fn documents(name: &str, text: &str) -> [(&'static str, String); 4] {
    let built = built(name, text);
    let validated = built
        .app
        .validate()
        .unwrap_or_else(|diagnostics| panic!("{name}: {diagnostics}"));
    let template = backend::cfn::template(&validated, &built.stack).unwrap();
    let module =
        backend::tf::module(&validated, &built.stack, backend::tf::ModuleKind::Root).unwrap();
    [
        ("cfn", template.to_json()),
        ("cfn-yaml", template.to_yaml()),
        ("tf", module.to_json()),
        ("hcl", module.to_hcl()),
    ]
}

/// Compares a generated page with its file. `UPDATE_PAGES=1` writes the file.
pub(crate) fn page(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == text,
        "{path} is out of date: run `bash tests/all.sh fix`\n{}",
        goldens::changes(&found, text)
    );
}

/// Compares text with `tests/snapshots/<directory>/<name>.snap`.
pub(crate) fn golden(directory: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../snapshots/{directory}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
