//! The lines of user data, in one form: decoded, and with the path of the file that each is written to.
//!
//! <https://cloudinit.readthedocs.io/en/latest/reference/modules.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::runs::Runs;
use super::shown_text::ShownText;
use super::written_file::{FILE, is_written, target, written};

/// A shorter word can be Base64 by chance.
const MIN_ENCODED: usize = 24;

/// From this length, the next line can continue an encoded text.
const WRAPPED: usize = 60;

/// Commands that decode what a shell then runs.
const DECODERS: &[&str] = &[
    "base64",
    "gunzip",
    "zcat",
    "gzip -d",
    "xz -d",
    "bunzip2",
    "xxd -r",
    "openssl enc",
    "openssl aes",
    "frombase64string",
    "-encodedcommand",
    "powershell -enc",
    "powershell.exe -enc",
];

/// Words of a line that runs text as a script.
const RUNS: &[&str] = &[
    "| bash",
    "|bash",
    "| sh",
    "|sh",
    "| sudo",
    "| /bin/",
    "|/bin/",
    "| python",
    "| perl",
    "eval ",
    "bash -c",
    "sh -c",
    "<(",
    "iex",
    "invoke-expression",
    "-encodedcommand",
    "powershell -enc",
    "powershell.exe -enc",
];

/// Joins the lines of a command that a backslash, a backtick or a caret continues.
pub(super) fn joined_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    ["\\\n", "`\n", "^\n"]
        .iter()
        .fold(text, |text, end| text.replace(end, " "))
}

/// The lines of a script.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) shown: ShownText,
    /// Whether a part remains encoded that the instance can run.
    pub(super) is_opaque: bool,
    /// Whether a part that is judged by its words has conditions.
    pub(super) is_branched: bool,
}

/// Returns the lines of a script: encoded text is decoded, and a line of a file begins with its path.
pub(super) fn lines(script: &ShownText) -> Lines {
    lines_of(&Runs::unread(&script.text), script.is_complete)
}

