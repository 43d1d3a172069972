//! Whether a trust policy allows a service to assume the role.

use super::super::graph_index::GraphIndex;
use super::context::{CallContext, Caller};
use super::judgment::Judgment;
use super::statement::judge_document;
use crate::resource::PolicyDocument;

/// Evaluates the call with which EC2 assumes a role. EC2 passes no external ID and no tags.
pub(crate) fn trusts_ec2(index: &GraphIndex<'_>, document: &PolicyDocument) -> Judgment {
    trusts(index, document, Caller::Ec2)
}

/// Evaluates the call with which a service assumes a role.
pub(crate) fn trusts(
    index: &GraphIndex<'_>,
    document: &PolicyDocument,
    service: Caller,
) -> Judgment {
    let call = CallContext::of(service);
    judge_document(index, document, "sts:AssumeRole", &call)
}
