//! Indices: typed positions in the graph, which the resource layer owns.

macro_rules! index {
    ($($(#[doc = $doc:literal])* $name:ident),+ $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// Returns the position.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            // A graph of four thousand million nodes does not fit into memory.
            #[allow(clippy::cast_possible_truncation)]
            pub(crate) fn next(len: usize) -> Self {
                $name(len as u32)
            }
        }
    )+};
}
index! {
    /// A resource in the graph.
    NodeId,
    /// A stack of the app.
    StackId,
    /// A parameter of a stack.
    ParamId,
    /// A condition of a stack.
    ConditionId,
}
