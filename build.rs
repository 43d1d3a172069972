//! Links the unwinder statically on Linux: loading `libgcc_s` takes longer than a reachability
//! check of a stack.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it == value);
    // This option also applies to programs that link the library, so only the `cli` feature sets it.
    if is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && std::env::var_os("CARGO_FEATURE_CLI").is_some()
    {
        println!("cargo::rustc-link-lib=gcc_eh");
    }
}
