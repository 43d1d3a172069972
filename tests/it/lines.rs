//! Errors point at the line that sets the value, also after the resource was added.

use ssm_synth::ir::{Diagnostics, SourceLocation};
use ssm_synth::resource::{LogGroup, SecurityGroupIngress, Vpc};
use ssm_synth::{App, Cidr, Id};

/// The lines of this file that a diagnostic with a text points at.
fn lines(found: &Diagnostics, text: &str) -> Vec<u32> {
    let of_text = found.iter().filter(|it| it.message.contains(text));
    let lines = of_text.flat_map(|it| &it.locations).map(|it| match it {
        SourceLocation::Caller(at) if at.file().ends_with("tests/it/lines.rs") => at.line(),
        other => panic!("{other}"),
    });
    let mut lines: Vec<u32> = lines.collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_change_through_a_reference_is_named() {
    let mut app = App::new();
    let group = app.stack("Access").add("Logs", LogGroup::new());
    let other = app.stack("Access").add("Others", LogGroup::new());
    let name = "not a name";
    let wrong = line!() + 1;
    let logs = app.graph_mut().get_mut(group).unwrap();
    *logs = logs.clone().log_group_name(name);
    // A later change without a problem, and one of another resource.
    let logs = app.graph_mut().get_mut(group).unwrap();
    *logs = logs.clone().retention_in_days(7);
    let logs = app.graph_mut().get_mut(other).unwrap();
    *logs = logs.clone().retention_in_days(7);
    let found = app.validate().unwrap_err();
    assert_eq!(lines(&found, "log_group_name"), [wrong], "{found}");

    let mut app = App::new();
    let mut stack = app.stack("Access");
    let wrong = line!() + 1;
    let group = stack.add("Logs", LogGroup::new().log_group_name(name));
    let logs: &mut LogGroup = app.graph_mut().get_mut(group).unwrap();
    *logs = logs.clone().retention_in_days(7);
    let found = app.validate().unwrap_err();
    assert_eq!(lines(&found, "log_group_name"), [wrong], "{found}");
}

#[test]
fn a_change_of_all_resources_is_named_once() {
    let mut app = App::new();
    app.update_all::<LogGroup>(|_, it| *it = it.clone().retention_in_days(7));
    let wrong = line!() + 1;
    app.update_all::<LogGroup>(|_, it| *it = it.clone().retention_in_days(8));
    for id in ["One", "Two"] {
        app.stack("Access").add(id, LogGroup::new());
    }
    let found = app.validate().unwrap_err();
    assert_eq!(lines(&found, "8"), [wrong], "{found}");
    let paths: Vec<&str> = found
        .iter()
        .flat_map(|it| &it.paths)
        .map(String::as_str)
        .collect();
    assert_eq!(paths, ["Access/One", "Access/Two"], "{found}");

    // In an aspect, the line of the call inside it.
    let mut app = App::new();
    let wrong = line!() + 2;
    app.add_aspect(|graph| {
        graph.update_all::<Vpc>(|_, it| *it = it.clone().cidr_block(Cidr::v4([10, 0, 0, 0], 8)));
    });
    app.stack("Access")
        .add("Vpc", Vpc::new(Cidr::v4([10, 0, 0, 0], 16)));
    let found = app.validate().unwrap_err();
    assert_eq!(lines(&found, "10.0.0.0/8"), [wrong], "{found}");
}

#[test]
fn warnings_and_rules_follow_the_change() {
    let mut app = App::new();
    app.add_rule(|graph, out| {
        for (_, node, rule) in graph.all::<SecurityGroupIngress>() {
            if rule.from_port.is_some() {
                out.push(node.warning("team-port", "a port"));
            }
        }
    });
    let wrong = line!() + 1;
    app.update_all::<SecurityGroupIngress>(|_, it| *it = it.clone().from_port(22).to_port(22));
    let rule = SecurityGroupIngress::new(Id::new("sg-0a1b2c3d4e5f60718"), "tcp")
        .cidr_ip(Cidr::v4([10, 0, 0, 0], 8));
    app.stack("Access").add("Rule", rule);
    let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(lines(validated.warnings(), "a port"), [wrong]);
}
