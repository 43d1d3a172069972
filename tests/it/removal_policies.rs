//! Snapshots before the removal of a resource.

use serde_json::json;
use ssm_synth::ir::Dialect;
use ssm_synth::resource::{LogGroup, RawResource, RemovalPolicy, Volume};
use ssm_synth::testing::{Assertions, object_like};
use ssm_synth::{App, Construct, Handle};

fn with_snapshot<R>(resource: impl Construct<Handle = Handle<R>>) -> App {
    let mut app = App::new();
    let mut stack = app.stack("Data");
    let handle = stack.add("Data", resource);
    stack.set_removal_policy(handle, RemovalPolicy::Snapshot);
    app
}

fn database() -> RawResource {
    RawResource::new()
        .cfn("AWS::RDS::DBInstance")
        .property("DBInstanceClass", "db.t4g.micro")
        .tf("aws_db_instance")
        .argument("instance_class", "db.t4g.micro")
}

#[test]
fn a_volume_and_a_database_have_a_snapshot_in_both_languages() {
    let name = "final_snapshot_identifier";
    for app in [
        with_snapshot(Volume::new("eu-central-1a").size(8)),
        with_snapshot(database().argument(name, "orders-final")),
    ] {
        let data = Assertions::of(&app, "Data");
        let of = app.graph().nodes().next().unwrap().1.resource.clone();
        let policies = object_like([
            ("DeletionPolicy", "Snapshot".into()),
            ("UpdateReplacePolicy", "Snapshot".into()),
        ]);
        data.has_resource_type(of.type_name(Dialect::Cfn).unwrap(), policies);
        let own = of.type_name(Dialect::Tf).unwrap();
        let expected = match own {
            "aws_ebs_volume" => object_like([("final_snapshot", true.into())]),
            _ => object_like([(name, "orders-final".into())]),
        };
        data.has_resource_type(own, expected);
    }
}

#[test]
fn a_language_without_a_snapshot_is_an_error_at_the_policy() {
    let identifier = "final_snapshot_identifier";
    let skipped = database()
        .argument(identifier, "orders-final")
        .argument("skip_final_snapshot", true);
    let other = RawResource::new()
        .cfn("AWS::RDS::DBCluster")
        .property("Engine", "aurora-mysql")
        .tf("module")
        .argument("source", "./cluster");
    let cases: [(App, &str); 4] = [
        (
            with_snapshot(LogGroup::new()),
            "applies to types with snapshots, and `AWS::Logs::LogGroup` has none",
        ),
        (
            with_snapshot(database()),
            "requires `final_snapshot_identifier` of `aws_db_instance` in Terraform",
        ),
        (
            with_snapshot(skipped),
            "`skip_final_snapshot` of `aws_db_instance` omits it",
        ),
        (
            with_snapshot(other),
            "has no equivalent for `module` in Terraform",
        ),
    ];
    for (app, message) in cases {
        let found = app.validate().unwrap_err();
        let [error] = &found.iter().collect::<Vec<_>>()[..] else {
            panic!("{found}");
        };
        assert_eq!(error.code, "removal-policy");
        assert!(error.message.contains(message), "{error}");
        // The line of `set_removal_policy`.
        assert!(
            error.to_string().contains("removal_policies.rs:13:"),
            "{error}"
        );
    }
    let mut app = with_snapshot(Volume::new("eu-central-1a").size(8));
    let volume = app.find::<Volume>("Data/Data").unwrap();
    app.stack("Data")
        .overrides(volume)
        .tf("/final_snapshot", json!(false));
    let found = app.validate().unwrap_err().to_string();
    assert!(found.contains("to be `true`"), "{found}");
}
