//! A stack, and what belongs to it besides its resources: conditions, outputs, suppressions.

use super::{ConditionId, Expr, NodeId, ParamId, SourceLocation, Text};
use crate::region::Region;

/// A checker of templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scanner {
    /// <https://www.checkov.io/>
    Checkov,
    /// cfn-guard with Control Tower's rules:
    /// <https://docs.aws.amazon.com/controltower/latest/controlreference/proactive-controls.html>
    Guard,
}

/// A finding of a checker of templates that is accepted, and why; said beside each resource of the
/// type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Whose finding it is.
    pub scanner: Scanner,
    /// The check's name, such as `CKV_AWS_18`.
    pub check: &'static str,
    /// CloudFormation's type that it is about; empty if it finds nothing there.
    pub cfn: &'static str,
    /// Terraform's type that it is about, `data.` before a source of data; empty if it finds
    /// nothing there.
    pub tf: &'static str,
    /// Why it is accepted.
    pub reason: &'static str,
}

/// A question about the place of deployment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Predicate {
    /// The value is one of these.
    OneOf(Expr, Vec<Text>),
    /// The other way round.
    Not(Box<Predicate>),
}

/// A named [`Predicate`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// Letters and digits.
    pub id: String,
    /// The question.
    pub predicate: Predicate,
}

/// What a stack tells after deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Output {
    /// The path from the stack's name down.
    pub path: String,
    /// The id in CloudFormation.
    pub cfn_id: String,
    /// The name in Terraform.
    pub tf_name: String,
    /// What it says.
    pub value: Expr,
    /// For people.
    pub description: Text,
    /// When it exists. Default: always.
    pub condition: Option<ConditionId>,
    /// Where it was written.
    pub location: SourceLocation,
}

/// One deployable unit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// For people. Default: none.
    pub description: Option<Text>,
    /// Where it is deployed. Default: decided then.
    pub region: Option<&'static Region>,
    /// Its resources in the order of adding.
    pub nodes: Vec<NodeId>,
    /// Its parameters.
    pub parameters: Vec<ParamId>,
    /// Its conditions.
    pub conditions: Vec<ConditionId>,
    /// Its outputs.
    pub outputs: Vec<Output>,
    /// Findings of checkers that are accepted in it. Default: none.
    pub suppressions: Vec<Suppression>,
    /// Where it was written.
    pub location: SourceLocation,
}
