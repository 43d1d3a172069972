//! Texts that a value can have after deployment, as far as the file shows them.

use super::graph_index::{GraphIndex, expr_of};
pub(crate) use super::shown_text::ShownText;
use crate::ir::{Expr, Pseudo, Text, Value};

/// More alternatives than this are unknown text.
const MAX_ALTERNATIVES: usize = 64;

/// The text of a value that AWS chooses. A shell does not know such a variable either.
const CHOSEN: &str = "${aws:value}";

impl GraphIndex<'_> {
    /// Returns the texts that a value can have, one for each alternative.
    pub(crate) fn texts(&self, value: &Value<Text>) -> Vec<ShownText> {
        self.texts_of(&expr_of(value, Clone::clone))
    }

    fn texts_of(&self, expr: &Expr) -> Vec<ShownText> {
        let unknown = || vec![ShownText::new("", false)];
        let texts = match expr {
            Expr::Text(text) => vec![ShownText::new(text, true)],
            Expr::Pseudo(Pseudo::Region) => {
                let name = self.region().map_or("${region}", |region| region.name);
                vec![ShownText::new(name, true)]
            }
            // AWS chooses them, and none of them is a command.
            Expr::Pseudo(_) | Expr::Attr(..) | Expr::Zone(_) => vec![ShownText::new(CHOSEN, true)],
            Expr::Opaque(name) if name.starts_with("AWS::Stack") => {
                vec![ShownText::new(CHOSEN, true)]
            }
            Expr::Absent => vec![ShownText::new("", true)],
            Expr::Concat(parts) => {
                let mut all = vec![ShownText::new("", true)];
                for part in parts {
                    let next = self.texts_of(part);
                    if all.len() * next.len() > MAX_ALTERNATIVES {
                        return unknown();
                    }
                    let longer = |before: &ShownText| {
                        let joined = next.iter().map(|it| ShownText {
                            text: format!("{}{}", before.text, it.text),
                            is_complete: before.is_complete && it.is_complete,
                        });
                        joined.collect::<Vec<_>>()
                    };
                    all = all.iter().flat_map(longer).collect();
                }
                all
            }
            Expr::OneOf(of) => of.iter().flat_map(|it| self.texts_of(it)).collect(),
            Expr::If(_, one, other) => [self.texts_of(one), self.texts_of(other)].concat(),
            Expr::PerLanguage { cfn, tf } => [self.texts_of(cfn), self.texts_of(tf)].concat(),
            // As in a template: the default applies if the deployment sets no value.
            Expr::Param(id) => match self.graph.parameter(*id).and_then(|it| it.default_value()) {
                Some(default) => vec![ShownText::new(default, true)],
                None => unknown(),
            },
            Expr::Items(_)
            | Expr::Select(..)
            | Expr::Call(..)
            | Expr::Other(..)
            | Expr::SsmParameter(_)
            | Expr::SourceParam { .. }
            | Expr::Opaque(_)
            | Expr::Unknown(_) => unknown(),
        };
        if texts.len() > MAX_ALTERNATIVES {
            return unknown();
        }
        let mut different: Vec<ShownText> = Vec::new();
        for text in texts {
            if !different.contains(&text) {
                different.push(text);
            }
        }
        different
    }
}

/// Decodes user data, which files can specify in Base64.
pub(super) fn decoded(data: &Value<Text>) -> Value<Text> {
    use base64::Engine as _;
    let Value::Lit(text) = data else {
        return data.clone();
    };
    let compact: String = text.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .ok();
    match bytes.map(String::from_utf8) {
        Some(Ok(plain)) if !plain.is_empty() => Value::Lit(Text::Owned(plain)),
        // Compressed, for example. A short command can be Base64 by chance.
        Some(Err(_)) if text.len() >= 24 => Value::Expr(Expr::Opaque(Text::Borrowed("user data"))),
        _ => data.clone(),
    }
}
