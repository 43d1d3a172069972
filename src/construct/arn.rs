//! ARNs of resources outside the graph.

use super::scope::Scope;
use crate::ir::{Expr, Pseudo, Text, Value};

/// The partition, region and account of ARNs.
#[derive(Clone, Debug)]
pub struct ArnContext {
    /// The partition, such as `aws`.
    pub partition: Expr,
    /// The region, or `*`.
    pub region: Expr,
    /// The account, or `*`.
    pub account: Expr,
}

impl ArnContext {
    /// Returns the partition, region and account of the stack.
    pub fn of(scope: &Scope<'_>) -> ArnContext {
        ArnContext {
            // A pseudo parameter even if the region is known: in ARNs with `AWS::AccountId`,
            // cfn-lint reports a literal partition (I3042).
            partition: Expr::Pseudo(Pseudo::Partition),
            region: scope.region(),
            account: Expr::Pseudo(Pseudo::AccountId),
        }
    }

    /// Returns the ARN of a resource in this account and region.
    pub(super) fn arn(
        &self,
        service: &'static str,
        resource: impl IntoIterator<Item = Expr>,
    ) -> Value<Text> {
        join(
            &self.partition,
            service,
            self.region.clone(),
            self.account.clone(),
            resource,
        )
    }

    /// Returns the ARN of a resource that AWS owns, without an account.
    pub(super) fn aws_arn(
        &self,
        service: &'static str,
        resource: impl IntoIterator<Item = Expr>,
    ) -> Value<Text> {
        join(
            &self.partition,
            service,
            self.region.clone(),
            Expr::text(""),
            resource,
        )
    }

    /// Returns the ARN of the account root, which delegates access to IAM policies.
    pub(super) fn root(&self) -> Value<Text> {
        join(
            &self.partition,
            "iam",
            Expr::text(""),
            self.account.clone(),
            [Expr::text("root")],
        )
    }
}

fn join(
    partition: &Expr,
    service: &'static str,
    region: Expr,
    account: Expr,
    resource: impl IntoIterator<Item = Expr>,
) -> Value<Text> {
    let mut parts = vec![
        Expr::text("arn:"),
        partition.clone(),
        Expr::text(format!(":{service}:")),
        region,
        Expr::text(":"),
        account,
        Expr::text(":"),
    ];
    parts.extend(resource);
    Expr::concat(parts).into()
}
