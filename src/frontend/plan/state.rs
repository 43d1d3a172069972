//! The state after the apply, without what destroyed resources gave to the attributes of others.
//! Where inline blocks and standalone resources conflict, the result is unknown.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::expression::is_list;
use super::json::{array, index_text, is_deposed};
use super::{Plan, Planned};
use crate::ir::{Expr, Text};
use crate::resource::{Map, RawValue};

/// A type whose resources add to a property of another resource, which the provider also reads into an
/// attribute of that resource.
struct Companion {
    of: &'static str,
    /// The argument that names the other resource.
    link: &'static str,
    target: &'static str,
    /// The attribute of the other resource.
    attribute: &'static str,
    adds: Adds,
}

/// What a companion adds to the attribute.
enum Adds {
    /// The items in this argument.
    Items(&'static str),
    /// The objects whose first member equals this argument.
    Objects(&'static str, &'static str),
    /// A rule of a security group.
    Rule,
    /// The entire value.
    Value,
}

const fn companion(
    of: &'static str,
    link: &'static str,
    target: &'static str,
    attribute: &'static str,
    adds: Adds,
) -> Companion {
    Companion {
        of,
        link,
        target,
        attribute,
        adds,
    }
}

const ROLE: &str = "aws_iam_role";
const GROUP: &str = "aws_security_group";
const TABLE: &str = "aws_route_table";
const ACL: &str = "aws_network_acl";
const ENDPOINT: &str = "aws_vpc_endpoint";

/// The companions, as the provider documents them on the pages of both resources.
const COMPANIONS: [Companion; 22] = [
    companion(
        "aws_iam_role_policy_attachment",
        "role",
        ROLE,
        "managed_policy_arns",
        Adds::Items("policy_arn"),
    ),
    companion(
        "aws_iam_policy_attachment",
        "roles",
        ROLE,
        "managed_policy_arns",
        Adds::Items("policy_arn"),
    ),
    companion(
        "aws_iam_role_policy",
        "role",
        ROLE,
        "inline_policy",
        Adds::Objects("name", "name"),
    ),
    companion(
        "aws_security_group_rule",
        "security_group_id",
        GROUP,
        "ingress",
        Adds::Rule,
    ),
    companion(
        "aws_security_group_rule",
        "security_group_id",
        GROUP,
        "egress",
        Adds::Rule,
    ),
    companion(
        "aws_vpc_security_group_ingress_rule",
        "security_group_id",
        GROUP,
        "ingress",
        Adds::Rule,
    ),
    companion(
        "aws_vpc_security_group_egress_rule",
        "security_group_id",
        GROUP,
        "egress",
        Adds::Rule,
    ),
    companion(
        "aws_route",
        "route_table_id",
        TABLE,
        "route",
        Adds::Objects("cidr_block", "destination_cidr_block"),
    ),
    companion(
        "aws_route",
        "route_table_id",
        TABLE,
        "route",
        Adds::Objects("ipv6_cidr_block", "destination_ipv6_cidr_block"),
    ),
    companion(
        "aws_route",
        "route_table_id",
        TABLE,
        "route",
        Adds::Objects("destination_prefix_list_id", "destination_prefix_list_id"),
    ),
    companion(
        "aws_network_acl_rule",
        "network_acl_id",
        ACL,
        "ingress",
        Adds::Objects("rule_no", "rule_number"),
    ),
    companion(
        "aws_network_acl_rule",
        "network_acl_id",
        ACL,
        "egress",
        Adds::Objects("rule_no", "rule_number"),
    ),
    companion(
        "aws_network_acl_association",
        "network_acl_id",
        ACL,
        "subnet_ids",
        Adds::Items("subnet_id"),
    ),
    companion(
        "aws_vpc_endpoint_subnet_association",
        "vpc_endpoint_id",
        ENDPOINT,
        "subnet_ids",
        Adds::Items("subnet_id"),
    ),
    companion(
        "aws_vpc_endpoint_security_group_association",
        "vpc_endpoint_id",
        ENDPOINT,
        "security_group_ids",
        Adds::Items("security_group_id"),
    ),
    companion(
        "aws_vpc_endpoint_route_table_association",
        "vpc_endpoint_id",
        ENDPOINT,
        "route_table_ids",
        Adds::Items("route_table_id"),
    ),
    companion(
        "aws_vpc_endpoint_policy",
        "vpc_endpoint_id",
        ENDPOINT,
        "policy",
        Adds::Value,
    ),
    companion(
        "aws_network_interface_sg_attachment",
        "network_interface_id",
        "aws_instance",
        "vpc_security_group_ids",
        Adds::Items("security_group_id"),
    ),
    companion(
        "aws_network_interface_sg_attachment",
        "network_interface_id",
        "aws_network_interface",
        "security_groups",
        Adds::Items("security_group_id"),
    ),
    companion(
        "aws_eip_association",
        "allocation_id",
        "aws_eip",
        "instance",
        Adds::Value,
    ),
    companion(
        "aws_internet_gateway_attachment",
        "internet_gateway_id",
        "aws_internet_gateway",
        "vpc_id",
        Adds::Value,
    ),
    companion(
        "aws_route53_zone_association",
        "zone_id",
        "aws_route53_zone",
        "vpc",
        Adds::Objects("vpc_id", "vpc_id"),
    ),
];

/// The direction of a rule, of which one type has both.
fn direction(of: &str, get: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let is_egress = match of {
        "aws_security_group_rule" => get("type")? == "egress",
        "aws_network_acl_rule" => get("egress").is_some_and(|it| it == "true"),
        _ => return None,
    };
    Some(if is_egress { "egress" } else { "ingress" })
}

impl Companion {
    /// Returns whether a resource of this type and direction adds to the attribute.
    fn applies(&self, of: &str, direction: Option<&str>) -> bool {
        self.of == of && direction.is_none_or(|it| it == self.attribute)
    }

