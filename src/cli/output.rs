//! Where text goes: the artefact to standard output or a file, the talk to standard error.

use std::io::{self, Write};
use std::path::Path;

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

/// Writes a file as a whole or not at all, and only if it changes.
pub(super) fn file(path: &Path, text: &str) -> Result<(), Failure> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    let write = || -> io::Result<()> {
        // A link stays a link: what it leads to is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
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
        file.as_file().sync_all()?;
        if let Ok(old) = std::fs::metadata(&path) {
            file.as_file().set_permissions(old.permissions())?;
        }
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| {
        Failure::Environment(format!("cannot write `{}`: {error}", path.display()))
    })
}
