//! `operator-policy`: what a person needs to open sessions, and no more.

use super::input::pair;
use super::{Failure, output};
use crate::construct::{ArnContext, OperatorPolicy, SessionTargets};
use crate::ir::{Expr, Text};
use crate::region::Region;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Inline policies of a permission set take at most 10,240 bytes, managed policies 6,144.\n\n\
Examples:\n  \
ssm-synth operator-policy --tag Team=core --account 123456789012 --region eu-central-1\n  \
ssm-synth operator-policy --instance i-0123456789abcdef0 --document team-SessionPreferences --kms-key ARN"
)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["tags", "instances"])))]
pub(super) struct Args {
    /// Instances with this tag; of several tags all must fit, of several values one
    #[arg(long = "tag", value_name = "KEY=VALUE,…")]
    tags: Vec<String>,
    /// This instance
    #[arg(long = "instance", value_name = "ID", conflicts_with = "tags")]
    instances: Vec<String>,
    /// A session document [default: SSM-SessionManagerRunShell]
    #[arg(long = "document", value_name = "NAME")]
    documents: Vec<String>,
    /// Allow forwarding ports: such sessions are never logged
    #[arg(long)]
    port_forward: bool,
    /// Allow SSH through sessions: such sessions are never logged
    #[arg(long)]
    ssh: bool,
    /// The key that sessions are encrypted with
    #[arg(long = "kms-key", value_name = "ARN")]
    keys: Vec<String>,
    /// The region [default: every region of the partition `aws`]
    #[arg(long)]
    region: Option<String>,
    /// The account, twelve digits [default: every account]
    #[arg(long)]
    account: Option<String>,
}

fn wrong(message: String) -> Failure {
    Failure::Environment(message)
}

impl Args {
    fn targets(&self) -> Result<SessionTargets, Failure> {
        if self.tags.is_empty() {
            for id in &self.instances {
                let rest = id.strip_prefix("i-");
                let fits = |it: &str| it.len() >= 8 && it.chars().all(|c| c.is_ascii_hexdigit());
                if !rest.is_some_and(fits) {
                    return Err(wrong(format!(
                        "`--instance {id}` is no id of EC2; write `i-` and hexadecimal digits"
                    )));
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
        let region = match &self.region {
            None => None,
            Some(name) => Some(
                Region::find(name)
                    .ok_or_else(|| wrong(format!("`{name}` is no region that is known here")))?,
            ),
        };
        if let Some(account) = &self.account
            && !(account.len() == 12 && account.chars().all(|c| c.is_ascii_digit()))
        {
            return Err(wrong(format!("`--account {account}` has no twelve digits")));
        }
        Ok(ArnContext {
            partition: Expr::text(region.map_or("aws", |it| it.partition)),
            region: Expr::text(region.map_or("*", |it| it.name)),
            account: Expr::text(self.account.clone().unwrap_or_else(|| "*".to_owned())),
        })
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut policy = OperatorPolicy::new(args.targets()?)
        .allow_port_forwarding(args.port_forward)
        .allow_ssh(args.ssh);
    for document in &args.documents {
        policy = policy.document(document.clone());
    }
    for key in &args.keys {
        policy = policy.kms_key(key.clone());
    }
    let document = policy.to_policy_document(&args.arn_context()?);
    // Every part of it was given as text.
    output::artifact(&document.to_json().unwrap_or_default())
}
