//! Links templates that are deployed together: exports with their imports, and nested stacks with
//! the stacks that create them.
//!
//! The result is one template. The names of a template get its name as a prefix, so that they stay
//! different. An import becomes the value of its export. A parameter of a nested stack becomes the
//! value that its parent passes, and `Outputs.X` the value of its output.

use std::cell::Cell;
use std::collections::HashMap;

use super::super::tree::{Entry, Kind, SyntaxError, Tree, call, list, text};
use super::exports::{names, pattern};
use super::form::{self, FormError};
use super::{Deployment, looped};
use crate::ir::{SubPart, sub_parts};

mod merged;

/// Limits nested stacks, which can contain themselves.
const MAX_NESTING: usize = 8;
/// Limits the values that follow one another through templates.
const MAX_STEPS: usize = 20;

/// Reads the template at a path next to another file.
pub(crate) type ReadNested<'a> = &'a dyn Fn(&str, &str) -> Option<(String, String)>;

/// A template to link.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) file: String,
    pub(crate) root: Tree,
}

/// The linked templates.
pub(crate) struct Linked {
    pub(crate) root: Tree,
    /// The names of the files, in the order of `At::file`.
    pub(crate) files: Vec<String>,
    /// The stack that each file belongs to: a nested stack is a part of its parent. Empty if all files
    /// are one stack.
    pub(crate) stacks: Vec<String>,
    /// Nested stacks and their files, as sentences.
    pub(crate) notes: Vec<String>,
    /// Whether a loop has unknown items.
    pub(crate) unresolved: bool,
    /// The errors in the form of each template.
    pub(super) form: Vec<FormError>,
}

/// A template with the names that are visible in it.
struct Unit {
    file: String,
    /// The prefix of its names.
    prefix: String,
    root: Tree,
    /// The stack that creates it, and the parameters that it passes.
    parent: Option<(usize, Vec<Entry>)>,
    /// The linked nested stacks by logical ID, as positions in the list of units.
    nested: HashMap<String, usize>,
    /// The condition under which the stack exists, with the name of the linked template.
    condition: Option<String>,
}

impl Unit {
    /// Returns the stack that the file, or the file of the outermost parent, describes.
    fn stack(&self) -> String {
        let name = self.prefix.split('/').next();
        name.unwrap_or_default().to_owned()
    }
}

struct Linker<'a> {
    units: Vec<Unit>,
    deployment: &'a Deployment,
    read_nested: ReadNested<'a>,
    notes: Vec<String>,
    unresolved: bool,
    /// The loops that no transform expands.
    form: Vec<FormError>,
    /// The values in other templates that are being followed.
    depth: Cell<usize>,
    /// The conditions of resources in nested stacks with conditions: name, and the two conditions.
    joined: Vec<(String, [String; 2])>,
    /// The parameters that stacks pass to nested stacks, with their values.
    passed: Vec<Entry>,
}

/// Links templates.
///
/// # Errors
///
/// A template that is not one.
pub(crate) fn link(
    templates: Vec<Template>,
    deployment: &Deployment,
    read_nested: ReadNested<'_>,
) -> Result<Linked, SyntaxError> {
    let mut linker = Linker {
        units: Vec::new(),
        deployment,
        read_nested,
        notes: Vec::new(),
        unresolved: false,
        form: Vec::new(),
        depth: Cell::new(0),
        joined: Vec::new(),
        passed: Vec::new(),
    };
    let alone = templates.len() == 1;
    for template in templates {
        let prefix = match alone {
            true => String::new(),
            false => linker.free_prefix(&template.file),
        };
        linker.add(template, prefix, None, None, 0)?;
    }
    let root = linker.merged();
    let form = linker.units.iter();
    let form = form.flat_map(|it| form::errors(&it.root, it.condition.as_deref()));
    Ok(Linked {
        root,
        form: linker.form.into_iter().chain(form).collect(),
        stacks: match alone {
            true => Vec::new(),
            false => linker.units.iter().map(Unit::stack).collect(),
        },
        files: linker.units.into_iter().map(|unit| unit.file).collect(),
        notes: linker.notes,
        unresolved: linker.unresolved,
    })
}

