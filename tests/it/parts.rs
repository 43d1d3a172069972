//! The best practices of the guide as parts of a stack: their resources, the hops that depend on
//! them, and their names in each region.

use serde_json::Value;
use ssm_synth::construct::Sessions;
use ssm_synth::reachability::{self, Hop, Verdict};
use ssm_synth::{App, Region, SessionAccess};

use super::documents;
use super::facts::judged;

fn template(text: &str) -> Value {
    serde_json::from_str(&documents("parts", text)[0].1).unwrap()
}

const SESSIONS: &str = "region: eu-central-1\n\
                        sessions: {scope: account, s3_logs: true}\n\
                        endpoints: {least_privilege: true}\n";

/// Removes a statement from a policy.
fn without(policy: &mut Value, sid: &str) {
    let statements = policy["Statement"].as_array_mut().unwrap();
    let before = statements.len();
    statements.retain(|it| it["Sid"] != sid);
    assert_eq!(statements.len(), before - 1, "{sid}");
}

#[test]
fn false_disables_only_its_block() {
    let blocks = ["sessions", "operators", "patching", "monitoring", "audit"];
    for disabled in blocks {
        let template = template(&format!("preset: hardened\n{disabled}: false\n"));
        let ids: Vec<&String> = template["Resources"].as_object().unwrap().keys().collect();
        for block in blocks {
            let exists = ids
                .iter()
                .any(|id| id.to_ascii_lowercase().starts_with(block));
            assert_eq!(exists, block != disabled, "{block} without {disabled}");
        }
    }
}

#[test]
fn each_fact_of_sessions_breaks_its_hop() {
    let sound = template(SESSIONS);
    assert_eq!(judged(&sound.to_string()), (Verdict::Reachable, None));
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 9] = [
        ("the endpoint for kms", |it| {
            it.as_object_mut().unwrap().remove("EndpointsKms").unwrap();
        }),
        ("the endpoint for logs", |it| {
            it.as_object_mut().unwrap().remove("EndpointsLogs").unwrap();
        }),
        ("the gateway to S3", |it| {
            it.as_object_mut().unwrap().remove("EndpointsS3").unwrap();
        }),
        ("the gateway's policy for the bucket", |it| {
            let policy = &mut it["EndpointsS3"]["Properties"]["PolicyDocument"];
            policy["Statement"].as_array_mut().unwrap().truncate(1);
        }),
        ("the role's use of the key", |it| {
            without(
                &mut it["SessionsPermissions"]["Properties"]["PolicyDocument"],
                "UseKey",
            );
        }),
        ("the role's permission to list log groups", |it| {
            without(
                &mut it["SessionsPermissions"]["Properties"]["PolicyDocument"],
                "FindGroup",
            );
        }),
        (
            "the role's permission to read the bucket's encryption",
            |it| {
                without(
                    &mut it["SessionsPermissions"]["Properties"]["PolicyDocument"],
                    "SeeEncryption",
                );
            },
        ),
        ("the key policy for IAM", |it| {
            without(
                &mut it["SessionsKey"]["Properties"]["KeyPolicy"],
                "IamDecides",
            );
        }),
        ("the key of the log group", |it| {
            let group = it["SessionsLogs"]["Properties"].as_object_mut().unwrap();
            group.remove("KmsKeyId").unwrap();
        }),
    ];
    for (fact, change) in changes {
        let mut broken = sound.clone();
        change(&mut broken["Resources"]);
        let refused = (Verdict::Unreachable, Some(Hop::SessionPreferences.as_str()));
        assert_eq!(judged(&broken.to_string()), refused, "{fact}");
    }
}

#[test]
fn a_stack_is_checked_with_its_session_document() {
    let mut app = App::new();
    let access = SessionAccess::new().sessions(Sessions::default());
    let handles = app.stack("Access").add_inline(access);
    let prove = |app: &App| {
        let reachability = reachability::check(app.graph(), &reachability::Assumptions::default());
        (
            reachability.instances[0].verdict,
            reachability.instances[0].failing_hop(),
        )
    };
    assert_eq!(prove(&app), (Verdict::Reachable, None));
    let group = handles.sessions.unwrap().logs.unwrap();
    app.graph_mut().get_mut(group).unwrap().kms_key = None;
    let refused = (Verdict::Unreachable, Some(Hop::SessionPreferences));
    assert_eq!(prove(&app), refused);
}