    fn is_target(&self, of: &str) -> bool {
        of == self.target
            || matches!(
                (self.target, of),
                (GROUP, "aws_default_security_group")
                    | (TABLE, "aws_default_route_table")
                    | (ACL, "aws_default_network_acl")
            )
    }

    /// Removes what a destroyed resource of this type added.
    fn remove(&self, gone: &Json, value: &mut Json) {
        let Adds::Value = self.adds else {
            if let Some(items) = value.as_array_mut() {
                match &self.adds {
                    Adds::Items(key) => {
                        items.retain(|item| gone.get(key).is_none_or(|it| it != item));
                    }
                    Adds::Objects(own, key) => {
                        let key = gone.get(key).and_then(scalar);
                        items.retain(|item| key.is_none() || item.get(own).and_then(scalar) != key);
                    }
                    Adds::Rule => items.retain_mut(|item| !remove_peers(gone, item)),
                    Adds::Value => {}
                }
            }
            return;
        };
        *value = Json::Null;
    }
}

/// Returns a number or text, and none for empty text.
fn scalar(value: &Json) -> Option<String> {
    index_text(value).filter(|text| !text.is_empty())
}

fn protocol(value: Option<&Json>) -> String {
    let text = value.and_then(index_text).unwrap_or_default();
    match text.to_ascii_lowercase().as_str() {
        "all" => "-1".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        other => other.to_owned(),
    }
}

/// Removes the peers of a destroyed rule from a rule of the group. Returns whether none remains.
fn remove_peers(gone: &Json, item: &mut Json) -> bool {
    let of = protocol(gone.get("protocol").or_else(|| gone.get("ip_protocol")));
    let port = |json: &Json, key: &str| match json.get(key).and_then(index_text) {
        Some(text) if of != "-1" => text,
        _ => String::new(),
    };
    let same = protocol(item.get("protocol")) == of
        && ["from_port", "to_port"]
            .iter()
            .all(|key| port(gone, key) == port(item, key));
    let Some(item) = item.as_object_mut().filter(|_| same) else {
        return false;
    };
    let lists = [
        "cidr_blocks",
        "ipv6_cidr_blocks",
        "prefix_list_ids",
        "security_groups",
    ];
    let single = [
        ["cidr_ipv4", "cidr_ipv4"],
        ["cidr_ipv6", "cidr_ipv6"],
        ["prefix_list_id", "prefix_list_id"],
        ["source_security_group_id", "referenced_security_group_id"],
    ];
    for (list, single) in lists.into_iter().zip(single) {
        let mut peers: Vec<&Json> = array(gone.get(list)).iter().collect();
        peers.extend(single.iter().filter_map(|key| gone.get(key)));
        if let Some(Json::Array(items)) = item.get_mut(list) {
            items.retain(|it| !peers.contains(&it));
        }
    }
    let is_self = |json: Option<&Json>| json == Some(&Json::Bool(true));
    let group = gone.get("security_group_id");
    let names_itself = group.is_some()
        && (gone.get("referenced_security_group_id") == group
            || gone.get("source_security_group_id") == group);
    if is_self(gone.get("self")) || names_itself {
        item.insert("self".to_owned(), Json::Bool(false));
    }
    !is_self(item.get("self")) && lists.iter().all(|list| array(item.get(*list)).is_empty())
}

impl<'p> Plan<'p> {
    /// Collects the companions of the prior state that the apply destroys or changes.
    pub(super) fn find_destroyed(&mut self, module: &'p Json) {
        for resource in array(module.get("resources")) {
            let text = |key: &str| resource.get(key).and_then(Json::as_str);
            let (Some(address), Some(of)) = (text("address"), text("type")) else {
                continue;
            };
            if !COMPANIONS.iter().any(|it| it.of == of) || self.forgotten.contains(address) {
                continue;
            }
            let values = resource.get("values").unwrap_or(&Json::Null);
            let after = self.resources.iter().find(|it| it.address == address);
            let after = after.filter(|_| !is_deposed(resource));
            let stays = after.is_some_and(|it| {
                let values = values.as_object().into_iter().flatten();
                let mut values = values.filter(|(key, _)| *key != "id");
                values.all(|(key, value)| it.values.get(key).is_none_or(|it| it == value))
            });
            if !stays {
                self.destroyed.push((of, values));
            }
        }
        for child in array(module.get("child_modules")) {
            self.find_destroyed(child);
        }
    }

