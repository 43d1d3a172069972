//! Renders `templates/`: human-readable documents, and scripts. Each output language has an engine
//! with the escape function of that language. Helpers escape their own output. A test in
//! `tests/it/graph.rs` rejects template syntax that bypasses the escape function.

use handlebars::Handlebars;

/// An error of the template engine.
#[derive(Debug, thiserror::Error)]
#[error("cannot render the built-in template `{name}`")]
pub struct TemplateError {
    name: &'static str,
    source: Box<handlebars::RenderError>,
}

/// Returns an engine that escapes values for one language.
pub(crate) fn engine<F>(escape: F) -> Handlebars<'static>
where
    F: Fn(&str) -> String + Send + Sync + 'static,
{
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(escape);
    engine
}

/// Renders a template.
pub(crate) fn render(
    engine: &Handlebars<'_>,
    name: &'static str,
    template: &str,
    values: &serde_json::Value,
) -> Result<String, TemplateError> {
    engine
        .render_template(template, values)
        .map_err(|error| TemplateError {
            name,
            source: Box::new(error),
        })
}
