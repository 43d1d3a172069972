//! Fixes as lines to write, in the language of the file.

use super::modules::{References, local, module_of, remote};
use crate::backend;
use crate::ir::{Dialect, Expr, NodeId};
use crate::reachability::Fix;
use crate::resource::{Graph, Map, ModuleOutput, Node, RawValue, Resource};

/// Writes a fix.
pub(crate) fn lines(graph: &Graph, dialect: Dialect, json: bool, change: &Fix) -> String {
    let mut changes = Vec::new();
    flatten(change, dialect, &mut changes);
    let (local, extended);
    let mut graph = graph;
    if dialect == Dialect::Cfn
        && let Some(names) = in_one_file(graph, &changes)
    {
        local = names;
        graph = &local;
    }
    if changes.iter().any(|it| matches!(it, Fix::Add { .. })) {
        extended = extend(graph, dialect, &changes);
        graph = &extended;
    }
    let added = changes.iter().filter(|it| matches!(it, Fix::Add { .. }));
    let mut next = graph.nodes.len() - added.count();
    let (mut prose, mut after) = (String::new(), String::new());
    let mut pieces: Vec<Piece> = Vec::new();
    for &change in &changes {
        match change {
            Fix::Set {
                node, field, tf, ..
            } if dialect == Dialect::Tf && differs(graph, &changes, (*node, field), tf) => {
                prose.push_str(&sentence(graph, (*node, field), tf));
            }
            Fix::Manual(text) => prose.extend([text.as_str(), "\n"]),
            Fix::Remove(node) => {
                if let Some(node) = graph.node(*node) {
                    prose.extend(["remove `", node.display_id(), "`\n"]);
                }
            }
            Fix::Set {
                node,
                field,
                cfn,
                tf,
            } => {
                let value = dialect.pick(cfn, tf);
                set(graph, dialect, &mut pieces, (*node, field), value);
            }
            Fix::Add { resource, .. } => {
                pieces.push(Piece {
                    node: NodeId::next(next),
                    is_new: true,
                    body: resource.put(dialect).into_owned(),
                    depends_on: None,
                });
                next += 1;
            }
            Fix::After(node, others) => match dialect {
                Dialect::Cfn => depends_on(graph, &mut pieces, *node, others),
                Dialect::Tf => after.push_str(&argument_after(graph, *node, others)),
            },
            // The list is flat.
            Fix::All(_) | Fix::Either { .. } => {}
        }
    }
    if dialect == Dialect::Tf {
        return prose + &in_modules(graph, pieces) + &after;
    }
    prose + &print(graph, dialect, json, pieces) + &after
}

/// Writes lines of Terraform below the module that they belong to.
fn in_modules(graph: &Graph, pieces: Vec<Piece>) -> String {
    let new = pieces.iter().filter(|it| it.is_new).map(|it| it.node);
    let first = new.map(NodeId::index).min().unwrap_or(graph.nodes.len());
    let mut referred = Vec::new();
    for it in &pieces {
        let references = it.body.references();
        if it.is_new {
            referred.extend(references);
        } else if references.iter().any(|id| id.index() >= first) {
            referred.push(it.node);
        }
    }
    let mut references = References::new(graph, first, &referred);
    let mut of_modules: Vec<(String, Vec<Piece>)> = Vec::new();
    for piece in pieces {
        let module = references.module(piece.node).to_owned();
        // The arguments of a remote module are in the module that calls it.
        let body = references.map(local(graph, &module), piece.body);
        // The instances of a module have one code.
        let module = ModuleOutput::path(&module);
        let piece = Piece { body, ..piece };
        match of_modules.iter_mut().find(|(of, _)| *of == module) {
            Some((_, pieces)) => pieces.push(piece),
            None => of_modules.push((module, vec![piece])),
        }
    }
    let References { added, prose, .. } = references;
    for (module, ..) in &added {
        if !of_modules.iter().any(|(of, _)| of == module) {
            of_modules.push((module.clone(), Vec::new()));
        }
    }
    let texts = of_modules.into_iter().map(|(module, pieces)| {
        let outputs = added.iter().filter(|it| it.0 == module);
        let outputs = outputs
            .map(|(_, name, value)| format!("output \"{name}\" {{\n  value = {value}\n}}\n"));
        let heading = match (module.trim_end_matches('.'), remote(graph, &module)) {
            ("", _) => String::new(),
            (module, None) => format!("# in {module}\n"),
            (module, Some((_, source))) if pieces.is_empty() => {
                format!("# in {module}, which is from {source}: it has no such output\n")
            }
            (module, Some((of, source))) => format!(
                "# in {module}, which is from {source}: set it with an argument of {}\n",
                of.trim_end_matches('.')
            ),
        };
        let lines = print(graph, Dialect::Tf, false, pieces);
        let blocks = std::iter::once(lines).chain(outputs);
        let blocks: Vec<String> = blocks.filter(|it| !it.is_empty()).collect();
        heading + &blocks.join("\n")
    });
    let texts: Vec<String> = texts.collect();
    prose + &texts.join("\n")
}

