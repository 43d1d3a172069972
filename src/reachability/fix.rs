//! What mends a failing hop, in no language; the reports print it in the file's.

use crate::ir::{Dialect, NodeId};
use crate::resource::{RawValue, Resource};

/// A change to a graph.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fix {
    /// Set a field, dotted where it is nested, to a value.
    Set {
        /// The resource.
        node: NodeId,
        /// The field of its table.
        field: &'static str,
        /// The value for CloudFormation.
        cfn: RawValue<'static>,
        /// The value for Terraform.
        tf: RawValue<'static>,
    },
    /// Add a resource.
    Add {
        /// A name for it.
        name: String,
        /// The resource.
        resource: Box<Resource>,
    },
    /// Let a resource wait for others.
    After(NodeId, Vec<NodeId>),
    /// One of two, by language.
    Either {
        /// In CloudFormation.
        cfn: Box<Fix>,
        /// In Terraform.
        tf: Box<Fix>,
    },
    /// Several, together.
    All(Vec<Fix>),
    /// Something to do that is said best in words.
    Manual(String),
}

impl Fix {
    pub(crate) fn set(node: NodeId, field: &'static str, value: RawValue<'static>) -> Fix {
        Fix::Set {
            node,
            field,
            cfn: value.clone(),
            tf: value,
        }
    }

    /// A value that the languages write differently.
    pub(crate) fn set_owned<'a>(
        node: NodeId,
        field: &'static str,
        put: impl Fn(Dialect) -> Option<RawValue<'a>>,
    ) -> Option<Fix> {
        Some(Fix::Set {
            node,
            field,
            cfn: put(Dialect::Cfn)?.into_owned(),
            tf: put(Dialect::Tf)?.into_owned(),
        })
    }

    pub(crate) fn add(name: impl Into<String>, resource: impl Into<Resource>) -> Fix {
        Fix::Add {
            name: name.into(),
            resource: Box::new(resource.into()),
        }
    }

    pub(crate) fn manual(text: impl Into<String>) -> Fix {
        Fix::Manual(text.into())
    }
}
