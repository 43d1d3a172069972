//! Fixes of a plan with modules: where lines belong, and how they refer to resources of other modules.

use std::borrow::Cow;

use crate::ir::{Attr, Dialect, Expr, NodeId};
use crate::resource::{Graph, Map, ModuleOutput, RawValue};

/// Returns the module part of an address, with the trailing dot. Empty in the root module.
pub(super) fn module_of(address: &str) -> &str {
    let mut end = 0;
    while let Some(rest) = address[end..].strip_prefix("module.") {
        match step_end(rest) {
            Some(point) => end += "module.".len() + point + 1,
            None => break,
        }
    }
    &address[..end]
}

/// Returns the end of the name of a module and of its key, which can contain dots.
fn step_end(rest: &str) -> Option<usize> {
    let mut is_quoted = false;
    rest.char_indices().find_map(|(at, c)| {
        is_quoted ^= c == '"';
        (c == '.' && !is_quoted).then_some(at)
    })
}

/// Returns the remote module that contains a module, and its source.
pub(super) fn remote<'g>(graph: &'g Graph, module: &str) -> Option<(&'g str, &'g str)> {
    let path = ModuleOutput::path(module);
    let mut all = graph.remote_modules.iter();
    let (module, source) = all.find(|(it, _)| path.starts_with(it.as_str()))?;
    Some((module, source))
}

/// Returns the innermost module around a module, or itself, whose files the user can change.
pub(super) fn local<'m>(graph: &Graph, module: &'m str) -> &'m str {
    let mut end = 0;
    while let Some(rest) = module[end..].strip_prefix("module.") {
        let Some(point) = step_end(rest) else { break };
        let next = end + "module.".len() + point + 1;
        if remote(graph, &module[..next]).is_some() {
            break;
        }
        end = next;
    }
    &module[..end]
}

/// References of the lines of a fix, as the module of the lines can write them.
pub(super) struct References<'g> {
    graph: &'g Graph,
    /// The first resource that the fix adds, and the module of all of them.
    new: (usize, String),
    /// Outputs to add: the module without the keys of its instances, the name and the value.
    pub(super) added: Vec<(String, String, String)>,
    /// What a person must pass.
    pub(super) prose: String,
}

