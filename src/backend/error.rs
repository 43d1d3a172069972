//! Output that an app does not have.

use std::fmt;

use crate::ir::{Diagnostics, Dialect, StackId, nearest};
use crate::validate::Validated;

/// Why an app has no output of a stack or a language.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputError {
    /// The app has no stack of this name.
    UnknownStack {
        /// The name.
        name: String,
        /// The names that exist.
        help: String,
    },
    /// The app is only for the other language.
    OtherLanguage(Dialect),
    /// The stack exceeds limits of the language.
    Limits(Diagnostics),
}

impl std::error::Error for OutputError {}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutputError::UnknownStack { name, help } => {
                write!(f, "stack `{name}` does not exist; {help}")
            }
            OutputError::OtherLanguage(language) => write!(
                f,
                "cannot generate {}: `App::set_language` limits the app to {}; remove the call to \
                 generate both",
                language.name(),
                language.other().name()
            ),
            OutputError::Limits(exceeded) => exceeded.fmt(f),
        }
    }
}

/// Returns an error if the app is only for the other language.
pub(super) fn check_language(
    validated: &Validated<'_>,
    dialect: Dialect,
) -> Result<(), OutputError> {
    match validated.graph().has_language(dialect) {
        true => Ok(()),
        false => Err(OutputError::OtherLanguage(dialect)),
    }
}

/// Returns the stack of a name, in a language of the app.
pub(super) fn stack_of(
    validated: &Validated<'_>,
    name: &str,
    dialect: Dialect,
) -> Result<StackId, OutputError> {
    check_language(validated, dialect)?;
    let graph = validated.graph();
    let found = graph.stack_names.get(name).copied();
    found.ok_or_else(|| OutputError::UnknownStack {
        name: name.to_owned(),
        help: nearest(name, graph.stacks().map(|it| it.name.as_str())),
    })
}
