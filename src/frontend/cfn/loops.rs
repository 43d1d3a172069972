//! Expands `Fn::ForEach`.

use super::super::tree::{Entry, Kind, SyntaxError, Tree};
use super::Deployment;

/// Limits the number of values from loops.
const MAX_LOOPED: usize = 100_000;

/// The sections that loops can refer to.
struct Loops<'t> {
    parameters: Option<Tree>,
    mappings: Option<Tree>,
    deployment: &'t Deployment,
    budget: usize,
    /// Whether a loop with unknown items is expanded once, with its variable as the item.
    symbolic: bool,
    /// The loops with unknown items, with their collections.
    open: Vec<(String, Tree)>,
}

/// Expands `Fn::ForEach`. Returns also whether a loop with unknown items remains.
pub(crate) fn looped(root: Tree, deployment: &Deployment) -> Result<(Tree, bool), SyntaxError> {
    let (root, loops) = expanded(root, deployment, false)?;
    Ok((root, !loops.is_empty()))
}

/// Expands `Fn::ForEach`, once with its variable as the item where the items are unknown. Returns also
/// the collections of these.
#[cfg(feature = "diff")]
pub(crate) fn looped_symbolic(
    root: Tree,
    deployment: &Deployment,
) -> Result<(Tree, Vec<(String, Tree)>), SyntaxError> {
    expanded(root, deployment, true)
}

fn expanded(
    root: Tree,
    deployment: &Deployment,
    symbolic: bool,
) -> Result<(Tree, Vec<(String, Tree)>), SyntaxError> {
    let mut loops = Loops {
        parameters: root.get("Parameters").cloned(),
        mappings: root.get("Mappings").cloned(),
        deployment,
        budget: MAX_LOOPED,
        symbolic,
        open: Vec::new(),
    };
    let tree = loops.expand(root)?;
    Ok((tree, loops.open))
}

fn has_loop(tree: &Tree) -> bool {
    match &tree.kind {
        Kind::Null | Kind::Text(_) => false,
        Kind::List(items) => items.iter().any(has_loop),
        Kind::Map(entries) => entries
            .iter()
            .any(|entry| entry.key.starts_with("Fn::ForEach::") || has_loop(&entry.value)),
    }
}

