//! Typed positions in the graph.

macro_rules! index {
    ($($(#[doc = $doc:literal])* $name:ident),+ $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// Returns the position in the graph.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            // Memory cannot hold a graph of 2^32 nodes.
            #[allow(clippy::cast_possible_truncation)]
            pub(crate) fn next(len: usize) -> Self {
                $name(len as u32)
            }
        }
    )+};
}
index! {
    /// The index of a resource in the graph.
    NodeId,
    /// The index of a stack of the app.
    StackId,
    /// The index of a parameter of a stack.
    ParamId,
    /// The index of a condition of a stack.
    ConditionId,
}
