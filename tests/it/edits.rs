//! Review-friendly output: for usual edits, the lines that change in the output, compared to the
//! minimum.

use std::collections::HashSet;

use super::documents;
use super::golden;

const BASE: &str = "\
region: eu-central-1
network: {cidr: 10.20.0.0/16, zones: 2}
instances:
  - {name: web, instance_type: t3.micro}
  - {name: worker, instance_type: t3.micro}
";

/// Edits, and the configuration after each.
fn edits() -> Vec<(&'static str, String)> {
    let with = |from: &str, to: &str| {
        assert!(BASE.contains(from), "{from}");
        BASE.replace(from, to)
    };
    let and = |more: &str| format!("{BASE}{more}");
    let last = "  - {name: worker, instance_type: t3.micro}\n";
    vec![
        (
            "append an instance",
            with(
                last,
                &format!("{last}  - {{name: db, instance_type: t3.micro}}\n"),
            ),
        ),
        (
            "insert an instance first",
            with(
                "instances:\n",
                "instances:\n  - {name: db, instance_type: t3.micro}\n",
            ),
        ),
        ("remove an instance", with(last, "")),
        (
            "swap two instances",
            with(
                "  - {name: web, instance_type: t3.micro}\n  - {name: worker, instance_type: t3.micro}\n",
                "  - {name: worker, instance_type: t3.micro}\n  - {name: web, instance_type: t3.micro}\n",
            ),
        ),
        ("rename an instance", with("name: worker", "name: runner")),
        (
            "rename it with `renamed_from`",
            with("name: worker", "name: runner, renamed_from: worker"),
        ),
        (
            "change an instance's type",
            with(
                "web, instance_type: t3.micro",
                "web, instance_type: t3.small",
            ),
        ),
        (
            "change an instance's image",
            with(
                "web, instance_type: t3.micro",
                "web, instance_type: t3.micro, image: ubuntu-24.04",
            ),
        ),
        (
            "enlarge its volume",
            with(
                "web, instance_type: t3.micro",
                "web, instance_type: t3.micro, root_volume_size: 40",
            ),
        ),
        (
            "move it to the other subnet",
            with(
                "web, instance_type: t3.micro",
                "web, instance_type: t3.micro, subnet_index: 1",
            ),
        ),
        (
            "tag an instance",
            with(
                "web, instance_type: t3.micro",
                "web, instance_type: t3.micro, tags: {Tier: front}",
            ),
        ),
        ("tag everything", and("tags: {Team: core}\n")),
        ("add an Availability Zone", with("zones: 2", "zones: 3")),
        ("add an endpoint", and("endpoints: {services: [kms]}\n")),
        (
            "enable least privilege for endpoints",
            and("endpoints: {least_privilege: true}\n"),
        ),
        (
            "use endpoints in one Availability Zone",
            and("endpoints: {zones: one}\n"),
        ),
        ("log sessions", and("sessions: {cloudwatch_logs: true}\n")),
        ("patch", and("patching: true\n")),
        ("another region", with("eu-central-1", "eu-west-1")),
        ("another range", with("10.20.0.0/16", "10.30.0.0/16")),
    ]
}

/// The resources, variables, outputs and similar blocks of a document, in order, each with all its
/// lines.
fn blocks(text: &str, indent: usize) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        // In JSON, a comma after an item is not a change of the item.
        let line = line.trim_end_matches(',').to_owned();
        let closes = line.trim_start().starts_with(['}', ']']);
        if depth < indent && !closes {
            section = line.clone();
        }
        if depth <= indent && !closes && !line.trim().is_empty() || out.is_empty() {
            out.push((format!("{section} {line}"), Vec::new()));
        }
        if let Some((_, lines)) = out.last_mut() {
            lines.push(line);
        }
    }
    out
}

/// Returns the number of changed lines in a diff by block: the differences of each block in
/// both documents, and all lines of other blocks. Moves are free. A diff by line is
/// shorter if a new block resembles a deleted one.
fn min(old: &str, new: &str, indent: usize) -> usize {
    let (was, is) = (blocks(old, indent), blocks(new, indent));
    let find = |all: &[(String, Vec<String>)], name: &str| {
        all.iter()
            .find(|(it, _)| it == name)
            .map(|(_, lines)| lines.clone())
    };
    let names: HashSet<&String> = was.iter().chain(&is).map(|(name, _)| name).collect();
    names
        .into_iter()
        .map(|name| match (find(&was, name), find(&is, name)) {
            (Some(a), Some(b)) => touched(&a.join("\n"), &b.join("\n")).0,
            (Some(one), None) | (None, Some(one)) => one.len(),
            (None, None) => 0,
        })
        .sum()
}

/// Returns the number of lines and hunks in a diff by line.
fn touched(old: &str, new: &str) -> (usize, usize) {
    let diff = similar::TextDiff::from_lines(old, new);
    let changed = |it: &similar::Change<&str>| it.tag() != similar::ChangeTag::Equal;
    let lines = diff.iter_all_changes().filter(changed).count();
    (lines, diff.grouped_ops(0).len())
}

#[test]
fn usual_edits_change_few_lines() {
    let base = documents("base", BASE);
    let mut table = String::from("| edit |");
    for (format, _) in &base {
        table.push_str(&format!(" {format} |"));
    }
    table.push_str("\n| --- | --- | --- | --- | --- |\n");
    for (what, config) in edits() {
        table.push_str(&format!("| {what} |"));
        for ((format, old), (_, new)) in base.iter().zip(&documents(what, &config)) {
            let indent = match *format {
                "cfn" => 4,
                "cfn-yaml" => 2,
                "tf" => 6,
                _ => 0,
            };
            let (lines, places) = touched(old, new);
            let min = min(old, new, indent);
            table.push_str(&format!(" {lines} of {min}, {places} |"));
            // In JSON, commas change at most two lines per hunk.
            assert!(
                lines <= min + 2 * places,
                "{what}, {format}: {lines} of {min}"
            );
        }
        table.push('\n');
    }
    golden("edits", "usual", &table);
}

/// An instance after the last one is one block in each section. Nothing else moves.
#[test]
fn an_added_instance_is_one_block_in_each_section() {
    let [_, yaml, _, hcl] = documents("base", BASE);
    let [(_, config)] = edits()
        .into_iter()
        .filter(|(what, _)| *what == "append an instance")
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let [_, new_yaml, _, new_hcl] = documents("added", &config);
    for ((_, old), (_, new)) in [(&yaml, &new_yaml), (&hcl, &new_hcl)] {
        let diff = similar::TextDiff::from_lines(old.as_str(), new.as_str());
        let removed = diff
            .iter_all_changes()
            .filter(|it| it.tag() == similar::ChangeTag::Delete);
        assert_eq!(removed.count(), 0);
        // The blocks are the resources and the outputs.
        assert_eq!(diff.grouped_ops(0).len(), 2);
    }
}
