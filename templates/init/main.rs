//! The commands of `ssm-synth` for this app: `cargo stacks synth`, `check`, `diff`, `deploy`, ...

fn main() -> std::process::ExitCode {
    ssm_synth::cli::run(__CRATE__::app())
}
