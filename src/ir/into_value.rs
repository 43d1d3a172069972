//! The conversion into property values.

/// A conversion into a property value of type `T`. Other crates can implement it for their types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a `{T}`",
    label = "this is a `{Self}`, and the property is a `{T}`",
    note = "a reference is a handle from `Scope::add`, an `Id`, or a parameter of that resource type",
    note = "a CIDR range is `Cidr::v4([10, 0, 0, 0], 16)`, and a word a variant such as `HttpTokens::Required`",
    note = "an attribute is a constant such as `Vpc::LINK`, and text that contains one is `vpc.attr(Vpc::LINK)`"
)]
pub trait IntoValue<T> {
    /// Converts the value.
    fn into_value(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T> IntoValue<T> for T {
    fn into_value(self) -> T {
        self
    }
}

/// A copy, so that a value can be used twice.
#[diagnostic::do_not_recommend]
impl<T: Clone> IntoValue<T> for &T {
    fn into_value(self) -> T {
        self.clone()
    }
}

/// A type of values that are literals of properties of the same type.
pub trait Literal {}

/// Converts a reference as its value.
macro_rules! by_reference {
    ($($from:ty => $to:ty),+ $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl $crate::ir::IntoValue<$to> for &$from {
            fn into_value(self) -> $to {
                $crate::ir::IntoValue::into_value(self.clone())
            }
        }
    )+};
}
pub(crate) use by_reference;