    /// Returns the planned values without what destroyed resources gave.
    pub(super) fn after_apply(&self, it: &Planned<'p>) -> Cow<'p, Json> {
        let mut out = Cow::Borrowed(it.values);
        for (of, gone) in &self.destroyed {
            let direction = direction(of, |key| gone.get(key).and_then(text_of));
            for companion in &COMPANIONS {
                if !companion.applies(of, direction) || !companion.is_target(&it.of) {
                    continue;
                }
                let own = ["id", "name", "primary_network_interface_id"];
                let own = own.iter().filter_map(|key| it.values.get(key)?.as_str());
                let named = gone.get(companion.link);
                let is_named = |id: &str| match named {
                    Some(Json::Array(items)) => items.iter().any(|it| it.as_str() == Some(id)),
                    Some(one) => one.as_str() == Some(id),
                    None => false,
                };
                let mut own = own.filter(|id| !id.is_empty());
                if own.any(is_named)
                    && let Some(value) = out.to_mut().get_mut(companion.attribute)
                {
                    companion.remove(gone, value);
                }
            }
        }
        out
    }

    /// Returns whether `dynamic` blocks make a value that the configuration of a plan does not show, which omits
    /// them. The blocks of an existing resource are those of its companions if the plan has any.
    pub(super) fn is_dynamic(&self, it: &Planned<'p>, key: &str, value: &RawValue<'_>) -> bool {
        let is_object = |item: &RawValue<'_>| matches!(item, RawValue::Object(_));
        let is_blocks = matches!(value, RawValue::List(items) if items.iter().any(is_object));
        let mut companions = COMPANIONS
            .iter()
            .filter(|of| of.is_target(&it.of) && of.attribute == key)
            .peekable();
        let has_companion = companions.peek().is_none()
            || companions.any(|of| self.resources.iter().any(|other| other.of == of.of));
        let is_new = self.changed.contains(it.address) && !self.kept.contains(it.address);
        is_blocks && (is_new || !has_companion)
    }

    /// Makes the policies of a role unknown that a state lists without a resource for them. The provider
    /// reads them before it deletes such a resource, so they can be gone. A plan shows it.
    pub(super) fn doubt_policies(&self, it: &Planned<'p>, map: &mut Map<'static>) {
        let Some(name) = it
            .values
            .get("name")
            .filter(|_| self.is_state() && it.of == ROLE)
        else {
            return;
        };
        let is_backed = |arn: &str| {
            self.resources.iter().any(|other| {
                let text = |key: &str| other.values.get(key).and_then(Json::as_str);
                other.of == "aws_iam_role_policy_attachment"
                    && other.values.get("role") == Some(name)
                    && text("policy_arn") == Some(arn)
            })
        };
        let listed = array(it.values.get("managed_policy_arns"));
        let mut listed = listed.iter().filter_map(Json::as_str);
        let all_backed = listed.all(is_backed);
        if !all_backed {
            let hidden = format!("{}.managed_policy_arns", it.address);
            let hidden = RawValue::from(Expr::Opaque(Text::Owned(hidden)));
            map.remove("managed_policy_arns");
            map.insert("managed_policy_arns", RawValue::List(vec![hidden]));
        }
    }

    /// Returns whether the resource that this one adds to also lists the same kind of items in its own
    /// arguments. The provider then removes items that the arguments do not list.
    pub(super) fn conflicts(&self, of: &str, map: &Map<'_>) -> bool {
        let text = |key: &str| match map.get(key) {
            Some(RawValue::Str(text)) => Some(text.to_string()),
            Some(RawValue::Bool(value)) => Some(value.to_string()),
            _ => None,
        };
        // A private zone requires a VPC of its own, beside which each association stands.
        if of == "aws_route53_zone_association" {
            return false;
        }
        let direction = direction(of, text);
        let mut companions = COMPANIONS.iter().filter(|it| it.applies(of, direction));
        companions.any(|companion| {
            let Some(link) = map.get(companion.link) else {
                return false;
            };
            let Adds::Items(key) = companion.adds else {
                return self.has_inline(companion, link, None);
            };
            self.has_inline(companion, link, map.get(key))
        })
    }

    fn has_inline(
        &self,
        companion: &Companion,
        link: &RawValue<'_>,
        item: Option<&RawValue<'_>>,
    ) -> bool {
        let mut nodes = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let mut visit = |link: &RawValue<'_>| {
            link.walk(&mut |expr| {
                if let Expr::Attr(node, _) | Expr::Other(node, _) = expr {
                    nodes.push(*node);
                }
            });
        };
        visit(link);
        match link {
            RawValue::Str(name) => names.push(name),
            RawValue::List(items) => names.extend(items.iter().filter_map(|it| match it {
                RawValue::Str(name) => Some(name.as_ref()),
                _ => None,
            })),
            _ => {}
        }
        self.resources.iter().any(|it| {
            let name = it.values.get("name").and_then(Json::as_str);
            let is_meant = nodes.contains(&it.id) || name.is_some_and(|name| names.contains(&name));
            if !companion.is_target(&it.of) || !is_meant {
                return false;
            }
            let expressions = it.config.and_then(|config| config.get("expressions"));
            let is_inline = expressions.is_some_and(|all| all.get(companion.attribute).is_some());
            let is_listed = is_list(companion.attribute)
                && matches!(item, Some(RawValue::Str(item))
                    if array(it.values.get(companion.attribute)).iter().any(|it| it.as_str() == Some(item)));
            let is_default = companion.target != it.of;
            (is_inline && !is_listed) || (is_default && companion.attribute != "subnet_ids")
        })
    }
}

fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::Bool(value) => Some(value.to_string()),
        other => index_text(other),
    }
}
