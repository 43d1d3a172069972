//! What every command receives: the app of an embedding program, the name of the program, and the
//! global options.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::diagnostics::Sources;
use super::failure::Failure;
use super::global::GlobalArgs;
use super::{config_file, output, region};
use crate::App;
use crate::backend::Format;
#[cfg(feature = "deploy")]
use crate::diff::Version;
use crate::frontend::config::BuiltConfig;
use crate::ir::nearest;

/// The environment of a command.
#[derive(Debug)]
pub(super) struct Context {
    app: Option<App>,
    program: &'static str,
    global: GlobalArgs,
    found: OnceCell<Option<PathBuf>>,
}

impl Context {
    pub(super) fn new(app: Option<App>, program: &'static str, global: GlobalArgs) -> Context {
        Context {
            app,
            program,
            global,
            found: OnceCell::new(),
        }
    }

    /// Returns the app of the embedding program. Without one, a configuration defines the stack.
    pub(super) fn app(&self) -> Option<&App> {
        self.app.as_ref()
    }

    /// Sets the verdicts of a version's instances from the app of the embedding program, which knows the
    /// values that stacks pass to each other.
    #[cfg(feature = "deploy")]
    pub(super) fn with_verdicts(&self, version: Version) -> Version {
        match &self.app {
            Some(app) => version.with_verdicts_of(app.graph()),
            None => version,
        }
    }

    /// Returns the name of the program, for commands in messages.
    pub(super) fn program(&self) -> &'static str {
        self.program
    }

    /// Returns the configuration of `--config`.
    pub(super) fn config_flag(&self) -> Option<&Path> {
        self.global.config.as_deref()
    }

    /// Returns the path of the configuration, if there is one: from `--config`, `SSM_SYNTH_CONFIG`,
    /// or the current directory and its parents. Reports the path if it is in a parent.
    ///
    /// # Errors
    ///
    /// A directory with two configurations.
    pub(super) fn config_path(&self) -> Result<Option<&Path>, Failure> {
        if let Some(path) = self.config_flag() {
            return Ok(Some(path));
        }
        if let Some(found) = self.found.get() {
            return Ok(found.as_deref());
        }
        let found = self.find_config()?;
        Ok(self.found.get_or_init(|| found).as_deref())
    }

    fn find_config(&self) -> Result<Option<PathBuf>, Failure> {
        if self.global.no_config || self.app.is_some() {
            return Ok(None);
        }
        if let Some(path) = std::env::var_os("SSM_SYNTH_CONFIG").filter(|it| !it.is_empty()) {
            return Ok(Some(path.into()));
        }
        let found = config_file::find()?;
        if let Some(path) = found.as_deref().filter(|it| it.is_absolute()) {
            output::note(&format!("using configuration {}", path.display()));
        }
        Ok(found)
    }

    /// Returns the default format: that of the only language of the app, or CloudFormation.
    pub(super) fn default_format(&self) -> Format {
        let only = self.app().and_then(|app| app.graph().language());
        only.map_or(Format::Cfn, |it| it.pick(Format::Cfn, Format::Tf))
    }

    /// Returns the name of the first stack of the app.
    pub(super) fn first_stack(&self) -> Option<&String> {
        let mut stacks = self.app()?.graph().stacks();
        stacks.next().map(|it| &it.name)
    }

    /// Builds the selected stack of the app and validates it.
    ///
    /// # Errors
    ///
    /// `flag`, an option that sets up a configuration; an unknown or ambiguous stack; an invalid app.
    pub(super) fn built_app(
        &self,
        app: &App,
        name: Option<&String>,
        flag: Option<&str>,
    ) -> Result<BuiltConfig, Failure> {
        if let Some(flag) = flag.or(self.config_flag().map(|_| "--config")) {
            return Err(Failure::usage(format!(
                "`{flag}` requires a configuration; `{}` defines its stacks in code",
                self.program
            )));
        }
        let built = BuiltConfig::of(app.clone(), stack(app, name)?);
        region::validated(&built, &Sources::new())?;
        Ok(built)
    }
}

/// Selects a stack of the app.
fn stack(app: &App, name: Option<&String>) -> Result<String, Failure> {
    let names: Vec<&str> = app.graph().stacks().map(|it| it.name.as_str()).collect();
    match (name, names.as_slice()) {
        (Some(name), _) if names.contains(&name.as_str()) => Ok(name.clone()),
        (Some(name), _) => Err(Failure::usage(format!("unknown stack `{name}`"))
            .with_help(nearest(name, names.iter().copied()))),
        (None, [one]) => Ok((*one).to_owned()),
        (None, []) => Err(Failure::usage("the app has no stack")),
        (None, _) => Err(
            Failure::usage("the app has several stacks").with_help(format!(
                "pass `--stack` with one of `{}`",
                names.join("`, `")
            )),
        ),
    }
}
