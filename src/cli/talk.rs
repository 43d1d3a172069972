//! Telling what happens while it happens: on a terminal, in a log, or to a program.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::cloud::{Proven, prove};
use super::meaning::{Version, meaning, shown};
use super::{Failure, output, own, planned};
use crate::deploy::follow::{Stop, Talk};
use crate::deploy::outcome::{Ask, Deployed, Said};
use crate::deploy::parameters::deployed_values;
use crate::deploy::values::{ChangeSet, Event, Stack};

/// How things are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs: an object a line on standard output
    Json,
}

/// What is planned, for showing it.
#[derive(Clone, Debug)]
pub(super) struct Planning {
    pub(super) stack: String,
    pub(super) text: String,
    pub(super) nested: Vec<String>,
    pub(super) allow_unreachable: bool,
    pub(super) region: String,
    pub(super) capabilities: Vec<String>,
}

/// Whether somebody is there to be asked.
pub(super) fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

struct Bars {
    all: MultiProgress,
    main: ProgressBar,
    under_way: BTreeMap<String, ProgressBar>,
    known: bool,
}

/// Whether a program was told how it ended.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Tells a program how it ended, if nobody has yet.
pub(super) fn closing<T>(format: Format, done: Result<T, Failure>) -> Result<T, Failure> {
    if done.is_err() && !ENDED.load(Ordering::Relaxed) {
        Teller::new(format, true).outcome("error", None, &json!({}));
    }
    done
}

/// Tells what happens.
pub(super) struct Teller {
    format: Format,
    yes: bool,
    /// Show the plan on standard output, as what was asked for.
    show: bool,
    planning: Option<Planning>,
    bars: Option<Bars>,
    begun: BTreeMap<String, Instant>,
}

/// How many resources under way have a line of their own.
const MOST_LINES: usize = 6;

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();

impl Teller {
    pub(super) fn new(format: Format, yes: bool) -> Teller {
        Teller {
            format,
            yes,
            show: false,
            planning: None,
            bars: None,
            begun: BTreeMap::new(),
        }
    }

    #[must_use]
    pub(super) fn planning(mut self, planning: Planning, show: bool) -> Teller {
        self.planning = Some(planning);
        self.show = show;
        self
    }

    /// Tells a program something.
    pub(super) fn emit(&self, value: &Value) {
        if self.format == Format::Json {
            let _ = output::artefact(&format!("{value}\n"));
        }
    }

    /// Tells people something, above what moves.
    pub(super) fn line(&self, text: &str) {
        let line = format!("{text}\n");
        match &self.bars {
            Some(bars) => bars.all.suspend(|| output::note(&line)),
            None => output::note(&line),
        }
    }

