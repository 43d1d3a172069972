//! Change sets.

use std::time::Duration;

use aws_sdk_cloudformation::types::{
    Capability, ChangeSetType, EventFilter, Parameter, ResourceChange, Tag,
};
use tokio::time::{Instant, sleep};

use super::aws::{Cloud, PATIENCE, text};
use super::error::AwsError;
use super::plain;
use super::values::{ChangeSet, ParameterValue, PlannedChange, Request, Template};

impl Cloud {
    /// Creates a change set. The token makes retries safe.
    pub(crate) async fn create_change_set(
        &self,
        request: &Request,
        filled: &[(String, ParameterValue)],
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
                        ParameterValue::Value(value) => parameter.parameter_value(value),
                        ParameterValue::Previous => parameter.use_previous_value(true),
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
            // An earlier attempt created it, and its response was lost: the name is unique.
            Err(error) if error.code.starts_with("AlreadyExists") => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Returns a change set with all changes, or `None` if it does not exist.
    pub(crate) async fn change_set(
        &self,
        stack: &str,
        name: &str,
    ) -> Result<Option<ChangeSet>, AwsError> {
        let mut token: Option<String> = None;
        let mut planned = Vec::new();
        loop {
            let response = self
                .call("DescribeChangeSet", |client| {
                    client
                        .describe_change_set()
                        .stack_name(stack)
                        .change_set_name(name)
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let response = match response {
                Err(error) if error.is_not_found() => return Ok(None),
                other => other?,
            };
            let changes = response
                .changes()
                .iter()
                .filter_map(|it| it.resource_change());
            planned.extend(changes.map(plan));
            token = response.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(Some(ChangeSet {
                    id: text(response.change_set_id()),
                    stack_id: text(response.stack_id()),
                    status: text(response.status().map(|it| it.as_str())),
                    reason: text(response.status_reason()),
                    execution: text(response.execution_status().map(|it| it.as_str())),
                    planned,
                }));
            }
        }
    }

    /// Deletes a change set, if it exists. Waits if its creation is in progress.
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
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error)
                    if error.message.contains("currently in progress")
                        && start.elapsed() < PATIENCE =>
                {
                    sleep(Duration::from_millis(500)).await;
                }
                other => return other.map(|_| ()),
            }
        }
    }

    /// Returns the names of the change sets of a stack.
    pub(crate) async fn change_sets(&self, stack: &str) -> Result<Vec<String>, AwsError> {
        let mut token: Option<String> = None;
        let mut names = Vec::new();
        loop {
            let response = self
                .call("ListChangeSets", |client| {
                    client
                        .list_change_sets()
                        .stack_name(stack)
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let response = match response {
                Err(error) if error.is_not_found() => return Ok(names),
                other => other?,
            };
            names.extend(
                response
                    .summaries()
                    .iter()
                    .map(|it| text(it.change_set_name())),
            );
            token = response.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// Executes a change set. The token makes retries safe.
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

    /// Returns the failed validations of a change set: each resource with its reason.
    pub(crate) async fn validation_failures(&self, set: &str) -> Result<Vec<String>, AwsError> {
        let filter = EventFilter::builder().failed_events(true).build();
        let response = self
            .call("DescribeEvents", |client| {
                client
                    .describe_events()
                    .change_set_name(set)
                    .filters(filter.clone())
                    .send()
            })
            .await?;
        let events = response.operation_events().iter().filter_map(|it| {
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
        Ok(events.collect())
    }
}

fn plan(change: &ResourceChange) -> PlannedChange {
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
    PlannedChange {
        action: text(change.action().map(|it| it.as_str())),
        logical_id: text(change.logical_resource_id()),
        physical_id: text(change.physical_resource_id()),
        kind: text(change.resource_type()),
        replacement: text(change.replacement().map(|it| it.as_str())),
        causes: causes.into_iter().map(|(_, name)| name).collect(),
    }
}
