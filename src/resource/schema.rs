//! Names of properties, arguments and blocks, and the forms of their values, from the schemas of both languages.
//!
//! Each language has one table of all types. Lookups read only the rows that they need.
//! `tests/data/names.py` explains the forms.

mod form;
#[cfg(test)]
mod tests;
mod walk;

use super::Map;
use crate::ir::{Dialect, near, typo};
use crate::tsv;

pub(crate) use form::Form;
use walk::Walk;

/// Columns: type or number of an object, growth, attributes, names.
const CFN: &str = include_str!("schema/cloudformation.tsv");
const TF: &str = include_str!("schema/terraform.tsv");

/// The sources of the tables, for messages. A test compares the versions with `tests/data/sources.toml`.
const CFN_SOURCE: &str = "the schema of May 2026";
const TF_SOURCE: &str = "version 6.69.1 of the provider";

/// Arguments that Terraform itself defines for every resource.
const META_ARGUMENTS: [&str; 3] = ["depends_on", "lifecycle", "provider"];

/// Those that an override cannot set: references to a resource have no index, and a model shows one resource. The
/// hint names another way.
const RAW_META_ARGUMENTS: [(&str, &str); 4] = [
    ("connection", "set it in a `RawResource`"),
    ("count", SEVERAL),
    ("for_each", SEVERAL),
    ("provisioner", "set it in a `RawResource`"),
];

const SEVERAL: &str = "add each resource, set a condition with `Scope::set_condition`, or set the argument of a \
                       `RawResource`";

/// The arguments of the block `lifecycle`.
const LIFECYCLE: [&str; 6] = [
    "create_before_destroy",
    "ignore_changes",
    "postcondition",
    "precondition",
    "prevent_destroy",
    "replace_triggered_by",
];

/// Where a type gains names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    None,
    Inside,
    All,
}

/// The names of a type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    dialect: Dialect,
    growth: Growth,
    attributes: &'static str,
    names: Names,
}

/// The names of a type, or of an object inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    dialect: Dialect,
    text: &'static str,
}

/// A property, an argument or a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) name: &'static str,
    pub(crate) is_required: bool,
    pub(crate) is_set_by_aws: bool,
    /// Whether it holds the tags of the resource.
    pub(crate) holds_tags: bool,
    pub(crate) form: Form,
}

/// A name or a value that a type does not accept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SchemaError {
    /// The dotted path; items of lists have no index.
    pub(crate) path: String,
    /// Whether no later version of the schema can accept it.
    pub(crate) is_certain: bool,
    pub(crate) message: String,
    pub(crate) help: String,
}

fn table(dialect: Dialect) -> &'static str {
    dialect.pick(CFN, TF)
}

/// Returns the source of the names of a language, for messages.
pub(crate) fn source(dialect: Dialect) -> &'static str {
    dialect.pick(CFN_SOURCE, TF_SOURCE)
}

const PREFIXES: [(Dialect, &str); 3] = [
    (Dialect::Cfn, "AWS::"),
    (Dialect::Tf, "aws_"),
    (Dialect::Tf, "data.aws_"),
];

/// Returns whether a type is one of AWS, which the tables should have.
pub(crate) fn is_of_aws(name: &str, dialect: Dialect) -> bool {
    prefixed(name, dialect).is_some()
}

/// Returns the types of a language.
pub(crate) fn types(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    let keys = tsv::rows(table(dialect)).map(tsv::key);
    // A policy of a type has a dot in CloudFormation.
    keys.filter(move |it| is_of_aws(it, dialect) && (dialect == Dialect::Tf || !it.contains('.')))
}

/// Returns the type of which a name is certainly a typo. The provider has data sources for one and for several.
pub(crate) fn typo_of_type(name: &str, dialect: Dialect) -> Option<&'static str> {
    let (prefix, _) = prefixed(name, dialect)?;
    // With the separator, a name of three letters counts.
    let own = |it: &str| it.starts_with(prefix);
    let rest = name.get(prefix.len() - 1..)?;
    let known = types(dialect).filter(|it| own(it));
    let known = known.filter_map(|it| it.get(prefix.len() - 1..));
    let plural =
        |it: &str| it.strip_suffix('s') == Some(rest) || rest.strip_suffix('s') == Some(it);
    let found = typo(
        rest,
        known.filter(|it| prefix != "data.aws_" || !plural(it)),
    )?;
    types(dialect)
        .find(|it| own(it) && it.ends_with(found) && it.len() == prefix.len() - 1 + found.len())
}

