//! Code that misuses the model does not compile, and the error of the compiler names the fix.
//!
//! In this crate, since the test compiles all dependencies again, and those of the package are many.

#[path = "../../it/skip.rs"]
mod skip;

#[test]
fn misuse_does_not_compile() {
    if skip::has_expected_compiler("misuse") {
        trybuild::TestCases::new().compile_fail("tests/misuse/*.rs");
    }
}
