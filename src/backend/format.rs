//! The formats of a document, and the snapshots of an app in them.

use super::{cfn, tf};
use crate::ir::Dialect;
use crate::validate::Validated;

/// A format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// CloudFormation as JSON.
    Cfn,
    /// CloudFormation as YAML.
    CfnYaml,
    /// Terraform as JSON, for a file `main.tf.json`.
    Tf,
    /// Terraform as HCL, for a file `main.tf`.
    Hcl,
}

impl Format {
    /// Prints a stack of that name; nothing if there is none.
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

    /// What a file of this format ends in.
    fn extension(self) -> &'static str {
        match self {
            Format::Cfn => "json",
            Format::CfnYaml => "yaml",
            Format::Tf => "tf.json",
            Format::Hcl => "tf",
        }
    }

    /// What the file of a stack is called: a folder is a module.
    #[cfg(feature = "cli")]
    pub(crate) fn file_of(self, stack: &str) -> String {
        match self.dialect() {
            Dialect::Cfn => format!("{stack}.{}", self.extension()),
            Dialect::Tf => format!("main.{}", self.extension()),
        }
    }

    /// The language.
    #[cfg(feature = "cli")]
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Format::Cfn | Format::CfnYaml => Dialect::Cfn,
            Format::Tf | Format::Hcl => Dialect::Tf,
        }
    }
}

/// The snapshots of all stacks, with their names: a document for each stack and format, and a
/// table of ids for each stack.
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
