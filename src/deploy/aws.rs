//! CloudFormation API calls with plain values, and retries.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::config::{
    AppName, ProvideCredentials, Region, SharedCredentialsProvider,
};
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::primitives::DateTime;
use aws_sdk_cloudformation::types::{StackEvent, TemplateStage};
use tokio::time::Instant;

use super::error::{AwsError, ErrorKind, classify};
use super::https;
use super::plain;
use super::progress::{OnWait, shown};
use super::stop::Stop;
use super::strict::Strict;
use super::values::{Drifted, Event, Member, Stack};

/// The region, profile and endpoint of AWS calls, as for the AWS CLI.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) endpoint_url: Option<String>,
    /// The timeout of one attempt. Default: 30 seconds.
    pub(crate) read_timeout: Option<Duration>,
    /// Shows calls that take long. Default: nothing shows them.
    pub(crate) on_wait: Option<OnWait>,
}

impl Access {
    /// Returns the timeout of one attempt.
    pub(super) fn attempt_timeout(&self) -> Duration {
        self.read_timeout.unwrap_or(Duration::from_secs(30))
    }
}

/// The time to retry a call before it fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The time to retry the first call if the connection fails. A network that never worked is more
/// likely to be absent than interrupted.
const FIRST_PATIENCE: Duration = Duration::from_secs(3);

/// The time to retry a call after the user asked to stop.
const HURRY: Duration = Duration::from_secs(5);

/// A CloudFormation client for one account and region.
pub(crate) struct Cloud {
    access: Access,
    pub(crate) region: String,
    client: RefCell<Client>,
    stop: Stop,
    /// Whether AWS responded to a call.
    has_responded: Cell<bool>,
}

/// Returns the region of the environment or profile, which the SDK uses by default. Does not call the
/// metadata service.
pub(crate) async fn environment_region(profile: Option<&str>) -> Option<String> {
    let mut of_profile = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        of_profile = of_profile.profile_name(profile);
    }
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(of_profile.build());
    chain.region().await.map(|region| region.to_string())
}

/// Creates a client, and resolves its region and credentials.
async fn configure(access: &Access) -> Result<(Client, String), AwsError> {
    let failed = |kind, message: &str| AwsError {
        operation: "",
        kind,
        code: String::new(),
        message: message.to_owned(),
    };
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(access.attempt_timeout())
        .build();
    let https = https::client();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(https.clone())
        // `Cloud::call` retries, and shows the attempts.
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts);
    if let Ok(name) = AppName::new("ssm-synth") {
        loader = loader.app_name(name);
    }
    if let Some(region) = &access.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &access.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let mut config = loader.load().await;
    let region = config
        .region()
        .map(ToString::to_string)
        .filter(|it| !it.is_empty());
    let region = region.ok_or_else(|| {
        let message = "no region; pass `--region`, set `AWS_REGION`, or set `region` in the \
                       profile";
        failed(ErrorKind::Unconfigured, message)
    })?;
    if let Some(profile) = &access.profile {
        // As in the AWS CLI, an explicit profile overrides keys in the environment. Its role is
        // assumed in the region.
        let provider = ProviderConfig::without_region()
            .with_region(config.region().cloned())
            .with_http_client(https);
        let own = ProfileFileCredentialsProvider::builder()
            .configure(&provider)
            .profile_name(profile)
            .build();
        let own = SharedCredentialsProvider::new(own);
        config = config.into_builder().credentials_provider(own).build();
    }
    match config.credentials_provider() {
        None => return Err(failed(ErrorKind::Credentials, "not configured")),
        Some(provider) => {
            if let Err(error) = provider.provide_credentials().await {
                let mut text = error.to_string();
                let mut next = std::error::Error::source(&error);
                while let Some(cause) = next {
                    let cause_text = cause.to_string();
                    if !text.contains(&cause_text) {
                        text = format!("{text}: {cause_text}");
                    }
                    next = cause.source();
                }
                if let Some(profile) = &access.profile {
                    text = format!("profile `{profile}`: {text}");
                }
                return Err(failed(ErrorKind::Credentials, &text));
            }
        }
    }
    let own = aws_sdk_cloudformation::config::Builder::from(&config).interceptor(Strict);
    Ok((Client::from_conf(own.build()), region))
}

