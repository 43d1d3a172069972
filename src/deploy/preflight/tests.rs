//! Tests of the requirements and of what responses prove.

use serde_json::{Value as Json, json};

use super::*;
use crate::session_manager::DEFAULT_DOCUMENT;

fn is_error(requirement: &Requirement, response: Json) -> Option<bool> {
    requirement
        .judge(&response)
        .into_iter()
        .find_map(|it| match it {
            Finding::Unmet(unmet) => Some(unmet.is_error),
            Finding::Pin(_) | Finding::Next(_) => None,
        })
}

#[test]
fn a_requirement_is_judged_by_the_response() {
    let recorder = Requirement::Recorder;
    let of = |recording: bool| json!({"ConfigurationRecordersStatus": [{"recording": recording}]});
    assert_eq!(is_error(&recorder, of(true)), None);
    assert_eq!(is_error(&recorder, of(false)), Some(true));
    let image = Requirement::ImageParameter {
        name: "/golden".to_owned(),
        architecture: None,
    };
    let of = |kind: &str| json!({"Parameters": [{"DataType": kind}]});
    assert_eq!(is_error(&image, of("aws:ec2:image")), None);
    assert_eq!(is_error(&image, of("text")), Some(true));
    assert_eq!(is_error(&image, json!({"Parameters": []})), Some(true));
    // The call matches prefixes.
    let group = Requirement::NewLogGroup("/a".to_owned());
    let of = |name: &str| json!({"logGroups": [{"logGroupName": name}]});
    assert_eq!(is_error(&group, of("/ab")), None);
    assert_eq!(is_error(&group, of("/a")), Some(true));
    let document = Requirement::NewDocument("team".to_owned());
    assert_eq!(is_error(&document, json!({"Document": {}})), Some(true));
    let endpoint = Requirement::NewEndpoint {
        vpc: "vpc-1".to_owned(),
        service: "com.amazonaws.us-east-1.ssm".to_owned(),
    };
    let of = |private: bool| json!({"VpcEndpoints": [{"PrivateDnsEnabled": private, "State": "available"}]});
    assert_eq!(is_error(&endpoint, of(true)), Some(true));
    assert_eq!(is_error(&endpoint, of(false)), None);
    let of = |inputs: Json| json!({"Content": json!({ "inputs": inputs }).to_string()});
    let preferences = Requirement::Preferences;
    assert_eq!(is_error(&preferences, of(json!({"kmsKeyId": ""}))), None);
    assert_eq!(
        is_error(&preferences, of(json!({"kmsKeyId": "k"}))),
        Some(false)
    );
}

#[cfg(feature = "config")]
#[test]
fn requirements_follow_the_template() {
    use crate::frontend::config::Config;

    let of = |text: &str, is_new| {
        let built = Config::read("a", text).unwrap().build().unwrap();
        requirements(built.app.graph(), is_new, &[])
    };
    let plain = of("", true);
    assert!(plain.contains(&Requirement::Preferences));
    assert!(plain.contains(&Requirement::Fits(Quota::Vpcs(1))));
    assert!(!of("", false).contains(&Requirement::Fits(Quota::Vpcs(1))));
    let image = "instances: [{name: web, instance_type: t3.micro, image: {ssm_parameter: /golden, root_device_name: /dev/xvda}}]";
    assert!(of(image, false).contains(&Requirement::ImageParameter {
        name: "/golden".to_owned(),
        architecture: Some(Architecture::X86_64)
    }));
    let hardened = "region: us-east-1\npreset: hardened\nsessions: {scope: account}\n";
    let document = Requirement::NewDocument(DEFAULT_DOCUMENT.to_owned());
    let group = Requirement::NewLogGroup("/session-manager/access".to_owned());
    let new = of(hardened, true);
    assert!(new.contains(&Requirement::Recorder));
    assert!(new.contains(&document) && new.contains(&group), "{new:?}");
    assert!(!new.contains(&Requirement::Preferences));
    let old = of(hardened, false);
    assert!(!old.contains(&document) && !old.contains(&group));
    let existing = "region: us-east-1\nnetwork: {vpc: vpc-0aaaaaaaaaaaaaaa1, subnets: [subnet-0aaaaaaaaaaaaaaa1]}\n";
    let ssm = Requirement::NewEndpoint {
        vpc: "vpc-0aaaaaaaaaaaaaaa1".to_owned(),
        service: "com.amazonaws.us-east-1.ssm".to_owned(),
    };
    let existing = of(existing, true);
    assert!(existing.contains(&ssm));
    let vpc = "vpc-0aaaaaaaaaaaaaaa1".to_owned();
    let quota = Quota::InterfaceEndpoints { vpc, new: 2 };
    assert!(existing.contains(&Requirement::Fits(quota)), "{existing:?}");
    let subnets = Zones::Of(vec!["subnet-0aaaaaaaaaaaaaaa1".to_owned()]);
    let of_zones = |zones: &Zones, found: &[Requirement]| {
        found.iter().find_map(|it| match it {
            Requirement::Offered {
                services,
                zones: of,
                is_certain,
            } => (of == zones).then_some((services.len(), *is_certain)),
            _ => None,
        })
    };
    assert_eq!(of_zones(&subnets, &existing), Some((2, true)));
    let selected = Zones::Selected(vec![0, 1]);
    let counted = of("region: us-east-1\n", true);
    assert_eq!(of_zones(&selected, &counted), Some((2, false)));
}

