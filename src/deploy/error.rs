//! What AWS refused, or why it could not be asked.

use std::error::Error;
use std::fmt;

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

/// What kind of trouble it is, by what one can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The program is not told what it needs to ask.
    Unconfigured,
    /// No credentials, or none that AWS accepts.
    Credentials,
    /// The credentials were good and are no longer.
    Expired,
    /// The caller may not do this.
    Denied,
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// Too many requests.
    Throttled,
    /// AWS's own fault.
    Server,
    /// The answer was no answer.
    InvalidResponse,
    /// AWS understood and said no.
    Rejected,
}

/// A call of the AWS API that did not succeed.
#[derive(Clone, Debug)]
pub(crate) struct AwsError {
    /// The API's name of the operation.
    pub(crate) operation: &'static str,
    pub(crate) kind: ErrorKind,
    /// The API's code, where it gave one.
    pub(crate) code: String,
    /// What it said, or what came between.
    pub(crate) message: String,
}

impl AwsError {
    /// Whether the same call may succeed a moment later.
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

    /// Whether the call may have been carried out although it failed.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.is_transient() && self.kind != ErrorKind::Throttled
    }

    /// Whether it says that a stack is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::Rejected
            && (self.code == "ChangeSetNotFound" || self.message.contains("does not exist"))
    }

    /// What one can do about it.
    pub(crate) fn help(&self) -> Option<String> {
        let text = match self.kind {
            ErrorKind::Credentials => {
                "check the profile (`--profile`, `AWS_PROFILE`) and the keys; \
                 `aws sts get-caller-identity` shows who you are"
            }
            ErrorKind::Expired => {
                "renew them (`aws sso login`, or how you got them) and run it again"
            }
            ErrorKind::Denied => "ask for this permission, or use another profile",
            ErrorKind::Unreachable | ErrorKind::Timeout => {
                "check the network, `--region` and `AWS_ENDPOINT_URL`"
            }
            ErrorKind::Throttled => "wait a little and run it again",
            ErrorKind::Server | ErrorKind::InvalidResponse => {
                "run it again; status.aws.amazon.com tells of trouble"
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
            ErrorKind::Denied => write!(f, "{} is not allowed: {message}", self.operation),
            ErrorKind::Unreachable => write!(f, "{}: cannot reach AWS: {message}", self.operation),
            ErrorKind::Timeout => write!(f, "{}: no answer in time: {message}", self.operation),
            ErrorKind::Throttled => write!(f, "{}: too many requests: {message}", self.operation),
            ErrorKind::Server => write!(f, "{}: AWS failed: {message}", self.operation),
            ErrorKind::InvalidResponse => write!(f, "{}: broken answer: {message}", self.operation),
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

/// The innermost causes in one line, without the `Debug` pages of the SDK.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        // What a cause repeats is said once.
        if !text.is_empty() && !parts.iter().any(|known| known.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    const MAX: usize = 3;
    let from = parts.len().saturating_sub(MAX);
    parts.split_off(from).join(": ")
}

/// Tells what a failed call means.
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
            let kind = if failure.is_timeout() {
                ErrorKind::Timeout
            } else if message.contains("credential") {
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
                // An answer without a code is no answer of the API.
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
