//! Lines of a shell, with every word quoted.

/// A command line that is being written.
#[derive(Clone, Debug)]
pub(super) struct Line(String);

/// Quotes a word for a POSIX shell; a line stays one.
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
    /// Begins with what is shell already.
    pub(super) fn new(shell: &'static str) -> Line {
        Line(shell.to_owned())
    }

    /// Starts with a program and its arguments, which are shell already.
    pub(super) fn command(program: &str, shell: &'static str) -> Line {
        Line(quoted(program)).raw(shell)
    }

    /// Adds what is shell already.
    #[must_use]
    pub(super) fn raw(mut self, shell: &'static str) -> Line {
        self.0.push(' ');
        self.0.push_str(shell);
        self
    }

    /// Adds a word.
    #[must_use]
    pub(super) fn word(mut self, text: &str) -> Line {
        self.0.push(' ');
        self.0.push_str(&quoted(text));
        self
    }

    /// Keeps what it prints in a variable.
    #[must_use]
    pub(super) fn into_variable(self, name: &str) -> String {
        format!("{name}=$({})", self.0)
    }

    /// Ends it.
    #[must_use]
    pub(super) fn end(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        let line = Line::new("aws").word("a b").word("$(id)").word("it's\nx");
        assert_eq!(line.end(), "aws 'a b' '$(id)' 'it'\\''s x'");
        assert_eq!(quoted(""), "''");
    }
}
