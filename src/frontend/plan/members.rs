//! Members of lists, and single values, that are unknown until the apply: what their references prove.

use serde_json::Value as Json;

use super::expression::{
    expected, identifies, is_block_list, is_checked_for_each, is_id, is_list, is_pattern, one_of,
};
use super::references::Found;
use super::{Plan, Planned};
use crate::ir::{Expr, Text};
use crate::resource::RawValue;

/// Arguments that the provider computes if they are null: booleans, numbers, and texts of which AWS lists the
/// values. Other text could also be unknown by a function such as `uuid`.
const COMPUTED: &[&str] = &[
    "ami",
    "assign_ipv6_address_on_creation",
    "associate_public_ip_address",
    "auto_recovery",
    "availability_zone",
    "connection_termination",
    "core_count",
    "cpu_core_count",
    "cpu_threads_per_core",
    "default_cooldown",
    "default_version",
    "desired_capacity",
    "disable_api_stop",
    "disable_api_termination",
    "dns_record_ip_type",
    "ebs_optimized",
    "enable_dns_hostnames",
    "enable_primary_ipv6",
    "enable_resource_name_dns_a_record",
    "enable_resource_name_dns_aaaa_record",
    "enabled",
    "encrypted",
    "health_check_type",
    "host_id",
    "hostname_type",
    "http_endpoint",
    "http_protocol_ipv6",
    "http_put_response_hop_limit",
    "http_tokens",
    "instance_initiated_shutdown_behavior",
    "instance_metadata_tags",
    "instance_type",
    "internal",
    "iops",
    "ip_address_type",
    "ipv4_prefix_count",
    "ipv6_address_count",
    "ipv6_addresses",
    "ipv6_prefix_count",
    "map_public_ip_on_launch",
    "monitoring",
    "on_demand_base_capacity",
    "on_demand_percentage_above_base_capacity",
    "placement_group",
    "placement_partition_number",
    "private_dns_enabled",
    "private_ip",
    "private_ips",
    "private_ips_count",
    "secondary_private_ip_address_count",
    "secondary_private_ips",
    "size",
    "spot_instance_pools",
    "tenancy",
    "threads_per_core",
    "throughput",
    "timeout",
    "transit_gateway_default_route_table_association",
    "transit_gateway_default_route_table_propagation",
    "volume_initialization_rate",
    "volume_size",
    "volume_type",
];

/// The values that an expression can have.
#[derive(Default)]
struct Candidates {
    /// Values that are unknown until the apply.
    unknown: Vec<RawValue<'static>>,
    known: Vec<RawValue<'static>>,
    /// The resources of both.
    resources: Vec<usize>,
    /// Whether the expression refers to values that the plan does not show.
    is_hidden: bool,
    /// Whether the expression refers to a value that can select some of the others.
    selects: bool,
}

impl<'p> Plan<'p> {
    /// Returns whether an expression of an argument that the provider computes by default can have a
    /// value. An optional attribute of a module's argument, such as `each.value.policy`, is unset if
    /// no value that reaches the module is of its kind. The plan shows it as unknown, too.
    pub(super) fn is_set(&self, it: &Planned<'p>, key: &str, names: &[&str]) -> bool {
        let is_pure = expected(key).is_some()
            || COMPUTED.contains(&key)
            || (it.of == "aws_vpc_endpoint" && key == "policy");
        if !self.configured && is_pure && self.is_known(it, names) {
            return false;
        }
        let is_optional = matches!(
            key,
            "policy" | "private_dns_enabled" | "ip_address_type" | "dns_options" | "service_region"
        );
        if !is_optional || !names.iter().all(|name| name.starts_with("each.")) {
            return true;
        }
        let found = self.evaluate(names, &it.scope(), None, 0);
        found.iter().any(|found| match found {
            Found::Resource(at, attribute) => match attribute.as_deref() {
                Some("id" | "arn") => false,
                Some(_) => true,
                None => !matches!(
                    self.resources[*at].of.as_str(),
                    "aws_vpc" | "aws_subnet" | "aws_security_group" | "aws_route_table"
                ),
            },
            Found::Hidden(_) => self.has_documents(key),
            Found::Constant(_) | Found::Selector => false,
        })
    }

