//! The team's program: the commands of `ssm-synth`, for its own app.

fn main() -> std::process::ExitCode {
    ssm_synth::cli::run(team_access::app())
}
