//! The layers of the source: no import from a lower layer to a higher one, no circle, and no long
//! file.
//!
//! The imports are read from the tokens of each file: `use` items, and paths in code. Such a path
//! starts with `crate`, `super`, `self`, a child module or an imported module. Imports of tests do
//! not count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The top-level modules, lowest layer first. A module imports only from layers below its own.
const LAYERS: &[&[&str]] = &[
    &["tsv"],
    &["region", "session_manager", "template"],
    &["ir"],
    &["resource"],
    &["validate"],
    &["reachability"],
    &["backend", "construct"],
    &["frontend", "report"],
    &[
        "convert", "cost", "deploy", "deployer", "diagram", "diff", "generate", "prelude",
        "testing",
    ],
    &["runbook"],
    &["cli"],
];

/// The lines that a file can have.
const MAX_LINES: usize = 600;

/// Longer files, and why.
const LONG: &[(&str, &str)] = &[];

/// Module path, such as `["resource", "vpc"]`; empty for the crate root.
type Module = Vec<String>;

#[derive(Debug)]
struct Import {
    line: usize,
    path: Vec<String>,
    /// The name under which a `use` item is visible in this file.
    alias: Option<String>,
    /// Whether it is a `use` item that others see.
    is_export: bool,
}

#[derive(Debug)]
struct Source {
    file: String,
    module: Module,
    imports: Vec<Import>,
}

/// An import, resolved to the file that defines the name.
#[derive(Debug)]
struct Edge {
    from: usize,
    to: usize,
    line: usize,
    path: String,
    is_export: bool,
}

fn flatten(stream: TokenStream, out: &mut Vec<(String, usize)>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::None => ("", ""),
                };
                out.push((open.to_owned(), line));
                flatten(group.stream(), out);
                out.push((close.to_owned(), line));
            }
            TokenTree::Literal(_) => out.push(("\"\"".to_owned(), line)),
            other => out.push((other.to_string(), line)),
        }
    }
}

struct Tokens(Vec<(String, usize)>);

impl Tokens {
    fn at(&self, at: usize) -> &str {
        self.0.get(at).map_or("", |(text, _)| text.as_str())
    }

    fn is(&self, at: usize, texts: &[&str]) -> bool {
        texts
            .iter()
            .enumerate()
            .all(|(n, text)| self.at(at + n) == *text)
    }

    fn is_name(&self, at: usize) -> bool {
        self.at(at)
            .starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    }

    /// The position after an item: after its semicolon or its braces.
    fn after_item(&self, mut at: usize) -> usize {
        let mut depth = 0;
        while at < self.0.len() {
            match self.at(at) {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => {
                    depth -= 1;
                    if depth == 0 && self.at(at) == "}" {
                        return at + 1;
                    }
                }
                ";" if depth == 0 => return at + 1,
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Reads a tree of a `use` item, and returns the position after it.
    fn use_tree(&self, mut at: usize, prefix: &[String], out: &mut Vec<Import>) -> usize {
        let line = self.0[at].1;
        let mut path = prefix.to_vec();
        loop {
            match self.at(at) {
                "{" => {
                    at += 1;
                    while self.at(at) != "}" {
                        at = self.use_tree(at, &path, out);
                        at += usize::from(self.at(at) == ",");
                    }
                    return at + 1;
                }
                "*" => return at + 1,
                "self" if !path.is_empty() => {}
                name => path.push(name.to_owned()),
            }
            at += 1;
            if !self.is(at, &[":", ":"]) {
                break;
            }
            at += 2;
        }
        let mut alias = path.last().cloned();
        if self.at(at) == "as" {
            alias = Some(self.at(at + 1).to_owned());
            at += 2;
        }
        out.push(Import {
            line,
            path,
            alias,
            is_export: false,
        });
        at
    }

    fn imports(&self) -> Vec<Import> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < self.0.len() {
            if self.is(at, &["#", "[", "cfg", "(", "test", ")", "]"]) {
                let item = at + 7;
                let items = ["mod", "fn", "use", "pub", "impl", "const", "#"];
                at = match items.contains(&self.at(item)) {
                    true => self.after_item(item),
                    false => item,
                };
            } else if self.at(at) == "use" && self.at(at + 1) != "<" {
                let before = at.checked_sub(1).map_or("", |at| self.at(at));
                let is_export =
                    before == "pub" || (before == ")" && at >= 4 && self.at(at - 4) == "pub");
                let from = out.len();
                at = self.use_tree(at + 1, &[], &mut out);
                for import in &mut out[from..] {
                    import.is_export = is_export;
                }
            } else if self.is_name(at) && self.is(at + 1, &[":", ":"]) {
                let inside = at >= 2 && self.is(at - 2, &[":", ":"]);
                let (line, mut path) = (self.0[at].1, vec![self.at(at).to_owned()]);
                at += 1;
                while self.is(at, &[":", ":"]) && self.is_name(at + 2) {
                    path.push(self.at(at + 2).to_owned());
                    at += 3;
                }
                // `crate::x::{a, b}` of a macro is a use item, and was read as one.
                if !inside {
                    out.push(Import {
                        line,
                        path,
                        alias: None,
                        is_export: false,
                    });
                }
                at = at.max(1);
            } else {
                at += 1;
            }
        }
        out
    }
}

fn rust_files(directory: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|it| it == "rs") {
            out.push(path);
        }
    }
}

