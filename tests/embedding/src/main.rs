//! The program of the team: the commands of `ssm-synth` for the team's app.

fn main() -> std::process::ExitCode {
    ssm_synth::cli::run(team_access::app())
}
