//! The intrinsic functions.

use super::super::tree::{Kind, Tree};
use super::{MAX_DEPTH, Reader, opaque};
use crate::ir::{Cidr, Expr, Pseudo, Text};
use crate::resource::RawValue;

/// Placeholder for the list of Availability Zones.
const AZS: &str = "Fn::GetAZs";

impl Reader<'_> {
    pub(super) fn call(
        &self,
        name: &str,
        argument: &Tree,
        depth: usize,
    ) -> Option<RawValue<'static>> {
        let depth = depth + 1;
        let items = argument.list().unwrap_or_default();
        match name {
            "Ref" => match argument.text() {
                Some(name) => self.reference(name),
                None => Some(opaque("Ref")),
            },
            "Fn::GetAtt" => Some(self.get_att(argument, depth)),
            "Fn::Sub" => Some(self.sub(argument, depth)),
            "Fn::Join" => {
                let [delimiter, list] = items else {
                    return Some(opaque("Fn::Join"));
                };
                Some(self.join(delimiter.text().unwrap_or_default(), list, depth))
            }
            "Fn::Select" => {
                let [index, list] = items else {
                    return Some(opaque("Fn::Select"));
                };
                Some(self.select(index, list, depth))
            }
            "Fn::Split" => {
                let [delimiter, source] = items else {
                    return Some(opaque("Fn::Split"));
                };
                let delimiter = delimiter.text().unwrap_or_default();
                if self.strict.is_some()
                    && let Some(list) = self.spliced(delimiter, source, depth)
                {
                    return Some(list);
                }
                Some(split(delimiter, self.expr(source, depth)))
            }
            "Fn::If" => {
                let [condition, yes, no] = items else {
                    return Some(opaque("Fn::If"));
                };
                self.either(condition.text().unwrap_or_default(), yes, no, depth)
            }
            "Fn::FindInMap" => Some(self.find_in_map(items, depth)),
            "Fn::Base64" => {
                let inner = self.eval(argument, depth)?;
                Some(RawValue::Base64(Box::new(inner)))
            }
            "Fn::Cidr" => Some(self.cidr(items, depth)),
            "Fn::GetAZs" => {
                let elsewhere = match self.expr(argument, depth) {
                    Expr::Text(region) => !region.is_empty(),
                    Expr::Pseudo(Pseudo::Region) | Expr::Absent => false,
                    _ => true,
                };
                Some(match self.strict.is_some() && elsewhere {
                    true => opaque("Fn::GetAZs of another region"),
                    false => opaque(AZS),
                })
            }
            "Fn::ImportValue" => {
                let name = self.expr(argument, depth);
                Some(opaque(format!("Fn::ImportValue {}", display_expr(&name))))
            }
            "Fn::ToJsonString" => {
                let inner = self.eval(argument, depth)?;
                Some(RawValue::Json(Box::new(inner)))
            }
            "Fn::Length" => Some(match self.eval(argument, depth) {
                Some(RawValue::List(items)) => {
                    RawValue::Int(i64::try_from(items.len()).unwrap_or(i64::MAX))
                }
                _ => opaque("Fn::Length"),
            }),
            other => Some(opaque(other.to_owned())),
        }
    }

    /// Returns the items of a `Fn::Join` with the delimiter of the surrounding `Fn::Split`.
    fn spliced(&self, delimiter: &str, source: &Tree, depth: usize) -> Option<RawValue<'static>> {
        let joined = |tree: &'_ Tree| match tree.single() {
            Some(("Fn::Join", inner)) => match inner.list()? {
                [by, list] if by.text() == Some(delimiter) => Some(list.clone()),
                _ => None,
            },
            _ => None,
        };
        let mut items = Vec::new();
        for item in joined(source)?.list()? {
            match joined(item) {
                Some(list) => match self.eval(&list, depth + 1)? {
                    RawValue::List(inner) => items.extend(inner),
                    _ => return None,
                },
                None => items.push(self.eval(item, depth + 1)?),
            }
        }
        Some(RawValue::List(items))
    }
    fn sub(&self, argument: &Tree, depth: usize) -> RawValue<'static> {
        let (format, variables) = match &argument.kind {
            Kind::Text(text) => (text.as_str(), None),
            Kind::List(items) => match items.as_slice() {
                [format, variables] => (format.text().unwrap_or_default(), Some(variables)),
                [format] => (format.text().unwrap_or_default(), None),
                _ => return opaque("Fn::Sub"),
            },
            _ => return opaque("Fn::Sub"),
        };
        let mut parts = Vec::new();
        let mut rest = format;
        while let Some(start) = rest.find("${") {
            parts.push(Expr::Text(rest[..start].to_owned().into()));
            let after = &rest[start + 2..];
            let Some(end) = after.find('}') else {
                rest = &rest[start..];
                break;
            };
            let name = after[..end].trim();
            parts.push(match name.strip_prefix('!') {
                Some(literal) => Expr::Text(format!("${{{literal}}}").into()),
                None => match variables.and_then(|it| it.get(name)) {
                    Some(value) => self.expr(value, depth),
                    None => into_expr(match name.split_once('.') {
                        Some((id, attribute)) => self.attribute(id, attribute),
                        None => self.reference(name).unwrap_or(RawValue::Str("".into())),
                    }),
                },
            });
            rest = &after[end + 1..];
        }
        parts.push(Expr::Text(rest.to_owned().into()));
        match (&self.strict, Expr::concat(parts)) {
            // A joined pattern is a literal.
            (Some(_), Expr::Text(text)) => RawValue::Str(text),
            (_, joined) => term_of(joined),
        }
    }

    fn join(&self, delimiter: &str, list: &Tree, depth: usize) -> RawValue<'static> {
        match self.eval(list, depth) {
            // The model has no text for all items of a list.
            Some(RawValue::List(items)) if items.iter().any(RawValue::is_items) => {
                opaque("Fn::Join")
            }
            Some(RawValue::List(items)) => {
                let mut parts = Vec::new();
                for (n, item) in items.into_iter().enumerate() {
                    if n > 0 {
                        parts.push(Expr::Text(delimiter.to_owned().into()));
                    }
                    parts.push(into_expr(item));
                }
                term_of(Expr::concat(parts))
            }
            Some(RawValue::Expr(expr)) => opaque(format!("Fn::Join {}", display_expr(&expr))),
            _ => opaque("Fn::Join"),
        }
    }

    fn select(&self, index: &Tree, list: &Tree, depth: usize) -> RawValue<'static> {
        let index = match self.expr(index, depth) {
            Expr::Text(text) => text.parse::<u32>().ok(),
            _ => None,
        };
        match (index, self.eval(list, depth)) {
            (Some(index), Some(RawValue::List(items))) if items.iter().any(RawValue::is_items) => {
                match <[RawValue<'static>; 1]>::try_from(items) {
                    Ok([RawValue::Expr(list)]) => {
                        RawValue::from(Expr::Select(Box::new(list.into_owned()), index))
                    }
                    _ => opaque("Fn::Select"),
                }
            }
            (Some(index), Some(RawValue::List(mut items))) => {
                if (index as usize) < items.len() {
                    items.swap_remove(index as usize)
                } else {
                    opaque("Fn::Select beyond its list")
                }
            }
            (Some(index), Some(RawValue::Expr(expr))) => match expr.as_ref() {
                Expr::Opaque(text) if text == AZS => RawValue::from(Expr::Zone(index)),
                other => RawValue::from(Expr::Select(Box::new(other.clone()), index)),
            },
            _ => opaque("Fn::Select"),
        }
    }

    fn either(
        &self,
        condition: &str,
        yes: &Tree,
        no: &Tree,
        depth: usize,
    ) -> Option<RawValue<'static>> {
        if let Some(kept) = &self.strict {
            let parts = [yes, no].map(|it| self.eval(it, depth));
            return Some(match (kept.get(condition), parts) {
                (Some(id), [Some(yes), Some(no)]) if !is_many(&yes) && !is_many(&no) => {
                    let (yes, no) = (into_expr(yes), into_expr(no));
                    RawValue::from(Expr::If(*id, Box::new(yes), Box::new(no)))
                }
                _ => opaque(format!("Fn::If {condition}")),
            });
        }
        match self.condition(condition, depth) {
            Some(true) => self.eval(yes, depth),
            Some(false) => self.eval(no, depth),
            None => {
                let (yes, no) = (self.eval(yes, depth), self.eval(no, depth));
                if yes == no {
                    return yes;
                }
                let both: Option<Vec<Expr>> = [yes, no]
                    .into_iter()
                    .map(|it| match it {
                        Some(RawValue::Str(text)) => Some(Expr::Text(text.into_owned().into())),
                        Some(RawValue::Expr(expr)) => Some(expr.into_owned()),
                        _ => None,
                    })
                    .collect();
                Some(match both {
                    Some(both) => one_of(both),
                    None => opaque(format!("Fn::If {condition}")),
                })
            }
        }
    }

    fn find_in_map(&self, items: &[Tree], depth: usize) -> RawValue<'static> {
        let (name, top, second, options) = match items {
            [name, top, second] => (name, top, second, None),
            [name, top, second, options] => (name, top, second, Some(options)),
            _ => return opaque("Fn::FindInMap"),
        };
        let default = || {
            options
                .and_then(|it| it.get("DefaultValue"))
                .and_then(|it| self.eval(it, depth))
                .unwrap_or_else(|| opaque("Fn::FindInMap"))
        };
        let Expr::Text(name) = self.expr(name, depth) else {
            return opaque("Fn::FindInMap");
        };
        let Some(map) = self.root.get("Mappings").and_then(|it| it.get(&name)) else {
            return default();
        };
        let (top, second) = (self.expr(top, depth), self.expr(second, depth));
        let rows: Vec<&Tree> = match &top {
            Expr::Text(key) => match map.get(key) {
                Some(row) => vec![row],
                None => return default(),
            },
            _ => map
                .map()
                .unwrap_or_default()
                .iter()
                .map(|entry| &entry.value)
                .collect(),
        };
        let mut found: Vec<RawValue<'static>> = Vec::new();
        for row in rows {
            match &second {
                Expr::Text(key) => {
                    if let Some(value) = row.get(key).and_then(|it| self.eval(it, depth)) {
                        found.push(value);
                    }
                }
                _ => {
                    for entry in row.map().unwrap_or_default() {
                        found.extend(self.eval(&entry.value, depth));
                    }
                }
            }
        }
        if found.is_empty() {
            return default();
        }
        let mut exprs = Vec::new();
        for term in &found {
            match term {
                RawValue::Str(text) => exprs.push(Expr::Text(text.to_string().into())),
                RawValue::Expr(expr) => exprs.push(expr.as_ref().clone()),
                _ => {
                    return if found.len() == 1 {
                        found.swap_remove(0)
                    } else {
                        opaque(format!("Fn::FindInMap {name}"))
                    };
                }
            }
        }
        one_of(exprs)
    }

    fn cidr(&self, items: &[Tree], depth: usize) -> RawValue<'static> {
        let (block, count, bits) = match items {
            [block, count] => (block, count, None),
            [block, count, bits] => (block, count, Some(bits)),
            _ => return opaque("Fn::Cidr"),
        };
        let number = |tree: &Tree| match self.expr(tree, depth) {
            Expr::Text(text) => text.parse::<u32>().ok(),
            _ => None,
        };
        let block = self.literal_cidr(self.expr(block, depth), depth);
        let (Some(count), Some(bits)) = (number(count), bits.map_or(Some(8), number)) else {
            return opaque("Fn::Cidr");
        };
        let block = match block {
            Ok(block) => block,
            Err(expr) => {
                let item = |n| opaque(format!("Fn::Cidr {} {bits} {n}", display_expr(&expr)));
                return RawValue::List((0..count.min(256)).map(item).collect());
            }
        };
        let length = u8::try_from(32_u32.saturating_sub(bits)).unwrap_or_default();
        let blocks = (0..count.min(256)).filter_map(|n| block.block(length, n));
        RawValue::List(
            blocks
                .map(|it| RawValue::Str(it.to_string().into()))
                .collect(),
        )
    }

    /// Returns the CIDR range of a literal, or of the attribute of a VPC or subnet.
    fn literal_cidr(&self, expr: Expr, depth: usize) -> Result<Cidr, Expr> {
        if depth > MAX_DEPTH {
            return Err(expr);
        }
        match &expr {
            Expr::Text(text) => text.parse().map_err(|_| expr),
            Expr::Attr(id, _) => {
                let own = self.resources.values().find(|(_, other)| other == id);
                let block = own
                    .and_then(|(tree, _)| tree.get("Properties"))
                    .and_then(|it| it.get("CidrBlock"));
                match block {
                    Some(block) => {
                        let inner = self.expr(block, depth + 10);
                        self.literal_cidr(inner, depth + 10).map_err(|_| expr)
                    }
                    None => Err(expr),
                }
            }
            _ => Err(expr),
        }
    }
}

