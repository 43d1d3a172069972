//! Names do not change when resources are added.

use ssm_synth::construct::PrivateInstance;
use ssm_synth::resource::{Instance, Typed};
use ssm_synth::{App, SessionAccess, backend};

fn resources(hosts: &[&str]) -> serde_json::Map<String, serde_json::Value> {
    let mut app = App::new();
    let pattern = hosts.iter().fold(SessionAccess::new(), |pattern, name| {
        pattern.instance(PrivateInstance::new(*name))
    });
    app.stack("Access").add_inline(pattern);
    let validated = app.validate().unwrap();
    let text = backend::cfn::template(&validated, "Access")
        .unwrap()
        .to_json();
    let template: serde_json::Value = serde_json::from_str(&text).unwrap();
    template["Resources"].as_object().unwrap().clone()
}

#[test]
fn a_sibling_renames_nothing() {
    let one = resources(&["web"]);
    let more = resources(&["api", "web", "worker"]);
    for (id, resource) in &one {
        assert_eq!(more.get(id), Some(resource), "{id}");
    }
    assert_eq!(more.len(), one.len() + 4);
}

#[test]
fn an_order_changes_no_name() {
    let mut ids: Vec<String> = resources(&["a", "b", "c"]).keys().cloned().collect();
    let mut others: Vec<String> = resources(&["c", "a", "b"]).keys().cloned().collect();
    ids.sort();
    others.sort();
    assert_eq!(ids, others);
}

#[test]
fn two_paths_never_share_a_name() {
    let mut app = App::new();
    let pattern = SessionAccess::new()
        .instance(PrivateInstance::new("web-1"))
        .instance(PrivateInstance::new("web1"));
    app.stack("Access").add_inline(pattern);
    let diagnostics = app.validate().unwrap_err();
    // All parts of the names collide in both languages, and the error appears once.
    assert_eq!(diagnostics.iter().count(), 1, "{diagnostics}");
    let paths = &diagnostics.iter().next().unwrap().paths;
    assert_eq!(paths, &["Access/web1/Image", "Access/web-1/Image"]);
}

#[test]
fn an_added_instance_is_one_block_of_lines() {
    let mut texts = Vec::new();
    for hosts in [&["web"][..], &["web", "worker"][..]] {
        let mut app = App::new();
        let pattern = hosts.iter().fold(SessionAccess::new(), |pattern, name| {
            pattern.instance(PrivateInstance::new(*name))
        });
        app.stack("Access").add_inline(pattern);
        let validated = app.validate().unwrap();
        texts.push(
            backend::cfn::template(&validated, "Access")
                .unwrap()
                .to_yaml(),
        );
    }
    let diff = similar::TextDiff::from_lines(&texts[0], &texts[1]);
    let groups = diff.grouped_ops(0);
    // One line range is in the resources, one in the outputs, and no line is deleted.
    assert_eq!(groups.len(), 2);
    assert!(
        diff.iter_all_changes()
            .all(|change| change.tag() != similar::ChangeTag::Delete)
    );
}

#[test]
fn a_circular_dependency_is_reported() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let handles = stack.add_inline(SessionAccess::new());
    stack.depends_on(
        handles.instances[0].role,
        [handles.instances[0].instance.node()],
    );
    let diagnostics = app.validate().unwrap_err().to_string();
    assert!(
        diagnostics.contains("circular-dependency") && diagnostics.contains("Access/main/Instance"),
        "{diagnostics}"
    );
}

#[test]
fn a_handle_of_another_app_is_reported() {
    let mut one = App::new();
    let other = one.stack("Other").add_inline(SessionAccess::new());
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let instance = other.instances[0].instance;
    stack.output("Instance", instance.attr(Instance::LINK), "of another app");
    let diagnostics = app.validate().unwrap_err().to_string();
    assert!(diagnostics.contains("another app"), "{diagnostics}");
}

