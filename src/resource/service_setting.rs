use super::{Hooks, table::resource};
use crate::ir::{Attr, Text, Value};

resource! {
    /// A setting of the account and region, as Terraform sets it.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ssm_service_setting>
    pub struct ServiceSetting: "" / "aws_ssm_service_setting", link Attr::by_ref("id"),
        import "" / "{setting_id}";
    one {
        /// Which one.
        setting_id: Value<Text> = "" / "setting_id",
        /// Its value.
        setting_value: Value<Text> = "" / "setting_value",
    }
}

impl Hooks for ServiceSetting {}
