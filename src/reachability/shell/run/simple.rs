//! Simple commands: assignments, the commands of the shell itself, and calls of functions.

use std::rc::Rc;

use super::super::syntax::{Part, Redirect, is_name};
use super::super::tests_of::{Status, is_test, result};
use super::super::words::{Word, expand};
use super::{Flow, MAX_DEPTH, Result, Run, documents, is_log};

impl<'t> Run<'_, 't> {
    pub(super) fn assign_raw(&mut self, name: &str, raw: &str) {
        let mut value = expand(raw, &self.variables);
        if raw.starts_with('(') {
            value.is_known = false;
        }
        // The value of a variable is not split.
        let quoted = format!("\"{raw}\"");
        if !value.is_known && raw.starts_with('$') && !raw.contains(['"', '\'', '`', '\\']) {
            value = expand(&quoted, &self.variables);
        }
        self.assign(name, &value);
    }

    pub(super) fn simple(
        &mut self,
        part: &Part<'t>,
        assignments: &[(&'t str, &'t str)],
        raw: &[&'t str],
        text: &str,
    ) -> Result {
        self.forget_expanded(text);
        let is_computed = text.contains("$(") || text.contains('`');
        if raw.is_empty() {
            self.emit(text, &[])?;
            for (name, value) in assignments {
                self.assign_raw(name, value);
            }
            let status = if is_computed {
                Status::Unknown
            } else {
                Status::Succeeds
            };
            return Some((Flow::Goes, status));
        }
        let all: Vec<Word> = raw.iter().map(|it| expand(it, &self.variables)).collect();
        let words = without_sudo(&all);
        let Some((name, arguments)) = words.split_first() else {
            self.emit(text, &[])?;
            return Some((Flow::Goes, Status::Assumed));
        };
        let assigned = raw.first().and_then(|it| it.split_once("+="));
        if let Some((name, _)) = assigned.filter(|(name, _)| is_name(name)) {
            self.variables.remove(name);
        }
        if !name.is_known && !["((", "[", "[["].iter().any(|it| name.text.starts_with(it)) {
            self.calls_any = true;
            self.variables.clear();
            self.emit(text, words)?;
            self.unread_all(part)?;
            return Some((Flow::Goes, Status::Unknown));
        }
        let goes = |status| Some((Flow::Goes, status));
        let command = match name.text.as_str() {
            name if name.starts_with("((") => "((",
            name => name.rsplit('/').next().unwrap_or_default(),
        };
        if let Some(entry) = self.functions.get_mut(command) {
            entry.1 = true;
            let body = Rc::clone(&entry.0);
            return self.call(part, &body, arguments);
        }
        match command {
            "exit" => return Some((self.exit(), Status::Unknown)),
            "return" if self.calls > 0 && !self.is_uncertain => {
                return Some((Flow::Returns, Status::Unknown));
            }
            "return" if self.calls > 0 => return Some((Flow::MayReturn, Status::Unknown)),
            "return" => return Some((Flow::MayExit, Status::Unknown)),
            "break" | "continue" => return Some((Flow::MayBreak, Status::Unknown)),
            ":" | "true" | "false" | "[" | "[[" | "((" | "test" => {
                if is_computed || !part.redirects.is_empty() {
                    self.emit(text, &[])?;
                }
                if command == "((" {
                    self.variables
                        .retain(|name, _| !text.contains(name.as_str()));
                }
                return goes(result(command, arguments));
            }
            "set" => {
                let mut options = arguments.iter().map(|it| it.text.as_str());
                let is_error = |it: &str| !it.starts_with("--") && it.contains('e');
                match options.next() {
                    Some("-o" | "+o") if options.next() == Some("errexit") => {
                        self.exits_on_error = !text.contains("+o");
                    }
                    Some(it) if it.starts_with('-') && is_error(it) => self.exits_on_error = true,
                    Some(it) if it.starts_with('+') && is_error(it) => self.exits_on_error = false,
                    _ => {}
                }
                return goes(Status::Succeeds);
            }
            "export" | "readonly" | "local" | "declare" | "typeset" => {
                let is_plain = arguments.iter().all(|it| !it.text.starts_with('-'));
                for argument in raw.iter().skip(1) {
                    let (name, value) = argument.split_once('=').unwrap_or((argument, "$"));
                    if command == "local" {
                        self.locals.push(name.to_owned());
                    }
                    if is_plain && argument.contains('=') {
                        self.assign_raw(name, value);
                    } else if command != "export" {
                        self.variables.remove(name);
                    }
                }
                self.emit(text, &[])?;
                return goes(Status::Succeeds);
            }
            "unset" | "read" | "mapfile" | "readarray" | "getopts" | "let" => {
                self.variables
                    .retain(|name, _| !text.contains(name.as_str()));
            }
            "eval" | "source" | "." => {
                let known = arguments.iter().all(|it| it.is_known);
                let script: Vec<&str> = arguments.iter().map(|it| it.text.as_str()).collect();
                match command == "eval" && known {
                    true => self.shell(&script.join(" "))?,
                    false => self.emit(text, &[])?,
                }
                self.calls_any = true;
                self.variables.clear();
                return goes(Status::Unknown);
            }
            "exec" if arguments.is_empty() => {
                let is_kept = |it: &Redirect<'t>| it.operator.contains('>') && !is_log(it.target);
                self.keeps_prints |= part.redirects.iter().any(is_kept);
                self.emit(text, &[])?;
                return goes(Status::Succeeds);
            }
            "exec" => {
                self.emit(text, words)?;
                return Some((Flow::MayExit, Status::Unknown));
            }
            "printf" if text.contains(" -v") => {
                self.variables
                    .retain(|name, _| !text.contains(name.as_str()));
            }
            "echo" | "printf" | "logger" | "wall" if self.print(part, words)? => {
                return goes(Status::Succeeds);
            }
            "bash" | "sh" | "dash" => {
                let script = match arguments {
                    [option, script, ..] if option.text.ends_with('c') && script.is_known => {
                        Some(script.text.clone())
                    }
                    [] => documents(part).next().map(|it| self.lines(it).join("\n")),
                    [option] if option.text == "-s" => {
                        documents(part).next().map(|it| self.lines(it).join("\n"))
                    }
                    _ => None,
                };
                if let Some(script) = script {
                    self.shell(&script)?;
                    return goes(Status::Assumed);
                }
            }
            _ => {}
        }
        let status = match is_test(words) {
            true => Status::Unknown,
            false => Status::Assumed,
        };
        self.with_documents(part, command, words, text)?;
        goes(status)
    }

    pub(super) fn call(
        &mut self,
        part: &Part<'t>,
        body: &Rc<Part<'t>>,
        arguments: &[Word],
    ) -> Result {
        if self.calls >= MAX_DEPTH {
            return None;
        }
        self.unread_all(part)?;
        let is_position = |name: &str| name.starts_with(|c: char| c.is_ascii_digit());
        let outer: Vec<(String, String)> = self
            .variables
            .iter()
            .filter(|it| is_position(it.0))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        self.variables.retain(|name, _| !is_position(name));
        for (at, argument) in arguments.iter().take(9).enumerate() {
            if argument.is_known {
                let name = (at + 1).to_string();
                self.variables.insert(name, argument.text.clone());
            }
        }
        let (keeps, locals) = (self.keeps_prints, std::mem::take(&mut self.locals));
        let is_kept = |it: &Redirect<'t>| it.operator.contains('>') && !is_log(it.target);
        for redirect in part.redirects.iter().filter(|it| is_kept(it)) {
            self.keeps_prints = true;
            let text = format!(": {} {}", redirect.operator, redirect.target);
            self.emit(&text, &[])?;
        }
        self.calls += 1;
        let (flow, status) = self.part(body, body.text)?;
        self.calls -= 1;
        self.keeps_prints = keeps;
        for name in std::mem::replace(&mut self.locals, locals) {
            self.variables.remove(&name);
        }
        self.variables.retain(|name, _| !is_position(name));
        self.variables.extend(outer);
        Some(match flow {
            Flow::Exits | Flow::MayExit => (flow, Status::Unknown),
            Flow::Goes => (Flow::Goes, status),
            _ => (Flow::Goes, Status::Unknown),
        })
    }
}

/// Returns the words without those that only change the user or the priority.
pub(super) fn without_sudo(words: &[Word]) -> &[Word] {
    let mut rest = words;
    while let [first, after @ ..] = rest {
        match first.text.as_str() {
            "sudo" => {
                rest = after;
                while let [option, after @ ..] = rest {
                    match (option.text.as_str(), after) {
                        ("-E" | "-n" | "-H" | "-S" | "--", _) => rest = after,
                        ("-u", [user, after @ ..]) if user.text == "root" => rest = after,
                        _ => break,
                    }
                }
            }
            "nohup" | "builtin" => rest = after,
            _ => break,
        }
    }
    rest
}
