//! Plans with the files beside them, and plans that change little.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn plan(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus/tf/plans")
        .join(name)
}

/// Returns the report about a plan in a directory.
fn check(plan: &Path, directory: &Path) -> Value {
    let done = Command::new(env!("CARGO_BIN_EXE_ssm-synth"))
        .arg("check")
        .arg(plan)
        .args(["--format", "json"])
        .current_dir(directory)
        .output()
        .unwrap();
    serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&done.stderr)))
}

fn verdict(report: &Value) -> &str {
    report["instances"][0]["verdict"].as_str().unwrap()
}

#[test]
fn a_file_of_the_configuration_shows_the_text_of_user_data() {
    let stops = "#!/bin/bash\nsystemctl disable --now amazon-ssm-agent\n";
    let other = "#!/bin/bash\ndnf install -y httpd\n";
    for (name, text, expected) in [
        ("instance-user-data-local-stops.json", stops, "unreachable"),
        ("instance-user-data-local-other.json", other, "reachable"),
        // The file has changed since the plan.
        ("instance-user-data-local-stops.json", other, "unknown"),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let scripts = scratch.path().join("scripts");
        std::fs::create_dir(&scripts).unwrap();
        std::fs::write(scripts.join("boot.sh"), text).unwrap();
        let outside = check(&plan(name), scratch.path());
        assert_eq!(verdict(&outside), "unknown", "{name}: no configuration");
        std::fs::write(scratch.path().join("main.tf"), "").unwrap();
        assert_eq!(
            verdict(&check(&plan(name), scratch.path())),
            expected,
            "{name}"
        );
        // Also next to the plan.
        let copy = scratch.path().join("plan.json");
        std::fs::copy(plan(name), &copy).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        assert_eq!(verdict(&check(&copy, elsewhere.path())), expected, "{name}");
    }
}

#[test]
fn an_instance_that_exists_needs_no_order() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("plan.json");
    let text = std::fs::read_to_string(plan("rules.json")).unwrap();
    let warned = |text: &str| {
        std::fs::write(&file, text).unwrap();
        check(&file, scratch.path())
            .to_string()
            .contains("does not depend on")
    };
    assert!(warned(&text));
    let mut root: Value = serde_json::from_str(&text).unwrap();
    for change in root["resource_changes"].as_array_mut().unwrap() {
        if change["address"] == "aws_instance.server" {
            change["change"]["actions"] = serde_json::json!(["no-op"]);
        }
    }
    assert!(!warned(&root.to_string()));
}

#[test]
fn a_plan_that_does_not_show_the_members_of_a_list_names_the_file_that_does() {
    let scratch = tempfile::tempdir().unwrap();
    let noted = |name: &str| {
        let done = Command::new(env!("CARGO_BIN_EXE_ssm-synth"))
            .arg("check")
            .arg(plan(name))
            .current_dir(scratch.path())
            .output()
            .unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        text.contains("note: a plan shows the references of an expression")
    };
    assert!(noted("members-conditional.json"));
    assert!(!noted("instance.json"));
    // The references do not show whose image it is.
    assert!(!noted("instance-image-literal.json"));
}

/// A fix is in the root module if it concerns several modules, and refers to their resources through outputs.
#[test]
fn a_fix_of_a_plan_with_modules_refers_to_what_each_module_sees() {
    let of_file = |plan: &Path| {
        let report = check(plan, &std::env::temp_dir());
        let hops = report["instances"][0]["hops"].as_array().unwrap().clone();
        let texts = hops.iter().filter_map(|it| it["fix"].as_str());
        texts.collect::<Vec<&str>>().join("\n")
    };
    let of = |name: &str| of_file(&plan(name));
    let endpoints = of("modules-no-endpoints.json");
    for part in [
        "vpc_id      = module.network.vpc_id",
        "[module.network.private_subnet_ids[0]]",
        "referenced_security_group_id = module.instance[\"web\"].security_group_id",
        "# in module.instance\noutput \"security_group_id\" {\n  value = aws_security_group.this.id\n}",
    ] {
        assert!(endpoints.contains(part), "{part}\n{endpoints}");
    }
    for (name, lines) in [
        (
            "modules-hostnames-off.json",
            "# in module.network\nresource \"aws_vpc\" \"this\" {\n  enable_dns_hostnames = true\n}",
        ),
        (
            "modules-private-dns-off.json",
            "# in module.endpoints\nresource \"aws_vpc_endpoint\" \"this\" {",
        ),
    ] {
        let found = of(name);
        assert!(found.starts_with(lines), "{name}\n{found}");
    }
    // Nobody changes the files of a module from a registry.
    let scratch = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(plan("modules-private-dns-off.json")).unwrap();
    let remote = scratch.path().join("plan.json");
    std::fs::write(
        &remote,
        text.replace("./modules/endpoints", "acme/endpoints/aws"),
    )
    .unwrap();
    let found = of_file(&remote);
    let heading = "# in module.endpoints, which is from acme/endpoints/aws: set it with an argument of module.endpoints\n";
    assert!(found.starts_with(heading), "{found}");
}
