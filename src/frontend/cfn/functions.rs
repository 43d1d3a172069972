//! The intrinsic functions.

use super::super::tree::{Kind, Tree};
use super::{MAX_DEPTH, Reader, opaque};
use crate::ir::{Cidr, Expr, Pseudo, SubPart, Text, sub_parts};
use crate::resource::RawValue;

/// Placeholder for the list of Availability Zones.
pub(super) const GET_AZS: &str = "Fn::GetAZs";

impl Reader<'_> {
    /// Evaluates a function. A call whose value the file does not determine is symbolic: two calls of
    /// a function with the same arguments have the same value.
    pub(super) fn call(
        &self,
        name: &str,
        argument: &Tree,
        depth: usize,
    ) -> Option<RawValue<'static>> {
        let depth = depth + 1;
        let items = argument.list().unwrap_or_default();
        let known = match name {
            "Ref" => match argument.text() {
                Some(name) => return self.reference(name),
                None => None,
            },
            "Fn::GetAtt" => self.get_att(argument, depth),
            "Fn::Sub" => self.sub(argument, depth),
            "Fn::Join" => match items {
                [delimiter, list] => self.join(delimiter.text()?, list, depth),
                _ => None,
            },
            "Fn::Select" => match items {
                [index, list] => self.select(index, list, depth),
                _ => None,
            },
            "Fn::Split" => match items {
                [delimiter, source] => self.split(delimiter, source, depth),
                _ => None,
            },
            "Fn::If" => match items {
                [condition, yes, no] => {
                    return self.either(condition.text().unwrap_or_default(), [yes, no], depth);
                }
                _ => None,
            },
            "Fn::FindInMap" => self.find_in_map(items, depth),
            "Fn::Base64" => {
                let inner = self.eval(argument, depth)?;
                Some(RawValue::Base64(Box::new(inner)))
            }
            "Fn::Cidr" => self.cidr(items, depth),
            "Fn::GetAZs" => match self.expr(argument, depth) {
                Expr::Pseudo(Pseudo::Region) | Expr::Absent => Some(self.zones()),
                Expr::Text(region) if region.is_empty() => Some(self.zones()),
                Expr::Text(region) if self.region.is_some_and(|it| it.name == region) => {
                    Some(self.zones())
                }
                _ => None,
            },
            "Fn::ImportValue" => {
                let words = super::references::words(argument);
                let id = self.imports.get(&words).copied();
                id.map(|id| RawValue::from(Expr::Param(id)))
            }
            "Fn::ToJsonString" => {
                let inner = self.eval(argument, depth)?;
                Some(RawValue::Json(Box::new(inner)))
            }
            "Fn::Length" => match self.eval(argument, depth) {
                Some(RawValue::List(items)) if items.iter().all(|it| !it.is_items()) => Some(
                    RawValue::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
                ),
                _ => None,
            },
            // A comparison reports a macro itself.
            _ if self.symbolic => None,
            // A macro can return another value for each call.
            other => return Some(RawValue::from(Expr::Unknown(other.to_owned().into()))),
        };
        Some(known.unwrap_or_else(|| RawValue::from(self.symbolic(name, argument, depth))))
    }

    /// Returns a call that the file does not determine.
    fn symbolic(&self, name: &str, argument: &Tree, depth: usize) -> Expr {
        let arguments = match argument.list() {
            Some(items) => items.iter().map(|it| self.expr(it, depth)).collect(),
            None => vec![self.expr(argument, depth)],
        };
        Expr::Call(name.to_owned().into(), arguments)
    }

    /// Returns the Availability Zones of the region.
    fn zones(&self) -> RawValue<'static> {
        match &self.strict {
            Some(_) => RawValue::from(Expr::Call(GET_AZS.into(), Vec::new())),
            None => opaque(GET_AZS),
        }
    }

    /// Returns whether an item of a list stands for another number of items than one.
    pub(super) fn is_spliced(&self, item: &RawValue<'_>) -> bool {
        match &self.strict {
            Some(_) => item.is_spliced(),
            None => item.is_items(),
        }
    }

    fn split(&self, delimiter: &Tree, source: &Tree, depth: usize) -> Option<RawValue<'static>> {
        let delimiter = delimiter.text()?;
        if let Some(list) = self.spliced(delimiter, source, depth) {
            return Some(list);
        }
        split(delimiter, self.expr(source, depth))
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
                    _ if self.strict.is_some() => return None,
                    // One item stands for the unknown ones, as where a list is a parameter.
                    other => items.push(other),
                },
                None => items.push(self.eval(item, depth + 1)?),
            }
        }
        Some(RawValue::List(items))
    }

    fn sub(&self, argument: &Tree, depth: usize) -> Option<RawValue<'static>> {
        let (format, variables) = match &argument.kind {
            Kind::Text(text) => (text.as_str(), None),
            Kind::List(items) => match items.as_slice() {
                [format, variables] => (format.text().unwrap_or_default(), Some(variables)),
                [format] => (format.text().unwrap_or_default(), None),
                _ => return None,
            },
            _ => return None,
        };
        let part = |part| match part {
            SubPart::Text(text) => Expr::Text(text.to_owned().into()),
            SubPart::Literal(name) => Expr::Text(format!("${{{name}}}").into()),
            SubPart::Name(name) => match variables.and_then(|it| it.get(name)) {
                Some(value) => self.expr(value, depth),
                None => into_expr(match name.split_once('.') {
                    Some((id, attribute)) => self.attribute(id, attribute, depth),
                    None => self.reference(name).unwrap_or(RawValue::Str("".into())),
                }),
            },
        };
        let parts: Vec<Expr> = sub_parts(format).into_iter().map(part).collect();
        if self.strict.is_some() && parts.iter().any(Expr::is_list) {
            return Some(opaque("a list in Fn::Sub"));
        }
        Some(match (&self.strict, Expr::concat(parts)) {
            // A joined pattern is a literal.
            (Some(_), Expr::Text(text)) => RawValue::Str(text),
            (_, joined) => term_of(joined),
        })
    }

    fn join(&self, delimiter: &str, list: &Tree, depth: usize) -> Option<RawValue<'static>> {
        match self.eval(list, depth)? {
            // The model has no text for all items of a list.
            RawValue::List(items) if !items.iter().any(|it| self.is_spliced(it)) => {
                let mut parts = Vec::new();
                for (n, item) in items.into_iter().enumerate() {
                    if n > 0 {
                        parts.push(Expr::Text(delimiter.to_owned().into()));
                    }
                    parts.push(into_expr(item));
                }
                Some(term_of(Expr::concat(parts)))
            }
            _ => None,
        }
    }

    fn select(&self, index: &Tree, list: &Tree, depth: usize) -> Option<RawValue<'static>> {
        let index = match self.expr(index, depth) {
            Expr::Text(text) => text.parse::<u32>().ok()?,
            _ => return None,
        };
        match self.eval(list, depth)? {
            RawValue::List(items)
                if self.strict.is_some()
                    && items.len() > 1
                    && items.iter().any(RawValue::is_spliced) =>
            {
                let list = Box::new(into_expr(RawValue::List(items)));
                Some(RawValue::from(Expr::Select(list, index)))
            }
            RawValue::List(items) if items.iter().any(|it| self.is_spliced(it)) => {
                match <[RawValue<'static>; 1]>::try_from(items) {
                    Ok([RawValue::Expr(list)]) => {
                        let list = Box::new(list.into_owned());
                        Some(RawValue::from(Expr::Select(list, index)))
                    }
                    _ => None,
                }
            }
            RawValue::List(items) => items.into_iter().nth(index as usize),
            RawValue::Expr(expr) => Some(RawValue::from(match expr.as_ref() {
                Expr::Opaque(text) if text == GET_AZS => Expr::Zone(index),
                Expr::Call(name, of) if name == GET_AZS && of.is_empty() => Expr::Zone(index),
                other => Expr::Select(Box::new(other.clone()), index),
            })),
            _ => None,
        }
    }

    fn either(
        &self,
        condition: &str,
        [yes, no]: [&Tree; 2],
        depth: usize,
    ) -> Option<RawValue<'static>> {
        if let Some(kept) = &self.strict {
            let parts = [yes, no].map(|it| self.eval(it, depth));
            let choice = |parts: [Option<RawValue<'static>>; 2]| {
                let [yes, no] = parts.map(|it| Box::new(it.map_or(Expr::Absent, into_expr)));
                kept.get(condition).map(|id| Expr::If(*id, yes, no))
            };
            let is_map = |it: &Option<RawValue<'_>>| {
                let inner = match it {
                    Some(RawValue::List(items)) => items.as_slice(),
                    Some(one) => std::slice::from_ref(one),
                    None => &[],
                };
                inner.iter().any(is_object)
            };
            let encoded =
                |it: &Option<RawValue<'_>>| matches!(it, Some(RawValue::Base64(_)) | None);
            if parts.iter().all(encoded)
                && let inner = parts.clone().map(|it| match it {
                    Some(RawValue::Base64(inner)) => Some(*inner),
                    _ => None,
                })
                && let Some(choice) = choice(inner)
            {
                return Some(RawValue::Base64(Box::new(RawValue::from(choice))));
            }
            if !parts.iter().any(is_map)
                && let Some(choice) = choice(parts.clone())
            {
                return Some(RawValue::from(choice));
            }
            let parts = parts.map(|it| it.map_or(Expr::Absent, into_expr));
            return Some(RawValue::from(undecided(condition, parts)));
        }
        match self.condition(condition, depth) {
            Some(true) => self.eval(yes, depth),
            Some(false) => self.eval(no, depth),
            None => {
                let (yes, no) = (self.eval(yes, depth), self.eval(no, depth));
                if yes == no {
                    return yes;
                }
                if self.symbolic {
                    let parts = [yes, no].map(|it| it.map_or(Expr::Absent, into_expr));
                    return Some(RawValue::from(undecided(condition, parts)));
                }
                let is_one = |it: &Option<RawValue<'_>>| {
                    matches!(it, Some(RawValue::Str(_) | RawValue::Expr(_)))
                };
                let both = is_one(&yes) && is_one(&no);
                let parts = [yes, no].map(|it| it.map_or(Expr::Absent, into_expr));
                Some(match both {
                    true => one_of(parts.to_vec()),
                    false => RawValue::from(undecided(condition, parts)),
                })
            }
        }
    }

    fn find_in_map(&self, items: &[Tree], depth: usize) -> Option<RawValue<'static>> {
        let (name, top, second, options) = match items {
            [name, top, second] => (name, top, second, None),
            [name, top, second, options] => (name, top, second, Some(options)),
            _ => return None,
        };
        let default = || {
            let default = options.and_then(|it| it.get("DefaultValue"))?;
            self.eval(default, depth)
        };
        let Expr::Text(name) = self.expr(name, depth) else {
            return None;
        };
        let Some(map) = self.root.get("Mappings").and_then(|it| it.get(&name)) else {
            return default();
        };
        let (top, second) = (self.expr(top, depth), self.expr(second, depth));
        if self.strict.is_some() && !matches!((&top, &second), (Expr::Text(_), Expr::Text(_))) {
            if options.is_some() {
                return None;
            }
            let rows = possible(map, &top).into_iter();
            let mut values = rows.flat_map(|row| possible(row, &second));
            let function = match values.any(|it| it.list().is_some()) {
                true => Expr::LIST_IN_MAP,
                false => "Fn::FindInMap",
            };
            let arguments = vec![Expr::Text(name), top, second];
            return Some(RawValue::from(Expr::Call(function.into(), arguments)));
        }
        let mut found: Vec<RawValue<'static>> = Vec::new();
        for row in possible(map, &top) {
            for value in possible(row, &second) {
                found.extend(self.eval(value, depth));
            }
        }
        if let (Expr::Text(_), Expr::Text(_), false) = (&top, &second, found.is_empty()) {
            return found.pop();
        }
        if self.symbolic {
            return None;
        }
        // A key that is not known can be missing.
        found.extend(default());
        let exprs = found.into_iter().map(|term| match term {
            RawValue::Str(text) => Some(Expr::Text(text.into_owned().into())),
            RawValue::Expr(expr) => Some(expr.into_owned()),
            _ => None,
        });
        let exprs: Vec<Expr> = exprs.collect::<Option<_>>()?;
        (!exprs.is_empty()).then(|| one_of(exprs))
    }

    fn cidr(&self, items: &[Tree], depth: usize) -> Option<RawValue<'static>> {
        let (block, count, bits) = match items {
            [block, count] => (block, count, None),
            [block, count, bits] => (block, count, Some(bits)),
            _ => return None,
        };
        let number = |tree: &Tree| match self.expr(tree, depth) {
            Expr::Text(text) => text.parse::<u32>().ok(),
            _ => None,
        };
        let block = self.literal_cidr(self.expr(block, depth), depth);
        let count = number(count)?.min(256);
        let bits = bits.map_or(Some(8), number)?;
        let items = match block {
            Ok(block) => {
                let length = u8::try_from(32_u32.saturating_sub(bits)).unwrap_or_default();
                (0..count)
                    .filter_map(|n| block.block(length, n))
                    .map(|it| RawValue::Str(it.to_string().into()))
                    .collect()
            }
            Err(expr) if self.strict.is_some() => {
                let of = [count, bits].map(|it| Expr::Text(it.to_string().into()));
                let of = std::iter::once(expr).chain(of).collect();
                return Some(RawValue::from(Expr::Call("Fn::Cidr".into(), of)));
            }
            Err(expr) => {
                let of = [expr, Expr::Text(bits.to_string().into())];
                let all = Expr::Call(Text::Borrowed("Fn::Cidr"), of.to_vec());
                let item = |n| RawValue::from(Expr::Select(Box::new(all.clone()), n));
                (0..count).map(item).collect()
            }
        };
        Some(RawValue::List(items))
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

