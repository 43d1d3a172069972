//! Fixes as lines to write, in the language of the file.

use crate::backend;
use crate::ir::{Dialect, NodeId};
use crate::reachability::Fix;
use crate::resource::{Graph, Map, RawValue, Resource};

/// Writes a fix.
pub(crate) fn lines(graph: &Graph, dialect: Dialect, json: bool, change: &Fix) -> String {
    match change {
        Fix::Manual(text) => format!("{text}\n"),
        Fix::All(changes) => changes
            .iter()
            .map(|change| lines(graph, dialect, json, change))
            .collect(),
        Fix::Either { cfn, tf } => lines(graph, dialect, json, dialect.pick(&**cfn, &**tf)),
        Fix::Set {
            node,
            field,
            cfn,
            tf,
        } => set(graph, dialect, json, (*node, field), dialect.pick(cfn, tf)),
        Fix::Add { name, resource } => add(graph, dialect, json, name, resource),
        Fix::After(node, others) => after(graph, dialect, json, *node, others),
    }
}

fn object(entries: impl IntoIterator<Item = (String, RawValue<'static>)>) -> RawValue<'static> {
    let mut map = Map::default();
    for (key, term) in entries {
        map.insert(key, term);
    }
    RawValue::Object(map)
}

/// Nests a value under the parts of a dotted path.
fn nested(path: &str, value: RawValue<'static>, block: bool) -> (String, RawValue<'static>) {
    match path.split_once('.') {
        None => (path.to_owned(), value),
        Some((first, rest)) => {
            let (key, inner) = nested(rest, value, block);
            let mut map = Map::default();
            map.insert(key, inner);
            let term = if block {
                RawValue::Block(map)
            } else {
                RawValue::Object(map)
            };
            (first.to_owned(), term)
        }
    }
}

fn set(
    graph: &Graph,
    dialect: Dialect,
    json: bool,
    (id, field): (NodeId, &str),
    value: &RawValue<'static>,
) -> String {
    let (Some(node), Some(property)) = (graph.node(id), super::property(graph, id, field)) else {
        return String::new();
    };
    match dialect {
        Dialect::Cfn => {
            let (key, value) = nested(&property, value.clone(), false);
            let properties = object([("Properties".to_owned(), object([(key, value)]))]);
            let piece = object([(node.cfn_id.clone(), properties)]);
            backend::cfn::snippet(graph, &piece, !json)
        }
        Dialect::Tf => {
            let (key, value) = nested(&property, value.clone(), true);
            let mut arguments = Map::default();
            arguments.insert(key, value);
            let of = node.resource.type_name(Dialect::Tf).unwrap_or_default();
            let name = node.tf_name.split('[').next().unwrap_or_default();
            backend::tf::snippet(graph, of, name, arguments)
        }
    }
}

fn add(graph: &Graph, dialect: Dialect, json: bool, name: &str, resource: &Resource) -> String {
    let of = resource.type_name(dialect).unwrap_or_default().to_owned();
    let body = resource.put(dialect).into_owned();
    match dialect {
        Dialect::Cfn => {
            let piece = object([(
                name.to_owned(),
                object([
                    ("Type".to_owned(), RawValue::Str(of.into())),
                    ("Properties".to_owned(), RawValue::Object(body)),
                ]),
            )]);
            backend::cfn::snippet(graph, &piece, !json)
        }
        Dialect::Tf => backend::tf::snippet(graph, &of, &crate::ir::terraform_name(name), body),
    }
}

fn after(graph: &Graph, dialect: Dialect, json: bool, id: NodeId, others: &[NodeId]) -> String {
    let Some(node) = graph.node(id) else {
        return String::new();
    };
    let names = others.iter().filter_map(|id| graph.node(*id));
    match dialect {
        Dialect::Cfn => {
            let names = names.map(|node| RawValue::Str(node.cfn_id.clone().into()));
            let depends = object([("DependsOn".to_owned(), RawValue::List(names.collect()))]);
            let piece = object([(node.cfn_id.clone(), depends)]);
            backend::cfn::snippet(graph, &piece, !json)
        }
        Dialect::Tf => {
            let own = module_of(node.display_id());
            let mut lines: Vec<String> = names
                .map(|other| format!("  {},\n", dependency(own, other.display_id())))
                .collect();
            lines.dedup();
            format!("depends_on = [\n{}]\n", lines.concat())
        }
    }
}

/// Returns the module part of an address, with the trailing dot.
fn module_of(address: &str) -> &str {
    let mut end = 0;
    while let Some(rest) = address[end..].strip_prefix("module.") {
        match rest.find('.') {
            Some(point) => end += "module.".len() + point + 1,
            None => break,
        }
    }
    &address[..end]
}

/// Returns the entry of `depends_on`: a resource of the same module, or another module.
fn dependency(own: &str, address: &str) -> String {
    let module = module_of(address);
    let name = if module == own {
        &address[module.len()..]
    } else {
        module.trim_end_matches('.')
    };
    name.split('[').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::dependency;

    #[test]
    fn dependency_is_a_resource_or_a_module() {
        assert_eq!(
            dependency("", "aws_vpc_endpoint.this[\"ssm\"]"),
            "aws_vpc_endpoint.this"
        );
        assert_eq!(
            dependency("", "module.net[0].aws_vpc_endpoint.ssm"),
            "module.net"
        );
        assert_eq!(
            dependency("module.a.", "module.a.aws_iam_role_policy.p"),
            "aws_iam_role_policy.p"
        );
    }
}
