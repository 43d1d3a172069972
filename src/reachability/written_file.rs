//! The form of the lines that a script writes to a file.

/// The beginning of a line that a file contains. No such line is a command.
pub(super) const FILE: &str = "file ";

/// Returns whether user data only writes a line to a file.
pub(super) fn is_written(line: &str) -> bool {
    line.starts_with(FILE)
}

/// Returns a line that a file contains.
pub(super) fn written(path: &str, line: &str) -> String {
    format!("{FILE}{path}: {}", line.trim_start())
}

/// Returns the file that a command writes.
pub(super) fn target(line: &str) -> Option<&str> {
    let rest = match line.rsplit_once("tee ") {
        Some((_, rest)) => rest
            .trim_start_matches("-a ")
            .trim_start_matches("--append "),
        None => line.rsplit_once('>')?.1,
    };
    let path = rest.split_whitespace().next()?;
    Some(path.trim_matches(['"', '\'']))
}
