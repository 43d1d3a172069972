//! Links the program so that it starts fast on Linux.
//!
//! At a fixed address: the AWS SDK brings some 16,000 addresses that a position-independent
//! program must fill in at each start, which costs a synthesis a quarter of its time. Libraries,
//! heap and stack stay where chance puts them.
//!
//! With the unwinder inside: loading `libgcc_s` takes longer than the proof of a stack.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bin=ssm-synth=-no-pie");
        // This one goes to the library, and so to whoever links it: only with the command line.
        if std::env::var_os("CARGO_FEATURE_CLI").is_some() {
            println!("cargo::rustc-link-lib=gcc_eh");
        }
    }
}
