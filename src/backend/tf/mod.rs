//! Terraform output.

mod blocks;
mod functions;
mod hcl;
mod json;
mod root;
mod tree;
#[cfg(any(feature = "diff", feature = "testing"))]
mod values;

#[cfg(feature = "cli")]
pub(crate) use functions::has_equivalent;
pub use root::{directory, root};
#[cfg(feature = "diff")]
pub(crate) use values::resources;
#[cfg(feature = "testing")]
pub(crate) use values::{printed, value_in};

use blocks::{data_block, import_variable, moved, provider, required_providers, variable};
use tree::{Block, Body, Item, Part, Tree};

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::backend::error::{OutputError, stack_of};
use crate::ir::{
    ConditionId, DataSource, Dialect, Expr, NodeId, Predicate, Stack, StackId, terraform_name,
};
use crate::resource::{Graph, Map, Node, RawValue};
use crate::validate::{Links, Validated};

/// The kind of a Terraform module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ModuleKind {
    /// A root module. Contains a `provider` block if the stack sets its region.
    #[default]
    Root,
    /// A child module, without a `provider` block.
    Module,
}

/// A Terraform module for version 5 or 6 of the `hashicorp/aws` provider.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Module<'a> {
    blocks: Vec<Block<'a>>,
}

impl Module<'_> {
    /// Adds import blocks for existing resources, as address and ID. The ID can contain `${}`
    /// expressions.
    #[cfg(feature = "cli")]
    pub(crate) fn with_imports(mut self, imports: Vec<(String, String)>) -> Self {
        for (address, id) in imports {
            let mut body = Body::default();
            body.argument("to", Tree::Address(address));
            let mut parts: Vec<Part<'_>> = Vec::new();
            let mut rest = id.as_str();
            while let Some((text, behind)) = rest.split_once("${") {
                // A doubled `$` is literal.
                if let Some(text) = text.strip_suffix('$') {
                    parts.push(Part::Text(format!("{text}${{").into()));
                    rest = behind;
                    continue;
                }
                let (code, behind) = behind.split_once('}').unwrap_or((behind, ""));
                if !text.is_empty() {
                    parts.push(Part::Text(text.to_owned().into()));
                }
                parts.push(Part::Expr(code.to_owned()));
                rest = behind;
            }
            let value = match parts.is_empty() {
                true => Tree::Str(id.into()),
                false => {
                    if !rest.is_empty() {
                        parts.push(Part::Text(rest.to_owned().into()));
                    }
                    Tree::Template(parts)
                }
            };
            body.argument("id", value);
            self.blocks.push(Block {
                of: "import",
                labels: Vec::new(),
                body,
            });
        }
        self
    }

    /// Returns the module as Terraform JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        json::print(&self.blocks)
    }

    /// Returns the module as HCL, in the style of `terraform fmt`.
    pub fn to_hcl(&self) -> String {
        hcl::print(&self.blocks)
    }
}

/// Generates the module of a stack.
///
/// # Errors
///
/// If the stack does not exist, or the app is only for CloudFormation.
pub fn module<'g>(
    validated: &Validated<'g>,
    stack: &str,
    kind: ModuleKind,
) -> Result<Module<'g>, OutputError> {
    let graph = validated.graph();
    let here = stack_of(validated, stack, Dialect::Tf)?;
    let mut lower = Lower {
        graph,
        stack: &graph.stacks[here.index()],
        links: Some((here, validated.links())),
        passes_copies: kind == ModuleKind::Module,
        data: BTreeSet::new(),
        stored: BTreeMap::new(),
        maps: BTreeSet::new(),
    };
    Ok(Module {
        blocks: lower.blocks(kind),
    })
}

