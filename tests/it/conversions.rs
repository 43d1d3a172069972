//! Values of each kind without conversions: text of any life, all numbers, and references to handles.

// The tests are about borrowed values.
#![allow(clippy::needless_borrows_for_generic_args)]

use serde_json::json;
use ssm_synth::backend;
use ssm_synth::construct::{Endpoints, ExistingNetwork, PrivateNetwork};
use ssm_synth::ir::{Expr, Handle, Text};
use ssm_synth::resource::{
    FlowLog, Instance, Listener, LoadBalancerProtocol, LogGroup, RawResource, Role, RouteTable,
    Statement, Subnet, Tags, Topic, Typed, Vpc,
};
use ssm_synth::{App, Cidr, Id, Parameter};

/// Text that is not static.
fn with_local_text(name: &str) -> App {
    let (owned, range) = (name.to_owned(), Cidr::v4([10, 0, 0, 0], 16));
    let mut app = App::new();
    app.tags([(name, &owned)]);
    let mut stack = app.stack("Access");
    stack.description(name);
    stack.tags(vec![(&owned, name)]);
    let port = stack.parameter(Parameter::number("Port").default_value(name.len().to_string()));
    let vpc = stack.add(
        "Vpc",
        Vpc::new(&range).tags([(name, &owned), ("Other", &owned)]),
    );
    stack.add("Table", RouteTable::new(&vpc));
    let topic: Handle<Topic> = stack.add("Topic", Topic::new().topic_name(&owned));
    let group = LogGroup::new().log_group_name(name).retention_in_days(7u64);
    let group = stack.add("Group", group);
    let raw = RawResource::new()
        .cfn("Custom::Thing")
        .property("Handle", &topic)
        .property("Range", &range)
        .property("Text", &owned)
        .property("Borrowed", name)
        .property("Small", 1u8)
        .property("Large", u64::MAX)
        .property("Length", name.len())
        .property("Id", Id::<Vpc>::new(name))
        .property("Port", &port)
        .property("List", vec![&owned, &owned])
        .property("Handles", &vec![topic, topic])
        .property("Map", [("Key", name.into())]);
    stack.add("Thing", raw.property("Attribute", &topic.attr(Topic::LINK)));
    stack.output("Topic", &topic, name);
    stack.output("Name", name, &owned);
    stack.output("Length", name.len(), "The length");
    stack.output("Group", Expr::text(name), Text::from(owned.clone()));
    let _ = group;
    app
}

#[test]
fn text_of_any_life_numbers_and_references_are_values() {
    let app = with_local_text(&format!("{}-{}", "team", "core"));
    let validated = app.validate();
    let found = validated.err().map(|it| it.to_string()).unwrap_or_default();
    // The custom resource is in CloudFormation only, and no resource refers to it.
    assert_eq!(found, "");
    let validated = app.validate().unwrap();
    let template = backend::cfn::template(&validated, "Access").unwrap();
    let template: serde_json::Value = serde_json::from_str(&template.to_json()).unwrap();
    let expected = json!({
        "Handle": { "Ref": "Topic" },
        "Range": "10.0.0.0/16",
        "Text": "team-core",
        "Borrowed": "team-core",
        "Small": 1,
        "Large": u64::MAX,
        "Length": 9,
        "Id": "team-core",
        "Port": { "Ref": "Port" },
        "List": ["team-core", "team-core"],
        "Handles": [{ "Ref": "Topic" }, { "Ref": "Topic" }],
        "Map": { "Key": "team-core" },
        "Attribute": { "Ref": "Topic" },
    });
    assert_eq!(template["Resources"]["Thing"]["Properties"], expected);
    assert_eq!(template["Outputs"]["Length"]["Value"], "9");
    let tag = |key: &str| json!({ "Key": key, "Value": "team-core" });
    let tags = &template["Resources"]["Vpc"]["Properties"]["Tags"];
    for key in ["team-core", "Other"] {
        assert!(tags.as_array().unwrap().contains(&tag(key)), "{tags}");
    }
}

/// Compiles only if each setter accepts the values.
#[test]
fn setters_accept_references_and_local_text() {
    fn each(name: &str, role: &Handle<Role>, group: &Handle<LogGroup>, vpc: &Handle<Vpc>) {
        let owned = name.to_owned();
        let (zones, subnet) = (vec![owned.clone()], Id::<Subnet>::new(&owned));
        let _ = PrivateNetwork::new(&Cidr::ANY).zones(zones.clone());
        let _ = PrivateNetwork::new(Cidr::ANY).zones([name, &owned]);
        let _ = Endpoints::new().zones(zones).services([&owned, &owned]);
        let _ = ExistingNetwork::new(Id::<Vpc>::new(name)).subnets([&subnet]);
        let _ = FlowLog::new(vpc, name, name, group).role_arn(role);
        let _ = Instance::new(name, &subnet)
            .user_data(name)
            .key_name(&owned);
        let _ = Instance::new(&owned, &subnet).user_data(&owned);
        let _ = Statement::allow([name])
            .sid(name)
            .when(name, &owned, [name]);
        let _ = Tags::from([(name, name)]);
        let _: fn(&str) -> Expr = |it| Expr::ssm_parameter(it);
        let _ = |balancer: &Handle<ssm_synth::resource::LoadBalancer>| {
            Listener::new(balancer, name.len(), LoadBalancerProtocol::Https).certificate(name)
        };
    }
    let _ = each;
}
