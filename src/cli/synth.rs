//! `synth`: the stack as a document.

use std::path::{Path, PathBuf};

use super::diagnostics::Sources;
use super::settings::{
    MAX_INLINE, OnUnreachable, Settings, SynthOptions, fail, print_artifact, read,
};
use super::{Failure, app, output};
use crate::backend::{self, Format, tf::ModuleKind};
use crate::ir::Dialect;
use crate::validate::Validated;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to print [default: cfn; with --check, what the file's name tells]
    #[arg(short, long, value_parser = super::format())]
    format: Option<Format>,
    #[command(flatten)]
    settings: Settings,
    /// Write this file, as a whole and only if it changes, instead of standard output; a folder
    /// (with `/` behind it) gets a file for each stack
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print nothing but how these files differ from what would be printed, and end with 1 if they do
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "output")]
    check: Vec<PathBuf>,
    /// For Terraform: a module to be called by another, without a provider block
    #[arg(long)]
    tf_module: bool,
    /// The stack's name [default: access]
    #[arg(long)]
    name: Option<String>,
    /// The region [default: decided at deployment]
    #[arg(long)]
    region: Option<String>,
    /// Print the stack even if Session Manager provably cannot reach an instance of it
    #[arg(long)]
    allow_unreachable: bool,
}

/// The format of a file of that name.
fn format_of(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|it| name.ends_with(it));
    // The longer ending first: `.tf.json` is `.json` too.
    match () {
        () if ends(&[".tf.json"]) => Some(Format::Tf),
        () if ends(&[".tf"]) => Some(Format::Hcl),
        () if ends(&[".json", ".template"]) => Some(Format::Cfn),
        () if ends(&[".yaml", ".yml"]) => Some(Format::CfnYaml),
        () => None,
    }
}

/// The files of all stacks of an app, below a folder: a template each, or a root module with a
/// module for each.
fn all_files(format: Format, validated: &Validated<'_>) -> Result<Vec<(PathBuf, String)>, Failure> {
    let stacks = validated.deployment_order();
    let mut files = Vec::new();
    let mut kind = ModuleKind::Root;
    if let (Dialect::Tf, true) = (format.dialect(), stacks.len() > 1) {
        kind = ModuleKind::Module;
        let root = backend::tf::root(validated).map_err(|error| {
            Failure::Environment(format!("{error}: write each by itself, with `--name`"))
        })?;
        let text = match format {
            Format::Hcl => root.to_hcl(),
            _ => root.to_json(),
        };
        files.push((PathBuf::from(format.file_of("")), text));
    }
    for stack in stacks {
        let folder = match kind {
            ModuleKind::Root => PathBuf::new(),
            ModuleKind::Module => PathBuf::from(backend::tf::directory(stack)),
        };
        let text = print_artifact(format, validated, stack, kind)?;
        files.push((folder.join(format.file_of(stack)), text));
    }
    Ok(files)
}

/// Says that a template is too long for a request.
fn warn_of_length(text: &str) {
    if text.len() > MAX_INLINE {
        let message = format!(
            "warning[template-size]: the template has {} bytes: over {MAX_INLINE}, \
             `aws cloudformation deploy` sends it through a bucket (`--s3-bucket`); `ssm-synth \
             deploy` first tries without blanks\n",
            text.len()
        );
        output::note(&message);
    }
}

fn synth_options(args: &Args, format: Format) -> Result<SynthOptions<'_>, Failure> {
    if args.tf_module && format.dialect() == Dialect::Cfn {
        let message = "`--tf-module` is for Terraform; add `--format tf` or `--format hcl`";
        return Err(Failure::Environment(message.to_owned()));
    }
    Ok(SynthOptions {
        format,
        module_kind: match args.tf_module {
            true => ModuleKind::Module,
            false => ModuleKind::Root,
        },
        name: args.name.as_ref(),
        region: args.region.as_ref(),
        on_unreachable: match args.allow_unreachable {
            true => OnUnreachable::Report,
            false => OnUnreachable::Reject,
        },
    })
}

/// What is printed in a format.
fn text(args: &Args, format: Format) -> Result<String, Failure> {
    let (_, text) = args.settings.synthesize(&synth_options(args, format)?)?;
    if format.dialect() == Dialect::Cfn {
        warn_of_length(&text);
    }
    Ok(text)
}

/// The files of all stacks in a format; with `--name` those of one.
fn files(args: &Args, format: Format) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut options = synth_options(args, format)?;
    let first = app::current().and_then(|app| app.graph().stacks().next());
    let first = first.map(|it| it.name.clone());
    options.name = options.name.or(first.as_ref());
    let (built_config, text) = args.settings.synthesize(&options)?;
    let sources = Sources::new();
    let validated = built_config
        .validate()
        .map_err(|diagnostics| fail(&diagnostics, &sources))?;
    let mut files = match (&args.name, app::current().is_some() && !args.tf_module) {
        (None, true) => all_files(format, &validated)?,
        _ => vec![(PathBuf::from(format.file_of(&built_config.stack)), text)],
    };
    if format.dialect() == Dialect::Cfn {
        files.iter().for_each(|(_, text)| warn_of_length(text));
    }
    files.sort();
    Ok(files)
}

fn is_directory(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir()
}

/// Prints how files differ from what would be printed.
fn check_up_to_date(args: &Args) -> Result<(), Failure> {
    if args.check.len() > 1 && args.settings.config.as_deref() == Some(Path::new("-")) {
        let message =
            "standard input is read once; check one file, or give the configuration as one";
        return Err(Failure::Environment(message.to_owned()));
    }
    let mut diffs = String::new();
    let mut compare = |path: &Path, made: &str| -> Result<(), Failure> {
        let shown = path.display();
        let found = match path.exists() || path == Path::new("-") {
            true => read(path)?,
            false => String::new(),
        };
        if found != made {
            let diff = similar::TextDiff::from_lines(found.as_str(), made);
            let mut unified = diff.unified_diff();
            let names = (shown.to_string(), format!("{shown} (as it would be)"));
            diffs.push_str(&unified.header(&names.0, &names.1).to_string());
            output::error(&format!("`{shown}` is stale"));
        }
        Ok(())
    };
    for path in &args.check {
        if is_directory(path) {
            let format = args.format.unwrap_or(Format::Cfn);
            for (file, made) in files(args, format)? {
                compare(&path.join(file), &made)?;
            }
            continue;
        }
        let shown = path.display();
        let Some(format) = args.format.or_else(|| format_of(path)) else {
            let message = format!("the name of `{shown}` does not tell its format; add `--format`");
            return Err(Failure::Environment(message));
        };
        if !path.exists() && path != Path::new("-") {
            // What is not there was never written.
            read(path)?;
        }
        compare(path, &text(args, format)?)?;
    }
    if diffs.is_empty() {
        return Ok(());
    }
    output::artifact(&diffs)?;
    Err(Failure::Input)
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if !args.check.is_empty() {
        return check_up_to_date(args);
    }
    let format = args.format.unwrap_or(Format::Cfn);
    match &args.output {
        Some(path) if is_directory(path) => {
            for (file, text) in files(args, format)? {
                output::file_below(path, &file, &text)?;
            }
            Ok(())
        }
        Some(path) => output::file(path, &text(args, format)?),
        None => output::artifact(&text(args, format)?),
    }
}
