use super::table::{Fields, nested, resource};
use super::{Content, Graph, Hooks, Map, RawValue, Satellite, Typed};
use crate::ir::{Attr, Dialect, Expr, NodeId, Text, Value, terraform_name};

nested! {
    /// A target of an EventBridge rule.
    pub struct EventTarget
    one {
        /// The ID of the target in the rule.
        id: Value<Text> = "Id" / doc "target_id",
        /// The ARN of the target.
        arn: Value<Text> = "Arn" / "arn",
    }
}

resource! {
    /// An EventBridge rule on the default event bus.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html>
    pub struct EventRule: "AWS::Events::Rule" / "aws_cloudwatch_event_rule",
        link Attr::by_ref("name"), attrs [Self::ARN],
        import "Arn" / "{event_bus_name}/{name}",
        satellites ["aws_cloudwatch_event_target" = "{event_bus_name}/{rule}/{target_id}"];
    one {
        /// The event pattern.
        event_pattern: Content = "EventPattern" / "event_pattern",
    }
    opt {
        /// The name. Default: generated.
        name: Value<Text> = "Name" / "name",
        /// The description. Default: none.
        description: Value<Text> = "Description" / "description",
        /// `ENABLED` or `DISABLED`. Default: `ENABLED`.
        state: Value<Text> = "State" / "state",
    }
    many {
        /// The targets, separate resources in Terraform.
        targets: EventTarget = "Targets" / "",
    }
}

impl EventRule {
    /// The ARN.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");
}

impl Hooks for EventRule {
    fn satellites(&self, this: NodeId, _: &Graph) -> Vec<Satellite<'_>> {
        let target = |it: &'_ EventTarget| {
            let mut body = Map::with_capacity(3);
            body.insert("rule", RawValue::from(Expr::Attr(this, Self::LINK)));
            let mut own = Map::default();
            it.put_fields(Dialect::Tf, &mut own);
            for (key, term) in own.into_owned() {
                body.insert(key, term);
            }
            let name = it.id.lit().map(|id| terraform_name(id));
            Satellite {
                tf: "aws_cloudwatch_event_target",
                suffix: name.unwrap_or_else(|| "target".to_owned()),
                body,
            }
        };
        self.targets.iter().map(target).collect()
    }
}
