//! The options of every command.

use std::path::PathBuf;
use std::sync::OnceLock;

use clap::ValueEnum;

/// The heading of these options in the help.
const HEADING: &str = "Global options";

/// The options that every command accepts, before and after its name.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct GlobalArgs {
    /// Configuration file; `-` reads stdin [env: SSM_SYNTH_CONFIG]
    #[arg(short, long, global = true, help_heading = HEADING, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Ignore the configuration file
    #[arg(long, global = true, help_heading = HEADING, conflicts_with = "config")]
    pub(super) no_config: bool,
    #[command(flatten)]
    pub(super) verbosity: Verbosity,
}

/// Options for messages on standard error.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Verbosity {
    /// Print only errors and prompts to stderr
    #[arg(short, long, global = true, help_heading = HEADING, conflicts_with = "verbose")]
    quiet: bool,
    /// Print also the files that are read and written to stderr
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Colors in text output
    #[arg(
        long,
        global = true, help_heading = HEADING,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_short_help = true
    )]
    color: Color,
    /// Format of errors and warnings on stderr
    #[arg(
        long,
        global = true, help_heading = HEADING,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        env = "SSM_SYNTH_MESSAGE_FORMAT",
        hide_env_values = true,
        hide_short_help = true
    )]
    message_format: MessageFormat,
}

/// Whether text output has colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Color {
    /// Colors on a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Colors everywhere
    Always,
    /// No colors
    Never,
}

/// The format of errors and warnings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormat {
    /// Human-readable text
    #[default]
    Text,
    /// JSON Lines: one object per message
    Json,
}

/// The options of this process, as a logger has them: a process has one standard error.
static VERBOSITY: OnceLock<Verbosity> = OnceLock::new();

impl Verbosity {
    /// Applies the options to all messages from now on.
    pub(super) fn apply(self) {
        match self.color {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        // A process has one command line.
        let _ = VERBOSITY.set(self);
    }
}

fn verbosity() -> Verbosity {
    VERBOSITY.get().copied().unwrap_or_default()
}

pub(super) fn is_quiet() -> bool {
    verbosity().quiet
}

pub(super) fn is_verbose() -> bool {
    verbosity().verbose
}

/// Returns the format of errors and warnings.
pub(super) fn message_format() -> MessageFormat {
    verbosity().message_format
}
