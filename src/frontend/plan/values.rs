//! Values of arguments: known ones, and those that the apply determines.

use serde_json::Value as Json;

use super::documents::user_data;
use super::json::{array, has_unknown, index_text};
use super::references::{Found, most_specific};
use super::{MAX_STEPS, Plan, Planned};
use crate::ir::{Expr, Text};
use crate::resource::{Map, RawValue};

impl<'p> Plan<'p> {
    pub(super) fn attribute(&self, at: usize, name: Option<&str>) -> Expr {
        self.lift
            .attribute(self.resources[at].id, name.unwrap_or("id"))
    }

    pub(super) fn arguments(&self, at: usize) -> Map<'static> {
        let it = &self.resources[at];
        let unknown = self.unknown.get(it.address).copied().unwrap_or(&Json::Null);
        let expressions = it
            .config
            .and_then(|config| config.get("expressions"))
            .unwrap_or(&Json::Null);
        let mut map = match self.object(it, it.values, unknown, expressions) {
            RawValue::Object(map) => map,
            _ => Map::default(),
        };
        if let (true, Some(set)) = (self.configured, expressions.as_object()) {
            only_configured(&mut map, set);
        }
        self.images(it, &mut map, expressions);
        user_data(&mut map, expressions);
        map
    }

    /// Returns an object with unknown members.
    pub(super) fn object(
        &self,
        it: &Planned<'p>,
        values: &Json,
        unknown: &Json,
        expressions: &Json,
    ) -> RawValue<'static> {
        let mut map = Map::default();
        let mut keys: Vec<&String> = Vec::new();
        for object in [values, unknown] {
            for key in object.as_object().into_iter().flat_map(|it| it.keys()) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        for key in keys {
            let value = values.get(key).unwrap_or(&Json::Null);
            let unknown = unknown.get(key).unwrap_or(&Json::Bool(false));
            let expression = expressions.get(key).unwrap_or(&Json::Null);
            if let Some(term) = self.value(it, key, value, unknown, expression) {
                map.insert(key.clone(), term);
            }
        }
        RawValue::Object(map)
    }

    pub(super) fn value(
        &self,
        it: &Planned<'p>,
        key: &str,
        value: &Json,
        unknown: &Json,
        expression: &Json,
    ) -> Option<RawValue<'static>> {
        if unknown == &Json::Bool(true) {
            // An argument that is not set has its default.
            return self.configured(it, key, expression);
        }
        match value {
            Json::Null => None,
            Json::Object(_) if has_unknown(unknown) => {
                Some(self.object(it, value, unknown, expression))
            }
            Json::Array(items) if has_unknown(unknown) => {
                Some(self.list(it, key, items, unknown, expression))
            }
            known => Some(self.named(it, key, plain(known), expression)),
        }
    }

    /// Returns a known value as a reference if it identifies a planned resource.
    pub(super) fn named(
        &self,
        it: &Planned<'p>,
        key: &str,
        term: RawValue<'static>,
        expression: &Json,
    ) -> RawValue<'static> {
        // A role and an instance profile often have the same name.
        if key == "iam_instance_profile"
            && let RawValue::Str(_) = &term
            && let Some(RawValue::Expr(expr)) = self.configured(it, key, expression)
            && let Expr::Attr(..) = expr.as_ref()
        {
            return RawValue::Expr(expr);
        }
        self.by_ids(it, term)
    }

    pub(super) fn by_ids(&self, it: &Planned<'p>, term: RawValue<'static>) -> RawValue<'static> {
        match term {
            RawValue::Str(text) => match self.by_id.get(text.as_ref()) {
                Some(&(at, attribute)) if self.resources[at].id != it.id => {
                    RawValue::from(self.attribute(at, Some(attribute)))
                }
                _ => RawValue::Str(text),
            },
            RawValue::List(items) => RawValue::List(
                items
                    .into_iter()
                    .map(|item| self.by_ids(it, item))
                    .collect(),
            ),
            RawValue::Object(map) => RawValue::Object(
                map.into_iter()
                    .map(|(key, inner)| (key, self.by_ids(it, inner)))
                    .collect(),
            ),
            other => other,
        }
    }

    pub(super) fn list(
        &self,
        it: &Planned<'p>,
        key: &str,
        items: &[Json],
        unknown: &Json,
        expression: &Json,
    ) -> RawValue<'static> {
        let unknowns = array(Some(unknown));
        // The plan does not show the order of items: use all references and known values.
        let simple = items.iter().all(|item| !item.is_object());
        if simple {
            let mut out: Vec<RawValue<'static>> = items
                .iter()
                .enumerate()
                .filter(|(n, item)| !item.is_null() && unknowns.get(*n) != Some(&Json::Bool(true)))
                .map(|(_, item)| plain(item))
                .collect();
            match self.configured(it, key, expression) {
                Some(RawValue::List(more)) => {
                    out.extend(
                        more.into_iter()
                            .filter(|term| matches!(term, RawValue::Expr(_))),
                    );
                }
                Some(other) => out.push(other),
                None => {}
            }
            return RawValue::List(out);
        }
        // The configuration has one expression for an argument in block syntax, so each item can
        // refer to any of its references.
        if expression.get("references").is_some() {
            let spread = items
                .iter()
                .enumerate()
                .map(|(n, item)| self.spread(it, item, unknowns, n, expression));
            return RawValue::List(spread.collect());
        }
        // Blocks: a set does not keep the order of the configuration.
        let mut blocks: Vec<&Json> = match expression {
            Json::Array(blocks) => blocks.iter().collect(),
            Json::Object(_) if expression.get("references").is_none() => vec![expression],
            _ => Vec::new(),
        };
        let mut out = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let unknown = unknowns.get(n).unwrap_or(&Json::Null);
            let written = blocks.iter().position(|block| fits(block, item));
            let block = match written {
                Some(at) => blocks.remove(at),
                None => &Json::Null,
            };
            let mut made = self.object(it, item, unknown, block);
            if let (RawValue::Object(map), Json::Null) = (&mut made, block) {
                hide(map, unknown, it.address);
            }
            out.push(made);
        }
        RawValue::List(out)
    }

    /// Returns an item of an argument in block syntax. If only this item has an unknown member, the
    /// value is all matching references; otherwise it is one of them.
    pub(super) fn spread(
        &self,
        it: &Planned<'p>,
        item: &Json,
        unknowns: &[Json],
        at: usize,
        expression: &Json,
    ) -> RawValue<'static> {
        let mut term = match plain(item) {
            RawValue::Object(map) => map,
            other => return other,
        };
        let open = |unknown: &Json| match unknown {
            Json::Bool(value) => *value,
            Json::Array(items) => items.iter().any(has_unknown),
            _ => false,
        };
        let members = unknowns.get(at).and_then(Json::as_object);
        for (key, unknown) in members.into_iter().flatten() {
            if !open(unknown) {
                continue;
            }
            term.remove(key);
            let value = if expected(key).is_some() {
                let alone = unknowns
                    .iter()
                    .filter(|other| other.get(key).is_some_and(open))
                    .count()
                    <= 1;
                match self.configured(it, key, expression) {
                    Some(RawValue::List(items)) if !alone && items.len() > 1 => {
                        Some(RawValue::List(vec![one_of(items)]))
                    }
                    other => other,
                }
            } else {
                Some(RawValue::from(Expr::Opaque(Text::Owned(format!(
                    "{}.{key}",
                    it.address
                )))))
            };
            if let Some(value) = value {
                term.insert(key.clone(), value);
            }
        }
        RawValue::Object(term)
    }

    /// Returns the configured value of an argument that is unknown until the apply.
    pub(super) fn configured(
        &self,
        it: &Planned<'p>,
        key: &str,
        expression: &Json,
    ) -> Option<RawValue<'static>> {
        match expression {
            Json::Array(blocks) => Some(RawValue::List(
                blocks
                    .iter()
                    .filter_map(|block| self.block(it, block))
                    .collect(),
            )),
            Json::Object(_) => {
                if let Some(constant) = constant(expression) {
                    return (!constant.is_null()).then(|| plain(constant));
                }
                if expression.get("references").is_none() {
                    let empty = expression.as_object().is_none_or(serde_json::Map::is_empty);
                    return if empty {
                        None
                    } else {
                        self.block(it, expression)
                    };
                }
                let names: Vec<&str> = array(expression.get("references"))
                    .iter()
                    .filter_map(Json::as_str)
                    .collect();
                Some(self.referenced(it, key, &names))
            }
            _ => None,
        }
    }

    pub(super) fn block(&self, it: &Planned<'p>, block: &Json) -> Option<RawValue<'static>> {
        let mut map = Map::default();
        for (key, expression) in block.as_object()? {
            if let Some(term) = self.configured(it, key, expression) {
                map.insert(key.clone(), term);
            }
        }
        Some(RawValue::Object(map))
    }

    /// Returns the value of an expression from its references.
    pub(super) fn referenced(
        &self,
        it: &Planned<'p>,
        key: &str,
        names: &[&str],
    ) -> RawValue<'static> {
        let many = is_list(key);
        let expected = expected(key);
        let mut found: Vec<Found> = Vec::new();
        // The plan shows `x[count.index]`, `x[each.key]` and splats as `x`.
        let by_index = names
            .iter()
            .any(|name| name.starts_with("each.") || *name == "count.index");
        let index = it.index.as_deref().filter(|_| by_index);
        for name in most_specific(names) {
            if let Some(attribute) = name.strip_prefix("each.value") {
                found.extend(self.each_value(it, attribute, names.len(), expected));
                continue;
            }
            found.extend(self.follow(name, &it.module, index, expected, 0));
        }
        if let Some(expected) = expected {
            let fits = |found: &Found| match found {
                Found::Resource(at, _) => {
                    let of = self.resources[*at].of.as_str();
                    of == expected
                        || (key == "prefix_list_ids" && of == "aws_ec2_managed_prefix_list")
                }
                Found::Opaque(_) | Found::Constant(_) => false,
            };
            if found.iter().any(fits) {
                found.retain(fits);
            }
        }
        let mut terms: Vec<RawValue<'static>> = Vec::new();
        for found in found {
            let term = match found {
                Found::Resource(at, attribute) => self.resource_term(at, attribute.as_deref()),
                Found::Opaque(text) => RawValue::from(Expr::Opaque(Text::Owned(text))),
                Found::Constant(Json::Array(items)) => {
                    for item in &items {
                        let term = plain(item);
                        if !terms.contains(&term) {
                            terms.push(term);
                        }
                    }
                    continue;
                }
                Found::Constant(Json::Null) => continue,
                Found::Constant(json) => plain(&json),
            };
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        if many {
            return RawValue::List(terms);
        }
        match terms.len() {
            0 => RawValue::from(Expr::Opaque(Text::Owned(format!(
                "{}{}",
                it.module.address,
                names.join(" ")
            )))),
            1 => terms.swap_remove(0),
            _ => one_of(terms),
        }
    }

    /// Returns a reference to a resource, or the document that a data source contains.
    pub(super) fn resource_term(&self, at: usize, attribute: Option<&str>) -> RawValue<'static> {
        let it = &self.resources[at];
        match it.of.as_str() {
            "data.aws_iam_policy_document" => self.policy(at),
            "data.aws_ssm_parameter" => match it.values.get("name").and_then(Json::as_str) {
                Some(name) => RawValue::from(Expr::SsmParameter(Text::Owned(name.to_owned()))),
                None => RawValue::from(Expr::Opaque(Text::Owned(it.address.to_owned()))),
            },
            _ if it.data && self.lift.kind(it.id).is_none() => {
                let known = attribute.and_then(|name| it.values.get(name));
                match known {
                    Some(value) if !value.is_null() => plain(value),
                    _ => RawValue::from(Expr::Opaque(Text::Owned(format!(
                        "{}.{}",
                        it.address,
                        attribute.unwrap_or_default()
                    )))),
                }
            }
            _ => self.argument_of(at, attribute),
        }
    }

    /// Returns an attribute. If it is an argument of the resource, such as the `vpc_id` of a subnet,
    /// returns the value of the argument.
    pub(super) fn argument_of(&self, at: usize, attribute: Option<&str>) -> RawValue<'static> {
        let it = &self.resources[at];
        let expr = self.attribute(at, attribute);
        let (Expr::Other(..), Some(name), Some(config)) = (&expr, attribute, it.config) else {
            return RawValue::from(expr);
        };
        let expression = config.get("expressions").and_then(|all| all.get(name));
        match expression {
            Some(expression) if expected(name).is_some() && self.depth.get() < MAX_STEPS => {
                self.depth.set(self.depth.get() + 1);
                let term = self.configured(it, name, expression);
                self.depth.set(self.depth.get() - 1);
                term.unwrap_or(RawValue::from(expr))
            }
            _ => RawValue::from(expr),
        }
    }
}

