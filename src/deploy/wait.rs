//! Waiting for the end of an operation.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::aws::Cloud;
use super::error::AwsError;
use super::stop::Stop;
use super::values::{Event, Stack};

/// The time without a response from AWS after which waiting ends.
const MAX_OUTAGE: Duration = Duration::from_secs(600);

/// A display for progress.
pub(crate) trait ProgressSink {
    /// Shows a note.
    fn note(&mut self, text: &str);
    /// Starts an operation, with its number of resources if known.
    fn start(&mut self, resources: Option<usize>);
    /// Shows an event.
    fn event(&mut self, event: &Event);
    /// Ends the display of an operation.
    fn finish(&mut self);
}

/// The reason why waiting ended.
#[derive(Debug)]
pub(crate) enum WaitEnd {
    /// The operation ended with this stack.
    Settled(Stack),
    /// The user requested to stop.
    Stopped,
    /// The time limit was reached.
    TimedOut,
    /// AWS does not respond.
    Lost(AwsError),
}

/// The observations of an operation.
#[derive(Debug)]
pub(crate) struct WaitResult {
    pub(crate) end: WaitEnd,
    /// The events, the oldest first.
    pub(crate) events: Vec<Event>,
    /// The last known status of the stack, or empty text.
    pub(crate) status: String,
}

/// The operation to wait for.
#[derive(Debug)]
pub(crate) struct WaitOptions<'a> {
    /// The ID of the stack, which remains valid after its deletion.
    pub(crate) stack_id: &'a str,
    /// The last event before the operation.
    pub(crate) last_event: Option<String>,
    /// The executed change set.
    pub(crate) change_set: Option<&'a str>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) poll_interval: Duration,
}

/// Waits until the operation ends.
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
                    progress.note(&format!("{error}; retrying while the operation continues"));
                    Instant::now()
                });
                if since.elapsed() > MAX_OUTAGE {
                    break WaitEnd::Lost(error);
                }
            }
            Err(error) => break WaitEnd::Lost(error),
            Ok((events, stack)) => {
                if lost_since.take().is_some() {
                    progress.note("AWS responds again");
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
                    // The status may predate the operation; the event does not.
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

/// Waits until the deadline, or forever without one.
async fn reach_deadline(limit: Option<Instant>) {
    match limit {
        Some(limit) => tokio::time::sleep_until(limit).await,
        None => std::future::pending().await,
    }
}

/// Returns whether the execution of the change set ended.
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

/// Returns the event before the operation in progress, to show all events of the operation.
pub(crate) async fn event_before_operation(
    cloud: &Cloud,
    stack: &str,
) -> Result<Option<String>, AwsError> {
    // Newest first: after the first event of the operation, all others are older.
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
