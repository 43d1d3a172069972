//! Notifications of sessions and of failed status checks.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-auditing.html>

use super::arn::ArnContext;
use super::options::options;
use super::scope::{Construct, Scope};
use super::shared::{delegate_to_iam, rotated_key};
use crate::ir::{Diagnostic, Handle, Text, Value, kebab, quoted};
use crate::resource::{
    Alarm, ConfigRule, Content, Dimensions, EventRule, EventTarget, Instance, PolicyDocument,
    Principal, RemovalPolicy, RuleSource, Statement, Subscription, Topic, TopicPolicy, Typed,
};

options! {
    /// An SNS topic for session events and status check alarms, and AWS Config rules.
    ///
    /// Session events come from CloudTrail: the account needs a trail that records management events
    /// in the Region. AWS Config rules need a configuration recorder, which the stack does not
    /// create: an account has one per Region.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Monitoring, start |preset| preset.monitoring().unwrap_or_default();
    options {
        /// Enables notifications when a session starts, resumes or is terminated. The account needs
        /// a trail.
        session_events: def bool = true;
        /// Creates an alarm per instance for the EC2 status checks.
        alarms: def bool = true;
        /// Creates AWS Config rules for the instances. The account needs a configuration recorder.
        config_rules: def bool = false;
        /// Email addresses that receive notifications. Each must confirm the subscription.
        emails: many Text;
    }
}

/// Monitoring with its instances.
#[derive(Clone, Debug)]
pub(crate) struct PlacedMonitoring<'a> {
    pub(crate) monitoring: Monitoring,
    pub(crate) instances: &'a [(String, Handle<Instance>)],
}

/// A managed rule of AWS Config.
///
/// <https://docs.aws.amazon.com/config/latest/developerguide/managed-rules-by-aws-config.html>
struct ManagedRule {
    id: &'static str,
    name: &'static str,
    identifier: &'static str,
}

const EVENTS: &str = "events.amazonaws.com";

const RULES: [ManagedRule; 3] = [
    ManagedRule {
        id: "RuleManaged",
        name: "managed-by-systems-manager",
        identifier: "EC2_INSTANCE_MANAGED_BY_SSM",
    },
    ManagedRule {
        id: "RuleImdsv2",
        name: "imdsv2",
        identifier: "EC2_IMDSV2_CHECK",
    },
    ManagedRule {
        id: "RulePublicAddress",
        name: "no-public-address",
        identifier: "EC2_INSTANCE_NO_PUBLIC_IP",
    },
];

