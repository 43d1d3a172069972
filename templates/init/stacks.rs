//! The stacks are as reviewed: `cargo insta review`, or `INSTA_UPDATE=always cargo test`, accepts a
//! change.

use ssm_synth::assert_synth_snapshot;
use ssm_synth::resource::{Instance, Vpc};
use ssm_synth::testing::{Assertions, absent, object_like};

use __CRATE__::app;

#[test]
fn the_stacks_are_as_reviewed() {
    assert_synth_snapshot!(app());
}

#[test]
fn all_instances_reachable() {
    let app = app();
    let access = Assertions::of(&app, "Access");
    access.all_instances_reachable();
    access.resource_count_is::<Vpc>(1);
    // No key: Session Manager is the way in.
    access.all_resources_properties::<Instance>(object_like([("KeyName", absent())]));
}
