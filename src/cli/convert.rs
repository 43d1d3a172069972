//! `convert`: a template to Terraform, and a plan to a template.

use std::collections::HashMap;
use std::path::PathBuf;

use super::diagnostics::{fail, render, unreadable};
use super::failure::Failure;
use super::output::{self, OutputArgs};
use super::settings::read as read_text;
use crate::backend::tf::ModuleKind;
use crate::backend::{self, Format};
use crate::convert::{self, Ids};
use crate::frontend::{self, InputFormat};
use crate::ir::{Diagnostics, Dialect};
use crate::resource::{Graph, RemovalPolicy};
use crate::validate::Validated;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The default format is `hcl` for a template and `cfn` for a plan.
A plan is JSON from `terraform show -json`.

Move a live stack to Terraform; no resource is recreated:
  aws cloudformation get-template --stack-name S --query TemplateBody > s.json
  aws cloudformation describe-stack-resources --stack-name S > ids.json
  aws ec2 describe-security-group-rules > rules.json
  ssm-synth convert s.json --import-ids ids.json --import-ids rules.json \\
    -o main.tf
  ssm-synth convert s.json --retain-all -f cfn -o retained.json
Deploy retained.json, apply main.tf, then delete the stack.

Examples:
  ssm-synth convert stack.json -o main.tf
  ssm-synth convert plan.json -o stack.yaml --resources-to-import import.json

Exit codes: 0 success; 1 the other language has no equivalent; 2 usage,
unreadable input, or environment")]
pub(super) struct Args {
    /// Template or Terraform plan; `-` reads stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the artifact, report or events
    #[arg(short, long, value_name = "FORMAT", value_parser = super::format::document())]
    format: Option<Format>,
    #[command(flatten)]
    output: OutputArgs,
    /// Response of the AWS CLI with IDs, for `import` blocks
    #[arg(long, value_name = "FILE")]
    import_ids: Vec<PathBuf>,
    /// Destination of the resource list for a change set of type IMPORT
    #[arg(long, value_name = "FILE")]
    resources_to_import: Option<PathBuf>,
    /// Retain every resource when it leaves its stack
    #[arg(long)]
    retain_all: bool,
}

impl Args {
    /// Returns the specified format, or the one that the name of the output implies.
    fn chosen_format(&self) -> Option<Format> {
        self.output.format(self.format.map(Some), None)
    }
}

struct Read {
    graph: Graph,
    diagnostics: Diagnostics,
    /// Attributes of the resources in the state.
    state: HashMap<crate::ir::NodeId, serde_json::Value>,
    from: Dialect,
}

