//! Public subnets with internet and NAT gateways, beside private ones.

use ssm_synth::construct::{
    EndpointZones, Endpoints, NatGateways, NetworkHandles, PrivateNetwork, PublicSubnets,
    SubnetHandle,
};
use ssm_synth::ir::{Diagnostics, Dialect};
use ssm_synth::reachability::{self, Assumptions, Hop, HopStatus, Verdict};
use ssm_synth::resource::{
    Instance, InstanceProfile, NatGateway, PolicyDocument, Principal, Role, Route, RouteTable,
    SecurityGroup, SecurityGroupEgress, Statement, Subnet, SubnetRouteTableAssociation, Vpc,
};
use ssm_synth::{App, Cidr, Id, Scope, SessionAccess, backend};

const RANGE: Cidr = Cidr::v4([10, 0, 0, 0], 16);
const PUBLIC: [Cidr; 2] = [Cidr::v4([10, 0, 128, 0], 24), Cidr::v4([10, 0, 129, 0], 24)];

fn app(nat_gateways: NatGateways) -> App {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let network = stack.add("Network", PrivateNetwork::new(RANGE));
    let public = PublicSubnets::new(&network, PUBLIC).nat_gateways(nat_gateways);
    let network = stack.add("Public", public).network;
    // Without endpoints, only a NAT gateway connects the instance.
    let trust =
        Statement::allow(["sts:AssumeRole"]).principal(Principal::service("ec2.amazonaws.com"));
    let role = Role::new(PolicyDocument::new([trust])).managed_policies([Id::new(
        "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    )]);
    let role = stack.add("Role", role);
    let profile = stack.add("Profile", InstanceProfile::new(role));
    let group = stack.add(
        "Group",
        SecurityGroup::new("instances", network.vpc.clone()),
    );
    let rule = SecurityGroupEgress::https(group).cidr_ip(Cidr::v4([0, 0, 0, 0], 0));
    stack.add("Https", rule);
    let instance = Instance::new("t3.micro", network.subnets[0].id.clone())
        .image(Id::new("ami-0a1b2c3d4e5f60718"))
        .iam_instance_profile(profile)
        .security_groups([group]);
    let instance = stack.add("Instance", instance);
    stack.depends_on(instance, network.ready);
    app
}

fn errors(public: impl FnOnce(&mut Scope<'_>) -> PublicSubnets) -> Diagnostics {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let public = public(&mut stack);
    stack.add("Public", public);
    app.validate().unwrap_err()
}

#[test]
fn only_nat_gateways_connect_private_subnets_to_the_internet() {
    for (nat_gateways, verdict, count) in [
        (NatGateways::None, Verdict::Unreachable, 0),
        (NatGateways::One, Verdict::Reachable, 1),
        (NatGateways::PerZone, Verdict::Reachable, 2),
    ] {
        let app = app(nat_gateways);
        app.validate().unwrap_or_else(|found| panic!("{found}"));
        let assumptions = Assumptions {
            agent: true,
            ..Assumptions::default()
        };
        let checked = reachability::check(app.graph(), &assumptions);
        let instance = &checked.instances[0];
        assert_eq!(instance.verdict, verdict, "{nat_gateways:?}: {checked:?}");
        if verdict == Verdict::Unreachable {
            let failed = instance.hops.iter().find(|it| it.status == HopStatus::Fail);
            assert_eq!(failed.map(|it| it.hop), Some(Hop::Endpoint));
        }
        assert_eq!(app.graph().all::<NatGateway>().count(), count);
        let subnets = app.graph().all::<Subnet>();
        let public = |subnet: &Subnet| subnet.map_public_ip_on_launch.as_ref()?.lit().copied();
        assert!(
            subnets
                .into_iter()
                .all(|(.., it)| public(it) == Some(false))
        );
    }
}

#[test]
fn each_private_subnet_uses_the_gateway_of_its_zone() {
    let app = app(NatGateways::PerZone);
    let validated = app.validate().unwrap();
    let template = backend::cfn::template(&validated, "Access").unwrap();
    let template: serde_json::Value = serde_json::from_str(&template.to_json()).unwrap();
    let resources = &template["Resources"];
    for zone in ["A", "B"] {
        let of = |name: &str| &resources[format!("Public{name}{zone}")];
        let route = of("NatRoute");
        let table = format!("NetworkRouteTable{zone}");
        assert_eq!(route["Properties"]["RouteTableId"]["Ref"], *table);
        let gateway = format!("PublicNatGateway{zone}");
        assert_eq!(route["Properties"]["NatGatewayId"]["Ref"], *gateway);
        let subnet = format!("PublicSubnet{zone}");
        assert_eq!(of("NatGateway")["Properties"]["SubnetId"]["Ref"], *subnet);
        let private = &resources[format!("NetworkSubnet{zone}")]["Properties"];
        let zone = &of("Subnet")["Properties"]["AvailabilityZone"];
        assert_eq!(*zone, private["AvailabilityZone"]);
    }
    // AWS requires the attachment before an address and a route through it.
    for id in ["PublicAddressA", "PublicDefaultRoute"] {
        assert_eq!(
            resources[id]["DependsOn"],
            serde_json::json!(["PublicAttachment"]),
            "{id}"
        );
    }
    let waits = resources["Instance"]["DependsOn"].as_array().unwrap();
    assert!(waits.iter().any(|it| it == "PublicNatRouteA"), "{waits:?}");
}

#[test]
fn one_gateway_keeps_its_name_when_each_zone_gets_one() {
    let ids = |nat_gateways| {
        let app = app(nat_gateways);
        let nodes = app.graph().nodes();
        let ids =
            nodes.map(|(_, node)| (node.cfn_id().to_owned(), node.resource.put(Dialect::Cfn)));
        ids.filter(|(id, _)| id != "PublicNatRouteB")
            .map(|(id, map)| (id, format!("{map:?}").replace(char::is_numeric, "")))
            .collect::<Vec<_>>()
    };
    let more = ids(NatGateways::PerZone);
    for one in ids(NatGateways::One) {
        assert!(more.contains(&one), "{one:?}");
    }
}

/// A network of the team's own with one route table, and two subnets in one Availability Zone.
#[test]
fn a_shared_route_table_gets_one_route() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let vpc = Vpc::new(RANGE)
        .enable_dns_support(true)
        .enable_dns_hostnames(true);
    let vpc = stack.add("Vpc", vpc);
    let ranges = [0, 1].map(|n| RANGE.block(20, n).unwrap());
    let [a, b] = [0, 1].map(|n| {
        let subnet = Subnet::new(vpc, ranges[n], "eu-central-1b");
        stack.add(&format!("Subnet{n}"), subnet)
    });
    let table = stack.add("Table", RouteTable::new(vpc));
    for (n, subnet) in [a, b].into_iter().enumerate() {
        let tie = SubnetRouteTableAssociation::new(subnet, table);
        stack.add(&format!("Tie{n}"), tie);
    }
    let network = NetworkHandles::new(vpc)
        .subnets([a, b])
        .route_tables([table]);
    let public = PublicSubnets::new(&network, [PUBLIC[0]]).nat_gateways(NatGateways::PerZone);
    let public = stack.add("Public", public);
    assert_eq!((public.subnets.len(), public.nat_gateways.len()), (1, 1));
    let endpoints = Endpoints::default().zones(EndpointZones::One);
    let access = SessionAccess::new()
        .network(&public.network)
        .endpoints(endpoints);
    stack.add_inline(access);
    app.validate().unwrap_or_else(|found| panic!("{found}"));
    let routes: Vec<_> = app
        .graph()
        .all::<Route>()
        .map(|(_, node, _)| &node.path)
        .collect();
    assert_eq!(
        routes,
        ["Access/Public/DefaultRoute", "Access/Public/NatRouteB"]
    );
}

#[test]
fn what_does_not_fit_is_an_error() {
    let network = |stack: &mut Scope<'_>| stack.add("Network", PrivateNetwork::new(RANGE));
    let found = errors(|stack| PublicSubnets::new(&network(stack), [PUBLIC[0]]));
    assert!(
        found
            .to_string()
            .contains("found 1 ranges of public subnets for 2 zones"),
        "{found}"
    );
    let private = RANGE.block(20, 1).unwrap();
    let found = errors(|stack| PublicSubnets::new(&network(stack), [private, PUBLIC[0]]));
    assert!(found.to_string().contains("overlap"), "{found}");
    let outside = Cidr::v4([10, 1, 0, 0], 24);
    let found = errors(|stack| PublicSubnets::new(&network(stack), [outside, PUBLIC[0]]));
    assert!(
        found
            .to_string()
            .contains("is outside the VPC's `10.0.0.0/16`"),
        "{found}"
    );

    let existing = |zones: &[Option<&'static str>]| {
        let subnets = zones.iter().enumerate().map(|(n, zone)| {
            let mut subnet = SubnetHandle::new(Id::new(format!("subnet-0000000{n}")));
            subnet.zone = zone.map(Into::into);
            subnet
        });
        NetworkHandles::new(Id::<Vpc>::new("vpc-00000001")).subnets(subnets)
    };
    let unknown = existing(&[None]);
    let found = errors(|_| PublicSubnets::new(&unknown, [PUBLIC[0]]));
    assert!(
        found
            .to_string()
            .contains("Zone of private subnet 1 is unknown"),
        "{found}"
    );
    let zones = existing(&[Some("eu-central-1a"), Some("eu-central-1b")]);
    let found = errors(|_| PublicSubnets::new(&zones, PUBLIC).nat_gateways(NatGateways::One));
    assert!(
        found
            .to_string()
            .contains("found 0 route tables for 2 private subnets"),
        "{found}"
    );
    let table = Id::<RouteTable>::new("rtb-00000001");
    let zones = zones.route_tables([table]);
    let found = errors(|_| PublicSubnets::new(&zones, PUBLIC).nat_gateways(NatGateways::PerZone));
    assert!(
        found.to_string().contains("found 1 route tables"),
        "{found}"
    );
}