#[test]
fn values_set_on_a_resource_are_validated() {
    let mut app = App::new();
    let mut stack = app.stack("Access");
    let china = ssm_synth::Region::find("cn-north-1").unwrap();
    stack.set_region(china);
    let vpc = stack.add(
        "Vpc",
        ssm_synth::resource::Vpc::new("10.0.0.0/16".parse::<ssm_synth::Cidr>().unwrap()),
    );
    let subnet: ssm_synth::Id<ssm_synth::resource::Subnet> = ssm_synth::Id::new("subnet-9");
    let table = stack.add("Table", ssm_synth::resource::RouteTable::new(vpc));
    stack.add(
        "Association",
        ssm_synth::resource::SubnetRouteTableAssociation::new(subnet, table),
    );
    let actions = ssm_synth::resource::Statement::allow(["s3:GetObject"]).on(["arn:aws:s3:::x/*"]);
    let trust = ssm_synth::resource::PolicyDocument::new([actions]);
    stack.add("Role", ssm_synth::resource::Role::new(trust));
    let diagnostics = app.validate().unwrap_err().to_string();
    assert!(
        diagnostics.contains("`subnet` is `subnet-9`"),
        "{diagnostics}"
    );
    assert!(
        diagnostics.contains("`arn:aws:s3:::x/*` in partition `aws`"),
        "{diagnostics}"
    );
}

#[test]
fn a_zone_inserted_first_changes_no_other_zone() {
    let resources = |zones: &str| {
        let text = format!(
            "network: {{zones: [{zones}]}}\nendpoints: {{zones: [us-west-2c]}}\n\
             instances: [{{name: web, zone: us-west-2c}}]\n"
        );
        let [(_, cfn), ..] = super::documents("zones", &text);
        let template: serde_json::Value = serde_json::from_str(&cfn).unwrap();
        template["Resources"].as_object().unwrap().clone()
    };
    let one = resources("us-west-2c");
    let more = resources("us-west-2a, us-west-2c");
    for (id, resource) in &one {
        if id != "WebInstance" {
            assert_eq!(more.get(id), Some(resource), "{id}");
        }
    }
    // Only the dependencies of the instance change: it waits for one more association.
    assert_eq!(
        more["WebInstance"]["Properties"],
        one["WebInstance"]["Properties"]
    );
    assert_eq!(more.len(), one.len() + 3);
    let cidr = &more["NetworkSubnetC"]["Properties"]["CidrBlock"];
    assert_eq!(cidr, "10.0.32.0/20");
}

#[test]
fn the_rules_of_existing_endpoints_keep_their_names() {
    let ids = |endpoints: &str| {
        let text = format!(
            "network: {{vpc: vpc-0aaaaaaaaaaaaaaa1, subnets: [subnet-0aaaaaaaaaaaaaaa1]}}\n\
             endpoints: {{existing_security_group: sg-0aaaaaaaaaaaaaaa2{endpoints}}}\n"
        );
        let built = super::built("endpoints", &text);
        let nodes = built
            .app
            .graph()
            .stacks()
            .flat_map(|it| built.app.graph().nodes_of(it));
        nodes
            .map(|(_, node)| node.cfn_id().to_owned())
            .collect::<Vec<_>>()
    };
    let existing = ids("");
    let both = ids(", existing: {ssm: vpce-0aaaaaaaaaaaaaaa1}");
    for id in [
        "InstancesToExistingEndpoints",
        "InstancesExistingEndpointsFromInstances",
    ] {
        assert!(existing.iter().any(|it| it == id), "{existing:?}");
    }
    assert!(existing.iter().all(|id| both.contains(id)), "{both:?}");
    assert!(both.iter().all(|id| !id.ends_with('2')), "{both:?}");
}

#[test]
fn iam_limits_are_reported() {
    use ssm_synth::resource::{
        InstanceProfile, PolicyDocument, Principal, Role, RolePolicy, Statement,
    };
    let policy = || PolicyDocument::new([Statement::allow(["ssm:GetParameter"]).on(["*"])]);
    let errors = |name: &'static str, role_name: String, description: &'static str| {
        let mut app = App::new();
        let mut stack = app.stack("Access");
        let trust =
            Statement::allow(["sts:AssumeRole"]).principal(Principal::service("ec2.amazonaws.com"));
        let role = Role::new(PolicyDocument::new([trust]))
            .role_name(role_name)
            .description(description);
        let role = stack.add("Role", role);
        stack.add("Policy", RolePolicy::new(name.to_owned(), role, policy()));
        stack.add("Profile", InstanceProfile::new(role).path("/a/"));
        app.validate()
            .err()
            .map(|diagnostics| diagnostics.to_string())
            .unwrap_or_default()
    };
    assert_eq!(errors("p", "r".repeat(64), "ü"), "");
    let long: &'static str = "p".repeat(129).leak();
    assert!(errors(long, "r".to_owned(), "").contains("with 129 characters"));
    assert!(errors("a b", "r".to_owned(), "").contains("`policy_name` is `a b`"));
    assert!(errors("p", "r".repeat(65), "").contains("use 1 to 64"));
    assert!(errors("p", "r".to_owned(), "a — b").contains("error[iam-description]"));
}
