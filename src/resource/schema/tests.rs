//! Tests of the tables and of their messages.

use super::*;

fn message(schema: Schema, path: &str) -> Option<(bool, String, String)> {
    let error = schema.check(path)?;
    Some((error.is_certain, error.message, error.help))
}

#[test]
fn names_that_a_type_does_not_have_are_errors_with_the_nearest_one() {
    let instance = Schema::of("AWS::EC2::Instance", Dialect::Cfn).unwrap();
    assert!(instance.check("CpuOptions").is_none());
    assert!(instance.check("CpuOptions.CoreCount").is_none());
    assert_eq!(
        message(instance, "CpuOptions.CoreCunt"),
        Some((
            true,
            "unknown property `CpuOptions.CoreCunt`".to_owned(),
            "did you mean `CoreCount`?".to_owned()
        ))
    );
    assert!(
        instance
            .check("PrivateIp")
            .unwrap()
            .message
            .contains("by AWS")
    );
    let instance = Schema::of("aws_instance", Dialect::Tf).unwrap();
    assert!(instance.is_block("credit_specification"));
    assert!(!instance.is_block("tags"));
    assert!(instance.check("tags.anything").is_none());
    assert!(instance.check("lifecycle.ignore_changes").is_none());
    assert!(instance.check("lifecycle.precondition.condition").is_none());
    assert!(instance.check("lifecycle.ignore_change").is_some());
    assert!(instance.check("arn").unwrap().message.contains("by AWS"));
    assert!(instance.check("count").is_some());
}

#[test]
fn types_without_a_model_have_names_too() {
    let queue = Schema::of("AWS::SQS::Queue", Dialect::Cfn).unwrap();
    assert!(queue.check("RedrivePolicy.maxReceiveCount").is_none());
    let (is_certain, _, help) = message(queue, "RedrivePolicy.maxReceiveCuont").unwrap();
    assert!(is_certain);
    assert_eq!(help, "did you mean `maxReceiveCount`?");
    let queue = Schema::of("aws_sqs_queue", Dialect::Tf).unwrap();
    assert!(queue.check("redrive_policy").is_none());
    assert!(queue.check("redrive_polcy").unwrap().is_certain);
    assert!(Schema::of("data.aws_ami", Dialect::Tf).is_some());
    assert!(Schema::of("aws_sqs_quue", Dialect::Tf).is_none());
    // Version 6 has the argument, and version 5 the type.
    let instance = Schema::of("aws_instance", Dialect::Tf).unwrap();
    assert!(instance.check("region").is_none());
    assert!(Schema::of("aws_opsworks_stack", Dialect::Tf).is_some());
}

#[test]
fn a_type_has_one_property_for_its_tags() {
    for (dialect, of, wanted) in [
        (Dialect::Cfn, "AWS::SQS::Queue", Some(("Tags", true))),
        (Dialect::Cfn, "AWS::Lex::Bot", Some(("BotTags", true))),
        (
            Dialect::Cfn,
            "AWS::ApiGatewayV2::Api",
            Some(("Tags", false)),
        ),
        // A change of its tags replaces it.
        (Dialect::Cfn, "AWS::Batch::JobQueue", None),
        (Dialect::Cfn, "AWS::EC2::Route", None),
        (Dialect::Tf, "aws_sqs_queue", Some(("tags", false))),
        // Only version 6 has the first type, and only its tags of the second one.
        (Dialect::Tf, "aws_ecs_daemon", Some(("tags", false))),
        (Dialect::Tf, "aws_dx_gateway", None),
        // Claims of a token.
        (Dialect::Tf, "aws_sts_web_identity_token", None),
        (Dialect::Tf, "data.aws_vpc", None),
    ] {
        let found = Schema::of(of, dialect).unwrap().tag_property();
        let found = found.map(|it| (it.name, it.form.is_list()));
        assert_eq!(found, wanted, "{of}");
    }
}

#[test]
fn only_a_typo_is_certain_in_a_type_that_gains_names() {
    let function = Schema::of("AWS::Lambda::Function", Dialect::Cfn).unwrap();
    assert!(!function.check("NextYear").unwrap().is_certain);
    assert!(function.check("Runtme").unwrap().is_certain);
    // Only objects inside this type gain names.
    let system = Schema::of("AWS::EFS::FileSystem", Dialect::Cfn).unwrap();
    assert!(system.check("NextYear").unwrap().is_certain);
    assert!(
        !system
            .check("FileSystemProtection.NextYear")
            .unwrap()
            .is_certain
    );
}

#[test]
fn attributes_have_parts() {
    let of = |name: &str| Schema::of(name, Dialect::Cfn).unwrap();
    let database = of("AWS::RDS::DBInstance");
    assert!(database.check_attribute("Endpoint.Address").is_none());
    let error = database.check_attribute("Endpoint.Addres").unwrap();
    assert_eq!(error.help, "did you mean `Address`?");
    assert!(error.is_certain);
    assert!(
        of("AWS::CloudFormation::Stack")
            .check_attribute("Outputs.Any")
            .is_none()
    );
    assert!(
        of("AWS::EC2::Instance")
            .check_attribute("MetadataOptions")
            .is_some()
    );
    assert!(
        of("AWS::EC2::Instance")
            .check_attribute("SubnetId")
            .is_none()
    );
    let queue = Schema::of("aws_sqs_queue", Dialect::Tf).unwrap();
    assert!(queue.check_attribute("arn").is_none());
    assert!(queue.check_attribute("arnn").unwrap().is_certain);
}

/// Each number of an object has a row, and each name a form that the code knows.
#[test]
fn the_tables_are_whole() {
    for dialect in [Dialect::Cfn, Dialect::Tf] {
        for row in tsv::rows(table(dialect)) {
            let names = Names {
                dialect,
                text: tsv::columns(row).nth(3).unwrap(),
            };
            for name in names.iter() {
                assert!(!name.name.is_empty(), "{row}");
                assert!(name.form.is_whole(), "{}: {row}", name.name);
            }
        }
        let keys: Vec<&str> = tsv::rows(table(dialect)).map(tsv::key).collect();
        assert!(keys.is_sorted());
        assert!(types(dialect).count() > 1500);
    }
}

#[test]
fn the_sources_in_messages_are_those_of_the_tables() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sources.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let versions = |name: &str| {
        let (_, entry) = text.split_once(&format!("[data.{name}]")).unwrap();
        let line = entry.lines().find(|it| it.starts_with("versions")).unwrap();
        line.to_owned()
    };
    // cfn-lint 1.51.0 is of 12 May 2026. Version 25.8.1 of the package has version 6.69.1 of the provider.
    assert!(versions("cloudformation-names").contains("cfn-lint = \"1.51.0\""));
    assert!(CFN_SOURCE.ends_with("May 2026"));
    assert!(versions("terraform-names").contains("cdktn-provider-aws = \"25.8.1\""));
    assert!(TF_SOURCE.contains("6.69.1"));
}
