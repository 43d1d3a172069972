//! Where the configuration is.

use std::path::{Path, PathBuf};

use super::failure::Failure;

/// The names of a configuration.
const NAMES: [&str; 2] = ["ssm-synth.yaml", "ssm-synth.yml"];

/// Finds the configuration in the current directory, then in each parent up to the repository root.
///
/// The path of a file in the current directory is relative. Outside of a repository, the parents are
/// not searched.
///
/// # Errors
///
/// A directory with both names.
pub(super) fn find() -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = find_in(Path::new(""))? {
        return Ok(Some(path));
    }
    let Ok(current) = std::env::current_dir() else {
        return Ok(None);
    };
    let is_root = |directory: &&Path| directory.join(".git").exists();
    let Some(root) = current.ancestors().find(is_root) else {
        return Ok(None);
    };
    for directory in current.ancestors().skip(1) {
        if !directory.starts_with(root) {
            break;
        }
        if let Some(path) = find_in(directory)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn find_in(directory: &Path) -> Result<Option<PathBuf>, Failure> {
    let [yaml, yml] = NAMES.map(|name| directory.join(name));
    match (yaml.exists(), yml.exists()) {
        (true, true) => Err(Failure::usage(format!(
            "both `{}` and `{}` exist",
            yaml.display(),
            yml.display()
        ))
        .with_help("delete one of them, or pass `--config FILE`")),
        (true, false) => Ok(Some(yaml)),
        (false, true) => Ok(Some(yml)),
        (false, false) => Ok(None),
    }
}
