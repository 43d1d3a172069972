//! Facts of our own stack: each changed fact breaks its hop, and this hop fails first.
//!
//! These tests use CloudFormation after a round trip through the template. `tests/facts/facts.py` uses
//! Terraform plans.

use std::collections::BTreeSet;

use serde_json::Value;
use ssm_synth::frontend::Input;
use ssm_synth::frontend::cfn::Deployment;
use ssm_synth::reachability::{self, Verdict};
use ssm_synth::report;

use super::documents;

fn directory(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/facts/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(crate) fn judged(template: &str) -> (Verdict, Option<&'static str>) {
    let input = Input::read("stack", template, None, &Deployment::default()).unwrap();
    let proofs = input
        .graphs
        .iter()
        .map(|graph| reachability::check(graph, &reachability::Assumptions::default()))
        .collect();
    let reachability = reachability::merge(proofs);
    let first = &reachability.instances[0];
    (first.verdict, first.failing_hop().map(|hop| hop.as_str()))
}

fn changed(template: &Value, fact: &Value) -> Value {
    let mut template = template.clone();
    let id = fact["at"][0].as_str().unwrap();
    let change = &fact["cfn"];
    let resources = template["Resources"].as_object_mut().unwrap();
    if change["drop"] == Value::Bool(true) {
        resources.remove(id).unwrap();
    }
    if let Some(of) = change["drop_all"].as_str() {
        resources.retain(|_, resource| resource["Type"] != of);
    }
    for (path, value) in change["set"].as_object().into_iter().flatten() {
        let mut place = &mut resources[id]["Properties"];
        for key in path.split('.') {
            place = &mut place[key];
        }
        *place = value.clone();
    }
    if let Some(key) = change["unset"].as_str() {
        let properties = resources[id]["Properties"].as_object_mut().unwrap();
        properties.remove(key).unwrap();
    }
    for (name, resource) in change["add"].as_object().into_iter().flatten() {
        resources.insert(name.clone(), resource.clone());
    }
    template
}

#[test]
fn each_fact_breaks_its_hop() {
    let config = directory("config.yaml");
    let all = documents("facts", &config);
    let of = |format: &str| &all.iter().find(|(name, _)| *name == format).unwrap().1;
    assert_eq!(judged(of("cfn")), (Verdict::Reachable, None));
    assert_eq!(judged(of("cfn-yaml")), (Verdict::Reachable, None));
    let template: Value = serde_json::from_str(of("cfn")).unwrap();
    let facts: Vec<Value> = serde_yaml::from_str(&directory("facts.yaml")).unwrap();
    let mut hops = BTreeSet::new();
    for fact in &facts {
        let hop = fact["hop"].as_str().unwrap();
        let found = judged(&changed(&template, fact).to_string());
        assert_eq!(found, (Verdict::Unreachable, Some(hop)), "{}", fact["fact"]);
        hops.insert(hop);
    }
    let all = reachability::Hop::ALL.iter().map(|hop| hop.as_str());
    let without: Vec<&str> = all.filter(|hop| !hops.contains(hop)).collect();
    assert!(
        without.is_empty(),
        "no fact in tests/facts/facts.yaml: {without:?}"
    );
}

/// Returns the fix of the first failing hop, as the report contains it.
fn fix(template: &str) -> Option<String> {
    let input = Input::read("stack", template, None, &Deployment::default()).unwrap();
    let graph = &input.graphs[0];
    let reachability = reachability::check(graph, &reachability::Assumptions::default());
    let report = report::CheckReport {
        file: "stack",
        graph,
        reachability: &reachability,
        json: true,
        program: "ssm-synth",
        notes: &[],
    };
    let report: Value = serde_json::from_str(&report::json(&report)).unwrap();
    report["instances"][0]["fix"].as_str().map(str::to_owned)
}

fn merge(into: &mut Value, more: &Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) if !more.contains_key("Ref") => {
            for (key, value) in more {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more.clone(),
    }
}

/// The template is reachable after the fix from the report.
#[test]
fn the_fix_of_each_fact_works() {
    let config = directory("config.yaml");
    let template: Value = serde_json::from_str(&documents("facts", &config)[0].1).unwrap();
    let facts: Vec<Value> = serde_yaml::from_str(&directory("facts.yaml")).unwrap();
    let mut mended = 0;
    for fact in &facts {
        let mut broken = changed(&template, fact);
        // A subnet without a route to the internet needs several endpoints, so it needs several fixes.
        for _ in 0..12 {
            let text = broken.to_string();
            if judged(&text).0 != Verdict::Unreachable {
                break;
            }
            let lines = fix(&text).unwrap();
            // A test cannot apply a fix in words.
            let Ok(lines) = serde_json::from_str::<Value>(&lines) else {
                break;
            };
            merge(&mut broken["Resources"], &lines);
        }
        mended += usize::from(judged(&broken.to_string()).0 == Verdict::Reachable);
    }
    assert!(mended >= 15, "{mended} of {}", facts.len());
}

/// Returns the verdict of each instance, and the status of each of its hops.
fn statuses(reachability: &reachability::Reachability) -> Vec<(Verdict, BTreeSet<String>)> {
    // A template does not show which document its sessions name.
    let is_shown = |it: &&reachability::HopResult| it.hop != reachability::Hop::SessionPreferences;
    let of = |it: &reachability::InstanceReachability| {
        let shown = it.hops.iter().filter(is_shown);
        let statuses = shown.map(|it| format!("{} {}", it.hop, it.status.as_str()));
        (it.verdict, statuses.collect())
    };
    reachability.instances.iter().map(of).collect()
}

/// Returns the results of a configuration, which are also those of its templates.
fn equal_statuses(name: &str, text: &str) -> Vec<(Verdict, BTreeSet<String>)> {
    let built = super::built(name, text);
    let assumptions = reachability::Assumptions::default();
    let own = statuses(&reachability::check(built.app.graph(), &assumptions));
    for (format, template) in &documents(name, text)[..2] {
        let input = Input::read(name, template, None, &Deployment::default()).unwrap();
        let graphs = input.graphs.iter();
        let proofs = graphs
            .map(|graph| reachability::check(graph, &assumptions))
            .collect();
        let read = statuses(&reachability::merge(proofs));
        assert_eq!(own, read, "{name} as {format}");
    }
    own
}

/// A configuration and the template generated from it have the same result of each hop.
#[test]
fn the_graph_and_the_template_of_each_case_have_equal_hop_results() {
    for (name, text) in super::cases() {
        for (verdict, _) in equal_statuses(&name, &text) {
            assert_ne!(verdict, Verdict::Unreachable, "{name}");
        }
    }
}

/// The default of a parameter applies. Without a default, the text is unknown.
#[test]
fn user_data_in_a_parameter_has_the_same_effect_in_a_template() {
    let image = "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-x86_64";
    for (default, expected) in [
        ("", "agent unknown"),
        ("default: echo", "agent fail"),
        // cloud-init ignores text without a known first line.
        ("default: yum install -y amazon-ssm-agent", "agent fail"),
        (
            "default: \"#!/bin/sh\\nyum install -y amazon-ssm-agent\"",
            "agent pass",
        ),
    ] {
        let text = format!(
            "parameters: {{Script: {{{default}}}}}\nendpoints: {{s3_gateway: true}}\n\
             instances: [{{name: web, user_data: {{parameter: Script}}, \
             image: {{root_device_name: /dev/xvda, ssm_parameter: {image}}}}}]\n"
        );
        let results = equal_statuses("user-data", &text);
        assert!(results[0].1.contains(expected), "{default}: {results:?}");
    }
}
