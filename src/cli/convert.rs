//! `convert`: a template as Terraform, and a plan as a template.

use std::collections::HashMap;
use std::path::PathBuf;

use super::diagnostics::render;
use super::{Failure, input, output, settings};
use crate::backend::tf::ModuleKind;
use crate::backend::{self, Format};
use crate::convert::{self, Ids};
use crate::frontend::{self, InputFormat};
use crate::ir::{Diagnostics, Dialect};
use crate::resource::{Graph, RemovalPolicy};
use crate::validate::Validated;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
To move a live stack to Terraform, nothing being made anew:
  aws cloudformation get-template --stack-name S --query TemplateBody > stack.json
  aws cloudformation describe-stack-resources --stack-name S > ids.json
  aws ec2 describe-security-group-rules > rules.json
  ssm-synth convert stack.json --ids ids.json --ids rules.json -o main.tf
  terraform init && terraform plan      # imports, and makes nothing
Then deploy the template with `DeletionPolicy: Retain` on every resource (`--retain -f cfn`), apply, and
delete the stack.

And to CloudFormation:
  terraform plan -out plan && terraform show -json plan > plan.json
  ssm-synth convert plan.json -o stack.json --resources-to-import import.json
  aws cloudformation create-change-set --change-set-type IMPORT --stack-name S --change-set-name move \\
    --template-body file://stack.json --resources-to-import file://import.json --capabilities CAPABILITY_IAM

Exit codes: 0 done; 1 the file holds what the other language, or the model, has not; 2 the file cannot
be read, usage, environment.")]
pub(super) struct Args {
    /// A CloudFormation template, or a Terraform plan as `terraform show -json` prints it; `-` reads
    /// standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What to print [default: hcl for a template, cfn for a plan]
    #[arg(short, long, value_parser = super::format())]
    format: Option<Format>,
    /// Write this file, as a whole and only if it changes, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// An answer of the AWS CLI that tells ids, for `import` blocks; may be given several times
    #[arg(long, value_name = "FILE")]
    ids: Vec<PathBuf>,
    /// Write the list of what a change set of type IMPORT imports
    #[arg(long, value_name = "FILE")]
    resources_to_import: Option<PathBuf>,
    /// Keep every resource when it leaves its stack
    #[arg(long)]
    retain: bool,
}

struct Read {
    graph: Graph,
    diagnostics: Diagnostics,
    /// What a state says of the resources.
    state: HashMap<crate::ir::NodeId, serde_json::Value>,
    from: Dialect,
}

