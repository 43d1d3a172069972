use super::codec::{Mismatch, Prop, UnmodeledNotes};
use super::raw_value::json_of;
use super::{
    Certain, Hooks, InvalidValue, Map, Node, RawValue, Tags, prevent_destroy, table::resource,
    tagged,
};
use crate::ir::{Attr, Diagnostic, Diagnostics, Dialect, Expr, Text, Value, near, quoted};

/// Structured content: an object in CloudFormation, JSON or YAML text in Terraform.
#[derive(Clone, Debug, PartialEq)]
pub struct Content(pub RawValue<'static>);

/// Returns the content without language-specific forms.
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
            RawValue::Expr(expr) => json_of(&expr).unwrap_or_else(|| plain(RawValue::Expr(expr))),
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
    /// An SSM document.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-document.html>
    pub struct Document: "AWS::SSM::Document" / "aws_ssm_document", link Attr::by_ref("name"),
        import "Name" / "{name}";
    one {
        /// The content.
        content: Content = "Content" / "content",
    }
    opt {
        /// Its name. Default: generated in CloudFormation.
        name: Value<Text> = "Name" / "name",
        /// The type, such as `Session`. Default: `Command`.
        document_type: Value<Text> = "DocumentType" / "document_type",
        /// `JSON`, `YAML` or `TEXT`. Default: `JSON`.
        document_format: Value<Text> = "DocumentFormat" / "document_format",
        /// The effect of a change to the content in CloudFormation: `Replace`, not possible with a
        /// custom name, or `NewVersion`, as in Terraform. Default: `Replace`.
        update_method: Value<Text> = "UpdateMethod" / "",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "Attachments" / "attachments_source" = "not for session documents",
        "Requires" / "" = "not for session documents",
        "TargetType" / "target_type" = "not for session documents",
        "VersionName" / "version_name" = "a name",
        "" / "permissions" = "only other accounts",
        "" / "created_date" = "AWS sets it",
        "" / "default_version" = "AWS sets it",
        "" / "description" = "AWS sets it",
        "" / "document_version" = "AWS sets it",
        "" / "hash" = "AWS sets it",
        "" / "hash_type" = "AWS sets it",
        "" / "latest_version" = "AWS sets it",
        "" / "owner" = "AWS sets it",
        "" / "parameter" = "AWS sets it",
        "" / "platform_types" = "AWS sets it",
        "" / "schema_version" = "AWS sets it",
        "" / "status" = "AWS sets it",
    }
}

impl Document {
    /// Returns whether it contains preferences for shell sessions.
    pub fn is_shell(&self) -> bool {
        let session = self.document_type.as_ref().and_then(Value::lit);
        let RawValue::Object(map) = &self.content.0 else {
            return false;
        };
        session.is_some_and(|it| it == "Session")
            && matches!(map.get("sessionType"), Some(RawValue::Str(of)) if of == "Standard_Stream")
    }
}

/// The actions of command documents.
///
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html>
const ACTIONS: [&str; 15] = [
    "aws:applications",
    "aws:cloudWatch",
    "aws:configureDocker",
    "aws:configurePackage",
    "aws:domainJoin",
    "aws:downloadContent",
    "aws:psModule",
    "aws:refreshAssociation",
    "aws:runDockerAction",
    "aws:runDocument",
    "aws:runPowerShellScript",
    "aws:runShellScript",
    "aws:softwareInventory",
    "aws:updateAgent",
    "aws:updateSsmAgent",
];

/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html>
const SESSION_TYPES: [&str; 4] = [
    "InteractiveCommands",
    "NonInteractiveCommands",
    "Port",
    "Standard_Stream",
];

/// Inputs of a session document that are numbers of minutes, with the largest.
const MINUTES: [(&str, i64); 2] = [("idleSessionTimeout", 60), ("maxSessionDuration", 1440)];

