//! Availability Zones by name.

/// Converts lists of names into zones, which have the variant `Named`.
macro_rules! named_zones {
    ($zones:ident: $($list:ty [$($generics:tt)*]),+) => {$(
        #[diagnostic::do_not_recommend]
        impl<V: $crate::ir::IntoValue<$crate::ir::Text>, $($generics)*>
            $crate::ir::IntoValue<$zones> for $list
        {
            fn into_value(self) -> $zones {
                $zones::Named(self.into_iter().map(V::into_value).collect())
            }
        }
    )+};
    ($zones:ident) => {
        $crate::construct::zone_names::named_zones!($zones: [V; N] [const N: usize], Vec<V> []);
    };
}
pub(super) use named_zones;
