//! Errors and warnings about the input, collected and reported together.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::Dialect;

/// Shortens long text, and escapes control characters.
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

/// Quotes text of the user for a message.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", shortened(text))
}

/// The words of a fix that name how to keep a value, after `if`.
const NEW: &str = " it is new, call `suppress_rule";

/// Severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The output is valid, but can have consequences that you do not expect.
    Warning,
    /// Nothing is generated.
    Error,
}

/// A range of bytes in a source file, with the line and column of its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The name of the file, as the user specified it.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// The source of a resource, a setting or a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceLocation {
    /// The line of Rust code that added it.
    Caller(&'static Location<'static>),
    /// A location in a file.
    File(Span),
    /// A built-in default, without a location.
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

/// One error or warning, with its fix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Diagnostic {
    /// The code, such as `vpc-cidr`.
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The message: lowercase, without a period.
    pub message: String,
    /// The paths of the affected constructs.
    pub paths: Vec<String>,
    /// The locations of the affected constructs.
    pub locations: Vec<SourceLocation>,
    /// The affected settings, the most specific first, as keys below the construct's location. A
    /// reader can replace the location with the one of the setting.
    pub settings: Vec<Vec<String>>,
    /// The only affected output language. Default: both.
    pub only: Option<Dialect>,
    /// The fix. Default: none.
    pub help: Option<String>,
    /// Whether [`Scope::suppress_rule`](crate::Scope::suppress_rule) applies: a custom rule reports it, or a
    /// table that AWS can have changed since.
    pub(crate) is_suppressible: bool,
}

impl Diagnostic {
    /// Creates an error.
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
            is_suppressible: false,
        }
    }

    /// Creates a warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// Sets the fix.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds a location.
    pub fn at(mut self, location: SourceLocation) -> Diagnostic {
        if location != SourceLocation::Default {
            self.locations.push(location);
        }
        self
    }

    /// Adds an affected setting, relative to the location, such as `["image", "ssm_parameter"]`, or
    /// from the top level, such as `["", "region"]`.
    pub fn about(mut self, setting: &[&str]) -> Diagnostic {
        let keys = setting.iter().map(|key| (*key).to_owned());
        self.settings.push(keys.collect());
        self
    }

    /// Limits the diagnostic to one output language.
    pub fn only(mut self, dialect: Dialect) -> Diagnostic {
        self.only = Some(dialect);
        self
    }

    /// Allows to suppress it.
    pub(crate) fn suppressible(self) -> Diagnostic {
        Diagnostic {
            is_suppressible: true,
            ..self
        }
    }

    /// Allows to suppress it, and names that in the fix: the value can be newer than the data.
    pub(crate) fn unless_new(mut self) -> Diagnostic {
        let help = self.help.unwrap_or_default();
        let (code, join) = match help.ends_with('?') {
            true => (self.code, " If"),
            false => (self.code, "; if"),
        };
        self.help = Some(format!("{help}{join}{NEW}(\"{code}\", REASON)`"));
        self.suppressible()
    }

    /// Removes the call that suppresses it from the fix: a configuration file cannot have it.
    #[cfg(feature = "config")]
    pub(crate) fn without_call(mut self) -> Diagnostic {
        self.help = self.help.map(|help| match help.split_once(NEW) {
            Some((kept, _)) => {
                let kept = kept.trim_end_matches(" If").trim_end_matches("; if");
                kept.to_owned()
            }
            None => help,
        });
        self
    }

    /// Adds the path of an affected construct.
    pub fn path(mut self, path: impl Into<String>) -> Diagnostic {
        self.paths.push(path.into());
        self
    }
}

/// Formats `error[code]: message`, the paths, the locations and the help. `{:#}` omits the locations,
/// for tests: line numbers change with every edit.
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
        if !f.alternate() {
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

/// All errors and warnings. `Debug` formats them as `Display` does, so that `main` can return them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    pub(crate) const NONE: Diagnostics = Diagnostics(Vec::new());

    /// Adds a diagnostic, or adds its paths to an equal one from the same location.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let same = |other: &&mut Diagnostic| {
            !other.locations.is_empty()
                && other.code == diagnostic.code
                && other.message == diagnostic.message
                && other.locations == diagnostic.locations
        };
        match self.0.iter_mut().find(same) {
            Some(other) => {
                let mut new = diagnostic.paths;
                new.retain(|path| !other.paths.contains(path));
                other.paths.extend(new);
            }
            None => self.0.push(diagnostic),
        }
    }

    /// Returns whether it contains an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Returns whether a construct around a path has reported a value with a code.
    pub(crate) fn has_reported(&self, code: &str, value: &str, path: &str) -> bool {
        let is_around = |around: &String| path.starts_with(around.as_str());
        let quoted = quoted(value);
        self.0.iter().any(|it| {
            it.code == code && it.message.contains(&quoted) && it.paths.iter().any(is_around)
        })
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the diagnostics in the order of detection.
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

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_empty() {
            // The first line follows `Error: ` of `main`.
            f.write_str("\n")?;
        }
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Diagnostics {}
