//! Changes that fix a failing hop. The reports print them in the language of the file.

use crate::ir::{Dialect, NodeId};
use crate::resource::{RawValue, Resource};

/// A change to a graph.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fix {
    /// Sets a field to a value. Dots separate nested fields.
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
    /// Adds a resource.
    Add {
        /// The name of the resource.
        name: String,
        /// The resource.
        resource: Box<Resource>,
    },
    /// Adds dependencies to a resource.
    After(NodeId, Vec<NodeId>),
    /// One of two changes, depending on the language.
    Either {
        /// The change for CloudFormation.
        cfn: Box<Fix>,
        /// The change for Terraform.
        tf: Box<Fix>,
    },
    /// Several changes together.
    All(Vec<Fix>),
    /// An instruction that no snippet can express.
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

    /// Sets a field whose value differs between the languages.
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
