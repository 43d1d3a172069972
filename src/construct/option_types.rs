//! Types of options: how a value is read, and shown as a default.

pub(crate) use super::option_kind::{
    DefaultText, Kind, OptionRow, PARAMETER, TEXT_OR_PARAMETER, parameter_types,
};
use super::reader::{Item, Node, Reader};
pub(crate) use super::reader::{OptionType, Options, Ranged};
use crate::ir::{Cidr, Expr, Id, Link, ParameterType, Text, Value, Word};
use crate::region::Region;
use crate::resource::{
    KmsKey, LaunchImage, ManagedPolicy, RouteTable, SecurityGroup, Subnet, Tags, Vpc, VpcEndpoint,
};

impl OptionType for bool {
    const KIND: Kind = Kind::Bool;

    fn read(item: &Item, _: &Kind, _: &mut Reader) -> Option<Self> {
        match item.node {
            Node::Bool(value, _) => Some(value),
            _ => None,
        }
    }

    fn shown(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl<const MIN: i64, const MAX: i64> Ranged<MIN, MAX> for i64 {
    const KIND: Kind = Kind::Int(MIN, MAX);
}

impl OptionType for i64 {
    const KIND: Kind = Kind::Int(i64::MIN, i64::MAX);

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        match (&item.node, kind) {
            (Node::Int(value, _), Kind::Int(min, max) | Kind::Either(Kind::Int(min, max), _))
                if (min..=max).contains(&value) =>
            {
                Some(*value)
            }
            _ => {
                reader.unexpected(item, kind);
                None
            }
        }
    }

    fn shown(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl OptionType for Text {
    const KIND: Kind = Kind::Text;

    fn read(item: &Item, _: &Kind, _: &mut Reader) -> Option<Self> {
        item.as_text().map(Text::Owned)
    }

    fn shown(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl OptionType for String {
    const KIND: Kind = Kind::Text;

    fn read(item: &Item, _: &Kind, _: &mut Reader) -> Option<Self> {
        item.as_text()
    }

    fn shown(&self) -> Option<String> {
        Some(self.clone())
    }
}

impl OptionType for Cidr {
    const KIND: Kind = Kind::Cidr;

    fn read(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Self> {
        match item.as_text()?.parse() {
            Ok(cidr) => Some(cidr),
            Err(error) => {
                let problem = crate::ir::CidrError::to_string(&error);
                reader.invalid(item, &problem, "write a range such as `10.0.0.0/16`");
                None
            }
        }
    }

    fn shown(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl OptionType for &'static Region {
    const KIND: Kind = Kind::Region;

    fn read(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Self> {
        let name = item.as_text()?;
        let found = Region::of(&name);
        if found.is_none() {
            let (message, help) = crate::ir::unknown_region(&name);
            reader.error("setting", &item.location, message, help);
        }
        found
    }

    fn shown(&self) -> Option<String> {
        Some(self.name.to_owned())
    }
}

impl OptionType for ParameterType {
    const KIND: Kind = Kind::Words(&PARAMETER_TYPES);

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        let word = item.as_text();
        let mut all = ParameterType::ALL.iter().copied();
        let found = all.find(|it| Some(it.cfn()) == word.as_deref());
        if found.is_none() {
            let stored = word.as_deref().and_then(crate::ir::stored_type);
            match stored.and_then(|of| Self::ALL.iter().find(|it| it.cfn() == of)) {
                Some(of) => reader.invalid(
                    item,
                    "expected the type of the value in Parameter Store",
                    &format!("set `type: {}` and `from_parameter_store: true`", of.cfn()),
                ),
                None => reader.unexpected(item, kind),
            }
        }
        found
    }

    fn shown(&self) -> Option<String> {
        Some(self.cfn().to_owned())
    }
}

const PARAMETER_TYPES: [&str; ParameterType::ALL.len()] = {
    let mut words = [""; ParameterType::ALL.len()];
    let mut n = 0;
    while n < words.len() {
        words[n] = ParameterType::ALL[n].cfn();
        n += 1;
    }
    words
};

/// Reads a literal or a parameter.
fn read_value<T>(
    item: &Item,
    kind: &Kind,
    reader: &mut Reader,
    literal: impl FnOnce(&Item, &Kind, &mut Reader) -> Option<T>,
) -> Option<Value<T>> {
    match kind {
        Kind::Either(_, Kind::Parameter(types)) if matches!(item.node, Node::Map(_)) => {
            let parameter = reader.parameter(item, types).map(Expr::Param);
            Some(Value::Expr(parameter.unwrap_or(Expr::Absent)))
        }
        _ => literal(item, kind, reader).map(Value::Lit),
    }
}

impl OptionType for Value<Text> {
    const KIND: Kind = Kind::Either(&Kind::Text, &Kind::Parameter(&[ParameterType::String]));

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        read_value(item, kind, reader, Text::read)
    }

    fn unknown() -> Option<Self> {
        Some(Value::Expr(Expr::Absent))
    }

    fn shown(&self) -> Option<String> {
        self.lit().map(Text::to_string)
    }
}

const NUMBER: Kind = Kind::Parameter(&[ParameterType::Number]);

impl<const MIN: i64, const MAX: i64> Ranged<MIN, MAX> for Value<i64> {
    const KIND: Kind = Kind::Either(&Kind::Int(MIN, MAX), &NUMBER);
}

impl OptionType for Value<i64> {
    const KIND: Kind = Kind::Either(&Kind::Int(i64::MIN, i64::MAX), &NUMBER);

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        read_value(item, kind, reader, i64::read)
    }

    fn shown(&self) -> Option<String> {
        self.lit().map(i64::to_string)
    }
}

/// A resource that an option can name.
pub(crate) trait Named {
    /// The types of parameters that hold one.
    const ONE: &'static [ParameterType];
    /// The types of parameters that hold several.
    const SEVERAL: &'static [ParameterType];
}

macro_rules! named {
    ($($resource:ident: $one:expr, $several:expr;)+) => {$(
        impl Named for $resource {
            const ONE: &'static [ParameterType] = &$one;
            const SEVERAL: &'static [ParameterType] = &$several;
        }
    )+};
}
named! {
    Vpc: [ParameterType::VpcId, ParameterType::String], [ParameterType::StringList];
    Subnet: [ParameterType::SubnetId, ParameterType::String],
        [ParameterType::SubnetIds, ParameterType::StringList];
    SecurityGroup: [ParameterType::SecurityGroupId, ParameterType::String],
        [ParameterType::SecurityGroupIds, ParameterType::StringList];
    LaunchImage: [ParameterType::ImageId, ParameterType::String], [ParameterType::StringList];
    RouteTable: [ParameterType::String], [ParameterType::StringList];
    KmsKey: [ParameterType::String], [ParameterType::StringList];
    ManagedPolicy: [ParameterType::String], [ParameterType::StringList];
    VpcEndpoint: [ParameterType::String], [ParameterType::StringList];
}

impl<R: Named> OptionType for Link<R> {
    const KIND: Kind = Kind::Either(&Kind::Text, &Kind::Parameter(R::ONE));
    const LIST: Kind = Kind::Either(&Kind::Parameter(R::SEVERAL), &Kind::List(&Self::KIND));

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        read_value(item, kind, reader, |item, _, _| item.as_text().map(Id::new))
    }

    fn read_list(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Vec<Self>> {
        if let Node::Map(_) = item.node {
            let list = reader.parameter(item, R::SEVERAL).map(Expr::Items);
            return Some(vec![Value::Expr(list.unwrap_or(Expr::Absent))]);
        }
        let items = item.items().iter().enumerate();
        items
            .map(|(n, item)| reader.inside(&format!("[{n}]"), item, &Self::KIND))
            .collect()
    }

    fn unknown() -> Option<Self> {
        Some(Value::Expr(Expr::Absent))
    }

    fn shown(&self) -> Option<String> {
        self.lit().map(|id| id.as_str().to_owned())
    }
}

impl<T: OptionType> OptionType for Vec<T> {
    const KIND: Kind = T::LIST;

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        T::read_list(item, kind, reader)
    }

    fn shown(&self) -> Option<String> {
        let items: Vec<String> = self.iter().filter_map(T::shown).collect();
        (!items.is_empty()).then(|| items.join(", "))
    }
}

impl<T: OptionType> OptionType for Option<T> {
    const KIND: Kind = T::OPTIONAL;

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        match (kind, &item.node) {
            (Kind::Either(Kind::Bool, _), Node::Bool(false, _)) => Some(None),
            (Kind::Either(Kind::Bool, _), Node::Bool(true, _)) => T::enabled(reader).map(Some),
            (Kind::Either(Kind::Bool, kind), _) => T::read(item, kind, reader).map(Some),
            _ => T::read(item, kind, reader).map(Some),
        }
    }

    fn unknown() -> Option<Self> {
        T::unknown().map(Some)
    }

    fn shown(&self) -> Option<String> {
        self.as_ref().and_then(T::shown)
    }
}

impl<T: OptionType, const MIN: i64, const MAX: i64> Ranged<MIN, MAX> for Option<T>
where
    T: Ranged<MIN, MAX>,
{
    const KIND: Kind = <T as Ranged<MIN, MAX>>::KIND;
}

/// Reads a struct from a map.
pub(crate) fn read_block<T: Options>(item: &Item, reader: &mut Reader) -> T {
    reader.known_keys(item, &[T::ROWS]);
    let mut options = T::start(reader.preset);
    options.read_options(item, reader);
    options
}

impl<T: Word> OptionType for T {
    const KIND: Kind = Kind::Words(T::WORDS);

    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self> {
        let found = item.as_text().and_then(|word| T::from_word(&word));
        if found.is_none() {
            reader.unexpected(item, kind);
        }
        found
    }

    fn shown(&self) -> Option<String> {
        Some(self.word().to_owned())
    }
}

impl OptionType for Tags {
    const KIND: Kind = Kind::MapOf(&TEXT_OR_PARAMETER);

    fn read(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Self> {
        let mut tags = Tags::default();
        for (key, _, item) in item.entries() {
            let value: Option<Value<Text>> = reader.inside(key, item, &TEXT_OR_PARAMETER);
            if let Some(value) = value {
                tags.set(key.clone(), value);
            }
        }
        Some(tags)
    }

    fn shown(&self) -> Option<String> {
        None
    }
}

impl<K: From<String>, T: OptionType> OptionType for Vec<(K, T)> {
    const KIND: Kind = Kind::MapOf(&T::KIND);

    fn read(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Self> {
        let entries: Vec<Option<(K, T)>> = item
            .entries()
            .iter()
            .map(|(key, _, item)| {
                let value = reader.inside(key, item, &T::KIND)?;
                Some((K::from(key.clone()), value))
            })
            .collect();
        entries.into_iter().collect()
    }

    fn shown(&self) -> Option<String> {
        None
    }
}