/// Removes values that the configuration does not set, also in blocks.
pub(super) fn only_configured(map: &mut Map<'_>, expressions: &serde_json::Map<String, Json>) {
    map.retain(|key| expressions.contains_key(key));
    for (key, expression) in expressions {
        let blocks: Vec<&serde_json::Map<String, Json>> = expression
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Json::as_object)
            .collect();
        let (Some(term), false) = (map.get_mut(key), blocks.is_empty()) else {
            continue;
        };
        let items: Vec<&mut RawValue<'_>> = match term {
            RawValue::List(items) => items.iter_mut().collect(),
            one => vec![one],
        };
        for (n, item) in items.into_iter().enumerate() {
            // All blocks of a `dynamic` block have the same arguments.
            let block = blocks.get(n).or(blocks.first());
            if let (RawValue::Object(inner) | RawValue::Block(inner), Some(block)) = (item, block) {
                only_configured(inner, block);
            }
        }
    }
}

/// Returns the value of a constant expression. In JSON syntax, the expression also contains the
/// text of the template next to its references.
pub(super) fn constant(expression: &Json) -> Option<&Json> {
    if array(expression.get("references")).is_empty() {
        expression.get("constant_value")
    } else {
        None
    }
}

/// Returns a value of a `dynamic` block, where an unknown value can be anything.
pub(super) fn hide(map: &mut Map<'static>, unknown: &Json, address: &str) {
    for (key, unknown) in unknown.as_object().into_iter().flatten() {
        if has_unknown(unknown) && expected(key).is_some() && map.get(key).is_none() {
            let text = Text::Owned(format!("{address}.{key}"));
            map.insert(key.clone(), RawValue::from(Expr::Opaque(text)));
        }
    }
}

