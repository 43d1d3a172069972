//! The intrinsic functions of CloudFormation whose value depends only on their arguments. What a name
//! stands for depends on where the call is: in a file or in an app.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

use super::RawValue;
use crate::ir::{Cidr, ConditionId, Expr, Pseudo, SubPart, Text, sub_parts};

/// The list of Availability Zones.
pub(crate) const GET_AZS: &str = "Fn::GetAZs";

/// What the parameters and conditions of a document are during an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Each has the value of one deployment, or is unknown.
    #[cfg_attr(not(feature = "config"), allow(dead_code))]
    Evaluated,
    /// Parameters and conditions stay as the document has them.
    Retained,
}

impl Names {
    /// Returns whether an item of a list stands for another number of items than one.
    pub(crate) fn is_spliced(self, item: &RawValue<'_>) -> bool {
        match self {
            Names::Retained => item.is_spliced(),
            Names::Evaluated => item.is_items(),
        }
    }

    /// Returns the Availability Zones of the Region.
    pub(crate) fn zones(self) -> RawValue<'static> {
        RawValue::from(match self {
            Names::Retained => Expr::Call(GET_AZS.into(), Vec::new()),
            Names::Evaluated => Expr::Opaque(GET_AZS.into()),
        })
    }

    /// Evaluates a function. Returns none if the arguments do not determine its value.
    pub(crate) fn apply(
        self,
        name: &str,
        arguments: &[RawValue<'static>],
    ) -> Option<RawValue<'static>> {
        match (name, arguments) {
            ("Fn::Base64", [inner]) => Some(RawValue::Base64(Box::new(inner.clone()))),
            ("Fn::ToJsonString", [inner]) => Some(RawValue::Json(Box::new(inner.clone()))),
            ("Fn::Length", [RawValue::List(items)])
                if !items.iter().any(|it| self.is_spliced(it)) =>
            {
                Some(RawValue::Int(
                    i64::try_from(items.len()).unwrap_or(i64::MAX),
                ))
            }
            ("Fn::GetAZs", [region]) => match into_expr(region.clone()) {
                Expr::Pseudo(Pseudo::Region) | Expr::Absent => Some(self.zones()),
                Expr::Text(region) if region.is_empty() => Some(self.zones()),
                _ => None,
            },
            ("Fn::Join", [delimiter, RawValue::List(items)]) => self.join(&text(delimiter)?, items),
            ("Fn::Split", [delimiter, source]) => {
                split(&text(delimiter)?, into_expr(source.clone()))
            }
            ("Fn::Select", [index, list]) => self.select(text(index)?.parse().ok()?, list.clone()),
            ("Fn::Cidr", [block, count]) => self.cidr(block, count, None),
            ("Fn::Cidr", [block, count, bits]) => self.cidr(block, count, Some(bits)),
            _ => None,
        }
    }

    fn join(self, delimiter: &str, items: &[RawValue<'static>]) -> Option<RawValue<'static>> {
        // The model has no text for all items of a list.
        if items.iter().any(|it| self.is_spliced(it)) {
            return None;
        }
        let mut parts = Vec::new();
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                parts.push(Expr::Text(delimiter.to_owned().into()));
            }
            parts.push(into_expr(item.clone()));
        }
        Some(value_of(Expr::concat(parts)))
    }

    fn select(self, index: u32, list: RawValue<'static>) -> Option<RawValue<'static>> {
        let of = |list: Expr| RawValue::from(Expr::Select(Box::new(list), index));
        match list {
            RawValue::List(items) if items.iter().any(|it| self.is_spliced(it)) => {
                match (<[RawValue<'static>; 1]>::try_from(items), self) {
                    (Ok([RawValue::Expr(list)]), _) => Some(of(list.into_owned())),
                    (Err(items), Names::Retained) => Some(of(into_expr(RawValue::List(items)))),
                    _ => None,
                }
            }
            RawValue::List(items) => items.into_iter().nth(index as usize),
            RawValue::Expr(expr) => Some(match expr.as_ref() {
                Expr::Opaque(text) if text == GET_AZS => RawValue::from(Expr::Zone(index)),
                Expr::Call(name, of) if name == GET_AZS && of.is_empty() => {
                    RawValue::from(Expr::Zone(index))
                }
                other => of(other.clone()),
            }),
            _ => None,
        }
    }

    fn cidr(
        self,
        block: &RawValue<'static>,
        count: &RawValue<'static>,
        bits: Option<&RawValue<'static>>,
    ) -> Option<RawValue<'static>> {
        let number = |value: &RawValue<'static>| text(value)?.parse::<u32>().ok();
        let count = number(count)?.min(256);
        let bits = bits.map_or(Some(8), number)?;
        let literal = text(block).and_then(|it| it.parse::<Cidr>().ok());
        let block = into_expr(block.clone());
        let of = |numbers: &[u32]| {
            let numbers = numbers.iter().map(|it| Expr::Text(it.to_string().into()));
            let arguments = std::iter::once(block.clone()).chain(numbers).collect();
            Expr::Call(Text::Borrowed("Fn::Cidr"), arguments)
        };
        Some(match (literal, self) {
            (Some(block), _) => {
                let length = u8::try_from(32_u32.saturating_sub(bits)).unwrap_or_default();
                let blocks = (0..count).filter_map(|n| block.block(length, n));
                RawValue::List(
                    blocks
                        .map(|it| RawValue::Str(it.to_string().into()))
                        .collect(),
                )
            }
            (None, Names::Retained) => RawValue::from(of(&[count, bits])),
            (None, Names::Evaluated) => {
                let all = of(&[bits]);
                let item = |n| RawValue::from(Expr::Select(Box::new(all.clone()), n));
                RawValue::List((0..count).map(item).collect())
            }
        })
    }
}

