//! Tests of the stacks.

use ssm_synth::resource::{Instance, LogGroup, Vpc, VpcEndpoint};
use ssm_synth::testing::{Assertions, Capture, Format, array_with, object_like, string_like};
use ssm_synth::{assert_synth_snapshot, resource::RawResource};
use team_access::app;

#[test]
fn the_stacks_match_the_snapshots() {
    assert_synth_snapshot!(app(), [Format::CfnYaml, Format::Hcl]);
}

#[test]
fn every_instance_is_monitored_and_tagged() {
    let app = app();
    let access = Assertions::of(&app, "TeamAccess");
    access.resource_count_is::<Instance>(2);
    access.resource_count_is::<Vpc>(0);
    access.resource_count_is::<RawResource>(4);
    let subnets = Capture::new();
    access.all_resources_properties::<Instance>(object_like([
        ("Monitoring", true.into()),
        ("SubnetId", subnets.clone().into()),
        (
            "Tags",
            array_with([
                object_like([("Key", "Queue".into())]),
                object_like([("Key", "CostCenter".into()), ("Value", "4711".into())]),
            ]),
        ),
    ]));
    assert_eq!(subnets.values().len(), 2);
    access.has_resource_properties::<VpcEndpoint>(object_like([(
        "ServiceName",
        // The deployment determines the region.
        object_like([("Fn::Sub", string_like("*.ssmmessages"))]),
    )]));
    access.all_instances_reachable();
}

#[test]
#[should_panic(expected = "the closest is `TeamAccess/web/Instance`")]
fn a_failing_assertion_shows_the_closest_resource() {
    let app = app();
    let wanted = object_like([("InstanceType", "m5.metal".into())]);
    Assertions::of(&app, "TeamAccess").has_resource_properties::<Instance>(wanted);
}

#[test]
fn validation_applies_the_custom_rule() {
    let mut app = app();
    app.stack("TeamAccess").add("Logs", LogGroup::new());
    let problems = app.validate().unwrap_err();
    let told = problems.to_string();
    assert!(
        told.contains("team-log-retention") && told.contains("TeamAccess/Logs"),
        "{told}"
    );
}