/// Returns the graph with the names that the file of a fix has, if files are checked together: without
/// the prefix of the file. Resources of other files keep it.
fn in_one_file(graph: &Graph, changes: &[&Fix]) -> Option<Graph> {
    let node = changes.iter().find_map(|change| match change {
        Fix::Set { node, .. } | Fix::Remove(node) | Fix::After(node, _) => Some(*node),
        Fix::Add { resource, .. } => resource.put(Dialect::Cfn).references().into_iter().next(),
        Fix::Manual(_) | Fix::All(_) | Fix::Either { .. } => None,
    })?;
    let mut of = graph.node(node)?;
    // Rules and policies inside a resource are in its file.
    while let Some(parent) = of.origin.as_ref().and_then(|it| it.parent) {
        of = graph.node(parent)?;
    }
    let (prefix, _) = of.cfn_id.rsplit_once('/')?;
    let prefix = format!("{prefix}/");
    let mut graph = graph.clone();
    for node in &mut graph.nodes {
        if let Some(name) = node.cfn_id.strip_prefix(&prefix) {
            node.cfn_id = name.to_owned();
        }
    }
    Some(graph)
}

/// A resource to add, or properties to change.
struct Piece {
    node: NodeId,
    is_new: bool,
    body: Map<'static>,
    depends_on: Option<RawValue<'static>>,
}

fn print(graph: &Graph, dialect: Dialect, json: bool, pieces: Vec<Piece>) -> String {
    if pieces.is_empty() {
        return String::new();
    }
    let of = |node: &Node| {
        let of = node.resource.type_name(dialect);
        of.unwrap_or_default().to_owned()
    };
    let known = pieces
        .into_iter()
        .filter_map(|piece| Some((graph.node(piece.node)?, piece)));
    match dialect {
        Dialect::Cfn => {
            let pieces = known.map(|(node, piece)| {
                let mut parts = Vec::new();
                if piece.is_new {
                    parts.push(("Type".to_owned(), RawValue::Str(of(node).into())));
                }
                if let Some(names) = piece.depends_on {
                    parts.push(("DependsOn".to_owned(), names));
                }
                if !piece.body.is_empty() {
                    parts.push(("Properties".to_owned(), RawValue::Object(piece.body)));
                }
                (node.cfn_id.clone(), object(parts))
            });
            backend::cfn::snippet(graph, &object(pieces), !json)
        }
        Dialect::Tf => {
            let blocks = known.map(|(node, piece)| {
                let name = node.tf_name.split('[').next().unwrap_or_default();
                let of = written_type(node).map_or_else(|| of(node), str::to_owned);
                (of, name.to_owned(), piece.body)
            });
            backend::tf::snippet(graph, blocks.collect())
        }
    }
}

/// Lists the changes in one language.
fn flatten<'f>(change: &'f Fix, dialect: Dialect, out: &mut Vec<&'f Fix>) {
    match change {
        Fix::All(changes) => changes.iter().for_each(|it| flatten(it, dialect, out)),
        Fix::Either { cfn, tf } => flatten(dialect.pick(&**cfn, &**tf), dialect, out),
        one => out.push(one),
    }
}