fn read(args: &Args, name: &str, text: &str) -> Result<Read, Failure> {
    let unreadable = |diagnostics| settings::unreadable(&diagnostics, name, text);
    match InputFormat::of(text) {
        InputFormat::Config => Err(Failure::Environment(format!(
            "`{name}` is a configuration, or nothing that is known here: `ssm-synth --format` prints it \
             in either language"
        ))),
        InputFormat::Cfn => {
            if args.resources_to_import.is_some() {
                let message = "`--resources-to-import` is for a plan";
                return Err(Failure::Environment(message.to_owned()));
            }
            let (graph, diagnostics) = frontend::strict_template(name, text).map_err(unreadable)?;
            Ok(Read {
                graph,
                diagnostics,
                state: HashMap::new(),
                from: Dialect::Cfn,
            })
        }
        InputFormat::Plan => {
            if !args.ids.is_empty() {
                let message = "`--ids` is for a template: a plan tells ids";
                return Err(Failure::Environment(message.to_owned()));
            }
            let (graph, diagnostics, state) =
                frontend::strict_plan(name, text).map_err(unreadable)?;
            Ok(Read {
                graph,
                diagnostics,
                state,
                from: Dialect::Tf,
            })
        }
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let text = input::read(&args.file)?;
    let name = args.file.display().to_string();
    let sources = vec![(name.clone(), text.clone())];
    if InputFormat::of(&text) == InputFormat::Cfn
        && matches!(args.format, Some(Format::Cfn | Format::CfnYaml))
    {
        return same_language(args, &name, &text);
    }
    let Read {
        mut graph,
        mut diagnostics,
        state,
        from,
    } = read(args, &name, &text)?;
    let format = args.format.unwrap_or(match from {
        Dialect::Cfn => Format::Hcl,
        Dialect::Tf => Format::Cfn,
    });
    let to = format.dialect();
    if from == to {
        let message = "a plan is Terraform already: it converts to CloudFormation";
        return Err(Failure::Environment(message.to_owned()));
    }
    if args.retain || args.resources_to_import.is_some() {
        for (_, node) in graph.nodes_mut() {
            node.removal_policy = Some(RemovalPolicy::Retain);
        }
    }
    convert::pair(&mut graph);
    if !diagnostics.has_errors() {
        convert::check(&graph, to, &mut diagnostics);
    }
    if diagnostics.has_errors() {
        return Err(settings::fail(&diagnostics, &sources));
    }
    let validated =
        crate::validate::run(&graph, diagnostics).map_err(|it| settings::fail(&it, &sources))?;
    output::note(&render(validated.warnings().iter(), &sources));
    let text = print(args, &validated, format)?;
    match &args.output {
        Some(path) => output::file(path, &text)?,
        None => output::artifact(&text)?,
    }
    if let Some(path) = &args.resources_to_import {
        let (list, missing) = convert::resources_to_import(&graph, &state);
        warn(&missing);
        output::file(path, &format!("{list:#}\n"))?;
    }
    Ok(())
}

/// The template as it is, with every resource kept if that is asked for, and nothing else touched.
fn same_language(args: &Args, name: &str, text: &str) -> Result<(), Failure> {
    let other = match () {
        () if !args.retain => Some("a template is one already: `--retain` keeps its resources"),
        () if !args.ids.is_empty() => Some("`--ids` is for Terraform"),
        () if args.format == Some(Format::CfnYaml) => {
            Some("what is kept is printed as JSON: `-f cfn`")
        }
        () => None,
    };
    if let Some(message) = other {
        return Err(Failure::Environment(message.to_owned()));
    }
    let kept = frontend::retained(name, text)
        .map_err(|diagnostics| settings::unreadable(&diagnostics, name, text))?;
    match &args.output {
        Some(path) => output::file(path, &kept),
        None => output::artifact(&kept),
    }
}

fn warn(missing: &[(String, String)]) {
    for (address, why) in missing {
        output::note(&format!("warning: `{address}` is not imported: {why}\n"));
    }
}

/// The module, with what imports the live resources that `--ids` tells of.
fn importing<'c>(
    args: &Args,
    validated: &'c Validated<'_>,
    stack: &str,
) -> Result<Option<backend::tf::Module<'c>>, Failure> {
    let mut ids = Ids::default();
    for path in &args.ids {
        let text = input::read(path)?;
        ids.add(&text)
            .map_err(|why| Failure::Environment(format!("`{}` {why}", path.display())))?;
    }
    let found = convert::imports(validated.graph(), &ids);
    warn(&found.missing);
    let module = backend::tf::module(validated, stack, ModuleKind::Root);
    Ok(module.map(|it| it.with_imports(found.blocks)))
}

fn print(args: &Args, validated: &Validated<'_>, format: Format) -> Result<String, Failure> {
    // A file is one stack.
    let stack = validated.graph().stacks().next();
    let stack = stack.map_or("", |it| it.name.as_str());
    let text = match format {
        Format::Tf if !args.ids.is_empty() => {
            importing(args, validated, stack)?.map(|it| it.to_json())
        }
        Format::Hcl if !args.ids.is_empty() => {
            importing(args, validated, stack)?.map(|it| it.to_hcl())
        }
        format => format.print(validated, stack, ModuleKind::Root),
    };
    Ok(text.unwrap_or_default())
}
