//! What an access stack sits beside: load balancers, databases and Lambda functions.

use serde_json::{Value, json};
use ssm_synth::backend::{self, tf::ModuleKind};
use ssm_synth::construct::Database;
use ssm_synth::resource::{
    InternetGateway, LambdaPermission, Listener, ListenerAction, LoadBalancer,
    LoadBalancerProtocol, RawResource, Scheme, SecurityGroup, TargetDescription, TargetGroup,
    VpcGatewayAttachment,
};
use ssm_synth::{App, Id, SessionAccess};

/// Returns the resources of the template and of the module.
fn resources(app: &App) -> [Value; 2] {
    let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
    let template = backend::cfn::template(&validated, "Access").unwrap();
    let module = backend::tf::module(&validated, "Access", ModuleKind::Root).unwrap();
    let template: Value = serde_json::from_str(&template.to_json()).unwrap();
    let module: Value = serde_json::from_str(&module.to_json()).unwrap();
    [&template["Resources"], &module["resource"]].map(Value::clone)
}

#[test]
fn both_languages_have_the_same_scheme_certificate_and_health_check() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    for (id, scheme) in [
        ("Inside", Scheme::Internal),
        ("Public", Scheme::InternetFacing),
    ] {
        let subnets = access.network.subnets.iter().map(|it| it.id.clone());
        stack.add(id, LoadBalancer::new(scheme).subnets(subnets));
    }
    let gateway = stack.add("Gateway", InternetGateway::new());
    let attachment = VpcGatewayAttachment::new(&access.network.vpc).internet_gateway(gateway);
    stack.add("Attachment", attachment);
    let balancer = stack.find::<LoadBalancer>("Inside").unwrap();
    let vpc = &access.network.vpc;
    for (id, protocol) in [
        ("Web", LoadBalancerProtocol::Http),
        ("Raw", LoadBalancerProtocol::Tcp),
    ] {
        let group = TargetGroup::of_instances(vpc, 80, protocol).health_check_interval_seconds(10);
        let target = TargetDescription::new(access.instances[0].instance).port(8080);
        stack.add(id, group.targets([target]));
    }
    let web = stack.find::<TargetGroup>("Web").unwrap();
    let listener = Listener::new(balancer, 443, LoadBalancerProtocol::Https)
        .certificate("arn:aws:acm:eu-central-1:111122223333:certificate/a")
        .default_actions([ListenerAction::forward(web)]);
    stack.add("Https", listener);
    let redirect = Listener::new(balancer, 80, LoadBalancerProtocol::Http);
    stack.add(
        "Http",
        redirect.default_actions([ListenerAction::redirect_to_https()]),
    );
    let [cfn, tf] = resources(&app);

    assert_eq!(cfn["Inside"]["Properties"]["Scheme"], "internal");
    assert_eq!(cfn["Public"]["Properties"]["Scheme"], "internet-facing");
    assert_eq!(tf["aws_lb"]["inside"]["internal"], true);
    assert_eq!(tf["aws_lb"]["public"]["internal"], false);
    let arn = "arn:aws:acm:eu-central-1:111122223333:certificate/a";
    assert_eq!(
        cfn["Https"]["Properties"]["Certificates"],
        json!([{ "CertificateArn": arn }])
    );
    assert_eq!(tf["aws_lb_listener"]["https"]["certificate_arn"], arn);
    let redirect = &tf["aws_lb_listener"]["http"]["default_action"]["redirect"];
    let expected = json!({ "status_code": "HTTP_301", "protocol": "HTTPS", "port": "443" });
    assert_eq!(*redirect, expected);
    assert_eq!(cfn["Web"]["Properties"]["HealthCheckIntervalSeconds"], 10);
    // The provider would set 3, 3 and HTTP, where AWS has 5, 2 and the protocol of the group.
    for (group, protocol) in [("web", "HTTP"), ("raw", "TCP")] {
        let check = &tf["aws_lb_target_group"][group]["health_check"];
        let expected = json!({
            "interval": 10, "healthy_threshold": 5, "unhealthy_threshold": 2, "protocol": protocol,
        });
        assert_eq!(*check, expected);
    }
    let attachment = &tf["aws_lb_target_group_attachment"]["web_target_1"];
    let expected = json!({
        "target_group_arn": "${aws_lb_target_group.web.arn}",
        "target_id": "${aws_instance.main_instance.id}",
        "port": 8080,
    });
    assert_eq!(*attachment, expected);
    let validated = app.validate().unwrap();
    let module = backend::tf::module(&validated, "Access", ModuleKind::Root).unwrap();
    assert!(
        module.to_hcl().contains("  health_check {\n"),
        "{}",
        module.to_hcl()
    );
}

