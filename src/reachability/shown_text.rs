//! Text that a file shows, whole or in part.

/// One of the texts that a value can have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ShownText {
    /// The parts that the file shows.
    pub(crate) text: String,
    /// Whether no other part can contain text of a person, such as a command.
    pub(crate) is_complete: bool,
}

impl ShownText {
    pub(super) fn new(text: &str, is_complete: bool) -> Self {
        ShownText {
            text: text.to_owned(),
            is_complete,
        }
    }
}
