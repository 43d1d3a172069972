//! Generated source of resource types.

use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const TYPES: [&str; 2] = ["AWS::SQS::Queue", "aws_sqs_queue"];

fn generate(arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssm-synth"));
    command.current_dir(ROOT).arg("generate").args(arguments);
    let done = command.output().unwrap();
    let text = if done.status.success() {
        done.stdout
    } else {
        done.stderr
    };
    (done.status.success(), String::from_utf8(text).unwrap())
}

/// An example includes the file, so it compiles.
#[test]
fn the_source_of_the_example_is_current() {
    let (done, text) = generate(&TYPES);
    assert!(done, "{text}");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("queue.rs");
    std::fs::write(&file, text).unwrap();
    let formatted = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .arg(&file)
        .status();
    assert!(formatted.unwrap().success());
    let expected = std::fs::read_to_string(format!("{ROOT}/examples/generated/queue.rs")).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(
        text, expected,
        "run `ssm-synth generate` and `rustfmt` again"
    );
}

#[test]
fn each_language_has_its_types_without_a_schema() {
    for (types, parts) in [
        (
            &["AWS::Lambda::Function", "aws_lambda_function"][..],
            &[
                "pub struct Function(RawResource);",
                "pub const ARN: Attr = Attr::by_get_att(\"Arn\", \"arn\");",
                "pub fn new(cfn_code: impl Into<RawValue<'static>>, function_name: ",
                "pub fn tf_dead_letter_config(self, block: impl Into<RawBlock>) -> Self {",
                "pub fn tags(",
            ][..],
        ),
        (
            &["data.aws_ami"],
            &[
                "pub struct DataAmi(",
                "pub fn filter(self, block: impl Into<RawBlock>)",
            ],
        ),
        // CloudFormation repeats the type in names, and each language has attributes of its own.
        (
            &["AWS::RDS::DBInstance", "aws_db_instance"],
            &[
                "pub fn new(db_instance_class: impl Into<RawValue<'static>>) -> Self {",
                ".property(\"DBInstanceClass\", db_instance_class.clone()).argument(\"instance_class\", ",
                "pub const ARN: Attr = Attr::by_get_att(\"DBInstanceArn\", \"arn\");",
                "pub const CFN_ENDPOINT_ADDRESS: Attr = Attr::by_get_att(\"Endpoint.Address\", \"\");",
                "pub const TF_ADDRESS: Attr = Attr::by_get_att(\"\", \"address\");",
            ],
        ),
        (
            &["AWS::RDS::DBInstance"],
            &["pub const ENDPOINT_ADDRESS: Attr = Attr::by_get_att(\"Endpoint.Address\", \"\");"],
        ),
        // A change of its tags replaces it.
        (&["AWS::Batch::JobQueue"], &["pub fn tags_("]),
    ] {
        let (done, text) = generate(types);
        assert!(done, "{text}");
        for part in parts {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}

#[test]
fn a_schema_has_types_that_the_tables_lack_and_descriptions() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("schema.json");
    let property = serde_json::json!({"type": "string", "description": "Who owns it. More."});
    let tags = serde_json::json!({"type": "array"});
    let schema = |of: &str| {
        serde_json::json!({
            "typeName": of,
            "properties": {"Owner": property, "Tags": tags},
            "required": ["Owner"],
        })
    };
    for (of, tagged) in [
        ("Acme::Team::Queue", ".tags(resource::Tags::default())"),
        (
            "AWS::SQS::Queue",
            "RawResource::new().cfn(\"AWS::SQS::Queue\").property",
        ),
    ] {
        std::fs::write(&file, schema(of).to_string()).unwrap();
        let (done, text) = generate(&[of, "--cfn-schema", file.to_str().unwrap()]);
        assert!(done, "{text}");
        for part in ["pub fn new(owner: ", tagged] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
    let optional = serde_json::json!({"typeName": TYPES[0], "properties": {"Owner": property}});
    std::fs::write(&file, optional.to_string()).unwrap();
    let (_, text) = generate(&[TYPES[0], "--cfn-schema", file.to_str().unwrap()]);
    assert!(text.contains("/// `Owner`: Who owns it."), "{text}");
}

#[test]
fn a_type_of_one_language_has_no_prefixes() {
    let schema = ["--tf-schema", "examples/schemas/hashicorp-aws.json"];
    for more in [&schema[..], &[]] {
        let (done, text) = generate(&[&TYPES[1..], more].concat());
        assert!(done, "{text}");
        assert!(text.contains("pub struct SqsQueue(RawResource);"), "{text}");
        assert!(text.contains("pub fn message_retention_seconds("), "{text}");
        assert!(!text.contains("tf_"), "{text}");
    }
}

#[test]
fn an_unknown_type_is_an_error_with_the_nearest_one() {
    let schema = ["--tf-schema", "examples/schemas/hashicorp-aws.json"];
    for (arguments, expected) in [
        (
            &[&["aws_sqs_queu"][..], &schema].concat()[..],
            "did you mean `aws_sqs_queue`?",
        ),
        (
            &["AWS::SQS::Quue"],
            "unknown type `AWS::SQS::Quue` in the schema of May 2026\n  help: did you mean `AWS::SQS::Queue`? \
             For a newer type, pass `--cfn-schema`",
        ),
        (
            &["aws_sqs_quue"],
            "did you mean `aws_sqs_queue`? For a newer type, pass `--tf-schema`",
        ),
        (
            &["Acme::Team::Queue"],
            "`Acme::Team::Queue` is not a type of AWS\n  help: pass its schema with `--cfn-schema`",
        ),
        (
            &["random_pet"],
            "`random_pet` is not a type of the provider `aws`\n  help: pass its schema with `--tf-schema`",
        ),
        (&["aws_a", "aws_b"], "of one language"),
        (
            &[
                "AWS::SNS::Topic",
                "--cfn-schema",
                "examples/schemas/AWS-SQS-Queue.json",
            ],
            "describes `AWS::SQS::Queue`",
        ),
    ] {
        let (done, text) = generate(arguments);
        assert!(!done && text.contains(expected), "{arguments:?}: {text}");
    }
}

#[test]
fn types_of_different_resources_are_a_warning() {
    let warning = |types: [&str; 2]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssm-synth"));
        let done = command.arg("generate").args(types).output().unwrap();
        assert!(done.status.success() && !done.stdout.is_empty());
        String::from_utf8(done.stderr).unwrap()
    };
    assert_eq!(warning(TYPES), "");
    let found = warning(["AWS::SQS::Queue", "aws_sns_topic"]);
    assert!(
        found.contains("`AWS::SQS::Queue` and `aws_sns_topic` have no word in common"),
        "{found}"
    );
}