struct Tree {
    sources: Vec<Source>,
    of_module: BTreeMap<Module, usize>,
}

impl Tree {
    fn read() -> Tree {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        rust_files(&root.join("src"), &mut files);
        let mut sources = Vec::new();
        for path in files {
            let file = path.strip_prefix(root).unwrap().to_str().unwrap();
            let file = file.replace('\\', "/");
            // The binary sees only what the library exports.
            if file == "src/main.rs" {
                continue;
            }
            let stem = file.strip_prefix("src/").unwrap();
            let stem = stem.strip_suffix(".rs").unwrap();
            let mut module: Module = stem.split('/').map(str::to_owned).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
                module.pop();
            }
            let mut tokens = Vec::new();
            flatten(
                fs::read_to_string(&path).unwrap().parse().unwrap(),
                &mut tokens,
            );
            sources.push(Source {
                imports: Tokens(tokens).imports(),
                file,
                module,
            });
        }
        let of_module = sources
            .iter()
            .enumerate()
            .map(|(at, source)| (source.module.clone(), at))
            .collect();
        Tree { sources, of_module }
    }

    /// The absolute path, if it is one of this crate.
    fn absolute(&self, source: &Source, path: &[String]) -> Option<Vec<String>> {
        let mut base = source.module.clone();
        let mut rest = path;
        match path[0].as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|it| it == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            name => {
                let mut child = base.clone();
                child.push(name.to_owned());
                if !self.of_module.contains_key(&child) {
                    // A module that a `use` item names.
                    let import = source
                        .imports
                        .iter()
                        .find(|it| it.alias.as_deref() == Some(name))?;
                    if import.path[0] == name {
                        return None;
                    }
                    base = self.absolute(source, &import.path)?;
                    rest = &path[1..];
                    self.of_module.get(&base)?;
                }
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The file that defines what an absolute path names; none for a module as such.
    fn file_of(&self, path: &[String], depth: usize) -> Option<usize> {
        let known = (0..=path.len())
            .rev()
            .find(|&len| self.of_module.contains_key(&path[..len]))?;
        let at = self.of_module[&path[..known]];
        let name = path.get(known)?;
        let source = &self.sources[at];
        let through = source
            .imports
            .iter()
            .find(|it| it.alias.as_deref() == Some(name))
            .filter(|_| depth < 8);
        match through {
            Some(import) => {
                let mut target = self.absolute(source, &import.path)?;
                target.extend(path[known + 1..].iter().cloned());
                self.file_of(&target, depth + 1)
            }
            // The crate root defines nothing: the rest are exported macros.
            None => (!source.module.is_empty()).then_some(at),
        }
    }

    fn edges(&self) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (from, source) in self.sources.iter().enumerate() {
            for import in &source.imports {
                let target = self.absolute(source, &import.path);
                let to = target.and_then(|target| self.file_of(&target, 0));
                if let Some(to) = to.filter(|to| *to != from) {
                    edges.push(Edge {
                        from,
                        to,
                        line: import.line,
                        path: import.path.join("::"),
                        is_export: import.is_export,
                    });
                }
            }
        }
        edges
    }

    /// A line for an import: file, line, what it names and where that is.
    fn line(&self, edge: &Edge) -> String {
        let (from, to) = (&self.sources[edge.from], &self.sources[edge.to]);
        format!("{}:{}: `{}` ({})", from.file, edge.line, edge.path, to.file)
    }
}

fn layer(module: &Module) -> Option<usize> {
    let top = module.first()?;
    let layer = LAYERS.iter().position(|it| it.contains(&top.as_str()));
    assert!(
        layer.is_some(),
        "`{top}` has no layer in tests/it/layers.rs"
    );
    layer
}

#[test]
fn no_layer_imports_from_a_higher_one() {
    let tree = Tree::read();
    let mut wrong = Vec::new();
    for edge in tree.edges() {
        let (from, to) = (&tree.sources[edge.from], &tree.sources[edge.to]);
        // The crate root names all of them.
        let Some(own) = layer(&from.module) else {
            continue;
        };
        let below = layer(&to.module).is_some_and(|it| it < own);
        if from.module.first() != to.module.first() && !below {
            wrong.push(tree.line(&edge));
        }
    }
    assert!(
        wrong.is_empty(),
        "imports from a layer that is not below:\n{}",
        wrong.join("\n")
    );
}