/// Returns the messages for a response.
fn messages(requirement: &Requirement, response: Json) -> Vec<String> {
    let found = requirement.judge(&response).into_iter();
    let texts = found.filter_map(|it| match it {
        Finding::Unmet(unmet) => Some(unmet.message),
        Finding::Pin(_) | Finding::Next(_) => None,
    });
    texts.collect()
}

/// Returns the requirement that follows from a response.
fn next(requirement: &Requirement, response: Json) -> Option<Requirement> {
    let found = requirement.judge(&response).into_iter();
    found.into_iter().find_map(|it| match it {
        Finding::Next(next) => Some(next),
        Finding::Pin(_) | Finding::Unmet(_) => None,
    })
}

#[test]
fn the_image_fits_the_instance_type() {
    let parameter = Requirement::ImageParameter {
        name: "/golden".to_owned(),
        architecture: Some(Architecture::X86_64),
    };
    let response = json!({"Parameters": [{"DataType": "aws:ec2:image", "Value": "ami-1"}]});
    let image = next(&parameter, response).unwrap();
    let of = |architecture: &str| json!({"Images": [{"Architecture": architecture}]});
    assert!(messages(&image, of("x86_64")).is_empty());
    assert_eq!(
        messages(&image, of("arm64")),
        ["image `ami-1` is arm64, and the instance type is x86_64"]
    );
    assert_eq!(messages(&image, json!({"Images": []})).len(), 1);
}

#[test]
fn endpoints_are_offered_in_the_zones_of_their_subnets() {
    let service = "com.amazonaws.us-east-1.ssm";
    let of = |zones| Requirement::Offered {
        services: vec![service.to_owned()],
        zones,
        is_certain: true,
    };
    let zones =
        json!({"AvailabilityZones": [{"ZoneName": "us-east-1b"}, {"ZoneName": "us-east-1a"}]});
    let named = next(&of(Zones::Selected(vec![0, 1])), zones.clone()).unwrap();
    assert_eq!(
        named,
        of(Zones::Named(vec!["us-east-1a".into(), "us-east-1b".into()]))
    );
    assert_eq!(messages(&of(Zones::Selected(vec![2])), zones).len(), 1);
    let subnets = json!({"Subnets": [{"AvailabilityZone": "us-east-1a"}]});
    let one = next(&of(Zones::Of(vec!["subnet-1".into()])), subnets).unwrap();
    let offers =
        json!({"ServiceDetails": [{"ServiceName": service, "AvailabilityZones": ["us-east-1a"]}]});
    assert!(messages(&one, offers.clone()).is_empty());
    let lacking = "`com.amazonaws.us-east-1.ssm` has no endpoints in us-east-1b";
    assert_eq!(messages(&named, offers), [lacking]);
    assert_eq!(messages(&named, json!({"ServiceDetails": []})).len(), 1);
}