fn read(args: &Args, name: &str, text: &str) -> Result<Read, Failure> {
    let as_unreadable = |diagnostics| unreadable(&diagnostics, name, text);
    match InputFormat::of(text) {
        InputFormat::Config => Err(
            Failure::usage(format!("`{name}` is not a template or a plan"))
                .with_help("run `ssm-synth synth --format FORMAT` for a configuration"),
        ),
        InputFormat::Cfn => {
            if args.resources_to_import.is_some() {
                return Err(Failure::usage("`--resources-to-import` requires a plan"));
            }
            let (graph, diagnostics) =
                frontend::strict_template(name, text).map_err(as_unreadable)?;
            Ok(Read {
                graph,
                diagnostics,
                state: HashMap::new(),
                from: Dialect::Cfn,
            })
        }
        InputFormat::Plan => {
            if !args.import_ids.is_empty() {
                return Err(Failure::usage(
                    "`--import-ids` requires a template; a plan contains IDs",
                ));
            }
            let (graph, diagnostics, state) =
                frontend::strict_plan(name, text).map_err(as_unreadable)?;
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
    let text = read_text(&args.file)?;
    let name = args.file.display().to_string();
    let sources = vec![(name.clone(), text.clone())];
    if InputFormat::of(&text) == InputFormat::Cfn
        && matches!(args.chosen_format(), Some(Format::Cfn | Format::CfnYaml))
    {
        return same_language(args, &name, &text);
    }
    let Read {
        mut graph,
        mut diagnostics,
        state,
        from,
    } = read(args, &name, &text)?;
    let format = args.chosen_format().unwrap_or(match from {
        Dialect::Cfn => Format::Hcl,
        Dialect::Tf => Format::Cfn,
    });
    let to = format.dialect();
    if from == to {
        return Err(Failure::usage("a plan converts only to CloudFormation")
            .with_help("use `--format cfn` or `--format cfn-yaml`"));
    }
    if args.retain_all || args.resources_to_import.is_some() {
        for (_, node) in graph.nodes_mut() {
            node.removal_policy = Some(RemovalPolicy::Retain);
        }
    }
    let mut ids = Ids::default();
    for path in &args.import_ids {
        let text = read_text(path)?;
        ids.add(&text)
            .map_err(|why| Failure::usage(format!("`{}` {why}", path.display())))?;
    }
    convert::pair(&mut graph);
    if to == Dialect::Tf {
        convert::name_resources(&mut graph, &ids, &mut diagnostics);
    }
    if !diagnostics.has_errors() {
        convert::check(&graph, to, &mut diagnostics);
    }
    if diagnostics.has_errors() {
        return Err(fail(&diagnostics, &sources));
    }
    let validated = crate::validate::run(&graph, diagnostics).map_err(|it| fail(&it, &sources))?;
    output::unless_quiet(&render(validated.warnings().iter(), &sources));
    let text = print(args, &ids, &validated, format);
    args.output.write(&text)?;
    if let Some(path) = &args.resources_to_import {
        let (list, missing) = convert::resources_to_import(&graph, &state);
        warn(&missing);
        output::file(path, &format!("{list:#}\n"))?;
    }
    Ok(())
}

/// Prints the template with every resource retained, and nothing else changed.
fn same_language(args: &Args, name: &str, text: &str) -> Result<(), Failure> {
    let reason = match () {
        () if !args.retain_all => {
            Some("a template converts only to Terraform, or needs `--retain-all`")
        }
        () if !args.import_ids.is_empty() => Some("`--import-ids` requires Terraform output"),
        () if args.chosen_format() == Some(Format::CfnYaml) => {
            Some("`--retain-all` of a template requires `--format cfn`")
        }
        () => None,
    };
    if let Some(reason) = reason {
        return Err(Failure::usage(reason));
    }
    let retained = frontend::retained(name, text)
        .map_err(|diagnostics| unreadable(&diagnostics, name, text))?;
    args.output.write(&retained)
}

fn warn(missing: &[(String, String)]) {
    for (address, why) in missing {
        output::warning(&format!("`{address}` is not imported: {why}"));
    }
}

/// Returns the module with `import` blocks for the live resources of `--import-ids`.
fn importing<'c>(
    ids: &Ids,
    validated: &'c Validated<'_>,
    stack: &str,
) -> Result<backend::tf::Module<'c>, backend::OutputError> {
    let found = convert::imports(validated.graph(), ids);
    warn(&found.missing);
    let module = backend::tf::module(validated, stack, ModuleKind::Root);
    module.map(|it| it.with_imports(found.blocks))
}

fn print(args: &Args, ids: &Ids, validated: &Validated<'_>, format: Format) -> String {
    // A file is one stack.
    let stack = validated.graph().stacks().next();
    let stack = stack.map_or("", |it| it.name.as_str());
    let text = match format {
        Format::Tf if !args.import_ids.is_empty() => {
            importing(ids, validated, stack).map(|it| it.to_json())
        }
        Format::Hcl if !args.import_ids.is_empty() => {
            importing(ids, validated, stack).map(|it| it.to_hcl())
        }
        format => format.print(validated, stack, ModuleKind::Root),
    };
    // A file has this stack, for both languages.
    text.unwrap_or_default()
}
