//! What AWS refused, or why it could not be asked.

use std::error::Error;
use std::fmt;

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

/// What kind of trouble it is, by what one can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
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
    Garbled,
    /// AWS understood and said no.
    Rejected,
}

/// A call of the AWS API that did not succeed.
#[derive(Clone, Debug)]
pub(crate) struct AwsError {
    /// The API's name of the operation.
    pub(crate) operation: &'static str,
    pub(crate) trouble: Trouble,
    /// The API's code, where it gave one.
    pub(crate) code: String,
    /// What it said, or what came between.
    pub(crate) message: String,
}

impl AwsError {
    /// Whether the same call may succeed a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self.trouble,
            Trouble::Unreachable
                | Trouble::Timeout
                | Trouble::Throttled
                | Trouble::Server
                | Trouble::Garbled
        )
    }

    /// Whether the call may have been carried out although it failed.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.is_transient() && self.trouble != Trouble::Throttled
    }

    /// Whether it says that a stack is not there.
    pub(crate) fn is_absent(&self) -> bool {
        self.trouble == Trouble::Rejected
            && (self.code == "ChangeSetNotFound" || self.message.contains("does not exist"))
    }

    /// What one can do about it.
    pub(crate) fn help(&self) -> Option<String> {
        let text = match self.trouble {
            Trouble::Credentials => {
                "check the profile (`--profile`, `AWS_PROFILE`) and the keys; \
                 `aws sts get-caller-identity` shows who you are"
            }
            Trouble::Expired => {
                "renew them (`aws sso login`, or how you got them) and run it again"
            }
            Trouble::Denied => "ask for this permission, or use another profile",
            Trouble::Unreachable | Trouble::Timeout => {
                "check the network, `--region` and `AWS_ENDPOINT_URL`"
            }
            Trouble::Throttled => "wait a little and run it again",
            Trouble::Server | Trouble::Garbled => {
                "run it again; status.aws.amazon.com tells of trouble"
            }
            Trouble::Unconfigured => return None,
            Trouble::Rejected => return super::cause::hint(&self.message),
        };
        Some(text.to_owned())
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim_end_matches('.');
        match self.trouble {
            Trouble::Credentials => write!(f, "no usable credentials: {message}"),
            Trouble::Expired => write!(f, "the credentials expired: {message}"),
            Trouble::Denied => write!(f, "{} is not allowed: {message}", self.operation),
            Trouble::Unreachable => write!(f, "{}: cannot reach AWS: {message}", self.operation),
            Trouble::Timeout => write!(f, "{}: no answer in time: {message}", self.operation),
            Trouble::Throttled => write!(f, "{}: too many requests: {message}", self.operation),
            Trouble::Server => write!(f, "{}: AWS failed: {message}", self.operation),
            Trouble::Garbled => write!(f, "{}: broken answer: {message}", self.operation),
            Trouble::Unconfigured => f.write_str(message),
            Trouble::Rejected => write!(f, "{}: {message}", self.operation),
        }
    }
}

impl Error for AwsError {}

fn of_code(code: &str) -> Option<Trouble> {
    Some(match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            Trouble::Expired
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "AuthFailure"
        | "OptInRequired"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => Trouble::Credentials,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Trouble::Denied,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "BandwidthLimitExceeded"
        | "PriorRequestNotComplete"
        | "SlowDown" => Trouble::Throttled,
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
    const MOST: usize = 3;
    let from = parts.len().saturating_sub(MOST);
    parts.split_off(from).join(": ")
}

/// Tells what a failed call means.
pub(crate) fn classify<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> AwsError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let code = error.code().unwrap_or_default().to_owned();
    let (trouble, message) = match error {
        SdkError::TimeoutError(_) => (Trouble::Timeout, chain(error)),
        SdkError::DispatchFailure(failure) => {
            let cause = failure
                .as_connector_error()
                .map(|it| it as &(dyn Error + 'static));
            let message = cause.map_or_else(|| chain(error), chain);
            let trouble = if failure.is_timeout() {
                Trouble::Timeout
            } else if message.contains("credential") {
                Trouble::Credentials
            } else {
                Trouble::Unreachable
            };
            (trouble, message)
        }
        SdkError::ResponseError(_) => (Trouble::Garbled, chain(error)),
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let message = match error.message() {
                Some(message) if !message.is_empty() => message.to_owned(),
                _ if !code.is_empty() => code.clone(),
                _ => format!("HTTP {status}"),
            };
            let trouble = of_code(&code).unwrap_or(match status {
                429 => Trouble::Throttled,
                500.. => Trouble::Server,
                // An answer without a code is no answer of the API.
                _ if code.is_empty() => Trouble::Garbled,
                _ => Trouble::Rejected,
            });
            (trouble, message)
        }
        _ => {
            let message = chain(error);
            let trouble = match message.contains("credential") {
                true => Trouble::Credentials,
                false => Trouble::Unreachable,
            };
            (trouble, message)
        }
    };
    AwsError {
        operation,
        trouble,
        code,
        message: super::plain(&message),
    }
}
