//! Conditions of a stack before a deployment, and the token of the deployment.

use std::time::{SystemTime, UNIX_EPOCH};

use super::outcome::DeployError;
use super::values::Stack;

/// Returns a unique name, for the change set and as a token for retries.
pub(crate) fn token() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!("ssm-synth-{:x}-{:x}", now.as_nanos(), std::process::id())
}

/// Returns the error for a stack that does not accept change sets.
pub(super) fn unusable(program: &str, stack: &Stack) -> Option<DeployError> {
    let state = format!("stack `{}` is still `{}`", stack.name, stack.status);
    let error = DeployError::new(
        format!("stack `{}` is `{}`", stack.name, stack.status),
        state,
    );
    Some(match stack.status.as_str() {
        "ROLLBACK_FAILED" | "DELETE_FAILED" => error.help(format!(
            "run `{program} destroy --stack {}`, then deploy again",
            stack.name
        )),
        "UPDATE_ROLLBACK_FAILED" => error.help(format!(
            "fix the cause of the rollback failure, then run `aws cloudformation continue-update-rollback \
             --stack-name {}`",
            stack.name
        )),
        _ => return None,
    })
}

/// Returns whether a stack kept the resources of a failed deployment.
pub(super) fn keeps_failures(status: &str) -> bool {
    matches!(status, "CREATE_FAILED" | "UPDATE_FAILED")
}
