//! A deployment: change set, question, execution, and what is true in the end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep};

use super::aws::{ChangeSet, Cloud, Filled, Request, Slot, Stack};
use super::cause::{self, Cause};
use super::error::AwsError;
use super::follow::{End, Followed, Stop, Talk, Watch, beginning, follow};

/// How a deployment is done.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Show the changes and change nothing.
    pub(crate) dry_run: bool,
    /// After a failure keep what was made.
    pub(crate) no_rollback: bool,
    /// Protect the stack from deletion, or no longer.
    pub(crate) protect: Option<bool>,
    /// How long to watch.
    pub(crate) limit: Option<Duration>,
    /// Between two looks.
    pub(crate) pause: Duration,
}

/// What the user said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Yes,
    No,
}

/// Who is asked, beside being told.
pub(crate) trait Ask: Talk {
    /// What will change, from what is deployed now, if anything is.
    fn plan(&mut self, set: &ChangeSet, deployed: Option<&Deployed>);
    /// A question that is answered with yes or no; stopping is no.
    async fn confirm(&mut self, question: &str, stop: &Stop) -> Said;
}

/// What is deployed now.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) stack: Stack,
    /// Its template, as it was given.
    pub(crate) template: String,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The stack is as the template says already.
    Unchanged(Stack),
    /// The changes were shown; nothing was done.
    Shown,
    /// The user did not want it; nothing was done.
    Declined,
    /// The stack is as the template says now.
    Done(Stack),
    /// It failed, and the stack ended so.
    Failed(Stack, Option<Cause>),
    /// It goes on, unwatched, in this status.
    GoesOn(String, Unwatched),
}

/// Why something is no longer watched.
#[derive(Debug)]
pub(crate) enum Unwatched {
    Stopped,
    Late,
    Lost(AwsError),
}

/// Why nothing, or nobody knows what, was done.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What went wrong.
    pub(crate) message: String,
    /// What one can do about it.
    pub(crate) help: Option<String>,
    /// What is true of the stack.
    pub(crate) state: String,
    /// Whether it is the template or the stack, not the environment.
    pub(crate) of_input: bool,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>, state: impl Into<String>) -> Self {
        Problem {
            message: message.into(),
            help: None,
            state: state.into(),
            of_input: true,
        }
    }

    fn of(error: &AwsError, state: impl Into<String>) -> Self {
        Problem {
            message: error.to_string(),
            help: error.help(),
            state: state.into(),
            of_input: error.trouble == super::error::Trouble::Rejected,
        }
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

const NOTHING_DONE: &str = "nothing was changed";

/// A name that nobody else gives: it names the change set and makes calls repeatable.
pub(crate) fn token() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!("ssm-synth-{:x}-{:x}", now.as_nanos(), std::process::id())
}

/// Where each parameter's value comes from.
///
/// A value that somebody chose for the stack stays; one that was only its template's default
/// follows the new template's. Without this a new default, such as another image, would never
/// arrive.
///
/// # Errors
///
/// The names of those that have no value.
pub(crate) fn fill(
    slots: &[Slot],
    deployed: Option<(&Stack, &[(String, String)])>,
) -> Result<Vec<(String, Filled)>, Vec<String>> {
    let mut out = Vec::new();
    let mut missing = Vec::new();
    for slot in slots {
        let of = |list: &[(String, String)]| {
            let found = list.iter().find(|(name, _)| *name == slot.name);
            found.map(|(_, value)| value.clone())
        };
        let previous = deployed.and_then(|(stack, _)| of(&stack.parameters));
        let chosen = match (&previous, deployed.and_then(|(_, defaults)| of(defaults))) {
            (Some(value), Some(default)) => *value != default,
            (previous, _) => previous.is_some(),
        };
        let value = match (&slot.given, &slot.default) {
            (Some(given), _) => Some(Filled::Value(given.clone())),
            (None, None) if previous.is_some() => Some(Filled::Previous),
            (None, None) => {
                missing.push(slot.name.clone());
                None
            }
            (None, Some(_)) => chosen.then_some(Filled::Previous),
        };
        out.extend(value.map(|value| (slot.name.clone(), value)));
    }
    match missing.is_empty() {
        true => Ok(out),
        false => Err(missing),
    }
}

