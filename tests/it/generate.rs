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
    let schemas = [
        "--cfn-schema",
        "examples/schemas/AWS-SQS-Queue.json",
        "--tf-schema",
        "examples/schemas/hashicorp-aws.json",
    ];
    let (done, text) = generate(&[&TYPES[..], &schemas].concat());
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
fn a_type_of_one_language_has_no_prefixes() {
    let schema = ["--tf-schema", "examples/schemas/hashicorp-aws.json"];
    let (done, text) = generate(&[&TYPES[1..], &schema].concat());
    assert!(done, "{text}");
    assert!(text.contains("pub struct SqsQueue(RawResource);"), "{text}");
    assert!(text.contains("pub fn message_retention_seconds("), "{text}");
    assert!(!text.contains("tf_"), "{text}");
}

#[test]
fn a_missing_type_and_a_missing_schema_are_errors() {
    let schema = ["--tf-schema", "examples/schemas/hashicorp-aws.json"];
    for (arguments, expected) in [
        (
            &[&["aws_sqs_queu"][..], &schema].concat()[..],
            "did you mean `aws_sqs_queue`?",
        ),
        (&TYPES[..1], "requires `--cfn-schema`"),
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
