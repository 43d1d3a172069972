use super::{Hooks, table::resource};
use crate::ir::{Attr, Text, Value};

resource! {
    /// An SSM service setting of the account and region.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ssm_service_setting>
    pub struct ServiceSetting: / "aws_ssm_service_setting", link Attr::by_ref("id"),
        import "" / "{setting_id}";
    one {
        /// The ID of the setting.
        setting_id: Value<Text> = / "setting_id",
        /// The value.
        setting_value: Value<Text> = / "setting_value",
    }
    inert {
        "" / "status" = "AWS sets it",
    }
}

impl Hooks for ServiceSetting {}
