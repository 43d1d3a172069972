//! Whether a trust policy allows EC2 to assume the role.

use super::super::graph_index::GraphIndex;
use super::context::{CallContext, Caller};
use super::judgment::Judgment;
use super::statement::judge_document;
use crate::resource::PolicyDocument;

/// Evaluates the call with which EC2 assumes a role. EC2 passes no external ID and no tags.
pub(crate) fn trusts_ec2(index: &GraphIndex<'_>, document: &PolicyDocument) -> Judgment {
    judge_document(
        index,
        document,
        "sts:AssumeRole",
        &CallContext::of(Caller::Ec2),
    )
}