/// Returns text without changes, for values.
fn exact(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// Returns text for display, with control characters escaped.
pub(super) fn text(value: Option<&str>) -> String {
    plain(value.unwrap_or_default())
}

impl Cloud {
    /// Resolves the region and credentials. Does not call CloudFormation.
    ///
    /// After the user asks to stop, the time for retries is shorter.
    pub(crate) async fn connect(access: &Access, stop: &Stop) -> Result<Cloud, AwsError> {
        let call = "Reading the credentials";
        let (client, region) = shown(access.on_wait, call, configure(access)).await?;
        Ok(Cloud {
            access: access.clone(),
            region,
            client: RefCell::new(client),
            stop: stop.clone(),
            has_responded: Cell::new(false),
        })
    }

    /// Returns the region, profile and endpoint, with the resolved region.
    pub(crate) fn access(&self) -> Access {
        Access {
            region: Some(self.region.clone()),
            ..self.access.clone()
        }
    }

    /// Calls an operation, and retries transient failures.
    pub(super) async fn call<T, E, F>(
        &self,
        operation: &'static str,
        make: impl Fn(Client) -> F,
    ) -> Result<T, AwsError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let start = Instant::now();
        let mut pause = Duration::from_millis(250);
        let mut renewed = false;
        let on_wait = self.access.on_wait;
        let mut call = format!("Calling CloudFormation: {operation} in {}", self.region);
        let mut attempt = 1;
        loop {
            attempt += 1;
            let client = self.client.borrow().clone();
            let error = match shown(on_wait, &call, make(client)).await {
                Ok(done) => {
                    self.has_responded.set(true);
                    if let (Some(on_wait), true) = (on_wait, attempt > 2) {
                        on_wait(None);
                    }
                    return Ok(done);
                }
                Err(error) => classify(operation, &error),
            };
            if !matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Timeout) {
                self.has_responded.set(true);
            }
            if error.kind == ErrorKind::Expired && !renewed {
                // Another program may have refreshed the credentials in a file or cache.
                renewed = true;
                if let Ok((client, _)) = configure(&self.access).await {
                    *self.client.borrow_mut() = client;
                    continue;
                }
            }
            let patience = match self.stop.is_requested() {
                true => HURRY,
                false if error.kind == ErrorKind::Unreachable && !self.has_responded.get() => {
                    FIRST_PATIENCE
                }
                false => PATIENCE,
            };
            if !error.is_transient() || start.elapsed() > patience {
                if let Some(on_wait) = on_wait {
                    on_wait(None);
                }
                return Err(error);
            }
            call = format!(
                "Calling CloudFormation: {operation} in {}, attempt {attempt} ({error})",
                self.region
            );
            if let Some(on_wait) = on_wait {
                on_wait(Some(&call));
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.wait(), if !self.stop.is_requested() => {}
            }
            pause = (pause * 2).min(Duration::from_secs(8));
        }
    }

    /// Returns a stack by name or ID, or `None` if it does not exist.
    pub(crate) async fn stack(&self, name: &str) -> Result<Option<Stack>, AwsError> {
        let response = self
            .call("DescribeStacks", |client| {
                client.describe_stacks().stack_name(name).send()
            })
            .await;
        let response = match response {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        Ok(response.stacks().first().map(|stack| Stack {
            id: text(stack.stack_id()),
            name: text(stack.stack_name()),
            status: text(stack.stack_status().map(|it| it.as_str())),
            reason: text(stack.stack_status_reason()),
            parameters: stack
                .parameters()
                .iter()
                .map(|it| (exact(it.parameter_key()), exact(it.parameter_value())))
                .collect(),
            outputs: stack
                .outputs()
                .iter()
                .map(|it| {
                    let value = (exact(it.output_key()), exact(it.output_value()));
                    (value.0, value.1, exact(it.description()))
                })
                .collect(),
            tags: stack
                .tags()
                .iter()
                .map(|it| (exact(it.key()), exact(it.value())))
                .collect(),
            termination_protection: stack.enable_termination_protection() == Some(true),
            role_arn: stack.role_arn().map(str::to_owned),
            since: stack
                .last_updated_time()
                .or(stack.creation_time())
                .map(ToString::to_string),
        }))
    }

    /// Starts the deletion of a stack. The token makes retries safe.
    pub(crate) async fn delete_stack(
        &self,
        stack: &str,
        token: &str,
        retain: &[String],
        role_arn: Option<&str>,
    ) -> Result<(), AwsError> {
        self.call("DeleteStack", |client| {
            client
                .delete_stack()
                .stack_name(stack)
                .client_request_token(token)
                .set_role_arn(role_arn.map(str::to_owned))
                .set_retain_resources((!retain.is_empty()).then(|| retain.to_vec()))
                .send()
        })
        .await
        .map(|_| ())
    }

    /// Enables or disables termination protection.
    pub(crate) async fn protect(&self, stack: &str, protect: bool) -> Result<(), AwsError> {
        self.call("UpdateTerminationProtection", |client| {
            client
                .update_termination_protection()
                .stack_name(stack)
                .enable_termination_protection(protect)
                .send()
        })
        .await
        .map(|_| ())
    }

    /// Returns the events after the specified one, or all events, the oldest first.
    pub(crate) async fn events(
        &self,
        stack: &str,
        last_event: Option<&str>,
    ) -> Result<Vec<Event>, AwsError> {
        self.events_until(stack, |event| last_event == Some(event.id.as_str()))
            .await
    }

    /// Returns the events after the newest one that matches, the oldest first.
    pub(crate) async fn events_until(
        &self,
        stack: &str,
        fits: impl Fn(&Event) -> bool,
    ) -> Result<Vec<Event>, AwsError> {
        let mut token: Option<String> = None;
        let mut out = Vec::new();
        'pages: loop {
            let response = self
                .call("DescribeStackEvents", |client| {
                    client
                        .describe_stack_events()
                        .stack_name(stack)
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let response = match response {
                Err(error) if error.is_not_found() => break,
                other => other?,
            };
            for event in response.stack_events().iter().map(to_event) {
                if fits(&event) {
                    break 'pages;
                }
                out.push(event);
            }
            token = response.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        out.reverse();
        Ok(out)
    }

    /// Returns the ID of the newest event of a stack.
    pub(crate) async fn newest_event(&self, stack: &str) -> Result<Option<String>, AwsError> {
        let response = self
            .call("DescribeStackEvents", |client| {
                client.describe_stack_events().stack_name(stack).send()
            })
            .await;
        match response {
            Err(error) if error.is_not_found() => Ok(None),
            other => Ok(other?
                .stack_events()
                .first()
                .map(|event| text(event.event_id()))),
        }
    }

    /// Returns the original template of a stack.
    pub(crate) async fn template(&self, stack: &str) -> Result<Option<String>, AwsError> {
        let response = self
            .call("GetTemplate", |client| {
                client
                    .get_template()
                    .stack_name(stack)
                    .template_stage(TemplateStage::Original)
                    .send()
            })
            .await;
        match response {
            Err(error) if error.is_not_found() => Ok(None),
            other => Ok(other?.template_body().map(str::to_owned)),
        }
    }

    /// Returns the resources of a stack.
    pub(crate) async fn members(&self, stack: &str) -> Result<Vec<Member>, AwsError> {
        let mut token: Option<String> = None;
        let mut out = Vec::new();
        loop {
            let response = self
                .call("ListStackResources", |client| {
                    client
                        .list_stack_resources()
                        .stack_name(stack)
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let response = match response {
                Err(error) if error.is_not_found() => return Ok(out),
                other => other?,
            };
            out.extend(response.stack_resource_summaries().iter().map(|it| Member {
                logical_id: text(it.logical_resource_id()),
                physical_id: text(it.physical_resource_id()),
                kind: text(it.resource_type()),
                status: text(it.resource_status().map(|it| it.as_str())),
            }));
            token = response.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(out);
            }
        }
    }

    /// Starts drift detection, and returns its ID.
    pub(crate) async fn detect_drift(&self, stack: &str) -> Result<String, AwsError> {
        let response = self
            .call("DetectStackDrift", |client| {
                client.detect_stack_drift().stack_name(stack).send()
            })
            .await?;
        Ok(text(response.stack_drift_detection_id()))
    }

    /// Returns the result and reason of drift detection, or `None` while it is in progress.
    pub(crate) async fn drift(&self, id: &str) -> Result<Option<(String, String)>, AwsError> {
        let response = self
            .call("DescribeStackDriftDetectionStatus", |client| {
                client
                    .describe_stack_drift_detection_status()
                    .stack_drift_detection_id(id)
                    .send()
            })
            .await?;
        let status = text(response.detection_status().map(|it| it.as_str()));
        let drift = text(response.stack_drift_status().map(|it| it.as_str()));
        Ok(match status.as_str() {
            "DETECTION_IN_PROGRESS" => None,
            "DETECTION_COMPLETE" => Some((drift, String::new())),
            _ => Some((status, text(response.detection_status_reason()))),
        })
    }

    /// Returns the resources that differ from the template.
    pub(crate) async fn drifts(&self, stack: &str) -> Result<Vec<Drifted>, AwsError> {
        let mut token: Option<String> = None;
        let mut out = Vec::new();
        loop {
            let response = self
                .call("DescribeStackResourceDrifts", |client| {
                    client
                        .describe_stack_resource_drifts()
                        .stack_name(stack)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            out.extend(response.stack_resource_drifts().iter().map(|it| {
                let properties = it.property_differences().iter().map(|it| {
                    format!(
                        "{}: expected {}, found {}",
                        text(it.property_path()),
                        text(it.expected_value()),
                        text(it.actual_value())
                    )
                });
                Drifted {
                    logical_id: text(it.logical_resource_id()),
                    status: text(it.stack_resource_drift_status().map(|it| it.as_str())),
                    properties: properties.collect(),
                }
            }));
            token = response.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(out);
            }
        }
    }
}

/// Formats a timestamp in milliseconds, with constant length.
fn timestamp(at: &DateTime) -> String {
    let seconds = DateTime::from_secs(at.secs()).to_string();
    let seconds = seconds.trim_end_matches('Z');
    format!("{seconds}.{:03}Z", at.subsec_nanos() / 1_000_000)
}

fn to_event(event: &StackEvent) -> Event {
    let physical_id = text(event.physical_resource_id());
    let stack_id = text(event.stack_id());
    Event {
        id: text(event.event_id()),
        at: event.timestamp().map(timestamp).unwrap_or_default(),
        logical_id: text(event.logical_resource_id()),
        kind: text(event.resource_type()),
        status: text(event.resource_status().map(|it| it.as_str())),
        reason: text(event.resource_status_reason()),
        token: text(event.client_request_token()),
        is_stack_event: physical_id == stack_id,
        physical_id,
    }
}