impl PlacedMonitoring<'_> {
    /// Services publish to an encrypted topic only with a key whose policy lets them.
    /// <https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html>
    fn topic(&self, scope: &mut Scope<'_>) -> Handle<Topic> {
        let context = ArnContext::of(scope);
        let account = context.account.clone();
        // EventBridge brings no account along:
        // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        let of_account = |service: &str, may: Statement| match service {
            EVENTS => may,
            _ => may.when("StringEquals", "aws:SourceAccount", [account.clone()]),
        };
        let mut statements = delegate_to_iam(&context);
        let services = [
            ("Events", EVENTS, self.monitoring.session_events),
            ("Alarms", "cloudwatch.amazonaws.com", self.monitoring.alarms),
        ];
        let services = services.into_iter().filter(|(.., is)| *is);
        let services: Vec<(&'static str, &'static str)> =
            services.map(|(sid, name, _)| (sid, name)).collect();
        for (sid, service) in &services {
            let may = Statement::allow(["kms:Decrypt", "kms:GenerateDataKey*"])
                .sid(*sid)
                .principal(Principal::Service(Value::Lit(Text::Borrowed(service))))
                .on(["*"]);
            statements.push(of_account(service, may));
        }
        let key = rotated_key("Notifications of sessions and instances", statements);
        let key = scope.add("Key", key);
        // KMS itself keeps it for the window.
        scope.set_removal_policy(key, RemovalPolicy::Delete);
        let topic = scope.add("Topic", Topic::new().kms_key(key));
        let publish = services.into_iter().map(|(sid, service)| {
            let may = Statement::allow(["sns:Publish"])
                .sid(sid)
                .principal(Principal::Service(Value::Lit(Text::Borrowed(service))))
                .on([topic.attr(Topic::LINK)]);
            of_account(service, may)
        });
        let mut publish: Vec<Statement> = publish.collect();
        let mut tls = Statement::allow(["sns:Publish"])
            .sid("TlsOnly")
            .principal(Principal::Any)
            .on([topic.attr(Topic::LINK)])
            .when("Bool", "aws:SecureTransport", ["false"]);
        tls.effect = crate::resource::Effect::Deny;
        publish.push(tls);
        scope.add(
            "TopicPolicy",
            TopicPolicy::new(topic, PolicyDocument::new(publish)),
        );
        for (n, email) in self.monitoring.emails.iter().enumerate() {
            if !email.contains('@') {
                scope.add_diagnostic(
                    Diagnostic::error(
                        "email",
                        format!("{} is not an email address", quoted(email)),
                    )
                    .about(&["emails", &n.to_string()])
                    .help("use an address such as `team@example.com`"),
                );
            }
            let endpoint: Value<Text> = Value::Lit(email.clone());
            let id = format!("Email{}", n + 1);
            scope.add(&id, Subscription::new(topic, "email", endpoint));
        }
        scope.output(
            "TopicArn",
            topic.attr(Topic::LINK),
            "The topic to subscribe to",
        );
        topic
    }

    fn rule(&self, topic: Handle<Topic>, scope: &mut Scope<'_>) {
        let mut names = vec!["AWS API Call via CloudTrail"];
        // As the documentation of China's regions has it.
        if scope
            .known_region()
            .is_some_and(|it| it.partition == "aws-cn")
        {
            names.push("Amazon API Call via CloudTrail");
        }
        let pattern = serde_json::json!({
            "source": ["aws.ssm"],
            "detail-type": names,
            "detail": {
                "eventSource": ["ssm.amazonaws.com"],
                "eventName": ["StartSession", "ResumeSession", "TerminateSession"],
            },
        });
        let rule = EventRule::new(Content(pattern.into()))
            .description("Sessions that are started, resumed and terminated")
            .state("ENABLED")
            .targets([EventTarget::new("topic", topic.attr(Topic::LINK))]);
        scope.add("Sessions", rule);
    }

    fn alarm(
        &self,
        name: &str,
        instance: Handle<Instance>,
        topic: Handle<Topic>,
        scope: &mut Scope<'_>,
    ) {
        let id = instance.attr(Instance::LINK);
        let notified = topic.attr(Topic::LINK);
        let alarm = Alarm::new(
            format!("{}-{}-status", kebab(scope.stack_name()), kebab(name)),
            "GreaterThanOrEqualToThreshold",
            2,
            1,
        )
        .namespace("AWS/EC2")
        .metric_name("StatusCheckFailed")
        .period(60)
        .statistic("Maximum")
        .alarm_description("The instance or the system below it fails EC2's checks")
        .treat_missing_data("missing")
        .dimensions(Dimensions(vec![("InstanceId".into(), Value::Expr(id))]))
        .alarm_actions([notified.clone()])
        .ok_actions([notified]);
        scope.add(&format!("Status-{name}"), alarm);
    }
}

impl Construct for PlacedMonitoring<'_> {
    type Handle = Option<Handle<Topic>>;

    fn build(self, scope: &mut Scope<'_>) -> Option<Handle<Topic>> {
        let notified = self.monitoring.session_events || self.monitoring.alarms;
        if !notified && !self.monitoring.emails.is_empty() {
            scope.warn_unused(
                "monitoring.emails",
                "without session events and alarms",
                "set `monitoring.session_events: true` or `monitoring.alarms: true`",
            );
        }
        let topic = notified.then(|| self.topic(scope));
        if let Some(topic) = topic.filter(|_| self.monitoring.session_events) {
            self.rule(topic, scope);
        }
        if let Some(topic) = topic.filter(|_| self.monitoring.alarms) {
            for (name, instance) in self.instances {
                self.alarm(name, *instance, topic, scope);
            }
        }
        if self.monitoring.config_rules {
            let message = "AWS Config rules need a configuration recorder in the Region, or the creation fails";
            scope.add_diagnostic(
                Diagnostic::warning("config-recorder", message)
                    .about(&["config_rules"])
                    .help("run `aws configservice describe-configuration-recorder-status`"),
            );
            for of in RULES {
                let name = format!("{}-{}", kebab(scope.stack_name()), of.name);
                let rule = ConfigRule::new(name, RuleSource::new("AWS", of.identifier));
                scope.add(of.id, rule);
            }
        }
        topic
    }
}