struct Lower<'g, 'l> {
    graph: &'g Graph,
    stack: &'g Stack,
    /// The stack, and the references between stacks.
    links: Option<(StackId, &'l Links)>,
    /// Whether a root module passes the values that another stack writes to Parameter Store.
    passes_copies: bool,
    data: BTreeSet<DataSource>,
    /// The names of the parameters in Parameter Store, by the label of the data source.
    stored: BTreeMap<String, Tree<'g>>,
    /// The mappings that expressions look up.
    maps: BTreeSet<String>,
}

impl<'g> Lower<'g, '_> {
    fn blocks(&mut self, kind: ModuleKind) -> Vec<Block<'g>> {
        let mut resources = Vec::new();
        for (id, node) in self.graph.nodes_of(self.stack) {
            self.resource(id, node, &mut resources);
        }
        let mut outputs = Vec::new();
        for output in &self.stack.outputs {
            let mut body = Body::default();
            body.argument("description", Tree::Str(output.description.as_ref().into()));
            let mut value = self.expr(&output.value);
            if let Some(condition) = output.condition
                && !matches!(output.value, Expr::Attr(..))
            {
                let (test, code) = (self.condition(condition), self.operand(&output.value));
                value = Tree::Expr(format!("{test} ? {code} : null"));
            }
            body.argument("value", value);
            if self.is_sensitive(&output.value) {
                body.argument("sensitive", Tree::Bool(true));
            }
            outputs.push(Block {
                of: "output",
                labels: vec![output.tf_name.as_str().into()],
                body,
            });
        }
        if let Some((here, links)) = self.links {
            for export in links
                .exports_of(here, Dialect::Tf)
                .filter(|it| !it.has_output && self.is_linked(it))
            {
                let mut body = Body::default();
                let value = self.attr(export.node, export.attr.tf);
                body.argument("value", Tree::Expr(value));
                outputs.push(Block {
                    of: "output",
                    labels: vec![export.tf_name.clone().into()],
                    body,
                });
            }
        }
        let (region, account) = (self.stack.region, self.stack.account.as_deref());
        let aliases = &self.stack.provider_aliases;
        let mut blocks = match kind {
            ModuleKind::Root => vec![required_providers(&[])],
            ModuleKind::Module => vec![required_providers(aliases)],
        };
        if kind == ModuleKind::Root {
            if region.is_some() || account.is_some() {
                blocks.push(provider(None, region, account));
            }
            let aliased = aliases.iter();
            blocks.extend(
                aliased.map(|(alias, of)| provider(Some(alias.clone()), Some(*of), account)),
            );
        }
        let ids = self.stack.parameters.iter();
        let parameters = ids.filter_map(|id| self.graph.parameter(*id));
        let parameters = parameters.filter(|it| it.only != Some(Dialect::Cfn));
        let set = parameters.filter(|it| self.passed(it.default_name()).is_none());
        blocks.extend(set.map(|it| variable(it, terraform_name(&it.id))));
        if let Some((here, links)) = self.links {
            let imports = links.imports_of(here).filter(|it| self.is_linked(it));
            blocks.extend(imports.map(|it| import_variable(self.graph, it)));
        }
        blocks.extend(self.locals());
        for data in &self.data {
            let mut block = data_block(*data);
            let mut accepted = Body::default();
            self.suppressions(&format!("data.{}", data.labels()[0]), &mut accepted);
            block.body.0.splice(0..0, accepted.0);
            blocks.push(block);
        }
        blocks.extend(self.stored_blocks());
        for (_, node) in self.graph.nodes_of(self.stack) {
            moved(node, &mut blocks);
        }
        blocks.extend(resources);
        blocks.extend(outputs);
        blocks
    }

    /// Adds the suppressions for a type, in the comment format of Checkov.
    fn suppressions(&self, of: &str, body: &mut Body<'g>) {
        let all = self.stack.suppressions.iter().filter(|it| it.tf == of);
        let lines: Vec<String> = all
            .map(|it| format!("checkov:skip={}:{}", it.check, it.reason))
            .collect();
        if !lines.is_empty() {
            body.0.push(("//".into(), Item::Comments(lines)));
        }
    }

    fn address(&self, id: NodeId) -> Option<String> {
        let node = self.graph.node(id)?;
        let of = node.resource.type_name(Dialect::Tf)?;
        Some(format!("{of}.{}", node.tf_name))
    }

    fn resource(&mut self, id: NodeId, node: &'g Node, out: &mut Vec<Block<'g>>) {
        let Some(of) = node.resource.type_name(Dialect::Tf) else {
            return;
        };
        // Validation applied the same overrides without an error.
        let (mut arguments, errors) = node.printed(id, self.graph, Dialect::Tf);
        debug_assert!(errors.is_empty());
        // The table of a model has no such blocks.
        if node.resource.kind().is_none() || !node.overrides.is_empty() {
            arguments.complete_objects(of);
        }
        let depends_on = self.depends_on(id, node, &arguments);
        let condition = node.condition.and_then(|id| self.graph.condition(id));
        let mut body = Body::default();
        self.suppressions(of, &mut body);
        let count = condition.map(|it| {
            let test = self.test(&it.predicate);
            format!("{test} ? 1 : 0")
        });
        if let Some(count) = &count {
            body.argument("count", Tree::Expr(count.clone()));
        }
        let provider = arguments.get("provider").cloned();
        self.body(arguments, &mut body);
        let ignored = node.resource.tf_ignored();
        if !ignored.is_empty() {
            body.ignore_changes(ignored);
        }
        if !depends_on.is_empty() {
            body.addresses("depends_on", depends_on);
        }
        let name: Cow<'g, str> = node.tf_name.as_str().into();
        let (kind, labels) = match (of, of.strip_prefix("data.")) {
            ("module", _) => ("module", vec![name]),
            (_, Some(of)) => ("data", vec![of.into(), name]),
            (of, None) => ("resource", vec![of.into(), name]),
        };
        out.push(Block {
            of: kind,
            labels,
            body,
        });
        for satellite in node.resource.satellites(id, self.graph) {
            let mut body = Body::default();
            if let Some(count) = &count {
                body.argument("count", Tree::Expr(count.clone()));
            }
            // It is a part of the resource, in the same Region.
            let mut arguments = satellite.body;
            if let Some(provider) = &provider {
                arguments.insert("provider", provider.clone());
            }
            self.body(arguments, &mut body);
            let name = format!("{}_{}", node.tf_name, satellite.suffix);
            let labels = vec![satellite.tf.into(), name.into()];
            out.push(Block {
                of: "resource",
                labels,
                body,
            });
        }
    }

    /// Returns explicit dependencies that no reference implies.
    fn depends_on(&self, id: NodeId, node: &Node, arguments: &Map<'_>) -> Vec<String> {
        let suppressions = arguments.references();
        let mut addresses = Vec::new();
        for &after in &node.depends_on {
            // A dependency on another stack orders entire stacks.
            let Some(other) = self.graph.node(after).filter(|it| it.stack == node.stack) else {
                continue;
            };
            let satellites = other.resource.satellites(after, self.graph);
            if after != id && satellites.is_empty() && !suppressions.contains(&after) {
                addresses.extend(self.address(after));
            }
            for satellite in satellites {
                addresses.push(format!(
                    "{}.{}_{}",
                    satellite.tf, other.tf_name, satellite.suffix
                ));
            }
        }
        addresses
    }

    fn body(&mut self, map: Map<'g>, body: &mut Body<'g>) {
        for (key, term) in map {
            match term {
                RawValue::Block(map) => {
                    let mut inner = Body::default();
                    match key.as_ref() {
                        "lifecycle" => self.lifecycle(map, &mut inner),
                        _ => self.body(map, &mut inner),
                    }
                    body.block(key, inner);
                }
                RawValue::List(items) if matches!(items.first(), Some(RawValue::Block(_))) => {
                    let mut blocks = Vec::new();
                    for item in items {
                        if let RawValue::Block(map) = item {
                            let mut inner = Body::default();
                            self.body(map, &mut inner);
                            blocks.push(inner);
                        }
                    }
                    body.0.push((key, Item::Blocks(blocks)));
                }
                RawValue::Raw(json) if key == "provider" && json.is_string() => {
                    let alias = json.as_str().unwrap_or_default().to_owned();
                    body.argument(key, Tree::Address(alias));
                }
                // An argument that is not set.
                RawValue::Expr(expr) if matches!(expr.as_ref(), Expr::Absent) => {}
                term => {
                    let value = self.term(term);
                    body.argument(key, value);
                }
            }
        }
    }

    /// Adds the arguments of `lifecycle`, some of which are names without quotes.
    fn lifecycle(&mut self, map: Map<'g>, body: &mut Body<'g>) {
        for (key, term) in map {
            let names = match (key.as_ref(), &term) {
                ("ignore_changes" | "replace_triggered_by", RawValue::Raw(json)) => {
                    Cow::Borrowed(json.as_ref())
                }
                ("ignore_changes" | "replace_triggered_by", RawValue::List(items)) => {
                    let texts = items.iter().filter_map(RawValue::as_str);
                    Cow::Owned(texts.map(serde_json::Value::from).collect())
                }
                _ => {
                    self.body([(key, term)].into_iter().collect(), body);
                    continue;
                }
            };
            let name = |it: &serde_json::Value| it.as_str().map(|it| Tree::Address(it.to_owned()));
            let is_all = |it: &&Vec<serde_json::Value>| it.len() == 1 && it[0] == "all";
            let names = match names.as_ref() {
                // The keyword is not in a list.
                serde_json::Value::Array(names) if key == "ignore_changes" && is_all(&names) => {
                    Tree::Address("all".to_owned())
                }
                serde_json::Value::Array(names) => {
                    Tree::List(names.iter().filter_map(name).collect())
                }
                all => name(all).unwrap_or(Tree::Null),
            };
            body.argument(key, names);
        }
    }

    fn term(&mut self, term: RawValue<'g>) -> Tree<'g> {
        match term {
            RawValue::Bool(value) => Tree::Bool(value),
            RawValue::Int(value) => Tree::Int(value),
            RawValue::Str(text) => Tree::Str(text),
            RawValue::Expr(Cow::Borrowed(expr)) => self.expr(expr),
            RawValue::Expr(Cow::Owned(expr)) => self.expr_owned(&expr),
            RawValue::List(items) if items.iter().any(RawValue::is_spliced) => {
                let parts: Vec<String> = items.iter().map(|item| self.part(item)).collect();
                Tree::Expr(format!("concat({})", parts.join(", ")))
            }
            RawValue::List(items) => {
                Tree::List(items.into_iter().map(|item| self.term(item)).collect())
            }
            RawValue::Object(map) | RawValue::Block(map) => Tree::Map(
                map.into_iter()
                    .map(|(key, term)| (key, self.term(term)))
                    .collect(),
            ),
            RawValue::Json(inner) => Tree::Json(Box::new(self.term(*inner))),
            RawValue::Base64(inner) => Tree::Base64(Box::new(self.term(*inner))),
            RawValue::Raw(value) => Tree::Raw(value),
        }
    }

    /// Returns a list for `concat`: a single item, or all items of a parameter.
    fn part(&mut self, term: &RawValue<'_>) -> String {
        match term {
            RawValue::Expr(expr) => self.part_of(expr),
            RawValue::Str(text) => format!("[{}]", hcl::quoted(text)),
            other => {
                let item = self.term(other.clone().into_owned());
                format!("[{}]", hcl::expression(&item, 0))
            }
        }
    }

    fn expr_owned(&mut self, expr: &Expr) -> Tree<'g> {
        match self.expr(expr) {
            Tree::Str(text) => Tree::Str(text.into_owned().into()),
            Tree::Expr(text) => Tree::Expr(text),
            Tree::Template(parts) => Tree::Template(
                parts
                    .into_iter()
                    .map(|part| match part {
                        Part::Text(text) => Part::Text(text.into_owned().into()),
                        Part::Expr(text) => Part::Expr(text),
                    })
                    .collect(),
            ),
            _ => Tree::Null,
        }
    }

    /// Returns the attribute of the data source that has a value.
    fn data_source(&mut self, expr: &Expr) -> Option<String> {
        let (data, attribute) = expr.data_source()?;
        self.data.insert(data);
        Some(format!("{}.{attribute}", data.address()))
    }

    fn expr<'e>(&mut self, expr: &'e Expr) -> Tree<'e> {
        match expr {
            Expr::Text(text) => Tree::Str(text.as_ref().into()),
            Expr::Concat(parts) => Tree::Template(
                parts
                    .iter()
                    .map(|part| match part {
                        Expr::Text(text) => Part::Text(text.as_ref().into()),
                        other => Part::Expr(self.code(other)),
                    })
                    .collect(),
            ),
            Expr::PerLanguage { tf, .. } => self.expr(tf),
            other => Tree::Expr(self.code(other)),
        }
    }

    fn attr(&self, id: NodeId, name: &str) -> String {
        let address = self.address(id).unwrap_or_default();
        let node = self.graph.node(id);
        match node.is_some_and(|node| node.condition.is_some()) {
            true => format!("one({address}[*].{name})"),
            false => format!("{address}.{name}"),
        }
    }

    fn code(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Attr(id, attr) => match self.links {
                Some((here, links)) if self.graph.node(*id).is_some_and(|it| it.stack != here) => {
                    let export = links.find(*id, *attr);
                    let name = export.map(|it| it.variable(self.graph));
                    format!("var.{}", name.unwrap_or_default())
                }
                _ => self.attr(*id, attr.tf),
            },
            Expr::Param(id) | Expr::Items(id) => self.parameter(*id),
            Expr::Text(text) => hcl::quoted(text),
            Expr::Concat(_) => match self.expr(expr) {
                Tree::Template(parts) => hcl::template(&parts),
                _ => String::new(),
            },
            Expr::Zone(n) => {
                let names = self.data_source(expr).unwrap_or_default();
                format!("{names}[{n}]")
            }
            Expr::Pseudo(_) => self.data_source(expr).unwrap_or_default(),
            Expr::Select(list, n) => self.item(list, *n),
            Expr::If(condition, then, other) => {
                let test = self.condition(*condition);
                format!("{test} ? {} : {}", self.operand(then), self.code(other))
            }
            Expr::PerLanguage { tf, .. } => self.code(tf),
            Expr::Other(id, name) => {
                let address = self.address(*id).unwrap_or_default();
                format!("{address}.{name}")
            }
            Expr::SsmParameter(name) => self.stored_by_name(name),
            // Read graphs are not printed in full; the first alternative is a placeholder.
            Expr::OneOf(of) => of
                .first()
                .map_or("null".to_owned(), |first| self.code(first)),
            Expr::Call(name, arguments) => match self.data_source(expr) {
                Some(value) => value,
                None => self.call(name, arguments),
            },
            Expr::SourceParam { name: text, .. } | Expr::Opaque(text) | Expr::Unknown(text) => {
                text.to_string()
            }
            Expr::Absent => "null".to_owned(),
        }
    }

    fn condition(&mut self, id: ConditionId) -> String {
        let condition = self.graph.condition(id);
        condition.map_or(String::new(), |it| self.test(&it.predicate))
    }

    fn test(&mut self, test: &Predicate) -> String {
        match test {
            Predicate::Not(inner) => format!("!{}", self.test(inner)),
            Predicate::OneOf(expr, values) => {
                format!(
                    "contains({}, {})",
                    Self::quoted_list(values),
                    self.compared(expr)
                )
            }
            Predicate::Equal(one, other) => {
                format!("({} == {})", self.compared(one), self.compared(other))
            }
            Predicate::All(tests) if tests.is_empty() => "true".to_owned(),
            Predicate::Any(tests) if tests.is_empty() => "false".to_owned(),
            Predicate::All(tests) => self.tests(tests, " && "),
            Predicate::Any(tests) => self.tests(tests, " || "),
        }
    }

    fn tests(&mut self, tests: &[Predicate], operator: &str) -> String {
        let tests: Vec<String> = tests.iter().map(|it| self.test(it)).collect();
        format!("({})", tests.join(operator))
    }
}

/// Prints resource blocks, by type, name and arguments, that refer to resources of a graph. Data
/// sources that they use and the graph does not have follow.
pub(crate) fn snippet(graph: &Graph, blocks: Vec<(String, String, Map<'static>)>) -> String {
    let Some(stack) = graph.stacks.first() else {
        return String::new();
    };
    let mut lower = Lower {
        graph,
        stack,
        links: None,
        passes_copies: false,
        data: BTreeSet::new(),
        stored: BTreeMap::new(),
        maps: BTreeSet::new(),
    };
    let mut printed = Vec::new();
    for (of, name, arguments) in blocks {
        let mut body = Body::default();
        lower.body(arguments, &mut body);
        let (kind, of) = match of.strip_prefix("data.") {
            Some(of) => ("data", of.to_owned()),
            None => ("resource", of),
        };
        printed.push(Block {
            of: kind,
            labels: vec![of.into(), name.into()],
            body,
        });
    }
    let missing = lower.data.iter().filter(|data| {
        let address = data.address();
        !graph.nodes.iter().any(|node| node.display_id() == address)
    });
    printed.extend(missing.map(|data| data_block(*data)));
    hcl::print(&printed)
}
