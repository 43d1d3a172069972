//! Mistakes in modeled resources that a service certainly refuses, or that make the languages differ.

use serde_json::{Value, json};
use ssm_synth::backend::{self, tf::ModuleKind};
use ssm_synth::construct::Database;
use ssm_synth::ir::Diagnostics;
use ssm_synth::resource::*;
use ssm_synth::{App, Id, Scope, SessionAccess};

const BUCKET_ARN: &str = "arn:aws:s3:::records/*";

fn errors(build: impl FnOnce(&mut Scope<'_>)) -> Diagnostics {
    let mut app = App::new();
    build(&mut app.stack("Access"));
    match app.validate() {
        Ok(validated) => validated.warnings().clone(),
        Err(found) => found,
    }
}

fn trust(principal: Principal) -> Statement {
    Statement::allow(["sts:AssumeRole"]).principal(principal)
}

fn with_trust(scope: &mut Scope<'_>, statement: Statement) -> ssm_synth::Handle<Role> {
    scope.add("Role", Role::new(PolicyDocument::new([statement])))
}

fn ec2() -> Statement {
    trust(Principal::service("ec2.amazonaws.com"))
}

fn of_bucket(scope: &mut Scope<'_>, statement: Statement) {
    let bucket = scope.add("Bucket", Bucket::new());
    let policy = BucketPolicy::new(bucket, PolicyDocument::new([statement]));
    scope.add("Policy", policy);
}

fn permission(scope: &mut Scope<'_>, action: &'static str, principal: &'static str) {
    let permission = LambdaPermission::new("rotate", action, principal);
    scope.add("Call", permission.source_account("111122223333"));
}

fn listener(
    scope: &mut Scope<'_>,
    of: Option<LoadBalancerType>,
    protocols: (LoadBalancerProtocol, LoadBalancerProtocol),
) {
    let access = scope.add_inline(SessionAccess::new());
    let subnets = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"].map(Id::<Subnet>::new);
    let mut balancer = LoadBalancer::new(Scheme::Internal).subnets(subnets);
    balancer.load_balancer_type = of.map(ssm_synth::Value::Lit);
    let balancer = scope.add("Balancer", balancer);
    let group = TargetGroup::of_instances(&access.network.vpc, 80, protocols.1);
    let group = scope.add("Targets", group);
    let listener = Listener::new(balancer, 80, protocols.0);
    scope.add(
        "Listener",
        listener.default_actions([ListenerAction::forward(group)]),
    );
}

type Case = (&'static str, fn(&mut Scope<'_>));

