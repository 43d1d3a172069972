//! The commands of cloud-config.
//!
//! <https://cloudinit.readthedocs.io/en/latest/reference/modules.html>

use super::runs::Runs;

/// Adds the commands of cloud-config. Modules other than those of commands are judged by their words.
pub(super) fn add(runs: &mut Runs, text: &str) {
    let sections = sections(text);
    let mut rest = String::new();
    for name in ["bootcmd", "runcmd"] {
        for section in sections.iter().filter(|it| it.name == name) {
            match items(&section.lines) {
                Some(commands) => runs.script(&commands.join("\n")),
                None => rest.push_str(&section.text()),
            }
        }
    }
    for section in &sections {
        match section.name {
            "bootcmd" | "runcmd" => {}
            "power_state" => match power(&section.lines) {
                Some(command) => runs.script(command),
                None => rest.push_str(&section.text()),
            },
            _ => rest.push_str(&section.text()),
        }
    }
    runs.rest.push_str(&rest);
}

struct Section<'t> {
    name: &'t str,
    /// The lines after the one with the name, which comes first.
    lines: Vec<&'t str>,
    first: &'t str,
}

impl Section<'_> {
    fn text(&self) -> String {
        let mut text = format!("{}\n", self.first);
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// Splits the top level. A value on the line of its name belongs to the lines of the section.
fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for line in text.lines() {
        let is_inside = line.is_empty() || line.starts_with([' ', '\t', '-', '#', ']', '}']);
        match (is_inside, sections.last_mut()) {
            (true, Some(section)) => section.lines.push(line),
            (true, None) if line.starts_with('#') => {}
            _ => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                let mut lines = Vec::new();
                if !value.trim().is_empty() && !value.trim_start().starts_with('#') {
                    lines.push(value);
                }
                sections.push(Section {
                    name: name.trim_matches(['"', '\'']),
                    lines,
                    first: line,
                });
            }
        }
    }
    sections
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Returns the commands of a list, each as a line of a script.
fn items(lines: &[&str]) -> Option<Vec<String>> {
    let is_code = |line: &&str| !line.trim().is_empty();
    let base = indent(lines.iter().copied().find(|it| !is_comment(it))?);
    let mut commands = Vec::new();
    let mut rest = lines.iter().copied().peekable();
    while let Some(line) = rest.next() {
        if is_comment(line) {
            continue;
        }
        let item = line.get(base..).filter(|_| indent(line) == base)?;
        let item = item.strip_prefix("- ")?;
        let first = item.trim();
        let mut inner: Vec<&str> = Vec::new();
        while let Some(line) = rest.next_if(|it| it.trim().is_empty() || indent(it) > base) {
            inner.push(line);
        }
        commands.push(match first.chars().next()? {
            '|' => {
                let depth = inner.iter().copied().find(is_code).map(indent)?;
                let body = inner.iter().map(|it| it.get(depth..).unwrap_or_default());
                body.collect::<Vec<_>>().join("\n")
            }
            '[' if inner.iter().all(|it| is_comment(it)) => words(&flow(first)?),
            '-' => {
                let nested = inner.iter().copied().filter(|it| !is_comment(it));
                let nested = nested.map(|it| it.trim().strip_prefix("- "));
                let mut list = vec![scalar(first.strip_prefix("- ")?)?];
                for item in nested {
                    list.push(scalar(item?)?);
                }
                words(&list)
            }
            '"' | '\'' if inner.iter().all(|it| is_comment(it)) => scalar(first)?,
            c if c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '(' | '$' | ':') => {
                let inner = inner.iter().map(|it| it.trim());
                let parts: Vec<&str> = std::iter::once(first).chain(inner).collect();
                scalar(parts.join(" ").trim())?
            }
            _ => return None,
        });
    }
    Some(commands)
}

fn is_comment(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// Returns the text of a scalar on one line.
fn scalar(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix('"') {
        let inner = inner.strip_suffix('"')?;
        let mut out = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            out.push(match c {
                '"' => return None,
                '\\' => match chars.next()? {
                    c @ ('"' | '\\') => c,
                    'n' => '\n',
                    't' => '\t',
                    _ => return None,
                },
                c => c,
            });
        }
        return Some(out);
    }
    if let Some(inner) = text.strip_prefix('\'') {
        let inner = inner.strip_suffix('\'')?.replace("''", "\u{0}");
        return (!inner.contains('\'')).then(|| inner.replace('\u{0}', "'"));
    }
    // Another type, or not what a reader expects.
    let is_plain =
        !text.contains(": ") && !text.ends_with(':') && !text.starts_with(['&', '*', '!']);
    is_plain.then(|| text.split(" #").next().unwrap_or_default().to_owned())
}

/// Returns the items of a list on one line.
fn flow(text: &str) -> Option<Vec<String>> {
    let inner = text
        .strip_prefix('[')?
        .split(" #")
        .next()?
        .trim_end()
        .strip_suffix(']')?;
    let (mut items, mut current, mut quote) = (Vec::new(), String::new(), None);
    let mut is_escaped = false;
    for c in inner.chars() {
        match (quote, c) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some('"'), '\\') => is_escaped = true,
            (Some(by), c) if by == c => quote = None,
            (None, '"' | '\'') if current.trim().is_empty() => quote = Some(c),
            (None, '[' | ']' | '{' | '}') => return None,
            (None, ',') => {
                items.push(scalar(&std::mem::take(&mut current))?);
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    if quote.is_some() {
        return None;
    }
    if !current.trim().is_empty() {
        items.push(scalar(&current)?);
    }
    Some(items)
}

/// Returns words as a command of a shell.
fn words(items: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    let quoted = items
        .iter()
        .map(|it| match it.chars().all(is_plain) && !it.is_empty() {
            true => it.clone(),
            false => format!("'{}'", it.replace('\'', "'\\''")),
        });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Returns the command with the effect of `power_state`.
fn power(lines: &[&str]) -> Option<&'static str> {
    let (mut mode, mut is_now, mut runs) = (None, true, true);
    for line in lines.iter().filter(|it| !is_comment(it)) {
        let (name, value) = line.trim().split_once(':')?;
        let value = scalar(value)?;
        match (name, value.to_ascii_lowercase().as_str()) {
            ("mode", "reboot") => mode = Some("reboot"),
            ("mode", "poweroff" | "halt") => mode = Some("poweroff"),
            ("delay", "now" | "0" | "+0" | "1" | "+1") => {}
            ("delay", _) => is_now = false,
            ("condition", "true") => {}
            ("condition", "false") => runs = false,
            ("message" | "timeout", _) => {}
            _ => return None,
        }
    }
    match mode? {
        _ if !runs => Some(":"),
        "reboot" => Some("reboot"),
        command => is_now.then_some(command),
    }
}
