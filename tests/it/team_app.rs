//! What a team's own app gets wrong, and what it need not say.

use serde_json::Value;
use ssm_synth::backend::tf::ModuleKind;
use ssm_synth::construct::{Lifecycle, PublicSubnets};
use ssm_synth::ir::Expr;
use ssm_synth::prelude::{
    App, Attr, Cidr, Id, NetworkHandles, PrivateInstance, RawResource, Scope, SessionAccess,
    backend,
};
use ssm_synth::resource::{
    InternetGateway, LoadBalancer, LoadBalancerProtocol, LogGroup, Route, RouteTable, Scheme,
    Subnet, SubnetRouteTableAssociation, TargetDescription, TargetGroup,
    TransitGatewayVpcAttachment, Vpc, VpcGatewayAttachment,
};

const RANGE: Cidr = Cidr::v4([10, 1, 0, 0], 16);

/// Returns all diagnostics of an app.
fn found(app: &App) -> String {
    match app.validate() {
        Ok(validated) => validated.warnings().to_string(),
        Err(found) => found.to_string(),
    }
}

fn template(app: &App) -> Value {
    let validated = app.validate().unwrap_or_else(|it| panic!("{it}"));
    let template = backend::cfn::template(&validated, "Access").unwrap();
    serde_json::from_str(&template.to_json()).unwrap()
}

/// Adds a network with a subnet in each Availability Zone.
fn network(stack: &mut Scope<'_>, zones: &[&'static str]) -> NetworkHandles {
    let vpc = Vpc::new(RANGE)
        .enable_dns_support(true)
        .enable_dns_hostnames(true);
    let vpc = stack.add("Vpc", vpc);
    let mut network = NetworkHandles::new(vpc);
    for (n, zone) in (0_u32..).zip(zones) {
        let subnet = Subnet::new(vpc, RANGE.block(20, n).unwrap(), *zone);
        let subnet = stack.add(&format!("Subnet{n}"), subnet);
        let table = stack.add(&format!("Table{n}"), RouteTable::new(vpc));
        let tie = SubnetRouteTableAssociation::new(subnet, table);
        let tie = stack.add(&format!("Association{n}"), tie);
        network = network
            .subnets([&subnet])
            .route_tables([table])
            .ready([tie.node()]);
    }
    network
}

#[test]
fn the_zones_of_subnets_of_the_app_are_known() {
    let in_zone = |zone: &'static str| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let network = network(&mut stack, &["eu-central-1a", "eu-central-1b"]);
        let web = PrivateInstance::new("web").zone(zone);
        stack.add_inline(SessionAccess::new().network(network).instance(web));
        app
    };
    assert_eq!(found(&in_zone("eu-central-1b")), "");
    let message = found(&in_zone("eu-central-1c"));
    assert!(
        message.contains("use one of: eu-central-1a, eu-central-1b"),
        "{message}"
    );
}

#[test]
fn the_hint_for_a_zone_is_never_empty() {
    let mut app = App::new();
    let subnet: Id<Subnet> = Id::new("subnet-0a1b2c3d4e5f60718");
    let vpc: Id<Vpc> = Id::new("vpc-0a1b2c3d4e5f60718");
    let network = NetworkHandles::new(vpc).subnets([subnet]);
    let web = PrivateInstance::new("web").zone("eu-central-1a");
    app.stack("Access")
        .add_inline(SessionAccess::new().network(network).instance(web));
    let message = found(&app);
    assert!(message.contains("their zones are unknown"), "{message}");
}

