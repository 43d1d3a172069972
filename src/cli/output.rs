//! Where text goes: artifacts to standard output or a file, messages to standard error.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure::Failure;
use super::format::FromFileName;
use super::global::{MessageFormat, is_quiet, is_verbose, message_format};

/// The destination of an artifact or report.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct OutputArgs {
    /// Destination file, written only if it changes; default `-` is stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl OutputArgs {
    /// Returns the specified format, else the one that the filename implies, else the default.
    pub(super) fn format<F: FromFileName>(&self, format: Option<F>, default: F) -> F {
        format
            .or_else(|| F::of_path(self.output.as_deref()?))
            .unwrap_or(default)
    }

    /// Returns the destination, unless it is standard output.
    pub(super) fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|it| *it != Path::new("-"))
    }

    /// Writes an artifact.
    pub(super) fn write(&self, text: &str) -> Result<(), Failure> {
        match self.path() {
            Some(path) => file(path, text),
            None => artifact(text),
        }
    }

    /// Writes text with tables, which fit the terminal.
    pub(super) fn write_table(&self, text: &str) -> Result<(), Failure> {
        match self.path() {
            Some(path) => file(path, text),
            None => artifact(&fitted(text)),
        }
    }

    /// Writes text with colors, which a file does not get, and tables, which fit the terminal.
    pub(super) fn write_styled(&self, text: &str) -> Result<(), Failure> {
        match self.path() {
            Some(path) => file(path, &anstream::adapter::strip_str(text).to_string()),
            None => styled(&fitted(text)),
        }
    }
}

/// Prints to standard error: an error, a prompt, a requested report.
pub(super) fn stderr(text: &str) -> io::Result<()> {
    anstream::stderr().write_all(text.as_bytes())
}

/// Prints text unless `--quiet` is set.
pub(super) fn unless_quiet(text: &str) {
    if !is_quiet() {
        let _ = stderr(text);
    }
}

/// Prints a sentence unless `--quiet` is set.
pub(super) fn note(message: &str) {
    if !is_quiet() {
        message_line("note", message, None);
    }
}

/// Prints a warning without a location unless `--quiet` is set.
pub(super) fn warning(message: &str) {
    if !is_quiet() {
        message_line("warning", message, None);
    }
}

/// Prints a detail if `--verbose` is set.
pub(super) fn detail(message: &str) {
    if is_verbose() {
        message_line("note", message, None);
    }
}

/// Prints an error with an optional hint.
pub(super) fn error(message: &str, help: Option<&str>) {
    message_line("error", message, help);
}

fn message_line(severity: &str, message: &str, help: Option<&str>) {
    let _ = match message_format() {
        MessageFormat::Text => {
            let mut text = match severity {
                "note" => format!("{message}\n"),
                _ => format!("{severity}: {message}\n"),
            };
            if let Some(help) = help {
                text.push_str(&format!("  help: {help}\n"));
            }
            stderr(&text)
        }
        MessageFormat::Json => {
            let mut value = serde_json::json!({ "severity": severity, "message": message });
            if let Some(help) = help {
                value["help"] = help.into();
            }
            stderr(&format!("{value}\n"))
        }
    };
}

