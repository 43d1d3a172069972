use super::table::{Fields, nested, resource};
use super::{Content, Graph, Hooks, Map, RawValue, Satellite, Typed};
use crate::ir::{Attr, Dialect, Expr, NodeId, Text, Value, terraform_name};

nested! {
    /// Where a rule's events go.
    pub struct EventTarget
    one {
        /// Its name in the rule.
        id: Value<Text> = "Id" / "target_id",
        /// What gets them, by ARN.
        arn: Value<Text> = "Arn" / "arn",
    }
}

resource! {
    /// A rule of EventBridge on the account's default bus.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html>
    pub struct EventRule: "AWS::Events::Rule" / "aws_cloudwatch_event_rule",
        link Attr::by_ref("name"), attrs [Self::ARN],
        import "Arn" / "{event_bus_name}/{name}",
        satellites ["aws_cloudwatch_event_target" = "{event_bus_name}/{rule}/{target_id}"];
    one {
        /// Which events it is for.
        event_pattern: Content = "EventPattern" / "event_pattern",
    }
    opt {
        /// Its name. Default: generated.
        name: Value<Text> = "Name" / "name",
        /// What it is for. Default: nothing is said.
        description: Value<Text> = "Description" / "description",
        /// `ENABLED` or `DISABLED`. Default: `ENABLED`.
        state: Value<Text> = "State" / "state",
    }
    many {
        /// Where its events go; Terraform says each in a resource of its own.
        targets: EventTarget = "Targets" / "",
    }
}

impl EventRule {
    /// Its ARN.
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