/// The groups of files that reach one another, by Tarjan's algorithm.
fn circles(next: &[Vec<usize>]) -> Vec<BTreeSet<usize>> {
    struct State<'a> {
        next: &'a [Vec<usize>],
        order: Vec<Option<usize>>,
        low: Vec<usize>,
        stack: Vec<usize>,
        count: usize,
        found: Vec<BTreeSet<usize>>,
    }
    fn visit(state: &mut State<'_>, at: usize) {
        state.order[at] = Some(state.count);
        state.low[at] = state.count;
        state.count += 1;
        state.stack.push(at);
        for &to in &state.next[at] {
            if state.order[to].is_none() {
                visit(state, to);
                state.low[at] = state.low[at].min(state.low[to]);
            } else if let Some(order) = state.order[to].filter(|_| state.stack.contains(&to)) {
                state.low[at] = state.low[at].min(order);
            }
        }
        if state.order[at] == Some(state.low[at]) {
            let from = state.stack.iter().position(|it| *it == at).unwrap();
            let group: BTreeSet<usize> = state.stack.split_off(from).into_iter().collect();
            if group.len() > 1 {
                state.found.push(group);
            }
        }
    }
    let mut state = State {
        next,
        order: vec![None; next.len()],
        low: vec![0; next.len()],
        stack: Vec::new(),
        count: 0,
        found: Vec::new(),
    };
    for at in 0..next.len() {
        if state.order[at].is_none() {
            visit(&mut state, at);
        }
    }
    state.found
}

/// The imports of a shortest way around, for a person to cut.
fn shortest<'a>(edges: &[&'a Edge], circle: &BTreeSet<usize>) -> Vec<&'a Edge> {
    let mut best: Vec<&Edge> = Vec::new();
    for &start in circle {
        let mut came: BTreeMap<usize, &Edge> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front().filter(|_| !came.contains_key(&start)) {
            for edge in edges.iter().copied().filter(|edge| edge.from == at) {
                if circle.contains(&edge.to) && !came.contains_key(&edge.to) {
                    came.insert(edge.to, edge);
                    queue.push_back(edge.to);
                }
            }
        }
        let mut path = vec![came[&start]];
        while path[path.len() - 1].from != start {
            path.push(came[&path[path.len() - 1].from]);
        }
        if best.is_empty() || path.len() < best.len() {
            path.reverse();
            best = path;
        }
    }
    best
}

#[test]
fn files_do_not_import_one_another_in_a_circle() {
    let tree = Tree::read();
    // A module that only exports definitions of its files imports nothing by that. Imports between a
    // directory's `mod.rs` and the files below it do not count.
    let is_above = |edge: &Edge| {
        let (from, to) = (&tree.sources[edge.from], &tree.sources[edge.to]);
        from.module.starts_with(&to.module)
    };
    let edges: Vec<Edge> = tree
        .edges()
        .into_iter()
        .filter(|edge| !edge.is_export && !is_above(edge))
        .collect();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); tree.sources.len()];
    for edge in &edges {
        next[edge.from].push(edge.to);
    }
    let all: Vec<&Edge> = edges.iter().collect();
    let wrong: Vec<String> = circles(&next)
        .iter()
        .map(|circle| {
            let lines: Vec<String> = shortest(&all, circle)
                .into_iter()
                .map(|edge| tree.line(edge))
                .collect();
            format!("{} of them, tied by:\n{}", circle.len(), lines.join("\n"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "circular dependency of files, {}",
        wrong.join("\n\n")
    );
}

#[test]
fn files_are_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    let long: BTreeMap<String, usize> = files
        .iter()
        .map(|path| {
            let file = path.strip_prefix(root).unwrap().to_str().unwrap();
            let lines = fs::read_to_string(path).unwrap().lines().count();
            (file.replace('\\', "/"), lines)
        })
        .filter(|(_, lines)| *lines > MAX_LINES)
        .collect();
    let allowed = |file: &str| LONG.iter().any(|(it, _)| *it == file);
    let wrong: Vec<_> = long.iter().filter(|(file, _)| !allowed(file)).collect();
    assert!(wrong.is_empty(), "over {MAX_LINES} lines: {wrong:?}");
    let needless: Vec<&str> = LONG
        .iter()
        .map(|(file, _)| *file)
        .filter(|file| !long.contains_key(*file))
        .collect();
    assert!(needless.is_empty(), "short now: {needless:?}");
}