pub(super) fn stdout(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes to standard output without any change. A closed pipe is not an error.
pub(super) fn artifact(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::usage(format!("cannot write the output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Writes text with colors to standard output if it shows them. A closed pipe is not an error.
pub(super) fn styled(text: &str) -> Result<(), Failure> {
    match stdout(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::usage(format!("cannot write the output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Fits the lines of tables to the width of the terminal.
pub(super) fn fitted(text: &str) -> Cow<'_, str> {
    match terminal_size::terminal_size_of(io::stdout()) {
        Some((width, _)) => wrapped(text, usize::from(width.0)),
        None => text.into(),
    }
}

/// Returns the number of columns of text, without its styles.
fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text)
        .to_string()
        .chars()
        .count()
}

/// The first line of a fix, and the indentation of its other lines.
const FIX: (&str, &str) = ("    fix  ", "         ");

/// Continues lines that are too long on indented ones. The columns of a table do not align then. A fix
/// stays as it is, so that a copy of it is valid.
fn wrapped(text: &str, width: usize) -> Cow<'_, str> {
    if text.lines().all(|line| columns(line) <= width) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut is_fix = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let plain = anstream::adapter::strip_str(line).to_string();
        is_fix = plain.starts_with(FIX.0) || is_fix && plain.starts_with(FIX.1);
        if is_fix || columns(line) <= width {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let mut column = 0;
        for word in line.split_whitespace() {
            let length = columns(word);
            let gap = match column {
                0 => " ".repeat(indent),
                _ if column + 1 + length > width => format!("\n{}", " ".repeat(indent + 4)),
                _ => " ".to_owned(),
            };
            column = match gap.strip_prefix('\n') {
                Some(gap) => gap.len() + length,
                None => column + gap.len() + length,
            };
            out.push_str(&gap);
            out.push_str(word);
        }
        out.push('\n');
    }
    out.into()
}

/// As many links as Linux follows, so that a circular link ends.
const MAX_LINKS: u32 = 40;

/// Returns the final target of a link, which may not exist.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match path.symlink_metadata() {
            Ok(at) if at.is_symlink() => {
                let to = path.read_link()?;
                path = path.parent().unwrap_or(Path::new("")).join(to);
            }
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("circular links"))
}

/// Writes a file in a directory, and creates the directory.
pub(super) fn file_below(directory: &Path, file: &Path, text: &str) -> Result<(), Failure> {
    let path = directory.join(file);
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.map_err(|error| {
        Failure::usage(format!("cannot create `{}`: {error}", directory.display()))
    })?;
    self::file(&path, text)
}

/// Writes a file atomically, and only if it changes. Writes to a pipe or device in place.
pub(super) fn file(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let old = match path.metadata() {
            Ok(old) if !old.is_file() => {
                // Reading would wait or consume, and replacing would destroy the node.
                let mut node = std::fs::OpenOptions::new().write(true).open(path)?;
                return match node.write_all(text.as_bytes()) {
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                    done => done,
                };
            }
            Ok(old) => Some(old),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // A link stays a link: its target is replaced.
        let path = target(path)?;
        if std::fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            detail(&format!("unchanged {}", path.display()));
            return Ok(());
        }
        let directory = match path.parent() {
            Some(directory) if !directory.as_os_str().is_empty() => directory,
            _ => Path::new("."),
        };
        let mut file = temporary(directory)?;
        file.write_all(text.as_bytes())?;
        if let Some(old) = old {
            file.as_file().set_permissions(old.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        detail(&format!("wrote {}", path.display()));
        Ok(())
    };
    write().map_err(|error| Failure::usage(format!("cannot write `{}`: {error}", path.display())))
}

#[cfg(unix)]
fn temporary(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    // The mode of new files of other tools, which the umask still restricts.
    let mode = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new()
        .permissions(mode)
        .tempfile_in(directory)
}

#[cfg(not(unix))]
fn temporary(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::NamedTempFile::new_in(directory)
}

/// Reports a failure that is not reported yet, and returns its exit code.
pub(super) fn finish(failure: Failure) -> ExitCode {
    ExitCode::from(match failure {
        Failure::Failed => 1,
        Failure::Unusable => 2,
        Failure::Unknown => 3,
        #[cfg(feature = "deploy")]
        Failure::Interrupted => 130,
        Failure::Usage(message, help) => {
            error(&message, help.as_deref());
            2
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_fit_40_columns() {
        let table = "item                resource              quantity           USD\n  \
                     \u{1b}[1minterface endpoint\u{1b}[0m  access/Endpoints/Ssm  2 zones x 730 h  14.60\nshort  line\n";
        let fitted = wrapped(table, 40);
        assert!(fitted.lines().all(|line| columns(line) <= 40), "{fitted}");
        assert!(fitted.contains("\n      "), "{fitted}");
        assert!(fitted.ends_with("short  line\n"), "{fitted}");
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&fitted), words(table));
        assert_eq!(wrapped(table, 200), table);
    }

    #[test]
    fn a_fix_is_not_wrapped() {
        let fix = "    fix  Endpoint:\n           Properties:\n             ServiceName: com.amazonaws.eu-central-1.ssm\n";
        let text = format!(
            "  endpoint  fail    no endpoint for `ssm` in the VPC\n{fix}\n  - assumption\n"
        );
        let fitted = wrapped(&text, 40);
        assert!(fitted.contains(fix), "{fitted}");
        assert!(
            fitted.starts_with("  endpoint fail no endpoint for `ssm` in\n      the VPC\n"),
            "{fitted}"
        );
    }
}
