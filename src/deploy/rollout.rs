//! Deployment of a stack: change set, prompt, execution and outcome.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::aws::Cloud;
use super::error::AwsError;
use super::hint::hint;
use super::options::Options;
use super::outcome::{Confirm, Confirmation, DeployError, Deployed, Detached, Failed, Outcome};
use super::parameters::{effective, fill, filled, merged};
use super::precondition::{keeps_failures, token, unusable};
use super::stop::Stop;
use super::values::{ChangeSet, ParameterValue, Request, Stack};
use super::wait::{WaitEnd, WaitOptions, WaitResult, event_before_operation, wait};

const NOTHING_DONE: &str = "nothing was changed";

struct Rollout<'a, T> {
    cloud: &'a Cloud,
    request: &'a Request,
    options: &'a Options,
    stop: &'a Stop,
    progress: &'a mut T,
    deadline: Option<Instant>,
    /// The error of a failed change of termination protection.
    protection_error: Option<AwsError>,
    /// Whether the failed stack was deleted.
    deleted_failed_stack: bool,
}

/// Deploys a stack.
pub(crate) async fn deploy<T: Confirm>(
    cloud: &Cloud,
    request: &Request,
    options: &Options,
    stop: &Stop,
    progress: &mut T,
) -> Result<Outcome, DeployError> {
    let mut rollout = Rollout {
        cloud,
        request,
        options,
        stop,
        progress,
        deadline: None,
        protection_error: None,
        deleted_failed_stack: false,
    };
    // Another operation can start between a check and an action, but hardly five times.
    for _ in 0..5 {
        let Some(outcome) = rollout.attempt().await? else {
            continue;
        };
        return match (rollout.protection_error.take(), outcome) {
            (Some(error), Outcome::Done(stack) | Outcome::Unchanged(stack)) => {
                let state = format!(
                    "stack `{}` is `{}`, but its termination protection was not changed",
                    stack.name, stack.status
                );
                Err(DeployError::of(&error, state))
            }
            (_, outcome) => Ok(outcome),
        };
    }
    Err(DeployError::new(
        format!(
            "stack `{}` changes repeatedly; other operations are in progress",
            request.stack
        ),
        NOTHING_DONE,
    ))
}