fn is_many(term: &RawValue<'_>) -> bool {
    matches!(
        term,
        RawValue::List(_) | RawValue::Object(_) | RawValue::Block(_)
    )
}

fn term_of(expr: Expr) -> RawValue<'static> {
    match expr {
        Expr::Text(text) => dynamic(&text),
        expr => RawValue::from(expr),
    }
}

pub(super) fn into_expr(term: RawValue<'static>) -> Expr {
    match term {
        RawValue::Str(text) => Expr::Text(Text::Owned(text.into_owned())),
        RawValue::Int(int) => Expr::Text(Text::Owned(int.to_string())),
        RawValue::Bool(bool) => Expr::Text(Text::Owned(bool.to_string())),
        RawValue::Expr(expr) => expr.into_owned(),
        RawValue::Base64(inner) | RawValue::Json(inner) => into_expr(*inner),
        other => Expr::Opaque(Text::Borrowed(other.what())),
    }
}

/// Splits text. An ID of a resource never contains a delimiter. An unknown expression stands for
/// all its parts.
fn split(delimiter: &str, source: Expr) -> RawValue<'static> {
    let parts = match source {
        Expr::Concat(parts) => parts,
        one => vec![one],
    };
    let whole_ids = |part: &Expr| matches!(part, Expr::Text(_) | Expr::Attr(..));
    if delimiter.is_empty() || !parts.iter().all(whole_ids) {
        return RawValue::from(Expr::concat(parts));
    }
    let mut items: Vec<Vec<Expr>> = vec![Vec::new()];
    for part in parts {
        let Expr::Text(text) = &part else {
            if let Some(last) = items.last_mut() {
                last.push(part);
            }
            continue;
        };
        for (n, piece) in text.split(delimiter).enumerate() {
            if n > 0 {
                items.push(Vec::new());
            }
            if let Some(last) = items.last_mut() {
                last.push(Expr::Text(piece.to_owned().into()));
            }
        }
    }
    RawValue::List(
        items
            .into_iter()
            .map(|it| term_of(Expr::concat(it)))
            .collect(),
    )
}

