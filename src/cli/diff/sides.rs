//! The sides of a comparison: files, Git revisions, standard input and configurations.

use std::path::Path;
use std::process::Command;

use super::super::diagnostics::unreadable;
use super::super::failure::Failure;
use super::super::input::reject_unknown;
use super::super::output;
use super::super::settings::{Settings, StackName, Synthesized, read};
use crate::diff::Version;
use crate::frontend::InputFormat;
use crate::frontend::cfn::Deployment;
use crate::region::Region;

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

/// A side of a comparison that is not a deployed stack.
pub(super) struct Side {
    pub(super) text: String,
    pub(super) format: InputFormat,
    /// Whether the text is generated from a configuration.
    pub(super) is_generated: bool,
    /// The Region of a configuration.
    pub(super) region: Option<&'static Region>,
}

/// Returns the template of a configuration for a stack; any other text as it is.
pub(super) fn template(name: &str, text: String, stack: StackName<'_>) -> Result<Side, Failure> {
    if matches!(text.trim(), "null" | "~" | "{}" | "---") {
        return Err(Failure::usage(format!(
            "`{name}` is empty; expected a template, plan or configuration"
        )));
    }
    match InputFormat::of(&text) {
        InputFormat::Config if !text.trim().is_empty() => {
            reject_unknown(name, &text)?;
            let made = Settings::default().template_of((name.to_owned(), text), stack)?;
            Ok(Side::generated(made))
        }
        format => Ok(Side {
            text,
            format: match format {
                // An empty file is a version without resources.
                InputFormat::Config => InputFormat::Cfn,
                format => format,
            },
            is_generated: false,
            region: None,
        }),
    }
}

/// Reads both versions of the stack. Empty text is a version without resources. Pseudo parameters have the same
/// values on both sides, so a template is in the Region of the configuration that it is compared with.
pub(super) fn versions(
    sides: [(&str, &Side); 2],
    deployment: &Deployment,
) -> Result<[Version; 2], Failure> {
    let region = match sides.map(|(_, side)| side.region) {
        [Some(one), Some(other)] if one.name != other.name => None,
        [one, other] => one.or(other).filter(|it| it.is_listed()),
    };
    let of_template = Deployment {
        region: deployment.region.or(region),
        ..deployment.clone()
    };
    let [old, new] = sides.map(|(name, side)| match side.format {
        // A plan has its own Region.
        InputFormat::Plan => side.version(name, deployment),
        _ => side.version(name, &of_template),
    });
    Ok([old?, new?])
}

impl Side {
    /// Returns the template of a configuration.
    pub(super) fn generated(made: Synthesized) -> Side {
        Side {
            text: made.text,
            format: InputFormat::Cfn,
            is_generated: true,
            region: made.region,
        }
    }

    pub(super) fn version(&self, name: &str, deployment: &Deployment) -> Result<Version, Failure> {
        let version = Version::read(name, &self.text, self.format, deployment)
            .map_err(|diagnostics| unreadable(&diagnostics, name, &self.text))?;
        Ok(match self.is_generated {
            // The lines are those of the generated template.
            true => version.without_lines(),
            false => version,
        })
    }
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
    // Git separates directories by `/` on every system.
    let file = match cfg!(windows) {
        true => &file.replace('\\', "/"),
        false => file,
    };
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