#[test]
fn routes_wait_for_the_attachment_of_their_gateway() {
    for attachment_first in [true, false] {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let vpc = stack.add("Vpc", Vpc::new(RANGE));
        let table = stack.add("Table", RouteTable::new(vpc));
        let subnet = stack.add("Subnet", Subnet::new(vpc, RANGE, "eu-central-1a"));
        let gateway = stack.add("Gateway", InternetGateway::new());
        let attach = |stack: &mut Scope<'_>| {
            let transit = TransitGatewayVpcAttachment::new("tgw-0a1b2c3d4e5f60718", vpc);
            stack.add("Transit", transit.subnets([subnet]));
            let internet = VpcGatewayAttachment::new(vpc).internet_gateway(gateway);
            stack.add("Internet", internet);
        };
        if attachment_first {
            attach(&mut stack);
        }
        let company = Cidr::v4([10, 0, 0, 0], 8);
        let route = Route::new(table)
            .cidr_block(company)
            .transit_gateway("tgw-0a1b2c3d4e5f60718");
        stack.add("ToCompany", route);
        let other = Route::new(table).cidr_block(Cidr::v4([172, 16, 0, 0], 12));
        stack.add("ToOther", other.transit_gateway("tgw-0ffffffffffffffff"));
        let default = Route::new(table)
            .cidr_block(Cidr::v4([0, 0, 0, 0], 0))
            .gateway(gateway);
        stack.add("ToInternet", default);
        if !attachment_first {
            attach(&mut stack);
        }
        let template = template(&app);
        let waits = |id: &str| template["Resources"][id]["DependsOn"].to_string();
        assert_eq!(waits("ToCompany"), r#"["Transit"]"#);
        assert_eq!(waits("ToInternet"), r#"["Internet"]"#);
        assert_eq!(waits("ToOther"), "null");
        let validated = app.validate().unwrap();
        let module = backend::tf::module(&validated, "Access", ModuleKind::Root).unwrap();
        let module: Value = serde_json::from_str(&module.to_json()).unwrap();
        let waits = &module["resource"]["aws_route"]["to_company"]["depends_on"];
        assert_eq!(waits[0], "aws_ec2_transit_gateway_vpc_attachment.transit");
    }
}

#[test]
fn ranges_of_all_subnets_of_a_vpc_are_compared() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let network = network(&mut stack, &["eu-central-1a"]);
    let other = Cidr::v4([10, 1, 200, 0], 24);
    stack.add("Other", Subnet::new(&network.vpc, other, "eu-central-1a"));
    let public = stack.add("Public", PublicSubnets::new(&network, [other]));
    stack.add_inline(SessionAccess::new().network(&public.network));
    let message = found(&app);
    assert_eq!(message.matches("overlap").count(), 2, "{message}");
    assert!(
        message.contains("`10.1.200.0/24` and `10.1.200.0/24` overlap"),
        "{message}"
    );
}

#[test]
fn target_groups_have_what_their_targets_require() {
    let check = |group: TargetGroup| {
        let mut app = App::new();
        app.stack("Access").add("Group", group);
        found(&app)
    };
    let vpc: Id<Vpc> = Id::new("vpc-0a1b2c3d4e5f60718");
    let http = LoadBalancerProtocol::Http;
    let addresses = TargetGroup::of_addresses(vpc.clone(), 80, http);
    assert_eq!(
        check(addresses.targets([TargetDescription::address("10.0.0.5")])),
        ""
    );
    let arn = "arn:aws:lambda:eu-central-1:111122223333:function:hello";
    let function = TargetGroup::of_function().targets([TargetDescription::function(arn)]);
    assert_eq!(check(function.clone()), "");
    let message = check(function.vpc(vpc).port(80));
    assert!(
        message.contains("a target group of a Lambda function has `vpc`"),
        "{message}"
    );
    assert!(
        message.contains("a target group of a Lambda function has `port`"),
        "{message}"
    );
    let message = check(TargetGroup::new().port(80));
    assert!(
        message.contains("the target group has no `vpc`"),
        "{message}"
    );
}

#[test]
fn load_balancers_need_subnets_that_suit_them() {
    let with = |zones: &[&'static str], scheme: Scheme| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let network = network(&mut stack, zones);
        stack.add(
            "Balancer",
            LoadBalancer::new(scheme).subnets(&network.subnets),
        );
        found(&app)
    };
    assert_eq!(
        with(&["eu-central-1a", "eu-central-1b"], Scheme::Internal),
        ""
    );
    let message = with(&["eu-central-1a"], Scheme::Internal);
    assert!(
        message.contains("requires subnets in two Availability Zones"),
        "{message}"
    );
    let message = with(&["eu-central-1a", "eu-central-1a"], Scheme::Internal);
    assert!(
        message.contains("are in one Availability Zone"),
        "{message}"
    );
    let message = with(&["eu-central-1a", "eu-central-1b"], Scheme::InternetFacing);
    assert!(
        message.contains("no route to an internet gateway"),
        "{message}"
    );
}

#[test]
fn a_reference_to_a_resource_of_one_language_says_what_to_do() {
    let with = |value: fn(Expr) -> Expr| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let topic = stack.add("Topic", RawResource::new().cfn("AWS::SNS::Topic"));
        let name = value(topic.attr(Attr::by_ref("arn")));
        stack.add(
            "Logs",
            LogGroup::new().log_group_name(ssm_synth::Value::Expr(name)),
        );
        found(&app)
    };
    let message = with(|it| it);
    assert!(
        message.contains("refers to `Access/Topic`, which does not exist in Terraform"),
        "{message}"
    );
    assert!(
        message.contains("add its type with `.tf(\"aws_…\")`"),
        "{message}"
    );
    let only_cfn = with(|it| Expr::PerLanguage {
        cfn: Box::new(it),
        tf: Box::new(Expr::text("logs")),
    });
    assert_eq!(only_cfn, "");
}

