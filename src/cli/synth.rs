//! `synth`: a template, a Terraform configuration or a cloud assembly.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::context::Context;
use super::diagnostics::{Sources, fail};
use super::failure::Failure;
use super::format::{DOCUMENTS, FromFileName};
use super::output::{self, OutputArgs};
use super::settings::{
    MAX_INLINE, OnUnreachable, Settings, StackName, SynthOptions, check_reachability,
    print_artifact, read,
};
use crate::backend::{self, Format, tf::ModuleKind};
use crate::ir::Dialect;
use crate::validate::Validated;

#[derive(Debug, clap::Args)]
#[command(after_help = format!("\
Without `--format`, the name of the output implies it: `.json` is `cfn`,
`.yaml` is `cfn-yaml`, `.tf.json` is `tf`, `.tf` is `hcl`.
A directory gets one file per stack.
With `-f cdk`, the default of `--output` is CDK_OUTDIR, then cdk.out.

Examples:
  ssm-synth synth -o stack.yaml
  ssm-synth synth --format hcl --zones 3 --set endpoints.zones=one
  ssm-synth synth --check stack.yaml main.tf
  cdk --app 'ssm-synth synth --format cdk' deploy access

{}", super::help::EXIT_CODES))]
pub(super) struct Args {
    /// Format of the artifact, report or events
    #[arg(short, long, value_name = "FORMAT", value_parser = format())]
    format: Option<SynthFormat>,
    #[command(flatten)]
    output: OutputArgs,
    /// Files to compare with the output; exit with 1 if one is out of date
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "output")]
    check: Vec<PathBuf>,
    /// List the stacks in deployment order
    #[arg(long, conflicts_with_all = ["check", "output", "format", "tf_module"])]
    list: bool,
    /// Generate a Terraform module without a provider block
    #[arg(long)]
    tf_module: bool,
    /// Stack name
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// AWS Region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Accept instances that Session Manager cannot reach
    #[arg(long)]
    allow_unreachable: bool,
    #[command(flatten)]
    settings: Settings,
}

/// The format of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SynthFormat {
    Document(Format),
    /// A cloud assembly.
    Cdk,
}

fn format() -> impl TypedValueParser<Value = SynthFormat> {
    let documents = DOCUMENTS.map(|(value, help, _)| PossibleValue::new(value).help(help));
    let cdk = PossibleValue::new("cdk").help("Cloud assembly for the CDK CLI");
    PossibleValuesParser::new(documents.into_iter().chain([cdk])).map(|value| {
        let known = DOCUMENTS.iter().find(|(it, ..)| *it == value);
        // The parser rejects every other value.
        known.map_or(SynthFormat::Cdk, |(.., format)| {
            SynthFormat::Document(*format)
        })
    })
}

impl FromFileName for SynthFormat {
    fn from_file_name(name: &str) -> Option<Self> {
        Format::from_file_name(name).map(SynthFormat::Document)
    }
}

impl Args {
    /// Whether files are compared instead of generated.
    pub(super) fn is_check(&self) -> bool {
        !self.check.is_empty()
    }

    fn stack_name(&self) -> StackName<'_> {
        StackName {
            name: self.stack.as_ref(),
            region: self.region.as_ref(),
            default_region: None,
        }
    }

    fn on_unreachable(&self) -> OnUnreachable {
        match self.allow_unreachable {
            true => OnUnreachable::Report,
            false => OnUnreachable::Reject,
        }
    }
}

/// Generates the files of all stacks of an app: one template each, or a root module with one module
/// each.
fn all_files(format: Format, validated: &Validated<'_>) -> Result<Vec<(PathBuf, String)>, Failure> {
    let stacks = validated.deployment_order();
    let mut files = Vec::new();
    let mut kind = ModuleKind::Root;
    if let (Dialect::Tf, true) = (format.dialect(), stacks.len() > 1) {
        kind = ModuleKind::Module;
        let root = backend::tf::root(validated);
        let root = root.map_err(|error| Failure::usage(error.to_string()))?;
        let text = match format {
            Format::Hcl => root.to_hcl(),
            _ => root.to_json(),
        };
        files.push((PathBuf::from(format.file_of("")), text));
    }
    for stack in stacks {
        let directory = match kind {
            ModuleKind::Root => PathBuf::new(),
            ModuleKind::Module => PathBuf::from(backend::tf::directory(stack)),
        };
        let text = print_artifact(format, validated, stack, kind)?;
        files.push((directory.join(format.file_of(stack)), text));
    }
    Ok(files)
}

/// Warns about a template that is too large for a request.
fn warn_of_length(text: &str, context: &Context) {
    if text.len() > MAX_INLINE {
        output::warning(&format!(
            "the template has {} bytes; over 51,200, `aws cloudformation deploy` requires \
             `--s3-bucket`, and `{} deploy` removes whitespace first",
            text.len(),
            context.program()
        ));
    }
}

fn synth_options(args: &Args, format: Format) -> Result<SynthOptions<'_>, Failure> {
    if args.tf_module && format.dialect() != Dialect::Tf {
        return Err(Failure::usage("`--tf-module` requires Terraform output")
            .with_help("add `--format tf` or `--format hcl`"));
    }
    Ok(SynthOptions {
        format,
        module_kind: match args.tf_module {
            true => ModuleKind::Module,
            false => ModuleKind::Root,
        },
        stack: args.stack_name(),
        on_unreachable: args.on_unreachable(),
    })
}

/// Generates one document.
fn text(args: &Args, format: Format, context: &Context) -> Result<String, Failure> {
    let options = synth_options(args, format)?;
    let (_, text) = args.settings.synthesize(context, &options)?;
    if format.dialect() == Dialect::Cfn {
        warn_of_length(&text, context);
    }
    Ok(text)
}