/// Returns the hint for a type that the table does not have.
pub(crate) fn suggested_type(name: &str, dialect: Dialect) -> String {
    let found = prefixed(name, dialect).and_then(|(prefix, rest)| {
        let known = types(dialect).filter_map(|it| it.strip_prefix(prefix));
        let found = near(rest, known)?;
        Some(format!("did you mean `{prefix}{found}`?"))
    });
    found.unwrap_or_else(|| "check the name of the type".to_owned())
}

/// Returns the start of all types of AWS, and the rest of a type. None of a type that is not of AWS.
fn prefixed(name: &str, dialect: Dialect) -> Option<(&'static str, &str)> {
    let mut all = PREFIXES.iter().filter(|(of, _)| *of == dialect);
    all.find_map(|(_, prefix)| Some((*prefix, name.strip_prefix(prefix)?)))
}

impl Name {
    fn read(text: &'static str, dialect: Dialect) -> Name {
        let end = text.find(['!', '-', '+', ':', '>', '^', '%']);
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        let form = rest.trim_start_matches(['!', '-', '+']);
        Name {
            name,
            is_required: rest.starts_with('!'),
            is_set_by_aws: rest.starts_with('-'),
            holds_tags: rest.starts_with('+'),
            form: Form::new(form, dialect),
        }
    }
}

impl Names {
    /// Returns the names of an object by its number.
    fn of_object(number: &str, dialect: Dialect) -> Option<Names> {
        let row = tsv::rows_of(table(dialect), number).next()?;
        let text = tsv::columns(row).nth(3)?;
        Some(Names { dialect, text })
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Name> {
        let all = self.text.split(',').filter(|it| !it.is_empty());
        all.map(move |it| Name::read(it, self.dialect))
    }

    /// Returns the names that a configuration can set.
    fn settable(self) -> impl Iterator<Item = &'static str> {
        let all = self.iter().filter(|it| !it.is_set_by_aws && it.name != "*");
        all.map(|it| it.name)
    }

    /// Returns a name.
    pub(crate) fn get(self, name: &str) -> Option<Name> {
        self.iter().find(|it| it.name == name)
    }
}

/// What is at a path.
enum Place {
    Known(Name),
    /// Below a value without a schema, everything is allowed.
    Any,
    /// The first part of the path that is unknown, and the names beside it.
    Unknown(usize, Names),
}

impl Schema {
    /// Returns the schema of a type, if the tables have the type.
    pub(crate) fn of(type_name: &str, dialect: Dialect) -> Option<Schema> {
        let row = tsv::rows_of(table(dialect), type_name).next()?;
        let mut columns = tsv::columns(row).skip(1);
        let growth = match columns.next()? {
            "" => Growth::None,
            "inside" => Growth::Inside,
            _ => Growth::All,
        };
        let attributes = columns.next()?;
        let text = columns.next()?;
        Some(Schema {
            dialect,
            growth,
            attributes,
            names: Names { dialect, text },
        })
    }

    /// Returns the schema of a policy of a type, such as `CreationPolicy`.
    pub(crate) fn of_policy(type_name: &str, policy: &str) -> Option<Schema> {
        Schema::of(&policy_key(type_name, policy), Dialect::Cfn)
    }

    fn place(self, path: &str) -> Place {
        let mut names = self.names;
        let mut keys = path.split('.').peekable();
        let mut depth = 0;
        loop {
            let Some(key) = keys.next() else {
                return Place::Any;
            };
            depth += 1;
            let Some(found) = names.get(key) else {
                return match names.get("*") {
                    Some(_) => Place::Any,
                    None => Place::Unknown(depth, names),
                };
            };
            if keys.peek().is_none() {
                return Place::Known(found);
            }
            match found.form.names() {
                Some(inner) => names = inner,
                None => return Place::Any,
            }
        }
    }

    /// Returns whether a property is a block of Terraform.
    pub(crate) fn is_block(self, path: &str) -> bool {
        self.dialect == Dialect::Tf
            && (is_meta_block(path)
                || matches!(self.place(&created_path(path)), Place::Known(it) if it.form.is_block()))
    }

    /// Returns the error for a property that the type does not have, or that AWS sets.
    pub(crate) fn check(self, path: &str) -> Option<SchemaError> {
        self.check_with(path, false)
    }

