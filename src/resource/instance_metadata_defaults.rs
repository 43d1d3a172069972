use super::{Hooks, table::resource};
use crate::ir::{Attr, Text, Value};

resource! {
    /// The defaults of the account and Region for the instance metadata service.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ec2_instance_metadata_defaults>
    pub struct InstanceMetadataDefaults: / "aws_ec2_instance_metadata_defaults",
        link Attr::by_ref("id"),
        import "" / "{id}";
    opt {
        /// `enabled`, `disabled` or `no-preference`. Default: `no-preference`.
        http_endpoint: Value<Text> = / "http_endpoint",
    }
    inert {
        "" / "http_put_response_hop_limit" = "the agent runs on the instance, one hop away",
        "" / "http_tokens" = "the agent supports both versions",
        "" / "instance_metadata_tags" = "only tags",
    }
}

impl Hooks for InstanceMetadataDefaults {}
