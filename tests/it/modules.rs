//! Values that cross between the Terraform modules of an app.

use std::collections::BTreeSet;

use ssm_synth::backend::{self, tf::ModuleKind};
use ssm_synth::construct::{InstanceRole, Permissions};
use ssm_synth::ir::{Attr, Dialect};
use ssm_synth::resource::{
    Change, LoadBalancerProtocol, LogGroup, ManagedPolicy, Override, PolicyDocument, RawResource,
    Resource, Statement, TargetDescription, TargetGroup,
};
use ssm_synth::{App, SessionAccess};

/// Returns the identifiers behind a prefix, such as those of `var.`.
fn behind<'t>(text: &'t str, prefix: &str) -> BTreeSet<&'t str> {
    let rest = text.split(prefix).skip(1);
    rest.filter_map(|it| {
        it.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .next()
    })
    .collect()
}

/// Checks that each module of an app without parameters declares the variables that it uses, and no
/// others. The root module must pass them from outputs. Returns the variables.
fn variables(app: &App) -> Vec<String> {
    let validated = app.validate().unwrap_or_else(|found| panic!("{found}"));
    let root = backend::tf::root(&validated).unwrap();
    let root: serde_json::Value = serde_json::from_str(&root.to_json()).unwrap();
    let hcl = |stack: &str| {
        let module = backend::tf::module(&validated, stack, ModuleKind::Module).unwrap();
        module.to_hcl()
    };
    let mut all = Vec::new();
    for stack in validated.deployment_order() {
        let text = hcl(stack);
        let used = behind(&text, "var.");
        assert_eq!(behind(&text, "variable \""), used, "{text}");
        for name in used {
            let value = root["module"][stack.to_lowercase()][name].as_str();
            let value = value.unwrap_or_else(|| panic!("`{name}` is not passed\n{root:#}"));
            let path = value.trim_start_matches("${module.").trim_end_matches('}');
            let (from, output) = path.split_once('.').unwrap();
            let from = validated
                .deployment_order()
                .into_iter()
                .find(|it| it.to_lowercase() == from)
                .unwrap();
            assert!(behind(&hcl(from), "output \"").contains(output), "{value}");
            all.push(name.to_owned());
        }
    }
    all
}

/// Adds a stack with an instance, and one with a target group for it.
fn with_target_group() -> App {
    let mut app = App::new();
    let access = app.stack("Access").add_inline(SessionAccess::new());
    let target = TargetDescription::new(access.instances[0].instance);
    let group = TargetGroup::of_instances(&access.network.vpc, 80, LoadBalancerProtocol::Http);
    app.stack("Front").add("T", group.targets([target]));
    app
}

#[test]
fn a_satellite_uses_values_of_other_modules() {
    let names = variables(&with_target_group());
    assert_eq!(names, ["access_main_instance_id", "access_network_vpc_id"]);

    let mut app = App::new();
    let document = PolicyDocument::new([Statement::allow(["s3:GetObject"]).on(["*"])]);
    let policy = app.stack("Iam").add("P", ManagedPolicy::new(document));
    let role = InstanceRole::new(Permissions::SessionOnly).managed_policies([policy]);
    app.stack("Access")
        .add_inline(SessionAccess::new().instance_role(role));
    assert_eq!(variables(&app), ["iam_p_arn"]);
}

#[test]
fn a_value_that_an_override_replaces_does_not_cross() {
    let mut app = with_target_group();
    for (_, node) in app.graph_mut().nodes_mut() {
        if matches!(node.resource, Resource::TargetGroup(_)) {
            let change = Change::Set("vpc-0123456789abcdef0".into());
            node.overrides
                .push(Override::new(Dialect::Tf, "/vpc_id", change));
        }
    }
    assert_eq!(variables(&app), ["access_main_instance_id"]);
}

#[test]
fn a_satellite_cannot_refer_to_a_resource_that_terraform_lacks() {
    let mut app = App::new();
    let access = app.stack("Access").add_inline(SessionAccess::new());
    let mut front = app.stack("Front");
    let target = front.add("Target", RawResource::new().cfn("Acme::X::Y"));
    let target = TargetDescription::new(target.attr(Attr::by_ref("id")));
    let group = TargetGroup::of_instances(&access.network.vpc, 80, LoadBalancerProtocol::Http);
    front.add("T", group.targets([target]));
    let found = app.validate().unwrap_err().to_string();
    assert!(
        found.contains("refers to `Front/Target`, which does not exist in Terraform"),
        "{found}"
    );
    assert!(
        found.contains("add its type with `.tf(\"aws_…\")`"),
        "{found}"
    );
}

#[test]
fn a_stack_without_a_region_keeps_the_provider_of_the_deployment() {
    let mut app = App::new();
    app.stack("Here").set_region("eu-central-1");
    app.stack("Here").add("Logs", LogGroup::new());
    app.stack("Anywhere").add("Logs", LogGroup::new());
    let root = backend::tf::root(&app.validate().unwrap())
        .unwrap()
        .to_json();
    let root: serde_json::Value = serde_json::from_str(&root).unwrap();
    let providers = |module: &str| root["module"][module]["providers"].clone();
    assert_eq!(providers("here")["aws"], "aws.eu_central_1", "{root:#}");
    assert!(providers("anywhere").is_null(), "{root:#}");
    assert_eq!(root["provider"]["aws"]["alias"], "eu_central_1", "{root:#}");
}
