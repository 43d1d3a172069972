//! The commands that a script runs.

mod output;
mod simple;

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::written_file::target;
use super::syntax::{AndOr, Command, Document, List, Part, Pipeline, parse};
use super::tests_of::Status;
use super::words::{Variables, Word, expand, substituted};

/// Longer scripts are judged by their words. EC2 accepts 16 KB.
const MAX_LENGTH: usize = 128 * 1024;

/// Limits functions that call functions, and shells that run shells.
const MAX_DEPTH: usize = 12;

/// Limits the commands of loops.
const MAX_STEPS: usize = 10_000;

/// Longer lists of a loop are not followed one by one.
const MAX_ITEMS: usize = 32;

/// A command that a script runs.
#[derive(Clone, Debug)]
pub(in crate::reachability) struct Step {
    /// Its text, with the values of known variables.
    pub(in crate::reachability) text: String,
    /// Its words, unless it is a part of a pipeline.
    pub(in crate::reachability) words: Vec<Word>,
    /// Whether the script runs it, if the commands before it succeed.
    pub(in crate::reachability) is_certain: bool,
}

/// How a list ends. A later value outweighs those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Flow {
    Goes,
    MayBreak,
    MayReturn,
    MayExit,
    Returns,
    Exits,
}

/// Returns the commands of a script, or none if a part of it is not understood.
pub(in crate::reachability) fn steps(script: &str) -> Option<Vec<Step>> {
    run(script, 0)
}

fn run(script: &str, depth: usize) -> Option<Vec<Step>> {
    if script.len() > MAX_LENGTH || depth > MAX_DEPTH {
        return None;
    }
    let parsed = parse(script)?;
    let first = script.lines().next().filter(|it| it.starts_with("#!"));
    let options = first.and_then(|it| it.split_once(" -"));
    let mut run = Run {
        documents: &parsed.documents,
        depth,
        exits_on_error: options.is_some_and(|(_, it)| it.contains('e')),
        ..Run::default()
    };
    run.list(&parsed.list)?;
    run.finish()
}

#[derive(Default)]
struct Run<'p, 't> {
    documents: &'p [Document<'t>],
    steps: Vec<Step>,
    /// What is only printed to a file of data, with the path.
    prints: Vec<(String, Step)>,
    variables: Variables,
    /// The functions, and whether they are called.
    functions: BTreeMap<&'t str, (Rc<Part<'t>>, bool)>,
    /// Variables of functions.
    locals: Vec<String>,
    /// Whether any function can be called.
    calls_any: bool,
    /// Whether another command reads what is printed.
    keeps_prints: bool,
    is_uncertain: bool,
    exits_on_error: bool,
    /// Whether the status is tested, so that an error ends nothing.
    is_tested: bool,
    depth: usize,
    calls: usize,
}

type Result = Option<(Flow, Status)>;