/// Returns the text of a value, also of a number.
fn text(value: &RawValue<'static>) -> Option<Text> {
    match into_expr(value.clone()) {
        Expr::Text(text) => Some(text),
        _ => None,
    }
}

/// Returns a call whose value the arguments do not determine. Two calls of a function with the same
/// arguments have the same value.
pub(crate) fn symbolic(name: &str, arguments: Vec<Expr>) -> Expr {
    Expr::Call(name.to_owned().into(), arguments)
}

/// The functions that an evaluation knows. A macro has another name, and can return another value for
/// each call.
pub(crate) const FUNCTIONS: [&str; 14] = [
    "Ref",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::FindInMap",
    "Fn::GetAtt",
    "Fn::GetAZs",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
];

/// Returns a text with the values of the names in it.
pub(crate) fn substituted(format: &str, mut value: impl FnMut(&str) -> Expr) -> Expr {
    let parts: Vec<Expr> = sub_parts(format)
        .into_iter()
        .map(|part| match part {
            SubPart::Text(text) => Expr::Text(text.to_owned().into()),
            SubPart::Literal(name) => Expr::Text(format!("${{{name}}}").into()),
            SubPart::Name(name) => value(name),
        })
        .collect();
    Expr::concat(parts)
}

/// Returns a choice that stays in the document. Each value can be absent.
pub(crate) fn retained(
    condition: Option<ConditionId>,
    name: &str,
    parts: [Option<RawValue<'static>>; 2],
) -> RawValue<'static> {
    let choice = |parts: [Option<RawValue<'static>>; 2]| {
        let [yes, no] = parts.map(|it| Box::new(it.map_or(Expr::Absent, into_expr)));
        condition.map(|id| Expr::If(id, yes, no))
    };
    let is_map = |it: &Option<RawValue<'_>>| {
        let inner = match it {
            Some(RawValue::List(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        inner.iter().any(is_object)
    };
    let encoded = |it: &Option<RawValue<'_>>| matches!(it, Some(RawValue::Base64(_)) | None);
    if parts.iter().all(encoded)
        && let inner = parts.clone().map(|it| match it {
            Some(RawValue::Base64(inner)) => Some(*inner),
            _ => None,
        })
        && let Some(choice) = choice(inner)
    {
        return RawValue::Base64(Box::new(RawValue::from(choice)));
    }
    if !parts.iter().any(is_map)
        && let Some(choice) = choice(parts.clone())
    {
        return RawValue::from(choice);
    }
    let parts = parts.map(|it| it.map_or(Expr::Absent, into_expr));
    RawValue::from(undecided(name, parts))
}

/// Returns a choice between values of which one is not text.
pub(crate) fn undecided(condition: &str, parts: [Expr; 2]) -> Expr {
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

/// Returns an expression as a value.
pub(crate) fn value_of(expr: Expr) -> RawValue<'static> {
    match expr {
        Expr::Text(text) => dynamic(&text),
        expr => RawValue::from(expr),
    }
}

/// Returns a value as an expression.
pub(crate) fn into_expr(value: RawValue<'static>) -> Expr {
    match value {
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
                .flat_map(|(key, value)| [Expr::Text(key.into_owned().into()), into_expr(value)]);
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
    let items = items.into_iter().map(|it| value_of(Expr::concat(it)));
    Some(RawValue::List(items.collect()))
}

/// Returns text with its dynamic references resolved.
pub(crate) fn dynamic(text: &str) -> RawValue<'static> {
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
