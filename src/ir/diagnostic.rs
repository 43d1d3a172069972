//! Diagnostics: what is wrong with the input, gathered and reported together.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::Dialect;

/// Cuts what would hide the message, and escapes what would garble a terminal.
pub(crate) fn shortened(text: &str) -> String {
    const MAX: usize = 120;
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(MAX).collect();
    let start = start.escape_debug();
    match chars.count() {
        0 => start.to_string(),
        more => format!("{start}… ({more} more characters)"),
    }
}

/// The user's text in a message.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", shortened(text))
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The output is right, and there is something to know.
    Warning,
    /// There is no output.
    Error,
}

/// A stretch of a source file, in bytes, with the line and column of its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The file's name as the user gave it.
    pub file: Arc<str>,
    /// Line, from one.
    pub line: u32,
    /// Column in characters, from one.
    pub column: u32,
    /// First byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

/// Where a resource, a setting or a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceLocation {
    /// The line of Rust that added it.
    Caller(&'static Location<'static>),
    /// A stretch of a file.
    File(Span),
    /// Nowhere: a built-in default.
    Default,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceLocation::Caller(at) => write!(f, "{}:{}:{}", at.file(), at.line(), at.column()),
            SourceLocation::File(span) => write!(f, "{}:{}:{}", span.file, span.line, span.column),
            SourceLocation::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong, with what would be right.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Diagnostic {
    /// The rule's name, kebab-case.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What was found, lower case, no full stop.
    pub message: String,
    /// The paths of the constructs concerned.
    pub paths: Vec<String>,
    /// Where they were written.
    pub locations: Vec<SourceLocation>,
    /// The settings that it is about, by keys below the place, the likeliest first: a front end
    /// may know where they are.
    pub settings: Vec<Vec<String>>,
    /// The only language that it matters to. Default: both.
    pub only: Option<Dialect>,
    /// What mends it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            paths: Vec::new(),
            locations: Vec::new(),
            settings: Vec::new(),
            only: None,
            help: None,
        }
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// Says what mends it.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Says where it is.
    pub fn at(mut self, location: SourceLocation) -> Diagnostic {
        if location != SourceLocation::Default {
            self.locations.push(location);
        }
        self
    }

    /// Names a setting that it is about, below the place, such as `["image", "parameter"]`, or
    /// from the top, such as `["", "region"]`.
    pub fn about(mut self, setting: &[&str]) -> Diagnostic {
        let keys = setting.iter().map(|key| (*key).to_owned());
        self.settings.push(keys.collect());
        self
    }

    /// Says that it matters to one language only.
    pub fn only(mut self, dialect: Dialect) -> Diagnostic {
        self.only = Some(dialect);
        self
    }

    /// Names a construct that it concerns.
    pub fn path(mut self, path: impl Into<String>) -> Diagnostic {
        self.paths.push(path.into());
        self
    }
}

/// `error[code]: message`, the places (only with `{:#}`, since a line number changes with every
/// edit above it), the paths, the help.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}", self.code, self.message)?;
        for path in &self.paths {
            write!(f, "\n  = in: {}", shortened(path))?;
        }
        if f.alternate() {
            for location in &self.locations {
                write!(f, "\n  --> {location}")?;
            }
        }
        if let Some(help) = &self.help {
            write!(f, "\n  = help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    pub(crate) const NONE: Diagnostics = Diagnostics(Vec::new());

    /// Adds one; what one place does wrong to many constructs is said once, with all of them.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let same = |other: &&mut Diagnostic| {
            !other.locations.is_empty()
                && other.code == diagnostic.code
                && other.message == diagnostic.message
                && other.locations == diagnostic.locations
        };
        match self.0.iter_mut().find(same) {
            Some(other) => other.paths.extend(diagnostic.paths),
            None => self.0.push(diagnostic),
        }
    }

    /// Returns whether one is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Returns whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes through them in the order found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Diagnostics(vec![one])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, more: I) {
        more.into_iter()
            .for_each(|diagnostic| self.push(diagnostic));
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(all: I) -> Self {
        let mut diagnostics = Diagnostics::default();
        diagnostics.extend(all);
        diagnostics
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, diagnostic) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n\n")?;
            }
            fmt::Display::fmt(diagnostic, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
