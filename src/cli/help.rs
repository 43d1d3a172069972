//! The help of the program: commands in groups, and the variant of an embedding program.

use std::fmt::Write as _;

use clap::{Arg, Command};

/// The groups of commands, in the order of the help.
pub(super) const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Author",
        &[
            "init",
            "synth",
            "convert",
            "generate",
            "operator-policy",
            "deployer-policy",
        ],
    ),
    ("Verify", &["check", "explain", "cost"]),
    ("Review", &["diff", "graph", "runbook"]),
    (
        "Operate",
        &["deploy", "status", "connect", "doctor", "destroy"],
    ),
    ("Project", &["schema", "completions"]),
];

/// Exit codes of commands that read a configuration.
pub(super) const EXIT_CODES: &str = "\
Exit codes: 0 success; 1 invalid configuration, or a failure; 2 usage,
unreadable input, or environment";

/// Exit codes of commands that call AWS.
#[cfg(feature = "deploy")]
pub(super) const AWS_EXIT_CODES: &str = "\
Exit codes: 0 success; 1 invalid configuration, failed, or declined; 2 usage,
unreadable input, credentials, or network; 3 in progress; 130 interrupted";

const EXAMPLES: &str = "\
A leading flag implies `synth`:
  ssm-synth --format cfn > stack.json

Deploy with the AWS CLI, and connect:
  aws cloudformation deploy --template-file stack.json --stack-name access \\
    --capabilities CAPABILITY_IAM
  ssm-synth connect main --stack access

Deploy with Terraform:
  ssm-synth --format tf -o main.tf.json
  terraform init && terraform apply

Use an existing VPC, and a setting without a flag:
  ssm-synth --vpc vpc-0123456789abcdef0 --subnets subnet-0123456789abcdef0 \\
    --set endpoints.zones=one

Write a configuration, ssm-synth.yaml:
  name: team
  region: eu-central-1
  network: {cidr: 10.20.0.0/16, zones: 3}
  endpoints: {zones: one, least_privilege: true}
  instances:
    - {name: web}
    - {name: worker, image: ubuntu-24.04}

Print all settings:
  ssm-synth schema -f markdown";

const SHORT_EXAMPLE: &str = "\
A leading flag implies `synth`:
  ssm-synth --format cfn > stack.json";

/// Options and commands that set up a configuration, which an embedding program does not have.
const OPTIONS_OF_CONFIGURATIONS: [&str; 7] = [
    "config",
    "no_config",
    "cidr",
    "zones",
    "vpc",
    "subnets",
    "set",
];
const COMMANDS_OF_CONFIGURATIONS: [&str; 2] = ["schema", "init"];

/// Completes the description of all commands.
pub(super) fn command(all: Command, is_embedded: bool, program: &'static str) -> Command {
    let all = match is_embedded {
        true => embedded(all, program),
        false => all
            .after_help(SHORT_EXAMPLE)
            .after_long_help(format!("{EXAMPLES}\n\n{EXIT_CODES}")),
    };
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {program} [COMMAND] [OPTIONS]\n\n{}\
         Global options:\n{{options}}{{after-help}}",
        groups(&all)
    );
    all.help_template(template)
}

fn embedded(all: Command, program: &'static str) -> Command {
    let hide = |arg: Arg| {
        let is_hidden = OPTIONS_OF_CONFIGURATIONS.contains(&arg.get_id().as_str());
        arg.hide(is_hidden)
    };
    all.name(program)
        .about("Generate, check, deploy and connect to the stacks of this app")
        .after_help(format!(
            "A leading flag implies `synth`:\n  {program} --format cfn -o stacks/\n\n{EXIT_CODES}"
        ))
        .mut_args(hide)
        .mut_subcommands(|command| {
            let is_hidden = COMMANDS_OF_CONFIGURATIONS.contains(&command.get_name());
            let is_hidden = is_hidden || command.is_hide_set();
            command.hide(is_hidden).mut_args(hide)
        })
}

/// Lists the visible commands in their groups.
fn groups(all: &Command) -> String {
    let width = 2 + all
        .get_subcommands()
        .map(|it| it.get_name().len())
        .max()
        .unwrap_or_default();
    let mut out = String::new();
    for (group, names) in GROUPS {
        let commands = names.iter().filter_map(|name| all.find_subcommand(name));
        let mut commands = commands.filter(|it| !it.is_hide_set()).peekable();
        if commands.peek().is_none() {
            continue;
        }
        let _ = writeln!(out, "{group}:");
        for command in commands {
            let about = command.get_about().map(ToString::to_string);
            let _ = writeln!(
                out,
                "  {:<width$}{}",
                command.get_name(),
                about.unwrap_or_default()
            );
        }
        out.push('\n');
    }
    out
}