/// Returns the alternatives without duplicates.
fn one_of(of: Vec<Expr>) -> RawValue<'static> {
    let mut each: Vec<Expr> = Vec::new();
    for one in of {
        let flat = match one {
            Expr::OneOf(inner) => inner,
            other => vec![other],
        };
        for one in flat {
            if !each.contains(&one) {
                each.push(one);
            }
        }
    }
    if each.len() == 1 {
        term_of(each.swap_remove(0))
    } else {
        RawValue::from(Expr::OneOf(each))
    }
}

fn display_expr(expr: &Expr) -> String {
    match expr {
        Expr::Text(text) | Expr::Opaque(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

/// Returns text with its dynamic references resolved.
pub(super) fn dynamic(text: &str) -> RawValue<'static> {
    let Some(start) = text.find("{{resolve:") else {
        return RawValue::Str(text.to_owned().into());
    };
    let Some(end) = text[start..].find("}}") else {
        return RawValue::Str(text.to_owned().into());
    };
    let (before, reference) = (&text[..start], &text[start + 10..start + end]);
    let after = &text[start + end + 2..];
    let looked_up = match reference.strip_prefix("ssm:") {
        Some(name) => Expr::SsmParameter(name.to_owned().into()),
        None => Expr::Opaque(reference.to_owned().into()),
    };
    let rest = into_expr(dynamic(after));
    let joined = Expr::concat([Expr::Text(before.to_owned().into()), looked_up, rest]);
    match joined {
        Expr::Text(text) => RawValue::Str(text.into_owned().into()),
        joined => RawValue::from(joined),
    }
}
