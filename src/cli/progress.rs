//! Progress of an operation: on a terminal, in a log, or as JSON Lines.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar};
use serde_json::{Value, json};

use super::aws::{CheckedTemplate, check_template};
use super::failure::Failure;
use super::format::ReportFormat;
use super::global::is_quiet;
use super::settings::UNREACHABLE;
use super::wait_line::{bar_style, set_has_bars};
use super::{output, planned};
use crate::cost::Estimate;
use crate::deploy::outcome::{Confirm, Confirmation, Deployed};
use crate::deploy::parameters::deployed_values;
use crate::deploy::stop::Stop;
use crate::deploy::values::{ChangeSet, Event, Stack};
use crate::deploy::wait::ProgressSink;
use crate::diff::{ChangeReport, Version, escape_text};

/// A planned deployment, to show.
#[derive(Clone, Debug)]
pub(super) struct DeployPlan<'a> {
    pub(super) app: Option<&'a crate::App>,
    pub(super) program: &'a str,
    pub(super) stack: String,
    pub(super) text: String,
    pub(super) nested: Vec<String>,
    pub(super) allow_unreachable: bool,
    pub(super) region: String,
    /// The account and the ARN of the caller, if they can be determined.
    pub(super) caller: Option<Caller>,
    pub(super) capabilities: Vec<String>,
}

/// The deploying principal.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) account: String,
    pub(super) arn: String,
}

/// Whether a prompt can be answered.
pub(super) fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

struct Bars {
    all: MultiProgress,
    main: ProgressBar,
    in_progress: BTreeMap<String, ProgressBar>,
    has_total: bool,
}

/// Whether an `end` event was printed.
static END_REPORTED: AtomicBool = AtomicBool::new(false);

/// Prints an `end` event after a failure, unless one was printed.
pub(super) fn report_end<T>(format: ReportFormat, done: Result<T, Failure>) -> Result<T, Failure> {
    if done.is_err() && !END_REPORTED.load(Ordering::Relaxed) {
        ProgressReporter::new(format, true).outcome("error", None, &json!({}));
    }
    done
}

/// Reports deployment progress to a terminal, a log, or JSON Lines.
pub(super) struct ProgressReporter<'a> {
    format: ReportFormat,
    yes: bool,
    /// Whether to print the plan to standard output, as the result.
    show: bool,
    plan: Option<DeployPlan<'a>>,
    bars: Option<Bars>,
    started: BTreeMap<String, Instant>,
}

/// The number of resources in progress with a separate line.
const MAX_LINES: usize = 6;

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();

impl<'a> ProgressReporter<'a> {
    pub(super) fn new(format: ReportFormat, yes: bool) -> ProgressReporter<'a> {
        ProgressReporter {
            format,
            yes,
            show: false,
            plan: None,
            bars: None,
            started: BTreeMap::new(),
        }
    }

    #[must_use]
    pub(super) fn with_plan(mut self, plan: DeployPlan<'a>, show: bool) -> ProgressReporter<'a> {
        self.plan = Some(plan);
        self.show = show;
        self
    }

    /// Prints an event.
    pub(super) fn emit(&self, value: &Value) {
        if value["event"] == "end" {
            END_REPORTED.store(true, Ordering::Relaxed);
        }
        if self.format == ReportFormat::Json {
            let _ = output::artifact(&format!("{value}\n"));
        }
    }

    /// Prints a line above the progress bars.
    pub(super) fn line(&self, text: &str) {
        let line = format!("{text}\n");
        match &self.bars {
            Some(bars) => bars.all.suspend(|| output::unless_quiet(&line)),
            None => output::unless_quiet(&line),
        }
    }

    /// Prints the `end` event.
    pub(super) fn outcome(&self, word: &str, stack: Option<&Stack>, more: &Value) {
        let mut value = json!({ "event": "end", "outcome": word });
        if let Some(stack) = stack {
            let outputs = stack.outputs.iter();
            let outputs = outputs.map(|(key, value, _)| (key.clone(), value.clone().into()));
            value["stack"] = json!({
                "name": stack.name,
                "id": stack.id,
                "status": stack.status,
                "outputs": outputs.collect::<serde_json::Map<_, _>>(),
            });
        }
        if let (Value::Object(all), Value::Object(more)) = (&mut value, more) {
            all.extend(more.clone());
        }
        self.emit(&value);
    }

    /// Prints the outputs of the stack.
    pub(super) fn outputs(&self, stack: &Stack) {
        if self.format == ReportFormat::Json {
            return;
        }
        let widest = stack
            .outputs
            .iter()
            .map(|(key, ..)| key.len())
            .max()
            .unwrap_or_default();
        let lines = stack.outputs.iter();
        let lines =
            lines.map(|(key, value, _)| format!("{key:<widest$} = {}\n", escape_text(value)));
        let _ = output::artifact(&lines.collect::<String>());
    }
}