    fn check_with(self, path: &str, is_raw: bool) -> Option<SchemaError> {
        let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
        let place = match self.dialect {
            Dialect::Cfn => self.place(path),
            Dialect::Tf => match meta_names(path, is_raw) {
                Meta::Known => Place::Any,
                Meta::None => self.place(path),
                Meta::Unknown(known) => {
                    return Some(SchemaError {
                        path: path.to_owned(),
                        is_certain: true,
                        message: format!("unknown argument `{path}`"),
                        help: suggestion(key, known),
                    });
                }
                Meta::Raw(help) => {
                    return Some(SchemaError {
                        path: path.to_owned(),
                        is_certain: true,
                        message: format!("an override cannot set `{path}`"),
                        help: help.to_owned(),
                    });
                }
            },
        };
        let names = match place {
            Place::Any => return None,
            Place::Known(it) if !it.is_set_by_aws => return None,
            Place::Known(_) => return Some(set_by_aws(path)),
            Place::Unknown(..) if parent.is_empty() && self.is_attribute(key) => {
                return Some(set_by_aws(path));
            }
            // The error is that of the name outside.
            Place::Unknown(depth, _) if depth < path.split('.').count() => return None,
            Place::Unknown(_, names) => names,
        };
        let mut known: Vec<&str> = names.settable().collect();
        if parent.is_empty() && self.dialect == Dialect::Tf {
            known.extend(META_ARGUMENTS);
        }
        let what = self.dialect.pick("property", "argument");
        let is_certain = self.is_settled(parent, key, &known);
        Some(SchemaError {
            path: path.to_owned(),
            is_certain,
            message: format!("unknown {what} `{path}`"),
            help: suggestion(key, &known),
        })
    }

    pub(crate) fn dialect(self) -> Dialect {
        self.dialect
    }

    /// Returns why a name that the table does not have can exist.
    pub(crate) fn doubt(self) -> String {
        doubt(self.dialect)
    }

    /// Returns whether a name that the table does not have is wrong in later versions of the schema, too. AWS
    /// adds names to some types. A typo is wrong in each.
    pub(crate) fn is_settled(self, parent: &str, name: &str, known: &[&str]) -> bool {
        let known = || known.iter().copied();
        match (self.growth, parent) {
            (Growth::None, _) | (Growth::Inside, "") => true,
            (Growth::All, "") => typo(name, known()).is_some(),
            // The names of an object are few, so that a similar one is meant.
            _ => near(name, known()).is_some(),
        }
    }

    /// Returns the names of properties in the schema.
    pub(crate) fn names(self) -> Names {
        self.names
    }

    /// Returns the property that holds the tags of a resource. None if a change of its tags replaces it.
    pub(crate) fn tag_property(self) -> Option<Name> {
        self.names.iter().find(|it| it.holds_tags)
    }

    /// Returns the error for a name in `ignore_changes` that is not an argument or an attribute, such as
    /// `root_block_device[0].volume_type`.
    pub(crate) fn check_ignored(self, name: &str) -> Option<SchemaError> {
        let steps = name.split(['.', '[']).filter(|it| !it.ends_with(']'));
        let steps: Vec<&str> = steps.collect();
        let Place::Unknown(depth, names) = self.place(&steps.join(".")) else {
            return None;
        };
        let (key, parents) = steps.get(..depth)?.split_last()?;
        let known: Vec<&str> = names.settable().collect();
        Some(SchemaError {
            path: name.to_owned(),
            is_certain: self.is_settled(&parents.join("."), key, &known),
            message: format!("unknown argument `{}`", steps[..depth].join(".")),
            help: suggestion(key, &known),
        })
    }

    /// Returns whether the type has an attribute: a first part of its name.
    fn is_attribute(self, first: &str) -> bool {
        let mut own = self.attributes.split(',');
        own.any(|it| it.split('.').next() == Some(first))
    }

    /// Returns the error for an attribute that the type does not have.
    pub(crate) fn check_attribute(self, attribute: &str) -> Option<SchemaError> {
        let (first, inside) = attribute.split_once('.').unwrap_or((attribute, ""));
        let known = self.attributes();
        if known.contains(&"*") {
            return None;
        }
        let firsts = known.iter().map(|it| it.split('.').next().unwrap_or(it));
        let is_first = firsts.clone().any(|it| it == first);
        let inner = known.iter().filter_map(|it| it.split_once('.'));
        let inner = inner.filter_map(|(of, name)| (of == first).then_some(name));
        let inner: Vec<&str> = inner.collect();
        let (parent, name, names) = match is_first {
            true if inside.is_empty() || inner.is_empty() || inner.contains(&inside) => {
                return None;
            }
            true => (first, inside, inner),
            false => ("", first, firsts.collect()),
        };
        let is_certain = self.is_settled(parent, name, &names);
        Some(SchemaError {
            path: attribute.to_owned(),
            is_certain,
            message: format!("unknown attribute `{attribute}`"),
            help: suggestion(name, &names),
        })
    }

