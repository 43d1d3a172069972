use super::{Hooks, KmsKey, Node, PolicyDocument, Tags, codec::OneInList, table::resource, tagged};
use crate::ir::{Attr, Diagnostics, Link, Text, Value, quoted};

resource! {
    /// An SNS topic.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html>
    pub struct Topic: "AWS::SNS::Topic" / "aws_sns_topic", link Attr::by_ref("arn"),
        import "TopicArn" / "{arn}";
    opt {
        /// The name. Default: generated.
        topic_name: Value<Text> = "TopicName" / doc "name",
        /// The KMS key. AWS services cannot publish with the AWS managed key. Default: no
        /// encryption.
        kms_key: Link<KmsKey> = "KmsMasterKeyId" / doc "kms_master_key_id",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

/// The end of the name of a FIFO topic.
const FIFO: &str = ".fifo";

impl Hooks for Topic {
    tagged!();

    /// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let name = self.topic_name.as_ref().and_then(Value::lit);
        let Some(name) = name.filter(|_| node.keeps("topic_name")) else {
            return;
        };
        // Only an override makes it a FIFO topic.
        let can_be_fifo = node.is_overridden("FifoTopic", "fifo_topic");
        let of_fifo = name.strip_suffix(FIFO);
        let is_letter = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
        let stem = of_fifo.unwrap_or(name);
        let is_name = (1..=256).contains(&name.len()) && !stem.is_empty();
        let (message, help) = match () {
            () if !is_name || !stem.bytes().all(is_letter) => (
                format!("{} is not the name of a topic", quoted(name)),
                "use 1 to 256 letters, digits, `-` and `_`",
            ),
            () if of_fifo.is_some() && !can_be_fifo => (
                format!(
                    "{} is the name of a FIFO topic, and the topic is none",
                    quoted(name)
                ),
                "remove `.fifo`, or set `FifoTopic` and `fifo_topic` to `true` with overrides",
            ),
            () => return,
        };
        let found = node.error("topic-name", message).about(&["topic_name"]);
        out.push(found.help(help));
    }
}

resource! {
    /// The resource policy of a topic.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html>
    pub struct TopicPolicy: "AWS::SNS::TopicPolicy" / "aws_sns_topic_policy",
        link Attr::by_ref("id"),
        import "Id" / "{arn}";
    one {
        /// The ARN of the topic.
        topic: OneInList<Link<Topic>> = "Topics" / doc "arn",
        /// The policy document.
        policy_document: PolicyDocument = "PolicyDocument" / doc "policy",
    }
    inert {
        "" / "owner" = "AWS sets it",
    }
}

impl Hooks for TopicPolicy {}

resource! {
    /// A subscription to a topic.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html>
    pub struct Subscription: "AWS::SNS::Subscription" / "aws_sns_topic_subscription",
        link Attr::by_ref("arn"),
        import "Arn" / "{arn}";
    one {
        /// The ARN of the topic.
        topic: Link<Topic> = "TopicArn" / doc "topic_arn",
        /// The protocol, such as `email`.
        protocol: Value<Text> = "Protocol" / "protocol",
        /// The endpoint, such as an email address.
        endpoint: Value<Text> = "Endpoint" / "endpoint",
    }
}

impl Hooks for Subscription {}