/// Returns a known value; null means that the argument is not set.
pub(super) fn plain(value: &Json) -> RawValue<'static> {
    match value {
        Json::Array(items) => RawValue::List(
            items
                .iter()
                .filter(|item| !item.is_null())
                .map(plain)
                .collect(),
        ),
        Json::Object(entries) => {
            let mut map = Map::default();
            for (key, value) in entries {
                if !value.is_null() {
                    map.insert(key.clone(), plain(value));
                }
            }
            RawValue::Object(map)
        }
        other => RawValue::from(other.clone()),
    }
}

/// Returns whether a block of the configuration can be the source of this item.
pub(super) fn fits(block: &Json, item: &Json) -> bool {
    let Some(block) = block.as_object() else {
        return false;
    };
    block.iter().all(|(key, expression)| {
        let Some(constant) = constant(expression) else {
            return true;
        };
        match item.get(key) {
            None | Some(Json::Null) => true,
            Some(value) => loosely_equal(constant, value),
        }
    })
}

pub(super) fn loosely_equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| loosely_equal(x, y)))
        }
        (a, b) if a == b => true,
        (a, b) => index_text(a).is_some() && index_text(a) == index_text(b),
    }
}

/// Returns whether an argument is a list.
pub(super) fn is_list(key: &str) -> bool {
    matches!(
        key,
        "subnet_ids"
            | "security_group_ids"
            | "vpc_security_group_ids"
            | "route_table_ids"
            | "security_groups"
            | "vpc_zone_identifier"
            | "prefix_list_ids"
            | "managed_policy_arns"
            | "policy_arns"
            | "roles"
            | "resources"
            | "actions"
            | "identifiers"
            | "not_actions"
            | "not_resources"
            | "values"
            | "cidr_blocks"
            | "ipv6_cidr_blocks"
            | "domain_name_servers"
    )
}

