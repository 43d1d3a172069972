//! The rules of the command line, tested over the tree of all commands.

use std::collections::BTreeMap;

use clap::{Arg, Command, CommandFactory};

use super::{Cli, help};

/// Every verb that a command or a switch starts with.
const VERBS: [&str; 28] = [
    "Accept", "Add", "Allow", "Check", "Compare", "Convert", "Create", "Delete", "Deploy",
    "Detect", "Diagnose", "Draw", "Enable", "Estimate", "Exit", "Explain", "Generate", "Ignore",
    "Keep", "List", "Open", "Print", "Report", "Require", "Retain", "Skip", "Wait", "Write",
];

fn tree() -> Command {
    let mut command = help::command(Cli::command(), false, "ssm-synth");
    command.build();
    command
}

fn commands(tree: &Command) -> impl Iterator<Item = &Command> {
    tree.get_subcommands().filter(|it| it.get_name() != "help")
}

/// The arguments of a command, without those of the parser itself.
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    let own = |it: &&Arg| !["help", "version"].contains(&it.get_id().as_str());
    command.get_arguments().filter(own)
}

fn is_switch(arg: &Arg) -> bool {
    !arg.get_action().takes_values() || arg.get_num_args().is_some_and(|it| it.min_values() == 0)
}

fn help_of(arg: &Arg) -> String {
    arg.get_help().map(ToString::to_string).unwrap_or_default()
}

fn starts_with_verb(text: &str) -> bool {
    VERBS.contains(&text.split([' ', ',']).next().unwrap_or_default())
}

#[test]
fn each_command_has_an_example() {
    for command in commands(&tree()) {
        let text = command.get_after_help().map(ToString::to_string);
        let text = text.unwrap_or_default();
        let example = format!("ssm-synth {}", command.get_name());
        let is_example = |line: &str| line.starts_with("  ") && line.contains(&example);
        assert!(
            text.contains("Examples:") && text.lines().any(is_example),
            "{}: {text}",
            command.get_name()
        );
        assert!(
            text.contains("xit code"),
            "{}: exit codes",
            command.get_name()
        );
    }
}

/// Each example is a command line that the parser accepts.
#[test]
fn examples_are_valid() {
    for command in commands(&tree()) {
        let text = command.get_after_help().map(ToString::to_string);
        let text = text.unwrap_or_default().replace("\\\n", " ");
        for line in text.lines().filter(|it| it.starts_with("  ")) {
            for part in line.trim().split(" | ") {
                let Some(words) = part.strip_prefix("ssm-synth ") else {
                    continue;
                };
                let words = words.split(" > ").next().unwrap_or_default();
                let words = words.split_whitespace().map(|it| it.trim_matches('\''));
                let parsed = tree().try_get_matches_from(["ssm-synth"].into_iter().chain(words));
                assert!(parsed.is_ok(), "{part}: {}", parsed.unwrap_err());
            }
        }
    }
}

#[test]
fn every_visible_command_is_in_one_group() {
    let tree = tree();
    let visible = commands(&tree).filter(|it| !it.is_hide_set());
    for command in visible {
        let name = command.get_name();
        let groups = help::GROUPS
            .iter()
            .filter(|(_, names)| names.contains(&name));
        assert_eq!(groups.count(), 1, "{name}");
    }
}

/// A long or short option means the same in every command.
#[test]
fn an_option_has_one_meaning() {
    let tree = tree();
    let mut known: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut values: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    for command in commands(&tree) {
        for arg in arguments(command).filter(|it| !it.is_positional()) {
            let names = arg.get_value_names().unwrap_or_default();
            let long = arg.get_long().unwrap_or_default();
            let mut described =
                format!("--{long} {:?} {names:?} {}", arg.get_short(), help_of(arg));
            for value in arg.get_possible_values() {
                let help = value
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let key = (long.to_owned(), value.get_name().to_owned());
                let of = (command.get_name().to_owned(), help.clone());
                let (other, before) = values.entry(key).or_insert_with(|| of).clone();
                assert_eq!(
                    help,
                    before,
                    "{} and {other}: {value:?}",
                    command.get_name()
                );
                // Each command has its own formats.
                if long != "format" {
                    described.push_str(value.get_name());
                }
            }
            let short = arg.get_short().map(|it| format!("-{it}"));
            for flag in [Some(format!("--{long}")), short].into_iter().flatten() {
                let of = (command.get_name().to_owned(), described.clone());
                let (other, before) = known.entry(flag).or_insert_with(|| of).clone();
                assert_eq!(described, before, "{} and {other}", command.get_name());
            }
        }
    }
}

#[test]
fn help_follows_the_style() {
    let tree = tree();
    let style = |of: &str, text: &str| {
        assert!(!text.is_empty(), "{of}: no help");
        assert!(
            text.chars().count() <= 72,
            "{of}: over 72 characters: {text}"
        );
        assert!(!text.ends_with('.'), "{of}: a period: {text}");
        assert!(text.starts_with(char::is_uppercase), "{of}: {text}");
    };
    for command in commands(&tree) {
        let name = command.get_name();
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        style(name, &about);
        assert!(starts_with_verb(&about), "{name}: no known verb: {about}");
        for arg in arguments(command) {
            let of = format!("{name} {}", arg.get_id());
            let text = help_of(arg);
            style(&of, &text);
            assert_eq!(
                starts_with_verb(&text),
                is_switch(arg),
                "{of}: a switch starts with a verb, a value does not: {text}"
            );
            for value in arg.get_possible_values() {
                let help = value
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                if is_switch(arg) {
                    continue;
                }
                style(&format!("{of} {}", value.get_name()), &help);
            }
        }
    }
}

#[test]
fn help_fits_80_columns() {
    let tree = tree();
    let check = |name: &str, text: String| {
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
    };
    let mut top = tree.clone().term_width(80);
    check("-h", top.render_help().to_string());
    check("--help", top.render_long_help().to_string());
    for command in commands(&tree) {
        let mut command = command.clone().term_width(80);
        let name = command.get_name().to_owned();
        check(&name, command.render_help().to_string());
        check(&name, command.render_long_help().to_string());
    }
}
