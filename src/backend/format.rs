//! Output formats, and snapshots of an app.

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
    /// Returns the output for a stack, or `None` if the stack does not exist.
    pub(crate) fn print(
        self,
        validated: &Validated<'_>,
        stack: &str,
        kind: tf::ModuleKind,
    ) -> Option<String> {
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
    #[cfg(feature = "cli")]
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Format::Cfn | Format::CfnYaml => Dialect::Cfn,
            Format::Tf | Format::Hcl => Dialect::Tf,
        }
    }
}

/// Returns named snapshots: a document for each stack and format, and a table of IDs for each
/// stack.
pub(crate) fn snapshots(validated: &Validated<'_>, formats: &[Format]) -> Vec<(String, String)> {
    let graph = validated.graph();
    let mut out = Vec::new();
    for stack in graph.stacks() {
        let name = stack.name.as_str();
        for format in formats {
            let text = format.print(validated, name, tf::ModuleKind::Root);
            out.push((
                format!("{name}.{}", format.extension()),
                text.unwrap_or_default(),
            ));
        }
        let mut ids = String::new();
        for (_, node) in graph.nodes_of(stack) {
            let of = node.resource.type_name(Dialect::Tf);
            let address = of.map_or("-".to_owned(), |of| format!("{of}.{}", node.tf_name()));
            let id = match node.resource.type_name(Dialect::Cfn) {
                Some(_) => node.cfn_id(),
                None => "-",
            };
            ids.push_str(&format!("{}: {id}, {address}\n", node.path));
        }
        out.push((format!("{name}.ids"), ids));
    }
    out
}
