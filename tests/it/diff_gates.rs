//! The gates of `diff`, by labeled pairs of templates and plans.

use serde::Deserialize;

use super::cli::run_in;

#[derive(Deserialize)]
struct Pair {
    name: String,
    access: String,
    replaced: String,
    /// Whether the change removes data or an export.
    #[serde(default)]
    removed: bool,
    /// Without it, the new version is a plan that is compared with its prior state.
    old: Option<String>,
    new: String,
}

#[test]
fn each_pair_has_its_gates() {
    let text = include_str!("../data/diff_gates.yaml");
    let pairs: Vec<Pair> = serde_yaml::from_str(text).unwrap();
    assert!(pairs.len() >= 60);
    let mut wrong = Vec::new();
    for pair in &pairs {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("new"), &pair.new).unwrap();
        if let Some(old) = &pair.old {
            std::fs::write(folder.path().join("old"), old).unwrap();
        }
        let run = |more: &[&str]| {
            let mut args = vec!["diff"];
            args.extend(pair.old.as_ref().map(|_| "old"));
            args.push("new");
            args.extend(more);
            run_in(folder.path(), &args, b"")
        };
        let report = run(&["--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&report.out)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", pair.name, report.err));
        let directions: Vec<&str> = report["access"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|it| it["direction"].as_str())
            .collect();
        let found = ["broader", "unknown", "narrower"]
            .into_iter()
            .find(|it| directions.contains(it));
        if found.unwrap_or("same") != pair.access {
            wrong.push(format!("{}: {}", pair.name, report["access"]));
        }
        if pair.removed == report["removal"].as_array().unwrap().is_empty() {
            wrong.push(format!("{}: {}", pair.name, report["removal"]));
        }
        let mut differences = report["differences"].as_array().unwrap().iter();
        if pair.replaced == "maybe" && differences.any(|it| it["replaced"] == "yes") {
            wrong.push(format!("{}: certainly replaced", pair.name));
        }
        let expected = [
            ("removal", pair.removed),
            (
                "broader-access",
                matches!(pair.access.as_str(), "broader" | "unknown"),
            ),
            ("replacement", pair.replaced != "no"),
        ];
        for (gate, fails) in expected {
            let ran = run(&["--fail-on", gate]);
            if ran.code != i32::from(fails) {
                wrong.push(format!("{}: {gate}: {}\n{}", pair.name, ran.code, ran.out));
            }
        }
        // Only what is unknown can be allowed.
        let ran = run(&["--fail-on", "broader-access", "--allow-unknown"]);
        if ran.code != i32::from(pair.access == "broader") {
            wrong.push(format!("{}: --allow-unknown: {}", pair.name, ran.code));
        }
        // A version is equal to itself.
        let ran = run_in(folder.path(), &["diff", "new", "new", "--exit-code"], b"");
        if ran.code != 0 && !pair.name.contains("known after apply") {
            wrong.push(format!("{}: with itself: {}", pair.name, ran.out));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
