//! Where text goes: the artefact to standard output or a file, the talk to standard error.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{Failure, app};

/// How much is said on standard error, and how: as the flags of all commands say.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Verbosity {
    /// Say nothing on standard error but errors and questions
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say on standard error what is read, written and asked too
    #[arg(short, long, global = true)]
    verbose: bool,
    /// How errors and warnings are printed on standard error
    #[arg(long, global = true, value_enum, default_value_t = MessageFormat::Text, hide_short_help = true)]
    messages: MessageFormat,
}

/// How errors and warnings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum MessageFormat {
    /// For people
    #[default]
    Text,
    /// For programs: an object a line, with code, severity, message, places and help
    Json,
}

static VERBOSITY: OnceLock<Verbosity> = OnceLock::new();

fn verbosity() -> Verbosity {
    VERBOSITY.get().copied().unwrap_or_default()
}

impl Verbosity {
    /// Holds from now on.
    pub(super) fn set(self) {
        // A program has one command line.
        let _ = VERBOSITY.set(self);
    }
}

pub(super) fn is_quiet() -> bool {
    verbosity().quiet
}

/// Whether errors and warnings are for programs.
pub(super) fn message_format() -> MessageFormat {
    verbosity().messages
}

/// Says something: an error, a question, what was asked for.
pub(super) fn stderr(text: &str) -> io::Result<()> {
    anstream::stderr().write_all(app::with_program_name(text).as_bytes())
}

/// Says something that nobody needs to know; not with `--quiet`.
pub(super) fn note(text: &str) {
    if !is_quiet() {
        let _ = stderr(text);
    }
}

/// Says a detail; only with `--verbose`.
pub(super) fn detail(text: &str) {
    if verbosity().verbose {
        let _ = stderr(&format!("{text}\n"));
    }
}

/// Says an error in a sentence.
pub(super) fn error(message: &str) {
    let _ = match message_format() {
        MessageFormat::Text => stderr(&format!("error: {message}\n")),
        MessageFormat::Json => stderr(&format!(
            "{}\n",
            serde_json::json!({ "severity": "error", "message": message })
        )),
    };
}

pub(super) fn stdout(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes to standard output, byte by byte as given; a reader that has seen enough is no error.
pub(super) fn artifact(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Environment(format!(
            "cannot write the output: {error}"
        ))),
        Ok(()) => Ok(()),
    }
}

/// Writes text with colours to standard output, without them where nobody sees them; a reader that
/// has seen enough is no error.
pub(super) fn styled(text: &str) -> Result<(), Failure> {
    match stdout(&app::with_program_name(text)) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Environment(format!(
            "cannot write the output: {error}"
        ))),
        Ok(()) => Ok(()),
    }
}

/// As many as Linux follows, so that a circle ends.
const MAX_LINKS: u32 = 40;

/// Returns what a link leads to in the end, which need not be there.
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
    Err(io::Error::other("links lead in a circle"))
}

/// Writes a file below a folder, which is made if it is not there.
pub(super) fn file_below(directory: &Path, file: &Path, text: &str) -> Result<(), Failure> {
    let path = directory.join(file);
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.map_err(|error| {
        Failure::Environment(format!("cannot make `{}`: {error}", directory.display()))
    })?;
    self::file(&path, text)
}

/// Writes a file as a whole or not at all, and only if it changes; what is no file, such as a pipe
/// or a device, is written to as it is.
pub(super) fn file(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let old = match path.metadata() {
            Ok(old) if !old.is_file() => {
                // Reading would wait or eat, and replacing destroy.
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
        // A link stays a link: what it leads to is replaced.
        let path = target(path)?;
        if std::fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            detail(&format!("unchanged: {}", path.display()));
            return Ok(());
        }
        let directory = match path.parent() {
            Some(directory) if !directory.as_os_str().is_empty() => directory,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What other tools give a new file, and the umask still takes from.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(directory)?;
        file.write_all(text.as_bytes())?;
        if let Some(old) = old {
            file.as_file().set_permissions(old.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        detail(&format!("written: {}", path.display()));
        Ok(())
    };
    write().map_err(|error| {
        Failure::Environment(format!("cannot write `{}`: {error}", path.display()))
    })
}
