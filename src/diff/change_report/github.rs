//! Changes as annotations of a GitHub workflow.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::fmt::Write as _;

use super::super::{Difference, Direction};
use super::value::{name, sentence};
use super::{ChangeReport, Gate, action_word, replacement_text, subject};
use crate::report::{github_message as message, github_property as property};

impl ChangeReport {
    /// Returns workflow commands: an error for each matching gate, a warning for all other
    /// replacements, broader access and broken sessions.
    pub fn to_github(&self, file: Option<&str>, gates: &[Gate]) -> String {
        let mut out = String::new();
        let level = |gate: Gate| match gates.contains(&gate) {
            true => "error",
            false => "warning",
        };
        let mut say = |command: &str, title: &str, line: Option<u32>, text: &str| {
            let title = property(title);
            let at = match (file, line) {
                (Some(file), Some(line)) => format!("file={},line={line},", property(file)),
                (Some(file), None) => format!("file={},", property(file)),
                (None, _) => String::new(),
            };
            let _ = writeln!(out, "::{command} {at}title={title}::{}", message(text));
        };
        for it in self.access.iter() {
            let title = match it.direction {
                Direction::Broader => "Broader access",
                Direction::Unknown => "Unknown access",
                Direction::Narrower => continue,
            };
            let text = format!("{}: {}", name(&it.owner), sentence(&it.what));
            let line = self.line(&it.owner, it.what.split(' ').next().unwrap_or_default());
            say(level(Gate::BroaderAccess), title, line, &text);
        }
        for it in self.differences.iter().filter(|it| it.may_be_replaced()) {
            let text = format!(
                "{}: {}",
                name(&subject(it)),
                sentence(&replacement_text(it))
            );
            let title = format!("A resource is {}", action_word(it));
            let property = it.forced.first().map_or("", |it| &it.property);
            let line = self.line(&it.id, property);
            say(level(Gate::Replacement), &title, line, &text);
        }
        let noted = |it: &&Difference| !it.notes.is_empty() && !it.may_be_replaced();
        for it in self.differences.iter().filter(noted) {
            let text = format!("{}: {}", name(&subject(it)), sentence(&it.notes.join("; ")));
            say(
                "warning",
                "The update replaces more",
                self.line(&it.id, ""),
                &text,
            );
        }
        for it in &self.losses {
            let line = self.line(it.split(':').next().unwrap_or_default(), "");
            let title = "Data or an export is removed";
            say(level(Gate::Removal), title, line, &sentence(it));
        }
        for it in &self.unreadable {
            let title = "The effect of the change is unknown";
            say("error", title, None, &sentence(it));
        }
        for it in self.sessions.iter().filter(|it| it.is_broken()) {
            let was = it.before.as_deref().unwrap_or("does not exist");
            let is = it.after.as_deref().unwrap_or_default();
            let text = format!("{}: {was}, then {is}", name(&it.instance));
            let title = "The session does not connect";
            say(
                level(Gate::Unreachable),
                title,
                self.line(&it.instance, ""),
                &text,
            );
        }
        out
    }

    /// Returns the line of a property, or of the resource that contains it.
    fn line(&self, id: &str, property: &str) -> Option<u32> {
        let mut path = format!("{id}.{property}");
        loop {
            if let Some(line) = self.lines.get(&path) {
                return Some(*line);
            }
            // A parent, such as the role of an attribute or the list of an item.
            let end = path.rfind('.')?;
            path.truncate(end);
        }
    }
}
