//! What Terraform looks up when it plans.

use super::Hooks;
use super::table::{nested, resource};
use crate::ir::{Attr, Text, Value};

nested! {
    /// What a look-up asks for.
    pub struct LookupFilter
    one {
        /// The attribute.
        name: Value<Text> = "" / "name",
    }
    many {
        /// Its values.
        values: Value<Text> = "" / "values",
    }
}

resource! {
    /// An image that Terraform looks up.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/ami>
    pub struct ImageLookup: "" / "data.aws_ami", link Attr::by_ref("id");
    opt {
        /// The name of the image that was found.
        name: Value<Text> = "" / "name",
        /// The id of the image that was found.
        image_id: Value<Text> = "" / "image_id",
        /// A pattern of its name.
        name_regex: Value<Text> = "" / "name_regex",
    }
    many {
        /// What was asked for.
        filters: LookupFilter = "" / "filter",
    }
}

impl Hooks for ImageLookup {}
