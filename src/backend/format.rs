//! Output formats, and snapshots of an app.

use super::error::OutputError;
use super::{cfn, tf};
use crate::ir::Dialect;
use crate::validate::Validated;

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// CloudFormation JSON.
    Cfn,
    /// CloudFormation YAML.
    CfnYaml,
    /// Terraform JSON, for `main.tf.json`.
    Tf,
    /// Terraform HCL, for `main.tf`.
    Hcl,
}

impl Format {
    /// Returns the output for a stack.
    pub(crate) fn print(
        self,
        validated: &Validated<'_>,
        stack: &str,
        kind: tf::ModuleKind,
    ) -> Result<String, OutputError> {
        let template = || cfn::template(validated, stack);
        let module = || tf::module(validated, stack, kind);
        match self {
            Format::Cfn => template().map(|it| it.to_json()),
            Format::CfnYaml => template().map(|it| it.to_yaml()),
            Format::Tf => module().map(|it| it.to_json()),
            Format::Hcl => module().map(|it| it.to_hcl()),
        }
    }

    /// Returns the file extension.
    fn extension(self) -> &'static str {
        match self {
            Format::Cfn => "json",
            Format::CfnYaml => "yaml",
            Format::Tf => "tf.json",
            Format::Hcl => "tf",
        }
    }

    /// Returns the name of the file for a stack, with a directory for a Terraform module.
    #[cfg(feature = "cli")]
    pub(crate) fn file_of(self, stack: &str) -> String {
        match self.dialect() {
            Dialect::Cfn => format!("{stack}.{}", self.extension()),
            Dialect::Tf => format!("main.{}", self.extension()),
        }
    }

    /// Returns the language.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Format::Cfn | Format::CfnYaml => Dialect::Cfn,
            Format::Tf | Format::Hcl => Dialect::Tf,
        }
    }
}

/// The formats of snapshots, one for each language.
const READABLE: [Format; 2] = [Format::CfnYaml, Format::Hcl];

/// Returns named snapshots: a document for each stack and format, and a table of IDs for each
/// stack. Default: readable formats of the languages of the app.
pub(crate) fn snapshots(
    validated: &Validated<'_>,
    formats: Option<&[Format]>,
) -> Result<Vec<(String, String)>, OutputError> {
    let graph = validated.graph();
    let readable = READABLE.into_iter();
    let readable = readable.filter(|it| graph.has_language(it.dialect()));
    let formats = formats.map_or_else(|| readable.collect(), <[Format]>::to_vec);
    let mut out = Vec::new();
    for stack in graph.stacks() {
        let name = stack.name.as_str();
        for format in &formats {
            let text = format.print(validated, name, tf::ModuleKind::Root)?;
            out.push((format!("{name}.{}", format.extension()), text));
        }
        let mut ids = String::new();
        for (_, node) in graph.nodes_of(stack) {
            let id_in = |dialect: &Dialect| match (node.resource.type_name(*dialect), dialect) {
                (None, _) => "-".to_owned(),
                (Some(_), Dialect::Cfn) => node.cfn_id().to_owned(),
                (Some(of), Dialect::Tf) => format!("{of}.{}", node.tf_name()),
            };
            let own: Vec<String> = graph.languages().iter().map(id_in).collect();
            ids.push_str(&format!("{}: {}\n", node.path, own.join(", ")));
        }
        out.push((format!("{name}.ids"), ids));
    }
    Ok(out)
}