impl Linker<'_> {
    /// Returns a prefix from the name of a file that no other template has.
    fn free_prefix(&self, file: &str) -> String {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let stem = name.split('.').next().unwrap_or(name);
        let taken = |prefix: &str| self.units.iter().any(|unit| unit.prefix == prefix);
        let mut prefix = format!("{stem}/");
        let mut n = 2;
        while taken(&prefix) {
            prefix = format!("{stem}-{n}/");
            n += 1;
        }
        prefix
    }

    fn add(
        &mut self,
        template: Template,
        prefix: String,
        parent: Option<(usize, Vec<Entry>)>,
        condition: Option<String>,
        depth: usize,
    ) -> Result<usize, SyntaxError> {
        let at = self.units.len();
        let mut root = template.root;
        root.set_file(u16::try_from(at).unwrap_or(u16::MAX));
        self.form.extend(form::loops(&root, condition.as_deref()));
        let (root, undecided) = looped(root, self.deployment)?;
        self.unresolved |= undecided;
        self.units.push(Unit {
            file: template.file.clone(),
            prefix: prefix.clone(),
            root: root.clone(),
            parent,
            nested: HashMap::new(),
            condition,
        });
        let resources = root.get("Resources").and_then(Tree::map);
        for entry in resources.unwrap_or_default() {
            let type_name = entry.value.get("Type").and_then(Tree::text);
            if type_name != Some("AWS::CloudFormation::Stack") {
                continue;
            }
            let name = format!("{prefix}{}", entry.key);
            match self.nested_template(&template.file, entry, depth)? {
                Some(nested) => {
                    let file = nested.file.clone();
                    self.notes
                        .push(format!("nested stack `{name}` is read from `{file}`"));
                    let passed = entry
                        .value
                        .get("Properties")
                        .and_then(|it| it.get("Parameters"))
                        .and_then(Tree::map);
                    let parent = Some((at, passed.unwrap_or_default().to_vec()));
                    let own = entry.value.get("Condition").and_then(Tree::text);
                    let own = own.map(|it| format!("{prefix}{it}"));
                    let inherited = self.units[at].condition.clone();
                    let condition = self.both(inherited, own);
                    let inner =
                        self.add(nested, format!("{name}/"), parent, condition, depth + 1)?;
                    self.units[at].nested.insert(entry.key.clone(), inner);
                }
                None => self.notes.push(format!(
                    "nested stack `{name}` is not read: its template is not a local file"
                )),
            }
        }
        Ok(at)
    }

    /// Reads the template of a nested stack if it is a local file.
    fn nested_template(
        &self,
        parent: &str,
        entry: &Entry,
        depth: usize,
    ) -> Result<Option<Template>, SyntaxError> {
        // The CDK uploads the template of a nested stack, and names its file here.
        let asset = entry
            .value
            .get("Metadata")
            .and_then(|it| it.get("aws:asset:path"))
            .and_then(Tree::text);
        let url = entry
            .value
            .get("Properties")
            .and_then(|it| it.get("TemplateURL"))
            .and_then(Tree::text);
        let Some(path) = asset.or(url.filter(|it| !it.contains("://"))) else {
            return Ok(None);
        };
        if depth >= MAX_NESTING {
            return Ok(None);
        }
        let Some((file, text)) = (self.read_nested)(parent, path) else {
            return Ok(None);
        };
        let root = super::super::tree::read(&text)?;
        Ok(super::is_template(&root).then_some(Template { file, root }))
    }

    /// Returns the condition that two conditions are true.
    fn both(&mut self, a: Option<String>, b: Option<String>) -> Option<String> {
        match (a, b) {
            (Some(a), Some(b)) => {
                let name = format!("{a} and {b}");
                if self.joined.iter().all(|(other, _)| *other != name) {
                    self.joined.push((name.clone(), [a, b]));
                }
                Some(name)
            }
            (a, b) => a.or(b),
        }
    }

    /// Returns the value of a parameter of a template that nothing passes a value to.
    fn value(&self, unit: &Unit, name: &str) -> Option<String> {
        if unit.parent.is_some() {
            return None;
        }
        let given = self
            .deployment
            .parameters
            .iter()
            .rfind(|(it, _)| it == name);
        let declared = || {
            unit.root
                .get("Parameters")?
                .get(name)?
                .get("Default")?
                .text()
        };
        let value = given.map(|(_, value)| value.as_str()).or_else(declared);
        value.map(str::to_owned)
    }

    /// Returns the value of an export for a template, if exactly one template has it.
    fn export(&self, importing: &Unit, name: &Tree) -> Option<Tree> {
        let wanted = pattern(name, &|it| self.value(importing, it))?;
        let mut found = None;
        for (at, unit) in self.units.iter().enumerate() {
            let outputs = unit.root.get("Outputs").and_then(Tree::map);
            for output in outputs.unwrap_or_default() {
                let export = output.value.get("Export").and_then(|it| it.get("Name"));
                let is_it = export
                    .and_then(|it| pattern(it, &|name| self.value(unit, name)))
                    .is_some_and(|export| names(&wanted, &export));
                if !is_it {
                    continue;
                }
                if found.is_some() {
                    return None;
                }
                found = Some((at, output.value.get("Value")?));
            }
        }
        let (at, value) = found?;
        self.inside(|| self.renamed(at, value))
    }

    /// Returns the value of a name in a template: a parameter that the parent passes.
    fn bound(&self, unit: &Unit, name: &str) -> Option<Tree> {
        let (parent, passed) = unit.parent.as_ref()?;
        let passed = passed.iter().find(|it| it.key == name)?;
        let passed = self.inside(|| self.renamed(*parent, &passed.value))?;
        let type_name = unit
            .root
            .get("Parameters")
            .and_then(|it| it.get(name))
            .and_then(|it| it.get("Type"))
            .and_then(Tree::text)
            .unwrap_or("String");
        let is_list = type_name == "CommaDelimitedList" || type_name.starts_with("List<");
        if !is_list || passed.list().is_some() {
            return Some(passed);
        }
        let arguments = vec![text(",", &passed), passed.clone()];
        Some(call("Fn::Split", list(arguments, &passed)))
    }

    /// Returns an output of a linked nested stack.
    fn output(&self, unit: &Unit, id: &str, attribute: &str) -> Option<Tree> {
        let inner = *unit.nested.get(id)?;
        let name = attribute.strip_prefix("Outputs.")?;
        let output = self.units[inner].root.get("Outputs")?.get(name)?;
        let value = output.get("Value")?;
        self.inside(|| self.renamed(inner, value))
    }

    /// Follows a value into another template, unless the values form a circle.
    fn inside(&self, follow: impl FnOnce() -> Tree) -> Option<Tree> {
        let depth = self.depth.get();
        if depth >= MAX_STEPS {
            return None;
        }
        self.depth.set(depth + 1);
        let value = follow();
        self.depth.set(depth);
        Some(value)
    }

    /// Returns a value with the names of the linked template.
    fn renamed(&self, at: usize, tree: &Tree) -> Tree {
        let unit = &self.units[at];
        let full = |name: &str| match name.starts_with("AWS::") {
            true => name.to_owned(),
            false => format!("{}{name}", unit.prefix),
        };
        if let Some((name, argument)) = tree.single() {
            let items = argument.list().unwrap_or_default();
            match (name, argument.text()) {
                ("Ref", Some(name)) => {
                    return self
                        .bound(unit, name)
                        .unwrap_or_else(|| call("Ref", text(full(name), tree)));
                }
                ("Fn::GetAtt", Some(path)) => {
                    if let Some((id, attribute)) = path.split_once('.') {
                        return self.output(unit, id, attribute).unwrap_or_else(|| {
                            let path = vec![text(full(id), tree), text(attribute, tree)];
                            call("Fn::GetAtt", list(path, tree))
                        });
                    }
                }
                ("Fn::GetAtt", None) => {
                    if let [id, attribute] = items
                        && let Some(id) = id.text()
                    {
                        let output = attribute.text().and_then(|it| self.output(unit, id, it));
                        return output.unwrap_or_else(|| {
                            let path = vec![text(full(id), tree), self.renamed(at, attribute)];
                            call("Fn::GetAtt", list(path, tree))
                        });
                    }
                }
                ("Fn::Sub", _) => return self.renamed_sub(at, argument),
                ("Condition", Some(name)) => return call("Condition", text(full(name), tree)),
                ("Fn::ImportValue", _) => {
                    if let Some(value) = self.export(unit, argument) {
                        return value;
                    }
                }
                ("Fn::If" | "Fn::FindInMap" | "Fn::ValueOf", None) => {
                    if let [first, rest @ ..] = items
                        && let Some(own) = first.text()
                    {
                        let mut arguments = vec![text(full(own), first)];
                        arguments.extend(rest.iter().map(|it| self.renamed(at, it)));
                        return call(name, list(arguments, argument));
                    }
                }
                _ => {}
            }
        }
        let kind = match &tree.kind {
            Kind::List(items) => Kind::List(items.iter().map(|it| self.renamed(at, it)).collect()),
            Kind::Map(entries) => Kind::Map(
                entries
                    .iter()
                    .map(|it| Entry {
                        key: it.key.clone(),
                        at: it.at,
                        value: self.renamed(at, &it.value),
                    })
                    .collect(),
            ),
            other => other.clone(),
        };
        Tree {
            kind,
            at: tree.at,
            plain: tree.plain,
        }
    }

    fn renamed_sub(&self, at: usize, argument: &Tree) -> Tree {
        let unit = &self.units[at];
        let (format, variables) = match argument.list() {
            Some([format, variables]) => (format.text(), variables.map().unwrap_or_default()),
            Some([format]) => (format.text(), Default::default()),
            _ => (argument.text(), Default::default()),
        };
        let Some(format) = format else {
            return call("Fn::Sub", argument.clone());
        };
        let mut values: Vec<Entry> = variables
            .iter()
            .map(|it| Entry {
                key: it.key.clone(),
                at: it.at,
                value: self.renamed(at, &it.value),
            })
            .collect();
        let mut out = String::new();
        for part in sub_parts(format) {
            let own = match part {
                SubPart::Name(own) => own,
                SubPart::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                SubPart::Literal(name) => {
                    out.push_str(&format!("${{!{name}}}"));
                    continue;
                }
            };
            if own.starts_with("AWS::") || variables.iter().any(|it| it.key == own) {
                out.push_str(&format!("${{{own}}}"));
                continue;
            }
            let replaced = match own.split_once('.') {
                Some((id, attribute)) => self.output(unit, id, attribute),
                None => self.bound(unit, own),
            };
            match replaced {
                Some(value) => {
                    let key = format!("linked{}", values.len());
                    out.push_str(&format!("${{{key}}}"));
                    values.push(Entry {
                        key,
                        at: argument.at,
                        value,
                    });
                }
                None => out.push_str(&format!("${{{}{own}}}", unit.prefix)),
            }
        }
        let variables = Tree {
            kind: Kind::Map(values),
            at: argument.at,
            plain: false,
        };
        call(
            "Fn::Sub",
            list(vec![text(out, argument), variables], argument),
        )
    }
}
