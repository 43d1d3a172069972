//! Stacks, with their conditions, outputs and suppressions.

use super::{ConditionId, Expr, NodeId, ParamId, SourceLocation, Text};
use crate::region::Region;

/// A policy scanner for templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scanner {
    /// <https://www.checkov.io/>
    Checkov,
    /// cfn-guard with the rules of AWS Control Tower:
    /// <https://docs.aws.amazon.com/controltower/latest/controlreference/proactive-controls.html>
    Guard,
}

/// An accepted finding of a policy scanner. The output contains it in each resource of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The policy scanner.
    pub scanner: Scanner,
    /// The ID of the check, such as `CKV_AWS_18`.
    pub check: &'static str,
    /// The CloudFormation type. Empty if the scanner reports nothing there.
    pub cfn: &'static str,
    /// The Terraform type, with the prefix `data.` for a data source. Empty if the scanner reports
    /// nothing there.
    pub tf: &'static str,
    /// The reason for the suppression.
    pub reason: &'static str,
}

/// A test of the deployment's region, account or partition.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Predicate {
    /// True if the value is one of these.
    OneOf(Expr, Vec<Text>),
    /// True if both values are the same text.
    Equal(Expr, Expr),
    /// True if the inner test is false.
    Not(Box<Predicate>),
    /// True if all tests are true.
    All(Vec<Predicate>),
    /// True if a test is true.
    Any(Vec<Predicate>),
}

impl Predicate {
    /// Calls `visit` for each expression.
    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            Predicate::OneOf(expr, _) => expr.walk(visit),
            Predicate::Equal(one, other) => {
                one.walk(visit);
                other.walk(visit);
            }
            Predicate::Not(inner) => inner.walk(visit),
            Predicate::All(tests) | Predicate::Any(tests) => {
                tests.iter().for_each(|test| test.walk(visit));
            }
        }
    }
}

/// A named [`Predicate`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// The ID, of letters and digits.
    pub id: String,
    /// The test.
    pub predicate: Predicate,
}

/// An output of a stack.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Output {
    /// The path, which starts with the name of the stack.
    pub path: String,
    /// The logical ID in CloudFormation.
    pub cfn_id: String,
    /// The name in Terraform.
    pub tf_name: String,
    /// The value.
    pub value: Expr,
    /// The description.
    pub description: Text,
    /// The condition for its existence. Default: always.
    pub condition: Option<ConditionId>,
    /// The location in the source.
    pub location: SourceLocation,
}

/// A stack, the unit of deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stack {
    /// The name.
    pub name: String,
    /// The description. Default: none.
    pub description: Option<Text>,
    /// The region, which the data can lack. Default: set at deployment.
    pub region: Option<&'static Region>,
    /// The account, of 12 digits. Default: that of the credentials at deployment.
    pub account: Option<String>,
    /// Additional providers in Terraform, by alias.
    pub provider_aliases: Vec<(String, &'static Region)>,
    /// The resources, in the order of addition.
    pub nodes: Vec<NodeId>,
    /// The parameters.
    pub parameters: Vec<ParamId>,
    /// The conditions.
    pub conditions: Vec<ConditionId>,
    /// The outputs.
    pub outputs: Vec<Output>,
    /// Accepted findings of policy scanners. Default: none.
    pub suppressions: Vec<Suppression>,
    /// The location in the source.
    pub location: SourceLocation,
}

impl Stack {
    /// Returns the region, if the stack sets it and the data has it.
    pub fn known_region(&self) -> Option<&'static Region> {
        self.region.filter(|it| it.is_listed())
    }
}

/// The suppression of a code for a path and the paths below it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RuleSuppression {
    /// The code of the diagnostics.
    pub code: String,
    /// The path, which starts with the name of the stack.
    pub path: String,
    /// The reason.
    pub reason: String,
    /// The location in the source.
    pub location: SourceLocation,
}

impl RuleSuppression {
    pub(crate) fn new(code: &str, path: String, reason: &str, location: SourceLocation) -> Self {
        RuleSuppression {
            code: code.to_owned(),
            path,
            reason: reason.to_owned(),
            location,
        }
    }

    /// Returns whether it applies to a path.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.path.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}
