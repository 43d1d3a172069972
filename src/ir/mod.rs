//! The language-neutral graph: resources, references, values and diagnostics.

mod address_set;
mod cidr;
mod conversions;
mod data_source;
mod diagnostic;
mod dialect;
mod index;
mod into_value;
mod names;
mod nearest;
mod parameter;
mod stack;
mod substitution;
mod unknown_region;
mod value;
mod words;

pub use cidr::{Cidr, CidrError};
pub use diagnostic::{Diagnostic, Diagnostics, Severity, SourceLocation, Span};
pub use dialect::Dialect;
pub(crate) use index::AppId;
pub use index::{ConditionId, NodeId, ParamId, StackId};
pub use into_value::{IntoValue, Literal};
pub use parameter::{ListParameter, ListValue, Parameter, ParameterDeclaration, ParameterType};
pub use stack::{Condition, Output, Predicate, RuleSuppression, Scanner, Stack, Suppression};
pub use value::{Arn, ArnLink, Attr, CfnAttr, Expr, Handle, Id, Link, Pseudo, Text, Value};

pub(crate) use address_set::AddressSet;
pub(crate) use data_source::{DataSource, stored_label};
pub(crate) use diagnostic::quoted;
#[cfg(feature = "config")]
pub(crate) use diagnostic::shortened;
pub(crate) use into_value::by_reference;
pub(crate) use names::{
    IDENTIFIER, is_id, is_identifier, is_logical_id, is_stack_name, kebab, logical_id, natural,
    terraform_name,
};
pub(crate) use nearest::near;
pub(crate) use nearest::nearest;
pub(crate) use nearest::typo;
#[cfg(feature = "config")]
pub(crate) use parameter::stored_type;
pub(crate) use substitution::{SubPart, sub_parts};
pub(crate) use unknown_region::{unknown_region, unlisted_region};
pub(crate) use words::{Word, words};
