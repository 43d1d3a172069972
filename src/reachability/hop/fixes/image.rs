//! An image that includes SSM Agent.

use crate::ir::{Dialect, Expr, NodeId};
use crate::reachability::fix::{Changes, Fix};
use crate::reachability::graph_index::GraphIndex;
use crate::resource::{RawResource, RawValue, Resource};

/// Sets the current Amazon Linux 2023 of the architecture of an image.
pub(in super::super) fn image(
    index: &GraphIndex<'_>,
    (node, field): (NodeId, &'static str),
    name: &str,
) -> Fix {
    let architecture = match name.contains("arm64") || name.contains("aarch64") {
        true => "arm64",
        false => "x86_64",
    };
    let parameter =
        format!("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}");
    let mut changes = Changes::new(index.graph);
    let is_template = index
        .graph
        .node(node)
        .is_some_and(|node| matches!(node.resource, Resource::LaunchTemplate(_)));
    let value = match changes.dialect {
        Dialect::Cfn => RawValue::Str(format!("{{{{resolve:ssm:{parameter}}}}}").into()),
        Dialect::Tf if is_template => RawValue::Str(format!("resolve:ssm:{parameter}").into()),
        Dialect::Tf => {
            let lookup = RawResource::new().tf("data.aws_ssm_parameter");
            let id = changes.add(
                "Image",
                lookup.argument("name", RawValue::Str(parameter.into())),
            );
            RawValue::from(Expr::Other(id, "value".into()))
        }
    };
    changes.set(node, field, value);
    changes.done()
}