    /// Returns whether the plan shows each value that an expression refers to. The value of the expression
    /// would then be known, unless it is null and the provider computes it.
    fn is_known(&self, it: &Planned<'p>, names: &[&str]) -> bool {
        let found = self.evaluate(names, &it.scope(), None, 0);
        !found.is_empty()
            && found.iter().all(|found| match found {
                Found::Resource(at, Some(attribute)) => !self.is_unknown(*at, Some(attribute)),
                Found::Resource(_, None) | Found::Hidden(_) => false,
                Found::Constant(_) | Found::Selector => true,
            })
    }

    /// Returns whether the value can also be null, which a plan shows as unknown for a computed argument.
    /// The only reference to a resource is fixed. All others are the key of the instance or flags.
    fn can_be_null(&self, it: &Planned<'p>, key: &str, names: &[&str]) -> bool {
        if self.configured || expected(key).is_none() {
            return false;
        }
        let found = self.evaluate(names, &it.scope(), None, 0);
        let is_fixed = |found: &Found| match found {
            Found::Resource(at, Some(_)) => self.resources[*at].index.is_none(),
            _ => false,
        };
        let is_flag = |found: &Found| match found {
            Found::Selector => true,
            Found::Constant(json) => json.is_boolean(),
            Found::Resource(..) | Found::Hidden(_) => false,
        };
        let mut fixed = found.iter().filter(|it| is_fixed(it));
        matches!((fixed.next(), fixed.next()), (Some(_), None))
            && found.len() > 1
            && found.iter().all(|it| is_fixed(it) || is_flag(it))
    }

    /// Returns whether a policy document of the plan is unknown until the apply.
    fn has_documents(&self, key: &str) -> bool {
        key == "policy"
            && (0..self.resources.len()).any(|at| {
                self.resources[at].of == "data.aws_iam_policy_document"
                    && self.is_unknown(at, Some("json"))
            })
    }

