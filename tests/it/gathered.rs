//! Independent errors come in one run, and a consequence of another error does not.

use serde_json::json;
use ssm_synth::construct::{PrivateInstance, PrivateNetwork};
use ssm_synth::ir::{Attr, Diagnostic, Diagnostics, Expr};
use ssm_synth::resource::{
    Listener, LoadBalancer, LoadBalancerProtocol, LogGroup, RawResource, RouteTable, Subnet, Vpc,
};
use ssm_synth::{App, Cidr, Id, Parameter, SessionAccess};

fn errors(app: &App) -> Diagnostics {
    match app.validate() {
        Ok(validated) => panic!("{}", validated.warnings()),
        Err(found) => found,
    }
}

fn codes(found: &Diagnostics) -> Vec<&'static str> {
    let mut codes: Vec<&str> = found.iter().map(|it| it.code).collect();
    codes.sort_unstable();
    codes
}

#[test]
fn errors_of_all_kinds_come_in_one_run() {
    let mut app = App::new();
    app.add_rule(|_, out| out.push(Diagnostic::error("team-rule", "the team does not like it")));
    let mut stack = app.stack("Access");
    let web = PrivateInstance::new("web").instance_type("large");
    stack.add_inline(SessionAccess::new().instance(web));
    let queue = RawResource::new()
        .cfn("AWS::SQS::Queue")
        .property("QueueNam", "jobs");
    let queue = stack.add("Queue", queue);
    stack.overrides(queue).cfn_remove("/Nothing");
    let topic = stack.add("Topic", RawResource::new().cfn("AWS::SNS::Topic"));
    stack.output("Topic", topic.attr(Attr::by_ref("arn")), "The topic");
    let vpc: Id<Vpc> = Id::new("vpc-1");
    stack.add("Table", RouteTable::new(vpc));
    stack.add("Logs", LogGroup::new().retention_in_days(6));
    stack.add("Logs", LogGroup::new());
    stack.parameter(Parameter::string("1st"));
    let first = stack.add("First", RawResource::new().cfn("AWS::SNS::Topic"));
    let second = RawResource::new()
        .cfn("AWS::SNS::Topic")
        .property("DisplayName", first);
    stack.add("Second", second);
    let circle = json!({ "Fn::GetAtt": ["Second", "TopicName"] });
    stack.overrides(first).cfn("/DisplayName", circle);
    let found = errors(&app);
    assert_eq!(
        codes(&found),
        [
            "duplicate-name",
            "id-format",
            "instance-type",
            "log-retention",
            "override",
            "parameter",
            "raw-resource-property",
            "reference",
            "team-rule",
            "template",
        ],
        "{found}"
    );
    let text = found.to_string();
    for part in [
        "circular dependency between `Access/First`, `Access/Second`",
        "`QueueNam`",
        "`retention_in_days` is 6",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn an_error_of_a_resource_hides_only_the_same_error() {
    let mut app = App::new();
    let balancer: Id<LoadBalancer> = Id::new("arn:aws:elasticloadbalancing:eu-central-1:1:x");
    // Its certificate and its default action are missing.
    let listener = Listener::new(balancer, 443, LoadBalancerProtocol::Https);
    app.stack("Access").add("Https", listener);
    let found = errors(&app);
    let text = found.to_string();
    assert!(
        text.contains("`default_actions`, which is required"),
        "{text}"
    );
}

#[test]
fn a_range_that_two_rules_refuse_is_one_error() {
    let mut app = App::new();
    let range = Cidr::v4([10, 0, 0, 0], 8);
    app.stack("Access").add("Vpc", Vpc::new(range));
    let found = errors(&app);
    assert_eq!(found.iter().count(), 1, "{found}");
}

#[test]
fn each_wrong_reference_of_an_output_is_an_error() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let of_template = stack.add("Topic", RawResource::new().cfn("AWS::SNS::Topic"));
    let of_module = stack.add("Queue", RawResource::new().tf("aws_sqs_queue"));
    let both = [of_template, of_module].map(|it| it.attr(Attr::by_ref("id")));
    stack.output("Both", Expr::Concat(both.to_vec()), "Two resources");
    let found = errors(&app);
    assert_eq!(codes(&found), ["reference", "reference"], "{found}");
}

#[test]
fn a_wrong_range_of_a_construct_hides_no_other_range() {
    let mut app = App::new();
    let range = Cidr::v4([10, 1, 0, 0], 16);
    let mut stack = app.stack("Access");
    let overlapping = [Cidr::v4([10, 1, 0, 0], 20), Cidr::v4([10, 1, 8, 0], 24)];
    stack.add(
        "Network",
        PrivateNetwork::new(range).subnet_cidrs(overlapping),
    );
    let vpc = stack.add("Vpc", Vpc::new(range));
    for id in ["First", "Second"] {
        stack.add(
            id,
            Subnet::new(vpc, Cidr::v4([10, 1, 0, 0], 24), "eu-central-1a"),
        );
    }
    let found = errors(&app);
    let paths: Vec<&str> = found.iter().map(|it| it.paths[0].as_str()).collect();
    assert!(paths.contains(&"Access/Network"), "{found}");
    assert!(paths.contains(&"Access/Second"), "{found}");
}

#[test]
fn a_circle_is_one_error() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let first = stack.add("First", LogGroup::new());
    let second = stack.add("Second", LogGroup::new());
    stack.depends_on(first, [second.node()]);
    stack.depends_on(second, [first.node()]);
    let found = errors(&app);
    assert_eq!(codes(&found), ["circular-dependency"], "{found}");
}