/// Each mistake is one error, which names the value. Without a message, the resources are right.
const CASES: &[Case] = &[
    (
        "`ec2` is not a service principal, such as `ec2.amazonaws.com`",
        |it| {
            with_trust(it, trust(Principal::service("ec2")));
        },
    ),
    (
        "`arn:aws:iam::aws:ec2` is not a service principal, such as `ec2.amazonaws.com`",
        |it| {
            with_trust(it, trust(Principal::service("arn:aws:iam::aws:ec2")));
        },
    ),
    ("", |it| {
        with_trust(
            it,
            trust(Principal::service("ops.apigateway.amazonaws.com")),
        );
    }),
    ("a `Principal` is empty", |it| {
        with_trust(it, trust(Principal::Several(Vec::new())));
    }),
    ("a `Principal` is empty", |it| {
        let none = vec![("Service".into(), Vec::new())];
        with_trust(it, trust(Principal::Several(none)));
    }),
    (
        "unknown kind of principal `Services`; did you mean `Service`?",
        |it| {
            let wrong = vec![("Services".into(), vec!["ec2.amazonaws.com".into()])];
            with_trust(it, trust(Principal::Several(wrong)));
        },
    ),
    (
        "IAM refuses `Access/Role` (`MalformedPolicyDocument`): the policy has no statement",
        |it| {
            it.add("Role", Role::new(PolicyDocument::new([])));
        },
    ),
    (
        "IAM refuses `Access/Policy` (`MalformedPolicyDocument`): the policy has no statement",
        |it| {
            it.add("Policy", ManagedPolicy::new(PolicyDocument::new([])));
        },
    ),
    (
        "`AmazonSSMManagedInstanceCore` is not the ARN of a policy",
        |it| {
            let role = Role::new(PolicyDocument::new([ec2()]));
            it.add(
                "Role",
                role.managed_policies([Id::new("AmazonSSMManagedInstanceCore")]),
            );
        },
    ),
    (
        "`boundary-of-the-platform-team` is not the ARN of a policy",
        |it| {
            let role = Role::new(PolicyDocument::new([ec2()]));
            it.add(
                "Role",
                role.permissions_boundary(Id::new("boundary-of-the-platform-team")),
            );
        },
    ),
    (
        "`Access/One` and `Access/Two` both set policy `read` of one role",
        |it| {
            let role = with_trust(it, ec2());
            for id in ["One", "Two"] {
                let read = Statement::allow(["s3:GetObject"]).on(["*"]);
                it.add(
                    id,
                    RolePolicy::new("read", role, PolicyDocument::new([read])),
                );
            }
        },
    ),
    ("", |it| {
        let role = with_trust(it, ec2());
        for id in ["One", "Two"] {
            let read = Statement::allow(["s3:GetObject"]).on(["*"]);
            it.add(id, RolePolicy::new(id, role, PolicyDocument::new([read])));
        }
    }),
    ("both set the policy of one bucket", |it| {
        let bucket = it.add("Bucket", Bucket::new());
        for id in ["One", "Two"] {
            let read = Statement::allow(["s3:GetObject"]).on([BUCKET_ARN]);
            let read = PolicyDocument::new([read.principal(Principal::Any)]);
            it.add(id, BucketPolicy::new(bucket, read));
        }
    }),
    (
        "S3 refuses `Access/Policy` (`MalformedPolicy`): a policy of a resource requires a `Principal`",
        |it| {
            of_bucket(it, Statement::allow(["s3:GetObject"]).on([BUCKET_ARN]));
        },
    ),
    (
        "`cloudtrail` is not a service principal, such as `cloudtrail.amazonaws.com`",
        |it| {
            let write = Statement::allow(["s3:PutObject"]).on([BUCKET_ARN]);
            of_bucket(it, write.principal(Principal::service("cloudtrail")));
        },
    ),
    (
        "KMS refuses `Access/Key` (`MalformedPolicyDocumentException`): a policy of a resource requires",
        |it| {
            let all = PolicyDocument::new([Statement::allow(["kms:*"]).on(["*"])]);
            it.add("Key", KmsKey::new().key_policy(all));
        },
    ),
    (
        "SNS refuses `Access/Policy` (`InvalidParameter`): a policy of a resource requires",
        |it| {
            let topic = it.add("Topic", Topic::new());
            let publish = PolicyDocument::new([Statement::allow(["sns:Publish"]).on(["*"])]);
            it.add("Policy", TopicPolicy::new(topic, publish));
        },
    ),
    ("a policy of a role has no `Principal`", |it| {
        let read = Statement::allow(["s3:GetObject"]).on(["*"]);
        let read = PolicyDocument::new([read.principal(Principal::Any)]);
        it.add("Policy", ManagedPolicy::new(read));
    }),
    (
        "`action` of `Access/Call` is `s3:GetObject`, not an action of Lambda",
        |it| {
            permission(it, "s3:GetObject", "events.amazonaws.com");
        },
    ),
    (
        "`principal` of `Access/Call` is `events`, not a service, an account or an ARN",
        |it| {
            permission(it, "lambda:InvokeFunction", "events");
        },
    ),
    ("", |it| {
        permission(it, "lambda:InvokeFunction", "events.amazonaws.com")
    }),
    (
        "`protocol` of `Access/Mail` is `mail`, which SNS does not have",
        |it| {
            let topic = it.add("Topic", Topic::new());
            it.add("Mail", Subscription::new(topic, "mail", "team@example.com"));
        },
    ),
    (
        "its protocol is `HTTP`, and `Access/Balancer` is a Network Load Balancer",
        |it| {
            let http = LoadBalancerProtocol::Http;
            listener(it, Some(LoadBalancerType::Network), (http, http));
        },
    ),
    (
        "its protocol is `TCP`, and `Access/Balancer` is an Application Load Balancer",
        |it| {
            listener(
                it,
                None,
                (LoadBalancerProtocol::Tcp, LoadBalancerProtocol::Http),
            );
        },
    ),
    (
        "the protocol of target group `Access/Targets` is `HTTP`",
        |it| {
            let protocols = (LoadBalancerProtocol::Tcp, LoadBalancerProtocol::Http);
            listener(it, Some(LoadBalancerType::Network), protocols);
        },
    ),
    ("", |it| {
        let http = LoadBalancerProtocol::Http;
        listener(it, Some(LoadBalancerType::Application), (http, http));
    }),
    ("the listener has no certificate", |it| {
        let protocols = (LoadBalancerProtocol::Tls, LoadBalancerProtocol::Tcp);
        listener(it, Some(LoadBalancerType::Network), protocols);
    }),
    ("`subnet` is `subnet-1`, not the ID of a subnet", |it| {
        let subnet: Id<Subnet> = Id::new("subnet-1");
        it.add(
            "Tie",
            SubnetRouteTableAssociation::new(subnet, Id::new("rtb-0a1b2c3d")),
        );
    }),
    ("`Access/Key` sets `pending_window_in_days` to `5`", |it| {
        it.add("Key", KmsKey::new().pending_window_in_days(5));
    }),
];

