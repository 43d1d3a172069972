//! Watching an operation to its end, whatever happens on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::aws::Cloud;
use super::error::AwsError;
use super::values::{Event, Stack};

/// How long AWS may be out of reach before watching ends.
const OUT_OF_REACH: Duration = Duration::from_secs(600);

/// Whether the user asked to stop; the first Ctrl-C asks, the second ends the program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<(AtomicBool, Notify)>);

impl Stop {
    /// Listens for Ctrl-C, and for the signal that ends a job in CI; `cut` is told when the user
    /// does not wait for the end.
    pub(crate) fn listen(cut: fn()) -> Stop {
        let stop = Stop::default();
        let own = stop.clone();
        tokio::spawn(async move {
            loop {
                asked().await;
                if own.0.0.swap(true, Ordering::SeqCst) {
                    cut();
                    std::process::exit(130);
                }
                own.0.1.notify_waiters();
            }
        });
        stop
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.0.load(Ordering::SeqCst)
    }

    /// Ends when the user asks.
    pub(crate) async fn wait(&self) {
        loop {
            let notified = self.0.1.notified();
            if self.is_asked() {
                return;
            }
            notified.await;
        }
    }
}

#[cfg(unix)]
async fn asked() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        // The terminal was closed.
        _ = hangup.recv() => {}
    }
}

#[cfg(not(unix))]
async fn asked() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Who is told what happens.
pub(crate) trait Talk {
    /// Something to know, in a sentence.
    fn say(&mut self, text: &str);
    /// An operation begins on so many resources, or on nobody knows how many.
    fn begin(&mut self, resources: Option<usize>);
    /// Something happened.
    fn event(&mut self, event: &Event);
    /// The operation is over, or no longer watched.
    fn end(&mut self);
}

/// How watching ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The operation is over, and this is the stack.
    Settled(Stack),
    /// The user asked to stop.
    Stopped,
    /// The limit is over.
    Late,
    /// AWS cannot be asked any more.
    Lost(AwsError),
}

/// What was seen of an operation.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) end: End,
    /// Its events, the oldest first.
    pub(crate) events: Vec<Event>,
    /// The stack's status that was seen last; empty if none was.
    pub(crate) status: String,
}

/// What to watch.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    /// The stack's id, which names it after its deletion too.
    pub(crate) stack_id: &'a str,
    /// The last event before the operation.
    pub(crate) behind: Option<String>,
    /// The change set whose execution it is.
    pub(crate) change_set: Option<&'a str>,
    pub(crate) limit: Option<Instant>,
    pub(crate) pause: Duration,
}

/// Watches until the operation is over.
pub(crate) async fn follow(
    cloud: &Cloud,
    watch: Watch<'_>,
    stop: &Stop,
    talk: &mut impl Talk,
) -> Followed {
    let mut followed = Followed {
        end: End::Stopped,
        events: Vec::new(),
        status: String::new(),
    };
    let mut behind = watch.behind.clone();
    let mut lost_since: Option<Instant> = None;
    let mut polls = 0;
    followed.end = loop {
        let asked = async {
            let events = cloud.events(watch.stack_id, behind.as_deref()).await?;
            let stack = cloud.stack(watch.stack_id).await?;
            Ok::<_, AwsError>((events, stack))
        };
        let answer = tokio::select! {
            answer = asked => answer,
            () = stop.wait() => break End::Stopped,
            () = over(watch.limit) => break End::Late,
        };
        match answer {
            Err(error) if error.is_transient() => {
                let since = *lost_since.get_or_insert_with(|| {
                    talk.say(&format!(
                        "{error}; still trying, and the operation goes on meanwhile"
                    ));
                    Instant::now()
                });
                if since.elapsed() > OUT_OF_REACH {
                    break End::Lost(error);
                }
            }
            Err(error) => break End::Lost(error),
            Ok((events, stack)) => {
                if lost_since.take().is_some() {
                    talk.say("AWS answers again");
                }
                if let Some(last) = events.last() {
                    behind = Some(last.id.clone());
                }
                events.iter().for_each(|event| talk.event(event));
                followed.events.extend(events);
                let stack = stack.unwrap_or_else(|| Stack {
                    id: watch.stack_id.to_owned(),
                    status: "DELETE_COMPLETE".to_owned(),
                    ..Stack::default()
                });
                followed.status.clone_from(&stack.status);
                let ended = |event: &Event| event.of_stack && event.status == stack.status;
                if !stack.status.ends_with("_IN_PROGRESS") {
                    // A status may be older than the operation; the event is not.
                    if followed.events.iter().any(ended) {
                        break End::Settled(stack);
                    }
                    polls += 1;
                    if polls >= 3 && is_over(cloud, &watch).await {
                        break End::Settled(stack);
                    }
                }
            }
        }
        tokio::select! {
            () = sleep(watch.pause) => {}
            () = over(watch.limit) => break End::Late,
            () = stop.wait() => break End::Stopped,
        }
    };
    talk.end();
    followed
}

/// Ends when the time is over, which may be never.
async fn over(limit: Option<Instant>) {
    match limit {
        Some(limit) => tokio::time::sleep_until(limit).await,
        None => std::future::pending().await,
    }
}

/// Whether the change set says that it is no longer executed.
async fn is_over(cloud: &Cloud, watch: &Watch<'_>) -> bool {
    let Some(name) = watch.change_set else {
        return true;
    };
    match cloud.change_set(watch.stack_id, name).await {
        Ok(Some(set)) => !matches!(set.execution.as_str(), "AVAILABLE" | "EXECUTE_IN_PROGRESS"),
        Ok(None) => true,
        Err(_) => false,
    }
}

/// The event before the operation that is under way: to watch it from its beginning.
pub(crate) async fn beginning(cloud: &Cloud, stack: &str) -> Result<Option<String>, AwsError> {
    // Newest first: the operation began with the first such event, and what is behind it is older.
    let begun = std::cell::Cell::new(false);
    let last = std::cell::RefCell::new(None);
    cloud
        .events_until(stack, |event| {
            if begun.get() {
                last.replace(Some(event.id.clone()));
                return true;
            }
            let starts = matches!(
                event.status.as_str(),
                "CREATE_IN_PROGRESS"
                    | "UPDATE_IN_PROGRESS"
                    | "DELETE_IN_PROGRESS"
                    | "IMPORT_IN_PROGRESS"
            );
            begun.set(event.of_stack && starts);
            false
        })
        .await?;
    Ok(last.into_inner())
}
