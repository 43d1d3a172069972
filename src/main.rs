//! The command line tool; all of it is in the library's `cli`.

fn main() -> std::process::ExitCode {
    ssm_synth::cli::main()
}