/// Returns the values of a map that a key can select.
fn possible<'t>(map: &'t Tree, key: &Expr) -> Vec<&'t Tree> {
    match key {
        Expr::Text(key) => map.get(key).into_iter().collect(),
        _ => {
            let entries = map.map().unwrap_or_default();
            entries.iter().map(|entry| &entry.value).collect()
        }
    }
}

/// Returns a choice between values of which one is not text.
fn undecided(condition: &str, parts: [Expr; 2]) -> Expr {
    let mut arguments = vec![Expr::Text(condition.to_owned().into())];
    arguments.extend(parts);
    Expr::Call(Text::Borrowed("Fn::If"), arguments)
}

fn is_object(term: &RawValue<'_>) -> bool {
    matches!(
        term,
        RawValue::Object(_) | RawValue::Block(_) | RawValue::Json(_)
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
        RawValue::Base64(inner) => {
            Expr::Call(Text::Borrowed("Fn::Base64"), vec![into_expr(*inner)])
        }
        RawValue::Json(inner) => {
            Expr::Call(Text::Borrowed("Fn::ToJsonString"), vec![into_expr(*inner)])
        }
        RawValue::List(items) => {
            let items = items.into_iter().map(into_expr).collect();
            Expr::Call(Text::Borrowed("list"), items)
        }
        RawValue::Object(map) | RawValue::Block(map) => {
            let entries = map
                .into_iter()
                .flat_map(|(key, term)| [Expr::Text(key.into_owned().into()), into_expr(term)]);
            Expr::Call(Text::Borrowed("map"), entries.collect())
        }
        RawValue::Raw(json) => Expr::Text(json.to_string().into()),
    }
}

/// Splits text. An ID of a resource never contains a delimiter.
fn split(delimiter: &str, source: Expr) -> Option<RawValue<'static>> {
    let parts = match source {
        Expr::Concat(parts) => parts,
        one => vec![one],
    };
    let whole_ids = |part: &Expr| matches!(part, Expr::Text(_) | Expr::Attr(..));
    if delimiter.is_empty() || !parts.iter().all(whole_ids) {
        return None;
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
    let items = items.into_iter().map(|it| term_of(Expr::concat(it)));
    Some(RawValue::List(items.collect()))
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
