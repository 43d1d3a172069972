//! What a script prints, and the files that it writes.

use super::super::super::written_file::{target, written};
use super::super::syntax::{Part, Redirect};
use super::super::words::{Word, expand, substituted};
use super::{Run, Step, documents, is_device};

impl<'t> Run<'_, 't> {
    /// Returns the lines of a here-document.
    pub(super) fn lines(&self, document: usize) -> Vec<String> {
        let Some(document) = self.documents.get(document) else {
            return Vec::new();
        };
        let line = |line: &&str| match document.is_quoted {
            true => (*line).to_owned(),
            false => substituted(line, &self.variables),
        };
        document.lines.iter().map(line).collect()
    }

    /// Adds the lines of a file.
    pub(super) fn write(&mut self, path: &str, document: usize) -> Option<()> {
        let path = expand(path, &self.variables).text;
        for line in self.lines(document) {
            self.write_line(&path, &line)?;
        }
        Some(())
    }

    pub(super) fn write_line(&mut self, path: &str, line: &str) -> Option<()> {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            return Some(());
        }
        let step = Step {
            text: written(path, line),
            words: Vec::new(),
            is_certain: !self.is_uncertain,
        };
        if is_data(path) {
            self.prints.push((path.to_owned(), step));
            return Some(());
        }
        self.push(step)
    }

    /// Adds the lines of a here-document for an unknown reader.
    pub(super) fn unread(&mut self, document: usize) -> Option<()> {
        for line in self.lines(document) {
            self.perhaps(|run| run.emit(&line, &[]))?;
        }
        Some(())
    }

    pub(super) fn unread_all(&mut self, part: &Part<'t>) -> Option<()> {
        documents(part).try_for_each(|it| self.unread(it))
    }

    /// Adds a command with the files that it writes.
    pub(super) fn with_documents(
        &mut self,
        part: &Part<'t>,
        command: &str,
        words: &[Word],
        text: &str,
    ) -> Option<()> {
        let Some(document) = documents(part).next() else {
            return self.emit(text, words);
        };
        let writes = ["cat", "tee"].contains(&command);
        let has_target = text.contains('>') || command == "tee";
        match target(text) {
            Some(path) if writes && has_target => {
                let path = expand(path, &self.variables).text;
                if !is_data(&path) {
                    self.emit(text, words)?;
                }
                self.write(&path, document)
            }
            // It is only printed.
            None if command == "cat" && !self.keeps_prints => Some(()),
            _ => {
                self.emit(text, words)?;
                self.unread_all(part)
            }
        }
    }

    /// Reads a command that prints. Returns false if something else can read what it prints.
    pub(super) fn print(&mut self, part: &Part<'t>, words: &[Word]) -> Option<bool> {
        let is_plain = words.iter().all(|it| it.is_known) && documents(part).next().is_none();
        if !is_plain {
            return Some(false);
        }
        let writes =
            |it: &&Redirect<'t>| it.operator.contains('>') && !it.operator.starts_with('2');
        let files: Vec<&Redirect<'t>> = part.redirects.iter().filter(writes).collect();
        let path = match files.as_slice() {
            [] => return Some(!self.keeps_prints),
            [one] if is_device(one.target) && !one.operator.contains('&') => return Some(true),
            [one] if is_device(one.target) => return Some(!self.keeps_prints),
            [one] => expand(one.target, &self.variables),
            _ => return Some(false),
        };
        if !path.is_known || path.text.contains("ssm") {
            return Some(false);
        }
        let texts: Vec<&str> = words.iter().skip(1).map(|it| it.text.as_str()).collect();
        for line in texts.join(" ").split('\n').flat_map(|it| it.split("\\n")) {
            self.write_line(&path.text, line)?;
        }
        Some(true)
    }
}

/// Returns whether nothing runs a file with this path by itself.
fn is_data(path: &str) -> bool {
    let is_text = [".txt", ".log", ".html", ".md"]
        .iter()
        .any(|it| path.ends_with(it));
    let is_known = [
        "/etc/motd",
        "/etc/issue",
        "/etc/banner",
        "/var/log/",
        "/var/www/",
    ]
    .iter()
    .any(|it| path.starts_with(it));
    (is_text || is_known) && !path.contains("update-motd")
}
