//! `AWS::SQS::Queue` and `aws_sqs_queue`, as `ssm-synth generate` writes it.

use ssm_synth::prelude::*;

/// `AWS::SQS::Queue` and `aws_sqs_queue`.
#[doc(alias = "AWS::SQS::Queue")]
#[doc(alias = "aws_sqs_queue")]
#[derive(Clone, Debug)]
#[must_use]
pub struct Queue(RawResource);

impl Queue {
    /// The attribute `Arn`, and `arn` in Terraform.
    pub const ARN: Attr = Attr::by_get_att("Arn", "arn");

    /// The attribute `QueueUrl`, and `url` in Terraform.
    pub const URL: Attr = Attr::by_get_att("QueueUrl", "url");

    /// The attribute `id`, only in Terraform.
    pub const TF_ID: Attr = Attr::by_get_att("", "id");

    /// Creates one with the required properties.
    #[allow(clippy::new_without_default)]
    #[track_caller]
    pub fn new() -> Self {
        Queue(
            RawResource::new()
                .cfn("AWS::SQS::Queue")
                .tf("aws_sqs_queue"),
        )
    }

    /// `ContentBasedDeduplication` and `content_based_deduplication`.
    #[track_caller]
    pub fn content_based_deduplication(self, value: impl Into<RawValue<'static>>) -> Self {
        let value = value.into();
        Queue(
            self.0
                .property("ContentBasedDeduplication", value.clone())
                .argument("content_based_deduplication", value),
        )
    }

    /// `DeduplicationScope` and `deduplication_scope`.
    #[track_caller]
    pub fn deduplication_scope(self, value: impl Into<RawValue<'static>>) -> Self {
        let value = value.into();
        Queue(
            self.0
                .property("DeduplicationScope", value.clone())
                .argument("deduplication_scope", value),
        )
    }

    /// `DelaySeconds` and `delay_seconds`.
    #[track_caller]
    pub fn delay_seconds(self, value: impl Into<RawValue<'static>>) -> Self {
        let value = value.into();
        Queue(
            self.0
                .property("DelaySeconds", value.clone())
                .argument("delay_seconds", value),
        )
    }

    /// `FifoQueue` and `fifo_queue`.
    #[track_caller]
    pub fn fifo_queue(self, value: impl Into<RawValue<'static>>) -> Self {
        let value = value.into();
        Queue(
            self.0
                .property("FifoQueue", value.clone())
                .argument("fifo_queue", value),
        )
    }

    /// `FifoThroughputLimit` and `fifo_throughput_limit`.
    #[track_caller]
    pub fn fifo_throughput_limit(self, value: impl Into<RawValue<'static>>) -> Self {
        let value = value.into();
        Queue(
            self.0
                .property("FifoThroughputLimit", value.clone())
                .argument("fifo_throughput_limit", value),
        )
    }

    /// `KmsDataKeyReusePeriodSeconds` and `kms_data_key_reuse_period_seconds`.
    #[track_caller]
    pub fn kms_data_key_reuse_period_seconds(self, value: impl Into<RawValue<'static>>) -> Self {
        let value = value.into();
        Queue(
            self.0
                .property("KmsDataKeyReusePeriodSeconds", value.clone())
                .argument("kms_data_key_reuse_period_seconds", value),
        )
    }

    /// `KmsMasterKeyId` and `kms_master_key_id`.
    #[track_caller]
    pub fn kms_master_key_id(self, value: impl Into<RawValue<'static>>) -> Self {
        let value = value.into();
        Queue(
            self.0
                .property("KmsMasterKeyId", value.clone())
                .argument("kms_master_key_id", value),
        )
    }

    /// `MaximumMessageSize`.
    #[track_caller]
    pub fn cfn_maximum_message_size(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.property("MaximumMessageSize", value))
    }

    /// `MessageRetentionPeriod`.
    #[track_caller]
    pub fn cfn_message_retention_period(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.property("MessageRetentionPeriod", value))
    }

    /// `QueueName` and `name`.
    #[track_caller]
    pub fn queue_name(self, value: impl Into<RawValue<'static>>) -> Self {
        let value = value.into();
        Queue(
            self.0
                .property("QueueName", value.clone())
                .argument("name", value),
        )
    }

    /// `ReceiveMessageWaitTimeSeconds`.
    #[track_caller]
    pub fn cfn_receive_message_wait_time_seconds(
        self,
        value: impl Into<RawValue<'static>>,
    ) -> Self {
        Queue(self.0.property("ReceiveMessageWaitTimeSeconds", value))
    }

    /// `RedriveAllowPolicy`.
    #[track_caller]
    pub fn cfn_redrive_allow_policy(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.property("RedriveAllowPolicy", value))
    }

    /// `RedrivePolicy`.
    #[track_caller]
    pub fn cfn_redrive_policy(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.property("RedrivePolicy", value))
    }

    /// `SqsManagedSseEnabled` and `sqs_managed_sse_enabled`.
    #[track_caller]
    pub fn sqs_managed_sse_enabled(self, value: impl Into<RawValue<'static>>) -> Self {
        let value = value.into();
        Queue(
            self.0
                .property("SqsManagedSseEnabled", value.clone())
                .argument("sqs_managed_sse_enabled", value),
        )
    }

    /// `VisibilityTimeout`.
    #[track_caller]
    pub fn cfn_visibility_timeout(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.property("VisibilityTimeout", value))
    }

    /// `max_message_size`.
    #[track_caller]
    pub fn tf_max_message_size(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.argument("max_message_size", value))
    }

    /// `message_retention_seconds`.
    #[track_caller]
    pub fn tf_message_retention_seconds(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.argument("message_retention_seconds", value))
    }

    /// `name_prefix`.
    #[track_caller]
    pub fn tf_name_prefix(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.argument("name_prefix", value))
    }

    /// `policy`.
    #[track_caller]
    pub fn tf_policy(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.argument("policy", value))
    }

    /// `receive_wait_time_seconds`.
    #[track_caller]
    pub fn tf_receive_wait_time_seconds(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.argument("receive_wait_time_seconds", value))
    }

    /// `redrive_allow_policy`.
    #[track_caller]
    pub fn tf_redrive_allow_policy(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.argument("redrive_allow_policy", value))
    }

    /// `redrive_policy`.
    #[track_caller]
    pub fn tf_redrive_policy(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.argument("redrive_policy", value))
    }

    /// `region`.
    #[track_caller]
    pub fn tf_region(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.argument("region", value))
    }

    /// `timeouts`.
    #[track_caller]
    pub fn tf_timeouts(self, block: impl Into<RawBlock>) -> Self {
        Queue(self.0.block("timeouts", block))
    }

    /// `visibility_timeout_seconds`.
    #[track_caller]
    pub fn tf_visibility_timeout_seconds(self, value: impl Into<RawValue<'static>>) -> Self {
        Queue(self.0.argument("visibility_timeout_seconds", value))
    }

    /// Adds tags.
    pub fn tags(self, tags: impl Into<resource::Tags>) -> Self {
        Queue(self.0.tags(tags))
    }
}

impl Construct for Queue {
    type Handle = Handle<RawResource>;

    fn build(self, scope: &mut Scope<'_>) -> Handle<RawResource> {
        scope.add_inline(self.0)
    }
}
