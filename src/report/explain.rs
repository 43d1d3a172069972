//! The pages of hops and diagnostics.

use crate::reachability::Hop;

const ERRORS: &str = include_str!("../../docs/reference/errors.md");

/// What a code names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// A hop of the reachability check.
    Hop,
    /// An error or a warning about the input.
    Diagnostic,
}

impl CodeKind {
    /// All kinds.
    pub const ALL: [CodeKind; 2] = [CodeKind::Hop, CodeKind::Diagnostic];

    /// Returns `hop` or `diagnostic`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            CodeKind::Hop => "hop",
            CodeKind::Diagnostic => "diagnostic",
        }
    }
}

/// A code that reports print.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The code, such as `endpoint-private-dns`.
    pub code: &'static str,
    /// What it names.
    pub kind: CodeKind,
    /// The first sentence of its page, in Markdown.
    pub summary: &'static str,
}

/// Returns all codes: hops in the order of the check, then diagnostics by name.
#[must_use]
pub fn codes() -> Vec<Code> {
    let hops = Hop::ALL.iter().map(|hop| Code {
        code: hop.as_str(),
        kind: CodeKind::Hop,
        summary: hop.reason(),
    });
    let diagnostics = sections(ERRORS).map(|(code, page)| Code {
        code,
        kind: CodeKind::Diagnostic,
        summary: sentence(page.lines().nth(2).unwrap_or_default()),
    });
    hops.chain(diagnostics).collect()
}

/// Returns the first sentence of a line.
fn sentence(line: &str) -> &str {
    line.find(". ").map_or(line, |end| &line[..=end])
}

/// Returns the page of a hop or of a diagnostic, in Markdown.
#[must_use]
pub fn explain(code: &str) -> Option<String> {
    if let Some(hop) = Hop::ALL.iter().find(|hop| hop.as_str() == code) {
        return Some(format!(
            "## `{hop}`\n\n{}: {}.\n\n{}",
            hop.name(),
            hop.reason(),
            hop.entry().page
        ));
    }
    let (_, page) = sections(ERRORS).find(|(it, _)| *it == code)?;
    Some(page.trim_end().to_owned() + "\n")
}

/// Splits a page into its sections, with the code in each heading.
fn sections(pages: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let starts = pages.match_indices("\n## `").map(|(at, _)| at + 1);
    starts.filter_map(move |start| {
        let page = &pages[start..];
        let end = page[3..].find("\n## ").map_or(page.len(), |end| end + 3);
        let code = page[4..].split('`').next()?;
        Some((code, &page[..end]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_page() {
        for it in codes() {
            let page = explain(it.code).unwrap_or_else(|| panic!("{}", it.code));
            assert!(page.lines().count() > 2, "{page}");
            assert_eq!(page.matches("\n## ").count(), 0, "{page}");
            let is_sentence = it.kind == CodeKind::Hop || it.summary.ends_with('.');
            assert!(!it.summary.is_empty() && is_sentence, "{}", it.code);
        }
        assert_eq!(explain("nothing"), None);
    }
}