#[test]
fn a_mistake_that_a_service_refuses_is_one_error() {
    for (message, build) in CASES {
        let found = errors(build);
        let text = found.to_string();
        let wanted = usize::from(!message.is_empty());
        assert_eq!(found.iter().count(), wanted, "{message}: {text}");
        assert!(text.contains(message), "{message}: {text}");
        assert_eq!(found.has_errors(), !message.is_empty(), "{text}");
    }
}

/// An override has the names of its language.
#[test]
fn an_error_of_an_override_has_the_name_of_the_property() {
    let found = errors(|it| {
        let key = it.add("Key", KmsKey::new());
        it.overrides(key).cfn("/PendingWindowInDays", 5);
    });
    let text = found.to_string();
    assert!(text.contains("sets `PendingWindowInDays` to `5`"), "{text}");
}

/// A value of Terraform alone is an error in the words of Terraform.
#[test]
fn a_value_in_terraform_is_judged_as_that_of_cloudformation() {
    let found = errors(|it| {
        let mail = RawResource::new()
            .tf("aws_sns_topic_subscription")
            .argument("topic_arn", "arn:aws:sns:eu-central-1:111122223333:team")
            .argument("endpoint", "team@example.com")
            .argument("protocol", "mail");
        it.add("Mail", mail);
        let call = LambdaPermission::new("rotate", "lambda:InvokeFunction", "111122223333");
        let call = it.add("Call", call);
        it.overrides(call).tf("/principal", "events");
    });
    let text = found.to_string();
    assert_eq!(found.iter().count(), 2, "{text}");
    for message in [
        "`protocol` of `Access/Mail` is `mail`, which SNS does not have",
        "override `/principal`: `principal` of `Access/Call` is `events`, not a service",
    ] {
        assert!(text.contains(message), "{message}: {text}");
    }
}

fn peering() -> VpcPeeringConnection {
    let [one, other] = ["vpc-0a1b2c3d", "vpc-0a1b2c3e"].map(Id::<Vpc>::new);
    VpcPeeringConnection::new(one, other)
}

/// Returns `auto_accept` in Terraform, and the messages.
fn acceptance(peering: VpcPeeringConnection, accepter: bool) -> (Value, String) {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let peering = stack.add("Peering", peering);
    if accepter {
        let accepter = RawResource::new()
            .tf("aws_vpc_peering_connection_accepter")
            .argument("vpc_peering_connection_id", peering)
            .argument("auto_accept", true);
        stack.add("Accepter", accepter);
    }
    match app.validate() {
        Err(found) => (json!("error"), found.to_string()),
        Ok(validated) => {
            let module = backend::tf::module(&validated, "Access", ModuleKind::Root).unwrap();
            let module: Value = serde_json::from_str(&module.to_json()).unwrap();
            let printed = &module["resource"]["aws_vpc_peering_connection"]["peering"];
            (
                printed["auto_accept"].clone(),
                validated.warnings().to_string(),
            )
        }
    }
}

