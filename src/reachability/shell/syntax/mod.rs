//! The syntax of shell scripts: POSIX sh, and the parts of Bash that user data uses.
//!
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>

mod compound;

use std::rc::Rc;

/// Limits the nesting of commands.
const MAX_DEPTH: usize = 40;

pub(super) type List<'t> = Vec<AndOr<'t>>;

/// Pipelines that `&&` or `||` joins.
#[derive(Debug)]
pub(super) struct AndOr<'t> {
    pub(super) first: Pipeline<'t>,
    /// Each with whether it depends on success.
    pub(super) rest: Vec<(bool, Pipeline<'t>)>,
    pub(super) is_in_background: bool,
}

#[derive(Debug)]
pub(super) struct Pipeline<'t> {
    pub(super) is_negated: bool,
    pub(super) parts: Vec<Part<'t>>,
    pub(super) text: &'t str,
}

/// A command with its redirections.
#[derive(Debug)]
pub(super) struct Part<'t> {
    pub(super) command: Command<'t>,
    pub(super) redirects: Vec<Redirect<'t>>,
    pub(super) text: &'t str,
}

#[derive(Debug)]
pub(super) struct Redirect<'t> {
    pub(super) operator: &'t str,
    pub(super) target: &'t str,
    /// The position of a here-document.
    pub(super) document: Option<usize>,
}

#[derive(Debug)]
pub(super) enum Command<'t> {
    Simple {
        assignments: Vec<(&'t str, &'t str)>,
        words: Vec<&'t str>,
    },
    If {
        arms: Vec<(List<'t>, List<'t>)>,
        otherwise: List<'t>,
    },
    While {
        test: List<'t>,
        body: List<'t>,
        text: &'t str,
    },
    For {
        name: &'t str,
        /// None if the shell chooses them.
        words: Option<Vec<&'t str>>,
        body: List<'t>,
        text: &'t str,
    },
    Case {
        subject: &'t str,
        arms: Vec<(Vec<&'t str>, List<'t>)>,
    },
    Function {
        name: &'t str,
        body: Rc<Part<'t>>,
    },
    Group(List<'t>),
    Subshell(List<'t>),
}

/// A here-document.
#[derive(Debug)]
pub(super) struct Document<'t> {
    end: String,
    /// Whether its text has no variables.
    pub(super) is_quoted: bool,
    pub(super) lines: Vec<&'t str>,
}

#[derive(Debug)]
pub(super) struct Parsed<'t> {
    pub(super) list: List<'t>,
    pub(super) documents: Vec<Document<'t>>,
}

/// Parses a script, or returns none if a part of it is not understood.
pub(super) fn parse(text: &str) -> Option<Parsed<'_>> {
    let mut parser = Parser {
        text,
        at: 0,
        end: 0,
        depth: 0,
        documents: Vec::new(),
        pending: Vec::new(),
    };
    let list = parser.list()?;
    parser.skip_newlines();
    let is_whole = parser.at >= text.len() && parser.pending.is_empty();
    is_whole.then_some(Parsed {
        list,
        documents: parser.documents,
    })
}

