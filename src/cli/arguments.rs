//! The command line, parsed: a leading flag implies `synth`, and shared options work before the
//! command too.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};

use super::failure::Failure;
use super::global::GlobalArgs;
use super::{Cli, help, output, synth};

/// A parsed command line.
#[derive(Debug)]
pub(super) enum Start {
    Synth(GlobalArgs, Box<synth::Args>),
    Command(Box<Cli>),
}

/// The arguments of `synth` alone. It runs in every commit hook, and building the description of all
/// commands takes longer than generating a stack.
#[derive(Debug, Parser)]
#[command(name = "ssm-synth", disable_help_flag = true)]
struct Synth {
    #[command(flatten)]
    synth: synth::Args,
    #[command(flatten)]
    global: GlobalArgs,
}

/// The options of AWS commands that are moved behind the command. Each has a value.
const AWS_OPTIONS: [&str; 3] = ["--region", "--profile", "--endpoint-url"];

/// The other options with a value that are also valid before the command.
const GLOBAL_OPTIONS: [&str; 3] = ["--config", "--color", "--message-format"];

/// What a command line starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    Nothing,
    /// Help or version of the whole program.
    Program,
    /// A flag of `synth` without a command.
    Implied,
    /// The index of the command.
    Command(usize),
}

/// Returns the name of the program: of an embedding program, as it was started.
pub(super) fn program(is_embedded: bool) -> &'static str {
    let started = std::env::args_os().next().filter(|_| is_embedded);
    let name = started.as_deref().map(Path::new).and_then(Path::file_stem);
    match name {
        // The parser keeps names for the lifetime of the process.
        Some(name) => name.to_string_lossy().into_owned().leak(),
        None => "ssm-synth",
    }
}

/// Parses the arguments of this process. Prints help and errors, and returns their exit code.
pub(super) fn parse(is_embedded: bool, program: &'static str) -> Result<Start, ExitCode> {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let command = || help::command(Cli::command(), is_embedded, program);
    let lead = lead(&words);
    match lead {
        Lead::Nothing => {
            let text = command().render_help().ansi().to_string();
            let _ = output::stderr(&text);
            return Err(ExitCode::from(2));
        }
        Lead::Implied => words.insert(1, "synth".into()),
        Lead::Command(index) => move_behind_command(&mut words, index),
        Lead::Program => {}
    }
    if words.get(1).is_some_and(|it| it == "synth") {
        let rest = words[..1].iter().chain(&words[2..]);
        if let Ok(Synth { synth, global }) = Synth::try_parse_from(rest) {
            return match lead {
                Lead::Implied if synth.is_check() => {
                    let failure = Failure::usage("`--check` requires the command `synth`")
                        .with_help(format!("run `{program} synth --check FILE`"));
                    Err(super::output::finish(failure))
                }
                _ => Ok(Start::Synth(global, Box::new(synth))),
            };
        }
    }
    let parsed = command()
        .try_get_matches_from(words)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok(Start::Command(Box::new(cli))),
        Err(error) => Err(print(&error)),
    }
}

/// Prints help, a version or an error of the parser.
pub(super) fn print(error: &clap::Error) -> ExitCode {
    let text = error.render().ansi().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = output::stdout(&text);
            ExitCode::SUCCESS
        }
        _ => {
            let _ = output::stderr(&text);
            ExitCode::from(2)
        }
    }
}

/// Returns the name of an option before its value, if it is one of these, and whether the value is
/// the next word.
fn option<'a>(word: &str, options: &[&'a str]) -> Option<(&'a str, bool)> {
    options.iter().find_map(|option| {
        let rest = word.strip_prefix(option)?;
        (rest.is_empty() || rest.starts_with('=')).then_some((*option, rest.is_empty()))
    })
}

/// Finds what the words start.
fn lead(words: &[OsString]) -> Lead {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        at += 1;
        if !is_flag(word) {
            return Lead::Command(at - 1);
        }
        let Some(word) = word.to_str() else {
            return Lead::Implied;
        };
        let known = option(word, &AWS_OPTIONS).or_else(|| option(word, &GLOBAL_OPTIONS));
        match (word, known) {
            ("--help" | "-h" | "--version" | "-V", _) => return Lead::Program,
            (_, Some((_, true))) => at += 1,
            (_, Some((_, false))) | ("--no-config" | "--quiet" | "--verbose", _) => {}
            (word, _) if word.starts_with("--") => return Lead::Implied,
            (word, _) => match short_flags(&word[1..]) {
                Some(needs_value) => at += usize::from(needs_value),
                None => return Lead::Implied,
            },
        }
    }
    match words.len() {
        0 | 1 => Lead::Nothing,
        _ => Lead::Implied,
    }
}

/// Returns whether a cluster of global short flags needs a value, or nothing if a flag is another.
fn short_flags(flags: &str) -> Option<bool> {
    for (at, flag) in flags.char_indices() {
        match flag {
            'q' | 'v' => {}
            'c' => return Some(at + 1 == flags.len()),
            _ => return None,
        }
    }
    Some(false)
}

fn is_flag(word: &OsStr) -> bool {
    let bytes = word.as_encoded_bytes();
    bytes.starts_with(b"-") && bytes.len() > 1
}

/// Moves the options of AWS commands that are before the command to the end. The parser itself
/// accepts the global options in both places.
fn move_behind_command(words: &mut Vec<OsString>, command: usize) {
    let mut leading: Vec<OsString> = words.drain(1..=command).collect();
    let name = leading.pop();
    let (mut before, mut behind) = (Vec::new(), Vec::new());
    let mut leading = leading.into_iter();
    while let Some(word) = leading.next() {
        match word.to_str().and_then(|it| option(it, &AWS_OPTIONS)) {
            Some((_, needs_value)) => {
                behind.push(word);
                behind.extend(leading.next().filter(|_| needs_value));
            }
            None => before.push(word),
        }
    }
    // The fast path of `synth` needs the command first; its parser knows the global options.
    let mut order = match name.as_deref() == Some(OsStr::new("synth")) {
        true => Vec::new(),
        false => std::mem::take(&mut before),
    };
    order.extend(name);
    order.extend(before);
    order.extend(behind);
    words.splice(1..1, order);
}