/// Returns the pinned zones of subnets with an ID and a place, by the zones of the Region and of default
/// subnets.
fn pins(
    subnets: &[(&str, usize, &str)],
    zones: &[(&str, &str)],
    defaults: &[&str],
) -> Vec<(String, String)> {
    let subnets = subnets.iter().map(|(id, place, found)| SelectedZone {
        logical_id: (*id).to_owned(),
        place: *place,
        found: (*found).to_owned(),
    });
    let deployed = json!([
        {"SubnetId": "subnet-2", "AvailabilityZone": "us-east-1b"},
        {"SubnetId": "subnet-1", "AvailabilityZone": "us-east-1a"},
    ]);
    let mut all = deployed.as_array().unwrap().clone();
    all.extend(
        defaults
            .iter()
            .map(|it| json!({"SubnetId": it, "AvailabilityZone": it, "DefaultForAz": true})),
    );
    let selected = next(
        &Requirement::Pinned(subnets.collect()),
        json!({ "Subnets": all }),
    );
    let zones: Vec<Json> = zones
        .iter()
        .map(|(zone, state)| json!({"ZoneName": zone, "State": state}))
        .collect();
    let found = selected
        .unwrap()
        .judge(&json!({ "AvailabilityZones": zones }));
    let pins = found.into_iter().filter_map(|it| match it {
        Finding::Pin(pin) => Some((pin.logical_id, pin.zone)),
        _ => None,
    });
    pins.collect()
}

#[test]
fn a_deployed_subnet_keeps_its_zone() {
    const UP: &str = "available";
    let subnets = [("A", 0, "subnet-1"), ("B", 1, "subnet-2")];
    let (a, b, c) = (("us-east-1a", UP), ("us-east-1b", UP), ("us-east-1c", UP));
    let stays = |id: &str, zone: &str| (id.to_owned(), format!("us-east-1{zone}"));
    assert_eq!(pins(&subnets, &[a, b, c], &[]), []);
    // A zone disappears, appears, or has a failure; AWS guarantees no order.
    assert_eq!(pins(&subnets, &[a, c], &[]), [stays("B", "b")]);
    let both = [stays("A", "a"), stays("B", "b")];
    assert_eq!(pins(&subnets, &[("us-east-10", UP), a, b], &[]), both);
    assert_eq!(
        pins(&subnets, &[("us-east-1a", "impaired"), b, c], &[]),
        both
    );
    assert_eq!(pins(&subnets, &[b, a], &[]), both);
    // The template selects only from zones with a default subnet.
    assert_eq!(
        pins(&subnets, &[a, b, c], &["us-east-1a", "us-east-1b"]),
        []
    );
    let defaults = ["us-east-1a", "us-east-1c"];
    assert_eq!(pins(&subnets, &[a, b, c], &defaults), [stays("B", "b")]);
    assert_eq!(pins(&subnets, &[], &[]), []);
}

#[test]
fn a_new_subnet_gets_a_zone_without_others() {
    const UP: &str = "available";
    let (a, b, c) = (("us-east-1a", UP), ("us-east-1b", UP), ("us-east-1c", UP));
    let gets = |id: &str, zone: &str| (id.to_owned(), format!("us-east-1{zone}"));
    // The only subnet is in the zone that is now the second.
    let subnets = [("A", 0, "subnet-2"), ("B", 1, "")];
    let found = pins(&subnets, &[a, b, c], &[]);
    assert_eq!(found, [gets("A", "b"), gets("B", "a")]);
    // The zone of its place is free.
    let subnets = [("A", 0, "subnet-1"), ("B", 1, "")];
    assert_eq!(pins(&subnets, &[a, b, c], &[]), []);
    // Another subnet has the same place.
    let subnets = [("A", 0, "subnet-2"), ("Public", 0, "")];
    let found = pins(&subnets, &[a, b, c], &[]);
    assert_eq!(found, [gets("A", "b"), gets("Public", "b")]);
}

#[test]
fn the_quota_counts_only_above_its_default() {
    let fits = Requirement::Fits(Quota::Vpcs(1));
    let vpcs = |count| json!({"Vpcs": vec![json!({}); count]});
    assert_eq!(next(&fits, vpcs(4)), None);
    let quota = next(&fits, vpcs(5)).unwrap();
    let limit = |value: f64| json!({"Quota": {"Value": value}});
    assert!(messages(&quota, limit(6.0)).is_empty());
    assert_eq!(
        messages(&quota, limit(5.0)),
        ["with this stack, the account has 6 VPCs in this Region; its quota is 5"]
    );
}

#[test]
fn an_old_plugin_is_a_warning() {
    assert_eq!(plugin(None), None);
    assert_eq!(plugin(Some("1.2.764.0")), None);
    assert!(plugin(Some("1.2.707.0")).is_some_and(|it| !it.is_error));
}
