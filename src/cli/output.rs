//! Where text goes: the artefact to standard output or a file, the talk to standard error.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Failure;

pub(super) fn stderr(text: &str) -> io::Result<()> {
    anstream::stderr().write_all(text.as_bytes())
}

pub(super) fn stdout(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes to standard output, byte by byte as given; a reader that has seen enough is no error.
pub(super) fn artefact(text: &str) -> Result<(), Failure> {
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
    match stdout(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Environment(format!(
            "cannot write the output: {error}"
        ))),
        Ok(()) => Ok(()),
    }
}

/// As many as Linux follows, so that a circle ends.
const MOST_LINKS: u32 = 40;

/// Returns what a link leads to in the end, which need not be there.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
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
pub(super) fn file_below(folder: &Path, file: &Path, text: &str) -> Result<(), Failure> {
    let path = folder.join(file);
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.map_err(|error| {
        Failure::Environment(format!("cannot make `{}`: {error}", folder.display()))
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
            return Ok(());
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What other tools give a new file, and the umask still takes from.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        if let Some(old) = old {
            file.as_file().set_permissions(old.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| {
        Failure::Environment(format!("cannot write `{}`: {error}", path.display()))
    })
}