/// Returns the graph with the added resources, under names that are free.
fn extend(graph: &Graph, dialect: Dialect, changes: &[&Fix]) -> Graph {
    let mut graph = graph.clone();
    let Some(like) = graph.nodes.first().cloned() else {
        return graph;
    };
    for change in changes {
        let Fix::Add { name, resource } = change else {
            continue;
        };
        let (cfn_id, tf_name) = free(&graph, dialect, name, resource);
        graph.nodes.push(Node {
            path: name.clone(),
            cfn_id,
            tf_name,
            moved_from: Vec::new(),
            resource: (**resource).clone(),
            depends_on: Vec::new(),
            condition: None,
            removal_policy: None,
            removal_location: crate::ir::SourceLocation::Default,
            overrides: Vec::new(),
            origin: None,
            ..like.clone()
        });
    }
    graph
}

/// Returns the logical ID and the name in Terraform for a new resource.
fn free(graph: &Graph, dialect: Dialect, name: &str, resource: &Resource) -> (String, String) {
    let of = resource.type_name(Dialect::Tf);
    let is_taken = |cfn_id: &str, tf_name: &str| match dialect {
        Dialect::Cfn => {
            let mut ids = graph.nodes.iter().map(|node| node.cfn_id.as_str());
            let mut parameters = graph.parameters.iter().map(|it| it.id.as_str());
            ids.any(|id| id == cfn_id) || parameters.any(|id| id == cfn_id)
        }
        Dialect::Tf => graph.nodes.iter().any(|node| {
            node.resource.type_name(Dialect::Tf) == of
                && node.tf_name.split('[').next() == Some(tf_name)
        }),
    };
    let tf_name = crate::ir::terraform_name(name);
    let numbered = (2..).map(|n| (format!("{name}{n}"), format!("{tf_name}_{n}")));
    let mut names = std::iter::once((name.to_owned(), tf_name.clone())).chain(numbered);
    let found = names.find(|(cfn_id, tf_name)| !is_taken(cfn_id, tf_name));
    found.unwrap_or_else(|| (name.to_owned(), tf_name.clone()))
}

fn object(entries: impl IntoIterator<Item = (String, RawValue<'static>)>) -> RawValue<'static> {
    let mut map = Map::default();
    for (key, term) in entries {
        map.insert(key, term);
    }
    RawValue::Object(map)
}

/// Nests a value under the parts of a dotted path.
fn nested(path: &str, value: RawValue<'static>, block: bool, into: &mut Map<'static>) {
    let Some((first, rest)) = path.split_once('.') else {
        match into.get_mut(path) {
            // Several instances of a resource have one argument, and blocks of their own.
            Some(old) if !matches!(value, RawValue::Block(_)) => *old = value,
            Some(old) if *old == value => {}
            _ => into.insert(path.to_owned(), value),
        }
        return;
    };
    if !matches!(
        into.get(first),
        Some(RawValue::Block(_) | RawValue::Object(_))
    ) {
        let empty = match block {
            true => RawValue::Block(Map::default()),
            false => RawValue::Object(Map::default()),
        };
        into.insert(first.to_owned(), empty);
    }
    if let Some(RawValue::Block(map) | RawValue::Object(map)) = into.get_mut(first) {
        nested(rest, value, block, map);
    }
}

/// Returns the piece of a resource. The instances of a Terraform resource have one block.
fn piece<'p>(graph: &Graph, pieces: &'p mut Vec<Piece>, node: NodeId) -> Option<&'p mut Piece> {
    let block = |id: NodeId| Some(ModuleOutput::path(graph.node(id)?.display_id()));
    let is_same = |it: &Piece| {
        it.node == node
            || (!it.is_new
                && graph.node(node).is_some_and(is_of_plan)
                && block(it.node) == block(node))
    };
    let at = match pieces.iter().position(is_same) {
        Some(at) => at,
        None => {
            pieces.push(Piece {
                node,
                is_new: false,
                body: Map::default(),
                depends_on: None,
            });
            pieces.len() - 1
        }
    };
    pieces.get_mut(at)
}