impl<T: Confirm> Rollout<'_, T> {
    /// Returns the state if nothing was deployed.
    fn unchanged_state(&self) -> String {
        match self.deleted_failed_stack {
            true => "the failed stack was deleted; nothing else was changed",
            false => NOTHING_DONE,
        }
        .to_owned()
    }

    async fn existing_stack(&self) -> Result<Option<Stack>, DeployError> {
        let found = self.cloud.stack(&self.request.stack).await;
        let found = found.map_err(|error| DeployError::of(&error, self.unchanged_state()))?;
        // A name never refers to a deleted stack in AWS, but does in some emulators.
        Ok(found.filter(|it| it.status != "DELETE_COMPLETE"))
    }

    fn detached(&self, result: WaitResult) -> Outcome {
        let why = match result.end {
            WaitEnd::Lost(error) => Detached::Lost(error),
            WaitEnd::TimedOut => Detached::TimedOut,
            WaitEnd::Stopped | WaitEnd::Settled(_) => Detached::Stopped,
        };
        Outcome::Detached(result.status, why)
    }

    fn note_concurrent_change(&mut self) {
        self.progress.note(&format!(
            "another operation changed stack `{}`; starting again",
            self.request.stack
        ));
    }

    /// Starts the timeout, which excludes the time at prompts.
    fn start_clock(&mut self) {
        self.deadline = self.options.timeout.map(|limit| Instant::now() + limit);
    }

    async fn wait(
        &mut self,
        id: &str,
        last_event: Option<String>,
        set: Option<&str>,
    ) -> WaitResult {
        let wait_options = WaitOptions {
            stack_id: id,
            last_event,
            change_set: set,
            deadline: self.deadline,
            poll_interval: self.options.poll_interval,
        };
        wait(self.cloud, wait_options, self.stop, self.progress).await
    }

    /// Attempts a deployment. Returns `None` if the stack changed and another attempt is necessary.
    async fn attempt(&mut self) -> Result<Option<Outcome>, DeployError> {
        let found = self.existing_stack().await?;
        if let Some(stack) = &found {
            if stack.is_busy() {
                return self.wait_for_others(stack).await;
            }
            if stack.status == "ROLLBACK_COMPLETE" {
                return self.delete_failed_stack(stack).await;
            }
            if let Some(error) = unusable(&self.options.program, stack) {
                return Err(error);
            }
        }
        let is_new = found.is_none();
        let create = found
            .as_ref()
            .is_none_or(|it| it.status == "REVIEW_IN_PROGRESS");
        let name = token();
        let stack = self.request.stack.clone();
        let deployed = match found.clone().filter(|_| !create) {
            None => None,
            Some(stack) => {
                let template = self.cloud.template(&stack.id).await;
                let template =
                    template.map_err(|error| DeployError::of(&error, self.unchanged_state()))?;
                let template = template.unwrap_or_default();
                Some(Deployed { stack, template })
            }
        };
        let filled = self.parameter_values(deployed.as_ref())?;
        let tags = merged(&self.request.tags, found.as_ref());
        let created = self
            .cloud
            .create_change_set(self.request, &filled, &tags, &name, create)
            .await;
        if let Err(error) = created {
            let came_between = error.message.contains("_IN_PROGRESS state")
                || error.message.contains("cannot be created again");
            let leftover = self.clean_up(&name, is_new).await;
            if came_between && leftover.is_none() {
                return Ok(None);
            }
            return Err(DeployError::of(
                &error,
                leftover.unwrap_or_else(|| self.unchanged_state()),
            ));
        }
        let set = match self.created_change_set(&name).await {
            Ok(Some(set)) => set,
            Ok(None) => {
                self.note_concurrent_change();
                return Ok(None);
            }
            Err(mut error) => {
                if let Some(leftover) = self.clean_up(&name, is_new).await {
                    error.state = leftover;
                }
                return Err(error);
            }
        };
        if set.status == "FAILED" {
            let details = self.validation(&set).await;
            let leftover = self.clean_up(&name, is_new).await;
            let nothing = ["didn't contain changes", "No updates are to be performed"];
            if nothing.iter().any(|it| set.reason.contains(it)) {
                if let Some(leftover) = leftover {
                    self.progress.note(&leftover);
                }
                let stack = found.unwrap_or_default();
                if !self.options.dry_run {
                    self.protect(&stack).await;
                }
                return Ok(Some(Outcome::Unchanged(stack)));
            }
            let state = leftover.unwrap_or_else(|| self.unchanged_state());
            let mut error = DeployError::new(
                format!("the change set failed: {}{details}", set.reason),
                state,
            );
            error.help = hint(&details).or_else(|| hint(&set.reason));
            return Err(error);
        }
        let stack_now = deployed.as_ref().map(|it| &it.stack);
        let values = effective(&self.request.parameters, &filled, stack_now);
        let mut rejection = self.progress.plan(&set, deployed.as_ref(), &values);
        let failed = stack_now.is_some_and(|it| keeps_failures(&it.status));
        let replaces = set.planned.iter().any(|it| it.replacement == "True");
        if self.options.no_rollback && replaces {
            rejection = Err(
                "CloudFormation does not support `--no-rollback` if the change replaces a resource"
                    .into(),
            );
        }
        if let Err(message) = rejection {
            let leftover = self.clean_up(&name, is_new).await;
            return Err(DeployError::new(
                message,
                leftover.unwrap_or_else(|| self.unchanged_state()),
            ));
        }
        if failed {
            self.progress.note(
                "the last deployment failed without a rollback; this deployment continues without one \
                 (to roll back instead, run `aws cloudformation rollback-stack`)",
            );
        }
        if let Some(protect) = self.options.termination_protection {
            let word = if protect { "enabled" } else { "disabled" };
            self.progress.note(&format!(
                "this deployment also sets termination protection to {word}"
            ));
        }
        let go_on = !self.options.dry_run
            && self
                .progress
                .confirm(
                    &format!(
                        "Deploy these changes to stack `{stack}` in `{}`?",
                        self.cloud.region
                    ),
                    self.stop,
                )
                .await
                == Confirmation::Yes
            && !self.stop.is_requested();
        if !go_on {
            if let Some(leftover) = self.clean_up(&name, is_new).await {
                return Err(DeployError::new("cleanup failed", leftover));
            }
            return Ok(Some(match self.options.dry_run {
                true => Outcome::Shown,
                false => Outcome::Declined,
            }));
        }
        self.execute(&set, &name, is_new, failed).await
    }

    /// Returns the failed validations of a change set, which only exist before it is deleted.
    async fn validation(&self, set: &ChangeSet) -> String {
        if !set.reason.contains("alidation") && !set.reason.contains("hook") {
            return String::new();
        }
        match self.cloud.validation_failures(&set.id).await {
            Ok(found) => found.iter().map(|it| format!("\n  {it}")).collect(),
            Err(error) => format!("\n  cannot read the failed validations: {error}"),
        }
    }

    fn parameter_values(
        &self,
        deployed: Option<&Deployed>,
    ) -> Result<Vec<(String, ParameterValue)>, DeployError> {
        let slots = &self.request.parameters;
        let done = match deployed {
            Some(deployed) => filled(slots, deployed),
            None => fill(slots, None),
        };
        done.map_err(|missing| {
            let message = format!("no value for {}", missing.join(", "));
            let help = format!(
                "add `--parameter {}=VALUE`",
                missing.join("=VALUE --parameter ")
            );
            DeployError::new(message, self.unchanged_state()).help(help)
        })
    }

    /// Waits for the creation of a change set. Returns `None` if it no longer exists.
    async fn created_change_set(&mut self, name: &str) -> Result<Option<ChangeSet>, DeployError> {
        let start = Instant::now();
        loop {
            let set = self.cloud.change_set(&self.request.stack, name).await;
            match set.map_err(|error| DeployError::of(&error, self.unchanged_state()))? {
                Some(set) if matches!(set.status.as_str(), "CREATE_COMPLETE" | "FAILED") => {
                    return Ok(Some(set));
                }
                // CloudFormation is eventually consistent.
                None if start.elapsed() > Duration::from_secs(30) => return Ok(None),
                _ => {}
            }
            if start.elapsed() > self.options.timeout.unwrap_or(Duration::from_secs(600)) {
                let message = "timed out while creating the change set";
                return Err(DeployError::new(message, self.unchanged_state()));
            }
            tokio::select! {
                () = sleep(self.options.poll_interval.min(Duration::from_secs(1))) => {}
                () = self.stop.wait() => return Err(DeployError::new("stopped", self.unchanged_state())),
            }
        }
    }

    /// Deletes the change set and an empty new stack. Returns a description of what remains.
    async fn clean_up(&mut self, name: &str, is_new: bool) -> Option<String> {
        let stack = &self.request.stack;
        if let Err(error) = self.cloud.delete_change_set(stack, name).await {
            let shell = match is_new {
                true => format!(
                    ", and so may the empty stack `{stack}` in `REVIEW_IN_PROGRESS` (run `{} destroy --stack \
                     {stack}` to delete both)",
                    self.options.program
                ),
                false => String::new(),
            };
            return Some(format!(
                "nothing was deployed, but change set `{name}` of stack `{stack}` may still exist{shell}: {error}; run \
                 `aws cloudformation delete-change-set --stack-name {stack} --change-set-name {name}` \
                 to delete it"
            ));
        }
        // An earlier empty stack belongs to another user.
        if !is_new {
            return None;
        }
        let shell = async {
            let found = self.cloud.stack(stack).await?;
            let Some(shell) = found.filter(|it| it.status == "REVIEW_IN_PROGRESS") else {
                return Ok(None);
            };
            let others: Vec<String> = self.cloud.change_sets(stack).await?;
            let others = others.iter().filter(|it| *it != name).count();
            if others > 0 {
                // A change set of another user, who still needs the stack.
                return Ok(Some(format!(
                    "nothing was deployed; stack `{stack}` is `REVIEW_IN_PROGRESS` with {others} other \
                     change sets"
                )));
            }
            self.cloud.delete_stack(&shell.id, name, &[], None).await?;
            let start = Instant::now();
            while let Some(leftover) = self.cloud.stack(&shell.id).await? {
                if leftover.status == "DELETE_COMPLETE" {
                    break;
                }
                if start.elapsed() > Duration::from_secs(60) {
                    return Ok(Some(format!(
                        "nothing was deployed; the empty stack `{stack}` is `{}`",
                        leftover.status
                    )));
                }
                sleep(self.options.poll_interval.min(Duration::from_secs(1))).await;
            }
            Ok::<_, AwsError>(None)
        };
        shell.await.unwrap_or_else(|error| {
            Some(format!(
                "nothing was deployed, but the empty stack `{stack}` may still exist in \
                 `REVIEW_IN_PROGRESS`: {error}; the next deployment uses it, or run \
                 `{} destroy --stack {stack}` to delete it",
                self.options.program
            ))
        })
    }

    async fn wait_for_others(&mut self, stack: &Stack) -> Result<Option<Outcome>, DeployError> {
        let in_progress = format!("stack `{}` is `{}`", stack.name, stack.status);
        if self.options.dry_run {
            let state = format!("{in_progress}; nothing was changed");
            return Err(DeployError::new(in_progress, state).help(format!(
                "run `{} status --stack {} --wait` to wait for it",
                self.options.program, stack.name
            )));
        }
        self.progress.note(&format!(
            "{in_progress}; another operation is in progress, waiting for it first"
        ));
        let last_event = event_before_operation(self.cloud, &stack.id).await;
        let last_event = last_event.map_err(|error| DeployError::of(&error, in_progress))?;
        self.start_clock();
        self.progress.start(None);
        let result = self.wait(&stack.id, last_event, None).await;
        match &result.end {
            WaitEnd::Settled(stack) if !stack.is_good() && stack.status != "DELETE_COMPLETE" => {
                self.progress
                    .note("the other operation failed; nothing was deployed");
                let stack = stack.clone();
                Ok(Some(Outcome::Failed(
                    Failed::of(self.cloud, stack, &result.events).await,
                )))
            }
            WaitEnd::Settled(stack) => {
                self.progress.note(&format!(
                    "the other operation ended; stack `{}` is `{}`",
                    self.request.stack, stack.status
                ));
                Ok(None)
            }
            _ => Ok(Some(self.detached(result))),
        }
    }

    /// Deletes a stack whose creation failed: CloudFormation allows nothing else.
    async fn delete_failed_stack(&mut self, stack: &Stack) -> Result<Option<Outcome>, DeployError> {
        let name = &stack.name;
        let state = format!("stack `{name}` is still `ROLLBACK_COMPLETE`");
        if stack.termination_protection {
            let message = format!(
                "failed stack `{name}` has termination protection; deploy must delete it first"
            );
            return Err(DeployError::new(message, state).help(format!(
                "run `aws cloudformation update-termination-protection --no-enable-termination-protection \
                 --stack-name {name}`, then deploy again"
            )));
        }
        let members = self.cloud.members(&stack.id).await;
        let members = members.map_err(|error| DeployError::of(&error, state.as_str()))?;
        let leftover = members.iter().filter(|it| it.status != "DELETE_COMPLETE");
        let leftover: Vec<String> = leftover
            .map(|it| format!("{} ({}, {})", it.logical_id, it.kind, it.physical_id))
            .collect();
        let holds = match leftover.is_empty() {
            true => "it contains no resources".to_owned(),
            false => format!("these resources still exist: {}", leftover.join(", ")),
        };
        self.progress.note(&format!(
            "stack `{name}` is `ROLLBACK_COMPLETE` after a failed creation, and {holds}; it must be deleted \
             before it can be created again"
        ));
        if self.options.dry_run {
            self.progress
                .note("dry run: nothing was deleted; the deployment would create all resources of the template");
            return Ok(Some(Outcome::Shown));
        }
        let question = format!("Delete failed stack `{name}` and create it again?");
        if self.progress.confirm(&question, self.stop).await == Confirmation::No
            || self.stop.is_requested()
        {
            return Ok(Some(Outcome::Declined));
        }
        let last_event = self.cloud.newest_event(&stack.id).await;
        let last_event = last_event.map_err(|error| DeployError::of(&error, state.as_str()))?;
        let done = self
            .cloud
            .delete_stack(&stack.id, &token(), &[], None)
            .await;
        done.map_err(|error| {
            DeployError::of(
                &error,
                format!("it is unknown whether the deletion of stack `{name}` started"),
            )
        })?;
        self.start_clock();
        self.progress.start(None);
        let id = stack.id.clone();
        let result = self.wait(&id, last_event, None).await;
        match result.end {
            WaitEnd::Settled(stack) if stack.status == "DELETE_COMPLETE" => {
                self.deleted_failed_stack = true;
                Ok(None)
            }
            WaitEnd::Settled(stack) => Ok(Some(Outcome::Failed(
                Failed::of(self.cloud, stack, &result.events).await,
            ))),
            _ => Ok(Some(self.detached(result))),
        }
    }

    async fn execute(
        &mut self,
        set: &ChangeSet,
        name: &str,
        is_new: bool,
        keep: bool,
    ) -> Result<Option<Outcome>, DeployError> {
        let last_event = match self.cloud.newest_event(&set.stack_id).await {
            Ok(last_event) => last_event,
            Err(error) => {
                let leftover = self.clean_up(name, is_new).await;
                return Err(DeployError::of(
                    &error,
                    leftover.unwrap_or_else(|| self.unchanged_state()),
                ));
            }
        };
        let executed = self
            .cloud
            .execute(&set.stack_id, name, keep || self.options.no_rollback)
            .await;
        if let Err(error) = executed {
            match self.has_started(set, name, last_event.as_deref()).await {
                Some(true) => {}
                Some(false) => {
                    let leftover = self.clean_up(name, is_new).await;
                    // Executing a change set deletes all other ones, or makes them obsolete.
                    let came_between = error.is_not_found()
                        || error.code.starts_with("InvalidChangeSetStatus")
                        || error.message.contains("_IN_PROGRESS state");
                    if came_between && leftover.is_none() {
                        self.note_concurrent_change();
                        return Ok(None);
                    }
                    let state = leftover.unwrap_or_else(|| self.unchanged_state());
                    return Err(DeployError::of(&error, state));
                }
                None => {
                    let state = format!(
                        "it is unknown whether the deployment of stack `{0}` started; run `{1} status --stack \
                         {0}`, or deploy again, which is safe (change set `{name}`)",
                        self.request.stack, self.options.program
                    );
                    return Err(DeployError::of(&error, state));
                }
            }
        }
        self.start_clock();
        self.progress.start(Some(set.planned.len()));
        let protect = Stack {
            id: set.stack_id.clone(),
            name: self.request.stack.clone(),
            termination_protection: !self.options.termination_protection.unwrap_or_default(),
            ..Stack::default()
        };
        self.protect(&protect).await;
        let result = self.wait(&set.stack_id, last_event, Some(name)).await;
        match result.end {
            WaitEnd::Settled(stack) if stack.is_good() => Ok(Some(Outcome::Done(stack))),
            WaitEnd::Settled(stack) => Ok(Some(Outcome::Failed(
                Failed::of(self.cloud, stack, &result.events).await,
            ))),
            _ => Ok(Some(self.detached(result))),
        }
    }

    /// Returns whether the execution of the change set started, or `None` if that is unknown.
    async fn has_started(
        &self,
        set: &ChangeSet,
        name: &str,
        last_event: Option<&str>,
    ) -> Option<bool> {
        if let Ok(Some(set)) = self.cloud.change_set(&set.stack_id, name).await {
            match set.execution.as_str() {
                "EXECUTE_IN_PROGRESS" | "EXECUTE_COMPLETE" | "EXECUTE_FAILED" => return Some(true),
                "AVAILABLE" | "OBSOLETE" | "UNAVAILABLE" => return Some(false),
                _ => {}
            }
        }
        let events = self.cloud.events(&set.stack_id, last_event).await.ok()?;
        Some(events.iter().any(|it| it.token == name))
    }

    async fn protect(&mut self, stack: &Stack) {
        let Some(expected) = self
            .options
            .termination_protection
            .filter(|it| *it != stack.termination_protection)
        else {
            return;
        };
        let word = if expected { "enabled" } else { "disabled" };
        match self.cloud.protect(&self.request.stack, expected).await {
            Ok(()) => self.progress.note(&format!(
                "termination protection of stack `{}` is {word}",
                self.request.stack
            )),
            Err(error) => self.protection_error = Some(error),
        }
    }
}
