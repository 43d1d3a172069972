use super::{Hooks, KmsKey, PolicyDocument, Tags, codec::OneInList, table::resource, tagged};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// A topic of SNS.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html>
    pub struct Topic: "AWS::SNS::Topic" / "aws_sns_topic", link Attr::by_ref("arn"),
        import "TopicArn" / "{arn}";
    opt {
        /// Its name. Default: generated.
        topic_name: Value<Text> = "TopicName" / "name",
        /// The key that encrypts what it holds; AWS's own lets no other service publish. Default:
        /// not encrypted.
        kms_key: Link<KmsKey> = "KmsMasterKeyId" / "kms_master_key_id",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for Topic {
    tagged!();
}

resource! {
    /// Who may do what with a topic.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html>
    pub struct TopicPolicy: "AWS::SNS::TopicPolicy" / "aws_sns_topic_policy",
        link Attr::by_ref("id"),
        import "Id" / "{arn}";
    one {
        /// The topic, by ARN.
        topic: OneInList<Link<Topic>> = "Topics" / "arn",
        /// What is allowed.
        policy_document: PolicyDocument = "PolicyDocument" / "policy",
    }
}

impl Hooks for TopicPolicy {}

resource! {
    /// Who gets what is published.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html>
    pub struct Subscription: "AWS::SNS::Subscription" / "aws_sns_topic_subscription",
        link Attr::by_ref("arn"),
        import "Arn" / "{arn}";
    one {
        /// The topic, by ARN.
        topic: Link<Topic> = "TopicArn" / "topic_arn",
        /// How it is told, such as `email`.
        protocol: Value<Text> = "Protocol" / "protocol",
        /// Where to, such as an address.
        endpoint: Value<Text> = "Endpoint" / "endpoint",
    }
}

impl Hooks for Subscription {}