/// In each region, parts use its partition, its domain, and existing services.
#[test]
fn every_region_has_separate_names() {
    for region in ssm_synth::regions() {
        let text = format!("preset: hardened\nregion: {}\n", region.name);
        for (format, text) in documents(region.name, &text) {
            if region.partition != "aws" {
                assert!(!text.contains("arn:aws:"), "{}, {format}", region.name);
            }
            if format != "cfn" {
                continue;
            }
            let template: Value = serde_json::from_str(&text).unwrap();
            let resources = template["Resources"].as_object().unwrap();
            let of = |kind: &str| -> Vec<&Value> {
                resources.values().filter(|it| it["Type"] == kind).collect()
            };
            let names: Vec<&str> = of("AWS::EC2::VPCEndpoint")
                .iter()
                .map(|it| it["Properties"]["ServiceName"].as_str().unwrap())
                .collect();
            let expected: Vec<String> = ["ssm", "ssmmessages", "kms", "logs", "s3"]
                .iter()
                .map(|token| format!("com.amazonaws.{}.{token}", region.name))
                .collect();
            assert_eq!(names, expected);
            let logs = format!("logs.{}.{}", region.name, region.dns_suffix);
            assert!(text.contains(&logs), "{logs}");
            let services: std::collections::BTreeSet<&str> = text
                .split('"')
                .filter(|it| it.contains(".amazonaws.com") && !it.starts_with("logs."))
                .filter(|it| !it.contains("start-session"))
                .collect();
            let known = [
                "cloudtrail.amazonaws.com",
                "cloudwatch.amazonaws.com",
                "ec2.amazonaws.com",
                "events.amazonaws.com",
                "ssm.amazonaws.com",
                "vpc-flow-logs.amazonaws.com",
            ];
            assert_eq!(
                services.into_iter().collect::<Vec<_>>(),
                known,
                "{}",
                region.name
            );
        }
    }
    assert!(Region::find("eusc-de-east-1").is_some());
}

/// The list of Availability Zones of a Region changes; that must not replace a subnet.
#[test]
fn terraform_ignores_another_list_of_availability_zones() {
    let ignored = |text: &str| {
        let [_, _, (_, tf), _] = documents("access", text);
        let module: Value = serde_json::from_str(&tf).unwrap();
        let subnet = &module["resource"]["aws_subnet"]["network_subnet_a"];
        subnet["lifecycle"]["ignore_changes"].clone()
    };
    assert_eq!(ignored(""), serde_json::json!(["availability_zone"]));
    // A change of a named zone is intended.
    assert!(ignored("network: {zones: [eu-central-1a, eu-central-1b]}\n").is_null());
}

/// A creation that fails late could otherwise not delete the bucket, into which CloudTrail wrote.
#[test]
fn the_trail_is_created_after_the_instances() {
    let template = template("audit: true\n");
    let after = &template["Resources"]["AuditTrail"]["DependsOn"];
    assert!(after.to_string().contains("MainInstance"), "{after}");
}

/// A Region that AWS opens later has no `ec2messages`, and is in no list.
#[test]
fn a_region_that_the_data_lacks_gets_no_ec2messages() {
    let plain = template("");
    assert!(plain["Conditions"].is_null());
    assert!(plain["Resources"]["EndpointsEc2messages"].is_null());
    let with = template("endpoints: {ec2messages: true}\n");
    let condition = with["Conditions"]["HasEc2messages"].to_string();
    assert!(!condition.contains("Fn::Not"), "{condition}");
    for region in ssm_synth::regions() {
        let listed = condition.contains(&format!("\"{}\"", region.name));
        assert_eq!(listed, region.ec2messages, "{}", region.name);
    }
}

/// Policies of the role and of the endpoints.
#[test]
fn a_hardened_instance_reads_no_parameters_and_writes_only_session_logs() {
    let hardened = template("preset: hardened\n");
    let text = hardened.to_string();
    assert!(!text.contains("ssm:GetParameter"), "parameters");
    assert!(!text.contains("AmazonSSMManagedInstanceCore"), "parameters");
    let mut writes = Vec::new();
    let resources = hardened["Resources"].as_object().unwrap();
    for id in ["SessionsPermissions", "EndpointsS3"] {
        let document = &resources[id]["Properties"]["PolicyDocument"];
        for statement in document["Statement"].as_array().unwrap() {
            if statement["Action"].to_string().contains("s3:PutObject") {
                writes.push(statement["Resource"].to_string());
            }
        }
    }
    assert_eq!(writes.len(), 2);
    for resource in writes {
        assert!(resource.contains("/sessions/*"), "{resource}");
    }
    // The retained buckets keep their policies.
    for (id, resource) in resources
        .iter()
        .filter(|(_, it)| it["Type"] == "AWS::S3::BucketPolicy")
    {
        assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
    }
}

/// The other managed policy, and the actions of sessions only, through a limited endpoint.
#[test]
fn an_endpoint_policy_follows_the_permissions_of_the_role() {
    for (permissions, count) in [
        ("managed", 15),
        ("without-parameters", 13),
        ("session-only", 1),
    ] {
        let text = format!(
            "instance_role: {{permissions: {permissions}}}\nendpoints: {{least_privilege: true}}\n"
        );
        let template = template(&text);
        let policy = &template["Resources"]["EndpointsSsm"]["Properties"]["PolicyDocument"];
        let actions = policy["Statement"][0]["Action"].as_array().unwrap();
        assert_eq!(actions.len(), count, "{permissions}");
    }
}

/// S3 keeps overwritten records as long as others.
#[test]
fn an_overwritten_record_is_kept() {
    for (setting, days) in [("true", Value::Null), ("{expiration_days: 90}", 90.into())] {
        let template = template(&format!("sessions: {{s3_logs: {setting}}}\n"));
        let bucket = &template["Resources"]["SessionsBucket"]["Properties"];
        let rule = &bucket["LifecycleConfiguration"]["Rules"][0];
        assert_eq!(rule["NoncurrentVersionExpiration"]["NoncurrentDays"], days);
        assert_eq!(rule["ExpirationInDays"], days);
        assert!(bucket["ObjectLockEnabled"].is_null());
    }
}
