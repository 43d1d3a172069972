//! `generate`: Rust source of a resource type that the model does not have.

use std::path::PathBuf;

use super::failure::Failure;
use super::output::OutputArgs;
use crate::generate::{TypeNames, generate};

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "ssm-synth generate <TYPE>... [OPTIONS]",
    after_help = format!("\
The file has a struct with a setter for each property. Properties of the same
name and type in both languages share a setter. Format the file with `rustfmt`.

All types of CloudFormation and of the Terraform provider `aws` are known. Other
types, and descriptions of properties, need a schema:
  aws cloudformation describe-type --type RESOURCE --type-name Acme::Team::Queue
  terraform providers schema -json

Examples:
  ssm-synth generate AWS::SQS::Queue aws_sqs_queue -o src/queue.rs
  ssm-synth generate random_pet --tf-schema provider.json

{}", super::help::EXIT_CODES)
)]
pub(super) struct Args {
    /// Resource type, once in each language at most
    #[arg(value_name = "TYPE", required = true, num_args = 1..=2)]
    types: Vec<String>,
    /// File with the schema of a CloudFormation type that is not known
    #[arg(long, value_name = "FILE")]
    cfn_schema: Option<PathBuf>,
    /// File with the schema of another Terraform provider
    #[arg(long, value_name = "FILE")]
    tf_schema: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

impl Args {
    fn names(&self) -> Result<TypeNames<'_>, Failure> {
        let (cfn, tf): (Vec<&String>, Vec<&String>) =
            self.types.iter().partition(|it| it.contains("::"));
        if cfn.len() > 1 || tf.len() > 1 {
            return Err(Failure::usage("the types are of one language")
                .with_help("run the command once for each type"));
        }
        Ok(TypeNames {
            cfn: cfn.first().map(|it| it.as_str()),
            tf: tf.first().map(|it| it.as_str()),
        })
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let read = |path: &Option<PathBuf>| {
        let path = path.as_ref();
        path.map(|path| super::settings::read(path)).transpose()
    };
    let (cfn, tf) = (read(&args.cfn_schema)?, read(&args.tf_schema)?);
    let text = generate(args.names()?, cfn.as_deref(), tf.as_deref()).map_err(|it| {
        let failure = Failure::usage(it.message);
        match it.help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    })?;
    let names = args.names()?;
    if let (Some(cfn), Some(tf)) = (names.cfn, names.tf)
        && !is_similar(cfn, tf)
    {
        super::output::warning(&format!(
            "`{cfn}` and `{tf}` have no word in common: the struct is one resource in both languages"
        ));
    }
    args.output.write(&text)
}

/// Returns whether two type names share a word of the resource.
fn is_similar(cfn: &str, tf: &str) -> bool {
    let own = crate::ir::terraform_name(cfn.rsplit("::").next().unwrap_or_default());
    let other: Vec<&str> = tf.split(['_', '.']).collect();
    own.split('_').any(|it| other.contains(&it))
}
