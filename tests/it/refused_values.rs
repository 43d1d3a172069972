//! Values of modeled resources that no template error names, and that a service certainly refuses.

use ssm_synth::construct::Endpoints;
use ssm_synth::ir::{Diagnostics, Parameter, Severity};
use ssm_synth::resource::*;
use ssm_synth::{App, Cidr, Handle, Id, Scope, SessionAccess};

fn found(build: impl FnOnce(&mut Scope<'_>)) -> (Diagnostics, bool) {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    stack.set_region("eu-central-1");
    build(&mut stack);
    match app.validate() {
        Ok(validated) => (validated.warnings().clone(), false),
        Err(found) => (found, true),
    }
}

fn vpc(scope: &mut Scope<'_>) -> Handle<Vpc> {
    scope.add("Vpc", Vpc::new(Cidr::v4([10, 0, 0, 0], 16)))
}

fn subnet(scope: &mut Scope<'_>, zone: &'static str) -> Handle<Subnet> {
    let vpc = vpc(scope);
    scope.add(
        "Subnet",
        Subnet::new(vpc, Cidr::v4([10, 0, 0, 0], 24), zone),
    )
}

fn nat(scope: &mut Scope<'_>, change: impl FnOnce(NatGateway) -> NatGateway) -> Handle<NatGateway> {
    let vpc = vpc(scope);
    let subnet = Subnet::new(vpc, Cidr::v4([10, 0, 0, 0], 24), "eu-central-1a");
    let subnet = scope.add("Subnet", subnet);
    let gateway = scope.add("Internet", InternetGateway::new());
    let tie = VpcGatewayAttachment::new(vpc).internet_gateway(gateway);
    scope.add("Tie", tie);
    scope.add("Nat", change(NatGateway::new(subnet)))
}

/// An address that exists already.
fn address() -> Id<Eip> {
    Id::new("eipalloc-0a1b2c3d")
}

fn balancer(scope: &mut Scope<'_>, of: LoadBalancerType) -> Handle<LoadBalancer> {
    let subnets = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"].map(Id::<Subnet>::new);
    let balancer = LoadBalancer::new(Scheme::Internal).subnets(subnets);
    scope.add("Balancer", balancer.load_balancer_type(of))
}

fn listeners(scope: &mut Scope<'_>, ports: [(i64, LoadBalancerProtocol); 2]) {
    let of = match ports[0].1 {
        LoadBalancerProtocol::Http => LoadBalancerType::Application,
        _ => LoadBalancerType::Network,
    };
    let balancer = balancer(scope, of);
    for (id, (port, protocol)) in ["One", "Two"].into_iter().zip(ports) {
        let vpc = Id::<Vpc>::new("vpc-0a1b2c3d");
        let group = TargetGroup::of_instances(vpc, 80, protocol);
        let group = scope.add(format!("{id}Targets").as_str(), group);
        let listener = Listener::new(balancer, port, protocol);
        scope.add(
            id,
            listener.default_actions([ListenerAction::forward(group)]),
        );
    }
}

fn action(scope: &mut Scope<'_>, action: ListenerAction) -> Handle<Listener> {
    let balancer = balancer(scope, LoadBalancerType::Application);
    let listener = Listener::new(balancer, 80, LoadBalancerProtocol::Http);
    scope.add("Listener", listener.default_actions([action]))
}

fn trust(action: &'static str) -> Role {
    let statement = Statement::allow([action]);
    let ec2 = Principal::service("ec2.amazonaws.com");
    Role::new(PolicyDocument::new([statement.principal(ec2)]))
}

fn attached(scope: &mut Scope<'_>, name: &str) {
    let arn = format!("arn:aws:iam::aws:policy/{name}");
    let role = trust("sts:AssumeRole").managed_policies([Id::new(arn)]);
    scope.add("Role", role);
}

fn conditional(operator: &'static str) -> PolicyDocument {
    let read = Statement::allow(["s3:GetObject"]).on(["arn:aws:s3:::records/*"]);
    PolicyDocument::new([read.when(operator, "aws:SourceVpce", ["vpce-0a1b2c3d"])])
}

fn of_bucket(operator: &'static str) -> PolicyDocument {
    let mut document = conditional(operator);
    for statement in &mut document.statements {
        statement.principal = Some(Principal::Any);
    }
    document
}

fn peering(scope: &mut Scope<'_>, region: &'static str) {
    let [one, other] = ["vpc-0a1b2c3d", "vpc-0a1b2c3e"].map(Id::<Vpc>::new);
    let peering = VpcPeeringConnection::new(one, other).peer_region(region);
    let peering = scope.add("Peering", peering);
    let accepter = RawResource::new()
        .tf("aws_vpc_peering_connection_accepter")
        .argument("vpc_peering_connection_id", peering);
    scope.add("Accepter", accepter);
}

fn endpoint(scope: &mut Scope<'_>, name: &'static str) -> Handle<VpcEndpoint> {
    let vpc = Id::<Vpc>::new("vpc-0a1b2c3d");
    let endpoint = VpcEndpoint::new(vpc, name, EndpointType::Interface);
    let subnet = Id::<Subnet>::new("subnet-0a1b2c3d");
    scope.add("Endpoint", endpoint.subnets([subnet]))
}

fn permission(scope: &mut Scope<'_>, action: &'static str, principal: &'static str) {
    let permission = LambdaPermission::new("rotate", action, principal);
    scope.add("Call", permission.source_account("111122223333"));
}

fn topic(scope: &mut Scope<'_>, name: &'static str) -> Handle<Topic> {
    scope.add("Topic", Topic::new().topic_name(name))
}

fn volume(scope: &mut Scope<'_>, of: Option<VolumeType>, size: i64) {
    let mut volume = Volume::new("eu-central-1a").size(size);
    volume.volume_type = of.map(ssm_synth::Value::Lit);
    scope.add("Volume", volume);
}

type Case = (&'static str, &'static str, fn(&mut Scope<'_>));

/// The message, a part of the hint, and the mistake. Without a message, the resources are right.
const CASES: &[Case] = &[
    (
        "error[nat-gateway-address]: a public NAT gateway requires an Elastic IP address",
        "set `allocation` to an `Eip`",
        |it| {
            nat(it, |it| it);
        },
    ),
    (
        "error[nat-gateway-address]: a private NAT gateway has no Elastic IP address",
        "remove `allocation`",
        |it| {
            let private = ConnectivityType::Private;
            nat(it, |it| it.connectivity_type(private).allocation(address()));
        },
    ),
    ("", "", |it| {
        nat(it, |it| it.allocation(address()));
    }),
    ("", "", |it| {
        nat(it, |it| it.connectivity_type(ConnectivityType::Private));
    }),
    ("", "", |it| {
        nat(it, |it| it.availability_mode(AvailabilityMode::Regional));
    }),
    ("", "", |it| {
        let address = it.parameter(Parameter::string("Address"));
        let nat = nat(it, |it| it);
        let json = serde_json::json!("eipalloc-0a1b2c3d");
        it.overrides(nat)
            .cfn("/AllocationId", json.clone())
            .tf("/allocation_id", json);
        it.output("Address", address, "The address");
    }),
    (
        "error[listener-port]: `Access/One` and `Access/Two` are listeners of one load balancer at port 80",
        "use another port",
        |it| listeners(it, [(80, LoadBalancerProtocol::Http); 2]),
    ),
    (
        "error[listener-port]: `Access/One` and `Access/Two` are listeners of one load balancer at port 53",
        "`LoadBalancerProtocol::TcpUdp`",
        |it| {
            let protocols = [LoadBalancerProtocol::Tcp, LoadBalancerProtocol::Udp];
            listeners(it, protocols.map(|protocol| (53, protocol)));
        },
    ),
    ("", "", |it| {
        listeners(it, [80, 81].map(|port| (port, LoadBalancerProtocol::Http)));
    }),
    (
        "error[listener-action]: a `forward` action has no `target_group`",
        "set `target_group` of the action",
        |it| {
            action(it, ListenerAction::new(ActionType::Forward));
        },
    ),
    (
        "error[listener-action]: a `redirect` action has no `redirect`",
        "set `redirect`",
        |it| {
            action(it, ListenerAction::new(ActionType::Redirect));
        },
    ),
    ("", "", |it| {
        let response = FixedResponseConfig::new("404", "text/plain");
        let of = ListenerAction::new(ActionType::FixedResponse);
        action(it, of.fixed_response(response));
    }),
    (
        "error[policy-action]: unknown action `sts:AssumRole` in the trust policy",
        "did you mean `sts:AssumeRole`? If it is new, call `suppress_rule",
        |it| {
            it.add("Role", trust("sts:AssumRole"));
        },
    ),
    ("", "", |it| {
        it.add("Role", trust("sts:assumerole"));
    }),
    ("", "", |it| {
        it.add("Role", trust("sts:Assume*"));
    }),
    ("", "", |it| {
        it.add("Role", trust("sts:AssumeRoot"));
    }),
    (
        "error[policy-condition]: unknown condition operator `StringEqual`",
        "did you mean `StringEquals`?",
        |it| {
            it.add("Policy", ManagedPolicy::new(conditional("StringEqual")));
        },
    ),
    (
        "error[policy-condition]: unknown condition operator `ForAnyValues:StringLike`",
        "did you mean `ForAnyValue:StringLike`?",
        |it| {
            let role = it.add("Role", trust("sts:AssumeRole"));
            let policy = conditional("ForAnyValues:StringLike");
            it.add("Policy", RolePolicy::new("read", role, policy));
        },
    ),
    (
        "error[policy-condition]: unknown condition operator `StringLikeIfExist`",
        "did you mean `StringLikeIfExists`?",
        |it| {
            let bucket = it.add("Bucket", Bucket::new());
            it.add(
                "Policy",
                BucketPolicy::new(bucket, of_bucket("StringLikeIfExist")),
            );
        },
    ),
    ("", "", |it| {
        let policy = conditional("ForAllValues:stringlikeifexists");
        it.add("Policy", ManagedPolicy::new(policy));
    }),
    (
        "error[managed-policy]: there is no AWS managed policy `AmazonSSMManagedInstanceCor`",
        "did you mean `AmazonSSMManagedInstanceCore`?",
        |it| attached(it, "AmazonSSMManagedInstanceCor"),
    ),
    ("", "", |it| attached(it, "AmazonSSMManagedInstanceCore")),
    ("", "", |it| attached(it, "OpenedNextYearFullAccess")),
    (
        "error[network-zones]: region `eu-central-1` has no Availability Zone `eu-central-1z`",
        "`eu-central-1b`, …; if it is new",
        |it| {
            subnet(it, "eu-central-1z");
        },
    ),
    (
        "error[network-zones]: `b` is not the name of a zone",
        "the zones of eu-central-1 are named",
        |it| {
            it.add("Volume", Volume::new("b").size(8));
        },
    ),
    (
        "error[network-zones]: zone `us-east-1a` is not in region `eu-central-1`",
        "the zones of eu-central-1 are named",
        |it| {
            subnet(it, "us-east-1a");
        },
    ),
    (
        "error[network-zones]: `eu-central-1 a` is not the name of a zone",
        "the zones of eu-central-1 are named",
        |it| {
            let template = it.add("Template", LaunchTemplate::new(Id::new("ami-0a1b2c3d")));
            let template = LaunchTemplateSpecification::new(template, "1");
            let group = AutoScalingGroup::new().min_size(0).max_size(0);
            let group = group.launch_template(template);
            it.add("Group", group.availability_zones(["eu-central-1 a"]));
        },
    ),
    ("", "", |it| {
        subnet(it, "eu-central-1-ham-1a");
    }),
    ("", "", |it| {
        let zone = it.parameter(Parameter::string("Zone"));
        it.add("Volume", Volume::new(zone).size(8));
    }),
    (
        "error[region]: `peer_region`: unknown region `eu-wst-1`",
        "did you mean `eu-west-1`?",
        |it| peering(it, "eu-wst-1"),
    ),
    ("", "", |it| peering(it, "eu-west-1")),
    ("", "", |it| peering(it, "eu-northwest-1")),
    (
        "error[region]: `service_region`: unknown region `eu-wst-1`",
        "did you mean `eu-west-1`?",
        |it| {
            let vpc = Id::<Vpc>::new("vpc-0a1b2c3d");
            let name = "com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d";
            let endpoint = VpcEndpoint::new(vpc, name, EndpointType::Interface);
            it.add("Endpoint", endpoint.service_region("eu-wst-1"));
        },
    ),
    (
        "error[peering-vpcs]: the connection peers a VPC with itself",
        "set `peer_vpc` to another VPC",
        |it| {
            let vpc = vpc(it);
            it.add("Peering", VpcPeeringConnection::new(vpc, vpc));
        },
    ),
    (
        "error[endpoint-service]: unknown service `com.amazonaws.eu-central-1.ssmm`",
        "did you mean `ssm`? If it is new",
        |it| {
            endpoint(it, "com.amazonaws.eu-central-1.ssmm");
        },
    ),
    (
        "error[endpoint-service]: unknown service `com.amazonaws.eu-centrl-1.ssm`",
        "did you mean `com.amazonaws.eu-central-1.ssm`?",
        |it| {
            endpoint(it, "com.amazonaws.eu-centrl-1.ssm");
        },
    ),
    (
        "error[endpoint-service]: unknown service `kmss`",
        "did you mean `kms`?",
        |it| {
            let endpoints = Endpoints::default().services(["kmss"]);
            it.add_inline(SessionAccess::new().endpoints(endpoints));
        },
    ),
    // The full name is for services that the data lacks: a warning names the other one.
    ("", "did you mean `kms`?", |it| {
        let endpoints = Endpoints::default().services(["com.amazonaws.eu-central-1.kmss"]);
        it.add_inline(SessionAccess::new().endpoints(endpoints));
    }),
    ("", "", |it| {
        endpoint(it, "com.amazonaws.eu-central-1.opened-next-year");
    }),
    ("", "", |it| {
        endpoint(it, "com.amazonaws.vpce.eu-central-1.vpce-svc-0a1b2c3d");
    }),
    ("", "", |it| {
        endpoint(it, "com.amazonaws.eu-central-1.ssm");
    }),
    (
        "error[lambda-permission]: unknown action `lambda:Invoke`",
        "did you mean `lambda:InvokeFunction`?",
        |it| permission(it, "lambda:Invoke", "events.amazonaws.com"),
    ),
    (
        "error[lambda-permission]: unknown action `lambda:InvokeFunctions`",
        "did you mean `lambda:InvokeFunction`?",
        |it| permission(it, "lambda:InvokeFunctions", "events.amazonaws.com"),
    ),
    (
        "error[lambda-permission]: unknown service principal `event.amazonaws.com`",
        "did you mean `events.amazonaws.com`?",
        |it| permission(it, "lambda:InvokeFunction", "event.amazonaws.com"),
    ),
    ("", "", |it| {
        permission(it, "lambda:GetFunction", "ecs.amazonaws.com")
    }),
    ("", "", |it| {
        permission(
            it,
            "lambda:invokefunctionurl",
            "logs.eu-central-1.amazonaws.com",
        );
    }),
    (
        "error[eip-domain]: `domain` is `vpcc`, and EC2 accepts `vpc`",
        "did you mean `vpc`?",
        |it| {
            it.add("Address", Eip::new().domain("vpcc"));
        },
    ),
    ("", "", |it| {
        it.add("Address", Eip::new().domain("vpc"));
    }),
    (
        "error[topic-name]: `a b` is not the name of a topic",
        "use 1 to 256 letters",
        |it| {
            topic(it, "a b");
        },
    ),
    (
        "error[topic-name]: `events.fifo` is the name of a FIFO topic, and the topic is none",
        "remove `.fifo`",
        |it| {
            topic(it, "events.fifo");
        },
    ),
    ("", "", |it| {
        let topic = topic(it, "events.fifo");
        it.overrides(topic)
            .cfn("/FifoTopic", true)
            .tf("/fifo_topic", true);
    }),
    ("", "", |it| {
        let name = it.parameter(Parameter::string("Name"));
        it.add("Topic", Topic::new().topic_name(name));
    }),
    (
        "error[volume-size]: a volume without a snapshot requires `size`",
        "set `size` to a number of GiB",
        |it| {
            it.add("Volume", Volume::new("eu-central-1a"));
        },
    ),
    ("", "", |it| {
        let volume = it.add("Volume", Volume::new("eu-central-1a"));
        let overrides = it.overrides(volume);
        overrides
            .cfn("/SnapshotId", "snap-0a1b2c3d")
            .tf("/snapshot_id", "snap-0a1b2c3d");
    }),
    (
        "error[volume-size]: `size` is `99999` GiB, and a volume has at most 65536",
        "set `size` to 65536 or less; if it is new",
        |it| volume(it, None, 99_999),
    ),
    (
        "error[volume-size]: `size` is `2000` GiB, and a volume of type `standard` has at most 1024",
        "set `size` to 1024 or less",
        |it| volume(it, Some(VolumeType::Standard), 2000),
    ),
    (
        "error[volume-size]: `size` is `3` GiB, and a volume of type `io2` has at least 4",
        "set `size` to 4 or more",
        |it| volume(it, Some(VolumeType::Io2), 3),
    ),
    ("", "", |it| volume(it, Some(VolumeType::Gp3), 65_536)),
    (
        "error[volume-size]: `volume_size` is `20000` GiB, and a volume of type `gp2` has at most 16384",
        "set `volume_size` to 16384 or less",
        |it| {
            let ebs = Ebs::new().volume_type(VolumeType::Gp2).volume_size(20_000);
            let mapping = BlockDeviceMapping::new("/dev/xvda", ebs);
            let template = LaunchTemplate::new(Id::new("ami-0a1b2c3d"));
            it.add("Template", template.block_devices([mapping]));
        },
    ),
];

#[test]
fn a_value_that_a_service_refuses_is_one_error_at_its_line() {
    let mut wrong = Vec::new();
    for (message, hint, build) in CASES {
        let (found, is_error) = found(build);
        let text = found.to_string();
        let errors = found.iter().filter(|it| it.severity == Severity::Error);
        let is_wanted = !message.is_empty();
        let is_right = errors.count() == usize::from(is_wanted)
            && is_error == is_wanted
            && text.contains(message)
            && text.contains(hint)
            && (!is_wanted || text.contains("tests/it/refused_values.rs"));
        if !is_right {
            wrong.push(format!("{message}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What AWS can add is suppressible, and the rest is not.
#[test]
fn what_can_be_new_is_suppressible() {
    for (message, hint, build) in CASES.iter().filter(|it| !it.0.is_empty()) {
        let code = message["error[".len()..].split(']').next().unwrap();
        let (found, is_error) = found(|it| {
            build(it);
            it.suppress_rule(code, "it is new");
        });
        if hint.contains("if it is new") {
            assert!(!is_error, "{found}");
        }
        if ["eip-domain", "listener-port", "topic-name"].contains(&code) {
            assert!(is_error, "{found}");
        }
    }
}