impl<'t> Run<'_, 't> {
    /// Adds the functions that something other than a call names, and the files that something reads.
    fn finish(mut self) -> Option<Vec<Step>> {
        while let Some(name) = self.named_function() {
            let (body, _) = self.functions.remove(name)?;
            self.perhaps(|run| run.part(&body, body.text))?;
        }
        for (path, step) in std::mem::take(&mut self.prints) {
            let name = path.rsplit('/').next().unwrap_or_default();
            if self.steps.iter().any(|it| it.text.contains(name)) {
                self.steps.push(step);
            }
        }
        Some(self.steps)
    }

    fn named_function(&self) -> Option<&'t str> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let names = |text: &str, name: &str| text.split(|c| !is_part(c)).any(|it| it == name);
        let is_named = |name: &str| self.steps.iter().any(|it| names(&it.text, name));
        let mut idle = self.functions.iter().filter(|(_, (_, called))| !called);
        idle.find(|(name, _)| self.calls_any || is_named(name))
            .map(|(name, _)| *name)
    }

    fn push(&mut self, step: Step) -> Option<()> {
        self.steps.push(step);
        (self.steps.len() < MAX_STEPS).then_some(())
    }

    fn emit(&mut self, text: &str, words: &[Word]) -> Option<()> {
        let text = substituted(text, &self.variables);
        let is_certain = !self.is_uncertain;
        let words = words.to_vec();
        self.push(Step {
            text,
            words,
            is_certain,
        })
    }

    fn perhaps<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.is_uncertain, true);
        let result = act(self);
        self.is_uncertain = before;
        result
    }

    /// Runs what cannot change the variables of the script, nor end it.
    fn apart(&mut self, act: impl FnOnce(&mut Self) -> Result) -> Result {
        let (variables, keeps) = (self.variables.clone(), self.keeps_prints);
        let (_, status) = act(self)?;
        (self.variables, self.keeps_prints) = (variables, keeps);
        Some((Flow::Goes, status))
    }

    fn list(&mut self, list: &List<'t>) -> Result {
        let before = self.is_uncertain;
        let (mut flow, mut status) = (Flow::Goes, Status::Succeeds);
        for item in list {
            let (next, of) = match item.is_in_background {
                true => self.apart(|run| run.and_or(item))?,
                false => self.and_or(item)?,
            };
            (flow, status) = (flow.max(next), of);
            if flow >= Flow::Returns {
                break;
            }
            self.is_uncertain |= flow > Flow::Goes;
        }
        self.is_uncertain = before;
        Some((flow, status))
    }

    fn and_or(&mut self, item: &AndOr<'t>) -> Result {
        let tested = self.is_tested;
        self.is_tested = tested || !item.rest.is_empty();
        let (mut flow, mut status) = self.pipeline(&item.first)?;
        for (at, (is_and, next)) in item.rest.iter().enumerate() {
            if flow >= Flow::Returns {
                break;
            }
            self.is_tested = tested || at + 1 < item.rest.len();
            let runs = match status {
                Status::Succeeds => Some(*is_and),
                Status::Fails => Some(!*is_and),
                Status::Assumed if *is_and => Some(true),
                Status::Assumed | Status::Unknown => None,
            };
            match runs {
                Some(false) => {}
                Some(true) => {
                    let (of, next) = self.pipeline(next)?;
                    flow = flow.max(of);
                    status = match (status, next) {
                        (Status::Assumed, Status::Succeeds) => Status::Assumed,
                        (_, next) => next,
                    };
                }
                // What follows an error of a command that is assumed to succeed.
                None if status == Status::Assumed => {
                    self.perhaps(|run| run.pipeline(next))?;
                }
                None => {
                    let (of, _) = self.perhaps(|run| run.pipeline(next))?;
                    flow = flow.max(of);
                }
            }
        }
        self.is_tested = tested;
        let is_error = item.rest.is_empty() && status == Status::Fails;
        if is_error && self.exits_on_error && !tested && !item.first.is_negated {
            flow = flow.max(self.exit());
        }
        Some((flow, status))
    }

    fn exit(&self) -> Flow {
        match self.is_uncertain {
            true => Flow::MayExit,
            false => Flow::Exits,
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline<'t>) -> Result {
        let (flow, status) = match pipeline.parts.as_slice() {
            [only] => self.part(only, pipeline.text)?,
            parts => self.parts(parts, pipeline.text)?,
        };
        let status = match (pipeline.is_negated, status) {
            (false, status) => status,
            (true, Status::Succeeds) => Status::Fails,
            (true, Status::Fails) => Status::Succeeds,
            (true, _) => Status::Unknown,
        };
        Some((flow, status))
    }

    fn parts(&mut self, parts: &[Part<'t>], text: &str) -> Result {
        let is_plain = |part: &Part<'t>| match &part.command {
            Command::Simple { words, .. } => words
                .first()
                .is_none_or(|it| !self.functions.contains_key(it)),
            _ => false,
        };
        if !parts.iter().all(is_plain) {
            for part in parts {
                self.apart(|run| {
                    run.keeps_prints = true;
                    run.part(part, part.text)
                })?;
            }
            return Some((Flow::Goes, Status::Unknown));
        }
        self.emit(text, &[])?;
        // The words of each, for commands that do not read their input.
        for part in parts {
            if let Command::Simple { words, .. } = &part.command {
                let words: Vec<Word> = words.iter().map(|it| expand(it, &self.variables)).collect();
                self.emit("", simple::without_sudo(&words))?;
            }
        }
        for document in parts.iter().flat_map(documents) {
            let last = parts.last().map(|it| it.text.trim_start_matches("sudo "));
            match target(text) {
                _ if last.is_some_and(|it| ["sh", "bash", "bash -s"].contains(&it)) => {
                    self.shell(&self.lines(document).join("\n"))?;
                }
                Some(path) if text.contains('>') || text.contains("tee ") => {
                    self.write(path, document)?;
                }
                _ => self.unread(document)?,
            }
        }
        Some((Flow::Goes, Status::Unknown))
    }

    /// Adds the commands of a script that a shell runs.
    fn shell(&mut self, script: &str) -> Option<()> {
        let Some(steps) = run(script, self.depth + 1) else {
            let text = script.to_owned();
            self.perhaps(|run| run.emit(&text, &[]))?;
            return Some(());
        };
        for mut step in steps {
            step.is_certain &= !self.is_uncertain;
            self.push(step)?;
        }
        Some(())
    }

    fn part(&mut self, part: &Part<'t>, text: &str) -> Result {
        if let Command::Simple { assignments, words } = &part.command {
            return self.simple(part, assignments, words, text);
        }
        let keeps = self.keeps_prints;
        if !matches!(part.command, Command::Function { .. }) {
            for redirect in &part.redirects {
                if !is_log(redirect.target) {
                    self.keeps_prints |= redirect.operator.contains('>');
                    let text = format!(": {} {}", redirect.operator, redirect.target);
                    self.emit(&text, &[])?;
                }
            }
            for document in documents(part) {
                self.unread(document)?;
            }
        }
        let result = self.compound(&part.command);
        self.keeps_prints = keeps;
        result
    }

    fn compound(&mut self, command: &Command<'t>) -> Result {
        match command {
            Command::Simple { .. } => None,
            Command::Group(list) => self.list(list),
            Command::Subshell(list) => self.apart(|run| run.list(list)),
            Command::Function { name, body } => {
                self.functions.insert(name, (Rc::clone(body), false));
                Some((Flow::Goes, Status::Succeeds))
            }
            Command::If { arms, otherwise } => self.branches(arms, otherwise),
            Command::While { test, body, text } => {
                self.forget_assigned(text);
                let (first, status) = self.tested(test)?;
                let stops = match text.starts_with("until") {
                    true => Status::Succeeds,
                    false => Status::Fails,
                };
                let goes = matches!(status, Status::Succeeds | Status::Fails);
                if first >= Flow::Returns || status == stops {
                    return Some((first, Status::Succeeds));
                }
                let (flow, _) = match goes {
                    true => self.list(body)?,
                    false => self.perhaps(|run| run.list(body))?,
                };
                // Nothing ends it.
                if goes && flow == Flow::Goes {
                    return Some((self.exit(), Status::Unknown));
                }
                Some((after_loop(first.max(flow)), Status::Unknown))
            }
            Command::For {
                name,
                words,
                body,
                text,
            } => self.each(name, words.as_deref(), body, text),
            Command::Case { subject, arms } => self.case(subject, arms),
        }
    }

    fn tested(&mut self, list: &List<'t>) -> Result {
        let before = std::mem::replace(&mut self.is_tested, true);
        let result = self.list(list);
        self.is_tested = before;
        result
    }

    fn branches(&mut self, arms: &[(List<'t>, List<'t>)], otherwise: &List<'t>) -> Result {
        let before = self.is_uncertain;
        let mut flow = Flow::Goes;
        for (test, body) in arms {
            let (of, status) = self.tested(test)?;
            flow = flow.max(of);
            let runs = match status {
                _ if flow >= Flow::Returns => Some(false),
                Status::Succeeds => Some(true),
                Status::Fails => Some(false),
                Status::Assumed | Status::Unknown => None,
            };
            match runs {
                Some(false) => continue,
                Some(true) => {
                    let (of, status) = self.list(body)?;
                    self.is_uncertain = before;
                    return Some((flow.max(of), status));
                }
                None => {
                    // Both what follows and what does not.
                    self.is_uncertain = true;
                    flow = flow.max(self.list(body)?.0);
                }
            }
        }
        if flow < Flow::Returns {
            flow = flow.max(self.list(otherwise)?.0);
        }
        self.is_uncertain = before;
        Some((flow, Status::Unknown))
    }

    fn each(
        &mut self,
        name: &'t str,
        words: Option<&[&'t str]>,
        body: &List<'t>,
        text: &str,
    ) -> Result {
        let raw = words.unwrap_or_default();
        let items: Vec<Word> = raw.iter().map(|it| expand(it, &self.variables)).collect();
        let is_known = words.is_some() && items.iter().all(|it| it.is_known);
        if is_known && items.len() <= MAX_ITEMS {
            let before = self.is_uncertain;
            let mut flow = Flow::Goes;
            for item in items {
                self.assign(name, &item);
                flow = flow.max(self.list(body)?.0);
                if flow >= Flow::Returns {
                    break;
                }
                self.is_uncertain |= flow > Flow::Goes;
            }
            self.is_uncertain = before;
            return Some((after_loop(flow), Status::Assumed));
        }
        self.forget_assigned(text);
        self.variables.remove(name);
        let runs = raw.iter().any(|it| !it.contains(['$', '`', '*', '?', '[']));
        let (flow, _) = match runs {
            true => self.list(body)?,
            false => self.perhaps(|run| run.list(body))?,
        };
        Some((after_loop(flow), Status::Unknown))
    }

    fn case(&mut self, subject: &str, arms: &[(Vec<&'t str>, List<'t>)]) -> Result {
        let before = self.is_uncertain;
        let subject = expand(subject, &self.variables);
        let mut flow = Flow::Goes;
        for (patterns, body) in arms {
            let matches = |pattern: &&str| {
                let word = expand(pattern, &self.variables);
                match (*pattern == "*", word.is_known && subject.is_known) {
                    (true, _) => Some(true),
                    (false, true) => Some(word.text == subject.text),
                    (false, false) => None,
                }
            };
            let found: Vec<Option<bool>> = patterns.iter().map(matches).collect();
            if found.contains(&Some(true)) {
                flow = flow.max(self.list(body)?.0);
                break;
            }
            if found.contains(&None) {
                self.is_uncertain = true;
                flow = flow.max(self.list(body)?.0);
            }
        }
        self.is_uncertain = before;
        Some((flow, Status::Unknown))
    }

    /// Forgets the variables that a loop can change.
    fn forget_assigned(&mut self, text: &str) {
        const READERS: &[&str] = &[
            "read",
            "eval",
            "source",
            ". ",
            "((",
            "let ",
            "printf -v",
            "map",
        ];
        if !self.functions.is_empty() || READERS.iter().any(|it| text.contains(it)) {
            self.variables.clear();
        }
        let is_assigned =
            |name: &str| text.contains(&format!("{name}=")) || text.contains(&format!("{name}+="));
        let loops = |name: &str| text.contains(&format!("for {name}"));
        self.variables
            .retain(|name, _| !is_assigned(name) && !loops(name));
    }

    /// Forgets the variables that an expansion assigns.
    fn forget_expanded(&mut self, text: &str) {
        self.variables.retain(|name, _| {
            let assigns = |by: &str| text.contains(&format!("${{{name}{by}"));
            !(assigns("=") || assigns(":=") || text.contains("$((") && text.contains(name.as_str()))
        });
    }

    fn assign(&mut self, name: &str, value: &Word) {
        if value.is_known && !self.is_uncertain {
            self.variables.insert(name.to_owned(), value.text.clone());
        } else {
            self.variables.remove(name);
        }
    }
}

fn documents(part: &Part<'_>) -> impl Iterator<Item = usize> {
    let found: Vec<usize> = part.redirects.iter().filter_map(|it| it.document).collect();
    found.into_iter()
}

fn after_loop(flow: Flow) -> Flow {
    match flow {
        Flow::MayBreak => Flow::Goes,
        flow => flow,
    }
}

/// Returns whether a target of output is a terminal or a log.
fn is_log(target: &str) -> bool {
    let is_piped =
        target.starts_with(">(") && (target.contains("tee /var/log/") || target.contains("logger"));
    is_piped || is_device(target) || target.trim_matches('"').starts_with("/var/log/")
}

/// Returns whether a target of output is a terminal.
fn is_device(target: &str) -> bool {
    let target = target.trim_matches(['"', '\'']);
    let is_device = [
        "null", "console", "stdout", "stderr", "tty", "tty0", "ttyS0", "kmsg",
    ]
    .iter()
    .any(|it| target.strip_prefix("/dev/") == Some(it));
    is_device || ["1", "2"].contains(&target)
}