    /// Returns the attributes that other resources can refer to. `*` stands for any.
    pub(crate) fn attributes(self) -> Vec<&'static str> {
        if self.dialect == Dialect::Tf {
            return self.names.iter().map(|it| it.name).collect();
        }
        let own = || self.attributes.split(',').filter(|it| !it.is_empty());
        let excepted: Vec<&str> = own().filter_map(|it| it.strip_prefix('-')).collect();
        let mut known: Vec<&str> = own()
            .filter(|it| *it != "+" && !it.starts_with('-'))
            .collect();
        if own().any(|it| it == "+") {
            let properties = self.names.iter().map(|it| it.name);
            known.extend(properties.filter(|it| !excepted.contains(it)));
        }
        known
    }

    /// Returns the errors in the names and in the forms of the values of a resource. `is_raw`: it has no model,
    /// which a change of the number of resources would break.
    pub(crate) fn errors(self, map: &Map<'_>, is_raw: bool) -> Vec<SchemaError> {
        let mut walk = Walk {
            schema: self,
            is_raw,
            found: Vec::new(),
        };
        walk.map(map, "", Some(self.names));
        walk.found
    }
}

/// Returns why a name that the table of a language does not have can exist.
pub(crate) fn doubt(dialect: Dialect) -> String {
    let (names, language) = dialect.pick(("properties", "AWS"), ("arguments", "the provider"));
    format!(
        "{} does not have it, but {language} adds {names} to this type",
        source(dialect)
    )
}

fn set_by_aws(path: &str) -> SchemaError {
    SchemaError {
        path: path.to_owned(),
        is_certain: true,
        message: format!("`{path}` is set by AWS"),
        help: "remove it".to_owned(),
    }
}

/// Returns the key of a policy of a type in the tables.
pub(crate) fn policy_key(type_name: &str, policy: &str) -> String {
    format!("{type_name}.{policy}")
}

/// Returns the path of a key.
pub(crate) fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

/// What Terraform itself says about a path.
enum Meta {
    Known,
    Unknown(&'static [&'static str]),
    /// Only raw resources have it. The hint names another way.
    Raw(&'static str),
    None,
}

/// `is_raw`: the resource has no model, which a change of its number would break.
fn meta_names(path: &str, is_raw: bool) -> Meta {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    if path.split('.').any(|it| it == "dynamic") {
        return Meta::Known;
    }
    let raw = RAW_META_ARGUMENTS.iter().find(|it| it.0 == first);
    match (first, rest) {
        ("lifecycle", "" | "precondition" | "postcondition") => Meta::Known,
        ("lifecycle", rest) if rest.contains('.') || LIFECYCLE.contains(&rest) => Meta::Known,
        ("lifecycle", _) => Meta::Unknown(&LIFECYCLE),
        _ if META_ARGUMENTS.contains(&first) => Meta::Known,
        _ => match raw {
            Some(_) if is_raw => Meta::Known,
            Some((_, help)) => Meta::Raw(help),
            None => Meta::None,
        },
    }
}

/// The blocks of Terraform itself that have a label.
pub(crate) const LABELED_BLOCKS: [&str; 2] = ["dynamic", "provisioner"];

/// Returns whether a path is a block that Terraform itself defines. Those with a label have it as a key.
pub(crate) fn is_meta_block(path: &str) -> bool {
    let mut keys = path.rsplit('.');
    matches!(
        (keys.next().unwrap_or_default(), keys.next(), keys.next()),
        ("lifecycle" | "connection" | "provisioner", None, _)
            | ("dynamic", _, _)
            | ("precondition" | "postcondition", Some("lifecycle"), None)
            | (_, Some("provisioner"), None)
            | ("connection", Some(_), Some("provisioner"))
            | (_, Some("dynamic"), _)
            | ("content", Some(_), Some("dynamic"))
    )
}

/// Returns the path of a block in its type, which a block `dynamic` can create.
fn created_path(path: &str) -> String {
    let mut out = Vec::new();
    let mut keys = path.split('.');
    while let Some(key) = keys.next() {
        if key != "dynamic" {
            out.push(key);
            continue;
        }
        out.extend(keys.next());
        out.extend(keys.next().filter(|it| *it != "content"));
    }
    out.join(".")
}

/// Returns the hint for an unknown name.
pub(crate) fn suggestion(name: &str, known: &[&str]) -> String {
    match near(name, known.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => crate::ir::nearest(name, known.iter().copied()),
    }
}
