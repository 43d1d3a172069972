//! The call that the program waits for.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::global::is_quiet;
use super::output;
use crate::diff::escape_text;

/// Whether progress bars show what happens.
static HAS_BARS: AtomicBool = AtomicBool::new(false);

/// The line of the call without a response.
static WAIT_LINE: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// The calls that were shown without a terminal: polling repeats them.
static SHOWN_CALLS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Records whether progress bars show what happens.
pub(super) fn set_has_bars(has_bars: bool) {
    HAS_BARS.store(has_bars, Ordering::Relaxed);
}

/// Shows the call without a response, or hides it: on a terminal as one line that disappears.
pub(super) fn show_wait(call: Option<&str>) {
    if is_quiet() || HAS_BARS.load(Ordering::Relaxed) {
        return;
    }
    if !std::io::stderr().is_terminal() {
        if let (Some(call), Ok(mut shown)) = (call, SHOWN_CALLS.lock())
            && shown.insert(call.to_owned())
        {
            output::unless_quiet(&format!("{call}...\n"));
        }
        return;
    }
    let Ok(mut line) = WAIT_LINE.lock() else {
        return;
    };
    match call {
        Some(call) => line
            .get_or_insert_with(|| {
                let line = ProgressBar::new_spinner();
                line.set_style(bar_style("{spinner} {wide_msg}"));
                line.enable_steady_tick(Duration::from_millis(200));
                line
            })
            .set_message(format!("{}...", escape_text(call))),
        None => {
            if let Some(line) = line.take() {
                line.finish_and_clear();
            }
        }
    }
}

/// Returns a style of progress bars.
pub(super) fn bar_style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
