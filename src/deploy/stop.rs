//! A request to stop waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A request of the user to stop. The first Ctrl-C requests it, the second ends the program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<(AtomicBool, Notify)>);

impl Stop {
    /// Listens for Ctrl-C and the termination signals of CI jobs. Calls `cut` when the user does
    /// not wait for the end.
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

    pub(crate) fn is_requested(&self) -> bool {
        self.0.0.load(Ordering::SeqCst)
    }

    /// Waits until the user requests to stop.
    pub(crate) async fn wait(&self) {
        loop {
            let notified = self.0.1.notified();
            if self.is_requested() {
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

#[cfg(windows)]
async fn asked() {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut close)) =
        (ctrl_c(), ctrl_break(), ctrl_close())
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        // The console was closed.
        _ = close.recv() => {}
    }
}
