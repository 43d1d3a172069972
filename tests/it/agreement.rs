//! The check of an app and the check of its printed template agree.

use std::collections::BTreeMap;

use ssm_synth::construct::AccessHandles;
use ssm_synth::frontend::cfn::Deployment;
use ssm_synth::frontend::{Input, SourceFile};
use ssm_synth::ir::Dialect;
use ssm_synth::prelude::*;
use ssm_synth::reachability::{self, Assumptions, Hop, HopStatus, Reachability, Verdict};
use ssm_synth::resource::{
    Listener, ListenerAction, LoadBalancer, LoadBalancerProtocol, Route, RouteTable, Scheme,
    SecurityGroup, TransitGatewayVpcAttachment,
};

use super::{built, cases};

type Verdicts = BTreeMap<String, (Verdict, BTreeMap<Hop, HopStatus>)>;

fn verdicts(
    of: &Reachability,
    name: impl Fn(&reachability::InstanceReachability) -> String,
) -> Verdicts {
    let each = of.instances.iter();
    each.map(|it| {
        let hops = it.hops.iter().map(|hop| (hop.hop, hop.status));
        // Only an app shows that its sessions use its own document.
        let hops = hops.filter(|it| it.0 != Hop::SessionPreferences);
        (name(it), (it.verdict, hops.collect()))
    })
    .collect()
}

/// Returns the results of the check of an app, by the logical IDs of the instances.
fn of_app(app: &App) -> (Verdicts, Reachability) {
    let graph = app.graph();
    let checked = reachability::check_in(graph, Dialect::Cfn, &Assumptions::default());
    let name =
        |it: &reachability::InstanceReachability| graph.node(it.node).unwrap().cfn_id().to_owned();
    (verdicts(&checked, name), checked)
}

/// Returns the results of the check of the printed templates.
fn of_templates(app: &App, templates: Vec<(String, String)>) -> (Verdicts, Reachability) {
    let region = |name: &str| app.graph().stack(name).unwrap().region;
    let files = templates.into_iter().map(|(name, text)| SourceFile {
        region: region(&name),
        name,
        text,
    });
    let files: Vec<SourceFile> = files.collect();
    let input = Input::read_templates(&files, &Deployment::default(), &|_, _| None).unwrap();
    let each = input.graphs.iter();
    let each = each.map(|it| reachability::check(it, &Assumptions::default()));
    let checked = reachability::merge(each.collect());
    let graph = &input.graphs[0];
    let name = |it: &reachability::InstanceReachability| {
        let id = graph.node(it.node).unwrap().display_id();
        id.rsplit('/').next().unwrap().to_owned()
    };
    (verdicts(&checked, name), checked)
}

fn agree(name: &str, app: &App) -> Option<String> {
    let validated = app.validate().unwrap_or_else(|it| panic!("{name}: {it}"));
    let stacks = app.graph().stacks();
    let templates = stacks.map(|it| {
        let text = backend::cfn::template(&validated, &it.name)
            .unwrap()
            .to_json();
        (it.name.clone(), text)
    });
    let (own, checked) = of_app(app);
    let (printed, of_template) = of_templates(app, templates.collect());
    (own != printed).then(|| {
        let details = |of: &Reachability| {
            let hops = of.instances.iter().flat_map(|it| &it.hops);
            let open = hops.filter(|it| it.status != HopStatus::Pass);
            let lines = open.map(|it| format!("    {:?} {:?} {}", it.hop, it.status, it.detail));
            lines.collect::<Vec<_>>().join("\n")
        };
        format!(
            "{name}: app {own:?}\n{}\n  template {printed:?}\n{}",
            details(&checked),
            details(&of_template)
        )
    })
}

/// Returns a stack with one reachable instance, and the VPC and a subnet of its network.
fn sound() -> (App, AccessHandles) {
    let mut app = App::new();
    let access = app.stack("Access").add_inline(SessionAccess::new());
    (app, access)
}

