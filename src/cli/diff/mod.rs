//! `diff`: the effects of a change between files, revisions, stacks and plans.

mod args;
#[cfg(feature = "deploy")]
mod deployed;
mod sides;

use std::path::Path;

pub(super) use args::Args;
use args::Format;
use sides::Side;

use super::context::Context;
use super::failure::Failure;
use super::output;
use crate::diff::ChangeReport;
use crate::frontend::InputFormat;

/// What a report has in addition to the change.
#[derive(Debug, Default)]
struct Addition {
    /// Fields of the JSON report.
    json: serde_json::Map<String, serde_json::Value>,
    /// Text after the report.
    text: String,
    /// Text instead of a report without differences.
    no_difference: Option<String>,
    /// Whether something differs that the templates do not show.
    differs: bool,
}

/// A comparison, to print.
struct Comparison {
    report: ChangeReport,
    /// The name of the new version.
    title: String,
    /// The file that annotations refer to.
    file: Option<String>,
    addition: Addition,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    print(args, &compare(args, context)?)
}

fn compare(args: &Args, context: &Context) -> Result<Comparison, Failure> {
    let Some(old) = args.old.as_deref() else {
        #[cfg(feature = "deploy")]
        return deployed::compare(args, context, None, None);
        #[cfg(not(feature = "deploy"))]
        return Err(Failure::usage("`diff` requires OLD, or OLD and NEW"));
    };
    let new = args.new.as_deref();
    #[cfg(feature = "deploy")]
    if let Some(stack) = sides::stack_name(old) {
        return deployed::compare(args, context, Some(stack), new);
    }
    #[cfg(feature = "deploy")]
    if args.change_set {
        return Err(
            Failure::usage("`--change-set` requires a deployed stack as OLD")
                .with_help("write `stack:NAME`, or leave OLD out"),
        );
    }
    let deployment = args.deployment()?;
    let stack = args.stack_name(None);
    let Some(new) = new else {
        let side = sides::template(old, sides::text(old)?, stack)?;
        if side.format == InputFormat::Plan
            && let Some(report) = ChangeReport::of_plan(&side.version(old, &deployment)?)
        {
            return Ok(comparison(report, old.to_owned()));
        }
        let made = args.settings.template(context, stack)?;
        let name = made.stack.clone();
        let made = Side::generated(made);
        let [old, new] = sides::versions([(old, &side), (&name, &made)], &deployment)?;
        return Ok(comparison(ChangeReport::compare(&old, &new), name));
    };
    if old == "-" && new == "-" {
        return Err(
            Failure::usage("standard input is read once").with_help("pass OLD or NEW as a file")
        );
    }
    #[cfg(feature = "deploy")]
    let deployed = sides::stack_name(new).map(str::to_owned);
    #[cfg(not(feature = "deploy"))]
    let deployed: Option<String> = None;
    let stack = args.stack_name(deployed.as_ref());
    let old_side = sides::template(old, sides::text(old)?, stack)?;
    #[cfg(feature = "deploy")]
    if let Some(name) = &deployed {
        // Pseudo parameters have the same values on both sides.
        let mut deployment = deployment;
        let region = deployment.region.or(old_side.region);
        let region = region.or(stack.default_region);
        deployment.region = region.filter(|it| it.is_listed());
        let old = old_side.version(old, &deployment)?;
        let side = deployed::version(args, name, old_side.region)?;
        return Ok(comparison(
            ChangeReport::compare(&old, &side),
            new.to_owned(),
        ));
    }
    let new_side = sides::template(new, sides::text(new)?, stack)?;
    let [old, side] = sides::versions([(old, &old_side), (new, &new_side)], &deployment)?;
    if side.is_empty() && !old.is_empty() && !args.fail_on.is_empty() {
        return Err(Failure::usage(format!("`{new}` is empty"))
            .with_help("without `--fail-on`, `diff` shows what an empty file removes"));
    }
    let mut out = comparison(ChangeReport::compare(&old, &side), new.to_owned());
    out.file = Path::new(new).is_file().then(|| new.to_owned());
    Ok(out)
}

fn comparison(report: ChangeReport, title: String) -> Comparison {
    Comparison {
        report,
        title,
        file: None,
        addition: Addition::default(),
    }
}

/// Prints a comparison, and applies the gates.
fn print(args: &Args, comparison: &Comparison) -> Result<(), Failure> {
    let Comparison {
        report, addition, ..
    } = comparison;
    let same = report.is_same() && !addition.differs;
    match args.format() {
        Format::Text => {
            let text = match &addition.no_difference {
                Some(text) if same => text.clone(),
                _ => report.to_text() + &addition.text,
            };
            args.output.write_styled(&text)?;
        }
        Format::Markdown => args.output.write(&report.to_markdown(&comparison.title))?,
        Format::Json => {
            let mut value = report.to_json();
            if let serde_json::Value::Object(fields) = &mut value {
                fields.insert("same".to_owned(), same.into());
                fields.extend(addition.json.clone());
            }
            args.output.write(&format!("{value:#}\n"))?;
        }
        Format::Github => {
            let text = report.to_github(comparison.file.as_deref(), &args.fail_on);
            args.output.write(&text)?;
        }
    }
    let hits = report.hits(&args.fail_on, args.allow_unknown);
    if !hits.is_empty() {
        let names: Vec<&str> = hits.iter().map(|it| it.as_str()).collect();
        output::error(
            &format!("the change hits `--fail-on {}`", names.join(",")),
            None,
        );
        return Err(Failure::Failed);
    }
    match args.exit_code && !same {
        true => Err(Failure::Failed),
        false => Ok(()),
    }
}