fn set(
    graph: &Graph,
    dialect: Dialect,
    pieces: &mut Vec<Piece>,
    (id, field): (NodeId, &str),
    value: &RawValue<'static>,
) {
    if let Some(property) = super::property(graph, id, field)
        && let Some(piece) = piece(graph, pieces, id)
    {
        let block = dialect == Dialect::Tf;
        let address = graph.node(id).map_or("", Node::display_id);
        let value = by_key(value, address).unwrap_or_else(|| value.clone());
        nested(&property, value, block, &mut piece.body);
    }
}

/// Returns whether another instance of the Terraform resource gets another text, which one argument
/// cannot express.
fn differs(
    graph: &Graph,
    changes: &[&Fix],
    (id, field): (NodeId, &str),
    value: &RawValue<'static>,
) -> bool {
    let block = |id: NodeId| {
        let address = graph.node(id)?.display_id();
        let block = ModuleOutput::path(address);
        (block != address).then_some(block)
    };
    let (Some(own), RawValue::Str(_)) = (block(id), value) else {
        return false;
    };
    let shared = |id: NodeId, value: &RawValue<'static>| {
        let address = graph.node(id).map_or("", Node::display_id);
        by_key(value, address).unwrap_or_else(|| value.clone())
    };
    changes.iter().any(|other| match other {
        Fix::Set {
            node,
            field: of,
            tf,
            ..
        } => {
            *node != id
                && *of == field
                && block(*node).as_ref() == Some(&own)
                && shared(*node, tf) != shared(id, value)
        }
        _ => false,
    })
}

fn sentence(graph: &Graph, (id, field): (NodeId, &str), value: &RawValue<'static>) -> String {
    let (Some(property), Some(node), RawValue::Str(text)) =
        (super::property(graph, id, field), graph.node(id), value)
    else {
        return String::new();
    };
    format!("set `{property}` of `{}` to `{text}`\n", node.display_id())
}

/// Returns a text of an instance of `for_each` as a text of all instances: with `each.key` in place of
/// its key.
fn by_key(value: &RawValue<'static>, address: &str) -> Option<RawValue<'static>> {
    let (_, key) = address.strip_suffix("\"]")?.rsplit_once("[\"")?;
    let RawValue::Str(text) = value else {
        return None;
    };
    let at = text
        .split('.')
        .scan(0, |at, token| {
            let start = *at;
            *at += token.len() + 1;
            Some((start, token))
        })
        .find_map(|(start, token)| (token == key).then_some(start))?;
    let (before, after) = (&text[..at], &text[at + key.len()..]);
    let parts = [
        Expr::Text(before.to_owned().into()),
        Expr::Opaque("each.key".into()),
        Expr::Text(after.to_owned().into()),
    ];
    Some(RawValue::from(Expr::concat(parts)))
}

fn is_of_plan(node: &Node) -> bool {
    node.dialect() == Dialect::Tf
}

fn depends_on(graph: &Graph, pieces: &mut Vec<Piece>, id: NodeId, others: &[NodeId]) {
    let nodes = others.iter().filter_map(|id| graph.node(*id));
    let names = nodes.map(|node| RawValue::Str(node.cfn_id.clone().into()));
    let names = RawValue::List(names.collect());
    if let Some(piece) = piece(graph, pieces, id) {
        piece.depends_on = Some(names);
    }
}

/// Writes the argument of a resource, and that of the call of its module for resources outside of it.
fn argument_after(graph: &Graph, id: NodeId, others: &[NodeId]) -> String {
    let Some(node) = graph.node(id) else {
        return String::new();
    };
    let own = ModuleOutput::path(module_of(node.display_id()));
    let others = others.iter().filter_map(|id| graph.node(*id));
    let (mut inside, mut of_calls): (Vec<String>, Vec<(String, Vec<String>)>) = Default::default();
    for other in others.map(|it| ModuleOutput::path(it.display_id())) {
        let (from, call) = common(&own, &other);
        let name = entry(&other[from.len()..]);
        let list = match call {
            "" => &mut inside,
            call => {
                let key = format!("{from}module.{call}");
                let at = of_calls.iter().position(|(of, _)| *of == key);
                let at = at.unwrap_or_else(|| {
                    of_calls.push((key, Vec::new()));
                    of_calls.len() - 1
                });
                &mut of_calls[at].1
            }
        };
        if !list.contains(&name) {
            list.push(name);
        }
    }
    let argument = |names: &[String], indent: &str| {
        let lines: Vec<String> = names
            .iter()
            .map(|name| format!("{indent}  {name},\n"))
            .collect();
        format!("{indent}depends_on = [\n{}{indent}]\n", lines.concat())
    };
    let mut out = match (inside.is_empty(), remote(graph, &own)) {
        (true, _) => String::new(),
        (false, None) => argument(&inside, ""),
        (false, Some(_)) if !of_calls.is_empty() => String::new(),
        (false, Some((of, source))) => {
            let module = of.trim_end_matches('.');
            format!("`{module}` is from {source}, which determines the order inside\n")
        }
    };
    for (of, names) in &of_calls {
        let (module, call) = of.rsplit_once("module.").unwrap_or_default();
        if !module.is_empty() {
            out.push_str(&format!("# in {}\n", module.trim_end_matches('.')));
        }
        let argument = argument(names, "  ");
        out.push_str(&format!("module \"{call}\" {{\n{argument}}}\n"));
    }
    out
}

/// Returns the module that contains both a module and a resource, and the name of its call of the first one.
/// The name is empty if the resource is in the module, or below it.
fn common<'m>(own: &'m str, address: &str) -> (&'m str, &'m str) {
    let mut end = 0;
    while let Some(rest) = own[end..].strip_prefix("module.") {
        let Some((name, _)) = rest.split_once('.') else {
            break;
        };
        let next = end + "module.".len() + name.len() + 1;
        if !address.starts_with(&own[..next]) {
            return (&own[..end], name);
        }
        end = next;
    }
    (&own[..end], "")
}

