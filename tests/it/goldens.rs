//! Snapshots of the output: complete for each format, and the changes for each case.

use similar::{ChangeTag, TextDiff};

use super::{built, cases, documents, golden};

#[test]
fn the_default_stack_in_each_format() {
    for (format, text) in documents("default", "") {
        golden("default", format, &text);
    }
}

/// Returns the differences between a configuration and the default stack, to keep snapshots small.
pub(crate) fn changes(from: &str, to: &str) -> String {
    let diff = TextDiff::from_lines(from, to);
    let mut out = String::new();
    for group in diff.grouped_ops(0) {
        out.push_str("@@\n");
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            out.push(sign);
            out.push_str(change.value());
        }
    }
    out
}

#[test]
fn each_case_changes_the_expected_resources() {
    let [(_, cfn), _, _, (_, hcl)] = documents("default", "");
    for (name, text) in cases() {
        if name == "default" {
            continue;
        }
        let [(_, this_cfn), _, _, (_, this_hcl)] = documents(&name, &text);
        golden("cfn", &name, &changes(&cfn, &this_cfn));
        golden("hcl", &name, &changes(&hcl, &this_hcl));
    }
}

/// A changed line in this snapshot is a replaced resource.
#[test]
fn the_table_of_ids_is_stable() {
    let text = "network: {zones: 3}\nendpoints: {s3_gateway: true, services: [kms]}\n\
                instance_role: {permissions: session-only}\ninstances: [{name: web-1}, {name: b}]\n";
    let built = built("ids", text);
    let mut table = String::new();
    for stack in built.app.graph().stacks() {
        for (_, node) in built.app.graph().nodes_of(stack) {
            table.push_str(&format!(
                "{} {} {}\n",
                node.path,
                node.cfn_id(),
                node.tf_name()
            ));
        }
        for output in &stack.outputs {
            table.push_str(&format!(
                "{} {} {}\n",
                output.path, output.cfn_id, output.tf_name
            ));
        }
    }
    golden("ids", "pattern", &table);
}