#[test]
fn a_listener_without_certificate_and_a_permission_without_source_are_reported() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let balancer: Id<LoadBalancer> = Id::new("arn:aws:elasticloadbalancing:eu-central-1:1:x");
    stack.add(
        "Https",
        Listener::new(balancer, 443, LoadBalancerProtocol::Https),
    );
    let call = LambdaPermission::new("rotate", "lambda:InvokeFunction", "events.amazonaws.com");
    stack.add("Any", call.clone());
    stack.add(
        "OneRule",
        call.source_arn("arn:aws:events:eu-central-1:111122223333:rule/r"),
    );
    let other = LambdaPermission::new("rotate", "lambda:InvokeFunction", "111122223333");
    stack.add("OtherAccount", other);
    let found = app.validate().unwrap_err();
    let codes: Vec<_> = found
        .iter()
        .map(|it| (it.code, it.paths[0].as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            ("listener-certificate", "Access/Https"),
            ("lambda-source", "Access/Any"),
            // It has no default action, either.
            ("template", "Access/Https"),
        ],
        "{found}"
    );
}

#[test]
fn instances_connect_to_the_database_of_another_team_or_of_the_app() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    let group = SecurityGroup::new("Databases", access.network.vpc.clone());
    let group = stack.add("Databases", group);
    let readers = SecurityGroup::new("Readers", access.network.vpc.clone());
    let readers = stack.add("OfReaders", readers);
    let raw = |cfn: &str, tf: &str| RawResource::new().cfn(cfn).tf(tf);
    let instance = raw("AWS::RDS::DBInstance", "aws_db_instance");
    let instance = instance.argument("instance_class", "db.t4g.micro");
    let instance = stack.add("Instance", instance);
    let cluster = raw("AWS::RDS::DBCluster", "aws_rds_cluster");
    let cluster = cluster.argument("engine", "aurora-postgresql");
    let cluster = stack.add("Cluster", cluster);
    let databases = [
        ("Existing", Database::new("db.example.com", 5432, group)),
        ("Own", Database::instance(instance, group)),
        ("Writer", Database::cluster(cluster, group)),
        ("Readers", Database::cluster_readers(cluster, readers)),
    ];
    for (id, database) in databases {
        stack.add(id, database.access_from(access.security_group));
        stack.output(&format!("{id}Address"), database.address, "The address");
    }
    let [cfn, tf] = resources(&app);
    assert_eq!(cfn["ExistingEgress"]["Properties"]["FromPort"], 5432);
    let port = json!({ "Fn::GetAtt": ["Instance", "Endpoint.Port"] });
    assert_eq!(cfn["OwnIngress"]["Properties"]["FromPort"], port);
    let rules = &tf["aws_vpc_security_group_egress_rule"];
    assert_eq!(
        rules["own_egress"]["from_port"],
        "${aws_db_instance.instance.port}"
    );
    assert_eq!(
        rules["writer_egress"]["from_port"],
        "${aws_rds_cluster.cluster.port}"
    );
    let validated = app.validate().unwrap();
    let module = backend::tf::module(&validated, "Access", ModuleKind::Root).unwrap();
    let module: Value = serde_json::from_str(&module.to_json()).unwrap();
    for (output, value) in [
        ("own_address", "${aws_db_instance.instance.address}"),
        ("writer_address", "${aws_rds_cluster.cluster.endpoint}"),
        (
            "readers_address",
            "${aws_rds_cluster.cluster.reader_endpoint}",
        ),
    ] {
        assert_eq!(module["output"][output]["value"], value);
    }
    // A cluster has other attributes than an instance.
    let wrong = Database::instance(cluster, group).access_from(access.security_group);
    app.stack("Access").add("Wrong", wrong);
    let found = app.validate().unwrap_err().to_string();
    let expected =
        "expected a resource of type `AWS::RDS::DBInstance`, found `AWS::RDS::DBCluster`";
    assert!(found.contains(expected), "{found}");
}
