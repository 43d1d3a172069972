//! Watching an operation to its end, whatever happens on the way.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::aws::Cloud;
use super::error::AwsError;
use super::stop::Stop;
use super::values::{Event, Stack};

/// How long AWS may be out of reach before watching ends.
const MAX_OUTAGE: Duration = Duration::from_secs(600);

/// Who is told what happens.
pub(crate) trait ProgressSink {
    /// Something to know, in a sentence.
    fn note(&mut self, text: &str);
    /// An operation begins on so many resources, or on nobody knows how many.
    fn start(&mut self, resources: Option<usize>);
    /// Something happened.
    fn event(&mut self, event: &Event);
    /// The operation is over, or no longer watched.
    fn finish(&mut self);
}

/// How watching ended.
#[derive(Debug)]
pub(crate) enum WaitEnd {
    /// The operation is over, and this is the stack.
    Settled(Stack),
    /// The user asked to stop.
    Stopped,
    /// The limit is over.
    TimedOut,
    /// AWS cannot be asked any more.
    Lost(AwsError),
}

/// What was seen of an operation.
#[derive(Debug)]
pub(crate) struct WaitResult {
    pub(crate) end: WaitEnd,
    /// Its events, the oldest first.
    pub(crate) events: Vec<Event>,
    /// The stack's status that was seen last; empty if none was.
    pub(crate) status: String,
}

/// What to watch.
#[derive(Debug)]
pub(crate) struct WaitOptions<'a> {
    /// The stack's id, which names it after its deletion too.
    pub(crate) stack_id: &'a str,
    /// The last event before the operation.
    pub(crate) last_event: Option<String>,
    /// The change set whose execution it is.
    pub(crate) change_set: Option<&'a str>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) poll_interval: Duration,
}

/// Watches until the operation is over.
pub(crate) async fn wait(
    cloud: &Cloud,
    options: WaitOptions<'_>,
    stop: &Stop,
    progress: &mut impl ProgressSink,
) -> WaitResult {
    let mut result = WaitResult {
        end: WaitEnd::Stopped,
        events: Vec::new(),
        status: String::new(),
    };
    let mut last_event = options.last_event.clone();
    let mut lost_since: Option<Instant> = None;
    let mut polls = 0;
    result.end = loop {
        let asked = async {
            let events = cloud
                .events(options.stack_id, last_event.as_deref())
                .await?;
            let stack = cloud.stack(options.stack_id).await?;
            Ok::<_, AwsError>((events, stack))
        };
        let response = tokio::select! {
            response = asked => response,
            () = stop.wait() => break WaitEnd::Stopped,
            () = reach_deadline(options.deadline) => break WaitEnd::TimedOut,
        };
        match response {
            Err(error) if error.is_transient() => {
                let since = *lost_since.get_or_insert_with(|| {
                    progress.note(&format!(
                        "{error}; still trying, and the operation goes on meanwhile"
                    ));
                    Instant::now()
                });
                if since.elapsed() > MAX_OUTAGE {
                    break WaitEnd::Lost(error);
                }
            }
            Err(error) => break WaitEnd::Lost(error),
            Ok((events, stack)) => {
                if lost_since.take().is_some() {
                    progress.note("AWS answers again");
                }
                if let Some(last) = events.last() {
                    last_event = Some(last.id.clone());
                }
                events.iter().for_each(|event| progress.event(event));
                result.events.extend(events);
                let stack = stack.unwrap_or_else(|| Stack {
                    id: options.stack_id.to_owned(),
                    status: "DELETE_COMPLETE".to_owned(),
                    ..Stack::default()
                });
                result.status.clone_from(&stack.status);
                let ended = |event: &Event| event.is_stack_event && event.status == stack.status;
                if !stack.status.ends_with("_IN_PROGRESS") {
                    // A status may be older than the operation; the event is not.
                    if result.events.iter().any(ended) {
                        break WaitEnd::Settled(stack);
                    }
                    polls += 1;
                    if polls >= 3 && is_finished(cloud, &options).await {
                        break WaitEnd::Settled(stack);
                    }
                }
            }
        }
        tokio::select! {
            () = sleep(options.poll_interval) => {}
            () = reach_deadline(options.deadline) => break WaitEnd::TimedOut,
            () = stop.wait() => break WaitEnd::Stopped,
        }
    };
    progress.finish();
    result
}

/// Ends when the time is over, which may be never.
async fn reach_deadline(limit: Option<Instant>) {
    match limit {
        Some(limit) => tokio::time::sleep_until(limit).await,
        None => std::future::pending().await,
    }
}

/// Whether the change set says that it is no longer executed.
async fn is_finished(cloud: &Cloud, options: &WaitOptions<'_>) -> bool {
    let Some(name) = options.change_set else {
        return true;
    };
    match cloud.change_set(options.stack_id, name).await {
        Ok(Some(set)) => !matches!(set.execution.as_str(), "AVAILABLE" | "EXECUTE_IN_PROGRESS"),
        Ok(None) => true,
        Err(_) => false,
    }
}

/// The event before the operation that is under way: to watch it from its beginning.
pub(crate) async fn event_before_operation(
    cloud: &Cloud,
    stack: &str,
) -> Result<Option<String>, AwsError> {
    // Newest first: the operation began with the first such event, and what is behind it is older.
    let started = std::cell::Cell::new(false);
    let last = std::cell::RefCell::new(None);
    cloud
        .events_until(stack, |event| {
            if started.get() {
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
            started.set(event.is_stack_event && starts);
            false
        })
        .await?;
    Ok(last.into_inner())
}
