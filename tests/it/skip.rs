//! Tests that need a tool that is not installed here.

use std::io::Write as _;

/// Returns whether the compiler is the one in `rust-version`. Messages and rustdoc JSON of other
/// compilers differ.
///
/// Reports the test as skipped otherwise.
///
/// # Panics
///
/// In CI, where every tool must exist.
pub(crate) fn has_expected_compiler(test: &str) -> bool {
    let expected = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"));
    has_version(test, ("rustc", "-V"), expected)
}

/// Returns whether a program prints an expected version. Reports the test as skipped otherwise.
///
/// # Panics
///
/// In CI, where every tool must exist.
pub(crate) fn has_version(test: &str, (program, option): (&str, &str), expected: &str) -> bool {
    let done = std::process::Command::new(program).arg(option).output();
    let version = done.map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned());
    let version = version.unwrap_or_else(|error| error.to_string());
    if version.starts_with(expected) {
        return true;
    }
    let version = version.lines().next().unwrap_or_default();
    let reason = format!("needs {expected}, found {version}");
    assert!(std::env::var_os("CI").is_none(), "{test}: {reason}");
    // The test harness hides the output of `eprintln!` in a passing test.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "skipped {test}: {reason}").unwrap();
    // The summary of `tests/all.sh` lists this file.
    if let Some(path) = std::env::var_os("SKIPPED_TESTS") {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        writeln!(file, "{test}: {reason}").unwrap();
    }
    false
}
