//! Data sources and settings that exist only in Terraform.

use super::Hooks;
use super::table::{nested, resource};
use crate::ir::{Attr, Text, Value};

nested! {
    /// A filter of a data source.
    pub struct LookupFilter
    one {
        /// The name of the filter.
        name: Value<Text> = / "name",
    }
    many {
        /// The accepted values.
        values: Value<Text> = / "values",
    }
}

resource! {
    /// A data source for an AMI.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/ami>
    pub struct ImageLookup: / "data.aws_ami", link Attr::by_ref("id");
    opt {
        /// The name of the AMI.
        name: Value<Text> = / "name",
        /// The ID of the AMI.
        image_id: Value<Text> = / "image_id",
        /// A regular expression for the name.
        name_regex: Value<Text> = / "name_regex",
        /// The account that owns the AMI.
        owner_id: Value<Text> = / "owner_id",
        /// The architecture of the AMI, such as `arm64`.
        architecture: Value<Text> = / "architecture",
    }
    many {
        /// The filters.
        filters: LookupFilter = / doc "filter",
        /// The owners: account IDs, or aliases such as `amazon` or `self`.
        owners: Value<Text> = / "owners",
    }
    inert {
        "" / "block_device_mappings" = "the result, which the name of the AMI determines",
        "" / "boot_mode" = "the result, which the name of the AMI determines",
        "" / "creation_date" = "the result, which the name of the AMI determines",
        "" / "deprecation_time" = "the result, which the name of the AMI determines",
        "" / "description" = "the result, which the name of the AMI determines",
        "" / "ena_support" = "the result, which the name of the AMI determines",
        "" / "hypervisor" = "the result, which the name of the AMI determines",
        "" / "image_location" = "the result, which the name of the AMI determines",
        "" / "image_owner_alias" = "the result, which the name of the AMI determines",
        "" / "image_type" = "the result, which the name of the AMI determines",
        "" / "imds_support" = "the result, which the name of the AMI determines",
        "" / "kernel_id" = "the result, which the name of the AMI determines",
        "" / "last_launched_time" = "the result, which the name of the AMI determines",
        "" / "platform" = "the result, which the name of the AMI determines",
        "" / "platform_details" = "the result, which the name of the AMI determines",
        "" / "product_codes" = "the result, which the name of the AMI determines",
        "" / "public" = "the result, which the name of the AMI determines",
        "" / "ramdisk_id" = "the result, which the name of the AMI determines",
        "" / "root_device_name" = "the result, which the name of the AMI determines",
        "" / "root_device_type" = "the result, which the name of the AMI determines",
        "" / "root_snapshot_id" = "the result, which the name of the AMI determines",
        "" / "sriov_net_support" = "the result, which the name of the AMI determines",
        "" / "state" = "the result, which the name of the AMI determines",
        "" / "state_reason" = "the result, which the name of the AMI determines",
        "" / "tpm_support" = "the result, which the name of the AMI determines",
        "" / "uefi_data" = "the result, which the name of the AMI determines",
        "" / "usage_operation" = "the result, which the name of the AMI determines",
        "" / "virtualization_type" = "the result, which the name of the AMI determines",
        "" / "include_deprecated" = "only which of several AMIs with this name",
        "" / "most_recent" = "only which of several AMIs with this name",
    }
}

impl Hooks for ImageLookup {}
