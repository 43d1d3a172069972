//! The one door to CloudFormation: plain values in and out, and every call retried.

use std::cell::RefCell;
use std::future::Future;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::profile::ProfileFileCredentialsProvider;
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
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetType, EventFilter, Parameter, ResourceChange, StackEvent, Tag,
    TemplateStage,
};
use tokio::time::Instant;

use super::error::{AwsError, Trouble, classify};
use super::plain;

/// Where and as whom, as the AWS CLI takes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) endpoint_url: Option<String>,
    /// How long one attempt may take.
    pub(crate) read_timeout: Option<Duration>,
}

/// How long a call is repeated before its failure counts.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stack as CloudFormation describes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) outputs: Vec<(String, String, String)>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) protected: bool,
    pub(crate) since: Option<String>,
}

impl Stack {
    /// Whether something is being done to it.
    pub(crate) fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    /// Whether nothing is wrong with it.
    pub(crate) fn is_good(&self) -> bool {
        matches!(
            self.status.as_str(),
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE"
        )
    }
}

/// One line of what happened.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) at: String,
    pub(crate) logical_id: String,
    pub(crate) physical_id: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) token: String,
    /// Whether it is the stack's own.
    pub(crate) of_stack: bool,
}

impl Event {
    /// The resource that it is about, for people.
    pub(crate) fn member(&self) -> String {
        format!("{} ({}, {})", self.logical_id, self.kind, self.physical_id)
    }
}

/// What a change set will do to a resource.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// `Add`, `Modify`, `Remove`, `Import` or `Dynamic`.
    pub(crate) action: String,
    pub(crate) logical_id: String,
    pub(crate) physical_id: String,
    pub(crate) kind: String,
    /// `True`, `False`, `Conditional` or nothing.
    pub(crate) replacement: String,
    /// What is changed, the causes of a replacement first.
    pub(crate) causes: Vec<String>,
}

/// A change set as CloudFormation describes it.
#[derive(Clone, Debug)]
pub(crate) struct ChangeSet {
    pub(crate) id: String,
    pub(crate) stack_id: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) execution: String,
    pub(crate) planned: Vec<Planned>,
}

/// What a change set is made from.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) stack: String,
    pub(crate) template: Template,
    pub(crate) parameters: Vec<Slot>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) capabilities: Vec<String>,
    pub(crate) role_arn: Option<String>,
}

/// A parameter of the template.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) name: String,
    /// The value that the user gives.
    pub(crate) given: Option<String>,
    /// The template's.
    pub(crate) default: Option<String>,
    /// Whether its value is hidden.
    pub(crate) no_echo: bool,
}

/// Where a parameter's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// It is this.
    Value(String),
    /// It stays what it is.
    Previous,
}

/// Where the template is.
#[derive(Clone, Debug)]
pub(crate) enum Template {
    Body(String),
    Url(String),
}

/// A resource of a stack.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) logical_id: String,
    pub(crate) physical_id: String,
    pub(crate) kind: String,
    pub(crate) status: String,
}

/// A resource that is not as the template says.
#[derive(Clone, Debug)]
pub(crate) struct Drifted {
    pub(crate) logical_id: String,
    /// `MODIFIED`, `DELETED`, `IN_SYNC` or `NOT_CHECKED`.
    pub(crate) status: String,
    /// Each property, in a sentence.
    pub(crate) properties: Vec<String>,
}

/// CloudFormation, of one account and region.
pub(crate) struct Cloud {
    access: Access,
    pub(crate) region: String,
    client: RefCell<Client>,
}

/// A configuration with which the next call may be made.
async fn configure(access: &Access) -> Result<(Client, String), AwsError> {
    let failed = |trouble, message: &str| AwsError {
        operation: "",
        trouble,
        code: String::new(),
        message: message.to_owned(),
    };
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(access.read_timeout.unwrap_or(Duration::from_secs(30)))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(4))
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
        let message = "no region: give `--region`, set `AWS_REGION`, or write `region` into the \
                       profile";
        failed(Trouble::Unconfigured, message)
    })?;
    if let Some(profile) = &access.profile {
        // As in the AWS CLI: who names a profile means its keys, whatever the environment has. A
        // role that it takes on is asked for in the region.
        let provider = ProviderConfig::without_region().with_region(config.region().cloned());
        let own = ProfileFileCredentialsProvider::builder()
            .configure(&provider)
            .profile_name(profile)
            .build();
        let own = SharedCredentialsProvider::new(own);
        config = config.into_builder().credentials_provider(own).build();
    }
    match config.credentials_provider() {
        None => return Err(failed(Trouble::Credentials, "none are configured")),
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
                    text = format!("profile `{profile}` gives none: {text}");
                }
                return Err(failed(Trouble::Credentials, &text));
            }
        }
    }
    Ok((Client::new(&config), region))
}

