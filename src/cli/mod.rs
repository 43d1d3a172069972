//! The command line: arguments, files, and all that is printed.

mod app;
mod assembly;
#[cfg(feature = "deploy")]
mod aws;
mod check;
#[cfg(feature = "deploy")]
mod connect;
mod convert;
mod cost;
#[cfg(feature = "deploy")]
mod deploy;
#[cfg(feature = "deploy")]
mod deployed;
#[cfg(feature = "deploy")]
mod destroy;
mod diagnostics;
mod diff;
#[cfg(feature = "deploy")]
mod doctor;
mod graph;
mod init;
mod input;
mod man;
mod operator_policy;
mod output;
#[cfg(feature = "deploy")]
mod planned;
#[cfg(feature = "deploy")]
mod progress;
mod runbook;
mod settings;
#[cfg(feature = "deploy")]
mod source;
#[cfg(feature = "deploy")]
mod status;
mod synth;

use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::backend::Format;

const EXIT_CODES: &str =
    "Exit codes: 0 done; 1 the configuration or a check failed; 2 usage or environment.";

const EXAMPLES: &str = "\
CloudFormation, and a session:
  ssm-synth --format cfn > stack.json
  aws cloudformation deploy --template-file stack.json --stack-name access \\
    --capabilities CAPABILITY_IAM
  aws cloudformation describe-stacks --stack-name access --query 'Stacks[0].Outputs'
  aws ssm start-session --target INSTANCE_ID

Terraform:
  ssm-synth --format tf -o main.tf.json
  terraform init && terraform apply

An existing network, and a setting that has no flag of its own:
  ssm-synth --vpc vpc-0123456789abcdef0 --subnets subnet-0123456789abcdef0 --set endpoints.zones=one

A configuration, ssm-synth.yaml:
  name: team
  region: eu-central-1
  network: {cidr: 10.20.0.0/16, zones: 3}
  endpoints: {zones: one, least_privilege: true}
  instances:
    - {name: web, instance_type: t4g.small}
    - {name: worker, image: ubuntu-24.04, subnet_index: 1}

All settings, with their defaults and meanings:
  ssm-synth schema --reference";

/// Synthesizes CloudFormation or Terraform for private EC2 instances that AWS Systems Manager
/// Session Manager reaches: no inbound port, no bastion, no key, no internet.
///
/// Without a configuration it prints a complete stack: a VPC with private subnets in two zones,
/// the endpoints that the agent needs, and one instance.
#[derive(Debug, Parser)]
#[command(
    name = "ssm-synth",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{EXIT_CODES}\n\n{EXAMPLES}"))]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    synth: synth::Args,
    #[command(flatten)]
    verbosity: output::Verbosity,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the stack (also without this word)
    Synth(Box<synth::Args>),
    /// Prove that Session Manager will reach the instances of a file, or name the hop that fails
    Check(Box<check::Args>),
    /// Explain a hop of the proof: what it checks, what fails, what mends it
    Explain {
        /// The code, such as `endpoint-private-dns`
        code: String,
        /// How to print it
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        output: ReportFormat,
    },
    /// Estimate what the stack costs a month by list prices, and the cheaper ways beside it
    Cost(Box<cost::Args>),
    /// Draw the stack: its network, the agent's path with the proof's verdicts, the sequence to a shell
    Graph(Box<graph::Args>),
    /// Write a runbook for the stack: deploy, connect, forward, verify, troubleshoot, tear down
    Runbook(Box<runbook::Args>),
    /// Deploy the stack, or a template, by CloudFormation: show the changes, ask, watch
    #[cfg(feature = "deploy")]
    Deploy(Box<deploy::Args>),
    /// Tell what a change means: access, sessions, what is replaced, property by property
    Diff(Box<diff::Args>),
    /// Tell the state of the stack, its instances and their agents, and why one is not online
    #[cfg(feature = "deploy")]
    Status(Box<status::Args>),
    /// Open a session: a shell, a command, a forwarded port
    #[cfg(feature = "deploy")]
    Connect(Box<connect::Args>),
    /// Look at everything between you and the shell: tools, credentials, permissions, stack, agent
    #[cfg(feature = "deploy")]
    Doctor(Box<doctor::Args>),
    /// Delete the stack: show what goes and what stays, ask, watch
    #[cfg(feature = "deploy")]
    Destroy(Box<destroy::Args>),
    /// Print the IAM policy of who may open sessions, for a role or a permission set
    OperatorPolicy(operator_policy::Args),
    /// Write a cloud assembly: the templates and a manifest, which `cdk` takes for an app's output
    Assembly(Box<assembly::Args>),
    /// Print the names of the stacks, in the order of deployment
    List(assembly::ListArgs),
    /// Write a template as Terraform, or a plan as a template, with what imports a live stack
    Convert(convert::Args),
    /// Make a crate of your own, or a configuration, with tests and a workflow
    Init(init::Args),
    /// Print what a shell needs to complete commands and options
    ///
    /// For example: `ssm-synth completions bash > ~/.local/share/bash-completion/completions/ssm-synth`.
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write man pages, one for each command
    Man {
        /// The folder, such as ~/.local/share/man/man1; it is made if it is not there
        #[arg(value_name = "FOLDER")]
        directory: std::path::PathBuf,
    },
    /// Print the JSON Schema of the configuration file
    Schema {
        /// The schema of `check --output json` instead
        #[arg(long, conflicts_with = "reference")]
        check: bool,
        /// Print the reference page in Markdown instead
        #[arg(long)]
        reference: bool,
    },
}