    /// Returns the value of an expression that is unknown until the apply, from its references.
    pub(super) fn referenced(
        &self,
        it: &Planned<'p>,
        key: &str,
        names: &[&str],
    ) -> RawValue<'static> {
        if is_block_list(key) {
            return self.hidden(it, key);
        }
        if is_list(key) {
            return RawValue::List(self.items(it, key, names, None));
        }
        let mut candidates = self.candidates(it, key, names);
        if candidates.unknown.is_empty() {
            candidates.unknown.append(&mut candidates.known);
            if candidates.selects && candidates.unknown.len() > 1 {
                candidates.unknown.push(self.hidden(it, key));
            }
        }
        let is_hidden = candidates.is_hidden && candidates.unknown.len() != 1;
        let mut terms = candidates.unknown;
        if is_hidden {
            terms.push(self.hidden(it, key));
        }
        if terms.len() == 1 && self.can_be_null(it, key, names) {
            terms.push(self.hidden(it, key));
        }
        match terms.len() {
            0 => self.hidden(it, key),
            1 => terms.swap_remove(0),
            _ => one_of(terms),
        }
    }

    /// Returns the items of a list whose members are unknown until the apply. An item is a proven
    /// member, or `OneOf` for a choice that the plan does not show. The number of unknown items is known for
    /// lists, and not for sets.
    pub(super) fn items(
        &self,
        it: &Planned<'p>,
        key: &str,
        names: &[&str],
        count: Option<usize>,
    ) -> Vec<RawValue<'static>> {
        let mut candidates = self.candidates(it, key, names);
        let free = !candidates.selects && !candidates.is_hidden;
        // The network ACL of a subnet that is only mentioned is another one.
        let is_for_each = is_checked_for_each(key) && !it.of.ends_with("network_acl");
        if self.configured && !candidates.is_hidden {
            // The conversion and the comparison read a list as it is usually written.
            let mut all = candidates.unknown;
            all.append(&mut candidates.known);
            return all;
        }
        let mut out = Vec::new();
        let is_all = free && (is_for_each || count == Some(candidates.unknown.len()));
        let hidden = self.hidden(it, key);
        match candidates.unknown.len() {
            0 if candidates.known.is_empty() => return vec![hidden],
            0 => {}
            1 if self.can_be_null(it, key, names) => {
                out.push(one_of(vec![
                    candidates.unknown.swap_remove(0),
                    hidden.clone(),
                ]));
            }
            // Only this value can make the list unknown.
            1 => out.append(&mut candidates.unknown),
            _ if is_all => out.append(&mut candidates.unknown),
            _ => {
                let choice = one_of(candidates.unknown);
                out.extend(std::iter::repeat_n(choice, count.unwrap_or(1).max(1)));
            }
        }
        for known in candidates.known {
            if free && is_for_each {
                out.push(known);
            } else {
                out.push(one_of(vec![known, hidden.clone()]));
            }
        }
        let is_more = candidates.is_hidden && !is_for_each;
        if is_more || (is_pattern(key) && !self.configured) {
            out.push(hidden);
        }
        out
    }

    /// Returns a value that the plan does not show, equal only to itself.
    fn hidden(&self, it: &Planned<'p>, key: &str) -> RawValue<'static> {
        RawValue::from(Expr::Opaque(Text::Owned(format!("{}.{key}", it.address))))
    }

    /// Returns the values that an expression can have. A value that is unknown until the apply comes
    /// from a reference whose value is unknown, so a single one of these proves it.
    fn candidates(&self, it: &Planned<'p>, key: &str, names: &[&str]) -> Candidates {
        let expected = expected(key);
        let mut out = Candidates::default();
        let mut others = false;
        let push = |terms: &mut Vec<RawValue<'static>>, term: RawValue<'static>| {
            if !terms.contains(&term) {
                terms.push(term);
            }
        };
        for found in self.evaluate(names, &it.scope(), expected, 0) {
            match found {
                Found::Resource(at, attribute) => {
                    let own = &self.resources[at];
                    let attribute = attribute.as_deref();
                    if let Some(expected) = expected
                        && identifies(&own.of, attribute) != Some(expected)
                    {
                        match attribute {
                            // The identifier of another resource cannot be the value.
                            Some("id" | "arn") => {}
                            Some(_) => out.selects = true,
                            None => others = true,
                        }
                        continue;
                    }
                    out.resources.push(at);
                    let term = self.resource_term(at, attribute);
                    let is_unknown = self.is_unknown(at, attribute);
                    let terms = if is_unknown {
                        &mut out.unknown
                    } else {
                        &mut out.known
                    };
                    match term {
                        RawValue::List(items) => items.into_iter().for_each(|it| push(terms, it)),
                        term => push(terms, term),
                    }
                }
                Found::Hidden(_) => out.is_hidden = true,
                Found::Selector => out.selects = true,
                Found::Constant(json) => {
                    let mut texts = Vec::new();
                    gather_texts(&json, &mut texts);
                    for text in &texts {
                        if expected.is_none() || is_id(text) {
                            push(&mut out.known, RawValue::Str((*text).to_owned().into()));
                        }
                    }
                    out.selects = true;
                }
            }
        }
        // A resource of another type can contain the value in one of its attributes.
        out.is_hidden |= others && out.unknown.is_empty();
        out
    }
}

/// Collects the texts in a known value.
fn gather_texts<'j>(json: &'j Json, texts: &mut Vec<&'j str>) {
    match json {
        Json::String(text) => texts.push(text),
        Json::Array(items) => items.iter().for_each(|item| gather_texts(item, texts)),
        Json::Object(entries) => entries.values().for_each(|item| gather_texts(item, texts)),
        _ => {}
    }
}
