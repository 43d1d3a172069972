//! Shell commands with quoted words.

/// A command line.
#[derive(Clone, Debug)]
pub(super) struct Line(String);

/// Quotes a word for a POSIX shell. Replaces control characters with spaces.
pub(super) fn quoted(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

impl Line {
    /// Starts with shell text, which is not quoted.
    pub(super) fn new(shell: &'static str) -> Line {
        Line(shell.to_owned())
    }

    /// Starts a line with a program and its arguments, which are shell text.
    pub(super) fn command(program: &str, shell: &'static str) -> Line {
        Line(quoted(program)).raw(shell)
    }

    /// Adds shell text, which is not quoted.
    #[must_use]
    pub(super) fn raw(mut self, shell: &'static str) -> Line {
        self.0.push(' ');
        self.0.push_str(shell);
        self
    }

    /// Adds a quoted word.
    #[must_use]
    pub(super) fn word(mut self, text: &str) -> Line {
        self.0.push(' ');
        self.0.push_str(&quoted(text));
        self
    }

    /// Assigns the output to a variable.
    #[must_use]
    pub(super) fn into_variable(self, name: &str) -> String {
        format!("{name}=$({})", self.0)
    }

    /// Returns the command line.
    #[must_use]
    pub(super) fn end(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted() {
        let line = Line::new("aws").word("a b").word("$(id)").word("it's\nx");
        assert_eq!(line.end(), "aws 'a b' '$(id)' 'it'\\''s x'");
        assert_eq!(quoted(""), "''");
    }
}
