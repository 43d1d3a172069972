//! The sides of a comparison: files, Git revisions, standard input and configurations.

use std::path::Path;
use std::process::Command;

use super::super::diagnostics::unreadable;
use super::super::failure::Failure;
use super::super::input::reject_unknown;
use super::super::output;
use super::super::settings::{Settings, read};
use crate::diff::Version;
use crate::frontend::InputFormat;
use crate::frontend::cfn::Deployment;

/// Returns the name of the deployed stack that a side specifies.
#[cfg(feature = "deploy")]
pub(super) fn stack_name(side: &str) -> Option<&str> {
    let name = side.strip_prefix("stack:")?;
    (!Path::new(side).exists()).then_some(name)
}

/// Reads the text of a side.
pub(super) fn text(side: &str) -> Result<String, Failure> {
    match revision(side)? {
        Some(text) => Ok(text),
        None => read(Path::new(side)),
    }
}

/// Returns the template of a configuration; any other text as it is. Names in the template contain
/// the one of the stack. Default: that of the configuration.
pub(super) fn template(
    name: &str,
    text: String,
    stack: Option<&String>,
) -> Result<(String, InputFormat), Failure> {
    if matches!(text.trim(), "null" | "~" | "{}" | "---") {
        return Err(Failure::usage(format!(
            "`{name}` is empty; expected a template, plan or configuration"
        )));
    }
    match InputFormat::of(&text) {
        InputFormat::Config if !text.trim().is_empty() => {
            reject_unknown(name, &text)?;
            let made = Settings::default().template_of((name.to_owned(), text), stack)?;
            Ok((made.text, InputFormat::Cfn))
        }
        InputFormat::Config => Ok((text, InputFormat::Cfn)),
        format => Ok((text, format)),
    }
}

/// Reads one version of the stack. Empty text is a version without resources.
pub(super) fn version(
    name: &str,
    text: String,
    deployment: &Deployment,
) -> Result<Version, Failure> {
    let is_generated = InputFormat::of(&text) == InputFormat::Config;
    let (text, format) = template(name, text, None)?;
    let version = Version::read(name, &text, format, deployment)
        .map_err(|diagnostics| unreadable(&diagnostics, name, &text))?;
    Ok(match is_generated {
        // The lines are those of the generated template.
        true => version.without_lines(),
        false => version,
    })
}

/// Returns the text of `REVISION:FILE`, if the side is one. A file that the revision does not have is
/// empty.
fn revision(spec: &str) -> Result<Option<String>, Failure> {
    let Some((revision, file)) = spec.split_once(':') else {
        return Ok(None);
    };
    if revision.is_empty()
        || revision.starts_with('-')
        || file.is_empty()
        || Path::new(spec).exists()
    {
        return Ok(None);
    }
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output();
        output.map_err(|error| Failure::usage(format!("cannot run `git`: {error}")))
    };
    let named = format!("{revision}^{{commit}}");
    let known = git(&[
        "rev-parse",
        "--quiet",
        "--verify",
        "--end-of-options",
        &named,
    ])?;
    if !known.status.success() {
        return Err(Failure::usage(format!(
            "`{spec}` is not a file, and Git has no revision `{revision}` here"
        )));
    }
    // A path is relative to the current directory, as for every other tool.
    let object = match file.starts_with('/') || file.starts_with("./") || file.starts_with("../") {
        true => format!("{revision}:{file}"),
        false => format!("{revision}:./{file}"),
    };
    if !git(&["cat-file", "-e", &object])?.status.success() {
        if !Path::new(file).is_file() {
            return Err(Failure::usage(format!(
                "`{file}` does not exist in `{revision}`, nor as a file"
            )));
        }
        output::note(&format!(
            "`{file}` does not exist in `{revision}`; comparing with an empty file"
        ));
        return Ok(Some(String::new()));
    }
    let shown = git(&["cat-file", "blob", &object])?;
    if !shown.status.success() {
        let reason = String::from_utf8_lossy(&shown.stderr);
        return Err(Failure::usage(format!("`{spec}`: {}", reason.trim())));
    }
    String::from_utf8(shown.stdout)
        .map(Some)
        .map_err(|_| Failure::usage(format!("`{spec}` is not UTF-8")))
}
