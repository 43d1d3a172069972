//! Resource tables, with one line per property.
//!
//! `resource!` turns a table into the struct, `new` with the required properties, and a setter for
//! every property. It also creates the conversions and the reference documentation.

use super::Resource;
use super::codec::{Mismatch, Prop, UnmodeledNotes};
pub(crate) use super::property::{Coverage, Field, Inert, Inside, Occurs};
use super::property::{NOT_MODELED, unmodeled_properties};
use super::raw_value::{Map, RawValue};
use crate::ir::{Attr, Dialect, NodeId};

/// A resource table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Kind {
    /// The name in Rust.
    pub name: &'static str,
    /// The documentation.
    pub doc: &'static str,
    /// The type in CloudFormation.
    pub cfn: &'static str,
    /// The type in Terraform.
    pub tf: &'static str,
    /// The attribute that references to this type contain.
    pub link: Attr,
    /// The properties.
    pub fields: &'static [Field],
    /// The properties that cannot affect a session, with and without a field.
    pub inert: &'static [Inert],
    /// Reads a resource that this program wrote, and leaves unknown properties in the map.
    #[doc(hidden)]
    pub take: fn(&mut Map<'_>, Dialect) -> Result<Resource, Mismatch>,
    /// Other attributes that references can use.
    pub attrs: &'static [Attr],
    /// The properties by which CloudFormation imports a live resource, separated by commas; empty if
    /// it cannot.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-supported-resources.html>
    pub identifiers: &'static str,
    /// The form of the ID by which Terraform imports a live resource, by argument names in braces;
    /// empty if it cannot.
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs>
    pub import_id: &'static str,
    /// The types of its Terraform satellites, with the forms of their import IDs.
    pub satellite_import_ids: &'static [(&'static str, &'static str)],
    /// Arguments of Terraform whose change replaces a resource under a condition, and the condition.
    pub replaced_if: &'static [(&'static str, &'static str)],
    /// Reads a resource from a file of another author.
    #[doc(hidden)]
    pub lift: fn(&mut Map<'_>, Dialect, &mut UnmodeledNotes<'_>) -> Resource,
    /// Removes nested resources from the properties of a file, and returns them as separate
    /// resources.
    #[doc(hidden)]
    pub unfold: Unfold,
    /// Returns the values of a file for which AWS refuses to create the resource.
    pub(crate) invalid: fn(&Map<'_>, Dialect) -> Vec<super::InvalidValue>,
    /// Returns a random resource that the sampler's language can express.
    #[cfg(test)]
    pub(crate) sample: fn(&mut super::round_trip::Sampler) -> Resource,
}

/// A function that removes nested resources from properties and returns them.
pub(crate) type Unfold =
    fn(&mut Map<'_>, NodeId, Dialect, &mut UnmodeledNotes<'_>) -> Vec<Unfolded>;

/// A resource that was nested in another.
#[derive(Debug)]
pub struct Unfolded {
    /// The resource.
    pub resource: Resource,
    /// The property that contained it, in the language of the file. Empty for an implicit default.
    pub property: &'static str,
    /// Whether the file leaves open if the resource exists.
    pub is_conditional: bool,
}

impl Unfolded {
    pub(crate) fn new(property: &'static str, resource: impl Into<Resource>) -> Unfolded {
        Unfolded {
            resource: resource.into(),
            property,
            is_conditional: false,
        }
    }
}

/// Removes a nested list from the map, and returns its items.
pub(crate) fn lift_items<T: Prop>(
    map: &mut Map<'_>,
    name: &'static str,
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) -> Vec<T> {
    lift_list(map, (name, name), dialect, unmodeled)
}

/// A struct that a table declares.
pub(crate) trait Fields: Sized {
    /// The properties in the table.
    const FIELDS: &'static [Field];
    /// The properties that cannot affect a session, with and without a field.
    const INERT: &'static [Inert];
    /// Writes the properties.
    fn put_fields<'a>(&'a self, dialect: Dialect, map: &mut Map<'a>);
    /// Reads the properties, and leaves unknown ones in the map.
    fn take_fields(map: &mut Map<'_>, dialect: Dialect) -> Result<Self, Mismatch>;
    /// Reads properties from a file of another author.
    fn lift_fields(map: &mut Map<'_>, dialect: Dialect, unmodeled: &mut UnmodeledNotes<'_>)
    -> Self;
    /// Returns a random struct that the sampler's language can express.
    #[cfg(test)]
    fn sample_fields(from: &mut super::round_trip::Sampler) -> Self;
}

pub(crate) fn put_field<'a>(
    map: &mut Map<'a>,
    (cfn, tf): (&'static str, &'static str),
    dialect: Dialect,
    term: Option<RawValue<'a>>,
) {
    let name = dialect.pick(cfn, tf);
    if let Some(term) = term
        && !name.is_empty()
    {
        map.insert_path(name, term, dialect);
    }
}

pub(crate) fn take_field<T: Prop>(
    map: &mut Map<'_>,
    name: &'static str,
    dialect: Dialect,
) -> Result<Option<T>, Mismatch> {
    if name.is_empty() {
        return Ok(None);
    }
    map.remove_path(name)
        .map(|term| T::take(term, dialect).map_err(|mismatch| mismatch.inside(name)))
        .transpose()
}

pub(crate) fn lift_field<T: Prop>(
    map: &mut Map<'_>,
    (field, name): (&str, &'static str),
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) -> Option<T> {
    if name.is_empty() {
        return None;
    }
    let term = map.remove_path(name)?;
    T::lift(term, dialect, &mut unmodeled.inside(field))
}

pub(crate) fn lift_list<T: Prop>(
    map: &mut Map<'_>,
    (field, name): (&str, &'static str),
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) -> Vec<T> {
    let term = if name.is_empty() {
        None
    } else {
        map.remove_path(name)
    };
    term.map(|term| super::codec::lift_many(term, dialect, &mut unmodeled.inside(field)))
        .unwrap_or_default()
}

/// Returns the name of a nested property. A property without segments has no name.
macro_rules! dotted {
    () => { "" };
    ($name:literal) => { $name };
    ($outer:literal $($inner:literal)+) => { concat!($outer $(, ".", $inner)+) };
}
pub(crate) use dotted;

/// Declares a struct with properties, for resources and nested objects. A search of the
/// documentation finds it by `alias`, and a property by its names in both languages. The macro writes
/// the word `doc` before the name in Terraform as an attribute. A name that is equal to that of the
/// field has none, because the compiler rejects the alias.
macro_rules! table {
    (
        $(#[doc = $doc:literal])*
        $( alias [$($alias:literal)*] )?
        pub struct $name:ident
        $( one { $( $(#[doc = $odoc:literal])* $one:ident : $oty:ty = $($ocfn:literal).* / $($ofind:ident)? $otf:literal ),* $(,)? } )?
        $( opt { $( $(#[doc = $pdoc:literal])* $opt:ident : $pty:ty = $($pcfn:literal).* / $($pfind:ident)? $ptf:literal ),* $(,)? } )?
        $( many { $( $(#[doc = $mdoc:literal])* $many:ident : $mty:ty = $($mcfn:literal).* / $($mfind:ident)? $mtf:literal ),* $(,)? } )?
        $( plain { $( $(#[doc = $ldoc:literal])* $plain:ident : $lty:ty = $($lcfn:literal).* / $($lfind:ident)? $ltf:literal ),* $(,)? } )?
        $( inert { $( $icfn:literal / $itf:literal = $reason:literal ),* $(,)? } )?
    ) => {
        $(#[doc = $doc])*
        $( $(#[doc(alias = $alias)])* )?
        #[derive(Clone, Debug, PartialEq)]
        #[must_use]
        pub struct $name {
            $( $( $(#[doc = $odoc])* $(#[doc(alias = $ocfn)])* $(#[$ofind(alias = $otf)])? pub $one: $oty, )* )?
            $( $( $(#[doc = $pdoc])* $(#[doc(alias = $pcfn)])* $(#[$pfind(alias = $ptf)])? pub $opt: Option<$pty>, )* )?
            $( $( $(#[doc = $mdoc])* $(#[doc(alias = $mcfn)])* $(#[$mfind(alias = $mtf)])? pub $many: Vec<$mty>, )* )?
            $( $( $(#[doc = $ldoc])* $(#[doc(alias = $lcfn)])* $(#[$lfind(alias = $ltf)])? pub $plain: $lty, )* )?
        }

        impl $name {
            /// Creates one with the required properties.
            #[allow(clippy::new_without_default)]
            pub fn new($( $( $one: impl $crate::ir::IntoValue<$oty> ),* )?) -> Self {
                $name {
                    $( $( $one: $one.into_value(), )* )?
                    $( $( $opt: None, )* )?
                    $( $( $many: Vec::new(), )* )?
                    $( $( $plain: Default::default(), )* )?
                }
            }

            $( $(
                $(#[doc = $odoc])*
                pub fn $one(mut self, value: impl $crate::ir::IntoValue<$oty>) -> Self {
                    self.$one = value.into_value();
                    self
                }
            )* )?

            $( $(
                $(#[doc = $pdoc])*
                pub fn $opt(mut self, value: impl $crate::ir::IntoValue<$pty>) -> Self {
                    self.$opt = Some(value.into_value());
                    self
                }
            )* )?

            $( $(
                $(#[doc = $mdoc])*
                ///
                /// Appends to the list.
                pub fn $many<V: $crate::ir::IntoValue<$mty>>(
                    mut self,
                    values: impl IntoIterator<Item = V>,
                ) -> Self {
                    self.$many.extend(values.into_iter().map(V::into_value));
                    self
                }
            )* )?

            $( $(
                $(#[doc = $ldoc])*
                ///
                /// Adds to them. An existing key has the new value.
                pub fn $plain(mut self, value: impl Into<$lty>) -> Self {
                    self.$plain.merge(&value.into());
                    self
                }
            )* )?
        }

        impl $crate::resource::table::Fields for $name {
            const FIELDS: &'static [$crate::resource::table::Field] = &[
                $( $( $crate::resource::table::Field {
                    name: stringify!($one), doc: concat!($($odoc, "\n"),*), rust: stringify!($oty),
                    occurs: $crate::resource::table::Occurs::Required, cfn: $crate::resource::table::dotted!($($ocfn)*), tf: $otf,
                    inside: <$oty as $crate::resource::codec::Prop>::INSIDE,
                }, )* )?
                $( $( $crate::resource::table::Field {
                    name: stringify!($opt), doc: concat!($($pdoc, "\n"),*), rust: stringify!($pty),
                    occurs: $crate::resource::table::Occurs::Optional, cfn: $crate::resource::table::dotted!($($pcfn)*), tf: $ptf,
                    inside: <$pty as $crate::resource::codec::Prop>::INSIDE,
                }, )* )?
                $( $( $crate::resource::table::Field {
                    name: stringify!($many), doc: concat!($($mdoc, "\n"),*), rust: stringify!($mty),
                    occurs: $crate::resource::table::Occurs::Many, cfn: $crate::resource::table::dotted!($($mcfn)*), tf: $mtf,
                    inside: <$mty as $crate::resource::codec::Prop>::INSIDE,
                }, )* )?
                $( $( $crate::resource::table::Field {
                    name: stringify!($plain), doc: concat!($($ldoc, "\n"),*), rust: stringify!($lty),
                    occurs: $crate::resource::table::Occurs::Optional, cfn: $crate::resource::table::dotted!($($lcfn)*), tf: $ltf,
                    inside: <$lty as $crate::resource::codec::Prop>::INSIDE,
                }, )* )?
            ];

            const INERT: &'static [$crate::resource::Inert] = &[
                $( $( $crate::resource::Inert::new($icfn, $itf, $reason), )* )?
            ];

            fn put_fields<'a>(
                &'a self,
                dialect: $crate::ir::Dialect,
                map: &mut $crate::resource::Map<'a>,
            ) {
                #[allow(unused_imports)]
                use $crate::resource::{codec::{Prop as _, put_many}, table::put_field};
                $( $( put_field(map, ($crate::resource::table::dotted!($($ocfn)*), $otf), dialect, self.$one.put(dialect)); )* )?
                $( $( if let Some(value) = &self.$opt {
                    put_field(map, ($crate::resource::table::dotted!($($pcfn)*), $ptf), dialect, value.put(dialect));
                } )* )?
                $( $( put_field(map, ($crate::resource::table::dotted!($($mcfn)*), $mtf), dialect, put_many(&self.$many, dialect)); )* )?
                $( $( put_field(map, ($crate::resource::table::dotted!($($lcfn)*), $ltf), dialect, self.$plain.put(dialect)); )* )?
            }

            fn take_fields(
                map: &mut $crate::resource::Map<'_>,
                dialect: $crate::ir::Dialect,
            ) -> Result<Self, $crate::resource::codec::Mismatch> {
                #[allow(unused_imports)]
                use $crate::resource::{codec::{Mismatch, take_many}, table::take_field};
                Ok($name {
                    $( $( $one: take_field(map, dialect.pick($crate::resource::table::dotted!($($ocfn)*), $otf), dialect)?
                        .ok_or_else(|| Mismatch::missing(dialect.pick($crate::resource::table::dotted!($($ocfn)*), $otf)))?, )* )?
                    $( $( $opt: take_field(map, dialect.pick($crate::resource::table::dotted!($($pcfn)*), $ptf), dialect)?, )* )?
                    $( $( $many: match map.remove_path(dialect.pick($crate::resource::table::dotted!($($mcfn)*), $mtf)) {
                        Some(term) => take_many(term, dialect)
                            .map_err(|mismatch| mismatch.inside(dialect.pick($crate::resource::table::dotted!($($mcfn)*), $mtf)))?,
                        None => Vec::new(),
                    }, )* )?
                    $( $( $plain: take_field(map, dialect.pick($crate::resource::table::dotted!($($lcfn)*), $ltf), dialect)?
                        .unwrap_or_default(), )* )?
                })
            }

            fn lift_fields(
                map: &mut $crate::resource::Map<'_>,
                dialect: $crate::ir::Dialect,
                unmodeled: &mut $crate::resource::codec::UnmodeledNotes<'_>,
            ) -> Self {
                #[allow(unused_imports)]
                use $crate::resource::{codec::Prop as _, table::{lift_field, lift_list}};
                let _ = (&map, &unmodeled);
                $name {
                    $( $( $one: {
                        let names = (stringify!($one), dialect.pick($crate::resource::table::dotted!($($ocfn)*), $otf));
                        lift_field(map, names, dialect, unmodeled)
                            .unwrap_or_else(<$oty as $crate::resource::codec::Prop>::blank)
                    }, )* )?
                    $( $( $opt: {
                        let names = (stringify!($opt), dialect.pick($crate::resource::table::dotted!($($pcfn)*), $ptf));
                        lift_field(map, names, dialect, unmodeled)
                    }, )* )?
                    $( $( $many: {
                        let names = (stringify!($many), dialect.pick($crate::resource::table::dotted!($($mcfn)*), $mtf));
                        lift_list(map, names, dialect, unmodeled)
                    }, )* )?
                    $( $( $plain: {
                        let names = (stringify!($plain), dialect.pick($crate::resource::table::dotted!($($lcfn)*), $ltf));
                        lift_field(map, names, dialect, unmodeled).unwrap_or_default()
                    }, )* )?
                }
            }

            #[cfg(test)]
            fn sample_fields(from: &mut $crate::resource::round_trip::Sampler) -> Self {
                #[allow(unused_imports)]
                use $crate::resource::codec::Prop as _;
                let _ = &from;
                $name {
                    $( $( $one: <$oty>::sample(from), )* )?
                    $( $( $opt: from.optional(($crate::resource::table::dotted!($($pcfn)*), $ptf), <$pty>::sample), )* )?
                    $( $( $many: from.several(($crate::resource::table::dotted!($($mcfn)*), $mtf), <$mty>::sample), )* )?
                    $( $( $plain: from.optional(($crate::resource::table::dotted!($($lcfn)*), $ltf), <$lty>::sample).unwrap_or_default(), )* )?
                }
            }
        }
    };
}
pub(crate) use table;

/// Declares a resource type: its documentation, names, references and properties.
macro_rules! resource {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident: $($cfn:literal)? / $($tf:literal)?, link $link:expr
            $(, attrs [$($attr:expr),+ $(,)?])?
            $(, import $identifiers:literal / $import_id:literal)?
            $(, satellites [$($satellite:literal = $satellite_id:literal),+ $(,)?])?
            $(, replaced_if [$($argument:literal = $condition:expr),+ $(,)?])?;
        $($groups:tt)*
    ) => {
        $crate::resource::table::table! {
            $(#[doc = $doc])*
            alias [$($cfn)? $($tf)?]
            pub struct $name
            $($groups)*
        }

        impl $crate::resource::sealed::Sealed for $name {}

        #[diagnostic::do_not_recommend]
        impl $crate::resource::Typed for $name {
            const LINK: $crate::ir::Attr = $link;
            const KIND: $crate::resource::Kind = $crate::resource::Kind {
                name: stringify!($name),
                doc: concat!($($doc, "\n"),*),
                cfn: $crate::resource::table::dotted!($($cfn)?),
                tf: $crate::resource::table::dotted!($($tf)?),
                link: $link,
                fields: <$name as $crate::resource::table::Fields>::FIELDS,
                inert: <$name as $crate::resource::table::Fields>::INERT,
                attrs: &[$($($attr),+)?],
                identifiers: concat!($($identifiers)?),
                import_id: concat!($($import_id)?),
                satellite_import_ids: &[$($(($satellite, $satellite_id)),+)?],
                replaced_if: &[$($(($argument, $condition)),+)?],
                take: |map, dialect| {
                    <$name as $crate::resource::table::Fields>::take_fields(map, dialect)
                        .map(|it| $crate::resource::Resource::$name(Box::new(it)))
                },
                lift: |map, dialect, unmodeled| {
                    let it = <$name as $crate::resource::table::Fields>::lift_fields(
                        map, dialect, unmodeled,
                    );
                    $crate::resource::Resource::$name(Box::new(it))
                },
                unfold: <$name as $crate::resource::Hooks>::unfold,
                invalid: <$name as $crate::resource::Hooks>::invalid,
                #[cfg(test)]
                sample: |from| <$name as $crate::resource::table::Fields>::sample_fields(from).into(),
            };

            fn of(resource: &$crate::resource::Resource) -> Option<&Self> {
                match resource {
                    $crate::resource::Resource::$name(it) => Some(it),
                    _ => None,
                }
            }

            fn of_mut(resource: &mut $crate::resource::Resource) -> Option<&mut Self> {
                match resource {
                    $crate::resource::Resource::$name(it) => Some(it),
                    _ => None,
                }
            }
        }

        impl From<$name> for $crate::resource::Resource {
            fn from(it: $name) -> Self {
                $crate::resource::Resource::$name(Box::new(it))
            }
        }
    };
}
pub(crate) use resource;

/// Declares a nested object: a map in CloudFormation, a block in Terraform.
macro_rules! nested {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident
        $($groups:tt)*
    ) => {
        $crate::resource::table::table! {
            $(#[doc = $doc])*
            pub struct $name
            $($groups)*
        }

        impl $crate::resource::codec::Prop for $name {
            const INSIDE: Option<$crate::resource::Inside> =
                Some($crate::resource::Inside {
                    fields: <Self as $crate::resource::table::Fields>::FIELDS,
                    inert: <Self as $crate::resource::table::Fields>::INERT,
                });

            fn put(
                &self,
                dialect: $crate::ir::Dialect,
            ) -> Option<$crate::resource::RawValue<'_>> {
                let mut map = $crate::resource::Map::default();
                <Self as $crate::resource::table::Fields>::put_fields(self, dialect, &mut map);
                Some(match dialect {
                    $crate::ir::Dialect::Cfn => $crate::resource::RawValue::Object(map),
                    $crate::ir::Dialect::Tf => $crate::resource::RawValue::Block(map),
                })
            }

            fn take(
                term: $crate::resource::RawValue<'_>,
                dialect: $crate::ir::Dialect,
            ) -> Result<Self, $crate::resource::codec::Mismatch> {
                $crate::resource::table::take_object(term, dialect)
            }

            fn lift(
                term: $crate::resource::RawValue<'_>,
                dialect: $crate::ir::Dialect,
                unmodeled: &mut $crate::resource::codec::UnmodeledNotes<'_>,
            ) -> Option<Self> {
                $crate::resource::table::lift_object(term, dialect, unmodeled)
            }

            #[cfg(test)]
            fn sample(from: &mut $crate::resource::round_trip::Sampler) -> Self {
                <Self as $crate::resource::table::Fields>::sample_fields(from)
            }

            fn blank() -> Self {
                let mut notes = Vec::new();
                <Self as $crate::resource::table::Fields>::lift_fields(
                    &mut $crate::resource::Map::default(),
                    $crate::ir::Dialect::Cfn,
                    &mut $crate::resource::codec::UnmodeledNotes { notes: &mut notes, field: String::new() },
                )
            }
        }
    };
}
pub(crate) use nested;

/// Reads a nested object, and rejects unknown properties.
pub(crate) fn take_object<T: Fields>(term: RawValue<'_>, dialect: Dialect) -> Result<T, Mismatch> {
    let mut map = one_object(term)
        .map_err(|other| Mismatch::expected("a map", &other))?
        .ok_or_else(|| Mismatch::expected("a map", &RawValue::List(Vec::new())))?;
    let taken = T::take_fields(&mut map, dialect)?;
    match map.iter().next() {
        None => Ok(taken),
        Some((key, _)) => Err(Mismatch::new("is not supported").inside(key)),
    }
}

/// Reads a nested object from a file of another author.
pub(crate) fn lift_object<T: Fields>(
    term: RawValue<'_>,
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) -> Option<T> {
    match one_object(term) {
        Ok(map) => {
            let mut map = map?;
            let it = T::lift_fields(&mut map, dialect, unmodeled);
            note_unmodeled(&map, T::INERT, dialect, unmodeled);
            Some(it)
        }
        Err(other) => {
            unmodeled.note(other.what());
            None
        }
    }
}

/// Returns an object, `None` for an empty list, or another value unchanged. A plan contains a list for a
/// single block.
fn one_object(term: RawValue<'_>) -> Result<Option<Map<'_>>, RawValue<'_>> {
    match term {
        RawValue::Object(map) | RawValue::Block(map) => Ok(Some(map)),
        RawValue::List(mut items) if items.len() <= 1 => items.pop().map_or(Ok(None), one_object),
        other => Err(other),
    }
}

fn note_unmodeled(
    map: &Map<'_>,
    inert: &[Inert],
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) {
    for property in unmodeled_properties(map, inert, dialect) {
        unmodeled.inside(&property).note(NOT_MODELED);
    }
}

impl Kind {
    /// Returns how the reachability check treats a property, whose name has dots if it is nested.
    pub fn coverage(&self, name: &str, dialect: Dialect) -> Coverage {
        let table = Inside {
            fields: self.fields,
            inert: self.inert,
        };
        match table.coverage(name, dialect) {
            Coverage::Unmodeled if self.unfolds(name, dialect) => Coverage::Modeled,
            found => found,
        }
    }

    /// Returns whether the reader makes resources of a property.
    fn unfolds(&self, name: &str, dialect: Dialect) -> bool {
        let mut map = Map::default();
        for field in self.fields {
            let own = dialect.pick(field.cfn, field.tf);
            if !own.is_empty() {
                map.insert_path(own, RawValue::str(""), dialect);
            }
        }
        let (head, inside) = name.split_once('.').unwrap_or((name, ""));
        let nest = |value, key: &str| {
            RawValue::Object([(key.to_owned().into(), value)].into_iter().collect())
        };
        let items = match inside {
            "" => Vec::new(),
            _ => vec![inside.rsplit('.').fold(RawValue::str(""), nest)],
        };
        map.insert(head.to_owned(), RawValue::List(items));
        let mut notes = Vec::new();
        let mut unmodeled = UnmodeledNotes {
            notes: &mut notes,
            field: String::new(),
        };
        (self.unfold)(&mut map, NodeId::next(0), dialect, &mut unmodeled);
        map.get(head).is_none() && notes.iter().all(|it| it.reason != NOT_MODELED)
    }
}
