use super::codec::{Mismatch, Prop, UnmodeledNotes};
use super::{Hooks, Map, Node, RawValue, Tags, prevent_destroy, table::resource, tagged};
use crate::ir::{Attr, Diagnostic, Diagnostics, Dialect, Expr, Text, Value, quoted};

/// A document: an object in CloudFormation, JSON or YAML text in Terraform.
#[derive(Clone, Debug, PartialEq)]
pub struct Content(pub RawValue<'static>);

/// As a document of its own: without what only a language's own spelling needs.
fn plain(term: RawValue<'_>) -> RawValue<'static> {
    match term {
        RawValue::List(items) => RawValue::List(items.into_iter().map(plain).collect()),
        RawValue::Object(map) | RawValue::Block(map) => RawValue::Object(
            map.into_iter()
                .map(|(key, value)| (key.into_owned().into(), plain(value)))
                .collect(),
        ),
        RawValue::Json(inner) | RawValue::Base64(inner) => plain(*inner),
        other => other.into_owned(),
    }
}

impl Prop for Content {
    fn put(&self, _: Dialect) -> Option<RawValue<'_>> {
        Some(RawValue::Json(Box::new(self.0.clone())))
    }

    fn take(term: RawValue<'_>, _: Dialect) -> Result<Self, Mismatch> {
        Ok(Content(match term {
            RawValue::Str(text) => match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(value) => value.into(),
                Err(_) => RawValue::Expr(std::borrow::Cow::Owned(Expr::Opaque(Text::Owned(
                    text.into_owned(),
                )))),
            },
            other => plain(other),
        }))
    }

    fn lift(term: RawValue<'_>, dialect: Dialect, _: &mut UnmodeledNotes<'_>) -> Option<Self> {
        Content::take(term, dialect).ok()
    }

    fn blank() -> Self {
        Content(RawValue::Expr(std::borrow::Cow::Owned(Expr::Absent)))
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        let entries =
            (0..from.length()).map(|n| (format!("k{n}").into(), RawValue::from(from.text())));
        Content(RawValue::Object(entries.collect()))
    }
}

resource! {
    /// A document of Systems Manager.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-document.html>
    pub struct Document: "AWS::SSM::Document" / "aws_ssm_document", link Attr::by_ref("name"),
        import "Name" / "{name}";
    one {
        /// What it says.
        content: Content = "Content" / "content",
    }
    opt {
        /// Its name. Default: generated in CloudFormation.
        name: Value<Text> = "Name" / "name",
        /// Its type, such as `Session`. Default: `Command`.
        document_type: Value<Text> = "DocumentType" / "document_type",
        /// JSON, YAML or TEXT. Default: JSON.
        document_format: Value<Text> = "DocumentFormat" / "document_format",
        /// Whether CloudFormation replaces it when its content changes (`Replace`), which a name
        /// of one's own forbids, or adds a version (`NewVersion`), as Terraform does. Default:
        /// `Replace`.
        update_method: Value<Text> = "UpdateMethod" / "",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Document {
    /// Whether it says how shell sessions are.
    pub fn is_shell(&self) -> bool {
        let session = self.document_type.as_ref().and_then(Value::lit);
        let RawValue::Object(map) = &self.content.0 else {
            return false;
        };
        session.is_some_and(|it| it == "Session")
            && matches!(map.get("sessionType"), Some(RawValue::Str(of)) if of == "Standard_Stream")
    }
}

impl Hooks for Document {
    tagged!();

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html
        let taken = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let reserved = ["aws", "amazon", "amzn"];
        if let Some(name) = self.name.as_ref().and_then(Value::lit) {
            let lower = name.to_lowercase();
            let first = reserved.iter().find(|it| lower.starts_with(**it));
            let (message, help) = match first {
                Some(first) => (
                    format!("the document's name {} begins with `{first}`", quoted(name)),
                    "such names are AWS's own: call the stack otherwise",
                ),
                None if !(3..=128).contains(&name.len()) || !name.chars().all(taken) => (
                    format!("{} is no name of a document", quoted(name)),
                    "take 3 to 128 letters, digits, `_`, `-` and `.`",
                ),
                None => return,
            };
            out.push(
                Diagnostic::error("document-name", message)
                    .path(node.path.clone())
                    .at(node.location.clone())
                    .about(&["", "name"])
                    .help(help),
            );
        }
    }

    fn tf_retained(&self, map: &mut Map<'_>) {
        prevent_destroy(map);
    }
}
