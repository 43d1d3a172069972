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
use ssm_synth::{App, Cidr, Id, Parameter, SessionAccess};

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
    let raw = raw.property("Attribute", &topic.attr(Topic::LINK));
    stack.add("Thing", raw.property("ServiceToken", &topic));
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
        "ServiceToken": { "Ref": "Topic" },
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

#[test]
fn values_need_no_conversion_call() {
    use ssm_synth::construct::PrivateNetwork;
    use ssm_synth::resource::{
        Ebs, Effect, Instance, Principal, RawResource, RawValue, RootVolume, Statement,
    };
    let range = Cidr::v4([10, 0, 0, 0], 16);
    let counts = [
        PrivateNetwork::new(range).zones(2),
        PrivateNetwork::new(range).zones(2usize),
        PrivateNetwork::new(range).zones(2u8),
    ];
    assert!(counts.iter().all(|it| it.zones == counts[0].zones));
    let raw = RawResource::new().property("A", [1, 2]);
    let list = RawValue::List(vec![RawValue::Int(1), RawValue::Int(2)]);
    assert_eq!(raw.property_value("A"), Some(&list));
    let mut app = App::new();
    app.update_all::<Instance>(|_, it| {
        it.instance_type = "t4g.small".into();
        it.monitoring = Some(true.into());
        it.root_volume = Some(RootVolume::new("/dev/xvda", Ebs::new().volume_size(20)));
    });
    app.stack("Access").add_inline(SessionAccess::new());
    assert!(
        app.graph()
            .all::<Instance>()
            .all(|(_, _, it)| it.monitoring.is_some())
    );
    let denied = Statement::deny(["s3:GetObject"])
        .not_resources()
        .on(["arn:aws:s3:::logs/*"]);
    assert_eq!((denied.effect, denied.not.resources), (Effect::Deny, true));
    let trust = Principal::federated("arn:aws:iam::111122223333:oidc-provider/token.example.com");
    assert!(matches!(trust, Principal::Several(kinds) if kinds[0].0 == "Federated"));
}

#[test]
fn a_range_with_host_bits_panics_at_its_line() {
    use std::sync::mpsc::channel;
    let (send, receive) = channel();
    let this = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        match info
            .location()
            .filter(|_| std::thread::current().id() == this)
        {
            Some(location) => drop(send.send((location.file().to_owned(), location.line()))),
            None => before(info),
        }
    }));
    let line = line!() + 1;
    let failed = std::panic::catch_unwind(|| Cidr::v4([10, 0, 0, 1], 16));
    assert!(failed.is_err());
    assert_eq!(receive.recv().unwrap(), (file!().to_owned(), line));
}