/// Discards what was typed before the prompt.
fn discard_typed_input() {
    #[cfg(unix)]
    let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// Prints what a forced stop leaves.
pub(super) fn report_forced_stop() {
    output::error(
        "stopped at once; a change set and a stack in `REVIEW_IN_PROGRESS` can remain",
        Some("run `deploy` again, which reuses the stack"),
    );
}

impl ProgressSink for ProgressReporter<'_> {
    fn note(&mut self, text: &str) {
        self.emit(&json!({ "event": "note", "text": text }));
        self.line(text);
    }

    fn start(&mut self, resources: Option<usize>) {
        self.started.clear();
        if self.format == ReportFormat::Json || is_quiet() || !std::io::stderr().is_terminal() {
            return;
        }
        let all = MultiProgress::new();
        let known = resources.is_some();
        let main = all.add(match resources {
            Some(count) => ProgressBar::new(count as u64),
            None => ProgressBar::new_spinner(),
        });
        main.set_style(bar_style(match resources {
            Some(_) => "{bar:30} {pos}/{len} resources, {elapsed} {msg}",
            None => "{spinner} {elapsed} {msg}",
        }));
        main.enable_steady_tick(Duration::from_millis(200));
        set_has_bars(true);
        self.bars = Some(Bars {
            all,
            main,
            in_progress: BTreeMap::new(),
            has_total: known,
        });
    }

    fn event(&mut self, event: &Event) {
        self.emit(&json!({
            "event": "resource",
            "at": event.at,
            "logical_id": event.logical_id,
            "physical_id": event.physical_id,
            "type": event.kind,
            "status": event.status,
            "reason": event.reason,
        }));
        if self.format == ReportFormat::Json {
            return;
        }
        let reason = match event.reason.as_str() {
            "" => String::new(),
            reason => format!("  {}", escape_text(reason)),
        };
        let ended = !event.status.ends_with("_IN_PROGRESS");
        let paint = match event.status.as_str() {
            status if status.ends_with("_FAILED") => RED,
            status if status.ends_with("_COMPLETE") && !status.contains("ROLLBACK") => GREEN,
            _ => Style::new(),
        };
        let Some(bars) = &mut self.bars else {
            let line = format!(
                "{} {paint}{:<20}{paint:#} {} ({}){reason}",
                event.at, event.status, event.logical_id, event.kind
            );
            return self.line(&line);
        };
        if event.is_stack_event {
            bars.main.set_message(event.status.clone());
        } else if ended {
            if let Some(bar) = bars.in_progress.remove(&event.logical_id) {
                bar.finish_and_clear();
            }
            if bars.has_total && event.status != "DELETE_COMPLETE" {
                bars.main.inc(1);
            }
        } else if !bars.in_progress.contains_key(&event.logical_id)
            && bars.in_progress.len() < MAX_LINES
        {
            let bar = bars.all.add(ProgressBar::new_spinner());
            bar.set_style(bar_style("  {spinner} {msg} {elapsed}"));
            bar.set_message(format!("{} {}", event.logical_id, event.kind));
            bar.enable_steady_tick(Duration::from_millis(200));
            bars.in_progress.insert(event.logical_id.clone(), bar);
        }
        if !ended {
            self.started
                .entry(event.logical_id.clone())
                .or_insert_with(Instant::now);
            return;
        }
        let took = self
            .started
            .remove(&event.logical_id)
            .map_or(0, |it| it.elapsed().as_secs());
        let took = if took > 0 {
            format!(" {took}s")
        } else {
            String::new()
        };
        self.line(&format!(
            "{paint}{:<20}{paint:#} {} ({}){took}{reason}",
            event.status, event.logical_id, event.kind
        ));
    }

    fn finish(&mut self) {
        set_has_bars(false);
        if let Some(bars) = self.bars.take() {
            bars.in_progress
                .values()
                .for_each(ProgressBar::finish_and_clear);
            bars.main.finish_and_clear();
        }
    }
}

