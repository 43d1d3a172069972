//! Merges linked templates into one.

use super::super::super::tree::{Entry, Kind, Tree, call, list, text};
use super::super::parameters::PASSED;
use super::Linker;

impl Linker<'_> {
    /// Returns all templates as one.
    pub(super) fn merged(&mut self) -> Tree {
        let mut sections: Vec<Entry> = Vec::new();
        let at = self.units.first().map(|it| it.root.at).unwrap_or_default();
        for section in ["Parameters", "Mappings", "Conditions", "Rules", "Resources"] {
            let mut entries = Vec::new();
            for n in 0..self.units.len() {
                let own = self.units[n].root.get(section).and_then(Tree::map);
                for entry in own.unwrap_or_default().to_vec() {
                    self.merge(n, section, entry, &mut entries);
                }
            }
            sections.push(Entry {
                key: section.to_owned(),
                at,
                value: Tree {
                    kind: Kind::Map(entries),
                    at,
                    plain: false,
                },
            });
        }
        sections.push(Entry {
            key: PASSED.to_owned(),
            at,
            value: Tree {
                kind: Kind::Map(std::mem::take(&mut self.passed)),
                at,
                plain: false,
            },
        });
        // The conditions of nested stacks are known only after their resources.
        for (name, both) in std::mem::take(&mut self.joined) {
            let like = Tree {
                kind: Kind::Null,
                at,
                plain: false,
            };
            let terms = both.map(|it| call("Condition", text(it, &like)));
            let value = call("Fn::And", list(terms.to_vec(), &like));
            let conditions = sections.iter_mut().find(|it| it.key == "Conditions");
            if let Some(Kind::Map(entries)) = conditions.map(|it| &mut it.value.kind) {
                entries.push(Entry {
                    key: name,
                    at,
                    value,
                });
            }
        }
        let transforms: Vec<Tree> = self
            .units
            .iter()
            .filter_map(|unit| unit.root.get("Transform"))
            .flat_map(|it| match it.list() {
                Some(items) => items.to_vec(),
                None => vec![it.clone()],
            })
            .collect();
        if !transforms.is_empty() {
            sections.push(Entry {
                key: "Transform".to_owned(),
                at,
                value: Tree {
                    kind: Kind::List(transforms),
                    at,
                    plain: false,
                },
            });
        }
        Tree {
            kind: Kind::Map(sections),
            at,
            plain: false,
        }
    }

    fn merge(&mut self, n: usize, section: &str, entry: Entry, out: &mut Vec<Entry>) {
        let unit = &self.units[n];
        let key = match entry.key.starts_with("Fn::") {
            true => entry.key.clone(),
            false => format!("{}{}", unit.prefix, entry.key),
        };
        let value = match section {
            "Parameters" => match self.bound(unit, &entry.key) {
                Some(value) => {
                    let value = with(&entry.value, "Value", value);
                    let value = self.conditional(n, value);
                    let at = entry.at;
                    return self.passed.push(Entry { key, at, value });
                }
                None => entry.value,
            },
            "Rules" => self.conditional(n, self.renamed(n, &entry.value)),
            "Resources" if unit.nested.contains_key(&entry.key) => return,
            "Resources" => self.resource(n, &entry.value),
            _ => self.renamed(n, &entry.value),
        };
        out.push(Entry {
            key,
            at: entry.at,
            value,
        });
    }

    /// Returns a declaration with the condition under which its stack exists.
    fn conditional(&self, n: usize, tree: Tree) -> Tree {
        match &self.units[n].condition {
            Some(name) => with(&tree, "Condition", text(name.clone(), &tree)),
            None => tree,
        }
    }

    fn resource(&mut self, n: usize, tree: &Tree) -> Tree {
        let prefix = self.units[n].prefix.clone();
        let inherited = self.units[n].condition.clone();
        let own = tree.get("Condition").and_then(Tree::text);
        let own = own.map(|it| format!("{prefix}{it}"));
        let condition = self.both(inherited, own);
        let Some(entries) = tree.map() else {
            return tree.clone();
        };
        let mut out = Vec::new();
        for entry in entries {
            let value = match entry.key.as_str() {
                "Condition" => continue,
                "DependsOn" => {
                    let full = |it: &Tree| match it.text() {
                        Some(name) => text(format!("{prefix}{name}"), it),
                        None => it.clone(),
                    };
                    match entry.value.list() {
                        Some(items) => list(items.iter().map(full).collect(), &entry.value),
                        None => full(&entry.value),
                    }
                }
                _ => self.renamed(n, &entry.value),
            };
            out.push(Entry {
                key: entry.key.clone(),
                at: entry.at,
                value,
            });
        }
        if let Some(condition) = condition {
            out.push(Entry {
                key: "Condition".to_owned(),
                at: tree.at,
                value: text(condition, tree),
            });
        }
        Tree {
            kind: Kind::Map(out),
            at: tree.at,
            plain: false,
        }
    }
}

/// Returns a map with another entry.
fn with(map: &Tree, key: &str, value: Tree) -> Tree {
    let mut out = map.clone();
    if let Kind::Map(entries) = &mut out.kind {
        let (key, at) = (key.to_owned(), map.at);
        entries.push(Entry { key, at, value });
    }
    out
}