#[test]
fn names_in_lifecycle_and_providers_are_checked() {
    let with = |change: fn(&mut Scope<'_>)| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        stack.provider_alias("usest1", "us-east-1");
        change(&mut stack);
        found(&app)
    };
    let message = with(|stack| {
        let group = stack.add("Logs", LogGroup::new());
        let ignored = Lifecycle::new().ignore_changes(["retention_in_day"]);
        stack.overrides(group).lifecycle(ignored);
    });
    assert!(
        message.contains("did you mean `retention_in_days`?"),
        "{message}"
    );
    let message = with(|stack| {
        let raw = RawResource::new()
            .tf("aws_sns_topic")
            .argument("display_name", "x");
        let topic = stack.add("Topic", raw);
        let ignored = Lifecycle::new().ignore_changes(["display_nam"]);
        stack.overrides(topic).lifecycle(ignored);
    });
    assert!(
        message.contains("did you mean `display_name`?"),
        "{message}"
    );
    let message = with(|stack| {
        let raw = RawResource::new()
            .tf("aws_sns_topic")
            .argument("provider", "aws.usest");
        stack.add("Topic", raw);
    });
    assert!(message.contains("did you mean `aws.usest1`?"), "{message}");
    let fine = with(|stack| {
        let raw = RawResource::new()
            .tf("aws_sns_topic")
            .argument("provider", "aws.usest1");
        let topic = stack.add("Topic", raw);
        let ignored = Lifecycle::new().ignore_changes(["policy", "tags[\"Owner\"]"]);
        stack.overrides(topic).lifecycle(ignored);
        let group = stack.add("Logs", LogGroup::new());
        let ignored = Lifecycle::new().ignore_changes(["retention_in_days", "arn"]);
        stack.overrides(group).lifecycle(ignored);
    });
    assert_eq!(fine, "");
}

#[test]
fn logical_ids_and_terraform_names_can_be_set() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let group = stack.add("Logs", LogGroup::new());
    stack.output("Name", group, "The log group");
    stack
        .overrides(group)
        .logical_id("LogsF2A7B1C4")
        .tf_name("old_logs");
    let template = template(&app);
    assert_eq!(
        template["Resources"]["LogsF2A7B1C4"]["Type"],
        "AWS::Logs::LogGroup"
    );
    assert_eq!(template["Outputs"]["Name"]["Value"]["Ref"], "LogsF2A7B1C4");
    let validated = app.validate().unwrap();
    let module = backend::tf::module(&validated, "Access", ModuleKind::Root).unwrap();
    assert!(
        module
            .to_hcl()
            .contains("aws_cloudwatch_log_group.old_logs.name")
    );

    let mut stack = app.stack("Access");
    let second = stack.add("Second", LogGroup::new());
    let line = line!() + 1;
    stack.overrides(second).logical_id("LogsF2A7B1C4");
    let message = found(&app);
    assert!(
        message.contains("duplicate name `LogsF2A7B1C4` in CloudFormation"),
        "{message}"
    );
    // The line that sets the ID, not the line that adds the resource.
    let at = format!("tests/it/team_app.rs:{line}:");
    assert!(message.contains(&at), "{message}");
    app.stack("Access")
        .overrides(second)
        .logical_id("Logs-1")
        .tf_name("1st");
    let message = found(&app);
    assert!(
        message.contains("`Logs-1` is not a logical ID"),
        "{message}"
    );
    assert!(
        message.contains("`1st` is not a name in Terraform"),
        "{message}"
    );
}

#[test]
fn a_duplicate_construct_is_one_error() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    for _ in 0..2 {
        stack.add_inline(SessionAccess::new());
    }
    let message = found(&app);
    assert_eq!(
        message.matches("error[duplicate-name]").count(),
        1,
        "{message}"
    );
}

#[test]
fn stacks_of_one_module_name_are_an_error() {
    let mut app = App::new();
    for name in ["Access", "access"] {
        app.stack(name).add("Logs", LogGroup::new());
    }
    let message = found(&app);
    assert!(
        message.contains("duplicate module name `access` in Terraform"),
        "{message}"
    );
}