/// Returns the lines of what user data runs.
pub(super) fn lines_of(runs: &Runs, is_complete: bool) -> Lines {
    let mut rest = with_here_documents(&with_files(&joined_lines(&runs.rest)));
    let mut shown = runs.shown();
    if runs.is_windows {
        rest.push_str(&std::mem::take(&mut shown));
    }
    let (text, is_opaque) = decoded(&format!("{shown}{rest}"));
    let branches = ["if ", "if(", "case ", "function "];
    let is_branched = branches.iter().any(|it| rest.contains(it));
    Lines {
        shown: ShownText { text, is_complete },
        is_opaque,
        is_branched,
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// Marks the lines of `write_files` in cloud-config. Lists of words become commands.
fn with_files(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() != "write_files:" {
            match line.trim().strip_prefix("- [") {
                Some(words) => push(
                    &mut out,
                    &format!(
                        "- {}",
                        words
                            .replace(['[', ']', ',', '"', '\''], " ")
                            .split_whitespace()
                            .collect::<Vec<_>>()
                            .join(" ")
                    ),
                ),
                None => push(&mut out, line),
            }
            continue;
        }
        push(&mut out, line);
        let own = indent(line);
        let is_inside = |it: &&str| {
            let starts_item = indent(it) == own && it.trim_start().starts_with('-');
            it.trim().is_empty() || indent(it) > own || starts_item
        };
        let mut items: Vec<Vec<&str>> = Vec::new();
        let mut level = None;
        while let Some(line) = lines.next_if(is_inside) {
            let starts = line.trim_start().starts_with('-');
            let level = *level.get_or_insert(indent(line));
            match items.last_mut() {
                Some(item) if !starts || indent(line) != level => item.push(line),
                _ => items.push(vec![line]),
            }
        }
        for item in items {
            let path = item.iter().find_map(|line| {
                let line = line.trim_start().trim_start_matches("- ");
                Some(line.strip_prefix("path:")?.trim().trim_matches(['"', '\'']))
            });
            for line in item
                .iter()
                .map(|it| it.trim_start().trim_start_matches("- "))
            {
                if !line.is_empty() && !line.starts_with('#') {
                    push(&mut out, &written(path.unwrap_or_default(), line));
                }
            }
        }
    }
    out
}

/// Returns the delimiter of a here-document that a line starts.
fn delimiter(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("<<")?;
    if before.ends_with('<')
        || after.starts_with('<')
        || is_written(line)
        || before.trim_start().starts_with('#')
    {
        return None;
    }
    let after = after.trim_start_matches('-').trim_start();
    let word = after.trim_start_matches(['"', '\'', '\\']);
    let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let word = word.split_at_checked(end.unwrap_or(word.len()))?.0;
    Some(word).filter(|it| it.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// Marks the lines of here-documents that a command writes to a file.
fn with_here_documents(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        push(&mut out, line);
        let Some((end, path)) = delimiter(line).and_then(|end| Some((end, target(line)?))) else {
            continue;
        };
        for line in lines.by_ref().take_while(|it| it.trim() != end) {
            if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                push(&mut out, &written(path, line));
            }
        }
    }
    out
}

fn is_encoded(word: &str) -> bool {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    !word.is_empty() && word.chars().all(is_base64)
}

/// Decodes a text. PowerShell encodes UTF-16.
fn decode(encoded: &str) -> Option<String> {
    let mut bytes = STANDARD.decode(encoded).ok()?;
    bytes.retain(|byte| *byte != 0);
    let text = String::from_utf8(bytes).ok()?;
    let is_text = text
        .chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    Some(text).filter(|_| is_text)
}

/// Adds the lines that Base64 encodes. Returns also whether a part remains encoded that can run.
fn decoded(text: &str) -> (String, bool) {
    let (mut out, mut is_opaque) = (String::new(), false);
    // Parts that are declared to be encoded, and those that are read.
    let (mut declared, mut read) = (0_usize, 0_usize);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        push(&mut out, line);
        let (path, plain) = match line.strip_prefix(FILE).and_then(|it| it.split_once(": ")) {
            Some((path, plain)) => (Some(path), plain),
            None => (None, line),
        };
        let lower = plain.trim().to_ascii_lowercase();
        if lower.starts_with('#') {
            continue;
        }
        let is_declared = |it: &str| {
            lower
                .strip_prefix(it)
                .is_some_and(|of| of.contains("64") || of.contains("gz"))
        };
        declared +=
            usize::from(is_declared("content-transfer-encoding:") || is_declared("encoding:"));
        let mut found = false;
        let mut add = |encoded: &str| {
            let Some(text) = decode(encoded) else { return };
            found = true;
            for line in text.lines().filter(|it| !it.trim_start().starts_with('#')) {
                match path {
                    Some(path) => push(&mut out, &written(path, line)),
                    None if plain.starts_with("if ") => push(&mut out, &format!("if {line}")),
                    None => push(&mut out, line),
                }
            }
        };
        let trimmed = plain.trim();
        if trimmed.len() >= MIN_ENCODED && is_encoded(trimmed) {
            let mut whole = trimmed.to_owned();
            let mut last = trimmed.len();
            let body = |it: &str| {
                it.strip_prefix(FILE)
                    .and_then(|it| it.split_once(": "))
                    .map_or(it.trim().to_owned(), |it| it.1.trim().to_owned())
            };
            while last >= WRAPPED
                && let Some(next) = lines.next_if(|it| is_encoded(&body(it)))
            {
                last = body(next).len();
                whole.push_str(&body(next));
            }
            add(&whole);
        } else {
            let words = plain.split(|c: char| !is_encoded(c.encode_utf8(&mut [0; 4])));
            words
                .filter(|it| it.len() >= MIN_ENCODED)
                .for_each(&mut add);
        }
        read += usize::from(found);
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if !found && has(DECODERS) && has(RUNS) {
            is_opaque = true;
        }
    }
    (out, is_opaque || read < declared)
}