/// A change that makes the template one that CloudFormation or a service refuses, and a part of the
/// reason.
type Broken = (
    &'static str,
    fn(&mut Scope<'_>, &AccessHandles),
    &'static str,
);

const BROKEN: &[Broken] = &[
    (
        "a listener without an action",
        |stack, access| {
            let subnets = &access.network.subnets;
            let balancer = LoadBalancer::new(Scheme::Internal).subnets(subnets);
            let balancer = stack.add("Balancer", balancer);
            stack.add(
                "Listener",
                Listener::new(balancer, 80, LoadBalancerProtocol::Http),
            );
        },
        "`Access/Listener` has no `",
    ),
    (
        "a port that does not exist",
        |stack, access| {
            let group = SecurityGroup::new("a group", &access.network.vpc);
            let group = stack.add("Group", group);
            let balancer = LoadBalancer::new(Scheme::Internal)
                .subnets(&access.network.subnets)
                .security_groups([group]);
            let balancer = stack.add("Balancer", balancer);
            let action = ListenerAction::redirect_to_https();
            let listener = Listener::new(balancer, 99_999, LoadBalancerProtocol::Http);
            stack.add("Listener", listener.default_actions([action]));
        },
        "99999",
    ),
    (
        "an attachment without subnets",
        |stack, access| {
            let vpc = &access.network.vpc;
            let attachment = TransitGatewayVpcAttachment::new("tgw-0a1b2c3d4e5f60718", vpc);
            stack.add("Attachment", attachment);
        },
        "`Access/Attachment` has no `",
    ),
    (
        "a route without a destination",
        |stack, access| {
            let table = stack.add("Table", RouteTable::new(&access.network.vpc));
            stack.add(
                "Route",
                Route::new(table).transit_gateway("tgw-0a1b2c3d4e5f60718"),
            );
        },
        "DestinationCidrBlock",
    ),
    (
        "a signal that nothing sends",
        |stack, access| {
            stack
                .overrides(access.instances[0].instance)
                .cfn_attribute("/CreationPolicy/ResourceSignal/Timeout", "PT15M");
        },
        "signal",
    ),
    (
        "a removal policy that does not exist",
        |stack, access| {
            stack
                .overrides(access.instances[0].instance)
                .cfn_attribute("/DeletionPolicy", "Keep");
        },
        "`Keep`",
    ),
    (
        "a snapshot of a resource that has none",
        |stack, access| {
            stack
                .overrides(access.instances[0].instance)
                .cfn_attribute("/DeletionPolicy", "Snapshot");
        },
        "`Snapshot`",
    ),
    (
        "a value outside the schema",
        |stack, access| {
            stack
                .overrides(access.instances[0].instance)
                .cfn("/MetadataOptions/HttpPutResponseHopLimit", 65);
        },
        "`65`",
    ),
    (
        "a reference to a resource that does not exist",
        |stack, access| {
            stack
                .overrides(access.instances[0].instance)
                .cfn("/KeyName", json!({ "Ref": "Kye" }));
        },
        "`Kye`",
    ),
    (
        "a reference inside a text",
        |stack, access| {
            stack
                .overrides(access.instances[0].instance)
                .cfn("/KeyName", json!({ "Fn::Sub": "key-${Kye.Name}" }));
        },
        "`Kye`",
    ),
    (
        "an attribute that does not exist",
        |stack, _| {
            let topic = stack.add("Topic", RawResource::new().cfn("AWS::SNS::Topic"));
            let arn = topic.attr(Attr::by_get_att("TopicArm", "arn"));
            let raw = RawResource::new().cfn("AWS::SNS::TopicInlinePolicy");
            let policy = raw
                .property("TopicArn", arn)
                .property("PolicyDocument", json!({}));
            stack.add("Policy", policy);
        },
        "`TopicArm`",
    ),
    (
        "an attribute that does not exist, in an output",
        |stack, _| {
            let topic = stack.add(
                "Topic",
                RawResource::new()
                    .cfn("AWS::SNS::Topic")
                    .tf("aws_sns_topic"),
            );
            let arn = topic.attr(Attr::by_get_att("TopicArm", "arn"));
            stack.output("TopicArn", arn, "The topic");
        },
        "`TopicArm`",
    ),
    (
        "a raw resource with a typo",
        |stack, _| {
            let topic = RawResource::new().cfn("AWS::SNS::Topic");
            stack.add("Topic", topic.property("DisplayNam", "sessions"));
        },
        "did you mean `DisplayName`?",
    ),
    (
        "a raw resource of a type with a typo",
        |stack, _| {
            stack.add("Topic", RawResource::new().cfn("AWS::SNS::Topics"));
        },
        "did you mean `AWS::SNS::Topic`?",
    ),
    (
        "a raw resource without a required property",
        |stack, _| {
            stack.add(
                "Subscription",
                RawResource::new().cfn("AWS::SNS::Subscription"),
            );
        },
        "Protocol",
    ),
    (
        "a circle through an override",
        |stack, access| {
            let group = SecurityGroup::new("a group", &access.network.vpc);
            let group = stack.add("Group", group);
            let other = SecurityGroup::new("another group", &access.network.vpc);
            let other = stack.add("Other", other);
            stack
                .overrides(group)
                .cfn("/GroupDescription", json!({ "Ref": "Other" }));
            stack
                .overrides(other)
                .cfn("/GroupDescription", json!({ "Ref": "Group" }));
        },
        "circular dependency",
    ),
    (
        "a wait condition that nothing ends",
        |stack, _| {
            let raw = RawResource::new().cfn("AWS::CloudFormation::WaitConditionHandle");
            let handle = stack.add("Handle", raw);
            let wait = RawResource::new()
                .cfn("AWS::CloudFormation::WaitCondition")
                .property("Handle", RawValue::from(handle.attr(Attr::by_ref("id"))))
                .property("Timeout", "300");
            stack.add("Wait", wait);
        },
        "nothing uses its handle",
    ),
    (
        "user data that stops the agent",
        |stack, access| {
            let script = "#!/bin/sh\nsystemctl disable --now amazon-ssm-agent\n";
            stack
                .overrides(access.instances[0].instance)
                .cfn("/UserData", json!({ "Fn::Base64": script }));
        },
        "",
    ),
    (
        "a group without outbound rules",
        |stack, access| {
            stack.overrides(access.security_group).cfn(
                "/SecurityGroupEgress",
                json!([{ "CidrIp": "127.0.0.1/32", "IpProtocol": "-1" }]),
            );
        },
        "",
    ),
];

#[test]
fn the_check_of_each_configuration_agrees_with_that_of_its_template() {
    let differs = |(name, text): (String, String)| agree(&name, &built(&name, &text).app);
    let found: Vec<String> = cases().into_iter().filter_map(differs).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_of_a_broken_app_agrees_with_that_of_its_template() {
    let (app, _) = sound();
    assert_eq!(agree("sound", &app), None);
    let mut found = Vec::new();
    for (name, change, reason) in BROKEN {
        let (mut app, access) = sound();
        let mut stack = app.stack("Access");
        change(&mut stack, &access);
        for code in ["override", "raw-resource-property", "reference", "template"] {
            stack.suppress_rule(code, "the test prints it");
        }
        found.extend(agree(name, &app));
        let (own, checked) = of_app(&app);
        let is_reachable = own.values().any(|it| it.0 == Verdict::Reachable);
        let details = checked.instances.iter().flat_map(|it| &it.hops);
        let details: Vec<String> = details
            .map(|it| format!("{} {:?}", it.detail, it.fix))
            .collect();
        if is_reachable || !details.iter().any(|it| it.contains(reason)) {
            found.push(format!("{name}: {own:?} {details:#?}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Allows all outbound traffic to a range.
fn egress(stack: &mut Scope<'_>, access: &AccessHandles, range: serde_json::Value) {
    stack.overrides(access.security_group).cfn(
        "/SecurityGroupEgress",
        json!([{ "CidrIp": range, "IpProtocol": "-1" }]),
    );
}

type Spelled = (&'static str, fn(&mut Scope<'_>, &AccessHandles));

/// Changes in the user's JSON that only spell a value in another way.
const SPELLED: &[Spelled] = &[
    ("an image by a dynamic reference", |stack, access| {
        let name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
        let image = format!("{{{{resolve:ssm:{name}}}}}");
        stack
            .overrides(access.instances[0].instance)
            .cfn("/ImageId", image);
    }),
    ("an item of a list", |stack, access| {
        let ranges = ["0.0.0.0/0", "10.0.0.0/8"];
        egress(stack, access, json!({ "Fn::Select": ["0", ranges] }));
    }),
    ("an item of a split text", |stack, access| {
        let ranges = json!({ "Fn::Split": ["|", "10.0.0.0/8|0.0.0.0/0"] });
        egress(stack, access, json!({ "Fn::Select": [1, ranges] }));
    }),
    ("a joined text", |stack, access| {
        egress(stack, access, json!({ "Fn::Join": ["/", ["0.0.0.0", 0]] }));
    }),
    ("joined user data", |stack, access| {
        let lines = json!({ "Fn::Join": ["\n", ["#!/bin/sh", "echo hello"]] });
        stack
            .overrides(access.instances[0].instance)
            .cfn("/UserData", json!({ "Fn::Base64": lines }));
    }),
];

#[test]
fn functions_in_json_of_the_user_have_the_value_that_a_file_gives_them() {
    let mut found = Vec::new();
    for (name, change) in SPELLED {
        let (mut app, access) = sound();
        change(&mut app.stack("Access"), &access);
        found.extend(agree(name, &app));
        let (own, checked) = of_app(&app);
        if own.values().any(|it| it.0 != Verdict::Reachable) {
            let hops = checked.instances.iter().flat_map(|it| &it.hops);
            let open = hops.filter(|it| it.status != HopStatus::Pass);
            let open: Vec<&str> = open.map(|it| it.detail.as_str()).collect();
            found.push(format!("{name}: {open:#?}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn scripts_name_resources_by_their_logical_ids() {
    let endpoints = Endpoints::new().services(["cloudformation"]);
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new().endpoints(endpoints));
    let script = "#!/bin/bash\n/opt/aws/bin/cfn-signal -e 0 --stack ${AWS::StackName} --resource \
                  MainInstance --region ${AWS::Region}\n";
    stack
        .overrides(access.instances[0].instance)
        .cfn("/UserData", json!({ "Fn::Base64": { "Fn::Sub": script } }))
        .cfn_attribute("/CreationPolicy/ResourceSignal/Timeout", "PT15M");
    assert_eq!(agree("signal", &app), None);
    let (own, checked) = of_app(&app);
    let is_reachable = own.values().all(|it| it.0 == Verdict::Reachable);
    assert!(is_reachable, "{:#?}", checked.instances[0].hops);
}

#[test]
fn an_override_in_terraform_keeps_the_policies_of_a_role() {
    let (mut app, access) = sound();
    let role = access.instance_role.as_ref().unwrap().role;
    app.stack("Access")
        .overrides(role)
        .tf("/max_session_duration", 7200);
    let checked = reachability::check_in(app.graph(), Dialect::Tf, &Assumptions::default());
    let verdicts: Vec<Verdict> = checked.instances.iter().map(|it| it.verdict).collect();
    assert_eq!(
        verdicts,
        [Verdict::Reachable],
        "{:#?}",
        checked.instances[0].hops
    );
}

#[test]
fn validation_reports_what_cloudformation_refuses() {
    let mut found = Vec::new();
    for (name, change, reason) in BROKEN {
        let (mut app, access) = sound();
        change(&mut app.stack("Access"), &access);
        // AWS creates the resources, and only the reachability check follows their scripts and rules.
        let is_of_check = reason.is_empty();
        let out = match app.validate() {
            Ok(validated) => validated.warnings().to_string(),
            Err(found) => found.to_string(),
        };
        if out.contains("error[") == is_of_check || !is_of_check && !out.contains(reason) {
            found.push(format!("{name}: {out}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
