//! Markdown: escaping and code.

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext};

fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Escapes text, so that it contains no markup.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Returns the length of the longest run of backticks.
fn longest(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Writes inline code. In a table, escapes bars, which end a cell even in code.
fn tick(text: &str, in_table: bool) -> String {
    let text = one_line(text);
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    let code = format!("{fence}{pad}{text}{pad}{fence}");
    match in_table {
        true => code.replace('|', "\\|"),
        false => code,
    }
}

fn first<'a>(helper: &'a Helper<'_>) -> &'a str {
    helper
        .param(0)
        .and_then(|it| it.value().as_str())
        .unwrap_or_default()
}

/// Registers the helpers of the template.
pub(super) fn register(engine: &mut Handlebars<'_>) {
    engine.register_helper("tick", Box::new(tick_helper));
    engine.register_helper("cell", Box::new(cell));
    engine.register_helper("words", Box::new(words));
    engine.register_helper("code", Box::new(code));
}

fn tick_helper(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    Ok(out.write(&tick(first(helper), false))?)
}

fn cell(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    Ok(out.write(&tick(first(helper), true))?)
}

/// Writes text, with code between backticks.
fn words(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let text = one_line(first(helper));
    // An unpaired backtick belongs to a name.
    if text.matches('`').count() % 2 == 1 {
        return Ok(out.write(&escaped(&text))?);
    }
    for (n, part) in text.split('`').enumerate() {
        match n % 2 {
            // Keeps the spaces around code.
            0 => {
                let (before, after) = (part.starts_with(' '), part.ends_with(' '));
                let body = escaped(part);
                out.write(if before { " " } else { "" })?;
                out.write(&body)?;
                out.write(if after && !body.is_empty() { " " } else { "" })?;
            }
            _ => out.write(&tick(part, false))?,
        }
    }
    Ok(())
}

/// Writes a code block with a fence that no line closes.
fn code(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let lines = helper.param(0).and_then(|it| it.value().as_array());
    let lines: Vec<&str> = lines
        .into_iter()
        .flatten()
        .filter_map(|it| it.as_str())
        .collect();
    let max = lines.iter().map(|it| longest(it)).max().unwrap_or(0);
    let fence = "`".repeat(max.max(2) + 1);
    out.write(&format!("{fence}sh\n"))?;
    for line in lines {
        out.write(line)?;
        out.write("\n")?;
    }
    Ok(out.write(&fence)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_contains_no_markup() {
        assert_eq!(
            escaped("a*b_c`<script>|\n# x"),
            "a\\*b\\_c\\`\\<script\\>\\| \\# x"
        );
        assert_eq!(tick("a`b|c", true), "``a`b\\|c``");
        assert_eq!(tick("`", false), "`` ` ``");
    }
}
