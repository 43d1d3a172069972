//! The reachability check sees an app as the backends print it.

use ssm_synth::construct::{InstanceRole, Permissions};
use ssm_synth::ir::Dialect;
use ssm_synth::reachability::{self, Assumptions, Reachability, Verdict};
use ssm_synth::resource::{
    Change, InlinePolicy, Override, RawResource, Resource, RolePolicyAttachment,
};
use ssm_synth::{App, Id, SessionAccess};

fn app() -> App {
    let mut app = App::new();
    app.stack("Access").add_inline(SessionAccess::new());
    app
}

fn check(app: &App) -> Reachability {
    reachability::check(app.graph(), &Assumptions::default())
}

/// Overrides a property of each endpoint for `ssm`.
fn with_override(app: &mut App, dialect: Dialect, pointer: &str, value: serde_json::Value) {
    let endpoints = app.graph_mut().nodes_mut().map(|(_, node)| node);
    for node in endpoints.filter(|it| matches!(it.resource, Resource::VpcEndpoint(_))) {
        let change = Change::Set(value.clone());
        node.overrides.push(Override::new(dialect, pointer, change));
    }
}

#[test]
fn an_override_decides_the_verdict() {
    let mut app = app();
    assert_eq!(check(&app).instances[0].verdict, Verdict::Reachable);
    with_override(&mut app, Dialect::Cfn, "/PrivateDnsEnabled", false.into());
    // The languages differ now.
    assert_eq!(check(&app).instances[0].verdict, Verdict::Unknown);
    with_override(&mut app, Dialect::Tf, "/private_dns_enabled", false.into());
    assert_eq!(check(&app).instances[0].verdict, Verdict::Unreachable);
}

#[test]
fn an_override_of_a_property_that_is_not_modeled_makes_the_verdict_unknown() {
    let mut app = app();
    for (dialect, pointer) in [
        (Dialect::Cfn, "/ServiceNetworkArn"),
        (Dialect::Tf, "/service_network_arn"),
    ] {
        with_override(&mut app, dialect, pointer, "arn:aws:x".into());
    }
    let checked = check(&app);
    assert_eq!(checked.instances[0].verdict, Verdict::Unknown);
    let details = checked.instances[0]
        .hops
        .iter()
        .map(|it| it.detail.as_str());
    let details: Vec<&str> = details.collect();
    assert!(
        details.iter().any(|it| it.contains("ServiceNetworkArn")),
        "{details:?}"
    );
}

#[test]
fn an_override_of_a_property_that_cannot_matter_changes_nothing() {
    let mut app = app();
    with_override(&mut app, Dialect::Cfn, "/Tags/0/Value", "other".into());
    assert_eq!(check(&app).instances[0].verdict, Verdict::Reachable);
}

#[test]
fn a_raw_resource_of_a_modeled_type_is_read() {
    let mut app = app();
    let vpc = {
        let mut nodes = app.graph().nodes();
        let vpc = nodes.find(|(_, node)| matches!(node.resource, Resource::Vpc(_)));
        vpc.unwrap().0.at(ssm_synth::ir::Attr::by_ref("id"))
    };
    let value = ssm_synth::resource::RawValue::from(vpc);
    let second = |service: &str| {
        RawResource::new()
            .cfn("AWS::EC2::VPCEndpoint")
            .property("VpcId", value.clone())
            .property(
                "ServiceName",
                format!("com.amazonaws.eu-central-1.{service}"),
            )
            .property("VpcEndpointType", "Interface")
            .property("PrivateDnsEnabled", true)
            .tf("aws_vpc_endpoint")
            .argument("vpc_id", value.clone())
            .argument(
                "service_name",
                format!("com.amazonaws.eu-central-1.{service}"),
            )
            .argument("vpc_endpoint_type", "Interface")
            .argument("private_dns_enabled", true)
    };
    app.stack("Access").add("Second", second("ssm"));
    // AWS refuses two endpoints of one service with private DNS.
    assert_ne!(check(&app).instances[0].verdict, Verdict::Reachable);
}

/// Returns the verdicts of the first instance as CloudFormation and Terraform print the app.
fn in_both(app: &App) -> [Verdict; 2] {
    [Dialect::Cfn, Dialect::Tf].map(|it| {
        reachability::check_in(app.graph(), it, &Assumptions::default()).instances[0].verdict
    })
}

#[test]
fn a_resource_of_one_language_counts_in_that_language_only() {
    let with = |policy: fn(&mut App)| {
        let mut app = App::new();
        let role = InstanceRole::new(Permissions::SessionOnly);
        app.stack("Access")
            .add_inline(SessionAccess::new().instance_role(role));
        assert_eq!(in_both(&app), [Verdict::Reachable; 2]);
        policy(&mut app);
        app.validate().unwrap_or_else(|found| panic!("{found}"));
        in_both(&app)
    };
    // The permissions are a policy of CloudFormation only.
    let found = with(|app| {
        for (_, node) in app.graph_mut().nodes_mut() {
            if let Resource::RolePolicy(own) = &node.resource {
                let own = own.clone();
                let policy = InlinePolicy::new(own.policy_name, own.policy_document);
                node.resource = policy.roles([own.role]).into();
            }
        }
    });
    assert_eq!(found, [Verdict::Reachable, Verdict::Unreachable]);
    // The permissions are an attachment of Terraform only.
    let found = with(|app| {
        for (_, node) in app.graph_mut().nodes_mut() {
            if let Resource::RolePolicy(own) = &node.resource {
                let policy = Id::new("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore");
                node.resource = RolePolicyAttachment::new(own.role.clone(), policy).into();
            }
        }
    });
    assert_eq!(found, [Verdict::Unreachable, Verdict::Reachable]);
}

#[test]
fn an_instance_of_one_language_does_not_change_the_verdict_of_another() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let raw = RawResource::new()
        .tf("aws_instance")
        .argument("ami", "ami-0a1b2c3d4e5f60718")
        .argument("instance_type", "t3.micro");
    stack.add("Apart", raw);
    stack.add_inline(SessionAccess::new());
    let found = check(&app);
    let verdicts: Vec<Verdict> = found.instances.iter().map(|it| it.verdict).collect();
    assert_eq!(verdicts.len(), 2);
    assert_eq!(verdicts[1], Verdict::Reachable);
}