impl Confirm for ProgressReporter<'_> {
    fn plan(
        &mut self,
        set: &ChangeSet,
        deployed: Option<&Deployed>,
        values: &[(String, String)],
    ) -> Result<(), String> {
        let Some(plan) = &self.plan else {
            return Ok(());
        };
        let region = plan.region.as_str();
        let old = deployed
            .map(|it| Version::template(&it.template, deployed_values(it), region))
            .unwrap_or_default();
        let mut new = Version::template(&plan.text, values.to_vec(), region);
        if let Some(app) = plan.app {
            new = new.with_verdicts_of(app.graph());
        }
        let mut report = ChangeReport::compare(&old, &new);
        if deployed.is_none() {
            // Nothing had access before: the access of a new stack is not broader.
            report.access.clear();
        }
        let checked = match plan.app {
            Some(app) => Some(CheckedTemplate::of_app(&plan.stack, app)),
            None => check_template(&plan.stack, &plan.text, values, Some(region)).ok(),
        };
        let before = deployed.and_then(|it| {
            check_template(
                &plan.stack,
                &it.template,
                &deployed_values(it),
                Some(region),
            )
            .ok()
        });
        let cost = checked.as_ref().and_then(|it| planned::cost(it, region));
        let prices = cost.as_ref().and_then(Estimate::dates);
        let (access, session) = report.summary_json();
        self.emit(&json!({
            "event": "plan",
            "stack": plan.stack,
            "region": plan.region,
            "account": plan.caller.as_ref().map(|it| &it.account),
            "principal": plan.caller.as_ref().map(|it| &it.arn),
            "monthly_cost": cost.as_ref().map(|it| it.total().as_f64()),
            "prices_from": prices.map(|it| it.0),
            "prices_to": prices.map(|it| it.1),
            "create": deployed.is_none(),
            "changes": planned::planned_json(set),
            "access": access,
            "session": session,
            "capabilities": plan.capabilities,
        }));
        let unreachable = checked.filter(CheckedTemplate::is_unreachable);
        let verdict = match &unreachable {
            Some(_) if !plan.allow_unreachable => Err(format!(
                "{UNREACHABLE}; apply the fix above, or pass `--allow-unreachable`"
            )),
            _ => Ok(()),
        };
        if self.format == ReportFormat::Json {
            return verdict;
        }
        let what = match deployed {
            Some(_) => format!("Stack `{}` in {}: update", plan.stack, plan.region),
            None => format!("Stack `{}` in {}: create", plan.stack, plan.region),
        };
        let mut text = format!(
            "{what}\n{}{}\n",
            output::fitted(&planned::planned(set)),
            planned::counts(set)
        );
        for line in report.summary_text().lines() {
            text.push_str(&format!("  {line}\n"));
        }
        let cost_before = before.and_then(|it| planned::cost(&it, region));
        text.push_str(&planned::cost_line(
            cost.as_ref(),
            cost_before.as_ref(),
            region,
        ));
        if !plan.capabilities.is_empty() {
            text.push_str(&format!("Capabilities: {}\n", plan.capabilities.join(", ")));
        }
        if !plan.nested.is_empty() {
            text.push_str(&format!(
                "Not analyzed: nested stacks {}\n",
                plan.nested.join(", ")
            ));
        }
        if let Some(checked) = unreachable {
            text.push_str(&checked.text(plan.program));
        }
        let _ = match self.show {
            true => output::stdout(&text),
            // Without a prompt and with `--quiet`, the plan is not needed.
            false if self.yes && is_quiet() => Ok(()),
            false => output::stderr(&text),
        };
        verdict
    }

    async fn confirm(&mut self, question: &str, stop: &Stop) -> Confirmation {
        if self.yes {
            return Confirmation::Yes;
        }
        discard_typed_input();
        let _ = output::stderr(&format!("{question} [y/N] "));
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // A read cannot be interrupted; a separate thread ends with the program.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            let _ = sender.send(read.is_ok().then_some(line));
        });
        let reply = tokio::select! {
            line = receiver => line.ok().flatten().unwrap_or_default(),
            () = stop.wait() => {
                let _ = output::stderr("\nDeleting change set...\n");
                return Confirmation::No;
            }
        };
        match reply.trim().to_lowercase().as_str() {
            "y" | "yes" => Confirmation::Yes,
            _ => Confirmation::No,
        }
    }
}