/// Words that end a list where a command can begin.
const ENDS: &[&str] = &["then", "elif", "else", "fi", "do", "done", "esac", "}"];

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// The end of the last word or operator.
    end: usize,
    depth: usize,
    documents: Vec<Document<'t>>,
    /// Here-documents whose text begins on the next line.
    pending: Vec<usize>,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn slice(&self, from: usize) -> &'t str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// Returns the text of a command, without what follows it.
    fn command_text(&self, from: usize) -> &'t str {
        self.text.get(from..self.end).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r') = self.byte(self.at) {
            self.at += 1;
        }
        if self.byte(self.at) == Some(b'#') {
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn skip_newlines(&mut self) {
        loop {
            self.skip_blanks();
            if self.byte(self.at) != Some(b'\n') {
                return;
            }
            self.at += 1;
            self.read_documents();
        }
    }

    fn read_documents(&mut self) {
        for id in std::mem::take(&mut self.pending) {
            while self.at < self.text.len() {
                let rest = self.rest();
                let line = rest.split('\n').next().unwrap_or_default();
                self.at += (line.len() + 1).min(rest.len());
                let Some(document) = self.documents.get_mut(id) else {
                    return;
                };
                if line.trim() == document.end {
                    break;
                }
                document.lines.push(line);
            }
        }
    }

    fn eat(&mut self, text: &str) -> Option<()> {
        self.rest().starts_with(text).then_some(())?;
        self.at += text.len();
        self.end = self.at;
        Some(())
    }

    /// Consumes a reserved word.
    fn reserved(&mut self, word: &str) -> Option<()> {
        self.skip_newlines();
        (self.peek() == word).then_some(())?;
        self.eat(word)
    }

    fn peek(&self) -> &'t str {
        let end = self.word_end(self.at).unwrap_or(self.at);
        self.text.get(self.at..end).unwrap_or_default()
    }

    fn word(&mut self) -> Option<&'t str> {
        let end = self.word_end(self.at)?;
        let word = self.text.get(self.at..end)?;
        self.at = end;
        if !word.is_empty() {
            self.end = end;
        }
        Some(word)
    }

    fn word_end(&self, from: usize) -> Option<usize> {
        let mut at = from;
        while let Some(byte) = self.byte(at) {
            at = match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b')' => break,
                b'<' | b'>' if self.byte(at + 1) == Some(b'(') => {
                    self.parenthesis_end(at + 1, 0)?
                }
                b'<' | b'>' => break,
                b'(' if at > from && self.byte(at - 1) == Some(b'=') => {
                    self.parenthesis_end(at, 0)?
                }
                b'(' => break,
                _ => self.piece_end(at, 0)?,
            };
        }
        Some(at.min(self.text.len()))
    }

    /// Returns the end of a character, or of what it quotes.
    fn piece_end(&self, at: usize, depth: usize) -> Option<usize> {
        let depth = Some(depth + 1).filter(|it| *it < MAX_DEPTH)?;
        let close = |from: usize, by: char| {
            let end = self.text.get(from..)?.find(by)?;
            Some(from + end + 1)
        };
        match self.byte(at)? {
            b'\'' => close(at + 1, '\''),
            b'`' => close(at + 1, '`'),
            b'\\' => Some(at + 2),
            b'"' => {
                let mut at = at + 1;
                while self.byte(at)? != b'"' {
                    at = match self.byte(at)? {
                        b'\'' => at + 1,
                        _ => self.piece_end(at, depth)?,
                    };
                }
                Some(at + 1)
            }
            b'$' => match self.byte(at + 1) {
                Some(b'(') => self.parenthesis_end(at + 1, depth),
                Some(b'{') => {
                    let mut at = at + 2;
                    while self.byte(at)? != b'}' {
                        at = self.piece_end(at, depth)?;
                    }
                    Some(at + 1)
                }
                _ => Some(at + 1),
            },
            _ => Some(at + 1),
        }
    }

    fn parenthesis_end(&self, from: usize, nesting: usize) -> Option<usize> {
        let (mut at, mut depth) = (from, 0_usize);
        loop {
            match self.byte(at)? {
                b'(' => depth += 1,
                b')' if depth == 1 => return Some(at + 1),
                b')' => depth -= 1,
                _ => {
                    at = self.piece_end(at, nesting)?;
                    continue;
                }
            }
            at += 1;
        }
    }

    fn list(&mut self) -> Option<List<'t>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut items = Vec::new();
        loop {
            self.skip_newlines();
            let rest = self.rest();
            let is_end = rest.is_empty() || rest.starts_with(')') || rest.starts_with(";;");
            if is_end || ENDS.contains(&self.peek()) {
                break;
            }
            let mut item = self.and_or()?;
            self.skip_blanks();
            let rest = self.rest();
            if rest.starts_with('&') {
                item.is_in_background = true;
                self.at += 1;
            } else if rest.starts_with(';') && !rest.starts_with(";;") {
                self.at += 1;
            } else if !(rest.is_empty() || rest.starts_with(['\n', ')', ';'])) {
                return None;
            }
            items.push(item);
        }
        self.depth -= 1;
        Some(items)
    }

    fn and_or(&mut self) -> Option<AndOr<'t>> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let is_and = match (self.eat("&&"), self.eat("||")) {
                (Some(()), _) => true,
                (None, Some(())) => false,
                (None, None) => break,
            };
            self.skip_newlines();
            rest.push((is_and, self.pipeline()?));
        }
        Some(AndOr {
            first,
            rest,
            is_in_background: false,
        })
    }

    fn pipeline(&mut self) -> Option<Pipeline<'t>> {
        let mut is_negated = false;
        self.skip_blanks();
        while let word @ ("!" | "time") = self.peek() {
            is_negated ^= word == "!";
            self.at += word.len();
            self.skip_blanks();
        }
        let from = self.at;
        let mut parts = vec![self.part()?];
        loop {
            self.skip_blanks();
            if self.rest().starts_with("||") || self.eat("|").is_none() {
                break;
            }
            let _ = self.eat("&");
            self.skip_newlines();
            parts.push(self.part()?);
        }
        Some(Pipeline {
            is_negated,
            parts,
            text: self.command_text(from),
        })
    }

    fn part(&mut self) -> Option<Part<'t>> {
        self.skip_blanks();
        let from = self.at;
        let mut redirects = Vec::new();
        let command = match self.peek() {
            "if" => self.if_command()?,
            "while" | "until" => self.while_command()?,
            "for" | "select" => self.for_command()?,
            "case" => self.case_command()?,
            "{" => {
                self.at += 1;
                let list = self.list()?;
                self.reserved("}")?;
                Command::Group(list)
            }
            "function" => {
                self.at += "function".len();
                self.skip_blanks();
                let name = self.word()?;
                self.skip_blanks();
                let _ = self.eat("()");
                self.function(name)?
            }
            "[[" => self.conditional()?,
            "" if self.rest().starts_with("((") => {
                self.at = self.parenthesis_end(self.at, 0)?;
                self.end = self.at;
                let words = vec![self.slice(from)];
                Command::Simple {
                    assignments: Vec::new(),
                    words,
                }
            }
            "" if self.rest().starts_with('(') => {
                self.at += 1;
                let list = self.list()?;
                self.skip_newlines();
                self.eat(")")?;
                Command::Subshell(list)
            }
            _ => self.simple(&mut redirects)?,
        };
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Some(Part {
            command,
            redirects,
            text: self.command_text(from),
        })
    }

    fn function(&mut self, name: &'t str) -> Option<Command<'t>> {
        self.skip_newlines();
        let body = self.part()?;
        if matches!(body.command, Command::Simple { .. }) {
            return None;
        }
        Some(Command::Function {
            name,
            body: Rc::new(body),
        })
    }

    /// Returns the redirection that begins here. None outside is an error.
    #[allow(clippy::option_option)]
    fn redirect(&mut self) -> Option<Option<Redirect<'t>>> {
        self.skip_blanks();
        let digits = self.rest().len()
            - self
                .rest()
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        let operator = self.text.get(self.at + digits..).unwrap_or_default();
        const OPERATORS: &[&str] = &[
            "&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">",
        ];
        let Some(found) = OPERATORS.iter().find(|it| operator.starts_with(**it)) else {
            return Some(None);
        };
        if operator.starts_with("<(") || operator.starts_with(">(") || digits > 2 {
            return Some(None);
        }
        let from = self.at;
        self.at += digits + found.len();
        let operator = self.slice(from);
        self.skip_blanks();
        let target = self.word().filter(|it| !it.is_empty())?;
        let mut document = None;
        if let "<<" | "<<-" = *found {
            let end: String = target
                .chars()
                .filter(|c| !matches!(c, '"' | '\'' | '\\'))
                .collect();
            let is_quoted = end.len() != target.len();
            let id = self.documents.len();
            let lines = Vec::new();
            self.documents.push(Document {
                end,
                is_quoted,
                lines,
            });
            self.pending.push(id);
            document = Some(id);
        }
        Some(Some(Redirect {
            operator,
            target,
            document,
        }))
    }

    fn simple(&mut self, redirects: &mut Vec<Redirect<'t>>) -> Option<Command<'t>> {
        let mut assignments = Vec::new();
        let mut words: Vec<&'t str> = Vec::new();
        loop {
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            let word = self.word()?;
            if word.is_empty() {
                break;
            }
            let assignment = word.split_once('=').filter(|(name, _)| is_name(name));
            match assignment {
                Some(assignment) if words.is_empty() => assignments.push(assignment),
                _ => words.push(word),
            }
            if words.len() == 1 && assignments.is_empty() && redirects.is_empty() {
                let before = self.at;
                self.skip_blanks();
                if self.eat("(").is_some() {
                    self.skip_blanks();
                    self.eat(")")?;
                    return self.function(word);
                }
                self.at = before;
            }
        }
        let is_empty = words.is_empty() && assignments.is_empty() && redirects.is_empty();
        (!is_empty).then_some(Command::Simple { assignments, words })
    }
}

/// Returns whether a text is the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(is_first) && text.chars().all(|c| is_first(c) || c.is_ascii_digit())
}
