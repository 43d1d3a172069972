//! What shells and `man` are told of the commands.

use std::path::Path;

use clap::CommandFactory;

use super::{Cli, Failure, app, output};

pub(super) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    let mut command = app::command(Cli::command());
    clap_complete::generate(shell, &mut command, app::program(), &mut text);
    // The names and descriptions are this program's own.
    output::artifact(&String::from_utf8_lossy(&text))
}

pub(super) fn man(directory: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let shown = directory.display();
        Failure::Environment(format!("cannot write man pages into `{shown}`: {error}"))
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(app::command(Cli::command()), directory).map_err(failed)
}
