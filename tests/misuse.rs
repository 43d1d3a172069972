//! Code that misuses the model does not compile, and the error of the compiler names the fix.
//!
//! Runs without features, since the test compiles the library and its dependencies again:
//! `cargo test --no-default-features --test misuse`.

#![cfg(not(feature = "cli"))]
// A failing setup step panics.
#![allow(clippy::unwrap_used)]

#[path = "it/skip.rs"]
mod skip;

#[test]
fn misuse_does_not_compile() {
    if skip::has_expected_compiler("misuse") {
        trybuild::TestCases::new().compile_fail("tests/misuse/*.rs");
    }
}