/// Returns the resource type that an argument refers to.
pub(super) fn expected(key: &str) -> Option<&'static str> {
    Some(match key {
        "vpc_id" | "vpc" => "aws_vpc",
        "subnet_id" | "subnet_ids" | "vpc_zone_identifier" => "aws_subnet",
        "security_group_id"
        | "security_group_ids"
        | "vpc_security_group_ids"
        | "security_groups"
        | "source_security_group_id"
        | "referenced_security_group_id" => "aws_security_group",
        "route_table_id" | "route_table_ids" => "aws_route_table",
        "nat_gateway_id" => "aws_nat_gateway",
        "internet_gateway_id" | "gateway_id" => "aws_internet_gateway",
        "network_acl_id" => "aws_network_acl",
        "vpc_endpoint_id" => "aws_vpc_endpoint",
        "prefix_list_ids" => "aws_vpc_endpoint",
        "network_interface_id" => "aws_network_interface",
        "role" | "role_name" | "roles" => "aws_iam_role",
        "iam_instance_profile" => "aws_iam_instance_profile",
        "launch_configuration" => "aws_launch_configuration",
        _ => return None,
    })
}

pub(super) fn one_of(terms: Vec<RawValue<'static>>) -> RawValue<'static> {
    let exprs = terms.into_iter().map(|term| match term {
        RawValue::Str(text) => Expr::Text(Text::Owned(text.into_owned())),
        RawValue::Expr(expr) => expr.into_owned(),
        other => Expr::Opaque(Text::Borrowed(other.what())),
    });
    RawValue::from(Expr::OneOf(exprs.collect()))
}
