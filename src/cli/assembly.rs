//! Cloud assemblies: the output directory of `cdk synth`.
//!
//! <https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-app>

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::failure::Failure;
use super::settings::read;
use crate::frontend::SourceFile;
use crate::region::Region;

const MANIFEST: &str = "manifest.json";

/// Returns the manifest of a cloud assembly if the path is its directory or its manifest.
pub(super) fn manifest(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.join(MANIFEST));
    }
    (path.file_name()? == MANIFEST).then(|| path.to_owned())
}

/// Returns the templates of a cloud assembly and of the assemblies inside, with their Regions.
///
/// # Errors
///
/// A file that cannot be read, or a manifest without stacks.
pub(super) fn templates(manifest: &Path) -> Result<Vec<SourceFile>, Failure> {
    let shown = manifest.display();
    if !manifest.is_file() {
        let directory = manifest.parent().unwrap_or(manifest).display();
        let failure = Failure::usage(format!("`{directory}` is not a cloud assembly"));
        return Err(failure.with_help(format!("it has no `{MANIFEST}`; pass a file")));
    }
    let root: Value = serde_json::from_str(&read(manifest)?)
        .map_err(|error| Failure::usage(format!("`{shown}`: invalid JSON: {error}")))?;
    let directory = manifest.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    let artifacts = root.get("artifacts").and_then(Value::as_object);
    for artifact in artifacts.into_iter().flat_map(serde_json::Map::values) {
        let text = |pointer: &str| artifact.pointer(pointer).and_then(Value::as_str);
        match text("/type") {
            Some("aws:cloudformation:stack") => {
                let Some(file) = text("/properties/templateFile") else {
                    continue;
                };
                let path = directory.join(file);
                let region = text("/environment").and_then(|it| it.rsplit('/').next());
                found.push(SourceFile {
                    text: read(&path)?,
                    name: path.display().to_string(),
                    region: region.and_then(Region::find),
                });
            }
            Some("cdk:cloud-assembly") => {
                if let Some(inner) = text("/properties/directoryName") {
                    found.extend(templates(&directory.join(inner).join(MANIFEST))?);
                }
            }
            _ => {}
        }
    }
    if found.is_empty() {
        return Err(Failure::usage(format!("`{shown}` names no stack")));
    }
    Ok(found)
}

/// Reads the template of a nested stack next to the template of its parent.
pub(super) fn nested(parent: &str, path: &str) -> Option<(String, String)> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let path = Path::new(parent).parent()?.join(path);
    let text = path.is_file().then(|| read(&path).ok())??;
    Some((path.display().to_string(), text))
}
