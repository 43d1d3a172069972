//! Conversions of text, numbers, words, references and expressions into property values, also by reference.

use super::into_value::{IntoValue, Literal};
use super::value::{Expr, Id, Text, Value};

impl Literal for bool {}
impl Literal for i64 {}
impl Literal for super::Cidr {}
impl Literal for Text {}
impl<R> Literal for Id<R> {}

#[diagnostic::do_not_recommend]
impl<T: Literal> IntoValue<Value<T>> for T {
    fn into_value(self) -> Value<T> {
        Value::Lit(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Literal + Clone> IntoValue<Value<T>> for &T {
    fn into_value(self) -> Value<T> {
        Value::Lit(self.clone())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Literal> From<T> for Value<T> {
    fn from(value: T) -> Value<T> {
        Value::Lit(value)
    }
}

#[diagnostic::do_not_recommend]
impl<T> IntoValue<Value<T>> for Expr {
    fn into_value(self) -> Value<T> {
        Value::Expr(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T> IntoValue<Value<T>> for &Expr {
    fn into_value(self) -> Value<T> {
        Value::Expr(self.clone())
    }
}

macro_rules! text_into_value {
    ($($text:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoValue<Text> for $text {
            fn into_value(self) -> Text {
                Text::Owned(self.into())
            }
        }

        #[diagnostic::do_not_recommend]
        impl IntoValue<Value<Text>> for $text {
            fn into_value(self) -> Value<Text> {
                Value::Lit(Text::Owned(self.into()))
            }
        }

        #[diagnostic::do_not_recommend]
        impl From<$text> for Value<Text> {
            fn from(text: $text) -> Value<Text> {
                text.into_value()
            }
        }
    )+};
}
text_into_value!(&str, String, &String);

#[diagnostic::do_not_recommend]
impl IntoValue<String> for &str {
    fn into_value(self) -> String {
        self.to_owned()
    }
}

macro_rules! integer_into_value {
    ($($integer:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoValue<Value<i64>> for $integer {
            fn into_value(self) -> Value<i64> {
                match i64::try_from(self) {
                    Ok(value) => Value::Lit(value),
                    // Printed as it is, for AWS to reject.
                    Err(_) => Value::Expr(Expr::text(self.to_string())),
                }
            }
        }

        #[diagnostic::do_not_recommend]
        impl From<$integer> for Value<i64> {
            fn from(value: $integer) -> Value<i64> {
                value.into_value()
            }
        }

        #[diagnostic::do_not_recommend]
        impl IntoValue<Value<i64>> for &$integer {
            fn into_value(self) -> Value<i64> {
                (*self).into_value()
            }
        }

        #[diagnostic::do_not_recommend]
        impl IntoValue<i64> for $integer {
            fn into_value(self) -> i64 {
                // Each option has a range without the greatest integer.
                i64::try_from(self).unwrap_or(i64::MAX)
            }
        }
    )+};
}
integer_into_value!(i8, i16, i32, isize, u8, u16, u32, u64, usize);

macro_rules! text_into_expr {
    ($($text:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl From<$text> for Expr {
            fn from(text: $text) -> Self {
                Expr::text(text)
            }
        }
    )+};
}
text_into_expr!(&str, String, &String);

macro_rules! integer_into_expr {
    ($($integer:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl From<$integer> for Expr {
            fn from(integer: $integer) -> Self {
                Expr::text(integer.to_string())
            }
        }
    )+};
}
integer_into_expr!(i32, i64, u16, u32, u64, usize);

#[diagnostic::do_not_recommend]
impl From<&Expr> for Expr {
    fn from(expr: &Expr) -> Self {
        expr.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Cidr;

    #[test]
    #[allow(clippy::needless_borrows_for_generic_args)] // The test is about borrowed values.
    fn borrowed_values_and_all_numbers_are_accepted() {
        fn value<T>(from: impl IntoValue<Value<T>>) -> Value<T> {
            from.into_value()
        }
        let (text, range) = (String::from("a"), Cidr::ANY);
        let expected = Value::Lit(Text::Borrowed("a"));
        for found in [value(&text), value(text.as_str()), value(text.clone())] {
            assert_eq!(found, expected);
        }
        assert_eq!(value(&range), Value::Lit(range));
        for found in [
            value(7u8),
            value(7i32),
            value(&7u16),
            value(7u64),
            value(7usize),
        ] {
            assert_eq!(found, Value::Lit(7));
        }
        let large = Expr::text("18446744073709551615");
        assert_eq!(value::<i64>(u64::MAX), Value::Expr(large.clone()));
        assert_eq!(value::<bool>(&large), Value::Expr(large));
    }
}
