//! The command line: arguments, files, and all messages.

mod arguments;
mod assembly;
#[cfg(feature = "deploy")]
mod aws;
mod check;
mod completions;
mod config_file;
mod configuration;
#[cfg(feature = "deploy")]
mod connect;
mod context;
mod convert;
mod cost;
#[cfg(feature = "deploy")]
mod deploy;
mod deployer_policy;
#[cfg(feature = "deploy")]
mod destroy;
mod diagnostics;
mod diff;
#[cfg(feature = "deploy")]
mod doctor;
mod explain;
mod failure;
mod format;
mod generate;
mod global;
#[cfg(test)]
mod grammar;
mod graph;
mod help;
mod init;
mod input;
mod operator_policy;
mod output;
#[cfg(feature = "deploy")]
mod permissions;
#[cfg(feature = "deploy")]
mod planned;
#[cfg(feature = "deploy")]
mod preflight;
#[cfg(feature = "deploy")]
mod progress;
mod region;
mod runbook;
mod schema;
mod settings;
#[cfg(feature = "deploy")]
mod source;
#[cfg(feature = "deploy")]
mod status;
mod synth;
#[cfg(feature = "deploy")]
mod wait_line;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use arguments::Start;
use context::Context;
use failure::Failure;
use global::GlobalArgs;

/// Generate, check and deploy EC2 instances for Session Manager
#[derive(Debug, Parser)]
#[command(name = "ssm-synth", version, max_term_width = 80)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: GlobalArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a configuration or a Rust crate with a workflow
    Init(init::Args),
    /// Generate a CloudFormation template or Terraform configuration
    Synth(Box<synth::Args>),
    /// Convert a template to Terraform, or a plan to a template
    Convert(convert::Args),
    /// Generate Rust source of a resource type for your own stacks
    Generate(generate::Args),
    /// Generate an IAM policy for operators, who open sessions
    OperatorPolicy(operator_policy::Args),
    /// Generate an IAM policy for deployers, who create stacks
    DeployerPolicy(Box<deployer_policy::Args>),
    /// Check that Session Manager can reach each instance
    Check(Box<check::Args>),
    /// Explain a hop or an error code, or list all codes
    Explain(explain::Args),
    /// Estimate the cost per month at list prices
    Cost(Box<cost::Args>),
    /// Compare two versions: access, sessions and replaced resources
    Diff(Box<diff::Args>),
    /// Draw the network, the connection of SSM Agent and the session
    Graph(Box<graph::Args>),
    /// Write a runbook with the commands for the stack
    Runbook(Box<runbook::Args>),
    /// Deploy a stack with CloudFormation after a confirmation
    #[cfg(feature = "deploy")]
    Deploy(Box<deploy::Args>),
    /// Report the state of a stack, its instances and their agents
    #[cfg(feature = "deploy")]
    Status(Box<status::Args>),
    /// Open a shell, run a command, or forward a port
    #[cfg(feature = "deploy")]
    Connect(Box<connect::Args>),
    /// Diagnose tools, credentials, permissions, stack and agents
    #[cfg(feature = "deploy")]
    Doctor(Box<doctor::Args>),
    /// Delete a stack after a confirmation
    #[cfg(feature = "deploy")]
    Destroy(Box<destroy::Args>),
    /// Print a JSON Schema, or the reference of all settings
    Schema(schema::Args),
    /// Print the completion script of a shell
    Completions(completions::Args),
    /// Write man pages, one per command
    #[command(hide = true)]
    Man(completions::ManArgs),
}

/// Runs a program with the commands of `ssm-synth` for your own app: `synth`, `check`, `diff`,
/// `deploy`, `status`, `connect` and all others. Its `main` is this line.
///
/// ```no_run
/// use ssm_synth::{App, SessionAccess};
///
/// fn main() -> std::process::ExitCode {
///     let mut app = App::new();
///     app.stack("Access").add_inline(SessionAccess::new());
///     ssm_synth::cli::run(app)
/// }
/// ```
pub fn run(app: crate::App) -> ExitCode {
    start(Some(app))
}

/// Runs `ssm-synth` itself.
#[doc(hidden)]
pub fn main() -> ExitCode {
    start(None)
}

fn start(app: Option<crate::App>) -> ExitCode {
    let program = arguments::program(app.is_some());
    if completions::is_requested() {
        return completions::complete(app.as_ref(), program);
    }
    let (global, run) = match arguments::parse(app.is_some(), program) {
        Ok(Start::Synth(global, args)) => (global, Command::Synth(args)),
        Ok(Start::Command(cli)) => (cli.global, cli.command),
        Err(code) => return code,
    };
    global.verbosity.apply();
    let context = Context::new(app, program, global);
    match execute(run, &context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output::finish(failure),
    }
}

fn execute(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Init(args) => init::run(&args, context),
        Command::Synth(args) => synth::run(&args, context),
        Command::Convert(args) => convert::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::OperatorPolicy(args) => operator_policy::run(&args),
        Command::DeployerPolicy(args) => deployer_policy::run(&args, context),
        Command::Check(args) => check::run(&args, context),
        Command::Explain(args) => explain::run(&args),
        Command::Cost(args) => cost::run(&args, context),
        Command::Diff(args) => diff::run(&args, context),
        Command::Graph(args) => graph::run(&args, context),
        Command::Runbook(args) => runbook::run(&args, context),
        #[cfg(feature = "deploy")]
        Command::Deploy(args) => deploy::run(&args, context),
        #[cfg(feature = "deploy")]
        Command::Status(args) => status::run(&args, context),
        #[cfg(feature = "deploy")]
        Command::Connect(args) => connect::run(&args, context),
        #[cfg(feature = "deploy")]
        Command::Doctor(args) => doctor::run(&args, context),
        #[cfg(feature = "deploy")]
        Command::Destroy(args) => destroy::run(&args, context),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => completions::run(&args, context),
        Command::Man(args) => completions::man(&args, context),
    }
}
