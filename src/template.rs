//! Files for people, and scripts for machines, from `templates/`: one engine for each language of
//! output, whose escape function is that language's. What a helper writes itself, it escapes itself;
//! no template goes around that (`tests/it/graph.rs` refuses the signs that would).

use handlebars::Handlebars;

/// Why a document could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the built-in template `{name}` cannot be rendered")]
pub struct TemplateError {
    name: &'static str,
    source: Box<handlebars::RenderError>,
}

/// An engine that escapes for one language.
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
