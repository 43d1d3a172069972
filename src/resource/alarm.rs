use super::codec::{Mismatch, Prop};
use super::tags::merge_entries;
use super::{Hooks, Map, RawValue, Tags, table::resource, tagged};
use crate::ir::{Attr, Dialect, Text, Value};

/// Dimensions of a metric: a list of maps in CloudFormation, a map in Terraform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dimensions(pub Vec<(Text, Value<Text>)>);

impl Dimensions {
    /// Sets all entries of `more`.
    pub(crate) fn merge(&mut self, more: &Dimensions) {
        merge_entries(&mut self.0, &more.0);
    }
}

impl Prop for Dimensions {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        if self.0.is_empty() {
            return None;
        }
        let entries = self
            .0
            .iter()
            .filter_map(|(key, value)| Some((key.as_ref(), value.put(dialect)?)));
        Some(match dialect {
            Dialect::Cfn => RawValue::List(
                entries
                    .map(|(key, value)| {
                        let mut map = Map::with_capacity(2);
                        map.insert("Name", RawValue::str(key));
                        map.insert("Value", value);
                        RawValue::Object(map)
                    })
                    .collect(),
            ),
            Dialect::Tf => {
                RawValue::Object(entries.map(|(key, value)| (key.into(), value)).collect())
            }
        })
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        let mut entries = Vec::new();
        match term {
            RawValue::List(items) => {
                for item in items {
                    let RawValue::Object(mut map) = item else {
                        return Err(Mismatch::expected("a map", &item));
                    };
                    let Some(RawValue::Str(name)) = map.remove("Name") else {
                        return Err(Mismatch::missing("Name"));
                    };
                    let value = map
                        .remove("Value")
                        .ok_or_else(|| Mismatch::missing("Value"))?;
                    entries.push((Text::Owned(name.into_owned()), Value::take(value, dialect)?));
                }
            }
            RawValue::Object(map) => {
                for (key, value) in map {
                    let value = Value::take(value, dialect).map_err(|it| it.inside(&key))?;
                    entries.push((Text::Owned(key.into_owned()), value));
                }
            }
            other => return Err(Mismatch::expected("dimensions", &other)),
        }
        Ok(Dimensions(entries))
    }

    fn blank() -> Self {
        Dimensions::default()
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        Dimensions(from.entries())
    }
}

resource! {
    /// A CloudWatch alarm.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html>
    pub struct Alarm: "AWS::CloudWatch::Alarm" / "aws_cloudwatch_metric_alarm",
        link Attr::by_ref("alarm_name"),
        import "AlarmName" / "{alarm_name}";
    one {
        /// The name.
        alarm_name: Value<Text> = "AlarmName" / "alarm_name",
        /// The comparison of the statistic with the threshold.
        comparison_operator: Value<Text> = "ComparisonOperator" / "comparison_operator",
        /// The number of periods to evaluate.
        evaluation_periods: Value<i64> = "EvaluationPeriods" / "evaluation_periods",
        /// The threshold.
        threshold: Value<i64> = "Threshold" / "threshold",
    }
    opt {
        /// The namespace of the metric. Default: none, the alarm has no single metric.
        namespace: Value<Text> = "Namespace" / "namespace",
        /// The name of the metric. Default: none.
        metric_name: Value<Text> = "MetricName" / "metric_name",
        /// The period in seconds. Default: none.
        period: Value<i64> = "Period" / "period",
        /// The statistic of the metric, such as `Maximum`. Default: none.
        statistic: Value<Text> = "Statistic" / "statistic",
        /// The description. Default: none.
        alarm_description: Value<Text> = "AlarmDescription" / "alarm_description",
        /// The treatment of periods without data. Default: `missing`.
        treat_missing_data: Value<Text> = "TreatMissingData" / "treat_missing_data",
    }
    many {
        /// ARNs to notify when the alarm enters the state `ALARM`. Default: none.
        alarm_actions: Value<Text> = "AlarmActions" / "alarm_actions",
        /// ARNs to notify when the alarm enters the state `OK`. Default: none.
        ok_actions: Value<Text> = "OKActions" / "ok_actions",
    }
    plain {
        /// The dimensions of the metric. Default: none.
        dimensions: Dimensions = "Dimensions" / "dimensions",
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for Alarm {
    tagged!();
}
