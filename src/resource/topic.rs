use super::{Hooks, KmsKey, PolicyDocument, Tags, codec::OneInList, table::resource, tagged};
use crate::ir::{Attr, Link, Text, Value};

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

impl Hooks for Topic {
    tagged!();
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