impl Loops<'_> {
    fn expand(&mut self, tree: Tree) -> Result<Tree, SyntaxError> {
        if !has_loop(&tree) {
            return Ok(tree);
        }
        let (at, plain) = (tree.at, tree.plain);
        let kind = match tree.kind {
            Kind::List(items) => {
                let items = items.into_iter().map(|item| self.expand(item));
                Kind::List(items.collect::<Result<_, _>>()?)
            }
            Kind::Map(entries) => {
                let mut out = Vec::new();
                for entry in entries {
                    if entry.key.starts_with("Fn::ForEach::") {
                        self.expand_loop(&entry, &mut out)?;
                    } else {
                        out.push(Entry {
                            value: self.expand(entry.value)?,
                            ..entry
                        });
                    }
                }
                Kind::Map(out)
            }
            other => other,
        };
        Ok(Tree { kind, at, plain })
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let specified = self.deployment.parameters.iter().rev();
        let mut specified = specified.filter(|(key, _)| key == name);
        specified
            .next()
            .map(|(_, value)| value.clone())
            .or_else(|| {
                let default = self.parameters.as_ref()?.get(name)?.get("Default")?;
                default.text().map(str::to_owned)
            })
    }

    /// Returns the items of a collection, if they are known.
    fn items(&self, collection: &Tree) -> Option<Vec<String>> {
        let listed = |text: String| text.split(',').map(|it| it.trim().to_owned()).collect();
        if let Some(list) = collection.list() {
            let mut items = Vec::new();
            for item in list {
                match item.text() {
                    Some(text) => items.push(text.to_owned()),
                    None => items.extend(self.items(item)?),
                }
            }
            return Some(items);
        }
        match collection.single()? {
            ("Ref", name) => self.parameter(name.text()?).map(listed),
            ("Fn::FindInMap", keys) => {
                let mut value = self.mappings.as_ref()?;
                for key in keys.list()? {
                    let name = match key.single() {
                        Some(("Ref", name)) => self.parameter(name.text()?)?,
                        _ => key.text()?.to_owned(),
                    };
                    value = value.get(&name)?;
                }
                match value.text() {
                    Some(text) => Some(listed(text.to_owned())),
                    None => self.items(value),
                }
            }
            ("Fn::Split", arguments) => match arguments.list()? {
                [delimiter, text] => {
                    let text = match text.single() {
                        Some(("Ref", name)) => self.parameter(name.text()?)?,
                        _ => text.text()?.to_owned(),
                    };
                    let delimiter = delimiter.text().filter(|it| !it.is_empty())?;
                    Some(text.split(delimiter).map(str::to_owned).collect())
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn expand_loop(&mut self, entry: &Entry, out: &mut Vec<Entry>) -> Result<(), SyntaxError> {
        let reject = |message: &str| {
            Err(SyntaxError {
                at: entry.at,
                message: format!("`{}`: {message}", entry.key),
            })
        };
        let Some([name, collection, template]) = entry.value.list() else {
            return reject("expected an identifier, a collection and a map");
        };
        let (Some(name), Some(template)) = (name.text(), template.map()) else {
            return reject("expected an identifier, a collection and a map");
        };
        let Some(items) = self.items(collection) else {
            self.open.push((entry.key.clone(), collection.clone()));
            if self.symbolic {
                for inner in template {
                    match inner.key.starts_with("Fn::ForEach::") {
                        true => self.expand_loop(inner, out)?,
                        false => out.push(Entry {
                            value: self.expand(inner.value.clone())?,
                            ..inner.clone()
                        }),
                    }
                }
            }
            return Ok(());
        };
        for item in items {
            for inner in template {
                self.budget = self.budget.saturating_sub(1);
                if self.budget == 0 {
                    return reject("the loops create too many values");
                }
                let entry = Entry {
                    key: substitute(&inner.key, name, &item),
                    at: inner.at,
                    value: replaced(&inner.value, name, &item, &mut self.budget),
                };
                if entry.key.starts_with("Fn::ForEach::") {
                    self.expand_loop(&entry, out)?;
                } else {
                    out.push(Entry {
                        value: self.expand(entry.value)?,
                        ..entry
                    });
                }
            }
        }
        Ok(())
    }
}

fn substitute(text: &str, name: &str, item: &str) -> String {
    let plain: String = item.chars().filter(char::is_ascii_alphanumeric).collect();
    text.replace(&format!("${{{name}}}"), item)
        .replace(&format!("&{{{name}}}"), &plain)
}

fn replaced(tree: &Tree, name: &str, item: &str, budget: &mut usize) -> Tree {
    *budget = budget.saturating_sub(1);
    if let Some(("Ref", inner)) = tree.single()
        && inner.text() == Some(name)
    {
        return Tree {
            kind: Kind::Text(item.to_owned()),
            at: tree.at,
            plain: false,
        };
    }
    let kind = match &tree.kind {
        Kind::Null => Kind::Null,
        Kind::Text(text) => Kind::Text(substitute(text, name, item)),
        Kind::List(items) => Kind::List(
            items
                .iter()
                .map(|inner| replaced(inner, name, item, budget))
                .collect(),
        ),
        Kind::Map(entries) => Kind::Map(
            entries
                .iter()
                .map(|entry| Entry {
                    key: substitute(&entry.key, name, item),
                    at: entry.at,
                    value: replaced(&entry.value, name, item, budget),
                })
                .collect(),
        ),
    };
    Tree {
        kind,
        at: tree.at,
        plain: tree.plain,
    }
}
