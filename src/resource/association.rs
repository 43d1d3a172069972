use super::codec::{Mismatch, Prop, UnmodeledNotes};
use super::table::{nested, resource};
use super::tags::merge_entries;
use super::{Hooks, RawValue};
use crate::ir::{Attr, Dialect, Expr, Text, Value};

nested! {
    /// A selection of managed nodes.
    pub struct NodeTarget
    one {
        /// `InstanceIds`, or `tag:` and a tag's key.
        key: Value<Text> = "Key" / "key",
    }
    many {
        /// The instance IDs, or the values of the tag.
        values: Value<Text> = "Values" / "values",
    }
}

/// Parameters of an SSM document: lists of one string in CloudFormation, strings in Terraform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentParameters(Vec<(Text, Value<Text>)>);

impl From<Vec<(&'static str, &'static str)>> for DocumentParameters {
    fn from(entries: Vec<(&'static str, &'static str)>) -> Self {
        let entry = |(key, value)| (Text::Borrowed(key), Value::Lit(Text::Borrowed(value)));
        DocumentParameters(entries.into_iter().map(entry).collect())
    }
}

impl DocumentParameters {
    /// Iterates over the parameters.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Text, &Value<Text>)> {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

impl DocumentParameters {
    /// Sets all entries of `more`.
    pub(crate) fn merge(&mut self, more: &DocumentParameters) {
        merge_entries(&mut self.0, &more.0);
    }
}

impl Prop for DocumentParameters {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        let entries = self.0.iter().filter_map(|(key, value)| {
            let value = value.put(dialect)?;
            let value = match dialect {
                Dialect::Cfn => RawValue::List(vec![value]),
                Dialect::Tf => value,
            };
            Some((key.as_ref().into(), value))
        });
        (!self.0.is_empty()).then(|| RawValue::Object(entries.collect()))
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        let (RawValue::Object(map) | RawValue::Block(map)) = term else {
            return Err(Mismatch::expected("a map", &term));
        };
        let mut entries = Vec::new();
        for (key, value) in map {
            let value = match value {
                RawValue::List(mut items) if items.len() == 1 => items.swap_remove(0),
                RawValue::List(_) => return Err(Mismatch::new("has several values").inside(&key)),
                one => one,
            };
            let value = Value::take(value, dialect).map_err(|it| it.inside(&key))?;
            entries.push((Text::Owned(key.into_owned()), value));
        }
        Ok(DocumentParameters(entries))
    }

    fn lift(
        term: RawValue<'_>,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Option<Self> {
        let lines = lines(&term);
        Self::take(term, dialect)
            .map_err(|error| unmodeled.note(&error.to_string()))
            .ok()
            .or(lines)
    }

    fn blank() -> Self {
        DocumentParameters::default()
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        DocumentParameters(from.entries())
    }
}

/// Returns the parameters with each list of several values as one text with these lines.
fn lines(term: &RawValue<'_>) -> Option<DocumentParameters> {
    let (RawValue::Object(map) | RawValue::Block(map)) = term else {
        return None;
    };
    let expr = |value: &RawValue<'_>| match value {
        RawValue::Str(text) => Expr::Text(Text::Owned(text.clone().into_owned())),
        RawValue::Expr(expr) => expr.clone().into_owned(),
        _ => Expr::Unknown("a parameter".into()),
    };
    let entry = |(key, value): (&str, &RawValue<'_>)| {
        let joined = match value {
            RawValue::List(items) => {
                let lines = items.iter().map(expr);
                Expr::concat(lines.flat_map(|line| [line, Expr::text("\n")]))
            }
            one => expr(one),
        };
        (Text::Owned(key.to_owned()), joined.into())
    };
    Some(DocumentParameters(map.iter().map(entry).collect()))
}

