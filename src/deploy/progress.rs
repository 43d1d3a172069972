//! Reports of calls that take long.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;

/// The time without a response after which a call is shown.
const SILENCE: Duration = Duration::from_millis(300);

/// Shows the call without a response, or hides it after the response.
pub(crate) type OnWait = fn(Option<&str>);

/// Shows a call that takes long, until its response.
pub(super) async fn shown<T>(
    on_wait: Option<OnWait>,
    call: &str,
    response: impl Future<Output = T>,
) -> T {
    let Some(on_wait) = on_wait else {
        return response.await;
    };
    let mut response = pin!(response);
    tokio::select! {
        done = &mut response => return done,
        () = sleep(SILENCE) => on_wait(Some(call)),
    }
    let done = response.await;
    on_wait(None);
    done
}
