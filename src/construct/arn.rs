//! ARNs of what is not in the graph, or not yet.

use super::scope::Scope;
use crate::ir::{Expr, Pseudo, Text, Value};

/// Where ARNs are of.
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
    /// Where the stack is deployed.
    pub fn of(scope: &Scope<'_>) -> ArnContext {
        ArnContext {
            // Also where the region is known: beside the account, cfn-lint (I3042) wants no
            // partition in text.
            partition: Expr::Pseudo(Pseudo::Partition),
            region: scope.region(),
            account: Expr::Pseudo(Pseudo::AccountId),
        }
    }

    /// The ARN of something in this account and region.
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

    /// The ARN of something in this region that is AWS's own, whose account is empty.
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

    /// The account's root, which stands for whom IAM lets in the account.
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