/// Returns the entry of `depends_on` for an address: a resource of the module, or a module in it.
fn entry(address: &str) -> String {
    match address.strip_prefix("module.") {
        Some(rest) => format!("module.{}", rest.split('.').next().unwrap_or(rest)),
        None => address.to_owned(),
    }
}

/// Returns the type in the address of a resource of a plan. Several types can have one model.
fn written_type(node: &Node) -> Option<&str> {
    let address = node.origin.as_ref()?.address.as_str();
    let (of, _) = address[module_of(address).len()..].split_once('.')?;
    (of != "data").then_some(of)
}

#[cfg(test)]
mod tests {
    use super::{by_key, common, entry};
    use crate::ir::Expr;
    use crate::resource::RawValue;

    #[test]
    fn text_of_one_instance_becomes_that_of_all() {
        let text = |text: &'static str| RawValue::str(text);
        let name = text("com.amazonaws.eu-west-1.ssm");
        let expected = RawValue::from(Expr::concat([
            Expr::text("com.amazonaws.eu-west-1."),
            Expr::Opaque("each.key".into()),
        ]));
        assert_eq!(
            by_key(&name, "aws_vpc_endpoint.this[\"ssm\"]"),
            Some(expected)
        );
        assert_eq!(by_key(&name, "aws_vpc_endpoint.this[\"amazon\"]"), None);
        assert_eq!(by_key(&name, "aws_vpc_endpoint.this[0]"), None);
        assert_eq!(by_key(&name, "aws_vpc_endpoint.ssm"), None);
    }

    #[test]
    fn a_dependency_outside_of_a_module_is_one_of_its_call() {
        for (own, other, wanted) in [
            (
                "",
                "aws_vpc_endpoint.this",
                ("", "", "aws_vpc_endpoint.this"),
            ),
            (
                "",
                "module.net.aws_vpc_endpoint.ssm",
                ("", "", "module.net"),
            ),
            (
                "module.a.",
                "module.a.aws_iam_role_policy.p",
                ("module.a.", "", "aws_iam_role_policy.p"),
            ),
            (
                "module.a.",
                "module.b.module.c.aws_x.y",
                ("", "a", "module.b"),
            ),
            (
                "module.a.module.b.",
                "module.a.module.c.aws_x.y",
                ("module.a.", "b", "module.c"),
            ),
        ] {
            let (from, call) = common(own, other);
            let found = (from, call, entry(&other[from.len()..]));
            assert_eq!(found, (wanted.0, wanted.1, wanted.2.to_owned()));
        }
    }
}
