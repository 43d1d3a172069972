//! Kinds of options: the accepted values, in messages, in the JSON Schema and on the reference page.

use crate::ir::ParameterType;

/// The values that an option accepts.
#[derive(Debug)]
pub(crate) enum Kind {
    Text,
    Bool,
    /// From the first to the second.
    Int(i64, i64),
    Cidr,
    Region,
    Words(&'static [&'static str]),
    /// `{parameter: Name}` with one of these types.
    Parameter(&'static [ParameterType]),
    Either(&'static Kind, &'static Kind),
    List(&'static Kind),
    /// A map with the keys of these tables; of several tables, one applies.
    Object(&'static [&'static [OptionRow]]),
    /// A map with any keys.
    MapOf(&'static Kind),
}

/// One option.
#[derive(Debug)]
pub(crate) struct OptionRow {
    pub(crate) key: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: DefaultText,
    /// Lines of the description, each with a space before it.
    pub(crate) doc: &'static [&'static str],
}

/// The default of an option for a reader.
#[derive(Debug)]
pub(crate) enum DefaultText {
    Required,
    Text(&'static str),
    /// The value; none if the option is then without one.
    Value(fn() -> Option<String>),
}

impl OptionRow {
    pub(crate) fn is_required(&self) -> bool {
        matches!(self.default, DefaultText::Required)
    }

    pub(crate) fn doc(&self) -> String {
        self.doc.concat().trim_start().to_owned()
    }

    /// Returns the default in Markdown.
    pub(crate) fn default(&self) -> String {
        match self.default {
            DefaultText::Required => "required".to_owned(),
            DefaultText::Text(text) => text.to_owned(),
            DefaultText::Value(value) => match (value(), &self.kind) {
                (Some(value), _) => format!("`{value}`"),
                (None, Kind::Either(Kind::Bool, _)) => "`false`".to_owned(),
                (None, _) => "none".to_owned(),
            },
        }
    }
}

/// The types of parameters with one value.
pub(crate) const SINGLE: &[ParameterType] = &[
    ParameterType::String,
    ParameterType::Number,
    ParameterType::VpcId,
    ParameterType::SubnetId,
    ParameterType::SecurityGroupId,
    ParameterType::ImageId,
];

/// Text, or a parameter with one value of any type.
pub(crate) const TEXT_OR_PARAMETER: Kind = Kind::Either(&Kind::Text, &Kind::Parameter(SINGLE));

/// The map that names a parameter.
pub(crate) const PARAMETER: &[OptionRow] = &[OptionRow {
    key: "parameter",
    kind: Kind::Text,
    default: DefaultText::Required,
    doc: &[" Name of a parameter declared under `parameters`."],
}];

/// Returns the types of parameters in a message.
pub(crate) fn parameter_types(types: &[ParameterType]) -> String {
    if types == SINGLE {
        return "with one value".to_owned();
    }
    let words: Vec<String> = types.iter().map(|of| format!("`{}`", of.cfn())).collect();
    format!("of type {}", words.join(" or "))
}

impl Kind {
    /// Returns the words that the kind accepts.
    pub(crate) fn words(&self) -> Vec<&'static str> {
        match self {
            Kind::Words(words) => words.to_vec(),
            Kind::Either(one, other) => [one.words(), other.words()].concat(),
            _ => Vec::new(),
        }
    }

    /// Returns the accepted values in a message.
    pub(crate) fn expected(&self) -> String {
        match self {
            Kind::Text => "text".to_owned(),
            Kind::Bool => "`true` or `false`".to_owned(),
            Kind::Int(min, max) => format!("an integer from {min} to {max}"),
            Kind::Cidr => "an IPv4 range such as `10.0.0.0/16`".to_owned(),
            Kind::Region => "a region such as `eu-central-1`".to_owned(),
            Kind::Words(words) => {
                let words: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Kind::Parameter(_) => "`{parameter: Name}`".to_owned(),
            Kind::Either(one, other) => format!("{} or {}", one.expected(), other.expected()),
            Kind::List(_) => "a list".to_owned(),
            Kind::Object(_) | Kind::MapOf(_) => "a map".to_owned(),
        }
    }
}
