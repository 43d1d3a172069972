use super::table::{nested, resource};
use super::{Hooks, Tags, tagged};
use crate::ir::{Attr, Cidr, Link, Text, Value};

/// The parameter for the S3 prefix list of the region, which CloudFormation cannot look up.
pub(crate) const S3_PREFIX_LIST: &str = "S3PrefixListId";

nested! {
    /// An entry of a prefix list.
    pub struct PrefixListEntry
    one {
        /// The IPv4 range.
        cidr: Value<Cidr> = "Cidr" / "cidr",
    }
    opt {
        /// The description. Default: none.
        description: Value<Text> = "Description" / "description",
    }
}

resource! {
    /// A managed prefix list.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-prefixlist.html>
    pub struct PrefixList: "AWS::EC2::PrefixList" / "aws_ec2_managed_prefix_list",
        link Attr::by_get_att("PrefixListId", "id"),
        import "PrefixListId" / "{id}";
    one {
        /// The name.
        name: Value<Text> = "PrefixListName" / "name",
        /// `IPv4` or `IPv6`.
        address_family: Value<Text> = "AddressFamily" / "address_family",
    }
    opt {
        /// The maximum number of entries.
        max_entries: Value<i64> = "MaxEntries" / "max_entries",
    }
    many {
        /// The entries. Default: none.
        entries: PrefixListEntry = "Entries" / doc "entry",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "" / "version" = "AWS sets it",
    }
}

impl Hooks for PrefixList {
    tagged!();
}

resource! {
    /// A separate entry of a prefix list, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ec2_managed_prefix_list_entry>
    pub struct PrefixListRange: / "aws_ec2_managed_prefix_list_entry", link Attr::by_ref("id"),
        import "" / "{prefix_list_id},{cidr}";
    one {
        /// The prefix list.
        prefix_list: Link<PrefixList> = / doc "prefix_list_id",
        /// The IPv4 range.
        cidr: Value<Cidr> = / "cidr",
    }
    inert {
        "" / "description" = "a text",
    }
}

impl Hooks for PrefixListRange {}