impl<'g> References<'g> {
    /// `referred`: the resources that the added ones refer to, and those that refer to them.
    pub(super) fn new(graph: &'g Graph, first: usize, referred: &[NodeId]) -> References<'g> {
        let own = referred.iter().filter(|id| id.index() < first);
        let mut modules = own.filter_map(|id| Some(module_of(graph.node(*id)?.display_id())));
        let module = modules.next().unwrap_or_default();
        let module = match modules.all(|it| it == module) {
            true => local(graph, module),
            false => "",
        };
        References {
            graph,
            new: (first, module.to_owned()),
            added: Vec::new(),
            prose: String::new(),
        }
    }

    /// Returns the module of a resource.
    pub(super) fn module(&self, id: NodeId) -> &str {
        match self.graph.node(id) {
            Some(_) if id.index() >= self.new.0 => &self.new.1,
            Some(node) => module_of(node.display_id()),
            None => "",
        }
    }

    /// Returns the arguments as their module writes them.
    pub(super) fn map(&mut self, module: &str, map: Map<'static>) -> Map<'static> {
        let entries = map.into_iter();
        entries
            .map(|(key, value)| (key, self.value(module, value)))
            .collect()
    }

    fn value(&mut self, module: &str, value: RawValue<'static>) -> RawValue<'static> {
        match value {
            RawValue::Expr(expr) => {
                RawValue::Expr(Cow::Owned(self.expr(module, expr.into_owned())))
            }
            RawValue::List(items) => {
                let items = items.into_iter().map(|it| self.value(module, it));
                RawValue::List(items.collect())
            }
            RawValue::Object(map) => RawValue::Object(self.map(module, map)),
            RawValue::Block(map) => RawValue::Block(self.map(module, map)),
            RawValue::Json(inner) => RawValue::Json(Box::new(self.value(module, *inner))),
            RawValue::Base64(inner) => RawValue::Base64(Box::new(self.value(module, *inner))),
            other => other,
        }
    }

    fn expr(&mut self, module: &str, expr: Expr) -> Expr {
        match expr {
            Expr::Attr(target, attr) => match self.written(module, target, attr) {
                Some(text) => Expr::Opaque(text.into()),
                None => Expr::Attr(target, attr),
            },
            Expr::Concat(parts) => Expr::concat(parts.into_iter().map(|it| self.expr(module, it))),
            other => other,
        }
    }

    /// Returns a reference to a resource of another module. None for one of the same module.
    fn written(&mut self, from: &str, target: NodeId, attr: Attr) -> Option<String> {
        let of = self.module(target).to_owned();
        if of == from {
            return None;
        }
        let node = self.graph.node(target)?;
        let address = match target.index() >= self.new.0 {
            true => &format!("{}.{}", node.resource.type_name(Dialect::Tf)?, node.tf_name),
            false => node.display_id(),
        };
        // A resource of the fix has no module in its address.
        let inside = address.strip_prefix(of.as_str()).unwrap_or(address);
        let Some(rest) = of.strip_prefix(from) else {
            // A module refers to another one only through its variables.
            let variable = name_of(&format!("{}.{}", inside, attr.tf), attr);
            let line = format!(
                "pass `{address}.{}` to `{}` as variable `{variable}`\n",
                attr.tf,
                from.trim_end_matches('.')
            );
            if !self.prose.contains(&line) {
                self.prose.push_str(&line);
            }
            return Some(format!("var.{variable}"));
        };
        let step = &module_of(rest)[.."module.".len() + step_end(rest.strip_prefix("module.")?)?];
        let child = format!("{from}{step}.");
        let inner = self.written(&child, target, attr);
        let inner = inner.unwrap_or_else(|| format!("{}.{}", inside, attr.tf));
        Some(format!("{step}.{}", self.output(&child, &inner, attr)))
    }

    /// Returns the output of a module with a value, and its index. Adds an output that the module lacks.
    fn output(&mut self, module: &str, value: &str, attr: Attr) -> String {
        let path = ModuleOutput::path(module);
        let known = &self.graph.module_outputs;
        let mut own = known.iter().filter(|it| it.module == path);
        if let Some(known) = own.find_map(|it| it.reference(value)) {
            return known;
        }
        let mut added = self.added.iter();
        if let Some((_, name, _)) = added.find(|it| it.0 == path && it.2 == value) {
            return name.clone();
        }
        let name = name_of(value, attr);
        let is_taken = |name: &str| {
            known.iter().any(|it| it.module == path && it.name == name)
                || self.added.iter().any(|it| it.0 == path && it.1 == name)
        };
        let numbered = (2..).map(|n| format!("{name}_{n}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let name = names.find(|it| !is_taken(it)).unwrap_or(name);
        self.added.push((path, name.clone(), value.to_owned()));
        name
    }
}

/// Returns a name for an attribute that crosses a module, such as `security_group_id`.
fn name_of(value: &str, attr: Attr) -> String {
    let of = value.strip_prefix("aws_").unwrap_or(value);
    let of = of.split('.').next().unwrap_or_default();
    format!("{of}_{}", attr.tf)
}

#[cfg(test)]
mod tests {
    use super::module_of;
    use crate::resource::ModuleOutput;

    #[test]
    fn the_module_of_an_address_ends_before_the_type() {
        for (address, module) in [
            ("aws_vpc.this", ""),
            ("module.net[0].aws_vpc.this", "module.net[0]."),
            (
                "module.a[\"b.c\"].module.d.aws_vpc.this[\"e\"]",
                "module.a[\"b.c\"].module.d.",
            ),
        ] {
            assert_eq!(module_of(address), module, "{address}");
        }
    }

    /// `upper(aws_vpc.this.id)` has the same reference in a plan.
    #[test]
    fn an_output_is_the_attribute_that_its_name_says() {
        for (name, of, is_list, value, wanted) in [
            (
                "vpc_id",
                "aws_vpc.a.id",
                false,
                "aws_vpc.a.id",
                Some("vpc_id"),
            ),
            ("id", "aws_vpc.a.id", false, "aws_vpc.a.id", Some("id")),
            ("vpc_label", "aws_vpc.a.id", false, "aws_vpc.a.id", None),
            ("vpc_id", "aws_vpc.b.id", false, "aws_vpc.a.id", None),
            (
                "private",
                "aws_subnet.a",
                true,
                "aws_subnet.a[1].id",
                Some("private[1]"),
            ),
            (
                "private",
                "aws_subnet.a",
                true,
                "aws_subnet.a[\"x\"].id",
                None,
            ),
            ("private", "aws_subnet.a", false, "aws_subnet.a[1].id", None),
        ] {
            let output = ModuleOutput {
                module: String::new(),
                name: name.to_owned(),
                of: of.to_owned(),
                is_list,
            };
            let found = output.reference(value);
            assert_eq!(found.as_deref(), wanted, "{name} {value}");
        }
    }
}
