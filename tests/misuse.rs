//! What the model makes unrepresentable does not compile, and the compiler says what would.
//!
//! Without features, since the library is compiled for it once more with all that it depends on:
//! `cargo test --no-default-features --test misuse`.

#![cfg(not(feature = "cli"))]
// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used)]

#[test]
fn misuse_does_not_compile() {
    // The messages are those of the compiler that `rust-version` names.
    let version = std::process::Command::new("rustc")
        .arg("-V")
        .output()
        .unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    if !version.starts_with(concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"))) {
        assert!(std::env::var_os("CI").is_none(), "CI has {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/misuse/*.rs");
}
