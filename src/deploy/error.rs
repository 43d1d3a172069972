//! Errors of AWS calls.

use std::error::Error;
use std::fmt;

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

/// The kind of an error, by its remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// Required configuration is missing.
    Unconfigured,
    /// Credentials are missing, or AWS does not accept them.
    Credentials,
    /// The credentials expired.
    Expired,
    /// IAM denied the call.
    Denied,
    /// The connection failed.
    Unreachable,
    /// There was no response in time.
    Timeout,
    /// AWS throttled the call.
    Throttled,
    /// An AWS server failed.
    Server,
    /// The response is invalid.
    InvalidResponse,
    /// AWS rejected the call.
    Rejected,
}

/// A failed call of an AWS API.
#[derive(Clone, Debug)]
pub(crate) struct AwsError {
    /// The name of the operation.
    pub(crate) operation: &'static str,
    pub(crate) kind: ErrorKind,
    /// The error code of the API, if any.
    pub(crate) code: String,
    /// The message of AWS or of the connection.
    pub(crate) message: String,
}

impl AwsError {
    /// Returns whether a retry can succeed.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unreachable
                | ErrorKind::Timeout
                | ErrorKind::Throttled
                | ErrorKind::Server
                | ErrorKind::InvalidResponse
        )
    }

    /// Returns whether AWS may have performed the operation anyway.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.is_transient() && self.kind != ErrorKind::Throttled
    }

    /// Returns whether the stack does not exist.
    pub(crate) fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::Rejected
            && (self.code == "ChangeSetNotFound" || self.message.contains("does not exist"))
    }

    /// Returns a hint.
    pub(crate) fn help(&self) -> Option<String> {
        let text = match self.kind {
            ErrorKind::Credentials => {
                "check the profile (`--profile`, `AWS_PROFILE`) and the keys; \
                 `aws sts get-caller-identity` shows your identity"
            }
            ErrorKind::Expired => {
                "refresh the credentials, for example with `aws sso login`, then run this command again"
            }
            ErrorKind::Denied => "allow this action, or use another profile",
            ErrorKind::Unreachable | ErrorKind::Timeout => {
                "check the network, `--region` and `AWS_ENDPOINT_URL`"
            }
            ErrorKind::Throttled => "wait, then run this command again",
            ErrorKind::Server | ErrorKind::InvalidResponse => {
                "run this command again; see https://health.aws.amazon.com for the status of AWS"
            }
            ErrorKind::Unconfigured => return None,
            ErrorKind::Rejected => return super::hint::hint(&self.message),
        };
        Some(text.to_owned())
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim_end_matches('.');
        match self.kind {
            ErrorKind::Credentials => write!(f, "no usable credentials: {message}"),
            ErrorKind::Expired => write!(f, "the credentials expired: {message}"),
            ErrorKind::Denied => write!(f, "{}: access denied: {message}", self.operation),
            ErrorKind::Unreachable => write!(f, "{}: cannot reach AWS: {message}", self.operation),
            ErrorKind::Timeout => write!(f, "{}: timed out: {message}", self.operation),
            ErrorKind::Throttled => write!(f, "{}: too many requests: {message}", self.operation),
            ErrorKind::Server => write!(f, "{}: AWS server error: {message}", self.operation),
            ErrorKind::InvalidResponse => {
                write!(f, "{}: invalid response: {message}", self.operation)
            }
            ErrorKind::Unconfigured => f.write_str(message),
            ErrorKind::Rejected => write!(f, "{}: {message}", self.operation),
        }
    }
}

impl Error for AwsError {}

fn of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            ErrorKind::Expired
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "AuthFailure"
        | "OptInRequired"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => ErrorKind::Credentials,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => ErrorKind::Denied,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "BandwidthLimitExceeded"
        | "PriorRequestNotComplete"
        | "SlowDown" => ErrorKind::Throttled,
        _ => return None,
    })
}

/// Returns the causes in one line, without the `Debug` output of the SDK.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let cause = error.source();
        // An interceptor of the SDK is a detail of this program.
        let is_detail = cause.is_some() && text.ends_with("interceptor encountered an error");
        // Does not repeat a cause that another contains.
        let is_known = text.is_empty() || parts.iter().any(|known| known.contains(&text));
        if !is_detail && !is_known {
            parts.push(text);
        }
        next = cause;
    }
    const MAX: usize = 3;
    let from = parts.len().saturating_sub(MAX);
    parts.split_off(from).join(": ")
}

/// Classifies a failed call.
pub(crate) fn classify<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> AwsError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let code = error.code().unwrap_or_default().to_owned();
    let (kind, message) = match error {
        SdkError::TimeoutError(_) => (ErrorKind::Timeout, chain(error)),
        SdkError::DispatchFailure(failure) => {
            let cause = failure
                .as_connector_error()
                .map(|it| it as &(dyn Error + 'static));
            let message = cause.map_or_else(|| chain(error), chain);
            // Only the connection has a separate timeout.
            let kind = if message.contains("credential") && !failure.is_timeout() {
                ErrorKind::Credentials
            } else {
                ErrorKind::Unreachable
            };
            (kind, message)
        }
        SdkError::ResponseError(_) => (ErrorKind::InvalidResponse, chain(error)),
        SdkError::ServiceError(response) => {
            let status = response.raw().status().as_u16();
            let message = match error.message() {
                Some(message) if !message.is_empty() => message.to_owned(),
                _ if !code.is_empty() => code.clone(),
                _ => format!("HTTP {status}"),
            };
            let kind = of_code(&code).unwrap_or(match status {
                429 => ErrorKind::Throttled,
                500.. => ErrorKind::Server,
                // A response without a code is not from the API.
                _ if code.is_empty() => ErrorKind::InvalidResponse,
                _ => ErrorKind::Rejected,
            });
            (kind, message)
        }
        _ => {
            let message = chain(error);
            let kind = match message.contains("credential") {
                true => ErrorKind::Credentials,
                false => ErrorKind::Unreachable,
            };
            (kind, message)
        }
    };
    AwsError {
        operation,
        kind,
        code,
        message: super::plain(&message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    #[test]
    fn a_message_has_causes_without_layers_of_the_program() {
        let cause = Layer("truncated response", None);
        let hook = Layer(
            "Strict read_after_deserialization interceptor encountered an error",
            Some(Box::new(cause)),
        );
        let error = Layer("response error", Some(Box::new(hook)));
        assert_eq!(chain(&error), "response error: truncated response");
    }
}
