//! Resources that the apply creates while their predecessor still exists (`create_before_destroy`).
//!
//! AWS refuses a second resource with the same name, range or address. Of attachments, the second is
//! the same as the first, and the apply removes it at its end.

use serde_json::Value as Json;

use super::json::{array, is_deposed};
use super::{Plan, Planned};
use crate::resource::ReplacementConflict;

/// Arguments that two resources of a type cannot have in common.
struct Unique {
    of: &'static str,
    keys: &'static [&'static str],
    /// A switch without which the two can exist.
    only: Option<&'static str>,
    /// The field of the table that the report names.
    field: &'static str,
    error: &'static str,
}

const fn unique(
    of: &'static str,
    keys: &'static [&'static str],
    field: &'static str,
    error: &'static str,
) -> Unique {
    Unique {
        of,
        keys,
        only: None,
        field,
        error,
    }
}

const UNIQUE: [Unique; 20] = [
    Unique {
        only: Some("private_dns_enabled"),
        ..unique(
            "aws_vpc_endpoint",
            &["vpc_id", "service_name"],
            "private_dns_enabled",
            "InvalidParameter",
        )
    },
    unique(
        "aws_vpc_endpoint",
        &["service_name", "route_table_ids"],
        "route_tables",
        "RouteAlreadyExists",
    ),
    unique(
        "aws_security_group",
        &["vpc_id", "name"],
        "group_name",
        "InvalidGroup.Duplicate",
    ),
    unique(
        "aws_subnet",
        &["vpc_id", "cidr_block"],
        "cidr_block",
        "InvalidSubnet.Conflict",
    ),
    unique(
        "aws_nat_gateway",
        &["allocation_id"],
        "allocation",
        "Resource.AlreadyAssociated",
    ),
    unique(
        "aws_internet_gateway",
        &["vpc_id"],
        "vpc",
        "Resource.AlreadyAssociated",
    ),
    unique(
        "aws_internet_gateway_attachment",
        &["vpc_id"],
        "vpc",
        "Resource.AlreadyAssociated",
    ),
    unique(
        "aws_route_table_association",
        &["subnet_id"],
        "subnet",
        "Resource.AlreadyAssociated",
    ),
    unique(
        "aws_route",
        &["route_table_id", "destination_cidr_block"],
        "cidr_block",
        "RouteAlreadyExists",
    ),
    unique(
        "aws_route",
        &["route_table_id", "destination_ipv6_cidr_block"],
        "ipv6_cidr_block",
        "RouteAlreadyExists",
    ),
    unique(
        "aws_route",
        &["route_table_id", "destination_prefix_list_id"],
        "prefix_list",
        "RouteAlreadyExists",
    ),
    unique(
        "aws_network_acl_rule",
        &["network_acl_id", "rule_number", "egress"],
        "rule_number",
        "NetworkAclEntryAlreadyExists",
    ),
    unique(
        "aws_instance",
        &["subnet_id", "private_ip"],
        "private_ip_address",
        "InvalidIPAddress.InUse",
    ),
    unique(
        "aws_route53_zone",
        &["name", "vpc"],
        "name",
        "ConflictingDomainExists",
    ),
    unique(
        "aws_iam_role",
        &["name"],
        "role_name",
        "EntityAlreadyExists",
    ),
    unique(
        "aws_iam_instance_profile",
        &["name"],
        "instance_profile_name",
        "EntityAlreadyExists",
    ),
    unique(
        "aws_iam_policy",
        &["name"],
        "managed_policy_name",
        "EntityAlreadyExists",
    ),
    unique(
        "aws_launch_template",
        &["name"],
        "launch_template_name",
        "InvalidLaunchTemplateName.AlreadyExistsException",
    ),
    unique(
        "aws_launch_configuration",
        &["name"],
        "name",
        "AlreadyExists",
    ),
    unique(
        "aws_autoscaling_group",
        &["name"],
        "launch_template",
        "AlreadyExists",
    ),
];

/// Attachments that exist once, however often they are created.
const ATTACHMENTS: [(&str, &[&str]); 2] = [
    ("aws_iam_role_policy_attachment", &["role", "policy_arn"]),
    ("aws_iam_role_policy", &["role", "name"]),
];

impl<'p> Plan<'p> {
    /// Collects the predecessors of resources in the prior state.
    pub(super) fn find_predecessors(&mut self, module: &'p Json) {
        for resource in array(module.get("resources")) {
            let address = resource.get("address").and_then(Json::as_str);
            if let Some(values) = address.and_then(|it| self.replaced.get_mut(it))
                && !is_deposed(resource)
            {
                *values = resource.get("values").unwrap_or(&Json::Null);
            }
        }
        for child in array(module.get("child_modules")) {
            self.find_predecessors(child);
        }
    }

    /// Returns the error of AWS if the apply creates the resource while its predecessor excludes it.
    pub(super) fn replacement_conflict(&self, it: &Planned<'p>) -> Option<ReplacementConflict> {
        let before = self.replaced.get(it.address)?;
        let same = |key: &str| same(before, it.values, key);
        let is_on = |key: &str| before.get(key) == Some(&Json::Bool(true)) && same(key);
        let mut all = UNIQUE.iter().filter(|row| row.of == it.of);
        let row =
            all.find(|row| row.keys.iter().all(|key| same(key)) && row.only.is_none_or(is_on))?;
        Some(ReplacementConflict {
            field: row.field,
            error: row.error,
        })
    }

    /// Returns whether the apply removes the resource again with its predecessor.
    pub(super) fn is_removed_with_predecessor(&self, it: &Planned<'p>) -> bool {
        let Some(before) = self.replaced.get(it.address) else {
            return false;
        };
        let mut all = ATTACHMENTS.iter().filter(|(of, _)| *of == it.of);
        all.any(|(_, keys)| keys.iter().all(|key| same(before, it.values, key)))
    }
}

/// Returns whether both resources have the same known value.
fn same(before: &Json, after: &Json, key: &str) -> bool {
    let known = |it: &Json| match it {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => true,
    };
    match (before.get(key), after.get(key)) {
        (Some(a), Some(b)) => known(a) && a == b,
        _ => false,
    }
}