/// What to do about a stack that no change set can be made for.
fn unusable(stack: &Stack) -> Option<Problem> {
    let state = format!("stack `{}` is {}, as it was", stack.name, stack.status);
    let problem = Problem::new(format!("stack `{}` is {}", stack.name, stack.status), state);
    Some(match stack.status.as_str() {
        "ROLLBACK_FAILED" | "DELETE_FAILED" => problem.help(format!(
            "`ssm-synth destroy --stack {}` deletes what is left; then deploy again",
            stack.name
        )),
        "UPDATE_ROLLBACK_FAILED" => problem.help(format!(
            "mend what the rollback failed at, then `aws cloudformation continue-update-rollback \
             --stack-name {}`",
            stack.name
        )),
        _ => return None,
    })
}

struct Rollout<'a, T> {
    cloud: &'a Cloud,
    request: &'a Request,
    options: &'a Options,
    stop: &'a Stop,
    talk: &'a mut T,
    limit: Option<Instant>,
}

/// Deploys.
pub(crate) async fn deploy<T: Ask>(
    cloud: &Cloud,
    request: &Request,
    options: &Options,
    stop: &Stop,
    talk: &mut T,
) -> Result<Outcome, Problem> {
    let limit = options.limit.map(|limit| Instant::now() + limit);
    let mut rollout = Rollout {
        cloud,
        request,
        options,
        stop,
        talk,
        limit,
    };
    // Somebody else may come between looking and acting; that often is no coincidence.
    for _ in 0..5 {
        if let Some(outcome) = rollout.once().await? {
            return Ok(outcome);
        }
    }
    Err(Problem::new(
        format!(
            "stack `{}` is changed by others all the time",
            request.stack
        ),
        NOTHING_DONE,
    ))
}

