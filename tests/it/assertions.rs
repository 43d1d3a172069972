//! The messages of failing assertions about reachability: hop, property that decides, and fix.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ssm_synth::construct::{InstanceRole, Permissions};
use ssm_synth::resource::{SecurityGroupIngress, Vpc};
use ssm_synth::testing::Assertions;
use ssm_synth::{App, Id, SessionAccess};

/// Returns the message with which an assertion about the stack fails.
fn message<'a>(app: &'a App, assert: fn(&Assertions<'a>)) -> String {
    let access = Assertions::of(app, "Access");
    let failed = catch_unwind(AssertUnwindSafe(|| assert(&access))).unwrap_err();
    let message = *failed.downcast::<String>().unwrap();
    assert!(
        !message.contains('\x1b'),
        "a log shows no colors: {message:?}"
    );
    message
}

fn contains_all(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing:\n{message}");
    }
}

#[test]
fn a_failing_hop_names_the_property_of_the_resource() {
    let mut app = App::new();
    app.update_all::<Vpc>(|_, vpc| *vpc = vpc.clone().enable_dns_support(false));
    app.stack("Access").add_inline(SessionAccess::new());
    for assert in [
        |it: &Assertions<'_>| it.all_instances_reachable(),
        |it: &Assertions<'_>| it.no_instance_unreachable(),
    ] {
        let at = "at   Access/Network/Vpc.EnableDnsSupport";
        let fix = "fix  NetworkVpc:";
        contains_all(
            &message(&app, assert),
            &["Access/main/Instance: unreachable", "vpc-dns", at, fix],
        );
    }
}

#[test]
fn a_failing_rule_is_named() {
    let mut app = App::new();
    app.update_all::<SecurityGroupIngress>(|_, rule| {
        *rule = rule.clone().from_port(80).to_port(80);
    });
    app.stack("Access").add_inline(SessionAccess::new());
    let found = message(&app, |it| it.all_instances_reachable());
    contains_all(
        &found,
        &[
            "endpoint-security-group",
            "at   Access/Endpoints/SecurityGroup.SecurityGroupIngress",
        ],
    );
}

#[test]
fn an_unknown_hop_names_the_property_that_is_not_shown() {
    let boundary = Id::new("arn:aws:iam::111122223333:policy/boundary");
    let role = InstanceRole::new(Permissions::SessionOnly).permissions_boundary(boundary);
    let mut app = App::new();
    app.stack("Access")
        .add_inline(SessionAccess::new().instance_role(role));
    let found = message(&app, |it| it.all_instances_reachable());
    let cause = "role-permissions: unknown because of Access/Instances/Role.PermissionsBoundary";
    contains_all(&found, &["Access/main/Instance: unknown", cause]);
}
