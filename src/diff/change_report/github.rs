//! Changes as annotations of a GitHub workflow.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::collections::HashMap;
use std::fmt::Write as _;

use super::super::Direction;
use super::{ChangeReport, Gate, action_word, replacement_text, subject};
use crate::report::{github_message as message, github_property as property};

impl ChangeReport {
    /// Returns workflow commands: an error for each matching gate, a warning for all other
    /// replacements, broader access and broken sessions. `lines` contains the lines and columns of
    /// resources in the file, by ID.
    pub fn to_github(
        &self,
        file: Option<&str>,
        lines: &HashMap<String, (u32, u32)>,
        gates: &[Gate],
    ) -> String {
        let mut out = String::new();
        let place = |id: &str| match (file, lines.get(id)) {
            (None, _) => String::new(),
            (Some(file), None) => format!("file={},", property(file)),
            (Some(file), Some((line, column))) => {
                format!("file={},line={line},col={column},", property(file))
            }
        };
        let level = |gate: Gate| match gates.contains(&gate) {
            true => "error",
            false => "warning",
        };
        let mut say = |command: &str, id: &str, title: &str, text: &str| {
            let (place, title) = (place(id), property(title));
            let _ = writeln!(out, "::{command} {place}title={title}::{}", message(text));
        };
        for it in self.access.iter() {
            let title = match it.direction {
                Direction::Broader => "Broader access",
                Direction::Unknown => "Unknown access",
                Direction::Narrower => continue,
            };
            let text = format!("{}: {}", it.owner, it.what);
            say(level(Gate::BroaderAccess), &it.owner, title, &text);
        }
        for it in &self.losses {
            let id = it.split_once(": ").map_or("", |(id, _)| id);
            say(level(Gate::Removal), id, "Data or an export is removed", it);
        }
        for it in &self.unreadable {
            say("error", "", "The effect of the change is unknown", it);
        }
        for it in self.differences.iter().filter(|it| it.may_be_replaced()) {
            let text = format!("{}: {}", subject(it), replacement_text(it));
            let title = format!("A resource is {}", action_word(it));
            say(level(Gate::Replacement), &it.id, &title, &text);
        }
        for it in self.sessions.iter().filter(|it| it.is_broken()) {
            let was = it.before.as_deref().unwrap_or("does not exist");
            let is = it.after.as_deref().unwrap_or_default();
            let text = format!("{}: {was}, then {is}", it.instance);
            say(
                level(Gate::Unreachable),
                &it.instance,
                "The session does not connect",
                &text,
            );
        }
        out
    }
}
