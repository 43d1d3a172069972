//! The language-neutral graph: resources, references, values and diagnostics.

mod cidr;
mod diagnostic;
mod graph;
mod names;
mod nearest;
mod parameter;
mod value;

pub use cidr::{Cidr, CidrError};
pub use diagnostic::{Diagnostic, Diagnostics, Severity, SourceLocation, Span};
pub use graph::{
    Condition, ConditionId, Graph, Node, NodeId, Origin, Output, Override, ParamId, Predicate,
    RemovalPolicy, Scanner, Stack, StackId, Suppression, Unmodeled,
};
pub use parameter::{ListParameter, ListValue, Parameter, ParameterDeclaration, ParameterType};
pub use value::{Attr, CfnAttr, Expr, Handle, Id, IntoValue, Link, Pseudo, Text, Value};

pub(crate) use diagnostic::quoted;
#[cfg(feature = "config")]
pub(crate) use diagnostic::shortened;
pub(crate) use names::{is_id, kebab, logical_id, natural, terraform_name};
pub(crate) use nearest::near;
#[cfg(feature = "config")]
pub(crate) use nearest::nearest;
