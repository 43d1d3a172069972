//! Regions that the data lacks: AWS opens new ones, and names can be misspelled.

use ssm_synth::reachability::{self, Verdict};
use ssm_synth::{App, SessionAccess};

use super::cli::{Ran, run_in};

const WARNING: &str = "unknown region `us-east-9`; names and limits of the Region are not checked";

fn run(args: &[&str], config: &str) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("ssm-synth.yaml"), config).unwrap();
    run_in(directory.path(), args, b"")
}

/// Each command that needs no data of the Region continues, with one warning.
#[test]
fn commands_continue_in_an_unknown_region() {
    let commands: [&[&str]; 11] = [
        &["synth"],
        &["synth", "-f", "tf"],
        &["synth", "-f", "hcl"],
        &["synth", "-f", "cdk", "-o", "out"],
        &["check"],
        &["check", "--allow-unknown", "ssm-synth.yaml"],
        &["diff", "ssm-synth.yaml", "ssm-synth.yaml"],
        &["graph"],
        &["runbook"],
        &["deployer-policy"],
        &["deployer-policy", "--target", "tf"],
    ];
    for args in commands {
        let ran = run(args, "region: us-east-9\n");
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        assert_eq!(ran.err.matches(WARNING).count(), 1, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("ssm-synth.yaml:1:9"), "{}", ran.err);
        assert!(ran.err.contains("did you mean `us-east-1`?"), "{}", ran.err);
    }
    let option = ["--region", "us-east-9"];
    for args in [
        &["synth"][..],
        &["check"],
        &["graph"],
        &["operator-policy", "--instance-tag", "a=b"],
        &["deployer-policy"],
    ] {
        let ran = run(&[args, &option].concat(), "name: team\n");
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        assert_eq!(ran.err.matches(WARNING).count(), 1, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("did you mean `us-east-1`?"), "{}", ran.err);
    }
}

/// The template is that of every Region, and Terraform deploys to the Region.
#[test]
fn a_stack_in_an_unknown_region_depends_on_no_data() {
    let config = "preset: hardened\nnetwork: {zones: [us-east-9a, us-east-9b]}\n";
    let synth = |region: &str, format| {
        let ran = run(&["synth", "-f", format], &format!("{region}{config}"));
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.out
    };
    let cfn = synth("region: us-east-9\n", "cfn");
    let without_zones = cfn.replace("us-east-9a", "").replace("us-east-9b", "");
    assert!(!without_zones.contains("us-east-9") && cfn.contains("AWS::Region"));
    let hcl = synth("region: us-east-9\n", "hcl");
    let provider = "provider \"aws\" {\n  region = \"us-east-9\"\n}";
    assert!(hcl.contains(provider), "{hcl}");
    // Zones of another Region remain an error.
    let ran = run(&["synth"], &format!("region: us-east-8\n{config}"));
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("`us-east-9a` is not the name of a zone"),
        "{}",
        ran.err
    );
}

/// Prices are data of the Region.
#[test]
fn cost_rejects_an_unknown_region() {
    let template = run(&["synth"], "name: team\n").out;
    for (args, config) in [
        (&["cost"][..], "region: us-east-9\n"),
        (&["cost", "--region", "us-east-9"], "name: team\n"),
        (
            &["cost", "ssm-synth.yaml", "--region", "us-east-9"],
            &template,
        ),
    ] {
        let ran = run(args, config);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(
            ran.err.contains("no list prices for `us-east-9`"),
            "{}",
            ran.err
        );
        assert_eq!(ran.err.matches(WARNING).count(), 1, "{}", ran.err);
    }
}

#[test]
fn a_name_that_no_region_can_have_is_an_error() {
    for name in [
        "frankfurt",
        "eucentral-1",
        "eu-central-1a",
        "xx-central-1",
        "eu-centrl-1",
    ] {
        let ran = run(&["synth"], &format!("region: {name}\n"));
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{name}");
        assert!(
            ran.err.contains(&format!("unknown region `{name}`")),
            "{}",
            ran.err
        );
        let ran = run(&["check", "--region", name], "");
        assert_eq!(ran.code, 2, "{name}");
    }
}

#[test]
fn the_library_warns_and_continues() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.set_region("us-gov-north-7");
    stack.add_inline(SessionAccess::new());
    let validated = app.validate().unwrap();
    let warnings: Vec<String> = validated
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        warnings.iter().any(|it| it.contains("us-gov-north-7")),
        "{warnings:?}"
    );
    let stack = app.graph().stacks().next().unwrap();
    let region = stack.region.unwrap();
    assert_eq!(
        (region.partition, region.is_listed()),
        ("aws-us-gov", false)
    );
    assert_eq!(stack.known_region(), None);
    let checked = reachability::check(app.graph(), &reachability::Assumptions::default());
    assert!(
        checked
            .instances
            .iter()
            .all(|it| it.verdict == Verdict::Reachable)
    );
}
