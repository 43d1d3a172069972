//! A team's program: the same commands for an app of its own.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use clap::{Arg, Command};

use super::settings::fail;
use super::{Failure, diagnostics::Sources};
use crate::App;
#[cfg(feature = "deploy")]
use crate::diff::Version;
use crate::frontend::config::BuiltConfig;

/// The app of the program that this is, if it has one; without, a configuration makes it.
static APP: OnceLock<App> = OnceLock::new();

/// Says that the commands are about this app.
pub(super) fn set(app: App) {
    // The first stays: a program has one `main`.
    let _ = APP.set(app);
}

pub(super) fn current() -> Option<&'static App> {
    APP.get()
}

/// A version with the verdicts of the program's own app, if it has one.
#[cfg(feature = "deploy")]
pub(super) fn with_verdicts(version: Version) -> Version {
    match current() {
        Some(app) => version.with_verdicts_of(app.graph()),
        None => version,
    }
}

/// What the program is called, as it was started.
pub(super) fn program() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let own = APP.get().and_then(|_| std::env::args_os().next());
        let name = own.as_deref().map(Path::new).and_then(Path::file_stem);
        let name = name.map(|it| it.to_string_lossy().into_owned());
        name.unwrap_or_else(|| "ssm-synth".to_owned())
    })
}

/// Text with the commands in it told by the name of the program that this is.
pub(super) fn with_program_name(text: &str) -> Cow<'_, str> {
    if APP.get().is_none() || !text.contains("ssm-synth ") {
        return text.into();
    }
    let mut text = text.to_owned();
    for before in ["`", "\n"] {
        let own = format!("{before}{} ", program());
        text = text.replace(&format!("{before}ssm-synth "), &own);
    }
    text.into()
}

/// The flags of a configuration, which an app of one's own has not.
const SETTINGS: [&str; 6] = ["config", "cidr", "zones", "vpc", "subnets", "set"];

/// The commands for an app of one's own: those for configurations are left out of the help.
pub(super) fn command(all: Command) -> Command {
    if APP.get().is_none() {
        return all;
    }
    let hide = |arg: Arg| {
        let is_setting = SETTINGS.contains(&arg.get_id().as_str());
        arg.hide(is_setting)
    };
    all.name(program())
        .about("Synthesizes, proves, deploys and connects to this app's stacks")
        .long_about(None)
        .after_long_help(super::EXIT_CODES)
        .mut_args(hide)
        .mut_subcommands(|command| {
            let name = command.get_name();
            let is_for_configurations = matches!(name, "schema" | "init");
            command.hide(is_for_configurations).mut_args(hide)
        })
}

/// The app and the stack that is meant, checked.
pub(super) fn built_config(
    app: &App,
    name: Option<&String>,
    setting: Option<&str>,
) -> Result<BuiltConfig, Failure> {
    if let Some(flag) = setting {
        return Err(Failure::Environment(format!(
            "`{flag}` is for a configuration, and this program has an app of its own"
        )));
    }
    let stack = stack(app, name)?;
    let built_config = BuiltConfig::of(app.clone(), stack);
    built_config
        .validate()
        .map(|_| ())
        .map_err(|diagnostics| fail(&diagnostics, &Sources::new()))?;
    Ok(built_config)
}

fn stack(app: &App, name: Option<&String>) -> Result<String, Failure> {
    let names: Vec<&str> = app.graph().stacks().map(|it| it.name.as_str()).collect();
    let which = |why: String| {
        let names = names.join("`, `");
        Err(Failure::Environment(format!("{why}: it has `{names}`")))
    };
    match (name, names.as_slice()) {
        (Some(name), _) if names.contains(&name.as_str()) => Ok(name.clone()),
        (Some(name), _) => which(format!("the app has no stack `{name}`")),
        (None, [one]) => Ok((*one).to_owned()),
        (None, []) => Err(Failure::Environment("the app has no stack".to_owned())),
        (None, _) => {
            which("which stack of the app? `--name` says it, `--stack` what is deployed".to_owned())
        }
    }
}
