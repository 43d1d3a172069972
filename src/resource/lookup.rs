//! Data sources and settings that exist only in Terraform.

use super::Hooks;
use super::table::{nested, resource};
use crate::ir::{Attr, Text, Value};

nested! {
    /// A filter of a data source.
    pub struct LookupFilter
    one {
        /// The name of the filter.
        name: Value<Text> = "" / "name",
    }
    many {
        /// The accepted values.
        values: Value<Text> = "" / "values",
    }
}

resource! {
    /// A data source for an AMI.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/ami>
    pub struct ImageLookup: "" / "data.aws_ami", link Attr::by_ref("id");
    opt {
        /// The name of the AMI.
        name: Value<Text> = "" / "name",
        /// The ID of the AMI.
        image_id: Value<Text> = "" / "image_id",
        /// A regular expression for the name.
        name_regex: Value<Text> = "" / "name_regex",
        /// The account that owns the AMI.
        owner_id: Value<Text> = "" / "owner_id",
    }
    many {
        /// The filters.
        filters: LookupFilter = "" / "filter",
        /// The owners: account IDs, or aliases such as `amazon` or `self`.
        owners: Value<Text> = "" / "owners",
    }
}

impl Hooks for ImageLookup {}
