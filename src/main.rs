//! The command-line program; the library module `cli` implements it.

fn main() -> std::process::ExitCode {
    ssm_synth::cli::main()
}