/// CloudFormation accepts each request of its account, and with a role those of another account.
#[test]
fn both_languages_accept_a_peering_connection_or_one_is_reported() {
    let account = || peering().peer_owner("444455556666");
    let region = || peering().peer_region("us-east-1");
    for (connection, accepter, printed, message) in [
        (peering(), false, json!(true), ""),
        (peering().auto_accept(true), false, json!(true), ""),
        (
            peering().auto_accept(false),
            false,
            json!(false),
            "CloudFormation accepts it",
        ),
        (peering().auto_accept(false), true, json!(false), ""),
        (
            account(),
            false,
            Value::Null,
            "set `auto_accept` if it is of this account",
        ),
        (account().auto_accept(true), false, json!(true), ""),
        (account(), true, Value::Null, ""),
        (
            region(),
            false,
            Value::Null,
            "Terraform leaves the request pending",
        ),
        (region(), true, Value::Null, ""),
        (
            region().auto_accept(true),
            true,
            json!("error"),
            "beside `peer_region`",
        ),
    ] {
        let shown = format!("{connection:?} {accepter}");
        let (found, text) = acceptance(connection, accepter);
        assert_eq!(found, printed, "{shown}: {text}");
        assert!(text.contains(message), "{shown}: {text}");
        assert_eq!(text.is_empty(), message.is_empty(), "{shown}: {text}");
    }
}

#[test]
fn the_writer_and_the_readers_of_a_cluster_share_their_rules() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let access = stack.add_inline(SessionAccess::new());
    let group = SecurityGroup::new("Databases", access.network.vpc.clone());
    let group = stack.add("Databases", group);
    let cluster = RawResource::new()
        .cfn("AWS::RDS::DBCluster")
        .tf("aws_rds_cluster")
        .argument("engine", "aurora-postgresql");
    let cluster = stack.add("Cluster", cluster);
    let [writer, readers] = [
        Database::cluster(cluster, group),
        Database::cluster_readers(cluster, group),
    ]
    .map(|it| it.access_from(access.security_group));
    let writer = stack.add("Writer", writer);
    let readers = stack.add("Readers", readers);
    assert_eq!(
        (writer.egress, writer.ingress),
        (readers.egress, readers.ingress)
    );
    let other = SecurityGroup::new("Others", access.network.vpc.clone());
    let other = stack.add("Others", other);
    let others = Database::cluster(cluster, group).access_from(other);
    let others = stack.add("OfOthers", others);
    assert_ne!(writer.ingress, others.ingress);
    assert!(app.validate().is_ok(), "{}", app.validate().unwrap_err());
}

#[test]
fn a_database_of_one_language_has_a_port_for_both() {
    for (raw, is_cfn) in [
        (
            RawResource::new()
                .cfn("AWS::RDS::DBInstance")
                .property("DBInstanceClass", "db.t4g.micro"),
            true,
        ),
        (
            RawResource::new()
                .tf("aws_db_instance")
                .argument("instance_class", "db.t4g.micro"),
            false,
        ),
    ] {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let access = stack.add_inline(SessionAccess::new());
        let orders = stack.add("Orders", raw);
        let group: Id<SecurityGroup> = Id::new("sg-0a1b2c3d4e5f60718");
        let database = Database::instance(orders, group).port(5432);
        stack.add("OrdersAccess", database.access_from(access.security_group));
        assert!(
            app.validate().is_ok(),
            "{is_cfn}: {}",
            app.validate().unwrap_err()
        );
    }
}