/// Text as it is: values, which are data.
fn exact(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// Text to be shown: what steers a terminal is written out.
fn text(value: Option<&str>) -> String {
    plain(value.unwrap_or_default())
}

impl Cloud {
    /// Finds region and credentials; nothing is sent to CloudFormation yet.
    pub(crate) async fn connect(access: &Access) -> Result<Cloud, AwsError> {
        let (client, region) = configure(access).await?;
        Ok(Cloud {
            access: access.clone(),
            region,
            client: RefCell::new(client),
        })
    }

    /// Where and as whom, with the region that was found.
    pub(crate) fn access(&self) -> Access {
        Access {
            region: Some(self.region.clone()),
            ..self.access.clone()
        }
    }

    /// Makes a call until it succeeds, is refused, or patience ends.
    async fn call<T, E, F>(
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
        loop {
            let client = self.client.borrow().clone();
            let error = match make(client).await {
                Ok(done) => return Ok(done),
                Err(error) => classify(operation, &error),
            };
            if error.trouble == Trouble::Expired && !renewed {
                // Another program may have renewed them meanwhile, in a file or a cache.
                renewed = true;
                if let Ok((client, _)) = configure(&self.access).await {
                    *self.client.borrow_mut() = client;
                    continue;
                }
            }
            if !error.is_transient() || start.elapsed() > PATIENCE {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(8));
        }
    }

    /// Describes a stack by its name or id; nothing if it is not there.
    pub(crate) async fn stack(&self, name: &str) -> Result<Option<Stack>, AwsError> {
        let ask = || {
            self.call("DescribeStacks", |client| {
                client.describe_stacks().stack_name(name).send()
            })
        };
        let mut answer = ask().await;
        // The one refusal that is no failure is told by its words, which may have broken off.
        if matches!(&answer, Err(error) if error.trouble == Trouble::Rejected && !error.is_absent())
        {
            answer = ask().await;
        }
        let answer = match answer {
            Err(error) if error.is_absent() => return Ok(None),
            other => other?,
        };
        Ok(answer.stacks().first().map(|stack| Stack {
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
            protected: stack.enable_termination_protection() == Some(true),
            since: stack
                .last_updated_time()
                .or(stack.creation_time())
                .map(ToString::to_string),
        }))
    }

    /// Asks for a change set; the token makes repeating it harmless.
    pub(crate) async fn create_change_set(
        &self,
        request: &Request,
        filled: &[(String, Filled)],
        tags: &[(String, String)],
        name: &str,
        create: bool,
    ) -> Result<(), AwsError> {
        let kind = match create {
            true => ChangeSetType::Create,
            false => ChangeSetType::Update,
        };
        let made = self
            .call("CreateChangeSet", |client| {
                let mut call = client
                    .create_change_set()
                    .stack_name(&request.stack)
                    .change_set_name(name)
                    .client_token(name)
                    .change_set_type(kind.clone())
                    .set_role_arn(request.role_arn.clone())
                    .description("ssm-synth deploy");
                call = match &request.template {
                    Template::Body(body) => call.template_body(body),
                    Template::Url(url) => call.template_url(url),
                };
                for (key, value) in filled {
                    let parameter = Parameter::builder().parameter_key(key);
                    let parameter = match value {
                        Filled::Value(value) => parameter.parameter_value(value),
                        Filled::Previous => parameter.use_previous_value(true),
                    };
                    call = call.parameters(parameter.build());
                }
                for (key, value) in tags {
                    call = call.tags(Tag::builder().key(key).value(value).build());
                }
                for capability in &request.capabilities {
                    call = call.capabilities(Capability::from(capability.as_str()));
                }
                call.send()
            })
            .await;
        match made {
            // An earlier attempt, whose answer was lost, made it: the name is ours alone.
            Err(error) if error.code.starts_with("AlreadyExists") => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Describes a change set with all its changes; nothing if it is not there.
    pub(crate) async fn change_set(
        &self,
        stack: &str,
        name: &str,
    ) -> Result<Option<ChangeSet>, AwsError> {
        let mut token: Option<String> = None;
        let mut planned = Vec::new();
        loop {
            let answer = self
                .call("DescribeChangeSet", |client| {
                    client
                        .describe_change_set()
                        .stack_name(stack)
                        .change_set_name(name)
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let answer = match answer {
                Err(error) if error.is_absent() => return Ok(None),
                other => other?,
            };
            let changes = answer
                .changes()
                .iter()
                .filter_map(|it| it.resource_change());
            planned.extend(changes.map(plan));
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(Some(ChangeSet {
                    id: text(answer.change_set_id()),
                    stack_id: text(answer.stack_id()),
                    status: text(answer.status().map(|it| it.as_str())),
                    reason: text(answer.status_reason()),
                    execution: text(answer.execution_status().map(|it| it.as_str())),
                    planned,
                }));
            }
        }
    }

    /// Deletes a change set; one that is gone is fine, and one that is still being made is waited
    /// for.
    pub(crate) async fn delete_change_set(&self, stack: &str, name: &str) -> Result<(), AwsError> {
        let start = Instant::now();
        loop {
            let done = self
                .call("DeleteChangeSet", |client| {
                    client
                        .delete_change_set()
                        .stack_name(stack)
                        .change_set_name(name)
                        .send()
                })
                .await;
            match done {
                Err(error) if error.is_absent() => return Ok(()),
                Err(error)
                    if error.message.contains("currently in progress")
                        && start.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                other => return other.map(|_| ()),
            }
        }
    }

    /// Names the change sets of a stack.
    pub(crate) async fn change_sets(&self, stack: &str) -> Result<Vec<String>, AwsError> {
        let mut token: Option<String> = None;
        let mut names = Vec::new();
        loop {
            let answer = self
                .call("ListChangeSets", |client| {
                    client
                        .list_change_sets()
                        .stack_name(stack)
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let answer = match answer {
                Err(error) if error.is_absent() => return Ok(names),
                other => other?,
            };
            names.extend(
                answer
                    .summaries()
                    .iter()
                    .map(|it| text(it.change_set_name())),
            );
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// Starts the change; the token makes repeating it harmless.
    pub(crate) async fn execute(
        &self,
        stack: &str,
        name: &str,
        keep_what_was_made: bool,
    ) -> Result<(), AwsError> {
        self.call("ExecuteChangeSet", |client| {
            client
                .execute_change_set()
                .stack_name(stack)
                .change_set_name(name)
                .client_request_token(name)
                .set_disable_rollback(keep_what_was_made.then_some(true))
                .send()
        })
        .await
        .map(|_| ())
    }

    /// Starts the deletion; the token makes repeating it harmless.
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

    /// Protects a stack from being deleted, or no longer.
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

    /// Tells the events behind the one named, the oldest first; all if none is named.
    pub(crate) async fn events(
        &self,
        stack: &str,
        behind: Option<&str>,
    ) -> Result<Vec<Event>, AwsError> {
        self.events_until(stack, |event| behind == Some(event.id.as_str()))
            .await
    }

    /// Tells the events back to the one that fits, without it, the oldest first.
    pub(crate) async fn events_until(
        &self,
        stack: &str,
        fits: impl Fn(&Event) -> bool,
    ) -> Result<Vec<Event>, AwsError> {
        let mut token: Option<String> = None;
        let mut out = Vec::new();
        'pages: loop {
            let answer = self
                .call("DescribeStackEvents", |client| {
                    client
                        .describe_stack_events()
                        .stack_name(stack)
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let answer = match answer {
                Err(error) if error.is_absent() => break,
                other => other?,
            };
            for event in answer.stack_events().iter().map(happened) {
                if fits(&event) {
                    break 'pages;
                }
                out.push(event);
            }
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        out.reverse();
        Ok(out)
    }

    /// The newest event of a stack.
    pub(crate) async fn newest_event(&self, stack: &str) -> Result<Option<String>, AwsError> {
        let answer = self
            .call("DescribeStackEvents", |client| {
                client.describe_stack_events().stack_name(stack).send()
            })
            .await;
        match answer {
            Err(error) if error.is_absent() => Ok(None),
            other => Ok(other?
                .stack_events()
                .first()
                .map(|event| text(event.event_id()))),
        }
    }

    /// The template as it was given.
    pub(crate) async fn template(&self, stack: &str) -> Result<Option<String>, AwsError> {
        let answer = self
            .call("GetTemplate", |client| {
                client
                    .get_template()
                    .stack_name(stack)
                    .template_stage(TemplateStage::Original)
                    .send()
            })
            .await;
        match answer {
            Err(error) if error.is_absent() => Ok(None),
            other => Ok(other?.template_body().map(str::to_owned)),
        }
    }

    /// The resources of a stack.
    pub(crate) async fn members(&self, stack: &str) -> Result<Vec<Member>, AwsError> {
        let mut token: Option<String> = None;
        let mut out = Vec::new();
        loop {
            let answer = self
                .call("ListStackResources", |client| {
                    client
                        .list_stack_resources()
                        .stack_name(stack)
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let answer = match answer {
                Err(error) if error.is_absent() => return Ok(out),
                other => other?,
            };
            out.extend(answer.stack_resource_summaries().iter().map(|it| Member {
                logical_id: text(it.logical_resource_id()),
                physical_id: text(it.physical_resource_id()),
                kind: text(it.resource_type()),
                status: text(it.resource_status().map(|it| it.as_str())),
            }));
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(out);
            }
        }
    }

    /// Has CloudFormation look for drift; returns what to ask for.
    pub(crate) async fn detect_drift(&self, stack: &str) -> Result<String, AwsError> {
        let answer = self
            .call("DetectStackDrift", |client| {
                client.detect_stack_drift().stack_name(stack).send()
            })
            .await?;
        Ok(text(answer.stack_drift_detection_id()))
    }

    /// Whether the look for drift has ended: nothing if not, else its result and reason.
    pub(crate) async fn drift(&self, id: &str) -> Result<Option<(String, String)>, AwsError> {
        let answer = self
            .call("DescribeStackDriftDetectionStatus", |client| {
                client
                    .describe_stack_drift_detection_status()
                    .stack_drift_detection_id(id)
                    .send()
            })
            .await?;
        let status = text(answer.detection_status().map(|it| it.as_str()));
        let drift = text(answer.stack_drift_status().map(|it| it.as_str()));
        Ok(match status.as_str() {
            "DETECTION_IN_PROGRESS" => None,
            "DETECTION_COMPLETE" => Some((drift, String::new())),
            _ => Some((status, text(answer.detection_status_reason()))),
        })
    }

    /// What differs from the template.
    pub(crate) async fn drifts(&self, stack: &str) -> Result<Vec<Drifted>, AwsError> {
        let mut token: Option<String> = None;
        let mut out = Vec::new();
        loop {
            let answer = self
                .call("DescribeStackResourceDrifts", |client| {
                    client
                        .describe_stack_resource_drifts()
                        .stack_name(stack)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            out.extend(answer.stack_resource_drifts().iter().map(|it| {
                let properties = it.property_differences().iter().map(|it| {
                    format!(
                        "{}: {} in the template, {} in AWS",
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
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(out);
            }
        }
    }

    /// Why a change set failed in the checks that come before it: each resource with its reason.
    pub(crate) async fn validation_failures(&self, set: &str) -> Result<Vec<String>, AwsError> {
        let filter = EventFilter::builder().failed_events(true).build();
        let answer = self
            .call("DescribeEvents", |client| {
                client
                    .describe_events()
                    .change_set_name(set)
                    .filters(filter.clone())
                    .send()
            })
            .await?;
        let told = answer.operation_events().iter().filter_map(|it| {
            let reason = it
                .validation_status_reason()
                .or(it.resource_status_reason())?;
            let place = text(it.validation_path());
            Some(format!(
                "{} {place}: {}",
                text(it.logical_resource_id()),
                plain(reason)
            ))
        });
        Ok(told.collect())
    }
}

fn plan(change: &ResourceChange) -> Planned {
    let mut causes: Vec<(bool, String)> = Vec::new();
    for detail in change.details() {
        let Some(target) = detail.target() else {
            continue;
        };
        let replaces = target
            .requires_recreation()
            .is_some_and(|it| it.as_str() != "Never");
        let name = match target.name() {
            Some(name) => name.to_owned(),
            None => text(target.attribute().map(|it| it.as_str())),
        };
        match causes.iter_mut().find(|(_, known)| *known == name) {
            Some((known, _)) => *known |= replaces,
            None => causes.push((replaces, name)),
        }
    }
    causes.sort_by_key(|(replaces, _)| !replaces);
    Planned {
        action: text(change.action().map(|it| it.as_str())),
        logical_id: text(change.logical_resource_id()),
        physical_id: text(change.physical_resource_id()),
        kind: text(change.resource_type()),
        replacement: text(change.replacement().map(|it| it.as_str())),
        causes: causes.into_iter().map(|(_, name)| name).collect(),
    }
}

/// A moment to the millisecond, always as long.
fn moment(at: &DateTime) -> String {
    let seconds = DateTime::from_secs(at.secs()).to_string();
    let seconds = seconds.trim_end_matches('Z');
    format!("{seconds}.{:03}Z", at.subsec_nanos() / 1_000_000)
}

fn happened(event: &StackEvent) -> Event {
    let physical_id = text(event.physical_resource_id());
    let stack_id = text(event.stack_id());
    Event {
        id: text(event.event_id()),
        at: event.timestamp().map(moment).unwrap_or_default(),
        logical_id: text(event.logical_resource_id()),
        kind: text(event.resource_type()),
        status: text(event.resource_status().map(|it| it.as_str())),
        reason: text(event.resource_status_reason()),
        token: text(event.client_request_token()),
        of_stack: physical_id == stack_id,
        physical_id,
    }
}
