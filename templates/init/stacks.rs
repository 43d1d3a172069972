//! Tests of the stacks. `cargo insta review` or `INSTA_UPDATE=always cargo test` accepts changed
//! snapshots.

use ssm_synth::assert_synth_snapshot;
use ssm_synth::resource::{Instance, Vpc};
use ssm_synth::testing::{Assertions, absent, object_like};

use __CRATE__::app;

#[test]
fn the_stacks_match_the_snapshots() {
    assert_synth_snapshot!(app());
}

#[test]
fn all_instances_reachable() {
    let app = app();
    let access = Assertions::of(&app, "Access");
    access.all_instances_reachable();
    access.resource_count_is::<Vpc>(1);
    // Operators connect through Session Manager, so instances have no key pair.
    access.all_resources_properties::<Instance>(object_like([("KeyName", absent())]));
}
