//! Reference pages: the help of each command.

use std::path::Path;
use std::process::Command;

fn help(arguments: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_ssm-synth"))
        .args(arguments)
        .arg("--help")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// Returns the commands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Writes the pages if `UPDATE_PAGES` is set.
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
        let file = directory.join(format!("{name}.md"));
        if std::env::var_os("UPDATE_PAGES").is_some() {
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(&file, &page).unwrap();
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == page,
            "{} is out of date: UPDATE_PAGES=1 cargo test --all-features --test it commands",
            file.display()
        );
        known.push(format!("{name}.md"));
    }
    for entry in std::fs::read_dir(&directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            known.contains(&name),
            "docs/reference/cli/{name} has no command"
        );
    }
}
