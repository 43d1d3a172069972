//! Assertions about reachability.

// A failing assertion panics.
#![allow(clippy::panic)]

use super::Assertions;
use crate::ir::{Dialect, NodeId};
use crate::reachability::{self, InstanceReachability, Verdict};
use crate::report;

impl Assertions<'_> {
    /// Asserts that the reachability check passes for every instance of this stack, in both languages.
    ///
    /// # Panics
    ///
    /// If a hop fails or is unknown (prints the hop, the property that determines it, and the fix), or
    /// the stack has no instance.
    #[track_caller]
    pub fn all_instances_reachable(&self) {
        self.verdicts(&[Verdict::Reachable]);
    }

    /// Asserts that the reachability check fails for no instance of this stack, in neither language.
    /// Facts that the app does not show can be unknown.
    ///
    /// # Panics
    ///
    /// If a hop fails (prints the hop, the property that determines it, and the fix), or the stack has
    /// no instance.
    #[track_caller]
    pub fn no_instance_unreachable(&self) {
        self.verdicts(&[Verdict::Reachable, Verdict::Unknown]);
    }

    #[track_caller]
    fn verdicts(&self, allowed: &[Verdict]) {
        let mut failed: Vec<(Dialect, String)> = Vec::new();
        let mut verdicts = Vec::new();
        let judged = self.graph.languages().iter().copied();
        for dialect in judged.filter(|it| self.language.is_none_or(|only| only == *it)) {
            let printed = self.graph.printed(dialect);
            let graph = printed.as_ref().unwrap_or(self.graph);
            let mut reachability = reachability::check(graph, &self.assumptions);
            let own: Vec<NodeId> = self.graph.nodes_of(self.stack).map(|(id, _)| id).collect();
            reachability.instances.retain(|it| own.contains(&it.node));
            if reachability.instances.is_empty() {
                panic!("stack `{}` has no instance", self.stack.name);
            }
            let hops = reachability.instances.iter_mut();
            for hop in hops.flat_map(|it| &mut it.hops) {
                hop.detail = without_flags(&hop.detail);
            }
            let all = reachability.instances.iter();
            verdicts.push(all.clone().map(|it| it.verdict).collect::<Vec<_>>());
            let is_allowed = |it: &InstanceReachability| allowed.contains(&it.verdict);
            if !all.clone().all(is_allowed) {
                let report = report::CheckReport {
                    file: &self.stack.name,
                    graph,
                    reachability: &reachability,
                    json: false,
                    program: "ssm-synth",
                    notes: &[],
                };
                failed.push((dialect, without_colors(&report::text(&report))));
            }
        }
        let Some((_, first)) = failed.first() else {
            return;
        };
        if self.language.is_none() && verdicts.windows(2).all(|it| it[0] == it[1]) {
            panic!("{first}");
        }
        let of = |(dialect, text): &(Dialect, String)| {
            format!("as {} prints it:\n{text}", dialect.name())
        };
        panic!("{}", failed.iter().map(of).collect::<Vec<_>>().join("\n"));
    }
}

/// Replaces the flags of the command line by the fields of [`Assumptions`](reachability::Assumptions).
fn without_flags(text: &str) -> String {
    let mut parts = text.split("--assume ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_of_name = |c: char| c.is_ascii_lowercase() || c == '-';
        let end = part.find(|c| !is_of_name(c)).unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        out.push_str(&format!("Assumptions::{}{rest}", name.replace('-', "_")));
    }
    out
}

/// Removes colors: a panic is text in a log, and `should_panic` compares it.
fn without_colors(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|it| it.split_once('m').map_or(it, |(_, shown)| shown));
    std::iter::once(first).chain(rest).collect()
}
