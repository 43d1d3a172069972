//! The configuration page, and the command lines that pages contain.

use std::path::{Path, PathBuf};
use std::process::Command;

use ssm_synth::frontend;

#[test]
fn the_configuration_page_contains_each_setting() {
    super::page("docs/reference/configuration.md", &frontend::reference());
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the Markdown files below a directory.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(markdown(&path));
        } else if path.extension().is_some_and(|it| it == "md") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Returns the commands in shell blocks and in code spans of a page.
fn commands(page: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut block: Option<bool> = None;
    let mut open = String::new();
    for line in page.lines() {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            block = match block {
                Some(_) => None,
                None => Some(["sh", "console"].contains(&language)),
            };
            continue;
        }
        match block {
            Some(true) => {
                let line = line.strip_prefix("$ ").unwrap_or(line);
                match line.strip_suffix('\\') {
                    Some(part) => open.push_str(part),
                    None => all.push(std::mem::take(&mut open) + line),
                }
            }
            Some(false) => {}
            None => all.extend(line.split('`').skip(1).step_by(2).map(str::to_owned)),
        }
    }
    all
}

/// Returns the arguments of the program in a command line.
fn arguments(command: &str) -> Option<Vec<String>> {
    // Substitutions and several commands are for a shell.
    let command = command.split([';', '|', '>', '<', '&']).next()?;
    let words = shlex::split(command)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let own = match words.as_slice() {
        // A placeholder for any command.
        ["ssm-synth", "COMMAND", ..] => return None,
        ["ssm-synth", own @ ..] => own,
        ["cargo", "run", rest @ ..] => rest.split(|word| *word == "--").nth(1).unwrap_or(&[]),
        _ => return None,
    };
    Some(own.iter().map(|&word| word.to_owned()).collect())
}

/// `--help` after the arguments makes clap print help or report what it does not know.
#[test]
fn each_documented_command_line_parses() {
    let mut files = markdown(&root().join("docs"));
    files.retain(|file| !file.starts_with(root().join("docs/reference/cli")));
    files.push(root().join("README.md"));
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for command in commands(&text) {
            let Some(arguments) = arguments(&command) else {
                continue;
            };
            // What follows `--` is a command on an instance.
            let arguments = arguments.split(|it| it == "--").next().unwrap_or_default();
            let done = Command::new(env!("CARGO_BIN_EXE_ssm-synth"))
                .args(arguments)
                .arg("--help")
                .output()
                .unwrap();
            count += 1;
            if !done.status.success() {
                let problem = String::from_utf8_lossy(&done.stderr);
                let problem = problem.lines().next().unwrap_or_default();
                wrong.push(format!("{}: `{command}`: {problem}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "only {count} command lines");
}