/// The formats of a document, by the words of the command line.
const FORMATS: [(&str, &str, Format); 4] = [
    ("cfn", "CloudFormation as JSON", Format::Cfn),
    ("cfn-yaml", "CloudFormation as YAML", Format::CfnYaml),
    (
        "tf",
        "Terraform as JSON, for a file `main.tf.json`",
        Format::Tf,
    ),
    ("hcl", "Terraform as HCL, for a file `main.tf`", Format::Hcl),
];

/// Reads a format; the library's type does not know of the argument parser.
fn format() -> impl TypedValueParser<Value = Format> {
    let words = FORMATS.map(|(word, help, _)| PossibleValue::new(word).help(help));
    PossibleValuesParser::new(words).map(|word| {
        let known = FORMATS.iter().find(|(it, ..)| *it == word);
        // The parser lets no other word through.
        known.map_or(Format::Cfn, |(.., format)| *format)
    })
}

/// How something is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How a command ended, if not well.
#[derive(Debug)]
enum Failure {
    /// The input or a check failed; the diagnostics are printed.
    Input,
    /// A file cannot be read; the diagnostics are printed.
    Unreadable,
    /// The answer is that the file does not decide.
    Unknown,
    /// The user stopped it; that is said.
    #[cfg(feature = "deploy")]
    Interrupted,
    /// Usage or environment, and what to say of it.
    Environment(String),
}

/// The arguments of a synthesis alone, which is what runs in every commit hook: building the
/// description of all commands takes longer than making the stack.
#[derive(Debug, Parser)]
#[command(name = "ssm-synth", disable_help_flag = true)]
struct Synth {
    #[command(flatten)]
    synth: synth::Args,
    #[command(flatten)]
    verbosity: output::Verbosity,
}

/// Reads the arguments; help and mistakes are told of all commands.
fn arguments() -> Result<Cli, clap::Error> {
    if app::current().is_some() {
        let matches = app::command(Cli::command()).try_get_matches()?;
        return Cli::from_arg_matches(&matches);
    }
    let command = std::env::args_os().nth(1);
    let is_flag = |it: std::ffi::OsString| it.as_encoded_bytes().starts_with(b"-");
    if command.is_none_or(is_flag)
        && let Ok(Synth {
            synth,
            verbosity: loudness,
        }) = Synth::try_parse()
    {
        return Ok(Cli {
            command: None,
            synth,
            verbosity: loudness,
        });
    }
    Cli::try_parse()
}

/// Runs a program of your own, with the commands of `ssm-synth` for your own app: `synth`, `check`,
/// `diff`, `deploy`, `status`, `connect` and all others. Its `main` is this line.
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
    app::set(app);
    main()
}

/// Runs `ssm-synth` itself.
#[doc(hidden)]
pub fn main() -> ExitCode {
    let cli = match arguments() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are what was asked for, and go to standard output.
            let asked = !error.use_stderr();
            let text = error.render().ansi().to_string();
            let _ = if asked {
                output::stdout(&text)
            } else {
                output::stderr(&text)
            };
            return ExitCode::from(if asked { 0 } else { 2 });
        }
    };
    cli.verbosity.set();
    let done = match cli.command {
        None => synth::run(&cli.synth),
        Some(Command::Synth(args)) => synth::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Graph(args)) => graph::run(&args),
        Some(Command::Runbook(args)) => runbook::run(&args),
        Some(Command::Explain { code, output }) => check::explain(&code, output),
        Some(Command::Cost(args)) => cost::run(&args),
        #[cfg(feature = "deploy")]
        Some(Command::Deploy(args)) => deploy::run(&args),
        Some(Command::Diff(args)) => diff::run(&args),
        #[cfg(feature = "deploy")]
        Some(Command::Status(args)) => status::run(&args),
        #[cfg(feature = "deploy")]
        Some(Command::Connect(args)) => connect::run(&args),
        #[cfg(feature = "deploy")]
        Some(Command::Doctor(args)) => doctor::run(&args),
        #[cfg(feature = "deploy")]
        Some(Command::Destroy(args)) => destroy::run(&args),
        Some(Command::OperatorPolicy(args)) => operator_policy::run(&args),
        Some(Command::Assembly(args)) => assembly::run(&args),
        Some(Command::List(args)) => assembly::list(&args),
        Some(Command::Convert(args)) => convert::run(&args),
        Some(Command::Init(args)) => init::run(&args),
        Some(Command::Completions { shell }) => man::completions(shell),
        Some(Command::Man { directory }) => man::man(&directory),
        Some(Command::Schema { check: true, .. }) => output::artifact(&crate::report::schema()),
        Some(Command::Schema {
            reference: true, ..
        }) => output::artifact(&crate::frontend::reference()),
        Some(Command::Schema { .. }) => {
            output::artifact(&format!("{:#}\n", crate::frontend::schema()))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Input) => ExitCode::from(1),
        Err(Failure::Unreadable) => ExitCode::from(2),
        Err(Failure::Unknown) => ExitCode::from(3),
        #[cfg(feature = "deploy")]
        Err(Failure::Interrupted) => ExitCode::from(130),
        Err(Failure::Environment(message)) => {
            output::error(&message);
            ExitCode::from(2)
        }
    }
}