resource! {
    /// A State Manager association, which runs a document on a schedule.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-association.html>
    pub struct Association: "AWS::SSM::Association" / "aws_ssm_association",
        link Attr::by_get_att("AssociationId", "association_id"),
        import "AssociationId" / "{association_id}";
    one {
        /// The document, such as `AWS-UpdateSSMAgent`.
        name: Value<Text> = "Name" / "name",
    }
    opt {
        /// The name of the association. Default: none.
        association_name: Value<Text> = "AssociationName" / "association_name",
        /// The schedule: `rate(…)` of at least 30 minutes, or `cron(…)` with 6 fields. Default:
        /// once.
        schedule_expression: Value<Text> = "ScheduleExpression" / "schedule_expression",
        /// Whether to skip the run at creation, for a `cron` schedule. Default: `false`.
        apply_only_at_cron_interval: Value<bool> =
            "ApplyOnlyAtCronInterval" / "apply_only_at_cron_interval",
        /// The severity of noncompliance, such as `HIGH`. Default: unspecified.
        compliance_severity: Value<Text> = "ComplianceSeverity" / "compliance_severity",
    }
    many {
        /// The managed nodes.
        targets: NodeTarget = "Targets" / "targets",
    }
    plain {
        /// The parameters of the document. Default: the defaults of the document.
        parameters: DocumentParameters = "Parameters" / "parameters",
    }
    inert {
        "AutomationTargetParameterName" / "automation_target_parameter_name" = "the check judges the document",
        "CalendarNames" / "" = "only when the document runs",
        "DocumentVersion" / "document_version" = "the check judges every version alike",
        "InstanceId" / "instance_id" = "the check reads it",
        "MaxConcurrency" / "max_concurrency" = "only when the document runs",
        "MaxErrors" / "max_errors" = "only when the document runs",
        "OutputLocation" / "output_location" = "only logs",
        "ScheduleOffset" / "" = "only when the document runs",
        "SyncCompliance" / "sync_compliance" = "only reports",
        "WaitForSuccessTimeoutSeconds" / "wait_for_success_timeout_seconds" = "only how long the deployment waits",
        "" / "arn" = "AWS sets it",
        "" / "association_id" = "AWS sets it",
        "" / "tags" = "labels",
        "" / "tags_all" = "labels",
    }
}

impl Hooks for Association {}

/// Returns what is wrong with a State Manager schedule, and a hint.
///
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-cron-and-rate-expressions.html>
pub(crate) fn schedule_problem(text: &str) -> Option<(&'static str, &'static str)> {
    let inside = |word: &str| {
        let rest = text.strip_prefix(word)?.strip_prefix('(')?;
        rest.strip_suffix(')')
    };
    if let Some(rate) = inside("rate") {
        let (count, unit) = rate.split_once(' ').unwrap_or((rate, ""));
        let minutes = match unit {
            "minute" | "minutes" => 1,
            "hour" | "hours" => 60,
            "day" | "days" => 1440,
            _ => 0,
        };
        let min = count
            .parse::<u64>()
            .ok()
            .and_then(|it| it.checked_mul(minutes));
        return match min {
            Some(min) if min >= 30 => None,
            _ => Some((
                "is not a State Manager rate; expected at least 30 minutes",
                "use a rate of at least 30 minutes, such as `rate(14 days)`",
            )),
        };
    }
    match inside("cron") {
        Some(fields) if fields.split_whitespace().count() == 6 => None,
        Some(_) => Some((
            "does not have 6 fields",
            "set minutes, hours, day of month, month, day of week and year, such as \
             `cron(0 3 ? * SUN *)`",
        )),
        None => Some((
            "is neither `rate(…)` nor `cron(…)`",
            "use a schedule such as `rate(14 days)` or `cron(0 3 ? * SUN *)`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::schedule_problem;

    #[test]
    fn times_are_read_as_state_manager_does() {
        for fine in ["rate(30 minutes)", "rate(14 days)", "cron(0 3 ? * SUN *)"] {
            assert_eq!(schedule_problem(fine), None, "{fine}");
        }
        for wrong in [
            "rate(5 minutes)",
            "rate(2 weeks)",
            "cron(0 3 * * *)",
            "daily",
            "rate(x days)",
            "rate(14days)",
        ] {
            assert!(schedule_problem(wrong).is_some(), "{wrong}");
        }
    }
}
