//! Formats of what commands print, and the filenames that imply them.

use std::path::Path;

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::backend::Format;

/// A format that a filename can imply.
pub(super) trait FromFileName: Sized {
    /// Returns the format of files with this lower-case name, if the name implies one.
    fn from_file_name(name: &str) -> Option<Self>;

    /// Returns the format of files with this path, if its name implies one.
    fn of_path(path: &Path) -> Option<Self> {
        Self::from_file_name(&path.file_name()?.to_str()?.to_ascii_lowercase())
    }
}

/// The formats of a template or Terraform configuration: value, help and format.
pub(super) const DOCUMENTS: [(&str, &str, Format); 4] = [
    ("cfn", "CloudFormation template in JSON", Format::Cfn),
    (
        "cfn-yaml",
        "CloudFormation template in YAML",
        Format::CfnYaml,
    ),
    (
        "tf",
        "Terraform configuration in JSON, as `main.tf.json`",
        Format::Tf,
    ),
    (
        "hcl",
        "Terraform configuration in HCL, as `main.tf`",
        Format::Hcl,
    ),
];

/// Parses the format of a template or Terraform configuration.
pub(super) fn document() -> impl TypedValueParser<Value = Format> {
    let values = DOCUMENTS.map(|(value, help, _)| PossibleValue::new(value).help(help));
    PossibleValuesParser::new(values).map(|value| {
        let known = DOCUMENTS.iter().find(|(it, ..)| *it == value);
        // The parser rejects every other value.
        known.map_or(Format::Cfn, |(.., format)| *format)
    })
}

impl FromFileName for Format {
    fn from_file_name(name: &str) -> Option<Self> {
        let ends = |endings: &[&str]| endings.iter().any(|it| name.ends_with(it));
        // The longer ending first: `.tf.json` is `.json` too.
        match () {
            () if ends(&[".tf.json"]) => Some(Format::Tf),
            () if ends(&[".tf"]) => Some(Format::Hcl),
            () if ends(&[".json", ".template"]) => Some(Format::Cfn),
            () if ends(&[".yaml", ".yml"]) => Some(Format::CfnYaml),
            () => None,
        }
    }
}

/// The format of a report or of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// Human-readable text (default)
    Text,
    /// Machine-readable JSON; JSON Lines for events
    Json,
}

impl FromFileName for ReportFormat {
    fn from_file_name(name: &str) -> Option<Self> {
        name.ends_with(".json").then_some(ReportFormat::Json)
    }
}

/// An optional format, for commands whose default depends on the input.
impl<F: FromFileName> FromFileName for Option<F> {
    fn from_file_name(name: &str) -> Option<Self> {
        F::from_file_name(name).map(Some)
    }
}
