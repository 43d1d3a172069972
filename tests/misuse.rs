//! What the model makes unrepresentable does not compile, and the compiler says what would.
//!
//! Without features, since the library is compiled for it once more with all that it depends on:
//! `cargo test --no-default-features --test misuse`.

#![cfg(not(feature = "cli"))]
// A failed setup step ends the test by panicking.
#![allow(clippy::unwrap_used)]

#[path = "it/skip.rs"]
mod skip;

#[test]
fn misuse_does_not_compile() {
    if skip::has_expected_compiler("misuse") {
        trybuild::TestCases::new().compile_fail("tests/misuse/*.rs");
    }
}
