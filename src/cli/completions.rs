//! Completion of commands, options and values in shells, and man pages.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::Resettable;
use clap::{Arg, Args as _, CommandFactory, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use clap_mangen::roff::{Roff, roman};

use super::arguments;
use super::context::Context;
use super::failure::Failure;
use super::{Cli, config_file, help, output, synth};
use crate::App;
use crate::frontend::config::Config;
use crate::region::regions;
use crate::resource::Graph;
use crate::resource::Resource;
use crate::{frontend, report};

/// The variable in which a shell asks this program for completions.
const VARIABLE: &str = "COMPLETE";

/// A shell with completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// Bash, 4 or later
    Bash,
    /// Elvish
    Elvish,
    /// Fish
    Fish,
    /// PowerShell
    Powershell,
    /// Zsh
    Zsh,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The script calls this program to complete commands, options, stacks, instances,
codes and settings. Load it when the shell starts, so that both fit.

Examples:
  echo 'source <(ssm-synth completions bash)' >> ~/.bashrc
  echo 'source <(ssm-synth completions zsh)' >> ~/.zshrc
  echo 'ssm-synth completions fish | source' >> ~/.config/fish/config.fish

Exit codes: 0 success; 2 usage")]
pub(super) struct Args {
    /// Shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ssm-synth man ~/.local/share/man/man1

Exit codes: 0 success; 2 usage, or environment")]
pub(super) struct ManArgs {
    /// Directory to write to
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    directory: PathBuf,
}

/// Prints the script that connects a shell to [`complete`].
pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let value = args.shell.to_possible_value();
    let name = value.as_ref().map_or("", |it| it.get_name());
    let shells = Shells::builtins();
    // Every shell is one of these.
    let Some(shell) = shells.completer(name) else {
        return Err(Failure::usage(format!("unknown shell `{name}`")));
    };
    let program = context.program();
    let mut script = Vec::new();
    shell
        .write_registration(
            VARIABLE,
            program,
            program,
            &executable(program),
            &mut script,
        )
        .map_err(|error| Failure::usage(format!("cannot write the script: {error}")))?;
    output::artifact(&String::from_utf8_lossy(&script))
}

/// Returns how a shell starts this program: by name if it was, else by its absolute path.
fn executable(program: &str) -> String {
    let started = std::env::args_os().next().map(PathBuf::from);
    match started.filter(|it| it.components().count() > 1) {
        None => program.to_owned(),
        Some(path) => {
            let path = std::path::absolute(&path).unwrap_or(path);
            path.to_string_lossy().into_owned()
        }
    }
}

/// Writes a man page for each command.
pub(super) fn man(args: &ManArgs, context: &Context) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let shown = args.directory.display();
        Failure::usage(format!("cannot write man pages to `{shown}`: {error}"))
    };
    std::fs::create_dir_all(&args.directory).map_err(failed)?;
    let command = help::command(Cli::command(), context.app().is_some(), context.program());
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let subcommands = command.get_subcommands().filter(|it| !it.is_hide_set());
    let mut commands: Vec<clap::Command> = subcommands.cloned().collect();
    commands.push(command);
    for command in &commands {
        write_page(command, &args.directory).map_err(failed)?;
    }
    output::note(&format!(
        "wrote {} pages to {}",
        commands.len(),
        args.directory.display()
    ));
    Ok(())
}

/// Writes the page of a command. `clap_mangen` would fill the lines of the examples.
fn write_page(command: &clap::Command, directory: &Path) -> std::io::Result<()> {
    let closing = command.get_after_long_help().or(command.get_after_help());
    let closing = closing.map(ToString::to_string).unwrap_or_default();
    let without = command
        .clone()
        .after_help(Resettable::Reset)
        .after_long_help(Resettable::Reset);
    let page = clap_mangen::Man::new(without);
    let mut text = Vec::new();
    page.render(&mut text)?;
    let mut roff = Roff::new();
    let mut heading = "";
    for paragraph in closing.split("\n\n") {
        let (section, lines) = match paragraph.strip_prefix("Examples:\n") {
            Some(lines) => ("EXAMPLES", lines),
            None if paragraph.starts_with("Exit codes:") => ("EXIT STATUS", paragraph),
            None if paragraph.contains("\n  ") => ("EXAMPLES", paragraph),
            None => ("NOTES", paragraph),
        };
        if section != heading {
            heading = section;
            roff.control("SH", [section]);
        } else {
            roff.control("PP", []);
        }
        let mut is_code = false;
        for line in lines.lines() {
            if line.starts_with("  ") != is_code {
                is_code = !is_code;
                roff.control(if is_code { "nf" } else { "fi" }, []);
            }
            roff.text([roman(line)]);
        }
        if is_code {
            roff.control("fi", []);
        }
    }
    roff.to_writer(&mut text)?;
    std::fs::write(directory.join(page.get_filename()), text)
}

