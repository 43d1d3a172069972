//! The intrinsic functions.

use super::super::tree::{Kind, Tree};
use super::{MAX_DEPTH, Reader, opaque};
use crate::ir::{Cidr, Expr};
use crate::resource::RawValue;
use crate::resource::intrinsic::{self, FUNCTIONS, Names, into_expr, undecided, value_of};

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
        let known = match (name, items) {
            ("Ref", _) => match argument.text() {
                Some(name) => return self.reference(name),
                None => None,
            },
            ("Fn::GetAtt", _) => self.get_att(argument, depth),
            ("Fn::Sub", _) => self.sub(argument, depth),
            ("Fn::If", [condition, yes, no]) => {
                return self.either(condition.text().unwrap_or_default(), [yes, no], depth);
            }
            ("Fn::FindInMap", _) => self.find_in_map(items, depth),
            ("Fn::ImportValue", _) => {
                let words = super::references::words(argument);
                let id = self.imports.get(&words).copied();
                id.map(|id| RawValue::from(Expr::Param(id)))
            }
            ("Fn::Base64" | "Fn::ToJsonString", _) => {
                let inner = self.eval(argument, depth)?;
                self.names().apply(name, &[inner])
            }
            ("Fn::GetAZs", _) => match self.expr(argument, depth) {
                Expr::Text(region) if self.region.is_some_and(|it| it.name == region) => {
                    Some(self.names().zones())
                }
                region => self.names().apply(name, &[region.into()]),
            },
            ("Fn::Length", _) => {
                let list = self.eval(argument, depth);
                list.and_then(|list| self.names().apply(name, &[list]))
            }
            ("Fn::Cidr", [block, numbers @ ..]) => {
                let block = match self.literal_cidr(self.expr(block, depth), depth) {
                    Ok(block) => Expr::Text(block.to_string().into()),
                    Err(expr) => expr,
                };
                let numbers = numbers.iter().map(|it| self.expr(it, depth));
                let all: Vec<_> = std::iter::once(block)
                    .chain(numbers)
                    .map(RawValue::from)
                    .collect();
                self.names().apply(name, &all)
            }
            ("Fn::Join" | "Fn::Select" | "Fn::Split", _) => {
                let apply = || {
                    let arguments = items.iter().map(|it| self.eval(it, depth));
                    self.names()
                        .apply(name, &arguments.collect::<Option<Vec<_>>>()?)
                };
                self.spliced(name, items, depth).or_else(apply)
            }
            // A comparison reports a macro itself.
            _ if self.symbolic || FUNCTIONS.contains(&name) => None,
            // A macro can return another value for each call.
            (other, _) => return Some(RawValue::from(Expr::Unknown(other.to_owned().into()))),
        };
        Some(known.unwrap_or_else(|| {
            let arguments = match argument.list() {
                Some(items) => items.iter().map(|it| self.expr(it, depth)).collect(),
                None => vec![self.expr(argument, depth)],
            };
            RawValue::from(intrinsic::symbolic(name, arguments))
        }))
    }

    /// Returns what the parameters and conditions are.
    pub(super) fn names(&self) -> Names {
        match self.strict {
            Some(_) => Names::Retained,
            None => Names::Evaluated,
        }
    }

    /// Returns the items of a `Fn::Join` with the delimiter of the surrounding `Fn::Split`.
    fn spliced(&self, name: &str, items: &[Tree], depth: usize) -> Option<RawValue<'static>> {
        let ("Fn::Split", [delimiter, source]) = (name, items) else {
            return None;
        };
        let delimiter = delimiter.text()?;
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
        let mut has_list = false;
        let joined = intrinsic::substituted(format, |name| {
            let value = match variables.and_then(|it| it.get(name)) {
                Some(value) => self.expr(value, depth),
                None => into_expr(match name.split_once('.') {
                    Some((id, attribute)) => self.attribute(id, attribute, depth),
                    None => self.reference(name).unwrap_or(RawValue::Str("".into())),
                }),
            };
            has_list |= value.is_list();
            value
        });
        if self.strict.is_some() && has_list {
            return Some(opaque("a list in Fn::Sub"));
        }
        Some(match (&self.strict, joined) {
            // A joined pattern is a literal.
            (Some(_), Expr::Text(text)) => RawValue::Str(text),
            (_, joined) => value_of(joined),
        })
    }

    fn either(
        &self,
        condition: &str,
        [yes, no]: [&Tree; 2],
        depth: usize,
    ) -> Option<RawValue<'static>> {
        if let Some(retained) = &self.strict {
            let parts = [yes, no].map(|it| self.eval(it, depth));
            let id = retained.get(condition).copied();
            return Some(intrinsic::retained(id, condition, parts));
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
        value_of(each.swap_remove(0))
    } else {
        RawValue::from(Expr::OneOf(each))
    }
}