/// Generates the files of all stacks, or of the selected one.
fn files(
    args: &Args,
    format: Format,
    context: &Context,
) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut options = synth_options(args, format)?;
    options.stack.name = options.stack.name.or(context.first_stack());
    let (built, text) = args.settings.synthesize(context, &options)?;
    let validated = built
        .validate()
        .map_err(|diagnostics| fail(&diagnostics, &Sources::new()))?;
    let mut files = match (&args.stack, context.app().is_some() && !args.tf_module) {
        (None, true) => all_files(format, &validated)?,
        _ => vec![(PathBuf::from(format.file_of(&built.stack)), text)],
    };
    if format.dialect() == Dialect::Cfn {
        files
            .iter()
            .for_each(|(_, text)| warn_of_length(text, context));
    }
    files.sort();
    Ok(files)
}

fn is_directory(path: &Path) -> bool {
    path.to_string_lossy().ends_with(std::path::is_separator) || path.is_dir()
}

/// Prints how files differ from the output.
fn check_up_to_date(args: &Args, context: &Context) -> Result<(), Failure> {
    let specified = match args.format {
        Some(SynthFormat::Cdk) => {
            return Err(Failure::usage("`--check` does not accept `--format cdk`"));
        }
        Some(SynthFormat::Document(format)) => Some(format),
        None => None,
    };
    if args.check.len() > 1 && context.config_flag() == Some(Path::new("-")) {
        return Err(Failure::usage("standard input is read once")
            .with_help("check one file, or pass the configuration as a file"));
    }
    let mut diffs = String::new();
    let mut compare = |path: &Path, generated: &str| -> Result<(), Failure> {
        let shown = path.display();
        let found = match path.exists() || path == Path::new("-") {
            // Git on Windows can check out text with other line ends.
            true => read(path)?.replace("\r\n", "\n"),
            false => String::new(),
        };
        if found != generated {
            let diff = similar::TextDiff::from_lines(found.as_str(), generated);
            let mut unified = diff.unified_diff();
            let names = (shown.to_string(), format!("{shown} (generated)"));
            diffs.push_str(&unified.header(&names.0, &names.1).to_string());
            output::error(&format!("`{shown}` is out of date"), None);
        }
        Ok(())
    };
    for path in &args.check {
        if is_directory(path) {
            for (file, generated) in
                files(args, specified.unwrap_or(context.default_format()), context)?
            {
                compare(&path.join(file), &generated)?;
            }
            continue;
        }
        let Some(format) = specified.or_else(|| Format::of_path(path)) else {
            return Err(Failure::usage(format!(
                "cannot infer the format of `{}` from its name",
                path.display()
            ))
            .with_help("add `--format`"));
        };
        if !path.exists() && path != Path::new("-") {
            // Reports the missing file.
            read(path)?;
        }
        compare(path, &text(args, format, context)?)?;
    }
    if diffs.is_empty() {
        return Ok(());
    }
    output::artifact(&diffs)?;
    Err(Failure::Failed)
}

/// Writes a cloud assembly, which the CDK CLI reads.
fn write_assembly(args: &Args, context: &Context) -> Result<(), Failure> {
    if args.tf_module {
        synth_options(args, Format::Cfn)?;
    }
    let mut stack = args.stack_name();
    stack.name = stack.name.or(context.first_stack());
    let built = args.settings.built_config(context, None, stack)?;
    check_reachability(context, &built, args.on_unreachable())?;
    let validated = built
        .validate()
        .map_err(|diagnostics| fail(&diagnostics, &Sources::new()))?;
    let limits = validated.limit_violations(Dialect::Cfn);
    if limits.has_errors() {
        return Err(fail(limits, &Sources::new()));
    }
    let environment = std::env::var_os("CDK_OUTDIR").filter(|it| !it.is_empty());
    let directory = args.output.path().map(Path::to_owned);
    let directory = directory.or(environment.map(PathBuf::from));
    let directory = directory.unwrap_or_else(|| "cdk.out".into());
    // The manifest is last: a directory with a manifest is complete.
    let files = backend::cfn::assembly(&validated);
    let files = files.map_err(|error| Failure::usage(error.to_string()))?;
    for file in &files {
        output::file_below(&directory, Path::new(&file.name), &file.text)?;
    }
    output::note(&format!(
        "wrote {} files to {}",
        files.len(),
        directory.display()
    ));
    Ok(())
}

/// Prints the names of the stacks in deployment order.
fn list(args: &Args, context: &Context) -> Result<(), Failure> {
    let mut stack = args.stack_name();
    stack.name = stack.name.or(context.first_stack());
    let built = args.settings.built_config(context, None, stack)?;
    let validated = built
        .validate()
        .map_err(|diagnostics| fail(&diagnostics, &Sources::new()))?;
    let names = validated.deployment_order();
    let lines = names.iter().map(|name| format!("{name}\n"));
    output::artifact(&lines.collect::<String>())
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if args.list {
        return list(args, context);
    }
    if args.is_check() {
        return check_up_to_date(args, context);
    }
    let default = SynthFormat::Document(context.default_format());
    let SynthFormat::Document(format) = args.output.format(args.format, default) else {
        return write_assembly(args, context);
    };
    if let Some(path) = args.output.path().filter(|it| is_directory(it)) {
        let files = files(args, format, context)?;
        for (file, text) in &files {
            output::file_below(path, file, text)?;
        }
        let names: Vec<String> = files
            .iter()
            .map(|it| path.join(&it.0).display().to_string())
            .collect();
        output::note(&format!("wrote {}", names.join(", ")));
        return Ok(());
    }
    args.output.write(&text(args, format, context)?)
}
