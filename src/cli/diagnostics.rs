//! Diagnostics in text with the line of the file, and in JSON.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::failure::Failure;
use super::global::{MessageFormat, message_format};
use super::output;
use crate::ir::{Diagnostic, Diagnostics, Severity, SourceLocation, shortened};

/// The names and texts that diagnostics point into.
pub(super) type Sources = Vec<(String, String)>;

/// Renders diagnostics, with an empty line after each.
pub(super) fn render<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        if message_format() == MessageFormat::Json {
            out.push_str(&format!("{}\n", value(diagnostic)));
            continue;
        }
        out.push_str(&render_one(diagnostic, sources));
        out.push_str("\n\n");
    }
    out
}

/// Reports an input that cannot be read.
pub(super) fn unreadable(diagnostics: &Diagnostics, name: &str, text: &str) -> Failure {
    unreadable_together(diagnostics, &vec![(name.to_owned(), text.to_owned())])
}

/// Reports inputs that cannot be read.
pub(super) fn unreadable_together(diagnostics: &Diagnostics, sources: &Sources) -> Failure {
    let _ = output::stderr(&render(diagnostics.iter(), sources));
    Failure::Unusable
}

/// Reports an invalid configuration.
pub(super) fn fail(diagnostics: &Diagnostics, sources: &Sources) -> Failure {
    let _ = output::stderr(&render(diagnostics.iter(), sources));
    Failure::Failed
}

/// Returns a diagnostic as JSON.
fn value(diagnostic: &Diagnostic) -> serde_json::Value {
    let places = diagnostic.locations.iter().filter_map(|place| match place {
        SourceLocation::File(span) => Some(serde_json::json!({
            "file": &*span.file,
            "line": span.line,
            "column": span.column,
        })),
        SourceLocation::Caller(at) => Some(serde_json::json!({
            "file": at.file(),
            "line": at.line(),
            "column": at.column(),
        })),
        SourceLocation::Default => None,
    });
    serde_json::json!({
        "severity": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "code": diagnostic.code,
        "message": diagnostic.message,
        "places": places.collect::<Vec<_>>(),
        "paths": diagnostic.paths,
        "help": diagnostic.help,
    })
}

fn render_one(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code);
    let mut group = Group::with_title(title);
    for place in &diagnostic.locations {
        let SourceLocation::File(span) = place else {
            continue;
        };
        let Some((name, text)) = sources.iter().find(|(name, _)| **name == *span.file) else {
            continue;
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The first line of a location is enough.
        let start = span.start.min(text.len());
        let line_end = text[start..]
            .find('\n')
            .map_or(text.len(), |end| start + end);
        let mut end = span.end.clamp(start, line_end);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let snippet = Snippet::source(text)
            .path(name.as_str())
            .annotation(AnnotationKind::Primary.span(start..end));
        group = group.element(snippet);
    }
    for path in &diagnostic.paths {
        group = group.element(Level::NOTE.message(format!("in {}", shortened(path))));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    // `anstream` removes the colors if the output does not show them.
    Renderer::styled().render(&[group])
}
