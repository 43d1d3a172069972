//! The commands that an instance runs.

use super::shell::{self, Step};
use super::written_file::is_written;

/// What an instance runs.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// The commands of the scripts that are understood.
    pub(super) steps: Vec<Step>,
    /// The parts that are judged by their words.
    pub(super) rest: String,
    pub(super) is_windows: bool,
}

impl Runs {
    /// Returns the text of the commands. Those that run only perhaps are conditions.
    pub(super) fn shown(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            for line in step.text.lines() {
                let is_plain = step.is_certain || self.is_windows || is_written(line);
                text.push_str(if is_plain { "" } else { "if " });
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    pub(super) fn add(&mut self, text: &str) {
        self.rest.push_str(text);
        self.rest.push('\n');
    }

    /// Adds a script, or its text if a part of it is not understood.
    pub(super) fn script(&mut self, text: &str) {
        match shell::steps(text) {
            Some(steps) => self.steps.extend(steps),
            None => self.add(text),
        }
    }

    pub(super) fn unread(text: &str) -> Runs {
        Runs {
            rest: text.to_owned(),
            ..Runs::default()
        }
    }
}
