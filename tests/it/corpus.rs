//! The reachability check of templates and plans with known verdicts: one correct file for each
//! shape, and one changed fact for each case.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn directory(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(of)
}

fn cases(of: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(directory(of).join("cases.yaml")).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Returns a base file with the edits of a case. Each `find` must occur as often as the case expects.
fn edited(base: &Path, case: &Value) -> String {
    let mut out = std::fs::read_to_string(base).unwrap();
    let name = text(case, "case").unwrap();
    for edit in items(case, "edits") {
        let (find, with) = (
            text(edit, "find").unwrap(),
            text(edit, "with").unwrap_or_default(),
        );
        let times = out.matches(find).count();
        let all = edit.get("all").and_then(Value::as_bool).unwrap_or(false);
        assert!(
            times == 1 || (all && times > 1),
            "{name}: `{find}` occurs {times} times"
        );
        out = out.replace(find, with);
    }
    out
}

/// Runs the program and returns its verdicts.
fn answers(file: &Path, case: &Value) -> BTreeMap<String, (String, Option<String>)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssm-synth"));
    command.arg("check").arg(file).args(["--format", "json"]);
    for argument in items(case, "arguments") {
        command.arg(argument.as_str().unwrap());
    }
    let done = command.output().unwrap();
    let name = text(case, "case").unwrap();
    let talk = String::from_utf8_lossy(&done.stderr);
    let report: Value = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|error| panic!("{name}: {error}: {talk}"));
    if let Some(named) = text(case, "names") {
        let report = String::from_utf8_lossy(&done.stdout);
        assert!(report.contains(named), "{name}: no `{named}` in {report}");
    }
    let instances = items(&report, "instances").iter().map(|it| {
        let verdict = text(it, "verdict").unwrap().to_owned();
        let hop = text(it, "failing_hop").map(str::to_owned);
        (text(it, "id").unwrap().to_owned(), (verdict, hop))
    });
    let answers: BTreeMap<_, _> = instances.collect();
    let any = |verdict: &str| answers.values().any(|(own, _)| own == verdict);
    let code = match () {
        () if any("unreachable") => 1,
        () if any("unknown") => 3,
        () => 0,
    };
    assert_eq!(done.status.code(), Some(code), "{name}");
    answers
}

#[derive(Default)]
struct Tally {
    /// Expected and found verdicts.
    matrix: BTreeMap<(String, String), usize>,
    wrong: Vec<String>,
    total: usize,
}

impl Tally {
    fn compare(&mut self, case: &Value, found: &BTreeMap<String, (String, Option<String>)>) {
        let name = text(case, "case").unwrap();
        let empty = serde_json::Map::new();
        let expect = case
            .get("expect")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let mut ids: Vec<&String> = expect.keys().collect();
        ids.extend(found.keys().filter(|id| !expect.contains_key(*id)));
        for id in ids {
            let expected = expect.get(id);
            let verdict = expected
                .and_then(|it| text(it, "verdict"))
                .unwrap_or("none");
            let (own, hop) = match found.get(id) {
                Some((own, hop)) => (own.as_str(), hop.as_deref()),
                None => ("none", None),
            };
            self.total += 1;
            *self
                .matrix
                .entry((verdict.to_owned(), own.to_owned()))
                .or_default() += 1;
            let hops: Vec<&str> = match expected.and_then(|it| it.get("hop")) {
                Some(Value::String(hop)) => vec![hop],
                Some(Value::Array(hops)) => hops.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            };
            let right_hop = hops.is_empty() || hop.is_some_and(|hop| hops.contains(&hop));
            // A plan does not contain resources with `count = 0`.
            let left_out = verdict == "not-created" && own == "none";
            if !left_out && (verdict != own || !right_hop) {
                self.wrong.push(format!(
                    "{name}: {id}: expected {verdict} {hops:?}, found {own} {hop:?}"
                ));
            }
        }
    }

    fn finish(self, of: &str, min: usize) {
        println!("{of}: {} verdicts", self.total);
        for ((expected, found), times) in &self.matrix {
            println!("  expected {expected:<12} found {found:<12} {times}");
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        assert!(self.total >= min, "{of}: only {} verdicts", self.total);
    }
}

#[test]
fn templates_have_the_expected_verdicts() {
    let scratch = tempfile::tempdir().unwrap();
    let mut tally = Tally::default();
    for case in cases("cfn") {
        let base = text(&case, "base").unwrap();
        let file = scratch.path().join(base);
        std::fs::write(&file, edited(&directory("cfn").join(base), &case)).unwrap();
        tally.compare(&case, &answers(&file, &case));
    }
    tally.finish("templates", 700);
}

#[test]
fn plans_have_the_expected_verdicts() {
    let mut tally = Tally::default();
    for case in cases("tf") {
        let name = text(&case, "case").unwrap();
        let file = directory("tf/plans").join(format!("{name}.json"));
        tally.compare(&case, &answers(&file, &case));
    }
    tally.finish("plans", 200);
}
