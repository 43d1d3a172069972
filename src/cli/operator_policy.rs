//! `operator-policy`: the permissions to open sessions, and no more.

use super::failure::Failure;
use super::input::{account, pair};
use super::output::OutputArgs;
use super::region;
use crate::construct::{ArnContext, OperatorPolicy, SessionTargets};
use crate::ir::{Expr, Text};

#[derive(Debug, clap::Args)]
#[command(
    override_usage = "ssm-synth operator-policy <--instance-tag|--instance-id> [OPTIONS]",
    after_help = "\
Defaults: the document `SSM-SessionManagerRunShell`, every Region of partition
`aws`, every account. An inline policy has at most 10,240 bytes, a managed policy
6,144.

Examples:
  ssm-synth operator-policy --instance-tag Team=core --account 123456789012
  ssm-synth operator-policy --instance-id i-0123456789abcdef0 \\
    --document-name team-SessionPreferences --kms-key ARN

Exit codes: 0 success; 2 usage"
)]
#[command(group(clap::ArgGroup::new("targets").required(true).args(["tags", "instances"])))]
pub(super) struct Args {
    /// Tag of the instances, which match all tags and one value of each
    #[arg(long = "instance-tag", value_name = "KEY=VALUE,...")]
    tags: Vec<String>,
    /// Instance ID
    #[arg(long = "instance-id", value_name = "ID", conflicts_with = "tags")]
    instances: Vec<String>,
    /// Session document
    #[arg(long = "document-name", value_name = "NAME")]
    documents: Vec<String>,
    /// Allow port forwarding; these sessions are never logged
    #[arg(long)]
    allow_port_forwarding: bool,
    /// Allow SSH through sessions; these sessions are never logged
    #[arg(long)]
    allow_ssh: bool,
    /// KMS key that encrypts sessions
    #[arg(long = "kms-key", value_name = "ARN")]
    keys: Vec<String>,
    /// AWS Region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// AWS account ID of 12 digits
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

impl Args {
    fn targets(&self) -> Result<SessionTargets, Failure> {
        if self.tags.is_empty() {
            for id in &self.instances {
                let digits = id.strip_prefix("i-");
                let is_hex = |it: &str| it.len() >= 8 && it.chars().all(|c| c.is_ascii_hexdigit());
                if !digits.is_some_and(is_hex) {
                    return Err(Failure::usage(format!("`{id}` is not an instance ID"))
                        .with_help("write `i-` and hexadecimal digits"));
                }
            }
            let ids = self.instances.iter().map(|id| Text::Owned(id.clone()));
            return Ok(SessionTargets::Ids(ids.map(crate::Value::Lit).collect()));
        }
        let tags = self.tags.iter().map(|it| {
            let (key, values) = pair(it)?;
            let values = values.split(',').map(|it| Text::Owned(it.to_owned()));
            Ok((Text::Owned(key), values.collect()))
        });
        Ok(SessionTargets::Tagged(
            tags.collect::<Result<_, Failure>>()?,
        ))
    }

    fn arn_context(&self) -> Result<ArnContext, Failure> {
        let region = self.region.as_deref().map(region::region).transpose()?;
        let account = account(self.account.as_ref())?;
        Ok(ArnContext {
            partition: Expr::text(region.map_or("aws", |it| it.partition)),
            region: Expr::text(region.map_or("*", |it| it.name)),
            account: Expr::text(account.unwrap_or_else(|| "*".to_owned())),
        })
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut policy = OperatorPolicy::new(args.targets()?)
        .allow_port_forwarding(args.allow_port_forwarding)
        .allow_ssh(args.allow_ssh);
    for document in &args.documents {
        policy = policy.document(document.clone());
    }
    for key in &args.keys {
        policy = policy.kms_key(key.clone());
    }
    let document = policy.to_policy_document(&args.arn_context()?);
    // All its parts are text, so it has a JSON form.
    args.output.write(&document.to_json().unwrap_or_default())
}