impl<T: Ask> Rollout<'_, T> {
    async fn found(&self) -> Result<Option<Stack>, Problem> {
        let found = self.cloud.stack(&self.request.stack).await;
        let found = found.map_err(|error| Problem::of(&error, NOTHING_DONE))?;
        // A name never means a deleted stack, but an emulator may say so.
        Ok(found.filter(|it| it.status != "DELETE_COMPLETE"))
    }

    fn unwatched(&self, followed: Followed) -> Outcome {
        let why = match followed.end {
            End::Lost(error) => Unwatched::Lost(error),
            End::Late => Unwatched::Late,
            End::Stopped | End::Settled(_) => Unwatched::Stopped,
        };
        Outcome::GoesOn(followed.status, why)
    }

    async fn watch(&mut self, id: &str, behind: Option<String>, set: Option<&str>) -> Followed {
        let watch = Watch {
            stack_id: id,
            behind,
            change_set: set,
            limit: self.limit,
            pause: self.options.pause,
        };
        follow(self.cloud, watch, self.stop, self.talk).await
    }

    /// One attempt; nothing if the stack must be looked at anew.
    async fn once(&mut self) -> Result<Option<Outcome>, Problem> {
        let found = self.found().await?;
        if let Some(stack) = &found {
            if stack.is_busy() {
                return self.wait_for_others(stack).await;
            }
            if stack.status == "ROLLBACK_COMPLETE" {
                return self.clear_left_over(stack).await;
            }
            if let Some(problem) = unusable(stack) {
                return Err(problem);
            }
        }
        let create = found
            .as_ref()
            .is_none_or(|it| it.status == "REVIEW_IN_PROGRESS");
        let name = token();
        let stack = self.request.stack.clone();
        let deployed = match found.clone().filter(|_| !create) {
            None => None,
            Some(stack) => {
                let template = self.cloud.template(&stack.id).await;
                let template = template.map_err(|error| Problem::of(&error, NOTHING_DONE))?;
                let template = template.unwrap_or_default();
                Some(Deployed { stack, template })
            }
        };
        let filled = self.filled(deployed.as_ref())?;
        let made = self
            .cloud
            .create_change_set(self.request, &filled, &name, create)
            .await;
        if let Err(error) = made {
            let came_between = error.message.contains("_IN_PROGRESS state")
                || error.message.contains("cannot be created again");
            let left = self.clean(&name, create).await;
            if came_between && left.is_none() {
                return Ok(None);
            }
            return Err(Problem::of(
                &error,
                left.unwrap_or_else(|| NOTHING_DONE.into()),
            ));
        }
        let set = match self.made(&name).await {
            Ok(set) => set,
            Err(mut problem) => {
                if let Some(left) = self.clean(&name, create).await {
                    problem.state = left;
                }
                return Err(problem);
            }
        };
        if set.status == "FAILED" {
            let left = self.clean(&name, create).await;
            let nothing = ["didn't contain changes", "No updates are to be performed"];
            if nothing.iter().any(|it| set.reason.contains(it)) {
                if let Some(left) = left {
                    self.talk.say(&left);
                }
                let stack = found.unwrap_or_default();
                self.protect(&stack).await;
                return Ok(Some(Outcome::Unchanged(stack)));
            }
            let state = left.unwrap_or_else(|| NOTHING_DONE.into());
            let mut problem = Problem::new(format!("the change set failed: {}", set.reason), state);
            problem.help = cause::hint(&set.reason);
            return Err(problem);
        }
        self.talk.plan(&set, deployed.as_ref());
        let go_on = !self.options.dry_run
            && self
                .talk
                .confirm(&format!("Deploy to stack `{stack}`?"), self.stop)
                .await
                == Said::Yes
            && !self.stop.is_asked();
        if !go_on {
            if let Some(left) = self.clean(&name, create).await {
                self.talk.say(&left);
            }
            return Ok(Some(match self.options.dry_run {
                true => Outcome::Shown,
                false => Outcome::Declined,
            }));
        }
        self.execute(&set, &name, create).await.map(Some)
    }

    fn filled(&self, deployed: Option<&Deployed>) -> Result<Vec<(String, Filled)>, Problem> {
        let defaults = deployed.map(|it| super::template::slots(&it.template));
        let defaults: Vec<(String, String)> = defaults
            .unwrap_or_default()
            .into_iter()
            .filter_map(|slot| Some((slot.name, slot.default?)))
            .collect();
        let before = deployed.map(|it| (&it.stack, defaults.as_slice()));
        fill(&self.request.parameters, before).map_err(|missing| {
            let message = format!("no value for {}", missing.join(", "));
            let help = format!(
                "add `--parameter {}=VALUE`",
                missing.join("=VALUE --parameter ")
            );
            Problem::new(message, NOTHING_DONE).help(help)
        })
    }

    /// Waits until the change set is made.
    async fn made(&mut self, name: &str) -> Result<ChangeSet, Problem> {
        let start = Instant::now();
        loop {
            let set = self.cloud.change_set(&self.request.stack, name).await;
            match set.map_err(|error| Problem::of(&error, NOTHING_DONE))? {
                Some(set) if matches!(set.status.as_str(), "CREATE_COMPLETE" | "FAILED") => {
                    return Ok(set);
                }
                // It may not be seen everywhere yet.
                None if start.elapsed() > Duration::from_secs(30) => {
                    let message = format!("change set `{name}` is gone");
                    return Err(Problem::new(message, NOTHING_DONE));
                }
                _ => {}
            }
            if self.limit.is_some_and(|limit| Instant::now() >= limit) {
                let message = "the change set was not ready in time";
                return Err(Problem::new(message, NOTHING_DONE));
            }
            tokio::select! {
                () = sleep(self.options.pause.min(Duration::from_secs(1))) => {}
                () = self.stop.wait() => return Err(Problem::new("stopped", NOTHING_DONE)),
            }
        }
    }

    /// Takes the change set away, and a stack that was nothing but its shell; tells what is left.
    async fn clean(&mut self, name: &str, created: bool) -> Option<String> {
        let stack = &self.request.stack;
        if let Err(error) = self.cloud.delete_change_set(stack, name).await {
            return Some(format!(
                "nothing was deployed, but change set `{name}` of stack `{stack}` may be left: {error}; \
                 `aws cloudformation delete-change-set --stack-name {stack} --change-set-name {name}` \
                 deletes it"
            ));
        }
        if !created {
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
                // Somebody else's review; it is theirs.
                return Ok(Some(format!(
                    "nothing was deployed; stack `{stack}` is REVIEW_IN_PROGRESS for {others} other \
                     change sets"
                )));
            }
            self.cloud.delete_stack(&shell.id, name, &[], None).await?;
            let start = Instant::now();
            while let Some(left) = self.cloud.stack(&shell.id).await? {
                if left.status == "DELETE_COMPLETE" {
                    break;
                }
                if start.elapsed() > Duration::from_secs(60) {
                    return Ok(Some(format!(
                        "nothing was deployed; the empty stack `{stack}` is {}",
                        left.status
                    )));
                }
                sleep(self.options.pause.min(Duration::from_secs(1))).await;
            }
            Ok::<_, AwsError>(None)
        };
        shell.await.unwrap_or_else(|error| {
            Some(format!(
                "nothing was deployed, but the empty stack `{stack}` may be left in \
                 REVIEW_IN_PROGRESS: {error}; `ssm-synth destroy --stack {stack}` deletes it, and the \
                 next deployment uses it"
            ))
        })
    }

    async fn wait_for_others(&mut self, stack: &Stack) -> Result<Option<Outcome>, Problem> {
        let under_way = format!("stack `{}` is {}", stack.name, stack.status);
        if self.options.dry_run {
            let state = format!("{under_way}; {NOTHING_DONE} by this run");
            return Err(Problem::new(under_way, state).help(format!(
                "`ssm-synth status --stack {} --wait` follows it",
                stack.name
            )));
        }
        self.talk.say(&format!(
            "{under_way}: an earlier run or somebody else is at it; following that first"
        ));
        let behind = beginning(self.cloud, &stack.id).await;
        let behind = behind.map_err(|error| Problem::of(&error, under_way))?;
        self.talk.begin(None);
        let followed = self.watch(&stack.id, behind, None).await;
        match &followed.end {
            End::Settled(stack) => {
                self.talk.say(&format!(
                    "that ended: stack `{}` is {}",
                    self.request.stack, stack.status
                ));
                Ok(None)
            }
            _ => Ok(Some(self.unwatched(followed))),
        }
    }

    /// A creation that failed leaves a stack that can only be deleted.
    async fn clear_left_over(&mut self, stack: &Stack) -> Result<Option<Outcome>, Problem> {
        let name = &stack.name;
        let state = format!("stack `{name}` is ROLLBACK_COMPLETE, as it was");
        if stack.protected {
            let message = format!(
                "stack `{name}` is the left-over of a creation that failed, and is protected from deletion"
            );
            return Err(Problem::new(message, state).help(format!(
                "`aws cloudformation update-termination-protection --no-enable-termination-protection \
                 --stack-name {name}`, then deploy again"
            )));
        }
        self.talk.say(&format!(
            "stack `{name}` is ROLLBACK_COMPLETE: its creation failed, and it holds nothing; it must be \
             deleted before it can be created"
        ));
        if self.options.dry_run {
            self.talk
                .say("a dry run deletes nothing: all of the template would be created");
            return Ok(Some(Outcome::Shown));
        }
        let question = format!("Delete the left-over `{name}`?");
        if self.talk.confirm(&question, self.stop).await == Said::No || self.stop.is_asked() {
            return Ok(Some(Outcome::Declined));
        }
        let behind = self.cloud.newest_event(&stack.id).await;
        let behind = behind.map_err(|error| Problem::of(&error, state.as_str()))?;
        let done = self
            .cloud
            .delete_stack(&stack.id, &token(), &[], None)
            .await;
        done.map_err(|error| {
            Problem::of(
                &error,
                format!("whether stack `{name}` is being deleted is not known"),
            )
        })?;
        self.talk.begin(None);
        let id = stack.id.clone();
        let followed = self.watch(&id, behind, None).await;
        match followed.end {
            End::Settled(stack) if stack.status == "DELETE_COMPLETE" => Ok(None),
            End::Settled(stack) => {
                let cause = cause::find(self.cloud, &followed.events, 0).await;
                Ok(Some(Outcome::Failed(stack, cause)))
            }
            _ => Ok(Some(self.unwatched(followed))),
        }
    }

    async fn execute(
        &mut self,
        set: &ChangeSet,
        name: &str,
        create: bool,
    ) -> Result<Outcome, Problem> {
        let behind = match self.cloud.newest_event(&set.stack_id).await {
            Ok(behind) => behind,
            Err(error) => {
                let left = self.clean(name, create).await;
                return Err(Problem::of(
                    &error,
                    left.unwrap_or_else(|| NOTHING_DONE.into()),
                ));
            }
        };
        let executed = self
            .cloud
            .execute(&set.stack_id, name, self.options.no_rollback)
            .await;
        if let Err(error) = executed {
            match self.has_begun(set, name, behind.as_deref()).await {
                Some(true) => {}
                Some(false) => {
                    let left = self.clean(name, create).await;
                    let state = left.unwrap_or_else(|| NOTHING_DONE.into());
                    return Err(Problem::of(&error, state));
                }
                None => {
                    let state = format!(
                        "whether the deployment of stack `{0}` began is not known; `ssm-synth status --stack \
                         {0}` tells, and deploying again is safe (change set `{name}`)",
                        self.request.stack
                    );
                    return Err(Problem::of(&error, state));
                }
            }
        }
        self.talk.begin(Some(set.planned.len()));
        let protect = Stack {
            id: set.stack_id.clone(),
            name: self.request.stack.clone(),
            protected: !self.options.protect.unwrap_or_default(),
            ..Stack::default()
        };
        self.protect(&protect).await;
        let followed = self.watch(&set.stack_id, behind, Some(name)).await;
        match followed.end {
            End::Settled(stack) if stack.is_good() => Ok(Outcome::Done(stack)),
            End::Settled(stack) => {
                let cause = cause::find(self.cloud, &followed.events, 0).await;
                Ok(Outcome::Failed(stack, cause))
            }
            _ => Ok(self.unwatched(followed)),
        }
    }

    /// Whether the change set is being executed, or was; nothing if nobody can say.
    async fn has_begun(&self, set: &ChangeSet, name: &str, behind: Option<&str>) -> Option<bool> {
        if let Ok(Some(set)) = self.cloud.change_set(&set.stack_id, name).await {
            match set.execution.as_str() {
                "EXECUTE_IN_PROGRESS" | "EXECUTE_COMPLETE" | "EXECUTE_FAILED" => return Some(true),
                "AVAILABLE" | "OBSOLETE" | "UNAVAILABLE" => return Some(false),
                _ => {}
            }
        }
        let events = self.cloud.events(&set.stack_id, behind).await.ok()?;
        Some(events.iter().any(|it| it.token == name))
    }

    async fn protect(&mut self, stack: &Stack) {
        let Some(wanted) = self.options.protect.filter(|it| *it != stack.protected) else {
            return;
        };
        let word = if wanted {
            "protected from"
        } else {
            "no longer protected from"
        };
        match self.cloud.protect(&self.request.stack, wanted).await {
            Ok(()) => self.talk.say(&format!(
                "stack `{}` is {word} deletion",
                self.request.stack
            )),
            Err(error) => self.talk.say(&format!(
                "termination protection of stack `{}` could not be changed: {error}",
                self.request.stack
            )),
        }
    }
}
