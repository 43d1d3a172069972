//! A page for each command, with its help.

use std::path::Path;
use std::process::Command;

fn help(arguments: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_ssm-synth"))
        .args(arguments)
        .arg("--help")
        .env("COLUMNS", "80")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// The commands that a help lists, in groups.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().take_while(|line| *line != "Global options:");
    lines
        .skip_while(|line| !line.starts_with("Author:"))
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_command_has_its_page() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/cli");
    let top = help(&[]);
    let mut pages = vec![("ssm-synth".to_owned(), top.clone())];
    for name in listed(&top) {
        let text = help(&[&name]);
        pages.push((name, text));
    }
    let mut known: Vec<String> = Vec::new();
    for (name, text) in &pages {
        let title = match name.as_str() {
            "ssm-synth" => name.clone(),
            name => format!("ssm-synth {name}"),
        };
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let page = format!(
            "# {title}\n\n```text\n{}\n```\n",
            lines.join("\n").trim_end()
        );
        super::page(&format!("docs/reference/cli/{name}.md"), &page);
        known.push(format!("{name}.md"));
    }
    for entry in std::fs::read_dir(&directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            known.contains(&name),
            "docs/reference/cli/{name} belongs to no command"
        );
    }
}
