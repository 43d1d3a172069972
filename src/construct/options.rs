//! The mechanism of settings: one table per construct, one line per option.
//!
//! `options!` turns a table into a struct with defaults and a setter per option. It also generates
//! the reader of the configuration file and the rows of the JSON Schema and the reference page.
//! `words!` of `ir` declares an option with a fixed set of values.

use std::ops::RangeInclusive;

use super::scope::Scope;
use crate::ir::{Diagnostic, Expr, Value};

/// Declares a struct of options.
///
/// An option is `name: SHAPE Type = default;` with one of these shapes:
///
/// - `def`: always has a value
/// - `opt`: an `Option`; its default is `None` unless it is stated
/// - `many`: a `Vec`; the setter appends
/// - `tags`: tags; the setter adds
///
/// These follow the default in this order, each after a comma:
///
/// - `in MIN..=MAX`: the range of an integer. The reader checks it, and so does the construct: its
///   `build` calls `check_ranges` for callers of the library.
/// - `kind KIND`: another kind than that of the type
/// - `key "name"`: another key than the name of the field
/// - `shown "text"`: the text of a default that has none
///
/// `required` options come first and are the arguments of `new`; one with `shown` is required only
/// where its struct applies. `start` is the value that the
/// reader starts from; without it, the default. `reader custom` leaves `OptionType` to the struct, and
/// `new own` leaves `new`.
macro_rules! options {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(, start |$preset:ident| $start:expr)? $(, reader $custom:ident)?
            $(, new $own:ident)? ;
        options { $($options:tt)* }
    ) => {
        $crate::construct::options::options!(@table
            [$(#[$meta])*] [$vis] $name [$(|$preset| $start)?] {} $($options)*
        );
        $crate::construct::options::options!(@read $name $($custom)?);
        $crate::construct::options::options!(@new $vis $name $($own)?);

        impl Default for $name {
            /// The defaults of the table.
            fn default() -> Self {
                $name::from_defaults()
            }
        }
    };
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(, start |$preset:ident| $start:expr)? $(, reader $custom:ident)? ;
        required {$(
            $(#[doc = $rdoc:literal])+
            $required:ident : $rty:ty $(, shown $rshown:literal)? ;
        )+}
        options { $($options:tt)* }
    ) => {
        $crate::construct::options::options!(@table
            [$(#[$meta])*] [$vis] $name [$(|$preset| $start)?]
            {$( [$($rdoc),+] $required [$rty] [$($rshown)?] )+} $($options)*
        );
        $crate::construct::options::options!(@read $name $($custom)?);

        impl $name {
            /// The defaults of the table, with the required options.
            $vis fn new($( $required: impl $crate::ir::IntoValue<$rty> ),+) -> Self {
                $name::from_defaults($( $required.into_value() ),+)
            }
        }
    };
    (@table
        [$(#[$meta:meta])*] [$vis:vis] $name:ident [$(|$preset:ident| $start:expr)?]
        {$( [$($rdoc:literal),+] $required:ident [$rty:ty] [$($rshown:literal)?] )*}
        $(
            $(#[doc = $doc:literal])+
            $field:ident : $shape:ident $ty:ty
                $(= $default:expr)?
                $(, in $min:literal ..= $max:literal)?
                $(, kind $kind:expr)?
                $(, key $key:literal)?
                $(, shown $shown:literal)?
            ;
        )*
    ) => {
        $(#[$meta])*
        #[must_use]
        $vis struct $name {
            $(
                $(#[doc = $rdoc])+
                $vis $required: $rty,
            )*
            $(
                $(#[doc = $doc])+
                ///
                #[doc = $crate::construct::options::options!(@doc [$shape] [$($default)?] [$($shown)?])]
                $vis $field: $crate::construct::options::options!(@type $shape $ty),
            )*
        }

        impl $name {
            fn from_defaults($( $required: $rty ),*) -> Self {
                $name {
                    $( $required, )*
                    $( $field: $crate::construct::options::options!(@default $shape $ty $(= $default)?), )*
                }
            }
        }

        // A table that only the file has needs no setters.
        #[allow(dead_code)]
        impl $name {
            $(
                $(#[doc = $rdoc])+
                $vis fn $required(mut self, value: impl $crate::ir::IntoValue<$rty>) -> Self {
                    self.$required = value.into_value();
                    self
                }
            )*
            $(
                $crate::construct::options::options!(
                    @setter $vis $shape $field [$ty] [$($doc),+] [$($default)?] [$($shown)?]
                );
            )*
        }

        impl $crate::construct::options::Ranges for $name {
            #[allow(unused_variables)]
            fn check_ranges(&self, path: &[&str], scope: &mut $crate::construct::Scope<'_>) {
                #[allow(unused_imports)]
                use $crate::construct::options::{Integer as _, WithoutRanges as _};
                $({
                    let path = [path, &[options!(@key $field $($key)?)]].concat();
                    options!(@range (&self.$field) path scope $([$min, $max])?);
                })*
            }
        }

        #[cfg(feature = "config")]
        impl $crate::construct::option_types::Options for $name {
            const ROWS: &'static [$crate::construct::option_types::OptionRow] = {
                #[allow(unused_imports)]
                use $crate::construct::option_types::*;
                &[
                    $( OptionRow {
                        key: options!(@key $required),
                        kind: <$rty as OptionType>::KIND,
                        default: options!(@required $($rshown)?),
                        doc: &[$($rdoc),+],
                    }, )*
                    $( OptionRow {
                        key: options!(@key $field $($key)?),
                        kind: options!(@kind options!(@type $shape $ty), $([$min, $max])? $({$kind})?),
                        default: options!(@shown [$($shown)?]
                            <options!(@type $shape $ty) as OptionType>::shown(
                                &options!(@default $shape $ty $(= $default)?)
                            )
                        ),
                        doc: &[$($doc),+],
                    }, )*
                ]
            };

            fn start(preset: $crate::construct::Preset) -> Self {
                options!(@start $name preset ($($required)*) [$(|$preset| $start)?])
            }

            fn read_options(
                &mut self,
                item: &$crate::construct::reader::Item,
                reader: &mut $crate::construct::reader::Reader,
            ) {
                let mut rows = Self::ROWS.iter();
                $(
                    if let Some(value) = rows.next().and_then(|row| reader.option(item, row)) {
                        self.$required = value;
                    }
                )*
                $(
                    if let Some(value) = rows.next().and_then(|row| reader.option(item, row)) {
                        self.$field = value;
                    }
                )*
                let _ = (rows, item, reader);
            }
        }
    };

    (@new $vis:vis $name:ident own) => {};
    (@new $vis:vis $name:ident) => {
        // A table that only the file has needs no `new`.
        #[allow(dead_code)]
        impl $name {
            /// The defaults of the table.
            $vis fn new() -> Self {
                $name::from_defaults()
            }
        }
    };

    (@read $name:ident custom) => {};
    (@read $name:ident) => {
        /// Read from a map, or from `true` where it is optional.
        #[cfg(feature = "config")]
        impl $crate::construct::option_types::OptionType for $name {
            const KIND: $crate::construct::option_types::Kind =
                $crate::construct::option_types::Kind::Object(
                    &[<$name as $crate::construct::option_types::Options>::ROWS],
                );
            const OPTIONAL: $crate::construct::option_types::Kind =
                $crate::construct::option_types::Kind::Either(
                    &$crate::construct::option_types::Kind::Bool,
                    &Self::KIND,
                );

            fn read(
                item: &$crate::construct::reader::Item,
                _: &$crate::construct::option_types::Kind,
                reader: &mut $crate::construct::reader::Reader,
            ) -> Option<Self> {
                Some($crate::construct::option_types::read_block(item, reader))
            }

            fn enabled(reader: &$crate::construct::reader::Reader) -> Option<Self> {
                Some($crate::construct::option_types::Options::start(reader.preset))
            }

            fn shown(&self) -> Option<String> {
                Some("true".to_owned())
            }
        }
    };

    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };

    // The method of `WithoutRanges` needs one more reference, so that of `Ranges` has precedence.
    (@range ($option:expr) $path:ident $scope:ident) => { $option.check_ranges(&$path, $scope) };
    (@range ($option:expr) $path:ident $scope:ident [$min:literal, $max:literal]) => {
        $option.check_range(&$path, $min..=$max, $scope)
    };

    (@type opt $ty:ty) => { Option<$ty> };
    (@type many $ty:ty) => { Vec<$ty> };
    (@type $shape:ident $ty:ty) => { $ty };

    (@default opt $ty:ty) => { None };
    (@default many $ty:ty) => { Vec::new() };
    (@default tags $ty:ty) => { <$ty>::default() };
    (@default opt $ty:ty = $default:expr) => { $default };
    (@default $shape:ident $ty:ty = $default:expr) => {
        $crate::ir::IntoValue::<$ty>::into_value($default)
    };

    (@doc [$shape:ident] [$($default:expr)?] [$shown:literal]) => {
        concat!("Default: ", $shown, ".")
    };
    (@doc [$shape:ident] [$default:expr] []) => {
        concat!("Default: `", stringify!($default), "`.")
    };
    (@doc [$shape:ident] [] []) => { "Default: none." };

    (@required) => { DefaultText::Required };
    (@required $shown:literal) => { DefaultText::Text($shown) };

    (@shown [$shown:literal] $value:expr) => { DefaultText::Text($shown) };
    (@shown [] $value:expr) => { DefaultText::Value(|| $value) };

    (@kind $ty:ty,) => { <$ty as OptionType>::KIND };
    (@kind $ty:ty, [$min:literal, $max:literal]) => { <$ty as Ranged<$min, $max>>::KIND };
    (@kind $ty:ty, {$kind:expr}) => { $kind };

    (@start $name:ident $unused:ident ($($required:ident)*) [|$preset:ident| $start:expr]) => {{
        let $preset = $unused;
        $start
    }};
    (@start $name:ident $unused:ident () []) => {{
        let _ = $unused;
        $name::default()
    }};

    (@setter $vis:vis opt $field:ident [$ty:ty] [$($doc:literal),+] [$($default:expr)?] [$($shown:literal)?]) => {
        $(#[doc = $doc])+
        ///
        #[doc = $crate::construct::options::options!(@doc [opt] [$($default)?] [$($shown)?])]
        $vis fn $field(mut self, value: impl $crate::ir::IntoValue<$ty>) -> Self {
            self.$field = Some(value.into_value());
            self
        }
    };
    (@setter $vis:vis many $field:ident [$ty:ty] [$($doc:literal),+] [$($default:expr)?] [$($shown:literal)?]) => {
        $(#[doc = $doc])+
        ///
        /// Appends.
        #[doc = $crate::construct::options::options!(@doc [many] [$($default)?] [$($shown)?])]
        $vis fn $field<V: $crate::ir::IntoValue<$ty>>(
            mut self,
            values: impl IntoIterator<Item = V>,
        ) -> Self {
            self.$field.extend(values.into_iter().map(V::into_value));
            self
        }
    };
    (@setter $vis:vis tags $field:ident [$ty:ty] [$($doc:literal),+] [$($default:expr)?] [$($shown:literal)?]) => {
        $(#[doc = $doc])+
        ///
        /// Adds to the tags.
        #[doc = $crate::construct::options::options!(@doc [tags] [$($default)?] [$($shown)?])]
        $vis fn $field(mut self, value: impl Into<$ty>) -> Self {
            self.$field.merge(&value.into());
            self
        }
    };
    (@setter $vis:vis $shape:ident $field:ident [$ty:ty] [$($doc:literal),+] [$($default:expr)?] [$($shown:literal)?]) => {
        $(#[doc = $doc])+
        ///
        #[doc = $crate::construct::options::options!(@doc [$shape] [$($default)?] [$($shown)?])]
        $vis fn $field(mut self, value: impl $crate::ir::IntoValue<$ty>) -> Self {
            self.$field = value.into_value();
            self
        }
    };
}
pub(crate) use options;

/// Options, some with a range.
pub(crate) trait Ranges {
    /// Reports each integer that is out of its range.
    fn check_ranges(&self, path: &[&str], scope: &mut Scope<'_>);
}

impl<T: Ranges> Ranges for Option<T> {
    fn check_ranges(&self, path: &[&str], scope: &mut Scope<'_>) {
        if let Some(options) = self {
            options.check_ranges(path, scope);
        }
    }
}

/// Any other type of an option.
pub(crate) trait WithoutRanges {
    /// Reports nothing.
    fn check_ranges(&self, _: &[&str], _: &mut Scope<'_>) {}
}

impl<T> WithoutRanges for &T {}

/// An option with a range.
pub(crate) trait Integer {
    /// The values that are known before deployment.
    fn known(&self, scope: &Scope<'_>) -> Vec<i64>;

    fn check_range(&self, path: &[&str], range: RangeInclusive<i64>, scope: &mut Scope<'_>) {
        let mut known = self.known(scope).into_iter();
        let Some(value) = known.find(|value| !range.contains(value)) else {
            return;
        };
        let (setting, min, max) = (path.join("."), range.start(), range.end());
        let message =
            format!("`{setting}` expects an integer from {min} to {max}, found `{value}`");
        let help = format!("set `{setting}` to a number from {min} to {max}");
        scope.add_diagnostic(Diagnostic::error("setting", message).about(path).help(help));
    }
}

impl Integer for i64 {
    fn known(&self, _: &Scope<'_>) -> Vec<i64> {
        vec![*self]
    }
}

impl Integer for Value<i64> {
    fn known(&self, scope: &Scope<'_>) -> Vec<i64> {
        match self {
            Value::Lit(value) => vec![*value],
            Value::Expr(Expr::Param(id)) => {
                let declared = scope.declaration(*id).into_iter();
                let texts = declared
                    .flat_map(|it| it.default_value().into_iter().chain(&it.allowed_values));
                texts.filter_map(|text| text.parse().ok()).collect()
            }
            Value::Expr(_) => Vec::new(),
        }
    }
}

impl<T: Integer> Integer for Option<T> {
    fn known(&self, scope: &Scope<'_>) -> Vec<i64> {
        self.as_ref().map_or_else(Vec::new, |it| it.known(scope))
    }
}
