//! Tests of a stack. A project has them in `tests/`, with `#[test]` on each function.

use ssm_synth::prelude::*;
use ssm_synth::reachability::Assumptions;
use ssm_synth::resource::{Instance, VpcEndpoint};
use ssm_synth::testing::{Assertions, Capture, absent, array_with, object_like, string_like};

/// The stacks of the team: the boundary of the roles is a policy of another team, by ARN.
fn app() -> App {
    let boundary = Id::new("arn:aws:iam::111122223333:policy/boundary");
    let role = InstanceRole::new(Permissions::ManagedInstanceCore).permissions_boundary(boundary);
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.set_region("eu-central-1");
    stack.add_inline(
        SessionAccess::new()
            .instance_role(role)
            .instance(PrivateInstance::new("web")),
    );
    let queue = RawResource::new()
        .cfn("AWS::SQS::Queue")
        .property("QueueName", "jobs");
    stack.add("Queue", queue);
    app
}

fn instances_have_no_ssh_key() {
    let app = app();
    let access = Assertions::of(&app, "Access");
    access.resource_count_is::<Instance>(1);
    access.all_resources_properties::<Instance>(object_like([
        ("KeyName", absent()),
        (
            "Tags",
            array_with([object_like([("Value", string_like("web*"))])]),
        ),
    ]));
}

fn endpoints_are_in_both_subnets() {
    let app = app();
    let subnets = Capture::new();
    let access = Assertions::of(&app, "Access");
    access.all_resources_properties::<VpcEndpoint>(object_like([(
        "SubnetIds",
        subnets.clone().into(),
    )]));
    assert_eq!(subnets.values().len(), 2);
}

fn types_without_a_model_have_their_name() {
    let app = app();
    let access = Assertions::of(&app, "Access");
    access.resource_type_count_is("AWS::SQS::Queue", 1);
    let jobs = object_like([("QueueName", "jobs".into())]);
    access.has_resource_type_properties("AWS::SQS::Queue", jobs);
}

fn sessions_reach_every_instance() {
    let app = app();
    let access = Assertions::of(&app, "Access");
    // Nothing in the app fails, but the app does not show what the boundary allows.
    access.no_instance_unreachable();
    let assumptions = Assumptions::new().boundary(true);
    access.assuming(assumptions).all_instances_reachable();
}

fn main() {
    instances_have_no_ssh_key();
    endpoints_are_in_both_subnets();
    types_without_a_model_have_their_name();
    sessions_reach_every_instance();
    #[allow(clippy::print_stdout)]
    {
        println!("4 tests pass");
    }
}