/// Whether a shell asks for completions.
pub(super) fn is_requested() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|it| !it.is_empty() && it != "0")
}

/// Prints the completions that a shell asks for.
pub(super) fn complete(app: Option<&App>, program: &'static str) -> ExitCode {
    let command = || description(app, program);
    let done = CompleteEnv::with_factory(command)
        .bin(program)
        .try_complete(std::env::args_os(), std::env::current_dir().ok().as_deref());
    match done {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => arguments::print(&error),
    }
}

/// Describes all commands with the values of this directory.
fn description(app: Option<&App>, program: &'static str) -> clap::Command {
    let names = Names::new(app);
    let mut command = help::command(Cli::command(), app.is_some(), program);
    let subcommands = command.get_subcommands().cloned();
    let subcommands: Vec<clap::Command> = subcommands.collect();
    for subcommand in subcommands {
        let name = subcommand.get_name().to_owned();
        command = command.mut_subcommand(name, |it| it.mut_args(|arg| names.complete(arg)));
    }
    // A leading flag implies `synth`.
    let leading = synth::Args::augment_args(clap::Command::new(""));
    for arg in leading.get_arguments() {
        command = command.arg(names.complete(arg.clone()));
    }
    command.mut_args(|arg| names.complete(arg))
}

/// The names that values can have.
struct Names {
    stacks: Vec<String>,
    instances: Vec<String>,
    settings: Vec<String>,
}

impl Names {
    fn new(app: Option<&App>) -> Names {
        let graph = match app {
            Some(app) => Some(app.graph().clone()),
            None => configured(),
        };
        let graph = graph.unwrap_or_default();
        Names {
            stacks: graph.stacks().map(|it| it.name.clone()).collect(),
            instances: instances(&graph),
            settings: settings(&frontend::schema()),
        }
    }

    /// Adds the values of an option or argument.
    fn complete(&self, arg: Arg) -> Arg {
        let values = match arg.get_id().as_str() {
            "stack" => self.stacks.clone(),
            "instance" => self.instances.clone(),
            "code" => report::codes()
                .iter()
                .map(|it| it.code.to_owned())
                .collect(),
            "region" => regions().iter().map(|it| it.name.to_owned()).collect(),
            "set" => {
                let settings = self.settings.clone();
                // The value follows the `=`.
                let matching = move |current: &OsStr| {
                    let current = current.to_string_lossy();
                    let settings = settings.iter().filter(|it| it.starts_with(&*current));
                    settings.map(CompletionCandidate::new).collect()
                };
                return arg.add(ArgValueCompleter::new(matching));
            }
            _ => return arg,
        };
        arg.add(ArgValueCandidates::new(move || {
            values.iter().map(CompletionCandidate::new).collect()
        }))
    }
}

/// Builds the stack of the configuration, without messages.
fn configured() -> Option<Graph> {
    let environment = std::env::var_os("SSM_SYNTH_CONFIG").filter(|it| !it.is_empty());
    let path = match environment {
        Some(path) => Some(PathBuf::from(path)),
        None => config_file::find().ok()?,
    };
    let text = match &path {
        Some(path) if path != Path::new("-") => std::fs::read_to_string(path).ok()?,
        _ => String::new(),
    };
    let built = Config::read("", &text).ok()?.build().ok()?;
    Some(built.app.graph().clone())
}

/// Returns the names of the instances that `connect` accepts.
fn instances(graph: &Graph) -> Vec<String> {
    let nodes = graph
        .nodes()
        .filter(|(_, node)| matches!(node.resource, Resource::Instance(_)));
    nodes
        .map(|(_, node)| match node.cfn_id.strip_suffix("Instance") {
            Some(name) if !name.is_empty() => name.to_lowercase(),
            _ => node.cfn_id.clone(),
        })
        .collect()
}

/// Returns the paths of all settings of a JSON Schema, each with `=`.
fn settings(schema: &serde_json::Value) -> Vec<String> {
    fn walk(schema: &serde_json::Value, path: &str, out: &mut Vec<String>) {
        let variants = schema["anyOf"].as_array().into_iter().flatten();
        for variant in variants {
            walk(variant, path, out);
        }
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            let path = match path {
                "" => key.clone(),
                path => format!("{path}.{key}"),
            };
            out.push(format!("{path}="));
            walk(inner, &path, out);
        }
    }
    let mut out = Vec::new();
    walk(schema, "", &mut out);
    out.sort();
    out.dedup();
    out
}
