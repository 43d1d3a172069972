//! Sets linker options that make the program start faster on Linux.
//!
//! `-no-pie`: a position-independent program must relocate about 16,000 addresses of the AWS SDK at
//! each start. This costs a quarter of the time of `synth`. Libraries, heap and stack still have
//! random addresses.
//!
//! `gcc_eh`: loading `libgcc_s` takes longer than a reachability check of a stack.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bin=ssm-synth=-no-pie");
        // This option also applies to programs that link the library, so only the `cli` feature sets it.
        if std::env::var_os("CARGO_FEATURE_CLI").is_some() {
            println!("cargo::rustc-link-lib=gcc_eh");
        }
    }
}
