//! `deployer-policy`: the permissions to deploy, update and delete one stack, and no more.

use clap::ValueEnum;

use super::context::Context;
use super::failure::Failure;
use super::input::{InputArgs, account, title_of};
use super::output::{self, OutputArgs};
use super::region;
use super::settings::{StackName, print_artifact};
use crate::backend::Format;
use crate::backend::tf::ModuleKind;
use crate::deployer::{self, MAX_MANAGED_POLICY, Place, Share, Stack};
use crate::frontend::InputFormat;
use crate::frontend::tree::SyntaxError;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Defaults: CloudFormation for a template or a configuration, Terraform for a plan;
every Region of partition `aws`, every account. An inline policy of a role has at
most 10,240 characters, a managed policy 6,144.

Examples:
  ssm-synth deployer-policy --stack team --region eu-central-1
  ssm-synth deployer-policy --target tf --account 123456789012
  terraform show -json plan.out | ssm-synth deployer-policy -

Exit codes: 0 success; 1 invalid configuration, or a failure; 2 usage,
unreadable input, or environment; 3 unknown permissions")]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Stack name
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Tool that deploys the stack
    #[arg(long, value_enum, value_name = "TOOL")]
    target: Option<Target>,
    #[command(flatten)]
    output: OutputArgs,
}

/// A tool that deploys a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// CloudFormation, with `ssm-synth deploy`, the AWS CLI or the CDK
    Cfn,
    /// Terraform
    Tf,
}

/// A stack with its name and its Region.
struct Read {
    stack: Stack,
    name: String,
    region: Option<String>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let read = read(args, context)?;
    if let Some(types) = deployer::unknown_types(&read.stack) {
        output::error(
            &format!("the permissions for {types} are unknown"),
            Some("remove these resources from the file, and add their permissions"),
        );
        return Err(Failure::Unknown);
    }
    let region = args.input.region.clone().or(read.region);
    let region = region.as_deref().map(region::region).transpose()?;
    let account = account(args.input.account.as_ref())?;
    let place = Place {
        partition: region.map_or("aws", |it| it.partition),
        region: region.map_or("*", |it| it.name),
        account: account.as_deref().unwrap_or("*"),
        stack: &read.name,
    };
    let document = deployer::document(&deployer::statements(&read.stack, &place, Share::ALL));
    let size = document.to_string().len();
    if size > MAX_MANAGED_POLICY {
        output::warning(&format!(
            "the policy has {size} characters, and a managed policy at most {MAX_MANAGED_POLICY}; \
             attach its statements as several managed policies"
        ));
    }
    args.output.write(&format!("{document:#}\n"))
}

fn syntax(name: &str, error: &SyntaxError) -> Failure {
    Failure::usage(format!(
        "`{name}`, line {}: {}",
        error.at.line, error.message
    ))
}

fn read(args: &Args, context: &Context) -> Result<Read, Failure> {
    let file = args.input.read_file()?;
    match file {
        Some((name, text, format)) if format != InputFormat::Config => {
            args.input.settings.reject_overrides(context, &name)?;
            let stack = match (format, args.target) {
                (InputFormat::Plan, Some(Target::Cfn)) => Err("a plan requires `--target tf`"),
                (InputFormat::Plan, _) => Ok(Stack::of_plan(&text)),
                (_, Some(Target::Tf)) => Err("a template requires `--target cfn`"),
                _ => Ok(Stack::of_template(&text, &args.input.parameters.pairs()?)),
            };
            let convert = "run `ssm-synth convert` first";
            let stack = stack.map_err(|it| Failure::usage(it).with_help(convert))?;
            Ok(Read {
                stack: stack.map_err(|error| syntax(&name, &error))?,
                name: args.stack.clone().unwrap_or_else(|| title_of(&name)),
                region: None,
            })
        }
        file => {
            let file = match file {
                Some((name, text, _)) => {
                    args.input.reject_unknown(&name, &text)?;
                    Some((name, text))
                }
                None => None,
            };
            let stack = StackName {
                name: args.stack.as_ref(),
                region: args.input.region.as_ref(),
                default_region: None,
            };
            let built = args.input.settings.built_config(context, file, stack)?;
            let graph = built.app.graph();
            let region = graph.stack(&built.stack).and_then(|it| it.region);
            // `built_config` has validated it.
            let validated = built.validate().map_err(|_| Failure::Failed)?;
            let print = |format| print_artifact(format, &validated, &built.stack, ModuleKind::Root);
            let default = context.default_format().dialect();
            let target = args.target.unwrap_or(default.pick(Target::Cfn, Target::Tf));
            let stack = match target {
                Target::Tf => Stack::of_module(&print(Format::Tf)?),
                Target::Cfn => Stack::of_template(&print(Format::Cfn)?, &[]),
            };
            Ok(Read {
                stack: stack.map_err(|error| syntax(&built.stack, &error))?,
                name: built.stack.clone(),
                region: region.map(|it| it.name.to_owned()),
            })
        }
    }
}
