//! Typed positions in the graph.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The app that an index belongs to, so that a handle of another app is an error. The graph of a
/// file has none: nobody keeps handles of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AppId(u32);

impl AppId {
    /// Returns an ID that no other app of the process has. It never reaches the output.
    pub(crate) fn unique() -> AppId {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        AppId(NEXT.fetch_add(1, Relaxed))
    }

    /// Returns whether an index of `other` can belong to this app.
    pub(crate) fn accepts(self, other: AppId) -> bool {
        other == AppId::default() || other == self
    }
}

macro_rules! index {
    ($($(#[doc = $doc:literal])* $name:ident),+ $(,)?) => {$(
        $(#[doc = $doc])*
        ///
        /// Indices of different apps compare by position.
        #[derive(Clone, Copy)]
        pub struct $name {
            index: u32,
            app: AppId,
        }

        // The graph compares only indices of its own: `Graph::node` rejects those of other apps.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.index == other.index
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.index.cmp(&other.index)
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.index.hash(state);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.index)
            }
        }

        impl $name {
            /// Returns the position in the graph.
            pub fn index(self) -> usize {
                self.index as usize
            }

            // Memory cannot hold a graph of 2^32 nodes.
            #[allow(clippy::cast_possible_truncation)]
            pub(crate) fn next(len: usize) -> Self {
                $name { index: len as u32, app: AppId(0) }
            }

            /// Returns the same position, as an index of an app.
            pub(crate) fn of(self, app: AppId) -> Self {
                $name { app, ..self }
            }

            pub(crate) fn app(self) -> AppId {
                self.app
            }
        }
    )+};
}
index! {
    /// The index of a resource in the graph.
    NodeId,
    /// The index of a parameter of a stack.
    ParamId,
    /// The index of a condition of a stack.
    ConditionId,
}

/// The index of a stack of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StackId(u32);

impl StackId {
    /// Returns the position in the graph.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    // Memory cannot hold 2^32 stacks.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn next(len: usize) -> Self {
        StackId(len as u32)
    }
}
