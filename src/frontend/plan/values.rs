//! Values of arguments: known ones, and those that the apply determines.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::expression::{
    constant, expected, fits, gather, is_list, is_literal, reference, references, written_blocks,
    written_items,
};
use super::json::{array, has_unknown, plain};
use super::references::Found;
use super::{MAX_STEPS, Plan, Planned};
use crate::ir::{Expr, Text};
use crate::resource::{Map, RawValue};

/// Addresses that AWS assigns if the configuration does not set them. A refreshed value can change with
/// the resource, and AWS has accepted it.
const ASSIGNED: [(&str, &str); 6] = [
    ("aws_eip_association", "private_ip_address"),
    ("aws_instance", "private_ip"),
    ("aws_network_interface", "private_ip"),
    ("aws_network_interface", "private_ips"),
    ("aws_network_interface", "private_ip_list"),
    ("aws_vpc_endpoint", "subnet_configuration"),
];

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
        let values = self.after_apply(it);
        let mut map = match self.object(it, &values, unknown, expressions) {
            RawValue::Object(map) => map,
            _ => Map::default(),
        };
        if let (true, Some(set)) = (self.configured, expressions.as_object()) {
            let dynamic: Vec<(Cow<'static, str>, RawValue<'static>)> = map
                .iter()
                .filter(|(key, value)| !set.contains_key(*key) && self.is_dynamic(it, key, value))
                .map(|(key, value)| (key.to_owned().into(), value.clone()))
                .collect();
            only_configured(&mut map, set);
            map.extend(dynamic);
        }
        if let Some(set) = expressions.as_object() {
            map.retain(|key| !ASSIGNED.contains(&(it.of.as_str(), key)) || set.contains_key(key));
        }
        self.doubt_policies(it, &mut map);
        self.images(it, &mut map, expressions);
        self.user_data(&it.module, &mut map, expressions);
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

    fn value(
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
            // The provider reads a property without a value as empty text.
            Json::String(text) if text.is_empty() && !self.configured => None,
            Json::Object(_) if has_unknown(unknown) => {
                Some(self.object(it, value, unknown, expression))
            }
            Json::Array(items) if has_unknown(unknown) => {
                Some(self.list(it, key, items, unknown, expression))
            }
            Json::Array(items) if items.iter().any(Json::is_object) => {
                let items = items.iter().map(|item| match item {
                    Json::Object(_) => self.object(it, item, &Json::Null, &Json::Null),
                    other => self.by_ids(it, plain(other)),
                });
                Some(RawValue::List(items.collect()))
            }
            known => Some(self.named(it, key, plain(known), expression)),
        }
    }

    /// Returns a known value as a reference if it identifies a planned resource.
    fn named(
        &self,
        it: &Planned<'p>,
        key: &str,
        term: RawValue<'static>,
        expression: &Json,
    ) -> RawValue<'static> {
        // A role and an instance profile often have the same name.
        if key == "iam_instance_profile"
            && let RawValue::Str(name) = &term
        {
            let found = self.evaluate(&references(expression), &it.scope(), None, 0);
            let mut same = found.iter().filter_map(|found| match found {
                Found::Resource(at, _) => {
                    let values = self.resources[*at].values;
                    let is_same = |own| values.get(own).and_then(Json::as_str) == Some(name);
                    (is_same("name") || is_same("id")).then_some(*at)
                }
                _ => None,
            });
            if let (Some(at), None) = (same.next(), same.next()) {
                return RawValue::from(self.attribute(at, None));
            }
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

    fn list(
        &self,
        it: &Planned<'p>,
        key: &str,
        items: &[Json],
        unknown: &Json,
        expression: &Json,
    ) -> RawValue<'static> {
        let unknowns = array(Some(unknown));
        if items.iter().all(|item| !item.is_object()) {
            let is_open = |n: usize| unknowns.get(n) == Some(&Json::Bool(true));
            let known = items.iter().enumerate();
            let known = known.filter(|(n, item)| !item.is_null() && !is_open(*n));
            let known = known.map(|(_, item)| self.by_ids(it, plain(item)));
            let mut out: Vec<RawValue<'static>> = known.collect();
            if let Some(written) = self.written(it, key, expression) {
                return RawValue::List(written);
            }
            let open = unknowns
                .iter()
                .filter(|it| **it == Json::Bool(true))
                .count();
            out.extend(self.items(it, key, &references(expression), Some(open)));
            return RawValue::List(out);
        }
        let written = written_blocks(expression).map(Json::Array);
        let expression = written.as_ref().unwrap_or(expression);
        // The configuration has one expression for an argument in block syntax, so each item can
        // refer to any of its references.
        if expression.get("references").is_some() {
            let spread = items.iter().enumerate().map(|(n, item)| {
                self.spread(it, item, unknowns.get(n).unwrap_or(&Json::Null), expression)
            });
            return RawValue::List(spread.collect());
        }
        // Blocks: a set does not keep the order of the configuration.
        let mut blocks: Vec<&Json> = match expression {
            Json::Array(blocks) => blocks.iter().collect(),
            Json::Object(_) => vec![expression],
            _ => Vec::new(),
        };
        let is_only = blocks.len() == 1 && items.len() == 1;
        let mut out = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let unknown = unknowns.get(n).unwrap_or(&Json::Null);
            let fitting: Vec<usize> = (0..blocks.len())
                .filter(|&at| is_only || fits(blocks[at], item))
                .collect();
            let alike = |other: &usize| {
                let (a, b) = (blocks[fitting[0]], blocks[*other]);
                // Items of blocks that differ only in their references look equal, and each has one
                // of these blocks. A block of another syntax can be `dynamic`, without items.
                references_of(a) == references_of(b)
                    || written.is_some() && constants(a) == constants(b)
            };
            let block = match fitting.first() {
                Some(&at) if self.configured || fitting.iter().all(alike) => blocks.remove(at),
                // A `dynamic` block has several items.
                None if blocks.is_empty() => match expression {
                    Json::Array(all) if all.len() == 1 => &all[0],
                    _ => &Json::Null,
                },
                _ => &Json::Null,
            };
            let mut made = self.object(it, item, unknown, block);
            if let RawValue::Object(map) = &mut made {
                hide(map, unknown, &format!("{}.{key}[{n}]", it.address));
            }
            out.push(made);
        }
        RawValue::List(out)
    }

    /// Returns an item of an argument in block syntax.
    fn spread(
        &self,
        it: &Planned<'p>,
        item: &Json,
        unknown: &Json,
        expression: &Json,
    ) -> RawValue<'static> {
        let mut term = match self.object(it, item, &Json::Null, &Json::Null) {
            RawValue::Object(map) => map,
            other => return other,
        };
        let names = references(expression);
        for (key, unknown) in unknown.as_object().into_iter().flatten() {
            let open = match unknown {
                Json::Bool(value) => *value,
                Json::Array(items) => items.iter().any(has_unknown),
                _ => false,
            };
            if !open {
                continue;
            }
            term.remove(key);
            let value = if is_list(key) {
                let known = array(item.get(key)).iter().filter(|it| !it.is_null());
                let mut items: Vec<RawValue<'static>> =
                    known.map(|known| self.by_ids(it, plain(known))).collect();
                items.extend(self.items(it, key, &names, None));
                RawValue::List(items)
            } else {
                self.referenced(it, key, &names)
            };
            term.insert(key.clone(), value);
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
                let names = references(expression);
                if !self.is_set(it, key, &names) {
                    return None;
                }
                let written = self.written(it, key, expression);
                Some(match written {
                    Some(items) => RawValue::List(items),
                    None => self.referenced(it, key, &names),
                })
            }
            _ => None,
        }
    }

    /// Returns the items of a list in JSON syntax, each of which is text or a reference.
    fn written(
        &self,
        it: &Planned<'p>,
        key: &str,
        expression: &Json,
    ) -> Option<Vec<RawValue<'static>>> {
        if !is_list(key) {
            return None;
        }
        let mut out = Vec::new();
        for item in written_items(expression)? {
            let text = item.as_str()?;
            match reference(text) {
                Some(name) => out.extend(self.items(it, key, &[name], None)),
                None if is_literal(text) => out.push(self.by_ids(it, plain(item))),
                None => return None,
            }
        }
        Some(out)
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

    /// Returns a reference to a resource, or the document that a data source contains.
    pub(super) fn resource_term(&self, at: usize, attribute: Option<&str>) -> RawValue<'static> {
        let it = &self.resources[at];
        match it.of.as_str() {
            "data.aws_iam_policy_document" => self.policy(at),
            "data.aws_ssm_parameter" => match it.values.get("name").and_then(Json::as_str) {
                Some(name) => RawValue::from(Expr::SsmParameter(Text::Owned(name.to_owned()))),
                None => RawValue::from(Expr::Opaque(Text::Owned(it.address.to_owned()))),
            },
            // Several data sources can read the same resource: the ID identifies it.
            _ if it.data && it.of != "data.aws_ami" => {
                let known = it.values.get(attribute.unwrap_or("id"));
                match known {
                    Some(value) if !value.is_null() => {
                        let term = plain(value);
                        match &term {
                            RawValue::Str(id) => match self.by_id.get(id.as_ref()) {
                                Some(&(at, own)) => RawValue::from(self.attribute(at, Some(own))),
                                None => term,
                            },
                            _ => term,
                        }
                    }
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
    fn argument_of(&self, at: usize, attribute: Option<&str>) -> RawValue<'static> {
        let it = &self.resources[at];
        let expr = self.attribute(at, attribute);
        let (Expr::Other(..), Some(name)) = (&expr, attribute) else {
            return RawValue::from(expr);
        };
        if expected(name).is_none() {
            return RawValue::from(expr);
        }
        match it.values.get(name) {
            Some(value) if !value.is_null() => return self.by_ids(it, plain(value)),
            _ => {}
        }
        let expressions = it.config.and_then(|config| config.get("expressions"));
        match expressions.and_then(|all| all.get(name)) {
            Some(expression) if self.depth.get() < MAX_STEPS => {
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

/// Returns a value of a `dynamic` block, where an unknown value can be anything.
pub(super) fn hide(map: &mut Map<'static>, unknown: &Json, address: &str) {
    for (key, unknown) in unknown.as_object().into_iter().flatten() {
        if has_unknown(unknown) && expected(key).is_some() && map.get(key).is_none() {
            let text = Text::Owned(format!("{address}.{key}"));
            map.insert(key.clone(), RawValue::from(Expr::Opaque(text)));
        }
    }
}

/// Returns the arguments of a block and their constant values.
fn constants(block: &Json) -> Vec<(&String, Option<&Json>)> {
    let arguments = block.as_object().into_iter().flatten();
    arguments.map(|(key, it)| (key, constant(it))).collect()
}

/// Returns the references of a block, in order.
fn references_of(block: &Json) -> Vec<&str> {
    let mut names = Vec::new();
    gather(Some(block), &mut names);
    names
}