    /// The stack in the end.
    pub(super) fn outcome(&self, word: &str, stack: Option<&Stack>, more: &Value) {
        ENDED.store(true, Ordering::Relaxed);
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

    /// The outputs, which are what a deployment is for.
    pub(super) fn outputs(&self, stack: &Stack) {
        if self.format == Format::Json {
            return;
        }
        let widest = stack
            .outputs
            .iter()
            .map(|(key, ..)| key.len())
            .max()
            .unwrap_or_default();
        let lines = stack.outputs.iter();
        let lines = lines.map(|(key, value, _)| format!("{key:<widest$} = {}\n", shown(value)));
        let _ = output::artefact(&lines.collect::<String>());
    }
}

/// What was typed before the question was there is no answer to it.
fn forget_typed() {
    #[cfg(unix)]
    let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
}

/// What is said when the user does not wait for the end.
pub(super) fn cut() {
    let _ = output::stderr(
        "ended at once: a change set may be left, and a new stack in REVIEW_IN_PROGRESS; \
         `ssm-synth status` tells, and the next `deploy` goes on from there\n",
    );
}

fn bar_style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Talk for Teller {
    fn say(&mut self, text: &str) {
        self.emit(&json!({ "event": "note", "text": text }));
        self.line(text);
    }

    fn begin(&mut self, resources: Option<usize>) {
        self.begun.clear();
        if self.format == Format::Json || output::is_quiet() || !std::io::stderr().is_terminal() {
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
        self.bars = Some(Bars {
            all,
            main,
            under_way: BTreeMap::new(),
            known,
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
        if self.format == Format::Json {
            return;
        }
        let reason = match event.reason.as_str() {
            "" => String::new(),
            reason => format!("  {}", shown(reason)),
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
        if event.of_stack {
            bars.main.set_message(event.status.clone());
        } else if ended {
            if let Some(bar) = bars.under_way.remove(&event.logical_id) {
                bar.finish_and_clear();
            }
            if bars.known && event.status != "DELETE_COMPLETE" {
                bars.main.inc(1);
            }
        } else if !bars.under_way.contains_key(&event.logical_id)
            && bars.under_way.len() < MOST_LINES
        {
            let bar = bars.all.add(ProgressBar::new_spinner());
            bar.set_style(bar_style("  {spinner} {msg} {elapsed}"));
            bar.set_message(format!("{} {}", event.logical_id, event.kind));
            bar.enable_steady_tick(Duration::from_millis(200));
            bars.under_way.insert(event.logical_id.clone(), bar);
        }
        if !ended {
            self.begun
                .entry(event.logical_id.clone())
                .or_insert_with(Instant::now);
            return;
        }
        let took = self
            .begun
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

    fn end(&mut self) {
        if let Some(bars) = self.bars.take() {
            bars.under_way
                .values()
                .for_each(ProgressBar::finish_and_clear);
            bars.main.finish_and_clear();
        }
    }
}

impl Ask for Teller {
    fn plan(
        &mut self,
        set: &ChangeSet,
        deployed: Option<&Deployed>,
        values: &[(String, String)],
    ) -> Result<(), String> {
        let Some(planning) = &self.planning else {
            return Ok(());
        };
        let region = planning.region.as_str();
        let old = deployed
            .map(|it| Version::template(&it.template, deployed_values(it), region))
            .unwrap_or_default();
        let new = Version::template(&planning.text, values.to_vec(), region).known_by_app();
        let meaning = meaning(&old, &new);
        let (access, session) = meaning.json();
        self.emit(&json!({
            "event": "plan",
            "stack": planning.stack,
            "region": planning.region,
            "create": deployed.is_none(),
            "changes": planned::planned_json(set),
            "access": access,
            "session": session,
            "capabilities": planning.capabilities,
        }));
        let proven = match own::app() {
            Some(app) => Some(Proven::of_app(&planning.stack, app)),
            None => prove(
                &planning.stack,
                &planning.text,
                values,
                Some(&planning.region),
            )
            .ok(),
        };
        let unreachable = proven.filter(Proven::is_unreachable);
        let verdict = match &unreachable {
            Some(_) if !planning.allow_unreachable => {
                Err("Session Manager cannot reach an instance of this stack; mend it as told, or deploy \
                     it nevertheless with `--allow-unreachable`"
                    .to_owned())
            }
            _ => Ok(()),
        };
        if self.format == Format::Json {
            return verdict;
        }
        let what = match deployed {
            Some(_) => format!("Stack `{}` in {}: update", planning.stack, planning.region),
            None => format!("A new stack `{}` in {}", planning.stack, planning.region),
        };
        let mut text = format!("{what}\n{}{}", planned::planned(set), meaning.text());
        if !planning.capabilities.is_empty() {
            text.push_str(&format!(
                "Acknowledged: {}\n",
                planning.capabilities.join(", ")
            ));
        }
        if !planning.nested.is_empty() {
            text.push_str(&format!(
                "Not looked into: the nested stacks {}\n",
                planning.nested.join(", ")
            ));
        }
        if let Some(proven) = unreachable {
            text.push_str(&proven.text());
        }
        let _ = match self.show {
            true => output::stdout(&text),
            // Whoever is not asked need not see it.
            false if self.yes && output::is_quiet() => Ok(()),
            false => output::stderr(&text),
        };
        verdict
    }

    async fn confirm(&mut self, question: &str, stop: &Stop) -> Said {
        if self.yes {
            return Said::Yes;
        }
        forget_typed();
        let _ = output::stderr(&format!("{question} [y/N] "));
        let (tell, told) = tokio::sync::oneshot::channel();
        // Reading cannot be interrupted; a thread of its own dies with the program.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            let _ = tell.send(read.is_ok().then_some(line));
        });
        let answer = tokio::select! {
            told = told => told.ok().flatten().unwrap_or_default(),
            () = stop.wait() => {
                let _ = output::stderr("\nstopping: taking the change set away\n");
                return Said::No;
            }
        };
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Said::Yes,
            _ => Said::No,
        }
    }
}
