//! What a snapshot of a stack holds.

use super::{cfn, tf};
use crate::check::Checked;
use crate::resource::Dialect;

/// A format of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// CloudFormation as JSON.
    Cfn,
    /// CloudFormation as YAML.
    CfnYaml,
    /// Terraform as JSON.
    Tf,
    /// Terraform as HCL.
    Hcl,
}

/// The snapshots of all stacks, with their names: a document for each stack and format, and a
/// table of ids for each stack.
pub(crate) fn snapshots(checked: &Checked<'_>, formats: &[Format]) -> Vec<(String, String)> {
    let graph = checked.graph();
    let mut out = Vec::new();
    for stack in graph.stacks() {
        let name = stack.name.as_str();
        for format in formats {
            let template = || cfn::template(checked, name);
            let module = || tf::module(checked, name, tf::Role::Root);
            let (end, text) = match format {
                Format::Cfn => ("json", template().map(|it| it.to_json())),
                Format::CfnYaml => ("yaml", template().map(|it| it.to_yaml())),
                Format::Tf => ("tf.json", module().map(|it| it.to_json())),
                Format::Hcl => ("tf", module().map(|it| it.to_hcl())),
            };
            out.push((format!("{name}.{end}"), text.unwrap_or_default()));
        }
        let mut ids = String::new();
        for (_, node) in graph.nodes_of(stack) {
            let of = node.resource.type_name(Dialect::Tf);
            let address = of.map_or("-".to_owned(), |of| format!("{of}.{}", node.tf_name));
            let id = match node.resource.type_name(Dialect::Cfn) {
                Some(_) => node.cfn_id.as_str(),
                None => "-",
            };
            ids.push_str(&format!("{}: {id}, {address}\n", node.path));
        }
        out.push((format!("{name}.ids"), ids));
    }
    out
}