/// Returns the commands of a line, without what only begins them and without comments.
pub(super) fn commands(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split("&&").flat_map(|it| it.split("||"));
    parts.flat_map(|it| it.split(';')).map(|command| {
        let mut command = command.split(" #").next().unwrap_or_default().trim();
        while let Some(rest) = PREFIXES.iter().find_map(|it| command.strip_prefix(it)) {
            command = rest.trim_start();
        }
        command
    })
}

/// Words before a command.
const PREFIXES: &[&str] = &[
    "- ", "sudo ", "then ", "do ", "else ", "if ", "elif ", "while ", "until ", "! ", "{ ", "( ",
];

#[cfg(test)]
mod tests {
    use super::{Lines, lines};
    use crate::reachability::texts::ShownText;

    fn shown(text: &str) -> Lines {
        lines(&ShownText::new(text, true))
    }

    #[test]
    fn lines_of_files_begin_with_their_path() {
        let text = "#cloud-config\nwrite_files:\n- content: |\n    halt\n  path: /opt/a.sh\n- path: /b\n  \
                    content: x\nruncmd:\n- [systemctl, stop, \"a\"]\n";
        let lines: Vec<String> = shown(text).shown.text.lines().map(str::to_owned).collect();
        assert!(
            lines.contains(&"file /opt/a.sh: halt".to_owned()),
            "{lines:?}"
        );
        assert!(
            lines.contains(&"file /b: content: x".to_owned()),
            "{lines:?}"
        );
        assert!(
            lines.contains(&"- systemctl stop a".to_owned()),
            "{lines:?}"
        );
        let text = "sudo tee /etc/a <<-'EOF' >/dev/null\n halt\n EOF\nbash <<X\nls\nX\necho $((1<<2))\nls\n";
        let lines: Vec<String> = shown(text).shown.text.lines().map(str::to_owned).collect();
        assert!(lines.contains(&"file /etc/a: halt".to_owned()), "{lines:?}");
        assert_eq!(
            lines.iter().filter(|it| *it == "ls").count(),
            2,
            "{lines:?}"
        );
    }

    #[test]
    fn encoded_text_is_read() {
        let mime = "Content-Transfer-Encoding: base64\n\n\
                    IyEvYmluL2Jhc2gKc3lzdGVtY3RsIGRpc2FibGUgYW1hem9uLXNzbS1hZ2VudApzeXN0ZW1jdGwgc3Rv\n\
                    cCBhbWF6b24tc3NtLWFnZW50Cg==\n";
        let read = shown(mime);
        assert!(
            !read.is_opaque
                && read
                    .shown
                    .text
                    .contains("\nsystemctl stop amazon-ssm-agent"),
            "{read:?}"
        );
        let pipe =
            shown("echo c3lzdGVtY3RsIG1hc2sgLS1ub3cgYW1hem9uLXNzbS1hZ2VudAo= | base64 -d | bash");
        assert!(
            !pipe.is_opaque && pipe.shown.text.contains("mask --now amazon-ssm-agent"),
            "{pipe:?}"
        );
        for opaque in [
            "Content-Transfer-Encoding: base64\n\nH4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==\n",
            "echo H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA== | base64 -d | gunzip | bash",
            "echo $CODE | base64 --decode | sh",
        ] {
            assert!(shown(opaque).is_opaque, "{opaque}");
        }
        for plain in [
            "aws ssm get-parameter --name key --output text | base64 -d > /etc/app/key",
            "Content-Transfer-Encoding: 7bit\n\n#!/bin/bash\nls\n",
            "echo AmazonSSMManagedInstanceCore",
            "curl -fsSL https://get.example.com/install.sh | bash",
        ] {
            assert!(!shown(plain).is_opaque, "{plain}");
        }
    }
}
