//! Changes that fix a failing hop. The reports print them in the language of the file.

use crate::ir::{Dialect, Expr, IntoValue, Link, NodeId, Pseudo, Text, Value};
use crate::region::Region;
use crate::resource::{Graph, Node, RawValue, Resource, Typed};

/// A change to a graph.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fix {
    /// Sets a field to a value. Dots separate nested fields.
    Set {
        /// The resource.
        node: NodeId,
        /// The field of its table.
        field: &'static str,
        /// The value for CloudFormation.
        cfn: RawValue<'static>,
        /// The value for Terraform.
        tf: RawValue<'static>,
    },
    /// Adds a resource. The ID of the first one in a fix follows those of the graph.
    Add {
        /// The name of the resource. A report appends a number if the file uses the name.
        name: String,
        /// The resource.
        resource: Box<Resource>,
    },
    /// Removes a resource, to which nothing refers.
    Remove(NodeId),
    /// Adds dependencies to a resource.
    After(NodeId, Vec<NodeId>),
    /// One of two changes, depending on the language.
    Either {
        /// The change for CloudFormation.
        cfn: Box<Fix>,
        /// The change for Terraform.
        tf: Box<Fix>,
    },
    /// Several changes together.
    All(Vec<Fix>),
    /// An instruction that no snippet can express.
    Manual(String),
}

impl Fix {
    pub(crate) fn set(node: NodeId, field: &'static str, value: RawValue<'static>) -> Fix {
        Fix::Set {
            node,
            field,
            cfn: value.clone(),
            tf: value,
        }
    }

    /// Sets a field whose value differs between the languages.
    pub(crate) fn set_owned<'a>(
        node: NodeId,
        field: &'static str,
        put: impl Fn(Dialect) -> Option<RawValue<'a>>,
    ) -> Option<Fix> {
        Some(Fix::Set {
            node,
            field,
            cfn: put(Dialect::Cfn)?.into_owned(),
            tf: put(Dialect::Tf)?.into_owned(),
        })
    }

    pub(crate) fn add(name: impl Into<String>, resource: impl Into<Resource>) -> Fix {
        Fix::Add {
            name: name.into(),
            resource: Box::new(resource.into()),
        }
    }

    /// Removes a resource, or says what else to remove with it.
    pub(crate) fn remove(graph: &Graph, id: NodeId) -> Fix {
        let Some(node) = graph.node(id) else {
            return Fix::All(Vec::new());
        };
        let is_nested = node.origin.as_ref().is_some_and(|it| it.parent.is_some());
        let name = node.display_id();
        let is_used = graph.nodes().any(|(other, it)| {
            other != id && (it.depends_on.contains(&id) || it.references().contains(&id))
        });
        match (is_nested || name.contains('['), is_used) {
            (false, false) => Fix::Remove(id),
            (_, false) => Fix::manual(format!("remove `{name}`")),
            (_, true) => Fix::manual(format!("remove `{name}`, and the references to it")),
        }
    }

    pub(crate) fn manual(text: impl Into<String>) -> Fix {
        Fix::Manual(text.into())
    }

    /// Returns the fix as a hint, without its values.
    pub(crate) fn summary(&self, graph: &Graph) -> String {
        let name = |id: &NodeId| graph.node(*id).map_or("", Node::display_id);
        match self {
            Fix::Set { node, field, .. } => {
                let kind = graph.node(*node).and_then(|it| it.resource.kind());
                let fields = kind.map_or(&[][..], |it| it.fields).iter();
                let own = fields.clone().find(|it| it.name == *field);
                let property = own.map_or(*field, |it| it.cfn);
                format!("change `{property}` of `{}`", name(node))
            }
            Fix::Add { name, resource } => {
                let of = resource.kind().map_or("resource", |it| it.name);
                format!("add a {of} `{name}`")
            }
            Fix::Remove(node) => format!("remove `{}`", name(node)),
            Fix::After(node, others) => {
                let others: Vec<String> =
                    others.iter().map(|it| format!("`{}`", name(it))).collect();
                format!("let `{}` depend on {}", name(node), others.join(", "))
            }
            Fix::Either { cfn, .. } => cfn.summary(graph),
            Fix::All(fixes) => {
                let all: Vec<String> = fixes.iter().map(|it| it.summary(graph)).collect();
                all.join(", and ")
            }
            Fix::Manual(text) => text.clone(),
        }
    }
}

/// Returns the language of the file.
pub(crate) fn dialect(graph: &Graph) -> Dialect {
    let first = graph.nodes.first();
    first.map_or(Dialect::Cfn, crate::resource::Node::dialect)
}

/// Returns a link to a resource of the file, or one that a fix adds.
pub(crate) fn link<R: Typed>(id: NodeId) -> Link<R> {
    Value::Expr(id.at(R::LINK))
}

/// Returns an expression with the names of the Region where they are known: Terraform has no names
/// for them without a data source.
pub(crate) fn in_region(graph: &Graph, region: Option<&Region>, expr: Expr) -> Value<Text> {
    let (Some(region), Dialect::Tf) = (region, dialect(graph)) else {
        return expr.into_value();
    };
    let part = |part: Expr| match part {
        Expr::Pseudo(Pseudo::Partition) => Expr::text(region.partition),
        Expr::Pseudo(Pseudo::Region) => Expr::text(region.name),
        Expr::Pseudo(Pseudo::UrlSuffix) => Expr::text(region.dns_suffix),
        other => other,
    };
    let parts = match expr {
        Expr::Concat(parts) => parts,
        one => vec![one],
    };
    match Expr::concat(parts.into_iter().map(part)) {
        Expr::Text(text) => Value::Lit(text),
        other => other.into_value(),
    }
}

/// Several changes that refer to one another.
pub(crate) struct Changes {
    pub(crate) dialect: Dialect,
    next: usize,
    list: Vec<Fix>,
}

impl Changes {
    pub(crate) fn new(graph: &Graph) -> Changes {
        Changes {
            dialect: dialect(graph),
            next: graph.nodes.len(),
            list: Vec::new(),
        }
    }

    /// Adds a resource and returns its ID in the changed graph.
    pub(crate) fn add(&mut self, name: impl Into<String>, resource: impl Into<Resource>) -> NodeId {
        let id = NodeId::next(self.next);
        self.next += 1;
        self.list.push(Fix::add(name, resource));
        id
    }

    /// Adds a change that adds no resource.
    pub(crate) fn push(&mut self, change: Fix) {
        self.list.push(change);
    }

    pub(crate) fn set(&mut self, node: NodeId, field: &'static str, value: RawValue<'static>) {
        self.push(Fix::set(node, field, value));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn done(self) -> Fix {
        Fix::All(self.list)
    }
}

/// Returns a link as the value of a property.
pub(crate) fn raw<R: Typed>(link: &Link<R>) -> RawValue<'static> {
    match link {
        Value::Lit(id) => RawValue::Str(id.as_str().to_owned().into()),
        Value::Expr(expr) => RawValue::from(expr.clone()),
    }
}