/// The value crosses in the root module: a data source would read it before Terraform creates it.
#[test]
fn a_root_module_passes_what_a_stack_copies_to_parameter_store() {
    use ssm_synth::Parameter;
    let build = |reader_region: &str| {
        let mut app = App::new();
        let mut writer = app.stack("Writer");
        writer.set_region("eu-central-1");
        writer.provider_alias("america", "us-east-1");
        let topic = writer.add("Topic", Topic::new());
        let copy = RawResource::new()
            .tf("aws_ssm_parameter")
            .argument("name", "/team/topic")
            .argument("type", "String")
            .argument("value", topic);
        let copy = writer.add("Copy", copy);
        writer.overrides(copy).provider("america");
        let mut reader = app.stack("Reader");
        reader.set_region(reader_region);
        let topic = Parameter::string("Topic")
            .from_parameter_store()
            .default_value("/team/topic");
        let topic = reader.parameter(topic);
        reader.add(
            "Mail",
            RawResource::new()
                .tf("aws_sns_topic_subscription")
                .argument("topic_arn", topic)
                .argument("protocol", "email")
                .argument("endpoint", "team@example.com"),
        );
        app
    };
    let printed = |app: &App, kind: ModuleKind| -> [Value; 3] {
        let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
        let of = |stack| backend::tf::module(&validated, stack, kind).unwrap();
        [
            backend::tf::root(&validated).unwrap(),
            of("Writer"),
            of("Reader"),
        ]
        .map(|it| serde_json::from_str(&it.to_json()).unwrap())
    };
    let app = build("us-east-1");
    let [root, writer, reader] = printed(&app, ModuleKind::Module);
    let variable = "writer_copy_stored_value";
    let call = &root["module"]["reader"];
    assert_eq!(
        call[variable], "${module.writer.copy_stored_value}",
        "{root:#}"
    );
    assert!(
        call["topic"].is_null() && call["depends_on"].is_null(),
        "{root:#}"
    );
    assert!(root["variable"].is_null(), "{root:#}");
    assert_eq!(
        writer["output"]["copy_stored_value"]["value"],
        "${aws_ssm_parameter.copy.insecure_value}"
    );
    assert!(reader["data"]["aws_ssm_parameter"].is_null(), "{reader:#}");
    let subscription = &reader["resource"]["aws_sns_topic_subscription"]["mail"];
    assert_eq!(
        subscription["topic_arn"],
        format!("${{var.{variable}}}"),
        "{reader:#}"
    );
    let declared: Vec<_> = reader["variable"].as_object().unwrap().keys().collect();
    assert_eq!(declared, [variable]);
    assert_eq!(
        app.validate().unwrap().dependencies_of("Reader"),
        ["Writer"]
    );
    // A root module of one stack reads the parameter.
    let [_, writer, reader] = printed(&app, ModuleKind::Root);
    assert!(writer["output"].is_null(), "{writer:#}");
    assert_eq!(
        reader["data"]["aws_ssm_parameter"]["topic"]["name"],
        "${var.topic}"
    );
    // A parameter of this name in another Region is another one.
    let [root, _, reader] = printed(&build("eu-central-1"), ModuleKind::Module);
    assert_eq!(root["module"]["reader"]["topic"], "${var.reader_topic}");
    assert!(
        reader["data"]["aws_ssm_parameter"]["topic"].is_object(),
        "{reader:#}"
    );
    // One stack cannot read what it creates.
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let own = RawResource::new()
        .cfn("AWS::SSM::Parameter")
        .property("Name", "/own")
        .property("Type", "String")
        .property("Value", "a");
    stack.add("Own", own);
    stack.parameter(
        Parameter::string("Own")
            .from_parameter_store()
            .default_value("/own"),
    );
    let found = app.validate().unwrap_err().to_string();
    assert!(
        found.contains("`Access/Own` of the same stack creates it"),
        "{found}"
    );
}

/// The line is that of the resource or output that uses the value, not that of the stack.
#[test]
fn a_value_of_another_region_or_account_is_an_error_at_the_line_that_uses_it() {
    let mut app = App::new();
    let mut here = app.stack("Here");
    here.set_region("eu-central-1");
    here.set_account("111122223333");
    let topic = here.add("Topic", Topic::new());
    let mut there = app.stack("There");
    there.set_region("us-east-1");
    there.set_account("444455556666");
    let mail = Subscription::new(topic, "email", "team@example.com");
    let of_mail = line!() + 1;
    there.add("Mail", mail);
    let raw = RawResource::new()
        .cfn("AWS::SNS::Subscription")
        .property("Protocol", "email");
    let of_raw = line!() + 1;
    let raw = raw.property("TopicArn", topic);
    there.add("Raw", raw);
    let of_output = line!() + 1;
    there.output("Topic", topic, "The topic");
    let found = app.validate().unwrap_err();
    for code in ["cross-region-reference", "cross-account-reference"] {
        let it = found.iter().find(|it| it.code == code).unwrap();
        assert_eq!(
            it.paths,
            ["There/Mail", "There/Raw", "There/Topic"],
            "{found:#}"
        );
        let lines: Vec<u32> = it
            .locations
            .iter()
            .map(|it| match it {
                ssm_synth::ir::SourceLocation::Caller(it) => it.line(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(lines, [of_mail, of_raw, of_output], "{found:#}");
    }
}
