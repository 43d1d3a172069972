use super::codec::{Mismatch, Prop};
use super::{Hooks, Map, RawValue, Tags, table::resource, tagged};
use crate::ir::{Attr, Dialect, Text, Value};

/// What a metric is of, by name: a list of maps in CloudFormation, a map in Terraform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dimensions(pub Vec<(Text, Value<Text>)>);

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
    /// An alarm of CloudWatch.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html>
    pub struct Alarm: "AWS::CloudWatch::Alarm" / "aws_cloudwatch_metric_alarm",
        link Attr::by_ref("alarm_name"),
        import "AlarmName" / "{alarm_name}";
    one {
        /// Its name.
        alarm_name: Value<Text> = "AlarmName" / "alarm_name",
        /// How the statistic compares with the threshold.
        comparison_operator: Value<Text> = "ComparisonOperator" / "comparison_operator",
        /// How many periods are looked at.
        evaluation_periods: Value<i64> = "EvaluationPeriods" / "evaluation_periods",
        /// The threshold.
        threshold: Value<i64> = "Threshold" / "threshold",
    }
    opt {
        /// The metric's name space. Default: the alarm is of no single metric.
        namespace: Value<Text> = "Namespace" / "namespace",
        /// The metric's name. Default: as above.
        metric_name: Value<Text> = "MetricName" / "metric_name",
        /// A period in seconds. Default: as above.
        period: Value<i64> = "Period" / "period",
        /// What of the period's values counts, such as `Maximum`. Default: as above.
        statistic: Value<Text> = "Statistic" / "statistic",
        /// What it is for. Default: nothing is said.
        alarm_description: Value<Text> = "AlarmDescription" / "alarm_description",
        /// What a period without values counts for. Default: `missing`.
        treat_missing_data: Value<Text> = "TreatMissingData" / "treat_missing_data",
    }
    many {
        /// Who is told of it, by ARN. Default: nobody.
        alarm_actions: Value<Text> = "AlarmActions" / "alarm_actions",
        /// Who is told that it is over, by ARN. Default: nobody.
        ok_actions: Value<Text> = "OKActions" / "ok_actions",
    }
    plain {
        /// What the metric is of. Default: everything.
        dimensions: Dimensions = "Dimensions" / "dimensions",
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for Alarm {
    tagged!();
}
