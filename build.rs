//! Links the program at a fixed address on Linux.
//!
//! The AWS SDK brings some 16,000 addresses that a position-independent program must fill in at
//! each start, which costs a synthesis a quarter of its time. Libraries, heap and stack stay
//! where chance puts them.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bin=ssm-synth=-no-pie");
    }
}