/// Returns the error, the reason and the correction of a document that is, or looks like, a session
/// document, and that Systems Manager refuses.
fn invalid_session(
    content: &Map<'_>,
    document_type: &str,
) -> Option<(&'static str, String, String)> {
    const ERROR: &str = "InvalidDocumentContent";
    let session_type = content.get("sessionType");
    if document_type != "Session" {
        session_type?;
        let reason =
            format!("its content is a session document, and its type is `{document_type}`");
        return Some((ERROR, reason, "set the type `Session`".to_owned()));
    }
    let text = |key| content.get(key).map(|it| it.as_str());
    match text("schemaVersion") {
        Some(Some("1.0") | None) => {}
        found => {
            let found = found.flatten().unwrap_or_default();
            let reason = format!("session documents have schema version `1.0`, not `{found}`");
            let fix = "set `schemaVersion: '1.0'`".to_owned();
            return Some(("InvalidDocumentSchemaVersion", reason, fix));
        }
    }
    match text("sessionType") {
        Some(None) => {}
        Some(Some(of)) if SESSION_TYPES.contains(&of) => {}
        found => {
            let found = found.flatten().unwrap_or_default();
            let reason = format!("`{found}` is not a type of sessions");
            return Some((ERROR, reason, "use `Standard_Stream`".to_owned()));
        }
    }
    let Some(RawValue::Object(inputs)) = content.get("inputs") else {
        return None;
    };
    MINUTES.iter().find_map(|(key, most)| {
        let value = inputs.get(key)?.as_str().filter(|it| !it.is_empty())?;
        let is_valid = |it: i64| (1..=*most).contains(&it);
        (!value.parse().is_ok_and(is_valid)).then(|| {
            let reason = format!("`{key}` is `{value}`, not a number of minutes from 1 to {most}");
            (ERROR, reason, format!("set `{key}` to 1 to {most}"))
        })
    })
}

/// The beginnings of names that AWS reserves.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html>
const RESERVED: [&str; 3] = ["aws", "amazon", "amzn"];

impl Hooks for Document {
    tagged!();

    /// Reports a reserved name and the misspelled action of a command document.
    fn invalid(map: &Map<'_>, dialect: Dialect) -> Vec<InvalidValue> {
        let name = map.get(dialect.pick("Name", "name"));
        let lower = name
            .and_then(RawValue::as_str)
            .unwrap_or_default()
            .to_lowercase();
        if let Some(prefix) = RESERVED.into_iter().find(|it| lower.starts_with(it)) {
            return vec![InvalidValue {
                by: "Systems Manager",
                error: "ValidationException",
                certain: Certain::Yes,
                reason: format!("AWS reserves names that start with `{prefix}`"),
                fix: "use another name".to_owned(),
            }];
        }
        let content = map.get(dialect.pick("Content", "content")).cloned();
        let content = content.and_then(|it| Content::take(it, dialect).ok());
        let of = map.get(dialect.pick("DocumentType", "document_type"));
        let of = of.map_or(Some("Command"), RawValue::as_str);
        if let (Some(Content(RawValue::Object(content))), Some(of)) = (&content, of)
            && let Some((error, reason, fix)) = invalid_session(content, of)
        {
            return vec![InvalidValue {
                by: "Systems Manager",
                error,
                certain: Certain::Yes,
                reason,
                fix,
            }];
        }
        let is_command = of == Some("Command");
        let steps = map.get_path("Content.mainSteps");
        let (true, Some(RawValue::List(steps))) = (is_command, steps) else {
            return Vec::new();
        };
        let action = |step: &'_ RawValue<'_>| match step {
            RawValue::Object(step) => step.get("action")?.as_str().map(str::to_owned),
            _ => None,
        };
        let is_unknown = |it: &String| !ACTIONS.contains(&it.as_str());
        let unknown = steps.iter().filter_map(action).find(is_unknown);
        let error = unknown.and_then(|action| {
            let similar = near(&action, ACTIONS.into_iter())?;
            Some(InvalidValue {
                by: "Systems Manager",
                error: "InvalidDocumentContent",
                certain: Certain::Yes,
                reason: format!("unknown action `{action}`"),
                fix: format!("use `{similar}`"),
            })
        });
        error.into_iter().collect()
    }

    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let taken = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if let Some(name) = self.name.as_ref().and_then(Value::lit) {
            let lower = name.to_lowercase();
            let first = RESERVED.into_iter().find(|it| lower.starts_with(it));
            let (message, help) = match first {
                Some(first) => (
                    format!("document name {} starts with `{first}`", quoted(name)),
                    "rename the stack: AWS reserves this prefix",
                ),
                None if !(3..=128).contains(&name.len()) || !name.chars().all(taken) => (
                    format!("{} is not a document name", quoted(name)),
                    "use 3 to 128 letters, digits, `_`, `-` and `.`",
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
